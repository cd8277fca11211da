//! Hessian–vector products of any differentiable surface, by differences of its gradient.

use super::operator::{check_length, not_finite};
use crate::random::stream;
use crate::surface::{Differentiable, LossSurface, TwiceDifferentiable};
use crate::{Error, Result};
use rand::RngExt;
use rand_distr::StandardNormal;

/// Steps that are tried, in units of max(|θ|, 1), the first that fits is taken.
pub const DIFFERENCE_STEPS: [f64; 5] = [1e-3, 2.5e-4, 4e-3, 6.25e-5, 1.6e-2];
/// How far products of a step may be from those of a quarter of it and of four times it, in units
/// of their length.
pub const DIFFERENCE_TOLERANCE: f64 = 0.01;
/// Random directions that steps are compared along.
const CHECKS: u64 = 2;

/// A surface whose Hessian–vector products are central differences of its gradient, by a step that
/// has been checked.
///
/// ```text
/// ∇²L(θ)·v ≈ |v|·(∇L(θ + s) − ∇L(θ − s))/|2s|,   s = step·max(|θ|, 1)·v/|v|
/// ```
///
/// The gradient of a ReLU net jumps: differences count the jumps within the stretch, spread over
/// it, and so depend on its length. Such a surface is refused; what has second derivatives should
/// give them.
///
/// # Cost
/// Two gradients a product; to begin with at most twenty.
#[derive(Debug, Clone, Copy)]
pub struct Differenced<'a, S> {
    surface: &'a S,
    step: f64,
}

impl<'a, S: Differentiable> Differenced<'a, S> {
    /// Looks for a step at θ among [`DIFFERENCE_STEPS`]: one whose products with random directions
    /// are within [`DIFFERENCE_TOLERANCE`] of those by a quarter of it and by four times it.
    ///
    /// # Errors
    /// [`Error::Setting`] where no step is, or a product is not finite; [`Error::Shape`] for a θ of
    /// the wrong length.
    pub fn new(surface: &'a S, theta: &[f32]) -> Result<Self> {
        check_length("theta", theta, surface.dim())?;
        let mut best = f64::INFINITY;
        for step in DIFFERENCE_STEPS {
            let apart = (0..CHECKS)
                .map(|index| Self { surface, step }.apart(theta, index))
                .fold(0.0, |most: f64, apart| match apart.is_nan() {
                    true => f64::NAN,
                    false => most.max(apart),
                });
            if apart.is_nan() {
                return Err(not_finite());
            }
            if apart <= DIFFERENCE_TOLERANCE {
                return Ok(Self { surface, step });
            }
            best = best.min(apart);
        }
        let expected =
            format!("products that agree within {DIFFERENCE_TOLERANCE} over three steps");
        let found = format!("{best:.2} apart at best: the gradient jumps or is rounded too much");
        Err(Error::setting("differences of gradients", expected, found))
    }

    /// The step, in units of max(|θ|, 1).
    pub fn step(&self) -> f64 {
        self.step
    }

    /// How far the product along a random direction is from those by other steps, relatively.
    fn apart(&self, theta: &[f32], index: u64) -> f64 {
        let rng = &mut stream(0, "differences", index);
        let v: Vec<f32> = theta.iter().map(|_| rng.sample(StandardNormal)).collect();
        let by = |factor: f64| {
            let mut out = vec![0.0; theta.len()];
            let step = factor * self.step;
            let surface = self.surface;
            Self { surface, step }.hvp(theta, &v, &mut out);
            out
        };
        let here = by(1.0);
        let length = norm(&here);
        let most = [0.25, 4.0].map(|factor| {
            let other = by(factor);
            let off: Vec<f32> = here.iter().zip(&other).map(|(a, b)| a - b).collect();
            match norm(&off) {
                0.0 => 0.0,
                off => off / length,
            }
        });
        match most.iter().any(|off| off.is_nan()) {
            true => f64::NAN,
            false => most[0].max(most[1]),
        }
    }
}

