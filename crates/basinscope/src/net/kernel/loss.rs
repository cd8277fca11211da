//! Cross-entropy of logits, per example, and its derivative.

use super::batch::{Batch, CHUNK, PANEL};
use crate::simd::Kernel;
use pulp::{Simd, WithSimd};

/// ln(1 + eˣ) in f32, to about 2e-7 relative for every x, without a branch: LLVM turns a loop
/// over it into SIMD code.
///
/// ```text
/// softplus(x) = max(x, 0) + 2·atanh(e / (2 + e)),   e = exp(−|x|)
/// ```
#[inline(always)]
fn softplus(x: f32) -> f32 {
    let e = exp_neg_abs(x);
    let s = e / (2.0 + e);
    let q = s * s;
    // 2·atanh(s)/s = 2·Σ q^k/(2k + 1), s ≤ 1/3: the first dropped term is below 2e-8.
    let series = 1.0 / 15.0;
    let series = series * q + 1.0 / 13.0;
    let series = series * q + 1.0 / 11.0;
    let series = series * q + 1.0 / 9.0;
    let series = series * q + 1.0 / 7.0;
    let series = series * q + 1.0 / 5.0;
    let series = series * q + 1.0 / 3.0;
    let tail = 2.0 * s + 2.0 * s * q * series;
    if x > 0.0 { x + tail } else { tail }
}

/// 1/(1 + e⁻ˣ), precise to a few ulp also where it is tiny.
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    let e = exp_neg_abs(x);
    let small = e / (1.0 + e);
    if x > 0.0 { 1.0 / (1.0 + e) } else { small }
}

/// Margins to probabilities, in place: 1/(1 + e⁻ˣ), and ½ where there is no number.
pub(crate) fn logistic(values: &mut [f32]) {
    struct Logistic<'a>(&'a mut [f32]);
    impl WithSimd for Logistic<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            for value in self.0 {
                let known = if value.is_nan() { 0.0 } else { *value };
                *value = sigmoid(known);
            }
        }
    }
    Kernel::active().dispatch(Logistic(values));
}

/// exp(−|x|) by Cody–Waite reduction and a polynomial; 0 below e⁻⁸⁷.
#[inline(always)]
fn exp_neg_abs(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = -x.abs();
    let clamped = if x < -87.0 { -87.0 } else { x };
    let n = (clamped * std::f32::consts::LOG2_E).round_ties_even();
    let r = (clamped - n * LN_2_HIGH) - n * LN_2_LOW;
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = 1.0 + (r + r * r * p);
    let scale = f32::from_bits(((n as i32 + 127) << 23) as u32);
    if x < -87.0 { 0.0 } else { p * scale }
}

/// Per-example losses of one panel from K logits `[K][width]` (one logit counts as that of class
/// 1 against 0) and, where asked, the weighted derivatives d(w·ℓ)/dz in the same layout.
#[inline(always)]
pub(super) fn losses(
    batch: &Batch,
    start: usize,
    logits: &[f32],
    classes: usize,
    losses: &mut [f32],
    deltas: Option<&mut [f32]>,
) {
    let width = losses.len();
    match classes {
        1 => {
            binary_losses(batch, start, logits, losses);
            if let Some(deltas) = deltas {
                binary_deltas(batch, start, logits, &mut deltas[..width]);
            }
        }
        2 => {
            let margins = &mut [0.0; PANEL][..width];
            difference(logits, margins);
            binary_losses(batch, start, margins, losses);
            if let Some(deltas) = deltas {
                let (first, second) = deltas[..2 * width].split_at_mut(width);
                binary_deltas(batch, start, margins, second);
                negate(second, first);
            }
        }
        _ => softmax(batch, start, logits, classes, losses, deltas),
    }
}

