//! Multi-layer perceptrons: architecture, parameter layout, initialisation and their loss surface.

mod architecture;
mod layout;

pub use architecture::{Activation, Architecture};
pub use layout::{Block, BlockKind, ParameterLayout};
