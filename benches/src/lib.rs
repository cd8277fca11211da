//! What is timed, shared by the engine of the peers' table, the cost curves and the benches.

mod peak;
mod problem;

pub use peak::peak_gflops;
pub use problem::Problem;
