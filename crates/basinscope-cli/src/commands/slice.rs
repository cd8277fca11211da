//! `basinscope slice`: loss and accuracy along lines.

use crate::console::Console;
use crate::lab::{Lab, Minimum, RunArgs};
use anyhow::Result;
use basinscope::direction::{Normalization, random_direction};
use basinscope::record::{Axis, LineRecord};
use basinscope::surface::Evaluate;
use basinscope::{Error, random, slice};
use basinscope_report::figure;
use serde_json::json;

/// Options of `slice`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope slice runs/bad --directions 50 --x=-1:1:101
  basinscope slice runs/tour --between clean,poison-200")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,

    /// Step sizes c in θ + c·d, FROM:TO:COUNT
    #[arg(
        long,
        value_name = "RANGE",
        default_value = "-0.5:0.5:101",
        allow_hyphen_values = true
    )]
    x: Axis,

    /// Random directions for each minimum
    #[arg(long, default_value_t = DIRECTIONS)]
    directions: usize,

    /// filter, layer, model or none
    #[arg(long, value_name = "HOW", default_value = "filter")]
    normalization: String,

    /// Seed of the directions
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// The straight line between two minima (c = 0 and c = 1) instead
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1..=2)]
    between: Vec<String>,
}

/// Random directions a minimum, where not asked otherwise.
pub const DIRECTIONS: usize = 25;

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let lab = args.run.open(console)?;
    if !args.between.is_empty() {
        let [a, b] = args.between.as_slice() else {
            let found = args.between.join(",");
            return Err(Error::setting("between", "two names, as in clean,bad", found).into());
        };
        let record = between(&lab, lab.find(a)?, lab.find(b)?, console)?;
        return lab.finish("slice", record, console);
    }
    if args.directions == 0 {
        return Err(Error::setting("directions", "at least 1", 0).into());
    }
    let normalization = Normalization::from_name(&args.normalization)?;
    let minima = lab.select(&args.run.minimum)?;
    let settings = Settings {
        c: args.x,
        directions: args.directions,
        normalization,
        seed: args.seed,
    };
    let records = compute(&lab, &minima, settings, console)?;
    lab.finish("slice", records, console)
}

/// What is asked of random slices.
#[derive(Clone, Copy)]
pub struct Settings {
    pub c: Axis,
    pub directions: usize,
    pub normalization: Normalization,
    pub seed: u64,
}

/// Computes, saves and draws slices along random directions.
pub fn compute(
    lab: &Lab,
    minima: &[&Minimum],
    settings: Settings,
    console: &Console,
) -> Result<Vec<LineRecord>> {
    let Settings {
        c,
        directions,
        normalization,
        seed,
    } = settings;
    let steps: Vec<f64> = c.values().collect();
    let bar = console.bar("slices", minima.len() as u64);
    let mut records = Vec::with_capacity(minima.len());
    for minimum in minima {
        console.check()?;
        let layout = minimum.net.layout();
        let along: Vec<Vec<f32>> = (0..directions)
            .map(|index| {
                let rng = &mut random::stream(seed, "slices", index as u64);
                random_direction(&layout, &minimum.theta, normalization, rng)
            })
            .collect();
        let lines = slice::lines(
            &minimum.train,
            Some(&minimum.test),
            &minimum.theta,
            &along,
            &steps,
        )?;
        records.push(LineRecord {
            minimum: minimum.record.name.clone(),
            towards: None,
            normalization: normalization.name().into(),
            test_accuracy: minimum.record.test_accuracy,
            c: steps.clone(),
            train_loss: lines.iter().map(|line| line.train_loss.clone()).collect(),
            train_accuracy: lines
                .iter()
                .map(|line| line.train_accuracy.clone())
                .collect(),
            test_accuracy_along: lines
                .iter()
                .map(|line| line.test_accuracy.clone())
                .collect(),
            seed,
            version: basinscope::VERSION.into(),
            config: json!({ "x": c, "directions": directions, "normalization": normalization }),
        });
        bar.inc(1);
    }
    let key = |record: &LineRecord| (record.minimum.clone(), String::new());
    let all = lab.merge("results/slices.json", records.clone(), key)?;
    lab.draw("slices", |theme| figure::lines(&all, theme))?;
    bar.finish();
    Ok(records)
}

/// Computes, saves and draws the line between two minima.
pub fn between(lab: &Lab, a: &Minimum, b: &Minimum, console: &Console) -> Result<LineRecord> {
    console.check()?;
    if a.net.to_json() != b.net.to_json() {
        let (expected, found) = (a.net.describe(), b.net.describe());
        return Err(Error::setting("net of the second minimum", expected, found).into());
    }
    if !a.buffers.is_empty() {
        let name = &a.record.name;
        console.say(format!(
            "note: on the whole line, batch norms keep the statistics of {name}"
        ));
    }
    let c = Axis {
        from: -0.25,
        to: 1.25,
        count: 151,
    };
    let steps: Vec<f64> = c.values().collect();
    let test: &dyn Evaluate = &a.test;
    let line = slice::between(&a.train, Some(test), &a.theta, &b.theta, &steps)?;
    let record = LineRecord {
        minimum: a.record.name.clone(),
        towards: Some(b.record.name.clone()),
        normalization: Normalization::None.name().into(),
        test_accuracy: a.record.test_accuracy,
        c: steps,
        train_loss: vec![line.train_loss],
        train_accuracy: vec![line.train_accuracy],
        test_accuracy_along: vec![line.test_accuracy],
        seed: a.record.seed,
        version: basinscope::VERSION.into(),
        config: json!({ "x": c }),
    };
    lab.run.write_json("results/between.json", &record)?;
    lab.draw("between", |theme| figure::between(&record, theme))?;
    Ok(record)
}
