//! Everything about the spectrum of one matrix: both ends, trace, density.

use super::dense::full_spectrum;
use super::density::{Banded, DensitySettings, SpectralDensity, SymmetricLog};
use super::lanczos::{Eigenpair, LanczosSettings, extreme_eigenpairs, residuals};
use super::operator::SymmetricOperator;
use super::trace::{TraceEstimate, TraceSettings, hutchpp};
use crate::record::SpectrumPart;
use crate::watch::Watch;
use crate::{Error, Result};
use serde::Serialize;

/// Eigenvalues at the top by default.
pub const DEFAULT_TOP: usize = 20;
/// Eigenvalues at the bottom by default.
pub const DEFAULT_BOTTOM: usize = 5;
/// Products of the two ends at most, by default.
pub const DEFAULT_EIGEN_PRODUCTS: usize = 300;
/// Residual of an eigenpair by default, in units of the largest |λ|.
pub const DEFAULT_EIGEN_TOLERANCE: f64 = 1e-6;
/// Matrices up to this size are decomposed whole by default.
pub const DEFAULT_EXACT_UP_TO: usize = 1_000;

/// An |λ| below this share of the largest counts as flat: products in f32 cannot tell it from 0.
pub const FLAT_SHARE: f64 = 1e-6;
/// Width of the Gaussian a density is seen through, in decades.
pub const DENSITY_WIDTH: f64 = 0.12;
/// Places a density is told at.
const GRID: usize = 161;

/// What is asked of a spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SpectrumSettings {
    /// Eigenvalues wanted at the top.
    pub top: usize,
    /// Eigenvalues wanted at the bottom.
    pub bottom: usize,
    /// Products for those at most.
    pub eigen_products: usize,
    /// Residual at which they count as found, in units of the largest |λ|.
    pub eigen_tolerance: f64,
    /// Products of the trace.
    pub trace_products: usize,
    /// Random vectors of the density.
    pub probes: usize,
    /// Lanczos steps of each.
    pub lanczos_steps: usize,
    /// Matrices up to this size are decomposed whole.
    pub exact_up_to: usize,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for SpectrumSettings {
    /// The constants of this module and of the trace and the density.
    fn default() -> Self {
        Self {
            top: DEFAULT_TOP,
            bottom: DEFAULT_BOTTOM,
            eigen_products: DEFAULT_EIGEN_PRODUCTS,
            eigen_tolerance: DEFAULT_EIGEN_TOLERANCE,
            trace_products: super::DEFAULT_TRACE_PRODUCTS,
            probes: super::DEFAULT_PROBES,
            lanczos_steps: super::DEFAULT_LANCZOS_STEPS,
            exact_up_to: DEFAULT_EXACT_UP_TO,
            seed: 0,
        }
    }
}

impl SpectrumSettings {
    /// Checks them against a matrix of size n.
    ///
    /// # Errors
    /// [`Error::Setting`] for more eigenvalues than rows or products, none at all, fewer than 2
    /// probes, no Lanczos step, fewer than 4 products of a trace, a tolerance not above 0.
    pub fn check(&self, n: usize) -> Result<()> {
        let wanted = self.top.saturating_add(self.bottom);
        if wanted == 0 || wanted > n {
            let expected = format!("from 1 to {n} in all, the parameters there are");
            return Err(Error::setting(
                "top and bottom eigenvalues",
                expected,
                wanted,
            ));
        }
        if wanted > self.eigen_products {
            let expected = format!("at least {wanted}, one for each eigenvalue");
            return Err(Error::setting(
                "eigen products",
                expected,
                self.eigen_products,
            ));
        }
        if !(self.eigen_tolerance > 0.0 && self.eigen_tolerance.is_finite()) {
            return Err(Error::setting(
                "eigen tolerance",
                "above 0",
                self.eigen_tolerance,
            ));
        }
        if self.trace_products < 4 {
            let expected = "at least 4";
            return Err(Error::setting(
                "trace products",
                expected,
                self.trace_products,
            ));
        }
        if self.probes < 2 {
            return Err(Error::setting("probes", "at least 2", self.probes));
        }
        if self.lanczos_steps == 0 {
            return Err(Error::setting("lanczos steps", "at least 1", 0));
        }
        Ok(())
    }
}

