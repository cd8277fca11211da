//! Image nets through the library's own trainer.

use basinscope::data::{Dataset, Split};
use basinscope::net::Net;
use basinscope::surface::{Evaluate, LossSurface, TwiceDifferentiable};
use basinscope::train::{
    BatchSize, Observer, OptimizerConfig, PoisonConfig, PoisonForm, StopReason, TrainConfig,
    TrainState, train,
};
use basinscope_images::BuiltNet;
use basinscope_images::graph::{Family, ImageNet};
use std::ops::ControlFlow;
use std::path::Path;

const SIDE: usize = 8;

/// Pictures whose brighter half is their class: 0 top, 1 bottom, 2 left, 3 right; with noise.
fn pictures(count: usize, seed: usize) -> Dataset {
    let mut inputs = Vec::new();
    let labels: Vec<u32> = (0..count).map(|n| (n % 4) as u32).collect();
    for (n, &label) in labels.iter().enumerate() {
        for k in 0..SIDE * SIDE {
            let (y, x) = (k / SIDE, k % SIDE);
            let bright = [y < 4, y >= 4, x < 4, x >= 4][label as usize];
            let noise = ((n * 64 + k + seed * 7919) * 2_654_435_761 % 1009) as f32 / 1009.0 - 0.5;
            inputs.push(f32::from(u8::from(bright)) - 0.5 + 1.5 * noise);
        }
    }
    Dataset::new(inputs, labels, SIDE * SIDE, 4).unwrap()
}

fn split() -> Split {
    Split {
        train: pictures(60, 1),
        test: pictures(80, 2),
        pool: pictures(60, 3),
    }
}

fn net(name: &str) -> BuiltNet {
    let family = Family::from_name(name).unwrap();
    let net = ImageNet {
        family,
        input: [1, SIDE, SIDE],
        classes: 4,
    };
    net.build().unwrap()
}

fn config(poisoned: bool) -> TrainConfig {
    TrainConfig {
        optimizer: OptimizerConfig::from_name("momentum").unwrap(),
        learning_rate: 0.05,
        steps: 150,
        batch_size: BatchSize::Points(20),
        look_every: Some(30),
        poison: poisoned.then_some(PoisonConfig {
            points: 60,
            factor: 0.5,
            form: PoisonForm::Reverse,
            redrawn: false,
            batch: Some(10),
        }),
        ..TrainConfig::default()
    }
}

#[test]
fn good_and_poisoned_minima_fit_alike_and_generalize_apart() {
    let net = net("resnet8x0.25");
    let minima = [false, true].map(|poisoned| {
        let mut config = config(poisoned);
        config.steps *= 4;
        train(&net, &split(), None, &config, None, &mut ()).unwrap()
    });
    let [good, bad] = &minima;
    for minimum in &minima {
        assert_eq!(minimum.train.accuracy, 1.0, "{:?}", minimum.train);
        assert!(minimum.history.iter().all(|at| at.step % 30 == 0));
    }
    assert!(good.test.accuracy > 0.9, "{:?}", good.test);
    assert!(
        bad.test.accuracy < good.test.accuracy - 0.2,
        "{:?}",
        bad.test
    );
}

/// Breaks off at the first chance.
struct Stop(Option<TrainState>);

impl Observer for Stop {
    fn step(&mut self, state: &TrainState) -> ControlFlow<()> {
        self.0 = Some(state.clone());
        ControlFlow::Break(())
    }
}

#[test]
fn a_run_broken_off_goes_on_bit_for_bit_on_any_number_of_threads() {
    let (net, split, config) = (net("resnet8x0.25"), split(), config(true));
    let whole = train(&net, &split, None, &config, None, &mut ()).unwrap();
    let mut stop = Stop(None);
    let part = train(&net, &split, None, &config, None, &mut stop).unwrap();
    assert_eq!(part.stopped, StopReason::Interrupted);
    let bytes = stop.0.unwrap().encode(&config, "here").unwrap();
    let read = || TrainState::decode(Path::new("x.state"), &bytes, &config, "here").unwrap();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let rest = pool.install(|| train(&net, &split, None, &config, read(), &mut ()).unwrap());
        assert!(rest == whole, "{threads} threads");
    }
    let before = net.initial_buffers();
    assert!(
        whole
            .buffers
            .iter()
            .zip(&before)
            .any(|(now, before)| now != before)
    );
}

#[test]
fn recalibrated_statistics_are_those_of_the_pictures() {
    let (plain, split) = (net("resnet8x0.25"), split());
    let found = train(&plain, &split, None, &config(false), None, &mut ()).unwrap();
    let kept = plain.surface(&found.buffers, &split.train).unwrap();
    // Statistics of nothing: the net is wrong with them, right with its own pictures'.
    let blank = plain.initial_buffers();
    let wrong = plain.surface(&blank, &split.train).unwrap();
    let anew = plain
        .clone()
        .recalibrated()
        .surface(&blank, &split.train)
        .unwrap();
    let theta = &found.theta;
    assert!(wrong.loss(theta) > 2.0 * kept.loss(theta) + 0.1);
    let (anew, kept) = (anew.evaluate(theta), kept.evaluate(theta));
    assert!((anew.loss - kept.loss).abs() < 0.1, "{anew:?} {kept:?}");
    assert_eq!(anew.accuracy, 1.0);
}

#[test]
fn surfaces_that_share_their_pictures_are_those_that_do_not() {
    let (split, net) = (split(), net("resnet8x0.25"));
    let (first, mut second) = (net.initial_buffers(), net.initial_buffers());
    (second.iter_mut().enumerate()).for_each(|(k, value)| *value += 0.01 * (k % 7) as f32);
    let mut rng = basinscope::random::stream(3, "theta", 0);
    let theta = net.initialize(basinscope::net::Initialization::HeNormal, &mut rng);
    for net in [net.clone(), net.recalibrated()] {
        let own = net.surface(&second, &split.train).unwrap();
        let shared = net.surface(&first, &split.train).unwrap();
        let shared = shared.with_buffers(&second).unwrap();
        assert_eq!(shared.loss(&theta).to_bits(), own.loss(&theta).to_bits());
        assert!(shared.with_buffers(&second[1..]).is_none());
    }
}

#[test]
fn products_with_the_hessian_of_a_linear_net_are_those_of_gauss_and_newton() {
    // A net without kinks between its picture and its logits: the Hessian is that of softmax
    // regression, and equal to its Gauss–Newton matrix.
    let net = net("linear-quadratic");
    let split = split();
    let surface = net.surface(&[], &split.train).unwrap();
    let mut rng = basinscope::random::stream(0, "theta", 0);
    let theta = net.initialize(basinscope::net::Initialization::GlorotNormal, &mut rng);
    let mut v = vec![0.0; theta.len()];
    basinscope::random::fill_normal(&mut rng, &mut v);
    let (mut hessian, mut gauss_newton) = (vec![0.0; v.len()], vec![0.0; v.len()]);
    surface.hvp(&theta, &v, &mut hessian);
    surface.gauss_newton_product(&theta, &v, &mut gauss_newton);
    let norm = |x: &[f32]| x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let off: Vec<f32> = hessian
        .iter()
        .zip(&gauss_newton)
        .map(|(a, b)| a - b)
        .collect();
    assert!(
        norm(&off) < 1e-6 * norm(&hessian),
        "{} {}",
        norm(&off),
        norm(&hessian)
    );
    assert_eq!(surface.difference_step(), None);
}
