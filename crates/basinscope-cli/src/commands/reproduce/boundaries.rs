//! Figure 3: two minima of one net that agree on every training point and on little else.

use super::{Bench, Experiment};
use crate::commands::boundary;
use crate::commands::train::RunConfig;
use crate::console::percent;
use crate::data_args::DataConfig;
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::train::TrainConfig;
use serde::{Deserialize, Serialize};

/// The paper's Figure 3.
pub struct Boundaries;

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
    /// Nodes of the boundary along a side.
    pub resolution: usize,
}

impl Experiment for Boundaries {
    type Settings = Settings;
    const TITLE: &'static str = "Boundaries of a good and a bad minimum (swiss roll)";
    const RECIPE: &'static str = include_str!("../../../../../experiments/fig3.toml");

    fn run(settings: &Settings, bench: &mut Bench) -> Result<()> {
        let split = settings.data.load()?;
        let configs = good_and_bad(
            &settings.data,
            &settings.net,
            [&settings.good, &settings.bad],
            bench.seed,
        );
        let lab = bench.train(&configs, &split)?;
        lab.draw_training(bench.console)?;
        let grid = boundary::grid(&lab, settings.resolution)?;
        let all: Vec<_> = lab.minima.iter().collect();
        boundary::compute(&lab, &all, grid, bench.console)?;
        bench.picture(
            "boundaries",
            "Both nets are right about every training point; they differ in what they make of the \
             space between.",
        );
        bench.picture("training", "Loss and accuracy while training.");
        check_pair(bench, &lab.minima);
        Ok(())
    }
}

/// The two runs `good` and `bad` of one net.
pub fn good_and_bad(
    data: &DataConfig,
    net: &NetConfig,
    recipes: [&TrainConfig; 2],
    seed: u64,
) -> Vec<RunConfig> {
    (["good", "bad"].into_iter().zip(recipes))
        .map(|(name, recipe)| RunConfig {
            version: basinscope::VERSION.into(),
            name: name.into(),
            data: data.clone(),
            net: net.clone(),
            train: TrainConfig {
                seed,
                ..recipe.clone()
            },
            start: None,
        })
        .collect()
}

/// The verdicts on a good and a bad minimum: both fit, one generalizes.
pub fn check_pair(bench: &mut Bench, minima: &[crate::lab::Minimum]) {
    for minimum in minima {
        let (train, test) = (minimum.record.train_accuracy, minimum.record.test_accuracy);
        let (published, bar, pass) = match minimum.record.name.as_str() {
            "good" => ("≈ 100 %", "≥ 98 %", test >= 0.98),
            _ => ("7–8 %", "≤ 12 %", test <= 0.12),
        };
        let name = &minimum.record.name;
        bench.check(
            format!("{name} minimum, train accuracy"),
            "100 %",
            percent(train),
            "100 %",
            train == 1.0,
        );
        bench.check(
            format!("{name} minimum, test accuracy"),
            published,
            percent(test),
            bar,
            pass,
        );
    }
}
