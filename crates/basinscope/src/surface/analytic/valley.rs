//! The two-weight net w1·w2: a curved valley of minima.

use crate::surface::{Differentiable, LossSurface};

/// `L(w) = |w1·w2 − 1|`, the simplest net with a whole curve of minima.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Valley;

impl LossSurface for Valley {
    fn dim(&self) -> usize {
        2
    }

    fn examples(&self) -> usize {
        1
    }

    fn loss(&self, theta: &[f32]) -> f64 {
        (f64::from(theta[0]) * f64::from(theta[1]) - 1.0).abs()
    }
}

impl Differentiable for Valley {
    /// The subgradient sign(w1·w2 − 1)·(w2, w1), 0 on the valley floor.
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        let over = f64::from(theta[0]) * f64::from(theta[1]) - 1.0;
        let sign = if over == 0.0 {
            0.0
        } else {
            over.signum() as f32
        };
        grad.copy_from_slice(&[sign * theta[1], sign * theta[0]]);
        over.abs()
    }
}
