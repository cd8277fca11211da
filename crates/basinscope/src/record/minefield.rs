//! The minefield: the iterates of a training run, bad minima around them, and where both lie.

use serde::{Deserialize, Serialize};

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
    /// How far descent took it from that iterate.
    pub travelled: Distance,
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
