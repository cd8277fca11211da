//! The volume of the basin {loss ≤ cutoff} around a minimum.

mod compare;
mod flips;
mod gamma;
mod radial;
mod radius;
mod statistics;

pub use compare::{RadiusRatio, log10_volume_ratio_of_balls};
pub use flips::{FlipSettings, Flips};
pub use radial::{
    DEFAULT_CUTOFF, DEFAULT_DIRECTIONS, DEFAULT_TOLERANCE, QUANTILE_LEVELS, Radial, RadialSettings,
    RadialVolume,
};
pub use radius::Search;
