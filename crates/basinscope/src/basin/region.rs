//! What counts as inside a basin: low loss, points that stay right, or predictions that stay put.

use crate::surface::{Evaluate, LossSurface, Predict};
use crate::{Error, Result};

/// A region of parameter space, known only by whether a point lies in it.
pub trait Region: Sync {
    /// Number of parameters n.
    fn dim(&self) -> usize;

    /// Whether θ (`dim()` values) lies inside.
    fn contains(&self, theta: &[f32]) -> bool;
}

impl<R: Region + ?Sized> Region for &R {
    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn contains(&self, theta: &[f32]) -> bool {
        (**self).contains(theta)
    }
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

/// `{θ : D(θ) ≤ cutoff}`, D the mean total variation distance between the class probabilities
/// predicted at θ and those at the minimum:
///
/// ```text
/// D(θ) = 1/N Σ_i ½·Σ_y |p_y(x_i; θ) − p_y(x_i; θ*)|
/// ```
///
/// # Units
/// From 0, the same predictions, to 1.
#[derive(Debug, Clone)]
pub struct SamePredictions<'a, S> {
    surface: &'a S,
    own: Vec<f32>,
    cutoff: f64,
}

impl<'a, S: Predict> SamePredictions<'a, S> {
    /// The region in which predictions stay this near to those at `minimum`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a cutoff outside (0, 1); [`Error::Shape`] for a minimum of the wrong
    /// length.
    pub fn new(surface: &'a S, minimum: &[f32], cutoff: f64) -> Result<Self> {
        if !(cutoff > 0.0 && cutoff < 1.0) {
            let expected = "a distance above 0 and below 1";
            return Err(Error::setting("prediction cutoff", expected, cutoff));
        }
        if minimum.len() != surface.dim() {
            return Err(Error::Shape {
                what: "minimum".into(),
                expected: vec![surface.dim()],
                found: vec![minimum.len()],
            });
        }
        let mut own = vec![0.0; surface.examples() * surface.num_classes()];
        surface.probabilities(minimum, &mut own);
        Ok(Self {
            surface,
            own,
            cutoff,
        })
    }
}

impl<S: Predict> Region for SamePredictions<'_, S> {
    fn dim(&self) -> usize {
        self.surface.dim()
    }

    fn contains(&self, theta: &[f32]) -> bool {
        let mut found = vec![0.0; self.own.len()];
        self.surface.probabilities(theta, &mut found);
        let terms = found.iter().zip(&self.own);
        let sum: f64 = terms.map(|(a, b)| f64::from((a - b).abs())).sum();
        // An overflow is no number, and not inside.
        0.5 * sum / self.surface.examples() as f64 <= self.cutoff
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;
    use crate::net::{Activation, Architecture, MlpSurface};

    /// One weight, no hidden layer: p(class 1) = sigmoid(w·x + b).
    #[test]
    fn predictions_that_move_leave_the_region() {
        let net = Architecture::new(vec![1, 1], Activation::Relu).unwrap();
        let points = Dataset::new(vec![1.0, -1.0], vec![1, 0], 1, 2).unwrap();
        let surface = MlpSurface::new(&net, &points).unwrap();
        // At w = 0 both probabilities are ½; at w = ln 3 they are ¾ and ¼: distance ¼.
        let at = [3.0_f32.ln(), 0.0];
        let inside = |cutoff: f64| {
            let region = SamePredictions::new(&surface, &[0.0, 0.0], cutoff).unwrap();
            region.contains(&at)
        };
        assert!(inside(0.251) && !inside(0.249));
        let mut found = [0.0; 4];
        surface.probabilities(&at, &mut found);
        for (found, exact) in found.iter().zip([0.25, 0.75, 0.75, 0.25]) {
            assert!((found - exact).abs() < 1e-6);
        }
        assert!(SamePredictions::new(&surface, &[0.0; 2], 1.0).is_err());
        assert!(SamePredictions::new(&surface, &[0.0; 3], 0.1).is_err());
    }

    /// Softmax over two logits is the sigmoid of their difference.
    #[test]
    fn two_logits_predict_as_one() {
        let net = Architecture::new(vec![1, 2], Activation::Relu).unwrap();
        let points = Dataset::new(vec![1.0], vec![1], 1, 2).unwrap();
        let surface = MlpSurface::new(&net, &points).unwrap();
        let mut found = [0.0; 2];
        surface.probabilities(&[0.0, 3.0_f32.ln(), 0.0, 0.0], &mut found);
        assert!((found[0] - 0.25).abs() < 1e-6 && (found[1] - 0.75).abs() < 1e-6);
    }
}
