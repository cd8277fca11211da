//! `basinscope surface`: the loss over a plane.

use crate::console::Console;
use crate::lab::{Lab, Minimum, RunArgs};
use anyhow::Result;
use basinscope::direction::{Normalization, random_direction};
use basinscope::record::{Array, Axis, SurfaceRecord};
use basinscope::{random, slice};
use basinscope_report::figure;
use serde_json::json;

/// Options of `surface`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope surface runs/bad --x=-1:1:101 --y=-1:1:101
  basinscope surface runs/tour -m clean -m poison-200 --seed 3")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,

    /// Steps along the first direction, FROM:TO:COUNT
    #[arg(
        long,
        value_name = "RANGE",
        default_value = "-0.25:0.25:81",
        allow_hyphen_values = true
    )]
    x: Axis,

    /// Steps along the second direction [default: as --x]
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    y: Option<Axis>,

    /// filter, layer, model or none
    #[arg(long, value_name = "HOW", default_value = "filter")]
    normalization: String,

    /// Seed of the two directions
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let lab = args.run.open()?;
    let settings = Settings {
        x: args.x,
        y: args.y.unwrap_or(args.x),
        normalization: Normalization::from_name(&args.normalization)?,
        seed: args.seed,
    };
    let records = compute(&lab, &lab.select(&args.run.minimum)?, settings, console)?;
    lab.finish("surface", records, console)
}

/// What is asked of a plane.
#[derive(Clone, Copy)]
pub struct Settings {
    pub x: Axis,
    pub y: Axis,
    pub normalization: Normalization,
    pub seed: u64,
}

/// Computes, saves and draws planes through minima.
pub fn compute(
    lab: &Lab,
    minima: &[&Minimum],
    settings: Settings,
    console: &Console,
) -> Result<Vec<SurfaceRecord>> {
    let Settings {
        x,
        y,
        normalization,
        seed,
    } = settings;
    let nodes = (x.count * y.count) as u64;
    let bar = console.bar("surfaces", nodes * minima.len() as u64);
    let mut records = Vec::with_capacity(minima.len());
    for (index, minimum) in minima.iter().enumerate() {
        console.check()?;
        let layout = minimum.net.layout();
        let [d1, d2] = [0, 1].map(|index| {
            let rng = &mut random::stream(seed, "surface", index);
            random_direction(&layout, &minimum.theta, normalization, rng)
        });
        let before = index as u64 * nodes;
        let progress = |done| bar.set_position(before + done as u64);
        let plane = slice::plane(&minimum.train, &minimum.theta, &d1, &d2, x, y, progress)?;
        let record = SurfaceRecord {
            minimum: minimum.record.name.clone(),
            test_accuracy: minimum.record.test_accuracy,
            normalization: normalization.name().into(),
            x,
            y,
            train_loss: plane.loss,
            train_accuracy: plane.accuracy,
            directions: [d1, d2],
            worth: None,
            seed,
            version: basinscope::VERSION.into(),
            config: json!({ "x": x, "y": y, "normalization": normalization }),
        };
        let shape = [y.count, x.count];
        lab.run.write_arrays(
            arrays_file(&record.minimum),
            &[
                Array::new("train_loss", &shape, &record.train_loss),
                Array::new("train_accuracy", &shape, &record.train_accuracy),
                Array::new("xcoordinates", &[x.count], &x.values().collect::<Vec<_>>()),
                Array::new("ycoordinates", &[y.count], &y.values().collect::<Vec<_>>()),
            ],
        )?;
        let stem = format!("surface-{}", record.minimum);
        lab.draw(&stem, |theme| figure::surface(&record, theme))?;
        records.push(record);
    }
    let key = |record: &SurfaceRecord| (record.minimum.clone(), String::new());
    let mut all = lab.merge("results/surfaces.json", records.clone(), key)?;
    for record in &mut all {
        let names = ["train_loss", "train_accuracy"];
        let mut arrays = lab.run.read_arrays(arrays_file(&record.minimum), &names)?;
        record.train_accuracy = arrays.remove(1).values;
        record.train_loss = arrays.remove(0).values;
    }
    lab.draw("surfaces", |theme| figure::surfaces(&all, theme))?;
    bar.finish();
    Ok(records)
}

fn arrays_file(minimum: &str) -> String {
    format!("results/surface-{minimum}.npz")
}
