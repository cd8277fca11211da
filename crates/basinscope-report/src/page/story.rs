//! The records of a run, and which minima the story calls good and bad.

use super::comparison::{self, Size};
use super::{FITTED_TRAIN_ACCURACY, PageError, STORY_TEST_DIFFERENCE};
use crate::figure::{leading_local, leading_volumes};
use basinscope::record::{
    BoundaryRecord, LineRecord, LocalVolumeRecord, MinefieldRecord, MinimumRecord, RunDir,
    SpectrumRecord, SurfaceRecord, VolumeRecord,
};
use std::fs;

/// Everything the page tells of.
pub(super) struct Story {
    /// By test accuracy, best first.
    pub(super) minima: Vec<MinimumRecord>,
    pub(super) volumes: Vec<VolumeRecord>,
    pub(super) local: Vec<LocalVolumeRecord>,
    pub(super) slices: Vec<LineRecord>,
    pub(super) between: Option<LineRecord>,
    pub(super) boundaries: Vec<BoundaryRecord>,
    pub(super) surfaces: Vec<SurfaceRecord>,
    pub(super) spectra: Vec<SpectrumRecord>,
    pub(super) minefield: Option<MinefieldRecord>,
    /// `config.toml` as it stands.
    pub(super) config: Option<String>,
    /// How much larger the good basin is than the bad, the best measure first.
    pub(super) sizes: Vec<Size>,
}

/// The two minima that the comparison is about.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) good: &'a MinimumRecord,
    pub(super) bad: &'a MinimumRecord,
}

impl Story {
    pub(super) fn read(run: &RunDir) -> Result<Self, PageError> {
        let mut minima: Vec<MinimumRecord> = run.read_json("results/minima.json")?;
        if minima.is_empty() {
            let path = run.path("results/minima.json");
            return Err(PageError::NoMinima { path });
        }
        minima.sort_by(|a, b| b.test_accuracy.total_cmp(&a.test_accuracy));
        let config = run.path("config.toml");
        let mut story = Self {
            minima,
            volumes: list(run, "results/volumes.json")?,
            local: list(run, "results/local-volumes.json")?,
            slices: list(run, "results/slices.json")?,
            between: one(run, "results/between.json")?,
            minefield: one(run, "results/minefield.json")?,
            boundaries: list(run, "results/boundaries.json")?,
            surfaces: list(run, "results/surfaces.json")?,
            spectra: list(run, "results/spectra.json")?,
            config: if config.is_file() {
                Some(fs::read_to_string(&config).map_err(PageError::io(&config, "read"))?)
            } else {
                None
            },
            sizes: Vec::new(),
        };
        story.sizes = comparison::sizes(&story);
        Ok(story)
    }

    /// The best and the worst on test among those that fit the training points, where they
    /// differ enough to be called good and bad.
    pub(super) fn pair(&self) -> Option<Pair<'_>> {
        let mut fitted = self.fitted();
        let good = fitted.next()?;
        let bad = fitted.next_back()?;
        (good.test_accuracy - bad.test_accuracy >= STORY_TEST_DIFFERENCE)
            .then_some(Pair { good, bad })
    }

    /// The minima that fit the training points, best on test first.
    pub(super) fn fitted(&self) -> impl DoubleEndedIterator<Item = &MinimumRecord> {
        self.minima
            .iter()
            .filter(|minimum| minimum.train_accuracy >= FITTED_TRAIN_ACCURACY)
    }

    /// The best minimum on test, whether it fits or not.
    pub(super) fn best(&self) -> &MinimumRecord {
        self.fitted().next().unwrap_or(&self.minima[0])
    }

    /// How many training points there are, where a record tells.
    pub(super) fn train_points(&self) -> Option<usize> {
        self.boundaries
            .first()
            .map(|boundary| boundary.points.len())
    }

    /// The paper's volumes that the page tells of, best minimum on test first.
    pub(super) fn main_volumes(&self) -> Vec<VolumeRecord> {
        let mut group = leading_volumes(&self.volumes);
        group.sort_by(|a, b| b.test_accuracy.total_cmp(&a.test_accuracy));
        group
    }

    /// The local volumes that the page tells of, by whatever method.
    pub(super) fn main_local(&self) -> Vec<LocalVolumeRecord> {
        leading_local(&self.local)
    }

    /// Cutoff on the mean train loss: that of the volumes, else the paper's 0.1 nats.
    pub(super) fn cutoff(&self) -> f64 {
        self.main_volumes()
            .first()
            .map_or(0.1, |volume| volume.cutoff)
    }
}

fn list<T: serde::de::DeserializeOwned>(run: &RunDir, file: &str) -> Result<Vec<T>, PageError> {
    if run.has(file) {
        Ok(run.read_json(file)?)
    } else {
        Ok(Vec::new())
    }
}

fn one<T: serde::de::DeserializeOwned>(run: &RunDir, file: &str) -> Result<Option<T>, PageError> {
    match run.has(file) {
        true => Ok(Some(run.read_json(file)?)),
        false => Ok(None),
    }
}
