//! The rows of the peers' table: each is work of the library, repeated for a few seconds.

use crate::{Problem, peak_gflops};
use anyhow::{Context, Result, bail};
use basinscope::basin::{LowLoss, RadialSettings, StiffDirections, SubsimSettings};
use basinscope::embed::TsneSettings;
use basinscope::record::Axis;
use basinscope::simd::Kernel;
use basinscope::slice::boundary;
use basinscope::surface::{LossSurface, TwiceDifferentiable};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// Cutoff on the mean loss of volumes and radii, the paper's.
pub const CUTOFF: f64 = 0.1;
/// Width σ of the Gaussian steps of the proposals.
pub const SIGMA: f64 = 0.05;
/// Nets trained side by side.
const ENSEMBLE: usize = 64;
/// Steps of each before the clock is looked at.
const STEPS: usize = 200;
/// Points of the boundary along an axis.
const BOUNDARY: usize = 500;

/// What a row measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The row asked for.
    pub row: String,
    /// Work units a second.
    pub value: f64,
    /// What is counted.
    pub unit: &'static str,
    /// Threads at work.
    pub threads: usize,
    /// Path of the kernels.
    pub kernel: &'static str,
    /// Flop of one unit, where they are counted.
    pub flop: Option<f64>,
    /// Most multiply–adds of all threads, in GFLOP/s, measured right before.
    pub peak_gflops: f64,
    /// What else is known.
    #[serde(flatten)]
    pub more: BTreeMap<&'static str, f64>,
}

/// Runs `WORK:NET` (or `tsne`, `peak`) for about so many seconds.
///
/// # Errors
/// A row or net that does not exist.
pub fn measure(row: &str, seconds: f64) -> Result<Measured> {
    let (work, net) = row.split_once(':').unwrap_or((row, "swiss-roll"));
    let peak = peak_gflops();
    let mut more = BTreeMap::new();
    let mut flop = None;
    let (value, unit) = match work {
        "peak" => (peak, "GFLOP/s"),
        "evaluate" => {
            let problem = Problem::named(net)?;
            flop = Some(problem.flop());
            let thetas = problem.thetas(problem.many()).concat();
            let mut losses = vec![0.0; problem.many()];
            let value = rate(seconds, || {
                problem.surface.losses(&thetas, &mut losses);
                losses.len()
            });
            (value, "evaluations/s")
        }
        "train" => {
            let problem = Problem::named(net)?;
            flop = Some(3.0 * problem.flop());
            let theta = problem.theta(0);
            let value = rate(seconds, || {
                problem.descend(theta.clone(), STEPS);
                STEPS
            });
            (value, "steps/s")
        }
        "ensemble" => {
            let problem = Problem::named(net)?;
            flop = Some(3.0 * problem.flop());
            let thetas = problem.thetas(ENSEMBLE);
            let value = rate(seconds, || {
                let steps = thetas.par_iter().map(|theta| {
                    problem.descend(theta.clone(), STEPS);
                    STEPS
                });
                steps.sum()
            });
            (value, "steps/s, all nets together")
        }
        "hvp" => {
            let problem = Problem::named(net)?;
            flop = Some(8.0 * problem.flop());
            let (theta, directions) = (problem.theta(0), problem.thetas(64));
            let product = |v: &Vec<f32>| {
                let mut out = vec![0.0; v.len()];
                problem.surface.hvp(&theta, v, &mut out);
                1
            };
            let alone = rate(seconds / 2.0, || directions.iter().map(product).sum());
            more.insert("one_after_another", alone);
            let value = rate(seconds / 2.0, || directions.par_iter().map(product).sum());
            (value, "products/s")
        }
        "proposals" => {
            let problem = Problem::named(net)?;
            let minimum = problem.minimum();
            let basin = LowLoss::new(&problem.surface, CUTOFF)?;
            let stiff = StiffDirections::none(minimum.len());
            let mut seed = 0;
            let (mut evaluations, mut proposals, mut accepted) = (0, 0.0, 0.0);
            let value = rate(seconds, || {
                seed += 1;
                let settings = SubsimSettings {
                    replicates: rayon::current_num_threads(),
                    // As many as a doubled run takes: most evaluations then follow a fresh draw.
                    moves: 40,
                    doublings: 0,
                    seed,
                    ..SubsimSettings::default()
                };
                let found = settings.run(&basin, &minimum, &stiff, &[SIGMA], &());
                let Ok(found) = found else { return 0 };
                evaluations += found.evaluations;
                // A level whose acceptance is 1 was drawn directly, without moves.
                let levels: Vec<f64> = (found.walks.iter())
                    .flat_map(|walk| walk.acceptance.iter().copied().filter(|&a| a < 1.0))
                    .collect();
                let made = settings.particles * settings.moves * levels.len();
                proposals += made as f64;
                accepted +=
                    levels.iter().sum::<f64>() * (settings.particles * settings.moves) as f64;
                made
            });
            more.insert("inside", accepted / proposals);
            more.insert("evaluations_a_proposal", evaluations as f64 / proposals);
            (value, "proposals/s")
        }
        "radii" => {
            let problem = Problem::named(net)?;
            let (minimum, layout) = (problem.minimum(), problem.net.layout());
            let radial = RadialSettings {
                cutoff: CUTOFF,
                ..RadialSettings::default()
            }
            .check()?;
            let mut found = None;
            let value = rate(seconds, || {
                found = radial.run(&problem.surface, &layout, &minimum, &()).ok();
                1
            });
            let found = found.context("no radius")?;
            more.insert("median", found.quantiles[2]);
            more.insert(
                "evaluations_a_ray",
                found.evaluations as f64 / found.radii.len() as f64,
            );
            (value, "statistics/s")
        }
        "tsne" => {
            let rows = Problem::iterates()?;
            let dim = rows.len() / crate::ITERATES;
            let mut seed = 0;
            let mut divergences = Vec::new();
            let value = rate(seconds, || {
                let settings = TsneSettings {
                    perplexity: 30.0,
                    epochs: 1_000,
                    seed,
                };
                seed += 1;
                let found = settings.run(&rows, dim, &());
                divergences.extend(found.map(|found| found.kl_divergence));
                1
            });
            more.insert(
                "kl",
                divergences.iter().sum::<f64>() / divergences.len() as f64,
            );
            (value, "embeddings/s")
        }
        "boundary" => {
            let problem = Problem::named(net)?;
            flop =
                Some(problem.flop() / problem.points.len() as f64 * (BOUNDARY * BOUNDARY) as f64);
            let (theta, axis) = (problem.theta(0), Axis::new(-18.0, 18.0, BOUNDARY)?);
            let value = rate(seconds, || {
                usize::from(boundary(&problem.net, &theta, axis, axis).is_ok())
            });
            (value, "frames/s")
        }
        _ => bail!(
            "no row {work}: expected evaluate, train, ensemble, hvp, proposals, radii, tsne, \
             boundary or peak"
        ),
    };
    Ok(Measured {
        row: row.to_owned(),
        value,
        unit,
        threads: rayon::current_num_threads(),
        kernel: Kernel::active().name(),
        flop,
        peak_gflops: peak,
        more,
    })
}

/// Work units a second, after one warm-up.
pub fn rate(seconds: f64, mut work: impl FnMut() -> usize) -> f64 {
    work();
    let start = Instant::now();
    let mut done = 0;
    loop {
        done += work();
        let elapsed = start.elapsed().as_secs_f64();
        if elapsed >= seconds {
            return done as f64 / elapsed;
        }
    }
}
