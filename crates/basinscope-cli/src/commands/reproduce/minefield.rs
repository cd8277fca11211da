//! Figure 1: bad minima next to every iterate of a good training run.

mod verdicts;

use super::basins::{self, Surfaces};
use super::embedding::embed;
use super::recipe::{self, Preset};
use super::{Bench, Experiment};
use crate::commands::descent::on_fresh_points;
use crate::commands::train::RunConfig;
use crate::console::{Console, Interrupted};
use crate::data_args::{DataConfig, Points};
use crate::lab;
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::Error;
use basinscope::data::Split;
use basinscope::embed::{layer_distances, weights_only};
use basinscope::net::{Net, NetSurface};
use basinscope::record::{
    Array, BadMinimumRecord, Distance, IterateRecord, MinefieldRecord, MinimumRecord, RunDir,
};
use basinscope::surface::ParameterLayout;
use basinscope::train::{Observer, StopReason, TrainConfig, TrainState, train};
use basinscope_report::figure::{self, Figure, FigureError, Theme};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::ops::ControlFlow;

/// The paper's Figure 1.
pub struct Minefield;

/// What its recipe holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The points.
    pub data: Points,
    /// The net, without batch norm: an iterate is its parameters alone.
    pub net: NetConfig,
    /// The good run; an iterate is kept each epoch.
    pub good: TrainConfig,
    /// Epochs between two iterates that are shown.
    pub shown_every: usize,
    /// How a bad minimum with fixed poison is reached from an iterate.
    pub fixed: Bad,
    /// The same with poison redrawn at each step, where there is a generator to draw from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub redrawn: Option<Bad>,
    /// Trainings at most for one bad minimum, each from the next iterate and another seed.
    pub attempts: usize,
    /// The good run is to classify this share of unseen points correctly.
    #[serde(default = "good_above")]
    pub good_above: f64,
    /// A bad minimum classifies less than this share of unseen points correctly.
    pub test_below: f64,
    /// Principal components that t-SNE sees.
    pub components: usize,
    /// Perplexities of t-SNE; those too large for the number of points are lowered to what it
    /// allows.
    pub perplexities: Vec<f64>,
    /// Gradient steps of t-SNE.
    pub epochs: usize,
    /// How the basins of iterates and bad minima are measured.
    #[serde(default)]
    pub basin: basins::Settings,
}

/// The paper's 98.5 %, nearly.
fn good_above() -> f64 {
    0.98
}

/// One kind of bad minimum.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bad {
    /// Epochs between two iterates from which one is reached.
    pub every: usize,
    /// The descent.
    pub train: TrainConfig,
}

impl Experiment for Minefield {
    type Settings = Settings;
    const TITLE: &'static str = "The minefield: bad minima all along a good run";
    const RECIPE: &'static str = include_str!("../../../../../experiments/fig1.toml");

    fn run(settings: &Settings, bench: &mut Bench) -> Result<()> {
        let record = compute(settings, bench)?;
        for (stem, caption, drawing) in DRAWINGS {
            bench.draw(stem, caption, |theme| drawing(&record, theme))?;
        }
        verdicts::check(settings, &record, bench);
        Ok(())
    }
}

