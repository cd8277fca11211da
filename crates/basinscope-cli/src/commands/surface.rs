//! `basinscope surface`: the loss over a plane.

use crate::commands::eigenvectors;
use crate::console::Console;
use crate::lab::{Lab, Minimum, RunArgs};
use crate::on_bar::OnBar;
use anyhow::Result;
use basinscope::Error;
use basinscope::basin::DEFAULT_CUTOFF;
use basinscope::curvature::{
    DEFAULT_TRACE_PRODUCTS, HessianAt, TraceSettings, hutchpp, plane_curvature,
};
use basinscope::direction::{Normalization, random_direction};
use basinscope::record::{Array, Axis, PlaneWorth, SurfaceRecord};
use basinscope::slice::{
    DEFAULT_OTHER_GRID, DEFAULT_OTHER_PLANES, PlaneAreas, PlaneDraws, share_below,
};
use basinscope::watch::Watch;
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

    /// Other random planes to compare this one with
    #[arg(long, value_name = "N", default_value_t = DEFAULT_OTHER_PLANES)]
    other_planes: usize,

    /// Seed of the two directions
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let lab = args.run.open(console)?;
    let settings = Settings {
        x: args.x,
        y: args.y.unwrap_or(args.x),
        normalization: Normalization::from_name(&args.normalization)?,
        other_planes: args.other_planes,
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
    pub other_planes: usize,
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
        ..
    } = settings;
    let tops = eigenvectors::compute(lab, minima, seed, console)?;
    let nodes = (x.count * y.count) as u64;
    let bar = console.bar("surfaces", nodes * minima.len() as u64);
    let mut records = Vec::with_capacity(minima.len());
    for minimum in minima {
        console.check()?;
        let name = &minimum.record.name;
        let layout = minimum.net.layout();
        let directions = [0, 1].map(|index| {
            let rng = &mut random::stream(seed, "surface", index);
            random_direction(&layout, &minimum.theta, normalization, rng)
        });
        let watch = OnBar { console, bar: &bar };
        let [d1, d2] = &directions;
        let plane = slice::plane(&minimum.train, &minimum.theta, d1, d2, x, y, &watch)?;
        // Without eigenvectors there is no finite Hessian to measure a plane against.
        let top = tops.iter().find(|top| top.minimum == *name);
        let found = top.map(|top| {
            let top = top.eigenvalues[0];
            worth(minimum, settings, [d1, d2], &plane.loss, top, console)
        });
        match &found {
            Some(Err(Error::Cancelled)) => return Err(Error::Cancelled.into()),
            Some(Ok(worth)) => console.say(worth_line(name, worth)),
            Some(Err(error)) => console.say(format!("{name}: worth of the plane: {error}")),
            None => {}
        }
        let record = SurfaceRecord {
            minimum: name.clone(),
            test_accuracy: minimum.record.test_accuracy,
            normalization: normalization.name().into(),
            x,
            y,
            train_loss: plane.loss,
            train_accuracy: plane.accuracy,
            directions,
            worth: found.and_then(Result::ok),
            seed,
            version: basinscope::VERSION.into(),
            config: json!({
                "x": x,
                "y": y,
                "normalization": normalization,
                "cutoff": DEFAULT_CUTOFF,
                "other_planes": settings.other_planes,
                "other_grid": DEFAULT_OTHER_GRID,
                "trace_products": DEFAULT_TRACE_PRODUCTS,
            }),
        };
        let (shape, [d1, d2]) = ([y.count, x.count], &record.directions);
        lab.run.write_arrays(
            arrays_file(&record.minimum),
            &[
                Array::new("train_loss", &shape, &record.train_loss),
                Array::new("train_accuracy", &shape, &record.train_accuracy),
                Array::new("xcoordinates", &[x.count], &x.values().collect::<Vec<_>>()),
                Array::new("ycoordinates", &[y.count], &y.values().collect::<Vec<_>>()),
                Array::new("direction_1", &[d1.len()], d1),
                Array::new("direction_2", &[d2.len()], d2),
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

/// What a plane is worth: its part of the curvature, and how others would have looked.
fn worth(
    minimum: &Minimum,
    settings: Settings,
    directions: [&[f32]; 2],
    loss: &[f64],
    top_eigenvalue: f64,
    watch: &dyn Watch,
) -> basinscope::Result<PlaneWorth> {
    let (theta, train, layout) = (&minimum.theta, &minimum.train, minimum.net.layout());
    let hessian = HessianAt::new(train, theta)?;
    let products = TraceSettings {
        seed: settings.seed,
        ..TraceSettings::default()
    };
    let trace = hutchpp(&hessian, products, watch)?;
    let held = plane_curvature(&hessian, directions)?;
    // A net so sure of itself that its Hessian rounds to 0 has no trace to hold a share of.
    let share_of_trace = Some(held.sum / trace.value).filter(|share| share.is_finite());
    let coarse = |axis: Axis| Axis::new(axis.from, axis.to, DEFAULT_OTHER_GRID);
    let areas = PlaneAreas {
        x: coarse(settings.x)?,
        y: coarse(settings.y)?,
        cutoff: DEFAULT_CUTOFF,
    };
    let own = areas.of(train, theta, directions, watch)?;
    let draws = PlaneDraws {
        normalization: settings.normalization,
        count: settings.other_planes,
        seed: settings.seed,
    };
    let others = areas.of_random(train, &layout, theta, draws, watch)?;
    Ok(PlaneWorth {
        curvature: held.along,
        trace: trace.value,
        trace_standard_error: trace.standard_error,
        top_eigenvalue,
        share_of_trace: share_of_trace.unwrap_or(0.0),
        chance_share: 2.0 / theta.len() as f64,
        cutoff: DEFAULT_CUTOFF,
        area_below_cutoff: share_below(loss, DEFAULT_CUTOFF),
        other_grid: DEFAULT_OTHER_GRID,
        area_below_cutoff_coarse: own.share,
        other_planes: others.iter().map(|other| other.share).collect(),
        cross_section: own.cross_section,
        other_cross_sections: others.iter().map(|other| other.cross_section).collect(),
    })
}

/// The same in a sentence.
fn worth_line(name: &str, worth: &PlaneWorth) -> String {
    let mut line = format!(
        "{name}: the plane holds {:.3} % of the Hessian's trace (a random one {:.3} %), {:.3} % of \
         its nodes are below {} nats, its cross-section of the basin is {:.2e}",
        100.0 * worth.share_of_trace,
        100.0 * worth.chance_share,
        100.0 * worth.area_below_cutoff,
        worth.cutoff,
        worth.cross_section,
    );
    let others = &worth.other_cross_sections;
    if !others.is_empty() {
        let least = others.iter().copied().fold(f64::INFINITY, f64::min);
        let most = others.iter().copied().fold(0.0, f64::max);
        let count = others.len();
        line += &format!(", that of {count} other planes {least:.2e} to {most:.2e}");
    }
    line
}

fn arrays_file(minimum: &str) -> String {
    format!("results/surface-{minimum}.npz")
}
