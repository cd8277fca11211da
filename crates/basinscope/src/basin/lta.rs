//! Local tempered annealing: the reference for local volumes, by gradients.

use super::chains::{Basin, Chains, Level, Seen, TOGETHER};
use super::diagnostics::{split_r_hat, student_half_width};
use super::statistics::{effective_sample_size, ln_sum_exp};
use super::stiff::StiffDirections;
use crate::random::stream;
use crate::surface::Differentiable;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rand::RngExt;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Direct draws that tell ln Z where the annealing begins.
const FIRST_DRAWS: usize = 4_000;
/// Share of direct draws inside the basin where it begins.
const INSIDE_AT_FIRST: f64 = 0.9;
/// Trajectories at a level before any is counted: a lag makes S, and so the loss of ln Z, too large.
const BURN_IN: usize = 3;
/// Change of ln β from one level to the next at most.
const COOLING: f64 = 0.15;
/// Distance of ln of the mean of S from the cutoff's that is left at any level. Were β to follow
/// every wobble of S, its steps would go with the errors of the very means they are weighted by, and
/// ln Z would come out low.
const NEAR_CUTOFF: f64 = 0.1;
/// The same at an asked σ.
const ON_CUTOFF: f64 = 0.05;
/// Newton steps on β at a level at most.
const NEWTON: usize = 100;
/// Acceptance that the steps of the chains are tuned to.
const ACCEPTANCE: f64 = 0.75;
/// Trajectories at an asked σ, in units of those of a level.
const AT_ASKED: usize = 8;
/// Resamples of the chains for the standard error.
const RESAMPLES: usize = 300;
/// Samples of the basin kept at an asked σ.
const KEPT: usize = 50;

/// What is asked of the annealing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LtaSettings {
    /// Cutoff on the mean loss, in nats.
    pub cutoff: f64,
    /// Chains.
    pub chains: usize,
    /// Trajectories of each chain that are counted at a level.
    pub trajectories: usize,
    /// Distance of two levels in ln σ.
    pub spacing: f64,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for LtaSettings {
    /// 16 chains, 8 trajectories a level, levels 0.05 apart in ln σ, the paper's cutoff of 0.1.
    fn default() -> Self {
        Self {
            cutoff: 0.1,
            chains: 16,
            trajectories: 8,
            spacing: 0.05,
            seed: 0,
        }
    }
}

/// The local volume at one σ, by annealing.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnealedPoint {
    /// Width of the Gaussian.
    pub sigma: f64,
    /// Inverse temperature β at which the mean of S is the cutoff.
    pub beta: f64,
    /// ln P_σ.
    pub ln_p: f64,
    /// Its standard error: the chains' bootstrap, the first draws and the quadrature together.
    pub standard_error: f64,
    /// The quadrature's share: what the derivative correction of the trapezoid changed.
    pub quadrature_error: f64,
    /// 95 % interval by Student's t over the chains.
    pub interval: [f64; 2],
    /// k = β·E[x·∇S], the virial.
    pub constrained_dimensions: f64,
    /// n − E[|x|²]/σ², which is k too for chains in equilibrium: its check, noisier.
    pub constrained_dimensions_check: f64,
    /// The largest split R-hat of S, x·∇S and |x|² over the chains.
    pub r_hat: f64,
    /// Effective number of samples behind the step from the tempered loss to the hard cutoff.
    pub ess: f64,
    /// Steps x from θ* that lie in the basin, drawn by weight (`[up to 50, n]`).
    pub samples: Vec<f32>,
}

/// A basin's local volume as a curve over σ, by annealing.
#[derive(Debug, Clone, PartialEq)]
pub struct Annealed {
    /// Number of parameters n.
    pub dim: usize,
    /// A point for each asked σ.
    pub points: Vec<AnnealedPoint>,
    /// Gradients, all in all.
    pub gradients: u64,
    /// Loss evaluations besides.
    pub evaluations: u64,
}

/// Means over the trajectories at one level, a value for each chain.
struct Stop {
    level: Level,
    virial: Vec<f64>,
    energy: Vec<f64>,
}

