//! The volume of the basin {loss ≤ cutoff} around a minimum.

mod gamma;
mod radial;
mod radius;
mod statistics;

pub use radial::{
    DEFAULT_CUTOFF, DEFAULT_DIRECTIONS, DEFAULT_TOLERANCE, QUANTILE_LEVELS, Radial, RadialSettings,
    RadialVolume,
};
pub use radius::Search;
