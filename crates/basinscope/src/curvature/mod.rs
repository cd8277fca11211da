//! Curvature of the loss: Hessian–vector products, the stiffest directions, the trace.

mod differenced;
mod lanczos;
mod operator;
mod trace;

#[cfg(test)]
mod test_matrices;

pub use differenced::Differenced;
pub use lanczos::{Eigenpair, LanczosSettings, top_eigenpairs};
pub use operator::{GaussNewtonAt, HessianAt, Restricted, SymmetricOperator};
pub use trace::{DEFAULT_TRACE_PRODUCTS, TraceEstimate, TraceSettings, hutchpp};
