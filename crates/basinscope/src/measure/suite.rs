//! All measures of one minimum, with one set of settings.

use super::norms::lengths;
use super::{
    Ball, COLUMNS, ChainSettings, Column, DEFAULT_NOISE_PAIRS, DEFAULT_SAM_STEPS, NoiseSettings,
    NoiseUnit, Norms, Part, SamSettings,
};
use crate::basin::{
    DEFAULT_CUTOFF, LowLoss, RadialSettings, RadialVolume, StiffDirections, SubsimSettings,
};
use crate::curvature::{
    HessianAt, LanczosSettings, TraceSettings, extreme_eigenpairs, hutchpp, residuals,
};
use crate::data::Dataset;
use crate::direction::Normalization;
use crate::margin::{InputMarginSettings, input_margins};
use crate::net::{Architecture, Net, NetSurface};
use crate::record::{MeasuredValue, Trust};
use crate::watch::Watch;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// What is measured, and how carefully; what a file leaves out is as in the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MeasureSettings {
    /// Keys of the columns wanted; empty for all.
    pub measures: Vec<String>,
    /// Cutoff on the mean train loss that bounds the basin, in nats.
    pub cutoff: f64,
    /// Rays for each median radius.
    pub rays: usize,
    /// σ of ln P_σ and k, a length.
    pub sigma: f64,
    /// σ of their second columns, in units of the rms parameter.
    pub relative_sigma: f64,
    /// Stiff directions that subset simulation is told.
    pub stiff_directions: usize,
    /// Walkers of subset simulation.
    pub particles: usize,
    /// Moves of each walker at a level.
    pub moves: usize,
    /// Times the moves are doubled at most.
    pub doublings: usize,
    /// Repetitions of subset simulation.
    pub replicates: usize,
    /// Hessian products for the trace.
    pub trace_products: usize,
    /// Ascent radius of SAM, a length.
    pub sam_radius: f64,
    /// Ascent radius of adaptive SAM, in units of each parameter.
    pub adaptive_radius: f64,
    /// Standard deviation of the noise, a length.
    pub noise: f64,
    /// Standard deviation of the relative noise, in units of each parameter.
    pub relative_noise: f64,
    /// Pairs of draws of either noise.
    pub noise_pairs: usize,
    /// Localisation γ of the learning coefficient.
    pub gamma: f64,
    /// Chains of the learning coefficient.
    pub chains: usize,
    /// Steps of each chain, half of them warm-up.
    pub chain_steps: usize,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for MeasureSettings {
    fn default() -> Self {
        Self {
            measures: Vec::new(),
            cutoff: DEFAULT_CUTOFF,
            rays: 300,
            sigma: 0.01,
            relative_sigma: 0.02,
            stiff_directions: 40,
            particles: 50,
            moves: 5,
            doublings: 1,
            replicates: 4,
            trace_products: 90,
            sam_radius: 0.05,
            adaptive_radius: 0.5,
            noise: 0.01,
            relative_noise: 0.02,
            noise_pairs: DEFAULT_NOISE_PAIRS,
            gamma: 1e4,
            chains: 4,
            chain_steps: 2_000,
            seed: 0,
        }
    }
}

/// A minimum to measure.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its net.
    pub net: &'a dyn Net,
    /// Its parameters.
    pub theta: &'a [f32],
    /// Its train loss.
    pub surface: &'a dyn NetSurface,
    /// The points of that loss.
    pub points: &'a Dataset,
}

