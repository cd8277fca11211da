//! Runs graphs on any device that Burn has.

mod device;
mod forward;
mod net;
mod surface;
mod target;

pub use device::Device;
pub use net::{BurnNet, Mode, Pictures, Placed, Step};
pub use surface::{BurnBatch, BurnSurface};
pub use target::Target;
