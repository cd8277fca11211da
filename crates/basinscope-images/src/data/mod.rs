//! Pictures: fetched, read from files, checked and normalised.

mod bounded;
mod cache;
mod checksum;
mod cifar_files;
mod cifar_python;
mod fetch;
mod find;
mod folder_parts;
mod frames;
mod image_set;
mod jpeg_end;
mod load_cifar;
mod load_folder;
mod load_idx;
mod load_npz;
mod load_svhn;
mod mat5;
mod names;
mod normalization;
mod npz_array;
mod official;
mod parts;
mod picture_file;
mod pictures;
mod pixels;
mod source;

pub use cache::{CACHE_VARIABLE, cache_folder};
pub use checksum::{Md5Sum, read_checksums};
pub use fetch::{Downloader, Event, Fetched};
pub use find::{open, open_parts};
pub use image_set::ImageSet;
pub use load_cifar::{load_cifar10, load_cifar100};
pub use load_folder::load_folder;
pub use load_idx::{IdxPair, load_idx};
pub use load_npz::{is_npz_of_pictures, load_npz};
pub use load_svhn::load_svhn;
pub use names::{CIFAR10_CLASSES, FASHION_MNIST_CLASSES};
pub use normalization::{Normalization, Normalize, Origin};
pub use official::{Official, OfficialFile};
pub use parts::{Found, Part, Parts};
pub use picture_file::MAX_PICTURE_SIDE;
pub use pictures::Pictures;
pub use source::{How, Source};

#[cfg(test)]
mod cases_tests;
#[cfg(test)]
mod picture_folder;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod real_data_tests;
