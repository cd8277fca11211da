//! What is done to values beside convolutions, forward and backward, on the registers of a panel.
//!
//! Values are `[positions][channels]` registers. The backward functions add to what they are given.

use super::tile::{leaky, mul_add};
use crate::graph::{Op, Shape};
use basinscope::simd::Kernel;
use pulp::bytemuck::{cast_slice, cast_slice_mut};
use pulp::{Simd, WithSimd};

/// The registers of a buffer, which lies on cache lines.
#[inline(always)]
pub(super) fn registers<S: Simd>(values: &[f32]) -> &[S::f32s] {
    cast_slice(values)
}

#[inline(always)]
pub(super) fn registers_mut<S: Simd>(values: &mut [f32]) -> &mut [S::f32s] {
    cast_slice_mut(values)
}

/// Declares one operation: its fields, and what it does with `simd`.
macro_rules! operation {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? } -> $output:ty, |$simd:ident| $body:block) => {
        $(#[$doc])*
        pub(super) struct $name<'a> {
            $(pub(super) $field: $type,)*
        }

        impl<'a> $name<'a> {
            /// Runs it with the registers of a kernel.
            pub(super) fn run(self, kernel: Kernel) -> $output {
                kernel.dispatch(self)
            }
        }

        impl<'a> WithSimd for $name<'a> {
            type Output = $output;

            #[inline(always)]
            fn with_simd<S: Simd>(self, $simd: S) -> $output {
                let Self { $($field,)* } = self;
                $body
            }
        }
    };
}

pub(super) use operation;

operation! {
    /// `out = leaky(scale[c]·x + shift[c])`.
    Affine { x: &'a [f32], scale: &'a [f32], shift: &'a [f32], slope: f32, out: &'a mut [f32] } -> (), |simd| {
        let channels = scale.len();
        let from = registers::<S>(x).chunks_exact(channels);
        let to = registers_mut::<S>(out).chunks_exact_mut(channels);
        for (from, to) in from.zip(to) {
            for (((to, &x), &scale), &shift) in to.iter_mut().zip(from).zip(scale).zip(shift) {
                let y = mul_add(simd, simd.splat_f32s(scale), x, simd.splat_f32s(shift));
                *to = leaky(simd, slope, y);
            }
        }
    }
}

operation! {
    /// `Σ (x − origin[c])` and `Σ (x − origin[c])²` of each channel, lanes without a picture left out.
    Moments { x: &'a [f32], origin: &'a [f32], mask: &'a [f32] } -> Vec<[f64; 2]>, |simd| {
        let channels = origin.len();
        let mask = registers::<S>(mask)[0];
        let x = registers::<S>(x);
        let zero = simd.splat_f32s(0.0);
        let mut sums = Vec::with_capacity(channels);
        for from in (0..channels).step_by(4) {
            let block = (channels - from).min(4);
            let (mut first, mut second) = ([zero; 4], [zero; 4]);
            let mut origins = [zero; 4];
            for k in 0..block {
                origins[k] = simd.splat_f32s(origin[from + k]);
            }
            for position in x.chunks_exact(channels) {
                for (k, &x) in position[from..from + block].iter().enumerate() {
                    let d = simd.mul_f32s(mask, simd.sub_f32s(x, origins[k]));
                    first[k] = simd.add_f32s(first[k], d);
                    second[k] = mul_add(simd, d, d, second[k]);
                }
            }
            for k in 0..block {
                sums.push([first[k], second[k]].map(|sum| f64::from(simd.reduce_sum_f32s(sum))));
            }
        }
        sums
    }
}

