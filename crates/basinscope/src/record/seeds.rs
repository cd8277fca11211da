//! What an experiment found over several seeds, and when a bar holds over them.

use super::{SheetRecord, SheetRow, SheetValue};
use crate::rank::clopper_pearson;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How many of `seeds` must pass a bar that is to hold over them: nine in ten, rounded up (all of
/// fewer than ten).
///
/// ```
/// use basinscope::record::must_pass;
/// assert_eq!([1, 2, 9, 10, 11, 20].map(must_pass), [1, 2, 9, 9, 10, 18]);
/// ```
pub fn must_pass(seeds: usize) -> usize {
    (9 * seeds).div_ceil(10)
}

/// One bar over the seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeedsRow {
    /// What was measured.
    pub quantity: String,
    /// What the paper says.
    pub published: String,
    /// What each seed must satisfy.
    pub bar: String,
    /// What was found, in words, in the order of the seeds; "–" where a seed has no such row.
    pub ours: Vec<String>,
    /// Which seeds passed; a seed without the row has not.
    pub passed: Vec<bool>,
    /// The numbers behind `ours`, where every seed that has the row was judged by one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spread: Option<Spread>,
    /// Clopper and Pearson's exact 95 % interval of the chance that a seed passes.
    pub chance: [f64; 2],
    /// Whether at least [`must_pass`] of them passed.
    pub pass: bool,
}

/// Where the numbers of several seeds lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Each, in the order of the seeds that have one.
    pub values: Vec<SheetValue>,
    /// Their median.
    pub median: SheetValue,
    /// The smallest and the largest.
    pub range: [SheetValue; 2],
}

/// The sheet of one experiment over several seeds: `results/seeds.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeedsRecord {
    /// Name on the command line (`fig1`).
    pub experiment: String,
    /// What it is about.
    pub title: String,
    /// `quick` or `paper`.
    pub preset: String,
    /// The seed that all others were drawn from.
    pub base_seed: u64,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The verdicts, in the order of the first seed that has them.
    pub rows: Vec<SeedsRow>,
    /// Notes that every seed's sheet has in the same words.
    pub notes: Vec<String>,
    /// Version of basinscope.
    pub version: String,
    /// The settings, shared by all seeds.
    pub config: serde_json::Value,
}

impl SeedsRecord {
    /// Judges every bar over the sheets of several seeds.
    ///
    /// # Errors
    /// [`Error::Setting`] where there is no sheet, or they are of several experiments.
    pub fn of(base_seed: u64, sheets: &[SheetRecord]) -> Result<Self> {
        let Some(first) = sheets.first() else {
            return Err(Error::setting("sheets", "one for each seed", "none"));
        };
        for sheet in sheets {
            let name = |sheet: &SheetRecord| format!("{} ({})", sheet.experiment, sheet.preset);
            if name(sheet) != name(first) {
                return Err(Error::setting("sheets", name(first), name(sheet)));
            }
        }
        let mut rows: Vec<SeedsRow> = Vec::new();
        for row in sheets.iter().flat_map(|sheet| &sheet.rows) {
            if rows.iter().all(|known| known.quantity != row.quantity) {
                rows.push(SeedsRow::of(row, sheets));
            }
        }
        let in_all = |note: &&String| sheets.iter().all(|sheet| sheet.notes.contains(note));
        let mut config = first.config.clone();
        if let Some(config) = config.as_object_mut() {
            config.remove("seed");
        }
        Ok(Self {
            experiment: first.experiment.clone(),
            title: first.title.clone(),
            preset: first.preset.clone(),
            base_seed,
            seeds: sheets.iter().map(|sheet| sheet.seed).collect(),
            rows,
            notes: first.notes.iter().filter(in_all).cloned().collect(),
            version: first.version.clone(),
            config,
        })
    }

    /// Bars that do not hold over the seeds.
    pub fn misses(&self) -> usize {
        self.rows.iter().filter(|row| !row.pass).count()
    }
}

impl SeedsRow {
    /// One row, found again in every sheet by what it measures.
    fn of(row: &SheetRow, sheets: &[SheetRecord]) -> Self {
        let found: Vec<Option<&SheetRow>> = (sheets.iter())
            .map(|sheet| sheet.rows.iter().find(|r| r.quantity == row.quantity))
            .collect();
        let passed: Vec<bool> = (found.iter())
            .map(|row| row.is_some_and(|row| row.pass))
            .collect();
        let hits = passed.iter().filter(|&&pass| pass).count();
        let values: Option<Vec<SheetValue>> = found.iter().flatten().map(|row| row.value).collect();
        Self {
            quantity: row.quantity.clone(),
            published: row.published.clone(),
            bar: row.bar.clone(),
            ours: (found.iter())
                .map(|row| row.map_or_else(|| "–".into(), |row| row.ours.clone()))
                .collect(),
            spread: values.and_then(Spread::of),
            chance: clopper_pearson(hits as u64, passed.len() as u64),
            pass: hits >= must_pass(passed.len()),
            passed,
        }
    }

