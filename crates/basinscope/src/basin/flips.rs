//! How far a minimum can move before training points change sides.

use super::statistics::{bootstrap_intervals, quantile};
use crate::direction::{Normalization, random_direction};
use crate::random::stream;
use crate::record::FlipRecord;
use crate::surface::Evaluate;
use crate::surface::ParameterLayout;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Precision of ln c.
const TOLERANCE: f64 = 1e-3;
/// Factor between two steps of the scan.
const GROWTH: f64 = 1.1;
/// Resamples of the bootstrap.
const RESAMPLES: usize = 1_000;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlipSettings {
    /// Shares of the examples that must have flipped, ascending, each in (0, 1].
    pub shares: Vec<f64>,
    /// Number of random directions.
    pub directions: usize,
    /// How a direction is normalised; the distance is c in θ + c·d.
    pub normalization: Normalization,
    /// Smallest c looked at.
    pub from: f64,
    /// Largest c; a direction along which fewer flip is censored there.
    pub cap: f64,
    /// Seed of the directions.
    pub seed: u64,
}

impl Default for FlipSettings {
    /// 1 % and 10 % of the examples along 200 filter-normalised directions, c from 1e-4 to 10.
    fn default() -> Self {
        Self {
            shares: vec![0.01, 0.1],
            directions: 200,
            normalization: Normalization::Filter,
            from: 1e-4,
            cap: 10.0,
            seed: 0,
        }
    }
}

/// Distances at which a share of the examples is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Flips {
    /// What was asked.
    pub settings: FlipSettings,
    /// First c at which so many are wrong, `[share][direction]`; a censored one holds the cap.
    pub distances: Vec<Vec<f64>>,
    /// Directions censored, by share.
    pub censored: Vec<usize>,
}

impl FlipSettings {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the field.
    pub fn check(&self) -> Result<()> {
        let inside = |share: &f64| *share > 0.0 && *share <= 1.0;
        if self.shares.is_empty() || !self.shares.iter().all(inside) || !self.shares.is_sorted() {
            let found = format!("{:?}", self.shares);
            return Err(Error::setting(
                "shares",
                "ascending, above 0, at most 1",
                found,
            ));
        }
        if self.directions == 0 {
            return Err(Error::setting("directions", "at least 1", 0));
        }
        if !(self.from > 0.0 && self.from < self.cap && self.cap.is_finite()) {
            let found = format!("{} to {}", self.from, self.cap);
            return Err(Error::setting("from and cap", "0 < from < cap", found));
        }
        Ok(())
    }

    /// Walks away from θ along random directions until so many examples are wrong.
    ///
    /// ```text
    /// c_s(d) = min{c : share of examples wrong at θ + c·d ≥ s}
    /// ```
    ///
    /// found by a scan in steps of 10 % and bisection to 0.1 %; what flips and flips back within
    /// one step of the scan is not seen. Examples wrong at θ itself count from the start.
    ///
    /// # Errors
    /// As [`FlipSettings::check`]; [`Error::Shape`] where θ does not fit;
    /// [`Error::Cancelled`] by the watch, which is called after each direction.
    ///
    /// # Cost
    /// At most ln(cap/from)/ln 1.1 + 7 evaluations a share, for each direction.
    pub fn run(
        &self,
        surface: &impl Evaluate,
        layout: &ParameterLayout,
        theta: &[f32],
        watch: &dyn Watch,
    ) -> Result<Flips> {
        self.check()?;
        if theta.len() != surface.dim() || theta.len() != layout.num_params() {
            return Err(Error::Shape {
                what: "theta".into(),
                expected: vec![surface.dim()],
                found: vec![theta.len()],
            });
        }
        let ticks = Ticks::new(watch, Some(self.directions as u64));
        let by_direction: Vec<Vec<Option<f64>>> = (0..self.directions)
            .into_par_iter()
            .map(|index| {
                let rng = &mut stream(self.seed, "flips", index as u64);
                let direction = random_direction(layout, theta, self.normalization, rng);
                let found = self.along(surface, theta, &direction);
                ticks.tick()?;
                Ok(found)
            })
            .collect::<Result<_>>()?;
        let column = |place: usize| by_direction.iter().map(move |found| found[place]);
        let shares = 0..self.shares.len();
        Ok(Flips {
            settings: self.clone(),
            distances: (shares.clone())
                .map(|place| column(place).map(|c| c.unwrap_or(self.cap)).collect())
                .collect(),
            censored: shares
                .map(|place| column(place).filter(Option::is_none).count())
                .collect(),
        })
    }

