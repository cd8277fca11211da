//! Dense matrices of known spectrum, for tests.

use super::SymmetricOperator;
use super::trace::random_signs;
use faer::Mat;

/// A matrix held whole.
pub(super) struct Dense(pub(super) Mat<f64>);

impl SymmetricOperator for Dense {
    fn dim(&self) -> usize {
        self.0.nrows()
    }

    fn apply(&self, v: &[f32], out: &mut [f32]) {
        for (i, out) in out.iter_mut().enumerate() {
            let terms = v.iter().enumerate();
            *out = terms
                .map(|(j, &v)| self.0[(i, j)] * f64::from(v))
                .sum::<f64>() as f32;
        }
    }
}

/// `Q·diag(values)·Qᵀ`, Q a random rotation.
pub(super) fn rotated(values: &[f64], seed: u64) -> Dense {
    let n = values.len();
    let signs: Vec<Vec<f32>> = (0..n).map(|j| random_signs(n, seed, "test", j)).collect();
    let rotation = Mat::from_fn(n, n, |i, j| f64::from(signs[j][i]))
        .qr()
        .compute_thin_Q();
    let scaled = Mat::from_fn(n, n, |i, j| rotation[(i, j)] * values[j]);
    Dense(scaled * rotation.transpose())
}

/// ±100/i², every third negative, in the order of i.
pub(super) fn decaying(n: usize) -> Vec<f64> {
    (1..=n)
        .map(|i| if i % 3 == 0 { -100.0 } else { 100.0 } / (i * i) as f64)
        .collect()
}
