//! The local volume of one minimum's basin, as a curve over the width of a Gaussian.

use serde::{Deserialize, Serialize};

/// `P_σ = Pr[θ* + x ∈ basin]`, `x ~ N(0, σ²I)`, over σ: an entry of `results/local-volumes.json`.
///
/// # Units
/// `ln_p` and everything named `ln_` in nats, `log10_` in decades. σ in units of the parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LocalVolumeRecord {
    /// Name of the minimum.
    pub minimum: String,
    /// Test accuracy of the minimum.
    pub test_accuracy: f64,
    /// Train minus test accuracy of the minimum.
    pub generalization_gap: f64,
    /// The estimator: `"subsim"` or `"lta"`.
    pub method: String,
    /// What the basin is: `"loss"` (mean train loss at most the cutoff), `"accuracy"` (at least
    /// this share of the training points stays correct) or `"predictions"` (mean distance of the
    /// predicted probabilities from the minimum's own at most the cutoff).
    pub region: String,
    /// The cutoff, in the region's unit.
    pub cutoff: f64,
    /// Number of parameters n.
    pub dimension: usize,
    /// Root mean square of the minimum's parameters, |θ*|/√n.
    pub rms: f64,
    /// What made the sampler mix, in words: `"100 stiffest Hessian directions"`.
    pub metric: String,
    /// The curve, σ ascending.
    pub curve: Vec<LocalVolumePoint>,
    /// The largest σ of the curve at which the estimate is local and can be trusted; `None` where
    /// there is none.
    pub largest_local_sigma: Option<f64>,
    /// Loss evaluations, all in all.
    pub evaluations: u64,
    /// Gradients, all in all.
    pub gradients: u64,
    /// Seed of everything random.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}

/// The local volume at one σ, with what it is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LocalVolumePoint {
    /// Width of the Gaussian.
    pub sigma: f64,
    /// ln P_σ; `None` where the sampler refused (see `warning`).
    pub ln_p: Option<f64>,
    /// Its standard error.
    pub standard_error: Option<f64>,
    /// 95 % interval of `ln_p`.
    pub interval: Option<[f64; 2]>,
    /// `(ln P_σ + (n/2)·ln(2πσ²))/ln 10`.
    pub log10_volume: Option<f64>,
    /// Number of constrained dimensions, k = −d ln P/d ln σ.
    pub constrained_dimensions: Option<f64>,
    /// Split R-hat over replicates or chains.
    pub r_hat: Option<f64>,
    /// Effective sample size of what the estimate rests on.
    pub ess: Option<f64>,
    /// f_star: share of samples in the basin whose straight ray to θ* stays inside.
    pub star_share: Option<f64>,
    /// Mean test accuracy of samples in the basin.
    pub sample_test_accuracy: Option<f64>,
    /// Their 10 % and 90 % quantiles.
    pub sample_test_accuracy_range: Option<[f64; 2]>,
    /// Whether doubling the effort left `ln_p` where it was.
    pub converged: bool,
    /// Whether the basin around θ* is what is measured: f_star ≥ .5, and k not yet below half its
    /// peak.
    pub local: bool,
    /// The honest sentence about this point, empty where it can be trusted.
    pub warning: String,
}
