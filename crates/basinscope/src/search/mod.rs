//! Random search: parameters drawn blindly, kept where they happen to fit.

mod guess;
mod interval;
mod prior;

pub use guess::{GuessAndCheck, GuessSettings, Guesses, Status};
pub use interval::wilson_interval;
pub use prior::Prior;
