//! The engine against PyTorch.

mod support;

use basinscope::data::Dataset;
use basinscope::net::LossKind;
use basinscope::simd::Kernel;
use basinscope::surface::{Evaluate, LossSurface, Predict};
use basinscope_images::engine::{Engine, Norms, Trainer};
use basinscope_images::{ImageSurface, NORM_MOMENTUM};
use std::sync::Arc;
use support::{Fixture, buffers, theta};

/// Each picture by itself.
fn singles(fixture: &Fixture, classes: usize) -> Vec<Dataset> {
    let all = fixture.pictures();
    let len = all.len() / fixture.pictures;
    (all.chunks_exact(len).zip(fixture.labels()))
        .map(|(picture, label)| {
            Dataset::new(picture.to_vec(), vec![label.into()], len, classes).unwrap()
        })
        .collect()
}

#[test]
fn every_net_gives_pytorchs_losses_gradients_and_statistics() {
    for fixture in Fixture::all() {
        let graph = fixture.graph();
        let (theta, before) = (theta(&graph), buffers(&graph));
        let pictures = singles(&fixture, graph.num_classes());
        for kernel in Kernel::supported() {
            let engine = Arc::new(Engine::new(graph.clone(), kernel));
            let mut trainer = Trainer::new(engine);
            for (name, pass) in &fixture.passes {
                let parts: Vec<(&Dataset, LossKind, f64)> = (pictures.iter())
                    .zip(pass.weights.iter().zip(&pass.reverse))
                    .map(|(picture, (&weight, &reverse))| {
                        let kind = match reverse {
                            true => LossKind::Reverse,
                            false => LossKind::CrossEntropy,
                        };
                        (picture, kind, weight.into())
                    })
                    .collect();
                trainer.refill(&parts);
                let (mut grad, mut running) = (vec![0.0; theta.len()], before.clone());
                let norms = match pass.train {
                    true => Norms::Batch {
                        running: &mut running,
                        momentum: NORM_MOMENTUM,
                    },
                    false => Norms::Running(&before),
                };
                let loss = trainer.loss_and_grad(&theta, norms, &mut grad);
                // Among the millions of activations of the large nets a few lie so close to 0 that
                // rounding decides their sign; one turned sign is up to a few thousandths of a
                // block's gradient. Which ones turn depends on the order of sums: on the portable
                // path none does in these nets. That nothing else differs is shown by
                // `paths_differ_in_the_gradients_of_large_nets_by_their_kinks_alone`.
                let is_small = theta.len() < 200_000;
                let tolerance = match is_small || kernel == Kernel::Portable {
                    true => 1e-4,
                    false => 1e-2,
                };
                let logits = trainer.logits();
                let running = pass.train.then_some(&running[..]);
                let worst = pass.check(&graph, Some(&logits), loss, &grad, running, tolerance);
                let of = format!("{} {name} {kernel:?}", fixture.net);
                let worst = worst.unwrap_or_else(|what| panic!("{of}: {what}"));
                eprintln!("{of}: within {worst:.1e}");
            }
        }
    }
}

#[test]
fn the_fused_path_gives_pytorchs_logits_and_loss() {
    for fixture in Fixture::all() {
        let graph = fixture.graph();
        let theta = theta(&graph);
        let labels = fixture.labels().into_iter().map(u32::from).collect();
        let (len, classes) = (graph.input().len(), graph.num_classes());
        let data = Dataset::new(fixture.pictures(), labels, len, classes).unwrap();
        let pass = &fixture.passes["eval"];
        let scale = pass.logits.iter().fold(0.0_f64, |max, z| max.max(z.abs()));
        let mean = (pass.logits.chunks_exact(classes).zip(data.labels()))
            .map(|(row, &y)| row.iter().map(|z| z.exp()).sum::<f64>().ln() - row[y as usize])
            .sum::<f64>()
            / data.len() as f64;
        for kernel in Kernel::supported() {
            let engine = Arc::new(Engine::new(graph.clone(), kernel));
            let surface = ImageSurface::new(&engine, &buffers(&graph), &data).unwrap();
            let mut logits = vec![0.0; pass.logits.len()];
            surface.logits(&theta, &mut logits);
            for (ours, theirs) in logits.iter().zip(&pass.logits) {
                let off = (f64::from(*ours) - theirs).abs() / scale;
                assert!(
                    off < 1e-5,
                    "{} {kernel:?}: {ours} for {theirs}",
                    fixture.net
                );
            }
            let loss = surface.loss(&theta);
            assert!(
                (loss - mean).abs() < 1e-5 * mean.max(1.0),
                "{loss} for {mean}"
            );
            // Stopping early answers as the whole sum does, on either side of it.
            let sum = loss * data.len() as f64;
            assert!(surface.sum_at_most(&theta, sum * (1.0 + 1e-9)));
            assert!(!surface.sum_at_most(&theta, sum * (1.0 - 1e-9)));
            let mut p = vec![0.0; logits.len()];
            surface.probabilities(&theta, &mut p);
            let right = (p.chunks_exact(classes).zip(data.labels()))
                .filter(|(row, y)| row.iter().all(|p| p <= &row[**y as usize]))
                .count();
            let accuracy = surface.evaluate(&theta).accuracy;
            assert_eq!(accuracy, right as f64 / data.len() as f64);
        }
    }
}