/// Trains, measures and embeds; everything a resumed run need not do again is read again.
pub fn compute(settings: &Settings, bench: &Bench) -> Result<MinefieldRecord> {
    let data = settings.data.config(bench.seed)?;
    let split = data.load()?;
    let run = GoodRun::new(settings, data, &split, bench)?;
    let (fixed, missed_fixed) = run.bad_minima("fixed", &settings.fixed, &split, bench)?;
    let (redrawn, missed_redrawn) = match &settings.redrawn {
        Some(redrawn) => run.bad_minima("redrawn", redrawn, &split, bench)?,
        None => (Vec::new(), 0),
    };
    let mut minima = vec![run.last.clone()];
    minima.extend(fixed.iter().chain(&redrawn).map(|bad| bad.record.clone()));
    bench.run.write_json("results/minima.json", &minima)?;
    bench.saved("results/minefield.json", || {
        let [train, test] = [&split.train, &split.test].map(|of| run.net.surface(&[], of));
        let (train, test) = (train?, test?);
        let (shown, mut iterates) =
            run.iterates([train.as_ref(), test.as_ref()], [&fixed, &redrawn])?;
        let bad: Vec<_> = (fixed.iter().map(|bad| (bad, false)))
            .chain(redrawn.iter().map(|bad| (bad, true)))
            .collect();
        let on_the_way: Vec<&[f32]> = shown.iter().map(|&epoch| run.theta(epoch)).collect();
        let reached: Vec<&[f32]> = bad.iter().map(|(bad, _)| bad.theta.as_slice()).collect();
        let thetas = on_the_way.iter().chain(&reached).copied();
        let embeddings = embed(settings, &run.layout, thetas, bench)?;
        let surfaces = Surfaces {
            layout: &run.layout,
            train: train.as_ref(),
            test: test.as_ref(),
        };
        let points = [on_the_way.as_slice(), &reached];
        let [on_the_way, reached] = basins::measure(&settings.basin, &surfaces, points, bench)?;
        for (iterate, basin) in iterates.iter_mut().zip(on_the_way) {
            iterate.basin = basin;
        }
        let bad = (bad.into_iter().zip(reached))
            .map(|((bad, redrawn), basin)| {
                let start = run.theta(bad.epoch);
                Ok(BadMinimumRecord {
                    name: bad.record.name.clone(),
                    redrawn,
                    epoch: bad.epoch,
                    train_accuracy: bad.record.train_accuracy,
                    test_accuracy: bad.record.test_accuracy,
                    fresh: bad.record.fresh,
                    travelled: distance(&run.layout, start, &bad.theta, &bad.record.name)?,
                    basin,
                })
            })
            .collect::<Result<_>>()?;
        Ok(MinefieldRecord {
            iterates,
            bad,
            embeddings,
            missed: [missed_fixed, missed_redrawn],
            seed: bench.seed,
            version: basinscope::VERSION.into(),
        })
    })
}

/// The good run with all its iterates.
struct GoodRun<'a> {
    settings: &'a Settings,
    data: DataConfig,
    net: Box<dyn Net>,
    layout: ParameterLayout,
    /// θ after each epoch from 1 on, one after the other.
    thetas: Vec<f32>,
    last: MinimumRecord,
}

/// A bad minimum and where it was reached from.
struct BadMinimum {
    record: MinimumRecord,
    theta: Vec<f32>,
    epoch: usize,
}

/// Keeps θ at the end of each epoch, and listens for Ctrl-C.
struct Keep<'a> {
    thetas: Vec<f32>,
    bench: &'a Bench<'a>,
    bar: indicatif::ProgressBar,
}

impl Observer for Keep<'_> {
    fn step(&mut self, state: &TrainState) -> ControlFlow<()> {
        self.bar.set_position(state.step as u64);
        match self.bench.console.is_interrupted() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn checkpoint(&mut self, _epoch: usize, state: &TrainState) -> basinscope::Result<()> {
        self.thetas.extend_from_slice(&state.theta);
        Ok(())
    }
}

