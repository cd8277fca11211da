//! The loss surface of an image net over labelled pictures.

use crate::engine::{Engine, Norms, Panels, Score, Trainer};
use crate::softmax;
use basinscope::data::Dataset;
use basinscope::net::NetSurface;
use basinscope::surface::{
    Differentiable, Evaluate, Evaluation, LossSurface, Predict, TwiceDifferentiable,
};
use basinscope::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Pictures of a gradient's batch: as many as are held in memory at a time.
const CHUNK: usize = 256;

/// The mean cross-entropy of a net over labelled pictures, batch norms in evaluation mode.
///
/// # Units
/// Nats; mean over the pictures; no weight decay, no poison.
///
/// # Cost
/// An evaluation is one forward pass over the pictures, a gradient about three. Products with the
/// Hessian are central differences of gradients: two gradients.
pub struct ImageSurface {
    engine: Arc<Engine>,
    buffers: Vec<f32>,
    pictures: Arc<Panels>,
    /// Whether statistics are taken anew at each θ.
    recalibrates: bool,
    /// Memory of gradients, which is much: shared as the pictures are.
    trainers: Arc<Mutex<Vec<Trainer>>>,
}

impl ImageSurface {
    /// Binds an engine and running statistics to pictures.
    ///
    /// # Errors
    /// [`Error::Setting`] where there is no picture.
    pub fn new(engine: &Arc<Engine>, buffers: &[f32], pictures: &Dataset) -> Result<Self> {
        if pictures.is_empty() {
            return Err(Error::setting("points", "at least one", 0));
        }
        Ok(Self {
            engine: Arc::clone(engine),
            buffers: buffers.to_vec(),
            pictures: Arc::new(engine.panels(pictures)),
            recalibrates: false,
            trainers: Arc::default(),
        })
    }

    /// The same with batch norms that take their statistics from all pictures, anew at each θ.
    ///
    /// # Cost
    /// A further forward pass each evaluation.
    ///
    /// # Reference
    /// PyTorch's `update_bn`: the mean over batches of 256, in their order, of their means and of
    /// their unbiased variances.
    #[must_use]
    pub fn recalibrated(mut self) -> Self {
        self.recalibrates = self.engine.graph().num_buffers() > 0;
        self
    }

    /// The same pictures, not copied, with other running statistics.
    #[must_use]
    pub fn sharing(&self, buffers: &[f32]) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            buffers: buffers.to_vec(),
            pictures: Arc::clone(&self.pictures),
            recalibrates: self.recalibrates,
            trainers: Arc::clone(&self.trainers),
        }
    }

    /// A trainer from the pool.
    fn trainer(&self) -> Trainer {
        let mut pool = self.trainers.lock().unwrap_or_else(PoisonError::into_inner);
        pool.pop()
            .unwrap_or_else(|| Trainer::new(Arc::clone(&self.engine)))
    }

    /// Panels that are passed through together where all values are kept.
    fn chunks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (all, each) = (self.pictures.num_panels(), CHUNK / self.pictures.lanes());
        (0..all)
            .step_by(each)
            .map(move |from| from..(from + each).min(all))
    }

    fn give_back(&self, trainer: Trainer) {
        let mut pool = self.trainers.lock().unwrap_or_else(PoisonError::into_inner);
        pool.push(trainer);
    }

    /// The statistics that batch norms have at θ.
    fn statistics(&self, theta: &[f32]) -> Vec<f32> {
        if !self.recalibrates {
            return self.buffers.clone();
        }
        let mut trainer = self.trainer();
        let mut running = self.engine.graph().initial_buffers();
        for (done, panels) in self.chunks().enumerate() {
            trainer.refill_from(&self.pictures, panels, 1.0);
            let momentum = 1.0 / (done + 1) as f32;
            let running = &mut running;
            trainer.forward(theta, Norms::Batch { running, momentum });
        }
        self.give_back(trainer);
        running
    }

    fn scores(&self, theta: &[f32]) -> Vec<Score> {
        let prepared = self.engine.prepare(theta, &self.statistics(theta));
        let panels = self.pictures.num_panels();
        let score = |panel| self.engine.score(&prepared, &self.pictures, panel);
        (0..panels).into_par_iter().map(score).collect()
    }

    /// Writes the logits at θ, `[examples, classes]`.
    pub fn logits(&self, theta: &[f32], out: &mut [f32]) {
        let classes = self.engine.graph().num_classes();
        assert_eq!(out.len(), self.examples() * classes, "[examples, classes]");
        let prepared = self.engine.prepare(theta, &self.statistics(theta));
        let rows = self.pictures.lanes() * classes;
        out.par_chunks_mut(rows)
            .enumerate()
            .for_each(|(panel, out)| {
                self.engine.logits(&prepared, &self.pictures, panel, out);
            });
    }

    /// Mean loss and its gradient, chunk by chunk.
    fn grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        let statistics = self.statistics(theta);
        let mut trainer = self.trainer();
        let mut part = vec![0.0; grad.len()];
        let (mut loss, share) = (0.0, 1.0 / self.examples() as f64);
        grad.fill(0.0);
        for panels in self.chunks() {
            trainer.refill_from(&self.pictures, panels, share);
            loss += trainer.loss_and_grad(theta, Norms::Running(&statistics), &mut part);
            for (grad, &part) in grad.iter_mut().zip(&part) {
                *grad += part;
            }
        }
        self.give_back(trainer);
        if loss.is_nan() { f64::INFINITY } else { loss }
    }
}

impl LossSurface for ImageSurface {
    fn dim(&self) -> usize {
        self.engine.graph().layout().num_params()
    }

