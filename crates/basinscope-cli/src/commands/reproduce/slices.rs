//! Figure 5: what random perturbations do to a good and to a bad minimum.

use super::boundaries::{CHANGED, check_pair, good_and_bad, once};
use super::{Bench, Experiment};
use crate::commands::slice;
use crate::console::percent;
use crate::data_args::DataConfig;
use crate::lab::{Lab, Minimum};
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::basin::DEFAULT_CUTOFF;
use basinscope::direction::{Normalization, random_direction};
use basinscope::random;
use basinscope::record::{Axis, LineRecord};
use basinscope::train::TrainConfig;
use basinscope::watch::Watch;
use basinscope_report::figure;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The paper's Figure 5, in two dimensions.
pub struct Slices;

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
    /// Random directions, filter-normalised.
    pub directions: usize,
    /// Steps c of the slices through both sides of the minimum.
    pub through: Axis,
    /// Largest step of the growing perturbation, c = reach·t².
    pub reach: f64,
    /// Number of its steps.
    pub steps: usize,
}

impl Experiment for Slices {
    type Settings = Settings;
    const TITLE: &'static str = "Slices: loss and accuracy under random perturbation (swiss roll)";
    const RECIPE: &'static str = include_str!("../../../../../experiments/fig5.toml");
    const CHANGED: &'static str = CHANGED;

    fn run(settings: &Settings, bench: &mut Bench) -> Result<()> {
        let split = settings.data.load()?;
        let recipes = [&settings.good, &settings.bad];
        let configs = good_and_bad(&settings.data, &settings.net, recipes, bench.seed);
        let lab = bench.train(&configs, &split, settings.attempts)?;
        let all: Vec<&Minimum> = lab.minima.iter().collect();
        let through = slice::Settings {
            c: settings.through,
            directions: settings.directions,
            normalization: Normalization::Filter,
            cutoff: DEFAULT_CUTOFF,
            seed: bench.seed,
        };
        slice::compute(&lab, &all, through, bench.console)?;
        let records = bench.saved("results/perturbations.json", || {
            all.iter()
                .map(|minimum| {
                    let steps = (settings.reach, settings.steps);
                    perturb(
                        steps,
                        settings.directions,
                        minimum,
                        bench.seed,
                        bench.console,
                    )
                })
                .collect::<Result<Vec<_>>>()
        })?;
        bench.draw(
            "perturbations",
            "Train loss and accuracy at growing distance from either minimum.",
            |theme| figure::bands(&records, theme),
        )?;
        bench.picture(
            "slices",
            "The same directions, to both sides of the minimum.",
        );
        verdicts(settings, &lab, &records, bench);
        Ok(())
    }
}

/// Loss and accuracy at growing distance c = reach·t² along every direction.
pub fn perturb(
    (reach, steps): (f64, usize),
    directions: usize,
    minimum: &Minimum,
    seed: u64,
    watch: &dyn Watch,
) -> Result<LineRecord> {
    let last = steps.max(2) - 1;
    let c: Vec<f64> = (0..=last)
        .map(|step| reach * (step as f64 / last as f64).powi(2))
        .collect();
    let layout = minimum.net.layout();
    let along: Vec<Vec<f32>> = (0..directions)
        .map(|index| {
            let rng = &mut random::stream(seed, "perturbations", index as u64);
            random_direction(&layout, &minimum.theta, Normalization::Filter, rng)
        })
        .collect();
    let lines = basinscope::slice::lines(
        &minimum.train,
        Some(&minimum.test),
        &minimum.theta,
        &along,
        &c,
        watch,
    )?;
    Ok(LineRecord {
        minimum: minimum.record.name.clone(),
        towards: None,
        normalization: Normalization::Filter.name().into(),
        test_accuracy: minimum.record.test_accuracy,
        c,
        train_loss: lines.iter().map(|line| line.train_loss.clone()).collect(),
        train_accuracy: (lines.iter().map(|line| line.train_accuracy.clone())).collect(),
        test_accuracy_along: (lines.iter().map(|line| line.test_accuracy.clone())).collect(),
        crossings: Vec::new(),
        seed,
        version: basinscope::VERSION.into(),
        config: json!({ "reach": reach, "directions": directions }),
    })
}

fn verdicts(settings: &Settings, lab: &Lab, records: &[LineRecord], bench: &mut Bench) {
    check_pair(bench, &lab.minima);
    bench.check(
        "directions in each band",
        "1 to 10",
        settings.directions,
        "≥ 100",
        settings.directions >= 100,
    );
    let [good, bad] = records else { return };
    // Where half of the directions have cost the bad minimum a tenth of its training points.
    let median_bad = quantile_row(&bad.train_accuracy, bad.c.len(), 0.5);
    let step = median_bad.iter().position(|&accuracy| accuracy <= 0.9);
    bench.check(
        "first step c at which half the directions took the bad minimum to 90 % of its train points",
        "it falls",
        match step {
            Some(step) => format!("{:.4}", bad.c[step]),
            None => "never within the reach".into(),
        },
        "within the reach",
        step.is_some(),
    );
    let Some(step) = step else { return };
    let still = quantile_row(&good.train_accuracy, good.c.len(), 0.05)[step];
    let row = bench.check(
        "train accuracy of the good minimum there: 5th percentile",
        "stays near 100 %",
        percent(still),
        "≥ 99 %",
        still >= 0.99,
    );
    row.by_share(still);
    let losses =
        |record: &LineRecord, level| quantile_row(&record.train_loss, record.c.len(), level)[step];
    let (high_good, low_bad) = (losses(good, 0.95), losses(bad, 0.05));
    bench
        .check(
            "train loss there, 5th percentile of the bad over 95th of the good",
            "above 1",
            format!("{low_bad:.2e} over {high_good:.2e}"),
            "bands apart",
            high_good < low_bad,
        )
        .by_number(low_bad / high_good);
}

fn quantile_row(rows: &[Vec<f64>], columns: usize, level: f64) -> Vec<f64> {
    (0..columns)
        .map(|column| {
            let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
            values.sort_by(f64::total_cmp);
            let place = level * (values.len() - 1) as f64;
            values[place.round() as usize]
        })
        .collect()
}