    fn along(&self, surface: &impl Evaluate, theta: &[f32], direction: &[f32]) -> Vec<Option<f64>> {
        let mut at = vec![0.0; theta.len()];
        let mut wrong = |c: f64| {
            for ((at, &w), &d) in at.iter_mut().zip(theta).zip(direction) {
                *at = (f64::from(w) + c * f64::from(d)) as f32;
            }
            1.0 - surface.evaluate(&at).accuracy
        };
        // Shares are counts over examples: half a count below keeps rounding out.
        let slack = 0.5 / surface.examples() as f64;
        let mut found = Vec::with_capacity(self.shares.len());
        let (mut inner, mut outer) = (0.0, self.from);
        let mut wrong_outer = wrong(outer);
        for &share in &self.shares {
            while wrong_outer < share - slack && outer < self.cap {
                inner = outer;
                outer = (outer * GROWTH).min(self.cap);
                wrong_outer = wrong(outer);
            }
            if wrong_outer < share - slack {
                found.push(None);
                continue;
            }
            let (mut low, mut high) = (inner, outer);
            while high - low > TOLERANCE * high {
                let middle = 0.5 * (low + high);
                if wrong(middle) < share - slack {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            found.push(Some(high));
        }
        found
    }
}

impl Flips {
    /// The record of these distances.
    pub fn into_record(self, minimum: &str, test_accuracy: f64) -> FlipRecord {
        let sorted = |values: &[f64]| {
            let mut values = values.to_vec();
            values.sort_by(f64::total_cmp);
            values
        };
        let all: Vec<Vec<f64>> = self.distances.iter().map(|row| sorted(row)).collect();
        let interval =
            |row: &Vec<f64>| bootstrap_intervals(row, &[0.5], RESAMPLES, self.settings.seed)[0];
        FlipRecord {
            minimum: minimum.into(),
            test_accuracy,
            normalization: self.settings.normalization.name().into(),
            medians: all.iter().map(|row| quantile(row, 0.5)).collect(),
            intervals: all.iter().map(interval).collect(),
            shares: self.settings.shares,
            distances: self.distances,
            censored: self.censored,
            cap: self.settings.cap,
            seed: self.settings.seed,
            version: crate::VERSION.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;
    use crate::net::{Activation, Architecture, MlpSurface};

    /// One weight and a bias on x = 1, 2, …, 10 with logit w·x + b: moving b down by c from
    /// (1, 0) flips x ≤ c, one example for each whole step.
    #[test]
    fn a_linear_classifier_flips_where_the_formula_says() {
        let net = Architecture::new(vec![1, 1], Activation::Relu).unwrap();
        let inputs: Vec<f32> = (1..=10_u8).map(f32::from).collect();
        let points = Dataset::new(inputs, vec![1; 10], 1, 2).unwrap();
        let surface = MlpSurface::new(&net, &points).unwrap();
        let settings = FlipSettings {
            shares: vec![0.1, 0.5, 1.0],
            from: 0.01,
            cap: 8.0,
            ..FlipSettings::default()
        };
        let found = settings.along(&surface, &[1.0, 0.0], &[0.0, -1.0]);
        assert!((found[0].unwrap() - 1.0).abs() < 2e-3, "{found:?}");
        assert!((found[1].unwrap() - 5.0).abs() < 1e-2, "{found:?}");
        assert_eq!(found[2], None);
    }

    #[test]
    fn directions_are_filter_normalised_and_counted() {
        // The only weight is its own filter: d = ±1, so w + c·d flips every example at c = 1 for
        // d = −1 and never for d = +1.
        let net = Architecture::new(vec![1, 1], Activation::Relu).unwrap();
        let points = Dataset::new(vec![1.0, 2.0], vec![1, 1], 1, 2).unwrap();
        let surface = MlpSurface::new(&net, &points).unwrap();
        let settings = FlipSettings {
            shares: vec![1.0],
            directions: 50,
            ..FlipSettings::default()
        };
        let found = settings
            .run(&surface, &net.layout(), &[1.0, 0.0], &())
            .unwrap();
        let crossing = found.distances[0].iter().filter(|&&c| c < 10.0);
        assert!(crossing.clone().all(|c| (c - 1.0).abs() < 2e-3));
        assert_eq!(crossing.count() + found.censored[0], 50);
        // Both signs occur: all alike has chance 2^-49.
        assert!((1..50).contains(&found.censored[0]));
    }

    #[test]
    fn senseless_settings_are_named() {
        let wrong = |settings: FlipSettings| settings.check().unwrap_err().to_string();
        let base = FlipSettings::default;
        assert!(
            wrong(FlipSettings {
                shares: vec![0.1, 0.01],
                ..base()
            })
            .contains("shares")
        );
        assert!(wrong(FlipSettings { cap: 0.0, ..base() }).contains("cap"));
        assert!(
            wrong(FlipSettings {
                directions: 0,
                ..base()
            })
            .contains("directions")
        );
    }
}
