//! The gradient of a convolution's weights: outer products of two values, summed over positions.

use super::buffer::Buffer;
use super::convolution::Convolution;
use super::pointwise::{registers, registers_mut};
use super::tile::{load, mul_add};
use super::unroll::unroll;
use pulp::{Simd, WithSimd};
use std::cell::RefCell;

/// Registers that a block of rows has of a tile's operands, about: more sum for longer, fewer stay in
/// the first-level cache. Of 640, 1,400 and 2,800 this is the fastest here.
const BLOCK: usize = 1_400;

thread_local! {
    /// Both operands of a block of rows, in the order that tiles read them.
    static OPERANDS: RefCell<[Buffer; 2]> = RefCell::default();
}

/// Adds one panel's share: `grad[o][i][k] += Σ_lanes Σ_positions delta[p][o]·input[tap_k(p)][i]`.
pub(super) struct WeightGrad<'a> {
    pub(super) convolution: &'a Convolution,
    pub(super) input: &'a [f32],
    pub(super) delta: &'a [f32],
    /// Another input and another delta, whose products are added.
    pub(super) also: Option<[&'a [f32]; 2]>,
    /// `[out][in][kernel rows][kernel columns]`.
    pub(super) grad: &'a mut [f32],
}

impl WithSimd for WeightGrad<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        self.check::<S>();
        let of = self.convolution;
        if of.is_matrix() {
            for [input, delta] in self.pairs().into_iter().flatten() {
                self.matrix(simd, input, delta);
            }
            return;
        }
        match of.windows[1].kernel {
            3 if S::F32_LANES >= 16 => self.blocks::<S, 4, 2, 3>(simd),
            3 => self.blocks::<S, 2, 2, 3>(simd),
            _ if S::F32_LANES >= 16 => self.blocks::<S, 4, 4, 1>(simd),
            _ => self.blocks::<S, 4, 2, 1>(simd),
        }
    }
}

/// A block of output rows and the input rows under it, with the columns of padding.
#[derive(Clone, Copy)]
struct Block {
    from: usize,
    rows: usize,
    input_rows: usize,
    input_columns: usize,
}

