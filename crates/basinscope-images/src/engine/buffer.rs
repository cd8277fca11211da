//! Memory whose first value lies on a cache line, as registers like it.

use pulp::bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};

const LINE: usize = 16;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

// SAFETY: sixteen f32, no padding, any bits are fine.
unsafe impl Zeroable for Line {}
// SAFETY: as above.
unsafe impl Pod for Line {}

/// A growable run of values on cache lines.
#[derive(Clone, Default)]
pub(super) struct Buffer(Vec<Line>);

impl Buffer {
    /// Zeros.
    pub(super) fn zeros(len: usize) -> Self {
        Self(vec![Line([0.0; LINE]); len.div_ceil(LINE)])
    }

    /// At least `len` values, of which those from before keep theirs.
    pub(super) fn reserve(&mut self, len: usize) {
        let lines = len.div_ceil(LINE);
        if self.0.len() < lines {
            self.0.resize(lines, Line([0.0; LINE]));
        }
    }

    pub(super) fn values(&self) -> &[f32] {
        cast_slice(&self.0)
    }

    pub(super) fn values_mut(&mut self) -> &mut [f32] {
        cast_slice_mut(&mut self.0)
    }
}
