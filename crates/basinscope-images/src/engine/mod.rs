//! Runs graphs on the processor, fast: sixteen pictures side by side in the lanes of a register.
//!
//! Values lie in *panels* of as many pictures as a register has lanes, `[height][width]`
//! `[channels][lanes]`. So every operation, whatever its channels, kernel or stride, is arithmetic
//! on whole registers; weights are broadcast, nothing is shuffled and nothing is padded. A
//! convolution is a list of `gather` segments, each a few neighbouring outputs that share their
//! taps, and one register `tile` of eight channels times three positions does all of them:
//! forward, and backward towards the input, where strides become classes of columns. `outer` is
//! its counterpart for the gradient of the weights.
//!
//! Evaluation folds batch norms into the convolution before them, and adds shortcuts, norms and
//! activations before a tile leaves its registers (`plan`). Training keeps what the backward
//! pass reads and no more.
//!
//! Panels are work for threads; their sums are added in the order of the panels, so the bits do
//! not depend on how many threads there are.

mod backward;
mod buffer;
mod convolution;
mod effective;
mod evaluate;
mod gather;
mod outer;
mod panel;
mod plan;
mod pointwise;
mod pointwise_tangent;
mod products;
#[cfg(test)]
mod products_tests;
mod tangent;
mod tangent_back;
#[cfg(test)]
mod tests;
mod tile;
mod train;
mod unroll;

pub use evaluate::Engine;
pub(crate) use evaluate::Score;
pub use panel::Panels;
pub(crate) use products::{Curved, KEPT_BYTES, Products};
pub use train::{Norms, Trainer};
