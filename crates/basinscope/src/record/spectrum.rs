//! The spectrum of the curvature at one minimum, whole and layer by layer.

use serde::{Deserialize, Serialize};

/// Eigenvalues, trace and density at one minimum: an entry of `results/spectra.json`.
///
/// # Units
/// Eigenvalues of the mean train loss in nats per squared unit of parameter length; weight decay
/// and poison left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpectrumRecord {
    /// Name of the minimum.
    pub minimum: String,
    /// Test accuracy of the minimum.
    pub test_accuracy: f64,
    /// Train minus test accuracy of the minimum.
    pub generalization_gap: f64,
    /// The matrix: `"hessian"` or `"gauss-newton"`.
    pub matrix: String,
    /// Number of parameters n.
    pub dimension: usize,
    /// The whole matrix.
    pub whole: SpectrumPart,
    /// Its diagonal blocks, one a layer; empty where they were not asked for.
    pub layers: Vec<SpectrumPart>,
    /// Products with the matrix, all in all.
    pub products: usize,
    /// Whether products are differences of gradients; else they are exact.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub differenced: bool,
    /// Seed of everything random.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}

/// The spectrum of one matrix. Intervals are of 95 %.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpectrumPart {
    /// `"whole"`, or the layer as in the file of the minimum: `"layers.0"`.
    pub name: String,
    /// Rows of the matrix.
    pub dimension: usize,
    /// Whether it was decomposed whole; else by Lanczos, Hutch++ and stochastic quadrature.
    pub exact: bool,
    /// The largest eigenvalues, descending.
    pub top: Vec<f64>,
    /// |Av − λv| of each (of an exact one, the asymmetry of the products).
    pub top_residuals: Vec<f64>,
    /// The smallest eigenvalues, ascending.
    pub bottom: Vec<f64>,
    /// |Av − λv| of each.
    pub bottom_residuals: Vec<f64>,
    /// Sum of all eigenvalues.
    pub trace: f64,
    /// Its standard error.
    pub trace_standard_error: f64,
    /// Its interval.
    pub trace_interval: [f64; 2],
    /// An |λ| below this counts as flat: a millionth of the largest, about where the rounding of
    /// products begins.
    pub floor: f64,
    /// Number of eigenvalues above `floor`.
    pub positive: f64,
    /// Its interval.
    pub positive_interval: [f64; 2],
    /// Number of eigenvalues below `−floor`.
    pub negative: f64,
    /// Its interval.
    pub negative_interval: [f64; 2],
    /// Grid of λ, ascending, even in asinh(λ/(2·floor)).
    pub lambda: Vec<f64>,
    /// Eigenvalues per decade of |λ| at each λ, seen through a Gaussian.
    pub per_decade: Vec<f64>,
    /// Lower ends of their intervals.
    pub per_decade_low: Vec<f64>,
    /// Upper ends.
    pub per_decade_high: Vec<f64>,
    /// Number of eigenvalues above each λ.
    pub count_above: Vec<f64>,
    /// Lower ends of their intervals.
    pub count_above_low: Vec<f64>,
    /// Upper ends.
    pub count_above_high: Vec<f64>,
    /// Products with the matrix.
    pub products: usize,
}
