//! Which optimizer, with its constants, checked.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Which optimizer, with its constants. Update rules and defaults are those of PyTorch; η is the
/// learning rate, g the gradient.
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
    /// Adagrad (Duchi et al. 2011): `s ← s + g²`, `θ ← θ − η·g/(√s + ε)`.
    Adagrad {
        /// ε > 0.
        epsilon: f64,
    },
    /// Adadelta (Zeiler 2012): `s ← ρ·s + (1 − ρ)·g²`, `d = g·√(u + ε)/√(s + ε)`,
    /// `u ← ρ·u + (1 − ρ)·d²`, `θ ← θ − η·d`.
    Adadelta {
        /// Memory ρ in [0, 1).
        rho: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// Adam (Kingma and Ba 2015), bias-corrected: `m ← β₁·m + (1 − β₁)·g`,
    /// `s ← β₂·s + (1 − β₂)·g²`, `θ ← θ − η·m̂/(√ŝ + ε)`.
    Adam {
        /// Memory of the mean, in [0, 1).
        beta1: f64,
        /// Memory of the square, in [0, 1).
        beta2: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// AMSGrad (Reddi et al. 2018): Adam with the largest s so far in place of s.
    AmsGrad {
        /// Memory of the mean, in [0, 1).
        beta1: f64,
        /// Memory of the square, in [0, 1).
        beta2: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// AdaMax (Kingma and Ba 2015, section 7): `u ← max(β₂·u, |g| + ε)`,
    /// `θ ← θ − η/(1 − β₁ᵗ)·m/u`.
    AdaMax {
        /// Memory of the mean, in [0, 1).
        beta1: f64,
        /// Memory of the largest, in [0, 1).
        beta2: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// Averaged SGD (Polyak and Juditsky 1992) with PyTorch's decay:
    /// `θ ← (1 − λ·η_t)·θ − η_t·g`, `η_t = η/(1 + λ·η·t)^α`; after `start` steps the mean of all
    /// further iterates is kept, and that mean is the minimum.
    Asgd {
        /// λ ≥ 0.
        lambda: f64,
        /// α ≥ 0.
        alpha: f64,
        /// Steps before averaging begins.
        start: u64,
    },
}

impl OptimizerConfig {
    /// The names `--optimizer` knows.
    pub const NAMES: &'static [&'static str] = &[
        "sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adadelta", "adam", "amsgrad",
        "adamax", "asgd",
    ];

    /// Adam with β = (.9, .999), ε = 1e-8.
    pub const ADAM: Self = Self::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
    };

    /// An optimizer by name, with PyTorch's constants (momentum .9); ASGD averages from step
    /// 1,000 on, where PyTorch waits for a million.
    ///
    /// # Errors
    /// [`Error::Setting`] listing the names.
    pub fn from_name(name: &str) -> Result<Self> {
        let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8);
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
                epsilon,
            },
            "adagrad" => Self::Adagrad { epsilon: 1e-10 },
            "adadelta" => Self::Adadelta {
                rho: 0.9,
                epsilon: 1e-6,
            },
            "adam" => Self::ADAM,
            "amsgrad" => Self::AmsGrad {
                beta1,
                beta2,
                epsilon,
            },
            "adamax" => Self::AdaMax {
                beta1,
                beta2,
                epsilon,
            },
            "asgd" => Self::Asgd {
                lambda: 1e-4,
                alpha: 0.75,
                start: 1_000,
            },
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
        let above_zero = |value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(Error::setting("epsilon", "a number above 0", value)),
        };
        let not_below_zero = |name: &str, value: f64| match value >= 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(Error::setting(name, "a number of at least 0", value)),
        };
        match self {
            Self::Sgd { momentum, nesterov } => {
                memory("momentum", momentum)?;
                if nesterov && momentum == 0.0 {
                    return Err(Error::setting("momentum", "above 0 for Nesterov", momentum));
                }
                Ok(())
            }
            Self::RmsProp { alpha, epsilon } => memory("alpha", alpha).and(above_zero(epsilon)),
            Self::Adagrad { epsilon } => above_zero(epsilon),
            Self::Adadelta { rho, epsilon } => memory("rho", rho).and(above_zero(epsilon)),
            Self::Adam {
                beta1,
                beta2,
                epsilon,
            }
            | Self::AmsGrad {
                beta1,
                beta2,
                epsilon,
            }
            | Self::AdaMax {
                beta1,
                beta2,
                epsilon,
            } => memory("beta1", beta1)
                .and(memory("beta2", beta2))
                .and(above_zero(epsilon)),
            Self::Asgd { lambda, alpha, .. } => {
                not_below_zero("lambda", lambda).and(not_below_zero("alpha", alpha))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_and_sound() {
        for name in OptimizerConfig::NAMES {
            OptimizerConfig::from_name(name).unwrap().check().unwrap();
        }
        let error = OptimizerConfig::from_name("adm").unwrap_err().to_string();
        assert!(error.contains("rmsprop"), "{error}");
    }

    #[test]
    fn wrong_constants_are_named() {
        let wrong = |config: OptimizerConfig, named: &str| {
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        };
        let (beta1, beta2, epsilon) = (1.0, 0.9, 1e-8);
        wrong(
            OptimizerConfig::Adam {
                beta1,
                beta2,
                epsilon,
            },
            "beta1",
        );
        wrong(OptimizerConfig::Adadelta { rho: -0.1, epsilon }, "rho");
        wrong(OptimizerConfig::Adagrad { epsilon: 0.0 }, "epsilon");
        wrong(
            OptimizerConfig::Asgd {
                lambda: -1.0,
                alpha: 0.75,
                start: 0,
            },
            "lambda",
        );
    }
}
