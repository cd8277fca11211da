//! A bench for each row of the peers' table: `cargo bench -p basinscope-bench`.

use basinscope::basin::{LowLoss, RadialSettings, StiffDirections, SubsimSettings};
use basinscope::embed::TsneSettings;
use basinscope::random::{fill_normal, stream};
use basinscope::record::Axis;
use basinscope::slice::boundary;
use basinscope::surface::{Differentiable, LossSurface, TwiceDifferentiable};
use basinscope_bench::rows::{CUTOFF, SIGMA};
use basinscope_bench::{ITERATES, Problem};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rayon::prelude::*;

fn main() {
    divan::main();
}

fn problem(name: &str) -> Problem {
    Problem::named(name).expect("a net of the table")
}

#[divan::bench(args = Problem::NAMES)]
fn evaluate(bencher: Bencher, name: &str) {
    let problem = problem(name);
    let theta = problem.theta(0);
    bencher.bench(|| problem.surface.loss(black_box(&theta)));
}

#[divan::bench(args = Problem::NAMES)]
fn evaluate_many(bencher: Bencher, name: &str) {
    let problem = problem(name);
    let thetas = problem.thetas(64).concat();
    let mut losses = vec![0.0; 64];
    bencher
        .counter(ItemsCount::new(64_usize))
        .bench_local(|| problem.surface.losses(black_box(&thetas), &mut losses));
}

#[divan::bench(args = Problem::NAMES)]
fn gradient(bencher: Bencher, name: &str) {
    let problem = problem(name);
    let (theta, mut grad) = (problem.theta(0), vec![0.0; problem.net.num_params()]);
    bencher.bench_local(|| problem.surface.loss_and_grad(black_box(&theta), &mut grad));
}

#[divan::bench(args = Problem::NAMES)]
fn hessian_product(bencher: Bencher, name: &str) {
    let problem = problem(name);
    let (theta, v) = (problem.theta(0), problem.theta(1));
    let mut out = vec![0.0; v.len()];
    bencher.bench_local(|| problem.surface.hvp(black_box(&theta), &v, &mut out));
}

#[divan::bench]
fn train_100_steps(bencher: Bencher) {
    let problem = problem("swiss-roll");
    let theta = problem.theta(0);
    bencher
        .counter(ItemsCount::new(100_usize))
        .bench(|| problem.descend(theta.clone(), 100));
}

#[divan::bench(sample_count = 20)]
fn ensemble_of_64_for_10_steps(bencher: Bencher) {
    let problem = problem("swiss-roll");
    let thetas = problem.thetas(64);
    let nets = thetas.par_iter();
    bencher.counter(ItemsCount::new(640_usize)).bench(|| {
        nets.clone()
            .for_each(|theta| drop(problem.descend(theta.clone(), 10)))
    });
}

#[divan::bench]
fn normal_deviates_of_a_step(bencher: Bencher) {
    let (mut rng, mut out) = (stream(0, "bench", 0), vec![0.0; 3_614]);
    bencher
        .counter(ItemsCount::new(out.len()))
        .bench_local(|| fill_normal(&mut rng, &mut out));
}

#[divan::bench(sample_count = 5)]
fn subset_simulation(bencher: Bencher) {
    let problem = problem("swiss-roll");
    let minimum = problem.minimum();
    let basin = LowLoss::new(&problem.surface, CUTOFF).expect("a cutoff above 0");
    let stiff = StiffDirections::none(minimum.len());
    let settings = SubsimSettings {
        doublings: 0,
        ..SubsimSettings::default()
    };
    bencher.bench(|| settings.run(&basin, &minimum, &stiff, &[SIGMA], &()));
}

#[divan::bench(sample_count = 20)]
fn thousand_radii(bencher: Bencher) {
    let problem = problem("swiss-roll");
    let (minimum, layout) = (problem.minimum(), problem.net.layout());
    let settings = RadialSettings {
        cutoff: CUTOFF,
        ..RadialSettings::default()
    };
    let radial = settings.check().expect("the defaults");
    bencher.bench(|| radial.run(&problem.surface, &layout, &minimum, &()));
}

#[divan::bench(sample_count = 10)]
fn tsne_of_400_points(bencher: Bencher) {
    let rows = Problem::iterates().expect("iterates");
    let settings = TsneSettings {
        perplexity: 30.0,
        epochs: 1_000,
        seed: 0,
    };
    bencher.bench(|| settings.run(&rows, rows.len() / ITERATES, &()));
}

#[divan::bench(args = ["swiss-roll", "minefield"])]
fn boundary_500_by_500(bencher: Bencher, name: &str) {
    let problem = problem(name);
    let theta = problem.theta(0);
    let axis = Axis::new(-18.0, 18.0, 500).expect("an axis");
    bencher.bench(|| boundary(&problem.net, &theta, axis, axis));
}
