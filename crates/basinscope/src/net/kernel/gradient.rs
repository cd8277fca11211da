//! Gradients and products with curvature matrices: panels forward one by one, backward in groups.

use super::batch::{PANEL, Panel};
use super::curvature;
use super::layer::Layer;
use super::loss;
use super::outer::{Outer, Strip, row_sums};
use super::pass::{GROUP, Outcome, Pass, Task, Workspace};
use super::tile::{Epilogue, Term};
use pulp::Simd;

/// The panels of a group and where their rows lie.
pub(super) struct Group<'a> {
    pub(super) panels: [Panel<'a>; GROUP],
    pub(super) len: usize,
    /// Activations of a panel, all layers.
    pub(super) slot: usize,
    /// Derivatives of a panel, the widest layer.
    pub(super) delta_slot: usize,
}

impl Pass<'_> {
    /// The tasks that run backward through the net.
    #[inline(always)]
    pub(super) fn differentiate<S: Simd>(mut self, simd: S) -> Outcome {
        if let Task::Gradient(out) | Task::Product { out, .. } = &mut self.task {
            out.fill(0.0);
        }
        let widths = self.net.widths();
        let batch = self.batch;
        let mut group = Group {
            panels: [Panel::default(); GROUP],
            len: 0,
            slot: widths[1..].iter().sum::<usize>() * PANEL,
            delta_slot: widths.iter().copied().max().unwrap_or(1) * PANEL,
        };
        let mut loss = 0.0;
        let mut panels = batch.panels().peekable();
        while let Some(panel) = panels.next() {
            group.panels[group.len] = panel;
            loss += self.forward(simd, &group, group.len);
            group.len += 1;
            if group.len == GROUP || panels.peek().is_none() {
                match &self.task {
                    Task::Product { .. } => curvature::backward(simd, &mut self, &group),
                    _ => self.backward(simd, &group),
                }
                group.len = 0;
            }
        }
        Outcome { loss, correct: 0 }
    }

    /// One panel's activations and the derivatives at its logits; its weighted loss.
    #[inline(always)]
    fn forward<S: Simd>(&mut self, simd: S, group: &Group<'_>, place: usize) -> f64 {
        let Panel {
            start,
            width,
            inputs,
        } = group.panels[place];
        let Workspace {
            activations,
            deltas,
            losses,
            tangents,
        } = &mut *self.workspace;
        let activations = &mut activations.as_mut_slice()[place * group.slot..][..group.slot];
        for layer in Layer::forwards(self.net) {
            let (before, out) = activations.split_at_mut(layer.units_before * width);
            let input = match layer.index {
                0 => inputs,
                _ => &before[layer.inputs(width)],
            };
            layer.forward(simd, self.net, self.theta, input, out, width);
        }
        let classes = self.net.num_outputs();
        let units: usize = self.net.widths()[1..].iter().sum();
        let logits = &activations[(units - classes) * width..units * width];
        let losses = &mut losses.as_mut_slice()[..width];
        let deltas = &mut deltas[0].as_mut_slice()[place * group.delta_slot..];
        loss::losses(self.batch, start, logits, classes, losses, Some(deltas));
        if let Task::Product { v, .. } = &self.task {
            let activations = &*activations;
            curvature::forward(
                simd,
                self.net,
                self.theta,
                v,
                activations,
                tangents,
                group,
                place,
            );
            let dots = &tangents.activations.as_slice()[place * group.slot..];
            let dots = &dots[(units - classes) * width..units * width];
            let out = &mut tangents.deltas[0].as_mut_slice()[place * group.delta_slot..];
            loss::delta_tangents(self.batch, start, logits, dots, classes, out);
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
            let mut strips = [Strip::default(); GROUP];
            for (place, strip) in strips[..group.len].iter_mut().enumerate() {
                *strip = group.strip(&layer, place, activations, delta.as_slice());
            }
            let strips = &strips[..group.len];
            let outer = Outer {
                strips,
                outputs: layer.fan_out,
                grad: &mut grad[layer.weights()],
            };
            outer.run(simd);
            row_sums(simd, strips, &mut grad[layer.bias()]);
            if layer.index == 0 {
                return;
            }
            for (place, strip) in strips.iter().enumerate() {
                let weights = &self.theta[layer.weights()];
                let terms = [Term::transposed(weights, layer.fan_in, strip.delta)];
                let gate = Epilogue::Gate(self.net.activation(), strip.input);
                let out = &mut next.as_mut_slice()[place * group.delta_slot..];
                layer.backward(simd, &terms, gate, out, strip.width);
            }
            std::mem::swap(&mut delta, &mut next);
        }
    }
}

impl Group<'_> {
    /// δ and inputs of a layer on one panel, from rows laid out as the activations and deltas.
    pub(super) fn strip<'a>(
        &'a self,
        layer: &Layer,
        place: usize,
        activations: &'a [f32],
        deltas: &'a [f32],
    ) -> Strip<'a> {
        let Panel { width, inputs, .. } = self.panels[place];
        let input = match layer.index {
            0 => inputs,
            _ => &activations[place * self.slot..][layer.inputs(width)],
        };
        let delta = &deltas[place * self.delta_slot..][..layer.fan_out * width];
        Strip {
            delta,
            input,
            width,
        }
    }
}
