//! How far the weights can move before a training point changes sides: flatness as a margin.

use super::{check, towards};
use crate::direction::{Normalization, random_direction};
use crate::random::stream;
use crate::surface::Classifier;
use crate::surface::ParameterLayout;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightMarginSettings {
    /// Random directions.
    pub directions: usize,
    /// How they are normalised; the margin is c in θ + c·d.
    pub normalization: Normalization,
    /// Smallest c looked at.
    pub from: f64,
    /// Largest; a point that is right as far as that is censored there.
    pub cap: f64,
    /// Factor between two c, above 1.
    pub growth: f64,
    /// Seed of the directions.
    pub seed: u64,
}

impl Default for WeightMarginSettings {
    /// 100 filter-normalised directions, c from 1e-4 to 1 in steps of 10 %.
    fn default() -> Self {
        Self {
            directions: 100,
            normalization: Normalization::Filter,
            from: 1e-4,
            cap: 1.0,
            growth: 1.1,
            seed: 0,
        }
    }
}

/// The margin of every point along every direction.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightMargins {
    /// First c at which the point is wrong, `[direction][point]`; the cap where it never is.
    pub distances: Vec<Vec<f64>>,
    /// The cap.
    pub cap: f64,
}

impl WeightMarginSettings {
    /// Walks away from θ along random directions and notes where each point is first wrong.
    ///
    /// ```text
    /// m_i(d) = min{c > 0 : net(x_i; θ + c·d) ≠ y_i}
    /// ```
    ///
    /// by a scan, and within its step by linear interpolation of the point's logit, which is exact
    /// for a model linear in θ. A point that is wrong at θ itself has margin 0.
    ///
    /// # Errors
    /// [`Error::Setting`] for senseless settings or more than two classes; [`Error::Shape`] where
    /// θ, layout or points do not fit; [`Error::Cancelled`] by the watch, which is called after each
    /// direction.
    ///
    /// # Cost
    /// At most ln(cap/from)/ln growth + 2 forward passes over the points, for each direction.
    pub fn run(
        &self,
        net: &impl Classifier,
        layout: &ParameterLayout,
        theta: &[f32],
        points: &[f32],
        labels: &[u32],
        watch: &dyn Watch,
    ) -> Result<WeightMargins> {
        check(net, theta, points, labels)?;
        if layout.num_params() != theta.len() {
            return Err(Error::Shape {
                what: "theta".into(),
                expected: vec![layout.num_params()],
                found: vec![theta.len()],
            });
        }
        if self.directions == 0 {
            return Err(Error::setting("directions", "at least 1", 0));
        }
        let ordered = self.from > 0.0 && self.from < self.cap && self.cap.is_finite();
        if !ordered || self.growth <= 1.0 || self.growth.is_nan() {
            let found = format!("{}, {}, {}", self.from, self.cap, self.growth);
            let expected = "0 < from < cap and growth above 1";
            return Err(Error::setting("from, cap, growth", expected, found));
        }
        let ticks = Ticks::new(watch, Some(self.directions as u64));
        let distances = (0..self.directions)
            .into_par_iter()
            .map(|index| {
                let rng = &mut stream(self.seed, "weight-margins", index as u64);
                let direction = random_direction(layout, theta, self.normalization, rng);
                let found = self.along(net, theta, &direction, points, labels);
                ticks.tick()?;
                Ok(found)
            })
            .collect::<Result<_>>()?;
        Ok(WeightMargins {
            distances,
            cap: self.cap,
        })
    }

