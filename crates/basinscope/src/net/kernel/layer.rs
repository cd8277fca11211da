//! Where a layer's weights lie in θ, and its steps forward and back.

use super::tile::{Epilogue, Product, Rows, RowsMut, Term};
use crate::net::Architecture;
use pulp::Simd;
use std::ops::Range;

/// One layer of a net.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer {
    pub(super) index: usize,
    pub(super) fan_in: usize,
    pub(super) fan_out: usize,
    /// Where its weights begin in θ; its biases follow them.
    start: usize,
    /// Where its inputs begin among the rows of all activations, those of the points first; its
    /// outputs follow them.
    pub(super) row: usize,
}

impl Layer {
    /// From the inputs to the logits.
    pub(super) fn forwards(net: &Architecture) -> impl Iterator<Item = Self> {
        let (mut start, mut row) = (0, 0);
        let pairs = net.widths().windows(2).enumerate();
        pairs.map(move |(index, pair)| {
            let (fan_in, fan_out) = (pair[0], pair[1]);
            let layer = Self {
                index,
                fan_in,
                fan_out,
                start,
                row,
            };
            start += (fan_in + 1) * fan_out;
            row += fan_in;
            layer
        })
    }

    /// From the logits to the inputs.
    pub(super) fn backwards(net: &Architecture) -> impl Iterator<Item = Self> {
        let mut start = net.num_params();
        let mut row: usize = net.widths().iter().rev().skip(1).sum();
        let pairs = net.widths().windows(2).enumerate().rev();
        pairs.map(move |(index, pair)| {
            let (fan_in, fan_out) = (pair[0], pair[1]);
            start -= (fan_in + 1) * fan_out;
            row -= fan_in;
            Self {
                index,
                fan_in,
                fan_out,
                start,
                row,
            }
        })
    }

    /// Places of its weights in θ, `[fan_out][fan_in]`.
    pub(super) fn weights(&self) -> Range<usize> {
        self.start..self.start + self.fan_in * self.fan_out
    }

    /// Places of its biases in θ.
    pub(super) fn bias(&self) -> Range<usize> {
        let start = self.start + self.fan_in * self.fan_out;
        start..start + self.fan_out
    }

    /// Sums over its inputs for each of its outputs, biases first.
    #[inline(always)]
    pub(super) fn forward<S: Simd>(
        &self,
        simd: S,
        terms: &[Term<'_>],
        bias: &[f32],
        epilogue: Epilogue<'_>,
        out: RowsMut<'_>,
        width: usize,
    ) {
        let product = Product {
            terms,
            init: bias,
            depth: self.fan_in,
            outputs: self.fan_out,
            width,
            epilogue,
            out,
        };
        product.run(simd);
    }

    /// Sums over its outputs for each of its inputs.
    #[inline(always)]
    pub(super) fn backward<S: Simd>(
        &self,
        simd: S,
        terms: &[Term<'_>],
        epilogue: Epilogue<'_>,
        out: RowsMut<'_>,
        width: usize,
    ) {
        let product = Product {
            terms,
            init: &[],
            depth: self.fan_out,
            outputs: self.fan_in,
            width,
            epilogue,
            out,
        };
        product.run(simd);
    }

    /// Its activations at θ from its inputs.
    #[inline(always)]
    pub(super) fn activate<S: Simd>(
        &self,
        simd: S,
        net: &Architecture,
        theta: &[f32],
        input: Rows<'_>,
        out: RowsMut<'_>,
        width: usize,
    ) {
        let epilogue = if self.index + 1 == net.num_layers() {
            Epilogue::Linear
        } else {
            Epilogue::Activate(net.activation())
        };
        let terms = [Term::new(&theta[self.weights()], self.fan_in, input)];
        let bias = &theta[self.bias()];
        self.forward(simd, &terms, bias, epilogue, out, width);
    }
}