/// What is known at an asked σ.
struct Asked {
    /// Its place among the stops.
    stop: usize,
    /// What each chain's trajectories ended with, `[trajectories][chain]`.
    seen: Vec<Vec<Seen>>,
    samples: Vec<f32>,
}

impl LtaSettings {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the field.
    pub fn check(&self) -> Result<()> {
        if !(self.cutoff > 0.0 && self.cutoff.is_finite()) {
            return Err(Error::setting("cutoff", "a loss above 0", self.cutoff));
        }
        if self.chains < 4 {
            return Err(Error::setting("chains", "at least 4", self.chains));
        }
        if self.trajectories < 4 {
            let expected = "at least 4";
            return Err(Error::setting("trajectories", expected, self.trajectories));
        }
        if !(self.spacing > 0.0 && self.spacing <= 0.5) {
            let expected = "above 0 and at most 0.5";
            return Err(Error::setting("spacing", expected, self.spacing));
        }
        Ok(())
    }

    /// ln P_σ at the asked widths (ascending) by annealing outwards from θ*.
    ///
    /// ```text
    /// Z(σ, β) = E[e^(−β·S(θ* + x))],  x ~ N(0, σ²I)
    /// d ln Z = −k·d ln σ − β·E[S]·d ln β,  k = β·E[x·∇S]
    /// ln P_σ = ln Z + ln E[1(S ≤ s_c)·e^(βS)]
    /// ```
    ///
    /// S is the summed loss, s_c the cutoff times the number of examples; expectations are over
    /// Hamiltonian chains of `exp(−βS − |x|²/2σ²)` whose mass matrix is that of the stiff
    /// directions. β follows the mean of S to s_c.
    ///
    /// # Errors
    /// [`Error::Setting`] for settings or widths that make no sense, or a θ* above the cutoff;
    /// [`Error::Shape`] for one of the wrong length; [`Error::Cancelled`] by the watch, which is
    /// called after each gradient.
    ///
    /// # Cost
    /// About `chains·(trajectories + 3)·4·ln(σ/σ₀)/spacing` gradients, σ₀ the width at which nine
    /// in ten draws are inside.
    ///
    /// # Reference
    /// Gelman and Meng 1998 for the integral over the path; Neal 2011 and Shahbaba et al. 2014 for
    /// chains whose Gaussian part is solved exactly.
    pub fn run<S: Differentiable>(
        &self,
        surface: &S,
        theta: &[f32],
        stiff: &StiffDirections,
        sigmas: &[f64],
        watch: &dyn Watch,
    ) -> Result<Annealed> {
        self.check()?;
        super::subsim::check_question(surface.dim(), theta, stiff, sigmas)?;
        let sum_cutoff = self.cutoff * surface.examples() as f64;
        if !surface.sum_at_most(theta, sum_cutoff) {
            let expected = "a minimum inside its own basin";
            return Err(Error::setting("theta", expected, "one outside"));
        }
        let ticks = &Ticks::new(watch, None);
        let basin = Basin {
            surface,
            theta,
            stiff,
            ticks,
        };
        let mut annealing = Annealing::begin(self, &basin, sum_cutoff, sigmas[0])?;
        let asked: Vec<Asked> = (sigmas.iter())
            .map(|&sigma| annealing.go_to(sigma))
            .collect::<Result<_>>()?;
        Ok(annealing.finish(&asked))
    }
}

struct Annealing<'a, S> {
    settings: &'a LtaSettings,
    dim: usize,
    sum_cutoff: f64,
    groups: Vec<Chains<'a, S>>,
    epsilon: f64,
    ln_first: f64,
    first_error: f64,
    beta_least: f64,
    evaluations: u64,
    stops: Vec<Stop>,
}

