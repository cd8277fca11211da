//! The estimators of basin volumes held against basins whose volumes are known.

mod cases;
mod check;
mod judge;
mod plan;

pub use cases::{Case, CaseSurface, Truth};
pub use check::{Check, Estimator, Finding};
pub use judge::{Bar, COVERAGE_BAR};
pub use plan::{REPETITIONS, full_plan, reduced_plan};
