//! A table, parsed: its delimiter, its header, its rows.

use super::super::names::printable;
use super::super::nearest_name::unknown_name;
use super::delimiter::Delimiter;
use super::header::Header;
use super::quotes::stray_quote;
use super::{cell, text};
use crate::{Error, Result};
use csv::StringRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The rows of a table, all of one length.
pub(in super::super) struct Table {
    pub(super) path: PathBuf,
    text: String,
    pub(super) delimiter: Delimiter,
    /// Whether numbers are written with a comma.
    pub(super) comma: bool,
    pub(super) header: Header,
    /// Column names; empty without a header.
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<StringRecord>,
    pub(super) num_columns: usize,
    /// What it took to read the text.
    pub(super) how: Vec<&'static str>,
    has_comments: bool,
    /// Lines that are comments and nothing else.
    pub(super) comments: usize,
}

impl Table {
    /// Reads and parses a file. `label` is the column of labels where it was asked for, `header`
    /// whether the first line is a header where that was.
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be read; [`Error::File`] naming the line where it is no
    /// table.
    pub(in super::super) fn read(
        path: &Path,
        label: Option<&str>,
        header: Option<bool>,
    ) -> Result<Self> {
        let (mut text, mut how) = text::read(path)?;
        if blank_separator_line(&mut text) {
            how.push("after a line `sep=`");
        }
        let error = |field: String, expected: &str, found: String| {
            Err(Error::file(path, field, expected, found))
        };
        if text.trim().is_empty() {
            let expected = "points, one a line";
            return error("file".into(), expected, "an empty file".into());
        }
        let comments = has_comments(&text);
        let Some(delimiter) = Delimiter::of(&text, comments) else {
            let expected = "at least 2 columns, separated by commas, semicolons, tabs, pipes or \
                            blanks";
            return error("line 1".into(), expected, "1".into());
        };
        if let Some(quote) = stray_quote(&text, delimiter, comments) {
            let field = format!("line {}", text::line_of(&text, quote.at));
            let found = match quote.closed {
                None => "a quote that opens here and does not end".into(),
                Some(end) => format!(
                    "a quote that opens here and ends within a cell of line {}",
                    text::line_of(&text, end - 1)
                ),
            };
            let expected = "quotes around whole cells (a quote within a cell is written twice)";
            return error(field, expected, found);
        }
        let num_comments = match comments {
            true => text.lines().filter(|line| is_comment(line)).count(),
            false => 0,
        };
        let mut rows = delimiter.records(&text, comments);
        let has_row_names = even_out(&mut rows, header);
        let comma = writes_commas(path, delimiter, &rows)?;
        let mut table = Self {
            path: path.into(),
            has_comments: comments,
            comments: num_comments,
            num_columns: commonest_length(&rows),
            header: match header {
                Some(true) => Header::Asked,
                Some(false) => Header::AskedNone,
                None if has_row_names => Header::Words,
                None => Header::of(&rows, label, comma),
            },
            text: String::new(),
            delimiter,
            comma,
            names: Vec::new(),
            rows,
            how,
        };
        table.text = text;
        table.check_shape()?;
        let above = (table.comment_above()).map(|line| delimiter.records(line, false));
        if table.header.is_first_line() {
            table.names = names_of(&table.rows.remove(0));
        } else if let Some(named) = above.and_then(|rows| rows.into_iter().next())
            && table.header == Header::None
            && named.len() == table.num_columns
            && named.iter().all(|name| cell::number(name, comma).is_none())
        {
            table.header = Header::Comment;
            table.comments -= 1;
            table.names = names_of(&named);
        }
        table.check_names()?;
        Ok(table)
    }

    /// The comment directly above the first row, without its mark.
    fn comment_above(&self) -> Option<&str> {
        let above = &self.text[..self.start(self.rows.first()?)];
        let line = above.lines().rfind(|line| !line.trim().is_empty())?;
        (self.has_comments && is_comment(line)).then(|| line.trim_start_matches('#'))
    }

