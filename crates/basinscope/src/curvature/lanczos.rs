//! Eigenpairs at the ends of a spectrum: Lanczos iteration.

use super::krylov::Krylov;
use super::operator::{HessianAt, SymmetricOperator, products};
use crate::random::stream;
use crate::surface::TwiceDifferentiable;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rand::RngExt;
use rand_distr::StandardNormal;

/// What is asked of the iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LanczosSettings {
    /// Eigenpairs wanted at the top, the largest eigenvalues first.
    pub count: usize,
    /// Eigenpairs wanted at the bottom, the most negative eigenvalues first.
    pub bottom: usize,
    /// Products with the matrix at most.
    pub products: usize,
    /// Residual |Av − λv| at which an eigenpair counts as found, in units of the largest |λ|.
    pub tolerance: f64,
    /// Seed of the first vector.
    pub seed: u64,
}

impl Default for LanczosSettings {
    /// The top eigenpair, at most 100 products, to 1e-3.
    fn default() -> Self {
        Self {
            count: 1,
            bottom: 0,
            products: 100,
            tolerance: 1e-3,
            seed: 0,
        }
    }
}

/// An eigenvalue with its unit eigenvector.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigenpair {
    /// The eigenvalue; of a Hessian in nats per squared unit of parameter length.
    pub value: f64,
    /// The eigenvector, of norm 1, its largest entry positive (`dim()` values).
    pub vector: Vec<f32>,
    /// |Av − λv|, as the iteration estimates it.
    pub residual: f64,
}

/// Eigenpairs of both ends of a spectrum.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtremeEigenpairs {
    /// The largest eigenvalues, descending.
    pub top: Vec<Eigenpair>,
    /// The smallest eigenvalues, ascending.
    pub bottom: Vec<Eigenpair>,
    /// Products it took.
    pub products: usize,
}

/// The largest and the smallest eigenvalues of a symmetric matrix, and their eigenvectors.
///
/// Lanczos iteration with full reorthogonalisation, begun anew where a vector's reach is used up.
/// Ends when all pairs are found to the
/// tolerance, or after `products` products; each pair tells its residual, and an eigenvalue of A
/// lies within that of the value told. What f32 products cannot tell from rounding, about 1e-7 of
/// the largest |λ|, remains unknown.
///
/// # Errors
/// [`Error::Setting`] for no pair, more pairs than products or rows, or products that are not
/// finite; [`Error::Cancelled`] by the watch, which is called after each product.
///
/// # Cost
/// At most `products` products and as many vectors of memory; O(n·products²) arithmetic.
///
/// # Reference
/// Golub and Van Loan 2013, section 10.3.
pub fn extreme_eigenpairs(
    matrix: &(impl SymmetricOperator + ?Sized),
    settings: LanczosSettings,
    watch: &dyn Watch,
) -> Result<ExtremeEigenpairs> {
    let dim = matrix.dim();
    let most = settings.products.min(dim);
    let (count, bottom) = (settings.count, settings.bottom);
    let wanted = count.saturating_add(bottom);
    if wanted == 0 || wanted > most {
        let expected = format!("from 1 to {most}, the products or parameters there are");
        return Err(Error::setting("eigenpairs", expected, wanted));
    }
    let rng = &mut stream(settings.seed, "lanczos", 0);
    let mut draw = || (0..dim).map(|_| rng.sample(StandardNormal)).collect();
    let ticks = Ticks::new(watch, Some(most as u64));
    let mut krylov = Krylov::new(draw());
    let mut look_at = 1;
    loop {
        krylov.grow(matrix, &ticks)?;
        let done = krylov.len() >= most;
        let exhausted = krylov.is_exhausted(f64::EPSILON);
        // The small problem costs the cube of its size: it is looked at ever more rarely.
        if krylov.len() < look_at && !done && !exhausted {
            continue;
        }
        look_at = krylov.len() + 1 + krylov.len() / 16;
        let ritz = krylov.ritz()?;
        let size = ritz.values.len();
        let top = (0..size).rev().take(count);
        let low = 0..bottom.min(size);
        let enough = size >= wanted
            && (top.clone().chain(low.clone()))
                .all(|place| ritz.residual(place) <= settings.tolerance * ritz.scale());
        if enough || done {
            let pair = |place: usize| Eigenpair {
                value: ritz.values[place],
                vector: krylov.lift((0..size).map(|row| ritz.vectors[(row, place)])),
                residual: ritz.residual(place),
            };
            return Ok(ExtremeEigenpairs {
                top: top.map(pair).collect(),
                bottom: low.map(pair).collect(),
                products: size,
            });
        }
        if exhausted {
            krylov.restart(draw());
        }
    }
}

/// |Av − λv| of each pair by one more product, where [`Eigenpair::residual`] is what the iteration
/// supposes: of a matrix whose products are inexact or not symmetric that is too little.
///
/// # Errors
/// [`Error::Cancelled`] by the watch.
pub fn residuals(
    matrix: &(impl SymmetricOperator + ?Sized),
    pairs: &[Eigenpair],
    watch: &dyn Watch,
) -> Result<Vec<f64>> {
    let vectors: Vec<Vec<f32>> = pairs.iter().map(|pair| pair.vector.clone()).collect();
    let images = products(matrix, &vectors, watch)?;
    Ok((pairs.iter().zip(&images))
        .map(|(pair, image)| {
            let left_over = (image.iter().zip(&pair.vector))
                .map(|(&a, &v)| (f64::from(a) - pair.value * f64::from(v)).powi(2));
            left_over.sum::<f64>().sqrt()
        })
        .collect())
}

