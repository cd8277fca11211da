//! The local learning coefficient: how many directions the data really pins down, by sampling.

use super::check_theta;
use crate::random::stream;
use crate::surface::Differentiable;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rand::RngExt;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Split R-hat above which the chains are refused.
pub const REFUSED_R_HAT: f64 = 1.3;
/// Split R-hat above which they come with a warning.
pub const DOUBTED_R_HAT: f64 = 1.1;
/// Share of accepted moves the step size is tuned for (Roberts and Rosenthal 1998).
const ACCEPTANCE: f64 = 0.574;

/// What is asked of the chains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainSettings {
    /// Independent chains: half begin at θ*, half at a draw from the localising Gaussian.
    pub chains: usize,
    /// Steps of each while its step size is tuned; thrown away.
    pub warmup: usize,
    /// Steps of each that count.
    pub draws: usize,
    /// Strength γ of the localisation, 1/σ² of a Gaussian around θ*.
    pub gamma: f64,
    /// n·β. Default: N/ln N, for N examples.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inverse_temperature: Option<f64>,
    /// Seed of the chains.
    pub seed: u64,
}

impl Default for ChainSettings {
    /// 4 chains of 1,000 + 2,000 steps, γ = 1,000.
    fn default() -> Self {
        Self {
            chains: 4,
            warmup: 1_000,
            draws: 2_000,
            gamma: 1_000.0,
            inverse_temperature: None,
            seed: 0,
        }
    }
}

/// A local learning coefficient with what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningCoefficient {
    /// λ̂, whatever it is worth.
    pub estimate: f64,
    /// Its standard error, from the spread of the chains.
    pub standard_error: f64,
    /// Split R-hat of the loss over the chains; infinite where one stood still.
    pub r_hat: f64,
    /// Share of moves accepted after the warm-up.
    pub acceptance: f64,
    /// n·β.
    pub inverse_temperature: f64,
    /// Gradients, all in all.
    pub gradients: u64,
}

impl LearningCoefficient {
    /// Why the estimate is refused, if it is.
    pub fn refusal(&self) -> Option<String> {
        if !self.estimate.is_finite() {
            return Some("refused: a chain diverged".into());
        }
        if self.r_hat.is_infinite() {
            return Some("refused: a chain stood still".into());
        }
        (self.r_hat.is_nan() || self.r_hat > REFUSED_R_HAT)
            .then(|| format!("refused: R-hat {:.2} above {REFUSED_R_HAT}", self.r_hat))
    }

    /// λ̂ where the chains agree.
    pub fn value(&self) -> Option<f64> {
        self.refusal().is_none().then_some(self.estimate)
    }

    /// The honest sentence, empty where the estimate can be trusted.
    pub fn warning(&self) -> String {
        self.refusal()
            .unwrap_or_else(|| match self.r_hat > DOUBTED_R_HAT {
                true => format!("R-hat {:.2} above {DOUBTED_R_HAT}", self.r_hat),
                false => String::new(),
            })
    }
}

