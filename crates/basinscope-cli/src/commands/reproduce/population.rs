//! Which measures tell how a minimum generalizes: all of them over a population of minima.

use super::{Bench, Experiment};
use crate::commands::compare::{self, Entry};
use crate::commands::train::RunConfig;
use crate::data_args::DataConfig;
use crate::lab::Lab;
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::record::{CompareRecord, MeasureColumn, RankCorrelation};
use basinscope::train::{PoisonConfig, PoisonForm, TrainConfig};
use basinscope_report::figure;
use serde::{Deserialize, Serialize};

/// A population of minima, and every measure of each.
pub struct Population;

/// What its recipe holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The points.
    pub data: DataConfig,
    /// The nets.
    pub nets: Vec<Net>,
    /// What all descents share.
    pub train: TrainConfig,
    /// What each net is trained with.
    pub sweep: Vec<Stop>,
    /// Minima of each net and stop, each with a seed of its own.
    pub seeds: usize,
    /// Trainings at most for one minimum, each with another seed.
    pub attempts: usize,
    /// Fewest minima that must come of it.
    pub least: usize,
    /// What is measured.
    pub compare: compare::Settings,
}

/// One net.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Net {
    /// Its name in those of its minima.
    pub name: String,
    /// The net.
    pub net: NetConfig,
}

/// One stop of the sweep.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Its name in those of its minima.
    pub name: String,
    /// Poison points, 0 for none.
    #[serde(default)]
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

/// Measures of how much room a minimum has: these have a bar, the others are told.
const ROOM: [&str; 5] = ["radius", "radius_filter", "ln_p", "k", "ln_p_relative"];

/// Measures that a rescaling cannot change, by their formulas.
const INVARIANT: [&str; 7] = [
    "radius_filter",
    "sam_adaptive",
    "noise_relative",
    "spectral_product",
    "path_norm",
    "margin",
    "margin_smallest",
];

/// Measures that a rescaling must change, by theirs.
///
/// ln P at one σ is not among them: it depends on the weights as well, but where a basin is much
/// wider than σ, or much narrower, it may change by less than its interval.
const DEPENDENT: [&str; 6] = ["radius", "top_eigenvalue", "trace", "sam", "noise", "norm"];

impl Experiment for Population {
    type Settings = Settings;
    const TITLE: &'static str = "Which measures tell how a minimum generalizes (swiss roll)";
    const RECIPE: &'static str = include_str!("../../../../../experiments/population.toml");
    const CHANGED: &'static str = "Changed after looking at seeds: ln P at one σ is no longer \
         among the measures that a rescaling must change.";

    fn run(settings: &Settings, bench: &mut Bench) -> Result<()> {
        settings.compare.check()?;
        let split = settings.data.load()?;
        let configs = configs(settings, bench.seed);
        let cutoff = settings.compare.measure.cutoff;
        let (records, missed) = bench.train_until(
            "minima",
            &configs,
            &split,
            |_, _| None,
            settings.attempts,
            |record| record.train_accuracy == 1.0 && record.train_loss < cutoff,
        )?;
        bench.run.write_json("results/minima.json", &records)?;
        let lab = Lab::open(bench.run.root())?;
        let entries: Vec<Entry> = (lab.minima.iter())
            .map(|minimum| Entry {
                run: "population",
                minimum,
                points: &lab.split.train,
            })
            .collect();
        let config = serde_json::to_value(&settings.compare)?;
        let found = compare::compute(
            &bench.run,
            &entries,
            &settings.compare,
            config,
            bench.console,
        )?;
        compare::write(&bench.run, &found)?;
        if !found.correlations.is_empty() {
            bench.draw(
                "compare",
                "Rank correlation of each measure with the generalization gap.",
                |theme| figure::compare(&found, theme),
            )?;
        }
        bench.draw(
            "compare-scatter",
            "Each measure against the generalization gap.",
            |theme| figure::compare_scatter(&found, theme),
        )?;
        verdicts(settings, &found, missed, bench);
        Ok(())
    }
}

