//! From the gradient of the logits back to that of θ.

use super::buffer::Buffer;
use super::outer::WeightGrad;
use super::plan::{Norm, Step, Work};
use super::pointwise::{
    Accumulate, Backward, ChannelSums, Gate, NormBack, NormBackInPlace, NormBackSums,
};
use super::tile::{Convolve, Epilogue, Place};
use super::train::{Normed, Trainer, sum};
use crate::graph::Op;
use rayon::prelude::*;
use std::mem::take;
use std::sync::Arc;

/// Parts of a gradient of weights that are summed side by side: so many copies there may be.
const PARTS: usize = 8;

impl Trainer {
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

    pub(super) fn all_back(&mut self, theta: &[f32], grad: &mut [f32]) {
        grad.fill(0.0);
        for step in (0..self.engine.training.len()).rev() {
            self.step_back(step, theta, grad);
        }
    }

    /// Zeroed buffers of a length, from the free ones where there are any.
    pub(super) fn blank(&mut self, count: usize, len: usize) -> Vec<Buffer> {
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
                        also: None,
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
                also: None,
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
}
