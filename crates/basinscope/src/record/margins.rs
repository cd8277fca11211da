//! Margins of training points, in the plane and in the space of the weights.

use super::RankCorrelation;
use serde::{Deserialize, Serialize};

/// Margins of every training point at one minimum: an entry of `results/margins.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarginRecord {
    /// Name of the minimum.
    pub minimum: String,
    /// Its test accuracy.
    pub test_accuracy: f64,
    /// The training points.
    pub points: Vec<[f32; 2]>,
    /// Their labels.
    pub labels: Vec<u32>,
    /// Distance of each to the nearest place of the other class.
    pub input: Vec<f64>,
    /// Median over directions of the step c in θ + c·d at which it is first wrong.
    pub weight: Vec<f64>,
    /// Steps at which `kept` is given, ascending.
    pub c: Vec<f64>,
    /// Share of the points never wrong up to c: 5th percentile, median and 95th over directions.
    pub kept: Vec<[f64; 3]>,
    /// Rank correlation of the two margins over the points.
    pub correlation: RankCorrelation,
    /// Number of directions.
    pub directions: usize,
    /// Largest step looked at.
    pub cap: f64,
    /// Seed of the directions.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
}
