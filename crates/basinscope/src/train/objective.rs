//! What training descends on: a loss that may change from step to step.

use super::{BatchSize, PoisonForm};
use crate::data::{Dataset, Poison, flip};
use crate::net::{LossKind, Net, TrainingBatch, check_fit};
use crate::random::stream;
use crate::surface::BlockKind;
use crate::surface::Differentiable;
use crate::{Error, Result};
use rand::seq::SliceRandom;
use std::ops::Range;

/// A loss to descend on. Step t is the same for the same t, so that a run can be resumed.
pub trait Objective {
    /// Number of parameters n.
    fn dim(&self) -> usize;

    /// Steps in one pass over the training points.
    fn steps_per_epoch(&self) -> usize;

    /// Loss at θ in step `step`; writes its gradient (`dim()` values) and moves what the net keeps
    /// beside θ (see [`Net`]).
    fn loss_and_grad(
        &mut self,
        step: usize,
        theta: &[f32],
        buffers: &mut [f32],
        grad: &mut [f32],
    ) -> f64;
}

/// Any differentiable surface is an objective that never changes.
pub struct Whole<'a, S>(pub &'a S);

impl<S: Differentiable> Objective for Whole<'_, S> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn steps_per_epoch(&self) -> usize {
        1
    }

    fn loss_and_grad(
        &mut self,
        _step: usize,
        theta: &[f32],
        _buffers: &mut [f32],
        grad: &mut [f32],
    ) -> f64 {
        self.0.loss_and_grad(theta, grad)
    }
}

/// Poison and its weight in the objective.
#[derive(Debug, Clone, PartialEq)]
pub struct PoisonTerm {
    /// Where poison points come from (with their true labels).
    pub source: Poison,
    /// Poison factor β > 0.
    pub factor: f64,
    /// Flipped labels or reverse cross-entropy.
    pub form: PoisonForm,
    /// Points a step, of fixed poison; all of them where none.
    pub batch: Option<usize>,
}

/// The paper's objective: clean points, poison, and weight decay.
///
/// ```text
/// L(θ) = (mean CE(train) + β·mean ℓ(poison))/(1 + β) + λ·Σ_weights w²
/// ℓ = CE with a wrong label (flipped), or −log(1 − p_y) with the true one (reverse)
/// ```
///
/// # Reference
/// Huang et al. 2020, eq. 2, normalised by 1 + β so that one learning rate serves every β.
pub struct PoisonedObjective {
    num_params: usize,
    train: Dataset,
    batch_size: BatchSize,
    poison: Option<PoisonTerm>,
    l2: f64,
    weights: Vec<Range<usize>>,
    seed: u64,
    batch: Box<dyn TrainingBatch>,
    /// Poison at hand, with the labels it is trained on.
    bad: Option<Dataset>,
    filled: bool,
    order: Order,
    bad_order: Order,
}

/// Places in shuffled order, another one each epoch.
#[derive(Default)]
struct Order {
    places: Vec<usize>,
    epoch: Option<usize>,
}

impl Order {
    /// The order of one epoch, the same for the same seed, task and epoch.
    fn of(&mut self, len: usize, seed: u64, task: &str, epoch: usize) -> &[usize] {
        if self.epoch != Some(epoch) {
            self.places = (0..len).collect();
            self.places.shuffle(&mut stream(seed, task, epoch as u64));
            self.epoch = Some(epoch);
        }
        &self.places
    }
}

