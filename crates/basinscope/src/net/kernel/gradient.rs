//! Gradients and products with curvature matrices: panels forward one by one, backward together.

use super::batch::{Batch, CHUNK, PANEL, Panel};
use super::curvature;
use super::layer::Layer;
use super::loss;
use super::outer::{Outer, Pair, row_sums};
use super::pass::{Outcome, Pass, Task, Workspace};
use super::tile::{Epilogue, Rows, RowsMut, Term};
use crate::net::Architecture;
use pulp::Simd;

/// Panels whose gradient is summed together: enough for sums over points to be long, few enough
/// for all their activations to stay in the second-level cache.
const GROUP: usize = 4;

/// Values that the rows of a group of panels take, for so many rows.
pub(super) fn room(rows: usize) -> usize {
    rows * stride(GROUP * PANEL)
}

/// From one row of a group to the next: a cache line more than its points, or else rows would
/// lie a power of two apart and compete for the same few places of the cache.
fn stride(width: usize) -> usize {
    width + CHUNK
}

/// Successive panels, and the rows in which their points lie side by side.
pub(super) struct Group<'a> {
    panels: [Panel<'a>; GROUP],
    len: usize,
    /// Points of all panels.
    pub(super) width: usize,
    /// From one row to the next.
    pub(super) stride: usize,
}

impl<'a> Group<'a> {
    fn next(panels: &mut impl Iterator<Item = Panel<'a>>) -> Option<Self> {
        let mut group = Self {
            panels: [Panel::default(); GROUP],
            len: 0,
            width: 0,
            stride: 0,
        };
        for panel in panels.take(GROUP) {
            group.panels[group.len] = panel;
            group.len += 1;
            group.width += panel.width;
        }
        group.stride = stride(group.width);
        (group.len > 0).then_some(group)
    }

    /// The panels, each with where its points begin in a row.
    pub(super) fn panels(&self) -> impl Iterator<Item = (usize, Panel<'a>)> {
        let first = self.panels[0].start;
        let panels = self.panels.into_iter().take(self.len);
        panels.map(move |panel| (panel.start - first, panel))
    }

    /// The rows of a buffer from one point on, to be written.
    pub(super) fn rows_mut<'b>(&self, buffer: &'b mut [f32], column: usize) -> RowsMut<'b> {
        RowsMut {
            values: &mut buffer[column..],
            stride: self.stride,
        }
    }

    /// The rows of a buffer from one row and point on.
    pub(super) fn rows<'b>(&self, buffer: &'b [f32], row: usize, column: usize) -> Rows<'b> {
        Rows {
            values: &buffer[row * self.stride + column..],
            stride: self.stride,
        }
    }
}

/// Rows of the logits, the last ones.
fn logits_row(net: &Architecture) -> usize {
    net.widths().iter().sum::<usize>() - net.num_outputs()
}

/// Copies rows of a panel out of a group, one after another.
pub(super) fn gather(rows: Rows<'_>, width: usize, out: &mut [f32]) {
    for (index, out) in out.chunks_exact_mut(width).enumerate() {
        out.copy_from_slice(rows.row(index, width));
    }
}

/// Copies rows of a panel into a group.
pub(super) fn scatter(rows: &[f32], width: usize, out: &mut [f32], stride: usize) {
    for (row, out) in rows.chunks_exact(width).zip(out.chunks_mut(stride)) {
        out[..width].copy_from_slice(row);
    }
}

