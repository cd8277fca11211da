//! Sums over points: the gradient of a layer's weights and biases.

use super::batch::CHUNK;
use super::tile::{Rows, load, mul_add};
use super::unroll::unroll;
use pulp::{Simd, WithSimd};

/// δ and the inputs of one layer, whose products are summed over points.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    /// `[outputs][width]`.
    pub(super) delta: Rows<'a>,
    /// `[depth][width]`.
    pub(super) input: Rows<'a>,
}

/// Output units in a tile: as many accumulators as the register file holds.
const fn max_rows(lanes: usize) -> usize {
    if lanes >= 16 { 6 } else { 3 }
}

/// Inputs in a tile: the four sums of [`sum_of_four`].
const COLUMNS: usize = 4;

/// The gradient of a layer's weights: `grad[o][i] += Σ_pairs Σ_p delta[o][p] · input[i][p]`.
pub(super) struct Outer<'a> {
    pub(super) pairs: &'a [Pair<'a>],
    /// Points.
    pub(super) width: usize,
    pub(super) outputs: usize,
    /// `[outputs][depth]`.
    pub(super) grad: &'a mut [f32],
}

impl Outer<'_> {
    /// Runs as a function of its own: all callers share one copy of the tiles.
    #[inline(always)]
    pub(super) fn run<S: Simd>(self, simd: S) {
        simd.vectorize(self);
    }
}

impl WithSimd for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let outputs = self.outputs;
        let depth = self.grad.len() / outputs;
        for pair in self.pairs {
            assert!(pair.delta.hold(outputs, self.width));
            assert!(pair.input.hold(depth, self.width));
        }
        assert!(self.width.is_multiple_of(CHUNK));
        let tiles = outputs.div_ceil(max_rows(S::F32_LANES));
        let across = depth.div_ceil(COLUMNS);
        let mut row = 0;
        for tile in 0..tiles {
            let rows = (outputs - row).div_ceil(tiles - tile);
            let mut column = 0;
            for tile in 0..across {
                let columns = (depth - column).div_ceil(across - tile);
                macro_rules! pick {
                    ($($r:literal $c:literal),*) => {
                        match (rows, columns) {
                            // SAFETY: the assertions above; this tile ends within outputs and
                            // depth.
                            $(($r, $c) => unsafe {
                                self.tile::<S, $r, $c>(simd, depth, row, column)
                            },)*
                            _ => unreachable!("rows and columns are at most those of the tile"),
                        }
                    };
                }
                if S::F32_LANES >= 16 {
                    pick!(
                        1 1, 1 2, 1 3, 1 4, 2 1, 2 2, 2 3, 2 4, 3 1, 3 2, 3 3, 3 4, 4 1, 4 2, 4 3,
                        4 4, 5 1, 5 2, 5 3, 5 4, 6 1, 6 2, 6 3, 6 4
                    );
                } else {
                    pick!(1 1, 1 2, 1 3, 1 4, 2 1, 2 2, 2 3, 2 4, 3 1, 3 2, 3 3, 3 4);
                }
                column += columns;
            }
            row += rows;
        }
    }
}

impl Outer<'_> {
    /// # Safety
    /// Rows `row..row + R` and columns `column..column + C` lie in every pair.
    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const C: usize>(
        &mut self,
        simd: S,
        depth: usize,
        row: usize,
        column: usize,
    ) {
        let zero = simd.splat_f32s(0.0);
        let mut sums = [[zero; C]; R];
        for pair in self.pairs {
            let (down, across) = (pair.delta.stride, pair.input.stride);
            // SAFETY: `at` and a register more stay within the width of each row.
            unsafe {
                let delta = pair.delta.values.as_ptr().add(row * down);
                let input = pair.input.values.as_ptr().add(column * across);
                for at in (0..self.width).step_by(S::F32_LANES) {
                    let mut inputs = [zero; C];
                    unroll!(c < C, {
                        inputs[c] = load::<S>(input.add(c * across + at));
                    });
                    unroll!(r < R, {
                        let delta = load::<S>(delta.add(r * down + at));
                        unroll!(c < C, {
                            sums[r][c] = mul_add(simd, delta, inputs[c], sums[r][c]);
                        });
                    });
                }
            }
        }
        unroll!(r < R, {
            let target = &mut self.grad[(row + r) * depth + column..][..C];
            if C == 4 {
                let found = sum_of_four(simd, [sums[r][0], sums[r][1], sums[r][2], sums[r][3]]);
                for (target, sum) in target.iter_mut().zip(found) {
                    *target += sum;
                }
            } else {
                unroll!(c < C, {
                    target[c] += simd.reduce_sum_f32s(sums[r][c]);
                });
            }
        });
    }
}