/// A measure's key and its value.
type Found = (&'static str, MeasuredValue);

impl MeasureSettings {
    /// Checks every number and name.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the field.
    pub fn check(&self) -> Result<()> {
        super::columns(&self.measures)?;
        for (field, value) in [
            ("cutoff", self.cutoff),
            ("sigma", self.sigma),
            ("relative_sigma", self.relative_sigma),
            ("sam_radius", self.sam_radius),
            ("adaptive_radius", self.adaptive_radius),
            ("noise", self.noise),
            ("relative_noise", self.relative_noise),
            ("gamma", self.gamma),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::setting(field, "a number above 0", value));
            }
        }
        for (field, value, least) in [
            ("rays", self.rays, 1),
            ("noise_pairs", self.noise_pairs, 2),
            ("trace_products", self.trace_products, 4),
            ("chains", self.chains, 2),
            ("chain_steps", self.chain_steps, 40),
        ] {
            if value < least {
                return Err(Error::setting(field, format!("at least {least}"), value));
            }
        }
        self.subsim().check()
    }

    /// The values of every column that comes of one part. What cannot be measured is refused in
    /// its value, with the reason: norms along paths and margins in the plane of the data need a
    /// perceptron.
    ///
    /// # Errors
    /// [`Error::Cancelled`] by the watch alone.
    ///
    /// # Cost
    /// About `5·rays` evaluations for each kind of radius; `3·stiff_directions` Hessian products
    /// and those of [`SubsimSettings::run`] for volumes; up to 100 products for the eigenvalue;
    /// `2·(steps + 2)` gradients for SAM; `4·noise_pairs` evaluations for noise;
    /// `chains·chain_steps` gradients for the learning coefficient.
    pub fn measure(
        &self,
        part: Part,
        subject: Subject<'_>,
        watch: &dyn Watch,
    ) -> Result<Vec<Found>> {
        let found = match part {
            Part::Known => known(subject),
            Part::Norms => norms(subject),
            Part::Margins => margins(subject, watch),
            Part::Radii => self.radii(subject, watch),
            Part::FilterRadii => self.filter_radii(subject, watch),
            Part::Eigenvalue => self.eigenvalue(subject, watch),
            Part::Trace => self.trace(subject, watch),
            Part::Sam => self.sam(subject, watch),
            Part::Noise => self.noise(subject, watch),
            Part::LearningCoefficient => self.learning_coefficient(subject, watch),
            Part::Volume => self.volume(subject, watch),
        };
        match found {
            Ok(_) | Err(Error::Cancelled) => found,
            Err(error) => {
                let columns = COLUMNS.iter().filter(|column| column.part == part);
                let refused = |column: &Column| (column.key, refused(&error));
                Ok(columns.map(refused).collect())
            }
        }
    }

    fn radial(
        &self,
        subject: Subject<'_>,
        how: Normalization,
        watch: &dyn Watch,
    ) -> Result<RadialVolume> {
        let settings = RadialSettings {
            cutoff: self.cutoff,
            directions: self.rays,
            normalization: how,
            seed: self.seed,
            ..RadialSettings::default()
        };
        let layout = subject.net.layout();
        (settings.check()?).run(&subject.surface, &layout, subject.theta, watch)
    }

    fn radii(&self, subject: Subject<'_>, watch: &dyn Watch) -> Result<Vec<Found>> {
        let found = self.radial(subject, Normalization::None, watch)?;
        let [length, _] = lengths(subject.theta)?;
        let relative = radius(&found, length);
        Ok(vec![
            ("radius", radius(&found, 1.0)),
            ("radius_relative", relative),
        ])
    }

    fn filter_radii(&self, subject: Subject<'_>, watch: &dyn Watch) -> Result<Vec<Found>> {
        let found = self.radial(subject, Normalization::Filter, watch)?;
        Ok(vec![("radius_filter", radius(&found, 1.0))])
    }

    fn eigenvalue(&self, subject: Subject<'_>, watch: &dyn Watch) -> Result<Vec<Found>> {
        let settings = LanczosSettings {
            products: LanczosSettings::default()
                .products
                .min(subject.surface.dim()),
            seed: self.seed,
            ..LanczosSettings::default()
        };
        let hessian = HessianAt::new(&subject.surface, subject.theta)?;
        let found = extreme_eigenpairs(&hessian, settings, watch)?;
        let top = &found.top[0];
        let residual = residuals(&hessian, &found.top, watch)?[0];
        let value = match Trust::of(top.value, residual, top.value.abs()) {
            Trust::Found => MeasuredValue::exact(top.value),
            Trust::Loose => {
                let value = MeasuredValue::exact(top.value);
                value.noted(format!("residual {residual:.1e} after Lanczos"))
            }
            Trust::Refused => MeasuredValue::refused(format!(
                "refused: {:.3e} with a residual of {residual:.1e} after Lanczos",
                top.value
            )),
        };
        let value = value.noted(about_products(subject));
        Ok(vec![("top_eigenvalue", value)])
    }

    fn trace(&self, subject: Subject<'_>, watch: &dyn Watch) -> Result<Vec<Found>> {
        let hessian = HessianAt::new(&subject.surface, subject.theta)?;
        let settings = TraceSettings {
            products: self.trace_products,
            seed: self.seed,
        };
        let found = hutchpp(&hessian, settings, watch)?;
        let value = MeasuredValue::estimate(found.value, found.standard_error);
        let value = value.within(found.interval);
        Ok(vec![("trace", value.noted(about_products(subject)))])
    }

    fn sam(&self, subject: Subject<'_>, watch: &dyn Watch) -> Result<Vec<Found>> {
        let ascend = |ball, radius| {
            let settings = SamSettings {
                radius,
                ball,
                steps: DEFAULT_SAM_STEPS,
                seed: self.seed,
            };
            settings.run(&subject.surface, subject.theta, watch)
        };
        let plain = ascend(Ball::Euclidean, self.sam_radius)?;
        let adaptive = ascend(Ball::Adaptive, self.adaptive_radius)?;
        Ok(vec![
            ("sam_step", MeasuredValue::exact(plain.first_order)),
            ("sam", MeasuredValue::exact(plain.ascended)),
            ("sam_adaptive", MeasuredValue::exact(adaptive.ascended)),
        ])
    }

    fn noise(&self, subject: Subject<'_>, watch: &dyn Watch) -> Result<Vec<Found>> {
        let rise = |unit, sigma| -> Result<MeasuredValue> {
            let settings = NoiseSettings {
                sigma,
                unit,
                pairs: self.noise_pairs,
                seed: self.seed,
            };
            let found = settings.run(&subject.surface, subject.theta, watch)?;
            Ok(MeasuredValue::estimate(found.mean, found.standard_error))
        };
        Ok(vec![
            ("noise", rise(NoiseUnit::Absolute, self.noise)?),
            (
                "noise_relative",
                rise(NoiseUnit::Relative, self.relative_noise)?,
            ),
        ])
    }

    fn learning_coefficient(&self, subject: Subject<'_>, watch: &dyn Watch) -> Result<Vec<Found>> {
        let settings = ChainSettings {
            chains: self.chains,
            warmup: self.chain_steps / 2,
            draws: self.chain_steps - self.chain_steps / 2,
            gamma: self.gamma,
            inverse_temperature: None,
            seed: self.seed,
        };
        let found = settings.run(&subject.surface, subject.theta, watch)?;
        let value = match found.value() {
            Some(value) => MeasuredValue::estimate(value, found.standard_error),
            None => MeasuredValue::default(),
        };
        Ok(vec![("learning_coefficient", value.noted(found.warning()))])
    }

    fn subsim(&self) -> SubsimSettings {
        SubsimSettings {
            particles: self.particles,
            moves: self.moves,
            doublings: self.doublings,
            replicates: self.replicates,
            seed: self.seed,
        }
    }

    fn volume(&self, subject: Subject<'_>, watch: &dyn Watch) -> Result<Vec<Found>> {
        let [_, rms] = lengths(subject.theta)?;
        let asked = [self.sigma, self.relative_sigma * rms];
        let mut sigmas = asked.to_vec();
        sigmas.sort_by(f64::total_cmp);
        sigmas.dedup();
        let (surface, theta) = (&subject.surface, subject.theta);
        let stiff = StiffDirections::of(surface, theta, self.stiff_directions, self.seed, watch)?;
        let basin = LowLoss::new(surface, self.cutoff)?;
        let found = self.subsim().run(&basin, theta, &stiff, &sigmas, watch)?;
        let values = asked.map(|sigma| {
            let place = sigmas.iter().position(|&s| s == sigma).unwrap_or(0);
            if found.ln_p[place] == f64::NEG_INFINITY {
                let refused = MeasuredValue::refused("refused: no walk got so far");
                return [refused.clone(), refused];
            }
            let ln_p = MeasuredValue::estimate(found.ln_p[place], found.standard_error[place]);
            let k = found.constrained_dimensions(sigma).unwrap_or(f64::NAN);
            let note = match (found.converged[place], self.doublings) {
                (true, _) => "",
                (false, 0) => "convergence was not tried",
                (false, _) => "unconverged, low",
            };
            [ln_p, MeasuredValue::exact(k)].map(|value| value.noted(note))
        });
        let [[ln_p, k], [ln_p_relative, k_relative]] = values;
        Ok(vec![
            ("ln_p", ln_p),
            ("k", k),
            ("ln_p_relative", ln_p_relative),
            ("k_relative", k_relative),
        ])
    }
}

