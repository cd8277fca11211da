//! Arrays of NumPy: archives (`.npz`) and single files (`.npy`).

mod array;
mod header;
mod objects;
mod read;
mod role;

pub use header::check_npy_header;
#[cfg(test)]
pub(super) use read::tests::write_npz;
pub(super) use read::{For, read_npy, read_npz};
