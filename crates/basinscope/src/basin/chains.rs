//! Hamiltonian chains in the tempered potential of a basin, in the metric of its stiff directions.

use super::stiff::StiffDirections;
use crate::Result;
use crate::random::{Stream, fill_normal, stream};
use crate::surface::Differentiable;
use crate::watch::Ticks;
use rand::RngExt;
use std::f64::consts::FRAC_PI_2;

/// Chains that move in step, so that products with the stiff directions are products of matrices.
pub(super) const TOGETHER: usize = 8;
/// Mean length of a trajectory, in radians of the rotation: a quarter turn forgets most.
const ARC: f64 = FRAC_PI_2;
/// Bounds of the random factor on it: without it chains fall into step with the potential.
const JITTER: [f64; 2] = [0.7, 1.3];
/// Leapfrog steps of a trajectory at most.
const STEPS: usize = 200;

/// Where the chains are: the width σ of the Gaussian and the inverse temperature β.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    pub(super) sigma: f64,
    pub(super) beta: f64,
}

/// What one trajectory of one chain ends with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// Summed loss S.
    pub(super) sum: f64,
    /// Virial β·x·∇S.
    pub(super) virial: f64,
    /// |x|²/σ².
    pub(super) length: f64,
    /// Probability with which the trajectory was accepted.
    pub(super) acceptance: f64,
}

/// The basin that chains explore, and who counts their gradients.
pub(super) struct Basin<'a, S> {
    pub(super) surface: &'a S,
    pub(super) theta: &'a [f32],
    pub(super) stiff: &'a StiffDirections,
    pub(super) ticks: &'a Ticks<'a>,
}

/// A few chains of `exp(−β·S(θ* + x) − |x|²/2σ²)`.
///
/// ```text
/// C⁻¹ = I/σ² + B                             the metric, B = β·N·(V·λ·Vᵀ + λ̄·(I − V·Vᵀ))
/// (x, w) turn about each other, exactly       Hamiltonian of ½xᵀC⁻¹x + ½wᵀC⁻¹w
/// w ← w − ½·ε·C·(β·∇S − B·x)                 half kicks by the rest of the force
/// ```
///
/// λ are the curvatures along the stiff directions V, λ̄ is their mean off them. For a quadratic loss
/// of just these curvatures the kicks vanish, and any step is right.
pub(super) struct Chains<'a, S> {
    surface: &'a S,
    theta: &'a [f32],
    stiff: &'a StiffDirections,
    ticks: &'a Ticks<'a>,
    level: Level,
    /// `[C, n]`.
    x: Vec<f32>,
    w: Vec<f32>,
    /// β·∇S at x.
    force: Vec<f32>,
    /// Coordinates of x and w along the stiff directions, `[C, k]`.
    along_x: Vec<f32>,
    along_w: Vec<f32>,
    sums: Vec<f64>,
    rng: Stream,
    pub(super) gradients: u64,
}

impl<'a, S: Differentiable> Chains<'a, S> {
    /// `count` chains at draws of N(0, σ²I).
    pub(super) fn new(
        basin: &Basin<'a, S>,
        level: Level,
        count: usize,
        seed: u64,
        group: u64,
    ) -> Result<Self> {
        let &Basin {
            surface,
            theta,
            stiff,
            ticks,
        } = basin;
        let (n, k) = (surface.dim(), stiff.len());
        let mut rng = stream(seed, "lta", group);
        let mut x = vec![0.0; count * n];
        fill_normal(&mut rng, &mut x);
        x.iter_mut().for_each(|x| *x *= level.sigma as f32);
        let mut along_x = vec![0.0; count * k];
        coordinates(stiff, &x, &mut along_x);
        let mut chains = Self {
            surface,
            theta,
            stiff,
            ticks,
            level,
            w: vec![0.0; x.len()],
            force: vec![0.0; x.len()],
            along_w: along_x.clone(),
            along_x,
            sums: vec![0.0; count],
            x,
            rng,
            gradients: 0,
        };
        chains.pull()?;
        Ok(chains)
    }

    /// The steps x of all chains, `[C, n]`.
    pub(super) fn steps(&self) -> &[f32] {
        &self.x
    }

