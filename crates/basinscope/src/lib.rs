//! Why neural networks generalize, measured on the loss surface.
//!
//! Data, nets, the loss surface `L(θ)` and the geometry of its basins; see `ARCHITECTURE.md` in
//! the repository for the picture of how they hang together.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)
)]

pub mod basin;
pub mod curvature;
pub mod data;
pub mod direction;
pub mod embed;
mod error;
pub mod margin;
pub mod measure;
pub mod net;
pub mod random;
pub mod rank;
pub mod record;
pub mod search;
pub mod simd;
pub mod slice;
pub mod surface;
pub mod train;
pub mod verify;
pub mod watch;

pub use error::{Error, Result};

/// The version of this library, written into every result.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Holds the README's example to the compiler.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
