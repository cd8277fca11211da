//! What a table may mean otherwise: said, or refused where a number would be wrong in silence.

use super::cell;
use super::columns::{WORD, is_id};
use super::parse::{Table, mixed_thousands};
use crate::Result;
use std::collections::{BTreeMap, BTreeSet};

/// Rows from which a column of different whole numbers looks like one of ids.
const ENOUGH_FOR_IDS: usize = 20;

impl Table {
    /// Notes on columns that are used as features and may be none.
    pub(super) fn doubts(&self, label: usize, features: &[usize], values: &[f32]) -> Vec<String> {
        let mut notes = Vec::new();
        let mut note = |column: usize, words: &str| {
            notes.push(format!(
                "{} {words} (--exclude leaves it out)",
                self.name(column)
            ));
        };
        for &column in features {
            if self.tells_classes(label, column, values) {
                note(
                    column,
                    "alone tells the class of every point and is used as a feature",
                );
            } else if self.names.get(column).is_some_and(|name| is_id(name)) {
                note(
                    column,
                    "is called as ids are, but repeats, and is used as a feature",
                );
            } else if self.looks_like_ids(column) {
                note(
                    column,
                    "has a whole number of its own in nearly every line, as ids do, and is used as a feature",
                );
            }
        }
        if !self.comma
            && let Some((column, example)) = mixed_thousands(&self.rows, '.')
            && features.contains(&column)
        {
            let name = self.name(column);
            notes.push(format!(
                "{name}: `{example}` read as decimals, not as thousands"
            ));
        }
        notes
    }

    /// Whether classes and the values of a column are one to one.
    fn tells_classes(&self, label: usize, column: usize, values: &[f32]) -> bool {
        let mut forth: BTreeMap<&str, u32> = BTreeMap::new();
        let mut back: BTreeMap<u32, &str> = BTreeMap::new();
        let is_one_to_one = (0..self.rows.len())
            .zip(self.values_of(column, values))
            .all(|(row, value)| {
                let (class, bits) = (self.cell(row, label), value.to_bits());
                !value.is_nan()
                    && *forth.entry(class).or_insert(bits) == bits
                    && *back.entry(bits).or_insert(class) == class
            });
        // Classes that no two points share are refused elsewhere.
        is_one_to_one && forth.len() > 1 && forth.len() * 2 <= self.rows.len()
    }

    /// Whether nearly all cells are different whole numbers, larger than a count of something is.
    fn looks_like_ids(&self, column: usize) -> bool {
        let count = self.rows.len();
        let mut seen = BTreeSet::new();
        let mut largest = 0;
        for row in 0..count {
            let Some(number) = cell::integral(self.cell(row, column)) else {
                return false;
            };
            largest = largest.max(number.abs());
            seen.insert(number);
        }
        count >= ENOUGH_FOR_IDS
            && seen.len() * 20 >= count * 19
            && usize::try_from(largest).is_ok_and(|largest| largest > 10 * count)
    }

    /// Refuses a last column of labels that, with those before it, has a single 1 in every line.
    ///
    /// # Errors
    /// [`crate::Error::File`] naming the columns.
    pub(super) fn refuse_one_hot(
        &self,
        label: usize,
        features: &[usize],
        values: &[f32],
    ) -> Result<()> {
        let mut sums = vec![0.0; self.rows.len()];
        let mut run = Vec::new();
        for column in (0..=label).rev() {
            if column != label && !features.contains(&column) {
                return Ok(());
            }
            let mut has_one = false;
            for (sum, value) in sums.iter_mut().zip(self.values_of(column, values)) {
                if value == WORD || !(value == 0.0 || value == 1.0) {
                    return Ok(());
                }
                *sum += value;
                has_one |= value == 1.0;
            }
            if !has_one {
                return Ok(());
            }
            run.push(self.name(column));
            if run.len() > 2 && sums.iter().all(|&sum| sum == 1.0) {
                run.reverse();
                let expected = "one column of labels (these hold one 1 in each line: one-hot \
                                labels? write the class in a column; --label takes one as it is)";
                return Err(self.error("label column", expected, run.join(", ")));
            }
        }
        Ok(())
    }
}
