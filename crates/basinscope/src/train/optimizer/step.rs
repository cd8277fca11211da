//! An optimizer with its memory, taking one step at a time.

use super::OptimizerConfig;
use crate::simd::Kernel;
use pulp::{Simd, WithSimd};

/// An optimizer with its memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer {
    config: OptimizerConfig,
    /// Mean of gradients, velocity, or mean of iterates (empty where the rule has none).
    pub(in crate::train) first: Vec<f32>,
    /// Mean, sum or maximum of squares (empty where the rule has none).
    pub(in crate::train) second: Vec<f32>,
    /// Largest mean of squares, or mean of squared steps (empty where the rule has none).
    pub(in crate::train) third: Vec<f32>,
    /// Steps taken.
    pub(in crate::train) steps: u64,
}

impl Optimizer {
    /// Starts with empty memory for `dim` parameters.
    pub fn new(config: OptimizerConfig, dim: usize) -> Self {
        use OptimizerConfig as C;
        let memory = |wanted: bool| vec![0.0; if wanted { dim } else { 0 }];
        Self {
            config,
            first: memory(!matches!(
                config,
                C::RmsProp { .. } | C::Adagrad { .. } | C::Adadelta { .. }
            )),
            second: memory(!matches!(config, C::Sgd { .. } | C::Asgd { .. })),
            third: memory(matches!(config, C::AmsGrad { .. } | C::Adadelta { .. })),
            steps: 0,
        }
    }

    /// The mean of iterates, where the rule keeps one and has begun: what training arrived at.
    pub fn averaged(&self) -> Option<&[f32]> {
        match self.config {
            OptimizerConfig::Asgd { start, .. } if self.steps > start => Some(&self.first),
            _ => None,
        }
    }

    /// Moves θ against the gradient with learning rate η.
    pub fn step(&mut self, theta: &mut [f32], grad: &[f32], learning_rate: f64) {
        self.steps += 1;
        Kernel::active().dispatch(Step {
            optimizer: self,
            theta,
            grad,
            learning_rate,
        });
    }

    #[inline(always)]
    fn update(&mut self, theta: &mut [f32], grad: &[f32], learning_rate: f64) {
        let eta = learning_rate as f32;
        let power = self.steps.min(i32::MAX as u64) as i32;
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
            OptimizerConfig::Adagrad { epsilon } => {
                let epsilon = epsilon as f32;
                for ((theta, &g), s) in theta.iter_mut().zip(grad).zip(&mut self.second) {
                    *s += g * g;
                    *theta -= eta * g / (s.sqrt() + epsilon);
                }
            }
            OptimizerConfig::Adadelta { rho, epsilon } => {
                let (rho, epsilon) = (rho as f32, epsilon as f32);
                let memory = self.second.iter_mut().zip(&mut self.third);
                for ((theta, &g), (s, u)) in theta.iter_mut().zip(grad).zip(memory) {
                    *s = rho * *s + (1.0 - rho) * g * g;
                    let step = g * (*u + epsilon).sqrt() / (*s + epsilon).sqrt();
                    *u = rho * *u + (1.0 - rho) * step * step;
                    *theta -= eta * step;
                }
            }
            OptimizerConfig::Adam {
                beta1,
                beta2,
                epsilon,
            } => {
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
            OptimizerConfig::AmsGrad {
                beta1,
                beta2,
                epsilon,
            } => {
                let eta = (learning_rate / (1.0 - beta1.powi(power))) as f32;
                let root = (1.0 / (1.0 - beta2.powi(power)).sqrt()) as f32;
                let (b1, b2, epsilon) = (beta1 as f32, beta2 as f32, epsilon as f32);
                let (c1, c2) = ((1.0 - beta1) as f32, (1.0 - beta2) as f32);
                let memory = (self.first.iter_mut().zip(&mut self.second)).zip(&mut self.third);
                for ((theta, &g), ((m, s), top)) in theta.iter_mut().zip(grad).zip(memory) {
                    *m = b1 * *m + c1 * g;
                    *s = b2 * *s + c2 * g * g;
                    *top = top.max(*s);
                    *theta -= eta * *m / (top.sqrt() * root + epsilon);
                }
            }
            OptimizerConfig::AdaMax {
                beta1,
                beta2,
                epsilon,
            } => {
                let eta = (learning_rate / (1.0 - beta1.powi(power))) as f32;
                let (b1, b2, epsilon) = (beta1 as f32, beta2 as f32, epsilon as f32);
                let c1 = (1.0 - beta1) as f32;
                let memory = self.first.iter_mut().zip(&mut self.second);
                for ((theta, &g), (m, u)) in theta.iter_mut().zip(grad).zip(memory) {
                    *m = b1 * *m + c1 * g;
                    *u = (b2 * *u).max(g.abs() + epsilon);
                    *theta -= eta * *m / *u;
                }
            }
            OptimizerConfig::Asgd {
                lambda,
                alpha,
                start,
            } => {
                // PyTorch's η belongs to the step before: t counts from 0.
                let t = (self.steps - 1) as f64;
                let now = learning_rate / (1.0 + lambda * learning_rate * t).powf(alpha);
                let (keep, eta) = ((1.0 - lambda * now) as f32, now as f32);
                let averaged = self.steps.saturating_sub(start).max(1) as f32;
                for ((theta, &g), mean) in theta.iter_mut().zip(grad).zip(&mut self.first) {
                    *theta = keep * *theta - eta * g;
                    *mean += (*theta - *mean) / averaged;
                }
            }
        }
    }
}

