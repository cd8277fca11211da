//! Surfaces whose basins have known volumes: the ground truth of every estimator.

mod cube;
mod ellipsoid;
mod gaussian;
mod valley;

pub use cube::Cube;
pub use ellipsoid::Ellipsoid;
pub use valley::Valley;

use statrs::function::gamma::ln_gamma;

/// ln of the volume of the unit ball of Rⁿ: `ln ω_n = (n/2)·ln π − ln Γ(1 + n/2)`.
pub fn ln_unit_ball(n: usize) -> f64 {
    let half = n as f64 / 2.0;
    half * std::f64::consts::PI.ln() - ln_gamma(1.0 + half)
}
