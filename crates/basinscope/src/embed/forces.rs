//! The pull and push between all pairs of points of the plane.

use crate::simd::Kernel;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Pairs worked on side by side: sums are taken in so many parts, whatever the registers.
const LANES: usize = 16;
/// Where points lie that are none: so far away that they weigh nothing.
const NOWHERE: f32 = 1e15;

/// A value for each pair of points, rows padded with zeros to whole lanes.
pub(super) struct Padded {
    width: usize,
    values: Vec<f32>,
}

impl Padded {
    pub(super) fn zeros(count: usize) -> Self {
        let width = count.next_multiple_of(LANES);
        Self {
            width,
            values: vec![0.0; count * width],
        }
    }

    pub(super) fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    pub(super) fn row_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.values[index * self.width..(index + 1) * self.width]
    }
}

/// Points of the plane, one list a coordinate, padded.
pub(super) struct Plane {
    coordinates: [Vec<f32>; 2],
}

impl Plane {
    pub(super) fn of(points: &[[f64; 2]]) -> Self {
        let width = points.len().next_multiple_of(LANES);
        let coordinates = [0, 1].map(|axis| {
            let values = points.iter().map(|point| point[axis] as f32);
            values
                .chain(std::iter::repeat(NOWHERE))
                .take(width)
                .collect()
        });
        Self { coordinates }
    }
}

/// Sums over all other points j, with q = 1/(1 + |y_i − y_j|²).
#[derive(Clone, Copy, Default)]
pub(super) struct Force {
    /// Σ p·q·(y_i − y_j).
    pub(super) pull: [f64; 2],
    /// Σ q²·(y_i − y_j).
    pub(super) push: [f64; 2],
    /// Σ q.
    pub(super) sum: f64,
}

/// The force on each point.
///
/// # Cost
/// N² pairs, rows spread over the threads; the bits do not depend on how many there are.
pub(super) fn forces(p: &Padded, plane: &Plane, out: &mut [Force]) {
    let rows = out.par_iter_mut().enumerate().with_min_len(32);
    rows.for_each(|(index, out)| {
        *out = Kernel::active().dispatch(Row {
            p: p.row(index),
            plane,
            index,
        });
    });
}

/// The force on one point.
struct Row<'a> {
    p: &'a [f32],
    plane: &'a Plane,
    index: usize,
}

impl WithSimd for Row<'_> {
    type Output = Force;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Force {
        let [xs, ys] = &self.plane.coordinates;
        let (x, y) = (xs[self.index], ys[self.index]);
        let mut sums = [[0.0_f32; LANES]; 5];
        let others = xs.chunks_exact(LANES).zip(ys.chunks_exact(LANES));
        for (p, (xs, ys)) in self.p.chunks_exact(LANES).zip(others) {
            for lane in 0..LANES {
                let (dx, dy) = (x - xs[lane], y - ys[lane]);
                let q = 1.0 / (1.0 + dx * dx + dy * dy);
                let (pull, push) = (p[lane] * q, q * q);
                sums[0][lane] += pull * dx;
                sums[1][lane] += pull * dy;
                sums[2][lane] += push * dx;
                sums[3][lane] += push * dy;
                sums[4][lane] += q;
            }
        }
        let sum = |lanes: [f32; LANES]| lanes.into_iter().map(f64::from).sum::<f64>();
        Force {
            pull: [sum(sums[0]), sum(sums[1])],
            push: [sum(sums[2]), sum(sums[3])],
            // The point itself has q = 1, and no part in the rest.
            sum: sum(sums[4]) - 1.0,
        }
    }
}

/// Kullback–Leibler divergence `Σ p·ln(p/q̂)` of the plane's q̂ = q/Σq from p, in nats.
pub(super) fn divergence(p: &Padded, points: &[[f64; 2]]) -> f64 {
    let q = |i: usize, j: usize| {
        let [dx, dy] = [0, 1].map(|axis| points[i][axis] - points[j][axis]);
        1.0 / (1.0 + dx * dx + dy * dy)
    };
    let count = points.len();
    let pairs = || (0..count).flat_map(|i| (0..count).map(move |j| (i, j)));
    let total: f64 = pairs().filter(|(i, j)| i != j).map(|(i, j)| q(i, j)).sum();
    let terms = pairs().map(|(i, j)| {
        let p = f64::from(p.row(i)[j]);
        if p > 0.0 {
            p * (p * total / q(i, j)).ln()
        } else {
            0.0
        }
    });
    terms.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forces_are_those_of_plain_sums() {
        let points: Vec<[f64; 2]> = (0..37)
            .map(|i| [f64::from(i % 7) - 3.0, 0.3 * f64::from(i / 7)])
            .collect();
        let mut p = Padded::zeros(37);
        for i in 0..37 {
            for j in 0..37 {
                p.row_mut(i)[j] = if i == j {
                    0.0
                } else {
                    (1 + i * j) as f32 * 1e-4
                };
            }
        }
        let mut found = vec![Force::default(); 37];
        forces(&p, &Plane::of(&points), &mut found);
        for (i, force) in found.iter().enumerate() {
            let mut exact = Force::default();
            for (j, other) in points.iter().enumerate().filter(|&(j, _)| j != i) {
                let d = [0, 1].map(|axis| points[i][axis] - other[axis]);
                let q = 1.0 / (1.0 + d[0] * d[0] + d[1] * d[1]);
                for (axis, d) in d.into_iter().enumerate() {
                    exact.pull[axis] += f64::from(p.row(i)[j]) * q * d;
                    exact.push[axis] += q * q * d;
                }
                exact.sum += q;
            }
            for axis in 0..2 {
                assert!((force.pull[axis] - exact.pull[axis]).abs() < 1e-5);
                assert!((force.push[axis] - exact.push[axis]).abs() < 1e-5);
            }
            assert!((force.sum - exact.sum).abs() < 1e-5);
        }
    }

    #[test]
    fn bits_are_the_same_in_all_registers() {
        let points: Vec<[f64; 2]> = (0..53)
            .map(|i| [f64::from(i).sin(), f64::from(3 * i).cos()])
            .collect();
        let mut p = Padded::zeros(53);
        p.row_mut(5)[..53].fill(0.01);
        let plane = Plane::of(&points);
        let on = |kernel: Kernel| {
            let Force { pull, push, sum } = kernel.dispatch(Row {
                p: p.row(5),
                plane: &plane,
                index: 5,
            });
            [pull[0], pull[1], push[0], push[1], sum]
        };
        for kernel in Kernel::supported() {
            assert_eq!(on(kernel), on(Kernel::Portable), "{kernel:?}");
        }
    }

    #[test]
    fn a_plane_like_the_affinities_does_not_diverge() {
        // Three corners of an equilateral triangle: p = q̂ = 1/6 for every pair.
        let points = [[0.0, 0.0], [1.0, 0.0], [0.5, 0.75_f64.sqrt()]];
        let mut p = Padded::zeros(3);
        for i in 0..3 {
            for j in 0..3 {
                p.row_mut(i)[j] = if i == j { 0.0 } else { 1.0 / 6.0 };
            }
        }
        assert!(divergence(&p, &points).abs() < 1e-7);
    }
}
