//! L-BFGS on a surface, full batch, by way of argmin.

use super::{Minimum, StopReason};
use crate::data::Split;
use crate::net::{Initialization, Net};
use crate::random::stream;
use crate::record::HistoryPoint;
use crate::surface::{Differentiable, Evaluate};
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use argmin::core::{CostFunction, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};

/// What is asked of L-BFGS.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LbfgsSettings {
    /// Pairs of steps and gradient changes remembered.
    pub memory: usize,
    /// Iterations at most; each takes a line search of a few gradients.
    pub iterations: usize,
    /// Longest first step of a line search, in units of the quasi-Newton step.
    pub longest_step: f64,
}

impl Default for LbfgsSettings {
    /// Memory 10, at most 500 iterations, steps up to 10 quasi-Newton steps.
    fn default() -> Self {
        Self {
            memory: 10,
            iterations: 500,
            longest_step: 10.0,
        }
    }
}

/// Where it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Lbfgs {
    /// The best θ seen.
    pub theta: Vec<f32>,
    /// The loss there, in nats.
    pub loss: f64,
    /// Gradients taken.
    pub gradients: u64,
    /// Why it stopped, in argmin's words.
    pub stopped: String,
}

impl LbfgsSettings {
    /// Descends from θ with a Moré–Thuente line search (strong Wolfe conditions).
    ///
    /// Iterates live in f64, losses and gradients are those of the surface in f32. A line search
    /// that finds no decrease any more ends the descent; the best θ seen is kept.
    ///
    /// # Errors
    /// [`Error::Shape`] for a θ of the wrong length, [`Error::Setting`] for no memory, no
    /// iterations, or a step that is not positive; [`Error::Cancelled`] by the watch, which is called
    /// after each gradient.
    ///
    /// # Reference
    /// Liu and Nocedal 1989; Moré and Thuente 1994.
    pub fn run(
        self,
        surface: &impl Differentiable,
        theta: &[f32],
        watch: &dyn Watch,
    ) -> Result<Lbfgs> {
        if theta.len() != surface.dim() {
            return Err(Error::Shape {
                what: "theta".into(),
                expected: vec![surface.dim()],
                found: vec![theta.len()],
            });
        }
        let search = self.search()?;
        let watched = Watched {
            surface,
            ticks: Ticks::new(watch, None),
            cancelled: Cell::new(false),
            seen: RefCell::new(Seen {
                at: Vec::new(),
                loss: f64::INFINITY,
                grad: Vec::new(),
                best: Lbfgs {
                    theta: theta.to_vec(),
                    loss: f64::INFINITY,
                    gradients: 0,
                    stopped: String::new(),
                },
            }),
        };
        let start: Vec<f64> = theta.iter().map(|&w| f64::from(w)).collect();
        let outcome = Executor::new(&watched, LBFGS::new(search, self.memory))
            .configure(|state| state.param(start).max_iters(self.iterations as u64))
            .ctrlc(false)
            .run();
        let stopped = match outcome {
            Ok(found) => found.state.termination_status.to_string(),
            Err(error) => error.to_string(),
        };
        if watched.cancelled.get() {
            return Err(Error::Cancelled);
        }
        let mut best = watched.seen.into_inner().best;
        best.stopped = stopped;
        Ok(best)
    }

    /// Trains a net without batch norm on all training points at once. Its steps are counted in
    /// gradients.
    ///
    /// # Errors
    /// Those of [`run`](Self::run); [`Error::Setting`] for a net that keeps buffers, which only
    /// descents by batches move.
    pub fn train(
        self,
        net: &dyn Net,
        split: &Split,
        initialization: Initialization,
        seed: u64,
        watch: &dyn Watch,
    ) -> Result<Minimum> {
        self.check(net)?;
        let theta = net.initialize(initialization, &mut stream(seed, "init", 0));
        let [train, test] = [
            net.surface(&[], &split.train)?,
            net.surface(&[], &split.test)?,
        ];
        let look = |step, theta: &[f32]| {
            let [on_train, on_test] = [train.evaluate(theta), test.evaluate(theta)];
            let point = HistoryPoint {
                step,
                train_loss: on_train.loss.min(f64::MAX),
                train_accuracy: on_train.accuracy,
                test_accuracy: on_test.accuracy,
            };
            (point, on_train, on_test)
        };
        let (before, ..) = look(0, &theta);
        let found = self.run(&train, &theta, watch)?;
        let steps = found.gradients as usize;
        let (after, train, test) = look(steps, &found.theta);
        Ok(Minimum {
            theta: found.theta,
            buffers: Vec::new(),
            train,
            test,
            steps,
            stopped: match found.loss.is_finite() {
                false => StopReason::Diverged,
                true => StopReason::Steps,
            },
            history: vec![before, after],
        })
    }

    /// Checks every number, and that a net can be trained so.
    ///
    /// # Errors
    /// As [`train`](Self::train).
    pub fn check(self, net: &dyn Net) -> Result<()> {
        if !net.buffer_layout().is_empty() {
            let expected = "a net without batch norm, whose statistics batches move";
            return Err(Error::setting("lbfgs", expected, net.describe()));
        }
        self.search().map(|_| ())
    }

