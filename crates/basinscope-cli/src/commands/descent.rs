//! From the configuration of a run to a minimum in its folder: descends, saves, and goes on.

use crate::commands::train::RunConfig;
use crate::console::{Console, Interrupted, percent};
use crate::data_args::DataConfig;
use anyhow::Result;
use basinscope::data::Split;
use basinscope::net::Net;
use basinscope::record::{FreshAccuracy, MinimumRecord, RunDir};
#[cfg(feature = "images")]
use basinscope::train::LbfgsSettings;
use basinscope::train::{Minimum, Observer, StopReason, TrainState, train};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::json;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Trains one minimum of a run, going on from where an interrupted one stopped; begins at `theta`
/// where that is given. Moves the bar by one for each step.
pub fn train_one(
    run: &RunDir,
    config: &RunConfig,
    split: &Split,
    theta: Option<&[f32]>,
    console: &Console,
    bar: &ProgressBar,
) -> Result<MinimumRecord> {
    let RunConfig {
        name,
        data,
        net,
        train: settings,
        ..
    } = config;
    let state_file = format!("checkpoints/{name}.state");
    let context = serde_json::to_string(&(data, net, &config.start))?;
    let net = net.build()?;
    let saved = match std::fs::read(run.path(&state_file)) {
        Ok(bytes) => TrainState::decode(&run.path(&state_file), &bytes, settings, &context)?,
        Err(_) => None,
    };
    let begin =
        || theta.map(|theta| TrainState::new(settings, theta.to_vec(), net.initial_buffers()));
    let state = saved.or_else(begin);
    let mut watch = Watch {
        run,
        config,
        net: net.as_ref(),
        console,
        bar,
        state_file: &state_file,
        context: &context,
        saved: Instant::now(),
        shown: 0,
    };
    let minimum = train(
        net.as_ref(),
        split,
        data.source.generator(),
        settings,
        state,
        &mut watch,
    )?;
    if minimum.stopped == StopReason::Interrupted {
        return Err(Interrupted::Saved.into());
    }
    let record = keep(run, config, json!(config), net.as_ref(), &minimum)?;
    let _ = std::fs::remove_file(run.path(&state_file));
    bar.inc((settings.steps - watch.shown) as u64);
    Ok(record)
}

/// Writes a minimum into the run.
fn keep(
    run: &RunDir,
    config: &RunConfig,
    full: serde_json::Value,
    net: &dyn Net,
    minimum: &Minimum,
) -> Result<MinimumRecord> {
    let (name, settings) = (&config.name, &config.train);
    let metadata = [
        ("name", json!(name)),
        ("seed", json!(settings.seed)),
        ("train_accuracy", json!(minimum.train.accuracy)),
        ("test_accuracy", json!(minimum.test.accuracy)),
        ("config", full.clone()),
    ];
    let file = run.write_minimum(name, net, &minimum.theta, &minimum.buffers, &metadata)?;
    Ok(MinimumRecord {
        fresh: on_fresh_points(&config.data, net, &minimum.theta, &minimum.buffers)?,
        ..minimum.record(name, &file, net, settings, full)
    })
}

/// The accuracy on fresh points of the generator; `None` where the points are the user's own.
pub fn on_fresh_points(
    data: &DataConfig,
    net: &dyn Net,
    theta: &[f32],
    buffers: &[f32],
) -> Result<Option<FreshAccuracy>> {
    let Some(fresh) = data.fresh() else {
        return Ok(None);
    };
    let found = net.surface(buffers, &fresh)?.evaluate(theta);
    Ok(Some(FreshAccuracy::of(found.accuracy, fresh.len())))
}