    fn examples(&self) -> usize {
        self.pictures.len()
    }

    fn loss(&self, theta: &[f32]) -> f64 {
        self.evaluate(theta).loss
    }

    fn sum_at_most(&self, theta: &[f32], bound: f64) -> bool {
        let prepared = self.engine.prepare(theta, &self.statistics(theta));
        let mut sum = 0.0;
        for panel in 0..self.pictures.num_panels() {
            sum += self.engine.score(&prepared, &self.pictures, panel).loss;
            if sum > bound {
                return false;
            }
        }
        true
    }
}

impl Evaluate for ImageSurface {
    fn evaluate(&self, theta: &[f32]) -> Evaluation {
        let scores = self.scores(theta);
        let count = self.examples() as f64;
        Evaluation {
            loss: scores.iter().map(|score| score.loss).sum::<f64>() / count,
            accuracy: scores.iter().map(|score| score.correct).sum::<usize>() as f64 / count,
        }
    }
}

impl Predict for ImageSurface {
    fn num_classes(&self) -> usize {
        self.engine.graph().num_classes()
    }

    fn probabilities(&self, theta: &[f32], out: &mut [f32]) {
        self.logits(theta, out);
        softmax::probabilities(out, self.num_classes());
    }
}

impl Differentiable for ImageSurface {
    /// Batch norms recalibrated at θ count as constants.
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        self.grad(theta, grad)
    }
}

/// Length of a step in units of max(|θ|, 1) for differences.
const STEP: f64 = 1e-3;

/// θ moved by ± a small multiple of v, and by how much of v.
fn moved(theta: &[f32], v: &[f32]) -> Option<([Vec<f32>; 2], f64)> {
    let norm = |x: &[f32]| x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let length = norm(v);
    if length == 0.0 {
        return None;
    }
    let step = STEP * norm(theta).max(1.0) / length;
    let to = |sign: f64| {
        (theta.iter().zip(v))
            .map(|(&w, &v)| (f64::from(w) + sign * step * f64::from(v)) as f32)
            .collect()
    };
    Some(([to(1.0), to(-1.0)], step))
}

/// `∇²L(θ)·v` as a central difference of gradients.
pub(crate) fn differenced(
    theta: &[f32],
    v: &[f32],
    out: &mut [f32],
    grad: impl Fn(&[f32], &mut [f32]),
) {
    let Some(([ahead, behind], step)) = moved(theta, v) else {
        out.fill(0.0);
        return;
    };
    let mut back = vec![0.0; out.len()];
    grad(&ahead, out);
    grad(&behind, &mut back);
    for (out, &back) in out.iter_mut().zip(&back) {
        *out = ((f64::from(*out) - f64::from(back)) / (2.0 * step)) as f32;
    }
}

impl TwiceDifferentiable for ImageSurface {
    fn hvp(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        differenced(theta, v, out, |theta, grad| {
            self.grad(theta, grad);
        });
    }
}

impl NetSurface for ImageSurface {
    /// `J·v` by central differences of the logits, `Jᵀ` exactly.
    fn gauss_newton_product(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        let Some(([ahead, behind], step)) = moved(theta, v) else {
            return;
        };
        let classes = self.engine.graph().num_classes();
        let statistics = self.statistics(theta);
        let mut trainer = self.trainer();
        let mut part = vec![0.0; out.len()];
        let share = 1.0 / self.examples() as f64;
        for panels in self.chunks() {
            trainer.refill_from(&self.pictures, panels, 1.0);
            let mut logits = |theta: &[f32]| {
                trainer.forward(theta, Norms::Running(&statistics));
                trainer.logits()
            };
            let (plus, minus, here) = (logits(&ahead), logits(&behind), logits(theta));
            // The Hessian of a softmax: diag(p) − p·pᵀ.
            let mut slopes = vec![0.0; here.len()];
            for (row, slopes) in slopes.chunks_exact_mut(classes).enumerate() {
                let of = |k: usize| row * classes + k;
                let top = (0..classes).fold(f32::NEG_INFINITY, |top, k| top.max(here[of(k)]));
                let p: Vec<f64> = (0..classes)
                    .map(|k| f64::from(here[of(k)] - top).exp())
                    .collect();
                let sum: f64 = p.iter().sum();
                let jv: Vec<f64> = (0..classes)
                    .map(|k| (f64::from(plus[of(k)]) - f64::from(minus[of(k)])) / (2.0 * step))
                    .collect();
                let mean: f64 = p.iter().zip(&jv).map(|(p, jv)| p / sum * jv).sum();
                for ((slope, p), jv) in slopes.iter_mut().zip(&p).zip(&jv) {
                    *slope = (share * p / sum * (jv - mean)) as f32;
                }
            }
            trainer.backward(theta, &slopes, &mut part);
            for (out, &part) in out.iter_mut().zip(&part) {
                *out += part;
            }
        }
        self.give_back(trainer);
    }

    fn example_losses(&self, theta: &[f32], out: &mut [f32]) {
        let classes = self.engine.graph().num_classes();
        let mut logits = vec![0.0; self.examples() * classes];
        self.logits(theta, &mut logits);
        let rows = logits.chunks_exact(classes).zip(self.pictures.labels());
        for (out, (row, &label)) in out.iter_mut().zip(rows) {
            *out = softmax::cross_entropy(row, label as usize) as f32;
        }
    }

    fn with_buffers(&self, buffers: &[f32]) -> Option<Box<dyn NetSurface>> {
        let fits = buffers.len() == self.buffers.len();
        fits.then(|| Box::new(self.sharing(buffers)) as Box<dyn NetSurface>)
    }

    fn has_exact_products(&self) -> bool {
        false
    }
}
