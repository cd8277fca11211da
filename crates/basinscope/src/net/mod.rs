//! Nets: what every kind of net can do, and multi-layer perceptrons with their kernels.

mod any_classifier;
mod any_net;
mod architecture;
mod init;
pub(crate) mod kernel;
mod mlp;
#[cfg(test)]
mod parity;
mod perceptron;
#[cfg(test)]
pub(crate) mod toy;

pub use any_classifier::NetClassifier;
pub use any_net::{Net, NetSurface, TrainingBatch, check_buffers, check_fit};
pub use architecture::{Activation, Architecture};
pub use init::Initialization;
pub use kernel::LossKind;
pub use mlp::MlpSurface;
pub(crate) use mlp::{loss_and_grad, run};
