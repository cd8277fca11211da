//! Progress and cancelling, for whoever waits for a result.

use crate::{Error, Result};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

/// Is told how far a computation is, and may stop it.
///
/// Every long computation of this library takes one. It is called after each unit of work: an
/// evaluation, a gradient, a product, a ray or a step, as the function says. After a `Break` the
/// computation ends with [`Error::Cancelled`] as soon as the units that have begun are done.
///
/// ```
/// use basinscope::Error;
/// use basinscope::measure::{NoiseSettings, NoiseUnit};
/// use basinscope::surface::analytic::Ellipsoid;
/// use basinscope::watch::Watch;
/// use std::ops::ControlFlow;
///
/// struct AtMost(u64);
/// impl Watch for AtMost {
///     fn tick(&self, done: u64, _of: Option<u64>) -> ControlFlow<()> {
///         if done < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
///     }
/// }
///
/// let noise = NoiseSettings { sigma: 0.1, unit: NoiseUnit::Absolute, pairs: 50, seed: 0 };
/// let bowl = Ellipsoid::sphere(3, 1.0);
/// assert!(noise.run(&bowl, &[0.0; 3], &AtMost(100)).is_ok());
/// assert!(matches!(noise.run(&bowl, &[0.0; 3], &AtMost(20)), Err(Error::Cancelled)));
/// ```
pub trait Watch: Sync {
    /// Called after a unit of work, from any thread, with the number done and, where it is known,
    /// the number in all. `Break` asks to stop.
    fn tick(&self, done: u64, of: Option<u64>) -> ControlFlow<()> {
        let _ = (done, of);
        ControlFlow::Continue(())
    }
}

/// Nobody watches.
impl Watch for () {}

/// Counts units of work for a watch.
pub struct Ticks<'a> {
    watch: &'a dyn Watch,
    done: AtomicU64,
    of: Option<u64>,
}

impl<'a> Ticks<'a> {
    /// Begins at 0; `of` is the number of units in all, where it is known.
    pub fn new(watch: &'a dyn Watch, of: Option<u64>) -> Self {
        Self {
            watch,
            done: AtomicU64::new(0),
            of,
        }
    }

    /// Counts one unit that is done.
    ///
    /// # Errors
    /// [`Error::Cancelled`] where the watch asks to stop.
    pub fn tick(&self) -> Result<()> {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        match self.watch.tick(done, self.of) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    }
}

/// Asks to stop at the n-th unit, and counts what is done after it.
#[cfg(test)]
pub(crate) struct StopAfter {
    units: u64,
    after: AtomicU64,
}

#[cfg(test)]
impl StopAfter {
    pub(crate) fn new(units: u64) -> Self {
        Self {
            units,
            after: AtomicU64::new(0),
        }
    }
}

