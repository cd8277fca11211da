//! Loss and accuracy along lines through the loss surface.

use super::{BoundaryRecord, CrossingRecord, Edge};
use serde::{Deserialize, Serialize};

/// Loss and accuracy along one or several straight lines through one minimum, or between two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineRecord {
    /// Name of the minimum at c = 0.
    pub minimum: String,
    /// Name of the minimum at c = 1, for a line between two.
    pub towards: Option<String>,
    /// How the directions were normalised: `"filter"`, `"layer"`, `"model"` or `"none"`.
    pub normalization: String,
    /// Test accuracy of the minimum at c = 0.
    pub test_accuracy: f64,
    /// Step sizes c in θ + c·d, shared by all directions.
    pub c: Vec<f64>,
    /// Mean train loss, `[directions][c]`.
    pub train_loss: Vec<Vec<f64>>,
    /// Train accuracy, `[directions][c]`.
    pub train_accuracy: Vec<Vec<f64>>,
    /// Test accuracy, `[directions][c]`.
    pub test_accuracy_along: Vec<Vec<f64>>,
    /// Where the basin ends along these lines, found by root search and not from the grid of `c`;
    /// none in files from before it was looked for, or for a line between two minima.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crossings: Vec<CrossingRecord>,
    /// Seed of the directions.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}

impl LineRecord {
    /// Where one kind of edge is crossed.
    pub fn crossing(&self, edge: Edge) -> Option<&CrossingRecord> {
        self.crossings.iter().find(|found| found.edge == edge)
    }
}

/// One frame of a walk: where it is and what the net does there.
#[derive(Debug, Clone, PartialEq)]
pub struct PathFrame {
    /// Step size c in θ + c·d.
    pub c: f64,
    /// Mean train loss.
    pub loss: f64,
    /// Train accuracy.
    pub accuracy: f64,
    /// Curvature dᵀ∇²L d/|d|² along the direction.
    pub curvature: f64,
    /// The boundary there.
    pub boundary: BoundaryRecord,
}

/// A walk 0 → + → − → 0 along one direction: what the animation shows.
///
/// `frames` holds each distinct c once, ascending; `order` is the sequence in which they play.
#[derive(Debug, Clone, PartialEq)]
pub struct PathRecord {
    /// Name of the minimum at c = 0.
    pub minimum: String,
    /// Test accuracy of the minimum at c = 0.
    pub test_accuracy: f64,
    /// Distinct frames, by ascending c.
    pub frames: Vec<PathFrame>,
    /// Indices into `frames`, in playing order (203 for the paper's animation).
    pub order: Vec<usize>,
}
