//! The volume of the basin {loss ≤ cutoff} around a minimum.

mod cloud;
mod compare;
mod flips;
mod gamma;
mod radial;
mod radius;
mod region;
mod statistics;
mod stiff;
mod subsim;

pub use compare::{RadiusRatio, log10_volume_ratio_of_balls};
pub use flips::{FlipSettings, Flips};
pub use radial::{
    DEFAULT_CUTOFF, DEFAULT_DIRECTIONS, DEFAULT_TOLERANCE, QUANTILE_LEVELS, Radial, RadialSettings,
    RadialVolume,
};
pub use radius::Search;
pub use region::{HighAccuracy, LowLoss, Region};
pub use stiff::StiffDirections;
pub use subsim::{LocalVolume, SubsimSettings, Walk};
