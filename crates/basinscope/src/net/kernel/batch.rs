//! Points and targets in the order in which the kernels read them.

use crate::data::Dataset;
use pulp::bytemuck::{self, Pod, Zeroable};

/// Points in a padded chunk.
pub(super) const CHUNK: usize = 16;
/// Points that run through all layers together.
pub(super) const BLOCK: usize = 256;

/// Sixteen f32 on a cache line of their own.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Chunk([f32; CHUNK]);

// SAFETY: `Chunk` is 64 bytes of f32 without padding (size 64, alignment 64), for which every bit
// pattern, also all zeros, is a valid value.
unsafe impl Zeroable for Chunk {}
// SAFETY: as above; the type is `Copy` and holds no pointer.
unsafe impl Pod for Chunk {}

/// A cache-line-aligned f32 buffer.
#[derive(Clone, Default)]
pub(super) struct Buffer(Vec<Chunk>);

impl Buffer {
    /// Room for at least `len` values; keeps what is there.
    pub(super) fn grow(&mut self, len: usize) {
        let chunks = len.div_ceil(CHUNK);
        if self.0.len() < chunks {
            self.0.resize(chunks, Chunk::zeroed());
        }
    }

    pub(super) fn as_slice(&self) -> &[f32] {
        bytemuck::cast_slice(&self.0)
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}

/// What an example's loss is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Objective {
    /// Cross-entropy −log p_y.
    CrossEntropy,
    /// The paper's poison −log(1 − p_y).
    Reverse,
}

/// Weighted, labelled points, feature-major and padded.
///
/// The batch's loss is `Σ_i weight_i · ℓ_i`; padding has weight 0.
#[derive(Clone, Default)]
pub(crate) struct Batch {
    len: usize,
    num_features: usize,
    /// Blocks one after another, each `[num_features][points of the block, padded]`.
    inputs: Buffer,
    pub(super) labels: Vec<u32>,
    /// +1 where the loss is cross-entropy, −1 where it is reversed.
    pub(super) forward: Vec<bool>,
    pub(super) weights: Vec<f32>,
}

impl Batch {
    /// All points of a data set with equal weights 1/N: the batch's loss is their mean.
    pub(crate) fn mean(points: &Dataset) -> Self {
        let mut batch = Self::default();
        batch.refill(&[(points, Objective::CrossEntropy, 1.0)]);
        batch
    }

    /// Replaces the points: every part counts with its total `share`, spread evenly over it.
    pub(crate) fn refill(&mut self, parts: &[(&Dataset, Objective, f64)]) {
        self.num_features = parts[0].0.num_features();
        self.labels.clear();
        self.forward.clear();
        self.weights.clear();
        for &(points, objective, share) in parts {
            let weight = (share / points.len() as f64) as f32;
            self.labels.extend_from_slice(points.labels());
            self.forward
                .extend((0..points.len()).map(|_| objective == Objective::CrossEntropy));
            self.weights.extend((0..points.len()).map(|_| weight));
        }
        self.len = self.labels.len();
        let padded = self.len.next_multiple_of(CHUNK);
        self.labels.resize(padded, 0);
        self.forward.resize(padded, true);
        self.weights.resize(padded, 0.0);
        self.inputs.grow(padded * self.num_features);
        let features = self.num_features;
        let inputs = self.inputs.as_mut_slice();
        inputs.fill(0.0);
        let points = parts
            .iter()
            .flat_map(|part| part.0.inputs().chunks_exact(features));
        for (index, point) in points.enumerate() {
            let start = index / BLOCK * BLOCK;
            let width = (padded - start).min(BLOCK);
            let block = &mut inputs[start * features..];
            for (feature, &value) in point.iter().enumerate() {
                block[feature * width + index - start] = value;
            }
        }
    }

    /// Unlabelled points, row-major `[_, num_features]`.
    pub(crate) fn unlabelled(points: &[f32], num_features: usize) -> Self {
        let mut batch = Self {
            num_features,
            ..Self::default()
        };
        batch.len = points.len() / num_features;
        let padded = batch.len.next_multiple_of(CHUNK);
        batch.labels.resize(padded, 0);
        batch.forward.resize(padded, true);
        batch.weights.resize(padded, 0.0);
        batch.inputs.grow(padded * num_features);
        let inputs = batch.inputs.as_mut_slice();
        for (index, point) in points.chunks_exact(num_features).enumerate() {
            let start = index / BLOCK * BLOCK;
            let width = (padded - start).min(BLOCK);
            for (feature, &value) in point.iter().enumerate() {
                inputs[start * num_features + feature * width + index - start] = value;
            }
        }
        batch
    }

    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The blocks: first point, padded width, and inputs `[num_features][width]`.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (usize, usize, &[f32])> {
        let padded = self.weights.len();
        (0..padded).step_by(BLOCK).map(move |start| {
            let width = (padded - start).min(BLOCK);
            let from = start * self.num_features;
            (
                start,
                width,
                &self.inputs.as_slice()[from..from + width * self.num_features],
            )
        })
    }
}
