//! The trace of a matrix from few products: Hutch++.

use super::operator::{SymmetricOperator, not_finite, products as images_of};
use crate::random::stream;
use crate::rank::mean_interval;
use crate::watch::Watch;
use crate::{Error, Result};
use faer::Mat;
use rand::RngExt;

/// Products of a trace by default.
pub const DEFAULT_TRACE_PRODUCTS: usize = 120;

/// What is asked of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceSettings {
    /// Products with the matrix: a third finds its large directions, a third measures those, the
    /// rest samples what is left. With as many as the matrix has rows, the trace is exact.
    pub products: usize,
    /// Seed of the random vectors.
    pub seed: u64,
}

impl Default for TraceSettings {
    /// [`DEFAULT_TRACE_PRODUCTS`] products.
    fn default() -> Self {
        Self {
            products: DEFAULT_TRACE_PRODUCTS,
            seed: 0,
        }
    }
}

/// An estimate of a trace.
///
/// # Units
/// Of a Hessian: nats per squared unit of parameter length, summed over all n directions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceEstimate {
    /// The estimate, unbiased.
    pub value: f64,
    /// Its standard error, from the spread of the sampled part; 0 where the trace is exact.
    pub standard_error: f64,
    /// 95 % interval (Student's t over the samples).
    pub interval: [f64; 2],
    /// Products it took.
    pub products: usize,
}

/// The trace of a symmetric matrix by Hutch++.
///
/// ```text
/// tr A ≈ tr(QᵀAQ) + mean_i g_iᵀ·A·g_i,   Q = orth(A·S),   g_i = (I − QQᵀ)·z_i
/// ```
///
/// S (n × ⌊m/3⌋) and the m − 2·⌊m/3⌋ vectors z_i are random signs, m the number of products. The
/// first term is exact within the span of Q; only the second varies by chance, and its spread is
/// what the interval tells. With m ≥ n, the n products with the axes give the trace itself.
///
/// # Errors
/// [`Error::Setting`] for fewer than 4 products where that is less than n, or products that are
/// not finite; [`Error::Cancelled`] by the watch, which is called after each product.
///
/// # Cost
/// `products` products, n at most; O(n·products²) arithmetic.
///
/// # Reference
/// Meyer, Musco, Musco and Woodruff 2021, algorithm 1; the interval is ours.
pub fn hutchpp(
    matrix: &(impl SymmetricOperator + ?Sized),
    settings: TraceSettings,
    watch: &dyn Watch,
) -> Result<TraceEstimate> {
    let (n, products) = (matrix.dim(), settings.products);
    if products >= n {
        return exact(matrix, watch);
    }
    if products < 4 {
        let expected = "at least 4, of which 2 are samples to tell an error from";
        return Err(Error::setting("trace products", expected, products));
    }
    let sketch = products / 3;
    let sampled = products - 2 * sketch;
    let signs = |task: &str, count: usize| -> Vec<Vec<f32>> {
        (0..count)
            .map(|index| random_signs(n, settings.seed, task, index))
            .collect()
    };
    let images = columns(&images_of(matrix, &signs("trace-sketch", sketch), watch)?);
    if !images.is_all_finite() {
        return Err(not_finite());
    }
    let basis = images.qr().compute_thin_Q();

    let within = rows(&basis);
    let found = quadratic_forms(matrix, &within, watch)?.iter().sum::<f64>();

    let probes = columns(&signs("trace-probes", sampled));
    let left_over = &probes - &basis * (basis.transpose() * &probes);
    let samples = quadratic_forms(matrix, &rows(&left_over), watch)?;
    let (mean, [low, high]) = mean_interval(&samples)?;
    let spread = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let value = found + mean;
    if !value.is_finite() {
        return Err(not_finite());
    }
    Ok(TraceEstimate {
        value,
        standard_error: (spread / (sampled * (sampled - 1)) as f64).sqrt(),
        interval: [found + low, found + high],
        products,
    })
}

/// The trace by the products with all axes.
fn exact(matrix: &(impl SymmetricOperator + ?Sized), watch: &dyn Watch) -> Result<TraceEstimate> {
    let n = matrix.dim();
    let axes: Vec<Vec<f32>> = (0..n)
        .map(|row| (0..n).map(|i| f32::from(u8::from(i == row))).collect())
        .collect();
    let value = quadratic_forms(matrix, &axes, watch)?.iter().sum::<f64>();
    if !value.is_finite() {
        return Err(not_finite());
    }
    Ok(TraceEstimate {
        value,
        standard_error: 0.0,
        interval: [value; 2],
        products: n,
    })
}

/// vᵀ·A·v of each vector.
fn quadratic_forms(
    matrix: &(impl SymmetricOperator + ?Sized),
    vectors: &[Vec<f32>],
    watch: &dyn Watch,
) -> Result<Vec<f64>> {
    let images = images_of(matrix, vectors, watch)?;
    Ok((vectors.iter().zip(&images))
        .map(|(v, image)| {
            (v.iter().zip(image))
                .map(|(&v, &a)| f64::from(v) * f64::from(a))
                .sum()
        })
        .collect())
}

/// A vector of n random signs.
pub(super) fn random_signs(n: usize, seed: u64, task: &str, index: usize) -> Vec<f32> {
    let rng = &mut stream(seed, task, index as u64);
    (0..n)
        .map(|_| if rng.random::<bool>() { 1.0 } else { -1.0 })
        .collect()
}

