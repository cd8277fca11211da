//! Quadratic bowls of any spectrum.

use super::ln_unit_ball;
use crate::surface::{Differentiable, LossSurface, TwiceDifferentiable};

/// `L(x) = ½·Σ h_i·x_i²`, every h_i > 0: its basins are ellipsoids around 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Ellipsoid {
    spectrum: Vec<f64>,
}

impl Ellipsoid {
    /// A bowl with this Hessian spectrum.
    ///
    /// # Panics
    /// For an empty spectrum or an eigenvalue that is not positive.
    pub fn new(spectrum: Vec<f64>) -> Self {
        assert!(!spectrum.is_empty() && spectrum.iter().all(|&h| h > 0.0 && h.is_finite()));
        Self { spectrum }
    }

    /// h_i = h: basins are balls.
    pub fn sphere(n: usize, h: f64) -> Self {
        Self::new(vec![h; n])
    }

    /// h_i = h/iᵖ.
    pub fn power_law(n: usize, h: f64, p: f64) -> Self {
        Self::new((1..=n).map(|i| h / (i as f64).powf(p)).collect())
    }

    /// A spectrum like a net's: 60 stiff directions from 1e6 down to 1e2, the rest at 1e-3.
    pub fn net_like(n: usize) -> Self {
        let stiff = |i: usize| 1e6 * 10_f64.powf(-4.0 * i as f64 / 59.0);
        Self::new(
            (0..n)
                .map(|i| if i < 60 { stiff(i) } else { 1e-3 })
                .collect(),
        )
    }

    /// The Hessian's eigenvalues h_i.
    pub fn spectrum(&self) -> &[f64] {
        &self.spectrum
    }

    /// ln of the exact volume of {L ≤ cutoff}: `ln ω_n + (n/2)·ln(2c) − ½·Σ ln h_i`.
    pub fn ln_volume(&self, cutoff: f64) -> f64 {
        let n = self.spectrum.len();
        ln_unit_ball(n) + n as f64 / 2.0 * (2.0 * cutoff).ln()
            - 0.5 * self.spectrum.iter().map(|h| h.ln()).sum::<f64>()
    }
}

impl LossSurface for Ellipsoid {
    fn dim(&self) -> usize {
        self.spectrum.len()
    }

    fn examples(&self) -> usize {
        1
    }

    fn loss(&self, theta: &[f32]) -> f64 {
        let terms = self.spectrum.iter().zip(theta);
        0.5 * terms
            .map(|(h, &x)| h * f64::from(x) * f64::from(x))
            .sum::<f64>()
    }
}

impl Differentiable for Ellipsoid {
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        self.hvp(theta, theta, grad);
        self.loss(theta)
    }
}

impl TwiceDifferentiable for Ellipsoid {
    fn hvp(&self, _theta: &[f32], v: &[f32], out: &mut [f32]) {
        for ((out, &h), &v) in out.iter_mut().zip(&self.spectrum).zip(v) {
            *out = (h * f64::from(v)) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_those_computed_elsewhere() {
        for (surface, exact) in [
            (Ellipsoid::sphere(10, 1.0), -7.111_032),
            (Ellipsoid::power_law(100, 1.0, 1.0), 10.156_519),
            (Ellipsoid::power_law(3_614, 1.0, 1.0), 410.628_478),
            (Ellipsoid::power_law(100, 1.0, 2.0), 192.026_207),
        ] {
            let found = surface.ln_volume(0.1);
            assert!((found - exact).abs() < 1e-5, "{found} {exact}");
        }
        // A disc of radius √(2c/h) = 1.
        assert!(
            (Ellipsoid::sphere(2, 0.2).ln_volume(0.1) - std::f64::consts::PI.ln()).abs() < 1e-12
        );
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let surface = Ellipsoid::new(vec![2.0, 8.0]);
        let mut grad = [0.0; 2];
        assert_eq!(surface.loss_and_grad(&[3.0, 0.5], &mut grad), 10.0);
        assert_eq!(grad, [6.0, 4.0]);
    }
}
