//! How far a ray runs before the loss passes the cutoff.

use crate::surface::LossSurface;
use serde::{Deserialize, Serialize};

/// How the crossing on a ray is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Search {
    /// Warm-started Illinois secant: about five evaluations a ray.
    #[default]
    Secant,
    /// Steps of 2 % from a hundredth of the guess outwards, then the secant: hundreds of
    /// evaluations, but the *first* crossing wherever an excursion is longer than a step.
    Scan,
}

/// One ray θ + r·d.
pub(crate) struct Ray<'a, S> {
    pub(crate) surface: &'a S,
    pub(crate) theta: &'a [f32],
    pub(crate) direction: &'a [f32],
    /// Mean loss that ends the basin.
    pub(crate) cutoff: f64,
    /// Largest radius looked at.
    pub(crate) cap: f64,
    /// Precision asked of ln r.
    pub(crate) tolerance: f64,
}

/// Where a ray left the basin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Crossing {
    /// Radius; the cap where the ray is censored.
    pub(crate) radius: f64,
    pub(crate) censored: bool,
    pub(crate) evaluations: u32,
}

/// Factor by which a bracket grows around a warm guess.
const GROWTH: f64 = 1.3;
/// |ln(L/c)| is cut here, so that an overflow does not bend the secant.
const LARGEST_LOG: f64 = 25.0;

impl<S: LossSurface> Ray<'_, S> {
    /// Finds the crossing near `guess`.
    ///
    /// With u = ln r and f(u) = ln(L/c): brackets the sign change of f by factors of 1.3 around
    /// the guess (squared at each further step, so that a cold guess costs little), then takes
    /// Illinois steps until the root is known to the tolerance.
    ///
    /// # Reference
    /// Dowell and Jarratt 1971.
    pub(crate) fn cross(&self, guess: f64, search: Search) -> Crossing {
        let mut point = vec![0.0_f32; self.theta.len()];
        let mut evaluations = 0;
        let mut f = |u: f64| {
            evaluations += 1;
            self.log_ratio(u, &mut point)
        };
        let cap = self.cap.ln();
        let mut u = guess.ln().min(cap);
        if search == Search::Scan {
            u -= 100.0_f64.ln();
        }
        let mut value = f(u);
        let growth = |step: u32| match search {
            Search::Secant => GROWTH.ln() * f64::from(1 << step.min(6)),
            Search::Scan => 1.02_f64.ln(),
        };
        // (u, f) inside and outside.
        let (mut low, mut high);
        if value <= 0.0 {
            let mut step = 0;
            loop {
                low = (u, value);
                if u >= cap {
                    return Crossing {
                        radius: self.cap,
                        censored: true,
                        evaluations,
                    };
                }
                u = (u + growth(step)).min(cap);
                step += 1;
                value = f(u);
                if value > 0.0 {
                    high = (u, value);
                    break;
                }
            }
        } else {
            let mut step = 0;
            loop {
                high = (u, value);
                u -= GROWTH.ln() * f64::from(1 << step.min(6));
                step += 1;
                value = f(u);
                if value <= 0.0 {
                    low = (u, value);
                    break;
                }
                if u < high.0 - 700.0 || u < -700.0 {
                    // The minimum itself lies on the cutoff: the basin has no width here.
                    return Crossing {
                        radius: u.exp(),
                        censored: false,
                        evaluations,
                    };
                }
            }
        }
        // Which end was kept last time: its value is halved the second time (Illinois).
        let mut kept = 0_i32;
        while high.0 - low.0 > self.tolerance {
            let slope = (high.1 - low.1) / (high.0 - low.0);
            let mut next = low.0 - low.1 / slope;
            if !(next > low.0 && next < high.0) {
                next = 0.5 * (low.0 + high.0);
            }
            let value = f(next);
            // Close enough that the slope across the bracket, halved for safety, puts the root
            // within half a tolerance.
            let near = value.abs() < 0.25 * self.tolerance * slope.abs();
            if value <= 0.0 {
                low = (next, value);
                if kept == 1 {
                    high.1 *= 0.5;
                }
                kept = 1;
            } else {
                high = (next, value);
                if kept == -1 {
                    low.1 *= 0.5;
                }
                kept = -1;
            }
            if near {
                return Crossing {
                    radius: next.exp(),
                    censored: false,
                    evaluations,
                };
            }
        }
        let radius = (0.5 * (low.0 + high.0)).exp();
        Crossing {
            radius,
            censored: false,
            evaluations,
        }
    }

    fn log_ratio(&self, u: f64, point: &mut [f32]) -> f64 {
        let r = u.exp() as f32;
        for ((point, &theta), &d) in point.iter_mut().zip(self.theta).zip(self.direction) {
            *point = theta + r * d;
        }
        let ratio = (self.surface.loss(point) / self.cutoff).ln();
        if ratio.is_nan() {
            LARGEST_LOG
        } else {
            ratio.clamp(-LARGEST_LOG, LARGEST_LOG)
        }
    }
}
