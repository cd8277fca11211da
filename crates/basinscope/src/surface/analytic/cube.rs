//! A box with flat walls.

use crate::surface::LossSurface;

/// `L(x) = max |x_i|`: the basin {L ≤ c} is the cube [−c, c]ⁿ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cube {
    dim: usize,
}

impl Cube {
    /// The cube of Rⁿ.
    pub fn new(dim: usize) -> Self {
        Self { dim }
    }

    /// ln of the exact volume of {L ≤ cutoff}: `n·ln(2c)`.
    pub fn ln_volume(&self, cutoff: f64) -> f64 {
        self.dim as f64 * (2.0 * cutoff).ln()
    }
}

impl LossSurface for Cube {
    fn dim(&self) -> usize {
        self.dim
    }

    fn examples(&self) -> usize {
        1
    }

    fn loss(&self, theta: &[f32]) -> f64 {
        theta
            .iter()
            .map(|&x| f64::from(x).abs())
            .fold(0.0, f64::max)
    }
}
