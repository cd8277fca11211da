//! `basinscope tour`: the whole story, from nothing to one page.

use crate::commands::descent::train_all;
use crate::commands::local_table::local_table;
use crate::commands::reproduce::minefield;
use crate::commands::train::RunConfig;
use crate::commands::{animate, boundary, eigenvectors, local_volume, slice, surface, volume};
use crate::console::{Console, percent, table};
use crate::data_args::{DataConfig, Source};
use crate::lab::{FRESH_HEADING, Lab, Minimum, fresh_cell, open_for};
use anyhow::Result;
use basinscope::basin::{RadialSettings, SubsimSettings};
use basinscope::data::{DEFAULT_DATA_SEED, Generator};
use basinscope::direction::Normalization;
use basinscope::net::Architecture;
use basinscope::record::{
    Axis, FreshAccuracy, LineRecord, LocalVolumeRecord, MinefieldRecord, VolumeRecord,
};
use basinscope::slice::DEFAULT_OTHER_PLANES;
use basinscope::train::{PoisonConfig, PoisonForm, TrainConfig};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Options of `tour`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Example:
  basinscope tour --seed 7 --out runs/tour-7

Writes config.toml, results/, minima/, figures/ and index.html, the page to open. Interrupted, the
same command goes on; complete, it only draws again.")]
pub struct Args {
    /// Run directory to write [default: basinscope-tour-SEED]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Seed of initialisation, poison and directions (the points stay the same)
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// One stop of the dial from good to bad: poison points, β, redrawn, learning rate, steps.
struct Stop {
    name: &'static str,
    poison: Option<(usize, f64, bool)>,
    learning_rate: f64,
    steps: usize,
}

const fn stop(
    name: &'static str,
    poison: Option<(usize, f64, bool)>,
    learning_rate: f64,
    steps: usize,
) -> Stop {
    Stop {
        name,
        poison,
        learning_rate,
        steps,
    }
}

/// The dial: from no poison to as much as turns nearly every test point.
const DIAL: [Stop; 10] = [
    stop("clean", None, 0.0075, 2_000),
    stop("fixed-10", Some((10, 0.05, false)), 0.005, 10_000),
    stop("fixed-20", Some((20, 0.1, false)), 0.005, 10_000),
    stop("fixed-40", Some((40, 0.1, false)), 0.01, 20_000),
    stop("fixed-100", Some((100, 0.2, false)), 0.01, 20_000),
    stop("fixed-200", Some((200, 0.3, false)), 0.005, 20_000),
    stop("fixed-400", Some((400, 0.5, false)), 0.01, 20_000),
    stop("redraw-10k", Some((200, 0.1, true)), 0.005, 10_000),
    stop("redraw-20k", Some((200, 0.1, true)), 0.005, 20_000),
    stop("redraw-40k", Some((200, 0.5, true)), 0.005, 40_000),
];

/// Widths of the tour's local volumes.
const SIGMA: [f64; 5] = [0.001, 0.001_78, 0.003_16, 0.005_62, 0.01];

/// Local volumes for a tour: half the walkers and half the moves of the command `volume`.
fn local_volumes(seed: u64) -> local_volume::Settings {
    let method = local_volume::Method::Subsim;
    let mut settings =
        local_volume::Settings::new(method, local_volume::CutoffOn::Loss, None, seed);
    settings.sigma = SIGMA.to_vec();
    settings.stiff = 60;
    settings.subsim = SubsimSettings {
        particles: 100,
        moves: 5,
        doublings: 1,
        ..settings.subsim
    };
    settings
}

/// The whole tour as `config.toml` holds it.
#[derive(Debug, Serialize)]
struct TourConfig {
    version: &'static str,
    command: &'static str,
    seed: u64,
    slices: LineConfig,
    surfaces: PlaneConfig,
    volumes: RadialSettings,
    local_volumes: local_volume::Settings,
    minima: Vec<RunConfig>,
}

#[derive(Debug, Serialize)]
struct LineConfig {
    x: Axis,
    directions: usize,
    normalization: Normalization,
}

#[derive(Debug, Serialize)]
struct PlaneConfig {
    x: Axis,
    normalization: Normalization,
}

impl TourConfig {
    fn new(seed: u64) -> Result<Self> {
        let data = DataConfig {
            train: 200,
            test: 200,
            pool: 400,
            seed: DEFAULT_DATA_SEED,
            source: Source::Generator(Generator::from_name("swiss-roll")?),
        };
        let minima = DIAL
            .iter()
            .map(|stop| RunConfig {
                version: basinscope::VERSION.into(),
                name: stop.name.into(),
                data: data.clone(),
                net: Architecture::swiss_roll().into(),
                train: TrainConfig {
                    learning_rate: stop.learning_rate,
                    steps: stop.steps,
                    poison: stop.poison.map(|(points, factor, redrawn)| PoisonConfig {
                        points,
                        factor,
                        form: PoisonForm::Flipped,
                        redrawn,
                        batch: None,
                    }),
                    seed,
                    ..TrainConfig::default()
                },
                start: None,
            })
            .collect();
        Ok(Self {
            version: basinscope::VERSION,
            command: "tour",
            seed,
            slices: LineConfig {
                x: Axis {
                    from: -1.0,
                    to: 1.0,
                    count: 101,
                },
                directions: slice::DIRECTIONS,
                normalization: Normalization::Filter,
            },
            surfaces: PlaneConfig {
                x: Axis {
                    from: -1.0,
                    to: 1.0,
                    count: 61,
                },
                normalization: Normalization::Filter,
            },
            volumes: RadialSettings {
                seed,
                ..RadialSettings::default()
            },
            local_volumes: local_volumes(seed),
            minima,
        })
    }
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let begun = Instant::now();
    let config = TourConfig::new(args.seed)?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| format!("basinscope-tour-{}", args.seed).into());
    let run = open_for(&out, &toml::to_string(&config)?, console)?;
    let split = config.minima[0].data.load()?;
    crate::lab::write_points(&run, &config.minima[0].data, &split, console)?;

