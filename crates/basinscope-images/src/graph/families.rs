//! The families of nets and their settings: ResNets, VGG, LeNet-5, perceptrons, and the linear model.

use super::residual::{self, RESNET_DEPTHS};
use super::sequential::{self, VGG_DEPTHS};
use super::{Builder, Graph, Shape};
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
    /// The residual net for CIFAR as first published: `depth` = 6n + 2 layers on widths w, w, 2w,
    /// 4w, convolution, norm and ReLU in this order, ReLU after each sum, batch norm ε 10⁻⁵.
    ///
    /// Reference: He et al. 2016, *Deep residual learning*, section 4.2.
    PostResnet {
        /// 8, 14, 20, 32, 44, 56, 110, …
        depth: usize,
        /// w; the original's is 16.
        width: usize,
        /// How shortcuts change shape.
        shortcut: Shortcut,
    },
    /// The residual net of 18 layers: basic blocks of widths w, 2w, 4w, 8w, two each, shortcuts by
    /// convolutions of 1×1.
    ///
    /// Reference: He et al. 2016, *Deep residual learning*; parameters are named as in the
    /// PyTorch nets for CIFAR (`layer1.0.conv1.weight`).
    Resnet18 {
        /// w; the original's is 64.
        width: usize,
        /// What stands before the first block.
        #[serde(default, skip_serializing_if = "Stem::is_small")]
        stem: Stem,
    },
    /// The same of 34 layers: three, four, six and three blocks.
    Resnet34 {
        /// w; the original's is 64.
        width: usize,
        /// What stands before the first block.
        #[serde(default, skip_serializing_if = "Stem::is_small")]
        stem: Stem,
    },
    /// VGG-13 with batch norm and one linear layer; widths are w, 2w, 4w, 8w, 8w.
    ///
    /// Reference: Simonyan and Zisserman 2015, configuration B.
    Vgg13 {
        /// w; the original's is 64.
        width: usize,
    },
    /// VGG of other depths (configurations A, B, D and E), heads and norms; widths as above.
    Vgg {
        /// 11, 13, 16 or 19.
        depth: usize,
        /// w; the original's is 64.
        width: usize,
        /// Batch norm after each convolution.
        norm: bool,
        /// Widths of the hidden linear layers; none for one linear layer.
        hidden: Vec<usize>,
    },
    /// LeNet-5 with ReLU and max pooling, its first convolution padded by 2 where pictures are
    /// smaller than 32 × 32.
    ///
    /// Reference: LeCun et al. 1998.
    Lenet5,
    /// LeNet-5 in other forms.
    Lenet {
        /// After each layer but the last.
        activation: Activation,
        /// After the first two convolutions, by windows of 2 × 2.
        pooling: Pooling,
        /// Of the first convolution; 2 where pictures are smaller than 32 × 32 if none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        padding: Option<usize>,
        /// The layer of 120 maps.
        fifth: Fifth,
    },
    /// A multi-layer perceptron on the pixels.
    Perceptron {
        /// Widths of the hidden layers.
        hidden: Vec<usize>,
        /// After each hidden layer.
        #[serde(default, skip_serializing_if = "Activation::is_relu")]
        activation: Activation,
        /// Batch norm between each hidden layer and its activation.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        norm: bool,
    },
    /// A linear model on pixels and products of two pixels of the halved picture.
    ///
    /// Reference: Huang et al. 2020, Table 1.
    QuadraticLinear,
}

/// How a shortcut gets half the rows and columns and twice the channels.
///
/// Reference: He et al. 2016, *Deep residual learning*, section 3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortcut {
    /// Every second row and column, and channels of zeros on both sides.
    A,
    /// A convolution of 1×1 and a batch norm.
    B,
}

/// What stands before the first residual block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stem {
    /// A convolution of 3×3.
    #[default]
    Small,
    /// A convolution of 7×7 by steps of 2 and max pooling of 3×3 by steps of 2.
    Imagenet,
}

impl Stem {
    fn is_small(&self) -> bool {
        *self == Self::Small
    }
}

/// What is done to each value between layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(0, x).
    #[default]
    Relu,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    fn is_relu(&self) -> bool {
        *self == Self::Relu
    }
}

/// What is kept of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The largest value.
    Max,
    /// The mean.
    Mean,
}

/// LeNet-5's layer of 120 maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fifth {
    /// A convolution of 5×5, as first published.
    Conv,
    /// A linear layer.
    Linear,
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

/// Widths that a net may have: beyond them numbers overflow, or are slips.
pub(super) const WIDTHS: std::ops::RangeInclusive<usize> = 1..=65_536;

