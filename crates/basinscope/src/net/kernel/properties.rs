//! What must hold on every kernel path for any net and any points.

use super::tests::{Reference, activate, points, reference, second_derivative};
use super::*;
use crate::data::Dataset;
use crate::net::{Activation, Architecture, Initialization};
use crate::random::stream;
use crate::simd::Kernel;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use rand::{Rng, RngExt};

/// Parameters times points of one case, at most.
const COST: usize = 5_000_000;

/// Hands the same random cases to a property in every run.
fn holds(cases: u32, property: impl Fn(&Setup) -> Result<(), TestCaseError>) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, rng).run(&case(), |case| {
        property(&case.build())?;
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[derive(Debug, Clone)]
struct Case {
    widths: Vec<usize>,
    activation: Activation,
    /// Points, and poison points that follow them.
    counts: [usize; 2],
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let width = || prop_oneof![1..=20_usize, 1..=300_usize];
    let hidden = proptest::collection::vec(width(), 0..=4);
    let activation = prop_oneof![
        Just(Activation::Relu),
        (0.01..0.5_f32).prop_map(|slope| Activation::LeakyRelu { slope }),
        Just(Activation::Tanh),
    ];
    let odd = |most: usize| (0..most.div_ceil(2)).prop_map(|half| 2 * half + 1);
    let poison = prop_oneof![Just(0), odd(99)];
    let counts = (odd(700), poison);
    (
        1..=10_usize,
        hidden,
        1..=5_usize,
        activation,
        counts,
        any::<u64>(),
    )
        .prop_map(
            |(features, hidden, outputs, activation, (points, poison), seed)| {
                let widths = [&[features], &hidden[..], &[outputs]].concat();
                let params: usize = widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
                let most = (COST / params).max(1);
                Case {
                    widths,
                    activation,
                    counts: [points.min(most) | 1, poison.min(most)],
                    seed,
                }
            },
        )
}

/// A case's net, θ, points and two directions.
struct Setup {
    net: Architecture,
    theta: Vec<f32>,
    points: Vec<Dataset>,
    batch: Batch,
    u: Vec<f32>,
    v: Vec<f32>,
    /// A point, or one past the last.
    place: usize,
}

impl Case {
    fn build(&self) -> Setup {
        let rng = &mut stream(self.seed, "kernel properties", 0);
        let net = Architecture::new(self.widths.clone(), self.activation).unwrap();
        let counts = self.counts.into_iter().filter(|&count| count > 0);
        let points: Vec<Dataset> = counts
            .map(|count| points(count, net.num_features(), net.num_classes(), rng))
            .collect();
        let theta = between_kinks(&net, &points, rng);
        let mut direction = || -> Vec<f32> {
            (0..theta.len())
                .map(|_| rng.random_range(-1.0..1.0))
                .collect()
        };
        let (u, v) = (direction(), direction());
        let mut batch = Batch::default();
        batch.refill(&parts(&points));
        let place = rng.random_range(0..=batch.len());
        Setup {
            net,
            theta,
            points,
            batch,
            u,
            v,
            place,
        }
    }
}

fn parts(points: &[Dataset]) -> Vec<(&Dataset, LossKind, f64)> {
    match points {
        [clean, poison] => vec![
            (clean, LossKind::CrossEntropy, 0.75),
            (poison, LossKind::Reverse, 0.25),
        ],
        _ => vec![(&points[0], LossKind::CrossEntropy, 1.0)],
    }
}

/// Random weights, and biases that put the kink of each unit between its sums at two of the
/// points, so far from both that neither rounding nor a step of 1e-7 turns the unit on or off:
/// gradients of ReLU nets have jumps, which no tolerance would cover.
fn between_kinks(net: &Architecture, points: &[Dataset], rng: &mut impl Rng) -> Vec<f32> {
    let mut theta = Initialization::HeNormal.draw(net, rng);
    let mut rows: Vec<Vec<f64>> = (points.iter())
        .flat_map(|part| part.inputs().chunks_exact(net.num_features()))
        .map(|point| point.iter().map(|&x| f64::from(x)).collect())
        .collect();
    let mut start = 0;
    for pair in net.widths().windows(2) {
        let (fan_in, fan_out) = (pair[0], pair[1]);
        let biases = start + fan_in * fan_out;
        let mut next = vec![Vec::with_capacity(fan_out); rows.len()];
        for unit in 0..fan_out {
            let weights = &theta[start + unit * fan_in..][..fan_in];
            let sums: Vec<f64> = (rows.iter())
                .map(|row| {
                    row.iter()
                        .zip(weights)
                        .map(|(x, &w)| x * f64::from(w))
                        .sum()
                })
                .collect();
            let bias = -gap(&sums, unit) as f32;
            for (next, sum) in next.iter_mut().zip(&sums) {
                next.push(activate(net.activation(), sum + f64::from(bias)).0);
            }
            theta[biases + unit] = bias;
        }
        rows = next;
        start = biases + fan_out;
    }
    theta
}

/// The middle of the gap that maximises width · values below · values above; one from a lone
/// value, on either side by turns.
fn gap(values: &[f64], turn: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let worth = |i: usize| (sorted[i] - sorted[i - 1]) * (i * (sorted.len() - i)) as f64;
    let best = (1..sorted.len()).max_by(|&i, &j| worth(i).total_cmp(&worth(j)));
    match best {
        Some(i) => 0.5 * (sorted[i - 1] + sorted[i]),
        None => sorted[0] + if turn.is_multiple_of(2) { 1.0 } else { -1.0 },
    }
}

/// All that a path makes of a setup.
struct Found {
    loss: f64,
    correct: usize,
    right_in_a_row: usize,
    losses: Vec<f32>,
    logits: Vec<f32>,
    grad: Vec<f32>,
    hessian: Vec<f32>,
    gauss_newton: Vec<f32>,
}

impl Setup {
    fn run(&self, kernel: Kernel, workspace: &mut Workspace) -> Found {
        let mut pass = |task| workspace.run(kernel, &self.net, &self.theta, &self.batch, task);
        let (points, n) = (self.batch.len(), self.theta.len());
        let mut found = Found {
            loss: 0.0,
            correct: 0,
            right_in_a_row: pass(Task::RightInARow).correct,
            losses: vec![f32::NAN; points],
            logits: vec![f32::NAN; points * self.net.num_outputs()],
            grad: vec![f32::NAN; n],
            hessian: vec![f32::NAN; n],
            gauss_newton: vec![f32::NAN; n],
        };
        let evaluated = pass(Task::Evaluate);
        (found.loss, found.correct) = (evaluated.loss, evaluated.correct);
        pass(Task::ExampleLosses(&mut found.losses));
        pass(Task::Logits(&mut found.logits));
        pass(Task::Gradient(&mut found.grad));
        for (matrix, out) in [
            (Matrix::Hessian, &mut found.hessian),
            (Matrix::GaussNewton, &mut found.gauss_newton),
        ] {
            let v = &self.v;
            pass(Task::Product { matrix, v, out });
        }
        found
    }

    /// The points with these labels, but another at one place or at none.
    fn with_one_mistake(&self, mut labels: Vec<u32>) -> Batch {
        let classes = self.net.num_classes();
        if let Some(label) = labels.get_mut(self.place) {
            *label = (*label + 1) % classes as u32;
        }
        let inputs = self.points.iter().flat_map(Dataset::inputs).copied();
        let inputs = inputs.collect();
        let points = Dataset::new(inputs, labels, self.net.num_features(), classes);
        Batch::mean(&points.unwrap())
    }

    fn labels(&self) -> &[u32] {
        &self.batch.labels[..self.batch.len()]
    }

    /// The reference at θ + step·direction.
    fn exact(&self, step: f64, direction: &[f32]) -> Reference {
        let theta = self.theta.iter().zip(direction);
        let theta: Vec<f64> = theta
            .map(|(&t, &d)| f64::from(t) + step * f64::from(d))
            .collect();
        reference(&self.net, &theta, &parts(&self.points))
    }
}

impl Found {
    /// Every bit of it.
    fn bits(&self) -> Vec<u64> {
        let counts = [
            self.loss.to_bits(),
            self.correct as u64,
            self.right_in_a_row as u64,
        ];
        let vectors = [
            &self.losses,
            &self.logits,
            &self.grad,
            &self.hessian,
            &self.gauss_newton,
        ];
        let values = vectors.into_iter().flatten();
        let values = values.map(|value| u64::from(value.to_bits()));
        counts.into_iter().chain(values).collect()
    }
}

fn norm(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

/// |found − exact| over |exact|, in the Euclidean norm.
fn distance(found: &[f32], exact: &[f64]) -> f64 {
    let difference = found.iter().zip(exact).map(|(&f, e)| f64::from(f) - e);
    norm(difference) / norm(exact.iter().copied())
}

/// The largest |found − exact| over the largest |exact|, which counts as 1 at least.
fn largest(found: &[f32], exact: &[f64]) -> f64 {
    let difference = found
        .iter()
        .zip(exact)
        .map(|(&f, e)| (f64::from(f) - e).abs());
    let scale = exact.iter().map(|z| z.abs()).fold(1.0, f64::max);
    difference.fold(0.0, f64::max) / scale
}

/// Rounding, relative to the largest or to the norm: a unit's sum of k ≤ 301 terms rounds at random
/// by no more than about √k·2⁻²⁴ = 1e-6 of its size (Higham and Mary 2019), and the 15 steps of
/// five layers forward, along a direction and backward add up in quadrature to 4e-6.
const ROUNDING: f64 = 5e-6;

/// softplus and sigmoid are right to this (`loss.rs`).
const LOSS_ROUNDING: f64 = 3e-7;

#[test]
fn every_path_agrees_with_f64_and_with_the_portable_one() {
    holds(64, |setup| {
        // Central differences of f64: errors of h² in the curvature and 1e-16/h by rounding.
        let h = 1e-7;
        let [above, below] = [h, -h].map(|h| setup.exact(h, &setup.v));
        let [left, right] = [h, -h].map(|h| setup.exact(h, &setup.u));
        let exact = setup.exact(0.0, &setup.v);
        let slopes = |above: &[f64], below: &[f64]| -> Vec<f64> {
            let pairs = above.iter().zip(below);
            pairs.map(|(a, b)| (a - b) / (2.0 * h)).collect()
        };
        let product = slopes(&above.grad, &below.grad);
        let along_v = slopes(&above.logits, &below.logits);
        let along_u = slopes(&left.logits, &right.logits);
        // uᵀ·G·v = Σ w·(J·u)ᵀ·∇²ℓ·(J·v), and aᵀ·H·b = ((a + b)ᵀ·H·(a + b) − (a − b)ᵀ·H·(a − b))/4.
        let outputs = setup.net.num_outputs();
        let curvature: f64 = (0..setup.batch.len())
            .map(|i| {
                let at = i * outputs..(i + 1) * outputs;
                let quadratic = |sign: f64| {
                    let pairs = along_v[at.clone()].iter().zip(&along_u[at.clone()]);
                    let tangent: Vec<f64> = pairs.map(|(v, u)| v + sign * u).collect();
                    let objective = match setup.batch.forward[i] {
                        true => LossKind::CrossEntropy,
                        false => LossKind::Reverse,
                    };
                    let label = setup.batch.labels[i] as usize;
                    second_derivative(&exact.logits[at.clone()], &tangent, label, objective)
                };
                f64::from(setup.batch.weights[i]) * (quadratic(1.0) - quadratic(-1.0)) / 4.0
            })
            .sum();

        let portable = setup.run(Kernel::Portable, &mut Workspace::default());
        for kernel in Kernel::supported() {
            let found = setup.run(kernel, &mut Workspace::default());
            let off = largest(&found.logits, &exact.logits);
            prop_assert!(off <= ROUNDING, "{kernel:?} logits: {off:.1e}");
            // |∂ℓ/∂z|₁ ≤ 2 for both objectives: 1 − p_y and Σ_{k≠y} p_k, or p_y and p_y.
            let scale = exact.logits.iter().map(|z| z.abs()).fold(1.0, f64::max);
            let slack = |loss: f64| 2.0 * ROUNDING * scale + LOSS_ROUNDING * loss;
            for (i, (&found, &exact)) in found.losses.iter().zip(&exact.losses).enumerate() {
                let off = (f64::from(found) - exact).abs();
                prop_assert!(off <= slack(exact), "{kernel:?} loss {i}: {off:.1e}");
            }
            let off = (found.loss - exact.loss).abs();
            prop_assert!(off <= slack(exact.loss), "{kernel:?} loss: {off:.1e}");
            let off = distance(&found.grad, &exact.grad);
            prop_assert!(off <= ROUNDING, "{kernel:?} gradient: {off:.1e}");
            let off = distance(&found.hessian, &product);
            prop_assert!(off <= ROUNDING, "{kernel:?} Hessian: {off:.1e}");
            let (u, image) = (wide(&setup.u), wide(&found.gauss_newton));
            let dot: f64 = u.iter().zip(&image).map(|(u, g)| u * g).sum();
            // An error in the direction of u at worst.
            let off = (dot - curvature).abs() / (norm(u) * norm(image));
            prop_assert!(off <= ROUNDING, "{kernel:?} Gauss–Newton: {off:.1e}");

            let plain = [&portable.losses, &portable.logits, &portable.grad];
            let plain = [&plain[..], &[&portable.hessian, &portable.gauss_newton]].concat();
            let paths = [&found.losses, &found.logits, &found.grad];
            let paths = [&paths[..], &[&found.hessian, &found.gauss_newton]].concat();
            for (which, (path, plain)) in paths.into_iter().zip(plain).enumerate() {
                let off = distance(path, &wide(plain));
                prop_assert!(
                    off <= ROUNDING,
                    "{kernel:?} {which}: {off:.1e} from portable"
                );
            }
        }
        Ok(())
    });
}

#[test]
fn a_path_repeats_itself_bit_for_bit() {
    // A wider and deeper net.
    let bigger = Case {
        widths: vec![10, 301, 301, 301, 301, 301, 6],
        activation: Activation::Tanh,
        counts: [17, 0],
        seed: 0,
    };
    let mut bigger = bigger.build();
    bigger.theta.fill(f32::NAN);
    let leave_nothing_but_nan = |kernel, workspace: &mut Workspace| {
        let Setup { net, theta, v, .. } = &bigger;
        let (matrix, out) = (Matrix::Hessian, &mut vec![0.0; v.len()]);
        let task = Task::Product { matrix, v, out };
        workspace.run(kernel, net, theta, &bigger.batch, task);
    };
    holds(48, |setup| {
        for kernel in Kernel::supported() {
            let used = &mut Workspace::default();
            leave_nothing_but_nan(kernel, used);
            let workspace = &mut Workspace::default();
            let bits = setup.run(kernel, workspace).bits();
            prop_assert!(
                setup.run(kernel, workspace).bits() == bits,
                "{kernel:?} again"
            );
            prop_assert!(
                setup.run(kernel, used).bits() == bits,
                "{kernel:?} in used buffers"
            );
            let elsewhere = std::thread::scope(|scope| {
                let run = || setup.run(kernel, &mut Workspace::default()).bits();
                scope.spawn(run).join().unwrap()
            });
            prop_assert!(elsewhere == bits, "{kernel:?} on another thread");
        }
        Ok(())
    });
}

#[test]
fn counts_follow_from_logits_and_early_stops_from_the_loss() {
    holds(128, |setup| {
        let workspace = &mut Workspace::default();
        for kernel in Kernel::supported() {
            let found = setup.run(kernel, workspace);
            let predicted: Vec<u32> = (found.logits.chunks(setup.net.num_outputs()))
                .map(|logits| match logits {
                    [logit] => u32::from(*logit > 0.0),
                    // The first of the highest.
                    _ => (0..logits.len() as u32)
                        .rev()
                        .max_by(|&i, &j| logits[i as usize].total_cmp(&logits[j as usize]))
                        .unwrap_or(0),
                })
                .collect();
            let right = predicted.iter().zip(setup.labels());
            let right: Vec<bool> = right.map(|(predicted, label)| predicted == label).collect();
            let correct = right.iter().filter(|&&right| right).count();
            prop_assert_eq!(found.correct, correct, "{:?}", kernel);
            let in_a_row = right.iter().take_while(|&&right| right).count();
            prop_assert_eq!(found.right_in_a_row, in_a_row, "{:?}", kernel);

            // One label that is not as predicted, or none.
            let batch = setup.with_one_mistake(predicted);
            let mut count = |task| {
                let pass = workspace.run(kernel, &setup.net, &setup.theta, &batch, task);
                pass.correct
            };
            let (place, len) = (setup.place, batch.len());
            prop_assert_eq!(count(Task::RightInARow), place, "{:?}", kernel);
            let correct = len - usize::from(place < len);
            prop_assert_eq!(count(Task::Evaluate), correct, "{:?}", kernel);

            let mut loss = |bound| {
                let task = Task::Loss { bound };
                let pass = workspace.run(kernel, &setup.net, &setup.theta, &setup.batch, task);
                pass.loss
            };
            let full = loss(f64::INFINITY);
            prop_assert_eq!(full, found.loss, "{:?}", kernel);
            let below = [0.0, 0.1, 0.5, 0.9].map(|share| share * full);
            let above = [1.1, 2.0, 10.0].map(|times| times * full);
            let at = [full.next_down(), full, full.next_up()];
            for bound in below.into_iter().chain(at).chain(above) {
                let under = loss(bound) <= bound;
                prop_assert_eq!(under, full <= bound, "{:?} {:e}", kernel, bound);
            }
        }
        Ok(())
    });
}
