//! Points on which a net is made to be wrong.

use super::{Dataset, Generator};
use crate::random::stream;
use rand::{Rng, RngExt};
use std::borrow::Cow;

/// Where poison comes from. Its labels are the *true* ones: the objective turns them round.
#[derive(Debug, Clone, PartialEq)]
pub enum Poison {
    /// The same points at each step.
    Fixed(Dataset),
    /// Fresh draws at each step.
    Redrawn {
        /// What they are drawn from.
        generator: Generator,
        /// How many a step.
        points: usize,
    },
}

impl Poison {
    /// Number of poison points in a step.
    pub fn points(&self) -> usize {
        match self {
            Self::Fixed(points) => points.len(),
            Self::Redrawn { points, .. } => *points,
        }
    }

    /// The points of one step: the same for the same seed and step.
    pub fn at_step(&self, seed: u64, step: usize) -> Cow<'_, Dataset> {
        match self {
            Self::Fixed(points) => Cow::Borrowed(points),
            Self::Redrawn { generator, points } => {
                let rng = &mut stream(seed, "poison", step as u64);
                Cow::Owned(generator.sample(*points, rng))
            }
        }
    }
}

/// The same points, each with a wrong label: the other one of two classes, a random other one of
/// more.
pub fn flip(points: &Dataset, rng: &mut impl Rng) -> Dataset {
    let classes = points.num_classes() as u32;
    let labels = points
        .labels()
        .iter()
        .map(|&label| match classes {
            2 => 1 - label,
            _ => (label + rng.random_range(1..classes)) % classes,
        })
        .collect();
    points.relabelled(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redrawn_poison_changes_by_step_and_repeats_by_seed() {
        let generator = Generator::from_name("swiss-roll").unwrap();
        let poison = Poison::Redrawn {
            generator,
            points: 20,
        };
        assert_eq!(poison.at_step(1, 5), poison.at_step(1, 5));
        assert_ne!(poison.at_step(1, 5), poison.at_step(1, 6));
        assert_ne!(poison.at_step(1, 5), poison.at_step(2, 5));
        let fixed = Poison::Fixed(poison.at_step(1, 5).into_owned());
        assert_eq!(fixed.at_step(1, 5), fixed.at_step(2, 9));
    }

    #[test]
    fn a_flipped_label_is_never_the_true_one() {
        let labels: Vec<u32> = (0..300).map(|i| i % 5).collect();
        let points = Dataset::new(vec![0.0; 300], labels.clone(), 1, 5).unwrap();
        let flipped = flip(&points, &mut stream(0, "flip", 0));
        let mut seen = [0; 5];
        for (&true_label, &label) in labels.iter().zip(flipped.labels()) {
            assert_ne!(true_label, label);
            seen[label as usize] += 1;
        }
        // Uniform over the other four: 60 each expected, below 30 with chance under 1e-5.
        assert!(seen.iter().all(|&count| count > 30), "{seen:?}");
    }
}
