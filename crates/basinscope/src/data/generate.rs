//! The two-dimensional sets of the paper, and a few for teaching.

use super::Dataset;
use super::nearest_name::unknown_name;
use crate::random::stream;
use crate::{Error, Result};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

/// The draw of a generated set that every run uses unless told otherwise, as the paper's figures
/// all use one: runs with different seeds then differ in the net, not in the points.
pub const DEFAULT_DATA_SEED: u64 = 4;

/// Fresh points on which a minimum of a generated set is judged: an accuracy of 98 % is then known
/// to ± .3 points, where the paper's 200 test points give ± 2.
pub const FRESH_POINTS: usize = 10_000;

/// A source of labelled points in the plane, two classes, as many as asked for.
///
/// Points alternate between the classes, so that any even number is balanced. `noise` is the
/// standard deviation of a normal deviate added to both coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Generator {
    /// The paper's swiss roll (Figures 3, 5, 6): n = √U·600·2π/360,
    /// ±(−1.5·n·cos n, 1.5·n·sin n).
    SwissRoll {
        /// Standard deviation of the noise (the paper's: .5).
        noise: f64,
    },
    /// The noise-free spirals of the minefield (Figure 1): r = 5·√t, ±(r·cos t, r·sin t),
    /// t in (0, 3π). The canonical set starts half a step off the origin, which otherwise would
    /// have both labels.
    Spirals,
    /// The concentric circles of Figure 8: class 0 on radius .4; class 1 on radius .95 and, a
    /// ninth of it, hugging the inner circle at .401.
    Circles {
        /// Standard deviation of the noise (the paper's: 0).
        noise: f64,
    },
    /// Two interleaved half circles, as scikit-learn's `make_moons`.
    Moons {
        /// Standard deviation of the noise.
        noise: f64,
    },
    /// Two Gaussian blobs at (∓1.5, 0).
    Blobs {
        /// Standard deviation of each blob.
        noise: f64,
    },
    /// Four Gaussian blobs at (±1, ±1), labelled by the sign of the product.
    Xor {
        /// Standard deviation of each blob.
        noise: f64,
    },
}

