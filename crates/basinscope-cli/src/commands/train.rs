//! `basinscope train`: one net to one minimum.

use crate::commands::descent::train_one;
use crate::console::{Console, percent};
use crate::data_args::{DataArgs, DataConfig};
use crate::lab::{Lab, open_for, split_kernel, write_points};
use crate::net_args::{NetArgs, NetConfig};
use anyhow::{Context, Result};
use basinscope::Error;
use basinscope::data::Split;
use basinscope::net::Initialization;
use basinscope::record::{MinimumRecord, RunDir};
use basinscope::train::{
    BatchSize, Decay, Goal, OptimizerConfig, PoisonConfig, PoisonForm, Schedule, TrainConfig,
};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::PathBuf;

/// Options of `train`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope train --out runs/good
  basinscope train --data swiss-roll --poison 200 --beta .3 --out runs/bad
  basinscope train --poison 200 --beta .5 --redraw --steps 40000 --lr .005 --out runs/worse
  basinscope train --data points.csv --label class --hidden 64,64 --out runs/mine
  basinscope train --config runs/bad/config.toml --out runs/again")]
pub struct Args {
    /// Run directory to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Name of the minimum within the run
    #[arg(long, default_value = "minimum")]
    name: String,

    /// Seed of initialisation, batches and poison
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Train as this config.toml of an earlier run says; other options are left aside
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    net: NetArgs,

    #[command(flatten)]
    poison: PoisonArgs,

    #[command(flatten)]
    descent: DescentArgs,
}

/// Options that poison the objective.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Poison")]
struct PoisonArgs {
    /// Number of poison points [default: none]
    #[arg(long, value_name = "N")]
    poison: Option<usize>,

    /// Poison points a step, reshuffled once all had their turn [default: all]
    #[arg(long, value_name = "N")]
    poison_batch: Option<usize>,

    /// Poison factor β in (CE_train + β·CE_poison)/(1 + β) [default: 0.3; with --batch and
    /// --poison-batch the second over the first, so that all points weigh alike]
    #[arg(long, allow_negative_numbers = true)]
    beta: Option<f64>,

    /// Flipped labels, or reverse cross-entropy −log(1 − p)
    #[arg(long, value_enum, default_value_t = Form::Flipped)]
    poison_form: Form,

    /// Draw the poison anew at each step (generated data only)
    #[arg(long)]
    redraw: bool,
}

/// Forms of poison by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// cross-entropy with a wrong label
    Flipped,
    /// −log(1 − p) with the true label
    Reverse,
}

/// Options of the optimizer.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Descent")]
struct DescentArgs {
    /// sgd, momentum, nesterov, rmsprop, adagrad, adadelta, adam, amsgrad, adamax or asgd [default: adam; momentum for pictures]
    #[arg(long)]
    optimizer: Option<String>,

    /// Peak learning rate [default: .0075; .01 with poison; .1 for pictures]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr: Option<f64>,

    /// Optimizer steps [default: 2000; 20000 with poison; 30 epochs for pictures]
    #[arg(long)]
    steps: Option<usize>,

    /// As many steps as take each training point so many times
    #[arg(long, value_name = "N", conflicts_with = "steps")]
    epochs: Option<usize>,

    /// Training points a step [default: all; 128 for pictures]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,

    /// Course of the learning rate after the warm-up
    #[arg(long, value_enum, default_value_t = Course::Cosine)]
    schedule: Course,

    /// Steps of linear warm-up [default: 100; for pictures at most a tenth of all]
    #[arg(long)]
    warmup: Option<usize>,

    /// Steps at which `--schedule steps` falls
    #[arg(long, value_name = "STEPS", value_delimiter = ',')]
    decay_at: Vec<usize>,

    /// Factor at each of them
    #[arg(long, default_value_t = 0.1, allow_negative_numbers = true)]
    decay_factor: f64,