/// What could not be measured, with the reason.
fn refused(error: &Error) -> MeasuredValue {
    MeasuredValue::refused(format!("refused: {error}"))
}

/// What to beware of in products with the Hessian.
fn about_products(subject: Subject<'_>) -> String {
    subject
        .surface
        .difference_step()
        .map_or_else(String::new, |step| {
            format!("Hessian products by differences of gradients, step {step:.0e}")
        })
}

/// The net, where it is a perceptron.
fn perceptron(subject: Subject<'_>) -> Result<&Architecture> {
    let net = subject.net.as_perceptron();
    net.ok_or_else(|| Error::setting("net", "a perceptron", subject.net.describe()))
}

/// A median radius in units of `unit`.
fn radius(found: &RadialVolume, unit: f64) -> MeasuredValue {
    let interval = found.quantile_intervals[2].map(|radius| radius / unit);
    let value = MeasuredValue::exact(found.median() / unit).within(interval);
    match found.median() >= found.radius_cap {
        true => value.noted("the median ray never left the basin: a lower bound"),
        false => value,
    }
}

fn known(subject: Subject<'_>) -> Result<Vec<Found>> {
    let loss = subject.surface.loss(subject.theta);
    Ok(vec![("train_loss", MeasuredValue::exact(loss))])
}

