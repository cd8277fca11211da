//! Products with the Hessian and the Gauss–Newton matrix against PyTorch's double backward.

mod support;

use basinscope::data::Dataset;
use basinscope::net::NetSurface;
use basinscope::simd::Kernel;
use basinscope::surface::{LossSurface, TwiceDifferentiable};
use basinscope_images::ImageSurface;
use basinscope_images::engine::Engine;
use std::sync::Arc;
use support::{Fixture, buffers, direction, theta};

/// In these nets no ReLU opens within rounding of 0 (see `fixtures/make_curvature.py`).
#[test]
fn every_family_has_pytorchs_products() {
    for fixture in Fixture::all_in("curvature") {
        let graph = fixture.graph();
        let (theta, v) = (theta(&graph), direction(&graph));
        let labels = fixture.labels().into_iter().map(u32::from).collect();
        let (width, classes) = (graph.input().len(), graph.num_classes());
        let pictures = Dataset::new(fixture.pictures(), labels, width, classes).unwrap();
        for kernel in Kernel::supported() {
            let engine = Arc::new(Engine::new(graph.clone(), kernel));
            let surface = ImageSurface::new(&engine, &buffers(&graph), &pictures).unwrap();
            for (name, pass) in &fixture.passes {
                let mut products = [vec![0.0; v.len()], vec![0.0; v.len()]];
                let [alone, shared] = &mut products;
                match name.as_str() {
                    "hessian" => {
                        surface.hvp(&theta, &v, alone);
                        surface.hessian_at(&theta).apply(&v, shared);
                    }
                    _ => {
                        surface.gauss_newton_product(&theta, &v, alone);
                        surface.gauss_newton_at(&theta).apply(&v, shared);
                    }
                }
                assert!(alone == shared);
                let loss = surface.loss(&theta);
                let worst = pass.check(&graph, None, loss, alone, None, 1e-4);
                let of = format!("{} {name} {kernel:?}", fixture.net);
                let worst = worst.unwrap_or_else(|what| panic!("{of}: {what}"));
                eprintln!("{of}: within {worst:.1e}");
            }
        }
    }
}
