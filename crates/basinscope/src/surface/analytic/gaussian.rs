//! The exact chance that a Gaussian step from the minimum stays in an analytic basin.

use super::{Cube, Ellipsoid, Valley};
use crate::surface::LossSurface;
use statrs::function::erf::{erf, erfc};
use std::f64::consts::{PI, SQRT_2, TAU};

/// Points of the contour integral within its width; the trapezoid's error falls exponentially with
/// them.
const POINTS_A_WIDTH: f64 = 10.0;
/// ln of the size at which the contour integral is left.
const NEGLIGIBLE: f64 = -45.0;
/// Points of the valley's quadrature.
const VALLEY_POINTS: usize = 200_000;
/// Widths of the Gaussian the valley's quadrature spans to either side.
const VALLEY_REACH: f64 = 10.0;

impl Ellipsoid {
    /// ln of `P_σ = Pr[½·Σ h_i·x_i² ≤ cutoff]`, `x ~ N(0, σ²I)`, in nats.
    ///
    /// The Laplace transform of the sum's distribution function is known, and is inverted on the
    /// parabola through the saddle point c, where the integrand neither oscillates nor underflows:
    ///
    /// ```text
    /// P_σ = 1/(2πi)·∫ e^(K(s) + s·cutoff)/s ds,  K(s) = −½·Σ ln(1 + s·h_i·σ²),  s = c·(1 + iv)²
    /// c:  cutoff = ½·Σ h_i·σ²/(1 + c·h_i·σ²) + 1/c
    /// ```
    ///
    /// # Cost
    /// Some hundred passes over the distinct eigenvalues; right to about 1e-10 nats.
    ///
    /// # Reference
    /// Rice 1980 for the saddle point, Weideman and Trefethen 2007 for the parabola.
    ///
    /// ```
    /// use basinscope::surface::analytic::Ellipsoid;
    ///
    /// // In two dimensions χ² is exponential: P = 1 − e^(−cutoff/(h·σ²)).
    /// let found = Ellipsoid::sphere(2, 4.0).ln_probability(0.1, 0.5);
    /// assert!((found - (1.0 - (-0.1_f64).exp()).ln()).abs() < 1e-10);
    /// ```
    pub fn ln_probability(&self, cutoff: f64, sigma: f64) -> f64 {
        let terms = self.distinct(sigma * sigma / cutoff);
        let slope = |c: f64| {
            let held = terms.iter().map(|&(a, count)| count * a / (1.0 + c * a));
            1.0 - 0.5 * held.sum::<f64>() - 1.0 / c
        };
        // The slope rises from −∞ to 1; its root is below 1 + n/2.
        let (mut low, mut high) = (1.0_f64, 1.0 + 0.5 * self.dim() as f64);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if slope(middle) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let c = 0.5 * (low + high);
        let bend = terms.iter().map(|&(a, count)| {
            let held = c * a / (1.0 + c * a);
            0.5 * count * held * held
        });
        let step = 0.5 / (1.0 + bend.sum::<f64>()).sqrt() / POINTS_A_WIDTH;
        let exponent = |v: f64| -> (f64, f64) {
            let (re, im) = (c * (1.0 - v * v), 2.0 * c * v);
            let (mut size, mut angle) = (re, im);
            for &(a, count) in &terms {
                let (x, y) = (1.0 + re * a, im * a);
                size -= 0.25 * count * (x * x + y * y).ln();
                angle -= 0.5 * count * y.atan2(x);
            }
            (size, angle)
        };
        let top = exponent(0.0).0;
        let mut sum = 0.5;
        for index in 1.. {
            let v = step * f64::from(index);
            let (size, angle) = exponent(v);
            if size - top < NEGLIGIBLE {
                break;
            }
            // Re[e^(i·angle)/(1 + iv)]
            sum += (size - top).exp() * (angle.cos() + v * angle.sin()) / (1.0 + v * v);
        }
        (top + (2.0 / PI * step * sum).ln()).min(0.0)
    }

    /// Distinct eigenvalues times `scale`, each with its multiplicity.
    fn distinct(&self, scale: f64) -> Vec<(f64, f64)> {
        let mut sorted: Vec<f64> = self.spectrum().iter().map(|h| h * scale).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        (sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()))
            .map(|alike| (alike[0], alike.len() as f64))
            .collect()
    }
}