impl ChainSettings {
    /// Samples around θ* and compares the mean loss with that of θ*.
    ///
    /// ```text
    /// λ̂ = n·β·(E[L(w)] − L(θ*)),   w ~ exp(−n·β·L(w) − ½γ·|w − θ*|²),   β = 1/ln N
    /// ```
    ///
    /// by full-batch Langevin steps with the Metropolis test, so that no step size biases it:
    ///
    /// ```text
    /// w' = w − ½ε·∇U(w) + √ε·z,    U = n·β·L + ½γ·|w − θ*|²
    /// ```
    ///
    /// ε is tuned in the warm-up to accept 57 % and then stays. On a bowl of d directions stiffer
    /// than γ/(n·β) it is d/2, the value of a regular model; singular minima have less. γ decides
    /// how far "local" reaches, so λ̂ depends on it: compare at equal γ.
    ///
    /// # Units
    /// A number (half a count of dimensions).
    ///
    /// # Errors
    /// [`Error::Setting`] naming the field; [`Error::Shape`] for a θ of the wrong length. Chains
    /// that disagree are an outcome, see [`LearningCoefficient::refusal`].
    ///
    /// # Cost
    /// `chains·(warmup + draws + 1)` gradients.
    ///
    /// # Reference
    /// Watanabe 2013 for β = 1/ln N; Lau et al. 2023, eq. 10, for the estimator, there with
    /// stochastic gradients and without the Metropolis test; Vehtari et al. 2021 for split R-hat.
    ///
    /// ```
    /// use basinscope::measure::ChainSettings;
    /// use basinscope::surface::analytic::Ellipsoid;
    ///
    /// // Twenty stiff directions: λ = 10.
    /// let settings = ChainSettings { inverse_temperature: Some(100.0), ..Default::default() };
    /// let found = settings.run(&Ellipsoid::sphere(20, 1e4), &[0.0; 20], &())?;
    /// assert!((found.value().unwrap() - 10.0).abs() < 0.5);
    /// # Ok::<(), basinscope::Error>(())
    /// ```
    pub fn run(
        &self,
        surface: &impl Differentiable,
        theta: &[f32],
        watch: &dyn Watch,
    ) -> Result<LearningCoefficient> {
        check_theta(surface, theta)?;
        let heat = self.check(surface.examples())?;
        let turns = self.chains * (self.warmup + self.draws);
        let ticks = Ticks::new(watch, Some(turns as u64));
        let chains: Vec<Chain> = (0..self.chains)
            .into_par_iter()
            .map(|index| self.chain(surface, theta, heat, index, &ticks))
            .collect::<Result<_>>()?;
        let losses: Vec<&[f64]> = chains.iter().map(|chain| chain.losses.as_slice()).collect();
        let start = surface.loss(theta);
        let found: Vec<f64> = (losses.iter())
            .map(|losses| heat * (mean(losses) - start))
            .collect();
        let accepted: u64 = chains.iter().map(|chain| chain.accepted).sum();
        let steps = self.chains * self.draws;
        Ok(LearningCoefficient {
            estimate: mean(&found),
            standard_error: (variance(&found) / self.chains as f64).sqrt(),
            r_hat: split_r_hat(&losses),
            acceptance: accepted as f64 / steps as f64,
            inverse_temperature: heat,
            gradients: (self.chains * (self.warmup + self.draws + 1)) as u64,
        })
    }

