//! What a multi-layer perceptron looks like, checked once.

use crate::surface::{Block, BlockKind, ParameterLayout};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// The non-linearity between layers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(0, x).
    Relu,
    /// x for x > 0, else slope·x (the paper's SVHN net uses slope .1).
    LeakyRelu {
        /// The slope for negative x, in (0, 1).
        slope: f32,
    },
    /// Hyperbolic tangent.
    Tanh,
}

/// A multi-layer perceptron: widths from input to output and the activation between them.
///
/// One output is a single logit of class 1 (sigmoid cross-entropy); K ≥ 2 outputs are the logits
/// of K classes (softmax cross-entropy).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawArchitecture", into = "RawArchitecture")]
pub struct Architecture {
    widths: Vec<usize>,
    activation: Activation,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawArchitecture {
    widths: Vec<usize>,
    activation: Activation,
}

impl TryFrom<RawArchitecture> for Architecture {
    type Error = Error;
    fn try_from(raw: RawArchitecture) -> Result<Self> {
        Self::new(raw.widths, raw.activation)
    }
}

impl From<Architecture> for RawArchitecture {
    fn from(net: Architecture) -> Self {
        Self {
            widths: net.widths,
            activation: net.activation,
        }
    }
}

impl Architecture {
    /// `widths` runs from inputs over hidden layers to outputs.
    ///
    /// # Errors
    /// Fewer than two widths, a width of 0, or a leaky slope outside (0, 1).
    pub fn new(widths: Vec<usize>, activation: Activation) -> Result<Self> {
        if widths.len() < 2 {
            return Err(Error::setting(
                "widths",
                "at least an input and an output width",
                format!("{widths:?}"),
            ));
        }
        if let Some(layer) = widths.iter().position(|&width| width == 0) {
            return Err(Error::setting(
                "widths",
                "every width to be at least 1",
                format!("0 at position {layer} of {widths:?}"),
            ));
        }
        if let Activation::LeakyRelu { slope } = activation
            && !(slope > 0.0 && slope < 1.0)
        {
            return Err(Error::setting("slope", "a number between 0 and 1", slope));
        }
        Ok(Self { widths, activation })
    }

    /// The net of the paper's swiss roll: 2-23-16-26-32-28-31-1, ReLU, 3,614 parameters.
    pub fn swiss_roll() -> Self {
        Self {
            widths: vec![2, 23, 16, 26, 32, 28, 31, 1],
            activation: Activation::Relu,
        }
    }

    /// The net of the paper's minefield: 2-25-25-25-25-1, ReLU, 2,051 parameters.
    pub fn minefield() -> Self {
        Self {
            widths: vec![2, 25, 25, 25, 25, 1],
            activation: Activation::Relu,
        }
    }

    /// Widths from input to output.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// The activation between layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Number of input features.
    pub fn num_features(&self) -> usize {
        self.widths[0]
    }

    /// Number of outputs: 1 for a single logit, else K.
    pub fn num_outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Number of classes: 2 for a single logit, else K.
    pub fn num_classes(&self) -> usize {
        self.num_outputs().max(2)
    }

    /// Number of layers with weights.
    pub fn num_layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// Number of parameters n = Σ (in + 1)·out.
    pub fn num_params(&self) -> usize {
        self.widths.windows(2).map(|w| (w[0] + 1) * w[1]).sum()
    }

    /// The blocks of θ: for each layer its weight `[out, in]` (row-major), then its bias `[out]`,
    /// named as PyTorch's `state_dict` would (`layers.0.weight`, `layers.0.bias`, …).
    pub fn layout(&self) -> ParameterLayout {
        let mut blocks = Vec::with_capacity(2 * self.num_layers());
        let mut offset = 0;
        for (layer, pair) in self.widths.windows(2).enumerate() {
            let (fan_in, fan_out) = (pair[0], pair[1]);
            blocks.push(Block {
                name: format!("layers.{layer}.weight"),
                layer,
                kind: BlockKind::Weight,
                offset,
                shape: vec![fan_out, fan_in],
            });
            offset += fan_in * fan_out;
            blocks.push(Block {
                name: format!("layers.{layer}.bias"),
                layer,
                kind: BlockKind::Bias,
                offset,
                shape: vec![fan_out],
            });
            offset += fan_out;
        }
        ParameterLayout::new(blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_nets_have_the_papers_sizes() {
        assert_eq!(Architecture::swiss_roll().num_params(), 3_614);
        assert_eq!(Architecture::minefield().num_params(), 2_051);
        let weights: usize = Architecture::swiss_roll()
            .layout()
            .blocks()
            .iter()
            .filter(|block| block.kind == BlockKind::Weight)
            .map(Block::len)
            .sum();
        assert_eq!(weights, 3_457);
    }

    #[test]
    fn layers_are_weights_with_their_biases() {
        let net = Architecture::new(vec![2, 3, 1], Activation::Relu).unwrap();
        let layers = net.layout().layers();
        assert_eq!(
            layers,
            [("layers.0".into(), 0..9), ("layers.1".into(), 9..13)]
        );
    }

    #[test]
    fn a_width_of_zero_is_refused() {
        let error = Architecture::new(vec![2, 0, 1], Activation::Relu)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("widths") && error.contains("position 1"),
            "{error}"
        );
        assert!(
            serde_json::from_str::<Architecture>(r#"{"widths":[2],"activation":"relu"}"#).is_err()
        );
    }
}