/// The sums of four registers' lanes, with a third of the shuffles of four single sums.
#[inline(always)]
pub(super) fn sum_of_four<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [f32; 4] {
    if S::F32_LANES < 8 {
        return [
            simd.reduce_sum_f32s(a),
            simd.reduce_sum_f32s(b),
            simd.reduce_sum_f32s(c),
            simd.reduce_sum_f32s(d),
        ];
    }
    // In each quarter of a register: even and odd lanes of a and b beside each other, …
    let [even, odd] = simd.deinterleave_shfl_f32s([a, b]);
    let ab = simd.add_f32s(even, odd);
    let [even, odd] = simd.deinterleave_shfl_f32s([c, d]);
    let cd = simd.add_f32s(even, odd);
    // … then the same for pairs of lanes: a, b, c, d.
    let pairs: [S::f64s; 2] = [pulp::bytemuck::cast(ab), pulp::bytemuck::cast(cd)];
    let [even, odd] = simd.deinterleave_shfl_f64s(pairs);
    let quarters = simd.add_f32s(pulp::bytemuck::cast(even), pulp::bytemuck::cast(odd));
    let mut sums = [0.0; 4];
    let quarters = [quarters];
    let quarters: &[[f32; 4]] = pulp::bytemuck::cast_slice(&quarters);
    for quarter in quarters {
        for (sum, value) in sums.iter_mut().zip(quarter) {
            *sum += value;
        }
    }
    sums
}

/// The gradient of a layer's biases: `grad[o] += Σ_p delta[o][p]`.
#[inline(always)]
pub(super) fn row_sums<S: Simd>(simd: S, delta: Rows<'_>, grad: &mut [f32], width: usize) {
    for (o, grad) in grad.iter_mut().enumerate() {
        let mut sum = simd.splat_f32s(0.0);
        for &value in S::as_simd_f32s(delta.row(o, width)).0 {
            sum = simd.add_f32s(sum, value);
        }
        *grad += simd.reduce_sum_f32s(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Kernel;

    /// Registers whose lane l holds (r + 1)·2^l, r = 0 to 3: their sums, as [`sum_of_four`] finds
    /// them, and the lanes of one.
    struct Powers;

    impl WithSimd for Powers {
        type Output = ([f32; 4], usize);

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> ([f32; 4], usize) {
            let registers = [1.0, 2.0, 3.0, 4.0].map(|factor: f32| {
                let mut register = simd.splat_f32s(0.0);
                let lanes: &mut [f32] =
                    pulp::bytemuck::cast_slice_mut(std::slice::from_mut(&mut register));
                for (lane, value) in lanes.iter_mut().enumerate() {
                    *value = factor * (1_u32 << lane) as f32;
                }
                register
            });
            (sum_of_four(simd, registers), S::F32_LANES)
        }
    }

    #[test]
    fn four_sums_at_once_are_the_plain_ones() {
        // Σ_l 2^l = 2^lanes − 1: every lane counts once, and all sums are exact.
        for kernel in Kernel::supported() {
            let (sums, lanes) = kernel.dispatch(Powers);
            let sum = ((1_u32 << lanes) - 1) as f32;
            assert_eq!(sums, [1.0, 2.0, 3.0, 4.0].map(|r| r * sum), "{kernel:?}");
        }
    }
}
