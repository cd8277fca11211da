//! How much of a plane lies below a cutoff, and how much of other planes does.

use super::plane::plane;
use crate::Result;
use crate::direction::{Normalization, random_direction};
use crate::net::ParameterLayout;
use crate::random::stream;
use crate::record::Axis;
use crate::surface::Evaluate;

/// Other planes, where not asked otherwise.
pub const DEFAULT_OTHER_PLANES: usize = 24;
/// Nodes of them along a side, where not asked otherwise.
pub const DEFAULT_OTHER_GRID: usize = 25;

/// Share of nodes with a loss of at most the cutoff, from 0 to 1; 0 of none.
pub fn share_below(loss: &[f64], cutoff: f64) -> f64 {
    let below = loss.iter().filter(|&&loss| loss <= cutoff).count();
    below as f64 / loss.len().max(1) as f64
}

/// Random planes through one minimum, each by two random directions of its own.
///
/// What one plane shows is one draw out of these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomPlanes {
    /// Number of planes.
    pub count: usize,
    /// Steps along the first direction of each.
    pub x: Axis,
    /// Steps along the second.
    pub y: Axis,
    /// How the directions are normalised.
    pub normalization: Normalization,
    /// Cutoff on the mean train loss, in nats.
    pub cutoff: f64,
    /// Seed of the directions.
    pub seed: u64,
}

impl RandomPlanes {
    /// Share of each plane's nodes with a loss of at most the cutoff.
    ///
    /// # Errors
    /// As [`plane`].
    ///
    /// # Cost
    /// `count · x.count · y.count` evaluations, spread over the threads; the bits do not depend on
    /// how many there are.
    pub fn shares_below(
        &self,
        train: &impl Evaluate,
        layout: &ParameterLayout,
        theta: &[f32],
    ) -> Result<Vec<f64>> {
        (0..self.count as u64)
            .map(|index| {
                let [d1, d2] = [2 * index, 2 * index + 1].map(|index| {
                    let rng = &mut stream(self.seed, "other planes", index);
                    random_direction(layout, theta, self.normalization, rng)
                });
                let found = plane(train, theta, &d1, &d2, self.x, self.y, |_| ())?;
                Ok(share_below(&found.loss, self.cutoff))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Bowl, in_threads};
    use super::*;

    fn planes(seed: u64) -> RandomPlanes {
        RandomPlanes {
            count: 6,
            x: Axis::new(-1.0, 1.0, 21).unwrap(),
            y: Axis::new(-1.0, 1.0, 21).unwrap(),
            normalization: Normalization::None,
            cutoff: 0.3,
            seed,
        }
    }

    #[test]
    fn a_share_counts_what_is_at_most_the_cutoff() {
        assert_eq!(share_below(&[0.1, 0.2, 0.05, 1e30], 0.1), 0.5);
        assert_eq!(share_below(&[], 0.1), 0.0);
    }

    #[test]
    fn planes_of_a_bowl_show_the_areas_of_their_ellipses() {
        // L = ½|a·d₁ + b·d₂|² for unit d₁, d₂ at an angle of cosine c: {L ≤ 0.3} is an ellipse of
        // area π·0.6/√(1 − c²) in (a, b), at least π·0.6 = 1.885 of the square's 4 where it lies
        // within: .471, as for two orthogonal directions. In 2,000 dimensions |c| < .1, so that
        // all lie within 1 %, and the grid of 21 × 21 adds its own few per cent.
        let bowl = Bowl { dim: 2_000 };
        let layout = ParameterLayout::flat(2_000);
        let shares = planes(1).shares_below(&bowl, &layout, &vec![0.0; 2_000]);
        let shares = shares.unwrap();
        assert_eq!(shares.len(), 6);
        for share in &shares {
            assert!((share - 0.471).abs() < 0.05, "{shares:?}");
        }
    }

    #[test]
    fn planes_differ_and_threads_do_not_matter() {
        // In three dimensions angles differ widely, and so do the ellipses.
        let bowl = Bowl { dim: 3 };
        let layout = ParameterLayout::flat(3);
        let draw = |seed| planes(seed).shares_below(&bowl, &layout, &[0.1, 0.2, -0.3]);
        let one = in_threads(1, || draw(5)).unwrap();
        assert_eq!(one, in_threads(3, || draw(5)).unwrap());
        assert_ne!(one, draw(6).unwrap());
        assert!(one.iter().any(|share| share != &one[0]), "{one:?}");
    }
}