fn norms(subject: Subject<'_>) -> Result<Vec<Found>> {
    let [euclidean, rms] = lengths(subject.theta)?.map(MeasuredValue::exact);
    let [spectral_product, path] = match perceptron(subject) {
        Ok(net) => {
            let found = Norms::of(net, subject.theta)?;
            [found.spectral_product, found.path].map(MeasuredValue::exact)
        }
        Err(error) => [(); 2].map(|()| refused(&error)),
    };
    Ok(vec![
        ("norm", euclidean),
        ("rms", rms),
        ("spectral_product", spectral_product),
        ("path_norm", path),
    ])
}

/// The reach is the farthest two training points are apart along an axis.
fn margins(subject: Subject<'_>, watch: &dyn Watch) -> Result<Vec<Found>> {
    let (net, points) = (perceptron(subject)?, subject.points);
    let features = points.num_features();
    let range = |axis: usize| {
        let along = points.inputs().iter().skip(axis).step_by(features);
        let [low, high] = along.fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], &x| {
            [low.min(x), high.max(x)]
        });
        f64::from(high - low)
    };
    let reach = (0..features).map(range).fold(0.0, f64::max);
    let settings = InputMarginSettings {
        from: 5e-5 * reach,
        reach,
        ..InputMarginSettings::default()
    };
    let inputs = points.inputs();
    let mut found = input_margins(net, subject.theta, inputs, points.labels(), settings, watch)?;
    found.sort_by(f64::total_cmp);
    let middle = 0.5 * (found[found.len() / 2] + found[(found.len() - 1) / 2]);
    Ok(vec![
        ("margin", MeasuredValue::exact(middle)),
        ("margin_smallest", MeasuredValue::exact(found[0])),
    ])
}

#[cfg(test)]
#[path = "suite_tests.rs"]
mod tests;
