//! How many eigenvalues lie where: stochastic Lanczos quadrature.

use super::krylov::Krylov;
use super::operator::SymmetricOperator;
use super::trace::random_signs;
use crate::rank::mean_interval;
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rayon::prelude::*;

/// Random vectors of a density by default.
pub const DEFAULT_PROBES: usize = 10;
/// Lanczos steps of each by default.
pub const DEFAULT_LANCZOS_STEPS: usize = 100;

/// What is asked of the quadrature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DensitySettings {
    /// Random vectors, at least 2.
    pub probes: usize,
    /// Lanczos steps from each.
    pub steps: usize,
    /// Seed of the vectors.
    pub seed: u64,
}

impl Default for DensitySettings {
    /// [`DEFAULT_PROBES`] vectors, [`DEFAULT_LANCZOS_STEPS`] steps each.
    fn default() -> Self {
        Self {
            probes: DEFAULT_PROBES,
            steps: DEFAULT_LANCZOS_STEPS,
            seed: 0,
        }
    }
}

/// A value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Banded {
    /// The value.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
}

/// Where the eigenvalues of a matrix lie, as one estimate per random vector.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectralDensity {
    dim: usize,
    probes: Vec<Quadrature>,
    /// Whether the nodes are the eigenvalues themselves.
    exact: bool,
    products: usize,
}

/// A distribution on a few places; weights are numbers of eigenvalues and sum to n.
#[derive(Debug, Clone, PartialEq)]
struct Quadrature {
    /// Ascending.
    nodes: Vec<f64>,
    weights: Vec<f64>,
}

impl Quadrature {
    /// Number of eigenvalues above λ, and between which two numbers it must lie: by the theorem of
    /// Chebyshev, Markov and Stieltjes, `Σ_{i<k} w_i ≤ F(λ) ≤ Σ_{i≤k+1} w_i` where k nodes are at
    /// most λ.
    fn count_above(&self, lambda: f64) -> [f64; 3] {
        let k = self.nodes.partition_point(|&node| node <= lambda);
        let beyond = |from: usize| self.weights.iter().skip(from).sum::<f64>();
        [beyond(k), beyond(k + 1), beyond(k.saturating_sub(1))]
    }
}

impl SpectralDensity {
    /// The density of a symmetric matrix by stochastic Lanczos quadrature.
    ///
    /// ```text
    /// 1/n Σ f(λ_i) ≈ mean over z of Σ_k (e_1ᵀ·u_k)²·f(θ_k)
    /// ```
    ///
    /// θ_k and u_k are the eigenpairs of the tridiagonal matrix after `steps` steps of Lanczos
    /// from the random signs z.
    ///
    /// # Errors
    /// [`Error::Setting`] for fewer than 2 probes, no step, or products that are not finite;
    /// [`Error::Cancelled`] by the watch, which is called after each product.
    ///
    /// # Cost
    /// At most probes·steps products; steps vectors of memory for each thread.
    ///
    /// # Reference
    /// Ubaru, Chen and Saad 2017; for nets Ghorbani, Krishnan and Xiao 2019.
    pub fn stochastic(
        matrix: &(impl SymmetricOperator + ?Sized),
        settings: DensitySettings,
        watch: &dyn Watch,
    ) -> Result<Self> {
        if settings.probes < 2 {
            let expected = "at least 2, to tell an error from";
            return Err(Error::setting("probes", expected, settings.probes));
        }
        if settings.steps == 0 {
            return Err(Error::setting("lanczos steps", "at least 1", 0));
        }
        let most = settings.probes * settings.steps.min(matrix.dim());
        let ticks = Ticks::new(watch, Some(most as u64));
        let found: Vec<(Quadrature, usize)> = (0..settings.probes)
            .into_par_iter()
            .map(|index| {
                let signs = random_signs(matrix.dim(), settings.seed, "density", index);
                quadrature(matrix, signs, settings.steps, &ticks)
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            dim: matrix.dim(),
            products: found.iter().map(|(_, products)| products).sum(),
            probes: found.into_iter().map(|(probe, _)| probe).collect(),
            exact: false,
        })
    }

    /// The density of known eigenvalues, ascending: nothing in it is left to chance.
    pub fn of_eigenvalues(values: &[f64]) -> Self {
        Self {
            dim: values.len(),
            probes: vec![Quadrature {
                nodes: values.to_vec(),
                weights: vec![1.0; values.len()],
            }],
            exact: true,
            products: 0,
        }
    }

    /// Products it took.
    pub fn products(&self) -> usize {
        self.products
    }

    /// The smallest and the largest λ seen.
    pub fn range(&self) -> [f64; 2] {
        let nodes = || self.probes.iter().flat_map(|probe| &probe.nodes);
        [
            nodes().copied().fold(f64::INFINITY, f64::min),
            nodes().copied().fold(f64::NEG_INFINITY, f64::max),
        ]
    }