fn columns(vectors: &[Vec<f32>]) -> Mat<f64> {
    Mat::from_fn(vectors[0].len(), vectors.len(), |i, j| {
        f64::from(vectors[j][i])
    })
}

fn rows(columns: &Mat<f64>) -> Vec<Vec<f32>> {
    (0..columns.ncols())
        .map(|j| {
            (0..columns.nrows())
                .map(|i| columns[(i, j)] as f32)
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::HessianAt;
    use super::super::test_matrices::{Dense, decaying, rotated};
    use super::*;
    use crate::surface::analytic::Ellipsoid;

    /// Σ h/i^p.
    fn power_law(n: usize, p: f64) -> (Ellipsoid, f64) {
        let exact = (1..=n).map(|i| 100.0 / (i as f64).powf(p)).sum();
        (Ellipsoid::power_law(n, 100.0, p), exact)
    }

    fn estimate(bowl: &Ellipsoid, n: usize, products: usize, seed: u64) -> TraceEstimate {
        let theta = vec![0.0; n];
        let matrix = HessianAt::new(bowl, &theta).unwrap();
        hutchpp(&matrix, TraceSettings { products, seed }, &()).unwrap()
    }

    #[test]
    fn as_many_products_as_rows_give_the_trace_itself() {
        let (bowl, exact) = power_law(50, 1.0);
        let found = estimate(&bowl, 50, 50, 1);
        assert!((found.value / exact - 1.0).abs() < 1e-6);
        assert_eq!((found.standard_error, found.products), (0.0, 50));
        assert_eq!(estimate(&bowl, 50, 1_000, 1).products, 50);
    }

    #[test]
    fn intervals_cover_the_trace_as_often_as_they_say() {
        // 400 seeds; the coverage of a 95 % interval has sd √(.95·.05/400) = 1.1 %, and sums of
        // products of signs are a little heavier in the tail than Student assumes. Outside
        // [90 %, 99 %] by chance: below 1e-4.
        let values = decaying(80);
        let (matrix, exact) = (rotated(&values, 3), values.iter().sum::<f64>());
        let covered = (0..400)
            .filter(|&seed| {
                let settings = TraceSettings { products: 30, seed };
                let [low, high] = hutchpp(&matrix, settings, &()).unwrap().interval;
                low <= exact && exact <= high
            })
            .count();
        assert!((360..=396).contains(&covered), "{covered} of 400");
    }

    #[test]
    fn the_mean_is_the_trace_and_the_spread_the_standard_error() {
        // The estimator is unbiased: the mean over 400 seeds lies within 4 of its standard errors
        // (false alarm 6e-5). The root mean square of the standard errors told is the estimates'
        // standard deviation, to 15 %: each has relative sd 1/√(2·400) = 3.5 %, more in heavy
        // tails.
        let values = decaying(80);
        let (matrix, exact) = (rotated(&values, 4), values.iter().sum::<f64>());
        let found: Vec<TraceEstimate> = (0..400)
            .map(|seed| hutchpp(&matrix, TraceSettings { products: 30, seed }, &()).unwrap())
            .collect();
        let count = found.len() as f64;
        let mean = found.iter().map(|e| e.value).sum::<f64>() / count;
        let variance =
            (found.iter().map(|e| (e.value - mean).powi(2))).sum::<f64>() / (count - 1.0);
        assert!(
            (mean - exact).abs() < 4.0 * (variance / count).sqrt(),
            "{mean} {exact}"
        );
        let told = found.iter().map(|e| e.standard_error.powi(2)).sum::<f64>() / count;
        assert!(
            ((told / variance).sqrt() - 1.0).abs() < 0.15,
            "{told} {variance}"
        );
    }

    #[test]
    fn few_products_find_the_trace_of_a_decaying_spectrum() {
        // Hutchinson's own error with m signs is √(2·Σ_{i≠j} A_ij²/m), here of a rotated 100/i²
        // about √(2/120)·104 = 13; Hutch++ leaves what 40 directions do not hold.
        let values = decaying(400);
        let (matrix, exact) = (rotated(&values, 5), values.iter().sum::<f64>());
        let found = hutchpp(&matrix, TraceSettings::default(), &()).unwrap();
        assert_eq!(found.products, DEFAULT_TRACE_PRODUCTS);
        assert!((found.value - exact).abs() < 0.5, "{found:?} {exact}");
        assert!(found.standard_error < 0.2, "{found:?}");
    }

    #[test]
    fn a_flat_surface_has_no_trace() {
        let zero = Dense(Mat::zeros(30, 30));
        let found = hutchpp(
            &zero,
            TraceSettings {
                products: 9,
                seed: 0,
            },
            &(),
        )
        .unwrap();
        assert_eq!((found.value, found.standard_error), (0.0, 0.0));
    }

    #[test]
    fn what_has_no_trace_is_refused() {
        let (bowl, _) = power_law(50, 1.0);
        let theta = [0.0; 50];
        let matrix = HessianAt::new(&bowl, &theta).unwrap();
        let few = TraceSettings {
            products: 3,
            seed: 0,
        };
        assert!(
            hutchpp(&matrix, few, &())
                .unwrap_err()
                .to_string()
                .contains("at least 4")
        );
        let broken = Dense(Mat::full(30, 30, f64::NAN));
        assert!(
            hutchpp(
                &broken,
                TraceSettings {
                    products: 9,
                    seed: 0
                },
                &(),
            )
            .is_err()
        );
        assert!(hutchpp(&broken, TraceSettings::default(), &()).is_err());
    }
}
