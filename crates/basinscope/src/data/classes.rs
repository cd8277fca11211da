//! Labels of any spelling, turned into classes 0 … K − 1: one rule for every kind of file.

use super::names::printable;
use crate::{Error, Result};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

/// Labels as a file holds them, one a point.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// Words, dates or numbers as they are written.
    Text(Vec<String>),
    /// Numbers: −1 and 1, 1 … N, 0.0 and 1.0.
    Numbers(Vec<f64>),
}

/// The class of each point, and what the classes are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    /// The class of each point, below the number of names.
    pub ids: Vec<u32>,
    /// The names in their order; each is the class of at least one point.
    pub names: Vec<String>,
}

/// Share of points with a class of their own from which labels are no classes.
const OWN_CLASS: f64 = 0.9;
/// Fewest points that can be judged so.
const ENOUGH_TO_JUDGE: usize = 10;
/// Most classes that numbers with decimals may be.
const MOST_FRACTIONS: usize = 10;

impl Labels {
    /// Labels from whole numbers.
    pub fn from_integers<T: Into<i64>>(labels: impl IntoIterator<Item = T>) -> Self {
        Self::Numbers(
            labels
                .into_iter()
                .map(|label| label.into() as f64)
                .collect(),
        )
    }

    /// Labels from rows of `[points, classes]`, each of one 1 and zeros else.
    ///
    /// # Errors
    /// [`Error::File`] naming the first row that is not so.
    pub fn from_one_hot(path: &Path, column: &str, rows: &[f64], classes: usize) -> Result<Self> {
        let label = |(index, row): (usize, &[f64])| {
            let ones = row.iter().filter(|&&value| value == 1.0).count();
            let zeros = row.iter().filter(|&&value| value == 0.0).count();
            match row.iter().position(|&value| value == 1.0) {
                Some(at) if ones == 1 && zeros + 1 == classes => Ok(at as f64),
                _ => Err(Error::file(
                    path,
                    format!("{column}[{index}]"),
                    "a single 1 among zeros (one-hot), as two dimensions of labels are read",
                    format!("{row:?}"),
                )),
            }
        };
        let labels: Result<_> = rows.chunks_exact(classes).enumerate().map(label).collect();
        Ok(Self::Numbers(labels?))
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(labels) => labels.len(),
            Self::Numbers(labels) => labels.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The classes, in the natural order of their names: numbers by their value, words with the
    /// numbers within them by theirs (`a2` before `a10`).
    ///
    /// Where every label is a number, equal numbers are one class however they are written (`1`
    /// and `1.0`), called by its shortest form; numbers with leading zeros (`01`) are words.
    /// `column` names the labels as a whole, `place` the label of one point, for errors.
    ///
    /// # Errors
    /// [`Error::File`] where a label is empty or not finite, where there is only one class, where
    /// one stray word stands among numbers, where numbers have decimals and are many, and where
    /// at least nine of ten points have a class of their own: dates, row numbers and values to be
    /// predicted as numbers are no classes.
    pub fn classes(
        &self,
        path: &Path,
        column: &str,
        place: impl Fn(usize) -> String,
    ) -> Result<Classes> {
        let error = |field: String, expected: &str, found: String| {
            Err(Error::file(path, field, expected, printable(&found)))
        };
        let spelled = self.spelled(path, &place)?;
        let mut members: BTreeMap<Name, usize> = BTreeMap::new();
        for name in &spelled {
            *members.entry(name.clone()).or_default() += 1;
        }
        if let (1, Some(only)) = (members.len(), members.keys().next()) {
            let found = format!("only `{}`", only.text);
            return error(column.into(), "at least 2 classes", found);
        }
        if let Some(stray) = stray(&members, spelled[0].number.is_some()) {
            let at = spelled.iter().position(|name| name == stray).unwrap_or(0);
            let expected = match stray.number {
                None => "a class number as the other labels are",
                Some(_) => "a class name as the other labels are",
            };
            return error(place(at), expected, format!("`{}`", stray.text));
        }
        let (points, count) = (spelled.len(), members.len());
        let examples: Vec<String> = members.keys().take(3).map(|n| n.text.clone()).collect();
        let examples = examples.join(", ");
        let fractions = (members.keys()).any(|name| name.number.is_some_and(|x| x.fract() != 0.0));
        if fractions && (count > MOST_FRACTIONS || 2 * count > points) {
            return error(
                column.into(),
                "classes (a value to predict, as in regression, is none; --label names another \
                 column or array)",
                format!("{count} different numbers with decimals ({examples}, …)"),
            );
        }
        let is_whole = |name: &Name| name.number.is_none_or(|x| x.fract() == 0.0);
        let odd = members
            .iter()
            .find(|&(name, &count)| count == 1 && !is_whole(name));
        if let Some((odd, _)) = odd
            && members.keys().any(is_whole)
        {
            let at = spelled.iter().position(|name| name == odd).unwrap_or(0);
            let expected = "a whole number as the other labels are";
            return error(place(at), expected, format!("`{}`", odd.text));
        }
        let own = members.values().filter(|&&members| members == 1).count();
        if points >= ENOUGH_TO_JUDGE && own as f64 >= OWN_CLASS * points as f64 {
            return error(
                column.into(),
                "classes that points share (dates, row numbers and values to predict, as in \
                 regression, are none; --label names another column or array)",
                format!("a class of its own for {own} of {points} points ({examples}, …)"),
            );
        }
        let order: BTreeMap<&Name, u32> = members.keys().zip(0..).collect();
        Ok(Classes {
            ids: spelled.iter().map(|name| order[name]).collect(),
            names: members.keys().map(|name| printable(&name.text)).collect(),
        })
    }

    /// The class of each point among those of `names`, as a test part has them whose training part
    /// was read by [`Labels::classes`]. Classes may be missing here.
    ///
    /// # Errors
    /// [`Error::File`] naming the first label that is none of them.
    pub fn among(
        &self,
        names: &[String],
        path: &Path,
        place: impl Fn(usize) -> String,
    ) -> Result<Vec<u32>> {
        let numbers = names.iter().all(|name| is_number(name));
        let known: BTreeMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
        let class = |(index, name): (usize, Name)| {
            let text = match name.number {
                Some(value) if numbers => shortest(value),
                _ => printable(&name.text),
            };
            known.get(text.as_str()).copied().ok_or_else(|| {
                let expected = format!("a class of the training points ({})", shortened(names, 12));
                Error::file(path, place(index), expected, format!("`{text}`"))
            })
        };
        let spelled = self.spelled(path, &place)?;
        spelled.into_iter().enumerate().map(class).collect()
    }

    /// Each label by its name.
    fn spelled(&self, path: &Path, place: &impl Fn(usize) -> String) -> Result<Vec<Name>> {
        if self.is_empty() {
            return Err(Error::file(
                path,
                "labels",
                "a label for each point",
                "none",
            ));
        }
        match self {
            Self::Numbers(values) => {
                if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                    let expected = "a class number or name";
                    return Err(Error::file(path, place(at), expected, values[at]));
                }
                Ok(values.iter().map(|&value| Name::of(value)).collect())
            }
            Self::Text(labels) => {
                let trimmed: Vec<&str> = labels.iter().map(|label| label.trim()).collect();
                if let Some(at) = trimmed.iter().position(|label| label.is_empty()) {
                    return Err(Error::file(path, place(at), "a class name", "``"));
                }
                if trimmed.iter().all(|label| is_number(label)) {
                    let value = |label: &&str| label.parse().unwrap_or(f64::NAN);
                    return Ok(trimmed.iter().map(|label| Name::of(value(label))).collect());
                }
                let name = |label: &&str| Name {
                    number: label.parse().ok().filter(|value: &f64| value.is_finite()),
                    text: (*label).into(),
                    is_word: true,
                };
                Ok(trimmed.iter().map(name).collect())
            }
        }
    }
}

