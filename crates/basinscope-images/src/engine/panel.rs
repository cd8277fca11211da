//! Pictures side by side in the lanes of registers.

use super::buffer::Buffer;
use crate::graph::Shape;
use basinscope::data::Dataset;
use basinscope::simd::Kernel;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// How many pictures a kernel does side by side.
pub(super) fn lanes(kernel: Kernel) -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    kernel.dispatch(Lanes)
}

/// Labelled pictures in panels `[height][width][channels][lanes]`; zeros where the last one ends.
pub struct Panels {
    pub(super) shape: Shape,
    pub(super) lanes: usize,
    pub(super) pictures: Vec<Buffer>,
    pub(super) labels: Vec<u32>,
}

impl Panels {
    /// No pictures of this shape.
    pub(super) fn new(shape: Shape, lanes: usize) -> Self {
        Self {
            shape,
            lanes,
            pictures: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pictures side by side in a panel.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Number of panels.
    pub fn num_panels(&self) -> usize {
        self.pictures.len()
    }

    /// The labels, in order.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Takes these pictures in place of the former, in memory it has.
    pub(super) fn refill<'a>(&mut self, parts: impl IntoIterator<Item = &'a Dataset>) {
        self.labels.clear();
        let mut filled = 0;
        for part in parts {
            assert_eq!(part.num_features(), self.shape.len(), "pictures of the net");
            for (index, &label) in part.labels().iter().enumerate() {
                let lane = self.labels.len() % self.lanes;
                if lane == 0 {
                    if self.pictures.len() == filled {
                        let len = self.shape.len() * self.lanes;
                        self.pictures.push(Buffer::zeros(len));
                    }
                    filled += 1;
                }
                let panel = self.pictures[filled - 1].values_mut();
                put(panel, part.point(index), self.shape, [lane, self.lanes]);
                self.labels.push(label);
            }
        }
        self.pictures.truncate(filled);
        let used = self.labels.len() % self.lanes;
        if used > 0
            && let Some(last) = self.pictures.last_mut()
        {
            for lanes in last.values_mut().chunks_exact_mut(self.lanes) {
                lanes[used..].fill(0.0);
            }
        }
    }

    /// Takes some of another's panels in place of its own pictures, in memory it has.
    pub(super) fn copy(&mut self, from: &Self, panels: Range<usize>) {
        let last = (panels.end * from.lanes).min(from.len());
        self.labels.clear();
        self.labels
            .extend_from_slice(&from.labels[panels.start * from.lanes..last]);
        self.pictures.truncate(panels.len());
        let (ready, rest) = from.pictures[panels].split_at(self.pictures.len());
        for (to, from) in self.pictures.iter_mut().zip(ready) {
            to.values_mut().copy_from_slice(from.values());
        }
        self.pictures.extend_from_slice(rest);
    }

    /// Pictures of a panel: all its lanes but for the last one.
    pub(super) fn used(&self, panel: usize) -> usize {
        (self.len() - panel * self.lanes).min(self.lanes)
    }

    /// The labels of a panel.
    pub(super) fn labels_of(&self, panel: usize) -> &[u32] {
        let from = panel * self.lanes;
        &self.labels[from..from + self.used(panel)]
    }
}

/// One picture `[channel][row][column]` into its lane.
fn put(panel: &mut [f32], picture: &[f32], shape: Shape, [lane, lanes]: [usize; 2]) {
    let area = shape.area();
    for (channel, plane) in picture.chunks_exact(area).enumerate() {
        for (position, &value) in plane.iter().enumerate() {
            panel[(position * shape.channels + channel) * lanes + lane] = value;
        }
    }
}
