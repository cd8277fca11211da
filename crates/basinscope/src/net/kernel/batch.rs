//! Points and targets in the order in which the kernels read them.

use crate::data::Dataset;
use pulp::bytemuck::{self, Pod, Zeroable};

/// Points in a padded chunk.
pub(super) const CHUNK: usize = 16;
/// Points that run through all layers together, at most: their activations of two layers stay in
/// the first-level cache.
pub(super) const PANEL: usize = 64;

/// Points times parameters from which a gradient is cut into parts for several threads: that of
/// the swiss-roll net on 200 points (750,000) is, that of the minefield on 132 (300,000) is not.
const WORTH_CUTTING: usize = 500_000;
/// Parts at most.
const MOST_PARTS: usize = 16;

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
pub enum LossKind {
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
    /// Points, padding included.
    padded: usize,
    num_features: usize,
    /// Panels one after another, each `[num_features][width]`.
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
        batch.refill(&[(points, LossKind::CrossEntropy, 1.0)]);
        batch
    }

    /// Replaces the points: every part counts with its total `share`, spread evenly over it.
    pub(crate) fn refill(&mut self, parts: &[(&Dataset, LossKind, f64)]) {
        self.num_features = parts[0].0.num_features();
        self.labels.clear();
        self.forward.clear();
        self.weights.clear();
        for &(points, objective, share) in parts {
            let weight = (share / points.len() as f64) as f32;
            self.labels.extend_from_slice(points.labels());
            self.forward
                .extend((0..points.len()).map(|_| objective == LossKind::CrossEntropy));
            self.weights.extend((0..points.len()).map(|_| weight));
        }
        self.len = self.labels.len();
        self.padded = self.len.next_multiple_of(CHUNK);
        self.labels.resize(self.padded, 0);
        self.forward.resize(self.padded, true);
        self.weights.resize(self.padded, 0.0);
        let features = self.num_features;
        let points = parts
            .iter()
            .flat_map(|part| part.0.inputs().chunks_exact(features));
        self.lay_out(points);
    }

    /// Turns points into panels, feature-major.
    fn lay_out<'a>(&mut self, mut points: impl Iterator<Item = &'a [f32]>) {
        let features = self.num_features;
        self.inputs.grow(self.padded * features);
        let inputs = self.inputs.as_mut_slice();
        inputs.fill(0.0);
        for (start, width) in panels(self.padded) {
            let panel = &mut inputs[start * features..(start + width) * features];
            for (place, point) in points.by_ref().take(width).enumerate() {
                for (feature, &value) in point.iter().enumerate() {
                    panel[feature * width + place] = value;
                }
            }
        }
    }

    /// Points whose logits alone are asked, row-major `[_, num_features]`.
    pub(crate) fn unlabelled(points: &[f32], num_features: usize) -> Self {
        let mut batch = Self {
            num_features,
            ..Self::default()
        };
        batch.len = points.len() / num_features;
        batch.padded = batch.len.next_multiple_of(CHUNK);
        batch.lay_out(points.chunks_exact(num_features));
        batch
    }

    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Into how many parts a gradient of a net of so many parameters is worth cutting: a power of
    /// two, of at least two panels each. Points and parameters decide, never the threads.
    pub(crate) fn parts(&self, num_params: usize) -> usize {
        let pairs = self.padded.div_ceil(PANEL) / 2;
        if self.padded * num_params < WORTH_CUTTING || pairs < 2 {
            return 1;
        }
        (1 << pairs.ilog2()).min(MOST_PARTS)
    }

    /// The panels of a part, in order.
    pub(super) fn panels(&self, part: Part) -> impl Iterator<Item = Panel<'_>> {
        let inputs = self.inputs.as_slice();
        let count = self.padded.div_ceil(PANEL);
        let first = part.index * count / part.of;
        let panels = panels(self.padded).take((part.index + 1) * count / part.of);
        panels.skip(first).map(move |(start, width)| Panel {
            start,
            width,
            inputs: &inputs[start * self.num_features..(start + width) * self.num_features],
        })
    }
}

/// One of equal parts of a batch's panels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) index: usize,
    pub(crate) of: usize,
}

impl Part {
    pub(crate) const WHOLE: Self = Self { index: 0, of: 1 };

    /// Its two halves.
    pub(crate) fn halves(self) -> [Self; 2] {
        [0, 1].map(|half| Self {
            index: 2 * self.index + half,
            of: 2 * self.of,
        })
    }
}

/// Points that run through all layers together.
#[derive(Clone, Copy, Default)]
pub(super) struct Panel<'a> {
    /// Place of the first point.
    pub(super) start: usize,
    /// Points, padding included.
    pub(super) width: usize,
    /// `[num_features][width]`.
    pub(super) inputs: &'a [f32],
}

/// Start and width of each panel of so many points: whole chunks, spread evenly, so that none is
/// left with a single short chain.
fn panels(padded: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = padded.div_ceil(PANEL);
    let mut start = 0;
    (0..count).map(move |panel| {
        let chunks = (padded - start) / CHUNK;
        let width = chunks.div_ceil(count - panel) * CHUNK;
        let first = start;
        start += width;
        (first, width)
    })
}
