//! A user's own points from a CSV file.

use super::nearest_name::unknown_name;
use super::{Classes, Dataset, Labels};
use crate::{Error, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Which columns of a CSV file to use, each by its name or its number counted from 0.
///
/// A name goes before a number where a column could be meant by either.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// The column of labels; by default the one named `label`, else the last.
    pub label: Option<String>,
    /// The columns of features, in this order; by default all but the label's.
    pub features: Option<Vec<String>>,
}

/// The column of labels where [`CsvOptions::label`] names none and one is called so.
const DEFAULT_LABEL: &str = "label";

/// Reads points from a CSV file: comma-separated, a point a line, blank lines skipped.
///
/// The first line is a header where none of its fields is a number, or where one of them is
/// `label` or the label column asked for; columns go by name only if there is one. Labels are
/// the classes 0, 1, … K − 1, each held by a point, or names, which become classes in their
/// sorted order.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::File`] naming the line and column where
/// the file is empty, a line has too few or too many fields, a column is unknown, repeated or
/// unnamed, a feature is not a finite number in the range of f32, a label is no class, or there
/// is only one class.
pub fn load_csv(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Dataset> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(Error::io(path, "read"))?;
    let table = Table::parse(path, &bytes, options)?;
    let label = table.label_column(options)?;
    let features = table.feature_columns(options, label)?;

    let mut inputs = Vec::with_capacity(table.rows.len() * features.len());
    for row in 0..table.rows.len() {
        for &column in &features {
            let cell = table.cell(row, column);
            match cell.parse::<f32>() {
                Ok(value) if value.is_finite() => inputs.push(value),
                _ => {
                    let expected = "a finite number";
                    return Err(table.error(table.place(row, column), expected, quoted(cell)));
                }
            }
        }
    }
    let Classes { ids, names } = table.classes(label)?;
    Dataset::new(inputs, ids, features.len(), names.len())
}

struct Table<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    /// Column names; empty without a header.
    header: Vec<String>,
    rows: Vec<csv::StringRecord>,
    num_columns: usize,
}

