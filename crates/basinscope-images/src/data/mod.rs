//! Pictures: fetched, read from files, checked and normalised.

mod bounded;
mod cache;
mod checksum;
mod fetch;
mod image_set;
mod load_cifar;
mod load_folder;
mod load_idx;
mod load_npz;
mod load_svhn;
mod mat5;
mod names;
mod official;
mod pictures;
mod source;

pub use cache::{CACHE_VARIABLE, cache_folder};
pub use checksum::{Md5Sum, read_checksums};
pub use fetch::{Downloader, Event, Fetched};
pub use image_set::ImageSet;
pub use load_cifar::load_cifar10;
pub use load_folder::{MAX_PICTURE_SIDE, load_folder};
pub use load_idx::load_idx;
pub use load_npz::{is_npz_of_pictures, load_npz};
pub use load_svhn::load_svhn;
pub use names::{CIFAR10_CLASSES, FASHION_MNIST_CLASSES};
pub use official::{Official, OfficialFile};
pub use pictures::Pictures;
pub use source::{Part, Parts, Source, open, open_parts};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod real_data_tests;
