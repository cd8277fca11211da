//! First-order optimizers: they see a flat θ and a gradient, nothing else.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Which optimizer, with its constants. Update rules and defaults are those of PyTorch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum OptimizerConfig {
    /// Stochastic gradient descent: `v ← μ·v + g`, `θ ← θ − η·v`; with Nesterov
    /// `θ ← θ − η·(g + μ·v)`.
    Sgd {
        /// Momentum μ in [0, 1).
        momentum: f64,
        /// Nesterov's look-ahead (Sutskever et al. 2013).
        nesterov: bool,
    },
    /// RMSprop: `s ← α·s + (1 − α)·g²`, `θ ← θ − η·g/(√s + ε)`.
    RmsProp {
        /// Memory α in [0, 1).
        alpha: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// Adam (Kingma and Ba 2015), bias-corrected.
    Adam {
        /// Memory of the mean, in [0, 1).
        beta1: f64,
        /// Memory of the square, in [0, 1).
        beta2: f64,
        /// ε > 0.
        epsilon: f64,
    },
}

impl OptimizerConfig {
    /// The names `--optimizer` knows.
    pub const NAMES: &'static [&'static str] = &["sgd", "momentum", "nesterov", "rmsprop", "adam"];

    /// Adam with β = (.9, .999), ε = 1e-8.
    pub const ADAM: Self = Self::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
    };

    /// An optimizer by name, with PyTorch's constants (momentum .9).
    ///
    /// # Errors
    /// [`Error::Setting`] listing the names.
    pub fn from_name(name: &str) -> Result<Self> {
        Ok(match name {
            "sgd" => Self::Sgd {
                momentum: 0.0,
                nesterov: false,
            },
            "momentum" => Self::Sgd {
                momentum: 0.9,
                nesterov: false,
            },
            "nesterov" => Self::Sgd {
                momentum: 0.9,
                nesterov: true,
            },
            "rmsprop" => Self::RmsProp {
                alpha: 0.99,
                epsilon: 1e-8,
            },
            "adam" => Self::ADAM,
            other => {
                let names = format!("one of {}", Self::NAMES.join(", "));
                return Err(Error::setting("optimizer", names, other));
            }
        })
    }

    /// Checks the constants.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the constant.
    pub fn check(self) -> Result<()> {
        let memory = |name: &str, value: f64| match (0.0..1.0).contains(&value) {
            true => Ok(()),
            false => Err(Error::setting(name, "at least 0 and below 1", value)),
        };
        let epsilon = |value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(Error::setting("epsilon", "a number above 0", value)),
        };
        match self {
            Self::Sgd { momentum, nesterov } => {
                memory("momentum", momentum)?;
                if nesterov && momentum == 0.0 {
                    return Err(Error::setting("momentum", "above 0 for Nesterov", momentum));
                }
                Ok(())
            }
            Self::RmsProp { alpha, epsilon: e } => memory("alpha", alpha).and(epsilon(e)),
            Self::Adam {
                beta1,
                beta2,
                epsilon: e,
            } => memory("beta1", beta1)
                .and(memory("beta2", beta2))
                .and(epsilon(e)),
        }
    }
}

/// An optimizer with its memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer {
    config: OptimizerConfig,
    /// Mean of gradients, or velocity (empty where the rule has none).
    pub(super) first: Vec<f32>,
    /// Mean of squares (empty where the rule has none).
    pub(super) second: Vec<f32>,
    /// Steps taken.
    pub(super) steps: u64,
}

impl Optimizer {
    /// Starts with empty memory for `dim` parameters.
    pub fn new(config: OptimizerConfig, dim: usize) -> Self {
        let (first, second) = match config {
            OptimizerConfig::Sgd { .. } => (dim, 0),
            OptimizerConfig::RmsProp { .. } => (0, dim),
            OptimizerConfig::Adam { .. } => (dim, dim),
        };
        Self {
            config,
            first: vec![0.0; first],
            second: vec![0.0; second],
            steps: 0,
        }
    }