    fn shape(&self, level: Level) -> Shape {
        let factor = level.beta * self.surface.examples() as f64;
        let shape = |curvature: f64| Precision {
            added: factor * curvature,
            variance: 1.0 / (1.0 / level.sigma.powi(2) + factor * curvature),
        };
        Shape {
            along: self.stiff.values().iter().map(|&l| shape(l)).collect(),
            rest: shape(self.stiff.mean_rest()),
        }
    }

    /// Moves to another level, stretching the chains as the metric does.
    pub(super) fn move_to(&mut self, level: Level) -> Result<()> {
        let k = self.stiff.len();
        let (from, to) = (self.shape(self.level), self.shape(level));
        let ratio = |from: Precision, to: Precision| (to.variance / from.variance).sqrt() as f32;
        let flat = ratio(from.rest, to.rest);
        let ratios: Vec<f32> = (from.along.iter().zip(&to.along))
            .map(|(&from, &to)| ratio(from, to))
            .collect();
        self.x.iter_mut().for_each(|x| *x *= flat);
        let mut more = self.along_x.clone();
        if k > 0 {
            let rows = self
                .along_x
                .chunks_exact_mut(k)
                .zip(more.chunks_exact_mut(k));
            for (along, more) in rows {
                for ((along, more), &ratio) in along.iter_mut().zip(more).zip(&ratios) {
                    *more *= ratio - flat;
                    *along *= ratio;
                }
            }
            self.stiff.add(&more, &mut self.x);
        }
        self.level = level;
        self.pull()
    }

    /// S and β·∇S at every x.
    fn pull(&mut self) -> Result<()> {
        let n = self.surface.dim();
        let mut point = vec![0.0_f32; n];
        let examples = self.surface.examples() as f64;
        let factor = (self.level.beta * examples) as f32;
        let rows = self.x.chunks_exact(n).zip(self.force.chunks_exact_mut(n));
        for ((x, force), sum) in rows.zip(&mut self.sums) {
            for ((point, &from), &x) in point.iter_mut().zip(self.theta).zip(x) {
                *point = from + x;
            }
            *sum = examples * self.surface.loss_and_grad(&point, force);
            force.iter_mut().for_each(|f| *f *= factor);
            self.ticks.tick()?;
        }
        self.gradients += self.sums.len() as u64;
        Ok(())
    }

    /// One trajectory of every chain with steps of ε; what each ends with.
    pub(super) fn trajectory(&mut self, epsilon: f64) -> Result<Vec<Seen>> {
        let (n, k, count) = (self.surface.dim(), self.stiff.len(), self.sums.len());
        let shape = self.shape(self.level);
        self.refresh(&shape);
        let before: Vec<f64> = (0..count).map(|c| self.energy(c, &shape)).collect();
        let (x, along_x) = (self.x.clone(), self.along_x.clone());
        let (force, sums) = (self.force.clone(), self.sums.clone());
        let length = ARC * self.rng.random_range(JITTER[0]..JITTER[1]);
        let steps = ((length / epsilon).ceil() as usize).clamp(1, STEPS);
        let epsilon = (length / steps as f64).min(2.0 * epsilon);
        let (sin, cos) = epsilon.sin_cos();
        for _ in 0..steps {
            self.kick(0.5 * epsilon, &shape);
            turn(&mut self.x, &mut self.w, sin as f32, cos as f32);
            turn(&mut self.along_x, &mut self.along_w, sin as f32, cos as f32);
            self.pull()?;
            self.kick(0.5 * epsilon, &shape);
        }
        let mut seen = Vec::with_capacity(count);
        for (chain, before) in before.into_iter().enumerate() {
            let change = self.energy(chain, &shape) - before;
            let acceptance = match change.is_finite() {
                true => (-change).exp().min(1.0),
                false => 0.0,
            };
            let u: f64 = self.rng.random();
            if u >= acceptance {
                let (row, few) = (chain * n..(chain + 1) * n, chain * k..(chain + 1) * k);
                self.x[row.clone()].copy_from_slice(&x[row.clone()]);
                self.force[row.clone()].copy_from_slice(&force[row]);
                self.along_x[few.clone()].copy_from_slice(&along_x[few]);
                self.sums[chain] = sums[chain];
            }
            let row = chain * n..(chain + 1) * n;
            seen.push(Seen {
                sum: self.sums[chain],
                virial: dot(&self.x[row.clone()], &self.force[row.clone()]),
                length: dot(&self.x[row.clone()], &self.x[row]) / self.level.sigma.powi(2),
                acceptance,
            });
        }
        Ok(seen)
    }