    console.say("Training one net to ten minima on the same 200 points …");
    let records = train_all(&run, &config.minima, &split, console)?;
    let fit = records.iter().filter(|record| record.train_accuracy == 1.0);
    console.say(format!(
        "{} of {} classify every training point correctly.",
        fit.count(),
        records.len()
    ));

    let lab = Lab::open(&out)?;
    let Measured {
        volumes,
        local,
        slices,
        excess,
        local_excess,
    } = look_and_measure(&lab, &config, console)?;
    console.say("Looking for bad minima all along a good run …");
    let field = minefield::as_part_of(&run, console, args.seed)?;
    lab.draw_page()?;

    let table = closing_table(&lab.minima, &volumes, &excess);
    console.say(format!("\n{table}"));
    if let Some(volume) = volumes.iter().find(|volume| !volume.warning.is_empty()) {
        console.say(format!("* {}", volume.warning));
    }
    console.say(format!("\n{}", slice::crossings_table(&slices)));
    console.say(format!("\n{}", local_table(&local)));
    console.say(format!("\n{}", local_table(&local_excess)));
    console.say(format!("\n{}", minefield_line(&field)));
    let page = run.path("index.html");
    let seconds = begun.elapsed().as_secs_f64();
    console.say(format!("\nDone in {seconds:.0} s. Open {}", page.display()));
    console.summary(&json!({
        "command": "tour",
        "run": out,
        "page": page,
        "seconds": seconds,
        "minima": records,
        "volumes": volumes,
        "local_volumes": local,
        "excess": { "volumes": excess, "local_volumes": local_excess },
    }))
}

/// What the closing tables are made of.
struct Measured {
    volumes: Vec<VolumeRecord>,
    local: Vec<LocalVolumeRecord>,
    slices: Vec<LineRecord>,
    /// The same volumes from each minimum's own loss.
    excess: Vec<VolumeRecord>,
    local_excess: Vec<LocalVolumeRecord>,
}

