//! Symmetric matrices known by their products alone: the Hessian, Gauss–Newton, blocks of either.

use crate::net::NetSurface;
use crate::surface::TwiceDifferentiable;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use std::ops::Range;
use std::time::{Duration, Instant};

pub use crate::surface::SymmetricOperator;

/// Which matrix of second derivatives is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurvatureMatrix {
    /// ∇²L.
    Hessian,
    /// `1/N Σ Jᵀ·∇²ℓ·J`: the Hessian without the curvature of the net itself.
    GaussNewton,
}

impl CurvatureMatrix {
    /// The names the command line knows.
    pub const NAMES: &'static [&'static str] = &["hessian", "gauss-newton"];

    /// A matrix by name.
    ///
    /// # Errors
    /// [`Error::Setting`] listing the names.
    pub fn from_name(name: &str) -> Result<Self> {
        Ok(match name {
            "hessian" => Self::Hessian,
            "gauss-newton" => Self::GaussNewton,
            other => {
                let names = format!("one of {}", Self::NAMES.join(", "));
                return Err(Error::setting("matrix", names, other));
            }
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hessian => "hessian",
            Self::GaussNewton => "gauss-newton",
        }
    }
}

/// The Hessian ∇²L(θ) of a surface, with what its products share kept.
pub struct HessianAt<'a> {
    products: Box<dyn SymmetricOperator + 'a>,
}

impl<'a> HessianAt<'a> {
    /// The Hessian of a surface at θ.
    ///
    /// # Errors
    /// [`Error::Shape`] for a θ of the wrong length.
    pub fn new<S: TwiceDifferentiable + ?Sized>(surface: &'a S, theta: &'a [f32]) -> Result<Self> {
        check_length("theta", theta, surface.dim())?;
        Ok(Self {
            products: surface.hessian_at(theta),
        })
    }
}

/// The Gauss–Newton matrix `1/N Σ Jᵀ·∇²ℓ·J` of a net at θ, J the Jacobian of the logits.
pub struct GaussNewtonAt<'a> {
    products: Box<dyn SymmetricOperator + 'a>,
}

impl<'a> GaussNewtonAt<'a> {
    /// The Gauss–Newton matrix of a net's surface at θ.
    ///
    /// # Errors
    /// [`Error::Shape`] for a θ of the wrong length.
    pub fn new<S: NetSurface + ?Sized>(surface: &'a S, theta: &'a [f32]) -> Result<Self> {
        check_length("theta", theta, surface.dim())?;
        Ok(Self {
            products: surface.gauss_newton_at(theta),
        })
    }
}

/// Vectors handed over at once at least: as many may share passes over the examples.
const AT_ONCE: usize = 8;

/// Time after which no more of them are.
const PROMPT: Duration = Duration::from_millis(100);

/// The products with many vectors, some at a time, so that the watch is called often; each product
/// is the same however they are parted.
pub(super) fn products(
    matrix: &(impl SymmetricOperator + ?Sized),
    vectors: &[Vec<f32>],
    watch: &dyn Watch,
) -> Result<Vec<Vec<f32>>> {
    let ticks = Ticks::new(watch, Some(vectors.len() as u64));
    let mut some = AT_ONCE.max(rayon::current_num_threads());
    let mut found = Vec::with_capacity(vectors.len());
    while found.len() < vectors.len() {
        let next = &vectors[found.len()..vectors.len().min(found.len() + some)];
        let begun = Instant::now();
        found.extend(matrix.apply_all(next));
        next.iter().try_for_each(|_| ticks.tick())?;
        if begun.elapsed() < PROMPT {
            some *= 2;
        }
    }
    Ok(found)
}

macro_rules! operators {
    ($($matrix:ident),*) => {$(
        impl SymmetricOperator for $matrix<'_> {
            fn dim(&self) -> usize {
                self.products.dim()
            }
            fn apply(&self, v: &[f32], out: &mut [f32]) {
                self.products.apply(v, out);
            }
            fn apply_all(&self, vectors: &[Vec<f32>]) -> Vec<Vec<f32>> {
                self.products.apply_all(vectors)
            }
        }
    )*};
}

operators!(HessianAt, GaussNewtonAt);

/// The diagonal block of a matrix that belongs to a range of parameters: a layer, say.
#[derive(Debug, Clone)]
pub struct Restricted<'a, A: ?Sized> {
    whole: &'a A,
    range: Range<usize>,
}

impl<'a, A: SymmetricOperator + ?Sized> Restricted<'a, A> {
    /// The block of rows and columns `range`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a range that is empty or reaches beyond the matrix.
    pub fn new(whole: &'a A, range: Range<usize>) -> Result<Self> {
        if range.is_empty() || range.end > whole.dim() {
            let expected = format!("a range of parameters within 0..{}", whole.dim());
            return Err(Error::setting("block", expected, format!("{range:?}")));
        }
        Ok(Self { whole, range })
    }
}

impl<A: SymmetricOperator + ?Sized> Restricted<'_, A> {
    /// A vector of the block as one of the whole.
    fn padded(&self, v: &[f32]) -> Vec<f32> {
        let mut padded = vec![0.0; self.whole.dim()];
        padded[self.range.clone()].copy_from_slice(v);
        padded
    }
}

/// Vectors of a block that are made as long as the whole at a time.
const RESTRICTED_AT_A_TIME: usize = 64;

impl<A: SymmetricOperator + ?Sized> SymmetricOperator for Restricted<'_, A> {
    fn dim(&self) -> usize {
        self.range.len()
    }

    fn apply(&self, v: &[f32], out: &mut [f32]) {
        let mut product = vec![0.0; self.whole.dim()];
        self.whole.apply(&self.padded(v), &mut product);
        out.copy_from_slice(&product[self.range.clone()]);
    }

    fn apply_all(&self, vectors: &[Vec<f32>]) -> Vec<Vec<f32>> {
        // A few at a time: each is as long as the whole.
        let cut = |product: Vec<f32>| product[self.range.clone()].to_vec();
        (vectors.chunks(RESTRICTED_AT_A_TIME))
            .flat_map(|some| {
                let padded: Vec<Vec<f32>> = some.iter().map(|v| self.padded(v)).collect();
                self.whole.apply_all(&padded).into_iter().map(cut)
            })
            .collect()
    }
}

pub(super) fn check_length(what: &str, vector: &[f32], expected: usize) -> Result<()> {
    if vector.len() == expected {
        return Ok(());
    }
    Err(Error::Shape {
        what: what.into(),
        expected: vec![expected],
        found: vec![vector.len()],
    })
}

/// A product that holds NaN or infinity: the loss has left the floats at θ.
pub(super) fn not_finite() -> Error {
    Error::setting("Hessian products", "finite values", "NaN or infinity")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::analytic::Ellipsoid;

    #[test]
    fn a_block_is_the_matrix_with_the_other_rows_and_columns_cut_off() {
        // h = 6/i: rows 1 and 2 (from 0) are diag(3, 2).
        let bowl = Ellipsoid::power_law(4, 6.0, 1.0);
        let whole = HessianAt::new(&bowl, &[0.0; 4]).unwrap();
        let block = Restricted::new(&whole, 1..3).unwrap();
        let mut out = [0.0; 2];
        block.apply(&[1.0, -1.0], &mut out);
        assert_eq!((block.dim(), out), (2, [3.0, -2.0]));
        for range in [2..2, 3..5] {
            assert!(Restricted::new(&whole, range).is_err());
        }
        assert!(HessianAt::new(&bowl, &[0.0; 5]).is_err());
    }
}
