//! A Krylov basis of a symmetric matrix and the small tridiagonal matrix it leaves of it.

use super::operator::{SymmetricOperator, not_finite};
use crate::Result;
use crate::watch::Ticks;
use faer::{Mat, Side};

/// Orthonormal vectors q_1, A·q_1, A²·q_1, … and A seen in them: a tridiagonal matrix T.
pub(super) struct Krylov {
    basis: Vec<Vec<f64>>,
    /// Diagonal of T.
    diagonal: Vec<f64>,
    /// Beside it; the last entry is the length of what the basis leaves over.
    beside: Vec<f64>,
    /// What the basis leaves over.
    rest: Vec<f64>,
}

impl Krylov {
    /// Begins with a vector of any length above 0.
    pub(super) fn new(start: Vec<f64>) -> Self {
        Self {
            basis: Vec::new(),
            diagonal: Vec::new(),
            beside: Vec::new(),
            rest: start,
        }
    }

    /// Takes one more vector into the basis: one product, in f64 around its f32; orthogonalised
    /// twice, which is enough.
    pub(super) fn grow(
        &mut self,
        matrix: &(impl SymmetricOperator + ?Sized),
        ticks: &Ticks<'_>,
    ) -> Result<()> {
        let mut vector = std::mem::take(&mut self.rest);
        let length = norm(&vector);
        vector.iter_mut().for_each(|x| *x /= length);
        let single: Vec<f32> = vector.iter().map(|&x| x as f32).collect();
        let mut product = vec![0.0_f32; vector.len()];
        matrix.apply(&single, &mut product);
        ticks.tick()?;
        let mut rest: Vec<f64> = product.iter().map(|&x| f64::from(x)).collect();
        self.diagonal.push(dot(&rest, &vector));
        self.basis.push(vector);
        self.orthogonalise(&mut rest);
        let length = norm(&rest);
        if !length.is_finite() {
            return Err(not_finite());
        }
        self.beside.push(length);
        self.rest = rest;
        Ok(())
    }

    /// Goes on from another vector once the basis is exhausted: T falls apart into blocks.
    pub(super) fn restart(&mut self, mut start: Vec<f64>) {
        self.orthogonalise(&mut start);
        if let Some(last) = self.beside.last_mut() {
            *last = 0.0;
        }
        self.rest = start;
    }

    fn orthogonalise(&self, vector: &mut [f64]) {
        for _ in 0..2 {
            for known in &self.basis {
                let share = dot(vector, known);
                for (x, &k) in vector.iter_mut().zip(known) {
                    *x -= share * k;
                }
            }
        }
    }

    /// Vectors in the basis, which is also how many products it took.
    pub(super) fn len(&self) -> usize {
        self.basis.len()
    }

    /// Whether what is left over is at most `share` of the largest entry of T: the basis holds all
    /// that the first vector can reach.
    pub(super) fn is_exhausted(&self, share: f64) -> bool {
        let largest = (self.diagonal.iter().chain(&self.beside))
            .fold(0.0_f64, |most, entry| most.max(entry.abs()));
        self.beside
            .last()
            .is_some_and(|&rest| rest <= share * largest)
    }

    /// Eigenvalues and eigenvectors of T.
    pub(super) fn ritz(&self) -> Result<Ritz> {
        let size = self.len();
        let matrix = Mat::from_fn(size, size, |i, j| match i.abs_diff(j) {
            0 => self.diagonal[i],
            1 => self.beside[i.min(j)],
            _ => 0.0,
        });
        let eigen = matrix
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| not_finite())?;
        Ok(Ritz {
            values: (0..size).map(|place| eigen.S()[place]).collect(),
            vectors: eigen.U().to_owned(),
            rest: self.beside[size - 1],
        })
    }

    /// The unit vector `Σ weights_j·q_j`, its largest entry positive.
    pub(super) fn lift(&self, weights: impl Iterator<Item = f64>) -> Vec<f32> {
        let mut vector = vec![0.0; self.basis[0].len()];
        for (known, weight) in self.basis.iter().zip(weights) {
            for (x, &k) in vector.iter_mut().zip(known) {
                *x += weight * k;
            }
        }
        let largest = vector.iter().fold(
            0.0_f64,
            |best, &x| if x.abs() > best.abs() { x } else { best },
        );
        let scale = norm(&vector).copysign(largest);
        vector.iter().map(|&x| (x / scale) as f32).collect()
    }
}

/// Eigenpairs of T: Ritz values, ascending, and their vectors in the basis, one a column.
pub(super) struct Ritz {
    pub(super) values: Vec<f64>,
    pub(super) vectors: Mat<f64>,
    rest: f64,
}

impl Ritz {
    /// |A·x − λ·x| of the pair at a place.
    pub(super) fn residual(&self, place: usize) -> f64 {
        (self.rest * self.vectors[(self.values.len() - 1, place)]).abs()
    }

    /// The largest |λ|.
    pub(super) fn scale(&self) -> f64 {
        let ends = [self.values.first(), self.values.last()];
        (ends.into_iter().flatten()).fold(0.0, |most, value| most.max(value.abs()))
    }
}

/// Summed in eight lanes, so that it is as quick as the memory.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = (a.remainder().iter().zip(b.remainder()))
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a.zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + rest
}

pub(super) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
