//! Results as plain serialised types: the only thing figures and the page read.

mod boundary;
mod minimum;
mod path;
mod run_dir;
mod surface;
mod theta_file;
mod volume;

pub use boundary::BoundaryRecord;
pub use minimum::{HistoryPoint, MinimumRecord};
pub use path::{LineRecord, PathFrame, PathRecord};
pub use run_dir::{Array, RunDir};
pub use surface::SurfaceRecord;
pub use theta_file::read_theta;
pub use volume::VolumeRecord;

/// A range of equally spaced values, both ends included (`-1:1:51` on the command line).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Axis {
    /// First value.
    pub from: f64,
    /// Last value.
    pub to: f64,
    /// Number of values, at least 2.
    pub count: usize,
}

impl Axis {
    /// The `index`-th value.
    pub fn value(&self, index: usize) -> f64 {
        self.from + (self.to - self.from) * index as f64 / (self.count - 1) as f64
    }

    /// All values in order.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.count).map(|index| self.value(index))
    }
}
