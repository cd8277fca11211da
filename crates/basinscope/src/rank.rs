//! Statistics over a set of minima or seeds: rank correlation, means and chances, with intervals.

use crate::random::stream;
use crate::{Error, Result};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::beta::beta_reg;

/// Rank correlation over a set of minima.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RankCorrelation {
    /// Kendall's τ_b.
    pub kendall_tau: f64,
    /// Its bootstrap 95 % interval over the minima.
    pub kendall_interval: [f64; 2],
    /// Spearman's ρ.
    pub spearman_rho: f64,
    /// Number of minima.
    pub minima: usize,
}

/// Resamples of the bootstrap.
const RESAMPLES: usize = 2_000;

/// Kendall's τ_b of two series: +1 where they rise together, −1 where one falls as the other
/// rises, 0 for a series that never changes.
///
/// ```text
/// τ_b = (C − D)/√((C + D + T_x)·(C + D + T_y))
/// ```
///
/// C and D count pairs in the same and in opposite order, T_x and T_y those tied in one alone.
///
/// # Reference
/// Kendall 1945.
///
/// ```
/// assert_eq!(basinscope::rank::kendall_tau(&[1.0, 2.0, 3.0], &[3.0, 5.0, 9.0]), 1.0);
/// ```
pub fn kendall_tau(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "one value of each for every minimum");
    let (mut score, mut in_x, mut in_y) = (0_i64, 0_i64, 0_i64);
    for i in 0..x.len() {
        for j in 0..i {
            let order = |values: &[f64]| values[i].total_cmp(&values[j]) as i64;
            let (a, b) = (order(x), order(y));
            score += a * b;
            in_x += a * a;
            in_y += b * b;
        }
    }
    match in_x * in_y {
        0 => 0.0,
        _ => score as f64 / (in_x as f64 * in_y as f64).sqrt(),
    }
}

/// Spearman's ρ: Pearson's correlation of the ranks, ties sharing their mean rank.
pub fn spearman_rho(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "one value of each for every minimum");
    let (a, b) = (ranks(x), ranks(y));
    let mean = (x.len() as f64 - 1.0) / 2.0;
    let moment = |a: &[f64], b: &[f64]| -> f64 {
        (a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean))).sum()
    };
    let scale = (moment(&a, &a) * moment(&b, &b)).sqrt();
    if scale > 0.0 {
        moment(&a, &b) / scale
    } else {
        0.0
    }
}

/// Both correlations, with the percentile-bootstrap 95 % interval of τ over the minima.
///
/// # Errors
/// [`Error::Shape`] for series of different lengths; [`Error::Setting`] for fewer than three
/// minima, or values that are not finite.
pub fn rank_correlation(x: &[f64], y: &[f64], seed: u64) -> Result<RankCorrelation> {
    if x.len() != y.len() {
        return Err(Error::Shape {
            what: "series to correlate".into(),
            expected: vec![x.len()],
            found: vec![y.len()],
        });
    }
    if x.len() < 3 {
        return Err(Error::setting("minima", "at least 3 to correlate", x.len()));
    }
    if let Some(value) = x.iter().chain(y).find(|value| !value.is_finite()) {
        return Err(Error::setting(
            "series to correlate",
            "finite values",
            value,
        ));
    }
    let rng = &mut stream(seed, "rank-bootstrap", 0);
    let mut taus: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let chosen: Vec<usize> = (0..x.len()).map(|_| rng.random_range(0..x.len())).collect();
            let pick = |values: &[f64]| -> Vec<f64> { chosen.iter().map(|&i| values[i]).collect() };
            kendall_tau(&pick(x), &pick(y))
        })
        .collect();
    taus.sort_by(f64::total_cmp);
    let at = |level: f64| taus[(level * (RESAMPLES - 1) as f64).round() as usize];
    Ok(RankCorrelation {
        kendall_tau: kendall_tau(x, y),
        kendall_interval: [at(0.025), at(0.975)],
        spearman_rho: spearman_rho(x, y),
        minima: x.len(),
    })
}

/// Mean of values and its 95 % interval by Student's t.
///
/// # Errors
/// [`Error::Setting`] for fewer than two values.
pub fn mean_interval(values: &[f64]) -> Result<(f64, [f64; 2])> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let student = StudentsT::new(0.0, 1.0, count - 1.0)
        .map_err(|_| Error::setting("values", "at least 2 for an interval", values.len()))?;
    let half = student.inverse_cdf(0.975) * (squares / (count - 1.0) / count).sqrt();
    Ok((mean, [mean - half, mean + half]))
}

