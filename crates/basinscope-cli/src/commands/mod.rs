//! One file per command: its options, and the work it does.

#[cfg(not(feature = "images"))]
pub mod absent;
pub mod animate;
pub mod boundary;
pub mod compare;
#[cfg(feature = "images")]
pub mod data;
pub mod descent;
pub mod eigenvectors;
#[cfg(feature = "images")]
pub mod import;
pub mod local_curve;
pub mod local_table;
pub mod local_volume;
#[cfg(feature = "images")]
pub mod mistakes;
pub mod open;
pub mod reproduce;
pub mod serve;
pub mod slice;
pub mod spectrum;
pub mod surface;
pub mod tour;
pub mod train;
pub mod verify;
pub mod volume;
