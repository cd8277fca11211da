//! Which estimator is held against which case, and by which bars.

use super::cases::Case;
use super::check::{Check, Estimator};
use super::judge::{Bar, COVERAGE_BAR};
use crate::Result;
use crate::surface::analytic::Ellipsoid;

/// Repetitions that tell how often a claimed interval holds the truth.
pub const REPETITIONS: usize = 40;
/// Width at which a few in a thousand draws stay in the small net's basin.
const NET_SIGMA: f64 = 6.0;
/// From this dimension on, rays must say that they are wrong.
const HIGH_DIMENSION: usize = 1_000;
/// For what is only shown.
const SHOWN: &[Bar] = &[];
/// Stiff directions given on balls, where all are alike.
const BALL_STIFF: usize = 10;
/// On net-like bowls: all that stand out.
const NET_LIKE_STIFF: usize = 60;
/// In 100,000 dimensions, where each costs a product with every walker.
const LARGEST_STIFF: usize = 20;
/// On a power law, where none stands out.
const POWER_STIFF: usize = 40;

/// The first pass of subset simulation: ten moves a level.
const FIRST_PASS: Estimator = Estimator::Subsim { doublings: 0 };
/// Subset simulation with its defaults.
const SETTLED: Estimator = Estimator::Subsim { doublings: 2 };

/// Once, with bars at each of the case's widths.
fn once(case: &Case, estimator: Estimator, bars: &[&[Bar]]) -> Check {
    Check {
        case: case.clone(),
        estimator,
        repetitions: 1,
        bars: bars.iter().map(|bars| bars.to_vec()).collect(),
    }
}

/// Rays, which are exact on balls and must say so where they are not.
fn rays(case: &Case) -> Check {
    let bars: &[Bar] = match (case.is_ball(), case.dim() >= HIGH_DIMENSION) {
        (true, false) => &[Bar::Within(0.1), Bar::Trusted],
        (false, true) => &[Bar::Flagged],
        _ => &[],
    };
    Check {
        case: case.clone(),
        estimator: Estimator::Radial,
        repetitions: 1,
        bars: vec![bars.to_vec(); case.truths.len()],
    }
}

/// Many times over, for the coverage of the claimed interval.
fn often(case: &Case, estimator: Estimator) -> Check {
    Check {
        case: case.clone(),
        estimator,
        repetitions: REPETITIONS,
        bars: vec![vec![Bar::Coverage(COVERAGE_BAR)]; case.truths.len()],
    }
}

fn ball(n: usize, sigma: f64) -> Case {
    let name = format!("ball h = 1000, n = {n}");
    Case::bowl(&name, Ellipsoid::sphere(n, 1_000.0), BALL_STIFF, &[sigma])
}

fn net_like(n: usize, stiff: usize, sigmas: &[f64]) -> Case {
    let name = format!("net-like, n = {n}");
    Case::bowl(&name, Ellipsoid::net_like(n), stiff, sigmas)
}

fn volume(n: usize, power: f64) -> Case {
    let surface = Ellipsoid::power_law(n, 1.0, power);
    let name = match power {
        0.0 => format!("ball h = 1, n = {n}"),
        1.0 => format!("h = 1/i, n = {n}"),
        _ => format!("h = 1/i², n = {n}"),
    };
    Case::volume(&name, surface)
}

