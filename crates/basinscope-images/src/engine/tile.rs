//! The register tile: eight output channels times up to three positions of one panel.

use super::gather::{Gather, MAX_POSITIONS, Segment};
use super::unroll::unroll;
use pulp::{Scalar128b, Simd, WithSimd};
use std::any::TypeId;

/// Output channels of a group of packed weights.
pub(super) const GROUP: usize = 8;

/// Weights in groups of eight output channels, `[group][kernel position][input channel][8]`, zeros
/// where the channels end, and a bias for each channel.
#[derive(Clone)]
pub(super) struct Packed {
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) outputs: usize,
    pub(super) depth: usize,
    pub(super) positions: usize,
}

impl Packed {
    /// From a function of (output channel, input channel, kernel position).
    pub(super) fn new(
        [outputs, depth, positions]: [usize; 3],
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let groups = outputs.div_ceil(GROUP);
        let mut weights = vec![0.0; groups * positions * depth * GROUP];
        let mut at = weights.iter_mut();
        for group in 0..groups {
            for position in 0..positions {
                for input in 0..depth {
                    for (lane, to) in at.by_ref().take(GROUP).enumerate() {
                        let output = group * GROUP + lane;
                        if output < outputs {
                            *to = weight(output, input, position);
                        }
                    }
                }
            }
        }
        Self {
            weights,
            bias: vec![0.0; groups * GROUP],
            outputs,
            depth,
            positions,
        }
    }
}

/// What happens to sums before they are stored.
#[derive(Clone, Copy, Default)]
pub(super) struct Epilogue<'a> {
    /// Scale and shift of each channel, after the residual.
    pub(super) affine: Option<[&'a [f32]; 2]>,
    /// Slope of the activation below 0; 1 for none.
    pub(super) slope: Option<f32>,
}

/// A value of one panel that is added to, stored to, or both.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) at: *mut f32,
    pub(super) len: usize,
}

impl Place {
    /// A value that is only read: as a residual.
    pub(super) fn reading(values: &[f32]) -> Self {
        Self {
            at: values.as_ptr().cast_mut(),
            len: values.len(),
        }
    }

    pub(super) fn of(values: &mut [f32]) -> Self {
        Self {
            at: values.as_mut_ptr(),
            len: values.len(),
        }
    }
}

/// One convolution of one panel, or the sum of two:
///
/// ```text
/// sum[p][o] = bias[o] + Σ_taps Σ_i weight(o, i, tap)·input[tap(p)][i] + residual[p][o]
/// raw[p][o] = sum;   out[p][o] = activation(scale[o]·sum + shift[o])
/// ```
pub(super) struct Convolve<'a> {
    pub(super) gather: &'a Gather,
    pub(super) packed: &'a Packed,
    pub(super) input: &'a [f32],
    /// Other weights and another input, whose sum is added; their bias is not.
    pub(super) also: Option<(&'a Packed, &'a [f32])>,
    /// Added to the sums; may be `raw` or `out` itself.
    pub(super) residual: Option<Place>,
    /// Where the sums go as they are.
    pub(super) raw: Option<Place>,
    /// Where they go after the epilogue.
    pub(super) out: Option<Place>,
    pub(super) epilogue: Epilogue<'a>,
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.check::<S>();
        let groups = self.packed.outputs.div_ceil(GROUP);
        for segments in self.gather.rows() {
            for group in 0..groups {
                for segment in segments {
                    macro_rules! pick {
                        ($($count:literal),*) => {
                            match segment.count {
                                // SAFETY: what `check` asserts.
                                $($count => unsafe {
                                    if S::F32_LANES >= 16 {
                                        self.tile::<S, 8, $count>(simd, segment, group, 0);
                                    } else {
                                        // Half as many registers hold half as many channels.
                                        self.tile::<S, 4, $count>(simd, segment, group, 0);
                                        self.tile::<S, 4, $count>(simd, segment, group, 4);
                                    }
                                },)*
                                _ => unreachable!("segments hold 1 to 3 positions"),
                            }
                        };
                    }
                    pick!(1, 2, 3);
                }
            }
        }
    }
}

