//! Where a layer's weights lie in θ, and its forward step.

use super::tile::{Epilogue, Product, Term};
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
    /// Units of the layers before it: where its activations begin, in rows of points.
    pub(super) units_before: usize,
}

impl Layer {
    /// From the inputs to the logits.
    pub(super) fn forwards(net: &Architecture) -> impl Iterator<Item = Self> {
        let (mut start, mut units_before) = (0, 0);
        net.widths()
            .windows(2)
            .enumerate()
            .map(move |(index, pair)| {
                let layer = Self {
                    index,
                    fan_in: pair[0],
                    fan_out: pair[1],
                    start,
                    units_before,
                };
                start += (pair[0] + 1) * pair[1];
                units_before += pair[1];
                layer
            })
    }

    /// From the logits to the inputs.
    pub(super) fn backwards(net: &Architecture) -> impl Iterator<Item = Self> {
        let mut start = net.num_params();
        let mut units_before: usize = net.widths()[1..].iter().sum();
        let pairs = net.widths().windows(2).enumerate().rev();
        pairs.map(move |(index, pair)| {
            start -= (pair[0] + 1) * pair[1];
            units_before -= pair[1];
            Self {
                index,
                fan_in: pair[0],
                fan_out: pair[1],
                start,
                units_before,
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

    /// Places of its activations, of `width` points each, among those of all layers.
    pub(super) fn activations(&self, width: usize) -> Range<usize> {
        self.units_before * width..(self.units_before + self.fan_out) * width
    }

    /// Places of its inputs among the activations of all layers; of a layer that is not the first.
    pub(super) fn inputs(&self, width: usize) -> Range<usize> {
        (self.units_before - self.fan_in) * width..self.units_before * width
    }

    /// Its activations from its inputs, `[fan_in][width]` to `[fan_out][width]`.
    #[inline(always)]
    pub(super) fn forward<S: Simd>(
        &self,
        simd: S,
        net: &Architecture,
        theta: &[f32],
        input: &[f32],
        out: &mut [f32],
        width: usize,
    ) {
        let epilogue = if self.index + 1 == net.num_layers() {
            Epilogue::Linear
        } else {
            Epilogue::Activate(net.activation())
        };
        let terms = [Term::new(&theta[self.weights()], self.fan_in, input)];
        let product = Product {
            terms: &terms,
            init: &theta[self.bias()],
            depth: self.fan_in,
            outputs: self.fan_out,
            width,
            epilogue,
            out,
        };
        product.run(simd);
    }

    /// Sums over its outputs for each of its inputs, `[fan_out][width]` to `[fan_in][width]`.
    #[inline(always)]
    pub(super) fn backward<S: Simd>(
        &self,
        simd: S,
        terms: &[Term<'_>],
        epilogue: Epilogue<'_>,
        out: &mut [f32],
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
}
