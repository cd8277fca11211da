//! The volume of one minimum's basin.

use serde::{Deserialize, Serialize};

/// The region of files that do not name one.
fn loss() -> String {
    "loss".into()
}

/// One estimate of the volume of {loss ≤ cutoff} around a minimum: an entry of
/// `results/volumes.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolumeRecord {
    /// Name of the minimum.
    pub minimum: String,
    /// Test accuracy of the minimum.
    pub test_accuracy: f64,
    /// Train minus test accuracy of the minimum.
    pub generalization_gap: f64,
    /// The estimator: `"radial"` (paper mode).
    pub method: String,
    /// `"none"` (isotropic) or `"filter"`.
    pub normalization: String,
    /// What the cutoff is on: `"loss"` (the mean train loss) or `"excess"` (how far it is above the
    /// minimum's own); the first in files from before there was the second.
    #[serde(default = "loss")]
    pub region: String,
    /// Cutoff on the mean train loss, or on its excess, in nats.
    pub cutoff: f64,
    /// The minimum's own mean train loss on the points measured, in nats; `None` in files from before
    /// it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_loss: Option<f64>,
    /// Number of rays.
    pub directions: usize,
    /// Dimension n the volume is taken in.
    pub dimension: usize,
    /// log10 of the naive volume ω_n·mean(rⁿ): a lower bound set by the luckiest rays.
    pub log10_volume: f64,
    /// Effective sample size of the weights rⁿ, between 1 and `directions`.
    pub ess: f64,
    /// The honest sentence about `log10_volume`, empty where the estimate can be trusted.
    pub warning: String,
    /// Median radius.
    pub radius_median: f64,
    /// Bootstrap 95 % interval of the median.
    pub radius_median_ci: [f64; 2],
    /// Quantiles asked of the radii.
    pub radius_quantile_levels: Vec<f64>,
    /// The radii at those levels (a censored one reads as the cap).
    pub radius_quantiles: Vec<f64>,
    /// Bootstrap 95 % interval of each.
    pub radius_quantile_cis: Vec<[f64; 2]>,
    /// Every ray's radius in the order of the rays (censored ones hold the cap).
    pub radii: Vec<f64>,
    /// Rays that never crossed the cutoff within the cap.
    pub censored: usize,
    /// The cap on the radius.
    pub radius_cap: f64,
    /// Loss evaluations a ray, on average.
    pub evaluations_per_ray: f64,
    /// Seed of the rays.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}
