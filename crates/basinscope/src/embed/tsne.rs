//! t-SNE from a seeded start, the same for any number of threads.

use super::affinities::affinities;
use super::forces::{Force, Padded, Plane, divergence, forces};
use crate::random::stream;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// Gradient steps, where not asked otherwise.
pub const DEFAULT_EPOCHS: usize = 1_000;
/// Standard deviation of the random start, as in van der Maaten's own code.
const START: f64 = 1e-4;
/// Steps with exaggerated affinities, which bring clusters together first.
const EARLY_EPOCHS: usize = 250;
const EARLY: Phase = Phase {
    exaggeration: 12.0,
    momentum: 0.5,
};
const LATE: Phase = Phase {
    exaggeration: 1.0,
    momentum: 0.8,
};
/// Gains stay above this.
const LEAST_GAIN: f64 = 0.01;

/// What is asked of t-SNE.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TsneSettings {
    /// Perplexity: about how many neighbours a point has; at least 1 and at most a third of the
    /// other points.
    pub perplexity: f64,
    /// Gradient steps.
    pub epochs: usize,
    /// Seed of the random start.
    pub seed: u64,
}

/// Points of the plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Tsne {
    /// One point for each row.
    pub points: Vec<[f64; 2]>,
    /// Kullback–Leibler divergence of the embedding, in nats.
    pub kl_divergence: f64,
}

/// The largest perplexity so many rows allow.
pub fn largest_perplexity(rows: usize) -> f64 {
    (rows.saturating_sub(1) / 3) as f64
}

impl TsneSettings {
    /// Embeds `rows` (row-major, `dim` values each) in the plane; `watch` is called after each
    /// gradient step.
    ///
    /// Exact gradients (no tree), squared Euclidean distances, early exaggeration 12 for 250
    /// steps, learning rate max(N/48, 50) on the gradient of the divergence itself, momentum .5
    /// and .8, random normal start of standard deviation 1e-4: scikit-learn's defaults.
    ///
    /// # Errors
    /// [`Error::Shape`] where the values are no whole number of rows; [`Error::Setting`] for a
    /// perplexity out of range or no steps; [`Error::Cancelled`] by the watch.
    ///
    /// # Cost
    /// Each step N² distances in the plane, spread over the threads; the bits do not depend on how
    /// many there are.
    ///
    /// # Reference
    /// Van der Maaten and Hinton 2008.
    pub fn run(self, rows: &[f64], dim: usize, watch: &dyn Watch) -> Result<Tsne> {
        if dim == 0 || !rows.len().is_multiple_of(dim) {
            return Err(Error::Shape {
                what: "rows to embed".into(),
                expected: vec![rows.len() / dim.max(1), dim],
                found: vec![rows.len()],
            });
        }
        let count = rows.len() / dim;
        let largest = largest_perplexity(count);
        if !(1.0..=largest).contains(&self.perplexity) {
            let expected = format!("from 1 to {largest}, a third of the other points");
            return Err(Error::setting("perplexity", expected, self.perplexity));
        }
        if self.epochs == 0 {
            return Err(Error::setting("epochs", "at least 1", 0));
        }
        let rng = &mut stream(self.seed, "t-SNE", 0);
        let mut points: Vec<[f64; 2]> = (0..count)
            .map(|_| [0, 1].map(|_| START * rng.sample::<f64, _>(StandardNormal)))
            .collect();
        let p = affinities(rows, dim, self.perplexity);
        let mut descent = Descent::new(count);
        let ticks = Ticks::new(watch, Some(self.epochs as u64));
        for epoch in 0..self.epochs {
            let phase = if epoch < EARLY_EPOCHS { EARLY } else { LATE };
            descent.step(&p, phase, &mut points);
            ticks.tick()?;
        }
        Ok(Tsne {
            kl_divergence: divergence(&p, &points),
            points,
        })
    }
}

/// What changes after [`EARLY_EPOCHS`].
#[derive(Clone, Copy)]
struct Phase {
    /// Factor on the affinities.
    exaggeration: f64,
    momentum: f64,
}

/// Gradient descent with momentum and a gain for each coordinate.
struct Descent {
    learning_rate: f64,
    forces: Vec<Force>,
    velocity: Vec<[f64; 2]>,
    gains: Vec<[f64; 2]>,
}

impl Descent {
    fn new(count: usize) -> Self {
        Self {
            learning_rate: (count as f64 / (4.0 * EARLY.exaggeration)).max(50.0),
            forces: vec![Force::default(); count],
            velocity: vec![[0.0; 2]; count],
            gains: vec![[1.0; 2]; count],
        }
    }

