//! Subset simulation: the chance that a Gaussian step stays in the basin, as a curve over σ.

use super::cloud::Cloud;
use super::diagnostics::student_half_width;
use super::region::Region;
use super::stiff::StiffDirections;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::f64::consts::{LN_10, TAU};

/// What is asked of the simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubsimSettings {
    /// Walkers P.
    pub particles: usize,
    /// Moves of each walker at a level, m, to begin with.
    pub moves: usize,
    /// Times m is doubled at most, until ln P no longer moves.
    pub doublings: usize,
    /// Independent repetitions.
    pub replicates: usize,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for SubsimSettings {
    /// 200 walkers, 10 moves doubled twice at most, 4 replicates.
    fn default() -> Self {
        Self {
            particles: 200,
            moves: 10,
            doublings: 2,
            replicates: 4,
            seed: 0,
        }
    }
}

/// One replicate: ln P at every level it passed, σ ascending.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Walk {
    /// Widths of the Gaussian.
    pub sigma: Vec<f64>,
    /// ln P_σ at each.
    pub ln_p: Vec<f64>,
    /// Share of moves accepted at each (1 where direct draws were enough).
    pub acceptance: Vec<f64>,
    /// Walkers that survived the step to each: what its factor of P rests on.
    pub survivors: Vec<usize>,
    /// Some of the walkers at each asked σ, as steps x from θ* (`[up to 50, n]`).
    pub samples: Vec<Vec<f32>>,
    /// Evaluations of the region.
    pub evaluations: u64,
}

impl Walk {
    /// ln P at a σ between the levels, linear in ln σ; `None` beyond the last level.
    pub fn at(&self, sigma: f64) -> Option<f64> {
        let above = (self.sigma.iter()).position(|&s| s >= sigma * (1.0 - 1e-12))?;
        if above == 0 {
            return Some(self.ln_p[0]);
        }
        let (low, high) = (self.sigma[above - 1].ln(), self.sigma[above].ln());
        let t = (sigma.ln() - low) / (high - low);
        Some(self.ln_p[above - 1] + t * (self.ln_p[above] - self.ln_p[above - 1]))
    }
}

/// A basin's local volume as a curve over σ.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalVolume {
    /// Number of parameters n.
    pub dim: usize,
    /// The asked widths, ascending.
    pub sigma: Vec<f64>,
    /// ln P_σ, the mean over the replicates; −∞ where a walk could not get that far.
    pub ln_p: Vec<f64>,
    /// Its standard error, from the replicates' spread (NaN for a single one).
    pub standard_error: Vec<f64>,
    /// Whether the last doubling of the moves left ln P where it was, to two standard errors of
    /// the difference. Where not, ln P is too low.
    pub converged: Vec<bool>,
    /// Moves of each walker at a level in the end.
    pub moves: usize,
    /// Evaluations of the region, over all replicates and doublings.
    pub evaluations: u64,
    /// The replicates of the last doubling.
    pub walks: Vec<Walk>,
}

impl LocalVolume {
    /// log10 of the local volume at the asked widths: `(ln P_σ + (n/2)·ln(2πσ²))/ln 10`.
    pub fn log10_volume(&self) -> Vec<f64> {
        (self.sigma.iter().zip(&self.ln_p))
            .map(|(&sigma, &ln_p)| log10_local_volume(ln_p, sigma, self.dim))
            .collect()
    }

    /// 95 % interval of ln P at each asked width, by Student's t over the replicates.
    pub fn intervals(&self) -> Vec<[f64; 2]> {
        (self.ln_p.iter().zip(&self.standard_error))
            .map(|(ln_p, &error)| {
                let half = student_half_width(error, self.walks.len() - 1);
                [ln_p - half, (ln_p + half).min(0.0)]
            })
            .collect()
    }

    /// Walkers that ln P rests on at σ, over all replicates: those that survived the step there.
    pub fn survivors(&self, sigma: f64) -> usize {
        let of = |walk: &Walk| {
            let place = walk.sigma.iter().position(|&s| s >= sigma)?;
            walk.survivors.get(place).copied()
        };
        self.walks.iter().filter_map(of).sum()
    }

