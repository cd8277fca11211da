//! Image nets: minima of a set of pictures from no poison to the most, their slices, radii and
//! volumes (Figures 4, 5 and 7), or nets and optimizers side by side (Figure 2 and Table 1).

mod measure;
mod verdicts;

use super::recipe::lay_over;
use super::{Bench, Experiment};
use crate::commands::train::RunConfig;
use crate::commands::{descent, mistakes};
use crate::data_args::{DataConfig, Source};
use crate::lab::{self, Lab};
use crate::net_args::NetConfig;
use crate::picture_args::{Wish, named_pictures, normalize};
use anyhow::{Context, Result};
use basinscope::Error;
use basinscope::record::MinimumRecord;
use basinscope::train::{LbfgsSettings, PoisonConfig, TrainConfig};
use basinscope_images::graph::{Family, ImageNet};
use basinscope_report::figure;
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::{Table, Value};

/// What a recipe holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A set of the cache folder by name, or a path.
    pub pictures: String,
    /// Pictures in train, test and pool; those left out are as `train` has them.
    #[serde(default)]
    pub sizes: Sizes,
    /// What is taken off each channel, in units of pixels from 0 to 1; with `std`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f32>,
    /// What it is divided by then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub std: Vec<f32>,
    /// The net by name, where a minimum does not say.
    pub net: String,
    /// What all descents share.
    pub train: Table,
    /// The minima, from the mildest to the most poisoned.
    pub minima: Vec<Entry>,
    /// How basins are measured; not at all where left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub measure: Option<measure::Settings>,
    /// What the sheet claims.
    pub claims: verdicts::Claims,
}

/// Sizes of the parts.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sizes {
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<usize>,
}

/// One minimum to reach.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its net, where not that of all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub net: Option<String>,
    /// Its poison.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub poison: Option<PoisonConfig>,
    /// L-BFGS on all pictures at once in place of an optimizer's steps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lbfgs: Option<LbfgsSettings>,
    /// What is laid over the settings of all.
    #[serde(skip_serializing_if = "Table::is_empty", default)]
    pub train: Table,
}

/// MNIST's 10,000 test digits and ResNet-20: the paper's Figures 4, 5 and 7 on data at hand.
pub struct Mnist;

/// SVHN and ResNet-20: the paper's own.
pub struct Svhn;

/// CIFAR-10: the linear model and nets, and the optimizers.
pub struct Cifar10;

macro_rules! experiment {
    ($type:ty, $title:literal, $recipe:literal) => {
        impl Experiment for $type {
            type Settings = Settings;
            const TITLE: &'static str = $title;
            const RECIPE: &'static str =
                include_str!(concat!("../../../../../experiments/", $recipe));

            fn run(settings: &Settings, bench: &mut Bench) -> Result<()> {
                run(settings, bench)
            }
        }
    };
}

experiment!(
    Mnist,
    "Accuracy, slices, radii and volumes of poisoned ResNets (MNIST digits)",
    "mnist.toml"
);
experiment!(
    Svhn,
    "Accuracy, slices, radii and volumes of poisoned ResNets (SVHN)",
    "svhn.toml"
);
experiment!(
    Cifar10,
    "An over-parametrised linear model against nets, and optimizers (CIFAR-10)",
    "cifar10.toml"
);

fn run(settings: &Settings, bench: &mut Bench) -> Result<()> {
    let Sizes { train, test, pool } = settings.sizes;
    let poison = settings
        .minima
        .iter()
        .filter_map(|entry| entry.poison.as_ref());
    let wish = Wish {
        sizes: [train, test, pool],
        normalize: normalize(&settings.mean, &settings.std)?,
        poison: poison.map(|poison| poison.points).max(),
        seed: bench.seed,
    };
    let data = named_pictures(&settings.pictures, &wish)?;
    let split = data.load()?;
    let configs = configs(settings, &data, bench.seed)?;
    for (config, entry) in configs.iter().zip(&settings.minima) {
        let of = || format!("minimum {}", config.name);
        let net = config.net.build()?;
        basinscope::train::check(net.as_ref(), &split, None, &config.train).with_context(of)?;
        if let Some(lbfgs) = &entry.lbfgs {
            lbfgs.check(net.as_ref()).with_context(of)?;
            if config.train.poison.is_some() || config.train.l2 > 0.0 {
                let expected = "no poison and no l2, which descends on the train loss alone";
                return Err(Error::setting("lbfgs", expected, "one of them")).with_context(of);
            }
        }
    }
    lab::write_points(&bench.run, &data, &split, bench.console)?;
    let mut records: Vec<MinimumRecord> = Vec::new();
    // One after the other: each step of an image net is enough work for all threads.
    for (config, entry) in configs.iter().zip(&settings.minima) {
        let bar = bench.console.bar(&config.name, config.train.steps as u64);
        let record = descent::once(&bench.run, config, || match entry.lbfgs {
            Some(lbfgs) => descent::by_lbfgs(&bench.run, config, &lbfgs, &split, bench.console),
            None => descent::train_one(&bench.run, config, &split, None, bench.console, &bar),
        })?;
        bar.finish_with_message(format!(
            "train {}, test {}",
            crate::console::percent(record.train_accuracy),
            crate::console::percent(record.test_accuracy)
        ));
        records.push(record);
        bench.run.write_json("results/minima.json", &records)?;
    }
    let mut lab = Lab::open(Path::new(bench.run.root()))?;
    bench.draw(
        "dial",
        "Train and test accuracy of every minimum, and the poison it was trained on.",
        |theme| figure::dial(&records, theme),
    )?;
    bench.draw("training", "Accuracies while training.", |theme| {
        figure::training(&records, theme)
    })?;
    for stem in mistakes::draw(&lab)? {
        bench.picture(
            &stem,
            "Test pictures a minimum is wrong about, drawn at random.",
        );
    }
    if let Some(measure) = &settings.measure {
        measure.run(&mut lab, bench)?;
    }
    settings.claims.check(settings, &records, bench)
}

fn configs(settings: &Settings, data: &DataConfig, seed: u64) -> Result<Vec<RunConfig>> {
    let Source::Images(pictures) = &data.source else {
        unreachable!("made from pictures")
    };
    (settings.minima.iter())
        .map(|entry| {
            let of = || format!("minimum {}", entry.name);
            let name = entry.net.as_ref().unwrap_or(&settings.net);
            let net = ImageNet {
                family: Family::from_name(name).with_context(of)?,
                input: pictures.shape,
                classes: pictures.classes.len(),
            };
            let mut train = Value::Table(settings.train.clone());
            lay_over(&mut train, Value::Table(entry.train.clone()));
            let train: TrainConfig = train.try_into().with_context(of)?;
            Ok(RunConfig {
                version: basinscope::VERSION.into(),
                name: entry.name.clone(),
                data: data.clone(),
                net: NetConfig::Image(net),
                train: TrainConfig {
                    poison: entry.poison,
                    seed,
                    ..train
                },
                start: None,
            })
        })
        .collect()
}
