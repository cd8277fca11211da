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

use super::batch::{Buffer, Panel};
use super::gradient::Group;
use super::layer::Layer;
use super::outer::{Outer, Strip, row_sums};
use super::pass::{GROUP, Pass, Task, Workspace};
use super::tile::{Epilogue, Product, Term};
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
}

impl Tangents {
    /// Room for so many activations and deltas.
    pub(super) fn grow(&mut self, activations: usize, deltas: usize) {
        self.activations.grow(activations);
        for buffer in &mut self.deltas {
            buffer.grow(deltas);
        }
    }
}

/// Derivatives along `v` of the activations of one panel; those of the logits come last.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // the net, its point, its direction, a panel
pub(super) fn forward<S: Simd>(
    simd: S,
    net: &Architecture,
    theta: &[f32],
    v: &[f32],
    activations: &[f32],
    tangents: &mut Tangents,
    group: &Group<'_>,
    place: usize,
) {
    let Panel { width, inputs, .. } = group.panels[place];
    let dots = &mut tangents.activations.as_mut_slice()[place * group.slot..][..group.slot];
    for layer in Layer::forwards(net) {
        let (before, out) = dots.split_at_mut(layer.units_before * width);
        let epilogue = if layer.index + 1 == net.num_layers() {
            Epilogue::Linear
        } else {
            Epilogue::Gate(net.activation(), &activations[layer.activations(width)])
        };
        let depth = layer.fan_in;
        let inputs = match layer.index {
            0 => inputs,
            _ => &activations[layer.inputs(width)],
        };
        let of_v = Term::new(&v[layer.weights()], depth, inputs);
        let mut terms = [of_v, of_v];
        let mut len = 1;
        if layer.index > 0 {
            // The points themselves do not move: the first layer has but one term.
            let dots = &before[layer.inputs(width)];
            terms[1] = Term::new(&theta[layer.weights()], depth, dots);
            len = 2;
        }
        let product = Product {
            terms: &terms[..len],
            init: &v[layer.bias()],
            depth,
            outputs: layer.fan_out,
            width,
            epilogue,
            out,
        };
        product.run(simd);
    }
}

/// Adds the product's share of a group; `deltas[0]` and the tangents' hold those of the logits.
#[inline(always)]
pub(super) fn backward<S: Simd>(simd: S, pass: &mut Pass<'_>, group: &Group<'_>) {
    let Task::Product { matrix, v, out } = &mut pass.task else {
        return;
    };
    let whole = *matrix == Matrix::Hessian;
    let (net, theta) = (pass.net, pass.theta);
    let activation = net.activation();
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
    for layer in Layer::backwards(net) {
        // δ̇ with the inputs, then δ with the inputs' derivatives (those of the points are 0).
        let mut strips = [Strip::default(); 2 * GROUP];
        let mut len = group.len;
        for (place, strip) in strips[..group.len].iter_mut().enumerate() {
            *strip = group.strip(&layer, place, activations, dot.as_slice());
        }
        if whole && layer.index > 0 {
            len += group.len;
            for place in 0..group.len {
                strips[group.len + place] = group.strip(&layer, place, dots, delta.as_slice());
            }
        }
        let outer = Outer {
            strips: &strips[..len],
            outputs: layer.fan_out,
            grad: &mut out[layer.weights()],
        };
        outer.run(simd);
        row_sums(simd, &strips[..group.len], &mut out[layer.bias()]);
        if layer.index == 0 {
            return;
        }
        let weights = &theta[layer.weights()];
        for place in 0..group.len {
            let Strip {
                delta: dot,
                input,
                width,
            } = strips[place];
            let start = place * group.delta_slot;
            let places = start..start + layer.fan_in * width;
            let back_dot = &mut next_dot.as_mut_slice()[places.clone()];
            let gate = Epilogue::Gate(activation, input);
            let of_dot = Term::transposed(weights, layer.fan_in, dot);
            if !whole {
                layer.backward(simd, &[of_dot], gate, back_dot, width);
                continue;
            }
            let Strip {
                delta,
                input: input_dot,
                ..
            } = strips[group.len + place];
            let of_v = Term::transposed(&v[layer.weights()], layer.fan_in, delta);
            layer.backward(simd, &[of_dot, of_v], gate, back_dot, width);
            let back = &mut next.as_mut_slice()[places];
            let of_delta = [Term::transposed(weights, layer.fan_in, delta)];
            if activation == Activation::Tanh {
                layer.backward(simd, &of_delta, Epilogue::Linear, back, width);
                // φ''·ż = −2a·ȧ and φ' = 1 − a².
                let terms = back_dot
                    .iter_mut()
                    .zip(back)
                    .zip(input.iter().zip(input_dot));
                for ((back_dot, back), (&a, &a_dot)) in terms {
                    *back_dot -= 2.0 * a * a_dot * *back;
                    *back *= 1.0 - a * a;
                }
            } else {
                layer.backward(simd, &of_delta, gate, back, width);
            }
        }
        std::mem::swap(&mut delta, &mut next);
        std::mem::swap(&mut dot, &mut next_dot);
    }
}
