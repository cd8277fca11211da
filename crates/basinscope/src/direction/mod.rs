//! Directions in parameter space and how they are normalised.

mod normalization;
mod random;

pub use normalization::{Normalization, scales};
pub use random::random_direction;
