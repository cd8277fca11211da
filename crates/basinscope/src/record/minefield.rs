//! The minefield: the iterates of a training run, bad minima around them, and where both lie.

use super::{FreshAccuracy, LocalVolumePoint};
use serde::{Deserialize, Serialize};

/// How large the basin of one point is, in a few numbers.
///
/// # Units
/// Volumes are isotropic, of the mean train loss without weight decay; `log10_` in decades.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BasinSummary {
    /// Cutoff on the mean train loss, in nats.
    pub cutoff: f64,
    /// Number of rays.
    pub directions: usize,
    /// Median radius.
    pub radius_median: f64,
    /// Bootstrap 95 % interval of the median.
    pub radius_median_ci: [f64; 2],
    /// log10 of the naive volume ω_n·mean(rⁿ): a lower bound set by the luckiest rays.
    pub log10_volume: f64,
    /// Effective sample size of the weights rⁿ, between 1 and `directions`.
    pub ess: f64,
    /// The honest sentence about `log10_volume`, empty where the estimate can be trusted.
    pub warning: String,
    /// The local volume at one σ by subset simulation, where it was measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub local: Option<LocalVolumePoint>,
}

/// How far a minimum is from an iterate, in the weights (biases left out).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// Name of the minimum.
    pub minimum: String,
    /// Euclidean distance.
    pub distance: f64,
    /// The same in units of the norm of the iterate's weights.
    pub relative: f64,
    /// The same layer by layer, each in units of the iterate's norm in that layer.
    pub layers: Vec<f64>,
}

/// One iterate of the good run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IterateRecord {
    /// Epochs trained.
    pub epoch: usize,
    /// Mean train loss in nats.
    pub train_loss: f64,
    /// Train accuracy.
    pub train_accuracy: f64,
    /// Test accuracy.
    pub test_accuracy: f64,
    /// Accuracy on fresh points of the generator, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fresh: Option<FreshAccuracy>,
    /// Norm of the weights, biases left out.
    pub norm: f64,
    /// The nearest minimum made with fixed poison, from whichever iterate it was reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nearest_fixed: Option<Distance>,
    /// The nearest one made with redrawn poison.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nearest_redrawn: Option<Distance>,
    /// The iterate's own way still to go: its distance from the last iterate.
    pub to_last: Distance,
    /// Its basin; `None` where its train loss is above the cutoff.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub basin: Option<BasinSummary>,
}

/// One bad minimum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BadMinimumRecord {
    /// Its name, also that of its file under `minima/`.
    pub name: String,
    /// Whether its poison was redrawn at each step.
    pub redrawn: bool,
    /// Epoch of the iterate it was reached from.
    pub epoch: usize,
    /// Train accuracy.
    pub train_accuracy: f64,
    /// Test accuracy.
    pub test_accuracy: f64,
    /// Accuracy on fresh points of the generator, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fresh: Option<FreshAccuracy>,
    /// How far descent took it from that iterate.
    pub travelled: Distance,
    /// Its basin; `None` in older runs, and where its train loss is above the cutoff.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub basin: Option<BasinSummary>,
}

/// One picture of all points: the iterates first, then the bad minima, in the record's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingRecord {
    /// `"PCA"` or `"t-SNE"`.
    pub method: String,
    /// Perplexity of t-SNE.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub perplexity: Option<f64>,
    /// Its Kullback–Leibler divergence, in nats.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kl_divergence: Option<f64>,
    /// Shares of the variance the two axes of PCA hold.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub explained: Option<[f64; 2]>,
    /// The points.
    pub points: Vec<[f64; 2]>,
}

/// Figure 1 as data: `results/minefield.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MinefieldRecord {
    /// Iterates by epoch.
    pub iterates: Vec<IterateRecord>,
    /// Bad minima: fixed poison first, each kind by the epoch it was reached from.
    pub bad: Vec<BadMinimumRecord>,
    /// Embeddings: PCA first, then t-SNE by perplexity.
    pub embeddings: Vec<EmbeddingRecord>,
    /// Trainings thrown away because they missed, for fixed and for redrawn poison.
    pub missed: [usize; 2],
    /// Seed.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn distance() -> Distance {
        Distance {
            minimum: "bad".into(),
            distance: 3.0,
            relative: 0.5,
            layers: vec![0.4, 0.6],
        }
    }

    fn record(basin: Option<BasinSummary>) -> MinefieldRecord {
        MinefieldRecord {
            iterates: vec![IterateRecord {
                epoch: 1,
                train_loss: 0.05,
                train_accuracy: 1.0,
                test_accuracy: 0.9,
                fresh: None,
                norm: 6.0,
                nearest_fixed: Some(distance()),
                nearest_redrawn: None,
                to_last: distance(),
                basin: basin.clone(),
            }],
            bad: vec![BadMinimumRecord {
                name: "bad".into(),
                redrawn: false,
                epoch: 1,
                train_accuracy: 1.0,
                test_accuracy: 0.5,
                fresh: None,
                travelled: distance(),
                basin,
            }],
            embeddings: Vec::new(),
            missed: [0, 1],
            seed: 7,
            version: "0.0.0".into(),
        }
    }

    #[test]
    fn basins_survive_the_file_and_old_files_have_none() {
        let basin = BasinSummary {
            cutoff: 0.1,
            directions: 100,
            radius_median: 1.25,
            radius_median_ci: [1.2, 1.3],
            log10_volume: -2_000.5,
            ess: 1.75,
            warning: "few rays".into(),
            local: None,
        };
        let new = record(Some(basin));
        let text = json!(new);
        assert_eq!(
            serde_json::from_value::<MinefieldRecord>(text).unwrap(),
            new
        );
        // A run from before there were basins has no such key, and neither has one without any.
        let old = record(None);
        let text = json!(old).to_string();
        assert!(!text.contains("basin"), "{text}");
        assert_eq!(serde_json::from_str::<MinefieldRecord>(&text).unwrap(), old);
    }
}
