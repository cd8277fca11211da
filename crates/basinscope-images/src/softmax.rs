//! Losses of logits, and what they pass back.

use basinscope::net::LossKind;

/// The loss of one example in nats; its derivatives by the logits into `slopes` where wanted.
///
/// ```text
/// d               z_y − ln Σ_{k≠y} exp z_k
/// cross-entropy   −ln p_y       = softplus(−d)
/// reverse         −ln(1 − p_y)  = softplus(d)
/// ```
///
/// Neither is a difference of large numbers, so tiny losses keep every digit. An overflow of the
/// net is an infinite loss, never NaN.
///
/// # Reference
/// Huang et al. 2020, section 3, for the reverse loss of poisoned pictures.
pub(crate) fn loss(
    logits: &[f32],
    label: usize,
    kind: LossKind,
    slopes: Option<&mut [f64]>,
) -> f64 {
    let others = || (logits.iter().enumerate()).filter(|&(class, _)| class != label);
    let top = others().fold(f32::NEG_INFINITY, |top, (_, &logit)| top.max(logit));
    let above = |logit: f32| (f64::from(logit) - f64::from(top)).exp();
    let sum: f64 = others().map(|(_, &logit)| above(logit)).sum();
    let margin = f64::from(logits[label]) - f64::from(top) - sum.ln();
    let sign = match kind {
        LossKind::CrossEntropy => -1.0,
        LossKind::Reverse => 1.0,
    };
    if let Some(slopes) = slopes {
        let own = sign * logistic(sign * margin);
        for (class, (slope, &logit)) in slopes.iter_mut().zip(logits).enumerate() {
            *slope = match class == label {
                true => own,
                false => -own * above(logit) / sum,
            };
        }
    }
    match margin.is_finite() {
        true => softplus(sign * margin),
        false => f64::INFINITY,
    }
}

/// −ln p_y of one example, in nats.
pub(crate) fn cross_entropy(logits: &[f32], label: usize) -> f64 {
    loss(logits, label, LossKind::CrossEntropy, None)
}

/// The cross-entropy's Hessian by the logits z times their change:
/// `p_k·(ż_k − Σ p_j·ż_j)`, p the probabilities.
pub(crate) fn hessian_product(logits: &[f32], change: &[f32], out: &mut [f64]) {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for (p, &z) in out.iter_mut().zip(logits) {
        *p = (f64::from(z) - f64::from(top)).exp();
    }
    let sum: f64 = out.iter().sum();
    let mean = |of: &[f64]| {
        (of.iter().zip(change))
            .map(|(p, &change)| p * f64::from(change))
            .sum::<f64>()
            / sum
    };
    let mean = mean(out);
    for (p, &change) in out.iter_mut().zip(change) {
        *p *= (f64::from(change) - mean) / sum;
    }
}

/// Index of the largest logit; the first of equals.
pub(crate) fn class(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, k| if logits[k] > logits[best] { k } else { best })
}

/// Turns rows of logits, `[examples, classes]`, into probabilities.
pub(crate) fn probabilities(logits: &mut [f32], classes: usize) {
    for row in logits.chunks_exact_mut(classes) {
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut().for_each(|z| *z = (*z - top).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
    }
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_and_slopes_are_those_of_the_definition() {
        let logits = [0.3_f32, -1.2, 2.0];
        let sum: f64 = logits.iter().map(|&z| f64::from(z).exp()).sum();
        for label in 0..3 {
            let p = f64::from(logits[label]).exp() / sum;
            for (kind, expected) in [
                (LossKind::CrossEntropy, -p.ln()),
                (LossKind::Reverse, -(1.0 - p).ln()),
            ] {
                let mut slopes = [0.0; 3];
                let found = loss(&logits, label, kind, Some(&mut slopes));
                assert!((found - expected).abs() < 1e-12);
                for k in 0..3 {
                    let h = 1e-3;
                    let moved = |by: f32| {
                        let mut z = logits;
                        z[k] += by;
                        loss(&z, label, kind, None)
                    };
                    let slope = (moved(h) - moved(-h)) / f64::from(2.0 * h);
                    assert!(
                        (slope - slopes[k]).abs() < 1e-4,
                        "{kind:?} {slope} {slopes:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn losses_and_slopes_of_known_probabilities() {
        // p = (1, 2, 5)/8
        let logits = [1f32, 2.0, 5.0].map(f32::ln);
        for (kind, value, expected) in [
            // p − onehot
            (
                LossKind::CrossEntropy,
                4f64.ln(),
                [1.0 / 8.0, -6.0 / 8.0, 5.0 / 8.0],
            ),
            // p_y in y, −p_y p_k/(1 − p_y) in the others
            (
                LossKind::Reverse,
                -0.75f64.ln(),
                [-1.0 / 24.0, 0.25, -5.0 / 24.0],
            ),
        ] {
            let mut slopes = [0.0; 3];
            assert!((loss(&logits, 1, kind, Some(&mut slopes)) - value).abs() < 1e-7);
            for (slope, expected) in slopes.iter().zip(expected) {
                assert!((slope - expected).abs() < 1e-7, "{slopes:?}");
            }
        }
    }

    #[test]
    fn the_hessian_of_known_probabilities() {
        // p = (1, 2, 5)/8, ż = (8, 0, 4): Σ p·ż = 28/8, so p∘(ż − 3.5) = (4.5, −7, 2.5)/8.
        let logits = [1f32, 2.0, 5.0].map(f32::ln);
        let mut found = [0.0; 3];
        hessian_product(&logits, &[8.0, 0.0, 4.0], &mut found);
        for (found, expected) in found.iter().zip([4.5, -7.0, 2.5]) {
            assert!((found - expected / 8.0).abs() < 1e-7, "{found}");
        }
    }

    #[test]
    fn tiny_losses_keep_their_digits() {
        // One other class, e^−40 less likely: the loss is ln(1 + e^−40) = e^−40.
        let loss = cross_entropy(&[40.0, 0.0], 0);
        assert!((loss / (-40f64).exp() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn steep_logits_give_steep_but_finite_losses() {
        let logits = [300.0, -300.0];
        assert!(cross_entropy(&logits, 0) < 1e-200);
        assert_eq!(cross_entropy(&logits, 1), 600.0);
        assert_eq!(loss(&logits, 0, LossKind::Reverse, None), 600.0);
        for overflow in [
            [f32::NAN, 0.0],
            [0.0, f32::NAN],
            [f32::INFINITY, f32::INFINITY],
            [f32::INFINITY, 0.0],
            [0.0, f32::NEG_INFINITY],
        ] {
            for kind in [LossKind::CrossEntropy, LossKind::Reverse] {
                assert_eq!(loss(&overflow, 0, kind, None), f64::INFINITY);
            }
        }
    }
}
