//! Which column of a table is what: labels, features, and those left out.

use super::cell;
use super::header::LABEL_NAMES;
use super::parse::Table;
use crate::Result;
use crate::data::Labels;
use crate::data::missing::is_missing;
use crate::data::raw::{Places, Raw, Said};
use std::collections::BTreeSet;

/// The columns asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::data) struct Wanted<'a> {
    /// The column of labels.
    pub(in crate::data) label: Option<&'a str>,
    /// The columns of features, in this order.
    pub(in crate::data) features: Option<&'a [String]>,
    /// Columns to leave out.
    pub(in crate::data) exclude: &'a [String],
}

/// Stands for a word among the values of a table, of which none is infinite.
pub(super) const WORD: f32 = f32::INFINITY;
/// Rows from which a column that counts them is known as such.
const ENOUGH_TO_COUNT: usize = 5;
/// Different values with decimals from which a column is no label by default.
const CONTINUOUS: usize = 10;
/// What columns are called that name the rows, letters and digits only.
const ID_NAMES: &[&str] = &[
    "id",
    "ids",
    "index",
    "idx",
    "no",
    "nr",
    "number",
    "row",
    "rows",
    "rowid",
    "rowname",
    "rownames",
    "rownumber",
    "rownum",
    "key",
    "uid",
    "uuid",
    "guid",
    "identifier",
    "idnumber",
    "sampleid",
    "patientid",
    "caseid",
    "recordid",
    "serial",
    "serialno",
    "serialnumber",
    "sno",
    "slno",
    "srno",
];

