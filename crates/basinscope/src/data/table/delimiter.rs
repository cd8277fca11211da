//! What separates the columns of a table, found from how well each candidate explains its lines.

use super::super::missing::is_missing;
use super::cell;
use csv::{ReaderBuilder, StringRecord, Trim};
use std::collections::BTreeMap;

/// What stands between two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    Tab,
    Semicolon,
    Pipe,
    Comma,
    /// One or more blanks or tabs.
    Blank,
}

/// Bytes of the text that the choice is made from.
const SAMPLE: usize = 1 << 18;

impl Delimiter {
    const ALL: [Self; 5] = [
        Self::Tab,
        Self::Semicolon,
        Self::Pipe,
        Self::Comma,
        Self::Blank,
    ];

    /// Its name in the plural.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tab => "tabs",
            Self::Semicolon => "semicolons",
            Self::Pipe => "pipes",
            Self::Comma => "commas",
            Self::Blank => "blanks",
        }
    }

    pub(super) fn byte(self) -> Option<u8> {
        match self {
            Self::Tab => Some(b'\t'),
            Self::Semicolon => Some(b';'),
            Self::Pipe => Some(b'|'),
            Self::Comma => Some(b','),
            Self::Blank => None,
        }
    }

    /// The delimiter of a text: the one by which most lines have as many cells as each other, and
    /// most of these are numbers; `None` where none gives two columns.
    pub(super) fn of(text: &str, comments: bool) -> Option<Self> {
        let sample = match text.get(SAMPLE..).and_then(|rest| rest.find('\n')) {
            Some(end) => &text[..SAMPLE + end],
            None => text,
        };
        let mut best = None;
        for candidate in Self::ALL {
            let score = candidate.score(&candidate.records(sample, comments));
            if score > best.map_or(0.0, |(_, score)| score) {
                best = Some((candidate, score));
            }
        }
        best.map(|(candidate, _)| candidate)
    }

    /// The lines of a text in cells, without blank lines and without comments.
    pub(super) fn records(self, text: &str, comments: bool) -> Vec<StringRecord> {
        if let Some(byte) = self.byte() {
            let mut reader = ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .trim(Trim::All)
                .delimiter(byte)
                .comment(comments.then_some(b'#'))
                .from_reader(text.as_bytes());
            // A text has no other error to give than of its encoding, which is known to be fine.
            return (reader.records().flatten())
                .filter(|record| record.len() > 1 || record.iter().any(|cell| !cell.is_empty()))
                .collect();
        }
        let mut records = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive(['\n', '\r']) {
            let start = at;
            at += line.len();
            if line.trim().is_empty() || (comments && line.trim_start().starts_with('#')) {
                continue;
            }
            let mut record = StringRecord::from(blank_cells(line));
            let mut position = csv::Position::new();
            position.set_byte(start as u64);
            record.set_position(Some(position));
            records.push(record);
        }
        records
    }

    /// Share of lines of the commonest length, times the share of numbers among their cells.
    fn score(self, records: &[StringRecord]) -> f64 {
        let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
        for record in records {
            *lengths.entry(record.len()).or_default() += 1;
        }
        let Some((&length, &agree)) = lengths.iter().max_by_key(|&(_, &count)| count) else {
            return 0.0;
        };
        if length < 2 {
            return 0.0;
        }
        let below = if records.len() > 1 {
            &records[1..]
        } else {
            records
        };
        let (mut numbers, mut cells) = (0_u32, 0_u32);
        for text in below.iter().flatten().filter(|text| !is_missing(text)) {
            cells += 1;
            numbers += u32::from(cell::number(text, text.contains(',')).is_some());
        }
        let share = f64::from(numbers) / f64::from(cells.max(1_u32));
        agree as f64 / records.len() as f64 * (0.01 + share)
    }
}

/// The cells of a line between blanks; quotes keep blanks together.
fn blank_cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let (mut cell, mut begun, mut quoted) = (String::new(), false, None);
    for c in line.chars() {
        match quoted {
            Some(quote) if c == quote => quoted = None,
            Some(_) => cell.push(c),
            None if c == '"' && !begun => {
                begun = true;
                quoted = Some(c);
            }
            None if c.is_whitespace() => {
                if begun {
                    cells.push(std::mem::take(&mut cell));
                }
                begun = false;
            }
            None => {
                begun = true;
                cell.push(c);
            }
        }
    }
    if begun {
        cells.push(cell);
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delimiter_is_found() {
        for (text, wanted) in [
            ("a,b\n1,2\n3,4\n", Delimiter::Comma),
            ("a;b\n1;2\n3;4\n", Delimiter::Semicolon),
            ("a;b;kind\n5,1;3,5;x\n4,9;3,0;y\n", Delimiter::Semicolon),
            ("5,1;3,5;0\n4,9;3,0;1\n", Delimiter::Semicolon),
            ("a\tb\n1\t2\n", Delimiter::Tab),
            ("a|b\n1|2\n", Delimiter::Pipe),
            ("a  b\n 1   2\n30 4\n", Delimiter::Blank),
            ("5,1 3,5 1,4 0\n4,9 3,0 1,4 1\n", Delimiter::Blank),
            (
                "temp,date\n45.0,2010/01/01 00:00\n46.1,2010/01/01 01:00\n",
                Delimiter::Comma,
            ),
            (
                "a, b, kind\n1, 2, iris setosa\n3, 4, iris virginica\n",
                Delimiter::Comma,
            ),
            ("a,b\n1,\"x;y\"\n2,\"y;z\"\n", Delimiter::Comma),
        ] {
            assert_eq!(Delimiter::of(text, true), Some(wanted), "{text}");
        }
        assert_eq!(Delimiter::of("1\n2\n", true), None);
    }

    #[test]
    fn blanks_keep_quoted_cells_together() {
        let cells = blank_cells(" 1.5  \"petal length\"\t'x \"\" \n");
        assert_eq!(cells, ["1.5", "petal length", "'x", ""]);
    }
}
