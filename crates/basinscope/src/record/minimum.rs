//! What is known of one minimum.

use super::FreshAccuracy;
use serde::{Deserialize, Serialize};

/// One trained minimum: an entry of `results/minima.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MinimumRecord {
    /// Its name within the run, also that of its file.
    pub name: String,
    /// Where its parameters lie, relative to the run directory (`minima/NAME.safetensors`).
    pub file: String,
    /// Widths from input to output of a perceptron; none for other nets.
    pub widths: Vec<usize>,
    /// The net in a line, `MLP 2-25-25-1, ReLU`; empty in files from before there were
    /// nets of other kinds.
    #[serde(default)]
    pub architecture: String,
    /// Number of classes K; 0 in such files.
    #[serde(default)]
    pub num_classes: usize,
    /// Number of parameters n.
    pub parameters: usize,
    /// Mean cross-entropy on the training points, in nats, no weight decay, no poison.
    pub train_loss: f64,
    /// Share of training points classified correctly.
    pub train_accuracy: f64,
    /// Mean cross-entropy on the test points, in nats.
    pub test_loss: f64,
    /// Share of test points classified correctly.
    pub test_accuracy: f64,
    /// Train accuracy minus test accuracy.
    pub generalization_gap: f64,
    /// Accuracy on fresh points of the generator; none where the points are the user's own, and
    /// in files from before it was measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fresh: Option<FreshAccuracy>,
    /// Weight β of the poison in `(CE_train + β·CE_poison)/(1 + β)`; 0 without poison.
    pub poison_factor: f64,
    /// Number of poison points (at each step, where they are redrawn).
    pub poison_points: usize,
    /// Whether poison is drawn anew at each step.
    pub poison_redrawn: bool,
    /// Optimizer steps taken.
    pub steps: usize,
    /// Why training stopped: `"steps"`, `"goal"`, `"diverged"`, `"interrupted"`.
    pub stopped: String,
    /// Euclidean norm of θ.
    pub norm: f64,
    /// Loss and accuracy while training.
    pub history: Vec<HistoryPoint>,
    /// Seed of the initialisation, batches and poison.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The complete configuration it was trained with.
    pub config: serde_json::Value,
}

impl MinimumRecord {
    /// The accuracy on unseen points that counts: on fresh ones where there is a generator, else
    /// on the test points.
    pub fn judged_accuracy(&self) -> f64 {
        (self.fresh).map_or(self.test_accuracy, |fresh| fresh.accuracy)
    }

    /// Train accuracy minus [`Self::judged_accuracy`].
    pub fn judged_gap(&self) -> f64 {
        self.train_accuracy - self.judged_accuracy()
    }

    /// The net in a word or a line: the widths of a perceptron, else what it is described as.
    pub fn net(&self) -> String {
        net_text(&self.widths, &self.architecture)
    }

    /// Whether another minimum is of a net of the same shape.
    pub fn has_net_of(&self, other: &Self) -> bool {
        self.net() == other.net()
    }
}

/// The widths of a perceptron, else the line that describes the net.
pub(super) fn net_text(widths: &[usize], architecture: &str) -> String {
    if widths.is_empty() {
        return architecture.to_owned();
    }
    let widths: Vec<String> = widths.iter().map(usize::to_string).collect();
    widths.join("-")
}

/// One look at the training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// Optimizer steps so far.
    pub step: usize,
    /// Mean cross-entropy on train.
    pub train_loss: f64,
    /// Accuracy on train.
    pub train_accuracy: f64,
    /// Accuracy on test.
    pub test_accuracy: f64,
}
