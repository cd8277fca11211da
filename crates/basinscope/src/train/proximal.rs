//! Proximal back-propagation: the gradient of each layer, turned by a ridge regression.

use super::Objective;
use crate::data::Dataset;
use crate::net::{Activation, Architecture, check_fit};
use crate::{Error, Result};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use std::cmp::Ordering;

/// An objective whose gradient is that of proximal back-propagation.
///
/// In each layer but the last, the explicit gradient step becomes an implicit one: the weights
/// that best follow the step of the layer's outputs, held near where they were.
///
/// ```text
/// W⁺ = argmin ½·mean|W·a − (W₀·a − δ)|² + 1/(2τ)·|W − W₀|²
///    = W₀ − G·(mean(a·aᵀ) + I/τ)⁻¹,       G = mean(δ·aᵀ) = ∂L/∂W
/// ```
///
/// with a the layer's inputs (a 1 for the bias beside them) over the training points, and δ the
/// back-propagated error. What the optimizer sees as the gradient is W₀ − W⁺; the last layer keeps
/// its plain gradient. τ → 0 gives τ times back-propagation.
///
/// # Cost
/// A gradient, a plain forward pass, and a Cholesky factor for each layer.
///
/// # Reference
/// Frerix, Möllenhoff, Moeller and Cremers 2018, algorithm 1 and eq. 14. The paper sums where we
/// take means, so that τ does not depend on the number of points.
pub struct Proximal<O> {
    objective: O,
    net: Architecture,
    tau: f64,
    /// Inputs, feature by feature: `[features][points]`.
    inputs: Vec<f32>,
    points: usize,
}

impl<O: Objective> Proximal<O> {
    /// Wraps an objective of a net; `points` are those whose activations are used.
    ///
    /// # Errors
    /// [`Error::Setting`] for a τ that is not positive, or points that do not fit the net.
    pub fn new(objective: O, net: &Architecture, points: &Dataset, tau: f64) -> Result<Self> {
        check_fit(net, points)?;
        if !(tau > 0.0 && tau.is_finite()) {
            return Err(Error::setting("proximal", "a number above 0", tau));
        }
        let (features, count) = (points.num_features(), points.len());
        let inputs = (0..features)
            .flat_map(|feature| (0..count).map(move |point| points.point(point)[feature]))
            .collect();
        Ok(Self {
            objective,
            net: net.clone(),
            tau,
            inputs,
            points: count,
        })
    }

    /// Turns the gradient of every layer but the last, going forward through the net.
    fn turn(&self, theta: &[f32], grad: &mut [f32]) {
        let widths = self.net.widths();
        let mut values = self.inputs.clone();
        let mut start = 0;
        for layer in 0..self.net.num_layers() - 1 {
            let (fan_in, fan_out) = (widths[layer], widths[layer + 1]);
            let end = start + (fan_in + 1) * fan_out;
            self.solve(&values, fan_out, &mut grad[start..end]);
            values = self.forward(&values, fan_out, &theta[start..end]);
            start = end;
        }
    }

    /// G·(mean(a·aᵀ) + I/τ)⁻¹ for one layer: its weights `[out, in]`, then its biases.
    fn solve(&self, values: &[f32], fan_out: usize, grad: &mut [f32]) {
        let rows: Vec<&[f32]> = values.chunks_exact(self.points).collect();
        let (fan_in, ones) = (rows.len(), vec![1.0_f32; self.points]);
        let row = |index: usize| rows.get(index).copied().unwrap_or(&ones);
        let mean = |i: usize, j: usize| -> f64 {
            let products = row(i).iter().zip(row(j)).map(|(&a, &b)| a * b);
            f64::from(products.sum::<f32>()) / self.points as f64
        };
        let matrix = Mat::from_fn(fan_in + 1, fan_in + 1, |i, j| match i.cmp(&j) {
            Ordering::Greater => mean(i, j),
            Ordering::Equal => mean(i, i) + 1.0 / self.tau,
            Ordering::Less => 0.0, // only the lower half is read
        });
        // Positive definite by its ridge; only values that are not finite have no factor, and
        // then the descent has diverged and stops by itself.
        let Ok(factor) = matrix.llt(Side::Lower) else {
            return;
        };
        let place = |unit: usize, input: usize| match input < fan_in {
            true => unit * fan_in + input,
            false => fan_out * fan_in + unit,
        };
        let right = Mat::from_fn(fan_in + 1, fan_out, |input, unit| {
            f64::from(grad[place(unit, input)])
        });
        let turned = factor.solve(right);
        for unit in 0..fan_out {
            for input in 0..=fan_in {
                grad[place(unit, input)] = turned[(input, unit)] as f32;
            }
        }
    }

