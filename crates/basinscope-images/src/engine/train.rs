//! Loss and gradient: forward with every value kept, and back again.

use super::buffer::Buffer;
use super::evaluate::Engine;
use super::outer::WeightGrad;
use super::panel::Panels;
use super::plan::{Norm, Step, Work};
use super::pointwise::{
    Accumulate, Affine, Backward, ChannelSums, Forward, Gate, Moments, NormBack, NormBackInPlace,
    NormBackSums,
};
use super::softmax;
use super::tile::{Convolve, Epilogue, Place};
use crate::graph::Op;
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

/// Parts of a gradient of weights that are summed side by side: so many copies there may be.
const PARTS: usize = 8;

/// A batch of weighted examples with all memory that its passes need.
pub struct Trainer {
    engine: Arc<Engine>,
    pictures: Panels,
    /// Kind of loss and weight of each example.
    weights: Vec<(LossKind, f64)>,
    /// Of each value, its panels.
    values: Vec<Vec<Buffer>>,
    grads: Vec<Vec<Buffer>>,
    /// Buffers of gradients that are free, by length.
    free: Vec<Buffer>,
    /// What the norms of the last pass were, by step.
    moments: Vec<Option<Normed>>,
}

/// What a step does: fills the output of a panel.
type PanelStep<'a> = Box<dyn Fn(usize, &mut [f32]) + Sync + 'a>;

/// Statistics a norm was done with.
struct Normed {
    mean: Vec<f32>,
    rstd: Vec<f32>,
    of_batch: bool,
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

    fn panels(&self) -> usize {
        self.pictures.pictures.len()
    }

    fn value(&self, value: usize, panel: usize) -> &[f32] {
        let buffer = match value {
            0 => &self.pictures.pictures[panel],
            _ => &self.values[value][panel],
        };
        &buffer.values()[..self.len(value)]
    }

    /// Values of a panel.
    fn len(&self, value: usize) -> usize {
        self.engine.graph.shape(value).len() * self.engine.lanes
    }

