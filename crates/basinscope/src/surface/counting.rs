//! A wrapper that counts how often a surface is asked.

use super::{Differentiable, LossSurface};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the evaluations and gradients of the surface inside.
pub struct Counting<S> {
    inner: S,
    evaluations: AtomicU64,
    gradients: AtomicU64,
}

impl<S> Counting<S> {
    /// Starts counting at zero.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            evaluations: AtomicU64::new(0),
            gradients: AtomicU64::new(0),
        }
    }

    /// Loss evaluations so far (a bounded one counts as one).
    pub fn evaluations(&self) -> u64 {
        self.evaluations.load(Ordering::Relaxed)
    }

    /// Gradients so far.
    pub fn gradients(&self) -> u64 {
        self.gradients.load(Ordering::Relaxed)
    }
}

impl<S: LossSurface> LossSurface for Counting<S> {
    fn dim(&self) -> usize {
        self.inner.dim()
    }
    fn examples(&self) -> usize {
        self.inner.examples()
    }
    fn loss(&self, theta: &[f32]) -> f64 {
        self.evaluations.fetch_add(1, Ordering::Relaxed);
        self.inner.loss(theta)
    }
    fn sum_at_most(&self, theta: &[f32], bound: f64) -> bool {
        self.evaluations.fetch_add(1, Ordering::Relaxed);
        self.inner.sum_at_most(theta, bound)
    }
}

impl<S: Differentiable> Differentiable for Counting<S> {
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        self.gradients.fetch_add(1, Ordering::Relaxed);
        self.inner.loss_and_grad(theta, grad)
    }
}
