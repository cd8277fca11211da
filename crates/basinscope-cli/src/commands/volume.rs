//! `basinscope volume`: how much room a basin has.

use crate::commands::local_table::local_table;
use crate::commands::local_volume::{self, CutoffOn};
use crate::console::{Console, table};
use crate::lab::{Lab, Minimum, RunArgs};
use crate::on_bar::OnBar;
use anyhow::{Context, Result};
use basinscope::Error;
use basinscope::basin::{DEFAULT_CUTOFF, DEFAULT_DIRECTIONS, RadialSettings, Search};
use basinscope::direction::Normalization;
use basinscope::record::VolumeRecord;
use basinscope_report::figure;
use clap::ValueEnum;

/// How the volume of a basin is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// ln P_σ by subset simulation
    Subsim,
    /// ln P_σ by local tempered annealing, the reference
    Lta,
    /// The paper's: radii along random rays
    Radial,
}

/// Options of `volume`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope volume runs/bad
  basinscope volume runs/bad --method lta --sigma .003,.006,.01
  basinscope volume runs/bad --cutoff-on accuracy --cutoff .99
  basinscope volume runs/bad --cutoff-on excess     # from the minimum's own loss, not from 0
  basinscope volume runs/bad --method radial --directions 3000 --normalization filter

P_σ is the chance that a Gaussian step of width σ from the minimum stays in the basin; ln P over σ is
the local volume, right in any number of dimensions. radial is the paper's volume: its effective
sample size (ESS) tells how many rays it rests on; where that is a handful, it is a lower bound and
the median radius is the number to compare. docs/guide/volume.md explains all three.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,

    /// How the volume is estimated
    #[arg(long, value_enum, default_value_t = Method::Subsim)]
    method: Method,

    /// Cutoff: on the mean train loss in nats, or as --cutoff-on says [default: 0.1; accuracy 0.99; predictions 0.1]
    #[arg(long, allow_negative_numbers = true)]
    cutoff: Option<f64>,

    /// What the cutoff is on
    #[arg(long, value_enum, default_value_t = CutoffOn::Loss)]
    cutoff_on: CutoffOn,

    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Measure the basins of so many training points, drawn at random; tells what that costs
    #[arg(long, value_name = "N")]
    subset: Option<usize>,

    #[command(flatten)]
    local: LocalArgs,

    #[command(flatten)]
    radial: RadialArgs,
}

/// Options of the local volumes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Local volumes (subsim and lta)")]
struct LocalArgs {
    /// Widths of the Gaussian [default: four a decade from where nearly every step stays inside]
    #[arg(
        long,
        value_name = "S,S,…",
        value_delimiter = ',',
        allow_negative_numbers = true
    )]
    sigma: Vec<f64>,

    /// Widths in units of the minimum's root mean square parameter
    #[arg(
        long,
        value_name = "S,S,…",
        value_delimiter = ',',
        allow_negative_numbers = true
    )]
    relative_sigma: Vec<f64>,

    /// Stiffest Hessian directions that make the metric; 0 for none
    #[arg(long, value_name = "K", default_value_t = local_volume::STIFF)]
    stiff: usize,

    /// Samples at each width whose straight way home and test accuracy are looked at [default: all
    /// that are kept, 50 of each walk; rounded up to as many of each]
    #[arg(long, value_name = "N")]
    samples: Option<usize>,

    /// subsim: walkers of a replicate [default: 200]
    #[arg(long, value_name = "P")]
    particles: Option<usize>,

    /// subsim: moves of each walker at a level, to begin with [default: 10]
    #[arg(long, value_name = "M")]
    moves: Option<usize>,

    /// subsim: times the moves are doubled at most [default: 2]
    #[arg(long, value_name = "N")]
    doublings: Option<usize>,

    /// subsim: independent repetitions [default: 4]
    #[arg(long, value_name = "N")]
    replicates: Option<usize>,

    /// lta: chains [default: 16]
    #[arg(long, value_name = "N")]
    chains: Option<usize>,

    /// lta: trajectories counted at a level [default: 8]
    #[arg(long, value_name = "N")]
    trajectories: Option<usize>,

    /// lta: distance of two levels in ln σ [default: 0.05]
    #[arg(long, value_name = "D", allow_negative_numbers = true)]
    spacing: Option<f64>,
}

/// Options of the paper mode.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Paper mode (radial)")]
struct RadialArgs {
    /// Number of rays [default: 1000]
    #[arg(long)]
    directions: Option<usize>,

    /// none (isotropic) or filter (weights in units of their filter's norm, biases fixed) [default: none]
    #[arg(long, value_name = "HOW")]
    normalization: Option<String>,

    /// Radius beyond which a ray is censored [default: a hundred norms of θ]
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    radius_cap: Option<f64>,

    /// Walk each ray in 2 % steps instead of searching the root (slow; for checks)
    #[arg(long)]
    scan: bool,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    args.check()?;
    let mut lab = args.run.open(console)?;
    if let Some(count) = args.subset {
        console.say(lab.thin_out(count, args.seed)?);
    }
    let minima = lab.select(&args.run.minimum)?;
    let method = match args.method {
        Method::Subsim => local_volume::Method::Subsim,
        Method::Lta => local_volume::Method::Lta,
        Method::Radial => {
            let records = compute(&lab, &minima, &args.radial_settings()?, console)?;
            console.say(volumes_table(&records));
            return lab.finish("volume", records, console);
        }
    };
    let records = local_volume::compute(&lab, &minima, &args.local_settings(method), console)?;
    console.say(local_table(&records));
    lab.finish("volume", records, console)
}

