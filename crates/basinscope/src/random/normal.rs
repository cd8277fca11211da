//! Many normal deviates at once, as moving a walker in n dimensions takes: drawing them one by one
//! costs as much as evaluating a small net.

use super::Stream;
use crate::simd::Kernel;
use pulp::{Simd, WithSimd};
use rand::RngExt;

/// Pairs drawn at once.
const PAIRS: usize = 64;

/// Fills `out` with independent standard normal deviates.
///
/// ```text
/// r = √(−2·ln u),   (r·cos φ, r·sin φ),   u and φ/2π uniform in (0, 1)
/// ```
///
/// The bits depend on the stream and the length alone, not on the processor. Deviates reach 6.6
/// standard deviations, beyond which one in 2·10¹⁰ would lie.
///
/// # Cost
/// A nanosecond or two each.
///
/// # Reference
/// Box and Muller 1958.
pub fn fill_normal(rng: &mut Stream, out: &mut [f32]) {
    Kernel::active().dispatch(Fill { rng, out });
}

struct Fill<'a> {
    rng: &'a mut Stream,
    out: &'a mut [f32],
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (mut words, mut pairs) = ([0_u32; 2 * PAIRS], [0.0_f32; 2 * PAIRS]);
        for out in self.out.chunks_mut(2 * PAIRS) {
            let half = out.len().div_ceil(2);
            self.rng.fill(&mut words[..2 * half]);
            let (radii, angles) = words.split_at(half);
            let (cosines, sines) = pairs.split_at_mut(half);
            for i in 0..half {
                let r = radius(radii[i]);
                let (cos, sin) = circle(angles[i]);
                cosines[i] = r * cos;
                sines[i] = r * sin;
            }
            out.copy_from_slice(&pairs[..out.len()]);
        }
    }
}

/// √(−2·ln u) with u = (w + ½)/2³¹ of the upper 31 bits w.
#[inline(always)]
fn radius(word: u32) -> f32 {
    let u = ((word >> 1) as i32 as f32 + 0.5) * (1.0 / 2_147_483_648.0);
    let minus_ln = -ln(u);
    (2.0 * if minus_ln > 0.0 { minus_ln } else { 0.0 }).sqrt()
}

/// Natural logarithm of a normal number, to about an ulp.
///
/// ```text
/// x = m·2^e, m in [√½, √2):  ln x = e·ln 2 + ln m, ln m by the series of Cephes
/// ```
#[inline(always)]
fn ln(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let e = (shifted as i32 >> 23) as f32;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(SQRT_HALF_BITS));
    let f = m - 1.0;
    let p = 7.037_684e-2;
    let p = p * f - 1.151_461e-1;
    let p = p * f + 1.167_699_9e-1;
    let p = p * f - 1.242_014_1e-1;
    let p = p * f + 1.424_932_3e-1;
    let p = p * f - 1.666_805_8e-1;
    let p = p * f + 2.000_071_5e-1;
    let p = p * f - 2.499_999_4e-1;
    let p = p * f + 3.333_333e-1;
    let square = f * f;
    (f - 0.5 * square + f * square * p + e * LN_2_LOW) + e * LN_2_HIGH
}

