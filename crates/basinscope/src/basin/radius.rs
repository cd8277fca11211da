//! How far a ray runs before the loss passes the cutoff.

use crate::surface::LossSurface;
use serde::{Deserialize, Serialize};

/// How the crossing on a ray is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Search {
    /// Warm-started Illinois secant: four to five evaluations a ray.
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
    /// Mean slope of ln(L/c) over ln r between guess and crossing; `None` where the guess was hit
    /// or the crossing never found.
    pub(crate) slope: Option<f64>,
}

/// What earlier rays tell of the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    /// Radius.
    pub(crate) radius: f64,
    /// Slope of ln(L/c) over ln r there, if known.
    pub(crate) slope: Option<f64>,
}

/// Factor by which a bracket grows around a warm guess.
const GROWTH: f64 = 1.3;
/// How far beyond the expected crossing a step out of the bracket's open end goes, as a factor:
/// a crossing just missed costs an evaluation more.
const OVERSHOOT: f64 = 1.3;
/// |ln(L/c)| is cut here, so that an overflow does not bend the secant.
const LARGEST_LOG: f64 = 25.0;

impl<S: LossSurface> Ray<'_, S> {
    /// Finds the crossing near a guess.
    ///
    /// With u = ln r and f(u) = ln(L/c): steps from the guess to the other side of the sign change
    /// of f, first by the slope of earlier rays, then by factors of 1.3 (squared at each further
    /// step, so that a cold guess costs little); then takes Illinois steps until the root is known
    /// to the tolerance.
    ///
    /// # Reference
    /// Dowell and Jarratt 1971.
    pub(crate) fn cross(&self, guess: Guess, search: Search) -> Crossing {
        let mut point = vec![0.0_f32; self.theta.len()];
        let mut evaluations = 0;
        let mut f = |u: f64| {
            evaluations += 1;
            self.log_ratio(u, &mut point)
        };
        let cap = self.cap.ln();
        let mut u = guess.radius.ln().min(cap);
        if search == Search::Scan {
            u -= 100.0_f64.ln();
        }
        let mut value = f(u);
        let first = (u, value);
        let growth = |step: u32, value: f64| match (search, guess.slope) {
            (Search::Scan, _) => 1.02_f64.ln(),
            (Search::Secant, Some(slope)) if step == 0 => {
                let step = OVERSHOOT * value.abs() / slope;
                step.clamp(self.tolerance, 4.0 * GROWTH.ln())
            }
            (Search::Secant, _) => GROWTH.ln() * f64::from(1 << step.min(6)),
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
                        slope: None,
                    };
                }
                u = (u + growth(step, value)).min(cap);
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
                u -= match search {
                    Search::Secant => growth(step, value),
                    Search::Scan => GROWTH.ln() * f64::from(1 << step.min(6)),
                };
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
                        slope: None,
                    };
                }
            }
        }
        let u = close_in(&mut f, low, high, self.tolerance);
        found(u, evaluations, first)
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

/// The root of f between a place where it is at most 0 and one where it is above, by Illinois steps,
/// to the tolerance; values at both ends finite.
///
/// # Reference
/// Dowell and Jarratt 1971.
pub(crate) fn close_in(
    mut f: impl FnMut(f64) -> f64,
    mut low: (f64, f64),
    mut high: (f64, f64),
    tolerance: f64,
) -> f64 {
    // Which end was kept last time: its value is halved the second time (Illinois).
    let mut kept = 0_i32;
    while high.0 - low.0 > tolerance {
        let slope = (high.1 - low.1) / (high.0 - low.0);
        let mut next = low.0 - low.1 / slope;
        if !(next > low.0 && next < high.0) {
            next = 0.5 * (low.0 + high.0);
        }
        let value = f(next);
        // So close that the slope across the bracket, be it wrong by half, puts the root within
        // half a tolerance.
        let near = value.abs() < tolerance * slope.abs();
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
            return (next - value / slope).clamp(low.0, high.0);
        }
    }
    0.5 * (low.0 + high.0)
}

/// The crossing at u = ln r, found from the first place looked at.
fn found(u: f64, evaluations: u32, first: (f64, f64)) -> Crossing {
    let slope = first.1 / (first.0 - u);
    Crossing {
        radius: u.exp(),
        censored: false,
        evaluations,
        slope: (slope.is_finite() && slope > 0.0).then_some(slope),
    }
}
