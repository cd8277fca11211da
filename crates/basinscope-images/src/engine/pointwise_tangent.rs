//! How tangents pass through what is done to values beside convolutions, and back.
//!
//! Values are `[positions][channels]` registers, as in `pointwise`. What is linear there is done
//! to tangents as it is to values.

use super::pointwise::{clipped, operation, registers, registers_mut, totals};
use super::tile::mul_add;
use crate::graph::Shape;
use basinscope::simd::Kernel;
use pulp::{Simd, WithSimd};

operation! {
    /// The tangent of `scale[c]·x + shift[c]`: `out = scale·ẋ + scale'·x + shift'`, ẋ 0 where there
    /// is none; `factors` are scale, scale' and shift' of each channel.
    AffineTangent { x: &'a [f32], tangent: Option<&'a [f32]>, factors: &'a [[f32; 3]], out: &'a mut [f32] } -> (), |simd| {
        let channels = factors.len();
        let x = registers::<S>(x);
        let tangent = registers::<S>(tangent.unwrap_or(&[]));
        let out = registers_mut::<S>(out);
        for (position, out) in out.chunks_exact_mut(channels).enumerate() {
            let from = position * channels;
            let x = &x[from..from + channels];
            for ((out, &x), factors) in out.iter_mut().zip(x).zip(factors) {
                let [_, by, shift] = factors.map(|factor| simd.splat_f32s(factor));
                *out = mul_add(simd, by, x, shift);
            }
            if let Some(tangent) = tangent.get(from..from + channels) {
                for ((out, &tangent), factors) in out.iter_mut().zip(tangent).zip(factors) {
                    *out = mul_add(simd, simd.splat_f32s(factors[0]), tangent, *out);
                }
            }
        }
    }
}

operation! {
    /// What a norm of known statistics passes back: `to = scale[c]·grad + scale'[c]·other`, added to
    /// `to` where `adds`.
    AffineBack { grad: &'a [f32], other: Option<&'a [f32]>, factors: &'a [[f32; 3]], adds: bool, to: &'a mut [f32] } -> (), |simd| {
        let channels = factors.len();
        let zero = simd.splat_f32s(0.0);
        let grad = registers::<S>(grad);
        let other = registers::<S>(other.unwrap_or(&[]));
        for (position, to) in registers_mut::<S>(to).chunks_exact_mut(channels).enumerate() {
            let from = position * channels;
            let grad = &grad[from..from + channels];
            for ((to, &grad), factors) in to.iter_mut().zip(grad).zip(factors) {
                let before = if adds { *to } else { zero };
                *to = mul_add(simd, simd.splat_f32s(factors[0]), grad, before);
            }
            if let Some(other) = other.get(from..from + channels) {
                for ((to, &other), factors) in to.iter_mut().zip(other).zip(factors) {
                    *to = mul_add(simd, simd.splat_f32s(factors[1]), other, *to);
                }
            }
        }
    }
}

operation! {
    /// `Σ grad·x` of each channel over positions and lanes, with `Σ other·x'` where there are such.
    ChannelProducts { grad: &'a [f32], x: &'a [f32], also: Option<[&'a [f32]; 2]>, channels: usize } -> Vec<f64>, |simd| {
        let mut sums = vec![simd.splat_f32s(0.0); channels];
        for [grad, x] in [Some([grad, x]), also].into_iter().flatten() {
            let (grad, x) = (registers::<S>(grad), registers::<S>(x));
            for (grad, x) in grad.chunks_exact(channels).zip(x.chunks_exact(channels)) {
                for ((sum, &grad), &x) in sums.iter_mut().zip(grad).zip(x) {
                    *sum = mul_add(simd, grad, x, *sum);
                }
            }
        }
        totals(simd, &sums)
    }
}

operation! {
    /// The tangent of the largest value of each window: that of the first of equals.
    MaxTangent { windows: [usize; 3], x: &'a [f32], out: &'a [f32], tangent: &'a [f32], shape: Shape, out_shape: Shape, to: &'a mut [f32] } -> (), |simd| {
        let [x, out, tangent] = [x, out, tangent].map(|of| registers::<S>(of));
        let to = registers_mut::<S>(to);
        let (channels, zero) = (shape.channels, simd.splat_f32s(0.0));
        let one = simd.splat_f32s(1.0);
        for at in 0..out_shape.area() {
            for channel in 0..channels {
                let (mut left, mut sum) = (one, zero);
                let top = out[at * channels + channel];
                for position in clipped(at, out_shape.width, shape, windows) {
                    let place = position * channels + channel;
                    let is_top = simd.equal_f32s(x[place], top);
                    let share = simd.mul_f32s(left, tangent[place]);
                    sum = simd.add_f32s(sum, simd.select_f32s(is_top, share, zero));
                    left = simd.select_f32s(is_top, zero, left);
                }
                to[at * channels + channel] = sum;
            }
        }
    }
}

operation! {
    /// The change along ẋ of what tanh passes back: adds
    /// `(1 − y²)·grad − 2·y·ẏ·other` to `to`, `other` the derivative by y whose change `grad` is.
    TanhBent { grad: &'a [f32], other: &'a [f32], y: &'a [f32], tangent: &'a [f32], to: &'a mut [f32] } -> (), |simd| {
        let [grad, other, y, tangent] = [grad, other, y, tangent].map(|of| registers::<S>(of));
        let (one, two) = (simd.splat_f32s(1.0), simd.splat_f32s(-2.0));
        let rest = other.iter().zip(y).zip(tangent);
        for ((to, &grad), ((&other, &y), &tangent)) in registers_mut::<S>(to).iter_mut().zip(grad).zip(rest) {
            let slope = simd.sub_f32s(one, simd.mul_f32s(y, y));
            let bend = simd.mul_f32s(two, simd.mul_f32s(y, tangent));
            *to = mul_add(simd, slope, grad, mul_add(simd, bend, other, *to));
        }
    }
}