/// Cosine and sine of a uniform angle: the lower two bits choose the quarter of the circle, the
/// upper 24 the place in it.
#[inline(always)]
fn circle(word: u32) -> (f32, f32) {
    let place = (word >> 8) as i32 as f32 * (1.0 / 16_777_216.0) + (0.5 / 16_777_216.0 - 0.5);
    let x = place * std::f32::consts::FRAC_PI_2;
    let q = x * x;
    let sin = x + x * q * (-1.666_665_5e-1 + q * (8.332_161e-3 - q * 1.951_529_6e-4));
    let cos = 1.0 - 0.5 * q + q * q * (4.166_664_6e-2 + q * (-1.388_731_6e-3 + q * 2.443_315_7e-5));
    let (cos, sin) = if word & 1 == 0 {
        (cos, sin)
    } else {
        (-sin, cos)
    };
    if word & 2 == 0 {
        (cos, sin)
    } else {
        (-cos, -sin)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream;
    use super::*;
    use statrs::distribution::{ContinuousCDF, Normal};

    #[test]
    fn logarithm_and_circle_agree_with_f64() {
        for step in 0..1_000_000_u32 {
            let word = step.wrapping_mul(4_294_967).wrapping_add(step >> 3);
            let u = (f64::from(word >> 1) + 0.5) / 2_147_483_648.0;
            let exact = (-2.0 * u.ln()).sqrt();
            // Near u = 1 the rounding of u, up to 2⁻²⁵, moves r by 2⁻²⁵/r.
            let found = f64::from(radius(word));
            assert!(
                (found - exact).abs() < 3e-7 * exact + 6e-8 / exact.max(2e-4),
                "{word}: {found} {exact}"
            );
            let (cos, sin) = circle(word);
            let place = (f64::from(word >> 8) + 0.5) / 16_777_216.0 - 0.5;
            let angle = std::f64::consts::FRAC_PI_2 * (place + f64::from(word & 1))
                + std::f64::consts::PI * f64::from((word >> 1) & 1);
            assert!((f64::from(cos) - angle.cos()).abs() < 2e-7, "{word}");
            assert!((f64::from(sin) - angle.sin()).abs() < 2e-7, "{word}");
        }
    }

    /// The largest of 200,000 gaps between the empirical and the normal distribution is, by
    /// Kolmogorov, above 2.6/√N with probability 2·exp(−2·2.6²) = 2.7e-6.
    #[test]
    fn deviates_are_normal() {
        let mut found = vec![0.0; 200_001];
        fill_normal(&mut stream(1, "normal", 0), &mut found);
        let count = found.len() as f64;
        let moment = |power: i32| found.iter().map(|&x| f64::from(x).powi(power)).sum::<f64>();
        // Six standard deviations of a mean of x, x², x³, x⁴: √(1, 2, 15, 96)/N.
        for (power, exact, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let error = moment(power) / count - exact;
            assert!(
                error.abs() < 6.0 * (variance / count as f64).sqrt(),
                "{power}: {error}"
            );
        }
        let neighbours = found
            .windows(2)
            .map(|pair| f64::from(pair[0]) * f64::from(pair[1]));
        assert!((neighbours.sum::<f64>() / count).abs() < 6.0 / count.sqrt());
        // A pair lies half a block apart.
        let pairs = found.chunks_exact(2 * PAIRS).flat_map(|block| {
            let (cosines, sines) = block.split_at(PAIRS);
            cosines
                .iter()
                .zip(sines)
                .map(|(&a, &b)| f64::from(a) * f64::from(b))
        });
        assert!((pairs.sum::<f64>() / (count / 2.0)).abs() < 6.0 / (count / 2.0).sqrt());
        found.sort_unstable_by(f32::total_cmp);
        let normal = Normal::standard();
        let gap = (found.iter().enumerate())
            .map(|(rank, &x)| (normal.cdf(f64::from(x)) - (rank as f64 + 0.5) / count).abs())
            .fold(0.0, f64::max);
        assert!(gap < 2.6 / count.sqrt(), "{gap}");
    }

    #[test]
    fn bits_depend_on_stream_and_length_alone() {
        for len in [1, 2, 3, 127, 128, 129, 1_000] {
            let draw = |kernel: Kernel, index| {
                let mut out = vec![f32::NAN; len];
                kernel.dispatch(Fill {
                    rng: &mut stream(7, "normal", index),
                    out: &mut out,
                });
                out
            };
            let portable = draw(Kernel::Portable, 0);
            assert!(portable.iter().all(|x| x.is_finite()));
            assert_ne!(portable, draw(Kernel::Portable, 1));
            for kernel in Kernel::supported() {
                assert_eq!(draw(kernel, 0), portable, "{kernel:?}");
            }
        }
    }
}
