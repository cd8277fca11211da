//! Every kernel path against plain f64 loops.

use super::*;
use crate::data::Dataset;
use crate::net::{Activation, Architecture, Initialization};
use crate::random::stream;
use crate::simd::Kernel;
use rand::{Rng, RngExt};

/// Losses, gradient and logits by the textbook, in f64, point by point.
pub(super) struct Reference {
    pub(super) loss: f64,
    pub(super) losses: Vec<f64>,
    pub(super) grad: Vec<f64>,
    pub(super) logits: Vec<f64>,
}

pub(super) fn activate(activation: Activation, x: f64) -> (f64, f64) {
    match activation {
        Activation::Relu => (x.max(0.0), if x > 0.0 { 1.0 } else { 0.0 }),
        Activation::LeakyRelu { slope } => {
            let slope = f64::from(slope);
            if x > 0.0 {
                (x, 1.0)
            } else {
                (slope * x, slope)
            }
        }
        Activation::Tanh => (x.tanh(), 1.0 - x.tanh().powi(2)),
    }
}

pub(super) fn reference(
    net: &Architecture,
    theta: &[f64],
    parts: &[(&Dataset, LossKind, f64)],
) -> Reference {
    let widths = net.widths();
    let layers = net.num_layers();
    let mut out = Reference {
        loss: 0.0,
        losses: Vec::new(),
        grad: vec![0.0; theta.len()],
        logits: Vec::new(),
    };
    for &(points, objective, share) in parts {
        let weight = share / points.len() as f64;
        for index in 0..points.len() {
            let mut values = vec![
                points
                    .point(index)
                    .iter()
                    .map(|&x| f64::from(x))
                    .collect::<Vec<_>>(),
            ];
            let mut slopes = vec![];
            let mut offset = 0;
            let mut offsets = vec![];
            for layer in 0..layers {
                let (fan_in, fan_out) = (widths[layer], widths[layer + 1]);
                offsets.push(offset);
                let bias = offset + fan_in * fan_out;
                let (mut next, mut slope) = (vec![], vec![]);
                for o in 0..fan_out {
                    let sum = theta[bias + o]
                        + (0..fan_in)
                            .map(|i| theta[offset + o * fan_in + i] * values[layer][i])
                            .sum::<f64>();
                    let (y, d) = if layer + 1 == layers {
                        (sum, 1.0)
                    } else {
                        activate(net.activation(), sum)
                    };
                    next.push(y);
                    slope.push(d);
                }
                values.push(next);
                slopes.push(slope);
                offset = bias + fan_out;
            }
            let logits = &values[layers];
            let label = points.labels()[index] as usize;
            let scores = if logits.len() == 1 {
                vec![0.0, logits[0]]
            } else {
                logits.clone()
            };
            let top = scores.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = scores.iter().map(|z| (z - top).exp()).sum();
            let p: Vec<f64> = scores.iter().map(|z| (z - top).exp() / sum).collect();
            let rest: f64 = (0..p.len()).filter(|&k| k != label).map(|k| p[k]).sum();
            let (loss, dscores): (f64, Vec<f64>) = match objective {
                LossKind::CrossEntropy => (
                    -p[label].ln(),
                    (0..p.len())
                        .map(|k| p[k] - f64::from(u8::from(k == label)))
                        .collect(),
                ),
                // d(−ln(1 − p_y))/dz_k = p_y/(1 − p_y)·([k = y] − p_k)
                LossKind::Reverse => (
                    -rest.ln(),
                    (0..p.len())
                        .map(|k| p[label] / rest * (f64::from(u8::from(k == label)) - p[k]))
                        .collect(),
                ),
            };
            out.loss += weight * loss;
            out.losses.push(loss);
            out.logits.extend(logits);
            let mut delta: Vec<f64> = if logits.len() == 1 {
                vec![weight * dscores[1]]
            } else {
                dscores.iter().map(|d| weight * d).collect()
            };
            for layer in (0..layers).rev() {
                let (fan_in, fan_out) = (widths[layer], widths[layer + 1]);
                let offset = offsets[layer];
                for o in 0..fan_out {
                    delta[o] *= slopes[layer][o];
                    for (i, &value) in values[layer].iter().enumerate() {
                        out.grad[offset + o * fan_in + i] += delta[o] * value;
                    }
                    out.grad[offset + fan_in * fan_out + o] += delta[o];
                }
                delta = (0..fan_in)
                    .map(|i| {
                        (0..fan_out)
                            .map(|o| delta[o] * theta[offset + o * fan_in + i])
                            .sum()
                    })
                    .collect();
            }
        }
    }
    out
}