impl Cube {
    /// ln of `P_σ = Pr[max |x_i| ≤ cutoff]`, `x ~ N(0, σ²I)`: `n·ln erf(cutoff/(σ√2))`, in nats.
    pub fn ln_probability(&self, cutoff: f64, sigma: f64) -> f64 {
        self.dim() as f64 * erf(cutoff / (sigma * SQRT_2)).ln()
    }
}

impl Valley {
    /// ln of `P_σ = Pr[|w1·w2 − 1| ≤ cutoff]`, `w ~ N((1, 1), σ²I)`, in nats: the share of w2
    /// between `(1 − cutoff)/w1` and `(1 + cutoff)/w1`, integrated over w1 by the midpoint rule.
    pub fn ln_probability(&self, cutoff: f64, sigma: f64) -> f64 {
        let step = 2.0 * VALLEY_REACH / VALLEY_POINTS as f64;
        let tail = |w2: f64| 0.5 * erfc((w2 - 1.0) / (sigma * SQRT_2));
        let sum: f64 = (0..VALLEY_POINTS)
            .map(|index| {
                let z = (index as f64 + 0.5) * step - VALLEY_REACH;
                let w1 = 1.0 + sigma * z;
                let (one, other) = ((1.0 - cutoff) / w1, (1.0 + cutoff) / w1);
                (-0.5 * z * z).exp() * (tail(one) - tail(other)).abs()
            })
            .sum();
        (sum * step / TAU.sqrt()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balls_are_chi_squared() {
        // |z|² ≤ .04/σ², by SciPy's `chi2.logcdf`.
        for (n, sigma, exact) in [
            (10, 0.189_736_659_6, -8.186_2),
            (100, 0.06, -68.178_4),
            (3_614, 0.004_990_306, -465.543_7),
        ] {
            let found = Ellipsoid::sphere(n, 1_000.0).ln_probability(20.0, sigma);
            assert!((found - exact).abs() < 2e-4, "{n}: {found} {exact}");
        }
        // One dimension is an erf, inside and far inside.
        for sigma in [0.1, 1.0, 30.0_f64] {
            let found = Ellipsoid::sphere(1, 2.0).ln_probability(1.0, sigma);
            let exact = erf(1.0 / (sigma * SQRT_2)).ln();
            assert!((found - exact).abs() < 1e-9, "{sigma}: {found} {exact}");
        }
    }

    #[test]
    fn spectra_are_those_convolved_numerically() {
        // By convolution on a grid, to a hundredth of a nat; the same integral along a straight
        // line through c, in Python, gives all digits of −7.816768 and −87.620168.
        let net = |n| Ellipsoid::net_like(n);
        for (surface, sigma, exact) in [
            (
                Ellipsoid::power_law(3_614, 1_000.0, 1.0),
                0.202_606_48,
                -858.181_2,
            ),
            (net(3_614), 0.005, -7.810_4),
            (net(3_614), 0.05, -87.616_7),
            (net(3_614), 0.3, -189.339_1),
            (net(100_000), 0.005, -7.810_9),
            (net(100_000), 0.05, -87.769_8),
            (net(100_000), 0.3, -196.686_7),
        ] {
            let found = surface.ln_probability(20.0, sigma);
            assert!((found - exact).abs() < 1e-2, "σ = {sigma}: {found} {exact}");
        }
        assert!((net(3_614).ln_probability(20.0, 0.05) + 87.620_168).abs() < 1e-6);
    }

    #[test]
    fn the_valley_and_the_cube_are_those_computed_elsewhere() {
        for (sigma, exact) in [(0.1, -0.655_172), (0.5, -2.263_218), (1.0, -3.070_857)] {
            let found = Valley.ln_probability(0.1, sigma);
            assert!((found - exact).abs() < 2e-6, "{sigma}: {found} {exact}");
        }
        assert!((Cube::new(50).ln_probability(0.01, 1.0) + 241.548_909).abs() < 1e-5);
    }

    #[test]
    fn wide_gaussians_see_the_volume() {
        // P_σ·(2πσ²)^(n/2) → V as σ → ∞.
        let surface = Ellipsoid::power_law(100, 1.0, 1.0);
        let sigma = 1e4_f64;
        let found = surface.ln_probability(0.1, sigma) + 50.0 * (TAU * sigma * sigma).ln();
        assert!((found - surface.ln_volume(0.1)).abs() < 1e-5, "{found}");
    }
}
