//! The loss surface and the training batch of a net on one of Burn's devices.

use super::{BurnNet, Mode, Pictures, Target};
use crate::{ImageSurface, softmax};
use basinscope::data::Dataset;
use basinscope::net::{LossKind, NetSurface, TrainingBatch};
use basinscope::surface::{
    Differentiable, Evaluate, Evaluation, LossSurface, Predict, SymmetricOperator,
    TwiceDifferentiable,
};
use basinscope::{Error, Result};
use std::sync::Arc;

/// A loss surface on a device; the pictures stay there. What Burn does not offer (products with
/// the Gauss–Newton matrix) is done on the processor.
///
/// # Panics
/// All of its questions, with an [`Error`] as payload, where the device fails under way.
pub struct BurnSurface {
    net: BurnNet,
    buffers: Vec<f32>,
    pictures: Pictures,
    labels: Arc<[u8]>,
    processor: ImageSurface,
}

impl BurnSurface {
    /// Binds a net and running statistics to pictures.
    ///
    /// # Errors
    /// [`Error::Setting`] for more than 256 classes, or where the device has no room.
    pub fn new(
        net: BurnNet,
        buffers: &[f32],
        points: &Dataset,
        processor: ImageSurface,
    ) -> Result<Self> {
        Ok(Self {
            pictures: net.pictures(points.inputs())?,
            labels: labels(points)?.into(),
            buffers: buffers.to_vec(),
            net,
            processor,
        })
    }

    fn logits(&self, theta: &[f32]) -> Vec<f32> {
        let at = self.net.place(theta, &self.buffers);
        working(at.and_then(|at| self.net.logits(&at, &self.pictures)))
    }

    fn rows(&self, logits: &[f32]) -> Vec<(f64, bool)> {
        (logits
            .chunks_exact(self.num_classes())
            .zip(&self.labels[..]))
        .map(|(row, &label)| {
            let label = usize::from(label);
            (
                softmax::cross_entropy(row, label),
                softmax::class(row) == label,
            )
        })
        .collect()
    }
}

/// One byte a label, as Burn's batches hold them.
fn labels(points: &Dataset) -> Result<Vec<u8>> {
    (points.labels().iter())
        .map(|&label| {
            u8::try_from(label).map_err(|_| Error::setting("label", "a class below 256", label))
        })
        .collect()
}

/// What a device gave, where it did not fail; its error is thrown.
fn working<T>(found: Result<T>) -> T {
    found.unwrap_or_else(|error| std::panic::panic_any(error))
}

impl LossSurface for BurnSurface {
    fn dim(&self) -> usize {
        self.net.graph().layout().num_params()
    }

    fn examples(&self) -> usize {
        self.labels.len()
    }

    fn loss(&self, theta: &[f32]) -> f64 {
        self.evaluate(theta).loss
    }

    /// One θ after the other: a device is busy with one.
    fn losses(&self, thetas: &[f32], out: &mut [f64]) {
        assert_eq!(
            thetas.len(),
            out.len() * self.dim(),
            "one row of dim() values per loss"
        );
        for (theta, loss) in thetas.chunks_exact(self.dim()).zip(out) {
            *loss = self.loss(theta);
        }
    }
}

impl Evaluate for BurnSurface {
    fn evaluate(&self, theta: &[f32]) -> Evaluation {
        let rows = self.rows(&self.logits(theta));
        let count = rows.len() as f64;
        Evaluation {
            loss: rows.iter().map(|row| row.0).sum::<f64>() / count,
            accuracy: rows.iter().filter(|row| row.1).count() as f64 / count,
        }
    }
}

impl Predict for BurnSurface {
    fn num_classes(&self) -> usize {
        self.net.graph().num_classes()
    }

    fn probabilities(&self, theta: &[f32], out: &mut [f32]) {
        out.copy_from_slice(&self.logits(theta));
        softmax::probabilities(out, self.num_classes());
    }
}

impl Differentiable for BurnSurface {
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        let targets = Target::mean(&self.labels);
        let step = self
            .net
            .step(theta, &self.buffers, &self.pictures, &targets, Mode::Eval);
        let step = working(step);
        grad.copy_from_slice(&step.grad);
        step.loss
    }
}

impl TwiceDifferentiable for BurnSurface {
    /// On the processor, exact.
    fn hvp(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        self.processor.hvp(theta, v, out);
    }

    fn hessian_at<'a>(&'a self, theta: &'a [f32]) -> Box<dyn SymmetricOperator + 'a> {
        self.processor.hessian_at(theta)
    }
}

impl NetSurface for BurnSurface {
    /// On the processor, exact.
    fn gauss_newton_product(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        self.processor.gauss_newton_product(theta, v, out);
    }

    fn gauss_newton_at<'a>(&'a self, theta: &'a [f32]) -> Box<dyn SymmetricOperator + 'a> {
        self.processor.gauss_newton_at(theta)
    }

    fn example_losses(&self, theta: &[f32], out: &mut [f32]) {
        for (out, (loss, _)) in out.iter_mut().zip(self.rows(&self.logits(theta))) {
            *out = loss as f32;
        }
    }

    fn with_buffers(&self, buffers: &[f32]) -> Option<Box<dyn NetSurface>> {
        (buffers.len() == self.buffers.len()).then(|| {
            Box::new(Self {
                net: self.net.clone(),
                buffers: buffers.to_vec(),
                pictures: self.pictures.clone(),
                labels: Arc::clone(&self.labels),
                processor: self.processor.sharing(buffers),
            }) as Box<dyn NetSurface>
        })
    }
}

/// A training batch on a device.
pub struct BurnBatch {
    net: BurnNet,
    pictures: Vec<f32>,
    targets: Vec<Target>,
}

impl BurnBatch {
    /// Without examples.
    pub fn new(net: BurnNet) -> Self {
        Self {
            net,
            pictures: Vec::new(),
            targets: Vec::new(),
        }
    }
}

impl TrainingBatch for BurnBatch {
    fn refill(&mut self, parts: &[(&Dataset, LossKind, f64)]) {
        self.pictures.clear();
        self.targets.clear();
        for &(part, kind, weight) in parts {
            self.pictures.extend_from_slice(part.inputs());
            let weight = weight / part.len() as f64;
            self.targets
                .extend(working(labels(part)).into_iter().map(|label| Target {
                    label,
                    weight,
                    kind,
                }));
        }
    }

    fn loss_and_grad(&mut self, theta: &[f32], buffers: &mut [f32], grad: &mut [f32]) -> f64 {
        let (pictures, targets) = (&self.pictures, &self.targets);
        let step = self
            .net
            .loss_and_grad(theta, buffers, pictures, targets, Mode::Train);
        let step = working(step);
        grad.copy_from_slice(&step.grad);
        buffers.copy_from_slice(&step.buffers);
        step.loss
    }
}
