//! The stiffest directions at one minimum.

use serde::{Deserialize, Serialize};

/// The largest eigenvalues of the Hessian at one minimum, and their eigenvectors: an entry of
/// `results/eigenvectors.json`.
///
/// # Shapes
/// `vectors` holds one row of `dimension` values for each eigenvalue; on disk it is the array
/// `vectors` (k × n) of `results/eigenvectors-NAME.npz`.
///
/// # Units
/// Eigenvalues of the mean train loss in nats per squared unit of parameter length; weight decay
/// and poison left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EigenvectorsRecord {
    /// Name of the minimum.
    pub minimum: String,
    /// Test accuracy of the minimum.
    pub test_accuracy: f64,
    /// Number of parameters n.
    pub dimension: usize,
    /// The eigenvalues, the largest first.
    pub eigenvalues: Vec<f64>,
    /// |Hv − λv| of each, in units of the largest |λ| of those told.
    pub residuals: Vec<f64>,
    /// The eigenvectors, of norm 1, the largest entry of each positive.
    #[serde(skip)]
    pub vectors: Vec<Vec<f32>>,
    /// Products with the Hessian it took.
    pub products: usize,
    /// Whether products are differences of gradients; else they are exact.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub differenced: bool,
    /// The step of the differences, in units of max(|θ|, 1), where they are such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference_step: Option<f64>,
    /// Seed of the first vector of the iteration.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}
