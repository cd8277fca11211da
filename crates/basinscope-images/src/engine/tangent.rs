//! One panel: forward with every value kept, and a direction along with it.
//!
//! Derivatives are those by the parameters e of the net without norms (see `effective`).

use super::buffer::Buffer;
use super::convolution::Convolution;
use super::evaluate::Engine;
use super::plan::{Step, Work};
use super::pointwise::{Affine, Backward, Forward, Gate};
use super::pointwise_tangent::{AffineTangent, MaxTangent};
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
    pub(super) grads: Vec<Option<Buffer>>,
    pub(super) free: Vec<Buffer>,
}

impl Memory {
    /// A buffer with anything in it, best one used a moment ago.
    pub(super) fn take(&mut self, len: usize) -> Buffer {
        let fits = |buffer: &Buffer| (len..=2 * len).contains(&buffer.values().len());
        match self.free.iter().rposition(fits) {
            Some(at) => self.free.remove(at),
            None => Buffer::zeros(len),
        }
    }
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

    pub(super) fn of(&self, at: usize) -> &[Packed; 2] {
        match &self.steps[at] {
            Some(packs) => packs,
            None => unreachable!("step {at} is a convolution"),
        }
    }
}

/// The block of e that a convolution adds.
pub(super) fn shift_of(step: &Step, convolution: &Convolution) -> Option<usize> {
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

    pub(super) fn value<'b>(
        &self,
        values: &'b [Buffer],
        picture: &'b Buffer,
        value: usize,
    ) -> &'b [f32] {
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

    pub(super) fn plain_back(
        &self,
        op: Op,
        step: &Step,
        [grad, x, out]: [&[f32]; 3],
        to: &mut [f32],
    ) {
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
    pub(super) fn factors(&self, step: &Step, at_e: &Packs, along: &Packs) -> Vec<[f32; 3]> {
        let [scale, _] = self.affine(step, &at_e.values);
        let [by_scale, by_shift] = self.affine(step, &along.values);
        (scale.iter().zip(by_scale).zip(by_shift))
            .map(|((&scale, &by_scale), &by_shift)| [scale, by_scale, by_shift])
            .collect()
    }

    pub(super) fn gate(&self, grad: &mut [f32], out: &[f32], slope: Option<f32>) {
        if let Some(slope) = slope {
            Gate { grad, out, slope }.run(self.engine.kernel);
        }
    }
}