    /// 1 in lanes with a picture, 0 in those without, on a cache line.
    fn mask(&self, panel: usize) -> Buffer {
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

    /// Writes the gradient of `Σ slopes·logits` (slopes `[examples][classes]`), after
    /// [`Trainer::forward`] at the same θ.
    pub fn backward(&mut self, theta: &[f32], slopes: &[f32], grad: &mut [f32]) {
        let last = self.engine.graph.nodes().len();
        let (classes, lanes) = (self.engine.graph.num_classes(), self.engine.lanes);
        let mut delta = self.blank(self.panels(), classes * lanes);
        for (index, slopes) in slopes.chunks_exact(classes).enumerate() {
            let to = delta[index / lanes].values_mut();
            for (k, &slope) in slopes.iter().enumerate() {
                to[k * lanes + index % lanes] = slope;
            }
        }
        self.grads[last] = delta;
        self.all_back(theta, grad);
    }

    fn all_back(&mut self, theta: &[f32], grad: &mut [f32]) {
        grad.fill(0.0);
        for step in (0..self.engine.training.len()).rev() {
            self.step_back(step, theta, grad);
        }
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

    /// Zeroed buffers of a length, from the free ones where there are any.
    fn blank(&mut self, count: usize, len: usize) -> Vec<Buffer> {
        let mut blank: Vec<Buffer> = (0..count)
            .map(|_| {
                let fits = |buffer: &Buffer| {
                    let found = buffer.values().len();
                    (len..=2 * len).contains(&found)
                };
                match self.free.iter().position(fits) {
                    Some(at) => self.free.swap_remove(at),
                    None => Buffer::zeros(len),
                }
            })
            .collect();
        blank
            .par_iter_mut()
            .for_each(|buffer| buffer.values_mut()[..len].fill(0.0));
        blank
    }

    /// Adds one step's share to the gradient and passes the rest on to its inputs.
    fn step_back(&mut self, at: usize, theta: &[f32], grad: &mut [f32]) {
        let engine = Arc::clone(&self.engine);
        let step = &engine.training[at];
        let mut delta = take(&mut self.grads[step.output]);
        if delta.is_empty() {
            return;
        }
        match step.work {
            Work::Convolve {
                node,
                residual,
                slope,
                ..
            } => {
                self.gate(&mut delta, step.output, slope);
                self.weights_back(node, step.inputs[0], &delta, grad);
                if step.inputs[0] > 0 {
                    self.convolve_back(node, step.inputs[0], &delta, theta);
                }
                match residual {
                    Some(value) if value > 0 => self.hand_over(delta, value),
                    _ => self.free.extend(delta),
                }
            }
            Work::Norm { norm, slope } => {
                let factors = self.norm_sums(at, step, norm, slope, &mut delta, theta, grad);
                self.norm_back(step.inputs[0], delta, &factors);
            }
            Work::Plain(Op::LeakyRelu { slope }) => {
                self.gate(&mut delta, step.output, Some(slope));
                self.hand_over(delta, step.inputs[0]);
            }
            Work::Plain(Op::Add) => {
                let copy = match step.inputs[1] {
                    0 => Vec::new(),
                    _ => delta.clone(),
                };
                self.hand_over(delta, step.inputs[0]);
                self.hand_over(copy, step.inputs[1]);
            }
            Work::Plain(op) => {
                let input = step.inputs[0];
                if input > 0 {
                    let mut to = self.grads_of(input);
                    to.par_iter_mut().enumerate().for_each(|(panel, to)| {
                        Backward {
                            op,
                            grad: delta[panel].values(),
                            x: self.value(input, panel),
                            out: self.value(step.output, panel),
                            shape: engine.graph.shape(input),
                            out_shape: engine.graph.shape(step.output),
                            to: to.values_mut(),
                        }
                        .run(engine.kernel);
                    });
                    self.grads[input] = to;
                }
                self.free.extend(delta);
            }
        }
    }

    /// The gradient of a value so far, zeros before the first share, taken out.
    fn grads_of(&mut self, value: usize) -> Vec<Buffer> {
        let found = take(&mut self.grads[value]);
        match found.is_empty() {
            true => self.blank(self.panels(), self.len(value)),
            false => found,
        }
    }

    /// Gives a whole gradient to a value.
    fn hand_over(&mut self, delta: Vec<Buffer>, value: usize) {
        if value == 0 {
            self.free.extend(delta);
        } else if self.grads[value].is_empty() {
            self.grads[value] = delta;
        } else {
            let len = self.len(value);
            let kernel = self.engine.kernel;
            (self.grads[value].par_iter_mut().zip(&delta)).for_each(|(to, from)| {
                Accumulate {
                    from: &from.values()[..len],
                    to: &mut to.values_mut()[..len],
                }
                .run(kernel);
            });
            self.free.extend(delta);
        }
    }

    fn gate(&self, delta: &mut [Buffer], output: usize, slope: Option<f32>) {
        let Some(slope) = slope else { return };
        let (len, kernel) = (self.len(output), self.engine.kernel);
        delta.par_iter_mut().enumerate().for_each(|(panel, delta)| {
            Gate {
                grad: &mut delta.values_mut()[..len],
                out: self.value(output, panel),
                slope,
            }
            .run(kernel);
        });
    }

    fn weights_back(&self, node: usize, input: usize, delta: &[Buffer], grad: &mut [f32]) {
        let engine = &*self.engine;
        let convolution = engine.convolution(node);
        let range = engine.graph.range(convolution.weight);
        let each = self.panels().div_ceil(PARTS);
        let parts: Vec<Vec<f32>> = (0..self.panels().div_ceil(each))
            .into_par_iter()
            .map(|part| {
                let mut sums = vec![0.0; range.len()];
                let own = delta.iter().enumerate().skip(part * each).take(each);
                for (panel, delta) in own {
                    engine.kernel.dispatch(WeightGrad {
                        convolution,
                        input: self.value(input, panel),
                        delta: delta.values(),
                        grad: &mut sums,
                    });
                }
                sums
            })
            .collect();
        for part in &parts {
            for (grad, &part) in grad[range.clone()].iter_mut().zip(part) {
                *grad += part;
            }
        }
        if let Some(bias) = convolution.bias {
            let channels = convolution.output.channels;
            let len = convolution.output.len() * engine.lanes;
            let sums: Vec<Vec<f64>> = (delta.par_iter())
                .map(|delta| {
                    let x = &delta.values()[..len];
                    ChannelSums { x, channels }.run(engine.kernel)
                })
                .collect();
            for (channel, grad) in grad[engine.graph.range(bias)].iter_mut().enumerate() {
                *grad += sums.iter().map(|sums| sums[channel]).sum::<f64>() as f32;
            }
        }
    }

    fn convolve_back(&mut self, node: usize, input: usize, delta: &[Buffer], theta: &[f32]) {
        let engine = Arc::clone(&self.engine);
        let convolution = engine.convolution(node);
        let packed = convolution.pack_backward(&theta[engine.graph.range(convolution.weight)]);
        let adds = !self.grads[input].is_empty();
        let mut to = self.grads_of(input);
        to.par_iter_mut().zip(delta).for_each(|(to, delta)| {
            let out = Place::of(to.values_mut());
            engine.kernel.dispatch(Convolve {
                gather: &convolution.backward,
                packed: &packed,
                input: delta.values(),
                residual: adds.then_some(out),
                raw: None,
                out: Some(out),
                epilogue: Epilogue::default(),
            });
        });
        self.grads[input] = to;
    }

    /// Gates `delta`, adds the gradients of scale and shift, and returns the factors of
    /// [`NormBack`] for each channel.
    #[allow(clippy::too_many_arguments)] // one step, in two halves
    fn norm_sums(
        &self,
        at: usize,
        step: &Step,
        norm: Norm,
        slope: Option<f32>,
        delta: &mut [Buffer],
        theta: &[f32],
        grad: &mut [f32],
    ) -> Vec<[f32; 3]> {
        let engine = &*self.engine;
        let Some(Normed {
            mean,
            rstd,
            of_batch,
        }) = &self.moments[at]
        else {
            unreachable!("the forward pass came first")
        };
        let (input, len) = (step.inputs[0], self.len(step.output));
        let parts: Vec<Vec<[f64; 2]>> = (delta.par_iter_mut().enumerate())
            .map(|(panel, delta)| {
                NormBackSums {
                    grad: &mut delta.values_mut()[..len],
                    out: self.value(step.output, panel),
                    slope: slope.unwrap_or(1.0),
                    x: self.value(input, panel),
                    mean,
                    rstd,
                }
                .run(engine.kernel)
            })
            .collect();
        let count = (self.pictures.len() * engine.graph.shape(input).area()) as f64;
        let gammas = &theta[engine.graph.range(norm.scale)];
        let (scales, shifts) = (
            engine.graph.range(norm.scale),
            engine.graph.range(norm.shift),
        );
        (0..gammas.len())
            .map(|channel| {
                let [first, second] = sum(&parts, channel);
                grad[scales.start + channel] += second as f32;
                grad[shifts.start + channel] += first as f32;
                let rstd = f64::from(rstd[channel]);
                let a = f64::from(gammas[channel]) * rstd;
                if !of_batch {
                    return [a as f32, 0.0, 0.0];
                }
                let b = -a * rstd * second / count;
                let c = -a * first / count - b * f64::from(mean[channel]);
                [a as f32, b as f32, c as f32]
            })
            .collect()
    }

    fn norm_back(&mut self, input: usize, mut delta: Vec<Buffer>, factors: &[[f32; 3]]) {
        let (len, kernel) = (self.len(input), self.engine.kernel);
        if input == 0 {
            self.free.extend(delta);
        } else if self.grads[input].is_empty() {
            delta.par_iter_mut().enumerate().for_each(|(panel, delta)| {
                NormBackInPlace {
                    grad: &mut delta.values_mut()[..len],
                    x: self.value(input, panel),
                    factors,
                    mask: self.mask(panel).values(),
                }
                .run(kernel);
            });
            self.grads[input] = delta;
        } else {
            let mut to = take(&mut self.grads[input]);
            to.par_iter_mut().enumerate().for_each(|(panel, to)| {
                NormBack {
                    grad: &delta[panel].values()[..len],
                    x: self.value(input, panel),
                    factors,
                    mask: self.mask(panel).values(),
                    adds: true,
                    to: &mut to.values_mut()[..len],
                }
                .run(kernel);
            });
            self.grads[input] = to;
            self.free.extend(delta);
        }
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

fn sum(parts: &[Vec<[f64; 2]>], channel: usize) -> [f64; 2] {
    (parts.iter()).fold([0.0; 2], |sum, part| {
        [0, 1].map(|k| sum[k] + part[channel][k])
    })
}