    fn along(
        &self,
        net: &impl Classifier,
        theta: &[f32],
        direction: &[f32],
        points: &[f32],
        labels: &[u32],
    ) -> Vec<f64> {
        let mut at = vec![0.0; theta.len()];
        let mut decisions = vec![0.0; labels.len()];
        let mut look = |c: f64| -> Vec<f64> {
            for ((at, &w), &d) in at.iter_mut().zip(theta).zip(direction) {
                *at = (f64::from(w) + c * f64::from(d)) as f32;
            }
            net.decision(&at, points, &mut decisions);
            let own = labels.iter().zip(&decisions);
            own.map(|(&label, &decision)| towards(label, decision))
                .collect()
        };
        let mut before = look(0.0);
        let mut found: Vec<Option<f64>> = before
            .iter()
            .map(|&own| (own <= 0.0).then_some(0.0))
            .collect();
        let (mut inner, mut outer) = (0.0, self.from);
        loop {
            let now = look(outer);
            for ((found, &a), &b) in found.iter_mut().zip(&before).zip(&now) {
                if found.is_none() && (b <= 0.0 || b.is_nan()) {
                    let share = if b.is_finite() { a / (a - b) } else { 1.0 };
                    *found = Some(inner + share * (outer - inner));
                }
            }
            if outer >= self.cap || found.iter().all(Option::is_some) {
                return found.into_iter().map(|c| c.unwrap_or(self.cap)).collect();
            }
            (before, inner) = (now, outer);
            outer = (outer * self.growth).min(self.cap);
        }
    }
}

impl WeightMargins {
    /// The median margin of each point over the directions.
    pub fn medians(&self) -> Vec<f64> {
        let points = self.distances.first().map_or(0, Vec::len);
        (0..points)
            .map(|point| {
                let mut values: Vec<f64> = self.distances.iter().map(|row| row[point]).collect();
                values.sort_by(f64::total_cmp);
                let middle = values.len() / 2;
                match values.len() % 2 {
                    1 => values[middle],
                    _ => 0.5 * (values[middle - 1] + values[middle]),
                }
            })
            .collect()
    }

    /// The share of points never wrong up to c, for each direction; censored ones never are.
    pub fn kept(&self, c: f64) -> Vec<f64> {
        let right = |&&margin: &&f64| margin > c || margin >= self.cap;
        (self.distances.iter())
            .map(|row| row.iter().filter(right).count() as f64 / row.len() as f64)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Activation, Architecture};

    #[test]
    fn a_model_linear_in_its_weights_flips_where_the_formula_says() {
        // f(θ + c·d) = f(θ) + c·f(d), so the margin is −f(θ)/f(d) where that is positive.
        let net = Architecture::new(vec![2, 1], Activation::Relu).unwrap();
        let (theta, direction) = ([1.0, 2.0, -0.5], [-1.0, 0.5, 0.25]);
        let points = [1.0, 1.0, 2.0, 0.5, -1.0, -1.0, 0.0, 1.0, 0.0, 0.0];
        let labels = [1, 1, 0, 1, 1];
        let settings = WeightMarginSettings {
            cap: 5.0,
            ..WeightMarginSettings::default()
        };
        let found = settings.along(&net, &theta, &direction, &points, &labels);
        // f(θ): 2.5, 2.5, −3.5, 1.5, −.5; f(d): −.25, −1.5, .75, .75, .25.
        // 10 is beyond the cap; the fourth never flips; the fifth is wrong already.
        for (found, exact) in found.iter().zip([5.0, 2.5 / 1.5, 3.5 / 0.75, 5.0, 0.0]) {
            assert!((found - exact).abs() < 1e-5, "{found} {exact}");
        }
    }

    #[test]
    fn shares_and_medians_are_those_of_the_distances() {
        let margins = WeightMargins {
            distances: vec![vec![0.1, 0.4], vec![0.3, 0.2], vec![0.2, 1.0]],
            cap: 1.0,
        };
        assert_eq!(margins.medians(), [0.2, 0.4]);
        assert_eq!(margins.kept(0.2), [0.5, 0.5, 0.5]);
        assert_eq!(margins.kept(0.05), [1.0; 3]);
        assert_eq!(margins.kept(1.0), [0.0, 0.0, 0.5]);
    }

    #[test]
    fn senseless_settings_are_refused() {
        let net = Architecture::new(vec![2, 1], Activation::Relu).unwrap();
        let base = WeightMarginSettings::default();
        for settings in [
            WeightMarginSettings {
                directions: 0,
                ..base.clone()
            },
            WeightMarginSettings {
                cap: 0.0,
                ..base.clone()
            },
            WeightMarginSettings {
                growth: 1.0,
                ..base.clone()
            },
        ] {
            let layout = net.layout();
            assert!(
                settings
                    .run(&net, &layout, &[0.0; 3], &[0.0; 2], &[0], &())
                    .is_err()
            );
        }
    }
}
