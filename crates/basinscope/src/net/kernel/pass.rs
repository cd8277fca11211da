//! Forward and backward passes over the blocks of a batch.

use super::batch::{BLOCK, Batch, Buffer};
use super::curvature::{self, Matrix, Tangents};
use super::{loss, tile};
use crate::net::Architecture;
use pulp::{Arch, Simd, WithSimd};
use tile::Epilogue;

/// Which instructions to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Backend {
    /// The widest registers this processor has.
    #[default]
    Best,
    /// Plain scalar code, for comparison.
    #[cfg_attr(not(test), allow(dead_code))]
    Portable,
}

/// Buffers for one thread: activations of a block at every layer, derivatives, losses.
#[derive(Default)]
pub(crate) struct Workspace {
    activations: Buffer,
    deltas: [Buffer; 2],
    transposed: Buffer,
    losses: Buffer,
    tangents: Tangents,
}

/// What a pass is to produce.
pub(crate) enum Task<'a> {
    /// Weighted loss; gives up once the running sum exceeds the bound.
    Loss { bound: f64 },
    /// Weighted loss and the number of points classified correctly.
    Evaluate,
    /// Weighted loss; the gradient is written.
    Gradient(&'a mut [f32]),
    /// Weighted loss; the product of a matrix with `v` is written.
    Product {
        matrix: Matrix,
        v: &'a [f32],
        out: &'a mut [f32],
    },
    /// Each example's unweighted loss is written.
    ExampleLosses(&'a mut [f32]),
    /// Logits are written, row-major `[points, outputs]`.
    Logits(&'a mut [f32]),
    /// How many points are classified correctly before the first that is not; no losses.
    RightInARow,
}

/// The outcome of a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) loss: f64,
    pub(crate) correct: usize,
}

impl Workspace {
    /// Runs one pass of `net` at `theta` over `batch`.
    pub(crate) fn run(
        &mut self,
        backend: Backend,
        net: &Architecture,
        theta: &[f32],
        batch: &Batch,
        task: Task<'_>,
    ) -> Outcome {
        assert_eq!(
            theta.len(),
            net.num_params(),
            "θ has one value per parameter"
        );
        self.fit(net, &task);
        let pass = Pass {
            workspace: self,
            net,
            theta,
            batch,
            task,
        };
        match backend {
            Backend::Best => arch().dispatch(pass),
            Backend::Portable => Arch::Scalar.dispatch(pass),
        }
    }

    fn fit(&mut self, net: &Architecture, task: &Task<'_>) {
        let units: usize = net.widths()[1..].iter().sum();
        let widest = net.widths().iter().copied().max().unwrap_or(1);
        let largest = net
            .widths()
            .windows(2)
            .map(|pair| pair[0] * pair[1])
            .max()
            .unwrap_or(1);
        self.activations.grow(units * BLOCK);
        for deltas in &mut self.deltas {
            deltas.grow(widest * BLOCK);
        }
        self.transposed.grow(largest);
        self.losses.grow(BLOCK);
        if matches!(task, Task::Product { .. }) {
            self.tangents.grow(units * BLOCK, widest * BLOCK);
        }
    }
}

/// The processor's instruction set, looked up once.
fn arch() -> Arch {
    static ARCH: std::sync::OnceLock<Arch> = std::sync::OnceLock::new();
    *ARCH.get_or_init(Arch::new)
}

struct Pass<'a> {
    workspace: &'a mut Workspace,
    net: &'a Architecture,
    theta: &'a [f32],
    batch: &'a Batch,
    task: Task<'a>,
}

impl WithSimd for Pass<'_> {
    type Output = Outcome;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Outcome {
        let classes = self.net.num_outputs();
        if let Task::Gradient(grad) | Task::Product { out: grad, .. } = &mut self.task {
            grad.fill(0.0);
        }
        let batch = self.batch;
        let mut outcome = Outcome::default();
        for (start, width, inputs) in batch.blocks() {
            let logits_at = self.forward(simd, inputs, width);
            let points = width.min(batch.len() - start);
            let Workspace {
                activations,
                deltas,
                losses,
                ..
            } = &mut *self.workspace;
            let logits = &activations.as_slice()[logits_at..logits_at + classes * width];
            if matches!(self.task, Task::RightInARow) {
                let labels = &batch.labels[start..start + points];
                let right = count_right_in_a_row(logits, width, classes, labels);
                outcome.correct += right;
                if right < points {
                    return outcome;
                }
                continue;
            }
            let losses = &mut losses.as_mut_slice()[..width];
            let wants_grad = matches!(self.task, Task::Gradient(_) | Task::Product { .. });
            if classes == 1 {
                loss::binary_losses(batch, start, logits, losses);
                if wants_grad {
                    loss::binary_deltas(batch, start, logits, deltas[0].as_mut_slice());
                }
            } else {
                let deltas = wants_grad.then(|| deltas[0].as_mut_slice());
                loss::softmax(batch, start, logits, classes, losses, deltas);
            }
            outcome.loss += loss::weighted_sum(losses, &batch.weights[start..start + width]);
            match &mut self.task {
                Task::Loss { bound } => {
                    if outcome.loss > *bound {
                        return outcome;
                    }
                }
                Task::Evaluate => {
                    let labels = &batch.labels[start..start + points];
                    outcome.correct += count_correct(logits, width, classes, labels);
                }
                Task::Gradient(_) => self.backward(simd, inputs, width),
                Task::Product { .. } => self.product(simd, start, inputs, width, logits_at),
                Task::ExampleLosses(out) => {
                    out[start..start + points].copy_from_slice(&losses[..points]);
                }
                Task::Logits(out) => {
                    for i in 0..points {
                        for class in 0..classes {
                            out[(start + i) * classes + class] = logits[class * width + i];
                        }
                    }
                }
                Task::RightInARow => unreachable!("answered above, before any loss"),
            }
        }
        outcome
    }
}

