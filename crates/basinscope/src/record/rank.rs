//! How well one quantity ranks minima by another.

use serde::{Deserialize, Serialize};

/// Rank correlation over a set of minima.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RankCorrelation {
    /// Kendall's τ_b.
    pub kendall_tau: f64,
    /// Its bootstrap 95 % interval over the minima.
    pub kendall_interval: [f64; 2],
    /// Spearman's ρ.
    pub spearman_rho: f64,
    /// Number of minima.
    pub minima: usize,
}
