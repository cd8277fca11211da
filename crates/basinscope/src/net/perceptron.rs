//! The perceptron as one kind of net.

use super::kernel::Batch;
use super::{
    Activation, Architecture, Initialization, LossKind, MlpSurface, Net, NetSurface, TrainingBatch,
    any_net::check_buffers, loss_and_grad,
};
use crate::Result;
use crate::data::Dataset;
use crate::random::Stream;
use crate::surface::ParameterLayout;

impl Net for Architecture {
    fn layout(&self) -> ParameterLayout {
        Architecture::layout(self)
    }

    fn num_params(&self) -> usize {
        Architecture::num_params(self)
    }

    fn num_features(&self) -> usize {
        Architecture::num_features(self)
    }

    fn num_classes(&self) -> usize {
        Architecture::num_classes(self)
    }

    fn initialize(&self, how: Initialization, rng: &mut Stream) -> Vec<f32> {
        how.draw(self, rng)
    }

    fn surface(&self, buffers: &[f32], points: &Dataset) -> Result<Box<dyn NetSurface>> {
        check_buffers(self, buffers)?;
        Ok(Box::new(MlpSurface::new(self, points)?))
    }

    fn batch(&self) -> Box<dyn TrainingBatch> {
        Box::new(MlpBatch {
            net: self.clone(),
            batch: Batch::default(),
        })
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::json!(self)
    }

    fn describe(&self) -> String {
        let widths: Vec<String> = self.widths().iter().map(usize::to_string).collect();
        let activation = match self.activation() {
            Activation::Relu => "ReLU".to_owned(),
            Activation::LeakyRelu { slope } => format!("leaky ReLU {slope}"),
            Activation::Tanh => "tanh".to_owned(),
        };
        format!("MLP {}, {activation}", widths.join("-"))
    }

    fn as_perceptron(&self) -> Option<&Architecture> {
        Some(self)
    }
}

/// Points in the order of the kernels, refilled in place.
struct MlpBatch {
    net: Architecture,
    batch: Batch,
}

impl TrainingBatch for MlpBatch {
    fn refill(&mut self, parts: &[(&Dataset, LossKind, f64)]) {
        self.batch.refill(parts);
    }

    fn loss_and_grad(&mut self, theta: &[f32], _buffers: &mut [f32], grad: &mut [f32]) -> f64 {
        loss_and_grad(&self.net, theta, &self.batch, grad)
    }
}

impl NetSurface for MlpSurface {
    fn gauss_newton_product(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        MlpSurface::gauss_newton_product(self, theta, v, out);
    }

    fn example_losses(&self, theta: &[f32], out: &mut [f32]) {
        MlpSurface::example_losses(self, theta, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perceptron_is_described_in_a_line() {
        let describe = |widths: &[usize], activation| {
            let net = Architecture::new(widths.to_vec(), activation).unwrap();
            net.describe()
        };
        assert_eq!(describe(&[2, 25, 1], Activation::Relu), "MLP 2-25-1, ReLU");
        let leaky = Activation::LeakyRelu { slope: 0.1 };
        assert_eq!(describe(&[2, 1], leaky), "MLP 2-1, leaky ReLU 0.1");
    }

    #[test]
    fn buffers_are_refused_where_there_are_none() {
        let net = Architecture::new(vec![1, 1], Activation::Tanh).unwrap();
        let points = Dataset::new(vec![0.5], vec![1], 1, 2).unwrap();
        assert!(net.surface(&[], &points).is_ok());
        assert!(net.surface(&[1.0], &points).is_err());
    }
}
