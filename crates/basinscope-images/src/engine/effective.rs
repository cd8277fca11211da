//! Batch norms in evaluation mode taken out of a net: the parameters that are left, and the way of
//! derivatives back to θ.

use super::plan::{Norm, Step, Work};
use crate::graph::{Graph, Op};
use std::ops::Range;

/// The map `e = E(θ)` from the parameters of a net to those of the same function without norms.
///
/// ```text
/// a_o = γ_o/√(variance_o + ε)
/// norm after a convolution   e_W = a_o·W,   e_β = β_o − mean_o·a_o + a_o·c_o
/// any other norm             e_γ = a_o,     e_β = β_o − mean_o·a_o
/// everything else            itself
/// ```
///
/// e lies in the layout of θ; W and c are the convolution's weights and bias. A loss L(θ) = ℓ(E(θ))
/// has the derivatives, with ė = DE·v,
///
/// ```text
/// ∇L = DEᵀ·∇ℓ,   ∇²L·v = DEᵀ·(∇²ℓ·ė) + (D²E·v)ᵀ·∇ℓ
/// ```
pub(super) struct Effective {
    parts: Vec<Part>,
}

/// A norm and, where it went into one, its convolution.
struct Part {
    gammas: Range<usize>,
    betas: Range<usize>,
    means: Vec<f64>,
    /// `1/√(variance + ε)`.
    rates: Vec<f64>,
    weights: Option<Range<usize>>,
    biases: Option<Range<usize>>,
}

impl Part {
    fn new(graph: &Graph, norm: Norm, statistics: &[f32], node: Option<usize>) -> Self {
        let [means, variances] = graph.running(norm.running);
        let epsilon = f64::from(norm.epsilon);
        let (weight, bias) = match node.map(|node| graph.nodes()[node].op) {
            Some(Op::Conv { weight, bias, .. }) => (Some(weight), bias),
            Some(Op::Linear { weight, bias }) => (Some(weight), Some(bias)),
            _ => (None, None),
        };
        Self {
            gammas: graph.range(norm.scale),
            betas: graph.range(norm.shift),
            means: statistics[means].iter().map(|&mean| mean.into()).collect(),
            rates: (statistics[variances].iter())
                .map(|&variance| 1.0 / (f64::from(variance) + epsilon).sqrt())
                .collect(),
            weights: weight.map(|block| graph.range(block)),
            biases: bias.map(|block| graph.range(block)),
        }
    }

    /// Of each channel: its number, mean, rate, weights and bias.
    fn channels(&self) -> impl Iterator<Item = Channel> + '_ {
        let each = self.weights.as_ref().map_or(0, Range::len) / self.means.len();
        (self.means.iter().zip(&self.rates))
            .enumerate()
            .map(move |(at, (&mean, &rate))| Channel {
                gamma: self.gammas.start + at,
                beta: self.betas.start + at,
                mean,
                rate,
                weights: (self.weights.as_ref())
                    .map(|all| all.start + at * each..all.start + (at + 1) * each),
                bias: self.biases.as_ref().map(|all| all.start + at),
            })
    }
}

struct Channel {
    gamma: usize,
    beta: usize,
    mean: f64,
    rate: f64,
    weights: Option<Range<usize>>,
    bias: Option<usize>,
}

impl Effective {
    /// With these statistics.
    pub(super) fn new(graph: &Graph, steps: &[Step], statistics: &[f32]) -> Self {
        let part = |step: &Step| match step.work {
            Work::Convolve {
                node,
                fold: Some(norm),
                ..
            } => Some(Part::new(graph, norm, statistics, Some(node))),
            Work::Norm { norm, .. } => Some(Part::new(graph, norm, statistics, None)),
            _ => None,
        };
        Self {
            parts: steps.iter().filter_map(part).collect(),
        }
    }

    fn channels(&self) -> impl Iterator<Item = Channel> + '_ {
        self.parts.iter().flat_map(Part::channels)
    }

    /// Whether a second derivative of E is not 0.
    pub(super) fn is_curved(&self) -> bool {
        self.parts.iter().any(|part| part.weights.is_some())
    }

    /// E(θ).
    pub(super) fn of(&self, theta: &[f32]) -> Vec<f32> {
        let mut e = theta.to_vec();
        for channel in self.channels() {
            let wide = |at: usize| f64::from(theta[at]);
            let a = wide(channel.gamma) * channel.rate;
            let mut shift = wide(channel.beta) - channel.mean * a;
            match channel.weights {
                Some(weights) => {
                    shift += channel.bias.map_or(0.0, |bias| a * wide(bias));
                    weights.for_each(|at| e[at] = (a * wide(at)) as f32);
                }
                None => e[channel.gamma] = a as f32,
            }
            e[channel.beta] = shift as f32;
        }
        e
    }

    /// `ė = DE(θ)·v`.
    pub(super) fn along(&self, theta: &[f32], v: &[f32]) -> Vec<f32> {
        let mut tangent = v.to_vec();
        for channel in self.channels() {
            let [at_theta, at_v] = [theta, v].map(|of| move |at: usize| f64::from(of[at]));
            let a = at_theta(channel.gamma) * channel.rate;
            let a_dot = at_v(channel.gamma) * channel.rate;
            let mut shift = at_v(channel.beta) - channel.mean * a_dot;
            match channel.weights {
                Some(weights) => {
                    let both = |at| a_dot * at_theta(at) + a * at_v(at);
                    shift += channel.bias.map_or(0.0, both);
                    weights.for_each(|at| tangent[at] = both(at) as f32);
                }
                None => tangent[channel.gamma] = a_dot as f32,
            }
            tangent[channel.beta] = shift as f32;
        }
        tangent
    }

    /// `DE(θ)ᵀ·g`.
    pub(super) fn back(&self, theta: &[f32], g: &[f64]) -> Vec<f64> {
        let mut grad = g.to_vec();
        for channel in self.channels() {
            let wide = |at: usize| f64::from(theta[at]);
            let a = wide(channel.gamma) * channel.rate;
            let mut by_scale = -channel.mean * g[channel.beta];
            match channel.weights {
                Some(weights) => {
                    for at in weights {
                        by_scale += g[at] * wide(at);
                        grad[at] = a * g[at];
                    }
                    if let Some(bias) = channel.bias {
                        by_scale += g[channel.beta] * wide(bias);
                        grad[bias] = a * g[channel.beta];
                    }
                }
                None => by_scale += g[channel.gamma],
            }
            grad[channel.gamma] = channel.rate * by_scale;
        }
        grad
    }

    /// Adds `(D²E·v)ᵀ·g`, which is the same at every θ.
    pub(super) fn bend(&self, v: &[f32], g: &[f64], out: &mut [f64]) {
        for channel in self.channels() {
            let Some(weights) = channel.weights else {
                continue;
            };
            let wide = |at: usize| f64::from(v[at]);
            let a_dot = wide(channel.gamma) * channel.rate;
            let mut by_scale = 0.0;
            for at in weights {
                by_scale += g[at] * wide(at);
                out[at] += a_dot * g[at];
            }
            if let Some(bias) = channel.bias {
                by_scale += g[channel.beta] * wide(bias);
                out[bias] += a_dot * g[channel.beta];
            }
            out[channel.gamma] += channel.rate * by_scale;
        }
    }
}
