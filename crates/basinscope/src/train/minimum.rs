//! From a configuration to a minimum: initialise, descend, judge.

use super::{
    Observer, PoisonConfig, PoisonTerm, PoisonedObjective, Proximal, StopReason, TrainConfig,
    TrainState, descend,
};
use crate::data::{Generator, Poison, Split};
use crate::net::{Architecture, MlpSurface};
use crate::random::stream;
use crate::record::{HistoryPoint, MinimumRecord};
use crate::surface::{Evaluate, Evaluation};
use crate::{Error, Result};

/// A point of parameter space where training ended, with what was observed there.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// Parameters θ.
    pub theta: Vec<f32>,
    /// Loss and accuracy on the training points.
    pub train: Evaluation,
    /// Loss and accuracy on the test points.
    pub test: Evaluation,
    /// Steps taken.
    pub steps: usize,
    /// Why training stopped.
    pub stopped: StopReason,
    /// What was seen on the way.
    pub history: Vec<HistoryPoint>,
}

/// Trains one net on one split.
///
/// `generator` draws fresh poison where the configuration asks for it. A run that was interrupted
/// goes on from `state`, bit for bit. Where the optimizer averages its iterates, the minimum is
/// their mean.
///
/// # Errors
/// [`Error::Setting`] for a configuration that cannot be run: points that do not fit the net,
/// more poison than the pool holds, redrawn poison without a generator.
///
/// # Cost
/// One gradient a step over train and poison points.
pub fn train(
    net: &Architecture,
    split: &Split,
    generator: Option<&Generator>,
    config: &TrainConfig,
    state: Option<TrainState>,
    observer: &mut impl Observer,
) -> Result<Minimum> {
    let (mut objective, train, test) = prepare(net, split, generator, config)?;
    let mut state = state.unwrap_or_else(|| {
        let theta = config
            .initialization
            .draw(net, &mut stream(config.seed, "init", 0));
        TrainState::new(config, theta)
    });
    if state.theta.len() != net.num_params() {
        return Err(Error::Shape {
            what: "theta to go on from".into(),
            expected: vec![net.num_params()],
            found: vec![state.theta.len()],
        });
    }
    let look = |step, theta: &[f32]| {
        let (on_train, on_test) = (train.evaluate(theta), test.evaluate(theta));
        HistoryPoint {
            step,
            train_loss: on_train.loss.min(f64::MAX),
            train_accuracy: on_train.accuracy,
            test_accuracy: on_test.accuracy,
        }
    };
    let stopped = match config.proximal {
        None => descend(config, &mut objective, &mut state, look, observer)?,
        Some(tau) => {
            let mut turned = Proximal::new(objective, net, &split.train, tau)?;
            descend(config, &mut turned, &mut state, look, observer)?
        }
    };
    let theta = match state.optimizer.averaged() {
        Some(mean) if stopped != StopReason::Interrupted => mean.to_vec(),
        _ => state.theta,
    };
    Ok(Minimum {
        train: train.evaluate(&theta),
        test: test.evaluate(&theta),
        theta,
        steps: state.step,
        stopped,
        history: state.history,
    })
}

/// Checks that a run could begin, without beginning it.
///
/// # Errors
/// As [`train`].
pub fn check(
    net: &Architecture,
    split: &Split,
    generator: Option<&Generator>,
    config: &TrainConfig,
) -> Result<()> {
    prepare(net, split, generator, config).map(|_| ())
}

fn prepare(
    net: &Architecture,
    split: &Split,
    generator: Option<&Generator>,
    config: &TrainConfig,
) -> Result<(PoisonedObjective, MlpSurface, MlpSurface)> {
    config.check()?;
    let poison = config
        .poison
        .map(|poison| poison_term(poison, split, generator))
        .transpose()?;
    let objective = PoisonedObjective::new(
        net,
        &split.train,
        config.batch_size,
        poison,
        config.l2,
        config.seed,
    )?;
    let train = MlpSurface::new(net, &split.train)?;
    let test = MlpSurface::new(net, &split.test)?;
    Ok((objective, train, test))
}

fn poison_term(
    config: PoisonConfig,
    split: &Split,
    generator: Option<&Generator>,
) -> Result<PoisonTerm> {
    let source = if config.redrawn {
        let generator = generator.cloned().ok_or_else(|| {
            Error::setting(
                "poison.redrawn",
                "a generated data set (fixed poison works with your own points)",
                "data from a file",
            )
        })?;
        Poison::Redrawn {
            generator,
            points: config.points,
        }
    } else {
        if config.points > split.pool.len() {
            return Err(Error::setting(
                "poison",
                format!("at most the {} points of the pool", split.pool.len()),
                config.points,
            ));
        }
        Poison::Fixed(split.pool.select(&(0..config.points).collect::<Vec<_>>()))
    };
    Ok(PoisonTerm {
        source,
        factor: config.factor,
        form: config.form,
    })
}

impl Minimum {
    /// The record of this minimum.
    pub fn record(
        &self,
        name: &str,
        file: &str,
        net: &Architecture,
        config: &TrainConfig,
        full_config: serde_json::Value,
    ) -> MinimumRecord {
        let poison = config.poison;
        MinimumRecord {
            name: name.to_owned(),
            file: file.to_owned(),
            widths: net.widths().to_vec(),
            parameters: net.num_params(),
            train_loss: self.train.loss.min(f64::MAX),
            train_accuracy: self.train.accuracy,
            test_loss: self.test.loss.min(f64::MAX),
            test_accuracy: self.test.accuracy,
            generalization_gap: self.train.accuracy - self.test.accuracy,
            poison_factor: poison.map_or(0.0, |poison| poison.factor),
            poison_points: poison.map_or(0, |poison| poison.points),
            poison_redrawn: poison.is_some_and(|poison| poison.redrawn),
            steps: self.steps,
            stopped: self.stopped.name().to_owned(),
            norm: self
                .theta
                .iter()
                .map(|&w| f64::from(w).powi(2))
                .sum::<f64>()
                .sqrt(),
            history: self.history.clone(),
            seed: config.seed,
            version: crate::VERSION.to_owned(),
            config: full_config,
        }
    }
}