/// Trains one minimum by L-BFGS on all training points at once: of the descent's settings,
/// initialisation and seed count. It cannot go on from where it was interrupted.
#[cfg(feature = "images")]
pub fn by_lbfgs(
    run: &RunDir,
    config: &RunConfig,
    lbfgs: &LbfgsSettings,
    split: &Split,
    console: &Console,
) -> Result<MinimumRecord> {
    let net = config.net.build()?;
    let how = config.train.initialization;
    let minimum = lbfgs.train(net.as_ref(), split, how, config.train.seed, console)?;
    let mut full = json!(config);
    full["lbfgs"] = json!(lbfgs);
    keep(run, config, full, net.as_ref(), &minimum)
}

/// Seconds between two saves of a training state.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// Moves the bar, saves the state, writes checkpoints, and listens for Ctrl-C.
struct Watch<'a> {
    run: &'a RunDir,
    config: &'a RunConfig,
    net: &'a dyn Net,
    console: &'a Console,
    bar: &'a ProgressBar,
    state_file: &'a str,
    context: &'a str,
    saved: Instant,
    /// Steps the bar shows of this run.
    shown: usize,
}

impl Watch<'_> {
    fn save(&mut self, state: &TrainState) -> Result<()> {
        let bytes = state.encode(&self.config.train, self.context)?;
        self.run.write(self.state_file, &bytes)?;
        self.saved = Instant::now();
        Ok(())
    }
}

impl Observer for Watch<'_> {
    fn step(&mut self, state: &TrainState) -> ControlFlow<()> {
        self.bar.inc((state.step - self.shown) as u64);
        self.shown = state.step;
        let stop = self.console.is_interrupted();
        if stop || self.saved.elapsed() > SAVE_EVERY {
            // A state that cannot be saved costs only the power to go on from it.
            let _ = self.save(state);
        }
        if stop {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn checkpoint(&mut self, epoch: usize, state: &TrainState) -> basinscope::Result<()> {
        let file = format!(
            "checkpoints/{}/epoch-{epoch:06}.safetensors",
            self.config.name
        );
        let metadata = [("epoch", json!(epoch)), ("step", json!(state.step))];
        self.run
            .write_theta(&file, self.net, &state.theta, &state.buffers, &metadata)
    }
}

/// Trains the minima of a run side by side, a bar each, and writes `results/minima.json`; those an
/// interrupted run has finished are read again.
pub fn train_all(
    run: &RunDir,
    configs: &[RunConfig],
    split: &Split,
    console: &Console,
) -> Result<Vec<MinimumRecord>> {
    let bars: Vec<_> = (configs.iter())
        .map(|config| console.bar(&config.name, config.train.steps as u64))
        .collect();
    let records = side_by_side(configs, |index| {
        let (config, bar) = (&configs[index], &bars[index]);
        let record = once(run, config, || {
            train_one(run, config, split, None, console, bar)
        })?;
        bar.finish_with_message(format!("test {}", percent(record.test_accuracy)));
        Ok(record)
    })?;
    run.write_json("results/minima.json", &records)?;
    Ok(records)
}

/// Runs one job for each configuration on all threads, the longest first, so that no thread is
/// left with it at the end; results in the order of the configurations.
pub fn side_by_side<T: Send>(
    configs: &[RunConfig],
    job: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let mut order: Vec<usize> = (0..configs.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(configs[index].train.steps));
    let mut done: Vec<(usize, T)> = order
        .into_par_iter()
        .with_max_len(1)
        .map(|index| Ok((index, job(index)?)))
        .collect::<Result<_>>()?;
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// The minimum of a configuration, read again where an interrupted run has finished it.
pub fn once(
    run: &RunDir,
    config: &RunConfig,
    train: impl FnOnce() -> Result<MinimumRecord>,
) -> Result<MinimumRecord> {
    let file = format!("checkpoints/{}.json", config.name);
    if let Ok(record) = run.read_json::<MinimumRecord>(&file)
        && run.read_minimum(&record.file).is_ok()
    {
        return Ok(record);
    }
    let record = train()?;
    run.write_json(&file, &record)?;
    Ok(record)
}