/// What runs at every change: within two minutes on two cores.
///
/// # Errors
/// None for the built-in cases.
pub fn reduced_plan() -> Result<Vec<Check>> {
    let small = ball(10, 0.189_736_659_6);
    let hundred = ball(100, 0.06);
    let net_like = net_like(3_614, NET_LIKE_STIFF, &[0.005, 0.05]);
    let valley = Case::valley(&[0.1, 0.5, 1.0]);
    let net = Case::net(NET_SIGMA)?;
    let volumes = [
        volume(10, 0.0),
        volume(100, 1.0),
        volume(3_614, 1.0),
        volume(100, 2.0),
    ];
    let each: &[Bar] = &[Bar::EachRunWithin(2.5)];
    let each_cheaply: &[Bar] = &[Bar::EachRunWithin(2.5), Bar::Evaluations(300_000)];
    let near: &[Bar] = &[Bar::Within(1.5)];
    let near_cheaply: &[Bar] = &[Bar::Within(1.5), Bar::Gradients(200_000)];
    let mut plan: Vec<Check> = volumes.iter().map(rays).collect();
    plan.extend([
        rays(&small),
        once(&small, FIRST_PASS, &[&[Bar::Within(1.0)]]),
        once(&small, Estimator::Lta, &[&[Bar::Within(1.0)]]),
        often(&small, SETTLED),
        often(&small, Estimator::Lta),
        rays(&hundred),
        once(
            &hundred,
            FIRST_PASS,
            &[&[Bar::Within(1.0), Bar::Evaluations(200_000)]],
        ),
        once(&hundred, Estimator::Lta, &[&[Bar::Within(1.5)]]),
        rays(&net_like),
        once(&net_like, FIRST_PASS, &[each, each_cheaply]),
        once(&net_like, Estimator::Lta, &[near, near_cheaply]),
        rays(&valley),
        once(&valley, SETTLED, &[&[Bar::Within(0.3)] as &[Bar]; 3]),
        once(&valley, Estimator::Lta, &[SHOWN; 3]),
        rays(&net),
        once(&net, SETTLED, &[&[Bar::StandardErrors(3.0)]]),
        once(&net, Estimator::Lta, &[&[Bar::StandardErrors(3.0)]]),
    ]);
    Ok(plan)
}

/// Everything: the reduced set, and what takes long.
///
/// # Errors
/// None for the built-in cases.
pub fn full_plan() -> Result<Vec<Check>> {
    let hundred = ball(100, 0.06);
    let high = ball(3_614, 0.004_990_306);
    let power = Ellipsoid::power_law(3_614, 1_000.0, 1.0);
    let power = Case::bowl("h = 1000/i, n = 3614", power, POWER_STIFF, &[0.202_606_48]);
    let wide = net_like(3_614, NET_LIKE_STIFF, &[0.3]);
    let largest = net_like(100_000, LARGEST_STIFF, &[0.005, 0.05, 0.3]);
    let reduced_net_like = net_like(200, NET_LIKE_STIFF, &[0.05]);
    let cube = Case::cube();
    let two: &[Bar] = &[Bar::Within(2.0)];
    let two_cheaply: &[Bar] = &[Bar::Within(2.0), Bar::Gradients(1_000_000)];
    let mut plan = reduced_plan()?;
    plan.extend([
        often(&hundred, SETTLED),
        often(&hundred, Estimator::Lta),
        often(&reduced_net_like, SETTLED),
        often(&reduced_net_like, Estimator::Lta),
        rays(&cube),
        once(&cube, SETTLED, &[SHOWN]),
        rays(&high),
        once(&high, FIRST_PASS, &[SHOWN]),
        once(&high, Estimator::Lta, &[two_cheaply]),
        rays(&power),
        once(&power, FIRST_PASS, &[SHOWN]),
        once(&power, Estimator::Lta, &[two_cheaply]),
        rays(&wide),
        once(&wide, FIRST_PASS, &[SHOWN]),
        once(&wide, Estimator::Lta, &[two]),
        rays(&volume(100_000, 1.0)),
        rays(&largest),
        once(&largest, Estimator::Lta, &[two; 3]),
        once(&largest, FIRST_PASS, &[SHOWN; 3]),
    ]);
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_bars_for_every_truth() {
        let plan = full_plan().unwrap();
        let reduced = reduced_plan().unwrap().len();
        assert!(plan.len() > reduced);
        for check in &plan {
            assert_eq!(
                check.bars.len(),
                check.case.truths.len(),
                "{}",
                check.case.name
            );
        }
        // Rays must be flagged on every case of 1,000 dimensions and more but the ball.
        let flagged = plan
            .iter()
            .filter(|check| check.bars[0].contains(&Bar::Flagged));
        assert_eq!(flagged.count(), 6);
    }
}
