//! Labelled points, checked once.

use super::Names;
use crate::{Error, Result};
use std::sync::Arc;

/// Labelled points: `inputs` row-major `[len, num_features]`, `labels` in `0..num_classes`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    inputs: Vec<f32>,
    labels: Vec<u32>,
    num_features: usize,
    num_classes: usize,
    names: Arc<Names>,
}

/// A data set cut in three: points to fit, points to judge by, and points kept for poison.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Points to fit.
    pub train: Dataset,
    /// Points to judge by.
    pub test: Dataset,
    /// Points kept for poison, with their *true* labels (may be empty).
    pub pool: Dataset,
}

impl Dataset {
    /// Checks that every value is finite, every label below `num_classes` and the shapes fit.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Setting`] naming the first point at fault.
    pub fn new(
        inputs: Vec<f32>,
        labels: Vec<u32>,
        num_features: usize,
        num_classes: usize,
    ) -> Result<Self> {
        if num_features == 0 {
            return Err(Error::setting("num_features", "at least 1", 0));
        }
        if num_classes < 2 {
            return Err(Error::setting("classes", "at least 2 classes", num_classes));
        }
        if inputs.len() != labels.len() * num_features {
            return Err(Error::Shape {
                what: "inputs".into(),
                expected: vec![labels.len(), num_features],
                found: vec![inputs.len()],
            });
        }
        if let Some(at) = inputs.iter().position(|value| !value.is_finite()) {
            return Err(Error::setting(
                format!("point {}, feature {}", at / num_features, at % num_features),
                "a finite number",
                inputs[at],
            ));
        }
        if let Some(at) = labels
            .iter()
            .position(|&label| label as usize >= num_classes)
        {
            return Err(Error::setting(
                format!("label of point {at}"),
                format!("a class from 0 to {}", num_classes - 1),
                labels[at],
            ));
        }
        Ok(Self {
            inputs,
            labels,
            num_features,
            num_classes,
            names: Arc::default(),
        })
    }

    /// The same points with names for classes and features.
    ///
    /// # Errors
    /// [`Error::Shape`] where there are names, but not one for each.
    pub fn with_names(self, names: Arc<Names>) -> Result<Self> {
        for (what, names, count) in [
            ("names of classes", &names.classes, self.num_classes),
            ("names of features", &names.features, self.num_features),
        ] {
            if !names.is_empty() && names.len() != count {
                return Err(Error::Shape {
                    what: what.into(),
                    expected: vec![count],
                    found: vec![names.len()],
                });
            }
        }
        Ok(Self { names, ..self })
    }

    /// From parts that are known to be fine.
    pub(super) fn trusted(
        inputs: Vec<f32>,
        labels: Vec<u32>,
        num_features: usize,
        num_classes: usize,
    ) -> Self {
        debug_assert_eq!(inputs.len(), labels.len() * num_features);
        Self {
            inputs,
            labels,
            num_features,
            num_classes,
            names: Arc::default(),
        }
    }

    /// The same points with other labels, which are known to be fine.
    pub(super) fn relabelled(&self, labels: Vec<u32>) -> Self {
        debug_assert_eq!(labels.len(), self.labels.len());
        Self {
            labels,
            ..self.clone()
        }
    }

    /// What classes and features are called.
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of features of a point.
    pub fn num_features(&self) -> usize {
        self.num_features
    }

    /// Number of classes (also those no point has).
    pub fn num_classes(&self) -> usize {
        self.num_classes
    }

    /// All inputs, row-major `[len, num_features]`.
    pub fn inputs(&self) -> &[f32] {
        &self.inputs
    }

    /// All labels.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The features of one point.
    pub fn point(&self, index: usize) -> &[f32] {
        &self.inputs[index * self.num_features..(index + 1) * self.num_features]
    }

    /// The points at `indices`, in that order.
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            inputs: indices
                .iter()
                .flat_map(|&index| self.point(index))
                .copied()
                .collect(),
            labels: indices.iter().map(|&index| self.labels[index]).collect(),
            names: Arc::clone(&self.names),
            ..*self
        }
    }
}
