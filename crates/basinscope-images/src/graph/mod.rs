//! Nets as lists of operations over pictures, and the nets of the paper.

mod build;
mod families;
mod op;

pub use build::{Builder, Value};
pub use families::{Family, ImageNet};
pub use op::{Graph, Node, Op, Shape};
