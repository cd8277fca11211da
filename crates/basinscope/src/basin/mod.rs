//! The volume of the basin {loss ≤ cutoff} around a minimum.

mod assess;
mod chains;
mod cloud;
mod compare;
mod diagnostics;
mod flips;
mod gamma;
mod lta;
mod radial;
mod radius;
mod region;
mod statistics;
mod stiff;
mod subsim;

pub use assess::{Assessment, R_HAT_REFUSED, R_HAT_WARNED, assess, judge, nearly_all_inside};
pub(crate) use compare::grouped_median_interval;
pub use compare::{RadiusRatio, log10_volume_ratio_of_balls};
pub use diagnostics::{split_r_hat, student_half_width};
pub use flips::{FlipSettings, Flips};
pub use lta::{Annealed, AnnealedPoint, LtaSettings};
pub use radial::{
    DEFAULT_CUTOFF, DEFAULT_DIRECTIONS, DEFAULT_TOLERANCE, QUANTILE_LEVELS, Radial, RadialSettings,
    RadialVolume,
};
pub use radius::Search;
pub(crate) use radius::{Guess, Ray, close_in};
pub use region::{HighAccuracy, LowLoss, Region, SamePredictions};
pub use stiff::StiffDirections;
pub use subsim::{LocalVolume, SubsimSettings, Walk, log10_local_volume};
