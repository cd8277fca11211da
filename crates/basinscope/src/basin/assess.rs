//! What samples of a basin tell of a local volume, and when to call it non-local or refuse it.

use super::region::Region;
use super::statistics::quantile;
use crate::Result;
use crate::random::stream;
use crate::record::LocalVolumePoint;
use crate::surface::Evaluate;
use crate::watch::{Ticks, Watch};
use rand::RngExt;
use rand_distr::StandardNormal;
use rayon::prelude::*;

/// Split R-hat above which a point carries a warning.
pub const R_HAT_WARNED: f64 = 1.1;
/// Split R-hat above which no number is given.
pub const R_HAT_REFUSED: f64 = 1.3;
/// f_star below which a basin is called non-local.
const STAR_SHARE: f64 = 0.5;
/// Share of its peak below which k is called non-local.
const SHARE_OF_PEAK: f64 = 0.5;
/// Points of a ray that are looked at.
const ON_RAY: usize = 20;

/// What samples x of a basin tell (θ* + x lies inside).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assessment {
    /// f_star: share of the samples whose straight ray to θ* stays inside.
    pub star_share: f64,
    /// Mean test accuracy of the samples.
    pub test_accuracy: f64,
    /// Its 10 % and 90 % quantiles.
    pub test_accuracy_range: [f64; 2],
}

/// Follows each sample (rows of n values) home, and asks how it does on test points; `None` without
/// samples.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) by the watch, which is called after each sample.
///
/// # Cost
/// Twenty questions to the region and one evaluation on the test points for each sample.
pub fn assess(
    region: &impl Region,
    test: &impl Evaluate,
    theta: &[f32],
    samples: &[f32],
    watch: &dyn Watch,
) -> Result<Option<Assessment>> {
    let n = theta.len();
    let ticks = Ticks::new(watch, Some((samples.len() / n) as u64));
    let seen: Vec<(bool, f64)> = samples
        .par_chunks_exact(n)
        .map(|x| {
            let at = |t: f32| -> Vec<f32> {
                theta
                    .iter()
                    .zip(x)
                    .map(|(&from, &x)| from + t * x)
                    .collect()
            };
            let mut between = (1..ON_RAY).map(|i| i as f32 / ON_RAY as f32);
            let star = between.all(|t| region.contains(&at(t)));
            let accuracy = test.evaluate(&at(1.0)).accuracy;
            ticks.tick()?;
            Ok((star, accuracy))
        })
        .collect::<Result<_>>()?;
    if seen.is_empty() {
        return Ok(None);
    }
    let count = seen.len() as f64;
    let mut accuracies: Vec<f64> = seen.iter().map(|seen| seen.1).collect();
    let test_accuracy = accuracies.iter().sum::<f64>() / count;
    accuracies.sort_unstable_by(f64::total_cmp);
    Ok(Some(Assessment {
        star_share: seen.iter().filter(|seen| seen.0).count() as f64 / count,
        test_accuracy,
        test_accuracy_range: [quantile(&accuracies, 0.1), quantile(&accuracies, 0.9)],
    }))
}

/// The largest width 2^(−j/2), j whole, at which at least this share of direct draws of N(θ*, σ²I) is
/// inside: where a curve of local volumes begins.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) by the watch, which is called after each draw.
///
/// # Cost
/// `draws` questions to the region for each width, from |θ*|/√n downwards.
pub fn nearly_all_inside(
    region: &impl Region,
    theta: &[f32],
    share: f64,
    draws: u64,
    seed: u64,
    watch: &dyn Watch,
) -> Result<f64> {
    let squares: f64 = theta.iter().map(|&w| f64::from(w).powi(2)).sum();
    let rms = (squares / theta.len() as f64).sqrt().max(1e-6);
    let mut place = (2.0 * rms.log2()).ceil() as i32;
    let ticks = Ticks::new(watch, None);
    loop {
        let sigma = 2_f64.powf(f64::from(place) / 2.0);
        let inside = (0..draws)
            .into_par_iter()
            .map(|index| {
                let rng = &mut stream(seed, "nearly all inside", index);
                let point: Vec<f32> = (theta.iter())
                    .map(|&from| from + sigma as f32 * rng.sample::<f32, _>(StandardNormal))
                    .collect();
                let inside = region.contains(&point);
                ticks.tick()?;
                Ok(usize::from(inside))
            })
            .sum::<Result<usize>>()?;
        if inside as f64 >= share * draws as f64 || sigma < 1e-12 {
            return Ok(sigma);
        }
        place -= 1;
    }
}