    fn check_shape(&self) -> Result<()> {
        if self.rows.is_empty() {
            return Err(self.error("file", "points, one a line", "none"));
        }
        match self.rows.iter().find(|row| row.len() != self.num_columns) {
            Some(row) => {
                let expected = format!(
                    "{} columns, separated by {}, as in the other lines",
                    self.num_columns,
                    self.delimiter.name()
                );
                Err(self.error(self.line_of(row), expected, row.len()))
            }
            None => Ok(()),
        }
    }

    fn check_names(&self) -> Result<()> {
        let mut seen = BTreeSet::new();
        let mut named = self.names.iter().filter(|name| !name.is_empty());
        if let Some(name) = named.find(|name| !seen.insert(*name)) {
            let expected = "a name for each column";
            return Err(self.error("header", expected, format!("`{name}` twice")));
        }
        if self.rows.is_empty() {
            return Err(self.error("file", "points below the header", "none"));
        }
        Ok(())
    }

    /// The column of a name, or of a number counted from 0.
    pub(super) fn column(&self, field: &str, name: &str) -> Result<usize> {
        let wanted = printable(name);
        if let Some(at) = self.names.iter().position(|known| *known == wanted) {
            return Ok(at);
        }
        match name.parse::<usize>() {
            Ok(at) if at < self.num_columns => Ok(at),
            _ => {
                let last = self.num_columns - 1;
                let expected = if self.names.is_empty() {
                    format!("a number from 0 to {last} (the file has no header)")
                } else {
                    let names = self.names.join(", ");
                    format!("one of {names}, or a number from 0 to {last}")
                };
                let known = self.names.iter().map(String::as_str);
                Err(self.error(field, expected, unknown_name(name, known)))
            }
        }
    }

    pub(super) fn cell(&self, row: usize, column: usize) -> &str {
        &self.rows[row][column]
    }

    /// What a column is called, in an error or the line of what was read.
    pub(super) fn name(&self, column: usize) -> String {
        match self.names.get(column) {
            Some(name) if !name.is_empty() => format!("column `{name}`"),
            _ => format!("column {column}"),
        }
    }

    pub(super) fn place(&self, row: usize, column: usize) -> String {
        format!("{}, {}", self.line_of(&self.rows[row]), self.name(column))
    }

    fn line_of(&self, row: &StringRecord) -> String {
        format!("line {}", self.line(row))
    }

    /// The line of a row, counted from 1.
    fn line(&self, row: &StringRecord) -> usize {
        text::line_of(&self.text, self.start(row))
    }

    /// The lines of all rows.
    pub(super) fn lines(&self) -> Vec<usize> {
        let (mut line, mut at) = (1, 0);
        (self.rows.iter())
            .map(|row| {
                let start = self.start(row).max(at);
                line += text::line_of(&self.text[at..start], usize::MAX) - 1;
                at = start;
                line
            })
            .collect()
    }

    /// The byte a row begins at. A record's own position is before the blank lines and comments
    /// above it.
    fn start(&self, row: &StringRecord) -> usize {
        let start = row.position().map_or(0, |at| at.byte() as usize);
        let mut at = start.min(self.text.len());
        loop {
            let rest = &self.text[at..];
            at += rest.len() - rest.trim_start_matches(['\n', '\r']).len();
            match self.text[at..].strip_prefix('#') {
                Some(comment) if self.has_comments => {
                    at += 1 + comment.find('\n').unwrap_or(comment.len());
                }
                _ => return at,
            }
        }
    }

