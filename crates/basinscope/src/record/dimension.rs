//! Good and bad basins of nets of growing width.

use super::FreshAccuracy;
use serde::{Deserialize, Serialize};

/// How the volumes of good and bad basins part as the dimension grows: `results/dimension.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DimensionRecord {
    /// Cutoff on the mean train loss, in nats.
    pub cutoff: f64,
    /// Rays along which each basin was measured.
    pub directions: usize,
    /// Ratios of radii for which balls are shown.
    pub balls: Vec<f64>,
    /// The nets, by ascending n.
    pub nets: Vec<DimensionNet>,
    /// Seed of minima and rays.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}

/// Pairs of a good and a bad minimum of one net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DimensionNet {
    /// Widths from input to output.
    pub widths: Vec<usize>,
    /// Number of parameters n.
    pub parameters: usize,
    /// The pairs.
    pub pairs: Vec<BasinPair>,
    /// Pairs left out because a member did not come out as asked.
    pub missed: usize,
}

/// A good and a bad minimum of one net on the same points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BasinPair {
    /// The good one.
    pub good: BasinSize,
    /// The bad one.
    pub bad: BasinSize,
    /// Ratio of their median radii.
    pub ratio: f64,
    /// Bootstrap 95 % interval of the ratio.
    pub ratio_ci: [f64; 2],
    /// log10 of the ratio of the volumes of balls of those radii, `n·log10(ratio)`.
    pub decades: f64,
    /// The same of the interval's ends.
    pub decades_ci: [f64; 2],
    /// log10 of the ratio of the paper's volumes, each set by its luckiest rays.
    pub decades_radial: f64,
}

/// One basin, in a few numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BasinSize {
    /// Name of the minimum.
    pub minimum: String,
    /// Its accuracy on the test points.
    pub test_accuracy: f64,
    /// Accuracy on fresh points of the generator, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fresh: Option<FreshAccuracy>,
    /// Its mean train loss, in nats.
    pub train_loss: f64,
    /// Euclidean norm of θ.
    pub norm: f64,
    /// Median radius.
    pub radius_median: f64,
    /// log10 of the paper's volume.
    pub log10_volume: f64,
    /// Effective sample size of its rays, from 1 to their number.
    pub ess: f64,
}
