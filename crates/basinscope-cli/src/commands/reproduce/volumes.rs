//! Figure 7 in two dimensions: the volume of the basin against the generalization gap.

use super::{Bench, Experiment};
use crate::commands::train::RunConfig;
use crate::commands::volume;
use crate::data_args::DataConfig;
use crate::lab::{Lab, Minimum};
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::basin::{RadialSettings, RadiusRatio};
use basinscope::rank::rank_correlation;
use basinscope::record::{RankCorrelation, VolumeRecord};
use basinscope::train::{PoisonConfig, PoisonForm, TrainConfig};
use basinscope_report::figure;
use serde::{Deserialize, Serialize};

/// The paper's Figure 7, in two dimensions.
pub struct Volumes;

/// What its recipe holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The points.
    pub data: DataConfig,
    /// The net.
    pub net: NetConfig,
    /// What all descents share.
    pub train: TrainConfig,
    /// The sweep, from no poison to the most.
    pub sweep: Vec<Stop>,
    /// Minima of each stop, each with a seed of its own.
    pub seeds: usize,
    /// Trainings at most for one minimum, each with another seed.
    pub attempts: usize,
    /// Rays for each basin.
    pub rays: usize,
}

/// One stop of the sweep.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Poison points, 0 for none.
    pub points: usize,
    /// Poison factor β.
    #[serde(default)]
    pub factor: f64,
    /// Whether they are drawn anew at each step.
    #[serde(default)]
    pub redrawn: bool,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Optimizer steps.
    pub steps: usize,
}

impl Stop {
    fn name(&self) -> String {
        match (self.points, self.redrawn) {
            (0, _) => "clean".into(),
            (points, false) => format!("fixed-{points}"),
            (_, true) => format!("redrawn-{}k-{}", self.steps / 1_000, self.factor),
        }
    }
}

impl Experiment for Volumes {
    type Settings = Settings;
    const TITLE: &'static str = "Basin volume against generalization gap (swiss roll)";
    const RECIPE: &'static str = include_str!("../../../../../experiments/fig7.toml");

    fn run(settings: &Settings, bench: &mut Bench) -> Result<()> {
        let split = settings.data.load()?;
        let configs = configs(settings, bench.seed);
        let radial = RadialSettings {
            directions: settings.rays,
            seed: bench.seed,
            ..RadialSettings::default()
        };
        let (records, missed) = bench.train_until(
            "minima",
            &configs,
            &split,
            |_, _| None,
            settings.attempts,
            |record| record.train_accuracy == 1.0 && record.train_loss < radial.cutoff,
        )?;
        bench.run.write_json("results/minima.json", &records)?;
        let lab = Lab::open(bench.run.root())?;
        // A minimum above the cutoff has no basin; the sheet counts it as missing.
        let all: Vec<&Minimum> = (lab.minima.iter())
            .filter(|minimum| minimum.record.train_loss < radial.cutoff)
            .collect();
        let volumes = match bench
            .run
            .read_json::<Vec<VolumeRecord>>("results/volumes.json")
        {
            Ok(volumes) => {
                let volumes = figure::leading_volumes(&volumes);
                volume::draw(&lab, &volumes)?;
                volumes
            }
            Err(_) => volume::compute(&lab, &all, &radial, bench.console)?,
        };
        bench.picture(
            "volume-gap",
            "Volume in paper mode and median radius against the generalization gap.",
        );
        bench.picture("radii", "The radii the volumes are made of.");
        let known: Vec<VolumeRecord> = bench.run.read_json("results/volumes.json")?;
        let known: Vec<VolumeRecord> = (known.into_iter())
            .filter(|volume| volume.region == "excess")
            .collect();
        let above = RadialSettings {
            above_minimum: true,
            ..radial
        };
        let excess = match known.len() == all.len() {
            true => known,
            false => volume::compute(&lab, &all, &above, bench.console)?,
        };
        verdicts(settings, &volumes, &lab.minima, missed, bench)?;
        from_own_loss(&volumes, &excess, bench)
    }
}

/// The same radii from each minimum's own loss, as a note: poisoned minima start with a part of the
/// cutoff.
fn from_own_loss(
    volumes: &[VolumeRecord],
    excess: &[VolumeRecord],
    bench: &mut Bench,
) -> Result<()> {
    let gaps: Vec<f64> = excess.iter().map(|v| v.generalization_gap).collect();
    let radii: Vec<f64> = excess.iter().map(|v| v.radius_median).collect();
    let found = rank_correlation(&radii, &gaps, bench.seed)?;
    let by_gap = |a: &&VolumeRecord, b: &&VolumeRecord| {
        a.generalization_gap.total_cmp(&b.generalization_gap)
    };
    let ends = excess
        .iter()
        .min_by(by_gap)
        .zip(excess.iter().max_by(by_gap));
    let Some((best, worst)) = ends else {
        return Ok(());
    };
    let ratio = |records: &[VolumeRecord]| {
        let of = |name: &str| records.iter().find(|volume| volume.minimum == name);
        let (a, b) = of(&best.minimum).zip(of(&worst.minimum))?;
        let found = RadiusRatio::of_medians(&a.radii, &b.radii, bench.seed);
        let [low, high] = found.interval;
        Some(format!("{:.1} ({low:.1} to {high:.1})", found.ratio))
    };
    let starts = excess.iter().filter_map(|volume| volume.start_loss);
    let highest = starts.fold(0.0, f64::max);
    let [low, high] = found.kendall_interval;
    let text = format!(
        "The minima start at losses of up to {highest:.1e} of the cutoff of {}. Measured from each \
         one's own loss up to that much above it, the median radius against the gap has a Kendall's τ \
         of {:.2} ({low:.2} to {high:.2}), and that of {} is {} times that of {}; from a loss of 0, {} \
         times.",
        best.cutoff,
        found.kendall_tau,
        best.minimum,
        ratio(excess).unwrap_or_default(),
        worst.minimum,
        ratio(volumes).unwrap_or_default(),
    );
    bench.note(text);
    Ok(())
}

