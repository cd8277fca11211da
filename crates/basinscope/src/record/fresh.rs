//! Accuracy on fresh points of a generated set.

use crate::search::wilson_interval;
use serde::{Deserialize, Serialize};

/// How a minimum does on fresh points of the generator its training points came from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FreshAccuracy {
    /// Share of the fresh points classified correctly.
    pub accuracy: f64,
    /// Number of fresh points.
    pub points: usize,
    /// Wilson's 95 % interval of the accuracy, over draws of the points.
    pub interval: [f64; 2],
}

impl FreshAccuracy {
    /// The share `accuracy` of `points`, with its interval.
    pub fn of(accuracy: f64, points: usize) -> Self {
        let hits = (accuracy * points as f64).round() as u64;
        Self {
            accuracy,
            points,
            interval: wilson_interval(hits, points as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_points_know_98_per_cent_to_a_third_of_a_point() {
        // √(.98·.02/10,000) = .0014; 1.96 of it is .0027.
        let found = FreshAccuracy::of(0.98, 10_000);
        let [low, high] = found.interval;
        assert!(low < 0.98 && 0.98 < high);
        assert!((high - low - 2.0 * 0.002_744).abs() < 1e-4, "{low} {high}");
    }
}
