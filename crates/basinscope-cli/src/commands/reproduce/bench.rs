//! The bench an experiment stands on: its run directory, its seed, and the sheet it fills.

use super::recipe::Preset;
use crate::commands::descent;
use crate::commands::train::RunConfig;
use crate::console::{Console, percent};
use crate::lab::{self, Lab};
use anyhow::Result;
use basinscope::data::Split;
use basinscope::record::{FreshAccuracy, MinimumRecord, Picture, RunDir, SheetRecord, SheetRow};
use basinscope_report::figure::{Figure, FigureError, Theme};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Display;

/// Accuracy on unseen points in words: on fresh points of the generator with its interval, where
/// there is one, and on the test points.
pub fn told_unseen(fresh: Option<FreshAccuracy>, test: f64) -> String {
    match fresh {
        None => percent(test),
        Some(fresh) => {
            let [low, high] = fresh.interval.map(|end| 100.0 * end);
            format!(
                "{} of fresh points ({low:.1} to {high:.1}), {} of test points",
                percent(fresh.accuracy),
                percent(test)
            )
        }
    }
}

/// Where an experiment works, and what it has found so far.
pub struct Bench<'a> {
    pub run: RunDir,
    pub console: &'a Console,
    pub preset: Preset,
    pub seed: u64,
    rows: Vec<SheetRow>,
    notes: Vec<String>,
    pictures: Vec<Picture>,
}

impl<'a> Bench<'a> {
    pub fn new(run: RunDir, console: &'a Console, preset: Preset, seed: u64) -> Self {
        Self {
            run,
            console,
            preset,
            seed,
            rows: Vec::new(),
            notes: Vec::new(),
            pictures: Vec::new(),
        }
    }

    /// A line of the sheet; the words of `quantity` are the same for every seed.
    pub fn check(
        &mut self,
        quantity: impl Display,
        published: impl Display,
        ours: impl Display,
        bar: impl Display,
        pass: bool,
    ) -> &mut SheetRow {
        self.rows.push(SheetRow {
            quantity: quantity.to_string(),
            published: published.to_string(),
            ours: ours.to_string(),
            bar: bar.to_string(),
            pass,
            value: None,
        });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// Something a reader of the sheet should know.
    pub fn note(&mut self, text: impl Display) {
        self.notes.push(text.to_string());
    }

    /// Draws a picture (SVG light and dark, PNG) and puts it on the sheet.
    pub fn draw(
        &mut self,
        stem: &str,
        caption: impl Display,
        figure: impl Fn(Theme) -> Result<Figure, FigureError>,
    ) -> Result<()> {
        lab::draw(&self.run, stem, figure)?;
        self.picture(stem, caption);
        Ok(())
    }

    /// Puts a picture on the sheet that has been drawn already.
    pub fn picture(&mut self, stem: &str, caption: impl Display) {
        self.pictures.push(Picture {
            stem: stem.to_owned(),
            caption: caption.to_string(),
        });
    }

    /// A result: read again where an interrupted run has it, else computed and saved as JSON.
    pub fn saved<T: Serialize + DeserializeOwned>(
        &self,
        file: &str,
        compute: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.console.check()?;
        if let Ok(found) = self.run.read_json(file) {
            return Ok(found);
        }
        let found = compute()?;
        self.run.write_json(file, &found)?;
        Ok(found)
    }

    /// Keeps the points that all minima share.
    fn write_points(&self, configs: &[RunConfig], split: &Split) -> Result<()> {
        match configs.first() {
            Some(config) => {
                lab::write_points(&self.run, &config.data, split, self.console)?;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Trains the minima of this experiment side by side and opens the run they make; one that is
    /// wrong about a training point is trained again with another seed, `attempts` times in all at
    /// most. Unseen points have no say.
    pub fn train(&mut self, configs: &[RunConfig], split: &Split, attempts: usize) -> Result<Lab> {
        let (records, missed) = self.train_until(
            "minima",
            configs,
            split,
            |_, _| None,
            attempts,
            |record| record.train_accuracy == 1.0,
        )?;
        self.run.write_json("results/minima.json", &records)?;
        self.note(format!(
            "Trainings that missed 100 % of the training points and were begun again with another \
             seed: {missed}."
        ));
        Lab::open(self.run.root())
    }

    /// Trains minima side by side under one bar until `accept` takes each: one that misses is
    /// trained again with another seed, `attempts` times in all at most. `start` gives where the
    /// n-th attempt at a minimum begins, `None` for its initialisation. Returns every last
    /// attempt, and how many were thrown away.
    pub fn train_until(
        &self,
        what: &str,
        configs: &[RunConfig],
        split: &Split,
        start: impl Fn(usize, usize) -> Option<Vec<f32>> + Sync,
        attempts: usize,
        accept: impl Fn(&MinimumRecord) -> bool + Sync,
    ) -> Result<(Vec<MinimumRecord>, usize)> {
        self.write_points(configs, split)?;
        let steps: usize = configs.iter().map(|config| config.train.steps).sum();
        let bar = self.console.bar(what, steps as u64);
        let found = descent::side_by_side(configs, |index| {
            let mut missed = 0;
            loop {
                let theta = start(index, missed);
                let mut config = configs[index].clone();
                if missed > 0 {
                    config.train.seed = config.train.seed.wrapping_add(1_000 * missed as u64);
                    bar.inc_length(config.train.steps as u64);
                }
                let file = format!("checkpoints/{}.{missed}.json", config.name);
                let record = match self.run.read_json::<MinimumRecord>(&file) {
                    Ok(record) if self.run.read_minimum(&record.file).is_ok() => {
                        bar.inc(config.train.steps as u64);
                        record
                    }
                    _ => {
                        let theta = theta.as_deref();
                        let record = descent::train_one(
                            &self.run,
                            &config,
                            split,
                            theta,
                            self.console,
                            &bar,
                        )?;
                        self.run.write_json(&file, &record)?;
                        record
                    }
                };
                if accept(&record) || missed + 1 >= attempts {
                    return Ok((record, missed));
                }
                missed += 1;
            }
        })?;
        bar.finish();
        let missed = found.iter().map(|(_, missed)| missed).sum();
        Ok((
            found.into_iter().map(|(record, _)| record).collect(),
            missed,
        ))
    }

    /// The filled sheet.
    pub fn sheet(self, name: &str, title: &str, config: serde_json::Value) -> SheetRecord {
        SheetRecord {
            experiment: name.into(),
            title: title.into(),
            preset: self.preset.name().into(),
            rows: self.rows,
            notes: self.notes,
            pictures: self.pictures,
            seed: self.seed,
            version: basinscope::VERSION.into(),
            config,
        }
    }
}
