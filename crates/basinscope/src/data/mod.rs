//! Labelled points: generated, read from files, split and poisoned.

mod dataset;
mod generate;
mod load;
mod poison;
mod split;

pub use dataset::{Dataset, Split};
pub use generate::{DEFAULT_DATA_SEED, Generator};
pub use load::{CsvOptions, load_csv, load_npz};
pub use poison::{Poison, flip};
pub use split::{SplitSizes, split};