impl<'a> WeightGrad<'a> {
    fn pairs(&self) -> [Option<[&'a [f32]; 2]>; 2] {
        [Some([self.input, self.delta]), self.also]
    }

    fn check<S: Simd>(&self) {
        let of = self.convolution;
        for [input, delta] in self.pairs().into_iter().flatten() {
            assert!(input.len() >= of.input.len() * S::F32_LANES);
            assert!(delta.len() >= of.output.len() * S::F32_LANES);
        }
        let weights = of.output.channels * of.input.channels * of.positions();
        assert_eq!(self.grad.len(), weights);
    }

    #[inline(always)]
    fn blocks<S: Simd, const O: usize, const I: usize, const K: usize>(&mut self, simd: S) {
        let of = self.convolution;
        let [rows, columns] = of.windows;
        let input_columns = (of.output.width - 1) * columns.stride + columns.kernel;
        let pairs = self.pairs().into_iter().flatten().count();
        let row = (of.output.width * O + rows.stride * input_columns * I) * pairs;
        let most = (BLOCK / row).max(1);
        // Taken and put back: what a closure does would not be compiled for these registers.
        let [mut inputs, mut deltas] = OPERANDS.take();
        for from in (0..of.output.height).step_by(most) {
            let rows_here = (of.output.height - from).min(most);
            let block = Block {
                from,
                rows: rows_here,
                input_rows: (rows_here - 1) * rows.stride + rows.kernel,
                input_columns,
            };
            self.pack_inputs::<S, I>(simd, block, &mut inputs);
            for o in (0..of.output.channels).step_by(O) {
                self.pack_deltas::<S, O>(simd, block, o, &mut deltas);
                let operands = [inputs.values(), deltas.values()];
                for i in (0..of.input.channels).step_by(I) {
                    for ky in 0..rows.kernel {
                        for kx in (0..columns.kernel).step_by(K) {
                            // SAFETY: operands packed for this block, places within extents.
                            unsafe {
                                self.tile::<S, O, I, K>(simd, block, operands, [o, i], [ky, kx]);
                            }
                        }
                    }
                }
            }
        }
        OPERANDS.set([inputs, deltas]);
    }

    /// `[tile of I channels][pair][row][column][I]`: zeros outside of the picture and past the last
    /// channel.
    #[inline(always)]
    fn pack_inputs<S: Simd, const I: usize>(&self, simd: S, block: Block, to: &mut Buffer) {
        let of = self.convolution;
        let channels = of.input.channels;
        let each = block.input_rows * block.input_columns * I;
        let pairs = self.pairs().into_iter().flatten().count();
        to.reserve(channels.div_ceil(I) * pairs * each * S::F32_LANES);
        let to = registers_mut::<S>(to.values_mut());
        let zero = simd.splat_f32s(0.0);
        let [rows, columns] = of.windows;
        for (pair, [input, _]) in self.pairs().into_iter().flatten().enumerate() {
            let input = registers::<S>(input);
            for row in 0..block.input_rows {
                let y = (block.from * rows.stride + row).checked_sub(rows.padding);
                let y = y.filter(|&y| y < of.input.height);
                for column in 0..block.input_columns {
                    let x = column.checked_sub(columns.padding);
                    let x = x.filter(|&x| x < of.input.width);
                    let place = (row * block.input_columns + column) * I;
                    let from = y.zip(x).map(|(y, x)| (y * of.input.width + x) * channels);
                    for (tile, first) in (0..channels).step_by(I).enumerate() {
                        let to = &mut to[(tile * pairs + pair) * each + place..][..I];
                        unroll!(k < I, {
                            to[k] = match from {
                                Some(from) if first + k < channels => input[from + first + k],
                                _ => zero,
                            };
                        });
                    }
                }
            }
        }
    }

    /// `[pair][row][column][O]` of the channels from `o` on: zeros past the last.
    #[inline(always)]
    fn pack_deltas<S: Simd, const O: usize>(
        &self,
        simd: S,
        block: Block,
        o: usize,
        to: &mut Buffer,
    ) {
        let of = self.convolution.output;
        let positions = block.rows * of.width;
        let pairs = self.pairs().into_iter().flatten();
        to.reserve(pairs.clone().count() * positions * O * S::F32_LANES);
        let to = registers_mut::<S>(to.values_mut());
        let (valid, zero) = ((of.channels - o).min(O), simd.splat_f32s(0.0));
        for ([_, delta], to) in pairs.zip(to.chunks_exact_mut(positions * O)) {
            let delta = &registers::<S>(delta)[block.from * of.width * of.channels..];
            for (delta, to) in delta.chunks_exact(of.channels).zip(to.chunks_exact_mut(O)) {
                unroll!(k < O, {
                    to[k] = match k < valid {
                        true => delta[o + k],
                        false => zero,
                    };
                });
            }
        }
    }

    /// # Safety
    /// Operands are packed for the block; `o`, `i`, `ky` and `kx` are within their extents.
    #[inline(always)]
    unsafe fn tile<S: Simd, const O: usize, const I: usize, const K: usize>(
        &mut self,
        simd: S,
        block: Block,
        [input, delta]: [&[f32]; 2],
        [o, i]: [usize; 2],
        [ky, kx]: [usize; 2],
    ) {
        let of = self.convolution;
        let [window_rows, window] = of.windows;
        let inputs = of.input.channels;
        let each = block.input_rows * block.input_columns * I;
        let positions = block.rows * of.output.width * O;
        let pairs = self.pairs().into_iter().flatten().count();
        let mut sums = [[[simd.splat_f32s(0.0); K]; I]; O];
        for pair in 0..pairs {
            for y in 0..block.rows {
                let row = y * window_rows.stride + ky;
                let input_y =
                    (block.from * window_rows.stride + row).wrapping_sub(window_rows.padding);
                if input_y >= of.input.height {
                    continue;
                }
                let first = (i / I * pairs + pair) * each;
                // SAFETY: the row's first registers, at column `kx` of the input.
                let (mut input, mut delta) = unsafe {
                    let column = row * block.input_columns + kx;
                    let delta_row = pair * positions + y * of.output.width * O;
                    (
                        input.as_ptr().add((first + column * I) * S::F32_LANES),
                        delta.as_ptr().add(delta_row * S::F32_LANES),
                    )
                };
                for _ in 0..of.output.width {
                    let mut deltas = [simd.splat_f32s(0.0); O];
                    // SAFETY: a column of the packed rows, `K` columns of input from there on.
                    unsafe {
                        unroll!(o < O, {
                            deltas[o] = load::<S>(delta.add(o * S::F32_LANES));
                        });
                        unroll!(k < K, {
                            unroll!(i < I, {
                                let value = load::<S>(input.add((k * I + i) * S::F32_LANES));
                                unroll!(o < O, {
                                    sums[o][i][k] = mul_add(simd, deltas[o], value, sums[o][i][k]);
                                });
                            });
                        });
                    }
                    delta = delta.wrapping_add(O * S::F32_LANES);
                    input = input.wrapping_add(window.stride * I * S::F32_LANES);
                }
            }
        }
        let positions = of.positions();
        let (valid_o, valid_i) = (of.output.channels - o, inputs - i);
        unroll!(o_tile < O, {
            unroll!(i_tile < I, {
                if o_tile < valid_o && i_tile < valid_i {
                    let at = ((o + o_tile) * inputs + i + i_tile) * positions;
                    unroll!(k < K, {
                        self.grad[at + ky * window.kernel + kx + k] +=
                            simd.reduce_sum_f32s(sums[o_tile][i_tile][k]);
                    });
                }
            });
        });
    }

    /// One output position: a matrix product over the lanes, in the order of the weights.
    #[inline(always)]
    fn matrix<S: Simd>(&mut self, simd: S, input: &[f32], delta: &[f32]) {
        let of = self.convolution;
        let (inputs, area) = (of.input.channels, of.input.area());
        let len = of.input.len();
        // Pictures one after the other, each in the order of the weights: channel, position.
        let mut pictures = vec![0.0; len * S::F32_LANES];
        for position in 0..area {
            for channel in 0..inputs {
                let from = &input[(position * inputs + channel) * S::F32_LANES..];
                for (lane, &value) in from[..S::F32_LANES].iter().enumerate() {
                    pictures[lane * len + channel * area + position] = value;
                }
            }
        }
        for (o, grad) in self.grad.chunks_exact_mut(len).enumerate() {
            let delta = &delta[o * S::F32_LANES..][..S::F32_LANES];
            for (&delta, picture) in delta.iter().zip(pictures.chunks_exact(len)) {
                if delta == 0.0 {
                    continue;
                }
                let (head, tail) = S::as_mut_simd_f32s(grad);
                let (from, rest) = S::as_simd_f32s(picture);
                let factor = simd.splat_f32s(delta);
                for (grad, &x) in head.iter_mut().zip(from) {
                    *grad = mul_add(simd, factor, x, *grad);
                }
                for (grad, &x) in tail.iter_mut().zip(rest) {
                    *grad += delta * x;
                }
            }
        }
    }
}
