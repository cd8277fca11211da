//! A multi-layer perceptron on labelled points, as a loss surface.

use super::kernel::{Batch, Matrix, Part, Task, Workspace};
use super::{Architecture, check_fit};
use crate::data::Dataset;
use crate::simd::Kernel;
use crate::surface::{
    Classifier, Differentiable, Evaluate, Evaluation, LossSurface, Predict, TwiceDifferentiable,
};
use crate::{Error, Result};
use std::cell::RefCell;

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

/// Runs one pass on this thread's buffers. Never called from within itself.
pub(crate) fn run(
    net: &Architecture,
    theta: &[f32],
    batch: &Batch,
    task: Task<'_>,
) -> (f64, usize) {
    let outcome = WORKSPACE
        .with_borrow_mut(|workspace| workspace.run(Kernel::active(), net, theta, batch, task));
    (
        if outcome.loss.is_nan() {
            f64::INFINITY
        } else {
            outcome.loss
        },
        outcome.correct,
    )
}

/// Weighted loss; the gradient is written. Parts of a batch that is worth cutting are done side by
/// side, and their sums added in a fixed order: the bits do not depend on the threads.
pub(crate) fn loss_and_grad(
    net: &Architecture,
    theta: &[f32],
    batch: &Batch,
    grad: &mut [f32],
) -> f64 {
    let parts = batch.parts(theta.len());
    let loss = part_and_grad(net, theta, batch, Part::WHOLE, parts, grad);
    if loss.is_nan() { f64::INFINITY } else { loss }
}

fn part_and_grad(
    net: &Architecture,
    theta: &[f32],
    batch: &Batch,
    part: Part,
    parts: usize,
    grad: &mut [f32],
) -> f64 {
    if part.of == parts {
        let (kernel, task) = (Kernel::active(), Task::Gradient(grad));
        let run = |workspace: &mut Workspace| {
            workspace
                .run_part(kernel, net, theta, batch, part, task)
                .loss
        };
        return WORKSPACE.with_borrow_mut(run);
    }
    let mut other = vec![0.0; grad.len()];
    let [first, second] = part.halves();
    let (a, b) = rayon::join(
        || part_and_grad(net, theta, batch, first, parts, grad),
        || part_and_grad(net, theta, batch, second, parts, &mut other),
    );
    for (grad, &other) in grad.iter_mut().zip(&other) {
        *grad += other;
    }
    a + b
}

/// The mean cross-entropy of a net over labelled points, `L(θ) = 1/N Σ ℓ(net(x_i; θ), y_i)`.
///
/// # Units
/// Nats; mean over the points; no weight decay, no poison.
///
/// # Cost
/// An evaluation costs 2·n multiply–adds a point, a gradient three times that.
#[derive(Clone)]
pub struct MlpSurface {
    net: Architecture,
    batch: Batch,
}

impl MlpSurface {
    /// Binds a net to points.
    ///
    /// # Errors
    /// [`Error::Setting`] where the points' features or classes are not those of the net, or
    /// there is no point.
    pub fn new(net: &Architecture, points: &Dataset) -> Result<Self> {
        if points.is_empty() {
            return Err(Error::setting("points", "at least one", 0));
        }
        check_fit(net, points)?;
        Ok(Self {
            net: net.clone(),
            batch: Batch::mean(points),
        })
    }

    /// The net.
    pub fn architecture(&self) -> &Architecture {
        &self.net
    }

    /// Writes `G(θ)·v`, G the Gauss–Newton matrix `1/N Σ Jᵀ·∇²ℓ·J` (J the Jacobian of the
    /// logits): the Hessian without the curvature of the net itself, never negative.
    ///
    /// # Reference
    /// Schraudolph 2002.
    pub fn gauss_newton_product(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        self.product(Matrix::GaussNewton, theta, v, out);
    }

    fn product(&self, matrix: Matrix, theta: &[f32], v: &[f32], out: &mut [f32]) {
        assert_eq!(v.len(), self.dim(), "one value per parameter");
        assert_eq!(out.len(), self.dim(), "one value per parameter");
        let task = Task::Product { matrix, v, out };
        run(&self.net, theta, &self.batch, task);
    }

    /// Each point's cross-entropy at θ, in nats (`examples()` values).
    pub fn example_losses(&self, theta: &[f32], out: &mut [f32]) {
        assert_eq!(out.len(), self.batch.len(), "one loss per point");
        run(&self.net, theta, &self.batch, Task::ExampleLosses(out));
    }
}

impl LossSurface for MlpSurface {
    fn dim(&self) -> usize {
        self.net.num_params()
    }

    fn examples(&self) -> usize {
        self.batch.len()
    }

    fn loss(&self, theta: &[f32]) -> f64 {
        run(
            &self.net,
            theta,
            &self.batch,
            Task::Loss {
                bound: f64::INFINITY,
            },
        )
        .0
    }

