//! The register tile: a few output units times a few registers of points, and what is done to
//! them before they are stored.

use super::batch::CHUNK;
use super::unroll::unroll;
use crate::net::Activation;
use pulp::{Scalar128b, Simd, WithSimd};
use std::any::TypeId;

/// Rows of points, one for each unit, of which some in the middle may be looked at.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// From the first point of the first row.
    pub(super) values: &'a [f32],
    /// From one row to the next.
    pub(super) stride: usize,
}

impl<'a> Rows<'a> {
    /// The points of one row.
    pub(super) fn row(&self, index: usize, width: usize) -> &'a [f32] {
        &self.values[index * self.stride..][..width]
    }

    pub(super) fn hold(&self, rows: usize, width: usize) -> bool {
        self.values.len() >= (rows - 1) * self.stride + width
    }
}

/// Rows of points to be written.
pub(super) struct RowsMut<'a> {
    /// From the first point of the first row.
    pub(super) values: &'a mut [f32],
    /// From one row to the next.
    pub(super) stride: usize,
}

/// One product `Σ_k weight(o, k) · input[k][p]`.
#[derive(Clone, Copy)]
pub(super) struct Term<'a> {
    weights: &'a [f32],
    /// From one output unit's weights to the next's, and from one input's to the next's.
    strides: [usize; 2],
    /// `[depth][width]`.
    input: Rows<'a>,
}

impl<'a> Term<'a> {
    /// With a matrix `[outputs][depth]`.
    pub(super) fn new(weights: &'a [f32], depth: usize, input: Rows<'a>) -> Self {
        Self {
            weights,
            strides: [depth, 1],
            input,
        }
    }

    /// With the transpose of a matrix `[depth][outputs]`.
    pub(super) fn transposed(weights: &'a [f32], outputs: usize, input: Rows<'a>) -> Self {
        Self {
            weights,
            strides: [1, outputs],
            input,
        }
    }
}

/// What happens to a tile before it is stored.
#[derive(Clone, Copy)]
pub(super) enum Epilogue<'a> {
    /// Nothing: logits.
    Linear,
    /// The activation function.
    Activate(Activation),
    /// Times the activation's derivative, read off the activations `[units][width]` themselves.
    Gate(Activation, Rows<'a>),
}

/// Registers of points in a tile.
const fn max_columns(lanes: usize) -> usize {
    if lanes >= 16 { 4 } else { 2 }
}

/// Output units in a tile of so many columns: as many accumulators as the register file holds
/// beside a column of points and a weight.
const fn max_rows(lanes: usize, columns: usize) -> usize {
    if lanes >= 16 && columns < 4 { 8 } else { 6 }
}

/// One layer's step on a panel, `outputs` rows of `width` points:
///
/// ```text
/// out[o][p] = epilogue(init[o] + Σ_terms Σ_k weight(o, k) · input[k][p])
/// ```
pub(super) struct Product<'a> {
    pub(super) terms: &'a [Term<'a>],
    /// Length 0 counts as zeros.
    pub(super) init: &'a [f32],
    pub(super) depth: usize,
    pub(super) outputs: usize,
    pub(super) width: usize,
    pub(super) epilogue: Epilogue<'a>,
    pub(super) out: RowsMut<'a>,
}

impl Product<'_> {
    /// Runs as a function of its own: all callers share one copy of the tiles.
    #[inline(always)]
    pub(super) fn run<S: Simd>(self, simd: S) {
        simd.vectorize(self);
    }

    fn check(&self) {
        let Self {
            depth,
            outputs,
            width,
            ..
        } = *self;
        for term in self.terms {
            let [rows, steps] = term.strides;
            assert!(term.weights.len() > (outputs - 1) * rows + (depth - 1) * steps);
            assert!(term.input.hold(depth, width));
        }
        let RowsMut { values, stride } = &self.out;
        assert!(width.is_multiple_of(CHUNK) && values.len() >= (outputs - 1) * stride + width);
        assert!(self.init.is_empty() || self.init.len() >= outputs);
        if let Epilogue::Gate(_, values) = self.epilogue {
            assert!(values.hold(outputs, width));
        }
    }
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        self.check();
        let vectors = self.width / S::F32_LANES;
        let mut column = 0;
        while column < vectors {
            let columns = (vectors - column).min(max_columns(S::F32_LANES));
            let most = max_rows(S::F32_LANES, columns);
            let tiles = self.outputs.div_ceil(most);
            let mut row = 0;
            for tile in 0..tiles {
                // Rows spread evenly, so that no tile is left with a single short chain.
                let rows = (self.outputs - row).div_ceil(tiles - tile);
                macro_rules! pick {
                    ($($r:literal $c:literal),*) => {
                        match (rows, columns) {
                            // SAFETY: what `check` asserts; rows and columns of this tile end
                            // within `outputs` and `width`.
                            $(($r, $c) => unsafe { self.tile::<S, $r, $c>(simd, row, column) },)*
                            _ => unreachable!("rows and columns are at most those of the tile"),
                        }
                    };
                }
                if S::F32_LANES >= 16 {
                    pick!(
                        1 1, 2 1, 3 1, 4 1, 5 1, 6 1, 7 1, 8 1, 1 2, 2 2, 3 2, 4 2, 5 2, 6 2, 7 2,
                        8 2, 1 3, 2 3, 3 3, 4 3, 5 3, 6 3, 7 3, 8 3, 1 4, 2 4, 3 4, 4 4, 5 4, 6 4
                    );
                } else {
                    pick!(1 2, 2 2, 3 2, 4 2, 5 2, 6 2);
                }
                row += rows;
            }
            column += columns;
        }
    }
}