impl Args {
    /// Refuses options of another method than the one asked for.
    fn check(&self) -> Result<()> {
        let (local, radial) = (&self.local, &self.radial);
        let subsim = [
            ("particles", local.particles.is_some()),
            ("moves", local.moves.is_some()),
            ("doublings", local.doublings.is_some()),
            ("replicates", local.replicates.is_some()),
        ];
        let lta = [
            ("chains", local.chains.is_some()),
            ("trajectories", local.trajectories.is_some()),
            ("spacing", local.spacing.is_some()),
        ];
        let either = [
            ("sigma", !local.sigma.is_empty()),
            ("relative-sigma", !local.relative_sigma.is_empty()),
            ("samples", local.samples.is_some()),
            ("cutoff-on", !self.cutoff_on.is_of_loss()),
        ];
        let rays = [
            ("directions", radial.directions.is_some()),
            ("normalization", radial.normalization.is_some()),
            ("radius-cap", radial.radius_cap.is_some()),
            ("scan", radial.scan),
        ];
        let strangers: Vec<(&str, bool)> = match self.method {
            Method::Subsim => [&lta[..], &rays].concat(),
            Method::Lta => [&subsim[..], &rays].concat(),
            Method::Radial => [&subsim[..], &lta, &either].concat(),
        };
        if let Some((option, _)) = strangers.iter().find(|(_, given)| *given) {
            let of = |options: &[(&str, bool)]| options.iter().any(|(name, _)| name == option);
            let expected = match () {
                () if of(&rays) => "--method radial",
                () if of(&lta) => "--method lta",
                () if of(&subsim) => "--method subsim",
                () => "--method subsim or lta",
            };
            let found = format!("--{option} with another method");
            return Err(Error::setting(*option, expected, found).into());
        }
        Ok(())
    }

    fn radial_settings(&self) -> Result<RadialSettings> {
        let radial = &self.radial;
        let normalization = radial.normalization.as_deref().unwrap_or("none");
        Ok(RadialSettings {
            cutoff: self.cutoff.unwrap_or(DEFAULT_CUTOFF),
            above_minimum: self.cutoff_on == CutoffOn::Excess,
            directions: radial.directions.unwrap_or(DEFAULT_DIRECTIONS),
            normalization: Normalization::from_name(normalization)?,
            radius_cap: radial.radius_cap,
            search: match radial.scan {
                true => Search::Scan,
                false => Search::Secant,
            },
            seed: self.seed,
            ..RadialSettings::default()
        })
    }

    fn local_settings(&self, method: local_volume::Method) -> local_volume::Settings {
        let local = &self.local;
        let mut settings =
            local_volume::Settings::new(method, self.cutoff_on, self.cutoff, self.seed);
        settings.sigma.clone_from(&local.sigma);
        settings.relative_sigma.clone_from(&local.relative_sigma);
        settings.stiff = local.stiff;
        settings.samples = local.samples;
        let subsim = &mut settings.subsim;
        subsim.particles = local.particles.unwrap_or(subsim.particles);
        subsim.moves = local.moves.unwrap_or(subsim.moves);
        subsim.doublings = local.doublings.unwrap_or(subsim.doublings);
        subsim.replicates = local.replicates.unwrap_or(subsim.replicates);
        let lta = &mut settings.lta;
        lta.chains = local.chains.unwrap_or(lta.chains);
        lta.trajectories = local.trajectories.unwrap_or(lta.trajectories);
        lta.spacing = local.spacing.unwrap_or(lta.spacing);
        settings
    }
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
    for minimum in minima {
        console.check()?;
        let watch = OnBar { console, bar: &bar };
        let layout = minimum.net.layout();
        let found = radial.run(&minimum.train, &layout, &minimum.theta, &watch)?;
        let record = &minimum.record;
        let measured = found.into_record(
            &record.name,
            record.test_accuracy,
            record.generalization_gap,
        );
        records.push(VolumeRecord {
            config: lab.config(&measured.config)?,
            ..measured
        });
    }
    let key = |record: &VolumeRecord| {
        (
            record.minimum.clone(),
            format!(
                "{} {} {}",
                record.method, record.normalization, record.region
            ),
        )
    };
    let all = lab.merge("results/volumes.json", records.clone(), key)?;
    // One picture compares like with like; the setting that leads has the plain names, so that the
    // page's text and its pictures are of one setting.
    let lead = figure::leading_volumes(&all);
    draw(lab, &lead)?;
    if !records.iter().any(|record| lead.contains(record)) {
        let same = |record: &VolumeRecord| {
            (&record.normalization, record.cutoff, &record.region)
                == (
                    &records[0].normalization,
                    settings.cutoff,
                    &records[0].region,
                )
        };
        let alike: Vec<VolumeRecord> = all.into_iter().filter(same).collect();
        let name = format!("{}-{}", records[0].normalization, records[0].region);
        lab.draw(&format!("radii-{name}"), |theme| {
            figure::radii(&alike, theme)
        })?;
        lab.draw(&format!("volume-gap-{name}"), |theme| {
            figure::volume_gap(&alike, theme)
        })?;
    }
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
                record
                    .start_loss
                    .map_or("–".into(), |loss| format!("{loss:.1e}")),
                format!("{:.4}", record.radius_median),
                format!("{low:.4}–{high:.4}"),
                format!("{:.0}", record.log10_volume),
                format!("{:.1} of {}", record.ess, record.directions),
                record.censored.to_string(),
                format!("{:.1}", record.evaluations_per_ray),
            ]
        })
        .collect();
    let region = records
        .first()
        .map_or(String::new(), |record| match record.region.as_str() {
            "excess" => format!("radius, own loss + {}", record.cutoff),
            _ => format!("radius, loss {}", record.cutoff),
        });
    let heading = [
        "minimum",
        "gap",
        "own loss",
        &region,
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
