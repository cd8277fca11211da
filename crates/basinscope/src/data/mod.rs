//! Labelled points: generated, read from files, split and poisoned.

mod arrays;
mod classes;
mod dataset;
mod file_points;
mod generate;
mod missing;
mod names;
mod nearest_name;
mod points_file;
mod poison;
mod polynomial;
mod raw;
mod reading;
mod split;
mod table;

pub use arrays::check_npy_header;
pub use classes::{Classes, Labels, natural};
pub use dataset::{Dataset, Split};
pub use file_points::FilePoints;
pub use generate::{DEFAULT_DATA_SEED, FRESH_POINTS, Generator};
pub use missing::Missing;
pub use names::{Names, class_name, printable};
pub use points_file::{POINTS_FILES, PointsFile};
pub use poison::{Poison, flip};
pub use polynomial::Polynomial;
pub use reading::Reading;
pub use split::{SplitSizes, interleave, split, split_places};
