//! Slices, radii and volumes of image minima, on part of the training pictures.

use crate::commands::local_volume::{self, CutoffOn, Method};
use crate::commands::reproduce::Bench;
use crate::commands::reproduce::slices::perturb;
use crate::commands::volume;
use crate::lab::{Lab, Minimum};
use anyhow::Result;
use basinscope::basin::RadialSettings;
use basinscope::record::VolumeRecord;
use basinscope_report::figure;
use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Training pictures that basins are measured on, drawn at random.
    pub pictures: usize,
    /// Cutoff on their mean loss, in nats.
    pub cutoff: f64,
    /// Isotropic rays of each minimum (the paper's volume).
    pub rays: usize,
    /// Random directions of the slices, filter-normalised.
    pub directions: usize,
    /// Largest step of a slice, c = reach·t².
    pub reach: f64,
    /// Its steps.
    pub steps: usize,
    /// Widths of the Gaussian of the local volumes.
    pub sigma: Vec<f64>,
    /// Stiffest directions of the Hessian that make the metric; 0 for plain moves.
    pub stiff: usize,
    /// Samples at each width that are followed home and judged on test pictures.
    pub samples: usize,
    /// Walkers of a replicate.
    pub particles: usize,
    /// Moves of each walker at a level, to begin with.
    pub moves: usize,
    /// Times the moves are doubled at most.
    pub doublings: usize,
    /// Independent repetitions.
    pub replicates: usize,
}

impl Settings {
    /// Measures, saves and draws.
    pub fn run(&self, lab: &mut Lab, bench: &mut Bench) -> Result<()> {
        let notes = lab.thin_out(self.pictures, bench.seed)?;
        bench.note(notes);
        let all: Vec<&Minimum> = lab.minima.iter().collect();
        let lines = bench.saved("results/perturbations.json", || {
            let bar = bench.console.bar("slices", all.len() as u64);
            let lines = (all.iter())
                .map(|minimum| {
                    bench.console.check()?;
                    bar.inc(1);
                    let steps = (self.reach, self.steps);
                    perturb(steps, self.directions, minimum, bench.seed, bench.console)
                })
                .collect::<Result<Vec<_>>>();
            bar.finish();
            lines
        })?;
        // More bands than three hide one another; the record holds them all.
        let mut shown = lines.clone();
        if let [first, .., last] = &lines[..] {
            shown = vec![first.clone(), lines[lines.len() / 2].clone(), last.clone()];
            shown.dedup_by(|a, b| a.minimum == b.minimum);
        }
        bench.draw(
            "perturbations",
            "Train loss and accuracy at growing distance along random filter-normalised \
             directions, batch norms and biases fixed: the mildest, a middle and the most \
             poisoned minimum.",
            |theme| figure::bands(&shown, theme),
        )?;
        // A minimum above the cutoff has no basin; the sheet counts it as missing.
        let with_basin: Vec<&Minimum> = (lab.minima.iter())
            .filter(|minimum| minimum.train.loss(&minimum.theta) < self.cutoff)
            .collect();
        if with_basin.is_empty() {
            bench.note("No minimum lies under the cutoff: there is no basin to measure.");
            return Ok(());
        }
        let radial = RadialSettings {
            cutoff: self.cutoff,
            directions: self.rays,
            seed: bench.seed,
            ..RadialSettings::default()
        };
        let volumes = match bench
            .run
            .read_json::<Vec<VolumeRecord>>("results/volumes.json")
        {
            Ok(volumes) => {
                volume::draw(lab, &volumes)?;
                volumes
            }
            Err(_) => volume::compute(lab, &with_basin, &radial, bench.console)?,
        };
        bench.picture(
            "volume-gap",
            "Volume in paper mode and median radius against the generalization gap.",
        );
        bench.picture("radii", "The radii the volumes are made of.");
        let mut local = local_volume::Settings::new(
            Method::Subsim,
            CutoffOn::Loss,
            Some(self.cutoff),
            bench.seed,
        );
        local.sigma.clone_from(&self.sigma);
        local.stiff = self.stiff;
        local.samples = Some(self.samples);
        local.subsim.particles = self.particles;
        local.subsim.moves = self.moves;
        local.subsim.doublings = self.doublings;
        local.subsim.replicates = self.replicates;
        let found = local_volume::compute(lab, &with_basin, &local, bench.console)?;
        bench.draw(
            "honest-scatter",
            "The paper’s volume beside the local volume of the same minima.",
            |theme| figure::honest_scatter(&found, &volumes, theme),
        )
    }
}
