//! The paper's integrator: n-th powers of the radii along random rays.

use super::gamma::ln_gamma_p;
use super::radius::{Crossing, Guess, Ray, Search};
use super::statistics::{bootstrap_intervals, effective_sample_size, ln_sum_exp, quantile};
use crate::direction::{Normalization, scales};
use crate::random::{fill_normal, stream};
use crate::record::VolumeRecord;
use crate::surface::LossSurface;
use crate::surface::ParameterLayout;
use crate::surface::analytic::ln_unit_ball;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The paper's cutoff on the mean train loss, in nats.
pub const DEFAULT_CUTOFF: f64 = 0.1;
/// Rays, where not asked otherwise.
pub const DEFAULT_DIRECTIONS: usize = 1_000;
/// Precision of ln r, where not asked otherwise.
pub const DEFAULT_TOLERANCE: f64 = 2e-3;
/// Quantiles reported of the radii.
pub const QUANTILE_LEVELS: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
/// Below this effective sample size the volume is called a lower bound.
const TRUSTED_ESS: f64 = 30.0;
/// Resamples of the bootstrap.
const RESAMPLES: usize = 1_000;
/// Where a ray is first looked at, as a share of the median radius of those before it.
const INSIDE: f64 = 0.95;
/// Rays measured side by side; each block's guess is the median of all before it, so that the
/// result does not depend on the number of threads.
const BLOCK: usize = 64;

/// What is asked of the integrator, as `config.toml` holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RadialSettings {
    /// Cutoff on the mean loss.
    pub cutoff: f64,
    /// Whether the cutoff is measured from the minimum's own loss: {L ≤ L(θ*) + cutoff} instead of
    /// {L ≤ cutoff}, so that minima of different loss start alike.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub above_minimum: bool,
    /// Number of rays.
    pub directions: usize,
    /// `none`: isotropic rays. Others: rays D·z with D as [`scales`], volumes in the subspace of
    /// the weights.
    pub normalization: Normalization,
    /// Radius at which a ray is censored. Default: a hundred norms of θ (at least 100).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub radius_cap: Option<f64>,
    /// Precision of ln r.
    pub tolerance: f64,
    /// How crossings are found.
    pub search: Search,
    /// Seed of the rays and of the bootstrap.
    pub seed: u64,
}

impl Default for RadialSettings {
    fn default() -> Self {
        Self {
            cutoff: DEFAULT_CUTOFF,
            above_minimum: false,
            directions: DEFAULT_DIRECTIONS,
            normalization: Normalization::None,
            radius_cap: None,
            tolerance: DEFAULT_TOLERANCE,
            search: Search::Secant,
            seed: 0,
        }
    }
}

impl RadialSettings {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the field.
    pub fn check(self) -> Result<Radial> {
        let above_zero = |field: &str, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(Error::setting(field, "a number above 0", value)),
        };
        above_zero("cutoff", self.cutoff)?;
        above_zero("tolerance", self.tolerance)?;
        self.radius_cap
            .map_or(Ok(()), |cap| above_zero("radius_cap", cap))?;
        if self.directions == 0 {
            return Err(Error::setting("directions", "at least 1 ray", 0));
        }
        Ok(Radial { settings: self })
    }
}

/// The radial integrator, ready to run.
///
/// ```text
/// V = ω_m · Π D_i · mean_φ r(φ)^m,    ω_m = π^(m/2)/Γ(1 + m/2)
/// ```
///
/// Exact on a ball; in high dimension and on anything else the m-th powers let a handful of rays
/// decide, which [`RadialVolume::ess`] tells. The quantiles of the radii do not suffer from that.
///
/// # Reference
/// Huang et al. 2020, Section 5.
#[derive(Debug, Clone)]
pub struct Radial {
    settings: RadialSettings,
}

/// Radii of a basin and the volume they imply.
#[derive(Debug, Clone, PartialEq)]
pub struct RadialVolume {
    /// What was asked.
    pub settings: RadialSettings,
    /// Mean loss at θ.
    pub start_loss: f64,
    /// Radius of each ray, in its order; a censored one holds the cap.
    pub radii: Vec<f64>,
    /// Rays that never crossed the cutoff within the cap.
    pub censored: usize,
    /// The cap.
    pub radius_cap: f64,
    /// Dimension m of the space the rays live in.
    pub dimension: usize,
    /// ln of the volume, in nats; a lower bound where rays are censored or the ESS is small.
    pub ln_volume: f64,
    /// Effective sample size of the weights r^m, from 1 to the number of rays.
    pub ess: f64,
    /// Radii at [`QUANTILE_LEVELS`].
    pub quantiles: [f64; 5],
    /// Bootstrap 95 % interval of each.
    pub quantile_intervals: [[f64; 2]; 5],
    /// Loss evaluations.
    pub evaluations: u64,
}

