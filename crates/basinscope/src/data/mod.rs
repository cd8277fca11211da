//! Labelled points: generated, read from files, split and poisoned.

mod dataset;
mod generate;
mod poison;
mod split;

pub use dataset::{Dataset, Split};
pub use generate::Generator;
pub use poison::{Poison, flip};
pub use split::{SplitSizes, split};
