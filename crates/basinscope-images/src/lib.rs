//! Conv nets and image data for basinscope.
//!
//! A net is a [`graph::Graph`]: a list of operations that name their parameters' place in θ. The
//! graph is all that the two backends know of a net: the engine of this crate, on the processor,
//! and Burn, on whatever device Burn has.

#[cfg(feature = "burn")]
pub mod burn;
pub mod data;
pub mod engine;
pub mod graph;
pub mod import;
mod net;
mod softmax;
mod surface;

pub use net::{BuiltNet, NORM_MOMENTUM};
pub use surface::ImageSurface;