impl<'a> Table<'a> {
    fn parse(path: &'a Path, bytes: &'a [u8], options: &CsvOptions) -> Result<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let mut rows = Vec::new();
        for record in reader.records() {
            rows.push(record.map_err(|error| {
                let line = error.position().map_or(1, |at| line_at(bytes, at.byte()));
                Error::file(path, format!("line {line}"), "UTF-8 text", error)
            })?);
        }
        let mut table = Self {
            path,
            bytes,
            header: Vec::new(),
            num_columns: rows.first().map_or(0, csv::StringRecord::len),
            rows,
        };
        table.check_shape()?;
        if is_header(&table.rows[0], options) {
            table.header = table.rows.remove(0).iter().map(String::from).collect();
            table.check_header()?;
        }
        Ok(table)
    }

    fn check_shape(&self) -> Result<()> {
        if self.rows.is_empty() {
            return Err(self.error("file", "points, one a line", "an empty file"));
        }
        if self.num_columns < 2 {
            let expected = "at least 2 columns, separated by commas";
            return Err(self.error(self.line(&self.rows[0]), expected, self.num_columns));
        }
        match self.rows.iter().find(|row| row.len() != self.num_columns) {
            Some(row) => Err(self.error(
                self.line(row),
                format!("{} columns as in the first line", self.num_columns),
                row.len(),
            )),
            None => Ok(()),
        }
    }

    fn check_header(&self) -> Result<()> {
        let mut seen = BTreeSet::new();
        let mut named = self.header.iter().filter(|name| !name.is_empty());
        if let Some(name) = named.find(|name| !seen.insert(*name)) {
            let expected = "a name for each column";
            return Err(self.error("header", expected, format!("{} twice", quoted(name))));
        }
        if self.rows.is_empty() {
            return Err(self.error("file", "points below the header", "none"));
        }
        Ok(())
    }

    fn label_column(&self, options: &CsvOptions) -> Result<usize> {
        match &options.label {
            Some(name) => self.column("label column", name),
            None => Ok(self
                .header
                .iter()
                .position(|name| name == DEFAULT_LABEL)
                .unwrap_or(self.num_columns - 1)),
        }
    }

    fn feature_columns(&self, options: &CsvOptions, label: usize) -> Result<Vec<usize>> {
        let Some(names) = &options.features else {
            let columns: Vec<usize> = (0..self.num_columns).filter(|&at| at != label).collect();
            // Such as the row numbers that pandas writes, which would give the labels away.
            return match columns
                .iter()
                .find(|&&at| self.header.get(at).is_some_and(String::is_empty))
            {
                Some(at) => Err(self.error(
                    "header",
                    "a name for each column, or the features named one by one",
                    format!("none for column {at}"),
                )),
                None => Ok(columns),
            };
        };
        if names.is_empty() {
            return Err(self.error("feature columns", "at least one", "none"));
        }
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let column = self.column("feature column", name)?;
            if column == label {
                let expected = "columns other than the label's";
                return Err(self.error("feature columns", expected, quoted(name)));
            }
            if columns.contains(&column) {
                let found = format!("{} twice", quoted(name));
                return Err(self.error("feature columns", "each column once", found));
            }
            columns.push(column);
        }
        Ok(columns)
    }

    fn column(&self, field: &str, name: &str) -> Result<usize> {
        if let Some(at) = self.header.iter().position(|known| known == name) {
            return Ok(at);
        }
        match name.parse::<usize>() {
            Ok(at) if at < self.num_columns => Ok(at),
            _ => {
                let last = self.num_columns - 1;
                let expected = if self.header.is_empty() {
                    format!("a number from 0 to {last} (the file has no header)")
                } else {
                    let names = self.header.join(", ");
                    format!("one of {names}, or a number from 0 to {last}")
                };
                let known = self.header.iter().map(String::as_str);
                Err(self.error(field, expected, unknown_name(name, known)))
            }
        }
    }

    fn classes(&self, label: usize) -> Result<Classes> {
        let cells = (0..self.rows.len()).map(|row| self.cell(row, label).to_owned());
        let place = |row| self.place(row, label);
        Labels::Text(cells.collect()).classes(self.path, &self.name(label), place)
    }

    fn cell(&self, row: usize, column: usize) -> &str {
        &self.rows[row][column]
    }

    fn name(&self, column: usize) -> String {
        match self.header.get(column) {
            Some(name) if !name.is_empty() => format!("column {}", quoted(name)),
            _ => format!("column {column}"),
        }
    }

    fn place(&self, row: usize, column: usize) -> String {
        format!("{}, {}", self.line(&self.rows[row]), self.name(column))
    }

    fn line(&self, row: &csv::StringRecord) -> String {
        let byte = row.position().map_or(0, csv::Position::byte);
        format!("line {}", line_at(self.bytes, byte))
    }

    fn error(
        &self,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Error {
        Error::file(self.path, field, expected, found)
    }
}

/// The line, from 1, of the first byte at or after `byte` that is no line end.
///
/// A record's own position is before the blank lines above it.
fn line_at(bytes: &[u8], byte: u64) -> usize {
    let start = bytes.len().min(byte as usize);
    let blank = bytes[start..]
        .iter()
        .take_while(|&&at| at == b'\n' || at == b'\r')
        .count();
    let above = &bytes[..start + blank];
    1 + above.iter().filter(|&&at| at == b'\n').count()
}

fn is_header(row: &csv::StringRecord, options: &CsvOptions) -> bool {
    let label = options.label.as_deref().unwrap_or(DEFAULT_LABEL);
    let is_number = |field: &str| field.parse::<f64>().is_ok();
    row.iter().all(|field| !is_number(field))
        || row.iter().any(|field| field == label && !is_number(field))
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
#[path = "load_csv_tests.rs"]
mod tests;
