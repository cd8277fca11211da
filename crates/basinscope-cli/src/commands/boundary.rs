//! `basinscope boundary`: which class a net gives to each point of the plane.

use crate::console::Console;
use crate::lab::{Lab, Minimum, RunArgs};
use anyhow::Result;
use basinscope::record::{Array, Axis, BoundaryRecord};
use basinscope::slice;
use basinscope_report::figure;
use serde_json::json;

/// Options of `boundary`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope boundary runs/bad
  basinscope boundary runs/bad --x=-18:18:400 --y=-18:18:400")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,

    /// Grid along the first feature, FROM:TO:COUNT [default: encloses the data, 201 wide]
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    x: Option<Axis>,

    /// Grid along the second feature [default: as --x]
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    y: Option<Axis>,
}

/// Nodes of the grid along a side, where not asked otherwise.
pub const RESOLUTION: usize = 201;

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let lab = args.run.open(console)?;
    let axes = match (args.x, args.y) {
        (Some(x), y) => (x, y.unwrap_or(x)),
        (None, Some(y)) => (y, y),
        (None, None) => grid(&lab, RESOLUTION)?,
    };
    let records = compute(&lab, &lab.select(&args.run.minimum)?, axes, console)?;
    lab.finish("boundary", records, console)
}

/// Equal axes that enclose train and test points.
pub fn grid(lab: &Lab, count: usize) -> Result<(Axis, Axis)> {
    slice::ensure_plane(lab.split.train.num_features())?;
    let points = [lab.split.train.inputs(), lab.split.test.inputs()].concat();
    Ok(slice::enclosing_axes(&points, 0.08, count)?)
}

/// The record of one boundary, at any θ of a minimum's net.
pub fn record(
    lab: &Lab,
    minimum: &Minimum,
    theta: &[f32],
    axes: (Axis, Axis),
    found: slice::Boundary,
) -> Result<BoundaryRecord> {
    let points = &lab.split.train;
    let correct = slice::correct(
        &minimum.classifier()?,
        theta,
        points.inputs(),
        points.labels(),
    )?;
    Ok(BoundaryRecord {
        minimum: minimum.record.name.clone(),
        train_accuracy: minimum.record.train_accuracy,
        test_accuracy: minimum.record.test_accuracy,
        x: axes.0,
        y: axes.1,
        num_classes: points.num_classes(),
        names: points.names().as_ref().clone(),
        class: found.class,
        probability: found.probability,
        points: points
            .inputs()
            .chunks_exact(2)
            .map(|p| [p[0], p[1]])
            .collect(),
        labels: points.labels().to_vec(),
        correct,
        seed: minimum.record.seed,
        version: basinscope::VERSION.into(),
        config: json!({ "x": axes.0, "y": axes.1 }),
    })
}

/// Computes, saves and draws the boundaries of minima.
pub fn compute(
    lab: &Lab,
    minima: &[&Minimum],
    axes: (Axis, Axis),
    console: &Console,
) -> Result<Vec<BoundaryRecord>> {
    let bar = console.bar("boundaries", minima.len() as u64);
    let mut records = Vec::with_capacity(minima.len());
    for minimum in minima {
        console.check()?;
        let found = slice::boundary(&minimum.classifier()?, &minimum.theta, axes.0, axes.1)?;
        let record = record(lab, minimum, &minimum.theta, axes, found)?;
        let shape = [record.y.count, record.x.count];
        lab.run.write_arrays(
            arrays_file(&record.minimum),
            &[
                Array::new("class", &shape, &record.class),
                Array::new("probability", &shape, &record.probability),
            ],
        )?;
        let stem = format!("boundary-{}", record.minimum);
        lab.draw(&stem, |theme| figure::boundary(&record, theme))?;
        records.push(record);
        bar.inc(1);
    }
    let key = |record: &BoundaryRecord| (record.minimum.clone(), String::new());
    let mut all = lab.merge("results/boundaries.json", records.clone(), key)?;
    for record in &mut all {
        let arrays = lab
            .run
            .read_arrays(arrays_file(&record.minimum), &["class", "probability"])?;
        record.class = arrays[0].values.iter().map(|&class| class as u8).collect();
        record.probability = arrays[1].values.iter().map(|&p| p as f32).collect();
    }
    lab.draw("boundaries", |theme| figure::boundaries(&all, theme))?;
    bar.finish();
    Ok(records)
}

fn arrays_file(minimum: &str) -> String {
    format!("results/boundary-{minimum}.npz")
}
