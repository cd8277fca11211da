//! Descent on a surface: optimizers, schedules, objectives and when to stop.

mod config;
mod lbfgs;
mod minimum;
mod objective;
mod optimizer;
mod proximal;
mod schedule;
mod state_file;
mod trainer;

pub use config::{BatchSize, Goal, PoisonConfig, PoisonForm, TrainConfig};
pub use lbfgs::{Lbfgs, LbfgsSettings};
pub use minimum::{Minimum, check, train};
pub use objective::{Objective, PoisonTerm, PoisonedObjective, Whole};
pub use optimizer::{Optimizer, OptimizerConfig};
pub use proximal::Proximal;
pub use schedule::{Decay, Schedule};
pub use trainer::{Observer, StopReason, TrainState, descend};

#[cfg(test)]
#[path = "buffers_tests.rs"]
mod buffers_tests;
