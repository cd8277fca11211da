//! The net of a run.

use crate::data_args::Source;
use anyhow::Result;
use basinscope::data::Generator;
use basinscope::net::{Activation, Architecture};
use clap::{Args, ValueEnum};

/// Options that choose the net.
#[derive(Debug, Args)]
#[command(next_help_heading = "Net")]
pub struct NetArgs {
    /// Widths of the hidden layers [default: the paper's, 23,16,26,32,28,31]
    #[arg(long, value_name = "WIDTHS", value_delimiter = ',')]
    pub hidden: Option<Vec<usize>>,

    /// Activation between layers
    #[arg(long, value_enum, default_value_t = ActivationName::Relu)]
    pub activation: ActivationName,

    /// Slope of the leaky ReLU
    #[arg(long, default_value_t = 0.1)]
    pub slope: f32,

    /// A logit for each class (softmax) also where two classes could share one (sigmoid)
    #[arg(long)]
    pub softmax: bool,
}

/// Activations by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ActivationName {
    /// max(0, x)
    Relu,
    /// x or slope·x
    LeakyRelu,
    /// hyperbolic tangent
    Tanh,
}

impl NetArgs {
    /// The net for data of these features and classes.
    pub fn architecture(
        &self,
        source: &Source,
        num_features: usize,
        num_classes: usize,
    ) -> Result<Architecture> {
        let default = match source.generator() {
            Some(Generator::Spirals) => Architecture::minefield(),
            _ => Architecture::swiss_roll(),
        };
        let inner = 1..default.widths().len() - 1;
        let hidden = self
            .hidden
            .clone()
            .unwrap_or_else(|| default.widths()[inner].to_vec());
        let outputs = if num_classes == 2 && !self.softmax {
            1
        } else {
            num_classes
        };
        let widths = [&[num_features], hidden.as_slice(), &[outputs]].concat();
        let activation = match self.activation {
            ActivationName::Relu => Activation::Relu,
            ActivationName::LeakyRelu => Activation::LeakyRelu { slope: self.slope },
            ActivationName::Tanh => Activation::Tanh,
        };
        Ok(Architecture::new(widths, activation)?)
    }
}
