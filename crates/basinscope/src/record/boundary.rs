//! The decision boundary of one minimum over the plane.

use super::Axis;
use crate::data::Names;
use serde::{Deserialize, Serialize};

/// Class probabilities on a grid, with the training points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoundaryRecord {
    /// Name of the minimum.
    pub minimum: String,
    /// Accuracy on the training points.
    pub train_accuracy: f64,
    /// Accuracy on the test points.
    pub test_accuracy: f64,
    /// Grid along the first feature (columns).
    pub x: Axis,
    /// Grid along the second feature (rows, from low to high).
    pub y: Axis,
    /// Number of classes K.
    pub num_classes: usize,
    /// What the classes and the two features are called, where they have names.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub names: Names,
    /// Predicted class at each grid node, row-major `[y.count, x.count]`.
    #[serde(skip)]
    pub class: Vec<u8>,
    /// Confidence: for two classes the probability of class 1; else that of the predicted class.
    /// Same shape as `class`.
    #[serde(skip)]
    pub probability: Vec<f32>,
    /// Training points as `[x, y]`.
    pub points: Vec<[f32; 2]>,
    /// Their labels.
    pub labels: Vec<u32>,
    /// Whether the net classifies each correctly.
    pub correct: Vec<bool>,
    /// Seed of the run.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}