/// The largest eigenvalues of the Hessian at θ, and their eigenvectors: [`extreme_eigenpairs`] of
/// [`HessianAt`].
///
/// # Errors
/// [`Error::Shape`] for a θ of the wrong length; those of [`extreme_eigenpairs`].
///
/// # Cost
/// As [`extreme_eigenpairs`].
pub fn top_eigenpairs(
    surface: &impl TwiceDifferentiable,
    theta: &[f32],
    settings: LanczosSettings,
    watch: &dyn Watch,
) -> Result<Vec<Eigenpair>> {
    Ok(extreme_eigenpairs(&HessianAt::new(surface, theta)?, settings, watch)?.top)
}

#[cfg(test)]
mod tests {
    use super::super::Differenced;
    use super::super::test_matrices::{Dense, decaying, rotated};
    use super::*;
    use crate::surface::analytic::Ellipsoid;
    use faer::Mat;

    #[test]
    fn the_spectrum_of_a_bowl_is_found() {
        // h = 1000/i: eigenvectors are the axes.
        let bowl = Ellipsoid::power_law(300, 1_000.0, 1.0);
        let settings = LanczosSettings {
            count: 4,
            tolerance: 1e-5,
            ..LanczosSettings::default()
        };
        let found = top_eigenpairs(&bowl, &vec![0.0; 300], settings, &()).unwrap();
        for (i, pair) in found.iter().enumerate() {
            let exact = 1_000.0 / (i + 1) as f64;
            assert!((pair.value / exact - 1.0).abs() < 1e-4, "{}", pair.value);
            assert!((pair.vector[i] - 1.0).abs() < 1e-3, "{}", pair.vector[i]);
            assert!(pair.residual <= 1e-5 * 1_000.0);
        }
    }

    #[test]
    fn differences_find_the_same_directions() {
        let bowl = Ellipsoid::power_law(40, 10.0, 2.0);
        let settings = LanczosSettings::default();
        let theta = vec![0.3; 40];
        let exact = top_eigenpairs(&bowl, &theta, settings, &()).unwrap();
        let differenced = Differenced::new(&bowl, &theta).unwrap();
        let found = top_eigenpairs(&differenced, &theta, settings, &()).unwrap();
        assert!((exact[0].value - found[0].value).abs() < 0.02);
        assert!((found[0].vector[0] - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_sphere_is_done_after_one_product() {
        // Every direction is an eigenvector: the basis has nothing left over.
        let found = top_eigenpairs(
            &Ellipsoid::sphere(10, 2.0),
            &[1.0; 10],
            LanczosSettings::default(),
            &(),
        );
        assert!((found.unwrap()[0].value - 2.0).abs() < 1e-6);
    }

    #[test]
    fn an_eigenvalue_that_repeats_is_found_as_often_as_asked() {
        // A product of exactly 0 leaves nothing over: the iteration goes on from another vector.
        let flat = Dense(Mat::zeros(6, 6));
        let settings = LanczosSettings {
            count: 3,
            bottom: 2,
            ..LanczosSettings::default()
        };
        let found = extreme_eigenpairs(&flat, settings, &()).unwrap();
        let values = |pairs: &[Eigenpair]| pairs.iter().map(|pair| pair.value).collect::<Vec<_>>();
        assert_eq!(values(&found.top), [0.0; 3]);
        assert_eq!((values(&found.bottom), found.products), (vec![0.0; 2], 5));
        for (i, a) in found.top.iter().enumerate() {
            for (j, b) in found.top.iter().enumerate() {
                let terms = a.vector.iter().zip(&b.vector);
                let product: f32 = terms.map(|(a, b)| a * b).sum();
                assert!((product - f32::from(u8::from(i == j))).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn too_many_pairs_are_refused() {
        for (count, bottom) in [(0, 0), (11, 0), (6, 5)] {
            let settings = LanczosSettings {
                count,
                bottom,
                ..LanczosSettings::default()
            };
            let bowl = Ellipsoid::sphere(10, 1.0);
            let error = top_eigenpairs(&bowl, &[1.0; 10], settings, &()).unwrap_err();
            assert!(error.to_string().contains("1 to 10"), "{error}");
        }
    }

    #[test]
    fn both_ends_of_a_spectrum_with_both_signs_are_found() {
        // ±100/i², every third negative: the smallest are −100/9, −100/36, −100/81.
        let mut exact = decaying(200);
        let matrix = rotated(&exact, 1);
        let settings = LanczosSettings {
            count: 5,
            bottom: 3,
            tolerance: 1e-6,
            ..LanczosSettings::default()
        };
        let found = extreme_eigenpairs(&matrix, settings, &()).unwrap();
        exact.sort_by(f64::total_cmp);
        let check = |pair: &Eigenpair, exact: f64| {
            assert!((pair.value - exact).abs() < 1e-5, "{} {exact}", pair.value);
            let mut image = vec![0.0; 200];
            matrix.apply(&pair.vector, &mut image);
            let left = (image.iter().zip(&pair.vector))
                .map(|(&a, &v)| (f64::from(a) - pair.value * f64::from(v)).powi(2))
                .sum::<f64>()
                .sqrt();
            // f32 rounds the vector and the product: 1e-7 of the largest |λ|, times a few.
            assert!(left <= pair.residual + 1e-4, "{left} {}", pair.residual);
        };
        (found.top.iter().zip(exact.iter().rev())).for_each(|(pair, &exact)| check(pair, exact));
        (found.bottom.iter().zip(&exact)).for_each(|(pair, &exact)| check(pair, exact));
        assert_eq!((found.top.len(), found.bottom.len()), (5, 3));
        assert!(found.products < 60, "{}", found.products);
    }
}
