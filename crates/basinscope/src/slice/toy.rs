//! Surfaces and classifiers with known answers, for the tests of this folder.

use crate::surface::{
    Classifier, Differentiable, Evaluate, Evaluation, LossSurface, TwiceDifferentiable,
};

/// L(θ) = ½|θ|², right while L ≤ 1.
pub struct Bowl {
    pub dim: usize,
}

impl LossSurface for Bowl {
    fn dim(&self) -> usize {
        self.dim
    }
    fn examples(&self) -> usize {
        1
    }
    fn loss(&self, theta: &[f32]) -> f64 {
        0.5 * theta.iter().map(|&t| f64::from(t).powi(2)).sum::<f64>()
    }
}

impl Evaluate for Bowl {
    fn evaluate(&self, theta: &[f32]) -> Evaluation {
        let loss = self.loss(theta);
        Evaluation {
            loss,
            accuracy: f64::from(u8::from(loss <= 1.0)),
        }
    }
}

impl Differentiable for Bowl {
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        grad.copy_from_slice(theta);
        self.loss(theta)
    }
}

impl TwiceDifferentiable for Bowl {
    fn hvp(&self, _theta: &[f32], v: &[f32], out: &mut [f32]) {
        out.copy_from_slice(v);
    }
}

/// Two classes with the logit θ₀·x + θ₁·y + θ₂ of class 1.
pub struct Linear;

impl Classifier for Linear {
    fn dim(&self) -> usize {
        3
    }
    fn num_features(&self) -> usize {
        2
    }
    fn num_classes(&self) -> usize {
        2
    }
    fn decision(&self, theta: &[f32], points: &[f32], out: &mut [f32]) {
        for (point, out) in points.chunks_exact(2).zip(out) {
            *out = theta[0] * point[0] + theta[1] * point[1] + theta[2];
        }
    }
    fn predict(&self, theta: &[f32], points: &[f32], out: &mut [u32]) {
        for (point, out) in points.chunks_exact(2).zip(out) {
            *out = u32::from(theta[0] * point[0] + theta[1] * point[1] + theta[2] > 0.0);
        }
    }
}

/// The same work on a rayon pool of `threads`.
pub fn in_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
        .install(work)
}