    /// How many seeds passed.
    pub fn hits(&self) -> usize {
        self.passed.iter().filter(|&&pass| pass).count()
    }

    /// What was found over the seeds, in words: median and range, or what all seeds agree on.
    pub fn told(&self) -> String {
        if let Some(spread) = &self.spread {
            let [low, high] = spread.range;
            return format!("{} ({low} to {high})", spread.median);
        }
        match self.ours.first() {
            Some(first) if self.ours.iter().all(|ours| ours == first) => first.clone(),
            _ => "differs by seed".into(),
        }
    }

    /// How many seeds passed, with the interval of the chance of it, in words.
    pub fn told_hits(&self) -> String {
        let [low, high] = self.chance.map(|end| 100.0 * end);
        format!(
            "{} of {} ({low:.0} to {high:.0} %)",
            self.hits(),
            self.passed.len()
        )
    }
}

impl Spread {
    fn of(values: Vec<SheetValue>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().map(|value| value.number()).collect();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let middle = 0.5 * (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]);
        let kind = values[0];
        Some(Self {
            median: kind.with(middle),
            range: [kind.with(first), kind.with(last)],
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(seed: u64, rows: &[(&str, f64, bool)]) -> SheetRecord {
        SheetRecord {
            experiment: "fig3".into(),
            title: "Boundaries".into(),
            preset: "quick".into(),
            rows: (rows.iter())
                .map(|&(quantity, share, pass)| SheetRow {
                    quantity: quantity.into(),
                    published: "–".into(),
                    ours: SheetValue::Share(share).to_string(),
                    bar: "≥ 98 %".into(),
                    pass,
                    value: Some(SheetValue::Share(share)),
                })
                .collect(),
            notes: vec!["in all".into(), format!("of seed {seed}")],
            pictures: Vec::new(),
            seed,
            version: "0".into(),
            config: serde_json::json!({ "seed": seed, "preset": "quick" }),
        }
    }

    #[test]
    fn nine_of_ten_pass_and_eight_do_not() {
        for (hits, pass) in [(10, true), (9, true), (8, false), (0, false)] {
            let sheets: Vec<_> = (0..10)
                .map(|seed| sheet(seed, &[("test", 0.9 + 0.01 * seed as f64, seed < hits)]))
                .collect();
            let record = SeedsRecord::of(7, &sheets).unwrap();
            let [row] = record.rows.as_slice() else {
                panic!("one row");
            };
            assert_eq!((row.pass, row.hits()), (pass, hits as usize));
            assert_eq!(record.misses(), usize::from(!pass));
            // The median of .90, .91, … .99 is .945.
            let spread = row.spread.as_ref().unwrap();
            assert!((spread.median.number() - 0.945).abs() < 1e-12);
            assert_eq!(row.told(), "94.5 % (90.0 % to 99.0 %)");
            assert_eq!(record.seeds, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_miss_of_two_misses_and_a_row_that_is_absent_has_not_passed() {
        let sheets = [
            sheet(1, &[("a", 1.0, true), ("b", 1.0, true)]),
            sheet(2, &[("a", 0.5, false), ("c", 1.0, true)]),
        ];
        let record = SeedsRecord::of(0, &sheets).unwrap();
        let told: Vec<(&str, usize, bool)> = (record.rows.iter())
            .map(|row| (row.quantity.as_str(), row.hits(), row.pass))
            .collect();
        assert_eq!(told, [("a", 1, false), ("b", 1, false), ("c", 1, false)]);
        assert_eq!(record.rows[1].ours, ["100.0 %", "–"]);
        assert_eq!(record.rows[2].ours, ["–", "100.0 %"]);
        // Clopper and Pearson's interval of one success in two: 1.3 to 98.7 %.
        assert_eq!(record.rows[0].told_hits(), "1 of 2 (1 to 99 %)");
        assert_eq!(record.notes, ["in all"]);
        assert_eq!(record.config, serde_json::json!({ "preset": "quick" }));
    }

    #[test]
    fn what_is_no_number_is_told_where_all_agree() {
        let with = |ours: [&str; 2]| {
            let sheets = [0, 1].map(|seed| {
                let mut sheet = sheet(seed, &[("a", 1.0, true)]);
                sheet.rows[0].value = None;
                sheet.rows[0].ours = ours[seed as usize].into();
                sheet
            });
            SeedsRecord::of(0, &sheets).unwrap().rows[0].told()
        };
        assert_eq!(with(["12", "12"]), "12");
        assert_eq!(with(["12", "13"]), "differs by seed");
        // A number that does not exist has no place in a median.
        let mut row = sheet(0, &[("a", 1.0, false)]).rows.remove(0);
        row.by_number(f64::NAN);
        assert_eq!(row.value, None);
    }

    #[test]
    fn sheets_of_other_experiments_are_refused() {
        let mut other = sheet(1, &[]);
        other.experiment = "fig5".into();
        let error = SeedsRecord::of(0, &[sheet(0, &[]), other]).unwrap_err();
        assert!(error.to_string().contains("fig5"), "{error}");
        assert!(SeedsRecord::of(0, &[]).is_err());
    }
}
