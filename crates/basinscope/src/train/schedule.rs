//! The learning rate as a function of the step.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Decay {
    /// Stays.
    Constant,
    /// Times `factor` at each of the steps.
    Steps {
        /// Steps at which it falls, ascending.
        at: Vec<usize>,
        /// Factor at each, in (0, 1].
        factor: f64,
    },
    /// Half a cosine from 1 down to `floor` at the last step.
    Cosine {
        /// Share of the peak left at the end, in [0, 1].
        floor: f64,
    },
}

/// A linear warm-up, then a decay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Steps over which the rate rises from 0 to its peak.
    pub warmup: usize,
    /// What follows.
    pub decay: Decay,
}

impl Schedule {
    /// Learning rate at a step counted from 0, of `steps` in all.
    ///
    /// ```text
    /// η(t) = η·min(1, (t + 1)/warmup)·decay(t)
    /// cosine: floor + (1 − floor)·(1 + cos(π·(t − warmup)/(steps − warmup)))/2
    /// ```
    pub fn rate(&self, peak: f64, step: usize, steps: usize) -> f64 {
        if step < self.warmup {
            return peak * (step + 1) as f64 / self.warmup as f64;
        }
        match &self.decay {
            Decay::Constant => peak,
            Decay::Steps { at, factor } => {
                let falls = at.iter().filter(|&&at| step >= at).count();
                peak * factor.powi(falls as i32)
            }
            Decay::Cosine { floor } => {
                let length = steps.saturating_sub(self.warmup).max(1) as f64;
                let phase = (step - self.warmup) as f64 / length;
                let cosine = (1.0 + (std::f64::consts::PI * phase.min(1.0)).cos()) / 2.0;
                peak * (floor + (1.0 - floor) * cosine)
            }
        }
    }

    /// Checks the constants.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the constant.
    pub fn check(&self) -> Result<()> {
        match &self.decay {
            Decay::Constant => Ok(()),
            Decay::Steps { at, factor } => {
                if !(*factor > 0.0 && *factor <= 1.0) {
                    return Err(Error::setting(
                        "schedule.factor",
                        "above 0, at most 1",
                        factor,
                    ));
                }
                if !at.is_sorted() {
                    return Err(Error::setting(
                        "schedule.at",
                        "ascending",
                        format!("{at:?}"),
                    ));
                }
                Ok(())
            }
            Decay::Cosine { floor } if !(0.0..=1.0).contains(floor) => {
                Err(Error::setting("schedule.floor", "from 0 to 1", floor))
            }
            Decay::Cosine { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_at_known_steps() {
        let cosine = Schedule {
            warmup: 100,
            decay: Decay::Cosine { floor: 0.01 },
        };
        let near = |found: f64, exact: f64| assert!((found - exact).abs() < 1e-12, "{found}");
        near(cosine.rate(2.0, 0, 1100), 0.02);
        near(cosine.rate(2.0, 99, 1100), 2.0);
        near(cosine.rate(2.0, 100, 1100), 2.0);
        near(cosine.rate(2.0, 600, 1100), 2.0 * (0.01 + 0.99 / 2.0));
        near(cosine.rate(2.0, 1100, 1100), 0.02);
        let steps = Schedule {
            warmup: 0,
            decay: Decay::Steps {
                at: vec![10, 20],
                factor: 0.1,
            },
        };
        near(steps.rate(1.0, 9, 30), 1.0);
        near(steps.rate(1.0, 10, 30), 0.1);
        near(steps.rate(1.0, 25, 30), 0.01);
    }

    #[test]
    fn wrong_constants_are_named() {
        let wrong = Schedule {
            warmup: 0,
            decay: Decay::Cosine { floor: 2.0 },
        };
        assert!(wrong.check().unwrap_err().to_string().contains("floor"));
        let wrong = Schedule {
            warmup: 0,
            decay: Decay::Steps {
                at: vec![2, 1],
                factor: 0.1,
            },
        };
        assert!(wrong.check().unwrap_err().to_string().contains("ascending"));
    }
}
