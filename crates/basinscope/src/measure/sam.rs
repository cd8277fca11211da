//! How much the loss rises within a ball around a minimum: the sharpness that SAM minimises.

use super::check_theta;
use crate::random::stream;
use crate::surface::Differentiable;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// Steps of the ascent, where not asked otherwise.
pub const DEFAULT_SAM_STEPS: usize = 20;
/// Length of a step of the ascent, in units of the radius.
const STEP: f64 = 0.5;

/// The ball the loss may rise in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ball {
    /// |ε| ≤ ρ.
    #[default]
    Euclidean,
    /// |ε/w| ≤ ρ, each parameter in units of its own size; a parameter of 0 stays.
    Adaptive,
}

/// What is asked of the ascent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamSettings {
    /// Ascent radius ρ: a length in parameter space, or in units of the parameters (adaptive).
    pub radius: f64,
    /// The ball.
    pub ball: Ball,
    /// Steps of the projected ascent after the first.
    pub steps: usize,
    /// Seed of the first direction, where the gradient vanishes.
    pub seed: u64,
}

/// How much the loss rises, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamSharpness {
    /// After the one step that SAM takes.
    pub first_order: f64,
    /// The largest rise the ascent has seen, the first step among them.
    pub ascended: f64,
}

impl SamSettings {
    /// Climbs the loss from θ without leaving the ball.
    ///
    /// ```text
    /// S_ρ = max_{|δ| ≤ ρ} L(θ + T·δ) − L(θ),    T = I (Euclidean), diag|θ| (adaptive)
    /// first step:   δ = ρ·T·g/|T·g|,    g = ∇L(θ)
    /// each further: δ ← Π_ρ(δ + ½·ρ·T·g/|T·g|),    g = ∇L(θ + T·δ)
    /// ```
    ///
    /// Π_ρ shortens what is longer than ρ. On a bowl the ascent converges to the stiffest
    /// direction as power iteration does; on anything else it is a lower bound of the maximum.
    /// Where the gradient at θ vanishes, the first step goes in a random direction.
    ///
    /// # Units
    /// Nats, of the mean loss.
    ///
    /// # Errors
    /// [`Error::Setting`] for a radius that is not above 0; [`Error::Shape`] for a θ of the wrong
    /// length.
    ///
    /// # Cost
    /// `steps + 2` gradients.
    ///
    /// # Reference
    /// Foret et al. 2021, eq. 2 for the first step; Kwon et al. 2021, eq. 6 for the adaptive ball
    /// (there with |w| + η for weights alone; here η = 0 and biases are scaled too, which makes it
    /// blind to every rescaling of ReLU layers).
    pub fn run(
        &self,
        surface: &impl Differentiable,
        theta: &[f32],
        watch: &dyn Watch,
    ) -> Result<SamSharpness> {
        check_theta(surface, theta)?;
        if !(self.radius > 0.0 && self.radius.is_finite()) {
            return Err(Error::setting(
                "SAM radius",
                "a number above 0",
                self.radius,
            ));
        }
        let scale = |index: usize| match self.ball {
            Ball::Euclidean => 1.0,
            Ball::Adaptive => f64::from(theta[index]).abs(),
        };
        let mut grad = vec![0.0_f32; theta.len()];
        let start = surface.loss_and_grad(theta, &mut grad);
        let mut uphill: Vec<f64> = scaled(&grad, scale);
        if length(&uphill) == 0.0 {
            let rng = &mut stream(self.seed, "sam", 0);
            uphill
                .iter_mut()
                .for_each(|x| *x = rng.sample(StandardNormal));
        }
        let mut delta = vec![0.0; theta.len()];
        let mut at = theta.to_vec();
        let (mut first_order, mut highest) = (0.0, f64::NEG_INFINITY);
        let ticks = Ticks::new(watch, Some(self.steps as u64 + 1));
        for step in 0..=self.steps {
            let far = length(&uphill);
            if far == 0.0 || !far.is_finite() {
                break;
            }
            let by = if step == 0 { 1.0 } else { STEP } * self.radius / far;
            for (delta, uphill) in delta.iter_mut().zip(&uphill) {
                *delta += by * uphill;
            }
            let shorten = (self.radius / length(&delta)).min(1.0);
            delta.iter_mut().for_each(|delta| *delta *= shorten);
            for (index, at) in at.iter_mut().enumerate() {
                *at = (f64::from(theta[index]) + scale(index) * delta[index]) as f32;
            }
            let loss = surface.loss_and_grad(&at, &mut grad);
            ticks.tick()?;
            if step == 0 {
                first_order = loss - start;
            }
            highest = highest.max(loss - start);
            uphill = scaled(&grad, scale);
        }
        Ok(SamSharpness {
            first_order,
            ascended: highest.max(first_order),
        })
    }
}

