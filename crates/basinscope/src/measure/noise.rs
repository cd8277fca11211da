//! How much the loss rises on average when Gaussian noise is added to the weights.

use super::check_theta;
use crate::random::stream;
use crate::surface::LossSurface;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rand::RngExt;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Pairs of draws, where not asked otherwise.
pub const DEFAULT_NOISE_PAIRS: usize = 200;

/// What the noise is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseUnit {
    /// σ is a length: every parameter gets the same noise.
    #[default]
    Absolute,
    /// σ is a share: each parameter gets noise in proportion to its own size.
    Relative,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseSettings {
    /// Standard deviation σ of the noise.
    pub sigma: f64,
    /// Its unit.
    pub unit: NoiseUnit,
    /// Antithetic pairs θ ± x of draws.
    pub pairs: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// The mean rise of the loss, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseRise {
    /// The mean; infinite where a draw overflowed.
    pub mean: f64,
    /// Its standard error over the pairs.
    pub standard_error: f64,
}

impl NoiseSettings {
    /// The expected rise of the loss under noise.
    ///
    /// ```text
    /// E[L(θ + σ·D·z)] − L(θ),  z ~ N(0, I),    D = I (absolute), diag|θ| (relative)
    /// ```
    ///
    /// from pairs of z and −z, in which what is odd in z cancels. On a bowl it is ½·σ²·tr(D·H·D).
    ///
    /// # Units
    /// Nats, of the mean loss.
    ///
    /// # Errors
    /// [`Error::Setting`] for σ not above 0 or fewer than two pairs; [`Error::Shape`] for a θ of
    /// the wrong length.
    ///
    /// # Cost
    /// `2·pairs + 1` evaluations.
    ///
    /// # Reference
    /// Keskar et al. 2017 and Neyshabur et al. 2017 for the expected sharpness; Dziugaite et
    /// al. 2020 for noise in proportion to magnitude.
    pub fn run(
        &self,
        surface: &impl LossSurface,
        theta: &[f32],
        watch: &dyn Watch,
    ) -> Result<NoiseRise> {
        check_theta(surface, theta)?;
        if !(self.sigma > 0.0 && self.sigma.is_finite()) {
            return Err(Error::setting("noise", "a number above 0", self.sigma));
        }
        if self.pairs < 2 {
            return Err(Error::setting("pairs of draws", "at least 2", self.pairs));
        }
        let start = surface.loss(theta);
        let ticks = Ticks::new(watch, Some(self.pairs as u64));
        let rises: Vec<f64> = (0..self.pairs as u64)
            .into_par_iter()
            .map(|index| {
                let rng = &mut stream(self.seed, "noise", index);
                let step: Vec<f64> = (theta.iter())
                    .map(|&w| {
                        let z: f64 = rng.sample(StandardNormal);
                        match self.unit {
                            NoiseUnit::Absolute => self.sigma * z,
                            NoiseUnit::Relative => self.sigma * f64::from(w).abs() * z,
                        }
                    })
                    .collect();
                let side = |sign: f64| {
                    let moved: Vec<f32> = (theta.iter().zip(&step))
                        .map(|(&w, step)| (f64::from(w) + sign * step) as f32)
                        .collect();
                    surface.loss(&moved)
                };
                let rise = 0.5 * (side(1.0) + side(-1.0)) - start;
                ticks.tick()?;
                Ok(rise)
            })
            .collect::<Result<_>>()?;
        let count = rises.len() as f64;
        let mean = rises.iter().sum::<f64>() / count;
        let squares: f64 = rises.iter().map(|rise| (rise - mean).powi(2)).sum();
        Ok(NoiseRise {
            mean,
            standard_error: (squares / (count - 1.0) / count).sqrt(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::analytic::Ellipsoid;

    fn rise(bowl: &Ellipsoid, theta: &[f32], unit: NoiseUnit) -> NoiseRise {
        let settings = NoiseSettings {
            sigma: 0.1,
            unit,
            pairs: DEFAULT_NOISE_PAIRS,
            seed: 3,
        };
        settings.run(bowl, theta, &()).unwrap()
    }

    #[test]
    fn a_bowl_rises_by_half_its_trace() {
        // Anywhere on ½·Σ h_i·x_i² the odd part cancels exactly: E = ½·σ²·Σ h_i, and the rise of
        // a pair has variance ½·σ⁴·Σ h_i². Five standard errors: false alarm 6e-7.
        let spectrum: Vec<f64> = (1..=40).map(|i| 10.0 / f64::from(i)).collect();
        let sum = |power: i32| spectrum.iter().map(|h| h.powi(power)).sum::<f64>();
        let bowl = Ellipsoid::new(spectrum.clone());
        let found = rise(&bowl, &[0.5; 40], NoiseUnit::Absolute);
        let error = (0.5 * 1e-4 * sum(2) / DEFAULT_NOISE_PAIRS as f64).sqrt();
        let exact = 0.5 * 0.01 * sum(1);
        assert!(
            (found.mean - exact).abs() < 5.0 * error,
            "{found:?} {exact}"
        );
        // The relative deviation of a standard error of 200 skewed pairs is about 10 %.
        assert!(
            (0.6..1.6).contains(&(found.standard_error / error)),
            "{found:?} {error}"
        );
    }

    #[test]
    fn relative_noise_knows_no_units() {
        // w·7 and h/49: the same losses for the same z, but for rounding.
        let (a, b) = (
            Ellipsoid::new(vec![4.0, 1.0]),
            Ellipsoid::new(vec![4.0 / 49.0, 1.0]),
        );
        let first = rise(&a, &[1.0, 10.0], NoiseUnit::Relative);
        let second = rise(&b, &[7.0, 10.0], NoiseUnit::Relative);
        assert!(
            (first.mean / second.mean - 1.0).abs() < 1e-4,
            "{first:?} {second:?}"
        );
        // ½·σ²·(4·1² + 1·10²) = .52, a pair's variance ½·σ⁴·(4² + 100²): five errors are .18.
        assert!((first.mean - 0.52).abs() < 0.18, "{first:?}");
    }

    #[test]
    fn senseless_settings_are_refused() {
        let bowl = Ellipsoid::sphere(2, 1.0);
        for (sigma, pairs) in [(0.0, 10), (f64::NAN, 10), (1.0, 1)] {
            let settings = NoiseSettings {
                sigma,
                pairs,
                unit: NoiseUnit::Absolute,
                seed: 0,
            };
            assert!(settings.run(&bowl, &[0.0; 2], &()).is_err());
        }
    }
}
