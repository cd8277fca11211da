//! Points as a file holds them: values may be missing, labels may be anything.

use super::{Labels, Names};
use std::path::PathBuf;

/// One part of a data set as it was read, before labels become classes.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    /// The file.
    pub(super) path: PathBuf,
    /// Row-major `[points, features]`; NaN where a value is missing.
    pub(super) inputs: Vec<f32>,
    /// Number of features.
    pub(super) num_features: usize,
    /// The features' names; empty where the file has none.
    pub(super) features: Vec<String>,
    /// A label for each point.
    pub(super) labels: Labels,
    /// What the file calls the labels, for errors.
    pub(super) label: String,
    /// The columns of the label and of the features by name, or by number where they have none.
    pub(super) columns: Vec<String>,
    /// Number of columns of the table; 0 of arrays.
    pub(super) width: usize,
    /// Names of the classes 0, 1, … that the file gives beside their numbers.
    pub(super) class_names: Vec<String>,
    /// Where a point's label stands, in words.
    pub(super) places: Places,
    /// What was understood.
    pub(super) said: Said,
}

/// Where a point stands in its file.
#[derive(Debug, Clone)]
pub(super) enum Places {
    /// In these lines of a table.
    Lines(Vec<usize>),
    /// In an array.
    Rows,
}

/// Words for the line of what was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// As [`super::Reading::form`].
    pub(super) form: String,
    /// As [`super::Reading::header`].
    pub(super) header: String,
    /// As [`super::Reading::label`].
    pub(super) label: String,
    /// As [`super::Reading::left_out`].
    pub(super) left_out: Vec<String>,
    /// As [`super::Reading::notes`].
    pub(super) notes: Vec<String>,
}

impl Raw {
    /// Number of points.
    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Where a point's label stands.
    pub(super) fn place(&self, point: usize) -> String {
        match &self.places {
            Places::Lines(lines) => format!("line {}, {}", lines[point], self.label),
            Places::Rows => format!("{}[{point}]", self.label),
        }
    }

    /// Where a point's value of a feature stands.
    pub(super) fn place_of(&self, point: usize, feature: usize) -> String {
        let name = match self.features.get(feature) {
            Some(name) => format!("column `{name}`"),
            None => format!("feature {feature}"),
        };
        match &self.places {
            Places::Lines(lines) => format!("line {}, {name}", lines[point]),
            Places::Rows => format!("point {point}, {name}"),
        }
    }

    /// The names that its points have, once its labels are classes.
    pub(super) fn names(&self, classes: Vec<String>) -> Names {
        Names {
            classes,
            features: self.features.clone(),
        }
    }

    /// Leaves these points, in this order.
    pub(super) fn keep(&mut self, points: &[usize]) {
        let width = self.num_features;
        self.inputs = (points.iter())
            .flat_map(|&point| &self.inputs[point * width..(point + 1) * width])
            .copied()
            .collect();
        self.labels = match &self.labels {
            Labels::Text(all) => {
                Labels::Text(points.iter().map(|&point| all[point].clone()).collect())
            }
            Labels::Numbers(all) => {
                Labels::Numbers(points.iter().map(|&point| all[point]).collect())
            }
        };
        if let Places::Lines(lines) = &mut self.places {
            *lines = points.iter().map(|&point| lines[point]).collect();
        }
    }
}
