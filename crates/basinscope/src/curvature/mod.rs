//! Curvature of the loss: products, eigenpairs, trace and density of the Hessian and its blocks.

mod dense;
mod density;
mod differenced;
mod krylov;
mod lanczos;
mod operator;
mod plane;
mod spectrum;
mod trace;

#[cfg(test)]
mod test_matrices;

pub use dense::{FullSpectrum, full_spectrum};
pub use density::{
    Banded, DEFAULT_LANCZOS_STEPS, DEFAULT_PROBES, DensitySettings, SpectralDensity, SymmetricLog,
};
pub use differenced::{DIFFERENCE_STEPS, DIFFERENCE_TOLERANCE, Differenced};
pub use lanczos::{
    Eigenpair, ExtremeEigenpairs, LanczosSettings, extreme_eigenpairs, residuals, top_eigenpairs,
};
pub use operator::{CurvatureMatrix, GaussNewtonAt, HessianAt, Restricted, SymmetricOperator};
pub use plane::{PlaneCurvature, plane_curvature};
pub use spectrum::{
    DEFAULT_BOTTOM, DEFAULT_EIGEN_PRODUCTS, DEFAULT_EIGEN_TOLERANCE, DEFAULT_EXACT_UP_TO,
    DEFAULT_TOP, Eigenvalue, Spectrum, SpectrumSettings, spectrum,
};
pub use trace::{DEFAULT_TRACE_PRODUCTS, TraceEstimate, TraceSettings, hutchpp};
