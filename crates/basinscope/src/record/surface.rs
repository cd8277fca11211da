//! The loss over a plane through the loss surface.

use super::Axis;
use serde::{Deserialize, Serialize};

/// Train loss on the plane θ + a·d₁ + b·d₂.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurfaceRecord {
    /// Name of the minimum at (0, 0).
    pub minimum: String,
    /// Test accuracy of that minimum.
    pub test_accuracy: f64,
    /// How both directions were normalised.
    pub normalization: String,
    /// Steps a along the first direction (columns).
    pub x: Axis,
    /// Steps b along the second direction (rows).
    pub y: Axis,
    /// Mean train loss, row-major `[y.count, x.count]`.
    #[serde(skip)]
    pub train_loss: Vec<f64>,
    /// Train accuracy, same shape.
    #[serde(skip)]
    pub train_accuracy: Vec<f64>,
    /// Seed of the directions.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}