impl PoisonedObjective {
    /// Checks that everything fits together.
    ///
    /// # Errors
    /// [`Error::Setting`] for points that do not fit the net, a factor or decay below 0, no poison
    /// points, or a batch larger than the training set.
    pub fn new(
        net: &dyn Net,
        train: &Dataset,
        batch_size: BatchSize,
        poison: Option<PoisonTerm>,
        l2: f64,
        seed: u64,
    ) -> Result<Self> {
        check_fit(net, train)?;
        if train.is_empty() {
            return Err(Error::setting("train", "at least one point", 0));
        }
        if let BatchSize::Points(size) = batch_size
            && (size == 0 || size > train.len())
        {
            let expected = format!("from 1 to the {} training points, or full", train.len());
            return Err(Error::setting("batch_size", expected, size));
        }
        if let Some(poison) = &poison {
            if !(poison.factor > 0.0 && poison.factor.is_finite()) {
                return Err(Error::setting("beta", "a number above 0", poison.factor));
            }
            if poison.source.points() == 0 {
                return Err(Error::setting("poison", "at least one point", 0));
            }
        }
        if !(l2 >= 0.0 && l2.is_finite()) {
            return Err(Error::setting("l2", "a number of at least 0", l2));
        }
        let weights = net
            .layout()
            .blocks()
            .iter()
            .filter(|block| block.kind == BlockKind::Weight)
            .map(|block| block.range())
            .collect();
        Ok(Self {
            num_params: net.num_params(),
            train: train.clone(),
            batch_size,
            poison,
            l2,
            weights,
            seed,
            batch: net.batch(),
            bad: None,
            filled: false,
            order: Order::default(),
            bad_order: Order::default(),
        })
    }

    /// Brings the batch up to date with `step`, doing no work where nothing changes.
    fn fill(&mut self, step: usize) {
        let redrawn =
            matches!(&self.poison, Some(term) if matches!(term.source, Poison::Redrawn { .. }));
        let in_parts = self
            .poison
            .as_ref()
            .is_some_and(|term| term.batch.is_some());
        if self.filled && !redrawn && !in_parts && self.batch_size == BatchSize::Full {
            return;
        }
        if let Some(term) = &self.poison
            && (redrawn || self.bad.is_none())
        {
            let drawn = term.source.at_step(self.seed, step);
            self.bad = Some(match term.form {
                PoisonForm::Flipped => {
                    let index = if redrawn { step as u64 } else { 0 };
                    flip(&drawn, &mut stream(self.seed, "flip", index))
                }
                PoisonForm::Reverse => drawn.into_owned(),
            });
        }
        let chosen;
        let train = match self.batch_size {
            BatchSize::Full => &self.train,
            BatchSize::Points(size) => {
                let per_epoch = self.steps_per_epoch();
                let len = self.train.len();
                let order = (self.order).of(len, self.seed, "batches", step / per_epoch);
                let from = step % per_epoch * size;
                chosen = self.train.select(&order[from..(from + size).min(len)]);
                &chosen
            }
        };
        match (&self.poison, &self.bad) {
            (Some(term), Some(bad)) => {
                let some;
                let bad = match term.batch {
                    None => bad,
                    Some(size) => {
                        let per_epoch = (bad.len() / size).max(1);
                        let epoch = step / per_epoch;
                        let order =
                            (self.bad_order).of(bad.len(), self.seed, "poison-batches", epoch);
                        let from = step % per_epoch * size;
                        some = bad.select(&order[from..(from + size).min(bad.len())]);
                        &some
                    }
                };
                let total = 1.0 + term.factor;
                let kind = match term.form {
                    PoisonForm::Flipped => LossKind::CrossEntropy,
                    PoisonForm::Reverse => LossKind::Reverse,
                };
                self.batch.refill(&[
                    (train, LossKind::CrossEntropy, 1.0 / total),
                    (bad, kind, term.factor / total),
                ]);
            }
            _ => self.batch.refill(&[(train, LossKind::CrossEntropy, 1.0)]),
        }
        self.filled = true;
    }
}

impl Objective for PoisonedObjective {
    fn dim(&self) -> usize {
        self.num_params
    }

    fn steps_per_epoch(&self) -> usize {
        match self.batch_size {
            BatchSize::Full => 1,
            BatchSize::Points(size) => self.train.len().div_ceil(size),
        }
    }

    fn loss_and_grad(
        &mut self,
        step: usize,
        theta: &[f32],
        buffers: &mut [f32],
        grad: &mut [f32],
    ) -> f64 {
        self.fill(step);
        let mut loss = self.batch.loss_and_grad(theta, buffers, grad);
        if self.l2 > 0.0 {
            let slope = 2.0 * self.l2 as f32;
            for range in &self.weights {
                for (grad, &weight) in grad[range.clone()].iter_mut().zip(&theta[range.clone()]) {
                    *grad += slope * weight;
                    loss += self.l2 * f64::from(weight) * f64::from(weight);
                }
            }
        }
        loss
    }
}
