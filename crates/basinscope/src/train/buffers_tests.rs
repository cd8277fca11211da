use super::*;
use crate::data::{Dataset, Generator, Split};
use crate::net::{Net, toy::Centred};
use crate::random::stream;
use crate::surface::{Evaluate, LossSurface};
use std::ops::ControlFlow;

/// Two moons far from the origin, so that a mean left out would be noticed.
fn moons() -> Split {
    let generator = Generator::from_name("moons").unwrap();
    let points = generator.dataset(60, &mut stream(5, "data", 0)).unwrap();
    let part = |from: usize, to: usize| {
        let part = points.select(&(from..to).collect::<Vec<_>>());
        let inputs = part.inputs().iter().map(|x| x + 5.0).collect();
        Dataset::new(inputs, part.labels().to_vec(), 2, 2).unwrap()
    };
    Split {
        train: part(0, 40),
        test: part(40, 60),
        pool: part(0, 0),
    }
}

fn config(optimizer: &str) -> TrainConfig {
    TrainConfig {
        optimizer: OptimizerConfig::from_name(optimizer).unwrap(),
        learning_rate: 0.05,
        steps: 200,
        batch_size: BatchSize::Points(15),
        ..TrainConfig::default()
    }
}

/// Stops at a step and keeps the state.
struct StopAt(usize, Option<TrainState>);

impl Observer for StopAt {
    fn step(&mut self, state: &TrainState) -> ControlFlow<()> {
        if state.step < self.0 {
            return ControlFlow::Continue(());
        }
        self.1 = Some(state.clone());
        ControlFlow::Break(())
    }
}

#[test]
fn training_moves_the_buffers_and_the_surface_reads_them() {
    let (net, split) = (Centred::new(2, 2), moons());
    let minimum = train(&net, &split, None, &config("adam"), None, &mut ()).unwrap();
    // The mean of the training points, but for the last batches' chance.
    for (feature, &running) in minimum.buffers.iter().enumerate() {
        let values = split.train.inputs().iter().skip(feature).step_by(2);
        let mean = values.sum::<f32>() / split.train.len() as f32;
        assert!(
            (running - mean).abs() < 0.3 && mean > 4.0,
            "{running} {mean}"
        );
    }
    // Moons are separable to 85 % or so by a line through the right place.
    assert!(minimum.train.accuracy > 0.8, "{:?}", minimum.train);
    let surface = net.surface(&minimum.buffers, &split.train).unwrap();
    assert_eq!(surface.evaluate(&minimum.theta), minimum.train);
    let last = minimum.history.last().unwrap();
    assert_eq!((last.step, last.train_loss), (200, minimum.train.loss));
    let elsewhere = net.surface(&net.initial_buffers(), &split.train).unwrap();
    assert!(elsewhere.loss(&minimum.theta) > 1.5 * minimum.train.loss);
}

#[test]
fn a_run_with_buffers_goes_on_to_the_bit() {
    let (net, split) = (Centred::new(2, 2), moons());
    for optimizer in ["adam", "asgd"] {
        let config = config(optimizer);
        let whole = train(&net, &split, None, &config, None, &mut ()).unwrap();
        let mut stop = StopAt(100, None);
        let half = train(&net, &split, None, &config, None, &mut stop).unwrap();
        assert_eq!(half.stopped, StopReason::Interrupted);
        let bytes = stop.1.unwrap().encode(&config, "moons").unwrap();
        let path = std::path::Path::new("x.state");
        let state = TrainState::decode(path, &bytes, &config, "moons").unwrap();
        assert!(state.is_some());
        let resumed = train(&net, &split, None, &config, state, &mut ()).unwrap();
        assert_eq!(resumed, whole, "{optimizer}");
    }
}

#[test]
fn a_step_that_diverges_leaves_the_buffers_finite() {
    let (net, mut split) = (Centred::new(2, 2), moons());
    // Large enough for the second step's logits to overflow, small enough for the points to be moved.
    let inputs = split.train.inputs().iter().map(|x| x * 1e36).collect();
    split.train = Dataset::new(inputs, split.train.labels().to_vec(), 2, 2).unwrap();
    let config = TrainConfig {
        batch_size: BatchSize::Full,
        learning_rate: 1e4,
        ..config("sgd")
    };
    let minimum = train(&net, &split, None, &config, None, &mut ()).unwrap();
    assert_eq!(minimum.stopped, StopReason::Diverged);
    // As many moves as steps that count, none for the one that diverged: the mean stays the same,
    // so that after k moves 1 − .75^k of it is there.
    let mut mean = 0.0_f64;
    for point in split.train.inputs().chunks_exact(2) {
        mean += f64::from(point[0]) / split.train.len() as f64;
    }
    let share = 1.0 - 0.75_f64.powi(minimum.steps as i32);
    let found = f64::from(minimum.buffers[0]);
    assert!(
        (found - share * mean).abs() < 1e-3 * mean.abs(),
        "{found} {share} {mean}"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let (net, split) = (Centred::new(2, 2), moons());
    let proximal = TrainConfig {
        proximal: Some(0.1),
        ..config("adam")
    };
    let error = check(&net, &split, None, &proximal)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("proximal") && error.contains("centred 2-2"),
        "{error}"
    );
    let config = config("adam");
    let state = TrainState::new(&config, vec![0.0; net.num_params()], vec![0.0; 3]);
    let error = train(&net, &split, None, &config, Some(state), &mut ()).unwrap_err();
    assert!(error.to_string().contains("buffers"), "{error}");
    let wide = Centred::new(3, 2);
    let error = check(&wide, &split, None, &config).unwrap_err().to_string();
    assert!(error.contains("input width"), "{error}");
}
