//! `basinscope slice`: loss and accuracy along lines.

use crate::console::{Console, table};
use crate::lab::{Lab, Minimum, RunArgs};
use anyhow::Result;
use basinscope::basin::DEFAULT_CUTOFF;
use basinscope::direction::{Normalization, random_direction};
use basinscope::record::{Axis, CrossingRecord, Edge, LineRecord};
use basinscope::slice::CrossingSettings;
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

    /// Mean train loss at which a basin ends; where each line passes it is searched for, and where it
    /// passes the minimum's own loss by as much
    #[arg(long, value_name = "NATS", default_value_t = DEFAULT_CUTOFF, allow_negative_numbers = true)]
    cutoff: f64,

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
        cutoff: args.cutoff,
        seed: args.seed,
    };
    let records = compute(&lab, &minima, settings, console)?;
    console.say(crossings_table(&records));
    lab.finish("slice", records, console)
}

/// How far each minimum can be moved: medians over directions and both sides, with 95 % intervals.
pub fn crossings_table(records: &[LineRecord]) -> String {
    let cell = |record: &LineRecord, edge| match record.crossing(edge) {
        None => "starts beyond".to_owned(),
        Some(found) if !found.is_crossed() => format!("above {}", found.cap),
        Some(found) => {
            let [low, high] = found.interval;
            format!("{:.4} ({low:.4}–{high:.4})", found.median)
        }
    };
    let rows: Vec<Vec<String>> = (records.iter())
        .map(|record| {
            let start = |found: &CrossingRecord| format!("{:.1e}", found.start);
            vec![
                record.minimum.clone(),
                record.crossing(Edge::Excess).map_or("–".into(), start),
                cell(record, Edge::Loss),
                cell(record, Edge::Excess),
                cell(record, Edge::Accuracy),
            ]
        })
        .collect();
    let level = |edge| {
        let of = records.iter().find_map(|record| record.crossing(edge));
        of.map_or(f64::NAN, |found| found.level)
    };
    let heading = [
        "minimum".to_owned(),
        "own loss".into(),
        format!("|c| at loss {} (95 %)", level(Edge::Excess)),
        format!("at own loss + {}", level(Edge::Excess)),
        format!("below {:.0} % right", 100.0 * level(Edge::Accuracy)),
    ];
    table(&heading.each_ref().map(String::as_str), &rows)
}

/// What is asked of random slices.
#[derive(Clone, Copy)]
pub struct Settings {
    pub c: Axis,
    pub directions: usize,
    pub normalization: Normalization,
    /// Mean train loss at which a basin ends, in nats, and how far above the minimum's own.
    pub cutoff: f64,
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
        cutoff,
        seed,
    } = settings;
    let steps: Vec<f64> = c.values().collect();
    let crossing = CrossingSettings {
        edges: vec![
            (Edge::Loss, cutoff),
            (Edge::Excess, cutoff),
            (Edge::Accuracy, slice::DEFAULT_ACCURACY_EDGE),
        ],
        seed,
        ..CrossingSettings::default()
    };
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
        let crossings = crossing.run(&minimum.train, &minimum.theta, &along, console)?;
        let lines = slice::lines(
            &minimum.train,
            Some(&minimum.test),
            &minimum.theta,
            &along,
            &steps,
            console,
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
            crossings,
            seed,
            version: basinscope::VERSION.into(),
            config: json!({
                "x": c, "directions": directions, "normalization": normalization, "cutoff": cutoff,
            }),
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
    let line = slice::between(&a.train, Some(test), &a.theta, &b.theta, &steps, console)?;
    let record = LineRecord {
        minimum: a.record.name.clone(),
        towards: Some(b.record.name.clone()),
        normalization: Normalization::None.name().into(),
        test_accuracy: a.record.test_accuracy,
        c: steps,
        train_loss: vec![line.train_loss],
        train_accuracy: vec![line.train_accuracy],
        test_accuracy_along: vec![line.test_accuracy],
        crossings: Vec::new(),
        seed: a.record.seed,
        version: basinscope::VERSION.into(),
        config: json!({ "x": c }),
    };
    lab.run.write_json("results/between.json", &record)?;
    lab.draw("between", |theme| figure::between(&record, theme))?;
    Ok(record)
}
