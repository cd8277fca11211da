//! The radial integrator against volumes that are known.

use super::*;
use crate::surface::Counting;
use crate::surface::analytic::{Cube, Ellipsoid};

fn settings(directions: usize) -> RadialSettings {
    RadialSettings {
        directions,
        ..RadialSettings::default()
    }
}

fn measure(surface: &impl LossSurface, settings: RadialSettings) -> RadialVolume {
    let theta = vec![0.0; surface.dim()];
    let layout = ParameterLayout::flat(surface.dim());
    settings
        .check()
        .unwrap()
        .run(surface, &layout, &theta, &())
        .unwrap()
}

#[test]
fn the_sphere_is_exact_in_any_dimension() {
    // Every radius is √(2c/h); ln V is off by at most n times the error of ln r.
    for n in [1, 2, 10, 1_000, 10_000] {
        let surface = Ellipsoid::sphere(n, 3.0);
        let tolerance = 1e-5;
        let found = measure(
            &surface,
            RadialSettings {
                tolerance,
                ..settings(50)
            },
        );
        let error = (found.ln_volume - surface.ln_volume(DEFAULT_CUTOFF)).abs();
        // f32 directions have norm 1 to about 1e-7.
        assert!(error <= n as f64 * (tolerance + 2e-7), "n = {n}: {error}");
        assert_eq!((found.censored, found.dimension), (0, n));
        assert!(
            found.ess > 40.0 && found.warning().is_empty(),
            "{}",
            found.warning()
        );
    }
}

#[test]
fn low_dimensional_basins_are_right_within_their_scatter() {
    // mean rⁿ of N rays: relative sd of the mean is √((N/ESS − 1)/N); five of them, plus n·2e-3.
    let check = |exact: f64, found: RadialVolume, what: &str| {
        let rays = found.radii.len() as f64;
        let sd = ((rays / found.ess - 1.0).max(0.0) / rays).sqrt();
        let allowed = 5.0 * sd + found.dimension as f64 * DEFAULT_TOLERANCE;
        let error = (found.ln_volume - exact).abs();
        assert!(
            error < allowed && allowed < 0.2,
            "{what}: {error} of {allowed}"
        );
    };
    for h in [
        vec![1.0, 4.0],
        vec![1.0, 2.0, 5.0],
        vec![1.0, 1.5, 2.0, 3.0, 4.0],
    ] {
        let surface = Ellipsoid::new(h.clone());
        check(
            surface.ln_volume(0.1),
            measure(&surface, settings(20_000)),
            &format!("{h:?}"),
        );
    }
    check(
        Cube::new(3).ln_volume(0.1),
        measure(&Cube::new(3), settings(20_000)),
        "cube",
    );
}

#[test]
fn few_rays_that_decide_are_told() {
    for (what, surface) in [
        ("1/i, n = 3,614", Ellipsoid::power_law(3_614, 1.0, 1.0)),
        ("1/i², n = 1,000", Ellipsoid::power_law(1_000, 1.0, 2.0)),
        ("net-like", Ellipsoid::net_like(3_614)),
    ] {
        let found = measure(&surface, settings(200));
        assert!(
            found.warning().contains("Lower bound"),
            "{what}: ESS {}",
            found.ess
        );
        assert!(
            found.ln_volume < surface.ln_volume(0.1),
            "{what}: a lower bound"
        );
    }
}

#[test]
fn a_ray_costs_at_most_six_evaluations() {
    for surface in [
        Ellipsoid::power_law(100, 1.0, 1.0),
        Ellipsoid::power_law(3_614, 1e3, 1.0),
    ] {
        let surface = Counting::new(surface);
        let found = measure(&surface, settings(1_000));
        // One more was spent on the minimum itself.
        assert_eq!(found.evaluations + 1, surface.evaluations());
        let each = found.evaluations as f64 / 1_000.0;
        assert!(each <= 6.0, "{each} evaluations a ray");
    }
}

#[test]
fn radii_are_as_precise_as_asked() {
    let surface = Ellipsoid::power_law(50, 1.0, 1.5);
    let rough = measure(&surface, settings(600));
    let fine = measure(
        &surface,
        RadialSettings {
            tolerance: 1e-7,
            ..settings(600)
        },
    );
    let scan = measure(
        &surface,
        RadialSettings {
            search: Search::Scan,
            ..settings(600)
        },
    );
    for ((rough, fine), scan) in rough.radii.iter().zip(&fine.radii).zip(&scan.radii) {
        assert!((rough / fine).ln().abs() <= DEFAULT_TOLERANCE);
        assert!((scan / fine).ln().abs() <= DEFAULT_TOLERANCE);
    }
}

