//! A training batch: forward with every value kept, and its loss.

use super::buffer::Buffer;
use super::evaluate::Engine;
use super::panel::Panels;
use super::plan::{Norm, Step, Work};
use super::pointwise::{Affine, Forward, Moments};
use super::tile::{Convolve, Epilogue, Place};
use crate::softmax;
use basinscope::data::Dataset;
use basinscope::net::LossKind;
use rayon::prelude::*;
use std::mem::take;
use std::ops::Range;
use std::sync::Arc;

/// Where batch norms take their statistics from.
pub enum Norms<'a> {
    /// From the batch; the running ones move by `momentum` towards them.
    Batch {
        /// Running means and variances.
        running: &'a mut [f32],
        /// Weight of the batch, PyTorch's `momentum`.
        momentum: f32,
    },
    /// These running ones.
    Running(&'a [f32]),
}

/// A batch of weighted examples with all memory that its passes need.
pub struct Trainer {
    pub(super) engine: Arc<Engine>,
    pub(super) pictures: Panels,
    /// Kind of loss and weight of each example.
    weights: Vec<(LossKind, f64)>,
    /// Of each value, its panels.
    pub(super) values: Vec<Vec<Buffer>>,
    pub(super) grads: Vec<Vec<Buffer>>,
    /// Buffers of gradients that are free, by length.
    pub(super) free: Vec<Buffer>,
    /// What the norms of the last pass were, by step.
    pub(super) moments: Vec<Option<Normed>>,
}

/// What a step does: fills the output of a panel.
type PanelStep<'a> = Box<dyn Fn(usize, &mut [f32]) + Sync + 'a>;

/// Statistics a norm was done with.
pub(super) struct Normed {
    pub(super) mean: Vec<f32>,
    pub(super) rstd: Vec<f32>,
    pub(super) of_batch: bool,
}

impl Trainer {
    /// Without examples.
    pub fn new(engine: Arc<Engine>) -> Self {
        let values = engine.graph.nodes().len() + 1;
        Self {
            pictures: Panels::new(engine.graph.input(), engine.lanes),
            weights: Vec::new(),
            values: vec![Vec::new(); values],
            grads: vec![Vec::new(); values],
            free: Vec::new(),
            moments: (0..engine.training.len()).map(|_| None).collect(),
            engine,
        }
    }

    /// Replaces the examples: each part counts with its weight, spread evenly over it.
    pub fn refill(&mut self, parts: &[(&Dataset, LossKind, f64)]) {
        self.pictures.refill(parts.iter().map(|part| part.0));
        self.weights.clear();
        for &(part, kind, weight) in parts {
            let each = (kind, weight / part.len() as f64);
            self.weights.extend(std::iter::repeat_n(each, part.len()));
        }
    }

    /// Replaces the examples by some panels of a surface, each of whose pictures counts with
    /// `weight` in its cross-entropy.
    pub(crate) fn refill_from(&mut self, from: &Panels, panels: Range<usize>, weight: f64) {
        self.pictures.copy(from, panels);
        self.weights.clear();
        let each = (LossKind::CrossEntropy, weight);
        self.weights.resize(self.pictures.len(), each);
    }

    pub(super) fn panels(&self) -> usize {
        self.pictures.pictures.len()
    }

    pub(super) fn value(&self, value: usize, panel: usize) -> &[f32] {
        let buffer = match value {
            0 => &self.pictures.pictures[panel],
            _ => &self.values[value][panel],
        };
        &buffer.values()[..self.len(value)]
    }

    /// Values of a panel.
    pub(super) fn len(&self, value: usize) -> usize {
        self.engine.graph.shape(value).len() * self.engine.lanes
    }

    /// 1 in lanes with a picture, 0 in those without, on a cache line.
    pub(super) fn mask(&self, panel: usize) -> Buffer {
        let mut mask = Buffer::zeros(self.engine.lanes);
        mask.values_mut()[..self.pictures.used(panel)].fill(1.0);
        mask
    }

    /// Weighted loss at θ; writes its gradient.
    pub fn loss_and_grad(&mut self, theta: &[f32], norms: Norms<'_>, grad: &mut [f32]) -> f64 {
        self.forward(theta, norms);
        let loss = self.losses();
        self.all_back(theta, grad);
        loss
    }

    /// Runs the batch and keeps its values.
    pub fn forward(&mut self, theta: &[f32], mut norms: Norms<'_>) {
        for at in 0..self.engine.training.len() {
            let engine = Arc::clone(&self.engine);
            let step = &engine.training[at];
            let len = self.len(step.output);
            let mut out = take(&mut self.values[step.output]);
            if out.len() < self.panels() {
                out.resize_with(self.panels(), Buffer::default);
            }
            if let Work::Norm { norm, .. } = step.work {
                let normed = self.normed(norm, step.inputs[0], &mut norms);
                self.moments[at] = Some(normed);
            }
            let run = self.forward_step(at, step, theta);
            (out.par_iter_mut().enumerate().take(self.panels())).for_each(|(panel, out)| {
                out.reserve(len);
                run(panel, &mut out.values_mut()[..len]);
            });
            drop(run);
            self.values[step.output] = out;
        }
    }

