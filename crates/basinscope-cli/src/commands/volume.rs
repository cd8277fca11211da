//! `basinscope volume`: how much room a basin has.

use crate::console::{Console, table};
use crate::lab::{Lab, Minimum, RunArgs};
use anyhow::{Context, Result};
use basinscope::basin::{DEFAULT_CUTOFF, DEFAULT_DIRECTIONS, RadialSettings, Search};
use basinscope::direction::Normalization;
use basinscope::record::VolumeRecord;
use basinscope_report::figure;

/// Options of `volume`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope volume runs/bad
  basinscope volume runs/bad --directions 3000 --cutoff .05 --normalization filter

The volume is the paper's: n-th powers of the radii along random rays. Its effective sample size
(ESS) tells how many rays it rests on; where that is a handful, it is a lower bound and the median
radius is the number to compare.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,

    /// Cutoff on the mean train loss, in nats
    #[arg(long, default_value_t = DEFAULT_CUTOFF, allow_negative_numbers = true)]
    cutoff: f64,

    /// Number of rays
    #[arg(long, default_value_t = DEFAULT_DIRECTIONS)]
    directions: usize,

    /// none (isotropic) or filter (weights in units of their filter's norm, biases fixed)
    #[arg(long, value_name = "HOW", default_value = "none")]
    normalization: String,

    /// Radius beyond which a ray is censored [default: a hundred norms of θ]
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    radius_cap: Option<f64>,

    /// Walk each ray in 2 % steps instead of searching the root (slow; for checks)
    #[arg(long)]
    scan: bool,

    /// Seed of the rays
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let lab = args.run.open()?;
    let settings = RadialSettings {
        cutoff: args.cutoff,
        directions: args.directions,
        normalization: Normalization::from_name(&args.normalization)?,
        radius_cap: args.radius_cap,
        search: if args.scan {
            Search::Scan
        } else {
            Search::Secant
        },
        seed: args.seed,
        ..RadialSettings::default()
    };
    let records = compute(&lab, &lab.select(&args.run.minimum)?, &settings, console)?;
    console.say(volumes_table(&records));
    lab.finish("volume", records, console)
}

/// Measures, saves and draws the basins of minima.
pub fn compute(
    lab: &Lab,
    minima: &[&Minimum],
    settings: &RadialSettings,
    console: &Console,
) -> Result<Vec<VolumeRecord>> {
    let radial = settings.clone().check()?;
    // Whatever is wrong with one minimum is told before the first result is written.
    for minimum in minima {
        (radial.check_minimum(&minimum.train, &minimum.theta))
            .with_context(|| minimum.record.name.clone())?;
    }
    let rays = settings.directions as u64;
    let bar = console.bar("volumes", rays * minima.len() as u64);
    let mut records = Vec::with_capacity(minima.len());
    for (index, minimum) in minima.iter().enumerate() {
        console.check()?;
        let before = index as u64 * rays;
        let found = radial.run(
            &minimum.train,
            &minimum.net.layout(),
            &minimum.theta,
            |done| {
                bar.set_position(before + done as u64);
            },
        )?;
        let record = &minimum.record;
        records.push(found.into_record(
            &record.name,
            record.test_accuracy,
            record.generalization_gap,
        ));
    }
    let key = |record: &VolumeRecord| {
        (
            record.minimum.clone(),
            format!("{} {}", record.method, record.normalization),
        )
    };
    let all = lab.merge("results/volumes.json", records.clone(), key)?;
    // One picture compares like with like.
    let alike: Vec<VolumeRecord> = (all.into_iter())
        .filter(|record| {
            record.normalization == settings.normalization.name()
                && record.cutoff == settings.cutoff
        })
        .collect();
    draw(lab, &alike)?;
    bar.finish();
    Ok(records)
}

/// Draws radii and volumes measured alike.
pub fn draw(lab: &Lab, records: &[VolumeRecord]) -> Result<()> {
    lab.draw("radii", |theme| figure::radii(records, theme))?;
    lab.draw("volume-gap", |theme| figure::volume_gap(records, theme))
}

/// Volumes as a table.
pub fn volumes_table(records: &[VolumeRecord]) -> String {
    let rows: Vec<Vec<String>> = records
        .iter()
        .map(|record| {
            let [low, high] = record.radius_median_ci;
            vec![
                record.minimum.clone(),
                format!("{:.1} %", 100.0 * record.generalization_gap),
                format!("{:.4}", record.radius_median),
                format!("{low:.4}–{high:.4}"),
                format!("{:.0}", record.log10_volume),
                format!("{:.1} of {}", record.ess, record.directions),
                record.censored.to_string(),
                format!("{:.1}", record.evaluations_per_ray),
            ]
        })
        .collect();
    let heading = [
        "minimum",
        "gap",
        "median radius",
        "95 % interval",
        "log10 volume*",
        "ESS",
        "censored",
        "evals/ray",
    ];
    let mut text = table(&heading, &rows);
    if let Some(record) = records.iter().find(|record| !record.warning.is_empty()) {
        text += &format!("\n* {}: {}", record.minimum, record.warning);
    }
    text
}