/// An eigenvalue and how far off it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Eigenvalue {
    /// The eigenvalue.
    pub value: f64,
    /// |Av − λv| of its vector, by one more product: some eigenvalue of A is within that. Of a
    /// matrix decomposed whole, the asymmetry of its products.
    pub residual: f64,
}

/// The spectrum of a symmetric matrix, as far as asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Size n of the matrix.
    pub dim: usize,
    /// Whether the matrix was decomposed whole, so that nothing is left to chance.
    pub exact: bool,
    /// The largest eigenvalues, descending.
    pub top: Vec<Eigenvalue>,
    /// The smallest eigenvalues, ascending.
    pub bottom: Vec<Eigenvalue>,
    /// The sum of all.
    pub trace: TraceEstimate,
    /// Where they lie.
    pub density: SpectralDensity,
    /// Products, all in all.
    pub products: usize,
}

/// Measures the spectrum of a symmetric matrix.
///
/// A matrix of at most `exact_up_to` rows is decomposed whole by n products. A larger one is known
/// by [`extreme_eigenpairs`], [`hutchpp`] and [`SpectralDensity::stochastic`].
///
/// # Errors
/// Those of [`SpectrumSettings::check`]; [`Error::Setting`] for products that are not finite;
/// [`Error::Cancelled`] by the watch, which is called after each product.
///
/// # Cost
/// n products, or eigen_products + top + bottom + trace_products + probes·lanczos_steps at most.
pub fn spectrum(
    matrix: &(impl SymmetricOperator + ?Sized),
    settings: &SpectrumSettings,
    watch: &dyn Watch,
) -> Result<Spectrum> {
    let n = matrix.dim();
    settings.check(n)?;
    let seed = settings.seed;
    if n <= settings.exact_up_to {
        let found = full_spectrum(matrix, watch)?;
        let at = |&value: &f64| Eigenvalue {
            value,
            residual: found.asymmetry,
        };
        let value = found.values.iter().sum();
        return Ok(Spectrum {
            dim: n,
            exact: true,
            top: found
                .values
                .iter()
                .rev()
                .take(settings.top)
                .map(at)
                .collect(),
            bottom: found.values.iter().take(settings.bottom).map(at).collect(),
            trace: TraceEstimate {
                value,
                standard_error: 0.0,
                interval: [value; 2],
                products: n,
            },
            density: SpectralDensity::of_eigenvalues(&found.values),
            products: n,
        });
    }
    let ends = extreme_eigenpairs(
        matrix,
        LanczosSettings {
            count: settings.top,
            bottom: settings.bottom,
            products: settings.eigen_products,
            tolerance: settings.eigen_tolerance,
            seed,
        },
        watch,
    )?;
    let pairs: Vec<Eigenpair> = ends.top.iter().chain(&ends.bottom).cloned().collect();
    let eigenvalues: Vec<Eigenvalue> = (pairs.iter().zip(residuals(matrix, &pairs, watch)?))
        .map(|(pair, residual)| Eigenvalue {
            value: pair.value,
            residual,
        })
        .collect();
    let (top, bottom) = eigenvalues.split_at(ends.top.len());
    let trace = hutchpp(
        matrix,
        TraceSettings {
            products: settings.trace_products,
            seed,
        },
        watch,
    )?;
    let density = SpectralDensity::stochastic(
        matrix,
        DensitySettings {
            probes: settings.probes,
            steps: settings.lanczos_steps,
            seed,
        },
        watch,
    )?;
    Ok(Spectrum {
        dim: n,
        exact: false,
        top: top.to_vec(),
        bottom: bottom.to_vec(),
        trace,
        products: ends.products + pairs.len() + trace.products + density.products(),
        density,
    })
}