    /// Number of eigenvalues above λ.
    ///
    /// The interval adds up what is left to chance (Student's t over the probes) and what the
    /// quadrature cannot tell (Chebyshev, Markov and Stieltjes: one node to either side).
    pub fn count_above(&self, lambda: f64) -> Banded {
        let counts: Vec<[f64; 3]> = (self.probes.iter())
            .map(|probe| probe.count_above(lambda))
            .collect();
        let of = |which: usize| -> Vec<f64> { counts.iter().map(|count| count[which]).collect() };
        let (value, chance) = band(&of(0));
        if self.exact {
            return Banded {
                value,
                interval: [value; 2],
            };
        }
        let ([low, _], [_, high]) = (band(&of(1)).1, band(&of(2)).1);
        Banded {
            value,
            interval: [
                low.min(chance[0]).max(0.0),
                high.max(chance[1]).min(self.dim as f64),
            ],
        }
    }

    /// Eigenvalues per decade of |λ| at λ, seen through a Gaussian.
    ///
    /// ```text
    /// ρ(λ) = ln 10·mean Σ_k w_k·N(u(λ); u(θ_k), s²),   u(λ) = asinh(λ/(2·floor))
    /// ```
    ///
    /// u is logarithmic beyond ±floor and linear between, so that both signs and many decades fit
    /// on one axis; s is `width` decades. The interval is Student's t over the probes and knows
    /// nothing of the quadrature's own error.
    pub fn per_decade(&self, lambda: f64, axis: SymmetricLog, width: f64) -> Banded {
        let s = width * std::f64::consts::LN_10;
        let peak = std::f64::consts::LN_10 / (s * std::f64::consts::TAU.sqrt());
        let at = axis.place(lambda);
        let values: Vec<f64> = (self.probes.iter())
            .map(|probe| {
                let terms = probe.nodes.iter().zip(&probe.weights);
                let sum: f64 = terms
                    .map(|(&node, &w)| w * (-0.5 * ((at - axis.place(node)) / s).powi(2)).exp())
                    .sum();
                peak * sum
            })
            .collect();
        let (value, [low, high]) = band(&values);
        Banded {
            value,
            interval: [low.max(0.0), high],
        }
    }
}

/// Mean over the probes with its interval; known eigenvalues are a single probe without one.
fn band(values: &[f64]) -> (f64, [f64; 2]) {
    mean_interval(values).unwrap_or((values[0], [values[0]; 2]))
}

/// An axis that is logarithmic beyond ±floor and linear between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SymmetricLog {
    /// Where it turns linear, above 0.
    pub floor: f64,
}

impl SymmetricLog {
    /// `asinh(λ/(2·floor))`: ln(|λ|/floor) with the sign of λ, far out.
    pub fn place(self, lambda: f64) -> f64 {
        (lambda / (2.0 * self.floor)).asinh()
    }

    /// The λ at a place.
    pub fn lambda(self, place: f64) -> f64 {
        2.0 * self.floor * place.sinh()
    }

    /// Evenly spaced places from one λ to another, as λ.
    pub fn grid(self, [from, to]: [f64; 2], count: usize) -> Vec<f64> {
        let (from, to) = (self.place(from), self.place(to));
        let step = (to - from) / (count - 1) as f64;
        (0..count)
            .map(|i| self.lambda(from + i as f64 * step))
            .collect()
    }
}

/// The quadrature from one vector, and the products it took.
fn quadrature(
    matrix: &(impl SymmetricOperator + ?Sized),
    signs: Vec<f32>,
    steps: usize,
    ticks: &Ticks<'_>,
) -> Result<(Quadrature, usize)> {
    let mut krylov = Krylov::new(signs.into_iter().map(f64::from).collect());
    // Beyond f32's own rounding there is nothing more to find.
    while krylov.len() < steps.min(matrix.dim()) && !krylov.is_exhausted(f64::from(f32::EPSILON)) {
        krylov.grow(matrix, ticks)?;
    }
    let ritz = krylov.ritz()?;
    let n = matrix.dim() as f64;
    let weights = (0..ritz.values.len()).map(|place| n * ritz.vectors[(0, place)].powi(2));
    let weights = weights.collect();
    let nodes = ritz.values;
    Ok((Quadrature { nodes, weights }, krylov.len()))
}

#[cfg(test)]
mod tests {
    use super::super::test_matrices::{Dense, decaying, rotated};
    use super::*;
    use faer::Mat;

