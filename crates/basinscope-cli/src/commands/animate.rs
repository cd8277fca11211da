//! `basinscope animate`: boundaries as the weights move.

use crate::commands::boundary;
use crate::console::Console;
use crate::lab::{Lab, Minimum, RunArgs};
use anyhow::Result;
use basinscope::direction::{Normalization, random_direction};
use basinscope::record::{PathFrame, PathRecord};
use basinscope::{Error, random, slice};
use basinscope_report::figure;
use serde_json::json;

/// Options of `animate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope animate runs/bad
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

    /// Seed of the direction
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Nodes of the animated boundary along a side.
pub const RESOLUTION: usize = 121;

/// Runs the command: two minima at most, the best and the worst where none is named.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let lab = args.run.open()?;
    let minima = match args.run.minimum.as_slice() {
        [] => lab.best_and_worst(),
        names if names.len() <= 2 => lab.select(names)?,
        names => return Err(Error::setting("minimum", "one or two names", names.len()).into()),
    };
    let settings = Settings {
        reach: args.reach,
        resolution: args.resolution,
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
        let rng = &mut random::stream(seed, "animate", 0);
        let layout = minimum.net.layout();
        let direction = random_direction(&layout, &minimum.theta, Normalization::Filter, rng);
        let frames = slice::walk(
            &minimum.train,
            &minimum.net,
            &minimum.theta,
            &direction,
            &steps,
            grid,
            |_| bar.inc(1),
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
            let along = |value: fn(&PathFrame) -> f64| -> Vec<f64> {
                path.frames.iter().map(value).collect()
            };
            json!({
                "minimum": path.minimum,
                "test_accuracy": path.test_accuracy,
                "frames": path.order.len(),
                "c": along(|frame| frame.c),
                "loss": along(|frame| frame.loss),
                "accuracy": along(|frame| frame.accuracy),
                "curvature": along(|frame| frame.curvature),
                "seed": seed,
                "version": basinscope::VERSION,
                "config": { "reach": reach, "resolution": resolution },
            })
        })
        .collect();
    lab.run.write_json("results/walks.json", &shown)?;
    let gif = figure::animation(&paths, |_| bar.inc(1))?;
    lab.run.write("figures/wiggle.gif", &gif)?;
    // A still where good and bad differ most: farthest out, which is where the first half turns.
    let still = figure::animation_still(&paths, order.len() / 8)?;
    lab.run.write("figures/wiggle-still.png", &still)?;
    bar.finish();
    Ok(json!({
        "file": "figures/wiggle.gif",
        "minima": minima.iter().map(|m| m.record.name.as_str()).collect::<Vec<_>>(),
        "frames": order.len(),
    }))
}
