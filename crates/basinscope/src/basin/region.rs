//! What counts as inside a basin: low loss, points that stay right, or predictions that stay put.

use crate::surface::{Evaluate, LossSurface};
use crate::{Error, Result};

/// A region of parameter space, known only by whether a point lies in it.
pub trait Region: Sync {
    /// Number of parameters n.
    fn dim(&self) -> usize;

    /// Whether θ (`dim()` values) lies inside.
    fn contains(&self, theta: &[f32]) -> bool;
}

/// `{θ : L(θ) ≤ cutoff}`, the basin of the paper.
///
/// # Units
/// The cutoff is on the mean loss, in nats.
#[derive(Debug, Clone, Copy)]
pub struct LowLoss<'a, S> {
    surface: &'a S,
    cutoff: f64,
}

impl<'a, S: LossSurface> LowLoss<'a, S> {
    /// The basin below a cutoff.
    ///
    /// # Errors
    /// [`Error::Setting`] for a cutoff that is not above 0.
    pub fn new(surface: &'a S, cutoff: f64) -> Result<Self> {
        if !(cutoff > 0.0 && cutoff.is_finite()) {
            return Err(Error::setting("cutoff", "a loss above 0", cutoff));
        }
        Ok(Self { surface, cutoff })
    }
}

impl<S: LossSurface> Region for LowLoss<'_, S> {
    fn dim(&self) -> usize {
        self.surface.dim()
    }

    fn contains(&self, theta: &[f32]) -> bool {
        let bound = self.cutoff * self.surface.examples() as f64;
        self.surface.sum_at_most(theta, bound)
    }
}

/// `{θ : at least this share of the points is right}`.
#[derive(Debug, Clone, Copy)]
pub struct HighAccuracy<'a, S> {
    surface: &'a S,
    share: f64,
}

impl<'a, S: Evaluate> HighAccuracy<'a, S> {
    /// The region where an accuracy is kept.
    ///
    /// # Errors
    /// [`Error::Setting`] for a share outside (0, 1].
    pub fn new(surface: &'a S, share: f64) -> Result<Self> {
        if !(share > 0.0 && share <= 1.0) {
            let expected = "a share above 0 and at most 1";
            return Err(Error::setting("accuracy cutoff", expected, share));
        }
        Ok(Self { surface, share })
    }
}

impl<S: Evaluate> Region for HighAccuracy<'_, S> {
    fn dim(&self) -> usize {
        self.surface.dim()
    }

    fn contains(&self, theta: &[f32]) -> bool {
        self.surface.evaluate(theta).accuracy >= self.share
    }
}