#[test]
fn radii_scale_with_the_root_of_the_cutoff() {
    let surface = Ellipsoid::power_law(30, 2.0, 1.0);
    let small = measure(&surface, settings(100));
    let large = measure(
        &surface,
        RadialSettings {
            cutoff: 0.4,
            ..settings(100)
        },
    );
    for (small, large) in small.radii.iter().zip(&large.radii) {
        assert!((large / small / 2.0).ln().abs() < 2.0 * DEFAULT_TOLERANCE);
    }
}

#[test]
fn the_localised_value_of_a_ball_is_the_chi_squares() {
    // ½·1000·x² ≤ 20 in 100 dimensions, σ = .06.
    let surface = Ellipsoid::sphere(100, 1_000.0);
    let settings = RadialSettings {
        cutoff: 20.0,
        tolerance: 1e-6,
        ..settings(40)
    };
    let found = measure(&surface, settings).ln_localised(0.06);
    assert!((found + 68.1784).abs() < 1e-2, "{found}");
}

/// A half-space that is flat on one side.
struct Cliff;

impl LossSurface for Cliff {
    fn dim(&self) -> usize {
        2
    }
    fn examples(&self) -> usize {
        1
    }
    fn loss(&self, theta: &[f32]) -> f64 {
        f64::from(theta[0]).max(0.0)
    }
}

#[test]
fn rays_that_never_cross_are_censored_and_told() {
    let found = measure(&Cliff, settings(400));
    // Half of all directions; sd 10.
    assert!((150..250).contains(&found.censored), "{}", found.censored);
    assert_eq!(
        found
            .radii
            .iter()
            .filter(|&&r| r == found.radius_cap)
            .count(),
        found.censored
    );
    assert!(
        found
            .warning()
            .contains(&format!("{} of 400 rays", found.censored))
    );
}

#[test]
fn threads_do_not_change_a_bit() {
    let surface = Ellipsoid::power_law(40, 1.0, 1.0);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| measure(&surface, settings(300)))
    };
    assert_eq!(with(1), with(2));
}

#[test]
fn scaled_rays_measure_the_same_ball_in_other_units() {
    // Weights all of size s: D = s, so radii are 1/s of the isotropic ones, the volume the same.
    // The surface is a ball around θ.
    struct Shifted(Ellipsoid);
    impl LossSurface for Shifted {
        fn dim(&self) -> usize {
            self.0.dim()
        }
        fn examples(&self) -> usize {
            1
        }
        fn loss(&self, theta: &[f32]) -> f64 {
            self.0
                .loss(&theta.iter().map(|w| w - 0.25).collect::<Vec<_>>())
        }
    }
    let surface = Shifted(Ellipsoid::sphere(20, 1.0));
    let theta = vec![0.25_f32; 20];
    let layout = ParameterLayout::flat(20);
    let settings = RadialSettings {
        normalization: Normalization::Filter,
        tolerance: 1e-6,
        ..settings(30)
    };
    let found = settings
        .check()
        .unwrap()
        .run(&surface, &layout, &theta, &())
        .unwrap();
    assert!((found.ln_volume - surface.0.ln_volume(0.1)).abs() < 1e-3);
    assert!((found.median() * 0.25 / 0.2_f64.sqrt() - 1.0).abs() < 1e-4);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let told = |settings: RadialSettings| settings.check().unwrap_err().to_string();
    assert!(
        told(RadialSettings {
            cutoff: -0.1,
            ..settings(1)
        })
        .contains("cutoff")
    );
    assert!(
        told(RadialSettings {
            cutoff: f64::NAN,
            ..settings(1)
        })
        .contains("cutoff")
    );
    assert!(told(settings(0)).contains("directions"));
    let radial = settings(10).check().unwrap();
    let theta = [1.0, 0.0];
    let error = radial
        .check_minimum(&Ellipsoid::sphere(2, 1.0), &theta)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cutoff") && error.contains("0.5") && error.contains("0.1"),
        "{error}"
    );
}
