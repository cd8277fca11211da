//! The records of a run, and which minima the story calls good and bad.

use super::{FITTED_TRAIN_ACCURACY, PageError, STORY_TEST_DIFFERENCE};
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
        Ok(Self {
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
        })
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

    /// The volumes of one setting (method, normalization, cutoff): of the settings that hold the
    /// most minima, the first, isotropic before filter-normalised. Best minimum on test first.
    pub(super) fn main_volumes(&self) -> Vec<&VolumeRecord> {
        let same = |a: &VolumeRecord, b: &VolumeRecord| {
            (&a.method, &a.normalization, a.cutoff) == (&b.method, &b.normalization, b.cutoff)
        };
        let rank = |lead: &VolumeRecord| {
            let size = self
                .volumes
                .iter()
                .filter(|other| same(lead, other))
                .count();
            (size, lead.normalization == "none")
        };
        let mut lead: Option<&VolumeRecord> = None;
        for volume in &self.volumes {
            if lead.is_none_or(|lead| rank(volume) > rank(lead)) {
                lead = Some(volume);
            }
        }
        let mut group: Vec<&VolumeRecord> = self
            .volumes
            .iter()
            .filter(|volume| lead.is_some_and(|lead| same(lead, volume)))
            .collect();
        group.sort_by(|a, b| b.test_accuracy.total_cmp(&a.test_accuracy));
        group
    }

    /// The local volumes of one setting (region, cutoff), by whatever method: of the settings that
    /// hold the most records, the first, with the region of low loss before the others.
    pub(super) fn main_local(&self) -> Vec<LocalVolumeRecord> {
        let same = |a: &LocalVolumeRecord, b: &LocalVolumeRecord| {
            (&a.region, a.cutoff) == (&b.region, b.cutoff)
        };
        let alike = |lead: &LocalVolumeRecord| {
            let all = self.local.iter().filter(|other| same(lead, other));
            all.cloned().collect::<Vec<_>>()
        };
        let rank = |lead: &LocalVolumeRecord| (alike(lead).len(), lead.region == "loss");
        let mut lead: Option<&LocalVolumeRecord> = None;
        for record in &self.local {
            if lead.is_none_or(|lead| rank(record) > rank(lead)) {
                lead = Some(record);
            }
        }
        lead.map(alike).unwrap_or_default()
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
