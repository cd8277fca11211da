//! How much of a plane lies in the basin, and how much of other planes does.

use super::plane::plane;
use crate::Result;
use crate::basin::{DEFAULT_TOLERANCE, Guess, Ray, Search};
use crate::direction::{Normalization, random_direction};
use crate::random::stream;
use crate::record::Axis;
use crate::surface::Evaluate;
use crate::surface::ParameterLayout;
use crate::watch::Watch;
use rayon::prelude::*;
use std::f64::consts::{PI, TAU};

/// Other planes, where not asked otherwise.
pub const DEFAULT_OTHER_PLANES: usize = 24;
/// Nodes of them along a side, where not asked otherwise.
pub const DEFAULT_OTHER_GRID: usize = 25;
/// Rays of a cross-section.
const RAYS: usize = 64;
/// Radius at which they are censored, in units of the directions.
const LARGEST_RADIUS: f64 = 100.0;
/// Radius at which the first of them is looked for.
const FIRST_GUESS: f64 = 0.1;

/// Share of nodes with a loss of at most the cutoff, from 0 to 1; 0 of none.
pub fn share_below(loss: &[f64], cutoff: f64) -> f64 {
    let below = loss.iter().filter(|&&loss| loss <= cutoff).count();
    below as f64 / loss.len().max(1) as f64
}

/// How much of one plane lies in the basin {loss ≤ cutoff}.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneArea {
    /// Share of the grid's nodes, from 0 to 1.
    pub share: f64,
    /// Area of what is seen from the minimum, in units of the two directions.
    pub cross_section: f64,
}

/// What is asked of planes through one minimum, all over the same range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneAreas {
    /// Steps along the first direction of each.
    pub x: Axis,
    /// Steps along the second.
    pub y: Axis,
    /// Cutoff on the mean train loss, in nats.
    pub cutoff: f64,
}

/// Random planes to compare with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneDraws {
    /// How the two directions of each are normalised.
    pub normalization: Normalization,
    /// Number of planes.
    pub count: usize,
    /// Seed of the directions.
    pub seed: u64,
}

impl PlaneAreas {
    /// How much of the plane of two directions lies in the basin: by the nodes of the grid, and by
    /// 64 rays, which see a basin that is smaller than the grid's meshes.
    ///
    /// ```text
    /// cross_section = ½·∮ r(φ)² dφ,   r(φ) where L(θ + r·(cos φ·d₁ + sin φ·d₂)) passes the cutoff
    /// ```
    ///
    /// # Errors
    /// As [`plane`].
    ///
    /// # Cost
    /// `x.count · y.count` evaluations, and about 250 for the rays.
    pub fn of(
        &self,
        train: &impl Evaluate,
        theta: &[f32],
        [d1, d2]: [&[f32]; 2],
        watch: &dyn Watch,
    ) -> Result<PlaneArea> {
        let found = plane(train, theta, d1, d2, self.x, self.y, watch)?;
        Ok(PlaneArea {
            share: share_below(&found.loss, self.cutoff),
            cross_section: self.cross_section(train, theta, [d1, d2]),
        })
    }

    fn cross_section(&self, train: &impl Evaluate, theta: &[f32], [d1, d2]: [&[f32]; 2]) -> f64 {
        if train.loss(theta) > self.cutoff {
            return 0.0;
        }
        let (mut radius, mut squares) = (FIRST_GUESS, 0.0);
        for index in 0..RAYS {
            let (sin, cos) = (TAU * index as f64 / RAYS as f64).sin_cos();
            let direction: Vec<f32> = (d1.iter().zip(d2))
                .map(|(&d1, &d2)| (cos * f64::from(d1) + sin * f64::from(d2)) as f32)
                .collect();
            let ray = Ray {
                surface: train,
                theta,
                direction: &direction,
                cutoff: self.cutoff,
                cap: LARGEST_RADIUS,
                tolerance: DEFAULT_TOLERANCE,
            };
            let guess = Guess {
                radius,
                slope: None,
            };
            radius = ray.cross(guess, Search::Secant).radius;
            squares += radius * radius;
        }
        PI / RAYS as f64 * squares
    }