/// T·g.
fn scaled(grad: &[f32], scale: impl Fn(usize) -> f64) -> Vec<f64> {
    let values = grad.iter().enumerate();
    values.map(|(i, &g)| scale(i) * f64::from(g)).collect()
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::analytic::Ellipsoid;

    fn settings(radius: f64, ball: Ball) -> SamSettings {
        SamSettings {
            radius,
            ball,
            steps: DEFAULT_SAM_STEPS,
            seed: 0,
        }
    }

    #[test]
    fn a_bowl_rises_most_along_its_stiffest_direction() {
        // max ½·Σ h_i·ε_i² over |ε| ≤ ρ is ½·h_max·ρ².
        let bowl = Ellipsoid::power_law(50, 8.0, 1.0);
        let found = settings(0.1, Ball::Euclidean)
            .run(&bowl, &[0.0; 50], &())
            .unwrap();
        let exact = 0.5 * 8.0 * 0.01;
        assert!((found.ascended / exact - 1.0).abs() < 1e-3, "{found:?}");
        // From the bottom the first step goes anywhere: less.
        assert!(found.first_order < 0.5 * exact, "{found:?}");
    }

    #[test]
    fn on_a_sphere_one_step_is_enough() {
        // ½h(|θ| + ρ)² − ½h|θ|², the gradient pointing straight outwards.
        let sphere = Ellipsoid::sphere(3, 2.0);
        let found = settings(0.5, Ball::Euclidean).run(&sphere, &[0.6, 0.0, 0.8], &());
        let found = found.unwrap();
        let exact = 1.5_f64.powi(2) - 1.0;
        assert!((found.first_order - exact).abs() < 1e-5, "{found:?}");
        assert!((found.ascended - exact).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn the_adaptive_ball_has_the_shape_of_the_parameters() {
        // L = ½(4·w₁² + w₂²) at (1, 10): in units δ = ε/w the Hessian is diag(4, 100), and the
        // gradient there (4, 100): the maximum over |δ| ≤ ρ lies close to δ = (0, ρ). By Lagrange:
        // δ_i = a_i/(μ − a_i) with a = (4, 100), |δ| = ρ.
        let bowl = Ellipsoid::new(vec![4.0, 1.0]);
        let rho = 0.3;
        let found = settings(rho, Ball::Adaptive)
            .run(&bowl, &[1.0, 10.0], &())
            .unwrap();
        let size = |mu: f64| (4.0 / (mu - 4.0)).hypot(100.0 / (mu - 100.0));
        let (mut low, mut high) = (100.0 + 1e-9, 1e6);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if size(middle) > rho {
                low = middle
            } else {
                high = middle
            }
        }
        let delta = [4.0 / (low - 4.0), 100.0 / (low - 100.0)];
        let exact =
            2.0 * ((1.0 + delta[0]).powi(2) - 1.0) + 50.0 * ((1.0 + delta[1]).powi(2) - 1.0);
        assert!(
            (found.ascended / exact - 1.0).abs() < 1e-4,
            "{found:?} {exact}"
        );
        // Rescaling w₁ by 7 and its curvature by 1/49 is another name for the same bowl.
        let same = Ellipsoid::new(vec![4.0 / 49.0, 1.0]);
        let again = settings(rho, Ball::Adaptive)
            .run(&same, &[7.0, 10.0], &())
            .unwrap();
        assert!((again.ascended / found.ascended - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_radius_that_makes_no_sense_is_refused() {
        for radius in [0.0, -1.0, f64::NAN] {
            let bowl = Ellipsoid::sphere(2, 1.0);
            let error = settings(radius, Ball::Euclidean).run(&bowl, &[0.0; 2], &());
            assert!(error.unwrap_err().to_string().contains("SAM radius"));
        }
    }
}