    /// What a step does to a panel.
    fn forward_step<'a>(&'a self, at: usize, step: &'a Step, theta: &'a [f32]) -> PanelStep<'a> {
        let engine = &*self.engine;
        let kernel = engine.kernel;
        let input = step.inputs[0];
        match step.work {
            Work::Convolve {
                node,
                residual,
                slope,
                ..
            } => {
                let convolution = engine.convolution(node);
                let mut packed =
                    convolution.pack(&theta[engine.graph.range(convolution.weight)], |_| 1.0);
                if let Some(bias) = convolution.bias {
                    let bias = &theta[engine.graph.range(bias)];
                    packed.bias[..bias.len()].copy_from_slice(bias);
                }
                Box::new(move |panel, out| {
                    let residual = residual.map(|value| Place::reading(self.value(value, panel)));
                    kernel.dispatch(Convolve {
                        gather: &convolution.forward,
                        packed: &packed,
                        input: self.value(input, panel),
                        also: None,
                        residual,
                        raw: None,
                        out: Some(Place::of(out)),
                        epilogue: Epilogue {
                            affine: None,
                            slope,
                        },
                    });
                })
            }
            Work::Norm { norm, slope } => {
                let (gammas, betas) = (
                    &theta[engine.graph.range(norm.scale)],
                    &theta[engine.graph.range(norm.shift)],
                );
                let Some(Normed { mean, rstd, .. }) = &self.moments[at] else {
                    unreachable!("a norm's statistics come first")
                };
                let scale: Vec<f32> = gammas.iter().zip(rstd).map(|(g, r)| g * r).collect();
                let shift: Vec<f32> = (betas.iter().zip(mean).zip(&scale))
                    .map(|((b, m), s)| b - m * s)
                    .collect();
                Box::new(move |panel, out| {
                    Affine {
                        x: self.value(input, panel),
                        scale: &scale,
                        shift: &shift,
                        slope: slope.unwrap_or(1.0),
                        out,
                    }
                    .run(kernel);
                })
            }
            Work::Plain(op) => Box::new(move |panel, out| {
                let x = self.value(input, panel);
                let other = step.inputs.get(1);
                Forward {
                    op,
                    inputs: [x, other.map_or(x, |&value| self.value(value, panel))],
                    shape: engine.graph.shape(input),
                    out_shape: engine.graph.shape(step.output),
                    out,
                }
                .run(kernel);
            }),
        }
    }

    /// The statistics a norm is done with; running ones are moved.
    fn normed(&self, norm: Norm, input: usize, norms: &mut Norms<'_>) -> Normed {
        let engine = &*self.engine;
        let [means, variances] = engine.graph.running(norm.running);
        let rstd = |variance: f64| (1.0 / (variance + f64::from(norm.epsilon)).sqrt()) as f32;
        let (running, momentum) = match norms {
            Norms::Running(running) => {
                return Normed {
                    mean: running[means].to_vec(),
                    rstd: running[variances].iter().map(|&v| rstd(v.into())).collect(),
                    of_batch: false,
                };
            }
            Norms::Batch { running, momentum } => (running, f64::from(*momentum)),
        };
        // Sums around the running mean: small numbers, so that their squares lose nothing.
        let origin = running[means.clone()].to_vec();
        let parts: Vec<Vec<[f64; 2]>> = (0..self.panels())
            .into_par_iter()
            .map(|panel| {
                Moments {
                    x: self.value(input, panel),
                    origin: &origin,
                    mask: self.mask(panel).values(),
                }
                .run(engine.kernel)
            })
            .collect();
        let count = (self.pictures.len() * engine.graph.shape(input).area()) as f64;
        let mut normed = Normed {
            mean: Vec::new(),
            rstd: Vec::new(),
            of_batch: true,
        };
        for channel in 0..origin.len() {
            let [first, second] = sum(&parts, channel).map(|sum| sum / count);
            let mean = f64::from(origin[channel]) + first;
            let variance = (second - first * first).max(0.0);
            normed.mean.push(mean as f32);
            normed.rstd.push(rstd(variance));
            let unbiased = variance * count / (count - 1.0).max(1.0);
            for (at, now) in [(means.start, mean), (variances.start, unbiased)] {
                let old = &mut running[at + channel];
                *old = ((1.0 - momentum) * f64::from(*old) + momentum * now) as f32;
            }
        }
        normed
    }

    /// The batch's weighted loss; the gradient of its logits is left behind.
    fn losses(&mut self) -> f64 {
        let last = self.engine.graph.nodes().len();
        let (classes, lanes) = (self.engine.graph.num_classes(), self.engine.lanes);
        let mut out = self.blank(self.panels(), classes * lanes);
        let sums: Vec<f64> = (out.par_iter_mut().enumerate())
            .map(|(panel, grad)| {
                let logits = self.value(last, panel);
                let weights = &self.weights[panel * lanes..];
                let mut sum = 0.0;
                let mut slopes = vec![0.0; classes];
                for (lane, &label) in self.pictures.labels_of(panel).iter().enumerate() {
                    let of: Vec<f32> = (0..classes).map(|k| logits[k * lanes + lane]).collect();
                    let (kind, weight) = weights[lane];
                    sum += weight * softmax::loss(&of, label as usize, kind, Some(&mut slopes));
                    for (k, slope) in slopes.iter().enumerate() {
                        grad.values_mut()[k * lanes + lane] = (weight * slope) as f32;
                    }
                }
                sum
            })
            .collect();
        self.grads[last] = out;
        sums.iter().sum()
    }

    /// Logits of the last pass, `[examples][classes]`.
    pub fn logits(&self) -> Vec<f32> {
        let last = self.engine.graph.nodes().len();
        let (classes, lanes) = (self.engine.graph.num_classes(), self.engine.lanes);
        (0..self.pictures.len())
            .flat_map(|index| {
                let logits = self.value(last, index / lanes);
                (0..classes).map(move |k| logits[k * lanes + index % lanes])
            })
            .collect()
    }
}

/// Sums of a channel over all panels.
pub(super) fn sum(parts: &[Vec<[f64; 2]>], channel: usize) -> [f64; 2] {
    (parts.iter()).fold([0.0; 2], |sum, part| {
        [0, 1].map(|k| sum[k] + part[channel][k])
    })
}
