//! The nets by name: ResNets, VGG, LeNet-5, perceptrons, and the linear model.

use super::{Builder, Graph, Shape, Value};
use basinscope::{Error, Result};
use serde::{Deserialize, Serialize};

/// A family of nets with its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Family {
    /// The paper's pre-activation residual net of `depth` = 6n + 2 layers on widths w, w, 2w, 4w,
    /// leaky ReLU .1, batch norm ε 10⁻³, shortcuts by mean pooling and channels of zeros.
    ///
    /// Reference: Huang et al. 2020 (appendix); He et al. 2016, *Identity mappings*. As in the
    /// code of that time, the first block's shortcut begins behind its first activation.
    Resnet {
        /// 8, 14, 20, 26, …
        depth: usize,
        /// w; the paper's is 16.
        width: usize,
    },
    /// The residual net of 18 layers for small pictures: a first convolution of 3×3 without pooling,
    /// basic blocks of widths w, 2w, 4w, 8w, two each, shortcuts by convolutions of 1×1.
    ///
    /// Reference: He et al. 2016, *Deep residual learning*; parameters are named as in the
    /// PyTorch nets for CIFAR (`layer1.0.conv1.weight`).
    Resnet18 {
        /// w; the original's is 64.
        width: usize,
    },
    /// VGG-13 with batch norm and one linear layer; widths are w, 2w, 4w, 8w, 8w.
    ///
    /// Reference: Simonyan and Zisserman 2015, configuration B.
    Vgg13 {
        /// w; the original's is 64.
        width: usize,
    },
    /// LeNet-5 with ReLU and max pooling.
    ///
    /// Reference: LeCun et al. 1998.
    Lenet5,
    /// A multi-layer perceptron on the pixels, ReLU.
    Perceptron {
        /// Widths of the hidden layers.
        hidden: Vec<usize>,
    },
    /// A linear model on pixels and products of two pixels of the halved picture.
    ///
    /// Reference: Huang et al. 2020, Table 1.
    QuadraticLinear,
}

/// A net for pictures of one shape: what a θ file holds of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageNet {
    /// Its family.
    pub family: Family,
    /// Channels, height and width of the pictures.
    pub input: [usize; 3],
    /// Number of classes K.
    pub classes: usize,
}

/// ε of the paper's residual net.
pub const RESNET_EPSILON: f32 = 1e-3;
/// Slope of the paper's residual net below 0.
pub const RESNET_SLOPE: f32 = 0.1;
/// Widths and depths that a net may have: beyond them numbers overflow, or are slips.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=65_536;
const DEPTHS: std::ops::RangeInclusive<usize> = 8..=1202;
/// PyTorch's ε.
const EPSILON: f32 = 1e-5;

