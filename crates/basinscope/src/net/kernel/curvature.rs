//! Products of the Hessian and of the Gauss–Newton matrix with a vector: forward over reverse.
//!
//! Beside every activation a runs its derivative ȧ along v, beside every δ = dL/dz its own δ̇:
//!
//! ```text
//! ż = W·ȧ_in + V·a_in + v_b          ȧ = φ'(z)·ż
//! δ̇ = ∇²ℓ·ż                          at the logits
//! δ̇_in = φ'(z)·(Wᵀ·δ̇ + Vᵀ·δ) + φ''(z)·ż·Wᵀ·δ
//! out_W = δ̇·a_inᵀ + δ·ȧ_inᵀ          out_b = Σ δ̇
//! ```
//!
//! Gauss–Newton keeps `∇²ℓ` and drops every other second derivative: the terms with δ.

use super::batch::Buffer;
use super::tile::{self, Epilogue};
use crate::net::{Activation, Architecture};
use pulp::Simd;

/// What is multiplied with a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matrix {
    /// ∇²L.
    Hessian,
    /// Σ Jᵀ·∇²ℓ·J over the examples, J the Jacobian of the logits.
    GaussNewton,
}

/// Buffers of one thread for products: derivatives along v of activations and of deltas.
#[derive(Default)]
pub(super) struct Tangents {
    pub(super) activations: Buffer,
    /// δ̇ at the logits on entry of [`backward`].
    pub(super) deltas: [Buffer; 2],
    extra: Buffer,
}

impl Tangents {
    /// Room for `units` rows in all and `widest` in one layer.
    pub(super) fn grow(&mut self, units: usize, widest: usize) {
        self.activations.grow(units);
        for deltas in &mut self.deltas {
            deltas.grow(widest);
        }
        self.extra.grow(widest);
    }
}

/// φ'(z), read off the activation a = φ(z).
#[inline(always)]
fn slope(activation: Activation, a: f32) -> f32 {
    match activation {
        Activation::Relu => f32::from(u8::from(a > 0.0)),
        Activation::LeakyRelu { slope } => {
            if a > 0.0 {
                1.0
            } else {
                slope
            }
        }
        Activation::Tanh => 1.0 - a * a,
    }
}

/// Derivatives along `v` of the activations of one block; those of the logits come last.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // the net, its point, its direction, a block
pub(super) fn forward<S: Simd>(
    simd: S,
    net: &Architecture,
    theta: &[f32],
    v: &[f32],
    inputs: &[f32],
    activations: &[f32],
    tangents: &mut Tangents,
    width: usize,
) {
    let widths = net.widths();
    let dots = tangents.activations.as_mut_slice();
    let (mut offset, mut from, mut at) = (0, 0, 0);
    for layer in 0..widths.len() - 1 {
        let (fan_in, fan_out) = (widths[layer], widths[layer + 1]);
        let weights = offset..offset + fan_in * fan_out;
        let bias = weights.end..weights.end + fan_out;
        offset = bias.end;
        let input = match layer {
            0 => inputs,
            _ => &activations[from..],
        };
        let (before, out) = dots.split_at_mut(at);
        let out = &mut out[..fan_out * width];
        let linear = Epilogue::Linear;
        tile::layer(
            simd,
            &v[weights.clone()],
            &v[bias],
            input,
            out,
            width,
            fan_out,
            linear,
        );
        if layer > 0 {
            let extra = &mut tangents.extra.as_mut_slice()[..fan_out * width];
            let input = &before[from..];
            tile::layer(
                simd,
                &theta[weights],
                &[],
                input,
                extra,
                width,
                fan_out,
                linear,
            );
            for (out, &extra) in out.iter_mut().zip(&*extra) {
                *out += extra;
            }
        }
        if layer + 2 < widths.len() {
            let values = &activations[at..at + fan_out * width];
            for (out, &a) in out.iter_mut().zip(values) {
                *out *= slope(net.activation(), a);
            }
        }
        from = at;
        at += fan_out * width;
    }
}