/// How the derivatives of [`losses`] change with the logits, for changes `tangents` of those.
#[inline(always)]
pub(super) fn delta_tangents(
    batch: &Batch,
    start: usize,
    logits: &[f32],
    tangents: &[f32],
    classes: usize,
    out: &mut [f32],
) {
    let width = logits.len() / classes;
    match classes {
        1 => binary_delta_tangents(batch, start, logits, tangents, &mut out[..width]),
        2 => {
            let (margins, changes) = (&mut [0.0; PANEL][..width], &mut [0.0; PANEL][..width]);
            difference(logits, margins);
            difference(tangents, changes);
            let (first, second) = out[..2 * width].split_at_mut(width);
            binary_delta_tangents(batch, start, margins, changes, second);
            negate(second, first);
        }
        _ => softmax_delta_tangents(batch, start, logits, tangents, classes, out),
    }
}

/// The second of two rows minus the first.
#[inline(always)]
fn difference(rows: &[f32], out: &mut [f32]) {
    let (first, second) = rows.split_at(out.len());
    for ((out, &first), &second) in out.iter_mut().zip(first).zip(second) {
        *out = second - first;
    }
}

#[inline(always)]
fn negate(values: &[f32], out: &mut [f32]) {
    for (out, &value) in out.iter_mut().zip(values) {
        *out = -value;
    }
}

/// The sign s of an example with a single logit z: its loss is softplus(−s·z).
#[inline(always)]
fn sign(label: u32, forward: bool) -> f32 {
    if (label == 1) == forward { 1.0 } else { -1.0 }
}

/// Per-example losses of one panel from a single logit each.
#[inline(always)]
fn binary_losses(batch: &Batch, start: usize, logits: &[f32], losses: &mut [f32]) {
    let width = logits.len();
    let labels = &batch.labels[start..start + width];
    let forward = &batch.forward[start..start + width];
    let losses = &mut losses[..width];
    for i in 0..width {
        losses[i] = softplus(-sign(labels[i], forward[i]) * logits[i]);
    }
}

/// Per-example weighted derivatives d(w·ℓ)/dz of one panel from a single logit each.
#[inline(always)]
fn binary_deltas(batch: &Batch, start: usize, logits: &[f32], deltas: &mut [f32]) {
    let width = logits.len();
    let labels = &batch.labels[start..start + width];
    let forward = &batch.forward[start..start + width];
    let weights = &batch.weights[start..start + width];
    let deltas = &mut deltas[..width];
    for i in 0..width {
        let s = sign(labels[i], forward[i]);
        deltas[i] = -s * weights[i] * sigmoid(-s * logits[i]);
    }
}

/// How the derivatives of [`binary_deltas`] change with the logits: `w·p·(1 − p)·ż`, for
/// cross-entropy and its reverse alike.
#[inline(always)]
fn binary_delta_tangents(
    batch: &Batch,
    start: usize,
    logits: &[f32],
    tangents: &[f32],
    out: &mut [f32],
) {
    let width = logits.len();
    let weights = &batch.weights[start..start + width];
    let out = &mut out[..width];
    for i in 0..width {
        let curvature = sigmoid(logits[i]) * sigmoid(-logits[i]);
        out[i] = weights[i] * curvature * tangents[i];
    }
}

/// The same for K logits, `[K][width]`: with p the softmax of all logits and q that of all but
/// y's, `w·p∘(ż − p·ż)`, and for the reverse `w·(p∘(ż − p·ż) − q∘(ż − q·ż))`.
fn softmax_delta_tangents(
    batch: &Batch,
    start: usize,
    logits: &[f32],
    tangents: &[f32],
    classes: usize,
    out: &mut [f32],
) {
    let width = logits.len() / classes;
    let (mut p, mut total) = (vec![0.0_f64; classes], vec![0.0_f64; classes]);
    for i in 0..width {
        let label = batch.labels[start + i] as usize;
        total.fill(0.0);
        for (sign, skip) in [(1.0, usize::MAX), (-1.0, label)] {
            if skip == label && batch.forward[start + i] {
                continue;
            }
            let kept = |class: usize| class != skip;
            let logit = |class: usize| f64::from(logits[class * width + i]);
            let top = (0..classes).filter(|&class| kept(class)).map(logit);
            let top = top.fold(f64::NEG_INFINITY, f64::max);
            for (class, p) in p.iter_mut().enumerate() {
                *p = if kept(class) {
                    (logit(class) - top).exp()
                } else {
                    0.0
                };
            }
            let sum: f64 = p.iter().sum();
            let tangent = |class: usize| f64::from(tangents[class * width + i]);
            let mean = (p.iter().enumerate())
                .map(|(class, p)| p / sum * tangent(class))
                .sum::<f64>();
            for class in 0..classes {
                total[class] += sign * p[class] / sum * (tangent(class) - mean);
            }
        }
        let weight = f64::from(batch.weights[start + i]);
        for class in 0..classes {
            out[class * width + i] = (weight * total[class]) as f32;
        }
    }
}

