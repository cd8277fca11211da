//! First-order optimizers: they see a flat θ and a gradient, nothing else.

mod config;
mod step;

pub use config::OptimizerConfig;
pub use step::Optimizer;
