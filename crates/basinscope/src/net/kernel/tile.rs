//! The register tiles: a few output units times a few registers of points.

use crate::net::Activation;
use pulp::Simd;

/// What happens to a tile before it is stored.
#[derive(Clone, Copy)]
pub(super) enum Epilogue<'a> {
    /// Nothing: logits.
    Linear,
    /// The activation function.
    Activate(Activation),
    /// Times the activation's derivative, read off the activations `[units][width]` themselves.
    Gate(Activation, &'a [f32]),
}

/// Registers of points in a tile: as many accumulators as the register file holds.
const fn max_columns(lanes: usize) -> usize {
    if lanes >= 16 { 5 } else { 3 }
}

/// `out[o][p] = epilogue(init[o] + Σ_k weights[o][k] · input[k][p])` for `outputs` rows of `width`
/// points; `init` of length 0 counts as zeros.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // the operands of one matrix product
pub(super) fn layer<S: Simd>(
    simd: S,
    weights: &[f32],
    init: &[f32],
    input: &[f32],
    out: &mut [f32],
    width: usize,
    outputs: usize,
    epilogue: Epilogue<'_>,
) {
    let depth = weights.len() / outputs;
    let (input, _) = S::as_simd_f32s(&input[..depth * width]);
    let (out, _) = S::as_mut_simd_f32s(&mut out[..outputs * width]);
    let vectors = width / S::F32_LANES;
    let tiles = vectors.div_ceil(max_columns(S::F32_LANES));
    for row in (0..outputs).step_by(4) {
        let rows = (outputs - row).min(4);
        let mut column = 0;
        for tile in 0..tiles {
            // Columns spread evenly, so that no tile is left with a single short chain.
            let columns = (vectors - column).div_ceil(tiles - tile);
            macro_rules! pick {
                ($($r:literal $c:literal),*) => {
                    match (rows, columns) {
                        $(($r, $c) => tile_layer::<S, $r, $c>(
                            simd, weights, init, input, out, depth, vectors, row, column, epilogue,
                        ),)*
                        _ => unreachable!("rows ≤ 4, columns ≤ 5"),
                    }
                };
            }
            pick!(
                1 1, 1 2, 1 3, 1 4, 1 5, 2 1, 2 2, 2 3, 2 4, 2 5, 3 1, 3 2, 3 3, 3 4, 3 5, 4 1,
                4 2, 4 3, 4 4, 4 5
            );
            column += columns;
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)] // one call site, above
fn tile_layer<S: Simd, const R: usize, const C: usize>(
    simd: S,
    weights: &[f32],
    init: &[f32],
    input: &[S::f32s],
    out: &mut [S::f32s],
    depth: usize,
    vectors: usize,
    row: usize,
    column: usize,
    epilogue: Epilogue<'_>,
) {
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    if !init.is_empty() {
        for (r, sums) in sums.iter_mut().enumerate() {
            *sums = [simd.splat_f32s(init[row + r]); C];
        }
    }
    let rows: [&[f32]; R] =
        std::array::from_fn(|r| &weights[(row + r) * depth..(row + r + 1) * depth]);
    for (k, points) in input.chunks_exact(vectors).take(depth).enumerate() {
        let points = &points[column..column + C];
        for (sums, row) in sums.iter_mut().zip(&rows) {
            let weight = simd.splat_f32s(row[k]);
            for (sum, &point) in sums.iter_mut().zip(points) {
                *sum = simd.mul_add_e_f32s(weight, point, *sum);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        let from = (row + r) * vectors + column;
        let target = &mut out[from..from + C];
        match epilogue {
            Epilogue::Linear => target.copy_from_slice(sums),
            Epilogue::Activate(activation) => {
                for c in 0..C {
                    target[c] = activate(simd, activation, sums[c]);
                }
            }
            Epilogue::Gate(activation, values) => {
                let (values, _) = S::as_simd_f32s(values);
                for c in 0..C {
                    target[c] = gate(simd, activation, values[from + c], sums[c]);
                }
            }
        }
    }
}

#[inline(always)]
fn activate<S: Simd>(simd: S, activation: Activation, x: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    match activation {
        Activation::Relu => simd.select_f32s(simd.less_than_f32s(zero, x), x, zero),
        Activation::LeakyRelu { slope } => simd.select_f32s(
            simd.less_than_f32s(zero, x),
            x,
            simd.mul_f32s(simd.splat_f32s(slope), x),
        ),
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

/// `grad[o][i] += Σ_p delta[o][p] · input[i][p]`: the weight gradient of one block.
#[inline(always)]
pub(super) fn outer<S: Simd>(
    simd: S,
    delta: &[f32],
    input: &[f32],
    grad: &mut [f32],
    width: usize,
    outputs: usize,
) {
    let depth = grad.len() / outputs;
    let (delta, _) = S::as_simd_f32s(&delta[..outputs * width]);
    let (input, _) = S::as_simd_f32s(&input[..depth * width]);
    let vectors = width / S::F32_LANES;
    for row in (0..outputs).step_by(4) {
        let rows = (outputs - row).min(4);
        for column in (0..depth).step_by(3) {
            let columns = (depth - column).min(3);
            macro_rules! pick {
                ($($r:literal $c:literal),*) => {
                    match (rows, columns) {
                        $(($r, $c) => tile_outer::<S, $r, $c>(
                            simd, delta, input, grad, vectors, depth, row, column,
                        ),)*
                        _ => unreachable!("rows ≤ 4, columns ≤ 3"),
                    }
                };
            }
            pick!(1 1, 1 2, 1 3, 2 1, 2 2, 2 3, 3 1, 3 2, 3 3, 4 1, 4 2, 4 3);
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)] // one call site, above
fn tile_outer<S: Simd, const R: usize, const C: usize>(
    simd: S,
    delta: &[S::f32s],
    input: &[S::f32s],
    grad: &mut [f32],
    vectors: usize,
    depth: usize,
    row: usize,
    column: usize,
) {
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    let deltas: [&[S::f32s]; R] =
        std::array::from_fn(|r| &delta[(row + r) * vectors..(row + r + 1) * vectors]);
    let inputs: [&[S::f32s]; C] =
        std::array::from_fn(|c| &input[(column + c) * vectors..(column + c + 1) * vectors]);
    for v in 0..vectors {
        for r in 0..R {
            let d = deltas[r][v];
            for c in 0..C {
                sums[r][c] = simd.mul_add_e_f32s(d, inputs[c][v], sums[r][c]);
            }
        }
    }
    for r in 0..R {
        for c in 0..C {
            grad[(row + r) * depth + column + c] += simd.reduce_sum_f32s(sums[r][c]);
        }
    }
}

/// Sum of each row of `delta`, added to `grad`: the bias gradient of one block.
#[inline(always)]
pub(super) fn row_sums<S: Simd>(simd: S, delta: &[f32], grad: &mut [f32], width: usize) {
    for (row, grad) in delta.chunks_exact(width).zip(grad) {
        let (row, _) = S::as_simd_f32s(row);
        let mut sum = simd.splat_f32s(0.0);
        for &value in row {
            sum = simd.add_f32s(sum, value);
        }
        *grad += simd.reduce_sum_f32s(sum);
    }
}