    /// The outputs of one layer, `[out][points]`.
    fn forward(&self, values: &[f32], fan_out: usize, theta: &[f32]) -> Vec<f32> {
        let fan_in = values.len() / self.points;
        let (weights, biases) = theta.split_at(fan_in * fan_out);
        let mut out = Vec::with_capacity(fan_out * self.points);
        for (row, &bias) in weights.chunks_exact(fan_in).zip(biases) {
            let mut unit = vec![bias; self.points];
            for (&weight, input) in row.iter().zip(values.chunks_exact(self.points)) {
                for (sum, &x) in unit.iter_mut().zip(input) {
                    *sum += weight * x;
                }
            }
            out.extend(unit.into_iter().map(|x| match self.net.activation() {
                Activation::Relu => x.max(0.0),
                Activation::LeakyRelu { slope } if x < 0.0 => slope * x,
                Activation::LeakyRelu { .. } => x,
                Activation::Tanh => x.tanh(),
            }));
        }
        out
    }
}

impl<O: Objective> Objective for Proximal<O> {
    fn dim(&self) -> usize {
        self.objective.dim()
    }

    fn steps_per_epoch(&self) -> usize {
        self.objective.steps_per_epoch()
    }

    fn loss_and_grad(
        &mut self,
        step: usize,
        theta: &[f32],
        buffers: &mut [f32],
        grad: &mut [f32],
    ) -> f64 {
        let loss = self.objective.loss_and_grad(step, theta, buffers, grad);
        self.turn(theta, grad);
        loss
    }
}

#[cfg(test)]
mod tests {
    use super::super::Whole;
    use super::*;
    use crate::net::{Initialization, MlpSurface};
    use crate::random::stream;

    fn setup() -> (Architecture, Dataset, Vec<f32>) {
        let net = Architecture::new(vec![2, 3, 4, 1], Activation::Relu).unwrap();
        let inputs = (0..12_i8).map(|i| f32::from(i % 7) - 2.5).collect();
        let points = Dataset::new(inputs, vec![0, 1, 1, 0, 1, 0], 2, 2).unwrap();
        let theta = Initialization::HeNormal.draw(&net, &mut stream(2, "init", 0));
        (net, points, theta)
    }

    fn gradients(tau: f64) -> (Vec<f32>, Vec<f32>) {
        let (net, points, theta) = setup();
        let surface = MlpSurface::new(&net, &points).unwrap();
        let mut plain = vec![0.0; net.num_params()];
        Whole(&surface).loss_and_grad(0, &theta, &mut [], &mut plain);
        let mut turned = plain.clone();
        let mut proximal = Proximal::new(Whole(&surface), &net, &points, tau).unwrap();
        proximal.loss_and_grad(0, &theta, &mut [], &mut turned);
        (plain, turned)
    }

    #[test]
    fn a_short_step_is_plain_back_propagation() {
        // (C + I/τ)⁻¹ → τ·I; the last layer (4 weights and a bias) is never turned.
        let tau = 1e-5;
        let (plain, turned) = gradients(tau);
        let last = plain.len() - 5;
        assert_eq!(plain[last..], turned[last..]);
        for (plain, turned) in plain[..last].iter().zip(&turned) {
            assert!((f64::from(*plain) - f64::from(*turned) / tau).abs() < 1e-3);
        }
        assert!(plain.iter().any(|&g| g.abs() > 0.01));
    }

    #[test]
    fn the_step_solves_the_ridge_regression() {
        // First layer, by hand: W₀ − W⁺ = X with X·(C + I/τ) = G, C the mean of a·aᵀ.
        let (tau, (_, points, _)) = (0.7, setup());
        let (plain, turned) = gradients(tau);
        let a: Vec<[f64; 3]> = (0..points.len())
            .map(|i| {
                let x = points.point(i);
                [f64::from(x[0]), f64::from(x[1]), 1.0]
            })
            .collect();
        let of = |grad: &[f32], unit: usize, input: usize| {
            f64::from(if input < 2 {
                grad[2 * unit + input]
            } else {
                grad[6 + unit]
            })
        };
        for unit in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3)
                    .map(|k| {
                        let c = a.iter().map(|a| a[k] * a[j]).sum::<f64>() / a.len() as f64;
                        let ridge = if k == j { 1.0 / tau } else { 0.0 };
                        of(&turned, unit, k) * (c + ridge)
                    })
                    .sum();
                assert!((product - of(&plain, unit, j)).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_step_size_below_zero_is_refused() {
        let (net, points, _) = setup();
        let surface = MlpSurface::new(&net, &points).unwrap();
        assert!(Proximal::new(Whole(&surface), &net, &points, 0.0).is_err());
    }
}