/// Per-example losses of one panel from K logits, `[K][width]`, and, where asked, the weighted
/// derivatives in the same layout.
///
/// Cross-entropy −ln p_y = lse(z) − z_y; reverse −ln(1 − p_y) = lse(z) − lse(z without y).
fn softmax(
    batch: &Batch,
    start: usize,
    logits: &[f32],
    classes: usize,
    losses: &mut [f32],
    mut deltas: Option<&mut [f32]>,
) {
    let width = logits.len() / classes;
    let logit = |class: usize, i: usize| f64::from(logits[class * width + i]);
    for i in 0..width {
        let label = batch.labels[start + i] as usize;
        let lse = |skip: usize| {
            let kept = || (0..classes).filter(move |&class| class != skip);
            let top = kept()
                .map(|class| logit(class, i))
                .fold(f64::NEG_INFINITY, f64::max);
            top + kept()
                .map(|class| (logit(class, i) - top).exp())
                .sum::<f64>()
                .ln()
        };
        let others = lse(label);
        let margin = logit(label, i) - others;
        // −ln p_y = softplus(−margin), −ln(1 − p_y) = softplus(margin).
        let signed = if batch.forward[start + i] {
            -margin
        } else {
            margin
        };
        losses[i] = softplus_f64(signed) as f32;
        if let Some(deltas) = deltas.as_deref_mut() {
            let slope = f64::from(batch.weights[start + i]) * sigmoid_f64(signed);
            let slope = if batch.forward[start + i] {
                -slope
            } else {
                slope
            };
            for class in 0..classes {
                let share = if class == label {
                    1.0
                } else {
                    -(logit(class, i) - others).exp()
                };
                deltas[class * width + i] = (slope * share) as f32;
            }
        }
    }
}

fn softplus_f64(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid_f64(x: f64) -> f64 {
    if x > 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        x.exp() / (1.0 + x.exp())
    }
}

/// Σ weight·loss in f64, in a fixed order.
#[inline(always)]
pub(super) fn weighted_sum(losses: &[f32], weights: &[f32]) -> f64 {
    let mut sums = [0.0_f64; CHUNK];
    for (losses, weights) in losses.chunks_exact(CHUNK).zip(weights.chunks_exact(CHUNK)) {
        for lane in 0..CHUNK {
            // A padded point has weight 0; its loss may be anything, also not finite.
            let term = f64::from(losses[lane]) * f64::from(weights[lane]);
            sums[lane] += if weights[lane] == 0.0 { 0.0 } else { term };
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softplus_and_sigmoid_agree_with_f64() {
        for step in -40_000..=40_000 {
            let x = step as f32 * 2.5e-3;
            let (exact, found) = (softplus_f64(f64::from(x)), f64::from(softplus(x)));
            // Below e^-87 the exact value is under 1.7e-38 and reads as 0.
            assert!(
                (found - exact).abs() <= 3e-7 * exact + 2e-38,
                "softplus({x})"
            );
            let (exact, found) = (sigmoid_f64(f64::from(x)), f64::from(sigmoid(x)));
            assert!(
                (found - exact).abs() <= 3e-7 * exact + 2e-38,
                "sigmoid({x})"
            );
        }
        assert_eq!(softplus(f32::INFINITY), f32::INFINITY);
        assert_eq!(softplus(f32::NEG_INFINITY), 0.0);
    }
}
