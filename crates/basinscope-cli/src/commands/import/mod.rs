//! `basinscope import`: a run of weights that PyTorch trained.

mod args;
mod begun;
mod classes;
mod expected;
mod names;
mod net;
mod run;

pub use args::Args;
pub use run::run;
