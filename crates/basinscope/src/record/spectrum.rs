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
    /// The step of the differences, in units of max(|θ|, 1), where they are such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference_step: Option<f64>,
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
    /// What to beware of, a sentence each; see [`Trust`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A residual above this share of its eigenvalue is a warning.
pub const LOOSE_RESIDUAL: f64 = 0.01;
/// A residual above this share of its eigenvalue refuses it.
pub const LARGE_RESIDUAL: f64 = 0.1;
/// A residual below this share of the largest |λ| is rounding: the eigenvalue is known to be as
/// small as it reads.
pub const ROUNDED_RESIDUAL: f64 = 1e-5;

/// How far an eigenvalue λ is to be trusted, by its residual r = |Av − λv|: some eigenvalue of the
/// matrix lies within r of λ.
///
/// ```text
/// found     r ≤ |λ|/100, or r ≤ 1e-5 of the largest |λ|
/// loose     r ≤ |λ|/10
/// refused   anything else
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// The number stands.
    Found,
    /// It stands within a tenth.
    Loose,
    /// It does not stand.
    Refused,
}

impl Trust {
    /// Of an eigenvalue and its residual, among eigenvalues of at most `largest` in size.
    pub fn of(value: f64, residual: f64, largest: f64) -> Self {
        if residual <= LOOSE_RESIDUAL * value.abs() || residual <= ROUNDED_RESIDUAL * largest {
            Self::Found
        } else if residual <= LARGE_RESIDUAL * value.abs() {
            Self::Loose
        } else {
            // Also where the residual is not a number.
            Self::Refused
        }
    }
}

impl SpectrumPart {
    /// How far each eigenvalue is to be trusted: those at the top and those at the bottom.
    pub fn trusts(&self) -> [Vec<Trust>; 2] {
        let largest = (self.top.iter().chain(&self.bottom))
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        [
            (&self.top, &self.top_residuals),
            (&self.bottom, &self.bottom_residuals),
        ]
        .map(|(values, residuals)| {
            let pairs = values.iter().zip(residuals);
            pairs
                .map(|(&value, &residual)| Trust::of(value, residual, largest))
                .collect()
        })
    }

    /// Whether a residual refuses an eigenvalue.
    pub fn is_refused(&self) -> bool {
        self.trusts()
            .iter()
            .flatten()
            .any(|&trust| trust == Trust::Refused)
    }

    /// The largest eigenvalue, where it is not refused.
    pub fn largest(&self) -> Option<f64> {
        let [top, _] = self.trusts();
        let stands = top.first().is_some_and(|&trust| trust < Trust::Refused);
        self.top.first().copied().filter(|_| stands)
    }

    /// The smallest eigenvalue, where it is not refused.
    pub fn smallest(&self) -> Option<f64> {
        let [_, bottom] = self.trusts();
        let stands = bottom.first().is_some_and(|&trust| trust < Trust::Refused);
        self.bottom.first().copied().filter(|_| stands)
    }

    /// A sentence for each end with residuals that are too large.
    pub fn residual_warnings(&self) -> Vec<String> {
        let ends = [
            ("largest", &self.top, &self.top_residuals),
            ("smallest", &self.bottom, &self.bottom_residuals),
        ];
        let mut warnings = Vec::new();
        for ((end, values, residuals), trusts) in ends.into_iter().zip(self.trusts()) {
            for (trust, says) in [
                (Trust::Refused, "refused: a residual above a tenth of it"),
                (Trust::Loose, "loose: a residual above a hundredth of it"),
            ] {
                let at = trusts.iter().position(|&found| found == trust);
                let Some(at) = at else { continue };
                let count = trusts.iter().filter(|&&found| found == trust).count();
                warnings.push(format!(
                    "{count} of the {} {end} eigenvalues {says} (the first: {:.4e} ± {:.1e})",
                    values.len(),
                    values[at],
                    residuals[at],
                ));
            }
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_decide_what_an_eigenvalue_is_worth() {
        // A spectrum by differences across kinks: 742.4 ± 101.5, where 448 is right.
        assert_eq!(Trust::of(742.4, 101.5, 742.4), Trust::Refused);
        assert_eq!(Trust::of(448.152, 4.4, 448.152), Trust::Found);
        assert_eq!(Trust::of(-100.0, 1.1, 448.0), Trust::Loose);
        // Known to be 0 to what f32 can tell, and not known at all.
        assert_eq!(Trust::of(1e-9, 1e-5, 448.0), Trust::Found);
        assert_eq!(Trust::of(1e-9, 1e-1, 448.0), Trust::Refused);
        assert_eq!(Trust::of(1.0, f64::NAN, 1.0), Trust::Refused);
        assert_eq!(Trust::of(0.0, 0.0, 0.0), Trust::Found);
        assert_eq!((LOOSE_RESIDUAL, LARGE_RESIDUAL), (0.01, 0.1));
        assert_eq!(ROUNDED_RESIDUAL, 1e-5);
    }
}