impl<'a, S: Differentiable> Annealing<'a, S> {
    /// Finds where nearly every draw is inside, and ln Z there.
    fn begin(
        settings: &'a LtaSettings,
        basin: &Basin<'a, S>,
        sum_cutoff: f64,
        first: f64,
    ) -> Result<Self> {
        let mut sigma = first;
        let mut evaluations = 0;
        let sums = loop {
            let sums = draws(basin, sigma, settings.seed)?;
            evaluations += sums.len() as u64;
            let inside = sums.iter().filter(|&&sum| sum <= sum_cutoff).count();
            if inside as f64 >= INSIDE_AT_FIRST * sums.len() as f64 || sigma < 1e-12 {
                break sums;
            }
            sigma *= 0.7;
        };
        let beta = 1.0 / sum_cutoff;
        let count = sums.len() as f64;
        let terms = sums.iter().map(|sum| -beta * sum);
        let ln_first = ln_sum_exp(terms.clone()) - count.ln();
        // Of the mean of weights: relative variance 1/ESS − 1/count.
        let first_error = (1.0 / effective_sample_size(terms) - 1.0 / count)
            .max(0.0)
            .sqrt();
        let level = Level { sigma, beta };
        let groups = (0..settings.chains.div_ceil(TOGETHER))
            .map(|group| {
                let count = TOGETHER.min(settings.chains - group * TOGETHER);
                let group = group as u64;
                Chains::new(basin, level, count, settings.seed, group)
            })
            .collect::<Result<_>>()?;
        let mut annealing = Self {
            settings,
            dim: basin.surface.dim(),
            sum_cutoff,
            groups,
            epsilon: 0.5,
            ln_first,
            first_error,
            beta_least: beta,
            evaluations,
            stops: Vec::new(),
        };
        annealing.trajectories(4 * BURN_IN, |_, _| ())?;
        annealing.stay(level)?;
        Ok(annealing)
    }