fn look_and_measure(lab: &Lab, config: &TourConfig, console: &Console) -> Result<Measured> {
    lab.draw_training(console)?;
    let all: Vec<&Minimum> = lab.minima.iter().collect();
    boundary::compute(
        lab,
        &all,
        boundary::grid(lab, boundary::RESOLUTION)?,
        console,
    )?;
    let extremes = lab.best_and_worst();
    let settings = slice::Settings {
        c: config.slices.x,
        directions: config.slices.directions,
        normalization: config.slices.normalization,
        cutoff: config.volumes.cutoff,
        seed: config.seed,
    };
    let slices = slice::compute(lab, &all, settings, console)?;
    if let [good, bad] = extremes.as_slice() {
        slice::between(lab, good, bad, console)?;
    }
    let settings = surface::Settings {
        x: config.surfaces.x,
        y: config.surfaces.x,
        normalization: config.surfaces.normalization,
        other_planes: DEFAULT_OTHER_PLANES,
        seed: config.seed,
    };
    eigenvectors::compute(lab, &all, config.seed, console)?;
    surface::compute(lab, &extremes, settings, console)?;
    let settings = animate::Settings {
        reach: basinscope::slice::WALK_REACH,
        resolution: animate::RESOLUTION,
        along: animate::Along::Random,
        seed: config.seed,
    };
    animate::compute(lab, &extremes, settings, console)?;
    let volumes = volume::compute(lab, &all, &config.volumes, console)?;
    let local = local_volume::compute(lab, &all, &config.local_volumes, console)?;
    // Poisoned minima start with a part of the cutoff: the same from each one's own loss.
    let settings = RadialSettings {
        above_minimum: true,
        ..config.volumes.clone()
    };
    let excess = volume::compute(lab, &all, &settings, console)?;
    let settings = local_volume::Settings {
        cutoff_on: local_volume::CutoffOn::Excess,
        ..config.local_volumes.clone()
    };
    let local_excess = local_volume::compute(lab, &extremes, &settings, console)?;
    Ok(Measured {
        volumes,
        local,
        slices,
        excess,
        local_excess,
    })
}

/// The minefield in a sentence.
fn minefield_line(field: &MinefieldRecord) -> String {
    let count = |redrawn| {
        field
            .bad
            .iter()
            .filter(|bad| bad.redrawn == redrawn)
            .count()
    };
    let unseen = |fresh: Option<FreshAccuracy>, test| fresh.map_or(test, |fresh| fresh.accuracy);
    let worst = (field.bad.iter()).map(|bad| unseen(bad.fresh, bad.test_accuracy));
    let last = (field.iterates.last()).map_or(0.0, |it| unseen(it.fresh, it.test_accuracy));
    format!(
        "Minefield: {} + {} bad minima (fixed + redrawn poison) along a good run that ends at {} on \
         fresh points; they reach {} at most.",
        count(false),
        count(true),
        percent(last),
        percent(worst.fold(0.0, f64::max))
    )
}

fn closing_table(minima: &[Minimum], volumes: &[VolumeRecord], excess: &[VolumeRecord]) -> String {
    let rows: Vec<Vec<String>> = minima
        .iter()
        .zip(volumes)
        .zip(excess)
        .map(|((Minimum { record, .. }, volume), excess)| {
            let [low, high] = volume.radius_median_ci;
            vec![
                record.name.clone(),
                percent(record.train_accuracy),
                percent(record.test_accuracy),
                fresh_cell(record),
                format!("{:.1e}", record.train_loss),
                format!("{:.4}", volume.radius_median),
                format!("{low:.4}–{high:.4}"),
                format!("{:.4}", excess.radius_median),
                format!("{:.0}", volume.log10_volume),
                format!("{:.1}", volume.ess),
                format!("{:.1}", volume.evaluations_per_ray),
            ]
        })
        .collect();
    let heading = [
        "minimum",
        "train",
        "test",
        FRESH_HEADING,
        "train loss",
        "median radius",
        "95 % interval",
        "from own loss",
        "log10 volume*",
        "ESS",
        "evals/ray",
    ];
    table(&heading, &rows)
}