/// Adds the product's share of one block to `out`; `deltas` and the tangents' first deltas hold
/// those of the logits.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // as `forward`, and where the result goes
pub(super) fn backward<S: Simd>(
    simd: S,
    matrix: Matrix,
    net: &Architecture,
    theta: &[f32],
    v: &[f32],
    inputs: &[f32],
    activations: &[f32],
    deltas: &mut [Buffer; 2],
    tangents: &mut Tangents,
    transposed: &mut Buffer,
    width: usize,
    out: &mut [f32],
) {
    let widths = net.widths();
    let whole = matrix == Matrix::Hessian;
    let [delta, next] = deltas;
    let (mut delta, mut next) = (delta, next);
    let [dot, next_dot] = &mut tangents.deltas;
    let (mut dot, mut next_dot) = (dot, next_dot);
    let dots = tangents.activations.as_slice();
    let mut offset = theta.len();
    let mut at: usize = widths[1..].iter().map(|&units| units * width).sum();
    for layer in (0..widths.len() - 1).rev() {
        let (fan_in, fan_out) = (widths[layer], widths[layer + 1]);
        at -= fan_out * width;
        offset -= (fan_in + 1) * fan_out;
        let (out_weights, out_bias) =
            out[offset..offset + (fan_in + 1) * fan_out].split_at_mut(fan_in * fan_out);
        let input = match layer {
            0 => inputs,
            _ => &activations[at - fan_in * width..at],
        };
        let d = &delta.as_slice()[..fan_out * width];
        let d_dot = &dot.as_slice()[..fan_out * width];
        tile::outer(simd, d_dot, input, out_weights, width, fan_out);
        tile::row_sums(simd, d_dot, out_bias, width);
        if layer == 0 {
            return;
        }
        let input_dot = &dots[at - fan_in * width..at];
        let transposed = &mut transposed.as_mut_slice()[..fan_in * fan_out];
        let weights = offset..offset + fan_in * fan_out;
        let back = &mut next.as_mut_slice()[..fan_in * width];
        let back_dot = &mut next_dot.as_mut_slice()[..fan_in * width];
        let linear = Epilogue::Linear;
        transpose(&theta[weights.clone()], transposed, fan_in);
        tile::layer(
            simd,
            transposed,
            &[],
            d_dot,
            back_dot,
            width,
            fan_in,
            linear,
        );
        if whole {
            tile::outer(simd, d, input_dot, out_weights, width, fan_out);
            tile::layer(simd, transposed, &[], d, back, width, fan_in, linear);
            transpose(&v[weights], transposed, fan_in);
            let extra = &mut tangents.extra.as_mut_slice()[..fan_in * width];
            tile::layer(simd, transposed, &[], d, extra, width, fan_in, linear);
            for (back_dot, &extra) in back_dot.iter_mut().zip(&*extra) {
                *back_dot += extra;
            }
        }
        let activation = net.activation();
        for (back_dot, &a) in back_dot.iter_mut().zip(input) {
            *back_dot *= slope(activation, a);
        }
        if whole {
            if activation == Activation::Tanh {
                // φ''·ż = −2a·ȧ.
                let terms = input.iter().zip(input_dot).zip(&*back);
                for (back_dot, ((&a, &a_dot), &r)) in back_dot.iter_mut().zip(terms) {
                    *back_dot -= 2.0 * a * a_dot * r;
                }
            }
            for (back, &a) in back.iter_mut().zip(input) {
                *back *= slope(activation, a);
            }
        }
        std::mem::swap(&mut delta, &mut next);
        std::mem::swap(&mut dot, &mut next_dot);
    }
}

/// `[rows][columns]` to `[columns][rows]`.
#[inline(always)]
fn transpose(from: &[f32], to: &mut [f32], columns: usize) {
    let rows = from.len() / columns;
    for (o, row) in from.chunks_exact(columns).enumerate() {
        for (i, &weight) in row.iter().enumerate() {
            to[i * rows + o] = weight;
        }
    }
}
