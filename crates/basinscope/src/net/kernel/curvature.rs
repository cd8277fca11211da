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

use super::batch::{Buffer, PANEL, Panel};
use super::gradient::{Group, room};
use super::layer::Layer;
use super::outer::{Outer, Pair, row_sums};
use super::pass::{Pass, Task, Workspace};
use super::tile::{Epilogue, Term};
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

/// Buffers of one thread for products: derivatives along v, laid out as what they are of.
#[derive(Default)]
pub(super) struct Tangents {
    pub(super) activations: Buffer,
    /// δ̇ at the logits on entry of [`backward`].
    pub(super) deltas: [Buffer; 2],
    pub(super) logits: Buffer,
}

impl Tangents {
    /// Room for those of a net.
    pub(super) fn grow(&mut self, net: &Architecture) {
        self.activations.grow(room(net.widths().iter().sum()));
        for deltas in &mut self.deltas {
            deltas.grow(room(net.widths().iter().copied().max().unwrap_or(1)));
        }
        self.logits.grow(net.num_outputs() * PANEL);
    }
}

/// Derivatives along `v` of the activations of one panel of a group.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // the net, its point, its direction, a panel
pub(super) fn forward<S: Simd>(
    simd: S,
    net: &Architecture,
    theta: &[f32],
    v: &[f32],
    activations: &[f32],
    dots: &mut [f32],
    group: &Group<'_>,
    column: usize,
    width: usize,
) {
    for layer in Layer::forwards(net) {
        let (depth, next) = (layer.fan_in, layer.row + layer.fan_in);
        let (before, out) = dots.split_at_mut(next * group.stride);
        let of_v = Term::new(
            &v[layer.weights()],
            depth,
            group.rows(activations, layer.row, column),
        );
        let of_theta = Term::new(
            &theta[layer.weights()],
            depth,
            group.rows(before, layer.row, column),
        );
        // The points themselves do not move.
        let terms = &[of_v, of_theta][..if layer.index == 0 { 1 } else { 2 }];
        let epilogue = if layer.index + 1 == net.num_layers() {
            Epilogue::Linear
        } else {
            Epilogue::Gate(net.activation(), group.rows(activations, next, column))
        };
        let (bias, out) = (&v[layer.bias()], group.rows_mut(out, column));
        layer.forward(simd, terms, bias, epilogue, out, width);
    }
}

/// Adds the product's share of a group; `deltas[0]` and the tangents' hold those of the logits.
#[inline(always)]
pub(super) fn backward<S: Simd>(simd: S, pass: &mut Pass<'_>, group: &Group<'_>) {
    let Task::Product { matrix, v, out } = &mut pass.task else {
        return;
    };
    let whole = *matrix == Matrix::Hessian;
    let activation = pass.net.activation();
    let Workspace {
        activations,
        deltas,
        tangents,
        ..
    } = &mut *pass.workspace;
    let (activations, dots) = (activations.as_slice(), tangents.activations.as_slice());
    let [delta, next] = deltas;
    let (mut delta, mut next) = (delta, next);
    let [dot, next_dot] = &mut tangents.deltas;
    let (mut dot, mut next_dot) = (dot, next_dot);
    for layer in Layer::backwards(pass.net) {
        // δ̇ with the inputs, and δ with the inputs' derivatives (those of the points are 0).
        let pairs = [
            Pair {
                delta: group.rows(dot.as_slice(), 0, 0),
                input: group.rows(activations, layer.row, 0),
            },
            Pair {
                delta: group.rows(delta.as_slice(), 0, 0),
                input: group.rows(dots, layer.row, 0),
            },
        ];
        let outer = Outer {
            pairs: &pairs[..if whole && layer.index > 0 { 2 } else { 1 }],
            width: group.width,
            outputs: layer.fan_out,
            grad: &mut out[layer.weights()],
        };
        outer.run(simd);
        row_sums(simd, pairs[0].delta, &mut out[layer.bias()], group.width);
        if layer.index == 0 {
            return;
        }
        let weights = &pass.theta[layer.weights()];
        for (column, Panel { width, .. }) in group.panels() {
            let input = group.rows(activations, layer.row, column);
            let gate = Epilogue::Gate(activation, input);
            let dot = group.rows(dot.as_slice(), 0, column);
            let of_dot = Term::transposed(weights, layer.fan_in, dot);
            let next_dot = next_dot.as_mut_slice();
            let back_dot = group.rows_mut(next_dot, column);
            if !whole {
                layer.backward(simd, &[of_dot], gate, back_dot, width);
                continue;
            }
            let delta = group.rows(delta.as_slice(), 0, column);
            let of_v = Term::transposed(&v[layer.weights()], layer.fan_in, delta);
            layer.backward(simd, &[of_dot, of_v], gate, back_dot, width);
            let of_delta = [Term::transposed(weights, layer.fan_in, delta)];
            let next = next.as_mut_slice();
            let back = group.rows_mut(next, column);
            if activation == Activation::Tanh {
                layer.backward(simd, &of_delta, Epilogue::Linear, back, width);
                let input_dot = group.rows(dots, layer.row, column);
                for unit in 0..layer.fan_in {
                    let from = unit * group.stride + column;
                    let row = from..from + width;
                    let terms = next_dot[row.clone()].iter_mut().zip(&mut next[row]);
                    let inputs = input
                        .row(unit, width)
                        .iter()
                        .zip(input_dot.row(unit, width));
                    for ((back_dot, back), (&a, &a_dot)) in terms.zip(inputs) {
                        // φ''·ż = −2a·ȧ and φ' = 1 − a².
                        *back_dot -= 2.0 * a * a_dot * *back;
                        *back *= 1.0 - a * a;
                    }
                }
            } else {
                layer.backward(simd, &of_delta, gate, back, width);
            }
        }
        std::mem::swap(&mut delta, &mut next);
        std::mem::swap(&mut dot, &mut next_dot);
    }
}