operation! {
    /// Gates `grad` by the activation in place, then `Σ grad` and `Σ grad·(x − mean)·rstd` of each
    /// channel.
    NormBackSums { grad: &'a mut [f32], out: &'a [f32], slope: f32, x: &'a [f32], mean: &'a [f32], rstd: &'a [f32] } -> Vec<[f64; 2]>, |simd| {
        let channels = mean.len();
        let zero = simd.splat_f32s(0.0);
        let slope = simd.splat_f32s(slope);
        let (x, out) = (registers::<S>(x), registers::<S>(out));
        let grad = registers_mut::<S>(grad);
        let mut sums = Vec::with_capacity(channels);
        for from in (0..channels).step_by(4) {
            let block = (channels - from).min(4);
            let (mut first, mut second) = ([zero; 4], [zero; 4]);
            let mut means = [zero; 4];
            for k in 0..block {
                means[k] = simd.splat_f32s(mean[from + k]);
            }
            let positions = grad.chunks_exact_mut(channels).zip(out.chunks_exact(channels));
            for ((grad, out), x) in positions.zip(x.chunks_exact(channels)) {
                let (grad, out) = (&mut grad[from..from + block], &out[from..from + block]);
                for (k, ((grad, &out), &x)) in grad.iter_mut().zip(out).zip(&x[from..]).enumerate() {
                    let gated = simd.mul_f32s(slope, *grad);
                    let g = simd.select_f32s(simd.less_than_f32s(zero, out), *grad, gated);
                    *grad = g;
                    first[k] = simd.add_f32s(first[k], g);
                    second[k] = mul_add(simd, g, simd.sub_f32s(x, means[k]), second[k]);
                }
            }
            for k in 0..block {
                let [g, gx] = [first[k], second[k]].map(|sum| f64::from(simd.reduce_sum_f32s(sum)));
                sums.push([g, gx * f64::from(rstd[from + k])]);
            }
        }
        sums
    }
}

operation! {
    /// `to = (a·grad + b·x + c)` of each channel, 0 in lanes without a picture; added to `to` where
    /// `adds`.
    NormBack { grad: &'a [f32], x: &'a [f32], factors: &'a [[f32; 3]], mask: &'a [f32], adds: bool, to: &'a mut [f32] } -> (), |simd| {
        let channels = factors.len();
        let mask = registers::<S>(mask)[0];
        let zero = simd.splat_f32s(0.0);
        let from = registers::<S>(grad).chunks_exact(channels).zip(registers::<S>(x).chunks_exact(channels));
        for ((grad, x), to) in from.zip(registers_mut::<S>(to).chunks_exact_mut(channels)) {
            for (((to, &g), &x), factors) in to.iter_mut().zip(grad).zip(x).zip(factors) {
                let [a, b, c] = factors.map(|factor| simd.splat_f32s(factor));
                let sum = mul_add(simd, a, g, mul_add(simd, b, x, c));
                *to = mul_add(simd, sum, mask, if adds { *to } else { zero });
            }
        }
    }
}

operation! {
    /// The same with the gradient overwritten by the result.
    NormBackInPlace { grad: &'a mut [f32], x: &'a [f32], factors: &'a [[f32; 3]], mask: &'a [f32] } -> (), |simd| {
        let channels = factors.len();
        let mask = registers::<S>(mask)[0];
        for (grad, x) in registers_mut::<S>(grad).chunks_exact_mut(channels).zip(registers::<S>(x).chunks_exact(channels)) {
            for ((grad, &x), factors) in grad.iter_mut().zip(x).zip(factors) {
                let [a, b, c] = factors.map(|factor| simd.splat_f32s(factor));
                let sum = mul_add(simd, a, *grad, mul_add(simd, b, x, c));
                *grad = simd.mul_f32s(sum, mask);
            }
        }
    }
}

operation! {
    /// `grad` times the activation's derivative, read off its value.
    Gate { grad: &'a mut [f32], out: &'a [f32], slope: f32 } -> (), |simd| {
        let zero = simd.splat_f32s(0.0);
        let slope = simd.splat_f32s(slope);
        for (grad, &out) in registers_mut::<S>(grad).iter_mut().zip(registers::<S>(out)) {
            let gated = simd.mul_f32s(slope, *grad);
            *grad = simd.select_f32s(simd.less_than_f32s(zero, out), *grad, gated);
        }
    }
}

operation! {
    /// `to += from`.
    Accumulate { from: &'a [f32], to: &'a mut [f32] } -> (), |simd| {
        for (to, &from) in registers_mut::<S>(to).iter_mut().zip(registers::<S>(from)) {
            *to = simd.add_f32s(*to, from);
        }
    }
}

operation! {
    /// Sums of each channel over positions and lanes.
    ChannelSums { x: &'a [f32], channels: usize } -> Vec<f64>, |simd| {
        let mut sums = vec![simd.splat_f32s(0.0); channels];
        for x in registers::<S>(x).chunks_exact(channels) {
            for (sum, &x) in sums.iter_mut().zip(x) {
                *sum = simd.add_f32s(*sum, x);
            }
        }
        totals(simd, &sums)
    }
}

/// The sum of the lanes of each register.
#[inline(always)]
pub(super) fn totals<S: Simd>(simd: S, sums: &[S::f32s]) -> Vec<f64> {
    let mut totals = Vec::with_capacity(sums.len());
    for &sum in sums {
        totals.push(f64::from(simd.reduce_sum_f32s(sum)));
    }
    totals
}