impl<'a> GoodRun<'a> {
    fn new(settings: &'a Settings, data: DataConfig, split: &Split, bench: &Bench) -> Result<Self> {
        let redrawn_every = settings.redrawn.as_ref().map_or(1, |bad| bad.every);
        for (field, every) in [
            ("shown_every", settings.shown_every),
            ("fixed.every", settings.fixed.every),
            ("redrawn.every", redrawn_every),
            ("attempts", settings.attempts),
        ] {
            if every == 0 {
                return Err(Error::setting(field, "at least 1", 0).into());
            }
        }
        let built = settings.net.build()?;
        let net = built.as_ref();
        if !net.buffer_layout().is_empty() {
            let expected = "one without batch norm (lenet5, mlp-…): an iterate is its parameters";
            return Err(Error::setting("net of the minefield", expected, net.describe()).into());
        }
        let config = RunConfig {
            version: basinscope::VERSION.into(),
            name: "last-iterate".into(),
            data: data.clone(),
            net: settings.net.clone(),
            train: TrainConfig {
                seed: bench.seed,
                checkpoint_every: Some(1),
                ..settings.good.clone()
            },
            start: None,
        };
        let (saved_record, saved_thetas) = ("checkpoints/last-iterate.json", "results/run.npz");
        let read = || -> Option<(MinimumRecord, Vec<f32>)> {
            let record: MinimumRecord = bench.run.read_json(saved_record).ok()?;
            bench.run.read_minimum(&record.file).ok()?;
            let arrays = bench.run.read_arrays(saved_thetas, &["theta"]).ok()?;
            let thetas = arrays[0].values.iter().map(|&w| w as f32).collect();
            Some((record, thetas))
        };
        let (last, thetas) = match read() {
            Some(found) => found,
            None => {
                lab::write_points(&bench.run, &data, split, bench.console)?;
                let bar = bench.console.bar("good run", config.train.steps as u64);
                let thetas = Vec::new();
                let mut keep = Keep { thetas, bench, bar };
                let generator = config.data.source.generator();
                let minimum = train(net, split, generator, &config.train, None, &mut keep)?;
                if minimum.stopped == StopReason::Interrupted {
                    return Err(Interrupted::Saved.into());
                }
                keep.bar.finish();
                let metadata = [("config", json!(config))];
                let file =
                    bench
                        .run
                        .write_minimum(&config.name, net, &minimum.theta, &[], &metadata)?;
                let record = MinimumRecord {
                    fresh: on_fresh_points(&data, net, &minimum.theta, &[])?,
                    ..minimum.record(&config.name, &file, net, &config.train, json!(config))
                };
                let shape = [keep.thetas.len() / net.num_params(), net.num_params()];
                let arrays = [Array::new("theta", &shape, &keep.thetas)];
                bench.run.write_arrays(saved_thetas, &arrays)?;
                bench.run.write_json(saved_record, &record)?;
                (record, keep.thetas)
            }
        };
        Ok(Self {
            settings,
            data,
            layout: net.layout(),
            net: built,
            thetas,
            last,
        })
    }

    fn epochs(&self) -> usize {
        self.thetas.len() / self.layout.num_params()
    }

    /// θ after `epoch` epochs, from 1 to the last.
    fn theta(&self, epoch: usize) -> &[f32] {
        let dim = self.layout.num_params();
        let row = epoch.clamp(1, self.epochs()) - 1;
        &self.thetas[row * dim..][..dim]
    }

    /// One bad minimum from every so manieth iterate, all trained side by side.
    fn bad_minima(
        &self,
        kind: &str,
        bad: &Bad,
        split: &Split,
        bench: &Bench,
    ) -> Result<(Vec<BadMinimum>, usize)> {
        let settings = self.settings;
        let epochs: Vec<usize> = (1..=self.epochs()).step_by(bad.every).collect();
        let configs: Vec<RunConfig> = (epochs.iter())
            .map(|&epoch| RunConfig {
                version: basinscope::VERSION.into(),
                name: format!("{kind}-{epoch:04}"),
                data: self.data.clone(),
                net: settings.net.clone(),
                train: TrainConfig {
                    seed: bench.seed + epoch as u64,
                    ..bad.train.clone()
                },
                start: Some(format!("the good run after {epoch} epochs")),
            })
            .collect();
        let (records, missed) = bench.train_until(
            &format!("bad minima, {kind}"),
            &configs,
            split,
            // Fixed poison knows no chance: the next attempt begins at the next iterate.
            |index, attempt| Some(self.theta(epochs[index] + attempt).to_vec()),
            settings.attempts,
            |record| is_bad(record, settings.test_below),
        )?;
        let minima = records
            .into_iter()
            .zip(epochs)
            .map(|(record, epoch)| {
                let file = bench.run.read_minimum(&record.file)?;
                let (theta, _) = file.parameters(self.net.as_ref())?;
                Ok(BadMinimum {
                    record,
                    theta,
                    epoch,
                })
            })
            .collect::<Result<_>>()?;
        Ok((minima, missed))
    }