impl Family {
    /// A family by its name: `resnet20`, `resnet8x0.5`, `resnet18`, `vgg13`, `lenet5`, `linear-quadratic`,
    /// `mlp-256-128`; a width multiplier follows an `x`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is none.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::parse(name).ok_or_else(|| {
            let expected = "resnet8, resnet20, resnet20x0.5 (depth 6n + 2, width multiplier), \
                            resnet18, vgg13, lenet5, mlp-256-128 or linear-quadratic";
            Error::setting("net", expected, name)
        })
    }

    fn parse(name: &str) -> Option<Self> {
        let (stem, multiplier) = match name.split_once('x') {
            Some((stem, text)) if !name.starts_with("mlp") => (stem, text.parse::<f64>().ok()?),
            _ => (name, 1.0),
        };
        let scaled = |width: f64| {
            let scaled = (width * multiplier).round();
            let scaled = scaled as usize;
            WIDTHS.contains(&scaled).then_some(scaled)
        };
        if matches!(stem, "resnet18" | "resnet-18") {
            let width = scaled(64.0)?;
            return Some(Self::Resnet18 { width });
        }
        if let Some(depth) = stem.strip_prefix("resnet") {
            let depth = depth.trim_start_matches('-').parse().ok()?;
            let width = scaled(16.0)?;
            let is_known = DEPTHS.contains(&depth) && (depth - 2) % 6 == 0;
            return is_known.then_some(Self::Resnet { depth, width });
        }
        if let Some(hidden) = stem.strip_prefix("mlp-") {
            let hidden: Option<Vec<usize>> = hidden
                .split('-')
                .map(|width| width.parse().ok().filter(|width| WIDTHS.contains(width)))
                .collect();
            return hidden.map(|hidden| Self::Perceptron { hidden });
        }
        match stem {
            "vgg13" | "vgg-13" => Some(Self::Vgg13 {
                width: scaled(64.0)?,
            }),
            "lenet5" | "lenet-5" | "lenet" if multiplier == 1.0 => Some(Self::Lenet5),
            "linear-quadratic" if multiplier == 1.0 => Some(Self::QuadraticLinear),
            _ => None,
        }
    }

    /// All widths that are settings.
    fn widths(&self) -> impl Iterator<Item = usize> + '_ {
        let (one, hidden): (Option<usize>, &[usize]) = match self {
            Self::Resnet { width, .. } | Self::Resnet18 { width } | Self::Vgg13 { width } => {
                (Some(*width), &[])
            }
            Self::Perceptron { hidden } => (None, hidden),
            Self::Lenet5 | Self::QuadraticLinear => (None, &[]),
        };
        one.into_iter().chain(hidden.iter().copied())
    }

    /// Its name for people.
    pub fn describe(&self) -> String {
        let times = |width: usize, usual: usize| match width == usual {
            true => String::new(),
            false => format!(", width × {}", width as f64 / usual as f64),
        };
        match self {
            Self::Resnet { depth, width } => format!("ResNet-{depth}{}", times(*width, 16)),
            Self::Resnet18 { width } => format!("ResNet-18{}", times(*width, 64)),
            Self::Vgg13 { width } => format!("VGG-13{}", times(*width, 64)),
            Self::Lenet5 => "LeNet-5".into(),
            Self::Perceptron { hidden } => {
                let widths: Vec<String> = hidden.iter().map(usize::to_string).collect();
                format!("MLP {}", widths.join("-"))
            }
            Self::QuadraticLinear => "linear model, quadratic features".into(),
        }
    }
}

impl ImageNet {
    /// The graph.
    ///
    /// # Errors
    /// [`Error::Setting`] for pictures too small for the net, or fewer than 2 classes.
    pub fn graph(&self) -> Result<Graph> {
        let [channels, height, width] = self.input;
        if channels * height * width == 0 {
            let expected = "at least one channel, row and column";
            return Err(Error::setting(
                "input",
                expected,
                format!("{:?}", self.input),
            ));
        }
        if self.classes < 2 {
            return Err(Error::setting("classes", "at least 2", self.classes));
        }
        if let Some(width) = self.family.widths().find(|width| !WIDTHS.contains(width)) {
            let expected = format!("widths from 1 to {}", WIDTHS.end());
            return Err(Error::setting("net", expected, width));
        }
        let mut builder = Builder::new(Shape::new(channels, height, width));
        match &self.family {
            Family::Resnet { depth, width } => {
                if !DEPTHS.contains(depth) || (depth - 2) % 6 != 0 {
                    let expected = format!("depth 6n + 2 from {DEPTHS:?}");
                    return Err(Error::setting("resnet", expected, depth));
                }
                resnet(&mut builder, *depth, *width, self.classes)?;
            }
            Family::Resnet18 { width } => resnet18(&mut builder, *width, self.classes)?,
            Family::Vgg13 { width } => vgg13(&mut builder, *width, self.classes)?,
            Family::Lenet5 => lenet5(&mut builder, self.classes)?,
            Family::Perceptron { hidden } => {
                let mut value = 0;
                for (layer, &width) in hidden.iter().enumerate() {
                    value = builder.linear(&format!("layers.{layer}"), value, width);
                    value = builder.leaky_relu(value, 0.0);
                }
                builder.linear(&format!("layers.{}", hidden.len()), value, self.classes);
            }
            Family::QuadraticLinear => {
                let features = builder.quadratic_features(0);
                builder.linear("linear", features, self.classes);
            }
        }
        Ok(builder.finish())
    }

