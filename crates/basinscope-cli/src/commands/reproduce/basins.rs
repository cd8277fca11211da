//! How large the basins of the minefield are: radii of all, local volumes of a few.

use super::Bench;
use crate::commands::local_curve::{Centre, subsim_curve};
use anyhow::Result;
use basinscope::basin::{
    DEFAULT_CUTOFF, LowLoss, RadialSettings, StiffDirections, SubsimSettings, judge,
};
use basinscope::net::NetSurface;
use basinscope::record::{BasinSummary, LocalVolumePoint};
use basinscope::surface::ParameterLayout;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::f64::consts::LN_10;

/// Rays of each basin, where a recipe does not say.
const DIRECTIONS: usize = 100;

/// How the basins are measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Cutoff on the mean train loss, in nats.
    pub cutoff: f64,
    /// Isotropic rays of each basin.
    pub directions: usize,
    /// Local volumes, dear ones; none where left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub local: Option<Local>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cutoff: DEFAULT_CUTOFF,
            directions: DIRECTIONS,
            local: None,
        }
    }
}

/// Local volumes by subset simulation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Local {
    /// Width of the Gaussian.
    pub sigma: f64,
    /// Iterates measured, spread evenly over those below the cutoff.
    pub iterates: usize,
    /// Bad minima measured, spread evenly over those below the cutoff.
    pub bad: usize,
    /// Stiffest Hessian directions of the metric.
    pub stiff: usize,
    /// Walkers of a replicate.
    pub particles: usize,
    /// Moves of each walker at a level, to begin with.
    pub moves: usize,
    /// Times the moves are doubled at most.
    pub doublings: usize,
    /// Independent repetitions.
    pub replicates: usize,
}

/// The surfaces that all points of a minefield lie on.
pub struct Surfaces<'a> {
    pub layout: &'a ParameterLayout,
    pub train: &'a dyn NetSurface,
    pub test: &'a dyn NetSurface,
}

/// The basins of iterates and of bad minima; `None` for a point above the cutoff.
pub fn measure(
    settings: &Settings,
    surfaces: &Surfaces<'_>,
    points: [&[&[f32]]; 2],
    bench: &Bench,
) -> Result<[Vec<Option<BasinSummary>>; 2]> {
    let [mut iterates, mut bad] = [Vec::new(), Vec::new()];
    for (thetas, basins) in points.into_iter().zip([&mut iterates, &mut bad]) {
        *basins = radii(settings, surfaces, thetas, bench)?;
    }
    if let Some(local) = &settings.local {
        for ((thetas, basins), count) in (points.into_iter())
            .zip([&mut iterates, &mut bad])
            .zip([local.iterates, local.bad])
        {
            let volumes = local.measure(settings.cutoff, surfaces, thetas, basins, count, bench)?;
            for (index, volume) in volumes {
                if let Some(basin) = &mut basins[index] {
                    basin.local = Some(volume);
                }
            }
        }
    }
    Ok([iterates, bad])
}

/// Radii and the paper's volume of each point below the cutoff, all along the same rays.
fn radii(
    settings: &Settings,
    surfaces: &Surfaces<'_>,
    thetas: &[&[f32]],
    bench: &Bench,
) -> Result<Vec<Option<BasinSummary>>> {
    let asked = RadialSettings {
        cutoff: settings.cutoff,
        directions: settings.directions,
        seed: bench.seed,
        ..RadialSettings::default()
    };
    let radial = asked.check()?;
    let bar = bench.console.bar("basins", thetas.len() as u64);
    let basins = (thetas.par_iter())
        .map(|theta| {
            bench.console.check()?;
            bar.inc(1);
            if surfaces.train.loss(theta) > settings.cutoff {
                return Ok(None);
            }
            let found = radial.run(&surfaces.train, surfaces.layout, theta, bench.console)?;
            Ok(Some(BasinSummary {
                cutoff: settings.cutoff,
                directions: settings.directions,
                radius_median: found.median(),
                radius_median_ci: found.quantile_intervals[2],
                log10_volume: found.ln_volume / LN_10,
                ess: found.ess,
                warning: found.warning(),
                local: None,
            }))
        })
        .collect();
    bar.finish();
    basins
}

impl Local {
    /// Local volumes of `count` points that have a basin, spread evenly, each with its place.
    fn measure(
        &self,
        cutoff: f64,
        surfaces: &Surfaces<'_>,
        thetas: &[&[f32]],
        basins: &[Option<BasinSummary>],
        count: usize,
        bench: &Bench,
    ) -> Result<Vec<(usize, LocalVolumePoint)>> {
        let with_basin: Vec<usize> = (0..thetas.len())
            .filter(|&index| basins[index].is_some())
            .collect();
        let chosen = spread(&with_basin, count);
        let subsim = SubsimSettings {
            particles: self.particles,
            moves: self.moves,
            doublings: self.doublings,
            replicates: self.replicates,
            seed: bench.seed,
        };
        let region = LowLoss::new(&surfaces.train, cutoff)?;
        let bar = bench.console.bar("local volumes", chosen.len() as u64);
        let volumes = (chosen.par_iter())
            .map(|&index| {
                bench.console.check()?;
                let theta = thetas[index];
                let stiff = match self.stiff.min(theta.len()) {
                    0 => StiffDirections::none(theta.len()),
                    count => StiffDirections::of(
                        &surfaces.train,
                        theta,
                        count,
                        bench.seed,
                        bench.console,
                    )?,
                };
                let found = subsim.run(&region, theta, &stiff, &[self.sigma], bench.console)?;
                let centre = Centre {
                    theta,
                    train: surfaces.train,
                    test: surfaces.test,
                    samples: usize::MAX,
                };
                let mut curve = subsim_curve(centre, &region, &found, bench.console)?;
                judge(&mut curve, "see volume --method lta");
                bar.inc(1);
                Ok((index, curve.remove(0)))
            })
            .collect();
        bar.finish();
        volumes
    }
}

/// `count` of the entries (all, where there are fewer), one from the middle of each of as many equal parts.
fn spread(entries: &[usize], count: usize) -> Vec<usize> {
    let count = count.min(entries.len());
    (0..count)
        .map(|part| entries[(2 * part + 1) * entries.len() / (2 * count)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_spread_evenly_over_many() {
        let entries: Vec<usize> = (100..110).collect();
        // Parts 100–104 and 105–109, their middles 102 (2.5 rounded down) and 107.
        assert_eq!(spread(&entries, 2), [102, 107]);
        assert_eq!(spread(&entries, 10), entries);
        assert_eq!(spread(&entries, 11), entries);
        assert!(spread(&entries, 0).is_empty() && spread(&[], 3).is_empty());
    }
}