    /// Draws w ~ N(0, C).
    fn refresh(&mut self, shape: &Shape) {
        let flat = shape.rest.variance.sqrt() as f32;
        fill_normal(&mut self.rng, &mut self.w);
        coordinates(self.stiff, &self.w, &mut self.along_w);
        self.w.iter_mut().for_each(|w| *w *= flat);
        let mut more = self.along_w.clone();
        let k = shape.along.len();
        for (along, more) in rows(&mut self.along_w, k).zip(rows(&mut more, k)) {
            for ((along, more), stiff) in along.iter_mut().zip(more).zip(&shape.along) {
                let spread = stiff.variance.sqrt() as f32;
                *more *= spread - flat;
                *along *= spread;
            }
        }
        add(self.stiff, &more, &mut self.w);
    }

    /// `w ← w − h·C·(force − B·x)`.
    fn kick(&mut self, h: f64, shape: &Shape) {
        let k = shape.along.len();
        let mut along_force = vec![0.0_f32; self.along_x.len()];
        coordinates(self.stiff, &self.force, &mut along_force);
        let kick = |of: &Precision, force: f32, x: f32| {
            (-h * of.variance * (f64::from(force) - of.added * f64::from(x))) as f32
        };
        for ((w, &force), &x) in self.w.iter_mut().zip(&self.force).zip(&self.x) {
            *w += kick(&shape.rest, force, x);
        }
        let state = rows(&mut self.along_w, k).zip(rows(&mut self.along_x, k));
        for (force, (w, x)) in rows(&mut along_force, k).zip(state) {
            for (i, stiff) in shape.along.iter().enumerate() {
                let right = kick(stiff, force[i], x[i]);
                w[i] += right;
                // What the loop above has not done along this direction.
                force[i] = right - kick(&shape.rest, force[i], x[i]);
            }
        }
        add(self.stiff, &along_force, &mut self.w);
    }

    /// `β·S + |x|²/2σ² + ½·wᵀC⁻¹w`.
    fn energy(&self, chain: usize, shape: &Shape) -> f64 {
        let (n, k) = (self.surface.dim(), shape.along.len());
        let (x, w) = (&self.x[chain * n..][..n], &self.w[chain * n..][..n]);
        let rest = 1.0 / shape.rest.variance;
        let stiff: f64 = (self.along_w[chain * k..][..k].iter().zip(&shape.along))
            .map(|(&w, stiff)| (1.0 / stiff.variance - rest) * f64::from(w).powi(2))
            .sum();
        let free = dot(x, x) / self.level.sigma.powi(2) + rest * dot(w, w);
        self.level.beta * self.sums[chain] + 0.5 * (free + stiff)
    }
}

/// The metric in one direction.
#[derive(Debug, Clone, Copy)]
struct Precision {
    /// β·N·λ.
    added: f64,
    /// 1/(1/σ² + β·N·λ).
    variance: f64,
}

/// The metric: along the stiff directions and off them.
struct Shape {
    along: Vec<Precision>,
    rest: Precision,
}

/// Rows of k values; none where k = 0.
fn rows(values: &mut [f32], k: usize) -> std::slice::ChunksExactMut<'_, f32> {
    values.chunks_exact_mut(k.max(1))
}

fn coordinates(stiff: &StiffDirections, rows: &[f32], out: &mut [f32]) {
    if !stiff.is_empty() {
        stiff.coordinates(rows, out);
    }
}

fn add(stiff: &StiffDirections, weights: &[f32], rows: &mut [f32]) {
    if !stiff.is_empty() {
        stiff.add(weights, rows);
    }
}

/// Turns x and w about each other.
fn turn(x: &mut [f32], w: &mut [f32], sin: f32, cos: f32) {
    for (x, w) in x.iter_mut().zip(w) {
        (*x, *w) = (cos * *x + sin * *w, cos * *w - sin * *x);
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| f64::from(a) * f64::from(b))
        .sum()
}
