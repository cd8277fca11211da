//! The kernels that evaluate a multi-layer perceptron: the one place that knows about registers.
//!
//! # Layout
//! Activations lie *feature-major*: one row per unit, points along the row, padded to whole
//! chunks of 16. So a SIMD register holds one unit at 4 (portable), 8 (AVX2) or 16 (AVX-512)
//! points, every lane does the same work, and a layer is
//!
//! ```text
//! out[o][points] = act( b[o] + Σ_i w[o][i] · in[i][points] )
//! ```
//!
//! with the weight broadcast to all lanes. Weights are read in place from θ (PyTorch's order), so
//! that a new θ costs nothing to prepare: the loss surface is asked at very many of them.
//!
//! # Tiles
//! [`tile`] keeps R output units × C registers of points in accumulators while it runs over the
//! inputs: R·C independent multiply–add chains hide the latency, each loaded register is used R
//! times and each broadcast weight C times. With 32 registers of AVX-512, 6 × 4 or 8 × 3; with the
//! 16 of the others, 6 × 2. Rows are spread evenly over the tiles (23 units are 4 tiles of 6, 6, 6
//! and 5), so that none is left with too few chains. Bias, activation, or the activation's
//! derivative are applied before the store. A step back through a layer is the same tile with the
//! strides of the weights exchanged; a derivative along a direction is the same tile with two
//! products in one sum.
//!
//! [`outer`] is the other tile: the weight gradient `Σ_points δ[o]·a[i]`, 6 × 4 or 3 × 4 sums over
//! points, whose lanes are added up four sums at a time.
//!
//! Accumulators must stay in registers, which the compiler grants only to arrays whose every index
//! it knows: the loops over R and C are written out ([`unroll`]), and the tiles are compiled
//! once, as functions of their own, not into each caller.
//!
//! # Panels and groups
//! Points run through all layers in panels of at most 64 ([`batch::PANEL`]): two layers of a panel
//! and a layer's weights then fit in the first-level cache, whatever the number of points. Where
//! only the loss is asked, a panel's activations are forgotten layer by layer, and a bound on the
//! loss is looked at after each panel. Derivatives need the activations again: four panels make a
//! group, their rows side by side (a cache line more than a power of two apart), because sums over
//! 256 points cost much less than four sums over 64.
//!
//! # Precision
//! Activations and gradients are f32; every example's loss is f32 to within a few ulp ([`loss`])
//! and their weighted sum is f64.
//!
//! # Paths
//! AVX-512, AVX2 + FMA and a portable path are one source, instantiated three times through
//! `pulp`'s `Simd`; [`Kernel`] picks the widest at run time, or the one that was forced. Other
//! code of this crate that gains from wide registers goes through [`Kernel::dispatch`] too. The
//! tests hold every path against plain f64 loops and against each other.

mod batch;
mod curvature;
mod gradient;
mod layer;
mod loss;
mod outer;
mod pass;
mod predict;
mod tile;
mod unroll;

pub use batch::LossKind;
pub(crate) use batch::{Batch, Part};
pub(crate) use curvature::Matrix;
pub(crate) use loss::logistic;
pub(crate) use pass::{Task, Workspace};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