impl<S: LossSurface> LossSurface for Differenced<'_, S> {
    fn dim(&self) -> usize {
        self.surface.dim()
    }

    fn examples(&self) -> usize {
        self.surface.examples()
    }

    fn loss(&self, theta: &[f32]) -> f64 {
        self.surface.loss(theta)
    }

    fn sum_at_most(&self, theta: &[f32], bound: f64) -> bool {
        self.surface.sum_at_most(theta, bound)
    }
}

impl<S: Differentiable> Differentiable for Differenced<'_, S> {
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        self.surface.loss_and_grad(theta, grad)
    }
}

impl<S: Differentiable> TwiceDifferentiable for Differenced<'_, S> {
    fn hvp(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        let length = norm(v);
        if length == 0.0 {
            out.fill(0.0);
            return;
        }
        let step = self.step * norm(theta).max(1.0) / length;
        let moved = |sign: f64| -> Vec<f32> {
            (theta.iter().zip(v))
                .map(|(&w, &v)| (f64::from(w) + sign * step * f64::from(v)) as f32)
                .collect()
        };
        let (ahead, behind) = (moved(1.0), moved(-1.0));
        let mut grad_behind = vec![0.0; theta.len()];
        self.surface.loss_and_grad(&ahead, out);
        self.surface.loss_and_grad(&behind, &mut grad_behind);
        for (out, &behind) in out.iter_mut().zip(&grad_behind) {
            *out = ((f64::from(*out) - f64::from(behind)) / (2.0 * step)) as f32;
        }
    }
}

fn norm(values: &[f32]) -> f64 {
    values
        .iter()
        .map(|&x| f64::from(x).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::analytic::Ellipsoid;

    #[test]
    fn a_quadratic_has_the_products_of_its_hessian() {
        // ½·Σ h_i·x_i², so ∇²L·v = h·v exactly.
        let bowl = Ellipsoid::power_law(6, 3.0, 1.0);
        let theta = [0.5, -0.25, 1.0, 0.0, 2.0, -1.0];
        let v = [1.0, 2.0, 0.0, -1.0, 0.5, 3.0];
        let mut found = [0.0; 6];
        let differenced = Differenced::new(&bowl, &theta).unwrap();
        assert_eq!(differenced.step(), 1e-3);
        differenced.hvp(&theta, &v, &mut found);
        for (i, (&found, &v)) in found.iter().zip(&v).enumerate() {
            let exact = 3.0 / (i + 1) as f64 * f64::from(v);
            assert!((f64::from(found) - exact).abs() < 2e-3, "{found} {exact}");
        }
        differenced.hvp(&theta, &[0.0; 6], &mut found);
        assert_eq!(found, [0.0; 6]);
    }

    /// A surface whose gradient is a staircase.
    #[derive(Debug)]
    struct Steps;

    impl LossSurface for Steps {
        fn dim(&self) -> usize {
            5
        }
        fn examples(&self) -> usize {
            1
        }
        fn loss(&self, _theta: &[f32]) -> f64 {
            0.0
        }
    }

    impl Differentiable for Steps {
        fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
            // Staircases of treads from 0.4 down to 6e-6: within a tread it is flat, over many it
            // rises by 1, so that every step sees another number of them.
            for (grad, &x) in grad.iter_mut().zip(theta) {
                let treads = (0..9).map(|k| 0.4 * 0.25_f32.powi(k));
                *grad = treads.map(|tread| (x / tread).floor() * tread).sum();
            }
            0.0
        }
    }

    #[test]
    fn a_gradient_that_jumps_is_refused() {
        let theta = [0.511, -0.253, 0.333, 0.107, 0.208];
        let error = Differenced::new(&Steps, &theta).unwrap_err().to_string();
        assert!(error.contains("differences of gradients"), "{error}");
    }
}
