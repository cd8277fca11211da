//! Rectangles on the page that must not hide each other.

use super::axes::Area;

/// A rectangle by its corners.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub from: [f64; 2],
    pub to: [f64; 2],
}

impl Rect {
    /// The square around a disc.
    pub fn around([x, y]: [f64; 2], radius: f64) -> Self {
        Self {
            from: [x - radius, y - radius],
            to: [x + radius, y + radius],
        }
    }

    /// Whether the two share more than an edge.
    pub fn meets(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.from[axis] < other.to[axis] && other.from[axis] < self.to[axis])
    }

    /// The point of the rectangle nearest to another.
    pub fn nearest(&self, point: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| point[axis].clamp(self.from[axis], self.to[axis]))
    }

    /// Whether a line from `a` to `b` passes through.
    pub fn crossed(&self, [a, b]: [[f64; 2]; 2]) -> bool {
        let mut share = [0.0, 1.0_f64];
        for axis in 0..2 {
            let way = b[axis] - a[axis];
            let ends = [self.from[axis], self.to[axis]].map(|edge| edge - a[axis]);
            if way.abs() < 1e-9 {
                if ends[0] >= 0.0 || ends[1] <= 0.0 {
                    return false;
                }
                continue;
            }
            let ends = ends.map(|end| end / way);
            share[0] = share[0].max(ends[0].min(ends[1]));
            share[1] = share[1].min(ends[0].max(ends[1]));
        }
        share[0] < share[1]
    }

    /// The rectangle pushed into an area it fits in.
    pub fn moved_into(self, area: Area) -> Self {
        let (from, to) = ([area.left, area.top], [area.right(), area.bottom()]);
        let shift = [0, 1].map(|axis| {
            let back = (to[axis] - self.to[axis]).min(0.0);
            back.max(from[axis] - self.from[axis])
        });
        Self {
            from: [self.from[0] + shift[0], self.from[1] + shift[1]],
            to: [self.to[0] + shift[0], self.to[1] + shift[1]],
        }
    }
}
