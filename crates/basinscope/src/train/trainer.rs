//! Descent, step by step, with pauses for whoever watches.

use super::{Objective, Optimizer, TrainConfig};
use crate::Result;
use crate::record::HistoryPoint;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Why a run stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// All steps were taken.
    Steps,
    /// The goal was met.
    Goal,
    /// Loss or gradient were not finite any more.
    Diverged,
    /// The observer said so.
    Interrupted,
}

impl StopReason {
    /// The word used in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Goal => "goal",
            Self::Diverged => "diverged",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A run between two steps: enough to go on from as if nothing had happened.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainState {
    /// Parameters.
    pub theta: Vec<f32>,
    /// What the net keeps beside them (running statistics of batch norms); empty for perceptrons.
    pub buffers: Vec<f32>,
    /// The optimizer with its memory.
    pub optimizer: Optimizer,
    /// Steps taken.
    pub step: usize,
    /// What was seen so far.
    pub history: Vec<HistoryPoint>,
}

impl TrainState {
    /// The state before the first step.
    pub fn new(config: &TrainConfig, theta: Vec<f32>, buffers: Vec<f32>) -> Self {
        let optimizer = Optimizer::new(config.optimizer, theta.len());
        Self {
            theta,
            buffers,
            optimizer,
            step: 0,
            history: Vec::new(),
        }
    }
}

/// Watches a run from outside the algorithm.
pub trait Observer {
    /// Called every few steps; `Break` stops the run ("when told").
    fn step(&mut self, state: &TrainState) -> ControlFlow<()> {
        let _ = state;
        ControlFlow::Continue(())
    }

