//! What a count of successes says about the chance of one.

/// Two-sided 95 % point of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval for a probability after `hits` successes in `trials`.
///
/// ```text
/// (p + z²/2m ± z·√(p(1 − p)/m + z²/4m²)) / (1 + z²/m),   p = hits/m,  z = 1.96
/// ```
///
/// Sensible down to no success at all, where the normal interval would be a point.
///
/// # Reference
/// Wilson 1927; Brown, Cai and DasGupta 2001, who recommend it.
pub fn wilson_interval(hits: u64, trials: u64) -> [f64; 2] {
    if trials == 0 {
        return [0.0, 1.0];
    }
    let (m, z2) = (trials as f64, Z * Z);
    let p = hits as f64 / m;
    let middle = p + z2 / (2.0 * m);
    let half = Z * (p * (1.0 - p) / m + z2 / (4.0 * m * m)).sqrt();
    [middle - half, middle + half].map(|end| (end / (1.0 + z2 / m)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_lie_z_deviations_from_what_was_found() {
        // Where Wilson's interval comes from: its ends p solve |p̂ − p| = z·√(p(1 − p)/m).
        for (hits, trials) in [(5, 50), (1, 1_000_000), (999, 1_000), (1, 2)] {
            let (m, share) = (trials as f64, hits as f64 / trials as f64);
            let [low, high] = wilson_interval(hits, trials);
            assert!(low < share && share < high);
            for p in [low, high] {
                let deviations = (share - p).abs() / (p * (1.0 - p) / m).sqrt();
                assert!(
                    (deviations - Z).abs() < 1e-6,
                    "{hits}/{trials}: {deviations}"
                );
            }
        }
        // No success in m trials: from 0 to z²/(m + z²).
        let [low, high] = wilson_interval(0, 100);
        assert!(low < 1e-12);
        assert!((high - Z * Z / (100.0 + Z * Z)).abs() < 1e-12);
        assert_eq!(wilson_interval(0, 0), [0.0, 1.0]);
    }
}
