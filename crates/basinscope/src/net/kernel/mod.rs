//! The kernels that evaluate a multi-layer perceptron: the one place that knows about registers.
//!
//! # Layout
//! Activations lie *feature-major*: one row per unit, points along the row, rows padded to whole
//! chunks of 16 points. So a SIMD register holds one feature of 8 (AVX2) or 16 (AVX-512) points,
//! every lane does the same work, and a layer is
//!
//! ```text
//! out[o][points] = act( b[o] + Σ_i w[o][i] · in[i][points] )
//! ```
//!
//! with the weight broadcast to all lanes. Weights are read in place from θ (PyTorch's order), so
//! that a new θ costs nothing to prepare: the loss surface is asked at very many of them.
//!
//! # Tiles
//! `tile.rs` keeps R output units × C registers of points in accumulators while it runs over the
//! inputs: R·C independent multiply–add chains hide the latency, and each loaded register is used
//! R times, each broadcast weight C times. Bias and activation happen before the store. The
//! backward pass is the same tile with the weights transposed, and one more tile (`outer`) for the
//! weight gradient `Σ_points δ[o]·a[i]`.
//!
//! # Blocks
//! Points run through all layers in blocks of [`batch::BLOCK`], whose activations stay in the
//! first- and second-level cache.
//!
//! # Precision
//! Activations and gradients are f32; every example's loss is f32 to within a few ulp (`loss.rs`)
//! and their weighted sum is f64.
//!
//! # Dispatch
//! `pulp` picks AVX-512, AVX2+FMA (or NEON) at run time and otherwise a portable path; all are the
//! same source, and the tests hold each against plain f64 loops.

mod batch;
mod curvature;
mod gradient;
mod layer;
mod loss;
mod outer;
mod pass;
mod path;
mod predict;
mod tile;
mod unroll;

pub(crate) use batch::{Batch, Objective};
pub(crate) use curvature::Matrix;
pub(crate) use loss::logistic;
pub(crate) use pass::{Task, Workspace};
pub use path::Kernel;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
