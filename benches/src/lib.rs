//! What is timed: nets and points, the rows of the peers' table, the cost curves.

pub mod curves;
pub mod fixtures;
mod peak;
mod problem;
pub mod rows;

pub use peak::{bandwidth, peak_gflops};
pub use problem::{ITERATES, Problem};
