//! What different optimizers arrive at.

use serde::{Deserialize, Serialize};

/// One way of training, tuned, from several seeds: an entry of `results/optimizers.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptimizerRecord {
    /// Its name.
    pub name: String,
    /// Whether it trains the linear model instead of the net.
    pub linear: bool,
    /// Number of parameters it trains.
    pub parameters: usize,
    /// The learning rates tried (for L-BFGS the longest steps), ascending.
    pub rates: Vec<f64>,
    /// The one that fitted the training points best over the tuning seeds.
    pub rate: f64,
    /// Train accuracy of each seed.
    pub train_accuracy: Vec<f64>,
    /// Mean train loss of each seed, in nats.
    pub train_loss: Vec<f64>,
    /// Test accuracy of each seed.
    pub test_accuracy: Vec<f64>,
    /// Accuracy of each seed on fresh points of the generator; empty where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fresh_accuracy: Vec<f64>,
    /// Starts of each seed that were wrong about a training point before the one reported.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missed: Vec<usize>,
    /// Mean of [`Self::judged`].
    pub mean: f64,
    /// Its 95 % interval, from Student's t over the seeds.
    pub interval: [f64; 2],
    /// Seeds reported, in the order of the accuracies.
    pub seeds: Vec<u64>,
    /// Version of basinscope.
    pub version: String,
}

impl OptimizerRecord {
    /// The accuracies that count: on fresh points where there are any, else on the test points.
    pub fn judged(&self) -> &[f64] {
        match self.fresh_accuracy.as_slice() {
            [] => &self.test_accuracy,
            fresh => fresh,
        }
    }

    /// Seeds whose net is right about every training point.
    pub fn fitted(&self) -> usize {
        self.train_accuracy.iter().filter(|&&a| a == 1.0).count()
    }
}
