//! Descent on a surface: optimizers, schedules, objectives and when to stop.

mod config;
mod minimum;
mod objective;
mod optimizer;
mod schedule;
mod state_file;
mod trainer;

pub use config::{BatchSize, Goal, PoisonConfig, PoisonForm, TrainConfig};
pub use minimum::{Minimum, check, train};
pub use objective::{Objective, PoisonTerm, PoisonedObjective, Whole};
pub use optimizer::{Optimizer, OptimizerConfig};
pub use schedule::{Decay, Schedule};
pub use trainer::{Observer, StopReason, TrainState, descend};
