//! Walkers of a Gaussian that stay inside a basin while its width grows.

use super::region::Region;
use super::stiff::StiffDirections;
use super::subsim::{SubsimSettings, Walk};
use crate::Result;
use crate::random::{Stream, fill_normal, stream};
use crate::watch::Ticks;
use rand::RngExt;

/// Share of the walkers that survive a step outwards: the step is chosen so, and aims at
/// [`AIM`].
const SURVIVORS: [f64; 2] = [0.3, 0.55];
/// Share of the walkers a step outwards aims to keep.
const AIM: f64 = 0.4;
/// Acceptance the size of the moves is tuned to.
const ACCEPTANCE: f64 = 0.3;
/// Bounds of the angle of a move, in radians.
const ANGLES: [f64; 2] = [1e-5, 1.5];
/// Share of the first walkers that lie inside.
const AT_FIRST: f64 = 0.9;
/// Walkers moved at once, so that products with the stiff directions are products of matrices.
const TOGETHER: usize = 8;
/// Levels after which a walk gives up.
const LEVELS: usize = 5_000;
/// Walkers kept at an asked width.
const KEPT: usize = 50;

/// The walkers of one replicate.
pub(super) struct Cloud<'a, R> {
    settings: &'a SubsimSettings,
    region: &'a R,
    theta: &'a [f32],
    stiff: &'a StiffDirections,
    ticks: &'a Ticks<'a>,
    rng: Stream,
    /// Walkers z, `[P, n]`, standard normal but for lying inside.
    z: Vec<f32>,
    /// Their coordinates along the stiff directions, `[P, k]`.
    along: Vec<f32>,
    /// Angle of a move.
    angle: f64,
    evaluations: u64,
    point: Vec<f32>,
}

impl<'a, R: Region> Cloud<'a, R> {
    pub(super) fn new(
        settings: &'a SubsimSettings,
        region: &'a R,
        theta: &'a [f32],
        stiff: &'a StiffDirections,
        index: u64,
        ticks: &'a Ticks<'a>,
    ) -> Self {
        let (p, n) = (settings.particles, region.dim());
        let mut rng = stream(settings.seed, "subsim", index);
        let mut z = vec![0.0; p * n];
        fill_normal(&mut rng, &mut z);
        Self {
            settings,
            region,
            theta,
            stiff,
            ticks,
            rng,
            z,
            along: vec![0.0; p * stiff.len()],
            angle: 1.0,
            evaluations: 0,
            point: vec![0.0; n],
        }
    }

    /// Whether a walker is inside at width σ.
    fn inside(&mut self, z: &[f32], sigma: f64) -> Result<bool> {
        self.evaluations += 1;
        let sigma = sigma as f32;
        for ((point, &from), &z) in self.point.iter_mut().zip(self.theta).zip(z) {
            *point = from + sigma * z;
        }
        let inside = self.region.contains(&self.point);
        self.ticks.tick()?;
        Ok(inside)
    }

    /// The walkers inside at width σ.
    fn survivors(&mut self, sigma: f64) -> Result<Vec<usize>> {
        let n = self.region.dim();
        let z = std::mem::take(&mut self.z);
        let found = (z.chunks_exact(n).enumerate())
            .filter_map(|(index, z)| match self.inside(z, sigma) {
                Ok(inside) => inside.then_some(Ok(index)),
                Err(error) => Some(Err(error)),
            })
            .collect();
        self.z = z;
        found
    }

    /// Steps σ·z of the first of the chosen walkers.
    fn steps(&self, chosen: &[usize], sigma: f64) -> Vec<f32> {
        let n = self.region.dim();
        let rows = chosen
            .iter()
            .take(KEPT)
            .flat_map(|&i| &self.z[i * n..(i + 1) * n]);
        rows.map(|&z| sigma as f32 * z).collect()
    }

    /// A width at which nearly all of the first walkers are inside, and those.
    fn begin(&mut self, last: f64) -> Result<(f64, Vec<usize>)> {
        let p = self.settings.particles as f64;
        let mut sigma = last;
        loop {
            let inside = self.survivors(sigma)?;
            if inside.len() as f64 >= AT_FIRST * p || sigma < 1e-12 {
                return Ok((sigma, inside));
            }
            sigma *= 0.5;
        }
    }

