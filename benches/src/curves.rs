//! How the cost of an evaluation grows with parameters, points and threads.

use crate::rows::rate;
use crate::{Problem, bandwidth, peak_gflops};
use anyhow::Result;
use basinscope::simd::Kernel;
use basinscope::surface::LossSurface;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::Serialize;

/// Widths of four hidden layers that give about 10² to 10⁶ parameters.
const WIDTHS: [usize; 9] = [5, 9, 17, 31, 56, 101, 181, 324, 577];
/// Numbers of points.
const POINTS: [usize; 10] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
];

/// One place on a curve.
#[derive(Debug, Serialize)]
pub struct Cost {
    /// Which curve: `parameters`, `points` or `threads`.
    pub curve: &'static str,
    /// Path of the kernels.
    pub kernel: &'static str,
    /// Parameters n.
    pub parameters: usize,
    /// Points N.
    pub points: usize,
    /// Threads.
    pub threads: usize,
    /// Evaluations of the loss a second, a different θ each.
    pub evaluations: f64,
    /// Flop of an evaluation, 2·N·weights.
    pub flop: f64,
    /// Bytes of θ, which come from memory for each evaluation.
    pub theta_bytes: f64,
    /// Bytes of activations written and read again, which the caches hold.
    pub activation_bytes: f64,
    /// Share of the peak of as many threads' multiply–adds.
    pub of_peak: f64,
    /// Share of the bandwidth of as many threads' reading from memory.
    pub of_bandwidth: f64,
}

/// Measures all curves, `seconds` for each place; `report` hears of each as it is done.
///
/// # Errors
/// None that nets like these give.
pub fn measure(seconds: f64, mut report: impl FnMut(&Cost)) -> Result<Vec<Cost>> {
    let mut costs = Vec::new();
    let all = rayon::current_num_threads();
    let active = Kernel::active();
    let limits: Vec<Limits> = (1..=all).map(Limits::of).collect::<Result<_>>()?;
    let mut add = |curve, kernel: Kernel, problem: &Problem, threads: usize| -> Result<()> {
        kernel.force()?;
        let cost = place(curve, kernel, problem, &limits[threads - 1], seconds)?;
        report(&cost);
        costs.push(cost);
        Ok(())
    };
    for kernel in Kernel::supported() {
        for width in WIDTHS {
            add("parameters", kernel, &Problem::of_width(width, 200)?, all)?;
        }
    }
    for kernel in Kernel::supported() {
        for points in POINTS {
            add("points", kernel, &Problem::swiss_roll(points)?, all)?;
        }
    }
    for threads in 1..=all {
        add("threads", active, &Problem::swiss_roll(200)?, threads)?;
    }
    active.force()?;
    Ok(costs)
}

/// A pool of threads and what they can do at most.
struct Limits {
    pool: ThreadPool,
    /// Multiply–adds, in flop/s.
    peak: f64,
    /// Reading from memory, in bytes/s.
    bandwidth: f64,
}

impl Limits {
    fn of(threads: usize) -> Result<Self> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let (peak, bandwidth) = pool.install(|| (1e9 * peak_gflops(), 1e9 * bandwidth()));
        Ok(Self {
            pool,
            peak,
            bandwidth,
        })
    }
}

fn place(
    curve: &'static str,
    kernel: Kernel,
    problem: &Problem,
    limits: &Limits,
    seconds: f64,
) -> Result<Cost> {
    limits.pool.install(|| {
        let many = problem.many().min(problem.in_a_second());
        let thetas = problem.thetas(many).concat();
        let mut losses = vec![0.0; many];
        let evaluations = rate(seconds, || {
            problem.surface.losses(&thetas, &mut losses);
            many
        });
        let units: usize = problem.net.widths()[1..].iter().sum();
        let parameters = problem.net.num_params();
        let theta_bytes = 4.0 * parameters as f64;
        Ok(Cost {
            curve,
            kernel: kernel.name(),
            parameters,
            points: problem.points.len(),
            threads: limits.pool.current_num_threads(),
            evaluations,
            flop: problem.flop(),
            theta_bytes,
            activation_bytes: 8.0 * (units * problem.points.len()) as f64,
            of_peak: evaluations * problem.flop() / limits.peak,
            of_bandwidth: evaluations * theta_bytes / limits.bandwidth,
        })
    })
}
