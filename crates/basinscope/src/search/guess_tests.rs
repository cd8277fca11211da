//! Tests of guess and check.

use super::*;
use crate::data::Generator;
use crate::net::{Activation, MlpSurface};
use crate::surface::Evaluate;

fn moons(points: usize) -> Dataset {
    Generator::Moons { noise: 0.1 }
        .dataset(points, &mut stream(1, "data", 0))
        .unwrap()
}

fn settings() -> GuessSettings {
    GuessSettings {
        initialization: Initialization::GlorotUniform,
        bias: 0.5,
        points: vec![1, 4, 8],
        keep: 50,
        max_guesses: 1_000_000,
        seed: 3,
    }
}

fn net(outputs: usize) -> Architecture {
    Architecture::new(vec![2, 8, 8, outputs], Activation::Relu).unwrap()
}

fn search(settings: GuessSettings, outputs: usize) -> (GuessAndCheck, Guesses, Status) {
    let search = settings.check(&net(outputs), &moons(20)).unwrap();
    let mut guesses = search.begin();
    loop {
        let status = search.round(&mut guesses);
        if status != Status::Going {
            return (search, guesses, status);
        }
    }
}

#[test]
fn what_is_kept_fits_and_nothing_before_it_was_left_out() {
    for outputs in [1, 2] {
        let (search, guesses, status) = search(settings(), outputs);
        assert_eq!(status, Status::Complete);
        let points = moons(20);
        for (level, &size) in settings().points.iter().enumerate() {
            let surface = MlpSurface::new(
                &net(outputs),
                &points.select(&(0..size).collect::<Vec<_>>()),
            )
            .unwrap();
            let fits = |number: u64| surface.evaluate(&search.theta(number)).accuracy == 1.0;
            let kept = &guesses.kept[level];
            assert_eq!(kept.len(), 50);
            let last = kept[kept.len() - 1].min(3_000);
            let plain: Vec<u64> = (0..=last).filter(|&number| fits(number)).collect();
            assert_eq!(plain, kept[..plain.len()]);
            assert!(kept.iter().all(|&number| fits(number)));
        }
        let plain: Vec<u64> = guesses.fits.clone();
        assert!(plain.windows(2).all(|pair| pair[0] > pair[1]), "{plain:?}");
    }
}

#[test]
fn one_point_is_guessed_half_the_time() {
    // Negating the last layer turns every logit of a single-output net round, and the prior does
    // not mind: exactly half the guesses are right about one point.
    let mut one = settings();
    (one.points, one.keep) = (vec![1], 100_000);
    let (_, guesses, _) = search(one, 1);
    let [low, high] = [0.5 - 0.006, 0.5 + 0.006];
    let share = guesses.fits[0] as f64 / guesses.tried as f64;
    // About 200,000 guesses: sd .0011, so 5 sd.
    assert!(low < share && share < high, "{share}");
}

#[test]
fn threads_and_pauses_change_nothing() {
    let whole = search(settings(), 1).1;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(3)
        .build()
        .unwrap();
    assert_eq!(pool.install(|| search(settings(), 1).1), whole);
    let search = settings().check(&net(1), &moons(20)).unwrap();
    let mut guesses = search.begin();
    while search.round(&mut guesses) == Status::Going {
        let text = serde_json::to_string(&guesses).unwrap();
        guesses = serde_json::from_str(&text).unwrap();
    }
    assert_eq!(guesses, whole);
}

#[test]
fn the_cap_is_kept_to_the_guess_and_told() {
    let mut capped = settings();
    (capped.points, capped.max_guesses) = (vec![2, 20], 5_000);
    let (_, guesses, status) = search(capped, 1);
    assert_eq!((status, guesses.tried), (Status::Exhausted, 5_000));
    assert!(guesses.kept[0].len() == 50 && guesses.kept[1].len() < 50);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |change: fn(&mut GuessSettings)| {
        let mut settings = settings();
        change(&mut settings);
        let error = settings.check(&net(1), &moons(20)).err();
        error.expect("refused").to_string()
    };
    assert!(refused(|s| s.points = vec![4, 4]).contains("points"));
    assert!(refused(|s| s.points = vec![]).contains("points"));
    assert!(refused(|s| s.points = vec![0, 2]).contains("points"));
    assert!(refused(|s| s.points = vec![21]).contains("20"));
    assert!(refused(|s| s.keep = 0).contains("keep"));
    assert!(refused(|s| s.max_guesses = 0).contains("max_guesses"));
    assert!(refused(|s| s.initialization = Initialization::HeNormal).contains("initialization"));
}

#[test]
fn more_points_than_a_glance_takes_in_are_all_looked_at() {
    let mut many = settings();
    (many.points, many.keep, many.max_guesses) = (vec![16, 20], 3, 4_000_000);
    let (search, guesses, status) = search(many, 1);
    assert_eq!(status, Status::Complete);
    let surface = MlpSurface::new(&net(1), &moons(20)).unwrap();
    for &number in &guesses.kept[1] {
        assert_eq!(surface.evaluate(&search.theta(number)).accuracy, 1.0);
    }
    assert!(guesses.fits[0] >= guesses.fits[1]);
}
