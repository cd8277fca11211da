//! What a random search found, beside descent and poisoned descent.

use serde::{Deserialize, Serialize};

/// Random fits against trained ones: `results/search.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchRecord {
    /// Widths from input to output.
    pub widths: Vec<usize>,
    /// Number of parameters n.
    pub parameters: usize,
    /// Name of the data set.
    pub data: String,
    /// Points each accuracy is taken over.
    pub test_points: usize,
    /// One entry per training set.
    pub draws: Vec<SearchDraw>,
    /// Seed of guesses and descents.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}

/// What was found on one training set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchDraw {
    /// Seed of its points.
    pub data_seed: u64,
    /// Guesses drawn.
    pub guesses: u64,
    /// One entry per number of training points, ascending.
    pub sizes: Vec<SearchSize>,
}

/// Test accuracies of nets that fit the first N points of a training set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchSize {
    /// Number of training points N.
    pub points: usize,
    /// Guesses that fit them.
    pub fits: u64,
    /// Their share of all guesses.
    pub share: f64,
    /// Wilson's 95 % interval of the share.
    pub share_ci: [f64; 2],
    /// Test accuracies of the first guesses that fit.
    pub random: Vec<f64>,
    /// Test accuracies of descents that fit.
    pub descent: Vec<f64>,
    /// Descents that do not.
    pub descent_missed: usize,
    /// Test accuracies of poisoned descents that fit.
    pub poisoned: Vec<f64>,
    /// Poisoned descents that do not.
    pub poisoned_missed: usize,
}

impl SearchRecord {
    /// Every number of training points, ascending.
    pub fn points(&self) -> Vec<usize> {
        let mut points: Vec<usize> = (self.draws.iter())
            .flat_map(|draw| draw.sizes.iter().map(|size| size.points))
            .collect();
        points.sort_unstable();
        points.dedup();
        points
    }

    /// What each training set has at one number of points.
    pub fn at(&self, points: usize) -> impl Iterator<Item = &SearchSize> + '_ {
        let sizes = self.draws.iter().flat_map(|draw| &draw.sizes);
        sizes.filter(move |size| size.points == points)
    }
}
