//! The command line `basinscope`.

fn main() {}