/// Some names in a line, and how many more there are.
pub fn shortened(names: &[String], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{}, … {more} more", shown.join(", ")),
    }
}

/// A label's name, ordered as people order names.
#[derive(Debug, Clone, PartialEq)]
struct Name {
    text: String,
    number: Option<f64>,
    /// Whether it stands among words, and is one itself then.
    is_word: bool,
}

impl Name {
    fn of(value: f64) -> Self {
        // No −0: it is the class 0.
        let value = value + 0.0;
        Self {
            text: shortest(value),
            number: Some(value),
            is_word: false,
        }
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.number, other.number) {
            (Some(a), Some(b)) if !self.is_word => a.total_cmp(&b),
            _ => natural(&self.text, &other.text),
        }
    }
}

/// The order of two names where runs of digits count as numbers.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (x, y) = match (piece(left), piece(right)) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => (x, y),
        };
        let digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let order = if digits(x) && digits(y) {
            let [p, q] = [x, y].map(|run| run.trim_start_matches('0'));
            p.len().cmp(&q.len()).then(p.cmp(q))
        } else {
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (&left[x.len()..], &right[y.len()..]);
    }
}

/// The run of digits, or of anything else, that a text begins with.
fn piece(text: &str) -> Option<&str> {
    let first = text.chars().next()?.is_ascii_digit();
    let end = text.find(|c: char| c.is_ascii_digit() != first);
    Some(&text[..end.unwrap_or(text.len())])
}

/// Whether a label is a number: finite, and without leading zeros as codes have them.
fn is_number(label: &str) -> bool {
    let digits = label.trim_start_matches(['+', '-']).as_bytes();
    let is_code = digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit();
    !is_code && label.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A number as a name: `1` for 1.0.
fn shortest(value: f64) -> String {
    format!("{value}")
}

/// The label that stands alone as a number among words, or as a word among numbers.
fn stray(members: &BTreeMap<Name, usize>, begins_with_number: bool) -> Option<&Name> {
    let is_number = |name: &Name| name.number.is_some();
    let numbers: usize = (members.iter())
        .filter(|(name, _)| is_number(name))
        .map(|(_, count)| count)
        .sum();
    let words = members.values().sum::<usize>() - numbers;
    if numbers == 0 || words == 0 {
        return None;
    }
    let rarer_is_number = match numbers.cmp(&words) {
        Ordering::Equal => !begins_with_number,
        order => order == Ordering::Less,
    };
    let is_stray =
        |(name, count): &(&Name, &usize)| **count == 1 && is_number(name) == rarer_is_number;
    members.iter().find(is_stray).map(|(name, _)| name)
}

#[cfg(test)]
#[path = "classes_tests.rs"]
mod tests;
