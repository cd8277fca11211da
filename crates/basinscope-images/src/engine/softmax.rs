//! Losses of logits, and what they pass back.

use basinscope::net::LossKind;

/// The loss of one example in nats; its derivatives by the logits into `slopes` where wanted.
///
/// ```text
/// cross-entropy   ln Σ_k exp z_k − z_y
/// reverse         −ln(1 − p_y) = ln Σ_k exp z_k − ln Σ_{k≠y} exp z_k
/// ```
pub(super) fn loss(
    logits: &[f32],
    label: usize,
    kind: LossKind,
    slopes: Option<&mut [f64]>,
) -> f64 {
    let all = log_sum(logits, None);
    let rest = || log_sum(logits, Some(label));
    let value = match kind {
        LossKind::CrossEntropy => all - f64::from(logits[label]),
        LossKind::Reverse => all - rest(),
    };
    if let Some(slopes) = slopes {
        let rest = rest();
        for (class, (slope, &logit)) in slopes.iter_mut().zip(logits).enumerate() {
            let probability = (f64::from(logit) - all).exp();
            *slope = match kind {
                LossKind::CrossEntropy => probability - f64::from(u8::from(class == label)),
                LossKind::Reverse if class == label => probability,
                LossKind::Reverse => probability - (f64::from(logit) - rest).exp(),
            };
        }
    }
    // An overflow of the net: never NaN.
    if value.is_nan() {
        f64::INFINITY
    } else {
        value.max(0.0)
    }
}

fn log_sum(logits: &[f32], without: Option<usize>) -> f64 {
    let of = |(class, logit): (usize, &f32)| (Some(class) != without).then_some(f64::from(*logit));
    let values = || logits.iter().enumerate().filter_map(of);
    let top = values().fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return top;
    }
    top + values().map(|z| (z - top).exp()).sum::<f64>().ln()
}

/// Index of the largest logit; the first of equals.
pub(super) fn class(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, k| if logits[k] > logits[best] { k } else { best })
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
    fn steep_logits_give_steep_but_finite_losses() {
        let logits = [300.0, -300.0];
        assert_eq!(loss(&logits, 0, LossKind::CrossEntropy, None), 0.0);
        assert_eq!(loss(&logits, 1, LossKind::CrossEntropy, None), 600.0);
        assert_eq!(loss(&logits, 0, LossKind::Reverse, None), 600.0);
        assert_eq!(
            loss(&[f32::NAN, 0.0], 0, LossKind::CrossEntropy, None),
            f64::INFINITY
        );
    }
}
