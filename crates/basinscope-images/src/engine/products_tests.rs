//! Products with the curvature against differences in double precision, and their properties.

use super::tests::{buffers, named, noise, pictures, reference, theta};
use super::{Curved, Engine, Products};
use crate::graph::{Builder, Graph, Shape};
use basinscope::data::Dataset;
use basinscope::simd::Kernel;
use proptest::prelude::*;
use std::sync::Arc;

/// Bytes that keep everything, and nothing.
const ALL: usize = usize::MAX;

fn products(
    graph: &Graph,
    kernel: Kernel,
    data: &Dataset,
    seed: u64,
    matrix: Curved,
    bytes: usize,
) -> Products {
    let engine = Arc::new(Engine::new(graph.clone(), kernel));
    let panels = Arc::new(engine.panels(data));
    let statistics = buffers(graph);
    Products::new(
        &engine,
        &panels,
        &theta(graph, seed),
        &statistics,
        matrix,
        bytes,
    )
}

fn direction(graph: &Graph, seed: u64) -> Vec<f32> {
    let n = graph.layout().num_params();
    (0..n).map(|at| noise(at, 7_000 + seed) as f32).collect()
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let terms = a.iter().zip(b);
    terms.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// Both matrices of a graph on every kernel, one block of θ after the other.
///
/// uᵀ·H·v by the mixed difference of the loss in f64, and uᵀ·G·v = mean of żᵤᵀ·(diag p − p·pᵀ)·żᵥ
/// with the ż by differences of the logits; u lies in one block, v in all. Steps are so short that
/// hardly a kink lies within them: rounding is 1e-16/h², truncation h². Where one does, the
/// difference of half the step is another (a jump counts by 1/h) and nothing is compared: at most
/// in one block of five.
fn check(graph: &Graph, count: usize, seed: u64) {
    let data = pictures(graph.input(), count, graph.num_classes());
    let statistics = buffers(graph);
    let exact: Vec<f64> = theta(graph, seed).iter().map(|&w| w.into()).collect();
    let v = direction(graph, seed);
    let logits = |at: &[f64]| reference(graph, at, Some(&statistics), &data);
    let moved = |shares: &[(f64, &dyn Fn(usize) -> f64)]| {
        let mut at = exact.clone();
        for (k, w) in at.iter_mut().enumerate() {
            *w += shares.iter().map(|(h, d)| h * d(k)).sum::<f64>();
        }
        logits(&at)
    };
    let along_v = |k: usize| f64::from(v[k]);
    let here = logits(&exact);
    let loss = |rows: Vec<Vec<f64>>| {
        let one = |(z, &y): (&Vec<f64>, &u32)| {
            let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            top + z.iter().map(|z| (z - top).exp()).sum::<f64>().ln() - z[y as usize]
        };
        rows.iter().zip(data.labels()).map(one).sum::<f64>() / count as f64
    };
    let change = |d: &dyn Fn(usize) -> f64| {
        let h = 1e-7;
        let (ahead, behind) = (moved(&[(h, d)]), moved(&[(-h, d)]));
        let rows = ahead.iter().zip(&behind);
        rows.map(|(a, b)| {
            let pairs = a.iter().zip(b);
            pairs
                .map(|(a, b)| (a - b) / (2.0 * h))
                .collect::<Vec<f64>>()
        })
        .collect::<Vec<_>>()
    };
    let z_v = change(&along_v);
    let expected: Vec<([f64; 2], [f64; 2])> = (graph.layout().blocks().iter())
        .map(|block| {
            let u = |k: usize| {
                if block.range().contains(&k) {
                    noise(k, 55)
                } else {
                    0.0
                }
            };
            let mixed = |h: f64| {
                let at = |s: f64, t: f64| loss(moved(&[(s * h, &u), (t * h, &along_v)]));
                let sum = at(1.0, 1.0) - at(1.0, -1.0) - at(-1.0, 1.0) + at(-1.0, -1.0);
                sum / (4.0 * h * h)
            };
            let (mut unsure, mut bent, mut rounding) = (f64::INFINITY, 0.0, 0.0);
            for h in [1e-5, 2e-6, 5e-7] {
                let [once, half] = [h, 0.5 * h].map(mixed);
                if (once - half).abs() < unsure {
                    (unsure, bent) = ((once - half).abs(), once);
                    rounding = 1e-15 / (h * h);
                }
                if unsure < 1e-5 * once.abs() {
                    break;
                }
            }
            let z_u = change(&u);
            let mut gauss_newton = 0.0;
            for ((z, a), b) in here.iter().zip(&z_u).zip(&z_v) {
                let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let p: Vec<f64> = z.iter().map(|z| (z - top).exp()).collect();
                let sum: f64 = p.iter().sum();
                let mean = |x: &[f64]| p.iter().zip(x).map(|(p, x)| p * x).sum::<f64>() / sum;
                let product: Vec<f64> = a.iter().zip(b).map(|(a, b)| a * b).collect();
                gauss_newton += (mean(&product) - mean(a) * mean(b)) / count as f64;
            }
            ([bent, gauss_newton], [unsure, rounding])
        })
        .collect();
    for kernel in Kernel::supported() {
        for (which, matrix) in [Curved::Hessian, Curved::GaussNewton]
            .into_iter()
            .enumerate()
        {
            let product = products(graph, kernel, &data, seed, matrix, 0);
            let product = product.apply_all(&[&v]).remove(0);
            let whole = norm(product.iter().map(|&x| x.into()));
            let (blocks, mut kinks) = (graph.layout().blocks(), 0);
            for (block, (expected, [unsure, rounding])) in blocks.iter().zip(&expected) {
                let found: f64 = block
                    .range()
                    .map(|k| f64::from(product[k]) * noise(k, 55))
                    .sum();
                let length = norm(block.range().map(|k| product[k].into()));
                let u = norm(block.range().map(|k| noise(k, 55)));
                // What f32 rounds: a share of what stands in the block, and of the whole.
                let bar = 5e-4 * u * (length + 1e-2 * whole) + rounding;
                if matrix == Curved::Hessian && *unsure > bar {
                    kinks += 1;
                    continue;
                }
                let off = (found - expected[which]).abs();
                assert!(
                    off < bar,
                    "{kernel:?} {matrix:?} {}: {found} for {}, off {off:.1e} of {bar:.1e}",
                    block.name,
                    expected[which]
                );
            }
            assert!(
                5 * kinks <= blocks.len(),
                "{kinks} kinks in {} blocks",
                blocks.len()
            );
        }
    }
}

#[test]
fn products_agree_with_differences_in_double_precision() {
    check(&named("resnet8x0.25", [3, 8, 8]), 5, 1);
    check(&named("resnet18x0.0625", [3, 9, 12]), 3, 7);
    check(&named("vgg13x0.0625", [3, 32, 32]), 2, 3);
    check(&named("lenet5", [1, 28, 28]), 2, 4);
    check(&named("mlp-13-9", [2, 5, 3]), 17, 5);
    check(&named("linear-quadratic", [2, 6, 5]), 18, 6);
    check(&named("resnet8x0.125-post-a", [3, 9, 7]), 5, 8);
    check(&named("resnet8x0.125-post-b", [1, 12, 8]), 3, 9);
    check(&named("resnet18x0.0625-imagenet", [3, 33, 32]), 1, 10);
    check(&named("lenet5-tanh-mean-pad0-conv", [1, 32, 32]), 2, 12);
    check(&named("lenet5-tanh-max-pad2", [1, 28, 28]), 2, 13);
    check(&named("mlp-13-9-bn", [2, 5, 3]), 17, 14);
    check(&named("mlp-13-tanh", [2, 5, 3]), 17, 15);
}

/// A net with everything in it: a norm of the picture, one after a bias, one read by two, shortcuts
/// of either kind, strides, padding of channels, pools.
fn mixed(channels: usize, side: usize, slope: f32, biases: bool, pool: usize) -> Option<Graph> {
    let mut net = Builder::new(Shape::new(channels, side, side));
    let value = net.batch_norm("n", 0, 1e-3);
    let value = net.conv("a", value, 5, [3, 1, 1], biases).ok()?;
    let value = net.batch_norm("b", value, 1e-3);
    let value = net.leaky_relu(value, slope);
    let inner = net.conv("c", value, 7, [3, 2, 1], biases).ok()?;
    let short = net.average_pool(value, 2).ok()?;
    let short = net.pad_channels(short, 1, 1);
    if net.shape(short) != net.shape(inner) {
        return None;
    }
    let value = net.add(inner, short);
    let normed = net.batch_norm("d", value, 1e-3);
    let other = net.leaky_relu(normed, slope);
    let value = net.add(value, other);
    let value = match pool {
        0 => net.max_pool(value, 2).ok()?,
        1 => net.global_pool(value),
        _ => value,
    };
    net.linear("e", value, 3);
    Some(net.finish())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn products_with_nets_of_any_shape_agree_with_differences(
        (channels, side) in (1..4_usize, 2..5_usize),
        (pool, biases) in (0..3_usize, any::<bool>()),
        slope in prop_oneof![Just(0.0_f32), Just(0.1)],
        (count, seed) in (1..9_usize, 0..1000_u64),
    ) {
        if let Some(graph) = mixed(channels, 2 * side, slope, biases, pool) {
            check(&graph, count, seed);
        }
    }
}

#[test]
fn products_are_linear_and_symmetric_on_every_kernel() {
    for name in ["resnet8x0.5", "resnet18x0.125", "lenet5"] {
        let side = if name == "lenet5" { 28 } else { 12 };
        let graph = named(name, [if side == 28 { 1 } else { 3 }, side, side]);
        let data = pictures(graph.input(), 37, 10);
        let (u, v) = (direction(&graph, 1), direction(&graph, 2));
        let sum: Vec<f32> = u.iter().zip(&v).map(|(u, v)| u - 2.0 * v).collect();
        for matrix in [Curved::Hessian, Curved::GaussNewton] {
            for kernel in Kernel::supported() {
                let at = products(&graph, kernel, &data, 9, matrix, ALL);
                let found = at.apply_all(&[&u, &v, &sum]);
                let [au, av, both] = &found[..] else { panic!() };
                let length = |x: &[f32]| norm(x.iter().map(|&x| x.into()));
                let (uav, vau) = (dot(&u, av), dot(&v, au));
                let scale = length(&u) * length(av) + length(&v) * length(au);
                prop_bar((uav - vau).abs(), 1e-5 * scale, name);
                let off = norm(
                    (0..u.len())
                        .map(|k| f64::from(both[k]) - f64::from(au[k]) + 2.0 * f64::from(av[k])),
                );
                prop_bar(off, 1e-5 * (length(au) + 2.0 * length(av)), name);
                if matrix == Curved::GaussNewton {
                    assert!(dot(&u, au) > 0.0 && dot(&v, av) > 0.0);
                }
            }
        }
    }
}

fn prop_bar(off: f64, bar: f64, name: &str) {
    assert!(off <= bar, "{name}: off {off:.1e} of {bar:.1e}");
}

#[test]
fn the_bits_depend_neither_on_threads_nor_on_what_is_kept() {
    let graph = named("resnet8x0.5", [3, 16, 16]);
    let data = pictures(graph.input(), 300, 10);
    let vectors = [1, 2, 3].map(|seed| direction(&graph, seed));
    let all: Vec<&[f32]> = vectors.iter().map(|v| &v[..]).collect();
    for matrix in [Curved::Hessian, Curved::GaussNewton] {
        let run = |threads: usize, bytes: usize, together: bool| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let at = products(&graph, Kernel::active(), &data, 3, matrix, bytes);
                match together {
                    true => at.apply_all(&all),
                    false => all.iter().map(|v| at.apply_all(&[v]).remove(0)).collect(),
                }
            })
        };
        let once = run(1, ALL, true);
        assert!(once.iter().all(|product| product.iter().any(|&x| x != 0.0)));
        for threads in [1, 2, 3] {
            // Enough for a few panels only, and for none.
            for bytes in [ALL, 4 << 20, 0] {
                for together in [false, true] {
                    assert!(
                        run(threads, bytes, together) == once,
                        "{threads} {bytes} {together}"
                    );
                }
            }
        }
    }
}
