//! Where lines through a minimum leave its basin, found by root search rather than read off a grid.

use serde::{Deserialize, Serialize};

/// What ends the basin along a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edge {
    /// The mean train loss is above the level, in nats.
    Loss,
    /// The mean train loss is above the minimum's own loss by more than the level, in nats.
    Excess,
    /// The share of training points that are right is below the level.
    Accuracy,
}

/// How far one can walk from a minimum before an edge is crossed, along the lines of a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossingRecord {
    /// What is crossed.
    pub edge: Edge,
    /// Its level: nats, or a share of the training points.
    pub level: f64,
    /// The loss (or the share that is right) at c = 0.
    pub start: f64,
    /// Smallest |c| beyond the edge on the negative and on the positive side of each direction, in
    /// their order; the cap where there is none.
    pub distances: Vec<[f64; 2]>,
    /// Distances that are the cap.
    pub censored: usize,
    /// Largest |c| looked at.
    pub cap: f64,
    /// Median of all distances.
    pub median: f64,
    /// Its bootstrap 95 % interval, directions resampled with both their sides.
    pub interval: [f64; 2],
    /// Precision of ln c.
    pub tolerance: f64,
    /// Evaluations of the train surface; those of one slice are shared by its edges.
    pub evaluations: u64,
}

impl CrossingRecord {
    /// Whether half of the walks crossed the edge, so that the median is a distance.
    pub fn is_crossed(&self) -> bool {
        self.median < self.cap
    }

    /// Loss at the edge, in nats; `None` where the edge is not one of loss.
    pub fn loss_at_edge(&self) -> Option<f64> {
        match self.edge {
            Edge::Loss => Some(self.level),
            Edge::Excess => Some(self.start + self.level),
            Edge::Accuracy => None,
        }
    }
}