    /// Walks outwards through the asked widths (ascending).
    pub(super) fn walk(&mut self, sigmas: &[f64]) -> Result<Walk> {
        let p = self.settings.particles as f64;
        let last = sigmas[sigmas.len() - 1];
        let (mut sigma, mut inside) = self.begin(last)?;
        let mut walk = Walk {
            sigma: Vec::new(),
            ln_p: Vec::new(),
            acceptance: Vec::new(),
            survivors: Vec::new(),
            samples: Vec::new(),
            evaluations: 0,
        };
        if inside.is_empty() {
            walk.evaluations = self.evaluations;
            return Ok(walk);
        }
        for &asked in sigmas.iter().filter(|&&asked| asked < sigma) {
            // So near that direct draws tell.
            let inside = self.survivors(asked)?;
            walk.sigma.push(asked);
            walk.ln_p.push((inside.len() as f64 / p).ln());
            walk.acceptance.push(1.0);
            walk.survivors.push(inside.len());
            walk.samples.push(self.steps(&inside, asked));
        }
        let mut ln_p = (inside.len() as f64 / p).ln();
        let mut asked: Vec<f64> = sigmas.iter().copied().filter(|&s| s > sigma).collect();
        asked.reverse();
        let mut step = 0.1_f64;
        let mut before = None;
        loop {
            self.resample(&inside);
            let acceptance = self.mix(sigma)?;
            if let Some(before) = before {
                // What left through the wall on the way out may come back in: the other half of
                // the bridge.
                let back = self.survivors(before)?.len() as f64 / p;
                ln_p -= back.max(0.5 / p).ln();
            }
            walk.sigma.push(sigma);
            walk.ln_p.push(ln_p);
            walk.acceptance.push(acceptance);
            walk.survivors.push(inside.len());
            if sigmas.contains(&sigma) {
                let all: Vec<usize> = (0..self.settings.particles).collect();
                walk.samples.push(self.steps(&all, sigma));
            }
            let Some(&next) = asked.last() else { break };
            if walk.sigma.len() >= LEVELS {
                break;
            }
            before = Some(sigma);
            let Some(found) = self.outwards(sigma, next, &mut step)? else {
                break;
            };
            (sigma, inside) = found;
            if inside.is_empty() {
                break;
            }
            if sigma == next {
                asked.pop();
            }
            ln_p += (inside.len() as f64 / p).ln();
        }
        walk.evaluations = self.evaluations;
        Ok(walk)
    }

    /// The next width, not beyond `next`, with the walkers that survive it; `None` where any step
    /// loses them all.
    fn outwards(
        &mut self,
        sigma: f64,
        next: f64,
        step: &mut f64,
    ) -> Result<Option<(f64, Vec<usize>)>> {
        let p = self.settings.particles as f64;
        let whole = (next / sigma).ln();
        let (mut low, mut high) = (0.0, f64::INFINITY);
        let mut tried = step.min(whole);
        loop {
            let to = if tried >= whole {
                next
            } else {
                sigma * tried.exp()
            };
            let inside = self.survivors(to)?;
            let share = inside.len() as f64 / p;
            let enough = share >= SURVIVORS[0];
            if enough && (share <= SURVIVORS[1] || tried >= whole) {
                *step = tried;
                return Ok(Some((to, inside)));
            }
            // ln of the share falls about linearly with the step.
            let aim = (AIM.ln() / share.clamp(0.02, 0.98).ln()).clamp(0.2, 4.0);
            if enough {
                low = tried;
                tried = (tried * aim).min(whole);
            } else {
                high = tried;
                tried *= aim;
            }
            if tried <= low || tried >= high {
                tried = 0.5 * (low + high.min(whole));
            }
            if high - low < 1e-3 * high {
                // Many leave at once: stop short of where they do.
                *step = high;
                let to = sigma * low.exp();
                return match low > 1e-9 {
                    true => Ok(Some((to, self.survivors(to)?))),
                    false => Ok(None),
                };
            }
            if high < 1e-9 {
                return Ok(None);
            }
        }
    }

