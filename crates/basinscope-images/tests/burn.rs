//! The Burn backend against PyTorch, and against itself.
#![cfg(feature = "burn")]

mod support;

use basinscope::net::LossKind;
use basinscope_images::burn::{BurnNet, Device, Mode, Step, Target};
use support::{Fixture, Pass, buffers, theta};

fn net(fixture: &Fixture) -> BurnNet {
    BurnNet::new(&fixture.graph(), &Device::from_name("flex").unwrap())
}

fn targets(labels: &[u8], pass: &Pass) -> Vec<Target> {
    (labels.iter().zip(&pass.weights).zip(&pass.reverse))
        .map(|((&label, &weight), &reverse)| Target {
            label,
            weight: f64::from(weight),
            kind: match reverse {
                true => LossKind::Reverse,
                false => LossKind::CrossEntropy,
            },
        })
        .collect()
}

fn step(net: &BurnNet, fixture: &Fixture, pass: &Pass) -> Step {
    let mode = if pass.train { Mode::Train } else { Mode::Eval };
    let (theta, buffers) = (theta(net.graph()), buffers(net.graph()));
    let targets = targets(&fixture.labels(), pass);
    net.loss_and_grad(&theta, &buffers, &fixture.pictures(), &targets, mode)
        .unwrap()
}

#[test]
fn every_net_gives_pytorchs_losses_gradients_and_statistics() {
    for fixture in Fixture::all() {
        let net = net(&fixture);
        for (name, pass) in &fixture.passes {
            let step = step(&net, &fixture, pass);
            let buffers = pass.train.then_some(&step.buffers[..]);
            let (logits, grad) = (Some(&step.logits[..]), &step.grad);
            // As for the engine: of the millions of activations of the large nets, rounding
            // decides the sign of a few.
            let is_small = grad.len() < 200_000;
            let tolerance = if is_small { 1e-4 } else { 1e-2 };
            let worst = pass.check(net.graph(), logits, step.loss, grad, buffers, tolerance);
            let worst = worst.unwrap_or_else(|what| panic!("{} {name}: {what}", fixture.net));
            eprintln!("{} {name}: within {worst:.1e}", fixture.net);
        }
    }
}

#[test]
fn batches_give_what_all_at_once_gives() {
    let fixture = Fixture::of("resnet8x0.25");
    let pass = &fixture.passes["eval"];
    let net = net(&fixture).with_batch_size(7).unwrap();
    let step = step(&net, &fixture, pass);
    let logits = Some(&step.logits[..]);
    pass.check(net.graph(), logits, step.loss, &step.grad, None, 1e-4)
        .unwrap();

    let at = net
        .place(&theta(net.graph()), &buffers(net.graph()))
        .unwrap();
    let pictures = net.pictures(&fixture.pictures()).unwrap();
    assert_eq!(net.logits(&at, &pictures).unwrap(), step.logits);
    let loss = net.mean_loss(&at, &pictures, &fixture.labels()).unwrap();
    assert!(
        (loss / pass.loss - 1.0).abs() < 1e-5,
        "{loss} {}",
        pass.loss
    );
}

#[test]
fn the_same_bits_twice_and_on_any_number_of_threads() {
    let fixture = Fixture::of("resnet8x0.5");
    let run = || step(&net(&fixture), &fixture, &fixture.passes["train_mixed"]);
    let first = run();
    assert!(first == run(), "twice");
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        assert!(first == pool.install(run), "{threads} threads");
    }
}

