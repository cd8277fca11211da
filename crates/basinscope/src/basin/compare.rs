//! Two basins side by side: the ratio of their radii, and what it means for volumes.

use super::statistics::quantile;
use crate::random::stream;
use rand::{Rng, RngExt};

/// Resamples of the bootstrap.
const RESAMPLES: usize = 1_000;

/// The ratio of two basins' median radii.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RadiusRatio {
    /// Median of the first over median of the second.
    pub ratio: f64,
    /// Percentile-bootstrap 95 % interval; the two sets of rays are resampled independently.
    pub interval: [f64; 2],
}

/// The median of values that come in groups.
fn grouped_median(groups: &[[f64; 2]]) -> f64 {
    let mut all: Vec<f64> = groups.iter().flatten().copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    quantile(&all, 0.5)
}

/// As many groups drawn with replacement, each whole.
fn resampled(groups: &[[f64; 2]], rng: &mut impl Rng) -> Vec<[f64; 2]> {
    (0..groups.len())
        .map(|_| groups[rng.random_range(0..groups.len())])
        .collect()
}

/// The median of all values, and its percentile-bootstrap 95 % interval; values of one group (both
/// sides of a direction) are resampled together.
pub(crate) fn grouped_median_interval(groups: &[[f64; 2]], seed: u64) -> (f64, [f64; 2]) {
    let rng = &mut stream(seed, "bootstrap of crossings", 0);
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| grouped_median(&resampled(groups, rng)))
        .collect();
    medians.sort_unstable_by(f64::total_cmp);
    let interval = [quantile(&medians, 0.025), quantile(&medians, 0.975)];
    (grouped_median(groups), interval)
}

impl RadiusRatio {
    /// From the crossings of both minima, each along at least one line: both sides of a line are
    /// resampled together.
    ///
    /// # Reference
    /// Efron 1979.
    pub fn of_crossings(first: &[[f64; 2]], second: &[[f64; 2]], seed: u64) -> Self {
        let rng = &mut stream(seed, "bootstrap of a ratio of crossings", 0);
        let mut ratios: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                grouped_median(&resampled(first, rng)) / grouped_median(&resampled(second, rng))
            })
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        Self {
            ratio: grouped_median(first) / grouped_median(second),
            interval: [quantile(&ratios, 0.025), quantile(&ratios, 0.975)],
        }
    }

    /// From the radii of both basins' rays, each at least one.
    ///
    /// # Reference
    /// Efron 1979.
    pub fn of_medians(first: &[f64], second: &[f64], seed: u64) -> Self {
        let [first, second] = [first, second].map(|radii| {
            let mut sorted = radii.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted
        });
        let rng = &mut stream(seed, "bootstrap of a ratio", 0);
        let mut resampled_median = |sorted: &[f64]| {
            let mut places: Vec<usize> = (0..sorted.len())
                .map(|_| rng.random_range(0..sorted.len()))
                .collect();
            places.sort_unstable();
            let resample: Vec<f64> = places.into_iter().map(|place| sorted[place]).collect();
            quantile(&resample, 0.5)
        };
        let mut ratios: Vec<f64> = (0..RESAMPLES)
            .map(|_| resampled_median(&first) / resampled_median(&second))
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        Self {
            ratio: quantile(&first, 0.5) / quantile(&second, 0.5),
            interval: [quantile(&ratios, 0.025), quantile(&ratios, 0.975)],
        }
    }
}

/// log10 of the ratio of the volumes of two balls of Rⁿ whose radii have this ratio.
///
/// ```text
/// log10 (ω_n·(ρr)ⁿ / ω_n·rⁿ) = n·log10 ρ
/// ```
pub fn log10_volume_ratio_of_balls(n: usize, radius_ratio: f64) -> f64 {
    n as f64 * radius_ratio.log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::analytic::Ellipsoid;

    #[test]
    fn balls_of_any_dimension_have_the_ratio_of_their_exact_volumes() {
        // {h·|x|²/2 ≤ c} has radius √(2c/h): spectra 1 and ρ² make radii of ratio ρ.
        for (n, ratio) in [(1, 2.0), (50, 1.5), (3_614, 9.0), (50_000, 1.01)] {
            let ln_volume = |h| Ellipsoid::sphere(n, h).ln_volume(0.1);
            let exact = (ln_volume(1.0) - ln_volume(ratio * ratio)) / std::f64::consts::LN_10;
            let found = log10_volume_ratio_of_balls(n, ratio);
            assert!((found / exact - 1.0).abs() < 1e-6, "{n}: {found} {exact}");
        }
    }

    #[test]
    fn sides_of_one_line_are_resampled_together() {
        // Lines whose sides agree are as few as the lines: with 25 lines of two equal draws of
        // U(4, 8), the sd of the median is 4/(2√25) = .4, not 4/(2√50) = .28.
        let rng = &mut stream(2, "lines", 0);
        let widths: Vec<f64> = (0..200)
            .map(|seed| {
                let lines: Vec<[f64; 2]> =
                    (0..25).map(|_| [rng.random_range(4.0..8.0); 2]).collect();
                let (median, [low, high]) = grouped_median_interval(&lines, seed);
                assert!(low <= median && median <= high);
                high - low
            })
            .collect();
        let mean = widths.iter().sum::<f64>() / 200.0;
        // 2·1.96·.4 = 1.57; were sides independent, 1.11. The bootstrap is right to a tenth.
        assert!((1.3..1.9).contains(&mean), "{mean}");
    }

    #[test]
    fn the_interval_covers_the_true_ratio_and_no_more_than_it_must() {
        // Radii U(4, 8) and U(1, 3): medians 6 and 2, ratio 3. The sd of a median of 1,000
        // uniform draws on a width w is w/(2√1000): .063 and .032, so 1.9 % of the ratio.
        let rng = &mut stream(1, "radii", 0);
        let mut draw = |lo: f64, hi: f64| -> Vec<f64> {
            (0..1_000).map(|_| rng.random_range(lo..hi)).collect()
        };
        let (first, second) = (draw(4.0, 8.0), draw(1.0, 3.0));
        let found = RadiusRatio::of_medians(&first, &second, 5);
        let [low, high] = found.interval;
        assert!(low < found.ratio && found.ratio < high);
        // Five deviations for the middle; between half and twice the width of 2·1.96 of them.
        assert!((found.ratio / 3.0 - 1.0).abs() < 0.095, "{found:?}");
        let width = (high - low) / 3.0 / (2.0 * 1.96 * 0.019);
        assert!((0.5..2.0).contains(&width), "{width}");
        assert_eq!(found, RadiusRatio::of_medians(&first, &second, 5));
    }
}
