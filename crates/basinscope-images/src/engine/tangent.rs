//! One panel: forward with every value kept, a direction along with it, and both the way back.
//!
//! Derivatives are those by the parameters e of the net without norms (see `effective`).

use super::buffer::Buffer;
use super::convolution::Convolution;
use super::evaluate::Engine;
use super::outer::WeightGrad;
use super::plan::{Step, Work};
use super::pointwise::{Accumulate, Affine, Backward, ChannelSums, Forward, Gate};
use super::pointwise_tangent::{AffineBack, AffineTangent, ChannelProducts, MaxTangent, TanhBent};
use super::tile::{Convolve, Epilogue, Packed, Place};
use crate::graph::Op;

/// e, or a direction ė, packed for both ways.
pub(super) struct Packs {
    pub(super) values: Vec<f32>,
    /// For each step that is a convolution.
    steps: Vec<Option<[Packed; 2]>>,
}

/// The steps of a net and what is known of its values.
pub(super) struct Passes<'a> {
    pub(super) engine: &'a Engine,
    pub(super) steps: &'a [Step],
    /// Whether a value depends on θ.
    pub(super) moves: Vec<bool>,
}

/// What is kept of a panel: of each value its registers, of each step the derivative of the loss by
/// what it makes before its activation (of tanh, after it).
#[derive(Default)]
pub(super) struct Kept {
    pub(super) values: Vec<Buffer>,
    pub(super) deltas: Vec<Buffer>,
}

/// Memory of one thread.
#[derive(Default)]
pub(super) struct Memory {
    /// Of each value, where it moves.
    pub(super) tangents: Vec<Buffer>,
    grads: Vec<Option<Buffer>>,
    free: Vec<Buffer>,
}

impl Memory {
    /// A buffer with anything in it, best one used a moment ago.
    fn take(&mut self, len: usize) -> Buffer {
        let fits = |buffer: &Buffer| (len..=2 * len).contains(&buffer.values().len());
        match self.free.iter().rposition(fits) {
            Some(at) => self.free.remove(at),
            None => Buffer::zeros(len),
        }
    }
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

impl Packs {
    /// Packs the weights of e or of ė.
    pub(super) fn new(engine: &Engine, steps: &[Step], values: Vec<f32>) -> Self {
        let pack = |step: &Step| {
            let Work::Convolve { node, .. } = step.work else {
                return None;
            };
            let convolution = engine.convolution(node);
            let weights = &values[engine.graph.range(convolution.weight)];
            let mut forward = convolution.pack(weights, |_| 1.0);
            if let Some(block) = shift_of(step, convolution) {
                let shifts = &values[engine.graph.range(block)];
                forward.bias[..shifts.len()].copy_from_slice(shifts);
            }
            Some([forward, convolution.pack_backward(weights)])
        };
        Self {
            steps: steps.iter().map(pack).collect(),
            values,
        }
    }

    fn of(&self, at: usize) -> &[Packed; 2] {
        match &self.steps[at] {
            Some(packs) => packs,
            None => unreachable!("step {at} is a convolution"),
        }
    }
}

/// The block of e that a convolution adds.
fn shift_of(step: &Step, convolution: &Convolution) -> Option<usize> {
    match step.work {
        Work::Convolve {
            fold: Some(norm), ..
        } => Some(norm.shift),
        _ => convolution.bias,
    }
}

impl<'a> Passes<'a> {
    pub(super) fn new(engine: &'a Engine, steps: &'a [Step]) -> Self {
        let mut moves = vec![false; engine.graph.nodes().len() + 1];
        for step in steps {
            moves[step.output] =
                !matches!(step.work, Work::Plain(_)) || step.reads().any(|value| moves[value]);
        }
        Self {
            engine,
            steps,
            moves,
        }
    }

    /// Values of a panel.
    pub(super) fn len(&self, value: usize) -> usize {
        self.engine.graph.shape(value).len() * self.engine.lanes
    }

    fn value<'b>(&self, values: &'b [Buffer], picture: &'b Buffer, value: usize) -> &'b [f32] {
        let buffer = match value {
            0 => picture,
            _ => &values[value],
        };
        &buffer.values()[..self.len(value)]
    }

    /// Scale and shift of a norm, from e.
    fn affine<'b>(&self, step: &Step, e: &'b [f32]) -> [&'b [f32]; 2] {
        let Work::Norm { norm, .. } = step.work else {
            unreachable!("a norm of its own")
        };
        [norm.scale, norm.shift].map(|block| &e[self.engine.graph.range(block)])
    }

    /// Every value of a panel.
    pub(super) fn forward(&self, at_e: &Packs, picture: &Buffer, values: &mut Vec<Buffer>) {
        let engine = self.engine;
        values.resize_with(self.moves.len(), Buffer::default);
        for (at, step) in self.steps.iter().enumerate() {
            let len = self.len(step.output);
            let mut buffer = std::mem::take(&mut values[step.output]);
            buffer.reserve(len);
            let out = &mut buffer.values_mut()[..len];
            let of = |value: usize| self.value(values, picture, value);
            let x = of(step.inputs[0]);
            match step.work {
                Work::Convolve {
                    node,
                    residual,
                    slope,
                    ..
                } => engine.kernel.dispatch(Convolve {
                    gather: &engine.convolution(node).forward,
                    packed: &at_e.of(at)[0],
                    input: x,
                    also: None,
                    residual: residual.map(|value| Place::reading(of(value))),
                    raw: None,
                    out: Some(Place::of(out)),
                    epilogue: Epilogue {
                        affine: None,
                        slope,
                    },
                }),
                Work::Norm { slope, .. } => {
                    let [scale, shift] = self.affine(step, &at_e.values);
                    let slope = slope.unwrap_or(1.0);
                    Affine {
                        x,
                        scale,
                        shift,
                        slope,
                        out,
                    }
                    .run(engine.kernel);
                }
                Work::Plain(op) => self.plain(op, step, out, of),
            }
            values[step.output] = buffer;
        }
    }

