//! Multi-layer perceptrons: architecture, parameter layout, initialisation and their loss surface.

mod architecture;
mod init;
pub(crate) mod kernel;
mod layout;
mod mlp;
#[cfg(test)]
mod parity;

pub use architecture::{Activation, Architecture};
pub use init::Initialization;
pub use kernel::Kernel;
pub use layout::{Block, BlockKind, ParameterLayout};
pub use mlp::MlpSurface;
pub(crate) use mlp::{check_fit, loss_and_grad, run};
