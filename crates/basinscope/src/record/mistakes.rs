//! What a minimum takes test pictures for.

use serde::{Deserialize, Serialize};

/// The test points of one minimum by label and prediction: an entry of `results/mistakes.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MistakesRecord {
    /// Name of the minimum.
    pub minimum: String,
    /// What the classes are called.
    pub classes: Vec<String>,
    /// How many test points of each class (row) were taken for which (column).
    pub confusion: Vec<Vec<usize>>,
    /// Places in the test set of the mistakes that are shown.
    pub shown: Vec<usize>,
    /// The class each of them is taken for.
    pub taken_for: Vec<usize>,
    /// Version of basinscope.
    pub version: String,
}

impl MistakesRecord {
    /// Number of test points.
    pub fn points(&self) -> usize {
        self.confusion.iter().flatten().sum()
    }

    /// Number of test points taken for another class.
    pub fn wrong(&self) -> usize {
        let right = |(class, row): (usize, &Vec<usize>)| row.get(class).copied().unwrap_or(0);
        self.points() - self.confusion.iter().enumerate().map(right).sum::<usize>()
    }

    /// The commonest mistake: label, prediction and how often.
    pub fn commonest(&self) -> Option<(usize, usize, usize)> {
        let all = self.confusion.iter().enumerate().flat_map(|(label, row)| {
            (row.iter().enumerate()).map(move |(class, &count)| (label, class, count))
        });
        all.filter(|&(label, class, count)| label != class && count > 0)
            .max_by_key(|&(_, _, count)| count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_what_lies_off_the_diagonal() {
        let record = MistakesRecord {
            minimum: "m".into(),
            classes: vec!["a".into(), "b".into(), "c".into()],
            confusion: vec![vec![5, 1, 0], vec![0, 4, 3], vec![2, 0, 6]],
            shown: vec![],
            taken_for: vec![],
            version: String::new(),
        };
        assert_eq!((record.points(), record.wrong()), (21, 6));
        assert_eq!(record.commonest(), Some((1, 2, 3)));
    }
}