    fn plain<'b>(&self, op: Op, step: &Step, out: &mut [f32], of: impl Fn(usize) -> &'b [f32]) {
        let x = of(step.inputs[0]);
        Forward {
            op,
            inputs: [x, step.inputs.get(1).map_or(x, |&value| of(value))],
            shape: self.engine.graph.shape(step.inputs[0]),
            out_shape: self.engine.graph.shape(step.output),
            out,
        }
        .run(self.engine.kernel);
    }

    fn plain_back(&self, op: Op, step: &Step, [grad, x, out]: [&[f32]; 3], to: &mut [f32]) {
        Backward {
            op,
            grad,
            x,
            out,
            shape: self.engine.graph.shape(step.inputs[0]),
            out_shape: self.engine.graph.shape(step.output),
            to,
        }
        .run(self.engine.kernel);
    }

    /// The tangent of every value along ė.
    pub(super) fn tangent(
        &self,
        [at_e, along]: [&Packs; 2],
        picture: &Buffer,
        values: &[Buffer],
        memory: &mut Memory,
    ) {
        let engine = self.engine;
        (memory.tangents).resize_with(self.moves.len(), Buffer::default);
        for (at, step) in self.steps.iter().enumerate() {
            if !self.moves[step.output] {
                continue;
            }
            let len = self.len(step.output);
            let mut buffer = std::mem::take(&mut memory.tangents[step.output]);
            buffer.reserve(len);
            let out = &mut buffer.values_mut()[..len];
            let input = step.inputs[0];
            let x = self.value(values, picture, input);
            let y = self.value(values, picture, step.output);
            let tangents = &memory.tangents;
            let moving =
                |value: usize| self.moves[value].then(|| self.value(tangents, picture, value));
            match step.work {
                Work::Convolve {
                    node,
                    residual,
                    slope,
                    ..
                } => {
                    engine.kernel.dispatch(Convolve {
                        gather: &engine.convolution(node).forward,
                        packed: &along.of(at)[0],
                        input: x,
                        also: moving(input).map(|tangent| (&at_e.of(at)[0], tangent)),
                        residual: residual.and_then(moving).map(Place::reading),
                        raw: None,
                        out: Some(Place::of(out)),
                        epilogue: Epilogue::default(),
                    });
                    self.gate(out, y, slope);
                }
                Work::Norm { slope, .. } => {
                    AffineTangent {
                        x,
                        tangent: moving(input),
                        factors: &self.factors(step, at_e, along),
                        out,
                    }
                    .run(engine.kernel);
                    self.gate(out, y, slope);
                }
                Work::Plain(Op::LeakyRelu { slope }) => {
                    out.copy_from_slice(self.value(tangents, picture, input));
                    self.gate(out, y, Some(slope));
                }
                Work::Plain(Op::MaxPool {
                    size,
                    stride,
                    padding,
                }) => MaxTangent {
                    windows: [size, stride, padding],
                    x,
                    out: y,
                    tangent: self.value(tangents, picture, input),
                    shape: engine.graph.shape(input),
                    out_shape: engine.graph.shape(step.output),
                    to: out,
                }
                .run(engine.kernel),
                Work::Plain(Op::Add) if step.inputs.iter().any(|&value| !self.moves[value]) => {
                    let moved = step.inputs.iter().find(|&&value| self.moves[value]);
                    let moved = moved.map(|&value| self.value(tangents, picture, value));
                    out.copy_from_slice(moved.unwrap_or(&[]));
                }
                Work::Plain(Op::Tanh) => {
                    // Its derivative is symmetric: forward is as backward.
                    out.fill(0.0);
                    let tangent = self.value(tangents, picture, input);
                    self.plain_back(Op::Tanh, step, [tangent, x, y], out);
                }
                Work::Plain(op) => {
                    self.plain(op, step, out, |value| self.value(tangents, picture, value));
                }
            }
            memory.tangents[step.output] = buffer;
        }
    }

    /// Scale, its change and the shift's of each channel of a norm.
    fn factors(&self, step: &Step, at_e: &Packs, along: &Packs) -> Vec<[f32; 3]> {
        let [scale, _] = self.affine(step, &at_e.values);
        let [by_scale, by_shift] = self.affine(step, &along.values);
        (scale.iter().zip(by_scale).zip(by_shift))
            .map(|((&scale, &by_scale), &by_shift)| [scale, by_scale, by_shift])
            .collect()
    }

    fn gate(&self, grad: &mut [f32], out: &[f32], slope: Option<f32>) {
        if let Some(slope) = slope {
            Gate { grad, out, slope }.run(self.engine.kernel);
        }
    }

    /// The way back from `slopes`, the derivative by the logits `[classes][lanes]`: adds that by e
    /// to `sums` where asked, and keeps in `record` what [`Kept::deltas`] says.
    ///
    /// With `bent`, and slopes that are the change along ė of those that left its deltas behind, it
    /// is the change of the derivative by e along ė.
    #[allow(clippy::too_many_arguments)] // one pass, in all its uses
    pub(super) fn back(
        &self,
        at_e: &Packs,
        picture: &Buffer,
        values: &[Buffer],
        slopes: Buffer,
        bent: Option<&Bent<'_>>,
        memory: &mut Memory,
        mut sums: Option<&mut [f32]>,
        mut record: Option<&mut Vec<Buffer>>,
    ) {
        let kernel = self.engine.kernel;
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