    /// Trajectories of all chains, their step tuned on the way.
    fn trajectories(
        &mut self,
        count: usize,
        mut each: impl FnMut(&[Chains<'a, S>], Vec<Seen>),
    ) -> Result<()> {
        for _ in 0..count {
            let epsilon = self.epsilon;
            let seen: Vec<Vec<Seen>> = (self.groups.par_iter_mut())
                .map(|group| group.trajectory(epsilon))
                .collect::<Result<_>>()?;
            let seen = seen.concat();
            let accepted = seen.iter().map(|seen| seen.acceptance).sum::<f64>() / seen.len() as f64;
            self.epsilon = (epsilon * (0.4 * (accepted - ACCEPTANCE)).exp()).clamp(1e-3, 1.0);
            each(&self.groups, seen);
        }
        Ok(())
    }

    /// Burns in and measures at a level where the chains already are.
    fn stay(&mut self, level: Level) -> Result<()> {
        self.trajectories(BURN_IN, |_, _| ())?;
        let mut all = Vec::new();
        self.trajectories(self.settings.trajectories, |_, seen| all.push(seen))?;
        self.stops.push(stop(level, &all));
        Ok(())
    }

    fn level(&self) -> Level {
        self.stops[self.stops.len() - 1].level
    }

    /// β that brings the mean of S to the cutoff, as far as one step may; as it is where the mean is
    /// near enough.
    fn next_beta(&self, tolerance: f64) -> f64 {
        let last = &self.stops[self.stops.len() - 1];
        let off = (mean(&last.energy) / last.level.beta / self.sum_cutoff).ln();
        match off.abs() > tolerance {
            true => (last.level.beta * off.clamp(-COOLING, COOLING).exp()).max(self.beta_least),
            false => last.level.beta,
        }
    }

    /// Newton steps on β until the mean of S is this near the cutoff.
    fn settle(&mut self, tolerance: f64) -> Result<()> {
        for _ in 0..NEWTON {
            let Level { sigma, beta } = self.level();
            let next = self.next_beta(tolerance);
            if next == beta {
                break;
            }
            self.move_to(Level { sigma, beta: next })?;
        }
        Ok(())
    }

    fn move_to(&mut self, level: Level) -> Result<()> {
        (self.groups.par_iter_mut()).try_for_each(|group| group.move_to(level))?;
        self.stay(level)
    }

    /// Anneals to an asked σ, brings S to the cutoff there, and looks closely.
    fn go_to(&mut self, sigma: f64) -> Result<Asked> {
        let from = self.level().sigma;
        let levels = ((sigma / from).ln() / self.settings.spacing)
            .ceil()
            .max(0.0) as usize;
        for index in 1..=levels {
            let to = from * ((sigma / from).ln() * index as f64 / levels as f64).exp();
            let beta = self.next_beta(NEAR_CUTOFF);
            self.move_to(Level { sigma: to, beta })?;
            self.settle(NEAR_CUTOFF)?;
        }
        self.settle(ON_CUTOFF)?;
        let mut seen = Vec::new();
        let mut steps: Vec<f32> = Vec::new();
        let (dim, cutoff) = (self.dim, self.sum_cutoff);
        let mut ln_weights = Vec::new();
        let level = self.level();
        self.trajectories(AT_ASKED * self.settings.trajectories, |groups, ends| {
            let rows = groups.iter().flat_map(|g| g.steps().chunks_exact(dim));
            for (row, end) in rows.zip(&ends) {
                if end.sum <= cutoff {
                    steps.extend(row);
                    ln_weights.push(level.beta * end.sum);
                }
            }
            seen.push(ends);
        })?;
        let place = self.stops.len() - 1;
        self.stops[place] = stop(level, &seen);
        let rng = &mut stream(self.settings.seed, "lta samples", place as u64);
        let chosen = systematic(&ln_weights, KEPT, rng.random());
        let samples = (chosen.iter())
            .flat_map(|&i| &steps[i * dim..(i + 1) * dim])
            .copied()
            .collect();
        Ok(Asked {
            stop: place,
            seen,
            samples,
        })
    }

    fn finish(self, asked: &[Asked]) -> Annealed {
        let chains = self.settings.chains;
        let all: Vec<usize> = (0..chains).collect();
        let (whole, plain) = self.ln_p(asked, &all);
        let rng = &mut stream(self.settings.seed, "lta bootstrap", 0);
        let resampled: Vec<Vec<f64>> = (0..RESAMPLES)
            .map(|_| {
                let chosen: Vec<usize> = (0..chains).map(|_| rng.random_range(0..chains)).collect();
                self.ln_p(asked, &chosen).0
            })
            .collect();
        let points = (asked.iter().enumerate())
            .map(|(index, asked)| {
                let values: Vec<f64> = resampled.iter().map(|row| row[index]).collect();
                // A bootstrap of so few chains is too narrow by √(C/(C − 1)).
                let small = (chains as f64 / (chains as f64 - 1.0)).sqrt();
                let spread = small * standard_deviation(&values);
                let quadrature_error = (whole[index] - plain[index]).abs();
                let standard_error = spread.hypot(self.first_error).hypot(quadrature_error);
                let half = student_half_width(standard_error, chains - 1);
                let stop = &self.stops[asked.stop];
                let (sigma, beta) = (stop.level.sigma, stop.level.beta);
                let chain_of = |value: fn(&Seen) -> f64| -> Vec<Vec<f64>> {
                    (0..chains)
                        .map(|chain| asked.seen.iter().map(|row| value(&row[chain])).collect())
                        .collect()
                };
                let r_hat = [
                    chain_of(|seen| seen.sum),
                    chain_of(|seen| seen.virial),
                    chain_of(|seen| seen.length),
                ]
                .iter()
                .map(|values| split_r_hat(values))
                .fold(1.0, f64::max);
                let ln_weights = (asked.seen.iter().flatten())
                    .filter(|seen| seen.sum <= self.sum_cutoff)
                    .map(|seen| beta * seen.sum);
                let ends = || asked.seen.iter().flatten();
                let length = ends().map(|seen| seen.length).sum::<f64>() / ends().count() as f64;
                AnnealedPoint {
                    sigma,
                    beta,
                    ln_p: whole[index],
                    standard_error,
                    quadrature_error,
                    interval: [whole[index] - half, whole[index] + half],
                    constrained_dimensions: mean(&stop.virial),
                    constrained_dimensions_check: self.dim as f64 - length,
                    r_hat,
                    ess: effective_sample_size(ln_weights),
                    samples: asked.samples.clone(),
                }
            })
            .collect();
        Annealed {
            dim: self.dim,
            points,
            gradients: self.groups.iter().map(|group| group.gradients).sum(),
            evaluations: self.evaluations,
        }
    }

    /// ln P at the asked σ from some of the chains: by the corrected and by the plain trapezoid.
    fn ln_p(&self, asked: &[Asked], chosen: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let pick =
            |values: &[f64]| chosen.iter().map(|&c| values[c]).sum::<f64>() / chosen.len() as f64;
        let k: Vec<f64> = self.stops.iter().map(|stop| pick(&stop.virial)).collect();
        let e: Vec<f64> = self.stops.iter().map(|stop| pick(&stop.energy)).collect();
        let x: Vec<f64> = self.stops.iter().map(|s| s.level.sigma.ln()).collect();
        let slopes = slopes(&x, &k);
        let (mut corrected, mut plain) = (vec![self.ln_first], vec![self.ln_first]);
        for j in 1..self.stops.len() {
            let h = x[j] - x[j - 1];
            let cooled = (self.stops[j].level.beta / self.stops[j - 1].level.beta).ln();
            let step = -0.5 * (k[j] + k[j - 1]) * h - 0.5 * (e[j] + e[j - 1]) * cooled;
            plain.push(plain[j - 1] + step);
            let bend = h * h / 12.0 * (slopes[j] - slopes[j - 1]);
            corrected.push(corrected[j - 1] + step + bend);
        }
        let hard = |asked: &Asked| -> f64 {
            let beta = self.stops[asked.stop].level.beta;
            let terms = (asked.seen.iter()).flat_map(|row| chosen.iter().map(|&c| row[c].sum));
            let count = (asked.seen.len() * chosen.len()) as f64;
            let inside = terms.filter(|&sum| sum <= self.sum_cutoff);
            ln_sum_exp(inside.map(|sum| beta * sum)) - count.ln()
        };
        let at = |curve: &[f64]| -> Vec<f64> {
            (asked.iter())
                .map(|a| (curve[a.stop] + hard(a)).min(0.0))
                .collect()
        };
        (at(&corrected), at(&plain))
    }
}

/// Sums of losses at draws of N(θ*, σ²I).
fn draws<S: Differentiable>(basin: &Basin<'_, S>, sigma: f64, seed: u64) -> Result<Vec<f64>> {
    let Basin { surface, theta, .. } = basin;
    let examples = surface.examples() as f64;
    (0..FIRST_DRAWS as u64)
        .into_par_iter()
        .map(|index| {
            let rng = &mut stream(seed, "lta first draws", index);
            let point: Vec<f32> = (theta.iter())
                .map(|&from| from + sigma as f32 * rng.sample::<f32, _>(StandardNormal))
                .collect();
            let sum = examples * surface.loss(&point);
            basin.ticks.tick()?;
            Ok(sum)
        })
        .collect()
}

fn stop(level: Level, seen: &[Vec<Seen>]) -> Stop {
    let chains = seen[0].len();
    let over = |value: &dyn Fn(&Seen) -> f64| -> Vec<f64> {
        (0..chains)
            .map(|chain| seen.iter().map(|row| value(&row[chain])).sum::<f64>() / seen.len() as f64)
            .collect()
    };
    Stop {
        level,
        virial: over(&|seen| seen.virial),
        energy: over(&|seen| level.beta * seen.sum),
    }
}

/// Derivatives along a curve whose abscissae may repeat, by differences over the neighbours.
fn slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let last = x.len() - 1;
    (0..x.len())
        .map(|j| {
            let (mut a, mut b) = (j, j);
            while a > 0 && x[a] >= x[j] {
                a -= 1;
            }
            while b < last && x[b] <= x[j] {
                b += 1;
            }
            match x[b] > x[a] {
                true => (y[b] - y[a]) / (x[b] - x[a]),
                false => 0.0,
            }
        })
        .collect()
}

/// `count` indices in proportion to weights, by systematic resampling; none without weights.
fn systematic(ln_weights: &[f64], count: usize, offset: f64) -> Vec<usize> {
    if ln_weights.is_empty() {
        return Vec::new();
    }
    let whole = ln_sum_exp(ln_weights.iter().copied());
    let mut chosen = Vec::with_capacity(count);
    let mut sum = 0.0;
    for (index, weight) in ln_weights.iter().enumerate() {
        sum += (weight - whole).exp() * count as f64;
        while chosen.len() < count && (chosen.len() as f64 + offset) < sum {
            chosen.push(index);
        }
    }
    chosen
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn standard_deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

#[cfg(test)]
#[path = "lta_tests.rs"]
mod tests;