    /// One step against `dC/dy_i = 4·Σ_j (p − q̂)·q·(y_i − y_j)`, the mean brought back to 0.
    fn step(&mut self, p: &Padded, phase: Phase, points: &mut [[f64; 2]]) {
        forces(p, &Plane::of(points), &mut self.forces);
        let total: f64 = self.forces.iter().map(|force| force.sum).sum();
        let mut mean = [0.0; 2];
        let state = self.velocity.iter_mut().zip(&mut self.gains);
        for ((point, force), (velocity, gain)) in points.iter_mut().zip(&self.forces).zip(state) {
            for axis in 0..2 {
                let pull = phase.exaggeration * force.pull[axis];
                let slope = 4.0 * (pull - force.push[axis] / total);
                // A coordinate that goes on downhill gains speed, one that turns loses it.
                gain[axis] = if slope * velocity[axis] < 0.0 {
                    gain[axis] + 0.2
                } else {
                    (gain[axis] * 0.8).max(LEAST_GAIN)
                };
                velocity[axis] =
                    phase.momentum * velocity[axis] - self.learning_rate * gain[axis] * slope;
                point[axis] += velocity[axis];
                mean[axis] += point[axis];
            }
        }
        let count = points.len() as f64;
        for point in points {
            for axis in 0..2 {
                point[axis] -= mean[axis] / count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: TsneSettings = TsneSettings {
        perplexity: 10.0,
        epochs: 400,
        seed: 3,
    };

    /// Three clouds of 20 points in 8 dimensions, 20 standard deviations apart.
    fn clouds() -> Vec<f64> {
        let rng = &mut stream(1, "clouds", 0);
        (0..60 * 8)
            .map(|index| {
                let (cloud, axis) = (index / 8 / 20, index % 8);
                let centre = if axis == cloud { 20.0 } else { 0.0 };
                centre + rng.sample::<f64, _>(StandardNormal)
            })
            .collect()
    }

    #[test]
    fn clouds_stay_apart() {
        let found = SETTINGS.run(&clouds(), 8, &()).unwrap();
        let distance = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        for (index, &point) in found.points.iter().enumerate() {
            let nearest = (0..60)
                .filter(|&other| other != index)
                .min_by(|&a, &b| {
                    distance(point, found.points[a]).total_cmp(&distance(point, found.points[b]))
                })
                .unwrap();
            assert_eq!(nearest / 20, index / 20);
        }
        assert!((0.0..1.0).contains(&found.kl_divergence), "{found:?}");
    }

    #[test]
    fn the_embedding_does_not_depend_on_threads() {
        let pool = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| SETTINGS.run(&clouds(), 8, &()))
        };
        let one = pool(1).unwrap();
        assert_eq!(one, pool(3).unwrap());
        let other = TsneSettings {
            seed: 4,
            ..SETTINGS
        };
        assert_ne!(one.points, other.run(&clouds(), 8, &()).unwrap().points);
    }

    /// Affinities, divergence and gradient of a given plane by scikit-learn 1.9.1:
    ///
    /// ```python
    /// i = np.arange(12)
    /// x = np.stack([np.sin(i), np.cos(2 * i), 0.1 * i], axis=1)
    /// y = np.stack([i % 4 - 1.5, i // 4 * 0.7 - 0.7], axis=1)
    /// p = _joint_probabilities(squareform(pdist(x, "sqeuclidean")).astype(np.float32), 3.0, 0)
    /// kl, grad = _kl_divergence(y.ravel(), p, 1, 12, 2)
    /// ```
    #[test]
    fn affinities_divergence_and_gradient_are_scikit_learns() {
        let i = || (0..12).map(f64::from);
        let x: Vec<f64> = i()
            .flat_map(|i| [i.sin(), (2.0 * i).cos(), 0.1 * i])
            .collect();
        let y: Vec<[f64; 2]> = i()
            .map(|i| [i % 4.0 - 1.5, (i / 4.0).floor() * 0.7 - 0.7])
            .collect();
        let p = affinities(&x, 3, 3.0);
        for (j, exact) in [2.906_7e-4, 9.328_8e-5, 4.667_47e-2, 6.131_2e-4]
            .iter()
            .enumerate()
        {
            let found = f64::from(p.row(0)[j + 1]);
            assert!((found - exact).abs() < 1e-6 + 1e-4 * exact, "{j}: {found}");
        }
        assert!((divergence(&p, &y) - 1.520_51).abs() < 1e-4);
        // One step from rest without momentum moves by −rate·gain·gradient; gains of .8, as at
        // rest nothing goes on downhill; the mean's part is taken out of all alike.
        let mut descent = Descent::new(12);
        let mut moved = y.clone();
        let still = Phase {
            exaggeration: 1.0,
            momentum: 0.0,
        };
        descent.step(&p, still, &mut moved);
        let exact = [
            [-0.021_271, 0.051_953],
            [-0.082_534, 0.047_851],
            [0.105_144, 0.047_049],
        ];
        for (place, exact) in exact.iter().enumerate() {
            for axis in 0..2 {
                let found = (y[place][axis] - moved[place][axis]) / (50.0 * 0.8);
                assert!(
                    (found - exact[axis]).abs() < 1e-4,
                    "{place} {axis}: {found}"
                );
            }
        }
    }

    #[test]
    fn a_perplexity_out_of_range_is_refused() {
        for perplexity in [0.5, 20.0, f64::NAN] {
            let settings = TsneSettings {
                perplexity,
                ..SETTINGS
            };
            let error = settings.run(&clouds(), 8, &()).unwrap_err().to_string();
            assert!(
                error.contains("perplexity") && error.contains("19"),
                "{error}"
            );
        }
    }
}
