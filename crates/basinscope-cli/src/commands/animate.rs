//! `basinscope animate`: boundaries as the weights move.

use crate::commands::{boundary, eigenvectors};
use crate::console::Console;
use crate::lab::{Lab, Minimum, RunArgs};
use crate::on_bar::OnBar;
use anyhow::{Context, Result};
use basinscope::direction::{Normalization, random_direction};
use basinscope::record::{PathFrame, PathRecord};
use basinscope::{Error, random, slice};
use basinscope_report::figure;
use clap::ValueEnum;
use serde_json::json;

/// Options of `animate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope animate runs/bad
  basinscope animate runs/bad --along eigenvector
  basinscope animate runs/tour -m clean -m poison-200 --reach .5")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,

    /// Farthest step c in θ + c·d, in norms of each filter
    #[arg(long, default_value_t = slice::WALK_REACH)]
    reach: f64,

    /// Nodes of the boundary along a side
    #[arg(long, default_value_t = RESOLUTION)]
    resolution: usize,

    /// Which way to move: a random direction, or the one in which the loss is stiffest
    #[arg(long, value_enum, default_value_t = Along::Random)]
    along: Along,

    /// Seed of the direction
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// The direction of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Along {
    /// a random filter-normalised direction
    Random,
    /// the Hessian's top eigenvector, as long as the weights
    Eigenvector,
}

impl Along {
    /// What its files end in.
    fn suffix(self) -> &'static str {
        match self {
            Self::Random => "",
            Self::Eigenvector => "-eigenvector",
        }
    }

    /// What its GIF and still are called.
    pub fn stem(self) -> String {
        format!("wiggle{}", self.suffix())
    }

    /// Its name in records.
    fn name(self) -> &'static str {
        match self {
            Self::Random => "random direction, filter-normalised",
            Self::Eigenvector => "top eigenvector of the Hessian, times the norm of θ",
        }
    }
}

/// Nodes of the animated boundary along a side.
pub const RESOLUTION: usize = 121;

/// Runs the command: two minima at most, the best and the worst where none is named.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let lab = args.run.open(console)?;
    let minima = match args.run.minimum.as_slice() {
        [] => lab.best_and_worst(),
        names if names.len() <= 2 => lab.select(names)?,
        names => return Err(Error::setting("minimum", "one or two names", names.len()).into()),
    };
    let settings = Settings {
        reach: args.reach,
        resolution: args.resolution,
        along: args.along,
        seed: args.seed,
    };
    let summary = compute(&lab, &minima, settings, console)?;
    lab.finish("animate", summary, console)
}

/// What is asked of an animation.
#[derive(Clone, Copy)]
pub struct Settings {
    pub reach: f64,
    pub resolution: usize,
    pub along: Along,
    pub seed: u64,
}

/// Computes the walks and draws them side by side; returns what was drawn.
pub fn compute(
    lab: &Lab,
    minima: &[&Minimum],
    settings: Settings,
    console: &Console,
) -> Result<serde_json::Value> {
    let Settings {
        reach,
        resolution,
        along,
        seed,
    } = settings;
    let (steps, order) = slice::schedule_with(reach, slice::WALK_POSITIONS)?;
    let grid = boundary::grid(lab, resolution)?;
    let bar = console.bar(
        "animation",
        (steps.len() * minima.len() + order.len()) as u64,
    );
    let mut paths = Vec::with_capacity(minima.len());
    for minimum in minima {
        console.check()?;
        let direction = direction(lab, minimum, settings, console)?;
        let watch = OnBar { console, bar: &bar };
        let frames = slice::walk(
            &minimum.train,
            &minimum.classifier()?,
            &minimum.theta,
            &direction,
            &steps,
            grid,
            &watch,
        )?;
        let mut drawn = Vec::with_capacity(frames.len());
        for frame in frames {
            let theta: Vec<f32> = (minimum.theta.iter().zip(&direction))
                .map(|(&w, &d)| (f64::from(w) + frame.c * f64::from(d)) as f32)
                .collect();
            drawn.push(PathFrame {
                c: frame.c,
                loss: frame.loss,
                accuracy: frame.accuracy,
                curvature: frame.curvature,
                boundary: boundary::record(lab, minimum, &theta, grid, frame.boundary)?,
            });
        }
        paths.push(PathRecord {
            minimum: minimum.record.name.clone(),
            test_accuracy: minimum.record.test_accuracy,
            frames: drawn,
            order: order.clone(),
        });
    }
    let shown: Vec<_> = paths
        .iter()
        .map(|path| {
            let series = |value: fn(&PathFrame) -> f64| -> Vec<f64> {
                path.frames.iter().map(value).collect()
            };
            json!({
                "minimum": path.minimum,
                "test_accuracy": path.test_accuracy,
                "frames": path.order.len(),
                "c": series(|frame| frame.c),
                "loss": series(|frame| frame.loss),
                "accuracy": series(|frame| frame.accuracy),
                "curvature": series(|frame| frame.curvature),
                "seed": seed,
                "version": basinscope::VERSION,
                "config": { "reach": reach, "resolution": resolution, "along": along.name() },
            })
        })
        .collect();
    let stem = along.stem();
    let walks = format!("results/walks{}.json", along.suffix());
    lab.run.write_json(walks, &shown)?;
    let gif = figure::animation(&paths, |_| bar.inc(1))?;
    let file = format!("figures/{stem}.gif");
    lab.run.write(&file, &gif)?;
    // A still where good and bad differ most: farthest out, which is where the first half turns.
    let still = figure::animation_still(&paths, order.len() / 8)?;
    lab.run.write(format!("figures/{stem}-still.png"), &still)?;
    bar.finish();
    Ok(json!({
        "file": file,
        "minima": minima.iter().map(|m| m.record.name.as_str()).collect::<Vec<_>>(),
        "frames": order.len(),
    }))
}

/// The direction of a walk, about as long as the weights.
fn direction(
    lab: &Lab,
    minimum: &Minimum,
    settings: Settings,
    console: &Console,
) -> Result<Vec<f32>> {
    let (theta, seed) = (&minimum.theta, settings.seed);
    match settings.along {
        Along::Random => {
            let rng = &mut random::stream(seed, "animate", 0);
            let layout = minimum.net.layout();
            Ok(random_direction(&layout, theta, Normalization::Filter, rng))
        }
        Along::Eigenvector => {
            let found = eigenvectors::compute(lab, &[minimum], seed, console)?;
            let top = found
                .first()
                .with_context(|| format!("{}: its Hessian is not finite", minimum.record.name))?;
            let length = minimum.record.norm as f32;
            Ok(top.vectors[0].iter().map(|&x| length * x).collect())
        }
    }
}