impl Table {
    /// The points of the table.
    ///
    /// # Errors
    /// [`crate::Error::File`] naming line and column where a column is unknown or named twice, a
    /// feature is no finite number in the range of f32, or no feature is left.
    pub(in crate::data) fn points(&self, wanted: Wanted<'_>) -> Result<Raw> {
        let (values, truths) = self.values();
        let excluded = (wanted.exclude.iter())
            .map(|name| self.column("excluded column", name))
            .collect::<Result<Vec<_>>>()?;
        let (label, why) = self.label_column(wanted.label, &excluded, &values)?;
        let mut said = Said {
            form: self.form(),
            header: self.header.words().into(),
            label: format!("{}{why}", self.name(label)),
            left_out: self.left_out_so_far(&excluded),
            ..Said::default()
        };
        let features = match wanted.features {
            Some(names) => self.asked_features(names, label, &excluded)?,
            None => {
                let (features, left_out) = self.default_features(label, &excluded, &values);
                if wanted.label.is_none() {
                    self.refuse_one_hot(label, &features, &values)?;
                }
                said.left_out.extend(left_out);
                said.notes.extend(self.doubts(label, &features, &values));
                features
            }
        };
        let read = features.iter().filter(|&&column| truths[column]);
        said.notes.extend(read.map(|&column| {
            let name = self.name(column);
            format!("{name}: True read as 1, False as 0")
        }));
        if features.is_empty() {
            let expected = "at least one column beside the label's and those left out (--features \
                            names those to keep)";
            return Err(self.error("feature columns", expected, said.left_out.join(", ")));
        }
        self.check_numbers(&features, &values, wanted.label.is_none())?;
        let rows = values.chunks_exact(self.num_columns);
        let inputs = rows
            .flat_map(|row| features.iter().map(|&column| row[column]))
            .collect();
        let name = |column: usize| match self.names.get(column) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => column.to_string(),
        };
        Ok(Raw {
            path: self.path.clone(),
            inputs,
            num_features: features.len(),
            features: match self.names.is_empty() {
                true => Vec::new(),
                false => features.iter().map(|&column| name(column)).collect(),
            },
            labels: Labels::Text(
                (self.rows.iter().map(|row| self.label_of(&row[label]))).collect(),
            ),
            width: self.num_columns,
            label: self.name(label),
            columns: [vec![label], features]
                .concat()
                .into_iter()
                .map(name)
                .collect(),
            class_names: Vec::new(),
            places: Places::Lines(self.lines()),
            said,
        })
    }

    /// Number of columns.
    pub(in crate::data) fn num_columns(&self) -> usize {
        self.num_columns
    }

    /// Whether columns go by name.
    pub(in crate::data) fn has_names(&self) -> bool {
        !self.names.is_empty()
    }

    /// Columns that hold neither these nor what is left out by itself.
    pub(in crate::data) fn others(&self, used: &[String]) -> Vec<String> {
        (self.names.iter())
            .filter(|name| !used.contains(name) && !is_unnamed(name))
            .map(|name| format!("column `{name}` (not in the training file)"))
            .collect()
    }

    /// A label, its number with a point.
    fn label_of(&self, text: &str) -> String {
        match self.comma && cell::number(text, true).is_some() {
            true => text.replace(',', "."),
            false => text.into(),
        }
    }

    /// All cells as numbers: NaN where one is missing, [`WORD`] where it is none; and which columns
    /// hold nothing but truths, 1 and 0.
    fn values(&self) -> (Vec<f32>, Vec<bool>) {
        let mut truths = vec![false; self.num_columns];
        for (column, is_truth) in truths.iter_mut().enumerate() {
            let cells = self.rows.iter().map(|row| &row[column]);
            let mut known = cells.filter(|text| !is_missing(text)).peekable();
            *is_truth = known.peek().is_some() && known.all(|text| cell::truth(text).is_some());
        }
        let value = |(column, text): (usize, &str)| match cell::truth(text) {
            _ if is_missing(text) => f32::NAN,
            Some(truth) if truths[column] => f32::from(u8::from(truth)),
            _ => cell::number(text, self.comma).unwrap_or(WORD),
        };
        let values = (self.rows.iter()).flat_map(|row| row.iter().enumerate().map(value));
        (values.collect(), truths)
    }

    fn form(&self) -> String {
        let mut form = format!("table, columns by {}", self.delimiter.name());
        for how in self
            .how
            .iter()
            .copied()
            .chain(self.comma.then_some("decimal commas"))
        {
            form += &format!(", {how}");
        }
        form
    }

    fn left_out_so_far(&self, excluded: &[usize]) -> Vec<String> {
        let comments = match self.comments {
            0 => None,
            1 => Some("1 comment line".into()),
            many => Some(format!("{many} comment lines")),
        };
        let asked = excluded
            .iter()
            .map(|&column| format!("{} (as asked)", self.name(column)));
        comments.into_iter().chain(asked).collect()
    }

    /// The column of labels, and why it is that one.
    fn label_column(
        &self,
        asked: Option<&str>,
        excluded: &[usize],
        values: &[f32],
    ) -> Result<(usize, &'static str)> {
        if let Some(name) = asked {
            let column = self.column("label column", name)?;
            if excluded.contains(&column) {
                let expected = "a column that is not excluded";
                return Err(self.error("label column", expected, format!("`{name}`")));
            }
            return Ok((column, ""));
        }
        let columns: Vec<usize> = (0..self.num_columns)
            .filter(|column| !excluded.contains(column))
            .collect();
        let Some(&last) = columns.last() else {
            let expected = "a column that is not excluded";
            return Err(self.error("label column", expected, "none"));
        };
        for name in LABEL_NAMES {
            let is_called = |column: &&usize| {
                let known = self.names.get(**column);
                known.is_some_and(|known| known.eq_ignore_ascii_case(name))
            };
            // `y` beside `x` is a place, unless it is the last.
            let is_place = |column: usize| {
                *name == "y"
                    && column != last
                    && self.names.iter().any(|name| name.eq_ignore_ascii_case("x"))
            };
            if let Some(&column) = columns.iter().find(is_called)
                && !is_place(column)
            {
                return Ok((
                    column,
                    if column == last {
                        ", the last"
                    } else {
                        ", by its name"
                    },
                ));
            }
        }
        let mut words = columns.iter().filter(|&&column| {
            let of = || self.values_of(column, values);
            of().any(|value| value == WORD) && of().all(|value| value.is_nan() || value == WORD)
        });
        if self.is_continuous(last, values)
            && let (Some(&column), None) = (words.next(), words.next())
        {
            return Ok((column, ", the only one of words"));
        }
        Ok((last, ", the last"))
    }

    pub(super) fn values_of<'a>(
        &self,
        column: usize,
        values: &'a [f32],
    ) -> impl Iterator<Item = f32> + 'a {
        values
            .iter()
            .skip(column)
            .step_by(self.num_columns)
            .copied()
    }

    /// Whether a column holds many different numbers with decimals.
    fn is_continuous(&self, column: usize, values: &[f32]) -> bool {
        let numbers = || {
            self.values_of(column, values)
                .filter(|value| !value.is_nan())
        };
        let distinct: BTreeSet<u32> = numbers().map(f32::to_bits).collect();
        numbers().all(|value| value != WORD)
            && numbers().any(|value| value.fract() != 0.0)
            && distinct.len() > CONTINUOUS
    }

    fn asked_features(
        &self,
        names: &[String],
        label: usize,
        excluded: &[usize],
    ) -> Result<Vec<usize>> {
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let column = self.column("feature column", name)?;
            let wrong =
                |expected: &str, found: String| Err(self.error("feature columns", expected, found));
            if column == label {
                return wrong("columns other than the label's", format!("`{name}`"));
            }
            if columns.contains(&column) {
                return wrong("each column once", format!("`{name}` twice"));
            }
            if excluded.contains(&column) {
                return wrong("columns that are not excluded", format!("`{name}`"));
            }
            columns.push(column);
        }
        Ok(columns)
    }

    /// All columns but the label's, those excluded, and those that only name or count the rows,
    /// which would give the labels away; and these with the reason.
    fn default_features(
        &self,
        label: usize,
        excluded: &[usize],
        values: &[f32],
    ) -> (Vec<usize>, Vec<String>) {
        let mut left_out = Vec::new();
        let mut features = Vec::new();
        for column in (0..self.num_columns).filter(|at| *at != label && !excluded.contains(at)) {
            let name = self.names.get(column).map(String::as_str);
            let why = if name.is_some_and(is_unnamed) {
                Some("no name")
            } else if self.counts_rows(column) {
                Some("numbers of the rows")
            } else if name.is_some_and(is_id) && self.is_all_different(column, values) {
                Some("all different")
            } else {
                None
            };
            match why {
                Some(why) => left_out.push(format!("{} ({why})", self.name(column))),
                None => features.push(column),
            }
        }
        (features, left_out)
    }

    /// Whether a column holds each of 0 … N − 1, or of 1 … N, once.
    fn counts_rows(&self, column: usize) -> bool {
        let count = self.rows.len();
        if count < ENOUGH_TO_COUNT {
            return false;
        }
        let mut seen = vec![false; count + 1];
        for row in 0..count {
            match cell::integral(self.cell(row, column)).and_then(|at| usize::try_from(at).ok()) {
                Some(at) if at <= count && !seen[at] => seen[at] = true,
                _ => return false,
            }
        }
        // N different numbers of N + 1: the one that is missing stands at an end.
        !seen[0] || !seen[count]
    }

    /// Whether no two rows have the same whole number or word.
    fn is_all_different(&self, column: usize, values: &[f32]) -> bool {
        let mut seen = BTreeSet::new();
        (0..self.rows.len())
            .zip(self.values_of(column, values))
            .all(|(row, value)| {
                let text = self.cell(row, column);
                (value == WORD || cell::integral(text).is_some()) && seen.insert(text)
            })
    }

    /// Refuses words among the features.
    fn check_numbers(&self, features: &[usize], values: &[f32], label_is_free: bool) -> Result<()> {
        let at = |row: usize, column: usize| values[row * self.num_columns + column];
        for row in 0..self.rows.len() {
            let Some(&column) = features.iter().find(|&&column| at(row, column) == WORD) else {
                continue;
            };
            let words = self
                .values_of(column, values)
                .filter(|&value| value == WORD)
                .count();
            let name = self
                .names
                .get(column)
                .cloned()
                .unwrap_or_else(|| column.to_string());
            let name = quoted_if_needed(&name);
            let classes = match label_is_free && words == self.rows.len() {
                true => format!("--label {name} takes it as the classes, "),
                false => String::new(),
            };
            let expected = format!(
                "a finite number, as features are ({classes}--exclude {name} leaves the column \
                 out; it has {words} such {})",
                if words == 1 { "cell" } else { "cells" }
            );
            let found = format!("`{}`", self.cell(row, column));
            return Err(self.error(self.place(row, column), expected, found));
        }
        Ok(())
    }
}

/// Whether a column has no name, or pandas' for such.
fn is_unnamed(name: &str) -> bool {
    let number = name.strip_prefix("Unnamed: ");
    let counts = |rest: &str| {
        rest.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    name.is_empty() || number.is_some_and(counts)
}

/// Whether a column is called as those are that name the rows.
pub(super) fn is_id(name: &str) -> bool {
    let plain: String = (name.chars())
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let ends = ["_id", " id", "-id", "_ID", " ID", "Id"];
    ID_NAMES.contains(&plain.as_str()) || ends.iter().any(|end| name.ends_with(end))
}

/// A name as a shell takes it.
fn quoted_if_needed(name: &str) -> String {
    match name
        .chars()
        .all(|c| c.is_alphanumeric() || "_-.".contains(c))
    {
        true => name.into(),
        false => format!("'{name}'"),
    }
}
