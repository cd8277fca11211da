//! Many measures of many minima side by side, and how well each ranks them by generalization.

use super::RankCorrelation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One table over a set of minima: `results/compare.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompareRecord {
    /// The measures, in the order of the table.
    pub columns: Vec<MeasureColumn>,
    /// A row for each minimum.
    pub minima: Vec<ComparedMinimum>,
    /// Minima that were not measured, and why.
    pub left_out: Vec<LeftOut>,
    /// Rank correlation of each measure with the generalization gap: over all minima first, then
    /// over those of each number of parameters.
    pub correlations: Vec<MeasureCorrelation>,
    /// The same function written down with other weights: which measures change.
    pub rescaled: Vec<RescaledMeasure>,
    /// What a reader should know beside the table.
    pub notes: Vec<String>,
    /// Seed of everything random.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}

/// What one column of the table means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureColumn {
    /// Its name in files and on the command line.
    pub key: String,
    /// What it is, in words.
    pub title: String,
    /// Its unit; empty for a pure number.
    pub unit: String,
    /// Its heading in LaTeX.
    pub tex: String,
    /// Sign its rank correlation with the gap has if flat minima generalize: +1 where a larger
    /// value means a sharper, larger or more constrained minimum, −1 where it means a wider one.
    pub expected_sign: i8,
}

/// One minimum with everything measured of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedMinimum {
    /// Its name.
    pub minimum: String,
    /// The run it is of.
    pub run: String,
    /// Widths from input to output of a perceptron; none for other nets.
    pub widths: Vec<usize>,
    /// The net in a line; empty in files from before there were nets of other kinds.
    #[serde(default)]
    pub architecture: String,
    /// Number of parameters n.
    pub parameters: usize,
    /// Number of poison points.
    pub poison_points: usize,
    /// Weight β of the poison.
    pub poison_factor: f64,
    /// Whether poison was drawn anew at each step.
    pub poison_redrawn: bool,
    /// Peak learning rate, where the run tells.
    pub learning_rate: Option<f64>,
    /// Seed it was trained with.
    pub training_seed: u64,
    /// Mean train loss, in nats.
    pub train_loss: f64,
    /// Share of training points that are right.
    pub train_accuracy: f64,
    /// Share of test points that are right.
    pub test_accuracy: f64,
    /// Train minus test accuracy.
    pub generalization_gap: f64,
    /// Every measure, by the key of its column.
    pub values: BTreeMap<String, MeasuredValue>,
}

impl ComparedMinimum {
    /// The net in a word or a line: the widths of a perceptron, else what it is described as.
    pub fn net(&self) -> String {
        super::minimum::net_text(&self.widths, &self.architecture)
    }
}

/// One number with what it is worth.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MeasuredValue {
    /// The value; `None` where it was refused (see `note`).
    pub value: Option<f64>,
    /// Its standard error, where it is an estimate.
    pub standard_error: Option<f64>,
    /// Its 95 % interval, where there is one.
    pub interval: Option<[f64; 2]>,
    /// Why there is no value, or what to beware of; empty where there is nothing to say.
    pub note: String,
}

/// A minimum that was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its name.
    pub minimum: String,
    /// The run it is of.
    pub run: String,
    /// Why.
    pub reason: String,
}

/// How well one measure ranks minima by their generalization gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasureCorrelation {
    /// Key of its column.
    pub measure: String,
    /// Number of parameters of the minima it is over; `None` for all of them.
    pub parameters: Option<usize>,
    /// The correlation; minima whose value was refused are left out of it.
    pub rank: RankCorrelation,
}

/// One measure before and after a rescaling that changes no logit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RescaledMeasure {
    /// Name of the minimum.
    pub minimum: String,
    /// The run it is of.
    pub run: String,
    /// Key of the measure's column.
    pub measure: String,
    /// Hidden layer that was scaled, from 0.
    pub layer: usize,
    /// By how much.
    pub alpha: f64,
    /// The measure before.
    pub before: MeasuredValue,
    /// The measure after.
    pub after: MeasuredValue,
    /// (after − before)/|before|; `None` where either was refused.
    pub relative_change: Option<f64>,
    /// Whether it differs by more than rounding and its own errors allow; `None` where one of the
    /// two was refused.
    pub changes: Option<bool>,
}

impl CompareRecord {
    /// Correlation of a measure over all minima.
    pub fn correlation(&self, measure: &str) -> Option<&RankCorrelation> {
        let of =
            |found: &&MeasureCorrelation| found.parameters.is_none() && found.measure == measure;
        Some(&self.correlations.iter().find(of)?.rank)
    }

    /// Whether a measure changes under rescaling, for any minimum tried; `None` where it was not
    /// tried or always refused.
    pub fn changes(&self, measure: &str) -> Option<bool> {
        let of = self.rescaled.iter().filter(|row| row.measure == measure);
        of.filter_map(|row| row.changes).reduce(|a, b| a || b)
    }
}

impl MeasuredValue {
    /// A value as it is; refused where it is not finite.
    pub fn exact(value: f64) -> Self {
        Self::estimate(value, f64::NAN)
    }

    /// A value with its standard error (NaN for none); refused where it is not finite.
    pub fn estimate(value: f64, standard_error: f64) -> Self {
        if !value.is_finite() {
            return Self::refused("refused: not a finite number");
        }
        Self {
            value: Some(value),
            standard_error: standard_error.is_finite().then_some(standard_error),
            ..Self::default()
        }
    }

    /// No value, and why.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self {
            note: reason.into(),
            ..Self::default()
        }
    }

    /// The same with an interval.
    #[must_use]
    pub fn within(self, interval: [f64; 2]) -> Self {
        Self {
            interval: Some(interval),
            ..self
        }
    }

    /// The same with something to beware of.
    #[must_use]
    pub fn noted(self, note: impl Into<String>) -> Self {
        Self {
            note: note.into(),
            ..self
        }
    }
}
