//! One pass over the panels of a batch: forward, then whatever the task asks of the logits.

use super::batch::{Batch, Buffer, PANEL, Panel, Part};
use super::curvature::{Matrix, Tangents};
use super::gradient::room;
use super::layer::Layer;
use super::tile::{Rows, RowsMut};
use super::{loss, predict};
use crate::net::Architecture;
use crate::simd::Kernel;
use pulp::{Simd, WithSimd};

/// Buffers for one thread.
#[derive(Default)]
pub(crate) struct Workspace {
    /// Rows of a group of panels: the points', then those of each layer. Where no derivative is
    /// asked, two layers of one panel.
    pub(super) activations: Buffer,
    /// Rows of one layer; the logits' on entry of the backward pass.
    pub(super) deltas: [Buffer; 2],
    /// Logits of a panel, `[outputs][width]`, and derivatives at them.
    pub(super) logits: Buffer,
    pub(super) logit_deltas: Buffer,
    /// Losses of a panel.
    pub(super) losses: Buffer,
    pub(super) tangents: Tangents,
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
        kernel: Kernel,
        net: &Architecture,
        theta: &[f32],
        batch: &Batch,
        task: Task<'_>,
    ) -> Outcome {
        self.run_part(kernel, net, theta, batch, Part::WHOLE, task)
    }

    /// The same over a part of the batch.
    pub(crate) fn run_part(
        &mut self,
        kernel: Kernel,
        net: &Architecture,
        theta: &[f32],
        batch: &Batch,
        part: Part,
        task: Task<'_>,
    ) -> Outcome {
        assert_eq!(
            theta.len(),
            net.num_params(),
            "θ has one value per parameter"
        );
        self.fit(net, &task);
        kernel.dispatch(Pass {
            workspace: self,
            net,
            theta,
            batch,
            part,
            task,
        })
    }

    fn fit(&mut self, net: &Architecture, task: &Task<'_>) {
        let widest = net.widths().iter().copied().max().unwrap_or(1);
        self.losses.grow(PANEL);
        if !task.is_derivative() {
            self.activations.grow(2 * widest * PANEL);
            return;
        }
        self.activations.grow(room(net.widths().iter().sum()));
        for deltas in &mut self.deltas {
            deltas.grow(room(widest));
        }
        self.logits.grow(net.num_outputs() * PANEL);
        self.logit_deltas.grow(net.num_outputs() * PANEL);
        if matches!(task, Task::Product { .. }) {
            self.tangents.grow(net);
        }
    }
}

impl Task<'_> {
    fn is_derivative(&self) -> bool {
        matches!(self, Self::Gradient(_) | Self::Product { .. })
    }
}

pub(super) struct Pass<'a> {
    pub(super) workspace: &'a mut Workspace,
    pub(super) net: &'a Architecture,
    pub(super) theta: &'a [f32],
    pub(super) batch: &'a Batch,
    pub(super) part: Part,
    pub(super) task: Task<'a>,
}

impl WithSimd for Pass<'_> {
    type Output = Outcome;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Outcome {
        if self.task.is_derivative() {
            self.differentiate(simd)
        } else {
            self.evaluate(simd)
        }
    }
}

impl Pass<'_> {
    /// The tasks that need no more than the logits.
    #[inline(always)]
    fn evaluate<S: Simd>(mut self, simd: S) -> Outcome {
        let classes = self.net.num_outputs();
        let widest = self.net.widths().iter().copied().max().unwrap_or(1);
        let mut outcome = Outcome::default();
        for panel in self.batch.panels(self.part) {
            let Panel { start, width, .. } = panel;
            let activations = self.workspace.activations.as_mut_slice();
            let (even, odd) = activations.split_at_mut(widest * PANEL);
            let (mut from, mut to) = (even, odd);
            for layer in Layer::forwards(self.net) {
                let values = match layer.index {
                    0 => panel.inputs,
                    _ => &*from,
                };
                let input = Rows {
                    values,
                    stride: width,
                };
                let out = RowsMut {
                    values: &mut *to,
                    stride: width,
                };
                layer.activate(simd, self.net, self.theta, input, out, width);
                std::mem::swap(&mut from, &mut to);
            }
            let logits = &from[..classes * width];
            let points = width.min(self.batch.len() - start);
            let labels = || &self.batch.labels[start..start + points];
            match &mut self.task {
                Task::RightInARow => {
                    let right = predict::count_right_in_a_row(logits, width, classes, labels());
                    outcome.correct += right;
                    if right < points {
                        return outcome;
                    }
                    continue;
                }
                Task::Logits(out) if classes == 1 => {
                    out[start..start + points].copy_from_slice(&logits[..points]);
                    continue;
                }
                Task::Logits(out) => {
                    for i in 0..points {
                        for class in 0..classes {
                            out[(start + i) * classes + class] = logits[class * width + i];
                        }
                    }
                    continue;
                }
                _ => {}
            }
            let losses = &mut self.workspace.losses.as_mut_slice()[..width];
            loss::losses(self.batch, start, logits, classes, losses, None);
            outcome.loss += loss::weighted_sum(losses, &self.batch.weights[start..start + width]);
            match &mut self.task {
                Task::Loss { bound } if outcome.loss > *bound => return outcome,
                Task::Evaluate => {
                    outcome.correct += predict::count_correct(logits, width, classes, labels());
                }
                Task::ExampleLosses(out) => {
                    out[start..start + points].copy_from_slice(&losses[..points]);
                }
                _ => {}
            }
        }
        outcome
    }
}
