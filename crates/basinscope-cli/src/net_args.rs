//! The net of a run.

use crate::data_args::Source;
use anyhow::Result;
use basinscope::data::Generator;
use basinscope::net::{Activation, Architecture, Net};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// The net of a run, as `config.toml` holds it: a table of its own, told apart by its keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum NetConfig {
    /// `widths` and `activation`.
    Perceptron(Architecture),
    /// `family`, `input` and `classes`.
    #[cfg(feature = "images")]
    Image(basinscope_images::graph::ImageNet),
}

impl NetConfig {
    /// The net itself.
    pub fn build(&self) -> Result<Box<dyn Net>> {
        match self {
            Self::Perceptron(net) => Ok(Box::new(net.clone())),
            #[cfg(feature = "images")]
            Self::Image(net) => Ok(Box::new(on_device(net.build()?))),
        }
    }

    /// From a table of `config.toml` or the architecture of a θ file.
    fn from_json(value: &Value) -> serde_json::Result<Self> {
        #[cfg(feature = "images")]
        if value.get("family").is_some() {
            return serde_json::from_value(value.clone()).map(Self::Image);
        }
        serde_json::from_value(value.clone()).map(Self::Perceptron)
    }
}

impl From<Architecture> for NetConfig {
    fn from(net: Architecture) -> Self {
        Self::Perceptron(net)
    }
}

impl<'de> Deserialize<'de> for NetConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let table = Value::deserialize(from)?;
        Self::from_json(&table).map_err(de::Error::custom)
    }
}

/// The net whose architecture a θ file holds.
pub fn net_from_json(architecture: &Value) -> Result<Box<dyn Net>> {
    NetConfig::from_json(architecture)?.build()
}

/// The same with batch norms that take their statistics from the examples anew at each θ.
#[cfg(feature = "images")]
pub fn recalibrated_net_from_json(architecture: &Value) -> Result<Box<dyn Net>> {
    match NetConfig::from_json(architecture)? {
        NetConfig::Image(net) => Ok(Box::new(on_device(net.build()?.recalibrated()))),
        NetConfig::Perceptron(net) => Ok(Box::new(net)),
    }
}

/// The device that image nets are computed on, where it is not the processor by our own kernels.
#[cfg(feature = "burn")]
static DEVICE: std::sync::OnceLock<basinscope_images::burn::Device> = std::sync::OnceLock::new();

/// Chooses the device of all image nets: `cpu` or one of Burn's.
#[cfg(feature = "images")]
pub fn choose_device(name: &str) -> Result<()> {
    if name == "cpu" {
        return Ok(());
    }
    #[cfg(feature = "burn")]
    {
        let device = basinscope_images::burn::Device::from_name(name).map_err(with_cpu)?;
        let _ = DEVICE.set(device);
        Ok(())
    }
    #[cfg(not(feature = "burn"))]
    {
        let expected = "cpu (flex, vulkan, metal and cuda need a build with --features burn, \
                        vulkan, metal or cuda)";
        Err(basinscope::Error::setting("device", expected, name).into())
    }
}

/// What nets are computed by, as its options name it: `avx512`, or `avx512 --device flex` where
/// image nets are on a device of Burn's.
pub fn computed_by() -> String {
    let kernel = basinscope::simd::Kernel::active().name();
    #[cfg(feature = "burn")]
    if let Some(device) = DEVICE.get() {
        return format!("{kernel} --device {}", device.name());
    }
    kernel.into()
}

/// An error about devices that also names our own.
#[cfg(feature = "burn")]
fn with_cpu(error: basinscope::Error) -> basinscope::Error {
    match error {
        basinscope::Error::Setting {
            field,
            expected,
            found,
        } => basinscope::Error::Setting {
            field,
            expected: format!("cpu, {expected}"),
            found,
        },
        other => other,
    }
}

#[cfg(feature = "images")]
fn on_device(net: basinscope_images::BuiltNet) -> basinscope_images::BuiltNet {
    #[cfg(feature = "burn")]
    if let Some(device) = DEVICE.get() {
        return net.on(device.clone());
    }
    net
}

