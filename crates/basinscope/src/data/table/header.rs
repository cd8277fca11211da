//! Whether the first line of a table is a header, by a rule that is written down.

use super::super::missing::is_missing;
use super::cell;
use csv::StringRecord;
use std::collections::BTreeSet;

/// Names of the column of labels where none is asked for, the first of these that there is.
pub(super) const LABEL_NAMES: &[&str] = &[
    "label",
    "labels",
    "class",
    "target",
    "species",
    "diagnosis",
    "category",
    "variety",
    "outcome",
    "y",
];

/// Why the first line was taken as header, or not, in words for the line of what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// Words that stand above numbers, or the name of the labels.
    Words,
    /// Numbers that count the columns.
    Numbers,
    /// Numbers and a word that no other line has.
    Unlike,
    /// As it was asked for.
    Asked,
    /// In the comment above the first line.
    Comment,
    /// There is none.
    None,
    /// There is none, as was asked for.
    AskedNone,
}

impl Header {
    /// Whether the first line is one.
    pub(super) fn is_first_line(self) -> bool {
        matches!(
            self,
            Self::Words | Self::Numbers | Self::Unlike | Self::Asked
        )
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Words | Self::Asked => "header",
            Self::Numbers => {
                "the first line, numbers that count the columns, taken as header (else --header no)"
            }
            Self::Unlike => "the first line, unlike the others, taken as header (else --header no)",
            Self::Comment => "header in a comment",
            Self::None | Self::AskedNone => "no header",
        }
    }

    /// The rule. A first line is a header where
    ///
    /// - one of its cells is the label asked for, or one of [`LABEL_NAMES`], and no value of its
    ///   column;
    /// - a word stands above numbers;
    /// - it holds no number at all;
    /// - its numbers count the columns from 0 or 1, and either there are three of them or more
    ///   and the first column does not count on below, or a column below has decimals where the
    ///   line has a whole number; a word among them must not occur again in its column;
    /// - its words are none of those that recur in their columns, and its numbers rise from cell to
    ///   cell, as wavelengths and years do, or are all outside of what their columns hold.
    pub(super) fn of(rows: &[StringRecord], label: Option<&str>, comma: bool) -> Self {
        let Some((first, rest)) = rows.split_first() else {
            return Self::None;
        };
        let is_number = |cell: &str| cell::number(cell, comma).is_some();
        let names = |cell: &str| {
            label == Some(cell)
                || LABEL_NAMES
                    .iter()
                    .any(|name| cell.eq_ignore_ascii_case(name))
        };
        let below = |column: usize| rest.iter().filter_map(move |row| row.get(column));
        let is_name = |(column, text): (usize, &str)| {
            !is_number(text) && names(text) && below(column).all(|other| other != text)
        };
        if first.iter().enumerate().any(is_name) {
            return Self::Words;
        }
        let is_word = |cell: &str| !is_number(cell) && !is_missing(cell);
        let stands_above_numbers = |(column, text): (usize, &str)| {
            let mut known = below(column).filter(|text| !is_missing(text)).peekable();
            is_word(text) && known.peek().is_some() && known.all(is_number)
        };
        if first.iter().enumerate().any(stands_above_numbers) {
            return Self::Words;
        }
        if !first.iter().any(is_number) {
            return Self::Words;
        }
        if counts_columns(first, rest) {
            return Self::Numbers;
        }
        match is_unlike(first, rest, comma) {
            true => Self::Unlike,
            false => Self::None,
        }
    }
}

/// Lines from which a first one can be told to be unlike them.
const ENOUGH_TO_COMPARE: usize = 10;

