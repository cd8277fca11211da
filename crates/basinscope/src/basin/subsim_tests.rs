use super::*;
use crate::basin::{HighAccuracy, LowLoss};
use crate::surface::analytic::{Cube, Ellipsoid, Valley};
use crate::surface::{Evaluate, Evaluation, LossSurface, TwiceDifferentiable};

/// A single pass, without doublings.
fn once(replicates: usize) -> SubsimSettings {
    SubsimSettings {
        replicates,
        doublings: 0,
        ..SubsimSettings::default()
    }
}

/// Runs and holds each ln P against the truth: the mean of the replicates within `allowed` nats.
fn check<S: LossSurface>(
    surface: &S,
    cutoff: f64,
    stiff: &StiffDirections,
    truths: &[(f64, f64)],
    allowed: f64,
    settings: &SubsimSettings,
) -> LocalVolume {
    let theta = vec![if surface.dim() == 2 { 1.0 } else { 0.0 }; surface.dim()];
    let region = LowLoss::new(surface, cutoff).unwrap();
    let sigmas: Vec<f64> = truths.iter().map(|truth| truth.0).collect();
    let found = settings.run(&region, &theta, stiff, &sigmas, &()).unwrap();
    for ((sigma, truth), ln_p) in truths.iter().zip(&found.ln_p) {
        let error = (ln_p - truth).abs();
        assert!(error < allowed, "σ = {sigma}: {ln_p} instead of {truth}");
    }
    found
}

fn stiffest(surface: &impl TwiceDifferentiable, count: usize) -> StiffDirections {
    StiffDirections::of(surface, &vec![0.0; surface.dim()], count, 0, &()).unwrap()
}

#[test]
fn balls_of_ten_and_a_hundred_dimensions() {
    // ½·1000·|x|² ≤ 20: |z|² ≤ .04/σ², ln of a χ² distribution function.
    for (n, sigma, truth) in [(10, 0.189_736_659_6, -8.186_2), (100, 0.06, -68.178_4)] {
        let ball = Ellipsoid::sphere(n, 1_000.0);
        let none = StiffDirections::none(n);
        let found = check(&ball, 20.0, &none, &[(sigma, truth)], 1.0, &once(4));
        assert!(found.evaluations / 4 <= 200_000, "{}", found.evaluations);
        check(
            &ball,
            20.0,
            &stiffest(&ball, 10),
            &[(sigma, truth)],
            1.0,
            &once(4),
        );
    }
}

#[test]
fn a_basin_that_is_not_star_shaped_and_one_with_corners() {
    // By quadrature: |w₁·w₂ − 1| ≤ .1 has two branches, of which σ = 1 sees both.
    let truths = [(0.1, -0.655_172), (0.5, -2.263_218), (1.0, -3.070_857)];
    let settings = SubsimSettings {
        particles: 2_000,
        ..once(4)
    };
    check(
        &Valley,
        0.1,
        &StiffDirections::none(2),
        &truths,
        0.15,
        &settings,
    );
    // (2Φ(.01) − 1)^50: corners are mixed slowly, so ten moves read low, and doubling tells.
    let none = StiffDirections::none(50);
    let patient = SubsimSettings {
        doublings: 3,
        ..once(4)
    };
    let found = check(
        &Cube::new(50),
        0.01,
        &none,
        &[(1.0, -241.548_909)],
        3.0,
        &patient,
    );
    assert!(found.moves > 20, "{}", found.moves);
}

#[test]
fn a_spectrum_like_a_nets_needs_the_stiff_directions() {
    let surface = Ellipsoid::net_like(3_614);
    let truths = [(0.005, -7.810_4), (0.05, -87.616_7)];
    let found = check(
        &surface,
        20.0,
        &stiffest(&surface, 60),
        &truths,
        2.5,
        &once(2),
    );
    assert!(found.evaluations / 2 <= 300_000, "{}", found.evaluations);
    // About 60·(share of stiff directions felt) dimensions are constrained.
    let k = found.constrained_dimensions(0.05).unwrap();
    assert!((35.0..60.0).contains(&k), "{k}");
    assert!(found.constrained_dimensions(0.06).is_none());
}