    /// Called after every `checkpoint_every` epochs.
    ///
    /// # Errors
    /// Whatever keeps the checkpoint from being written; it ends the run.
    fn checkpoint(&mut self, epoch: usize, state: &TrainState) -> Result<()> {
        let _ = (epoch, state);
        Ok(())
    }
}

/// Nobody watches.
impl Observer for () {}

/// Steps between two calls of [`Observer::step`], where they are quick.
const OBSERVE_EVERY: usize = 50;

/// Time between two calls of it, where they are not.
const OBSERVE_AFTER: Duration = Duration::from_millis(100);

/// Descends from `state` until all steps are taken, the goal is met, the run diverges, or the
/// observer breaks it off.
///
/// `look` reports on the net at a step, θ and its buffers; it is asked at log-spaced steps for the history, and every 50
/// steps where a goal is set.
///
/// # Errors
/// Those of the observer and of `look`.
pub fn descend(
    config: &TrainConfig,
    objective: &mut impl Objective,
    state: &mut TrainState,
    look: impl Fn(usize, &[f32], &[f32]) -> Result<HistoryPoint>,
    observer: &mut impl Observer,
) -> Result<StopReason> {
    let mut grad = vec![0.0; objective.dim()];
    let checkpoint_steps = config
        .checkpoint_every
        .map(|every| every * objective.steps_per_epoch());
    let mut observed = Instant::now();
    let reason = loop {
        let is_time = match config.look_every {
            Some(every) => state.step.is_multiple_of(every),
            None => is_history_step(state.step),
        };
        if is_time && state.history.last().is_none_or(|h| h.step < state.step) {
            let now = look(state.step, &state.theta, &state.buffers)?;
            let is_goal = config.look_every.is_some() && meets(config, &now);
            state.history.push(now);
            if is_goal {
                break StopReason::Goal;
            }
        }
        if state.step >= config.steps {
            break StopReason::Steps;
        }
        // A step that diverges must not leave its infinities in the buffers.
        let before = state.buffers.clone();
        let loss = objective.loss_and_grad(state.step, &state.theta, &mut state.buffers, &mut grad);
        let norm = norm(&grad);
        if !loss.is_finite() || !norm.is_finite() {
            state.buffers = before;
            break StopReason::Diverged;
        }
        if let Some(clip) = config.clip
            && norm > clip
        {
            let shrink = (clip / norm) as f32;
            grad.iter_mut().for_each(|g| *g *= shrink);
        }
        let rate = config
            .schedule
            .rate(config.learning_rate, state.step, config.steps);
        state.optimizer.step(&mut state.theta, &grad, rate);
        if config.l2 > 0.0 {
            clear_decayed(&mut state.theta);
        }
        state.step += 1;
        if let Some(every) = checkpoint_steps
            && state.step.is_multiple_of(every)
        {
            observer.checkpoint(state.step / objective.steps_per_epoch(), state)?;
        }
        let regular = state.step.is_multiple_of(OBSERVE_EVERY);
        if regular || observed.elapsed() > OBSERVE_AFTER {
            observed = Instant::now();
            if observer.step(state).is_break() {
                break StopReason::Interrupted;
            }
        }
        if regular
            && config.goal.is_some()
            && config.look_every.is_none()
            && meets(config, &look(state.step, &state.theta, &state.buffers)?)
        {
            break StopReason::Goal;
        }
    };
    // An interrupted run keeps its history as it is: the resumed one must see the same.
    if reason != StopReason::Interrupted
        && state
            .history
            .last()
            .is_none_or(|last| last.step < state.step)
    {
        let now = look(state.step, &state.theta, &state.buffers)?;
        state.history.push(now);
    }
    Ok(reason)
}

/// Whether a look shows the goal.
fn meets(config: &TrainConfig, now: &HistoryPoint) -> bool {
    (config.goal).is_some_and(|goal| now.train_accuracy == 1.0 && now.train_loss <= goal.train_loss)
}

/// Euclidean norm, in sums side by side: a single one would wait for itself at every term.
fn norm(grad: &[f32]) -> f64 {
    let mut sums = [0.0_f64; 16];
    for part in grad.chunks(sums.len()) {
        for (sum, &g) in sums.iter_mut().zip(part) {
            *sum += f64::from(g) * f64::from(g);
        }
    }
    sums.iter().sum::<f64>().sqrt()
}

/// Below this a weight is as good as zero: no sum of an f32 net could tell.
const DECAYED: f32 = 1e-20;

/// Weights that decay has brought next to nothing become nothing, before they turn subnormal and
/// every product with them takes a hundred times as long.
fn clear_decayed(theta: &mut [f32]) {
    for weight in theta {
        *weight = if weight.abs() < DECAYED { 0.0 } else { *weight };
    }
}

/// About ten looks a factor of two in steps: 0, 1, 2, …, 10, 11, …
fn is_history_step(step: usize) -> bool {
    let every = (step.max(1).ilog2().saturating_sub(3)).min(usize::BITS - 1);
    step.is_multiple_of(1 << every)
}

#[cfg(test)]
mod tests {
    use super::super::{Decay, Goal, OptimizerConfig, Schedule, Whole};
    use super::*;
    use crate::surface::{Differentiable, LossSurface};

    /// ½·Σ i·x_i².
    struct Bowl;

    impl LossSurface for Bowl {
        fn dim(&self) -> usize {
            3
        }
        fn examples(&self) -> usize {
            1
        }
        fn loss(&self, theta: &[f32]) -> f64 {
            theta
                .iter()
                .zip(1..)
                .map(|(&x, h)| 0.5 * f64::from(h) * f64::from(x).powi(2))
                .sum()
        }
    }

    impl Differentiable for Bowl {
        fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
            for ((grad, &x), h) in grad.iter_mut().zip(theta).zip(1_u8..) {
                *grad = f32::from(h) * x;
            }
            self.loss(theta)
        }
    }

    fn look(step: usize, theta: &[f32], _: &[f32]) -> Result<HistoryPoint> {
        let (train_loss, train_accuracy) = (Bowl.loss(theta), 1.0);
        Ok(HistoryPoint {
            step,
            train_loss,
            train_accuracy,
            test_accuracy: 1.0,
        })
    }

