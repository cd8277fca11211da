//! What a sampler found of a local volume, as the points of a record's curve.

use basinscope::Result;
use basinscope::basin::{Annealed, LocalVolume, Region, assess, log10_local_volume, split_r_hat};
use basinscope::net::NetSurface;
use basinscope::record::LocalVolumePoint;
use basinscope::watch::Watch;

/// The point that a local volume is around, and the surfaces it lies on.
#[derive(Clone, Copy)]
pub struct Centre<'a> {
    pub theta: &'a [f32],
    pub train: &'a dyn NetSurface,
    pub test: &'a dyn NetSurface,
    /// Samples at each width that are followed home and judged on test points, rounded up to as
    /// many of each replicate.
    pub samples: usize,
}

impl Centre<'_> {
    /// The first so many rows of samples.
    fn first<'s>(&self, rows: &'s [f32], count: usize) -> &'s [f32] {
        &rows[..rows.len().min(count.saturating_mul(self.theta.len()))]
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The curve of a subset simulation, unjudged.
pub fn subsim_curve(
    centre: Centre<'_>,
    region: &dyn Region,
    found: &LocalVolume,
    watch: &dyn Watch,
) -> Result<Vec<LocalVolumePoint>> {
    let (volumes, intervals) = (found.log10_volume(), found.intervals());
    (0..found.sigma.len())
        .map(|place| {
            let sigma = found.sigma[place];
            // Losses of each replicate's samples are its chain.
            let of_replicates: Vec<&[f32]> = (found.walks.iter())
                .filter_map(|walk| walk.samples.get(place).map(Vec::as_slice))
                .collect();
            let chains: Vec<Vec<f64>> = (of_replicates.iter())
                .map(|samples| losses(centre, samples))
                .collect();
            // As many of each replicate.
            let each = centre.samples.div_ceil(of_replicates.len().max(1));
            let looked_at: Vec<&[f32]> = (of_replicates.iter())
                .map(|samples| centre.first(samples, each))
                .collect();
            let assessed = assess(
                &region,
                &centre.test,
                centre.theta,
                &looked_at.concat(),
                watch,
            )?;
            Ok(LocalVolumePoint {
                sigma,
                ln_p: finite(found.ln_p[place]),
                standard_error: finite(found.standard_error[place]),
                interval: Some(intervals[place]).filter(|i| i.iter().all(|v| v.is_finite())),
                log10_volume: finite(volumes[place]),
                constrained_dimensions: found.constrained_dimensions(sigma).and_then(finite),
                r_hat: (chains.len() > 1)
                    .then(|| split_r_hat(&chains))
                    .and_then(finite),
                ess: Some(found.survivors(sigma) as f64),
                star_share: assessed.map(|a| a.star_share),
                sample_test_accuracy: assessed.map(|a| a.test_accuracy),
                sample_test_accuracy_range: assessed.map(|a| a.test_accuracy_range),
                converged: found.converged[place],
                local: false,
                warning: String::new(),
            })
        })
        .collect()
}

fn losses(centre: Centre<'_>, samples: &[f32]) -> Vec<f64> {
    (samples.chunks_exact(centre.theta.len()))
        .map(|x| {
            let theta: Vec<f32> = centre.theta.iter().zip(x).map(|(t, x)| t + x).collect();
            centre.train.loss(&theta)
        })
        .collect()
}

/// The curve of a local tempered annealing, unjudged.
pub fn lta_curve(
    centre: Centre<'_>,
    region: &dyn Region,
    found: &Annealed,
    watch: &dyn Watch,
) -> Result<Vec<LocalVolumePoint>> {
    (found.points.iter())
        .map(|point| {
            let looked_at = centre.first(&point.samples, centre.samples);
            let assessed = assess(&region, &centre.test, centre.theta, looked_at, watch)?;
            let [low, high] = point.interval;
            Ok(LocalVolumePoint {
                sigma: point.sigma,
                ln_p: finite(point.ln_p),
                standard_error: finite(point.standard_error),
                interval: Some([low, high.min(0.0)]).filter(|i| i.iter().all(|v| v.is_finite())),
                log10_volume: finite(log10_local_volume(point.ln_p, point.sigma, found.dim)),
                constrained_dimensions: finite(point.constrained_dimensions),
                r_hat: finite(point.r_hat),
                ess: finite(point.ess),
                star_share: assessed.map(|a| a.star_share),
                sample_test_accuracy: assessed.map(|a| a.test_accuracy),
                sample_test_accuracy_range: assessed.map(|a| a.test_accuracy_range),
                converged: point.ln_p.is_finite(),
                local: false,
                warning: String::new(),
            })
        })
        .collect()
}
