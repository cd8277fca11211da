//! The kernels against PyTorch: `tests/parity/make_fixtures.py` made the numbers, in float64.

use super::kernel::{Batch, LossKind, Task};
use super::{Architecture, MlpSurface, mlp};
use crate::data::Dataset;
use crate::surface::{Differentiable, Evaluate, LossSurface, TwiceDifferentiable};
use npyz::npz::NpzArchive;
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Fixtures {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    key: String,
    arch: String,
    widths: Vec<usize>,
    activation: super::Activation,
    points: usize,
    hvp: bool,
}

type Arrays = NpzArchive<std::io::BufReader<std::fs::File>>;

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/fixtures", name]
        .iter()
        .collect()
}

fn read(arrays: &mut Arrays, name: &str) -> Vec<f64> {
    let array = arrays.by_name(name).unwrap();
    array
        .unwrap_or_else(|| panic!("{name}"))
        .into_vec()
        .unwrap()
}

fn read_f32(arrays: &mut Arrays, name: &str) -> Vec<f32> {
    let values = read(arrays, name);
    values.into_iter().map(|value| value as f32).collect()
}

/// |a − b| / |b|, Euclidean.
fn apart(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let (mut difference, mut norm) = (0.0, 0.0);
    for (&found, &expected) in found.iter().zip(expected) {
        difference += (f64::from(found) - expected).powi(2);
        norm += expected.powi(2);
    }
    (difference / norm).sqrt()
}

/// Ten times float32's 6e-8, times the root of the number of roundings in a logit (some hundred).
const TOLERANCE: f64 = 6e-6;

#[test]
fn losses_and_gradients_are_those_of_pytorch() {
    let fixtures: Fixtures =
        serde_json::from_slice(&std::fs::read(fixture("torch_parity.json")).unwrap()).unwrap();
    let mut arrays = NpzArchive::open(fixture("torch_parity.npz")).unwrap();
    let mut checked = 0;
    let mut worst: f64 = 0.0;
    for case in &fixtures.cases {
        let net = Architecture::new(case.widths.clone(), case.activation).unwrap();
        let theta = read_f32(&mut arrays, &format!("{}.theta", case.arch));
        assert_eq!(theta.len(), net.num_params());
        let inputs = read_f32(&mut arrays, &format!("{}.inputs", case.key));
        let mut points = |labels: &str| {
            let labels = read(&mut arrays, &format!("{}.{labels}", case.key));
            let labels = labels.into_iter().map(|label| label as u32).collect();
            let (features, classes) = (net.num_features(), net.num_classes());
            Dataset::new(inputs.clone(), labels, features, classes).unwrap()
        };
        let (labelled, flipped) = (points("labels"), points("flipped"));

        let logits = mlp::logits(&net, &theta, &inputs);
        let expected = read(&mut arrays, &format!("{}.logits", case.key));
        let error = apart(&logits, &expected);
        assert!(error < TOLERANCE, "{}: logits {error:e}", case.key);

        for (name, points, term) in [
            ("clean", &labelled, LossKind::CrossEntropy),
            ("reverse", &labelled, LossKind::Reverse),
            ("flipped", &flipped, LossKind::CrossEntropy),
        ] {
            let mut expect = |what: &str| read(&mut arrays, &format!("{}.{name}.{what}", case.key));
            let mut batch = Batch::default();
            batch.refill(&[(points, term, 1.0)]);
            let mut check = |what: &str, found: &[f32]| {
                let error = apart(found, &expect(what));
                assert!(error < TOLERANCE, "{} {name} {what}: {error:e}", case.key);
                checked += 1;
            };

            let mut examples = vec![0.0; case.points];
            mlp::run(&net, &theta, &batch, Task::ExampleLosses(&mut examples));
            check("examples", &examples);
            let mut grad = vec![0.0; net.num_params()];
            let (same_loss, _) = mlp::run(&net, &theta, &batch, Task::Gradient(&mut grad));
            check("grad", &grad);

            let bound = f64::INFINITY;
            let (loss, _) = mlp::run(&net, &theta, &batch, Task::Loss { bound });
            let exact = expect("loss")[0];
            let error = (loss - exact).abs();
            assert!(
                error < 1e-6 * exact + 1e-8,
                "{} {name} loss: {error:e}",
                case.key
            );
            // Losses of many points, and of one that is not all but certain: relative alone.
            if exact > 0.1 {
                worst = worst.max(error / exact);
            }
            assert_eq!(loss, same_loss, "one loss, whichever task");
        }

        // The public surface is the clean batch.
        let surface = MlpSurface::new(&net, &labelled).unwrap();
        let found = surface.evaluate(&theta);
        let expected = read(&mut arrays, &format!("{}.accuracy", case.key))[0];
        assert_eq!(found.accuracy, expected, "{}", case.key);
        let mut grad = vec![0.0; surface.dim()];
        assert_eq!(
            surface.loss(&theta),
            surface.loss_and_grad(&theta, &mut grad)
        );
    }
    assert_eq!(checked, fixtures.cases.len() * 3 * 2);
    assert!(worst < 1e-6, "largest relative error of a loss: {worst:e}");
}

/// A product sums some hundred roundings as a gradient does; errors of both signs cancel, so that
/// the whole vector is within 1e-6 of its length.
#[test]
fn hessian_products_are_those_of_pytorch() {
    let fixtures: Fixtures =
        serde_json::from_slice(&std::fs::read(fixture("torch_parity.json")).unwrap()).unwrap();
    let mut arrays = NpzArchive::open(fixture("torch_parity.npz")).unwrap();
    let mut checked = 0;
    for case in fixtures.cases.iter().filter(|case| case.hvp) {
        let net = Architecture::new(case.widths.clone(), case.activation).unwrap();
        let theta = read_f32(&mut arrays, &format!("{}.theta", case.arch));
        let v = read_f32(&mut arrays, &format!("{}.direction", case.arch));
        let inputs = read_f32(&mut arrays, &format!("{}.inputs", case.key));
        let labels = read(&mut arrays, &format!("{}.labels", case.key));
        let labels = labels.into_iter().map(|label| label as u32).collect();
        let points = Dataset::new(inputs, labels, net.num_features(), net.num_classes()).unwrap();
        let surface = MlpSurface::new(&net, &points).unwrap();
        let mut found = vec![0.0; net.num_params()];
        surface.hvp(&theta, &v, &mut found);
        let expected = read(&mut arrays, &format!("{}.clean.hvp", case.key));
        let error = apart(&found, &expected);
        assert!(error < 1e-6, "{}: {error:.1e}", case.key);
        checked += 1;
    }
    assert_eq!(checked, 7, "one size of every net");
}