#[test]
fn where_every_step_stays_inside_nothing_is_lost() {
    let ball = Ellipsoid::sphere(5, 1e-6);
    let none = StiffDirections::none(5);
    let found = check(
        &ball,
        1.0,
        &none,
        &[(0.1, 0.0), (1.0, 0.0)],
        1e-12,
        &once(2),
    );
    // (n/2)·log10(2πσ²) at σ = .1.
    let exact = 2.5 * (TAU * 0.01).log10();
    assert!((found.log10_volume()[0] - exact).abs() < 1e-12);
    assert_eq!(found.walks[0].samples[1].len(), 50 * 5);
}

#[test]
fn doubling_tells_what_has_settled_and_threads_change_nothing() {
    let ball = Ellipsoid::sphere(10, 1_000.0);
    let region = LowLoss::new(&ball, 20.0).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let settings = SubsimSettings {
            particles: 100,
            ..SubsimSettings::default()
        };
        let none = StiffDirections::none(10);
        let run = || {
            settings
                .run(&region, &[0.0; 10], &none, &[0.1], &())
                .unwrap()
        };
        pool.build().unwrap().install(run)
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(one, two);
    assert!(one.converged[0] && one.moves >= 20, "{one:?}");
}

/// Right on all three points while every coordinate is below .5, on two of them otherwise.
struct Steps;

impl LossSurface for Steps {
    fn dim(&self) -> usize {
        2
    }
    fn examples(&self) -> usize {
        3
    }
    fn loss(&self, _theta: &[f32]) -> f64 {
        1.0
    }
}

impl Evaluate for Steps {
    fn evaluate(&self, theta: &[f32]) -> Evaluation {
        let accuracy = if theta.iter().all(|&x| x < 0.5) {
            1.0
        } else {
            2.0 / 3.0
        };
        Evaluation {
            loss: 1.0,
            accuracy,
        }
    }
}

#[test]
fn accuracy_makes_a_basin_too() {
    // Φ(.5)²: each coordinate below .5 at σ = 1; with 60 % asked, everywhere.
    let settings = SubsimSettings {
        particles: 2_000,
        ..once(4)
    };
    let ln_p = |share: f64| {
        let region = HighAccuracy::new(&Steps, share).unwrap();
        let none = StiffDirections::none(2);
        settings
            .run(&region, &[0.0; 2], &none, &[1.0], &())
            .unwrap()
            .ln_p[0]
    };
    assert!((ln_p(1.0) - 2.0 * 0.691_462_f64.ln()).abs() < 0.05);
    assert_eq!(ln_p(0.6), 0.0);
    assert!(HighAccuracy::new(&Steps, 1.5).is_err());
}

/// Nothing but the minimum itself.
struct Point;

impl Region for Point {
    fn dim(&self) -> usize {
        3
    }
    fn contains(&self, theta: &[f32]) -> bool {
        theta == [0.0; 3]
    }
}

#[test]
fn a_basin_without_room_ends_the_walk() {
    let none = StiffDirections::none(3);
    let found = (once(2).run(&Point, &[0.0; 3], &none, &[0.1], &())).unwrap();
    assert_eq!(found.ln_p, [f64::NEG_INFINITY]);
    assert!(!found.converged[0] && found.constrained_dimensions(0.1).is_none());
}

#[test]
fn questions_without_an_answer_are_refused() {
    let ball = Ellipsoid::sphere(3, 1.0);
    let region = LowLoss::new(&ball, 0.1).unwrap();
    let none = StiffDirections::none(3);
    let ask = |theta: &[f32], sigmas: &[f64]| once(2).run(&region, theta, &none, sigmas, &());
    for (theta, sigmas, named) in [
        (&[0.0; 3][..], &[][..], "sigma"),
        (&[0.0; 3], &[0.2, 0.1], "sigma"),
        (&[0.0; 3], &[-1.0], "sigma"),
        (&[1.0; 3], &[0.1], "theta"),
        (&[0.0; 2], &[0.1], "theta"),
    ] {
        let error = ask(theta, sigmas).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
    assert!(LowLoss::new(&ball, 0.0).is_err());
    let few = SubsimSettings {
        particles: 3,
        ..once(1)
    };
    assert!(few.check().unwrap_err().to_string().contains("particles"));
}
