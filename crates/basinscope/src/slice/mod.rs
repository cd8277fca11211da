//! Loss and decisions along lines, planes and walks.

mod area;
mod boundary;
mod crossing;
mod line;
mod plane;
mod point;
#[cfg(test)]
mod toy;
mod walk;

pub use area::{
    DEFAULT_OTHER_GRID, DEFAULT_OTHER_PLANES, PlaneArea, PlaneAreas, PlaneDraws, share_below,
};
pub use boundary::{Boundary, boundary, correct, enclosing_axes, ensure_plane, predictions};
pub use crossing::{CrossingSettings, DEFAULT_ACCURACY_EDGE, DEFAULT_CROSSING_CAP};
pub use line::{Line, between, line, lines};
pub use plane::{Plane, plane};
pub use point::LOSS_CEILING;
pub use walk::{
    Frame, WALK_POSITIONS, WALK_POWER, WALK_REACH, curvature_along, schedule, schedule_with, walk,
};
