//! Figure 6: how sharp the minima are, as distances, radii, curvature, and in motion.

use super::boundaries::{CHANGED, check_pair, good_and_bad, once};
use super::{Bench, Experiment};
use crate::commands::animate::{self, Along};
use crate::commands::{eigenvectors, volume};
use crate::data_args::DataConfig;
use crate::lab::{Lab, Minimum};
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::basin::{FlipSettings, RadialSettings};
use basinscope::record::{FlipRecord, VolumeRecord};
use basinscope::train::TrainConfig;
use basinscope::watch::Watch;
use basinscope_report::figure;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The paper's Figure 6.
pub struct Sharpness;

/// What its recipe holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The points.
    pub data: DataConfig,
    /// The net.
    pub net: NetConfig,
    /// How the good minimum is reached.
    pub good: TrainConfig,
    /// How the bad one is.
    pub bad: TrainConfig,
    /// Trainings at most for one minimum, each with another seed, until it fits.
    #[serde(default = "once")]
    pub attempts: usize,
    /// Shares of the training points that must flip.
    pub shares: Vec<f64>,
    /// Random directions along which they are watched.
    pub directions: usize,
    /// Rays along which the radius of the basin is measured.
    pub rays: usize,
    /// Largest step of the animation along a random direction, in norms.
    pub reach: f64,
    /// The same along the top eigenvector, where a little goes a long way.
    pub eigenvector_reach: f64,
    /// Nodes of the animated boundary along a side.
    pub resolution: usize,
}

impl Experiment for Sharpness {
    type Settings = Settings;
    const TITLE: &'static str = "Sharpness: how far each minimum can move (swiss roll)";
    const RECIPE: &'static str = include_str!("../../../../../experiments/fig6.toml");
    const CHANGED: &'static str = CHANGED;

    fn run(settings: &Settings, bench: &mut Bench) -> Result<()> {
        let split = settings.data.load()?;
        let recipes = [&settings.good, &settings.bad];
        let configs = good_and_bad(&settings.data, &settings.net, recipes, bench.seed);
        let lab = bench.train(&configs, &split, settings.attempts)?;
        let all: Vec<&Minimum> = lab.minima.iter().collect();
        check_pair(bench, &lab.minima);

        let flips = bench.saved("results/flips.json", || {
            flips(settings, &all, bench.seed, bench.console)
        })?;
        let radial = RadialSettings {
            directions: settings.rays,
            seed: bench.seed,
            ..RadialSettings::default()
        };
        let volumes = volume::compute(&lab, &all, &radial, bench.console)?;
        bench.draw(
            "sharpness",
            "Radii of the basins along random rays, and the steps at which training points flip.",
            |theme| figure::histograms(&volumes, &flips, theme),
        )?;
        bench.picture("radii", "The radii again, ray by ray.");
        for (along, reach) in [
            (Along::Random, settings.reach),
            (Along::Eigenvector, settings.eigenvector_reach),
        ] {
            let settings = animate::Settings {
                reach,
                resolution: settings.resolution,
                along,
                seed: bench.seed,
            };
            bench.console.check()?;
            if !bench.run.has(format!("figures/{}.gif", along.stem())) {
                animate::compute(&lab, &all, settings, bench.console)?;
            }
        }
        bench.picture(
            "wiggle",
            "Both boundaries as the weights move along a random direction (a still; the GIF moves).",
        );
        bench.picture(
            "wiggle-eigenvector",
            "The same along the direction in which the loss is stiffest.",
        );
        let tops = bench.saved("results/curvature.json", || curvature(&lab, &all, bench))?;
        verdicts(&flips, &volumes, &tops, bench);
        Ok(())
    }
}

/// Distances to the first flips, for each minimum.
fn flips(
    settings: &Settings,
    minima: &[&Minimum],
    seed: u64,
    watch: &dyn Watch,
) -> Result<Vec<FlipRecord>> {
    let asked = FlipSettings {
        shares: settings.shares.clone(),
        directions: settings.directions,
        seed,
        ..FlipSettings::default()
    };
    (minima.iter())
        .map(|minimum| {
            let found = asked.run(&minimum.train, &minimum.net.layout(), &minimum.theta, watch)?;
            Ok(found.into_record(&minimum.record.name, minimum.record.test_accuracy))
        })
        .collect()
}

/// The largest eigenvalue of the Hessian at each minimum.
fn curvature(lab: &Lab, minima: &[&Minimum], bench: &Bench) -> Result<Vec<serde_json::Value>> {
    let found = eigenvectors::compute(lab, minima, bench.seed, bench.console)?;
    let records = found.into_iter().map(|record| {
        json!({
            "minimum": record.minimum,
            "top_eigenvalue": record.eigenvalues[0],
            "residual": record.residuals[0] * record.eigenvalues[0].abs(),
            "by": "Lanczos on exact products with the Hessian",
            "seed": bench.seed,
            "version": basinscope::VERSION,
        })
    });
    Ok(records.collect())
}

fn verdicts(
    flips: &[FlipRecord],
    volumes: &[VolumeRecord],
    tops: &[serde_json::Value],
    bench: &mut Bench,
) {
    if let [good, bad] = flips {
        for (place, share) in good.shares.iter().enumerate() {
            let line = |record: &FlipRecord| {
                let [low, high] = record.intervals[place];
                format!("{:.4} ({low:.4} to {high:.4})", record.medians[place])
            };
            bench
                .check(
                    format!(
                        "step c at which {} % of the train points flip, good over bad",
                        100.0 * share
                    ),
                    "good farther",
                    format!("{} over {}", line(good), line(bad)),
                    "intervals apart",
                    good.intervals[place][0] > bad.intervals[place][1],
                )
                .by_number(good.medians[place] / bad.medians[place]);
        }
    }
    if let [good, bad] = volumes {
        let ratio = good.radius_median / bad.radius_median;
        bench
            .check(
                "median radius of the basin, good over bad",
                "above 1",
                format!(
                    "{:.3}/{:.3} = {ratio:.1}",
                    good.radius_median, bad.radius_median
                ),
                "intervals apart",
                good.radius_median_ci[0] > bad.radius_median_ci[1],
            )
            .by_number(ratio);
    }
    let value = |record: &serde_json::Value| record["top_eigenvalue"].as_f64();
    if let [Some(good), Some(bad)] = tops.iter().map(value).collect::<Vec<_>>().as_slice() {
        bench
            .check(
                "top eigenvalue of the Hessian, bad over good",
                "above 1",
                format!("{bad:.0}/{good:.0} = {:.1}", bad / good),
                "> 1",
                bad > good,
            )
            .by_number(bad / good);
        bench.note(
            "The Hessian is exact where the net is smooth: the jumps of a ReLU net's gradient from \
             one linear piece to the next are not in it.",
        );
    }
}