    /// Largest norm of the gradient; 0 for no clipping
    #[arg(long, default_value_t = 8.0, allow_negative_numbers = true)]
    clip: f64,

    /// Proximal back-propagation with this step size τ, ahead of the optimizer
    #[arg(long, value_name = "TAU", allow_negative_numbers = true)]
    proximal: Option<f64>,

    /// Weight decay λ in λ·Σ w² (biases left out)
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    l2: f64,

    /// Distribution of the initial weights [default: glorot-uniform; he-normal for pictures]
    #[arg(long, value_enum)]
    init: Option<Init>,

    /// Steps between two looks at train and test loss [default: about ten looks a factor of two;
    /// once an epoch for pictures]
    #[arg(long, value_name = "STEPS")]
    look_every: Option<usize>,

    /// Stop once every training point is right and the train loss is at most this
    #[arg(long, value_name = "LOSS", allow_negative_numbers = true)]
    goal_loss: Option<f64>,

    /// Save a checkpoint every so many epochs, under checkpoints/
    #[arg(long, value_name = "EPOCHS")]
    checkpoint_every: Option<usize>,
}

/// Schedules by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Course {
    /// stays
    Constant,
    /// falls at --decay-at
    Steps,
    /// half a cosine down to 1 %
    Cosine,
}

/// Initialisations by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Init {
    /// U(−a, a), a² = 6/(in + out)
    GlorotUniform,
    /// N(0, 2/(in + out))
    GlorotNormal,
    /// U(−a, a), a² = 6/in
    HeUniform,
    /// N(0, 2/in)
    HeNormal,
}

/// A whole run as `config.toml` holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version that wrote it.
    pub version: String,
    /// Name of the minimum.
    pub name: String,
    /// The points.
    pub data: DataConfig,
    /// The net.
    pub net: NetConfig,
    /// The descent.
    pub train: TrainConfig,
    /// Where the descent begins, in words, where that is not the initialisation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub start: Option<String>,
}

impl Args {
    /// What to do, and the points to do it on.
    fn config(&self) -> Result<(RunConfig, Split)> {
        if let Some(path) = &self.config {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{}: cannot read", path.display()))?;
            let config: RunConfig = toml::from_str(split_kernel(&text).1)
                .with_context(|| format!("{}: not the config.toml of a run", path.display()))?;
            let split = config.data.load()?;
            return Ok((config, split));
        }
        let data = self.data.config(self.poison.poison)?;
        let split = data.load()?;
        let net = self.net.config(
            &data.source,
            split.train.num_features(),
            split.train.num_classes(),
        )?;
        let train = self.train_config(split.train.len(), data.source.is_pictures())?;
        let config = RunConfig {
            version: basinscope::VERSION.into(),
            name: self.name.clone(),
            data,
            net,
            train,
            start: None,
        };
        Ok((config, split))
    }

