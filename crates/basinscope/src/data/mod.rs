//! Labelled points: generated, read from files, split and poisoned.

mod classes;
mod dataset;
mod generate;
mod load_csv;
mod load_npz;
mod names;
mod nearest_name;
mod poison;
mod polynomial;
mod reading;
mod split;

pub use classes::{Classes, Labels, natural};
pub use dataset::{Dataset, Split};
pub use generate::{DEFAULT_DATA_SEED, Generator};
pub use load_csv::{CsvOptions, load_csv};
pub use load_npz::{INPUT_NAMES, LABEL_NAMES, load_npz};
pub use names::{Names, class_name, printable};
pub use poison::{Poison, flip};
pub use polynomial::Polynomial;
pub use reading::Reading;
pub use split::{SplitSizes, interleave, split, split_places};