/// One step, in whatever registers the processor has; its bits are the same in all.
struct Step<'a> {
    optimizer: &'a mut Optimizer,
    theta: &'a mut [f32],
    grad: &'a [f32],
    learning_rate: f64,
}

impl WithSimd for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            optimizer,
            theta,
            grad,
            learning_rate,
        } = self;
        optimizer.update(theta, grad, learning_rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two steps by hand from θ = 1 with g = 2, then g = −1, η = .1.
    fn two_steps(config: OptimizerConfig) -> (f32, Optimizer) {
        let mut optimizer = Optimizer::new(config, 1);
        let mut theta = [1.0];
        optimizer.step(&mut theta, &[2.0], 0.1);
        optimizer.step(&mut theta, &[-1.0], 0.1);
        (theta[0], optimizer)
    }

    #[test]
    fn updates_are_those_of_the_formulas() {
        let near = |name: &str, exact: f64| {
            let found = two_steps(OptimizerConfig::from_name(name).unwrap()).0;
            assert!(
                (f64::from(found) - exact).abs() < 1e-6,
                "{name}: {found} {exact}"
            );
        };
        near("sgd", 1.0 - 0.2 + 0.1);
        // v: 2, then .9·2 − 1 = .8
        near("momentum", 1.0 - 0.2 - 0.08);
        // looks ahead: 2 + .9·2 = 3.8, then −1 + .9·.8 = −.28
        near("nesterov", 1.0 - 0.38 + 0.028);
        let (s1, s2) = (0.01 * 4.0, 0.99 * 0.04 + 0.01);
        near("rmsprop", 1.0 - 0.2 / f64::sqrt(s1) + 0.1 / f64::sqrt(s2));
        // s: 4, then 5
        near("adagrad", 1.0 - 0.1 + 0.1 / f64::sqrt(5.0));
        // Adam: the first step is η·sign(g); then m̂ = .08/.19, ŝ = .004996/.001999.
        let (m, s): (f64, f64) = (
            (0.9 * 0.2 - 0.1) / 0.19,
            (0.999 * 0.004 + 0.001) / 0.001_999,
        );
        near("adam", 1.0 - 0.1 - 0.1 * m / s.sqrt());
        // s still grows, so its maximum is itself.
        near("amsgrad", 1.0 - 0.1 - 0.1 * m / s.sqrt());
        // u: 2, then .999·2
        near("adamax", 1.0 - 0.1 - 0.1 * m / 1.998);
        // s: .4, then .46; u after the first step .1·d²
        let step = 2.0 * (1e-6 / (0.4 + 1e-6_f64)).sqrt();
        let next = -((0.1 * step * step + 1e-6) / (0.46 + 1e-6)).sqrt();
        near("adadelta", 1.0 - 0.1 * step - 0.1 * next);
        let second = 0.1 / (1.0 + 1e-5_f64).powf(0.75);
        let first = (1.0 - 1e-5) - 0.2;
        near("asgd", (1.0 - 1e-4 * second) * first + second);
    }

    #[test]
    fn bits_are_the_same_in_all_registers() {
        let grad: Vec<f32> = (0..103).map(|i| (0.37 * i as f32).sin()).collect();
        for name in ["momentum", "adam", "amsgrad", "adadelta", "asgd"] {
            let on = |kernel: Kernel| {
                let config = OptimizerConfig::from_name(name).unwrap();
                let (mut optimizer, mut theta) = (Optimizer::new(config, 103), vec![0.1; 103]);
                for _ in 0..3 {
                    optimizer.steps += 1;
                    kernel.dispatch(Step {
                        optimizer: &mut optimizer,
                        theta: &mut theta,
                        grad: &grad,
                        learning_rate: 0.01,
                    });
                }
                theta
            };
            for kernel in Kernel::supported() {
                assert_eq!(on(kernel), on(Kernel::Portable), "{name} {kernel:?}");
            }
        }
    }

    #[test]
    fn amsgrad_remembers_the_largest_square() {
        // β₂ = 0: s = g², so after g = 2 and then g = −1 the largest is 4.
        let (theta, _) = two_steps(OptimizerConfig::AmsGrad {
            beta1: 0.0,
            beta2: 0.0,
            epsilon: 1e-8,
        });
        assert!((theta - (1.0 - 0.1 + 0.05)).abs() < 1e-6, "{theta}");
    }

    #[test]
    fn averaged_sgd_averages_from_its_start_on() {
        let asgd = |start| OptimizerConfig::Asgd {
            lambda: 0.0,
            alpha: 0.75,
            start,
        };
        // Iterates .8 and .9.
        let (_, optimizer) = two_steps(asgd(0));
        assert!((optimizer.averaged().unwrap()[0] - 0.85).abs() < 1e-6);
        let (theta, optimizer) = two_steps(asgd(1));
        assert!((optimizer.averaged().unwrap()[0] - theta).abs() < 1e-6);
        assert_eq!(two_steps(asgd(2)).1.averaged(), None);
    }
}