    /// Number of dimensions constrained at σ: `k = −d ln P/d ln σ`, over a factor of 1.3 in σ.
    /// `None` where the curve does not reach.
    pub fn constrained_dimensions(&self, sigma: f64) -> Option<f64> {
        let last = (self.walks.iter())
            .map(|walk| walk.sigma.last().copied().unwrap_or(0.0))
            .fold(f64::INFINITY, f64::min);
        let high = (sigma * 1.3_f64.sqrt()).min(last);
        let low = high / 1.3;
        let mean = |sigma: f64| -> Option<f64> {
            let all: Option<Vec<f64>> = self.walks.iter().map(|walk| walk.at(sigma)).collect();
            all.map(|all| all.iter().sum::<f64>() / all.len() as f64)
        };
        (sigma <= last).then_some(())?;
        Some((mean(low)? - mean(high)?) / 1.3_f64.ln())
    }
}

impl SubsimSettings {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the field.
    pub fn check(&self) -> Result<()> {
        let at_least = |field: &str, value: usize, least: usize| match value >= least {
            true => Ok(()),
            false => Err(Error::setting(field, format!("at least {least}"), value)),
        };
        at_least("particles", self.particles, 20)?;
        at_least("moves", self.moves, 1)?;
        at_least("replicates", self.replicates, 1)
    }

    /// ln P_σ at the asked widths (ascending), moves doubled until it stays where it is.
    ///
    /// ```text
    /// P_σ = Pr[θ* + σ·z ∈ A],  z ~ N(0, I)
    /// P_σ'/P_σ = Pr[z ∈ A/σ' | z ∈ A/σ] / Pr[z ∈ A/σ | z ∈ A/σ']
    /// ```
    ///
    /// Walkers begin where nearly every draw is inside. From level to level σ grows until about
    /// two in five survive; survivors are copied and moved within the basin (preconditioned
    /// Crank–Nicolson, narrowed along the stiff directions). So one walk gives the whole curve up
    /// to the largest σ, and asks of the region no more than whether a point is inside. The second
    /// factor, which is 1 for a basin that is star-shaped around θ*, counts what comes back in.
    ///
    /// # Errors
    /// [`Error::Setting`] for settings or widths that make no sense, or a θ* outside the region;
    /// [`Error::Shape`] for one of the wrong length; [`Error::Cancelled`] by the watch, which is
    /// called after each evaluation.
    ///
    /// # Cost
    /// About `P·(m + 2)·|ln P|/0.9` evaluations a replicate, fewer with stiff directions, whose
    /// half of the acceptance test needs none.
    ///
    /// # Reference
    /// Au and Beck 2001 for subset simulation, there in the level of the loss at one σ; Cotter,
    /// Roberts, Stuart and White 2013 for the moves.
    ///
    /// ```
    /// use basinscope::basin::{LowLoss, StiffDirections, SubsimSettings};
    /// use basinscope::surface::analytic::Ellipsoid;
    ///
    /// // ½·1000·|x|² ≤ 20 in ten dimensions: ln P of |z|² ≤ 1.111 is −8.186.
    /// let bowl = Ellipsoid::sphere(10, 1_000.0);
    /// let basin = LowLoss::new(&bowl, 20.0)?;
    /// let stiff = StiffDirections::of(&bowl, &[0.0; 10], 5, 0, &())?;
    /// let sigma = 0.18973666;
    /// let found = SubsimSettings::default().run(&basin, &[0.0; 10], &stiff, &[sigma], &())?;
    /// assert!((found.ln_p[0] + 8.186).abs() < 0.7 && found.converged[0]);
    /// # Ok::<(), basinscope::Error>(())
    /// ```
    pub fn run(
        &self,
        region: &impl Region,
        theta: &[f32],
        stiff: &StiffDirections,
        sigmas: &[f64],
        watch: &dyn Watch,
    ) -> Result<LocalVolume> {
        self.check()?;
        check_question(region.dim(), theta, stiff, sigmas)?;
        if !region.contains(theta) {
            let expected = "a minimum inside its own basin";
            return Err(Error::setting("theta", expected, "one outside"));
        }
        let ticks = &Ticks::new(watch, None);
        let mut found = self.replicate(region, theta, stiff, sigmas, 0, ticks)?;
        for doubling in 1..=self.doublings {
            let before = found;
            found = self.replicate(region, theta, stiff, sigmas, doubling, ticks)?;
            found.evaluations += before.evaluations;
            for place in 0..sigmas.len() {
                let error = before.standard_error[place].hypot(found.standard_error[place]);
                let moved = (found.ln_p[place] - before.ln_p[place]).abs();
                found.converged[place] = moved <= 2.0 * error.max(1e-9);
            }
            if found.converged.iter().all(|&converged| converged) {
                break;
            }
        }
        Ok(found)
    }

