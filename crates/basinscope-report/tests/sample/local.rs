//! Local volumes of the dial, shaped after what a swiss-roll run finds.

use super::{DIAL, normal};
use basinscope::record::*;

/// ln P at σ = .02 of the dial's minima (the last two but for noise as measured).
const LN_P_AT_02: [f64; 8] = [-1.0, -4.0, -7.0, -28.7, -32.8, -58.0, -84.0, -115.0];

/// Local volumes of the dial: σ from .001 to .05, the curve of the worst one scaled, with two
/// refused points, unconverged ones and a basin that stops being local.
pub fn local_volumes() -> Vec<LocalVolumeRecord> {
    // k of the worst minimum: up to 58 near σ = .009, negative beyond .035.
    let shape =
        |sigma: f64| 72.0 / (1.0 + (0.0043 / sigma).powf(2.2)) * (1.0 - (sigma / 0.035).powf(1.6));
    // ln P = −∫ k d ln σ, the midpoint rule on a fine grid.
    let integral = |sigma: f64| -> f64 {
        let steps = 400;
        let width = (sigma / 1e-5).ln() / f64::from(steps);
        let middle = |i: i32| 1e-5 * (width * (f64::from(i) + 0.5)).exp();
        (0..steps).map(|i| -shape(middle(i)) * width).sum()
    };
    let record = |k: usize| {
        let (name, test, ..) = DIAL[k];
        // Good basins are wider as well as held by fewer dimensions.
        let stretch = 1.0 + 2.5 * test.powi(3);
        let scale = LN_P_AT_02[k] / integral(0.02 / stretch);
        let mut peak: f64 = 0.0;
        let curve = (0..10).map(|i| {
            let sigma = 0.001 * 50f64.powf(f64::from(i) / 9.0);
            let constrained = scale * shape(sigma / stretch);
            peak = peak.max(constrained);
            let exact = scale * integral(sigma / stretch);
            let error = 0.05 + 0.012 * exact.abs();
            let ln_p = (exact + error * 0.5 * normal(70 + k as u64, i as u64)).min(0.0);
            let star = 1.0 / (1.0 + (sigma / (0.028 * stretch)).powi(4));
            let local = star >= 0.5 && constrained >= 0.5 * peak;
            let t = sigma.powi(2) / (sigma.powi(2) + 4e-4 * stretch.powi(2));
            let mean = test + (0.53 - test) * t;
            let refused = k >= 6 && i == 9;
            let converged = !(k == 5 && i >= 8);
            let spread = 0.004 + 0.06 * t;
            let shown = |value: f64| (!refused).then_some(value);
            LocalVolumePoint {
                sigma,
                ln_p: shown(ln_p),
                standard_error: shown(error),
                interval: (!refused).then_some([ln_p - 1.96 * error, ln_p + 1.96 * error]),
                log10_volume: shown(
                    (ln_p + 1807.0 * (std::f64::consts::TAU * sigma * sigma).ln())
                        / std::f64::consts::LN_10,
                ),
                constrained_dimensions: shown(constrained),
                r_hat: Some(if refused { 1.43 } else { 1.02 }),
                ess: shown(160.0),
                star_share: shown(star),
                sample_test_accuracy: shown(mean),
                sample_test_accuracy_range: (!refused)
                    .then_some([mean - spread, (mean + spread).min(1.0)]),
                converged: converged && !refused,
                local: local && !refused,
                warning: match (refused, converged, local) {
                    (true, ..) => "refused: R-hat 1.43".into(),
                    (_, false, _) => "unconverged, low".into(),
                    (.., false) => "non-local: the samples have left the basin around θ*".into(),
                    _ => String::new(),
                },
            }
        });
        let curve: Vec<LocalVolumePoint> = curve.collect();
        LocalVolumeRecord {
            minimum: name.into(),
            test_accuracy: test,
            generalization_gap: 1.0 - test,
            method: "subsim".into(),
            region: "loss".into(),
            cutoff: 0.1,
            start_loss: Some(0.001),
            dimension: 3614,
            rms: 0.2 + 0.5 * (1.0 - test),
            metric: "100 stiffest Hessian directions".into(),
            largest_local_sigma: (curve.iter().rev())
                .find(|point| point.local && point.converged)
                .map(|point| point.sigma),
            curve,
            evaluations: 2_400_000,
            gradients: 400,
            seed: 1,
            version: "0.1.0".into(),
            config: serde_json::Value::Null,
        }
    };
    (0..DIAL.len()).map(record).collect()
}

/// Local volumes with the reference's at a few widths, for the best and the worst minimum.
pub fn local_volumes_checked() -> Vec<LocalVolumeRecord> {
    let mut records = local_volumes();
    for k in [0, 7] {
        let mut other = records[k].clone();
        other.method = "lta".into();
        let mut index = 0;
        other.curve.retain(|_| {
            index += 1;
            [3, 5, 7, 8].contains(&index)
        });
        for point in &mut other.curve {
            point.ln_p = point.ln_p.map(|value| (value + 1.3).min(0.0));
            point.interval = point.ln_p.map(|value| [value - 2.2, value + 2.2]);
        }
        records.push(other);
    }
    records
}