    /// One line for people.
    pub fn describe(&self) -> String {
        let [channels, height, width] = self.input;
        format!(
            "{}, {channels}×{height}×{width} → {}",
            self.family.describe(),
            self.classes
        )
    }
}

fn resnet(net: &mut Builder, depth: usize, width: usize, classes: usize) -> Result<()> {
    let blocks = (depth - 2) / 6;
    let activated = |net: &mut Builder, name: &str, from| {
        let value = net.batch_norm(name, from, RESNET_EPSILON);
        net.leaky_relu(value, RESNET_SLOPE)
    };
    let mut value = net.conv("conv", 0, width, [3, 1, 1], false)?;
    for stage in 0..3 {
        let channels = width << stage;
        for block in 0..blocks {
            let name = format!("stages.{stage}.{block}");
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let inner = activated(net, &format!("{name}.bn1"), value);
            let mut shortcut = if stage == 0 && block == 0 {
                inner
            } else {
                value
            };
            if stride > 1 {
                // A window more than fits would be lost: odd pictures end as the convolution does.
                shortcut = net.average_pool(shortcut, stride)?;
                let missing = channels - net.shape(shortcut).channels;
                shortcut = net.pad_channels(shortcut, missing / 2, missing - missing / 2);
            }
            let conv = net.conv(
                &format!("{name}.conv1"),
                inner,
                channels,
                [3, stride, 1],
                false,
            )?;
            let inner = activated(net, &format!("{name}.bn2"), conv);
            let conv = net.conv(&format!("{name}.conv2"), inner, channels, [3, 1, 1], false)?;
            if net.shape(conv) != net.shape(shortcut) {
                let found = net.shape(0);
                let expected = "height and width that can be halved twice (28, 32, …)";
                let found = format!("{}×{}", found.height, found.width);
                return Err(Error::setting("pictures (resnet)", expected, found));
            }
            value = net.add(shortcut, conv);
        }
    }
    value = activated(net, "bn", value);
    value = net.global_pool(value);
    net.linear("fc", value, classes);
    Ok(())
}

fn resnet18(net: &mut Builder, width: usize, classes: usize) -> Result<()> {
    let conv_norm = |net: &mut Builder, names: [String; 2], from, channels, how| {
        let value = net.conv(&names[0], from, channels, how, false)?;
        Ok::<Value, Error>(net.batch_norm(&names[1], value, EPSILON))
    };
    let first = ["conv1".into(), "bn1".into()];
    let value = conv_norm(net, first, 0, width, [3, 1, 1])?;
    let mut value = net.leaky_relu(value, 0.0);
    for stage in 0..4 {
        let channels = width << stage;
        for block in 0..2 {
            let name = |what: &str| format!("layer{}.{block}.{what}", stage + 1);
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let names = [name("conv1"), name("bn1")];
            let inner = conv_norm(net, names, value, channels, [3, stride, 1])?;
            let inner = net.leaky_relu(inner, 0.0);
            let names = [name("conv2"), name("bn2")];
            let inner = conv_norm(net, names, inner, channels, [3, 1, 1])?;
            let shortcut = match stride {
                1 => value,
                _ => {
                    let names = [name("shortcut.0"), name("shortcut.1")];
                    conv_norm(net, names, value, channels, [1, stride, 0])?
                }
            };
            let sum = net.add(inner, shortcut);
            value = net.leaky_relu(sum, 0.0);
        }
    }
    value = net.global_pool(value);
    net.linear("linear", value, classes);
    Ok(())
}

