use super::*;
use crate::surface::LossSurface;
use crate::surface::analytic::Ellipsoid;

fn stiffest(surface: &Ellipsoid, count: usize) -> StiffDirections {
    match count {
        0 => StiffDirections::none(surface.dim()),
        _ => StiffDirections::of(surface, &vec![0.0; surface.dim()], count, 0, &()).unwrap(),
    }
}

/// Anneals on ½·Σ h_i·x_i² ≤ 20; every ln P must be within `allowed` of its truth, and within four
/// of its own standard errors (for the seed at hand; a false alarm has probability 1e-3 a point).
fn check(surface: &Ellipsoid, stiff: usize, truths: &[(f64, f64)], allowed: f64) -> Annealed {
    let settings = LtaSettings {
        cutoff: 20.0,
        ..LtaSettings::default()
    };
    let sigmas: Vec<f64> = truths.iter().map(|truth| truth.0).collect();
    let theta = vec![0.0; surface.dim()];
    let stiff = stiffest(surface, stiff);
    let found = settings.run(surface, &theta, &stiff, &sigmas, &()).unwrap();
    for (point, (sigma, truth)) in found.points.iter().zip(truths) {
        let error = (point.ln_p - truth).abs();
        let at = format!("σ = {sigma}: {} ± {}", point.ln_p, point.standard_error);
        assert!(error < allowed, "{at} instead of {truth}");
        assert!(error < 4.0 * point.standard_error + 0.1, "{at}, {truth}");
        assert!(point.samples.len() <= 50 * surface.dim() && !point.samples.is_empty());
        for x in point.samples.chunks_exact(surface.dim()) {
            assert!(surface.loss(x) <= 20.0);
        }
    }
    found
}

#[test]
fn balls() {
    // ½·1000·|x|² ≤ 20: ln of a χ² distribution function.
    for (n, sigma, truth) in [
        (10, 0.189_736_659_6, -8.186_2),
        (100, 0.06, -68.178_4),
        (3_614, 0.004_990_306, -465.543_7),
    ] {
        let ball = Ellipsoid::sphere(n, 1_000.0);
        let found = check(&ball, 5, &[(sigma, truth)], 2.0);
        assert!(found.gradients < 1_000_000, "{}", found.gradients);
    }
}

#[test]
fn a_spectrum_like_a_nets_in_its_metric() {
    // Σ over 60 stiff directions, 1e6 to 1e2: volume.md's truths by numerical convolution.
    let surface = Ellipsoid::net_like(3_614);
    let truths = [(0.005, -7.810_4), (0.05, -87.616_7), (0.3, -189.339_1)];
    let found = check(&surface, 60, &truths, 1.5);
    assert!(found.gradients < 200_000, "{}", found.gradients);
    let point = &found.points[1];
    // −d ln P/d ln σ of the truth at .05 is about 50; R-hat of chains that mix is near 1.
    assert!((45.0..58.0).contains(&point.constrained_dimensions));
    assert!((point.constrained_dimensions - point.constrained_dimensions_check).abs() < 20.0);
    assert!(point.r_hat < 1.1 && point.ess > 30.0, "{point:?}");
}

#[test]
fn a_power_law_of_stiffness() {
    // h_i = 1000/i: no gap between stiff and flat directions.
    let surface = Ellipsoid::power_law(3_614, 1_000.0, 1.0);
    let found = check(&surface, 40, &[(0.202_606_48, -858.181_2)], 2.0);
    assert!(found.gradients < 1_000_000, "{}", found.gradients);
}

#[test]
fn threads_change_no_bit() {
    let surface = Ellipsoid::power_law(50, 1_000.0, 1.0);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let settings = LtaSettings {
            cutoff: 20.0,
            ..LtaSettings::default()
        };
        let stiff = stiffest(&surface, 10);
        let run = || settings.run(&surface, &[0.0; 50], &stiff, &[0.1, 0.2], &());
        pool.build().unwrap().install(run).unwrap()
    };
    assert_eq!(run(1), run(2));
}

#[test]
fn questions_without_an_answer_are_refused() {
    let ball = Ellipsoid::sphere(3, 1.0);
    let none = StiffDirections::none(3);
    let ask = |settings: LtaSettings, theta: &[f32], sigmas: &[f64]| {
        let error = settings.run(&ball, theta, &none, sigmas, &()).unwrap_err();
        error.to_string()
    };
    let good = LtaSettings::default;
    assert!(ask(good(), &[0.0; 3], &[0.2, 0.1]).contains("sigma"));
    assert!(ask(good(), &[1.0; 3], &[0.1]).contains("theta"));
    assert!(ask(good(), &[0.0; 2], &[0.1]).contains("theta"));
    for (settings, named) in [
        (
            LtaSettings {
                cutoff: 0.0,
                ..good()
            },
            "cutoff",
        ),
        (
            LtaSettings {
                chains: 3,
                ..good()
            },
            "chains",
        ),
        (
            LtaSettings {
                trajectories: 1,
                ..good()
            },
            "trajectories",
        ),
        (
            LtaSettings {
                spacing: 0.0,
                ..good()
            },
            "spacing",
        ),
    ] {
        assert!(ask(settings, &[0.0; 3], &[0.1]).contains(named));
    }
}