    /// Checks every number; returns n·β.
    fn check(&self, examples: usize) -> Result<f64> {
        let above_zero = |field: &str, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(value),
            false => Err(Error::setting(field, "a number above 0", value)),
        };
        let at_least = |field: &str, value: usize, least: usize| match value >= least {
            true => Ok(()),
            false => Err(Error::setting(field, format!("at least {least}"), value)),
        };
        at_least("chains", self.chains, 2)?;
        at_least("draws of a chain", self.draws, 20)?;
        at_least("warm-up of a chain", self.warmup, 20)?;
        above_zero("gamma", self.gamma)?;
        match self.inverse_temperature {
            Some(heat) => above_zero("inverse temperature", heat),
            None if examples < 3 => {
                let expected = "at least 3, or an inverse temperature";
                Err(Error::setting("examples", expected, examples))
            }
            None => Ok(examples as f64 / (examples as f64).ln()),
        }
    }

    fn chain(
        &self,
        surface: &impl Differentiable,
        theta: &[f32],
        heat: f64,
        index: usize,
        ticks: &Ticks<'_>,
    ) -> Result<Chain> {
        let rng = &mut stream(self.seed, "learning-coefficient", index as u64);
        let spread = self.gamma.sqrt().recip();
        let begin: Vec<f64> = (theta.iter())
            .map(|_| match index % 2 {
                1 => spread * rng.sample::<f64, _>(StandardNormal),
                _ => 0.0,
            })
            .collect();
        let mut here = Place::at(begin, surface, theta, heat, self.gamma);
        if !here.energy.is_finite() {
            here = Place::at(vec![0.0; theta.len()], surface, theta, heat, self.gamma);
        }
        let mut ln_step = (0.1 / self.gamma).ln();
        let mut chain = Chain::default();
        for turn in 0..self.warmup + self.draws {
            let step = ln_step.exp();
            let noise: Vec<f64> = theta.iter().map(|_| rng.sample(StandardNormal)).collect();
            let moved = (here.offset.iter().zip(&here.slope).zip(&noise))
                .map(|((x, slope), z)| x - 0.5 * step * slope + step.sqrt() * z)
                .collect();
            let there = Place::at(moved, surface, theta, heat, self.gamma);
            ticks.tick()?;
            // ln q(w|w') − ln q(w'|w), the second of which is −½|z|².
            let back: f64 = (here.offset.iter().zip(&there.offset).zip(&there.slope))
                .map(|((x, y), slope)| (x - y + 0.5 * step * slope).powi(2))
                .sum();
            let forth: f64 = noise.iter().map(|z| z * z).sum();
            let ln_ratio = here.energy - there.energy + 0.5 * forth - 0.5 * back / step;
            let chance = if ln_ratio.is_nan() {
                0.0
            } else {
                ln_ratio.min(0.0).exp()
            };
            let accepted = rng.random::<f64>() < chance;
            if accepted {
                here = there;
            }
            if turn < self.warmup {
                ln_step += (chance - ACCEPTANCE) * ((turn + 1) as f64).powf(-0.6);
            } else {
                chain.accepted += u64::from(accepted);
                chain.losses.push(here.loss);
            }
        }
        Ok(chain)
    }
}

/// What one chain saw after its warm-up.
#[derive(Debug, Clone, Default)]
struct Chain {
    losses: Vec<f64>,
    accepted: u64,
}

/// A point w = θ* + x, with what the next step needs.
struct Place {
    offset: Vec<f64>,
    loss: f64,
    /// U(w).
    energy: f64,
    /// ∇U(w).
    slope: Vec<f64>,
}

impl Place {
    fn at(
        offset: Vec<f64>,
        surface: &impl Differentiable,
        theta: &[f32],
        heat: f64,
        gamma: f64,
    ) -> Self {
        let point: Vec<f32> = (theta.iter().zip(&offset))
            .map(|(&w, x)| (f64::from(w) + x) as f32)
            .collect();
        let mut grad = vec![0.0; theta.len()];
        let loss = surface.loss_and_grad(&point, &mut grad);
        let squares: f64 = offset.iter().map(|x| x * x).sum();
        let slope = (offset.iter().zip(&grad))
            .map(|(x, &g)| heat * f64::from(g) + gamma * x)
            .collect();
        Self {
            energy: heat * loss + 0.5 * gamma * squares,
            offset,
            loss,
            slope,
        }
    }
}

/// √(((m − 1)/m·W + B/m)/W) over the halves of the chains, each of length m: W the mean variance
/// within, B/m the variance of their means.
fn split_r_hat(chains: &[&[f64]]) -> f64 {
    let halves: Vec<&[f64]> = (chains.iter())
        .flat_map(|chain| {
            let half = chain.len() / 2;
            [&chain[..half], &chain[chain.len() - half..]]
        })
        .collect();
    let length = halves[0].len() as f64;
    let within: Vec<f64> = halves.iter().map(|half| variance(half)).collect();
    if within.contains(&0.0) {
        return f64::INFINITY;
    }
    let means: Vec<f64> = halves.iter().map(|half| mean(half)).collect();
    let within = mean(&within);
    (((length - 1.0) / length * within + variance(&means)) / within).sqrt()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample variance.
fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    squares / (values.len() as f64 - 1.0)
}

#[cfg(test)]
#[path = "learning_coefficient_tests.rs"]
mod tests;