    fn config(optimizer: &str, learning_rate: f64) -> TrainConfig {
        TrainConfig {
            optimizer: OptimizerConfig::from_name(optimizer).unwrap(),
            learning_rate,
            schedule: Schedule {
                warmup: 0,
                decay: Decay::Constant,
            },
            steps: 400,
            clip: None,
            ..TrainConfig::default()
        }
    }

    fn run(config: &TrainConfig) -> (StopReason, TrainState) {
        let mut state = TrainState::new(config, vec![1.0, -1.0, 1.0], Vec::new());
        let reason = descend(config, &mut Whole(&Bowl), &mut state, look, &mut ()).unwrap();
        (reason, state)
    }

    #[test]
    fn gradient_descent_contracts_as_the_theory_says() {
        // x_i ← (1 − η·h_i)·x_i, exactly, at each step.
        let mut config = config("sgd", 0.1);
        config.steps = 20;
        let (reason, state) = run(&config);
        assert_eq!(reason, StopReason::Steps);
        for (i, &x) in state.theta.iter().enumerate() {
            let exact = (1.0 - 0.1 * (i + 1) as f64).powi(20) * if i == 1 { -1.0 } else { 1.0 };
            assert!((f64::from(x) - exact).abs() < 1e-6);
        }
    }

    #[test]
    fn every_optimizer_reaches_the_bottom() {
        for (name, rate) in [
            ("sgd", 0.3),
            ("momentum", 0.05),
            ("nesterov", 0.05),
            ("rmsprop", 1e-2),
            ("adagrad", 0.5),
            ("adadelta", 2.0),
            ("adam", 0.1),
            ("amsgrad", 0.1),
            ("adamax", 0.1),
            ("asgd", 0.3),
        ] {
            let (_, state) = run(&config(name, rate));
            assert!(Bowl.loss(&state.theta) < 1e-3, "{name}: {:?}", state.theta);
        }
    }

    #[test]
    fn goals_divergence_and_interruption_are_told_apart() {
        let mut goal = config("sgd", 0.3);
        goal.goal = Some(Goal { train_loss: 1e-6 });
        let (reason, state) = run(&goal);
        assert_eq!((reason, state.step), (StopReason::Goal, 50));
        assert_eq!(run(&config("sgd", 1e30)).0, StopReason::Diverged);

        struct Stop;
        impl Observer for Stop {
            fn step(&mut self, state: &TrainState) -> ControlFlow<()> {
                if state.step >= 100 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            }
        }
        let config = config("adam", 0.01);
        let mut state = TrainState::new(&config, vec![1.0, -1.0, 1.0], Vec::new());
        let mut objective = Whole(&Bowl);
        let reason = descend(&config, &mut objective, &mut state, look, &mut Stop).unwrap();
        assert_eq!((reason, state.step), (StopReason::Interrupted, 100));
        // Going on gives the very same run as never having stopped.
        descend(&config, &mut objective, &mut state, look, &mut ()).unwrap();
        assert_eq!(state, run(&config).1);
    }

    #[test]
    fn weights_that_decay_away_end_at_zero_and_never_subnormal() {
        // The first weight is .7^steps: 7.2e-21 after 130.
        let mut config = config("sgd", 0.3);
        config.steps = 130;
        let first = |config: &TrainConfig| run(config).1.theta[0];
        let decayed = first(&config);
        assert!(
            (decayed / 7.2e-21 - 1.0).abs() < 0.05,
            "nothing is touched without decay: {decayed}"
        );
        config.l2 = 1e-12;
        assert_eq!(first(&config), 0.0);
        config.steps = 120;
        assert!(first(&config) > 0.0);
    }

    #[test]
    fn a_long_gradient_is_clipped_to_its_norm() {
        // g = (1, −2, 3)·x, norm √14 → clip to 1: the first step has length η.
        let mut config = config("sgd", 0.1);
        (config.clip, config.steps) = (Some(1.0), 1);
        let moved: f64 = (run(&config).1.theta.iter().zip([1.0, -1.0, 1.0]))
            .map(|(&x, from)| (f64::from(x) - from).powi(2))
            .sum();
        assert!((moved.sqrt() - 0.1).abs() < 1e-6);
    }
}