/// Options that choose the net.
#[derive(Debug, Args)]
#[command(next_help_heading = "Net")]
pub struct NetArgs {
    /// Net for pictures: resnet20, mlp-256-128, …; --help lists all [default: resnet20]
    ///
    /// resnet20, resnet8x0.5: the paper's pre-activation nets (depth 6n + 2, width multiplier).
    /// resnet20-post-a, resnet56-post-b: CIFAR ResNets with convolution, norm, ReLU; shortcuts A
    /// (every second row and column, channels of zeros on both sides) or B (convolution of 1×1 and
    /// norm).
    /// resnet18, resnet34: basic blocks in four stages; -imagenet with the stem for large pictures.
    /// vgg11, vgg13, vgg16, vgg19: with batch norm; -plain without, -512-512 with hidden layers.
    /// lenet5: ReLU and max pooling; -tanh, -mean, -pad0 or -pad2 (first convolution; default 2
    /// where pictures are smaller than 32×32), -conv (fifth layer).
    /// mlp-256-128: a perceptron on the pixels; -bn with batch norm, -tanh. linear-quadratic
    #[cfg(feature = "images")]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["hidden", "softmax"])]
    pub net: Option<String>,

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
    pub fn config(
        &self,
        source: &Source,
        num_features: usize,
        num_classes: usize,
    ) -> Result<NetConfig> {
        #[cfg(feature = "images")]
        if let Source::Images(pictures) = source {
            self.check_for_pictures()?;
            let name = self.net.as_deref().unwrap_or("resnet20");
            return Ok(NetConfig::Image(basinscope_images::graph::ImageNet {
                family: basinscope_images::graph::Family::from_name(name)?,
                input: pictures.shape,
                classes: num_classes,
            }));
        }
        #[cfg(feature = "images")]
        if let Some(name) = &self.net {
            let expected = "pictures for this net (--data mnist, a folder of pictures, …)";
            return Err(basinscope::Error::setting("net", expected, name).into());
        }
        Ok(self.architecture(source, num_features, num_classes)?.into())
    }

    /// Refuses what says nothing of nets for pictures, whose names hold widths and activation.
    #[cfg(feature = "images")]
    pub fn check_for_pictures(&self) -> Result<()> {
        if self.hidden.is_some() {
            let expected = "--net mlp-64-32 with pictures";
            return Err(basinscope::Error::setting("hidden", expected, "--hidden").into());
        }
        if self.activation != ActivationName::Relu {
            let expected = "--net lenet5-tanh or mlp-64-tanh with pictures";
            return Err(basinscope::Error::setting("activation", expected, "--activation").into());
        }
        Ok(())
    }

    fn architecture(
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
        Ok(Architecture::new(widths, self.activation())?)
    }

    /// The activation between layers.
    pub fn activation(&self) -> Activation {
        match self.activation {
            ActivationName::Relu => Activation::Relu,
            ActivationName::LeakyRelu => Activation::LeakyRelu { slope: self.slope },
            ActivationName::Tanh => Activation::Tanh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perceptrons_table_is_its_architecture() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Run<T> {
            net: T,
        }
        for activation in [Activation::Relu, Activation::LeakyRelu { slope: 0.1 }] {
            let net = Architecture::new(vec![2, 3, 1], activation).unwrap();
            let plain = toml::to_string(&Run { net: net.clone() }).unwrap();
            let config = Run {
                net: NetConfig::from(net.clone()),
            };
            assert_eq!(toml::to_string(&config).unwrap(), plain);
            assert_eq!(toml::from_str::<Run<NetConfig>>(&plain).unwrap(), config);
            let again = net_from_json(&net.to_json()).unwrap();
            assert_eq!(again.as_perceptron(), Some(&net));
        }
        let wrong = "net = { widths = [2], activation = \"relu\" }";
        let error = toml::from_str::<Run<NetConfig>>(wrong).unwrap_err();
        assert!(error.to_string().contains("widths"), "{error}");
        assert!(net_from_json(&serde_json::json!({ "kind": "transformer" })).is_err());
    }
}