    /// Moves θ against the gradient with learning rate η.
    pub fn step(&mut self, theta: &mut [f32], grad: &[f32], learning_rate: f64) {
        self.steps += 1;
        let eta = learning_rate as f32;
        match self.config {
            OptimizerConfig::Sgd { momentum, nesterov } => {
                let mu = momentum as f32;
                for ((theta, &g), v) in theta.iter_mut().zip(grad).zip(&mut self.first) {
                    *v = mu * *v + g;
                    *theta -= eta * if nesterov { g + mu * *v } else { *v };
                }
            }
            OptimizerConfig::RmsProp { alpha, epsilon } => {
                let (alpha, epsilon) = (alpha as f32, epsilon as f32);
                for ((theta, &g), s) in theta.iter_mut().zip(grad).zip(&mut self.second) {
                    *s = alpha * *s + (1.0 - alpha) * g * g;
                    *theta -= eta * g / (s.sqrt() + epsilon);
                }
            }
            OptimizerConfig::Adam {
                beta1,
                beta2,
                epsilon,
            } => {
                let power = self.steps.min(i32::MAX as u64) as i32;
                let eta = (learning_rate / (1.0 - beta1.powi(power))) as f32;
                let root = (1.0 / (1.0 - beta2.powi(power)).sqrt()) as f32;
                let (b1, b2, epsilon) = (beta1 as f32, beta2 as f32, epsilon as f32);
                let (c1, c2) = ((1.0 - beta1) as f32, (1.0 - beta2) as f32);
                let memory = self.first.iter_mut().zip(&mut self.second);
                for ((theta, &g), (m, s)) in theta.iter_mut().zip(grad).zip(memory) {
                    *m = b1 * *m + c1 * g;
                    *s = b2 * *s + c2 * g * g;
                    *theta -= eta * *m / (s.sqrt() * root + epsilon);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two steps by hand from θ = 1 with g = 2, then g = −1, η = .1.
    fn two_steps(name: &str) -> f32 {
        let mut optimizer = Optimizer::new(OptimizerConfig::from_name(name).unwrap(), 1);
        let mut theta = [1.0];
        optimizer.step(&mut theta, &[2.0], 0.1);
        optimizer.step(&mut theta, &[-1.0], 0.1);
        theta[0]
    }

    #[test]
    fn updates_are_those_of_the_formulas() {
        let near = |found: f32, exact: f64| assert!((f64::from(found) - exact).abs() < 1e-6);
        near(two_steps("sgd"), 1.0 - 0.2 + 0.1);
        // v: 2, then .9·2 − 1 = .8
        near(two_steps("momentum"), 1.0 - 0.2 - 0.08);
        // looks ahead: 2 + .9·2 = 3.8, then −1 + .9·.8 = −.28
        near(two_steps("nesterov"), 1.0 - 0.38 + 0.028);
        let (s1, s2) = (0.01 * 4.0, 0.99 * 0.04 + 0.01);
        near(
            two_steps("rmsprop"),
            1.0 - 0.2 / f64::sqrt(s1) + 0.1 / f64::sqrt(s2),
        );
        // Adam: the first step is η·sign(g); then m̂ = .08/.19, ŝ = .004996/.001999.
        let (m, s): (f64, f64) = (
            (0.9 * 0.2 - 0.1) / 0.19,
            (0.999 * 0.004 + 0.001) / 0.001_999,
        );
        near(two_steps("adam"), 1.0 - 0.1 - 0.1 * m / s.sqrt());
    }

    #[test]
    fn wrong_constants_are_named() {
        let wrong = OptimizerConfig::Adam {
            beta1: 1.0,
            beta2: 0.9,
            epsilon: 1e-8,
        };
        assert!(wrong.check().unwrap_err().to_string().contains("beta1"));
        assert!(
            OptimizerConfig::from_name("adm")
                .unwrap_err()
                .to_string()
                .contains("rmsprop")
        );
    }
}
