//! The loss surface of an image net over labelled pictures.

use crate::engine::{Curved, Engine, KEPT_BYTES, Norms, Panels, Products, Score, Trainer};
use crate::softmax;
use basinscope::data::Dataset;
use basinscope::net::NetSurface;
use basinscope::surface::{
    Differentiable, Evaluate, Evaluation, LossSurface, Predict, SymmetricOperator,
    TwiceDifferentiable,
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
/// An evaluation is one forward pass over the pictures, a gradient about three. A product with the
/// Hessian is six where many are asked for at one θ ([`TwiceDifferentiable::hessian_at`]), nine
/// alone; one with the Gauss–Newton matrix four and five. Up to 1 GiB of values is kept for them;
/// of pictures beyond, each product (or eight that are asked for together) passes all again.
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

/// A matrix of second derivatives at one θ.
struct At(Products);

impl SymmetricOperator for At {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn apply(&self, v: &[f32], out: &mut [f32]) {
        out.copy_from_slice(&self.0.apply_all(&[v])[0]);
    }

    fn apply_all(&self, vectors: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let vectors: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        self.0.apply_all(&vectors)
    }
}

impl ImageSurface {
    /// Products at θ that keep up to `bytes` of what they share.
    fn products(&self, theta: &[f32], matrix: Curved, bytes: usize) -> At {
        let statistics = self.statistics(theta);
        let (engine, pictures) = (&self.engine, &self.pictures);
        let products = Products::new(engine, pictures, theta, &statistics, matrix, bytes);
        At(products)
    }
}

impl TwiceDifferentiable for ImageSurface {
    /// Exact, forward over reverse; batch norms recalibrated at θ count as constants.
    fn hvp(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        self.products(theta, Curved::Hessian, 0).apply(v, out);
    }

    fn hessian_at<'a>(&'a self, theta: &'a [f32]) -> Box<dyn SymmetricOperator + 'a> {
        Box::new(self.products(theta, Curved::Hessian, KEPT_BYTES))
    }
}

impl NetSurface for ImageSurface {
    /// Exact: `J·v` along with the forward pass, `Jᵀ` by the backward pass.
    fn gauss_newton_product(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        self.products(theta, Curved::GaussNewton, 0).apply(v, out);
    }

    fn gauss_newton_at<'a>(&'a self, theta: &'a [f32]) -> Box<dyn SymmetricOperator + 'a> {
        Box::new(self.products(theta, Curved::GaussNewton, KEPT_BYTES))
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
}
