//! The geometry of one convolution or matrix, and its weights packed for either direction.

use super::gather::{Gather, Window};
use super::tile::Packed;
use crate::graph::{Op, Shape};

/// A convolution of the graph; a matrix is one whose kernel is its whole input.
pub(super) struct Convolution {
    pub(super) input: Shape,
    pub(super) output: Shape,
    /// Kernel rows and columns, as windows over the input.
    pub(super) windows: [Window; 2],
    pub(super) forward: Gather,
    pub(super) backward: Gather,
    pub(super) weight: usize,
    pub(super) bias: Option<usize>,
}

impl Convolution {
    /// `None` for an operation that is none.
    pub(super) fn of(op: Op, input: Shape, output: Shape) -> Option<Self> {
        let (windows, weight, bias) = match op {
            Op::Conv {
                weight,
                bias,
                kernel,
                stride,
                padding,
            } => {
                let window = Window {
                    kernel,
                    stride,
                    padding,
                };
                ([window; 2], weight, bias)
            }
            Op::Linear { weight, bias } => {
                let whole = |extent| Window {
                    kernel: extent,
                    stride: 1,
                    padding: 0,
                };
                (
                    [whole(input.height), whole(input.width)],
                    weight,
                    Some(bias),
                )
            }
            _ => return None,
        };
        Some(Self {
            input,
            output,
            windows,
            forward: Gather::forward(windows, input, output),
            backward: Gather::backward(windows, input, output),
            weight,
            bias,
        })
    }

    /// Whether every output reads the whole input.
    pub(super) fn is_matrix(&self) -> bool {
        let [rows, columns] = self.windows;
        let whole = [self.input.height, self.input.width];
        self.output.area() == 1
            && [rows.kernel, columns.kernel] == whole
            && [rows.padding, columns.padding] == [0, 0]
    }

    /// Kernel positions.
    pub(super) fn positions(&self) -> usize {
        self.windows[0].kernel * self.windows[1].kernel
    }

    /// Weights `[out][in][position]` for the forward direction, each output channel times its
    /// factor.
    pub(super) fn pack(&self, weights: &[f32], factor: impl Fn(usize) -> f32) -> Packed {
        let (depth, positions) = (self.input.channels, self.positions());
        Packed::new([self.output.channels, depth, positions], |o, i, k| {
            weights[(o * depth + i) * positions + k] * factor(o)
        })
    }

    /// Weights for the backward direction: output and input channels change places.
    pub(super) fn pack_backward(&self, weights: &[f32]) -> Packed {
        let (inputs, positions) = (self.input.channels, self.positions());
        Packed::new([inputs, self.output.channels, positions], |i, o, k| {
            weights[(o * inputs + i) * positions + k]
        })
    }
}
