//! The gradient of a convolution's weights: outer products of two values, summed over positions.

use super::convolution::Convolution;
use super::tile::{load, mul_add};
use super::unroll::unroll;
use pulp::{Simd, WithSimd};

/// Values of a panel that the loops go over before they turn to the next rows: about what the
/// second-level cache holds of either operand.
const BLOCK: usize = 96 << 10;

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
        let row = of.output.width * of.output.channels.max(of.input.channels) * S::F32_LANES;
        let rows = (BLOCK / row).max(1);
        for from in (0..of.output.height).step_by(rows) {
            let block = [from, (from + rows).min(of.output.height)];
            match of.windows[1].kernel {
                3 if S::F32_LANES >= 16 => self.tiles::<S, 4, 2, 3>(simd, block),
                3 => self.tiles::<S, 2, 2, 3>(simd, block),
                _ if S::F32_LANES >= 16 => self.tiles::<S, 4, 4, 1>(simd, block),
                _ => self.tiles::<S, 4, 2, 1>(simd, block),
            }
        }
    }
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
    fn tiles<S: Simd, const O: usize, const I: usize, const K: usize>(
        &mut self,
        simd: S,
        rows: [usize; 2],
    ) {
        let of = self.convolution;
        let [kernel_rows, kernel_columns] = of.windows.map(|window| window.kernel);
        for o in (0..of.output.channels).step_by(O) {
            for i in (0..of.input.channels).step_by(I) {
                for ky in 0..kernel_rows {
                    for kx in (0..kernel_columns).step_by(K) {
                        // SAFETY: `check`; `tile` keeps within rows, columns and channels.
                        unsafe { self.tile::<S, O, I, K>(simd, rows, [o, i], [ky, kx]) };
                    }
                }
            }
        }
    }

    /// # Safety
    /// What [`WeightGrad::check`] asserts; `o`, `i`, `ky`, `kx` and the rows are within their
    /// extents.
    #[inline(always)]
    unsafe fn tile<S: Simd, const O: usize, const I: usize, const K: usize>(
        &mut self,
        simd: S,
        rows: [usize; 2],
        [o, i]: [usize; 2],
        [ky, kx]: [usize; 2],
    ) {
        let of = self.convolution;
        let (inputs, outputs) = (of.input.channels, of.output.channels);
        // Channels past the last one read the last one again, and are not stored.
        let (last_o, last_i) = ((outputs - o).min(O) - 1, (inputs - i).min(I) - 1);
        let window = of.windows[1];
        let zero = simd.splat_f32s(0.0);
        let mut sums = [[[zero; K]; I]; O];
        for [input, delta] in self.pairs().into_iter().flatten() {
            for y in rows[0]..rows[1] {
                let shifted = y * of.windows[0].stride + ky;
                let Some(input_y) = shifted.checked_sub(of.windows[0].padding) else {
                    continue;
                };
                if input_y >= of.input.height {
                    continue;
                }
                // SAFETY: first values of a row of either operand, at a channel of theirs.
                let (input_row, delta_row) = unsafe {
                    (
                        input
                            .as_ptr()
                            .add((input_y * of.input.width * inputs + i) * S::F32_LANES),
                        delta
                            .as_ptr()
                            .add((y * of.output.width * outputs + o) * S::F32_LANES),
                    )
                };
                for x in 0..of.output.width {
                    let column = x * window.stride + kx;
                    // SAFETY: position x of the row, and channels up to the last.
                    let delta = |o: usize| unsafe {
                        load::<S>(delta_row.add((x * outputs + o.min(last_o)) * S::F32_LANES))
                    };
                    let mut deltas = [zero; O];
                    unroll!(o < O, {
                        deltas[o] = delta(o);
                    });
                    let is_inside = column >= window.padding
                        && column + K - 1 - window.padding < of.input.width;
                    if is_inside {
                        unroll!(k < K, {
                            unroll!(i < I, {
                                let at = (column + k - window.padding) * inputs + i.min(last_i);
                                // SAFETY: a column inside the row, see above.
                                let value = unsafe { load::<S>(input_row.add(at * S::F32_LANES)) };
                                unroll!(o < O, {
                                    sums[o][i][k] = mul_add(simd, deltas[o], value, sums[o][i][k]);
                                });
                            });
                        });
                    } else {
                        unroll!(k < K, {
                            let column = (column + k).wrapping_sub(window.padding);
                            if column < of.input.width {
                                unroll!(i < I, {
                                    let at = column * inputs + i.min(last_i);
                                    // SAFETY: a column inside the row.
                                    let value =
                                        unsafe { load::<S>(input_row.add(at * S::F32_LANES)) };
                                    unroll!(o < O, {
                                        sums[o][i][k] =
                                            mul_add(simd, deltas[o], value, sums[o][i][k]);
                                    });
                                });
                            }
                        });
                    }
                }
            }
        }
        let positions = of.positions();
        unroll!(o_tile < O, {
            unroll!(i_tile < I, {
                if o_tile <= last_o && i_tile <= last_i {
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