pub(super) fn points(count: usize, features: usize, classes: usize, rng: &mut impl Rng) -> Dataset {
    let inputs = (0..count * features)
        .map(|_| rng.random_range(-2.0..2.0_f32))
        .collect();
    let labels = (0..count)
        .map(|_| rng.random_range(0..classes as u32))
        .collect();
    Dataset::new(inputs, labels, features, classes).unwrap()
}

fn assert_agrees(widths: &[usize], activation: Activation, count: usize, poison: usize, seed: u64) {
    let rng = &mut stream(seed, "kernel", 0);
    let net = Architecture::new(widths.to_vec(), activation).unwrap();
    let mut theta = Initialization::HeNormal.draw(&net, rng);
    for value in &mut theta {
        *value += rng.random_range(-0.1..0.1_f32);
    }
    let clean = points(count, net.num_features(), net.num_classes(), rng);
    let bad = points(poison.max(1), net.num_features(), net.num_classes(), rng);
    let mut parts = vec![(&clean, LossKind::CrossEntropy, 0.75)];
    if poison > 0 {
        parts.push((&bad, LossKind::Reverse, 0.25));
    }
    let theta64: Vec<f64> = theta.iter().map(|&value| f64::from(value)).collect();
    let exact = reference(&net, &theta64, &parts);
    let mut batch = Batch::default();
    batch.refill(&parts);
    let mut workspace = Workspace::default();
    let what = format!("{widths:?} {activation:?} {count}+{poison}");
    for kernel in Kernel::supported() {
        let mut grad = vec![f32::NAN; theta.len()];
        let loss = workspace
            .run(kernel, &net, &theta, &batch, Task::Gradient(&mut grad))
            .loss;
        assert!(
            (loss / exact.loss - 1.0).abs() < 1e-5,
            "{what} {kernel:?}: {loss} {}",
            exact.loss
        );
        let scale = exact.grad.iter().map(|g| g.abs()).fold(1e-30, f64::max);
        for (at, (&found, &expected)) in grad.iter().zip(&exact.grad).enumerate() {
            let error = (f64::from(found) - expected).abs() / scale;
            assert!(
                error < 2e-5,
                "{what} {kernel:?} grad[{at}]: {found} {expected}"
            );
        }
        let bounded = |bound| workspace_loss(kernel, &net, &theta, &batch, bound);
        assert_eq!(
            bounded(f64::INFINITY),
            loss,
            "{what}: one loss, whichever task"
        );
        assert!(bounded(0.5 * loss) > 0.5 * loss);
        let outputs = net.num_outputs();
        let mut logits = vec![f32::NAN; batch.len() * outputs];
        workspace.run(kernel, &net, &theta, &batch, Task::Logits(&mut logits));
        let scale = exact.logits.iter().map(|z| z.abs()).fold(1.0, f64::max);
        for (&found, &expected) in logits.iter().zip(&exact.logits) {
            assert!(
                (f64::from(found) - expected).abs() / scale < 1e-5,
                "{what}: logits"
            );
        }
        let mut losses = vec![f32::NAN; batch.len()];
        workspace.run(
            kernel,
            &net,
            &theta,
            &batch,
            Task::ExampleLosses(&mut losses),
        );
        let sum: f64 = losses
            .iter()
            .zip(&batch.weights)
            .map(|(&l, &w)| f64::from(l) * f64::from(w))
            .sum();
        assert!((sum / loss - 1.0).abs() < 1e-6, "{what}: example losses");
    }
}

fn workspace_loss(
    kernel: Kernel,
    net: &Architecture,
    theta: &[f32],
    batch: &Batch,
    bound: f64,
) -> f64 {
    Workspace::default()
        .run(kernel, net, theta, batch, Task::Loss { bound })
        .loss
}

#[test]
fn the_papers_net_agrees_with_f64() {
    assert_agrees(
        &[2, 23, 16, 26, 32, 28, 31, 1],
        Activation::Relu,
        200,
        160,
        1,
    );
}

#[test]
fn every_activation_and_head_agrees_with_f64() {
    for activation in [
        Activation::Relu,
        Activation::LeakyRelu { slope: 0.1 },
        Activation::Tanh,
    ] {
        for outputs in [1, 2, 3, 10] {
            assert_agrees(&[3, 17, 9, outputs], activation, 37, 21, 2);
        }
    }
}