impl Spectrum {
    /// As it stands in a record, under a name.
    pub fn into_part(self, name: &str) -> SpectrumPart {
        let [from, to] = self.density.range();
        let largest = from.abs().max(to.abs());
        let floor = if largest > 0.0 {
            FLAT_SHARE * largest
        } else {
            FLAT_SHARE
        };
        let axis = SymmetricLog { floor };
        let margin = 3.0 * DENSITY_WIDTH * std::f64::consts::LN_10;
        let ends = [axis.place(from) - margin, axis.place(to) + margin];
        let lambda = axis.grid(ends.map(|place| axis.lambda(place)), GRID);
        let per_decade: Vec<Banded> = (lambda.iter())
            .map(|&lambda| self.density.per_decade(lambda, axis, DENSITY_WIDTH))
            .collect();
        let counts: Vec<Banded> = (lambda.iter())
            .map(|&lambda| self.density.count_above(lambda))
            .collect();
        let values = |bands: &[Banded]| bands.iter().map(|band| band.value).collect();
        let ends = |bands: &[Banded], end: usize| bands.iter().map(|b| b.interval[end]).collect();
        let positive = self.density.count_above(floor);
        let not_negative = self.density.count_above(-floor);
        let n = self.dim as f64;
        let [low, high] = not_negative.interval;
        let part = SpectrumPart {
            name: name.into(),
            dimension: self.dim,
            exact: self.exact,
            top: self.top.iter().map(|found| found.value).collect(),
            top_residuals: self.top.iter().map(|found| found.residual).collect(),
            bottom: self.bottom.iter().map(|found| found.value).collect(),
            bottom_residuals: self.bottom.iter().map(|found| found.residual).collect(),
            trace: self.trace.value,
            trace_standard_error: self.trace.standard_error,
            trace_interval: self.trace.interval,
            floor,
            positive: positive.value,
            positive_interval: positive.interval,
            negative: (n - not_negative.value).max(0.0),
            negative_interval: [(n - high).max(0.0), (n - low).max(0.0)],
            per_decade: values(&per_decade),
            per_decade_low: ends(&per_decade, 0),
            per_decade_high: ends(&per_decade, 1),
            count_above: values(&counts),
            count_above_low: ends(&counts, 0),
            count_above_high: ends(&counts, 1),
            lambda,
            products: self.products,
            warnings: Vec::new(),
        };
        SpectrumPart {
            warnings: part.residual_warnings(),
            ..part
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{GaussNewtonAt, HessianAt, Restricted};
    use super::*;
    use crate::data::Generator;
    use crate::net::{Activation, Architecture, Initialization, MlpSurface};
    use crate::random::stream;
    use crate::surface::Differentiable;

    /// A net of 501 parameters at the end of a plain descent on two moons.
    fn trained(activation: Activation) -> (MlpSurface, Vec<f32>) {
        let rng = &mut stream(1, "spectrum-test", 0);
        let net = Architecture::new(vec![2, 20, 20, 1], activation).unwrap();
        let points = Generator::from_name("moons")
            .unwrap()
            .dataset(120, rng)
            .unwrap();
        let surface = MlpSurface::new(&net, &points).unwrap();
        let mut theta = Initialization::HeNormal.draw(&net, rng);
        let mut grad = vec![0.0; theta.len()];
        for _ in 0..1_500 {
            surface.loss_and_grad(&theta, &mut grad);
            for (w, g) in theta.iter_mut().zip(&grad) {
                *w -= 0.1 * g;
            }
        }
        (surface, theta)
    }

    /// By products alone, and by the whole matrix, which has the same seed and settings.
    fn both(matrix: &impl SymmetricOperator) -> [Spectrum; 2] {
        [0, matrix.dim()].map(|exact_up_to| {
            let settings = SpectrumSettings {
                top: 10,
                exact_up_to,
                ..SpectrumSettings::default()
            };
            spectrum(matrix, &settings, &()).unwrap()
        })
    }

    #[test]
    fn products_know_what_the_whole_decomposition_knows() {
        for activation in [Activation::Relu, Activation::Tanh] {
            let (surface, theta) = trained(activation);
            let hessian = HessianAt::new(&surface, &theta).unwrap();
            let gauss_newton = GaussNewtonAt::new(&surface, &theta).unwrap();
            let middle = Restricted::new(&hessian, 60..480).unwrap();
            for [found, whole] in [both(&hessian), both(&gauss_newton), both(&middle)] {
                assert!(whole.exact && !found.exact);
                let largest = whole.top[0].value;
                for (a, b) in found.top.iter().zip(&whole.top) {
                    assert!((a.value / b.value - 1.0).abs() < 1e-4, "{a:?} {b:?}");
                    assert!(a.residual < 1e-5 * largest, "{a:?}");
                }
                for (a, b) in found.bottom.iter().zip(&whole.bottom) {
                    assert!((a.value - b.value).abs() < 1e-5 * largest, "{a:?} {b:?}");
                }
                assert!(whole.bottom[0].residual < 1e-5 * largest);
                // A 95 % interval doubled: beyond by chance below 1e-3. Products round to f32.
                let error = (found.trace.value - whole.trace.value).abs();
                let [low, high] = found.trace.interval;
                assert!(
                    error <= high - low + 1e-5 * largest,
                    "{:?} {:?}",
                    found.trace,
                    whole.trace
                );
                let (found, whole) = (found.into_part("a"), whole.into_part("b"));
                for lambda in [whole.positive, whole.negative] {
                    assert!(lambda >= 0.0 && lambda <= whole.dimension as f64);
                }
                // So many sampled alike: the interval doubled, too.
                let [low, high] = found.positive_interval;
                let (middle, half) = ((low + high) / 2.0, (high - low) / 2.0);
                assert!(
                    (whole.positive - middle).abs() <= 2.0 * half,
                    "{low} {high} {}",
                    whole.positive
                );
            }
        }
    }

    #[test]
    fn gauss_newton_is_never_negative_and_of_low_rank() {
        // One logit and 120 points: G = 1/N Σ p(1 − p)·∇z·∇zᵀ has rank 120 at most.
        let (surface, theta) = trained(Activation::Tanh);
        let [_, whole] = both(&GaussNewtonAt::new(&surface, &theta).unwrap());
        let part = whole.into_part("whole");
        assert!(part.bottom[0] > -part.floor, "{:?}", part.bottom);
        assert!(
            part.positive <= 120.0 && part.negative == 0.0,
            "{}",
            part.positive
        );
    }

    #[test]
    fn settings_that_ask_too_much_are_refused() {
        let refused = |settings: SpectrumSettings| settings.check(30).unwrap_err().to_string();
        let some = SpectrumSettings::default();
        assert!(some.check(30).is_ok());
        assert!(refused(SpectrumSettings { top: 26, ..some }).contains("1 to 30"));
        assert!(
            refused(SpectrumSettings {
                top: 0,
                bottom: 0,
                ..some
            })
            .contains("1 to 30")
        );
        assert!(
            refused(SpectrumSettings {
                eigen_products: 9,
                ..some
            })
            .contains("eigen products")
        );
        assert!(
            refused(SpectrumSettings {
                eigen_tolerance: 0.0,
                ..some
            })
            .contains("tolerance")
        );
        assert!(
            refused(SpectrumSettings {
                trace_products: 3,
                ..some
            })
            .contains("trace")
        );
        assert!(refused(SpectrumSettings { probes: 1, ..some }).contains("probes"));
        assert!(
            refused(SpectrumSettings {
                lanczos_steps: 0,
                ..some
            })
            .contains("steps")
        );
    }

    #[test]
    fn defaults_are_those_documented() {
        let some = SpectrumSettings::default();
        assert_eq!((some.top, some.bottom, some.eigen_products), (20, 5, 300));
        assert_eq!(
            (some.trace_products, some.probes, some.lanczos_steps),
            (120, 10, 100)
        );
        assert_eq!((some.eigen_tolerance, some.exact_up_to), (1e-6, 1_000));
    }
}