    /// All replicates with m doubled so many times.
    fn replicate(
        &self,
        region: &impl Region,
        theta: &[f32],
        stiff: &StiffDirections,
        sigmas: &[f64],
        doubling: usize,
        ticks: &Ticks<'_>,
    ) -> Result<LocalVolume> {
        let settings = Self {
            moves: self.moves << doubling,
            ..self.clone()
        };
        let walks: Vec<Walk> = (0..self.replicates as u64)
            .into_par_iter()
            .map(|index| {
                let stream = index + 1_000 * doubling as u64;
                Cloud::new(&settings, region, theta, stiff, stream, ticks).walk(sigmas)
            })
            .collect::<Result<_>>()?;
        let count = walks.len() as f64;
        let columns: Vec<Vec<f64>> = (sigmas.iter())
            .map(|&sigma| {
                let found = walks.iter().map(|walk| walk.at(sigma));
                found
                    .map(|ln_p| ln_p.unwrap_or(f64::NEG_INFINITY))
                    .collect()
            })
            .collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
        let standard_error = |values: &[f64]| {
            let middle = mean(values);
            let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
            (squares / (count - 1.0) / count).sqrt()
        };
        Ok(LocalVolume {
            dim: region.dim(),
            sigma: sigmas.to_vec(),
            ln_p: columns.iter().map(|values| mean(values)).collect(),
            standard_error: columns
                .iter()
                .map(|values| standard_error(values))
                .collect(),
            converged: vec![false; sigmas.len()],
            moves: settings.moves,
            evaluations: walks.iter().map(|walk| walk.evaluations).sum(),
            walks,
        })
    }
}

/// log10 of the local volume from ln P: `(ln P_σ + (n/2)·ln(2πσ²))/ln 10`.
pub fn log10_local_volume(ln_p: f64, sigma: f64, dim: usize) -> f64 {
    (ln_p + dim as f64 / 2.0 * (TAU * sigma * sigma).ln()) / LN_10
}

/// Checks what a sampler is asked.
///
/// # Errors
/// [`Error::Shape`] for a θ or directions of another length; [`Error::Setting`] for widths that are
/// not ascending and above 0.
pub(super) fn check_question(
    dim: usize,
    theta: &[f32],
    stiff: &StiffDirections,
    sigmas: &[f64],
) -> Result<()> {
    if theta.len() != dim || stiff.dim() != dim {
        return Err(Error::Shape {
            what: "theta and the stiff directions".into(),
            expected: vec![dim, dim],
            found: vec![theta.len(), stiff.dim()],
        });
    }
    let ascending = sigmas.windows(2).all(|pair| pair[0] < pair[1]);
    if sigmas.is_empty() || !ascending || sigmas.iter().any(|&s| !(s > 0.0 && s.is_finite())) {
        let found = format!("{sigmas:?}");
        return Err(Error::setting("sigma", "ascending widths above 0", found));
    }
    Ok(())
}

#[cfg(test)]
#[path = "subsim_tests.rs"]
mod tests;
