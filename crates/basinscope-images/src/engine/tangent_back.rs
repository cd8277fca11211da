//! One panel, the way back: derivatives by e, or their change along a direction.
//!
//! Derivatives are those by the parameters e of the net without norms (see `effective`).

use super::buffer::Buffer;
use super::outer::WeightGrad;
use super::plan::{Step, Work};
use super::pointwise::{Accumulate, ChannelSums};
use super::pointwise_tangent::{AffineBack, ChannelProducts, TanhBent};
use super::tangent::{Memory, Packs, Passes, shift_of};
use super::tile::{Convolve, Epilogue, Place};
use crate::graph::Op;

/// A panel at e: its pictures and every value of its way forward.
pub(super) struct Panel<'a> {
    pub(super) at_e: &'a Packs,
    pub(super) picture: &'a Buffer,
    pub(super) values: &'a [Buffer],
}

/// The tangents that a second-order way back needs beside the panel's own values.
pub(super) struct Bent<'a> {
    /// ė.
    pub(super) direction: &'a Packs,
    /// Of each value.
    pub(super) tangents: &'a [Buffer],
    /// As in [`Kept`].
    pub(super) deltas: &'a [Buffer],
}

impl Passes<'_> {
    /// The way back from `slopes`, the derivative by the logits `[classes][lanes]`: adds that by e
    /// to `sums` where asked, and keeps in `record` what [`Kept::deltas`] says.
    ///
    /// With `bent`, and slopes that are the change along ė of those that left its deltas behind, it
    /// is the change of the derivative by e along ė.
    pub(super) fn back(
        &self,
        panel: &Panel<'_>,
        slopes: Buffer,
        bent: Option<&Bent<'_>>,
        memory: &mut Memory,
        mut sums: Option<&mut [f32]>,
        mut record: Option<&mut Vec<Buffer>>,
    ) {
        let kernel = self.engine.kernel;
        let &Panel {
            at_e,
            picture,
            values,
        } = panel;
        memory.grads.resize_with(self.moves.len(), || None);
        memory.grads[self.moves.len() - 1] = Some(slopes);
        if let Some(record) = &mut record {
            record.resize_with(self.steps.len(), Buffer::default);
        }
        for (at, step) in self.steps.iter().enumerate().rev() {
            let Some(mut buffer) = memory.grads[step.output].take() else {
                continue;
            };
            let delta = &mut buffer.values_mut()[..self.len(step.output)];
            let y = self.value(values, picture, step.output);
            let input = step.inputs[0];
            let bent = Bending::of(self, bent, at, step, picture);
            match step.work {
                Work::Convolve {
                    residual, slope, ..
                } => {
                    self.gate(delta, y, slope);
                    let x = self.value(values, picture, input);
                    if let Some(sums) = &mut sums {
                        self.weights_back(step, [x, delta], &bent, sums);
                    }
                    if self.moves[input] {
                        self.convolve_back(at, step, delta, at_e, &bent, memory);
                    }
                    if let Some(value) = residual.filter(|&value| self.moves[value]) {
                        match record {
                            Some(_) => self.add_to(value, delta, memory),
                            None => {
                                self.hand_over(value, buffer, memory);
                                continue;
                            }
                        }
                    }
                }
                Work::Norm { slope, .. } => {
                    self.gate(delta, y, slope);
                    let x = self.value(values, picture, input);
                    if let Some(sums) = &mut sums {
                        self.affine_sums(step, [x, delta], &bent, sums);
                    }
                    if self.moves[input] {
                        let (mut to, adds) = self.grad_of(input, memory);
                        let factors = match bent.direction {
                            Some(along) => self.factors(step, at_e, along),
                            None => self.factors(step, at_e, at_e),
                        };
                        AffineBack {
                            grad: delta,
                            other: bent.delta,
                            factors: &factors,
                            adds,
                            to: &mut to.values_mut()[..self.len(input)],
                        }
                        .run(kernel);
                        memory.grads[input] = Some(to);
                    }
                }
                Work::Plain(Op::LeakyRelu { slope }) => {
                    self.gate(delta, y, Some(slope));
                    self.hand_over(input, buffer, memory);
                    continue;
                }
                Work::Plain(Op::Add) => {
                    let [first, second] = [step.inputs[0], step.inputs[1]];
                    self.add_to(first, delta, memory);
                    self.hand_over(second, buffer, memory);
                    continue;
                }
                Work::Plain(op) => {
                    if self.moves[input] {
                        let (mut to, adds) = self.grad_of(input, memory);
                        let len = self.len(input);
                        if !adds {
                            to.values_mut()[..len].fill(0.0);
                        }
                        let x = self.value(values, picture, input);
                        let sums = &mut to.values_mut()[..len];
                        match (op, bent.delta, bent.output) {
                            (Op::Tanh, Some(other), Some(tangent)) => TanhBent {
                                grad: delta,
                                other,
                                y,
                                tangent,
                                to: sums,
                            }
                            .run(kernel),
                            _ => self.plain_back(op, step, [delta, x, y], sums),
                        }
                        memory.grads[input] = Some(to);
                    }
                    if op != Op::Tanh {
                        memory.free.push(buffer);
                        continue;
                    }
                }
            }
            match &mut record {
                Some(record) => {
                    let before = std::mem::replace(&mut record[at], buffer);
                    memory.free.push(before);
                }
                None => memory.free.push(buffer),
            }
        }
    }

    /// The memory of a value's derivative, and whether it holds a share already.
    fn grad_of(&self, value: usize, memory: &mut Memory) -> (Buffer, bool) {
        match memory.grads[value].take() {
            Some(found) => (found, true),
            None => (memory.take(self.len(value)), false),
        }
    }

    /// Adds a share to a value's derivative.
    fn add_to(&self, value: usize, share: &[f32], memory: &mut Memory) {
        if !self.moves[value] {
            return;
        }
        let (mut buffer, adds) = self.grad_of(value, memory);
        let to = &mut buffer.values_mut()[..share.len()];
        match adds {
            true => Accumulate { from: share, to }.run(self.engine.kernel),
            false => to.copy_from_slice(share),
        }
        memory.grads[value] = Some(buffer);
    }

    /// The same with a share that is not needed afterwards.
    fn hand_over(&self, value: usize, share: Buffer, memory: &mut Memory) {
        if self.moves[value] && memory.grads[value].is_none() {
            memory.grads[value] = Some(share);
            return;
        }
        self.add_to(value, &share.values()[..self.len(value)], memory);
        memory.free.push(share);
    }

    fn weights_back(
        &self,
        step: &Step,
        [input, delta]: [&[f32]; 2],
        bent: &Bending<'_>,
        sums: &mut [f32],
    ) {
        let Work::Convolve { node, .. } = step.work else {
            return;
        };
        let engine = self.engine;
        let convolution = engine.convolution(node);
        engine.kernel.dispatch(WeightGrad {
            convolution,
            input,
            delta,
            also: bent.tangent.zip(bent.delta).map(<[_; 2]>::from),
            grad: &mut sums[engine.graph.range(convolution.weight)],
        });
        if let Some(block) = shift_of(step, convolution) {
            let channels = convolution.output.channels;
            let found = ChannelSums { x: delta, channels }.run(engine.kernel);
            add(&mut sums[engine.graph.range(block)], &found);
        }
    }

    fn affine_sums(
        &self,
        step: &Step,
        [x, grad]: [&[f32]; 2],
        bent: &Bending<'_>,
        sums: &mut [f32],
    ) {
        let Work::Norm { norm, .. } = step.work else {
            return;
        };
        let engine = self.engine;
        let channels = engine.graph.shape(step.output).channels;
        let also = bent.delta.zip(bent.tangent).map(<[_; 2]>::from);
        let products = ChannelProducts {
            grad,
            x,
            also,
            channels,
        };
        let products = products.run(engine.kernel);
        add(&mut sums[engine.graph.range(norm.scale)], &products);
        let shifts = ChannelSums { x: grad, channels }.run(engine.kernel);
        add(&mut sums[engine.graph.range(norm.shift)], &shifts);
    }

    fn convolve_back(
        &self,
        at: usize,
        step: &Step,
        delta: &[f32],
        at_e: &Packs,
        bent: &Bending<'_>,
        memory: &mut Memory,
    ) {
        let Work::Convolve { node, .. } = step.work else {
            return;
        };
        let (mut to, adds) = self.grad_of(step.inputs[0], memory);
        let out = Place::of(to.values_mut());
        self.engine.kernel.dispatch(Convolve {
            gather: &self.engine.convolution(node).backward,
            packed: &at_e.of(at)[1],
            input: delta,
            also: (bent.direction.zip(bent.delta)).map(|(along, delta)| (&along.of(at)[1], delta)),
            residual: adds.then_some(out),
            raw: None,
            out: Some(out),
            epilogue: Epilogue::default(),
        });
        memory.grads[step.inputs[0]] = Some(to);
    }
}

/// What of [`Bent`] belongs to a step.
struct Bending<'a> {
    direction: Option<&'a Packs>,
    /// Tangent of its input, where that moves.
    tangent: Option<&'a [f32]>,
    /// Tangent of its output.
    output: Option<&'a [f32]>,
    delta: Option<&'a [f32]>,
}

impl<'a> Bending<'a> {
    fn of(
        passes: &Passes<'_>,
        bent: Option<&Bent<'a>>,
        at: usize,
        step: &Step,
        picture: &'a Buffer,
    ) -> Self {
        let Some(bent) = bent else {
            return Self {
                direction: None,
                tangent: None,
                output: None,
                delta: None,
            };
        };
        let input = step.inputs[0];
        let delta = bent.deltas[at].values();
        Self {
            direction: Some(bent.direction),
            tangent: (passes.moves[input]).then(|| passes.value(bent.tangents, picture, input)),
            output: (passes.moves[step.output])
                .then(|| passes.value(bent.tangents, picture, step.output)),
            delta: delta.get(..passes.len(step.output)),
        }
    }
}

fn add(to: &mut [f32], shares: &[f64]) {
    for (to, &share) in to.iter_mut().zip(shares) {
        *to += share as f32;
    }
}
