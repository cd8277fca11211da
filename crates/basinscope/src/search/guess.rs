//! Guess and check: draw a net, keep it if it is right about every training point.

use super::Prior;
use crate::data::Dataset;
use crate::net::kernel::{Batch, Task};
use crate::net::{Architecture, Initialization, check_fit, run};
use crate::random::stream;
use crate::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Guesses that share a random stream.
const BLOCK: u64 = 4_096;
/// Blocks between two looks at whether there is enough.
const ROUND: u64 = 32;
/// Points looked at together: most guesses are wrong about one of the first few.
const GLANCE: usize = 16;

/// What is asked of the search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuessSettings {
    /// Distribution of the guessed weights: a uniform one.
    pub initialization: Initialization,
    /// Guessed biases lie between minus and plus this.
    pub bias: f64,
    /// Numbers of training points to fit, ascending: the first so many of the set.
    pub points: Vec<usize>,
    /// Fits wanted for each.
    pub keep: usize,
    /// Guesses after which the search gives up.
    pub max_guesses: u64,
    /// Seed of the guesses.
    pub seed: u64,
}

/// The search for one net and one training set, ready to run.
///
/// One sequence of guesses serves every number of training points: a guess that is right about
/// the first k points counts, and is kept, for every N ≤ k. So the fits of one N are independent
/// draws from `prior | right about the first N`, while those of neighbouring N may share members.
///
/// # Reference
/// Chiang et al. 2023, who train by guess and check; Huang et al. 2020 claim that a random search
/// would find the good basin too.
pub struct GuessAndCheck {
    settings: GuessSettings,
    net: Architecture,
    prior: Prior,
    glances: Vec<Batch>,
}

/// How far a search has come: small, and enough to go on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guesses {
    /// Blocks of guesses checked.
    pub blocks: u64,
    /// Guesses checked.
    pub tried: u64,
    /// Guesses that fit, for each number of training points.
    pub fits: Vec<u64>,
    /// Numbers of the first `keep` guesses that fit, for each number of training points.
    pub kept: Vec<Vec<u64>>,
}

/// Whether a search goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Some number of training points has too few fits yet.
    Going,
    /// As many fits as wanted for each.
    Complete,
    /// `max_guesses` are spent.
    Exhausted,
}

impl GuessSettings {
    /// Checks the settings against a net and the points it is to fit.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the field: numbers of points that do not ascend from at least 1
    /// or exceed the set, nothing to keep, no guesses, a prior without a cheap draw, points that
    /// do not fit the net.
    pub fn check(self, net: &Architecture, points: &Dataset) -> Result<GuessAndCheck> {
        check_fit(net, points)?;
        let prior = Prior::new(net, self.initialization, self.bias)?;
        let ascending = self.points.windows(2).all(|pair| pair[0] < pair[1]);
        let most = self.points.last().copied().unwrap_or(0);
        if !ascending || self.points.first().is_none_or(|&n| n == 0) || most > points.len() {
            let expected = format!("ascending numbers from 1 to {}", points.len());
            let found = format!("{:?}", self.points);
            return Err(Error::setting("points", expected, found));
        }
        if self.keep == 0 {
            return Err(Error::setting("keep", "at least 1", 0));
        }
        if self.max_guesses == 0 {
            return Err(Error::setting("max_guesses", "at least 1", 0));
        }
        let indices: Vec<usize> = (0..most).collect();
        let glances = (indices.chunks(GLANCE))
            .map(|indices| Batch::mean(&points.select(indices)))
            .collect();
        Ok(GuessAndCheck {
            settings: self,
            net: net.clone(),
            prior,
            glances,
        })
    }
}

impl GuessAndCheck {
    /// The state before the first guess.
    pub fn begin(&self) -> Guesses {
        let sizes = self.settings.points.len();
        Guesses {
            blocks: 0,
            tried: 0,
            fits: vec![0; sizes],
            kept: vec![Vec::new(); sizes],
        }
    }

