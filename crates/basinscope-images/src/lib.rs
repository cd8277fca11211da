//! Conv nets and image data for basinscope.

pub mod data;