fn configs(settings: &Settings, seed: u64) -> Vec<RunConfig> {
    let mut configs = Vec::new();
    for Net { name, net } in &settings.nets {
        for stop in &settings.sweep {
            for index in 0..settings.seeds as u64 {
                let poison = (stop.points > 0).then_some(PoisonConfig {
                    points: stop.points,
                    factor: stop.factor,
                    form: PoisonForm::Flipped,
                    redrawn: stop.redrawn,
                    batch: None,
                });
                configs.push(RunConfig {
                    version: basinscope::VERSION.into(),
                    name: format!("{name}-{}-{}", stop.name, index + 1),
                    data: settings.data.clone(),
                    net: net.clone(),
                    train: TrainConfig {
                        learning_rate: stop.learning_rate,
                        steps: stop.steps,
                        poison,
                        seed: seed + index,
                        ..settings.train.clone()
                    },
                    start: None,
                });
            }
        }
    }
    configs
}

fn verdicts(settings: &Settings, found: &CompareRecord, missed: usize, bench: &mut Bench) {
    let (fit, all) = (
        found.minima.len(),
        found.minima.len() + found.left_out.len(),
    );
    bench
        .check(
            "minima, all 100 % on train and below the cutoff",
            "–",
            format!("{fit} of {all}"),
            format!("all of ≥ {}", settings.least),
            fit == all && fit >= settings.least,
        )
        .by_number(fit as f64);
    for column in &found.columns {
        let Some(rank) = found.correlation(&column.key) else {
            continue;
        };
        let told = told(rank);
        if ROOM.contains(&column.key.as_str()) {
            let [low, high] = rank.kendall_interval;
            let (bar, pass) = match column.expected_sign > 0 {
                true => ("interval above 0", low > 0.0),
                false => ("interval below 0", high < 0.0),
            };
            let what = format!("{} against gap: Kendall’s τ (95 % interval)", column.title);
            (bench.check(what, "–", told, bar, pass)).by_number(rank.kendall_tau);
        } else {
            bench.note(format!("{} against gap: Kendall’s τ {told}.", column.title));
        }
    }
    for (what, keys, bar) in [
        (
            "unchanged when one ReLU layer is rescaled",
            &INVARIANT[..],
            false,
        ),
        (
            "changed when one ReLU layer is rescaled",
            &DEPENDENT[..],
            true,
        ),
    ] {
        let tried = keys
            .iter()
            .filter_map(|key| Some((*key, found.changes(key)?)));
        let (as_asked, others): (Vec<_>, Vec<_>) = tried.partition(|(_, changes)| *changes == bar);
        let names = |keys: &[(&str, bool)]| -> String {
            keys.iter()
                .map(|(key, _)| *key)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let ours = match others.as_slice() {
            [] => names(&as_asked),
            others => format!("not {}", names(others)),
        };
        let expected = format!("all of {}", keys.join(", "));
        bench.check(what, "–", ours, expected, as_asked.len() == keys.len());
    }
    if let Some(changes) = found.changes("ln_p") {
        bench.note(format!(
            "ln P_σ changed by {} than its interval when that layer was rescaled: no bar, since at \
             one σ either can be true.",
            if changes { "more" } else { "less" }
        ));
    }
    for column in &found.columns {
        note_refusals(found, column, bench);
    }
    for note in &found.notes {
        bench.note(note);
    }
    bench.note(format!(
        "Trainings that missed 100 % and were begun again with another seed: {missed}."
    ));
}

fn told(rank: &RankCorrelation) -> String {
    let [low, high] = rank.kendall_interval;
    let minima = rank.minima;
    format!(
        "{:+.2} ({low:+.2} to {high:+.2}; {minima} minima)",
        rank.kendall_tau
    )
}

/// Says how many values of a measure were refused or come with a warning.
fn note_refusals(found: &CompareRecord, column: &MeasureColumn, bench: &mut Bench) {
    let values = || {
        found
            .minima
            .iter()
            .filter_map(|minimum| minimum.values.get(&column.key))
    };
    let refused = values().filter(|value| value.value.is_none()).count();
    let warned = values()
        .filter(|value| value.value.is_some() && !value.note.is_empty())
        .count();
    if refused + warned > 0 {
        bench.note(format!(
            "{}: {refused} values refused, {warned} with a warning, of {}; results/compare.json \
             says why.",
            column.title,
            found.minima.len()
        ));
    }
}
