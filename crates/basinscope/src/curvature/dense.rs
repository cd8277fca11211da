//! The whole spectrum of a matrix, from its product with every axis.

use super::operator::{SymmetricOperator, not_finite};
use crate::Result;
use crate::watch::{Ticks, Watch};
use faer::{Mat, Side};
use rayon::prelude::*;

/// Every eigenvalue of a symmetric matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct FullSpectrum {
    /// All n eigenvalues, ascending.
    pub values: Vec<f64>,
    /// |A − Aᵀ|/2 (Frobenius) of the products, which is rounding alone: no eigenvalue is farther
    /// off by it.
    pub asymmetry: f64,
}

/// All eigenvalues of a symmetric matrix, as those of `(A + Aᵀ)/2` with A by n products.
///
/// # Errors
/// [`Error::Setting`](crate::Error::Setting) for products that are not finite;
/// [`Error::Cancelled`](crate::Error::Cancelled) by the watch, which is called after each product.
///
/// # Cost
/// n products, O(n²) memory, O(n³) arithmetic.
pub fn full_spectrum(
    matrix: &(impl SymmetricOperator + ?Sized),
    watch: &dyn Watch,
) -> Result<FullSpectrum> {
    let n = matrix.dim();
    let ticks = Ticks::new(watch, Some(n as u64));
    let rows: Vec<Vec<f32>> = (0..n)
        .into_par_iter()
        .map(|index| {
            let mut axis = vec![0.0; n];
            axis[index] = 1.0;
            let mut row = vec![0.0; n];
            matrix.apply(&axis, &mut row);
            ticks.tick()?;
            Ok(row)
        })
        .collect::<Result<_>>()?;
    let at = |i: usize, j: usize| f64::from(rows[i][j]);
    let squares: f64 = (0..n)
        .map(|i| (0..i).map(|j| (at(i, j) - at(j, i)).powi(2)).sum::<f64>())
        .sum();
    let whole = Mat::from_fn(n, n, |i, j| (at(i, j) + at(j, i)) / 2.0);
    if !squares.is_finite() || !whole.is_all_finite() {
        return Err(not_finite());
    }
    Ok(FullSpectrum {
        values: whole
            .self_adjoint_eigenvalues(Side::Lower)
            .map_err(|_| not_finite())?,
        // Each pair i, j stands twice in A − Aᵀ.
        asymmetry: (2.0 * squares).sqrt() / 2.0,
    })
}

#[cfg(test)]
mod tests {
    use super::super::test_matrices::{Dense, decaying, rotated};
    use super::*;

    #[test]
    fn a_rotated_spectrum_is_found_whole() {
        let mut exact = decaying(60);
        let found = full_spectrum(&rotated(&exact, 2), &()).unwrap();
        exact.sort_by(f64::total_cmp);
        for (found, exact) in found.values.iter().zip(&exact) {
            assert!((found - exact).abs() < 1e-4, "{found} {exact}");
        }
        assert!(found.asymmetry < 1e-4, "{}", found.asymmetry);
    }

    #[test]
    fn asymmetry_is_told() {
        // A − Aᵀ = ±2, twice: |·|/2 = √8/2; the symmetric part is 0.
        let matrix = Dense(Mat::from_fn(2, 2, |i, j| j as f64 - i as f64));
        let found = full_spectrum(&matrix, &()).unwrap();
        assert!((found.asymmetry - 2.0_f64.sqrt()).abs() < 1e-12);
        assert!(found.values.iter().all(|value| value.abs() < 1e-12));
        assert!(full_spectrum(&Dense(Mat::full(2, 2, f64::NAN)), &()).is_err());
    }
}