    /// Every shown iterate with its nearest bad minimum of either kind, its basin left out.
    fn iterates(
        &self,
        [train, test]: [&dyn NetSurface; 2],
        bad: [&[BadMinimum]; 2],
    ) -> Result<(Vec<usize>, Vec<IterateRecord>)> {
        let every = self.settings.shown_every;
        let mut shown: Vec<usize> = (1..=self.epochs()).step_by(every).collect();
        if shown.last() != Some(&self.epochs()) {
            shown.push(self.epochs());
        }
        let last = self.theta(self.epochs());
        let records = shown
            .par_iter()
            .map(|&epoch| {
                let theta = self.theta(epoch);
                let (on_train, on_test) = (train.evaluate(theta), test.evaluate(theta));
                let nearest = |bad: &[BadMinimum]| -> Result<Option<Distance>> {
                    let mut nearest: Option<Distance> = None;
                    for minimum in bad {
                        let name = &minimum.record.name;
                        let found = distance(&self.layout, theta, &minimum.theta, name)?;
                        if (nearest.as_ref()).is_none_or(|best| found.distance < best.distance) {
                            nearest = Some(found);
                        }
                    }
                    Ok(nearest)
                };
                let weights = weights_only(&self.layout, theta)?;
                Ok(IterateRecord {
                    epoch,
                    train_loss: on_train.loss.min(f64::MAX),
                    train_accuracy: on_train.accuracy,
                    test_accuracy: on_test.accuracy,
                    fresh: on_fresh_points(&self.data, self.net.as_ref(), theta, &[])?,
                    norm: weights.iter().map(|w| w * w).sum::<f64>().sqrt(),
                    nearest_fixed: nearest(bad[0])?,
                    nearest_redrawn: nearest(bad[1])?,
                    to_last: distance(&self.layout, theta, last, &self.last.name)?,
                    basin: None,
                })
            })
            .collect::<Result<_>>()?;
        Ok((shown, records))
    }
}

fn is_bad(record: &MinimumRecord, test_below: f64) -> bool {
    record.train_accuracy == 1.0 && record.judged_accuracy() < test_below
}

/// Distance of `theta` from an iterate, over all weights and layer by layer.
fn distance(
    layout: &ParameterLayout,
    iterate: &[f32],
    theta: &[f32],
    name: &str,
) -> Result<Distance> {
    let layers = layer_distances(layout, iterate, theta)?;
    let root = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let distance = root(&mut layers.iter().map(|layer| layer.distance));
    let norm = root(&mut layers.iter().map(|layer| layer.norm));
    Ok(Distance {
        minimum: name.into(),
        distance,
        relative: distance / norm,
        layers: (layers.iter().map(|layer| layer.distance / layer.norm)).collect(),
    })
}

/// A picture: its stem, what it shows, and who draws it.
type Drawing = (
    &'static str,
    &'static str,
    fn(&MinefieldRecord, Theme) -> Result<Figure, FigureError>,
);

/// The pictures of a minefield.
const DRAWINGS: [Drawing; 3] = [
    (
        "minefield",
        "Every point is a net: the iterates of one good run, from light to dark red by epoch, the \
         last one a star, and bad minima in blues by test accuracy, all with 100 % on the training \
         points. t-SNE of the weights.",
        figure::minefield,
    ),
    (
        "minefield-embeddings",
        "The same points by PCA and by t-SNE with other perplexities.",
        figure::minefield_embeddings,
    ),
    (
        "minefield-distances",
        "How far the nearest bad minimum is from each iterate, in norms of its weights: over all \
         layers beside the iterate's own way to the last one, and layer by layer.",
        figure::minefield_distances,
    ),
];

/// The quick minefield as a part of another run: trained in a folder of its own, its record and
/// pictures beside that run's others.
pub fn as_part_of(run: &RunDir, console: &Console, seed: u64) -> Result<MinefieldRecord> {
    let source = std::path::Path::new("experiments/fig1.toml");
    let settings: Settings = recipe::load(source, Minefield::RECIPE, Preset::Quick)?;
    let field = RunDir::create(run.path("minefield"))?;
    let record = compute(&settings, &Bench::new(field, console, Preset::Quick, seed))?;
    run.write_json("results/minefield.json", &record)?;
    for (stem, _, drawing) in DRAWINGS {
        lab::draw(run, stem, |theme| drawing(&record, theme))?;
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_from_before_there_were_basins_still_read() {
        let source = std::path::Path::new("experiments/fig1.toml");
        let new: Settings = recipe::load(source, Minefield::RECIPE, Preset::Quick).unwrap();
        assert!(new.basin.local.is_some());
        let mut table = toml::Table::try_from(&new).unwrap();
        assert!(table.remove("basin").is_some());
        let old: Settings = table.try_into().unwrap();
        assert_eq!((old.basin.cutoff, old.basin.directions), (0.1, 100));
        assert!(old.basin.local.is_none());
    }
}