impl Generator {
    /// Every name `--data` knows.
    pub const NAMES: &'static [&'static str] =
        &["swiss-roll", "spirals", "circles", "moons", "blobs", "xor"];

    /// A set by name, with its own noise.
    ///
    /// # Errors
    /// [`Error::Setting`] listing the names.
    pub fn from_name(name: &str) -> Result<Self> {
        Ok(match name {
            "swiss-roll" => Self::SwissRoll { noise: 0.5 },
            "spirals" => Self::Spirals,
            "circles" => Self::Circles { noise: 0.0 },
            "moons" => Self::Moons { noise: 0.1 },
            "blobs" => Self::Blobs { noise: 0.6 },
            "xor" => Self::Xor { noise: 0.35 },
            other => {
                let expected = format!("one of {}, or a file of points", Self::NAMES.join(", "));
                let found = unknown_name(other, Self::NAMES.iter().copied());
                return Err(Error::setting("data", expected, found));
            }
        })
    }

    /// The set's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SwissRoll { .. } => "swiss-roll",
            Self::Spirals => "spirals",
            Self::Circles { .. } => "circles",
            Self::Moons { .. } => "moons",
            Self::Blobs { .. } => "blobs",
            Self::Xor { .. } => "xor",
        }
    }

    /// The same set with other noise.
    ///
    /// # Errors
    /// [`Error::Setting`] for noise below 0, not finite, or on the spirals, which have none.
    pub fn with_noise(mut self, value: f64) -> Result<Self> {
        match &mut self {
            Self::Spirals => {
                return Err(Error::setting(
                    "noise",
                    "none: the spirals are noise-free",
                    value,
                ));
            }
            Self::SwissRoll { noise }
            | Self::Circles { noise }
            | Self::Moons { noise }
            | Self::Blobs { noise }
            | Self::Xor { noise } => *noise = value,
        }
        self.check()?;
        Ok(self)
    }

    /// The standard deviation of its noise.
    pub fn noise(&self) -> f64 {
        match *self {
            Self::Spirals => 0.0,
            Self::SwissRoll { noise }
            | Self::Circles { noise }
            | Self::Moons { noise }
            | Self::Blobs { noise }
            | Self::Xor { noise } => noise,
        }
    }

    fn check(&self) -> Result<()> {
        let noise = self.noise();
        if noise >= 0.0 && noise.is_finite() {
            return Ok(());
        }
        Err(Error::setting(
            "noise",
            "a finite number of at least 0",
            noise,
        ))
    }

    /// The set itself: the spirals equally spaced, the circles in the paper's proportions, the
    /// others `num_points` draws.
    ///
    /// # Errors
    /// [`Error::Setting`] for noise below 0 or not finite.
    pub fn dataset(&self, num_points: usize, rng: &mut impl Rng) -> Result<Dataset> {
        self.check()?;
        let per_class = num_points.div_ceil(2);
        Ok(match self {
            Self::Spirals => collect(num_points, |index| {
                let t = 3.0 * PI * ((index / 2) as f64 + 0.5) / per_class as f64;
                spiral(t, index % 2)
            }),
            Self::Circles { noise } => {
                let mut points = Vec::with_capacity(num_points);
                // 40 inner, 80 outer, 10 hugging the inner circle, in any number of points.
                let (inner, hugging) = (num_points * 4 / 13, num_points / 13);
                let outer = num_points - inner - hugging;
                for (count, radius, shift, class) in [
                    (inner, 0.4, 0.0, 0),
                    (outer, 0.95, 0.0, 1),
                    (hugging, 0.401, PI / 40.0, 1),
                ] {
                    for index in 0..count {
                        let angle = TAU * index as f64 / count as f64 + shift;
                        points.push(circle(radius, angle, class));
                    }
                }
                collect(num_points, |index| jitter(points[index], *noise, rng))
            }
            _ => self.sample(num_points, rng),
        })
    }

    /// `num_points` fresh draws: what poison is redrawn from.
    pub fn sample(&self, num_points: usize, rng: &mut impl Rng) -> Dataset {
        let noise = self.noise();
        collect(num_points, |index| {
            let class = index % 2;
            let sign = if class == 0 { 1.0 } else { -1.0 };
            let u: f64 = rng.random();
            let point = match self {
                Self::SwissRoll { .. } => {
                    let n = u.sqrt() * 600.0 * TAU / 360.0;
                    (-sign * 1.5 * n * n.cos(), sign * 1.5 * n * n.sin(), class)
                }
                Self::Spirals => spiral(3.0 * PI * u, class),
                Self::Circles { .. } => match class {
                    0 => circle(0.4, TAU * u, 0),
                    _ if rng.random_range(0..9) == 0 => circle(0.401, TAU * u, 1),
                    _ => circle(0.95, TAU * u, 1),
                },
                Self::Moons { .. } => {
                    let (x, y) = ((PI * u).cos(), (PI * u).sin());
                    if class == 0 {
                        (x, y, 0)
                    } else {
                        (1.0 - x, 0.5 - y, 1)
                    }
                }
                Self::Blobs { .. } => (-sign * 1.5, 0.0, class),
                Self::Xor { .. } => {
                    let x = if u < 0.5 { 1.0 } else { -1.0 };
                    (x, sign * x, class)
                }
            };
            jitter(point, noise, rng)
        })
    }

    /// The [`FRESH_POINTS`] of the draw `data_seed`, from a stream of their own: none of them is a
    /// training, test or poison point, and they are the same for every minimum of the set.
    pub fn fresh(&self, data_seed: u64) -> Dataset {
        self.sample(FRESH_POINTS, &mut stream(data_seed, "fresh", 0))
    }
}

type Point = (f64, f64, usize);

fn spiral(t: f64, class: usize) -> Point {
    let r = if class == 0 {
        5.0 * t.sqrt()
    } else {
        -5.0 * t.sqrt()
    };
    (r * t.cos(), r * t.sin(), class)
}

fn circle(radius: f64, angle: f64, class: usize) -> Point {
    (radius * angle.cos(), radius * angle.sin(), class)
}

fn jitter((x, y, class): Point, noise: f64, rng: &mut impl Rng) -> Point {
    if noise == 0.0 {
        return (x, y, class);
    }
    let mut deviate = || noise * rng.sample::<f64, _>(StandardNormal);
    (x + deviate(), y + deviate(), class)
}