/// Whether a first line has a word of its own above words that recur, and numbers that rise or are
/// out of their columns' range.
fn is_unlike(first: &StringRecord, rest: &[StringRecord], comma: bool) -> bool {
    if rest.len() < ENOUGH_TO_COMPARE {
        return false;
    }
    let below = |column: usize| rest.iter().filter_map(move |row| row.get(column));
    let number = |text: &str| cell::number(text, comma);
    let mut numbers = Vec::new();
    let mut has_own_word = false;
    for (column, text) in first.iter().enumerate() {
        match number(text) {
            Some(value) => numbers.push((column, value)),
            None if is_missing(text) => {}
            None => {
                let known: BTreeSet<&str> = below(column).collect();
                if known.contains(text) || known.len() * 2 > rest.len() {
                    return false;
                }
                has_own_word = true;
            }
        }
    }
    let rise = numbers.len() >= 3 && numbers.is_sorted_by(|(_, a), (_, b)| a < b);
    let is_outside = |&(column, value): &(usize, f32)| {
        let known: Vec<f32> = below(column).filter_map(number).collect();
        known.iter().all(|&other| other < value) || known.iter().all(|&other| other > value)
    };
    has_own_word && numbers.len() >= 2 && (rise || numbers.iter().all(is_outside))
}

/// Whether the numbers of a line count its columns, and are not what its columns hold.
fn counts_columns(first: &StringRecord, rest: &[StringRecord]) -> bool {
    let below = |column: usize| rest.iter().filter_map(move |row| row.get(column));
    let mut counted = Vec::new();
    for (column, text) in first.iter().enumerate() {
        match cell::whole(text) {
            Some(number) => counted.push((column, number)),
            // An empty cell above an index, or a word that is no value of its column.
            None if text.is_empty() => {}
            None if cell::number(text, true).is_some() => return false,
            None if below(column).any(|other| other == text) => return false,
            None => {}
        }
    }
    let start = match counted.first() {
        Some(&(_, start @ (0 | 1))) => start,
        _ => return false,
    };
    if !counted
        .iter()
        .zip(start..)
        .all(|(&(_, number), wanted)| number == wanted)
    {
        return false;
    }
    let has_decimals = |column: usize| {
        below(column).any(|text| cell::number(text, true).is_some_and(|x| x.fract() != 0.0))
    };
    if counted.iter().any(|&(column, _)| has_decimals(column)) {
        return true;
    }
    // Whole numbers below whole numbers: such a line could be a point. One that begins with the
    // first number of a column of row numbers is.
    let (column, number) = counted[0];
    let goes_on = below(column)
        .zip(number + 1..)
        .all(|(text, wanted)| cell::whole(text) == Some(wanted));
    counted.len() >= 3 && !goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_by_example() {
        for (text, wanted) in [
            ("x,y,kind\n1,2,a\n3,4,b", Header::Words),
            ("0,1,2\n.5,1.5,0\n2.5,3.5,1", Header::Numbers),
            ("1,2,3\n.5,1.5,0\n2.5,3.5,1", Header::Numbers),
            (",0,1,2\n0,.5,1.5,0\n1,2.5,3.5,1", Header::Numbers),
            ("0,1,c\n.5,1.5,3\n2.5,3.5,1", Header::Words),
            (
                "0,1,kind\n5,1,setosa\n2,3.5,virginica\n2,3,setosa",
                Header::Numbers,
            ),
            (
                "0,1,setosa\n5,1,setosa\n2,3.5,virginica\n2,3,setosa",
                Header::None,
            ),
            ("0,1,2\n5,7,0\n3,2,1", Header::Numbers),
            ("0,1,2\n1,7,0\n2,2,1", Header::None),
            ("0,1\n1,0\n5,1", Header::None),
            ("0,1\n.5,0\n1.5,1", Header::Numbers),
            ("0,0,0\n1,1,1\n2,2,0", Header::None),
            ("0.0,1.0,2.0\n.5,1.5,0\n2.5,3.5,1", Header::None),
            ("5.1,3.5,setosa\n4.9,3,virginica", Header::None),
            ("5.1,3.5,label\n4.9,3,virginica", Header::Words),
            (",x,label\n0,1,0", Header::Words),
            ("1,2,y\n3,4,n\n5,6,y", Header::None),
        ] {
            let rows: Vec<StringRecord> = (text.lines())
                .map(|line| StringRecord::from(line.split(',').collect::<Vec<_>>()))
                .collect();
            assert_eq!(Header::of(&rows, None, false), wanted, "{text}");
        }
    }
}