    fn sum_at_most(&self, theta: &[f32], bound: f64) -> bool {
        let bound = bound / self.batch.len() as f64;
        run(&self.net, theta, &self.batch, Task::Loss { bound }).0 <= bound
    }
}

impl Evaluate for MlpSurface {
    fn evaluate(&self, theta: &[f32]) -> Evaluation {
        let (loss, correct) = run(&self.net, theta, &self.batch, Task::Evaluate);
        Evaluation {
            loss,
            accuracy: correct as f64 / self.batch.len() as f64,
        }
    }
}

impl Predict for MlpSurface {
    fn num_classes(&self) -> usize {
        self.net.num_classes()
    }

    fn probabilities(&self, theta: &[f32], out: &mut [f32]) {
        let (outputs, classes) = (self.net.num_outputs(), self.net.num_classes());
        assert_eq!(out.len(), self.batch.len() * classes, "[examples, classes]");
        let mut logits = vec![0.0; self.batch.len() * outputs];
        run(&self.net, theta, &self.batch, Task::Logits(&mut logits));
        for (row, logits) in out
            .chunks_exact_mut(classes)
            .zip(logits.chunks_exact(outputs))
        {
            match logits {
                [logit] => row.copy_from_slice(&[sigmoid(-logit), sigmoid(*logit)]),
                _ => softmax(logits, row),
            }
        }
    }
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

fn softmax(logits: &[f32], out: &mut [f32]) {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (out, logit) in out.iter_mut().zip(logits) {
        *out = (logit - top).exp();
        sum += *out;
    }
    out.iter_mut().for_each(|p| *p /= sum);
}

impl Differentiable for MlpSurface {
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        assert_eq!(grad.len(), self.dim(), "one derivative per parameter");
        loss_and_grad(&self.net, theta, &self.batch, grad)
    }
}

/// Exact products with the Hessian, forward over reverse. A ReLU's kinks count as flat.
///
/// # Cost
/// About twice a gradient.
///
/// # Reference
/// Pearlmutter 1994.
impl TwiceDifferentiable for MlpSurface {
    fn hvp(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        self.product(Matrix::Hessian, theta, v, out);
    }
}

/// A net without points is already a classifier.
impl Classifier for Architecture {
    fn dim(&self) -> usize {
        self.num_params()
    }

    fn num_features(&self) -> usize {
        Architecture::num_features(self)
    }

    fn num_classes(&self) -> usize {
        Architecture::num_classes(self)
    }

    fn decision(&self, theta: &[f32], points: &[f32], out: &mut [f32]) {
        let outputs = self.num_outputs();
        if outputs == 1 {
            run(self, theta, &unlabelled(self, points), Task::Logits(out));
            return;
        }
        let logits = logits(self, theta, points);
        for (row, out) in logits.chunks_exact(outputs).zip(out) {
            *out = margin(row);
        }
    }

    fn predict(&self, theta: &[f32], points: &[f32], out: &mut [u32]) {
        let outputs = self.num_outputs();
        for (row, out) in logits(self, theta, points).chunks_exact(outputs).zip(out) {
            *out = class(row);
        }
    }

    fn classify(&self, theta: &[f32], points: &[f32], classes: &mut [u32], margins: &mut [f32]) {
        let outputs = self.num_outputs();
        if outputs == 1 {
            self.decision(theta, points, margins);
            for (class, &margin) in classes.iter_mut().zip(&*margins) {
                *class = u32::from(margin > 0.0);
            }
            return;
        }
        let logits = logits(self, theta, points);
        let rows = logits.chunks_exact(outputs);
        for (row, (to, out)) in rows.zip(classes.iter_mut().zip(margins)) {
            *to = class(row);
            *out = margin(row);
        }
    }
}

/// The predicted class of a point with one or more logits.
fn class(logits: &[f32]) -> u32 {
    match logits {
        [logit] => u32::from(*logit > 0.0),
        _ => argmax(logits) as u32,
    }
}

/// The decision margin of a point with two or more logits.
fn margin(logits: &[f32]) -> f32 {
    if let [first, second] = logits {
        return second - first;
    }
    let best = argmax(logits);
    let others = logits.iter().enumerate();
    let second = others
        .filter(|&(class, _)| class != best)
        .map(|(_, &logit)| logit)
        .fold(f32::NEG_INFINITY, f32::max);
    logits[best] - second
}

fn unlabelled(net: &Architecture, points: &[f32]) -> Batch {
    Batch::unlabelled(points, net.num_features())
}

/// Logits of points, row-major `[points, outputs]`.
pub(crate) fn logits(net: &Architecture, theta: &[f32], points: &[f32]) -> Vec<f32> {
    let batch = unlabelled(net, points);
    let mut out = vec![0.0; batch.len() * net.num_outputs()];
    run(net, theta, &batch, Task::Logits(&mut out));
    out
}

/// Index of the largest value; the first of equals.
fn argmax(row: &[f32]) -> usize {
    (1..row.len()).fold(
        0,
        |best, class| if row[class] > row[best] { class } else { best },
    )
}