#[test]
fn odd_shapes_agree_with_f64() {
    // Every remainder of the tiles (rows mod 4, registers mod 3 and 5, points mod 16 and 256),
    // single points, single units, no hidden layer.
    let rng = &mut stream(4, "shapes", 0);
    for case in 0..60 {
        let depth = rng.random_range(0..4);
        let mut widths = vec![rng.random_range(1..9)];
        widths.extend((0..depth).map(|_| rng.random_range(1..70)));
        widths.push(rng.random_range(1..5));
        let activation = [
            Activation::Relu,
            Activation::LeakyRelu { slope: 0.3 },
            Activation::Tanh,
        ][case % 3];
        let (count, poison) = (rng.random_range(1..700), [0, 1, 40][case % 3]);
        assert_agrees(&widths, activation, count, poison, 100 + case as u64);
    }
}

#[test]
fn reversed_two_class_poison_is_a_flipped_label() {
    // For two classes 1 − p_y is the other class's probability.
    let rng = &mut stream(5, "flip", 0);
    let net = Architecture::minefield();
    let theta = Initialization::GlorotUniform.draw(&net, rng);
    let given = points(50, 2, 2, rng);
    let flipped = Dataset::new(
        given.inputs().to_vec(),
        given.labels().iter().map(|&label| 1 - label).collect(),
        2,
        2,
    )
    .unwrap();
    let grad_of = |points: &Dataset, objective| {
        let (mut batch, mut grad) = (Batch::default(), vec![0.0; theta.len()]);
        batch.refill(&[(points, objective, 1.0)]);
        Workspace::default().run(
            Kernel::active(),
            &net,
            &theta,
            &batch,
            Task::Gradient(&mut grad),
        );
        grad
    };
    assert_eq!(
        grad_of(&given, LossKind::Reverse),
        grad_of(&flipped, LossKind::CrossEntropy)
    );
}

/// Hessian products against central differences of the f64 gradient; Gauss–Newton ones against
/// vᵀ·G·v = Σ w·żᵀ·∇²ℓ·ż with ż by differences of the f64 logits.
fn assert_products_agree(widths: &[usize], activation: Activation, seed: u64) {
    let rng = &mut stream(seed, "products", 0);
    let net = Architecture::new(widths.to_vec(), activation).unwrap();
    let mut theta = Initialization::HeNormal.draw(&net, rng);
    for value in &mut theta {
        *value += rng.random_range(-0.1..0.1_f32);
    }
    let clean = points(300, net.num_features(), net.num_classes(), rng);
    let bad = points(33, net.num_features(), net.num_classes(), rng);
    let parts = [
        (&clean, LossKind::CrossEntropy, 0.75),
        (&bad, LossKind::Reverse, 0.25),
    ];
    let mut batch = Batch::default();
    batch.refill(&parts);
    let n = theta.len();
    let v: Vec<f32> = (0..n).map(|_| rng.random_range(-1.0..1.0_f32)).collect();
    let u: Vec<f32> = (0..n).map(|_| rng.random_range(-1.0..1.0_f32)).collect();
    let h = 1e-6;
    let shifted = |sign: f64| -> Reference {
        let terms = theta.iter().zip(&v);
        let theta: Vec<f64> = terms
            .map(|(&t, &v)| f64::from(t) + sign * h * f64::from(v))
            .collect();
        reference(&net, &theta, &parts)
    };
    let (above, below) = (shifted(1.0), shifted(-1.0));
    let exact: Vec<f64> = (above.grad.iter().zip(&below.grad))
        .map(|(a, b)| (a - b) / (2.0 * h))
        .collect();
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        (a.iter().zip(b))
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum()
    };
    let mut workspace = Workspace::default();
    for kernel in Kernel::supported() {
        let mut product = |matrix: Matrix, v: &[f32]| {
            let mut out = vec![f32::NAN; n];
            let task = Task::Product {
                matrix,
                v,
                out: &mut out,
            };
            workspace.run(kernel, &net, &theta, &batch, task);
            out
        };
        let what = format!("{widths:?} {activation:?} {kernel:?}");
        let found = product(Matrix::Hessian, &v);
        let scale = exact.iter().map(|x| x * x).sum::<f64>().sqrt();
        let error = (found.iter().zip(&exact))
            .map(|(&found, exact)| (f64::from(found) - exact).powi(2))
            .sum::<f64>()
            .sqrt();
        assert!(error <= 1e-6 * scale, "{what}: {:.1e}", error / scale);

        let other = product(Matrix::Hessian, &u);
        let (one, two) = (dot(&u, &found), dot(&v, &other));
        assert!(
            (one - two).abs() <= 1e-5 * scale * dot(&u, &u).sqrt(),
            "{what}: symmetric"
        );

        let curvature = dot(&v, &product(Matrix::GaussNewton, &v));
        let outputs = net.num_outputs();
        let mut exact = 0.0;
        let mut row = 0;
        for &(points, objective, share) in &parts {
            for index in 0..points.len() {
                let at = row * outputs..(row + 1) * outputs;
                row += 1;
                let tangent: Vec<f64> = (above.logits[at.clone()].iter())
                    .zip(&below.logits[at.clone()])
                    .map(|(a, b)| (a - b) / (2.0 * h))
                    .collect();
                let middle: Vec<f64> = (above.logits[at.clone()].iter())
                    .zip(&below.logits[at])
                    .map(|(a, b)| (a + b) / 2.0)
                    .collect();
                let label = points.labels()[index] as usize;
                let weight = share / points.len() as f64;
                exact += weight * second_derivative(&middle, &tangent, label, objective);
            }
        }
        assert!(
            (curvature - exact).abs() <= 1e-5 * exact.abs().max(1e-3),
            "{what}: {curvature} {exact}"
        );
    }
}

