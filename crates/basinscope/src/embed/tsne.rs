//! t-SNE from a seeded start, the same for any number of threads.

use crate::random::stream;
use crate::{Error, Result};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// Gradient steps, where not asked otherwise.
pub const DEFAULT_EPOCHS: usize = 1_000;
/// Standard deviation of the random start, as in van der Maaten's own code.
const START: f64 = 1e-4;

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
    /// Embeds `rows` (row-major, `dim` values each) in the plane. `progress` hears the number of
    /// gradient steps taken.
    ///
    /// Exact gradients (no tree), squared Euclidean distances, early exaggeration 12 for 250
    /// steps, learning rate max(N/48, 50), random normal start of standard deviation 1e-4.
    ///
    /// # Errors
    /// [`Error::Shape`] where the values are no whole number of rows; [`Error::Setting`] for a
    /// perplexity out of range or no steps.
    ///
    /// # Cost
    /// Each step N² distances in the plane, on the calling thread alone.
    ///
    /// # Reference
    /// Van der Maaten and Hinton 2008, by way of the crate `bhtsne`.
    pub fn run(
        self,
        rows: &[f64],
        dim: usize,
        mut progress: impl FnMut(usize) + Send,
    ) -> Result<Tsne> {
        if dim == 0 || !rows.len().is_multiple_of(dim) {
            return Err(Error::Shape {
                what: "rows to embed".into(),
                expected: vec![rows.len() / dim.max(1), dim],
                found: vec![rows.len()],
            });
        }
        let samples: Vec<&[f64]> = rows.chunks_exact(dim).collect();
        let largest = largest_perplexity(samples.len());
        if !(1.0..=largest).contains(&self.perplexity) {
            let expected = format!("from 1 to {largest}, a third of the other points");
            return Err(Error::setting("perplexity", expected, self.perplexity));
        }
        if self.epochs == 0 {
            return Err(Error::setting("epochs", "at least 1", 0));
        }
        let rng = &mut stream(self.seed, "t-SNE", 0);
        let start: Vec<f64> = (0..2 * samples.len())
            .map(|_| START * rng.sample::<f64, _>(StandardNormal))
            .collect();
        // The crate sums in an order that depends on the threads of its pool: give it one alone.
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let alone = alone.map_err(|error| Error::setting("threads", "one more", error))?;
        let (points, kl_divergence) = alone.install(|| {
            let mut tsne: bhtsne::tSNE<'_, f64, &[f64]> = bhtsne::tSNE::new(&samples);
            tsne.perplexity(self.perplexity)
                .epochs(self.epochs)
                .initial_embedding(start)
                .epoch_callback(|epoch, _| progress(epoch + 1))
                .exact(|a, b| a.iter().zip(*b).map(|(a, b)| (a - b).powi(2)).sum());
            (tsne.embedding(), tsne.kl_divergence())
        });
        Ok(Tsne {
            points: points.chunks_exact(2).map(|p| [p[0], p[1]]).collect(),
            kl_divergence: kl_divergence.unwrap_or(f64::MAX),
        })
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
        let found = SETTINGS.run(&clouds(), 8, |_| ()).unwrap();
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
            pool.unwrap().install(|| SETTINGS.run(&clouds(), 8, |_| ()))
        };
        let one = pool(1).unwrap();
        assert_eq!(one, pool(3).unwrap());
        let other = TsneSettings {
            seed: 4,
            ..SETTINGS
        };
        assert_ne!(one.points, other.run(&clouds(), 8, |_| ()).unwrap().points);
    }

    #[test]
    fn a_perplexity_out_of_range_is_refused() {
        for perplexity in [0.5, 20.0, f64::NAN] {
            let settings = TsneSettings {
                perplexity,
                ..SETTINGS
            };
            let error = settings.run(&clouds(), 8, |_| ()).unwrap_err().to_string();
            assert!(
                error.contains("perplexity") && error.contains("19"),
                "{error}"
            );
        }
    }
}
