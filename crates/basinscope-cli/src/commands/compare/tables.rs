//! A comparison as text for the terminal, as CSV and as LaTeX.

use crate::console::table;
use basinscope::record::{CompareRecord, ComparedMinimum, MeasureColumn, MeasuredValue};

/// Minima that still fit side by side on a terminal.
const SIDE_BY_SIDE: usize = 6;

/// What a cell without a value shows.
const NONE: &str = "–";

/// Measures as rows: the minima where they are few, and the correlations where there are any.
pub fn text(record: &CompareRecord) -> String {
    let mut parts = Vec::new();
    if record.minima.len() <= SIDE_BY_SIDE {
        parts.push(values(record));
    }
    if !record.correlations.is_empty() {
        parts.push(correlations(record));
    }
    parts.join("\n\n")
}

fn values(record: &CompareRecord) -> String {
    let names = record.minima.iter().map(|minimum| minimum.minimum.as_str());
    let heading: Vec<&str> = std::iter::once("measure").chain(names).collect();
    let gaps = record
        .minima
        .iter()
        .map(|m| format!("{:.3}", m.generalization_gap));
    let mut rows = vec![
        std::iter::once("generalization gap".into())
            .chain(gaps)
            .collect(),
    ];
    rows.extend(record.columns.iter().map(|column| {
        let cells = (record.minima.iter()).map(|minimum| cell(minimum, column, short));
        std::iter::once(column.title.clone()).chain(cells).collect()
    }));
    table(&heading, &rows)
}

fn correlations(record: &CompareRecord) -> String {
    let rows: Vec<Vec<String>> = (record.columns.iter())
        .filter_map(|column| {
            let rank = record.correlation(&column.key)?;
            let [low, high] = rank.kendall_interval;
            Some(vec![
                column.title.clone(),
                format!("{:+.2}", rank.kendall_tau),
                format!("{low:+.2} to {high:+.2}"),
                if column.expected_sign > 0 { "+" } else { "−" }.into(),
                rank.minima.to_string(),
                rescaling(record, column).into(),
            ])
        })
        .collect();
    let heading = [
        "measure",
        "τ with gap",
        "95 % interval",
        "expected",
        "minima",
        "rescaled",
    ];
    table(&heading, &rows)
}

fn rescaling(record: &CompareRecord, column: &MeasureColumn) -> &'static str {
    match record.changes(&column.key) {
        Some(true) => "changes",
        Some(false) => "same",
        None => NONE,
    }
}

fn cell(
    minimum: &ComparedMinimum,
    column: &MeasureColumn,
    format: impl Fn(f64) -> String,
) -> String {
    let value = minimum
        .values
        .get(&column.key)
        .and_then(|value| value.value);
    value.map_or(NONE.into(), format)
}

/// Four digits, plain where that is short.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if (1e-3..1e5).contains(&size) => {
            let decimals = (3 - size.log10().floor() as i32).max(0) as usize;
            format!("{value:.decimals$}")
        }
        _ => format!("{value:.3e}"),
    }
}

/// A row for each minimum: what it is, then each measure with its standard error and note.
pub fn csv(record: &CompareRecord) -> String {
    let mut heading: Vec<String> = [
        "run",
        "minimum",
        "widths",
        "parameters",
        "poison_points",
        "poison_factor",
        "poison_redrawn",
        "learning_rate",
        "training_seed",
        "train_loss",
        "train_accuracy",
        "test_accuracy",
        "generalization_gap",
    ]
    .map(String::from)
    .into();
    // What a minimum is known by is not written twice where it is also a measure.
    let columns: Vec<&MeasureColumn> = (record.columns.iter())
        .filter(|column| !heading.contains(&column.key))
        .collect();
    for column in &columns {
        heading.push(column.key.clone());
        heading.push(format!("{}_error", column.key));
        heading.push(format!("{}_note", column.key));
    }
    let mut text = heading.join(",") + "\n";
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for minimum in &record.minima {
        let mut cells = vec![
            quoted(&minimum.run),
            quoted(&minimum.minimum),
            quoted(&minimum.net()),
            minimum.parameters.to_string(),
            minimum.poison_points.to_string(),
            minimum.poison_factor.to_string(),
            minimum.poison_redrawn.to_string(),
            number(minimum.learning_rate),
            minimum.training_seed.to_string(),
            minimum.train_loss.to_string(),
            minimum.train_accuracy.to_string(),
            minimum.test_accuracy.to_string(),
            minimum.generalization_gap.to_string(),
        ];
        for column in &columns {
            let nothing = MeasuredValue::default();
            let value = minimum.values.get(&column.key).unwrap_or(&nothing);
            cells.push(number(value.value));
            cells.push(number(value.standard_error));
            cells.push(quoted(&value.note));
        }
        text += &(cells.join(",") + "\n");
    }
    text
}