#[test]
fn a_step_along_the_gradient_lowers_the_loss_by_its_square() {
    let fixture = Fixture::of("lenet5");
    let (net, pass) = (net(&fixture), &fixture.passes["eval"]);
    let targets = targets(&fixture.labels(), pass);
    let at = |theta: &[f32]| {
        let pictures = fixture.pictures();
        net.loss_and_grad(theta, &[], &pictures, &targets, Mode::Eval)
            .unwrap()
    };
    let theta = theta(net.graph());
    let here = at(&theta);
    let square: f64 = here.grad.iter().map(|&g| f64::from(g).powi(2)).sum();
    let moved = |h: f32| {
        let theta: Vec<f32> = theta
            .iter()
            .zip(&here.grad)
            .map(|(t, g)| t + h * g)
            .collect();
        at(&theta).loss
    };
    let h = 1e-4;
    let slope = (moved(h) - moved(-h)) / f64::from(2.0 * h);
    assert!((slope / square - 1.0).abs() < 1e-2, "{slope} {square}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let fixture = Fixture::of("vgg13x0.125");
    let net = net(&fixture);
    let (theta, buffers) = (theta(net.graph()), buffers(net.graph()));
    assert!(net.place(&theta[1..], &buffers).is_err());
    assert!(net.place(&theta, &buffers[1..]).is_err());
    for pictures in [&[][..], &[0.0; 784 * 2 - 1]] {
        assert!(net.pictures(pictures).is_err());
    }
    let refusal = |targets: &[Target], mode| {
        let pictures = vec![0.0; 784 * targets.len()];
        let step = net.loss_and_grad(&theta, &buffers, &pictures, targets, mode);
        step.unwrap_err().to_string()
    };
    assert!(refusal(&Target::mean(&[10]), Mode::Eval).contains("below 10"));
    // The last norms of this net see 1 × 1 pictures.
    assert!(refusal(&Target::mean(&[3]), Mode::Train).contains("two pictures"));
    assert!(refusal(&[], Mode::Eval).contains("pictures"));
    assert!(net.with_batch_size(0).is_err());
}

#[test]
fn the_engine_and_burn_agree() {
    use basinscope::data::Dataset;
    use basinscope::net::{LossKind, Net};
    use basinscope::surface::{Differentiable, Evaluate, LossSurface};
    use basinscope_images::graph::{Family, ImageNet};
    for (name, input) in [
        ("resnet20", [3, 32, 32]),
        ("vgg13x0.125", [3, 32, 32]),
        ("lenet5", [1, 28, 28]),
    ] {
        let family = Family::from_name(name).unwrap();
        let net = ImageNet {
            family,
            input,
            classes: 10,
        };
        let engine = net.build().unwrap();
        let burn = engine.clone().on(Device::from_name("flex").unwrap());
        let graph = engine.engine().graph();
        let (theta, buffers) = (theta(graph), buffers(graph));
        let len: usize = input.iter().product();
        let inputs = (0..20 * len)
            .map(|k| (k * 2_654_435_761 % 1999) as f32 / 1000.0 - 1.0)
            .collect();
        let labels = (0..20).map(|k| k % 10).collect();
        let points = Dataset::new(inputs, labels, len, 10).unwrap();
        let [ours, theirs] = [&engine, &burn].map(|net| net.surface(&buffers, &points).unwrap());
        let (a, b) = (ours.evaluate(&theta), theirs.evaluate(&theta));
        assert!(
            (a.loss - b.loss).abs() < 1e-5 * a.loss.max(1.0),
            "{name}: {a:?} {b:?}"
        );
        assert_eq!(a.accuracy, b.accuracy);
        let (mut each, mut other) = (vec![0.0; 20], vec![0.0; 20]);
        ours.example_losses(&theta, &mut each);
        theirs.example_losses(&theta, &mut other);
        for (a, b) in each.iter().zip(&other) {
            assert!((a - b).abs() < 2e-5 * a.max(1.0), "{name}: {a} {b}");
        }
        let sum = 20.0 * a.loss;
        for surface in [&ours, &theirs] {
            assert!(surface.sum_at_most(&theta, 1.001 * sum));
            assert!(!surface.sum_at_most(&theta, 0.999 * sum));
        }
        let mut grads = [vec![0.0; theta.len()], vec![0.0; theta.len()]];
        ours.loss_and_grad(&theta, &mut grads[0]);
        theirs.loss_and_grad(&theta, &mut grads[1]);
        close(name, &grads);
        // A step of training moves statistics alike.
        let mut moved = [buffers.clone(), buffers.clone()];
        for ((net, moved), grad) in [&engine, &burn].into_iter().zip(&mut moved).zip(&mut grads) {
            let mut batch = net.batch();
            batch.refill(&[(&points, LossKind::Reverse, 1.0)]);
            batch.loss_and_grad(&theta, moved, grad);
        }
        close(name, &grads);
        close(name, &moved);
    }
}

/// Up to the few activations whose sign rounding decides.
fn close(what: &str, [a, b]: &[Vec<f32>; 2]) {
    let norm =
        |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let off = norm(&mut a.iter().zip(b).map(|(a, b)| a - b));
    let size = norm(&mut a.iter().copied());
    assert!(off <= 5e-3 * size, "{what}: {off} of {size}");
}