impl Convolve<'_> {
    fn check<S: Simd>(&self) {
        let [inputs, outputs, kernel] = self.gather.extents();
        let packed = self.packed;
        assert!(self.input.len() >= inputs * packed.depth * S::F32_LANES);
        assert!(kernel <= packed.positions);
        if let Some((other, input)) = self.also {
            let extents = |of: &Packed| [of.outputs, of.depth, of.positions];
            assert_eq!(extents(other), extents(packed));
            assert!(input.len() >= inputs * packed.depth * S::F32_LANES);
        }
        let len = outputs * packed.outputs * S::F32_LANES;
        for place in [self.residual, self.raw, self.out].into_iter().flatten() {
            assert!(place.len >= len);
        }
        if let Some(affine) = self.epilogue.affine {
            assert!(affine.iter().all(|of| of.len() >= packed.outputs));
        }
    }

    /// Channels `from..from + O` of a group at the `P` positions of a segment.
    ///
    /// # Safety
    /// What [`Convolve::check`] asserts; `segment` is one of `gather` and holds `P` positions.
    #[inline(always)]
    unsafe fn tile<S: Simd, const O: usize, const P: usize>(
        &self,
        simd: S,
        segment: &Segment,
        group: usize,
        from: usize,
    ) {
        let packed = self.packed;
        let channel = group * GROUP + from;
        let valid = packed.outputs.saturating_sub(channel).min(O);
        if valid == 0 {
            return;
        }
        let zero = simd.splat_f32s(0.0);
        let mut sums = [[zero; P]; O];
        unroll!(o < O, {
            // SAFETY: biases fill whole groups.
            sums[o] = [simd.splat_f32s(unsafe { *packed.bias.get_unchecked(channel + o) }); P];
        });
        let depth = packed.depth;
        let step = segment.steps[1] * depth * S::F32_LANES;
        let first = Some((packed, self.input));
        for (packed, input) in [first, self.also].into_iter().flatten() {
            let weights = &packed.weights[group * packed.positions * depth * GROUP..];
            for tap in self.gather.taps(segment) {
                // SAFETY: inputs of the tap's positions and weights of its kernel position, all
                // of `depth` channels; pointers past the last channel are not read.
                unsafe {
                    let mut input = input.as_ptr().add(tap.input * depth * S::F32_LANES);
                    let mut weight = weights.as_ptr().add(tap.kernel * depth * GROUP + from);
                    for _ in 0..depth {
                        let mut points = [zero; P];
                        unroll!(p < P, {
                            points[p] = load::<S>(input.add(p * step));
                        });
                        unroll!(o < O, {
                            let factor = simd.splat_f32s(*weight.add(o));
                            unroll!(p < P, {
                                sums[o][p] = mul_add(simd, factor, points[p], sums[o][p]);
                            });
                        });
                        input = input.wrapping_add(S::F32_LANES);
                        weight = weight.wrapping_add(GROUP);
                    }
                }
            }
        }
        let row = packed.outputs * S::F32_LANES;
        unroll!(o < O, {
            if o < valid {
                unroll!(p < P, {
                    let position = segment.output + p * segment.steps[0];
                    let at = position * row + (channel + o) * S::F32_LANES;
                    // SAFETY: a position and a channel of the output.
                    unsafe { self.finish(simd, sums[o][p], at, channel + o) };
                });
            }
        });
    }

    /// # Safety
    /// `at` is the place of a register in the output, of this channel.
    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, simd: S, mut sum: S::f32s, at: usize, channel: usize) {
        // SAFETY: as said above.
        unsafe {
            if let Some(residual) = self.residual {
                sum = simd.add_f32s(sum, load::<S>(residual.at.add(at)));
            }
            if let Some(raw) = self.raw {
                store::<S>(raw.at.add(at), sum);
            }
            if let Some(out) = self.out {
                if let Some([scale, shift]) = self.epilogue.affine {
                    let scale = simd.splat_f32s(*scale.get_unchecked(channel));
                    let shift = simd.splat_f32s(*shift.get_unchecked(channel));
                    sum = mul_add(simd, scale, sum, shift);
                }
                if let Some(slope) = self.epilogue.slope {
                    sum = leaky(simd, slope, sum);
                }
                store::<S>(out.at.add(at), sum);
            }
        }
    }
}

const _: () = assert!(MAX_POSITIONS == 3, "the tiles of `with_simd`");

/// max(x, slope·x), for slopes of at most 1.
#[inline(always)]
pub(super) fn leaky<S: Simd>(simd: S, slope: f32, x: S::f32s) -> S::f32s {
    simd.max_f32s(x, simd.mul_f32s(simd.splat_f32s(slope), x))
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
pub(super) unsafe fn store<S: Simd>(to: *mut f32, value: S::f32s) {
    // SAFETY: as above.
    unsafe { to.cast::<S::f32s>().write_unaligned(value) }
}

/// a·b + c: fused where the path has the instruction, else rounded twice.
#[inline(always)]
pub(super) fn mul_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if TypeId::of::<S>() == TypeId::of::<Scalar128b>() {
        simd.add_f32s(simd.mul_f32s(a, b), c)
    } else {
        simd.mul_add_e_f32s(a, b, c)
    }
}
