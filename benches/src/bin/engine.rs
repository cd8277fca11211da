//! tmp
use basinscope::surface::*;
use basinscope_bench::*;
use rayon::prelude::*;
use std::time::Instant;
fn best(mut f: impl FnMut()) -> f64 {
    let mut b = f64::MAX;
    let t0 = Instant::now();
    while t0.elapsed().as_secs_f64() < 1.0 {
        let t = Instant::now();
        f();
        b = b.min(t.elapsed().as_secs_f64());
    }
    b
}
fn main() {
    if let Ok(k) = std::env::var("K") {
        basinscope::net::Kernel::from_name(&k)
            .unwrap()
            .force()
            .unwrap();
    }
    let names: Vec<String> = std::env::args().skip(1).collect();
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let peak = one.install(peak_gflops);
    println!("peak one {peak:.1} all {:.1}", peak_gflops());
    for name in Problem::NAMES {
        if !names.is_empty() && !names.iter().any(|n| n == name) {
            continue;
        }
        let p = Problem::named(name).unwrap();
        let k = (20_000_000 / p.net.num_params()).min(256);
        let thetas = p.thetas(k);
        let mut losses = vec![0.0; k];
        let t1 = best(|| {
            for (t, l) in thetas.iter().zip(&mut losses) {
                *l = p.surface.loss(t);
            }
        }) / k as f64;
        let t2 = best(|| {
            thetas
                .par_iter()
                .zip(&mut losses)
                .for_each(|(t, l)| *l = p.surface.loss(t))
        }) / k as f64;
        let mut g = vec![0.0; p.net.num_params()];
        let tg = best(|| {
            for t in thetas.iter().take(16) {
                p.surface.loss_and_grad(t, &mut g);
            }
        }) / 16.0;
        let v = thetas[1].clone();
        let th = best(|| {
            for t in thetas.iter().take(16) {
                p.surface.hvp(t, &v, &mut g);
            }
        }) / 16.0;
        println!(
            "{name:10} n {:6} {:7.2} us eval ({:4.1} % of peak) {:8.0}/s both | grad {:7.1} us ({:4.1} %) | hvp {:7.1} us",
            p.net.num_params(),
            t1 * 1e6,
            p.flop() / t1 / peak / 1e7,
            1.0 / t2,
            tg * 1e6,
            3.0 * p.flop() / tg / peak / 1e7,
            th * 1e6
        );
    }
}