fn vgg13(net: &mut Builder, width: usize, classes: usize) -> Result<()> {
    let mut value: Value = 0;
    // Names as in `nn.Sequential`: convolution, norm, activation and pooling each count.
    let mut index = 0;
    for channels in [1, 2, 4, 8, 8].map(|times| times * width) {
        for _ in 0..2 {
            value = net.conv(
                &format!("features.{index}"),
                value,
                channels,
                [3, 1, 1],
                true,
            )?;
            value = net.batch_norm(&format!("features.{}", index + 1), value, EPSILON);
            value = net.leaky_relu(value, 0.0);
            index += 3;
        }
        // Pictures of 28 × 28 are down to 1 × 1 one pooling earlier than those of 32 × 32.
        if net.shape(value).height > 1 && net.shape(value).width > 1 {
            value = net.max_pool(value, 2)?;
        }
        index += 1;
    }
    net.linear("classifier", value, classes);
    Ok(())
}

fn lenet5(net: &mut Builder, classes: usize) -> Result<()> {
    // Pictures of 28 × 28 get the frame that LeCun's were drawn in.
    let padding = if net.shape(0).height < 32 { 2 } else { 0 };
    let mut value = net.conv("conv1", 0, 6, [5, 1, padding], true)?;
    value = net.leaky_relu(value, 0.0);
    value = net.max_pool(value, 2)?;
    value = net.conv("conv2", value, 16, [5, 1, 0], true)?;
    value = net.leaky_relu(value, 0.0);
    value = net.max_pool(value, 2)?;
    for (name, width) in [("fc1", 120), ("fc2", 84)] {
        value = net.linear(name, value, width);
        value = net.leaky_relu(value, 0.0);
    }
    net.linear("fc3", value, classes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(name: &str, input: [usize; 3]) -> usize {
        let family = Family::from_name(name).unwrap();
        let net = ImageNet {
            family,
            input,
            classes: 10,
        };
        net.graph().unwrap().layout().num_params()
    }

    #[test]
    fn the_nets_have_as_many_parameters_as_published() {
        assert_eq!(parameters("resnet20", [3, 32, 32]), 269_722);
        assert_eq!(parameters("resnet18", [3, 32, 32]), 11_173_962);
        assert_eq!(parameters("vgg13", [3, 32, 32]), 9_416_010);
        assert_eq!(parameters("linear-quadratic", [3, 32, 32]), 2_983_690);
        // 6·25 + 6 + 16·6·25 + 16 + 400·120 + 120 + 120·84 + 84 + 84·10 + 10, LeCun's with all
        // maps connected.
        assert_eq!(parameters("lenet5", [1, 28, 28]), 61_706);
        // 784·16 + 16 + 16·10 + 10
        assert_eq!(parameters("mlp-16", [1, 28, 28]), 12_730);
    }

    #[test]
    fn names_are_read_and_others_refused() {
        let half = Family::Resnet { depth: 8, width: 8 };
        assert_eq!(Family::from_name("resnet8x0.5").unwrap(), half);
        for name in [
            "",
            "resnet",
            "resnet21",
            "resnet20x0",
            "vgg16",
            "mlp-",
            "mlp-0",
            "mlp-18446744073709551615",
            "lenet5x2",
        ] {
            let error = Family::from_name(name).unwrap_err().to_string();
            assert!(error.contains("resnet20"), "{name}: {error}");
        }
    }

    #[test]
    fn pictures_that_do_not_fit_are_refused() {
        for (name, input) in [
            ("resnet20", [3, 30, 30]),
            ("lenet5", [1, 8, 8]),
            ("resnet8", [0, 32, 32]),
        ] {
            let family = Family::from_name(name).unwrap();
            let net = ImageNet {
                family,
                input,
                classes: 10,
            };
            assert!(net.graph().is_err(), "{name} {input:?}");
        }
    }

    #[test]
    fn widths_of_files_that_are_none_are_refused() {
        for family in [
            Family::Resnet18 { width: 0 },
            Family::Vgg13 { width: 1 << 40 },
            Family::Perceptron { hidden: vec![8, 0] },
            Family::Resnet { depth: 9, width: 4 },
        ] {
            let (input, classes) = ([3, 32, 32], 10);
            let net = ImageNet {
                family,
                input,
                classes,
            };
            let refused = net.graph().unwrap_err().to_string();
            assert!(refused.contains("expected"), "{refused}");
        }
    }
}