    /// Checks another round of guesses (131,072 at most); the bits do not depend on the threads.
    ///
    /// # Cost
    /// A draw of n words and, for most guesses, one pass over 16 points.
    pub fn round(&self, guesses: &mut Guesses) -> Status {
        let status = self.status(guesses);
        if status != Status::Going {
            return status;
        }
        let settings = &self.settings;
        let open = (guesses.kept.iter()).position(|kept| kept.len() < settings.keep);
        let wanted = open.map_or(usize::MAX, |level| settings.points[level]);
        let last = settings.max_guesses.div_ceil(BLOCK);
        let round = guesses.blocks..(guesses.blocks + ROUND).min(last);
        let found: Vec<Found> = (round.into_par_iter())
            .map(|block| self.block(block, wanted))
            .collect();
        for found in found {
            guesses.blocks += 1;
            guesses.tried += found.tried;
            for (total, fits) in guesses.fits.iter_mut().zip(found.fits) {
                *total += fits;
            }
            for (number, right) in found.kept {
                for (kept, &points) in guesses.kept.iter_mut().zip(&settings.points) {
                    if right >= points && kept.len() < settings.keep {
                        kept.push(number);
                    }
                }
            }
            // Later blocks of the round are left aside, so that a search ends at the first block
            // that completes it.
            let status = self.status(guesses);
            if status != Status::Going {
                return status;
            }
        }
        Status::Going
    }

    /// Whether the search goes on.
    pub fn status(&self, guesses: &Guesses) -> Status {
        let full = |kept: &Vec<u64>| kept.len() >= self.settings.keep;
        if guesses.kept.iter().all(full) {
            Status::Complete
        } else if guesses.tried >= self.settings.max_guesses {
            Status::Exhausted
        } else {
            Status::Going
        }
    }

    /// The parameters of a guess by its number.
    pub fn theta(&self, number: u64) -> Vec<f32> {
        let n = self.prior.num_params();
        let mut rng = stream(self.settings.seed, "guess", number / BLOCK);
        rng.set_word_pos(u128::from(number % BLOCK) * n as u128);
        let mut theta = vec![0.0; n];
        self.prior.draw(&mut rng, &mut theta);
        theta
    }

    /// What is drawn from.
    pub fn prior(&self) -> &Prior {
        &self.prior
    }

    /// What was asked.
    pub fn settings(&self) -> &GuessSettings {
        &self.settings
    }

    fn block(&self, block: u64, wanted: usize) -> Found {
        let GuessSettings {
            points,
            seed,
            max_guesses,
            ..
        } = &self.settings;
        let first = block * BLOCK;
        let tried = BLOCK.min(max_guesses - first);
        let mut found = Found {
            tried,
            fits: vec![0; points.len()],
            kept: Vec::new(),
        };
        let mut rng = stream(*seed, "guess", block);
        let mut theta = vec![0.0; self.prior.num_params()];
        for number in first..first + tried {
            self.prior.draw(&mut rng, &mut theta);
            let right = self.right_in_a_row(&theta);
            for (fits, &points) in found.fits.iter_mut().zip(points) {
                *fits += u64::from(right >= points);
            }
            if right >= wanted {
                found.kept.push((number, right));
            }
        }
        found
    }

    /// Points classified correctly before the first that is not.
    fn right_in_a_row(&self, theta: &[f32]) -> usize {
        let mut right = 0;
        for glance in &self.glances {
            let more = run(&self.net, theta, glance, Task::RightInARow).1;
            right += more;
            if more < glance.len() {
                break;
            }
        }
        right
    }
}

/// What a block of guesses gave.
struct Found {
    tried: u64,
    fits: Vec<u64>,
    /// Number and points right in a row.
    kept: Vec<(u64, usize)>,
}

#[cfg(test)]
#[path = "guess_tests.rs"]
mod tests;
