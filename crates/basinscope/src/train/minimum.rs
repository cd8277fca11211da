//! From a configuration to a minimum: initialise, descend, judge.

use super::{
    Observer, PoisonConfig, PoisonTerm, PoisonedObjective, Proximal, StopReason, TrainConfig,
    TrainState, descend,
};
use crate::data::{Generator, Poison, Split};
use crate::net::{Architecture, Net, NetSurface, check_buffers};
use crate::random::stream;
use crate::record::{HistoryPoint, MinimumRecord};
use crate::surface::{Evaluate, Evaluation};
use crate::{Error, Result};

/// A point of parameter space where training ended, with what was observed there.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// Parameters θ.
    pub theta: Vec<f32>,
    /// What the net keeps beside them; empty for perceptrons.
    pub buffers: Vec<f32>,
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
/// their mean; what the net keeps beside θ is that of the last iterate.
///
/// # Errors
/// [`Error::Setting`] for a configuration that cannot be run: points that do not fit the net,
/// more poison than the pool holds, redrawn poison without a generator, proximal back-propagation
/// through a net that is no perceptron.
///
/// # Cost
/// One gradient a step over train and poison points.
pub fn train(
    net: &dyn Net,
    split: &Split,
    generator: Option<&Generator>,
    config: &TrainConfig,
    state: Option<TrainState>,
    observer: &mut impl Observer,
) -> Result<Minimum> {
    let (mut objective, sight) = prepare(net, split, generator, config)?;
    let mut state = state.unwrap_or_else(|| {
        let theta = net.initialize(config.initialization, &mut stream(config.seed, "init", 0));
        TrainState::new(config, theta, net.initial_buffers())
    });
    if state.theta.len() != net.num_params() {
        return Err(Error::Shape {
            what: "theta to go on from".into(),
            expected: vec![net.num_params()],
            found: vec![state.theta.len()],
        });
    }
    check_buffers(net, &state.buffers)?;
    let look = |step, theta: &[f32], buffers: &[f32]| {
        let [on_train, on_test] = sight.evaluate(theta, buffers)?;
        Ok(HistoryPoint {
            step,
            train_loss: on_train.loss.min(f64::MAX),
            train_accuracy: on_train.accuracy,
            test_accuracy: on_test.accuracy,
        })
    };
    let stopped = match through_layers(net, config)? {
        None => descend(config, &mut objective, &mut state, look, observer)?,
        Some((perceptron, tau)) => {
            let mut turned = Proximal::new(objective, perceptron, &split.train, tau)?;
            descend(config, &mut turned, &mut state, look, observer)?
        }
    };
    let theta = match state.optimizer.averaged() {
        Some(mean) if stopped != StopReason::Interrupted => mean.to_vec(),
        _ => state.theta,
    };
    let [train, test] = sight.evaluate(&theta, &state.buffers)?;
    Ok(Minimum {
        train,
        test,
        theta,
        buffers: state.buffers,
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
    net: &dyn Net,
    split: &Split,
    generator: Option<&Generator>,
    config: &TrainConfig,
) -> Result<()> {
    prepare(net, split, generator, config).map(|_| ())
}

/// The perceptron and τ of proximal back-propagation, where that is asked for.
fn through_layers<'a>(
    net: &'a dyn Net,
    config: &TrainConfig,
) -> Result<Option<(&'a Architecture, f64)>> {
    let Some(tau) = config.proximal else {
        return Ok(None);
    };
    let perceptron = net.as_perceptron().ok_or_else(|| {
        let expected = "left out: proximal back-propagation needs a perceptron";
        Error::setting(
            "proximal",
            expected,
            format!("{tau} for {}", net.describe()),
        )
    })?;
    Ok(Some((perceptron, tau)))
}

/// How a net does on train and test points.
struct Sight<'a> {
    net: &'a dyn Net,
    split: &'a Split,
    /// The surfaces; those of a net with buffers are made anew at each look.
    fixed: Option<[Box<dyn NetSurface>; 2]>,
}

impl<'a> Sight<'a> {
    fn new(net: &'a dyn Net, split: &'a Split) -> Result<Self> {
        let mut sight = Self {
            net,
            split,
            fixed: None,
        };
        let surfaces = sight.surfaces(&net.initial_buffers())?;
        sight.fixed = net.buffer_layout().is_empty().then_some(surfaces);
        Ok(sight)
    }

    fn surfaces(&self, buffers: &[f32]) -> Result<[Box<dyn NetSurface>; 2]> {
        Ok([
            self.net.surface(buffers, &self.split.train)?,
            self.net.surface(buffers, &self.split.test)?,
        ])
    }

    /// On the training points and on the test points.
    fn evaluate(&self, theta: &[f32], buffers: &[f32]) -> Result<[Evaluation; 2]> {
        let both = |on: &[Box<dyn NetSurface>; 2]| [on[0].evaluate(theta), on[1].evaluate(theta)];
        match &self.fixed {
            Some(surfaces) => Ok(both(surfaces)),
            None => Ok(both(&self.surfaces(buffers)?)),
        }
    }
}

fn prepare<'a>(
    net: &'a dyn Net,
    split: &'a Split,
    generator: Option<&Generator>,
    config: &TrainConfig,
) -> Result<(PoisonedObjective, Sight<'a>)> {
    config.check()?;
    through_layers(net, config)?;
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
    Ok((objective, Sight::new(net, split)?))
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
        batch: config.batch,
    })
}

impl Minimum {
    /// The record of this minimum.
    pub fn record(
        &self,
        name: &str,
        file: &str,
        net: &dyn Net,
        config: &TrainConfig,
        full_config: serde_json::Value,
    ) -> MinimumRecord {
        let poison = config.poison;
        MinimumRecord {
            name: name.to_owned(),
            file: file.to_owned(),
            widths: net
                .as_perceptron()
                .map_or_else(Vec::new, |net| net.widths().to_vec()),
            architecture: net.describe(),
            num_classes: net.num_classes(),
            parameters: net.num_params(),
            train_loss: self.train.loss.min(f64::MAX),
            train_accuracy: self.train.accuracy,
            test_loss: self.test.loss.min(f64::MAX),
            test_accuracy: self.test.accuracy,
            generalization_gap: self.train.accuracy - self.test.accuracy,
            fresh: None,
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