    /// The line search.
    fn search(self) -> Result<MoreThuenteLineSearch<Vec<f64>, Vec<f64>, f64>> {
        for (field, value) in [("memory", self.memory), ("iterations", self.iterations)] {
            if value == 0 {
                return Err(Error::setting(field, "at least 1", 0));
            }
        }
        let setting = |_| Error::setting("longest_step", "a number above 0", self.longest_step);
        (MoreThuenteLineSearch::new().with_bounds(1e-10, self.longest_step)).map_err(setting)
    }
}

/// The surface as argmin sees it: cost and gradient come from one pass, the best θ is kept.
struct Watched<'a, S> {
    surface: &'a S,
    ticks: Ticks<'a>,
    cancelled: Cell<bool>,
    seen: RefCell<Seen>,
}

struct Seen {
    at: Vec<f32>,
    loss: f64,
    grad: Vec<f32>,
    best: Lbfgs,
}

impl<S: Differentiable> Watched<'_, S> {
    fn look(&self, theta: &[f64]) -> std::result::Result<(), argmin::core::Error> {
        let theta: Vec<f32> = theta.iter().map(|&w| w as f32).collect();
        let mut seen = self.seen.borrow_mut();
        if seen.at == theta {
            return Ok(());
        }
        let mut grad = vec![0.0; theta.len()];
        let loss = self.surface.loss_and_grad(&theta, &mut grad);
        seen.best.gradients += 1;
        if loss < seen.best.loss {
            seen.best.loss = loss;
            seen.best.theta.clone_from(&theta);
        }
        (seen.at, seen.loss, seen.grad) = (theta, loss, grad);
        self.ticks.tick().map_err(|error| {
            self.cancelled.set(true);
            argmin::core::Error::new(error)
        })
    }
}

impl<S: Differentiable> CostFunction for &Watched<'_, S> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, theta: &Vec<f64>) -> std::result::Result<f64, argmin::core::Error> {
        self.look(theta)?;
        Ok(self.seen.borrow().loss)
    }
}

impl<S: Differentiable> Gradient for &Watched<'_, S> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, theta: &Vec<f64>) -> std::result::Result<Vec<f64>, argmin::core::Error> {
        self.look(theta)?;
        Ok(self
            .seen
            .borrow()
            .grad
            .iter()
            .map(|&g| f64::from(g))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;
    use crate::net::{Activation, Architecture};
    use crate::surface::analytic::Ellipsoid;
    use crate::watch::StopAfter;

    #[test]
    fn a_bowl_is_solved_in_few_gradients() {
        let bowl = Ellipsoid::power_law(50, 100.0, 1.0);
        let found = LbfgsSettings::default()
            .run(&bowl, &[1.0; 50], &())
            .unwrap();
        assert!(found.loss < 1e-9, "{found:?}");
        // Gradient descent at its best rate needs some 50·ln(1e10) = 1,000.
        assert!(found.gradients < 200, "{found:?}");
        assert!(!found.stopped.is_empty());
    }

    #[test]
    fn it_stops_when_told() {
        let bowl = Ellipsoid::power_law(50, 100.0, 1.0);
        let settings = LbfgsSettings {
            iterations: 2,
            ..LbfgsSettings::default()
        };
        let found = settings.run(&bowl, &[1.0; 50], &()).unwrap();
        assert!(found.gradients < 20 && found.loss > 1e-9, "{found:?}");
    }

    #[test]
    fn a_net_is_trained_and_stops_when_told() {
        let points = |seed| {
            let rng = &mut stream(seed, "points", 0);
            let labels: Vec<u32> = (0..40).map(|k| k % 2).collect();
            let mut inputs = vec![0.0; 40];
            crate::random::fill_normal(rng, &mut inputs);
            for (x, &label) in inputs.iter_mut().zip(&labels) {
                *x = 0.2 * *x + 2.0 * label as f32;
            }
            Dataset::new(inputs, labels, 1, 2).unwrap()
        };
        let split = Split {
            train: points(1),
            test: points(2),
            pool: points(3),
        };
        let net = Architecture::new(vec![1, 8, 1], Activation::Tanh).unwrap();
        let run = |watch: &dyn Watch| {
            let settings = LbfgsSettings::default();
            let how = Initialization::GlorotUniform;
            settings.train(&net, &split, how, 0, watch)
        };
        let found = run(&()).unwrap();
        assert_eq!(
            (found.train.accuracy, found.stopped),
            (1.0, StopReason::Steps)
        );
        assert!(found.test.accuracy > 0.9 && found.history.len() == 2);
        assert!(found.history[0].train_loss > found.history[1].train_loss);
        let stopped = run(&StopAfter::new(3));
        assert!(matches!(stopped, Err(Error::Cancelled)));
    }

    #[test]
    fn senseless_settings_are_named() {
        let bowl = Ellipsoid::sphere(3, 1.0);
        let base = LbfgsSettings::default();
        for (settings, named) in [
            (LbfgsSettings { memory: 0, ..base }, "memory"),
            (
                LbfgsSettings {
                    iterations: 0,
                    ..base
                },
                "iterations",
            ),
            (
                LbfgsSettings {
                    longest_step: 0.0,
                    ..base
                },
                "longest_step",
            ),
        ] {
            let error = settings.run(&bowl, &[1.0; 3], &()).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        assert!(base.run(&bowl, &[1.0; 2], &()).is_err());
    }
}