/// A cell of RFC 4180.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// Two tabulars (booktabs): correlations with what a rescaling changes, and the minima.
pub fn latex(record: &CompareRecord) -> String {
    let mut text = String::new();
    if !record.correlations.is_empty() {
        text += "% Kendall's tau of each measure with the generalization gap\n";
        text += "\\begin{tabular}{lrrrl}\n\\toprule\n";
        text += "measure & $\\tau$ & 95\\,\\% interval & minima & rescaled \\\\\n\\midrule\n";
        for column in &record.columns {
            let Some(rank) = record.correlation(&column.key) else {
                continue;
            };
            let [low, high] = rank.kendall_interval;
            text += &format!(
                "{} & ${:+.2}$ & $[{low:+.2}, {high:+.2}]$ & {} & {} \\\\\n",
                column.tex,
                rank.kendall_tau,
                rank.minima,
                rescaling(record, column).replace(NONE, "--")
            );
        }
        text += "\\bottomrule\n\\end{tabular}\n\n";
    }
    let heads: Vec<&str> = record
        .columns
        .iter()
        .map(|column| column.tex.as_str())
        .collect();
    text += "% every minimum\n";
    text += &format!(
        "\\begin{{tabular}}{{l{}}}\n\\toprule\n",
        "r".repeat(heads.len() + 1)
    );
    text += &format!("minimum & gap & {} \\\\\n\\midrule\n", heads.join(" & "));
    for minimum in &record.minima {
        let cells = (record.columns.iter()).map(|column| cell(minimum, column, tex_number));
        let cells: Vec<String> = cells.map(|cell| cell.replace(NONE, "--")).collect();
        text += &format!(
            "{} & {:.3} & {} \\\\\n",
            escaped(&minimum.minimum),
            minimum.generalization_gap,
            cells.join(" & ")
        );
    }
    text + "\\bottomrule\n\\end{tabular}\n"
}

/// Three digits in mathematics.
fn tex_number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-2..1e4).contains(&size) {
        let digits = if size == 0.0 {
            0
        } else {
            size.log10().floor() as i32
        };
        let decimals = (2 - digits).max(0) as usize;
        return format!("${value:.decimals$}$");
    }
    let text = format!("{value:.2e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("${digits} \\cdot 10^{{{exponent}}}$")
}

/// Text with what LaTeX would take for commands made harmless.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '_' | '&' | '%' | '$' | '#' | '{' | '}' => out.extend(['\\', letter]),
            '\\' => out += "\\textbackslash{}",
            '~' => out += "\\textasciitilde{}",
            '^' => out += "\\textasciicircum{}",
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use basinscope::measure::{self, MeasureSettings};

    #[test]
    fn a_column_of_the_csv_has_a_name_of_its_own() {
        let settings = MeasureSettings::default();
        let columns: Vec<MeasureColumn> = (measure::columns(&[]).unwrap().iter())
            .map(|column| column.describe(&settings))
            .collect();
        assert!(columns.iter().any(|column| column.key == "train_loss"));
        let record = CompareRecord {
            columns,
            minima: Vec::new(),
            left_out: Vec::new(),
            correlations: Vec::new(),
            rescaled: Vec::new(),
            notes: Vec::new(),
            seed: 0,
            version: String::new(),
            config: serde_json::Value::Null,
        };
        let text = csv(&record);
        let names: Vec<&str> = text.trim_end().split(',').collect();
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }

    #[test]
    fn numbers_and_names_are_written_for_their_reader() {
        for (value, plain, tex) in [
            (0.0, "0", "$0.00$"),
            (-80.25, "-80.25", "$-80.2$"),
            (0.0123, "0.01230", "$0.0123$"),
            (123_456.0, "1.235e5", "$1.23 \\cdot 10^{5}$"),
            (-2.5e-7, "-2.500e-7", "$-2.50 \\cdot 10^{-7}$"),
        ] {
            assert_eq!(short(value), plain);
            assert_eq!(tex_number(value), tex);
        }
        assert_eq!(escaped("fixed_10 & 5%"), "fixed\\_10 \\& 5\\%");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("plain"), "plain");
    }
}