    pub(super) fn error(
        &self,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Error {
        let found = printable(&found.to_string());
        Error::file(&self.path, field, expected, found)
    }
}

/// The length that most rows have; of those that are as many, the first row's.
fn commonest_length(rows: &[StringRecord]) -> usize {
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows {
        *lengths.entry(row.len()).or_default() += 1;
    }
    let first = rows.first().map_or(0, StringRecord::len);
    let best = lengths
        .iter()
        .max_by_key(|&(&length, &count)| (count, length == first));
    best.map_or(0, |(&length, _)| length)
}

fn names_of(row: &StringRecord) -> Vec<String> {
    row.iter().map(printable).collect()
}

/// Whether lines that begin with `#` are comments: not all of them, and not a header whose first
/// column is called so.
fn has_comments(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.clone().next().unwrap_or_default();
    let column = first.trim_start().strip_prefix('#');
    let is_column = column.is_some_and(|rest| rest.starts_with([',', ';', '\t', '|']));
    !is_column && lines.any(|line| !is_comment(line))
}

fn is_comment(line: &str) -> bool {
    line.starts_with('#')
}

/// Empties a first line that only names the separator, as Excel reads and writes it.
fn blank_separator_line(text: &mut String) -> bool {
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    let named = text[..end].trim().trim_matches('"').to_ascii_lowercase();
    let is_one = (named.strip_prefix("sep=")).is_some_and(|rest| rest.chars().count() == 1);
    if is_one {
        text.replace_range(..end, "");
    }
    is_one
}

/// Takes off the empty cell after a last delimiter, and gives the first column a name where a
/// header of words leaves it out, as R writes row names; returns whether it did that. `header` is
/// whether the first line was said to be one.
fn even_out(rows: &mut [StringRecord], header: Option<bool>) -> bool {
    let Some(longest) = rows.iter().map(StringRecord::len).max() else {
        return false;
    };
    let mut long = rows.iter().filter(|row| row.len() == longest).peekable();
    let is_trailing = longest > 2 && long.all(|row| row.get(longest - 1) == Some(""));
    if is_trailing {
        for row in rows.iter_mut().filter(|row| row.len() == longest) {
            let position = row.position().cloned();
            row.truncate(longest - 1);
            row.set_position(position);
        }
        return even_out(rows, header);
    }
    let [first, rest @ ..] = rows else {
        return false;
    };
    let names_columns = match header {
        None => first.iter().all(|name| cell::number(name, true).is_none()),
        Some(is_header) => is_header,
    };
    let is_short = names_columns && !rest.is_empty() && first.len() + 1 == longest;
    if is_short && rest.iter().all(|row| row.len() == longest) {
        let mut named = StringRecord::from(vec![""]);
        named.extend(first.iter());
        named.set_position(first.position().cloned());
        *first = named;
        return true;
    }
    false
}

/// Whether numbers are written with a comma: some are, and none with a point.
fn writes_commas(path: &Path, delimiter: Delimiter, rows: &[StringRecord]) -> Result<bool> {
    let numbers = |text: &str| cell::number(text, true).is_some();
    let cells = || rows.iter().flatten().filter(|text| numbers(text));
    let mut with_comma = cells().filter(|text| text.contains(',')).peekable();
    let Some(&example) = with_comma.peek() else {
        return Ok(false);
    };
    let thousands = |text: &str| cell::has_thousands(text, ',');
    let found = match delimiter == Delimiter::Comma && with_comma.all(thousands) {
        true => Some(example),
        false => mixed_thousands(rows, ',').map(|(_, example)| example),
    };
    if let Some(example) = found {
        let expected = "numbers without separators of thousands";
        return Err(Error::file(path, "file", expected, format!("`{example}`")));
    }
    Ok(!cells().any(|text| text.contains('.')))
}

/// The first column whose numbers with this mark all look like thousands beside whole numbers
/// below a thousand, and one of them: `55,372` beside `448`.
pub(super) fn mixed_thousands(rows: &[StringRecord], mark: char) -> Option<(usize, &str)> {
    let width = rows.first()?.len();
    (0..width).find_map(|column| {
        let cells = || (rows.iter().skip(1)).filter_map(move |row| row.get(column));
        let example = cells().find(|text| cell::has_thousands(text, mark))?;
        let is_small = |text: &str| cell::whole(text).is_some_and(|number| number.abs() < 1_000);
        let fits =
            |text: &str| text.is_empty() || is_small(text) || cell::has_thousands(text, mark);
        (cells().all(fits) && cells().any(is_small)).then_some((column, example))
    })
}
