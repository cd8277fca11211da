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
    /// this share of the training points stays correct), `"excess"` (mean train loss above the
    /// minimum's own by at most the cutoff) or `"predictions"` (mean distance of the
    /// predicted probabilities from the minimum's own at most the cutoff).
    pub region: String,
    /// The cutoff, in the region's unit.
    pub cutoff: f64,
    /// The minimum's own mean train loss on the points measured, in nats; `None` in files from before
    /// it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_loss: Option<f64>,
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

impl LocalVolumeRecord {
    /// Each warning of the curve once, with every σ that carries it and no other.
    pub fn warnings(&self) -> Vec<(&str, Vec<f64>)> {
        let mut all: Vec<(&str, Vec<f64>)> = Vec::new();
        for point in self.curve.iter().filter(|point| !point.warning.is_empty()) {
            match all
                .iter_mut()
                .find(|(warning, _)| *warning == point.warning)
            {
                Some((_, sigmas)) => sigmas.push(point.sigma),
                None => all.push((&point.warning, vec![point.sigma])),
            }
        }
        all
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_name_the_points_that_carry_them_and_no_others() {
        let point = |sigma: f64, warning: &str| LocalVolumePoint {
            sigma,
            ln_p: Some(-1.0),
            standard_error: None,
            interval: None,
            log10_volume: None,
            constrained_dimensions: None,
            r_hat: None,
            ess: None,
            star_share: None,
            sample_test_accuracy: None,
            sample_test_accuracy_range: None,
            converged: warning.is_empty(),
            local: true,
            warning: warning.into(),
        };
        let record = LocalVolumeRecord {
            minimum: "fixed-10".into(),
            test_accuracy: 1.0,
            generalization_gap: 0.0,
            method: "subsim".into(),
            region: "loss".into(),
            cutoff: 0.1,
            start_loss: None,
            dimension: 2,
            rms: 1.0,
            metric: String::new(),
            // One that did not converge between two that did, then the same and another.
            curve: vec![
                point(0.001, ""),
                point(0.00316, "low"),
                point(0.00562, ""),
                point(0.01, "low"),
                point(0.02, "refused"),
            ],
            largest_local_sigma: None,
            evaluations: 0,
            gradients: 0,
            seed: 0,
            version: String::new(),
            config: serde_json::Value::Null,
        };
        assert_eq!(
            record.warnings(),
            [("low", vec![0.00316, 0.01]), ("refused", vec![0.02])]
        );
        // A record from before `start_loss`.
        let text = serde_json::to_string(&record).unwrap();
        assert!(!text.contains("start_loss"));
        assert_eq!(
            serde_json::from_str::<LocalVolumeRecord>(&text).unwrap(),
            record
        );
    }
}