    /// Fills the cloud with the survivors, each as often as the others (± 1).
    fn resample(&mut self, inside: &[usize]) {
        let (p, n, k) = (self.settings.particles, self.region.dim(), self.stiff.len());
        let mut chosen = inside.to_vec();
        while chosen.len() < p {
            // Whole rounds of the survivors, the last one a random part.
            let mut round = inside.to_vec();
            let room = (p - chosen.len()).min(round.len());
            for place in 0..room {
                let other = self.rng.random_range(place..round.len());
                round.swap(place, other);
            }
            chosen.extend(&round[..room]);
        }
        let rows = chosen.iter().flat_map(|&i| &self.z[i * n..(i + 1) * n]);
        self.z = rows.copied().collect();
        self.along = vec![0.0; p * k];
        if k > 0 {
            self.stiff.coordinates(&self.z, &mut self.along);
        }
    }

    /// Moves every walker m times within the basin; returns the share of moves accepted.
    ///
    /// y = z·cos a + ξ·sin a with ξ ~ N(0, C), C the Gaussian narrowed along the stiff
    /// directions ([`StiffDirections::spreads`]). Accepted iff y is inside and
    /// ln u < ½·Σ (1/s_i² − 1)·(y_i² − z_i²): then N(0, I) is left as it is.
    fn mix(&mut self, sigma: f64) -> Result<f64> {
        let (p, n, k) = (self.settings.particles, self.region.dim(), self.stiff.len());
        let spread = self.stiff.spreads(&self.along, sigma);
        let excess: Vec<f64> = spread.iter().map(|s| 1.0 / (s * s) - 1.0).collect();
        let mut xi = vec![0.0_f32; TOGETHER * n];
        let mut turn = vec![0.0_f32; TOGETHER * k];
        let mut proposal = vec![0.0_f32; n];
        let mut total = 0_u64;
        for _ in 0..self.settings.moves {
            let (sin, cos) = self.angle.sin_cos();
            let (sin, cos) = (sin as f32, cos as f32);
            let mut accepted = 0_u64;
            for first in (0..p).step_by(TOGETHER) {
                let together = TOGETHER.min(p - first);
                let xi = &mut xi[..together * n];
                let turn = &mut turn[..together * k];
                fill_normal(&mut self.rng, xi);
                if k > 0 {
                    self.stiff.coordinates(xi, turn);
                    // ξ ← ξ − V·(1 − s)∘Vᵀξ, and its coordinates ← s∘Vᵀξ.
                    let mut less: Vec<f32> = Vec::with_capacity(turn.len());
                    for row in turn.chunks_exact_mut(k) {
                        for (c, &s) in row.iter_mut().zip(&spread) {
                            less.push(*c * (s as f32 - 1.0));
                            *c *= s as f32;
                        }
                    }
                    self.stiff.add(&less, xi);
                }
                for index in 0..together {
                    let walker = first + index;
                    let mut ratio = 0.0;
                    let new = &mut turn[index * k..(index + 1) * k];
                    let old = &self.along[walker * k..(walker + 1) * k];
                    for ((new, &old), &excess) in new.iter_mut().zip(old).zip(&excess) {
                        *new = cos * old + sin * *new;
                        ratio += excess * (f64::from(*new).powi(2) - f64::from(old).powi(2));
                    }
                    let u: f64 = self.rng.random();
                    if u.ln() >= 0.5 * ratio {
                        continue;
                    }
                    let from = &self.z[walker * n..(walker + 1) * n];
                    for ((y, &z), &x) in proposal.iter_mut().zip(from).zip(&xi[index * n..]) {
                        *y = cos * z + sin * x;
                    }
                    if !self.inside(&proposal, sigma)? {
                        continue;
                    }
                    self.z[walker * n..(walker + 1) * n].copy_from_slice(&proposal);
                    let new = &turn[index * k..(index + 1) * k];
                    self.along[walker * k..(walker + 1) * k].copy_from_slice(new);
                    accepted += 1;
                }
            }
            let share = accepted as f64 / p as f64;
            self.angle =
                (self.angle * (0.8 * (share - ACCEPTANCE)).exp()).clamp(ANGLES[0], ANGLES[1]);
            total += accepted;
        }
        Ok(total as f64 / (p * self.settings.moves) as f64)
    }
}