impl Product<'_> {
    /// # Safety
    /// Rows `row..row + R` are output units and columns `column..column + C` registers of every
    /// row of inputs, outputs and gate values, whose lengths are as [`Product::check`] asserts.
    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const C: usize>(
        &mut self,
        simd: S,
        row: usize,
        column: usize,
    ) {
        let zero = simd.splat_f32s(0.0);
        let mut sums = [[zero; C]; R];
        if !self.init.is_empty() {
            unroll!(r < R, {
                // SAFETY: row + r < outputs ≤ init.len().
                sums[r] = [simd.splat_f32s(unsafe { *self.init.get_unchecked(row + r) }); C];
            });
        }
        for term in self.terms {
            let [rows, steps] = term.strides;
            // SAFETY: every read is at (row + r)·rows + k·steps < weights.len() or, of a register,
            // at column + c of row k < depth; pointers past the last k are not read.
            unsafe {
                let mut weights = term.weights.as_ptr().add(row * rows);
                let mut input = term.input.values.as_ptr().add(column * S::F32_LANES);
                for _ in 0..self.depth {
                    let mut points = [zero; C];
                    unroll!(c < C, {
                        points[c] = load::<S>(input.add(c * S::F32_LANES));
                    });
                    unroll!(r < R, {
                        let weight = simd.splat_f32s(*weights.add(r * rows));
                        unroll!(c < C, {
                            sums[r][c] = mul_add(simd, weight, points[c], sums[r][c]);
                        });
                    });
                    weights = weights.wrapping_add(steps);
                    input = input.wrapping_add(term.input.stride);
                }
            }
        }
        let (column, stride) = (column * S::F32_LANES, self.out.stride);
        let out = self.out.values.as_mut_ptr();
        // SAFETY, for all accesses: a register at row + r < outputs and at column + c·lanes, which
        // ends within the width.
        match self.epilogue {
            Epilogue::Linear => unroll!(r < R, {
                unroll!(c < C, {
                    let at = (row + r) * stride + column + c * S::F32_LANES;
                    unsafe { store::<S>(out.add(at), sums[r][c]) };
                });
            }),
            Epilogue::Activate(activation) => unroll!(r < R, {
                unroll!(c < C, {
                    let at = (row + r) * stride + column + c * S::F32_LANES;
                    let value = activate(simd, activation, sums[r][c]);
                    unsafe { store::<S>(out.add(at), value) };
                });
            }),
            Epilogue::Gate(activation, values) => unroll!(r < R, {
                unroll!(c < C, {
                    let column = column + c * S::F32_LANES;
                    let from = (row + r) * values.stride + column;
                    let value = unsafe { load::<S>(values.values.as_ptr().add(from)) };
                    let value = gate(simd, activation, value, sums[r][c]);
                    unsafe { store::<S>(out.add((row + r) * stride + column), value) };
                });
            }),
        }
    }
}

/// # Safety
/// A register's lanes can be read at `from`.
#[inline(always)]
pub(super) unsafe fn load<S: Simd>(from: *const f32) -> S::f32s {
    // SAFETY: any bits are f32.
    unsafe { from.cast::<S::f32s>().read_unaligned() }
}

/// # Safety
/// A register's lanes can be written at `to`.
#[inline(always)]
unsafe fn store<S: Simd>(to: *mut f32, value: S::f32s) {
    // SAFETY: as above.
    unsafe { to.cast::<S::f32s>().write_unaligned(value) }
}

/// a·b + c: fused where the path has the instruction, else rounded twice.
#[inline(always)]
pub(super) fn mul_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if TypeId::of::<S>() == TypeId::of::<Scalar128b>() {
        // A fused multiply–add without the instruction is a call of a slow function.
        simd.add_f32s(simd.mul_f32s(a, b), c)
    } else {
        simd.mul_add_e_f32s(a, b, c)
    }
}

#[inline(always)]
fn activate<S: Simd>(simd: S, activation: Activation, x: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    match activation {
        Activation::Relu => simd.max_f32s(x, zero),
        // The slope is below 1.
        Activation::LeakyRelu { slope } => {
            simd.max_f32s(x, simd.mul_f32s(simd.splat_f32s(slope), x))
        }
        Activation::Tanh => {
            let mut y = x;
            let lanes: &mut [f32] = pulp::bytemuck::cast_slice_mut(std::slice::from_mut(&mut y));
            for lane in lanes {
                *lane = lane.tanh();
            }
            y
        }
    }
}

/// δ times the derivative of the activation, given the activation's value.
#[inline(always)]
fn gate<S: Simd>(simd: S, activation: Activation, value: S::f32s, delta: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    match activation {
        Activation::Relu => simd.select_f32s(simd.less_than_f32s(zero, value), delta, zero),
        Activation::LeakyRelu { slope } => simd.select_f32s(
            simd.less_than_f32s(zero, value),
            delta,
            simd.mul_f32s(simd.splat_f32s(slope), delta),
        ),
        Activation::Tanh => {
            let one = simd.splat_f32s(1.0);
            simd.mul_f32s(delta, simd.sub_f32s(one, simd.mul_f32s(value, value)))
        }
    }
}
