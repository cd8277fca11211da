//! Curvature of the loss: Hessian–vector products and the stiffest directions.

mod differenced;
mod lanczos;

pub use differenced::Differenced;
pub use lanczos::{Eigenpair, LanczosSettings, top_eigenpairs};