#[cfg(test)]
impl Watch for StopAfter {
    fn tick(&self, done: u64, _of: Option<u64>) -> ControlFlow<()> {
        if done < self.units {
            return ControlFlow::Continue(());
        }
        self.after.fetch_add(1, Ordering::Relaxed);
        ControlFlow::Break(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basin::{
        LowLoss, LtaSettings, RadialSettings, StiffDirections, SubsimSettings, assess,
        nearly_all_inside,
    };
    use crate::curvature::{
        DensitySettings, HessianAt, LanczosSettings, SpectralDensity, SpectrumSettings,
        TraceSettings, extreme_eigenpairs, full_spectrum, hutchpp, spectrum,
    };
    use crate::data::Dataset;
    use crate::embed::TsneSettings;
    use crate::margin::{InputMarginSettings, WeightMarginSettings, input_margins};
    use crate::measure::{Ball, ChainSettings, NoiseSettings, NoiseUnit, SamSettings};
    use crate::net::{Activation, Architecture, MlpSurface};
    use crate::slice::{CrossingSettings, lines, plane, walk};
    use crate::surface::ParameterLayout;
    use crate::surface::analytic::Ellipsoid;
    use crate::train::LbfgsSettings;

    const N: usize = 60;

    /// A computation and its name.
    type Long<'a> = (&'a str, Box<dyn Fn(&dyn Watch) -> Result<()> + 'a>);

    /// Each long computation once: without a watch it ends well; asked to stop at any unit it ends
    /// with `Cancelled`, after no more units than threads had begun.
    #[test]
    fn every_long_computation_ends_when_asked() {
        let bowl = Ellipsoid::power_law(N, 100.0, 1.0);
        let theta = vec![0.01_f32; N];
        let basin = LowLoss::new(&bowl, 20.0).unwrap();
        let none = StiffDirections::none(N);
        let layout = ParameterLayout::flat(N);
        let hessian = HessianAt::new(&bowl, &theta).unwrap();
        let net = Architecture::new(vec![2, 4, 1], Activation::Tanh).unwrap();
        let points = Dataset::new(vec![0.0, 1.0, 1.0, 0.0, 0.5, 0.5], vec![0, 1, 0], 2, 2).unwrap();
        let on_net = MlpSurface::new(&net, &points).unwrap();
        let weights = vec![0.3_f32; net.num_params()];
        let along = vec![1.0_f32; net.num_params()];
        let axis = || "-1:1:5".parse().unwrap();
        let steps = [-1.0, -0.5, 0.0, 0.5, 1.0];
        let rows: Vec<f64> = (0..40).map(|i| f64::from(i * i % 17)).collect();
        let all: Vec<Long<'_>> = vec![
            (
                "radial",
                Box::new(|watch| {
                    let radial = RadialSettings {
                        cutoff: 20.0,
                        ..RadialSettings::default()
                    }
                    .check()?;
                    radial.run(&bowl, &layout, &theta, watch).map(|_| ())
                }),
            ),
            (
                "subsim",
                Box::new(|watch| {
                    let subsim = SubsimSettings {
                        doublings: 0,
                        ..SubsimSettings::default()
                    };
                    subsim
                        .run(&basin, &theta, &none, &[0.1, 0.3], watch)
                        .map(|_| ())
                }),
            ),
            (
                "lta",
                Box::new(|watch| {
                    let lta = LtaSettings {
                        cutoff: 20.0,
                        ..LtaSettings::default()
                    };
                    lta.run(&bowl, &theta, &none, &[0.3], watch).map(|_| ())
                }),
            ),
            (
                "stiff directions",
                Box::new(|watch| StiffDirections::of(&bowl, &theta, 5, 0, watch).map(|_| ())),
            ),
            (
                "assess",
                Box::new(|watch| {
                    assess(
                        &basin,
                        &on_net,
                        &weights,
                        &vec![0.1; 20 * weights.len()],
                        watch,
                    )
                    .map(|_| ())
                }),
            ),
            (
                "nearly all inside",
                Box::new(|watch| nearly_all_inside(&basin, &theta, 0.9, 100, 0, watch).map(|_| ())),
            ),
            (
                "Lanczos",
                Box::new(|watch| {
                    let settings = LanczosSettings {
                        count: 3,
                        ..LanczosSettings::default()
                    };
                    extreme_eigenpairs(&hessian, settings, watch).map(|_| ())
                }),
            ),
            (
                "trace",
                Box::new(|watch| {
                    hutchpp(
                        &hessian,
                        TraceSettings {
                            products: 30,
                            seed: 0,
                        },
                        watch,
                    )
                    .map(|_| ())
                }),
            ),
            (
                "density",
                Box::new(|watch| {
                    let settings = DensitySettings {
                        probes: 3,
                        steps: 10,
                        seed: 0,
                    };
                    SpectralDensity::stochastic(&hessian, settings, watch).map(|_| ())
                }),
            ),
            (
                "whole spectrum",
                Box::new(|watch| full_spectrum(&hessian, watch).map(|_| ())),
            ),
            (
                "spectrum",
                Box::new(|watch| {
                    let settings = SpectrumSettings {
                        top: 2,
                        ..SpectrumSettings::default()
                    };
                    spectrum(&hessian, &settings, watch).map(|_| ())
                }),
            ),
            (
                "learning coefficient",
                Box::new(|watch| {
                    let settings = ChainSettings {
                        inverse_temperature: Some(1.0),
                        ..ChainSettings::default()
                    };
                    settings.run(&bowl, &theta, watch).map(|_| ())
                }),
            ),
            (
                "noise",
                Box::new(|watch| {
                    let settings = NoiseSettings {
                        sigma: 0.1,
                        unit: NoiseUnit::Absolute,
                        pairs: 50,
                        seed: 0,
                    };
                    settings.run(&bowl, &theta, watch).map(|_| ())
                }),
            ),
            (
                "SAM",
                Box::new(|watch| {
                    let settings = SamSettings {
                        radius: 0.1,
                        ball: Ball::Euclidean,
                        steps: 20,
                        seed: 0,
                    };
                    settings.run(&bowl, &theta, watch).map(|_| ())
                }),
            ),
            (
                "L-BFGS",
                Box::new(|watch| {
                    LbfgsSettings::default()
                        .run(&bowl, &theta, watch)
                        .map(|_| ())
                }),
            ),
            (
                "lines",
                Box::new(|watch| {
                    lines(&on_net, None, &weights, &[&along, &along], &steps, watch).map(|_| ())
                }),
            ),
            (
                "plane",
                Box::new(|watch| {
                    plane(&on_net, &weights, &along, &along, axis(), axis(), watch).map(|_| ())
                }),
            ),
            (
                "walk",
                Box::new(|watch| {
                    let grid = (axis(), axis());
                    walk(&on_net, &net, &weights, &along, &steps, grid, watch).map(|_| ())
                }),
            ),
            (
                "crossings",
                Box::new(|watch| {
                    let settings = CrossingSettings::default();
                    settings
                        .run(&on_net, &weights, &[&along; 9], watch)
                        .map(|_| ())
                }),
            ),
            (
                "t-SNE",
                Box::new(|watch| {
                    let settings = TsneSettings {
                        perplexity: 3.0,
                        epochs: 20,
                        seed: 0,
                    };
                    settings.run(&rows, 2, watch).map(|_| ())
                }),
            ),
            (
                "margins of the weights",
                Box::new(|watch| {
                    let settings = WeightMarginSettings {
                        directions: 9,
                        ..WeightMarginSettings::default()
                    };
                    let (inputs, labels) = (points.inputs(), points.labels());
                    settings
                        .run(&net, &net.layout(), &weights, inputs, labels, watch)
                        .map(|_| ())
                }),
            ),
            (
                "margins of the inputs",
                Box::new(|watch| {
                    let settings = InputMarginSettings::default();
                    let (inputs, labels) = (points.inputs(), points.labels());
                    input_margins(&net, &weights, inputs, labels, settings, watch).map(|_| ())
                }),
            ),
        ];
        for (name, run) in all {
            run(&()).unwrap_or_else(|error| panic!("{name}: {error}"));
            for units in [1, 2] {
                let watch = StopAfter::new(units);
                let found = run(&watch);
                assert!(matches!(found, Err(Error::Cancelled)), "{name} at {units}");
                let after = watch.after.into_inner();
                assert!(
                    (1..=64 + rayon::current_num_threads() as u64).contains(&after),
                    "{name}: {after} units after the stop"
                );
            }
        }
    }
}