/// Judges a curve (σ ascending): sets `local` and `warning` of each point and takes the number from
/// those that cannot be trusted at all. Returns the largest σ that is local and can be trusted.
///
/// A point is non-local once f_star is below one half, or k has fallen below half of its peak; so is
/// every point beyond it. It is refused where R-hat is above [`R_HAT_REFUSED`] or there is no finite
/// number. `remedy` says what to do about a point that is not converged.
pub fn judge(curve: &mut [LocalVolumePoint], remedy: &str) -> Option<f64> {
    let (mut peak, mut local) = (0.0_f64, true);
    let mut largest = None;
    for point in curve {
        let k = point.constrained_dimensions;
        peak = k.map_or(peak, |k| peak.max(k));
        // Below one dimension, k is noise.
        let fallen = peak > 1.0 && k.is_some_and(|k| k < SHARE_OF_PEAK * peak);
        let strayed = point.star_share.is_some_and(|share| share < STAR_SHARE);
        local &= !fallen && !strayed;
        point.local = local;
        let mixed = point.r_hat.is_none_or(|r_hat| r_hat <= R_HAT_REFUSED);
        let mut warnings = Vec::new();
        if point.ln_p.is_none() || !mixed {
            warnings.push(match (point.ln_p, point.r_hat) {
                (Some(_), Some(r_hat)) => {
                    format!("refused: R-hat {r_hat:.2} is above {R_HAT_REFUSED}; {remedy}")
                }
                _ => format!("refused: the walkers could not get this far; {remedy}"),
            });
            point.ln_p = None;
            point.standard_error = None;
            point.interval = None;
            point.log10_volume = None;
        } else {
            if !point.converged {
                warnings.push(format!("unconverged, low: {remedy}"));
            }
            if let Some(r_hat) = point.r_hat.filter(|&r_hat| r_hat > R_HAT_WARNED) {
                warnings.push(format!("R-hat {r_hat:.2} is above {R_HAT_WARNED}"));
            }
            if point.converged && point.local {
                largest = Some(point.sigma);
            }
        }
        if !point.local {
            let why = match (fallen, strayed) {
                (_, true) => "fewer than half of the rays to the minimum stay inside",
                (true, false) => "k has fallen below half its peak",
                (false, false) => "beyond a σ that is",
            };
            warnings.push(format!("non-local: {why}"));
        }
        point.warning = warnings.join("; ");
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::{Evaluation, LossSurface};

    /// Inside but for a gap between 1 and 2.
    struct Moat;

    impl Region for Moat {
        fn dim(&self) -> usize {
            1
        }
        fn contains(&self, theta: &[f32]) -> bool {
            !(1.0..2.0).contains(&theta[0])
        }
    }

    /// Right about all points left of 2.5.
    struct Cliff;

    impl LossSurface for Cliff {
        fn dim(&self) -> usize {
            1
        }
        fn examples(&self) -> usize {
            1
        }
        fn loss(&self, _theta: &[f32]) -> f64 {
            0.0
        }
    }

    impl Evaluate for Cliff {
        fn evaluate(&self, theta: &[f32]) -> Evaluation {
            Evaluation {
                loss: 0.0,
                accuracy: f64::from(u8::from(theta[0] < 2.5)),
            }
        }
    }

    #[test]
    fn samples_beyond_a_moat_have_no_straight_way_home() {
        let found = assess(&Moat, &Cliff, &[0.0], &[0.5, 0.9, -4.0, 3.0], &())
            .unwrap()
            .unwrap();
        assert_eq!(found.star_share, 0.75);
        assert_eq!(found.test_accuracy, 0.75);
        // Sorted 0, 1, 1, 1: a tenth of the way is .3 of the first gap.
        assert!((found.test_accuracy_range[0] - 0.3).abs() < 1e-12);
        assert_eq!(found.test_accuracy_range[1], 1.0);
        assert!(assess(&Moat, &Cliff, &[0.0], &[], &()).unwrap().is_none());
    }

    #[test]
    fn a_curve_begins_where_draws_are_inside() {
        let from_inside = nearly_all_inside(&Moat, &[0.5], 0.9, 500, 0, &()).unwrap();
        // Pr[x ≥ 1] = Pr[z ≥ .5/σ] ≤ .1 from σ = .39 down: 2^(−1.5) = .354.
        assert_eq!(from_inside, 2_f64.powf(-1.5));
    }

    fn point(sigma: f64, k: f64, star: f64, r_hat: f64, converged: bool) -> LocalVolumePoint {
        LocalVolumePoint {
            sigma,
            ln_p: Some(-k),
            standard_error: Some(0.1),
            interval: Some([-k - 0.3, -k + 0.3]),
            log10_volume: Some(-9.0),
            constrained_dimensions: Some(k),
            r_hat: Some(r_hat),
            ess: Some(100.0),
            star_share: Some(star),
            sample_test_accuracy: None,
            sample_test_accuracy_range: None,
            converged,
            local: false,
            warning: String::new(),
        }
    }

    #[test]
    fn a_curve_ends_being_local_and_does_not_begin_again() {
        let mut curve = [
            point(1.0, 10.0, 1.0, 1.0, true),
            point(2.0, 50.0, 0.9, 1.05, true),
            point(3.0, 40.0, 0.9, 1.2, false),
            point(4.0, 20.0, 0.9, 1.0, true),
            point(5.0, 60.0, 1.0, 1.0, true),
            point(6.0, 60.0, 1.0, 1.4, true),
        ];
        assert_eq!(judge(&mut curve, "use lta"), Some(2.0));
        let local: Vec<bool> = curve.iter().map(|point| point.local).collect();
        assert_eq!(local, [true, true, true, false, false, false]);
        assert_eq!(curve[1].warning, "");
        assert!(curve[2].warning.contains("unconverged, low: use lta"));
        assert!(curve[2].warning.contains("R-hat 1.20"));
        assert!(curve[3].warning.contains("half its peak"));
        assert!(curve[5].warning.contains("refused") && curve[5].ln_p.is_none());
        let mut strayed = [point(1.0, 10.0, 0.4, 1.0, true)];
        assert_eq!(judge(&mut strayed, "use lta"), None);
        assert!(strayed[0].warning.contains("fewer than half"));
    }
}
