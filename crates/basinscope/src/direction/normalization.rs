//! What a step of length one means.

use crate::surface::{Block, BlockKind, ParameterLayout};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How long a direction is, in which parts of θ.
///
/// A ReLU net does not change when one layer is scaled up and the next down; only directions
/// measured against the weights themselves mean the same for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalization {
    /// Isotropic: a unit vector of Rⁿ, biases included.
    #[default]
    None,
    /// Each filter (the weights into one unit) as long as θ's; biases fixed (Li et al. 2018).
    Filter,
    /// Each weight block as long as θ's; biases fixed.
    Layer,
    /// All weights together as long as θ's; biases fixed.
    Model,
}

impl Normalization {
    /// The names the command line knows.
    pub const NAMES: &'static [&'static str] = &["none", "filter", "layer", "model"];

    /// A normalisation by name.
    ///
    /// # Errors
    /// [`Error::Setting`] listing the names.
    pub fn from_name(name: &str) -> Result<Self> {
        Ok(match name {
            "none" => Self::None,
            "filter" => Self::Filter,
            "layer" => Self::Layer,
            "model" => Self::Model,
            other => {
                let names = format!("one of {}", Self::NAMES.join(", "));
                return Err(Error::setting("normalization", names, other));
            }
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Filter => "filter",
            Self::Layer => "layer",
            Self::Model => "model",
        }
    }

    /// The groups of parameters that are normalised together; those in none stay fixed.
    pub(super) fn groups(self, layout: &ParameterLayout) -> Vec<Vec<Range<usize>>> {
        let weights = || {
            layout
                .blocks()
                .iter()
                .filter(|block| block.kind == BlockKind::Weight)
        };
        match self {
            Self::None => vec![layout.blocks().iter().map(Block::range).collect()],
            Self::Filter => weights()
                .flat_map(Block::filters)
                .map(|range| vec![range])
                .collect(),
            Self::Layer => weights().map(|block| vec![block.range()]).collect(),
            Self::Model => vec![weights().map(Block::range).collect()],
        }
    }
}

/// Euclidean norm over several ranges.
pub(super) fn norm(values: &[f32], ranges: &[Range<usize>]) -> f64 {
    ranges
        .iter()
        .flat_map(|range| &values[range.clone()])
        .map(|&value| f64::from(value).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// The scale D_i of each parameter for rays θ + r·D·z, z uniform on a unit sphere.
///
/// ```text
/// none: D = 1      filter, layer, model: D = |θ_group|/√(size of the group), biases 0
/// ```
///
/// A strictly filter-normalised direction lies on a product of spheres, a set without volume; with
/// D·z each filter has θ's norm *on average over z*, times 1/√(number of filters), and volumes in
/// z carry over by the factor Π D_i.
///
/// # Shapes
/// One value for each parameter; 0 where the parameter stays fixed.
pub fn scales(layout: &ParameterLayout, theta: &[f32], normalization: Normalization) -> Vec<f64> {
    let mut scales = vec![0.0; theta.len()];
    for group in normalization.groups(layout) {
        let size: usize = group.iter().map(ExactSizeIterator::len).sum();
        let scale = match normalization {
            Normalization::None => 1.0,
            _ => norm(theta, &group) / (size as f64).sqrt(),
        };
        group
            .into_iter()
            .flatten()
            .for_each(|index| scales[index] = scale);
    }
    scales
}
