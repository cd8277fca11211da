//! Arrays of NumPy: archives (`.npz`) and single files (`.npy`).

mod array;
mod header;
mod objects;
mod read;
mod role;

pub use header::check_npy_header;
pub(super) use read::{For, read_npy, read_npz};