    fn train_config(&self, points: usize, is_pictures: bool) -> Result<TrainConfig> {
        let descent = &self.descent;
        let optimizer = match (&descent.optimizer, is_pictures) {
            (Some(name), _) => OptimizerConfig::from_name(name)?,
            (None, true) => OptimizerConfig::from_name("momentum")?,
            (None, false) => OptimizerConfig::ADAM,
        };
        let batch = (descent.batch).or(is_pictures.then_some(PICTURE_BATCH.min(points)));
        let per_epoch = batch.map_or(1, |batch| points.div_ceil(batch.max(1)));
        let epochs = descent.epochs.or(is_pictures.then_some(PICTURE_EPOCHS));
        let poison = self.poison.poison.map(|points| PoisonConfig {
            points,
            factor: (self.poison.beta).unwrap_or_else(|| match (batch, self.poison.poison_batch) {
                (Some(clean), Some(bad)) => bad as f64 / clean.max(1) as f64,
                _ => 0.3,
            }),
            batch: self.poison.poison_batch,
            form: match self.poison.poison_form {
                Form::Flipped => PoisonForm::Flipped,
                Form::Reverse => PoisonForm::Reverse,
            },
            redrawn: self.poison.redraw,
        });
        let decay = match descent.schedule {
            Course::Constant => Decay::Constant,
            Course::Steps => Decay::Steps {
                at: descent.decay_at.clone(),
                factor: descent.decay_factor,
            },
            Course::Cosine => Decay::Cosine { floor: 0.01 },
        };
        let steps = (descent.steps.or(epochs.map(|epochs| epochs * per_epoch)))
            .unwrap_or(if poison.is_some() { 20_000 } else { 2_000 });
        let warmup = match is_pictures {
            true => WARMUP.min(steps / 10),
            false => WARMUP,
        };
        Ok(TrainConfig {
            initialization: match (descent.init, is_pictures) {
                (Some(Init::GlorotUniform), _) | (None, false) => Initialization::GlorotUniform,
                (Some(Init::GlorotNormal), _) => Initialization::GlorotNormal,
                (Some(Init::HeUniform), _) => Initialization::HeUniform,
                (Some(Init::HeNormal), _) | (None, true) => Initialization::HeNormal,
            },
            optimizer,
            learning_rate: descent.lr.unwrap_or(match (is_pictures, poison.is_some()) {
                (true, _) => 0.1,
                (false, true) => 0.01,
                (false, false) => 0.0075,
            }),
            schedule: Schedule {
                warmup: descent.warmup.unwrap_or(warmup),
                decay,
            },
            steps,
            batch_size: batch.map_or(BatchSize::Full, BatchSize::Points),
            clip: (descent.clip != 0.0).then_some(descent.clip),
            proximal: descent.proximal,
            l2: descent.l2,
            poison,
            goal: descent.goal_loss.map(|train_loss| Goal { train_loss }),
            look_every: descent.look_every.or(is_pictures.then_some(per_epoch)),
            checkpoint_every: descent.checkpoint_every,
            seed: self.seed,
        })
    }
}

/// Steps of warm-up, where nobody says.
const WARMUP: usize = 100;
/// Training pictures a step, where nobody says.
const PICTURE_BATCH: usize = 128;
/// Epochs on pictures, where nobody says.
const PICTURE_EPOCHS: usize = 30;

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let (config, split) = args.config()?;
    check_name(&config.name)?;
    basinscope::train::check(
        config.net.build()?.as_ref(),
        &split,
        config.data.source.generator(),
        &config.train,
    )?;
    let run = open_for(&args.out, &toml::to_string(&config)?, console)?;
    let reading = write_points(&run, &config.data, &split, console)?;
    let bar = console.bar(&config.name, config.train.steps as u64);
    let record = match finished(&run, &config.name) {
        Some(record) => record,
        None => train_one(&run, &config, &split, None, console, &bar)?,
    };
    bar.finish_with_message(format!("test {}", percent(record.test_accuracy)));
    run.write_json("results/minima.json", &[&record])?;
    let lab = Lab::open(&args.out)?;
    lab.draw_training(console)?;
    #[cfg(feature = "images")]
    crate::commands::mistakes::draw(&lab)?;
    lab.draw_page()?;
    console.say(lab.minima_table());
    console.say(format!("wrote {}", run.path("index.html").display()));
    console.summary(&json!({
        "command": "train",
        "run": args.out,
        "data": reading,
        "minimum": record,
    }))
}

/// Names become file names.
pub fn check_name(name: &str) -> Result<()> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(fine) {
        return Err(Error::setting("name", "letters, digits, '-', '_' and '.'", name).into());
    }
    Ok(())
}

/// A minimum the run already holds, complete.
pub fn finished(run: &RunDir, name: &str) -> Option<MinimumRecord> {
    let records: Vec<MinimumRecord> = run.read_json("results/minima.json").ok()?;
    let record = records.into_iter().find(|record| record.name == name)?;
    run.read_minimum(&record.file).ok()?;
    Some(record)
}
