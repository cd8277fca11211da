//! Symmetric matrices known by their products alone, and those of a surface taken one by one.

use super::LossSurface;
use rayon::prelude::*;

/// A symmetric n × n matrix A that can be multiplied with a vector.
pub trait SymmetricOperator: Sync {
    /// Its size n.
    fn dim(&self) -> usize;

    /// Writes `A·v` (`dim()` values) into `out`.
    fn apply(&self, v: &[f32], out: &mut [f32]);

    /// `A·v` of many vectors of `dim()` values.
    ///
    /// Vectors are spread over the threads of the current rayon pool; the bits do not depend on
    /// how many there are.
    fn apply_all(&self, vectors: &[Vec<f32>]) -> Vec<Vec<f32>> {
        (vectors.par_iter())
            .map(|v| {
                let mut out = vec![0.0; self.dim()];
                self.apply(v, &mut out);
                out
            })
            .collect()
    }
}

/// A product of a surface's matrix at θ with v: `product(surface, θ, v, out)`.
type Product<S> = fn(&S, &[f32], &[f32], &mut [f32]);

/// A matrix at θ whose products share nothing.
pub(crate) struct OneByOne<'a, S: ?Sized> {
    surface: &'a S,
    theta: &'a [f32],
    product: Product<S>,
}

impl<'a, S: ?Sized> OneByOne<'a, S> {
    pub(crate) fn new(surface: &'a S, theta: &'a [f32], product: Product<S>) -> Self {
        Self {
            surface,
            theta,
            product,
        }
    }
}

impl<S: LossSurface + ?Sized> SymmetricOperator for OneByOne<'_, S> {
    fn dim(&self) -> usize {
        self.theta.len()
    }

    fn apply(&self, v: &[f32], out: &mut [f32]) {
        (self.product)(self.surface, self.theta, v, out);
    }
}
