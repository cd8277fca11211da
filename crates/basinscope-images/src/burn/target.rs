//! What is asked of a picture, and the loss that follows from its logits.

/// One term of the loss: `weight · −log p_y`, or in reverse `weight · −log(1 − p_y)`.
///
/// Reference: Huang et al. 2020, section 3 (the reverse cross-entropy of poisoned pictures).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// The class y.
    pub label: u8,
    /// Its weight; 1/n in a mean over n pictures.
    pub weight: f32,
    /// Whether p_y is to be small.
    pub reverse: bool,
}

impl Target {
    /// Targets of the mean cross-entropy.
    pub fn mean(labels: &[u8]) -> Vec<Self> {
        let weight = 1.0 / labels.len() as f32;
        let target = |&label| Self {
            label,
            weight,
            reverse: false,
        };
        labels.iter().map(target).collect()
    }

    /// Weighted loss, with its slopes in the logits written to `slopes`.
    ///
    /// With d = z_y − log Σ_{k≠y} exp z_k both losses are softplus(∓d), which keeps every digit
    /// where they are tiny.
    pub(super) fn loss(&self, logits: &[f32], slopes: &mut [f32]) -> f64 {
        let own = usize::from(self.label);
        let others = || logits.iter().enumerate().filter(|&(k, _)| k != own);
        let max = others().fold(f32::NEG_INFINITY, |max, (_, &z)| max.max(z));
        let max = f64::from(max);
        let sum: f64 = others().map(|(_, &z)| (f64::from(z) - max).exp()).sum();
        let margin = f64::from(logits[own]) - max - sum.ln();
        let sign = if self.reverse { 1.0 } else { -1.0 };
        let weight = f64::from(self.weight);
        let slope = weight * sign * logistic(sign * margin);
        for (k, slope_k) in slopes.iter_mut().enumerate() {
            *slope_k = match k == own {
                true => slope as f32,
                false => (-slope * (f64::from(logits[k]) - max).exp() / sum) as f32,
            };
        }
        weight * softplus(sign * margin)
    }
}

/// Cross-entropy −log p_y of one picture.
pub(super) fn cross_entropy(logits: &[f32], label: u8) -> f64 {
    let target = Target {
        label,
        weight: 1.0,
        reverse: false,
    };
    target.loss(logits, &mut [])
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
    fn losses_and_slopes_of_known_probabilities() {
        // p = (1, 2, 5)/8
        let logits = [1f32, 2.0, 5.0].map(f32::ln);
        let mut slopes = [0.0; 3];
        let target = |reverse| Target {
            label: 1,
            weight: 2.0,
            reverse,
        };
        let loss = target(false).loss(&logits, &mut slopes);
        assert!((loss - 2.0 * 4f64.ln()).abs() < 1e-6);
        for (slope, expected) in slopes.iter().zip([0.25, -1.5, 1.25]) {
            assert!((slope - expected).abs() < 1e-6, "{slopes:?}"); // 2(p − onehot)
        }
        let loss = target(true).loss(&logits, &mut slopes);
        assert!((loss + 2.0 * 0.75f64.ln()).abs() < 1e-6);
        // −log(1 − p_y): p_y in y, −p_y p_k/(1 − p_y) in the others, twice.
        for (slope, expected) in slopes.iter().zip([-1.0 / 12.0, 0.5, -5.0 / 12.0]) {
            assert!((slope - expected).abs() < 1e-6, "{slopes:?}");
        }
    }

    #[test]
    fn tiny_losses_keep_their_digits() {
        // One other class, e^−40 less likely: the loss is log(1 + e^−40) = e^−40.
        let loss = cross_entropy(&[40.0, 0.0], 0);
        assert!((loss / (-40f64).exp() - 1.0).abs() < 1e-12);
        assert!((cross_entropy(&[-300.0, 300.0], 0) - 600.0).abs() < 1e-9);
    }
}