impl Radial {
    /// Checks that θ lies in its own basin; returns its loss.
    ///
    /// # Errors
    /// [`Error::Setting`] where its loss is above the cutoff.
    pub fn check_minimum(&self, surface: &impl LossSurface, theta: &[f32]) -> Result<f64> {
        let loss = surface.loss(theta);
        if loss <= self.settings.cutoff || (self.settings.above_minimum && loss.is_finite()) {
            return Ok(loss);
        }
        let expected = format!("at least the minimum's own loss of {loss:.6}");
        Err(Error::setting("cutoff", expected, self.settings.cutoff))
    }

    /// Measures the basin around θ; `watch` is called after each ray.
    ///
    /// # Errors
    /// [`Error::Setting`] where θ's own loss is above the cutoff; [`Error::Shape`] where θ, layout
    /// and surface do not fit; [`Error::Cancelled`] by the watch.
    ///
    /// # Cost
    /// Four to five evaluations a ray.
    pub fn run<S: LossSurface>(
        &self,
        surface: &S,
        layout: &ParameterLayout,
        theta: &[f32],
        watch: &dyn Watch,
    ) -> Result<RadialVolume> {
        let n = surface.dim();
        if theta.len() != n || layout.num_params() != n {
            return Err(Error::Shape {
                what: "theta and its layout".into(),
                expected: vec![n, n],
                found: vec![theta.len(), layout.num_params()],
            });
        }
        let start_loss = self.check_minimum(surface, theta)?;
        let settings = &self.settings;
        let cutoff = match settings.above_minimum {
            true => start_loss + settings.cutoff,
            false => settings.cutoff,
        };
        let scales = scales(layout, theta, settings.normalization);
        let free: Vec<usize> = (0..n).filter(|&index| scales[index] > 0.0).collect();
        let dimension = free.len();
        let length = match settings.normalization {
            Normalization::None => theta
                .iter()
                .map(|&w| f64::from(w).powi(2))
                .sum::<f64>()
                .sqrt(),
            _ => (dimension as f64).sqrt(),
        };
        let radius_cap = settings.radius_cap.unwrap_or(100.0 * length.max(1.0));
        let ticks = Ticks::new(watch, Some(settings.directions as u64));
        let ray = |index: usize, guess: Guess| -> Result<Crossing> {
            let direction = self.direction(index, &scales, &free);
            let ray = Ray {
                surface,
                theta,
                direction: &direction,
                cutoff,
                cap: radius_cap,
                tolerance: settings.tolerance,
            };
            let crossing = ray.cross(guess, settings.search);
            ticks.tick()?;
            Ok(crossing)
        };
        let mut crossings: Vec<Crossing> = Vec::with_capacity(settings.directions);
        let mut guess = Guess {
            radius: 0.01 * length.max(1.0),
            slope: None,
        };
        while crossings.len() < settings.directions {
            // 1, 1, 2, 4, … rays at first: a cold guess is paid for once, not by a whole block.
            let size = crossings
                .len()
                .clamp(1, BLOCK)
                .min(settings.directions - crossings.len());
            let first = crossings.len();
            let block: Vec<Crossing> = (first..first + size)
                .into_par_iter()
                .map(|index| ray(index, guess))
                .collect::<Result<_>>()?;
            crossings.extend(block);
            let mut radii: Vec<f64> = crossings.iter().map(|crossing| crossing.radius).collect();
            radii.sort_unstable_by(f64::total_cmp);
            let mut slopes: Vec<f64> = crossings.iter().filter_map(|c| c.slope).collect();
            slopes.sort_unstable_by(f64::total_cmp);
            guess = Guess {
                // Losses rise steeply outside: better to start a little inside.
                radius: INSIDE * quantile(&radii, 0.5),
                slope: (!slopes.is_empty()).then(|| quantile(&slopes, 0.5)),
            };
        }
        let ln_scale = free.iter().map(|&index| scales[index].ln()).sum();
        Ok(self.summarise(crossings, start_loss, radius_cap, dimension, ln_scale))
    }

    /// Direction D·z of one ray, z uniform on the unit sphere of the free parameters.
    fn direction(&self, index: usize, scales: &[f64], free: &[usize]) -> Vec<f32> {
        let rng = &mut stream(self.settings.seed, "rays", index as u64);
        let mut z = vec![0.0_f32; free.len()];
        fill_normal(rng, &mut z);
        let norm = z.iter().map(|&z| f64::from(z).powi(2)).sum::<f64>().sqrt();
        let mut direction = vec![0.0; scales.len()];
        for (&at, &z) in free.iter().zip(&z) {
            direction[at] = (scales[at] * f64::from(z) / norm) as f32;
        }
        direction
    }