impl Family {
    /// All widths that are settings.
    fn widths(&self) -> impl Iterator<Item = usize> + '_ {
        let (one, hidden): (Option<usize>, &[usize]) = match self {
            Self::Resnet { width, .. }
            | Self::PostResnet { width, .. }
            | Self::Resnet18 { width, .. }
            | Self::Resnet34 { width, .. }
            | Self::Vgg13 { width } => (Some(*width), &[]),
            Self::Vgg { width, hidden, .. } => (Some(*width), hidden),
            Self::Perceptron { hidden, .. } => (None, hidden),
            Self::Lenet5 | Self::Lenet { .. } | Self::QuadraticLinear => (None, &[]),
        };
        one.into_iter().chain(hidden.iter().copied())
    }

    /// Settings that are none are refused.
    fn check(&self) -> Result<()> {
        if let Some(width) = self.widths().find(|width| !WIDTHS.contains(width)) {
            let expected = format!("widths from 1 to {}", WIDTHS.end());
            return Err(Error::setting("net", expected, width));
        }
        match self {
            Self::Resnet { depth, .. } | Self::PostResnet { depth, .. }
                if !RESNET_DEPTHS.contains(depth) || (depth - 2) % 6 != 0 =>
            {
                let expected = format!("depth 6n + 2 from {RESNET_DEPTHS:?}");
                Err(Error::setting("resnet", expected, depth))
            }
            Self::Vgg { depth, .. } if !VGG_DEPTHS.contains(depth) => {
                let expected = format!("one of the depths {VGG_DEPTHS:?}");
                Err(Error::setting("vgg", expected, depth))
            }
            Self::Lenet {
                padding: Some(padding),
                ..
            } if !matches!(padding, 0 | 2) => {
                Err(Error::setting("lenet padding", "0 or 2", padding))
            }
            _ => Ok(()),
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
            let found = format!("{:?}", self.input);
            return Err(Error::setting("input", expected, found));
        }
        if self.classes < 2 {
            return Err(Error::setting("classes", "at least 2", self.classes));
        }
        self.family.check()?;
        let mut builder = Builder::new(Shape::new(channels, height, width));
        let (net, classes) = (&mut builder, self.classes);
        match &self.family {
            Family::Resnet { depth, width } => {
                residual::pre_activation(net, *depth, *width, classes)?;
            }
            Family::PostResnet {
                depth,
                width,
                shortcut,
            } => residual::for_cifar(net, *depth, *width, *shortcut, classes)?,
            Family::Resnet18 { width, stem } => {
                residual::basic(net, [2; 4], *width, *stem, classes)?;
            }
            Family::Resnet34 { width, stem } => {
                residual::basic(net, [3, 4, 6, 3], *width, *stem, classes)?;
            }
            Family::Vgg13 { width } => sequential::vgg(net, 13, *width, true, &[], classes)?,
            Family::Vgg {
                depth,
                width,
                norm,
                hidden,
            } => sequential::vgg(net, *depth, *width, *norm, hidden, classes)?,
            Family::Lenet5 => {
                let (pooling, fifth) = (Pooling::Max, Fifth::Linear);
                sequential::lenet(net, Activation::Relu, pooling, None, fifth, classes)?;
            }
            Family::Lenet {
                activation,
                pooling,
                padding,
                fifth,
            } => sequential::lenet(net, *activation, *pooling, *padding, *fifth, classes)?,
            Family::Perceptron {
                hidden,
                activation,
                norm,
            } => sequential::perceptron(net, hidden, *activation, *norm, classes),
            Family::QuadraticLinear => {
                let features = net.quadratic_features(0);
                net.linear("linear", features, classes);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn net(family: Family, input: [usize; 3], classes: usize) -> ImageNet {
        ImageNet {
            family,
            input,
            classes,
        }
    }

    fn parameters(name: &str, input: [usize; 3]) -> usize {
        let net = net(Family::from_name(name).unwrap(), input, 10);
        net.graph().unwrap().layout().num_params()
    }

    #[test]
    fn the_nets_have_as_many_parameters_as_published() {
        let small = [3, 32, 32];
        assert_eq!(parameters("resnet20", small), 269_722);
        // The counts of the nets for CIFAR-10 that are in common use: shortcuts A, then B.
        for (depth, a, b) in [
            (20, 269_722, 272_474),
            (32, 464_154, 466_906),
            (44, 658_586, 661_338),
            (56, 853_018, 855_770),
            (110, 1_727_962, 1_730_714),
        ] {
            assert_eq!(parameters(&format!("resnet{depth}-post-a"), small), a);
            assert_eq!(parameters(&format!("resnet{depth}-post-b"), small), b);
        }
        assert_eq!(parameters("resnet18", small), 11_173_962);
        assert_eq!(parameters("resnet34", small), 21_282_122);
        assert_eq!(parameters("vgg11", small), 9_231_114);
        assert_eq!(parameters("vgg13", small), 9_416_010);
        assert_eq!(parameters("vgg16", small), 14_728_266);
        assert_eq!(parameters("vgg19", small), 20_040_522);
        assert_eq!(parameters("linear-quadratic", small), 2_983_690);
        // 6·25 + 6 + 16·6·25 + 16 + 400·120 + 120 + 120·84 + 84 + 84·10 + 10, LeCun's with all
        // maps connected.
        for name in ["lenet5", "lenet5-tanh-mean-pad2-conv"] {
            assert_eq!(parameters(name, [1, 28, 28]), 61_706, "{name}");
        }
        // Without padding, 28 × 28 ends as 4 × 4: 256·120 in place of 400·120.
        assert_eq!(parameters("lenet5-pad0", [1, 28, 28]), 44_426);
        // 784·16 + 16 + 16·10 + 10, and γ and β of 16 channels.
        assert_eq!(parameters("mlp-16", [1, 28, 28]), 12_730);
        assert_eq!(parameters("mlp-16-bn", [1, 28, 28]), 12_762);
    }

    #[test]
    fn torchvisions_nets_have_as_many_parameters_as_published() {
        for (name, expected) in [
            ("resnet18-imagenet", 11_689_512),
            ("resnet34-imagenet", 21_797_672),
            ("vgg11-plain-4096-4096", 132_863_336),
            ("vgg16-4096-4096", 138_365_992),
        ] {
            let net = net(Family::from_name(name).unwrap(), [3, 224, 224], 1000);
            let found = net.graph().unwrap().layout().num_params();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn pictures_that_do_not_fit_are_refused() {
        for (name, input) in [
            ("resnet20", [3, 30, 30]),
            ("lenet5", [1, 8, 8]),
            ("lenet5-pad0-conv", [1, 28, 28]),
            ("resnet8", [0, 32, 32]),
        ] {
            let net = net(Family::from_name(name).unwrap(), input, 10);
            assert!(net.graph().is_err(), "{name} {input:?}");
        }
    }

    #[test]
    fn widths_of_files_that_are_none_are_refused() {
        let stem = Stem::Small;
        let hidden = |hidden: Vec<usize>| Family::Perceptron {
            hidden,
            activation: Activation::Relu,
            norm: false,
        };
        for family in [
            Family::Resnet18 { width: 0, stem },
            Family::Vgg13 { width: 1 << 40 },
            hidden(vec![8, 0]),
            Family::Resnet { depth: 9, width: 4 },
            Family::Vgg {
                depth: 12,
                width: 4,
                norm: true,
                hidden: Vec::new(),
            },
            Family::Lenet {
                activation: Activation::Tanh,
                pooling: Pooling::Mean,
                padding: Some(1),
                fifth: Fifth::Conv,
            },
        ] {
            let refused = net(family, [3, 32, 32], 10).graph().unwrap_err();
            assert!(refused.to_string().contains("expected"), "{refused}");
        }
    }

    #[test]
    fn nets_of_earlier_runs_load_and_are_written_as_they_were() {
        for (text, name) in [
            (r#"{"resnet":{"depth":20,"width":16}}"#, "resnet20"),
            (r#"{"resnet18":{"width":64}}"#, "resnet18"),
            (r#"{"vgg13":{"width":16}}"#, "vgg13x0.25"),
            (r#""lenet5""#, "lenet5"),
            (r#"{"perceptron":{"hidden":[32,16]}}"#, "mlp-32-16"),
            (r#""quadratic-linear""#, "linear-quadratic"),
        ] {
            let family: Family = serde_json::from_str(text).unwrap();
            assert_eq!(family, Family::from_name(name).unwrap());
            assert_eq!(serde_json::to_string(&family).unwrap(), text);
        }
        for (name, text) in [
            (
                "resnet56-post-b",
                r#"{"post-resnet":{"depth":56,"width":16,"shortcut":"b"}}"#,
            ),
            (
                "lenet5-tanh-mean-pad0-conv",
                r#"{"lenet":{"activation":"tanh","pooling":"mean","padding":0,"fifth":"conv"}}"#,
            ),
            (
                "mlp-64-bn-tanh",
                r#"{"perceptron":{"hidden":[64],"activation":"tanh","norm":true}}"#,
            ),
            (
                "resnet18-imagenet",
                r#"{"resnet18":{"width":64,"stem":"imagenet"}}"#,
            ),
            (
                "vgg16-plain-512",
                r#"{"vgg":{"depth":16,"width":64,"norm":false,"hidden":[512]}}"#,
            ),
        ] {
            let family = Family::from_name(name).unwrap();
            assert_eq!(serde_json::to_string(&family).unwrap(), text);
        }
    }
}
