//! How far each point is from the nearest place that is classified otherwise.

use super::{check, towards};
use crate::surface::Classifier;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Steps of the bisection that ends each search.
const BISECTIONS: usize = 12;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputMarginSettings {
    /// Rays from each point, equally spaced over the circle.
    pub rays: usize,
    /// Smallest distance looked at.
    pub from: f64,
    /// Largest; a point with nothing else within it is given this.
    pub reach: f64,
    /// Factor between two distances looked at, above 1.
    pub growth: f64,
}

impl Default for InputMarginSettings {
    /// 64 rays from 1e-4 to 2, 8 % apart.
    fn default() -> Self {
        Self {
            rays: 64,
            from: 1e-4,
            reach: 2.0,
            growth: 1.08,
        }
    }
}

/// The margin of each point of the plane: the distance to the nearest place of the other class.
///
/// ```text
/// m_i = min{|x − x_i| : net(x) ≠ y_i}
/// ```
///
/// along `rays` rays, by a scan and a bisection to a part in 4,096 of a step of the scan. A flat
/// boundary reads at most 1/cos(π/rays) too far; a place narrower than a step may be missed. A
/// point that is wrong itself has margin 0.
///
/// # Shapes
/// `points` holds `[x, y]` for each label; the result one distance for each point.
///
/// # Errors
/// [`Error::Setting`] for a net that does not read the plane or has more than two classes, and for
/// senseless settings; [`Error::Shape`] where θ or points do not fit; [`Error::Cancelled`] by the
/// watch, which is called after each point.
pub fn input_margins(
    net: &impl Classifier,
    theta: &[f32],
    points: &[f32],
    labels: &[u32],
    settings: InputMarginSettings,
    watch: &dyn Watch,
) -> Result<Vec<f64>> {
    check(net, theta, points, labels)?;
    if net.num_features() != 2 {
        return Err(Error::setting("features", "2", net.num_features()));
    }
    let InputMarginSettings {
        rays,
        from,
        reach,
        growth,
    } = settings;
    if rays == 0 {
        return Err(Error::setting("rays", "at least 1", 0));
    }
    if !(from > 0.0 && from < reach && reach.is_finite() && growth > 1.0) {
        let found = format!("{from}, {reach}, {growth}");
        let expected = "0 < from < reach and growth above 1";
        return Err(Error::setting("from, reach, growth", expected, found));
    }
    let directions: Vec<[f64; 2]> = (0..rays)
        .map(|ray| {
            let angle = TAU * ray as f64 / rays as f64;
            [angle.cos(), angle.sin()]
        })
        .collect();
    let ticks = Ticks::new(watch, Some(labels.len() as u64));
    let margin = |point: &[f32], label: u32| -> f64 {
        let around = |radius: f64, directions: &[[f64; 2]]| -> Vec<bool> {
            let places: Vec<f32> = (directions.iter())
                .flat_map(|d| [0, 1].map(|i| (f64::from(point[i]) + radius * d[i]) as f32))
                .collect();
            let mut decisions = vec![0.0; directions.len()];
            net.decision(theta, &places, &mut decisions);
            let other = |decision| towards(label, decision) <= 0.0;
            decisions.into_iter().map(other).collect()
        };
        if around(0.0, &directions[..1])[0] {
            return 0.0;
        }
        let (mut inner, mut outer) = (0.0, from);
        loop {
            let other = around(outer, &directions);
            let hit: Vec<[f64; 2]> = (directions.iter().zip(other))
                .filter_map(|(&direction, other)| other.then_some(direction))
                .collect();
            if !hit.is_empty() {
                for _ in 0..BISECTIONS {
                    let middle = 0.5 * (inner + outer);
                    match around(middle, &hit).contains(&true) {
                        true => outer = middle,
                        false => inner = middle,
                    }
                }
                return outer;
            }
            if outer >= reach {
                return reach;
            }
            inner = outer;
            outer = (outer * growth).min(reach);
        }
    };
    (points.par_chunks_exact(2).zip(labels))
        .map(|(point, &label)| {
            let found = margin(point, label);
            ticks.tick()?;
            Ok(found)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Activation, Architecture};

    #[test]
    fn a_linear_classifier_has_the_margins_of_the_formula() {
        // 3x + 4y − 1: the distance of a point is |3x + 4y − 1|/5.
        let net = Architecture::new(vec![2, 1], Activation::Relu).unwrap();
        let theta = [3.0, 4.0, -1.0];
        let points = [1.0, 0.5, -1.0, 0.0, 0.1, 0.1, 0.0, 0.5, 9.0, 9.0];
        let labels = [1, 0, 1, 0, 1];
        let settings = InputMarginSettings::default();
        let found = input_margins(&net, &theta, &points, &labels, settings, &()).unwrap();
        // The third and fourth are wrong; the fifth is farther away than the reach.
        for (found, exact) in found.iter().zip([0.8, 0.8, 0.0, 0.0, 2.0]) {
            assert!((found - exact).abs() <= 2e-3 * exact, "{found} {exact}");
        }
    }

    #[test]
    fn senseless_settings_are_refused() {
        let net = Architecture::new(vec![2, 1], Activation::Relu).unwrap();
        let base = InputMarginSettings::default();
        for settings in [
            InputMarginSettings { rays: 0, ..base },
            InputMarginSettings { from: 3.0, ..base },
            InputMarginSettings {
                growth: 1.0,
                ..base
            },
        ] {
            assert!(input_margins(&net, &[0.0; 3], &[0.0; 2], &[0], settings, &()).is_err());
        }
        assert!(input_margins(&net, &[0.0; 3], &[0.0; 2], &[0, 1], base, &()).is_err());
        let three = Architecture::new(vec![2, 3], Activation::Relu).unwrap();
        assert!(input_margins(&three, &[0.0; 9], &[0.0; 2], &[0], base, &()).is_err());
    }
}
