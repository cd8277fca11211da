//! How far a minimum can move before training points change sides.

use serde::{Deserialize, Serialize};

/// Distances at which shares of the training points are wrong: an entry of `results/flips.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlipRecord {
    /// Name of the minimum.
    pub minimum: String,
    /// Its test accuracy.
    pub test_accuracy: f64,
    /// How directions were normalised.
    pub normalization: String,
    /// Shares of the training points.
    pub shares: Vec<f64>,
    /// First c in θ + c·d at which such a share is wrong, `[share][direction]`.
    pub distances: Vec<Vec<f64>>,
    /// Median over the directions, by share.
    pub medians: Vec<f64>,
    /// Its bootstrap 95 % interval.
    pub intervals: Vec<[f64; 2]>,
    /// Directions along which fewer flip within the cap, by share.
    pub censored: Vec<usize>,
    /// The cap.
    pub cap: f64,
    /// Seed of the directions.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
}