fn collect(num_points: usize, mut point: impl FnMut(usize) -> Point) -> Dataset {
    let mut inputs = Vec::with_capacity(2 * num_points);
    let mut labels = Vec::with_capacity(num_points);
    for index in 0..num_points {
        let (x, y, class) = point(index);
        inputs.extend([x as f32, y as f32]);
        labels.push(class as u32);
    }
    Dataset::trusted(inputs, labels, 2, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_balanced_finite_and_repeatable() {
        for name in Generator::NAMES {
            let generator = Generator::from_name(name).unwrap();
            assert_eq!(generator.name(), *name);
            for draw in [Generator::sample, |g: &Generator, n, rng: &mut _| {
                g.dataset(n, rng).unwrap()
            }] {
                let points = draw(&generator, 130, &mut stream(1, "data", 0));
                assert_eq!(points, draw(&generator, 130, &mut stream(1, "data", 0)));
                assert_eq!((points.len(), points.num_features()), (130, 2));
                assert!(points.inputs().iter().all(|value| value.is_finite()));
                let ones = points.labels().iter().filter(|&&label| label == 1).count();
                let canonical_circles = ones == 90 && *name == "circles";
                assert!(ones == 65 || canonical_circles, "{name}: {ones}");
            }
        }
    }

    #[test]
    fn the_swiss_roll_follows_its_law() {
        // r = 1.5·n with n = n_max·√U: E r² = 2.25·n_max²/2, plus 2·noise².
        let points = Generator::SwissRoll { noise: 0.5 }.sample(20_000, &mut stream(2, "law", 0));
        let mean = points
            .inputs()
            .iter()
            .map(|&x| f64::from(x).powi(2))
            .sum::<f64>()
            / 20_000.0;
        let exact = 2.25 * (600.0_f64 * TAU / 360.0).powi(2) / 2.0 + 0.5;
        // r² is uniform: its sd is exact/√3, that of the mean .4 % of it; 5 sd = 2 %.
        assert!((mean / exact - 1.0).abs() < 0.02, "{mean} {exact}");
        let exact = Generator::SwissRoll { noise: 0.0 }.sample(100, &mut stream(2, "law", 0));
        for index in 0..100 {
            let (x, y) = (
                f64::from(exact.point(index)[0]),
                f64::from(exact.point(index)[1]),
            );
            let n = x.hypot(y) / 1.5;
            let sign = if exact.labels()[index] == 0 {
                1.0
            } else {
                -1.0
            };
            assert!((x + sign * 1.5 * n * n.cos()).abs() < 1e-4);
            assert!((y - sign * 1.5 * n * n.sin()).abs() < 1e-4);
        }
    }

    #[test]
    fn the_minefield_has_no_point_with_both_labels() {
        let points = Generator::Spirals
            .dataset(400, &mut stream(0, "data", 0))
            .unwrap();
        for pair in 0..200 {
            let (a, b) = (points.point(2 * pair), points.point(2 * pair + 1));
            assert_eq!((a[0], a[1]), (-b[0], -b[1]));
            assert!(a[0].hypot(a[1]) > 0.5);
        }
    }

    #[test]
    fn the_circles_are_those_of_figure_8() {
        let generator = Generator::Circles { noise: 0.0 };
        let points = generator.dataset(130, &mut stream(0, "data", 0)).unwrap();
        let count = |radius: f32, label| {
            let near = |i: &usize| {
                let p = points.point(*i);
                (p[0].hypot(p[1]) - radius).abs() < 1e-4 && points.labels()[*i] == label
            };
            (0..130).filter(near).count()
        };
        assert_eq!(
            (count(0.4, 0), count(0.95, 1), count(0.401, 1)),
            (40, 80, 10)
        );
    }

    #[test]
    fn fresh_points_are_none_of_the_others() {
        let generator = Generator::SwissRoll { noise: 0.5 };
        let fresh = generator.fresh(4);
        assert_eq!(fresh.len(), FRESH_POINTS);
        assert_eq!(fresh, generator.fresh(4));
        assert_ne!(fresh, generator.fresh(5));
        // The 800 points that a run cuts into train, test and pool.
        let others = generator.dataset(800, &mut stream(4, "data", 0)).unwrap();
        let places = |of: &Dataset| -> std::collections::HashSet<[u32; 2]> {
            let point = |i| [of.point(i)[0], of.point(i)[1]].map(f32::to_bits);
            (0..of.len()).map(point).collect()
        };
        assert!(places(&fresh).is_disjoint(&places(&others)));
    }

    #[test]
    fn wrong_names_and_noise_are_told() {
        let error = Generator::from_name("swissroll").unwrap_err().to_string();
        assert!(
            error.contains("data") && error.contains("swiss-roll"),
            "{error}"
        );
        let error = Generator::Moons { noise: 0.1 }
            .with_noise(-1.0)
            .unwrap_err()
            .to_string();
        assert!(error.contains("noise") && error.contains("-1"), "{error}");
        assert!(Generator::Spirals.with_noise(0.1).is_err());
    }
}