impl Pass<'_> {
    /// The tasks that run backward through the net.
    #[inline(always)]
    pub(super) fn differentiate<S: Simd>(mut self, simd: S) -> Outcome {
        if let Task::Gradient(out) | Task::Product { out, .. } = &mut self.task {
            out.fill(0.0);
        }
        let batch: &Batch = self.batch;
        let mut loss = 0.0;
        let mut panels = batch.panels(self.part);
        while let Some(group) = Group::next(&mut panels) {
            for (column, panel) in group.panels() {
                loss += self.forward(simd, &group, column, panel);
            }
            match &self.task {
                Task::Product { .. } => curvature::backward(simd, &mut self, &group),
                _ => self.backward(simd, &group),
            }
        }
        Outcome { loss, correct: 0 }
    }

    /// One panel's activations and the derivatives at its logits; its weighted loss.
    #[inline(always)]
    fn forward<S: Simd>(
        &mut self,
        simd: S,
        group: &Group<'_>,
        column: usize,
        panel: Panel<'_>,
    ) -> f64 {
        let Panel { start, width, .. } = panel;
        let stride = group.stride;
        let Workspace {
            activations,
            deltas,
            logits,
            logit_deltas,
            losses,
            tangents,
        } = &mut *self.workspace;
        let activations = activations.as_mut_slice();
        scatter(panel.inputs, width, &mut activations[column..], stride);
        for layer in Layer::forwards(self.net) {
            let (before, out) = activations.split_at_mut((layer.row + layer.fan_in) * stride);
            let input = group.rows(before, layer.row, column);
            let out = group.rows_mut(out, column);
            layer.activate(simd, self.net, self.theta, input, out, width);
        }
        let (classes, last) = (self.net.num_outputs(), logits_row(self.net));
        let logits = &mut logits.as_mut_slice()[..classes * width];
        gather(group.rows(activations, last, column), width, logits);
        let losses = &mut losses.as_mut_slice()[..width];
        let logit_deltas = &mut logit_deltas.as_mut_slice()[..classes * width];
        let found = Some(&mut *logit_deltas);
        loss::losses(self.batch, start, logits, classes, losses, found);
        let out = &mut deltas[0].as_mut_slice()[column..];
        scatter(logit_deltas, width, out, stride);
        if let Task::Product { v, .. } = &self.task {
            let dots = tangents.activations.as_mut_slice();
            curvature::forward(
                simd,
                self.net,
                self.theta,
                v,
                activations,
                dots,
                group,
                column,
                width,
            );
            let change = &mut tangents.logits.as_mut_slice()[..classes * width];
            gather(group.rows(dots, last, column), width, change);
            loss::delta_tangents(self.batch, start, logits, change, classes, logit_deltas);
            let out = &mut tangents.deltas[0].as_mut_slice()[column..];
            scatter(logit_deltas, width, out, stride);
        }
        loss::weighted_sum(losses, &self.batch.weights[start..start + width])
    }

    /// Adds the gradient of a group, whose derivatives at the logits lie in `deltas[0]`.
    #[inline(always)]
    fn backward<S: Simd>(&mut self, simd: S, group: &Group<'_>) {
        let Task::Gradient(grad) = &mut self.task else {
            return;
        };
        let Workspace {
            activations,
            deltas,
            ..
        } = &mut *self.workspace;
        let activations = activations.as_slice();
        let [delta, next] = deltas;
        let (mut delta, mut next) = (delta, next);
        for layer in Layer::backwards(self.net) {
            let pair = Pair {
                delta: group.rows(delta.as_slice(), 0, 0),
                input: group.rows(activations, layer.row, 0),
            };
            let outer = Outer {
                pairs: &[pair],
                width: group.width,
                outputs: layer.fan_out,
                grad: &mut grad[layer.weights()],
            };
            outer.run(simd);
            row_sums(simd, pair.delta, &mut grad[layer.bias()], group.width);
            if layer.index == 0 {
                return;
            }
            let weights = &self.theta[layer.weights()];
            for (column, Panel { width, .. }) in group.panels() {
                let delta = group.rows(delta.as_slice(), 0, column);
                let input = group.rows(activations, layer.row, column);
                let terms = [Term::transposed(weights, layer.fan_in, delta)];
                let gate = Epilogue::Gate(self.net.activation(), input);
                let out = group.rows_mut(next.as_mut_slice(), column);
                layer.backward(simd, &terms, gate, out, width);
            }
            std::mem::swap(&mut delta, &mut next);
        }
    }
}
