//! Nets as lists of operations over pictures, and the nets of the paper.

mod build;
mod families;
mod family_names;
mod op;
mod residual;
mod sequential;

pub use build::{Builder, Value};
pub use families::{Activation, Family, Fifth, ImageNet, Pooling, Shortcut, Stem};
pub use family_names::FAMILY_NAMES;
pub use op::{Graph, Node, Op, Shape};
