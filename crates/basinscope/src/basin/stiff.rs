//! The stiffest directions of a minimum, in which walkers of a basin must take small steps.

use crate::Result;
use crate::curvature::{HessianAt, LanczosSettings, SymmetricOperator, extreme_eigenpairs};
use crate::random::stream;
use crate::surface::TwiceDifferentiable;
use crate::watch::{Ticks, Watch};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use rand::RngExt;
use rand_distr::StandardNormal;

/// Random directions that tell the mean curvature off the stiff ones.
const REST_PROBES: u64 = 10;

/// Orthonormal directions of large curvature.
#[derive(Debug, Clone)]
pub struct StiffDirections {
    /// `[n, k]`, one direction a column.
    columns: Mat<f32>,
    /// Curvature along each, not negative.
    values: Vec<f64>,
    /// Mean curvature off them, not negative.
    mean_rest: f64,
}

impl StiffDirections {
    /// No directions: every step is alike in all of them.
    pub fn none(dim: usize) -> Self {
        Self {
            columns: Mat::zeros(dim, 0),
            values: Vec::new(),
            mean_rest: 0.0,
        }
    }

    /// The `count` stiffest directions of a surface at θ, by Lanczos iteration.
    ///
    /// # Errors
    /// As [`extreme_eigenpairs`]; [`Error::Shape`](crate::Error::Shape) for a θ of the wrong length.
    ///
    /// # Cost
    /// At most three Hessian products a direction, and twenty.
    pub fn of(
        surface: &impl TwiceDifferentiable,
        theta: &[f32],
        count: usize,
        seed: u64,
        watch: &dyn Watch,
    ) -> Result<Self> {
        let dim = surface.dim();
        let count = count.min(dim);
        let hessian = HessianAt::new(surface, theta)?;
        let found = extreme_eigenpairs(
            &hessian,
            LanczosSettings {
                count,
                products: 3 * count + 10,
                tolerance: 1e-2,
                seed,
                ..LanczosSettings::default()
            },
            watch,
        )?;
        let pairs = found.top;
        let mut stiff = Self {
            columns: Mat::from_fn(dim, pairs.len(), |i, j| pairs[j].vector[i]),
            values: pairs.iter().map(|pair| pair.value.max(0.0)).collect(),
            mean_rest: 0.0,
        };
        if dim > stiff.len() {
            stiff.mean_rest = stiff.probe_rest(&hessian, seed, watch)?;
        }
        Ok(stiff)
    }

    /// Mean of uᵀHu/|u|² over random u orthogonal to the directions.
    fn probe_rest(&self, hessian: &HessianAt<'_>, seed: u64, watch: &dyn Watch) -> Result<f64> {
        let mut product = vec![0.0; self.dim()];
        let (mut found, mut length) = (0.0, 0.0);
        let ticks = Ticks::new(watch, Some(REST_PROBES));
        for index in 0..REST_PROBES {
            let rng = &mut stream(seed, "rest of the curvature", index);
            let mut probe: Vec<f32> = (0..self.dim())
                .map(|_| rng.sample(StandardNormal))
                .collect();
            let mut along = vec![0.0; self.len()];
            self.coordinates(&probe, &mut along);
            along.iter_mut().for_each(|c| *c = -*c);
            self.add(&along, &mut probe);
            hessian.apply(&probe, &mut product);
            ticks.tick()?;
            for (&u, &hu) in probe.iter().zip(&product) {
                found += f64::from(u) * f64::from(hu);
                length += f64::from(u) * f64::from(u);
            }
        }
        Ok((found / length).max(0.0))
    }

    /// Number of parameters n.
    pub fn dim(&self) -> usize {
        self.columns.nrows()
    }

    /// Number of directions k.
    pub fn len(&self) -> usize {
        self.columns.ncols()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Mean curvature off the directions, not negative.
    pub fn mean_rest(&self) -> f64 {
        self.mean_rest
    }

    /// Curvature along each direction, not negative.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Spread of a Gaussian walker of width σ along each direction, relative to σ, where the
    /// quadratic model of the loss is held down by τ: `s_i = 1/√(1 + τ·λ_i·σ²)`.
    ///
    /// τ is the one number fitted: the walkers' own mean of `Σ λ_i·z_i²` (coordinates `[P, k]`)
    /// is the model's. A spread fitted to each direction would follow the walkers' chance
    /// fluctuations and pull the cloud together.
    pub(super) fn spreads(&self, along: &[f32], sigma: f64) -> Vec<f64> {
        let k = self.len();
        if k == 0 {
            return Vec::new();
        }
        let stiffness: Vec<f64> = self
            .values
            .iter()
            .map(|value| value * sigma * sigma)
            .collect();
        let found = (along.chunks_exact(k))
            .map(|row| {
                let terms = row.iter().zip(&stiffness);
                terms
                    .map(|(&z, h)| h * f64::from(z) * f64::from(z))
                    .sum::<f64>()
            })
            .sum::<f64>()
            / (along.len() / k) as f64;
        let model = |tau: f64| stiffness.iter().map(|h| h / (1.0 + tau * h)).sum::<f64>();
        let mut tau = 0.0;
        if found < model(0.0) {
            let (mut low, mut high) = (1e-12_f64, 1e12_f64);
            for _ in 0..80 {
                let middle = (low * high).sqrt();
                if model(middle) > found {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            tau = (low * high).sqrt();
        }
        (stiffness.iter())
            .map(|h| 1.0 / (1.0 + tau * h).sqrt())
            .collect()
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
        matmul(
            rows,
            Accum::Add,
            self.columns.as_ref(),
            weights,
            1.0,
            Par::Seq,
        );
    }
}
