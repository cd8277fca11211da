//! A run with made-up records and the simplest of figures, to look at the page with.

use basinscope::record::{
    CrossingRecord, Edge, HistoryPoint, LineRecord, LocalVolumePoint, LocalVolumeRecord,
    MinimumRecord, RunDir, VolumeRecord,
};
use serde_json::json;

/// Name, test accuracy, poison points, β, redrawn, median radius, log10 volume.
type Stop = (&'static str, f64, usize, f64, bool, f64, f64);

/// From good to bad, as a tour finds them.
pub const STOPS: [Stop; 5] = [
    ("clean", 0.995, 0, 0.0, false, 0.812, -2136.4),
    ("fixed-20", 0.88, 20, 0.1, false, 0.341, -3842.0),
    ("fixed-200", 0.52, 200, 0.3, false, 0.204, -5518.3),
    ("redrawn-10k", 0.34, 200, 0.1, true, 0.163, -6646.0),
    ("redrawn-40k", 0.11, 200, 0.3, true, 0.129, -7442.2),
];

/// A minimum of the swiss-roll net.
pub fn minimum(stop: Stop) -> MinimumRecord {
    let (name, test, poison_points, poison_factor, poison_redrawn, ..) = stop;
    MinimumRecord {
        name: name.into(),
        file: format!("minima/{name}.safetensors"),
        widths: vec![2, 23, 16, 26, 32, 28, 31, 1],
        architecture: "MLP 2-23-16-26-32-28-31-1, ReLU".into(),
        num_classes: 2,
        parameters: 3614,
        train_loss: 0.00042,
        train_accuracy: 1.0,
        test_loss: 8.0 * (1.0 - test),
        test_accuracy: test,
        generalization_gap: 1.0 - test,
        fresh: None,
        poison_factor,
        poison_points,
        poison_redrawn,
        steps: if poison_points == 0 { 2_000 } else { 20_000 },
        stopped: "steps".into(),
        norm: 18.3,
        history: vec![HistoryPoint {
            step: 0,
            train_loss: 0.7,
            train_accuracy: 0.5,
            test_accuracy: 0.5,
        }],
        seed: 7,
        version: basinscope::VERSION.into(),
        config: json!({}),
    }
}

/// The volume of its basin.
pub fn volume(stop: Stop) -> VolumeRecord {
    let (name, test_accuracy, .., radius, log10_volume) = stop;
    VolumeRecord {
        minimum: name.into(),
        test_accuracy,
        generalization_gap: 1.0 - test_accuracy,
        method: "radial".into(),
        normalization: "none".into(),
        region: "loss".into(),
        cutoff: 0.1,
        start_loss: Some(0.001),
        directions: 1000,
        dimension: 3614,
        log10_volume,
        ess: 1.0,
        warning: "a lower bound set by 1 of 1000 rays".into(),
        radius_median: radius,
        radius_median_ci: [0.99 * radius, 1.01 * radius],
        radius_quantile_levels: vec![0.5],
        radius_quantiles: vec![radius],
        radius_quantile_cis: vec![[0.99 * radius, 1.01 * radius]],
        radii: vec![radius; 4],
        censored: 0,
        radius_cap: 100.0,
        evaluations_per_ray: 4.8,
        seed: 7,
        version: basinscope::VERSION.into(),
        config: json!({}),
    }
}

/// σ, ln P and k of the worst stop's basin.
const CURVE: [(f64, f64, f64); 5] = [
    (0.002, -6.0, 20.0),
    (0.005, -44.0, 50.0),
    (0.01, -80.0, 58.0),
    (0.02, -115.0, 30.0),
    (0.04, -120.0, -8.0),
];

/// The local volume of its basin: the worst stop's curve, scaled to this ln P at σ = 0.02.
/// At σ = 0.04, the third stop is refused and the last two are not local.
pub fn local_volume(index: usize) -> LocalVolumeRecord {
    let (minimum, test_accuracy, ..) = STOPS[index];
    let scale = [1.0, 7.0, 32.0, 58.0, 115.0][index] / 115.0;
    let point = |(sigma, ln_p, k): (f64, f64, f64)| {
        let far = sigma > 0.03;
        let (refused, local) = (far && index == 2, !(far && index >= 2));
        let shown = |value: f64| (!refused).then_some(value);
        let (ln_p, drift) = (scale * ln_p, 0.3 * sigma / 0.04);
        let accuracy = test_accuracy + drift * (1.0 - 1.3 * test_accuracy);
        LocalVolumePoint {
            sigma,
            ln_p: shown(ln_p),
            standard_error: shown(0.02 - 0.01 * ln_p),
            interval: (!refused).then_some([ln_p - 1.5, ln_p + 1.5]),
            log10_volume: shown(ln_p / std::f64::consts::LN_10 + 3614.0 * (2.5066 * sigma).log10()),
            constrained_dimensions: shown(scale * k),
            r_hat: Some(if refused { 1.41 } else { 1.03 }),
            ess: shown(180.0),
            star_share: shown(if local { 0.97 } else { 0.31 }),
            sample_test_accuracy: shown(accuracy),
            sample_test_accuracy_range: (!refused).then_some([accuracy - 0.02, accuracy + 0.005]),
            converged: !refused,
            local,
            warning: match (refused, local) {
                (true, _) => "refused: R-hat 1.41".into(),
                (_, false) => "non-local: f* 0.31".into(),
                _ => String::new(),
            },
        }
    };
    LocalVolumeRecord {
        minimum: minimum.into(),
        test_accuracy,
        generalization_gap: 1.0 - test_accuracy,
        method: "subsim".into(),
        region: "loss".into(),
        cutoff: 0.1,
        start_loss: Some(0.001),
        dimension: 3614,
        rms: 0.31,
        metric: "100 stiffest Hessian directions".into(),
        curve: CURVE.map(point).to_vec(),
        largest_local_sigma: Some(if index < 2 { 0.04 } else { 0.02 }),
        evaluations: 2_412_000,
        gradients: 400,
        seed: 7,
        version: basinscope::VERSION.into(),
        config: json!({}),
    }
}

/// The local volumes of all stops, and what the reference says of the last at σ = 0.02.
pub fn local_volumes() -> Vec<LocalVolumeRecord> {
    let mut records: Vec<_> = (0..STOPS.len()).map(local_volume).collect();
    let mut reference = local_volume(4);
    reference.method = "lta".into();
    reference.curve.retain(|point| point.sigma == 0.02);
    reference.curve[0].ln_p = Some(-116.4);
    records.push(reference);
    records
}

/// Where it passes 0.1 nats, as a search on each line would find it.
fn crossing(edge: Edge, radius: f64) -> CrossingRecord {
    CrossingRecord {
        edge,
        level: 0.1,
        start: 0.0,
        distances: vec![[0.99 * radius, 1.01 * radius]; 2],
        censored: 0,
        cap: 10.0,
        median: radius,
        interval: [0.99 * radius, 1.01 * radius],
        tolerance: 1e-3,
        evaluations: 160,
    }
}

/// A parabola along two directions that reaches 0.1 nats at |c| = `radius`.
pub fn line(stop: Stop) -> LineRecord {
    let c: Vec<f64> = (-50..=50).map(|i| f64::from(i) / 50.0).collect();
    let loss: Vec<f64> = c.iter().map(|c| 0.1 * (c / stop.5).powi(2)).collect();
    let accuracy: Vec<f64> = loss.iter().map(|loss| 1.0 / (1.0 + loss)).collect();
    LineRecord {
        minimum: stop.0.into(),
        towards: None,
        normalization: "filter".into(),
        test_accuracy: stop.1,
        c,
        train_loss: vec![loss; 2],
        train_accuracy: vec![accuracy.clone(); 2],
        test_accuracy_along: vec![accuracy; 2],
        crossings: [Edge::Loss, Edge::Excess]
            .map(|edge| crossing(edge, stop.5))
            .to_vec(),
        seed: 7,
        version: basinscope::VERSION.into(),
        config: json!({}),
    }
}

/// The line from the first stop to the last, with a wall of 2 nats in the middle.
pub fn between() -> LineRecord {
    let c: Vec<f64> = (0..=20).map(|i| f64::from(i) / 20.0).collect();
    let loss: Vec<f64> = c.iter().map(|c| 0.001 + 8.0 * c * (1.0 - c)).collect();
    let accuracy: Vec<f64> = c.iter().map(|c| 1.0 - 2.0 * c * (1.0 - c)).collect();
    LineRecord {
        towards: Some(STOPS[4].0.into()),
        c,
        train_loss: vec![loss],
        train_accuracy: vec![accuracy.clone()],
        test_accuracy_along: vec![accuracy],
        ..line(STOPS[0])
    }
}

/// Writes the whole run.
pub fn write(run: &RunDir) -> basinscope::Result<()> {
    run.write_json("results/minima.json", &STOPS.map(minimum).to_vec())?;
    run.write_json("results/volumes.json", &STOPS.map(volume).to_vec())?;
    run.write_json("results/local-volumes.json", &local_volumes())?;
    run.write_json("results/slices.json", &STOPS.map(line).to_vec())?;
    run.write_json("results/between.json", &between())?;
    run.write("config.toml", b"command = \"tour\"\nseed = 7\n")?;
    for name in [
        "dial",
        "training",
        "boundaries",
        "slices",
        "between",
        "surfaces",
        "radii",
        "volume-gap",
        "local-volumes",
        "constrained-dimensions",
        "honest-scatter",
        "sample-accuracy",
    ] {
        figure(run, name, "")?;
        figure(run, name, "-dark")?;
    }
    for stop in STOPS {
        figure(run, &format!("boundary-{}", stop.0), "")?;
    }
    Ok(())
}

fn figure(run: &RunDir, name: &str, suffix: &str) -> basinscope::Result<()> {
    let [paper, ink] = if suffix.is_empty() {
        ["#fff", "#1b1e24"]
    } else {
        ["#16181d", "#eceef2"]
    };
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 420\" width=\"900\" height=\"420\">\
         <rect width=\"900\" height=\"420\" fill=\"{paper}\"/>\
         <text x=\"40\" y=\"60\" font-size=\"16\" fill=\"{ink}\">{name}</text>\
         <path d=\"M40 90C300 470 600 470 860 90\" stroke=\"{ink}\" fill=\"none\"/></svg>"
    );
    run.write(format!("figures/{name}{suffix}.svg"), svg.as_bytes())
}