    /// The same of random planes, each by two directions of its own: what one plane shows is one
    /// draw out of these.
    ///
    /// # Errors
    /// As [`plane`].
    ///
    /// # Cost
    /// That of [`PlaneAreas::of`] for each; the bits do not depend on the number of threads.
    pub fn of_random(
        &self,
        train: &impl Evaluate,
        layout: &ParameterLayout,
        theta: &[f32],
        draws: PlaneDraws,
        watch: &dyn Watch,
    ) -> Result<Vec<PlaneArea>> {
        (0..draws.count as u64)
            .into_par_iter()
            .map(|index| {
                let [d1, d2] = [2 * index, 2 * index + 1].map(|index| {
                    let rng = &mut stream(draws.seed, "other planes", index);
                    random_direction(layout, theta, draws.normalization, rng)
                });
                self.of(train, theta, [&d1, &d2], watch)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Bowl, in_threads};
    use super::*;

    fn asked(cutoff: f64) -> PlaneAreas {
        let axis = Axis::new(-1.0, 1.0, 21).unwrap();
        PlaneAreas {
            x: axis,
            y: axis,
            cutoff,
        }
    }

    #[test]
    fn a_share_counts_what_is_at_most_the_cutoff() {
        assert_eq!(share_below(&[0.1, 0.2, 0.05, 1e30], 0.1), 0.5);
        assert_eq!(share_below(&[], 0.1), 0.0);
    }

    #[test]
    fn the_area_of_an_ellipse_is_known_however_small() {
        // L = ½(a² + 4b²) ≤ c along d₁ = e₁, d₂ = 2e₂: half-axes √2c and √2c/2, area π·c. Radii are
        // known to 2e-3, areas to twice that. For c = .02 the half-axes are .2 and .1: of the grid
        // of step .1, nodes with a² + 4b² ≤ .04 are a ∈ {−.2, …, .2} on b = 0 and a = 0 on b = ±.1,
        // which rounding may lose where L is exactly the cutoff (4 of them): 3 to 7 of 441 nodes.
        // For c = 2e-6 the origin alone is left to the grid.
        let bowl = Bowl { dim: 2 };
        for (cutoff, nodes) in [(0.02, 3..=7), (2e-6, 1..=1)] {
            let (d1, d2) = ([1.0, 0.0], [0.0, 2.0]);
            let found = asked(cutoff).of(&bowl, &[0.0; 2], [&d1, &d2], &()).unwrap();
            let ratio = found.cross_section / (PI * cutoff);
            assert!((ratio - 1.0).abs() < 4e-3, "{ratio}");
            let below = (found.share * 441.0).round() as usize;
            assert!(nodes.contains(&below), "{below}");
        }
        // Outside its own basin there is nothing to see.
        let found = asked(0.02).of(&bowl, &[1.0, 0.0], [&[1.0, 0.0], &[0.0, 1.0]], &());
        assert_eq!(found.unwrap().cross_section, 0.0);
    }

    #[test]
    fn random_planes_differ_and_threads_do_not_matter() {
        // In three dimensions the angle of two random directions varies widely, and with it the
        // ellipse {½|a·d₁ + b·d₂|² ≤ c}, of area 2π·c/sin: never below 2π·c.
        let bowl = Bowl { dim: 3 };
        let layout = ParameterLayout::flat(3);
        let draw = |seed| {
            asked(0.1).of_random(
                &bowl,
                &layout,
                &[0.0; 3],
                PlaneDraws {
                    normalization: Normalization::None,
                    count: 6,
                    seed,
                },
                &(),
            )
        };
        let one = in_threads(1, || draw(5)).unwrap();
        assert_eq!(one, in_threads(3, || draw(5)).unwrap());
        assert_ne!(one, draw(6).unwrap());
        let sections: Vec<f64> = one.iter().map(|area| area.cross_section).collect();
        assert!(
            sections.iter().all(|area| *area > TAU * 0.1 * 0.99),
            "{sections:?}"
        );
        assert!(
            sections
                .iter()
                .any(|area| *area > 1.01 * sections[0].min(sections[1]))
        );
    }
}