operation! {
    /// An operation that is neither convolution nor norm.
    Forward { op: Op, inputs: [&'a [f32]; 2], shape: Shape, out_shape: Shape, out: &'a mut [f32] } -> (), |simd| {
        let [x, other] = inputs.map(|input| registers::<S>(input));
        let out = registers_mut::<S>(out);
        let channels = shape.channels;
        match op {
            Op::LeakyRelu { slope } => {
                for (out, &x) in out.iter_mut().zip(x) {
                    *out = leaky(simd, slope, x);
                }
            }
            Op::Add => {
                for ((out, &a), &b) in out.iter_mut().zip(x).zip(other) {
                    *out = simd.add_f32s(a, b);
                }
            }
            Op::AveragePool { size } => {
                let share = simd.splat_f32s(1.0 / (size * size) as f32);
                for (at, out) in out[..out_shape.len()].chunks_exact_mut(channels).enumerate() {
                    out.fill(simd.splat_f32s(0.0));
                    for position in window(at, out_shape.width, shape.width, size) {
                        let x = &x[position * channels..][..channels];
                        for (out, &x) in out.iter_mut().zip(x) {
                            *out = mul_add(simd, share, x, *out);
                        }
                    }
                }
            }
            Op::MaxPool { size, stride, padding } => {
                for (at, out) in out[..out_shape.len()].chunks_exact_mut(channels).enumerate() {
                    out.fill(simd.splat_f32s(f32::NEG_INFINITY));
                    for position in clipped(at, out_shape.width, shape, [size, stride, padding]) {
                        let x = &x[position * channels..][..channels];
                        for (out, &x) in out.iter_mut().zip(x) {
                            *out = simd.max_f32s(*out, x);
                        }
                    }
                }
            }
            Op::GlobalPool => {
                let share = simd.splat_f32s(1.0 / shape.area() as f32);
                let out = &mut out[..channels];
                out.fill(simd.splat_f32s(0.0));
                for x in x[..shape.len()].chunks_exact(channels) {
                    for (out, &x) in out.iter_mut().zip(x) {
                        *out = mul_add(simd, share, x, *out);
                    }
                }
            }
            Op::PadChannels { before, .. } => {
                let wide = out_shape.channels;
                let positions = x.chunks_exact(channels).zip(out.chunks_exact_mut(wide));
                for (x, out) in positions.take(shape.area()) {
                    out.fill(simd.splat_f32s(0.0));
                    out[before..before + channels].copy_from_slice(x);
                }
            }
            Op::Tanh => {
                for (out, &x) in out.iter_mut().zip(x) {
                    *out = tanh::<S>(x);
                }
            }
            Op::Subsample { step } => {
                for (at, out) in out[..out_shape.len()].chunks_exact_mut(channels).enumerate() {
                    let position = picked(at, out_shape.width, shape.width, step);
                    out.copy_from_slice(&x[position * channels..][..channels]);
                }
            }
            Op::QuadraticFeatures => quadratic(simd, x, shape, out),
            Op::Conv { .. } | Op::Linear { .. } | Op::BatchNorm { .. } => {
                unreachable!("steps of their own")
            }
        }
    }
}

operation! {
    /// Adds to the input's gradient what an operation passes back; not for [`Op::Add`] and
    /// [`Op::LeakyRelu`], whose gradients are those of their outputs, gated.
    Backward { op: Op, grad: &'a [f32], x: &'a [f32], out: &'a [f32], shape: Shape, out_shape: Shape, to: &'a mut [f32] } -> (), |simd| {
        let (grad, x, out) = (registers::<S>(grad), registers::<S>(x), registers::<S>(out));
        let to = registers_mut::<S>(to);
        let channels = shape.channels;
        match op {
            Op::AveragePool { size } => {
                let share = simd.splat_f32s(1.0 / (size * size) as f32);
                for (at, grad) in grad[..out_shape.len()].chunks_exact(channels).enumerate() {
                    for position in window(at, out_shape.width, shape.width, size) {
                        let to = &mut to[position * channels..][..channels];
                        for (to, &grad) in to.iter_mut().zip(grad) {
                            *to = mul_add(simd, share, grad, *to);
                        }
                    }
                }
            }
            Op::MaxPool { size, stride, padding } => {
                let zero = simd.splat_f32s(0.0);
                for at in 0..out_shape.area() {
                    for channel in 0..channels {
                        // The first of equals takes it all.
                        let mut left = grad[at * channels + channel];
                        let top = out[at * channels + channel];
                        for position in clipped(at, out_shape.width, shape, [size, stride, padding]) {
                            let place = position * channels + channel;
                            let is_top = simd.equal_f32s(x[place], top);
                            to[place] = simd.add_f32s(to[place], simd.select_f32s(is_top, left, zero));
                            left = simd.select_f32s(is_top, zero, left);
                        }
                    }
                }
            }
            Op::GlobalPool => {
                let share = simd.splat_f32s(1.0 / shape.area() as f32);
                for to in to[..shape.len()].chunks_exact_mut(channels) {
                    for (to, &grad) in to.iter_mut().zip(grad) {
                        *to = mul_add(simd, share, grad, *to);
                    }
                }
            }
            Op::PadChannels { before, .. } => {
                let wide = out_shape.channels;
                let positions = grad.chunks_exact(wide).zip(to.chunks_exact_mut(channels));
                for (grad, to) in positions.take(shape.area()) {
                    for (to, &grad) in to.iter_mut().zip(&grad[before..]) {
                        *to = simd.add_f32s(*to, grad);
                    }
                }
            }
            Op::Tanh => {
                let one = simd.splat_f32s(1.0);
                for ((to, &grad), &out) in to.iter_mut().zip(grad).zip(out) {
                    let slope = simd.sub_f32s(one, simd.mul_f32s(out, out));
                    *to = mul_add(simd, slope, grad, *to);
                }
            }
            Op::Subsample { step } => {
                for (at, grad) in grad[..out_shape.len()].chunks_exact(channels).enumerate() {
                    let position = picked(at, out_shape.width, shape.width, step);
                    let to = &mut to[position * channels..][..channels];
                    for (to, &grad) in to.iter_mut().zip(grad) {
                        *to = simd.add_f32s(*to, grad);
                    }
                }
            }
            _ => unreachable!("{op:?} has a backward step of its own"),
        }
    }
}

/// Positions of the window of output `at`.
#[inline(always)]
fn window(at: usize, out_width: usize, width: usize, size: usize) -> impl Iterator<Item = usize> {
    let (y, x) = (at / out_width * size, at % out_width * size);
    (0..size * size).map(move |k| (y + k / size) * width + x + k % size)
}

/// Positions of the window of output `at` that lie within the picture, row by row.
#[inline(always)]
pub(super) fn clipped(
    at: usize,
    out_width: usize,
    shape: Shape,
    [size, stride, padding]: [usize; 3],
) -> impl Iterator<Item = usize> {
    let (y, x) = (at / out_width * stride, at % out_width * stride);
    (0..size * size).filter_map(move |k| {
        let row = (y + k / size).wrapping_sub(padding);
        let column = (x + k % size).wrapping_sub(padding);
        (row < shape.height && column < shape.width).then_some(row * shape.width + column)
    })
}

/// The position that output `at` of [`Op::Subsample`] is.
#[inline(always)]
fn picked(at: usize, out_width: usize, width: usize, step: usize) -> usize {
    at / out_width * step * width + at % out_width * step
}

/// The hyperbolic tangent, lane by lane.
#[inline(always)]
fn tanh<S: Simd>(mut x: S::f32s) -> S::f32s {
    let lanes: &mut [f32] = cast_slice_mut(std::slice::from_mut(&mut x));
    lanes.iter_mut().for_each(|lane| *lane = lane.tanh());
    x
}

/// Pixels in PyTorch's order, then `h_i·h_j` for i ≤ j of the picture halved by 2 × 2 means.
#[inline(always)]
fn quadratic<S: Simd>(simd: S, x: &[S::f32s], shape: Shape, out: &mut [S::f32s]) {
    let (channels, width) = (shape.channels, shape.width);
    let mut at = 0;
    for channel in 0..channels {
        for position in 0..shape.area() {
            out[at] = x[position * channels + channel];
            at += 1;
        }
    }
    let quarter = simd.splat_f32s(0.25);
    let (rows, columns) = (shape.height / 2, width / 2);
    let mut halved = Vec::with_capacity(channels * rows * columns);
    for channel in 0..channels {
        for position in 0..rows * columns {
            let of = |k: usize| x[k * channels + channel];
            let sum = (window(position, columns, width, 2))
                .fold(simd.splat_f32s(0.0), |sum, k| simd.add_f32s(sum, of(k)));
            halved.push(simd.mul_f32s(quarter, sum));
        }
    }
    for (i, &first) in halved.iter().enumerate() {
        for &second in &halved[i..] {
            out[at] = simd.mul_f32s(first, second);
            at += 1;
        }
    }
}