/// d²ℓ(z + t·ż)/dt² at t = 0: variance of ż under the softmax of all logits, less that under the
/// others' for the reverse.
pub(super) fn second_derivative(
    logits: &[f64],
    tangent: &[f64],
    label: usize,
    objective: LossKind,
) -> f64 {
    let (logits, tangent) = match logits {
        [one] => (vec![0.0, *one], vec![0.0, tangent[0]]),
        _ => (logits.to_vec(), tangent.to_vec()),
    };
    let variance = |skip: Option<usize>| {
        let kept = || (0..logits.len()).filter(|&k| Some(k) != skip);
        let sum: f64 = kept().map(|k| logits[k].exp()).sum();
        let mean = kept()
            .map(|k| logits[k].exp() / sum * tangent[k])
            .sum::<f64>();
        kept()
            .map(|k| logits[k].exp() / sum * (tangent[k] - mean).powi(2))
            .sum::<f64>()
    };
    match objective {
        LossKind::CrossEntropy => variance(None),
        LossKind::Reverse => variance(None) - variance(Some(label)),
    }
}

#[test]
fn products_agree_with_f64() {
    let activations = [
        Activation::Relu,
        Activation::LeakyRelu { slope: 0.1 },
        Activation::Tanh,
    ];
    for (case, &activation) in activations.iter().enumerate() {
        for outputs in [1, 2, 5] {
            assert_products_agree(&[3, 17, 9, 21, outputs], activation, case as u64);
        }
        assert_products_agree(&[2, 1], activation, 10);
        assert_products_agree(&[2, 23, 16, 26, 32, 28, 31, 1], activation, 11);
    }
}

#[test]
fn parts_of_a_gradient_add_up_the_same_on_any_number_of_threads() {
    let rng = &mut stream(6, "parts", 0);
    let net = Architecture::swiss_roll();
    let theta = Initialization::HeNormal.draw(&net, rng);
    let mut batch = Batch::default();
    for count in [200, 1_001] {
        batch.refill(&[(&points(count, 2, 2, rng), LossKind::CrossEntropy, 1.0)]);
        assert!(batch.parts(theta.len()) > 1);
        let on = |threads| {
            let mut grad = vec![f32::NAN; theta.len()];
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let loss = pool
                .unwrap()
                .install(|| crate::net::loss_and_grad(&net, &theta, &batch, &mut grad));
            (loss, grad)
        };
        let (loss, grad) = on(1);
        assert_eq!((loss, grad.clone()), on(3));
        let mut whole = vec![f32::NAN; theta.len()];
        let task = Task::Gradient(&mut whole);
        let exact = Workspace::default().run(Kernel::active(), &net, &theta, &batch, task);
        assert!((loss / exact.loss - 1.0).abs() < 1e-12);
        // Sums of some hundred f32 terms in another order.
        let scale = whole.iter().fold(0.0_f32, |scale, g| scale.max(g.abs()));
        for (part, whole) in grad.iter().zip(&whole) {
            assert!((part - whole).abs() < 1e-6 * scale, "{part} {whole}");
        }
    }
}
