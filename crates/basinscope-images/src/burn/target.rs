//! What is asked of a picture.

use basinscope::net::LossKind;

/// One term of the loss: `weight · −ln p_y`, or in reverse `weight · −ln(1 − p_y)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// The class y.
    pub label: u8,
    /// Its weight; 1/n in a mean over n pictures.
    pub weight: f64,
    /// Whether p_y is to be large or small.
    pub kind: LossKind,
}

impl Target {
    /// Targets of the mean cross-entropy.
    pub fn mean(labels: &[u8]) -> Vec<Self> {
        let weight = 1.0 / labels.len() as f64;
        let target = |&label| Self {
            label,
            weight,
            kind: LossKind::CrossEntropy,
        };
        labels.iter().map(target).collect()
    }
}