    fn summarise(
        &self,
        crossings: Vec<Crossing>,
        start_loss: f64,
        radius_cap: f64,
        dimension: usize,
        ln_scale: f64,
    ) -> RadialVolume {
        let radii: Vec<f64> = crossings.iter().map(|crossing| crossing.radius).collect();
        let mut sorted = radii.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let ln_weights = radii.iter().map(|r| dimension as f64 * r.ln());
        let ln_mean = ln_sum_exp(ln_weights.clone()) - (radii.len() as f64).ln();
        let intervals =
            bootstrap_intervals(&sorted, &QUANTILE_LEVELS, RESAMPLES, self.settings.seed);
        RadialVolume {
            settings: self.settings.clone(),
            censored: crossings
                .iter()
                .filter(|crossing| crossing.censored)
                .count(),
            start_loss,
            radius_cap,
            dimension,
            ln_volume: ln_unit_ball(dimension) + ln_scale + ln_mean,
            ess: effective_sample_size(ln_weights),
            quantiles: QUANTILE_LEVELS.map(|level| quantile(&sorted, level)),
            quantile_intervals: std::array::from_fn(|index| intervals[index]),
            evaluations: crossings
                .iter()
                .map(|crossing| u64::from(crossing.evaluations))
                .sum(),
            radii,
        }
    }
}

impl RadialVolume {
    /// Median radius.
    pub fn median(&self) -> f64 {
        self.quantiles[2]
    }

    /// The honest sentence about the volume, empty where it can be trusted.
    pub fn warning(&self) -> String {
        let rays = self.radii.len();
        let mut sentences = Vec::new();
        if self.ess < TRUSTED_ESS.min(0.5 * rays as f64) {
            let top = self.radii.iter().copied().fold(0.0, f64::max);
            let power = |r: f64| self.dimension as f64 * (r / top).ln();
            let total = ln_sum_exp(self.radii.iter().map(|&r| power(r)));
            sentences.push(format!(
                "Lower bound: one of {rays} rays carries {:.0} % of the volume and the effective \
                 sample size is {:.1}; compare the median radii instead.",
                100.0 * (-total).exp(),
                self.ess
            ));
        }
        if self.censored > 0 {
            sentences.push(format!(
                "{} of {rays} rays never crossed the cutoff up to radius {:.3e}: the volume is a \
                 lower bound.",
                self.censored, self.radius_cap
            ));
        }
        sentences.join(" ")
    }

    /// ln of the Gaussian-localised volume from the same rays, in nats:
    ///
    /// ```text
    /// ln P_σ = ln mean_φ P(m/2, r(φ)²/2σ²),   P the regularised lower incomplete gamma function
    /// ```
    ///
    /// With scaled rays σ is in units of the scales. Suffers from the same few rays as the volume.
    pub fn ln_localised(&self, sigma: f64) -> f64 {
        let a = self.dimension as f64 / 2.0;
        let terms = self
            .radii
            .iter()
            .map(|r| ln_gamma_p(a, (r / sigma).powi(2) / 2.0));
        let terms: Vec<f64> = terms.collect();
        ln_sum_exp(terms.iter().copied()) - (terms.len() as f64).ln()
    }

    /// The record of this measurement.
    pub fn into_record(
        self,
        minimum: &str,
        test_accuracy: f64,
        generalization_gap: f64,
    ) -> VolumeRecord {
        VolumeRecord {
            minimum: minimum.to_owned(),
            test_accuracy,
            generalization_gap,
            method: "radial".to_owned(),
            normalization: self.settings.normalization.name().to_owned(),
            region: match self.settings.above_minimum {
                true => "excess".to_owned(),
                false => "loss".to_owned(),
            },
            cutoff: self.settings.cutoff,
            start_loss: Some(self.start_loss),
            directions: self.radii.len(),
            dimension: self.dimension,
            log10_volume: self.ln_volume / std::f64::consts::LN_10,
            ess: self.ess,
            warning: self.warning(),
            radius_median: self.median(),
            radius_median_ci: self.quantile_intervals[2],
            radius_quantile_levels: QUANTILE_LEVELS.to_vec(),
            radius_quantiles: self.quantiles.to_vec(),
            radius_quantile_cis: self.quantile_intervals.to_vec(),
            censored: self.censored,
            radius_cap: self.radius_cap,
            evaluations_per_ray: self.evaluations as f64 / self.radii.len() as f64,
            seed: self.settings.seed,
            version: crate::VERSION.to_owned(),
            config: serde_json::json!(self.settings),
            radii: self.radii,
        }
    }
}

#[cfg(test)]
#[path = "radial_tests.rs"]
mod tests;