fn configs(settings: &Settings, seed: u64) -> Vec<RunConfig> {
    let mut configs = Vec::new();
    for stop in &settings.sweep {
        for index in 0..settings.seeds {
            let suffix = match settings.seeds {
                1 => String::new(),
                _ => format!("-{}", index + 1),
            };
            let poison = (stop.points > 0).then_some(PoisonConfig {
                points: stop.points,
                factor: stop.factor,
                form: PoisonForm::Flipped,
                redrawn: stop.redrawn,
                batch: None,
            });
            configs.push(RunConfig {
                version: basinscope::VERSION.into(),
                name: stop.name() + &suffix,
                data: settings.data.clone(),
                net: settings.net.clone(),
                train: TrainConfig {
                    learning_rate: stop.learning_rate,
                    steps: stop.steps,
                    poison,
                    seed: seed + index as u64,
                    ..settings.train.clone()
                },
                start: None,
            });
        }
    }
    configs
}

fn verdicts(
    settings: &Settings,
    volumes: &[VolumeRecord],
    minima: &[Minimum],
    missed: usize,
    bench: &mut Bench,
) -> Result<()> {
    let fit = (minima.iter())
        .filter(|minimum| minimum.record.train_accuracy == 1.0)
        .count();
    bench
        .check(
            "minima, all 100 % on train and below the cutoff",
            "–",
            format!("{fit} of {}", minima.len()),
            "all of ≥ 20",
            fit == minima.len() && volumes.len() == minima.len() && fit >= 20,
        )
        .by_number(fit as f64);
    bench.check(
        "rays for each basin",
        "1,000 to 3,000",
        settings.rays,
        "≥ 3,000",
        settings.rays >= 3_000,
    );
    // Gaps to the accuracy on fresh points: 200 test points order near neighbours by chance.
    let gap_of = |volume: &VolumeRecord| {
        let found = minima.iter().find(|m| m.record.name == volume.minimum);
        found.map_or(volume.generalization_gap, |m| m.record.judged_gap())
    };
    let gaps: Vec<f64> = volumes.iter().map(gap_of).collect();
    let rank = |value: fn(&VolumeRecord) -> f64| -> Result<RankCorrelation> {
        let values: Vec<f64> = volumes.iter().map(value).collect();
        Ok(rank_correlation(&values, &gaps, bench.seed)?)
    };
    let by_volume = rank(|volume| volume.log10_volume)?;
    let by_radius = rank(|volume| volume.radius_median)?;
    bench
        .run
        .write_json("results/ranks.json", &[by_volume, by_radius])?;
    for (what, found) in [
        ("log10 volume (paper mode)", by_volume),
        ("median radius", by_radius),
    ] {
        let [low, high] = found.kendall_interval;
        bench
            .check(
                format!("{what} against gap: Kendall’s τ (95 % interval)"),
                "falls steadily",
                format!("{:.2} ({low:.2} to {high:.2})", found.kendall_tau),
                "interval below −.5",
                high < -0.5,
            )
            .by_number(found.kendall_tau);
    }
    let by_gap = |a: &&VolumeRecord, b: &&VolumeRecord| gap_of(a).total_cmp(&gap_of(b));
    let (best, worst) = (volumes.iter().min_by(by_gap), volumes.iter().max_by(by_gap));
    if let (Some(best), Some(worst)) = (best, worst) {
        let num_params = settings.net.build()?.num_params();
        let decades = best.log10_volume - worst.log10_volume;
        bench
            .check(
                "volume at the smallest gap over that at the largest, decades",
                "over 10,000 (SVHN, n = 269,722)",
                format!(
                    "{decades:.0} ({} over {}, n = {num_params})",
                    best.minimum, worst.minimum
                ),
                "≥ 1,000",
                decades >= 1_000.0,
            )
            .by_number(decades);
        let per_thousand = 1_000.0 / num_params as f64;
        bench.note(format!(
            "That is {:.0} decades for each 1,000 parameters; the paper’s 10,000 are 37.",
            decades * per_thousand
        ));
    }
    let ess = volumes.iter().map(|volume| volume.ess);
    let (low, high) = ess.fold((f64::INFINITY, 0.0_f64), |(low, high), ess| {
        (low.min(ess), high.max(ess))
    });
    bench.note(format!(
        "Effective sample size of these volumes: {low:.2} to {high:.2} of {} rays. Each is n times \
         the logarithm of the luckiest radius seen, a lower bound; the median radius is the number \
         to trust.",
        settings.rays
    ));
    bench.note(format!(
        "Trainings that missed 100 % and were begun again with another seed: {missed}."
    ));
    Ok(())
}