/// Clopper and Pearson's exact 95 % interval of a chance, after `hits` successes in `trials`.
///
/// ```text
/// low:  P(at least `hits` | low) = .025      high:  P(at most `hits` | high) = .025
/// ```
///
/// It covers the chance at least 95 % of the time whatever that is, so it suits few trials;
/// [`wilson_interval`](crate::search::wilson_interval) is narrower and fits many.
///
/// # Reference
/// Clopper and Pearson 1934.
pub fn clopper_pearson(hits: u64, trials: u64) -> [f64; 2] {
    let (k, n) = (hits.min(trials) as f64, trials as f64);
    // P(X ≥ k) = I_p(k, n − k + 1) rises with p; bisect to the last bit that matters.
    let solve = |a: f64, b: f64, level: f64| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            match beta_reg(a, b, middle) < level {
                true => low = middle,
                false => high = middle,
            }
        }
        0.5 * (low + high)
    };
    [
        if k > 0.0 {
            solve(k, n - k + 1.0, 0.025)
        } else {
            0.0
        },
        if k < n {
            solve(k + 1.0, n - k, 0.975)
        } else {
            1.0
        },
    ]
}

/// Ranks from 0, ties sharing their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let same = |&index: &usize| values[index].total_cmp(&values[order[from]]).is_eq();
        let to = from + order[from..].iter().take_while(|index| same(index)).count();
        for &index in &order[from..to] {
            ranks[index] = (from + to - 1) as f64 / 2.0;
        }
        from = to;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_interval_inverts_the_binomial_tails() {
        // All of n: low solves low^n = .025. None: high solves (1 − high)^n = .025.
        for n in [1, 2, 10, 100] {
            let end = 0.025_f64.powf(1.0 / n as f64);
            let ([low, one], [zero, high]) = (clopper_pearson(n, n), clopper_pearson(0, n));
            assert!((low - end).abs() < 1e-9 && (high - (1.0 - end)).abs() < 1e-9);
            assert_eq!((zero, one), (0.0, 1.0));
        }
        // 9 of 10: 1 − P(10) = .025 at the upper end, 10·p⁹·(1 − p) + p¹⁰ = .025 at the lower.
        let [low, high] = clopper_pearson(9, 10);
        assert!((1.0 - high.powi(10) - 0.025).abs() < 1e-9, "{high}");
        let tail = 10.0 * low.powi(9) * (1.0 - low) + low.powi(10);
        assert!((tail - 0.025).abs() < 1e-9, "{low}");
    }

    /// scipy.stats.kendalltau and spearmanr, SciPy 1.17.
    #[test]
    fn values_are_those_of_scipy() {
        let near = |found: f64, exact: f64| assert!((found - exact).abs() < 1e-12, "{found}");
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let b = [2.0, 1.0, 4.0, 3.0, 7.0, 8.0, 5.0, 6.0];
        near(kendall_tau(&a, &b), 0.571_428_571_428_571_4);
        near(spearman_rho(&a, &b), 0.761_904_761_904_762_1);
        let c = [1.0, 1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 5.0];
        let d = [10.0, 9.0, 9.0, 7.0, 6.0, 6.0, 2.0, 2.0];
        near(kendall_tau(&c, &d), -0.92);
        near(spearman_rho(&c, &d), -0.962_962_962_962_962_8);
        assert_eq!(kendall_tau(&a, &[1.0; 8]), 0.0);
        assert_eq!(spearman_rho(&a, &[1.0; 8]), 0.0);
    }

    #[test]
    fn the_interval_holds_the_value_and_repeats() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let y: Vec<f64> = (0..20).map(|i| f64::from((i * 7) % 20 + i)).collect();
        let found = rank_correlation(&x, &y, 1).unwrap();
        let [low, high] = found.kendall_interval;
        assert!(low < found.kendall_tau && found.kendall_tau < high && high - low < 1.0);
        assert_eq!(found, rank_correlation(&x, &y, 1).unwrap());
        let falling: Vec<f64> = x.iter().map(|x| -x).collect();
        let exact = rank_correlation(&x, &falling, 1).unwrap();
        let all = [
            exact.kendall_tau,
            exact.kendall_interval[0],
            exact.kendall_interval[1],
        ];
        assert!(all.iter().all(|tau| (tau + 1.0).abs() < 1e-12), "{exact:?}");
    }

    #[test]
    fn the_interval_of_a_mean_is_students() {
        // sd 1, n = 3: t(.975; 2) = 4.302653 times 1/√3.
        let (mean, [low, high]) = mean_interval(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(mean, 2.0);
        assert!((high - mean - 2.484_138).abs() < 1e-5, "{high}");
        assert!((mean - low - 2.484_138).abs() < 1e-5, "{low}");
        assert!(mean_interval(&[1.0]).is_err());
    }

    #[test]
    fn what_cannot_be_ranked_is_refused() {
        assert!(rank_correlation(&[1.0, 2.0, 3.0], &[1.0, 2.0], 0).is_err());
        assert!(rank_correlation(&[1.0, 2.0], &[1.0, 2.0], 0).is_err());
        assert!(rank_correlation(&[1.0, f64::NAN, 3.0], &[1.0, 2.0, 3.0], 0).is_err());
    }
}