    #[test]
    fn enough_steps_know_the_moments_exactly() {
        // m steps integrate polynomials up to degree 2m − 1 exactly: zᵀA^k z of the signs.
        let matrix = rotated(&decaying(30), 1);
        let signs = random_signs(30, 5, "density", 0);
        let (found, products) =
            quadrature(&matrix, signs.clone(), 4, &Ticks::new(&(), None)).unwrap();
        assert_eq!((products, found.nodes.len()), (4, 4));
        let z = Mat::from_fn(30, 1, |i, _| f64::from(signs[i]));
        let mut image = z.clone();
        for degree in 0..8 {
            let exact = (z.transpose() * &image)[(0, 0)];
            let terms = found.nodes.iter().zip(&found.weights);
            let sum: f64 = terms.map(|(node, w)| w * node.powi(degree)).sum();
            let scale = 100.0_f64.powi(degree);
            assert!(
                (sum - exact).abs() < 1e-6 * scale,
                "{degree}: {sum} {exact}"
            );
            image = &matrix.0 * &image;
        }
    }

    #[test]
    fn intervals_hold_the_counts() {
        // 300 eigenvalues in three groups and a tail of both signs, 15 steps only. The interval
        // adds a bracket that is never wrong to a 95 % one, so that each of 40 seeds × 5
        // thresholds misses with less than 5 %; were all of a seed alike, more than 40 of 200
        // misses would be more than 8 of 40 seeds: by chance below 1e-3.
        let mut values = decaying(100);
        values.extend((0..100).map(|i| 5.0 + 0.01 * f64::from(i)));
        values.extend((0..100).map(|i| -2.0 - 0.01 * f64::from(i)));
        let matrix = rotated(&values, 2);
        let mut missed = 0;
        for seed in 0..40 {
            let settings = DensitySettings {
                probes: 5,
                steps: 15,
                seed,
            };
            let found = SpectralDensity::stochastic(&matrix, settings, &()).unwrap();
            for threshold in [-2.5, -1.0, 0.5, 5.5, 20.0] {
                let exact = values.iter().filter(|&&value| value > threshold).count() as f64;
                let Banded {
                    value,
                    interval: [low, high],
                } = found.count_above(threshold);
                assert!(low <= value && value <= high);
                missed += usize::from(!(low <= exact && exact <= high));
            }
            // Only 100 and 25 play a part here, both long found: 2 eigenvalues at most, times a
            // few for chance.
            let [_, high] = found.count_above(60.0).interval;
            assert!(high < 20.0, "{high}");
        }
        assert!(missed <= 40, "{missed} of 200");
    }

    #[test]
    fn counts_come_near_in_few_products() {
        // Half of 400 eigenvalues at 1, half at 3: two steps are enough to be exact but for
        // chance, √(n)·… = the spread of Σ over signs of ±: count above 2 has sd √(2·Σ_{i≠j}P_ij²)
        // ≤ √(2·100) = 14 a probe, 2.5 over 32; 12 is beyond 4.7 of those.
        let values: Vec<f64> = (0..400).map(|i| if i < 200 { 1.0 } else { 3.0 }).collect();
        let settings = DensitySettings {
            probes: 32,
            steps: 20,
            seed: 1,
        };
        let found = SpectralDensity::stochastic(&rotated(&values, 3), settings, &()).unwrap();
        let count = found.count_above(2.0);
        assert!((count.value - 200.0).abs() < 12.0, "{count:?}");
        assert!(found.products() < 32 * 6, "{}", found.products());
        let [low, high] = found.range();
        assert!((low - 1.0).abs() < 1e-3 && (high - 3.0).abs() < 1e-3);
    }

    #[test]
    fn the_density_holds_all_eigenvalues() {
        // ∫ρ d(log10 |λ|) over the axis is n.
        let mut values = decaying(50);
        values.sort_by(f64::total_cmp);
        let density = SpectralDensity::of_eigenvalues(&values);
        let axis = SymmetricLog { floor: 1e-3 };
        let grid = axis.grid([-1e3, 1e3], 4_001);
        let step = (axis.place(1e3) - axis.place(-1e3)) / 4_000.0 / std::f64::consts::LN_10;
        let sum: f64 = (grid.iter())
            .map(|&lambda| step * density.per_decade(lambda, axis, 0.1).value)
            .sum();
        assert!((sum - 50.0).abs() < 1e-6, "{sum}");
        let count = density.count_above(0.0);
        assert_eq!(
            (count.value.round(), count.interval[1]),
            (34.0, count.value)
        );
        assert!((grid[2_000]).abs() < 1e-12 && (axis.place(1.0) - 1e3_f64.ln()).abs() < 1e-5);
    }

    #[test]
    fn what_has_no_density_is_refused() {
        let matrix = Dense(Mat::full(30, 30, f64::NAN));
        let refused = |probes, steps| {
            let settings = DensitySettings {
                probes,
                steps,
                seed: 0,
            };
            SpectralDensity::stochastic(&matrix, settings, &())
                .unwrap_err()
                .to_string()
        };
        assert!(refused(1, 5).contains("probes"));
        assert!(refused(5, 0).contains("steps"));
        assert!(refused(5, 5).contains("finite"));
    }
}
