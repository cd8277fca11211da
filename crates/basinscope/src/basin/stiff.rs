//! The stiffest directions of a minimum, in which walkers of a basin must take small steps.

use crate::curvature::{LanczosSettings, top_eigenpairs};
use crate::surface::TwiceDifferentiable;
use crate::{Error, Result};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};

/// Orthonormal directions of large curvature.
#[derive(Debug, Clone)]
pub struct StiffDirections {
    /// `[n, k]`, one direction a column.
    columns: Mat<f32>,
}

impl StiffDirections {
    /// No directions: every step is alike in all of them.
    pub fn none(dim: usize) -> Self {
        Self {
            columns: Mat::zeros(dim, 0),
        }
    }

    /// The `count` stiffest directions of a surface at θ, by Lanczos iteration.
    ///
    /// # Errors
    /// As [`top_eigenpairs`].
    ///
    /// # Cost
    /// At most three Hessian products a direction.
    pub fn of(
        surface: &impl TwiceDifferentiable,
        theta: &[f32],
        count: usize,
        seed: u64,
    ) -> Result<Self> {
        let dim = surface.dim();
        let count = count.min(dim);
        let pairs = top_eigenpairs(
            surface,
            theta,
            LanczosSettings {
                count,
                products: 3 * count + 10,
                tolerance: 1e-2,
                seed,
            },
        )?;
        let vectors: Vec<Vec<f32>> = pairs.into_iter().map(|pair| pair.vector).collect();
        Self::from_vectors(dim, &vectors)
    }

    /// Directions of one's own, made orthonormal.
    ///
    /// # Errors
    /// [`Error::Shape`] for a vector that has not `dim` values.
    pub fn from_vectors(dim: usize, vectors: &[Vec<f32>]) -> Result<Self> {
        if let Some(odd) = vectors.iter().find(|vector| vector.len() != dim) {
            return Err(Error::Shape {
                what: "stiff direction".into(),
                expected: vec![dim],
                found: vec![odd.len()],
            });
        }
        let matrix = Mat::<f64>::from_fn(dim, vectors.len(), |i, j| f64::from(vectors[j][i]));
        let thin = matrix.qr().compute_thin_Q();
        Ok(Self {
            columns: Mat::from_fn(dim, vectors.len().min(dim), |i, j| thin[(i, j)] as f32),
        })
    }

    /// Number of directions k.
    pub fn len(&self) -> usize {
        self.columns.ncols()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Coordinates of rows along the directions: `out[row][k] = V_kᵀ·rows[row]`.
    pub(super) fn coordinates(&self, rows: &[f32], out: &mut [f32]) {
        let (n, k) = (self.columns.nrows(), self.len());
        let count = rows.len() / n;
        let rows = faer::MatRef::from_column_major_slice(rows, n, count);
        let out = faer::MatMut::from_column_major_slice_mut(out, k, count);
        let columns = self.columns.transpose();
        matmul(out, Accum::Replace, columns, rows, 1.0, Par::Seq);
    }

    /// Adds to each row the combination of the directions its weights ask for.
    pub(super) fn add(&self, weights: &[f32], rows: &mut [f32]) {
        let (n, k) = (self.columns.nrows(), self.len());
        let count = rows.len() / n;
        let weights = faer::MatRef::from_column_major_slice(weights, k, count);
        let rows = faer::MatMut::from_column_major_slice_mut(rows, n, count);
        matmul(rows, Accum::Add, self.columns.as_ref(), weights, 1.0, Par::Seq);
    }
}
