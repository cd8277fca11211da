//! Labelled points: generated, read from files, split and poisoned.

mod dataset;

pub use dataset::{Dataset, Split};