/// The predicted class of one point from its logits: ties go to the lower class.
fn predicted(logits: &[f32], width: usize, classes: usize, i: usize) -> u32 {
    if classes == 1 {
        return u32::from(logits[i] > 0.0);
    }
    let mut best = 0;
    for class in 1..classes {
        if logits[class * width + i] > logits[best * width + i] {
            best = class;
        }
    }
    best as u32
}

fn count_correct(logits: &[f32], width: usize, classes: usize, labels: &[u32]) -> usize {
    labels
        .iter()
        .enumerate()
        .filter(|&(i, &label)| predicted(logits, width, classes, i) == label)
        .count()
}

fn count_right_in_a_row(logits: &[f32], width: usize, classes: usize, labels: &[u32]) -> usize {
    let right = |&(i, &label): &(usize, &u32)| predicted(logits, width, classes, i) == label;
    labels.iter().enumerate().take_while(right).count()
}

impl Pass<'_> {
    /// Activations of every layer for one block; returns where the logits begin.
    #[inline(always)]
    fn forward<S: Simd>(&mut self, simd: S, inputs: &[f32], width: usize) -> usize {
        let widths = self.net.widths();
        let activations = self.workspace.activations.as_mut_slice();
        let (mut offset, mut from, mut at) = (0, 0, 0);
        for layer in 0..widths.len() - 1 {
            let (fan_in, fan_out) = (widths[layer], widths[layer + 1]);
            let weights = &self.theta[offset..offset + fan_in * fan_out];
            offset += weights.len();
            let bias = &self.theta[offset..offset + fan_out];
            offset += fan_out;
            let (before, out) = activations.split_at_mut(at);
            let input = if layer == 0 { inputs } else { &before[from..] };
            let epilogue = if layer + 2 == widths.len() {
                Epilogue::Linear
            } else {
                Epilogue::Activate(self.net.activation())
            };
            tile::layer(simd, weights, bias, input, out, width, fan_out, epilogue);
            from = at;
            at += fan_out * width;
        }
        from
    }

    /// Adds the product with v of one block, whose logit derivatives lie in `deltas[0]`.
    #[inline(always)]
    fn product<S: Simd>(
        &mut self,
        simd: S,
        start: usize,
        inputs: &[f32],
        width: usize,
        logits_at: usize,
    ) {
        let Task::Product { matrix, v, out } = &mut self.task else {
            return;
        };
        let classes = self.net.num_outputs();
        let Workspace {
            activations,
            deltas,
            transposed,
            tangents,
            ..
        } = &mut *self.workspace;
        let activations = activations.as_slice();
        let (net, theta) = (self.net, self.theta);
        curvature::forward(simd, net, theta, v, inputs, activations, tangents, width);
        let span = logits_at..logits_at + classes * width;
        let logits = &activations[span.clone()];
        let tangent = &tangents.activations.as_slice()[span];
        let dots = tangents.deltas[0].as_mut_slice();
        if classes == 1 {
            loss::binary_delta_tangents(self.batch, start, logits, tangent, dots);
        } else {
            loss::softmax_delta_tangents(self.batch, start, logits, tangent, classes, dots);
        }
        curvature::backward(
            simd,
            *matrix,
            net,
            theta,
            v,
            inputs,
            activations,
            deltas,
            tangents,
            transposed,
            width,
            out,
        );
    }

    /// Adds the gradient of one block, whose logit derivatives lie in `deltas[0]`.
    #[inline(always)]
    fn backward<S: Simd>(&mut self, simd: S, inputs: &[f32], width: usize) {
        let Task::Gradient(grad) = &mut self.task else {
            return;
        };
        let widths = self.net.widths();
        let Workspace {
            activations,
            deltas,
            transposed,
            ..
        } = &mut *self.workspace;
        let activations = activations.as_slice();
        let [delta, next] = deltas;
        let (mut delta, mut next) = (delta, next);
        let mut offset = self.theta.len();
        let mut at: usize = widths[1..].iter().map(|&units| units * width).sum();
        for layer in (0..widths.len() - 1).rev() {
            let (fan_in, fan_out) = (widths[layer], widths[layer + 1]);
            at -= fan_out * width;
            offset -= (fan_in + 1) * fan_out;
            let (grad_weights, grad_bias) =
                grad[offset..offset + (fan_in + 1) * fan_out].split_at_mut(fan_in * fan_out);
            let input = match layer {
                0 => inputs,
                _ => &activations[at - fan_in * width..at],
            };
            let d = &delta.as_slice()[..fan_out * width];
            tile::outer(simd, d, input, grad_weights, width, fan_out);
            tile::row_sums(simd, d, grad_bias, width);
            if layer > 0 {
                let weights = &self.theta[offset..offset + fan_in * fan_out];
                let transposed = &mut transposed.as_mut_slice()[..fan_in * fan_out];
                for (o, row) in weights.chunks_exact(fan_in).enumerate() {
                    for (i, &weight) in row.iter().enumerate() {
                        transposed[i * fan_out + o] = weight;
                    }
                }
                let gate = Epilogue::Gate(self.net.activation(), input);
                tile::layer(
                    simd,
                    transposed,
                    &[],
                    d,
                    next.as_mut_slice(),
                    width,
                    fan_in,
                    gate,
                );
                std::mem::swap(&mut delta, &mut next);
            }
        }
    }
}
