//! The estimators held against known volumes.

use serde::{Deserialize, Serialize};

/// One estimator on one basin of known volume.
///
/// # Units
/// Nats. Where there are several repetitions, the estimate, its error and what is claimed are
/// means over them, and the costs those of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifyRow {
    /// The basin.
    pub case: String,
    /// Number of parameters n.
    pub dimension: usize,
    /// Width σ of the Gaussian; `None` where the whole volume is asked for.
    pub sigma: Option<f64>,
    /// Cutoff on the mean loss.
    pub cutoff: f64,
    /// The estimator: `"subsim"`, `"lta"` or `"radial"`.
    pub method: String,
    /// The true ln P_σ or ln V.
    pub truth: f64,
    /// Its standard error: 0 but for brute force.
    pub truth_standard_error: f64,
    /// Where it comes from.
    pub truth_source: String,
    /// The estimate.
    pub estimate: f64,
    /// Estimate minus truth.
    pub error: f64,
    /// The standard error claimed; `None` where the estimator claims none.
    pub standard_error: Option<f64>,
    /// Half the width of the 95 % interval claimed.
    pub half_width: Option<f64>,
    /// Repetitions whose interval holds the truth.
    pub covered: Option<usize>,
    /// Repetitions, with seeds of their own.
    pub repetitions: usize,
    /// Whether the estimator itself calls the estimate a lower bound.
    pub flagged: bool,
    /// Loss evaluations.
    pub evaluations: u64,
    /// Gradients.
    pub gradients: u64,
    /// What it must satisfy, in words; empty where it is only shown.
    pub bar: String,
    /// Whether it does.
    pub pass: bool,
    /// What a reader should know.
    pub note: String,
}

/// What `basinscope verify` found: `verify.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifyRecord {
    /// `"reduced"` or `"full"`.
    pub set: String,
    /// The rows.
    pub rows: Vec<VerifyRow>,
    /// Seed of everything random.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// Kernel it was computed with; the first versions wrote none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kernel: Option<String>,
}

impl VerifyRecord {
    /// Rows that miss their bar.
    pub fn misses(&self) -> usize {
        self.rows.iter().filter(|row| !row.pass).count()
    }
}
