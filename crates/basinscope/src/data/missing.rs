//! Missing values: refused, left out with their points, or filled in.

use super::Labels;
use super::raw::Raw;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// What becomes of points with missing values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// The file is refused.
    #[default]
    Refuse,
    /// They are left out.
    Drop,
    /// The mean of the feature over the training points is filled in; points without a label are
    /// left out.
    Mean,
}

impl Missing {
    /// Whether files are refused, which configurations need not say.
    pub(super) fn is_refuse(&self) -> bool {
        *self == Self::Refuse
    }
}

/// Words that stand for a missing value, in any case; an empty cell is one too.
const WORDS: &[&str] = &[
    "na", "n/a", "#n/a", "n.a.", "<na>", "nan", "-nan", "null", "none", "\\n", "?",
];

/// Whether a cell of a table stands for a missing value.
pub(super) fn is_missing(cell: &str) -> bool {
    cell.is_empty() || (cell.len() < 5 && WORDS.iter().any(|word| cell.eq_ignore_ascii_case(word)))
}

/// The same for a label: `none` and `null` may be what a class is called.
fn is_missing_label(cell: &str) -> bool {
    is_missing(cell)
        && !["none", "null"]
            .iter()
            .any(|name| cell.eq_ignore_ascii_case(name))
}

impl Raw {
    /// Leaves the points that may stay, and says what became of the others. With [`Missing::Mean`]
    /// values stay NaN here.
    ///
    /// # Errors
    /// [`Error::File`] naming the first missing value, a feature without any, or that no point is
    /// left.
    pub(super) fn settle(mut self, missing: Missing) -> Result<Self> {
        let width = self.num_features;
        let has_label = |point: usize| match &self.labels {
            Labels::Text(labels) => !is_missing_label(labels[point].trim()),
            Labels::Numbers(labels) => !labels[point].is_nan(),
        };
        let hole = |point: usize| {
            let values = &self.inputs[point * width..(point + 1) * width];
            values.iter().position(|value| value.is_nan())
        };
        let incomplete = |&point: &usize| hole(point).is_some() || !has_label(point);
        let Some(first) = (0..self.len()).find(incomplete) else {
            return Ok(self);
        };
        let empty = (0..width)
            .find(|&at| (self.inputs.iter().skip(at).step_by(width)).all(|value| value.is_nan()));
        if let Some(feature) = empty {
            let name = self.features.get(feature).cloned();
            let field = format!("feature {}", name.unwrap_or_else(|| feature.to_string()));
            let expected = "a value somewhere (--exclude leaves a column out)";
            return Err(Error::file(self.path, field, expected, "none"));
        }
        let number = (0..self.len()).filter(incomplete).count();
        let unlabelled = (0..self.len()).filter(|&point| !has_label(point)).count();
        let cells = self.inputs.iter().filter(|value| value.is_nan()).count();
        let points = |count: usize, what: &str| match count {
            1 => format!("1 point {what}"),
            count => format!("{count} points {what}"),
        };
        let keep: Vec<usize> = (0..self.len())
            .filter(|&point| {
                has_label(point) && (missing == Missing::Mean || hole(point).is_none())
            })
            .collect();
        match missing {
            Missing::Refuse => {
                let place = match hole(first) {
                    Some(feature) => self.place_of(first, feature),
                    None => self.place(first),
                };
                let expected = "a value (--missing drop leaves such points out, --missing mean \
                                fills in the mean of the training points)";
                let found = format!(
                    "none; {} incomplete",
                    match number {
                        1 => "1 point is".into(),
                        count => format!("{count} points are"),
                    }
                );
                return Err(Error::file(self.path, place, expected, found));
            }
            Missing::Drop => {
                let left_out = points(number, "with missing values");
                self.said.left_out.push(left_out);
            }
            Missing::Mean => {
                if unlabelled > 0 {
                    self.said
                        .left_out
                        .push(points(unlabelled, "without a label"));
                }
                if cells > 0 {
                    let values = if cells == 1 { "value" } else { "values" };
                    let note = format!("{cells} missing {values} filled with the training mean");
                    self.said.notes.push(note);
                }
            }
        }
        if keep.is_empty() {
            let expected = "points without missing values";
            return Err(Error::file(self.path, "file", expected, "none"));
        }
        self.keep(&keep);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_stand_for_nothing() {
        for word in [
            "", "NA", "N/A", "NaN", "nan", "?", "null", "None", "#N/A", "N.A.", "<NA>", "\\N",
        ] {
            assert!(is_missing(word), "{word}");
        }
        assert!(!is_missing("0") && !is_missing("nano"));
        assert!(is_missing_label("NA") && !is_missing_label("none"));
    }
}
