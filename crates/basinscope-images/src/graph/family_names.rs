//! Families by name: read from the command line, written for it, and for people.

use super::families::{Activation, Family, Fifth, Pooling, Shortcut, Stem, WIDTHS};
use super::residual::RESNET_DEPTHS;
use super::sequential::VGG_DEPTHS;
use basinscope::{Error, Result};

/// The names there are, for people.
pub const FAMILY_NAMES: &str = "\
    resnet20, resnet8x0.5 (the paper's pre-activation net; depth 6n + 2, width multiplier), \
    resnet20-post-a or resnet20-post-b (convolution, norm, ReLU; shortcuts A or B), \
    resnet18, resnet34, resnet18-imagenet, \
    vgg11, vgg13, vgg16, vgg19 (-plain without norms, -512-512 for hidden layers), \
    lenet5 (-tanh, -mean, -pad0 or -pad2, -conv), \
    mlp-256-128 (-bn, -tanh) or linear-quadratic";

impl Family {
    /// A family by its name: `resnet20`, `resnet8x0.5`, `resnet20-post-a`, `resnet18`,
    /// `vgg16-plain`, `lenet5-tanh-mean`, `mlp-256-128-bn`, `linear-quadratic`; a width multiplier
    /// follows an `x`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is none.
    pub fn from_name(name: &str) -> Result<Self> {
        parse(name).ok_or_else(|| Error::setting("net", FAMILY_NAMES, name))
    }

    /// The name that [`Family::from_name`] reads.
    pub fn name(&self) -> String {
        let times = |width: usize, usual: usize| match width == usual {
            true => String::new(),
            false => format!("x{}", width as f64 / usual as f64),
        };
        let stem_option = |stem: Stem| match stem {
            Stem::Small => "",
            Stem::Imagenet => "-imagenet",
        };
        let list = |hidden: &[usize]| {
            let each = hidden.iter().map(|width| format!("-{width}"));
            each.collect::<String>()
        };
        match self {
            Self::Resnet { depth, width } => format!("resnet{depth}{}", times(*width, 16)),
            Self::PostResnet {
                depth,
                width,
                shortcut,
            } => {
                let kind = match shortcut {
                    Shortcut::A => "a",
                    Shortcut::B => "b",
                };
                format!("resnet{depth}{}-post-{kind}", times(*width, 16))
            }
            Self::Resnet18 { width, stem } => {
                format!("resnet18{}{}", times(*width, 64), stem_option(*stem))
            }
            Self::Resnet34 { width, stem } => {
                format!("resnet34{}{}", times(*width, 64), stem_option(*stem))
            }
            Self::Vgg13 { width } => format!("vgg13{}", times(*width, 64)),
            Self::Vgg {
                depth,
                width,
                norm,
                hidden,
            } => {
                let plain = if *norm { "" } else { "-plain" };
                format!("vgg{depth}{}{plain}{}", times(*width, 64), list(hidden))
            }
            Self::Lenet5 => "lenet5".into(),
            Self::Lenet {
                activation,
                pooling,
                padding,
                fifth,
            } => {
                let mut name = String::from("lenet5");
                name += match activation {
                    Activation::Relu => "-relu",
                    Activation::Tanh => "-tanh",
                };
                name += match pooling {
                    Pooling::Max => "-max",
                    Pooling::Mean => "-mean",
                };
                if let Some(padding) = padding {
                    name += &format!("-pad{padding}");
                }
                name += match fifth {
                    Fifth::Conv => "-conv",
                    Fifth::Linear => "-linear",
                };
                name
            }
            Self::Perceptron {
                hidden,
                activation,
                norm,
            } => {
                let norm = if *norm { "-bn" } else { "" };
                let activation = match activation {
                    Activation::Relu => "",
                    Activation::Tanh => "-tanh",
                };
                format!("mlp{}{norm}{activation}", list(hidden))
            }
            Self::QuadraticLinear => "linear-quadratic".into(),
        }
    }

    /// Its name for people.
    pub fn describe(&self) -> String {
        let times = |width: usize, usual: usize| match width == usual {
            true => String::new(),
            false => format!(", width × {}", width as f64 / usual as f64),
        };
        let widths = |hidden: &[usize]| {
            let widths: Vec<String> = hidden.iter().map(usize::to_string).collect();
            widths.join("-")
        };
        let stem_of = |stem: &Stem| match stem {
            Stem::Small => "",
            Stem::Imagenet => ", ImageNet stem",
        };
        let tanh = |activation: &Activation| match activation {
            Activation::Relu => "",
            Activation::Tanh => ", tanh",
        };
        match self {
            Self::Resnet { depth, width } => format!("ResNet-{depth}{}", times(*width, 16)),
            Self::PostResnet {
                depth,
                width,
                shortcut,
            } => {
                let times = times(*width, 16);
                format!("ResNet-{depth}{times}, post-activation, shortcuts {shortcut:?}")
            }
            Self::Resnet18 { width, stem } => {
                format!("ResNet-18{}{}", times(*width, 64), stem_of(stem))
            }
            Self::Resnet34 { width, stem } => {
                format!("ResNet-34{}{}", times(*width, 64), stem_of(stem))
            }
            Self::Vgg13 { width } => format!("VGG-13{}", times(*width, 64)),
            Self::Vgg {
                depth,
                width,
                norm,
                hidden,
            } => {
                let norm = if *norm { "" } else { ", no batch norm" };
                let head = match hidden[..] {
                    [] => String::new(),
                    _ => format!(", head {}", widths(hidden)),
                };
                format!("VGG-{depth}{}{norm}{head}", times(*width, 64))
            }
            Self::Lenet5 => "LeNet-5".into(),
            Self::Lenet {
                activation,
                pooling,
                padding,
                fifth,
            } => {
                let activation = match activation {
                    Activation::Relu => "ReLU",
                    Activation::Tanh => "tanh",
                };
                let pooling = match pooling {
                    Pooling::Max => "max",
                    Pooling::Mean => "mean",
                };
                let padding = padding.map_or(String::new(), |by| format!(", padding {by}"));
                let fifth = match fifth {
                    Fifth::Conv => ", fifth layer a convolution",
                    Fifth::Linear => "",
                };
                format!("LeNet-5, {activation}, {pooling} pooling{padding}{fifth}")
            }
            Self::Perceptron {
                hidden,
                activation,
                norm,
            } => {
                let norm = if *norm { ", batch norm" } else { "" };
                format!("MLP {}{norm}{}", widths(hidden), tanh(activation))
            }
            Self::QuadraticLinear => "linear model, quadratic features".into(),
        }
    }

    /// What the net does that no tensor of it shows, for people.
    pub fn unseen(&self) -> String {
        let of = |activation: &Activation| match activation {
            Activation::Relu => "ReLU",
            Activation::Tanh => "tanh",
        };
        let small = "stem 3×3 by steps of 1 without max pooling, ReLU";
        match self {
            Self::Resnet { .. } => "stem 3×3 by steps of 1, leaky ReLU of slope .1, ε 1e-3, \
                                    shortcuts by mean pooling and zeros on both sides"
                .into(),
            Self::PostResnet { shortcut, .. } => {
                let shortcut = match shortcut {
                    Shortcut::A => "every second row and column and zeros on both sides",
                    Shortcut::B => "steps of 2",
                };
                format!("{small}, ε 1e-5, shortcuts by {shortcut}")
            }
            Self::Resnet18 { stem, .. } | Self::Resnet34 { stem, .. } => match stem {
                Stem::Small => format!("{small}, ε 1e-5"),
                Stem::Imagenet => {
                    "stem 7×7 and max pooling 3×3, both by steps of 2, ReLU, ε 1e-5".into()
                }
            },
            Self::Vgg13 { .. } | Self::Vgg { .. } => {
                let norm = match self {
                    Self::Vgg { norm: false, .. } => "",
                    _ => ", ε 1e-5",
                };
                format!(
                    "max pooling 2×2 after each stage, also the last, unless a side is 1; ReLU{norm}"
                )
            }
            Self::Lenet5 => "ReLU, max pooling 2×2 after the first two convolutions".into(),
            Self::Lenet {
                activation,
                pooling,
                ..
            } => {
                let pooling = match pooling {
                    Pooling::Max => "max",
                    Pooling::Mean => "mean",
                };
                let activation = of(activation);
                format!("{activation}, {pooling} pooling 2×2 after the first two convolutions")
            }
            Self::Perceptron {
                activation, norm, ..
            } => match norm {
                true => format!("{}, ε 1e-5", of(activation)),
                false => of(activation).into(),
            },
            Self::QuadraticLinear => "pixels before the products of two, taken of means 2×2".into(),
        }
    }
}

fn parse(name: &str) -> Option<Family> {
    if name == "linear-quadratic" {
        return Some(Family::QuadraticLinear);
    }
    // `resnet-18` is `resnet18`.
    let dashed = ["resnet-", "vgg-", "lenet-"];
    let joined = match dashed.iter().find(|prefix| name.starts_with(**prefix)) {
        Some(_) => name.replacen('-', "", 1),
        None => name.to_string(),
    };
    let mut parts = joined.split('-');
    let head = parts.next()?;
    let mut options: Vec<&str> = parts.collect();
    let (stem, multiplier) = match head.split_once('x') {
        Some((stem, text)) => (stem, Some(text.parse::<f64>().ok()?)),
        None => (head, None),
    };
    let scaled = |width: f64| {
        let width = (width * multiplier.unwrap_or(1.0)).round() as usize;
        WIDTHS.contains(&width).then_some(width)
    };
    let family = if let Some(depth) = stem.strip_prefix("resnet") {
        match (depth.parse().ok()?, &options[..]) {
            (depth @ (18 | 34), options) => {
                let width = scaled(64.0)?;
                let stem = match options {
                    [] => Stem::Small,
                    ["imagenet"] => Stem::Imagenet,
                    _ => return None,
                };
                match depth {
                    18 => Family::Resnet18 { width, stem },
                    _ => Family::Resnet34 { width, stem },
                }
            }
            (depth, _) if !RESNET_DEPTHS.contains(&depth) || (depth - 2) % 6 != 0 => return None,
            (depth, options) => {
                let width = scaled(16.0)?;
                let shortcut = match options {
                    [] => return Some(Family::Resnet { depth, width }),
                    ["post", "a"] => Shortcut::A,
                    ["post", "b"] => Shortcut::B,
                    _ => return None,
                };
                Family::PostResnet {
                    depth,
                    width,
                    shortcut,
                }
            }
        }
    } else if let Some(depth) = stem.strip_prefix("vgg") {
        let depth = depth.parse().ok()?;
        let norm = !take(&mut options, "plain");
        let hidden = widths(&options)?;
        let width = scaled(64.0)?;
        match (depth, norm, &hidden[..]) {
            (13, true, []) => Family::Vgg13 { width },
            _ if !VGG_DEPTHS.contains(&depth) => return None,
            _ => Family::Vgg {
                depth,
                width,
                norm,
                hidden,
            },
        }
    } else if matches!(stem, "lenet5" | "lenet") && multiplier.is_none() {
        lenet(options)?
    } else if head == "mlp" {
        let norm = take(&mut options, "bn");
        let activation = match take(&mut options, "tanh") {
            true => Activation::Tanh,
            false => Activation::Relu,
        };
        let hidden = widths(&options).filter(|hidden| !hidden.is_empty())?;
        Family::Perceptron {
            hidden,
            activation,
            norm,
        }
    } else {
        return None;
    };
    Some(family)
}

fn lenet(mut options: Vec<&str>) -> Option<Family> {
    if options.is_empty() {
        return Some(Family::Lenet5);
    }
    let mut either = |first: &str, second: &str| {
        let found = [first, second].map(|option| take(&mut options, option));
        (found != [true, true]).then_some(found)
    };
    let [_, tanh] = either("relu", "tanh")?;
    let [_, mean] = either("max", "mean")?;
    let padding = match either("pad0", "pad2")? {
        [true, _] => Some(0),
        [_, true] => Some(2),
        _ => None,
    };
    let [_, conv] = either("linear", "conv")?;
    if !options.is_empty() {
        return None;
    }
    let family = Family::Lenet {
        activation: if tanh {
            Activation::Tanh
        } else {
            Activation::Relu
        },
        pooling: if mean { Pooling::Mean } else { Pooling::Max },
        padding,
        fifth: if conv { Fifth::Conv } else { Fifth::Linear },
    };
    // All defaults by other words.
    let is_plain = !tanh && !mean && !conv && padding.is_none();
    Some(if is_plain { Family::Lenet5 } else { family })
}

/// Takes an option out; whether it was there.
fn take(options: &mut Vec<&str>, option: &str) -> bool {
    let at = options.iter().position(|found| *found == option);
    at.map(|at| options.remove(at)).is_some()
}

fn widths(texts: &[&str]) -> Option<Vec<usize>> {
    let width = |text: &&str| text.parse().ok().filter(|width| WIDTHS.contains(width));
    texts.iter().map(width).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_others_refused() {
        let half = Family::Resnet { depth: 8, width: 8 };
        assert_eq!(Family::from_name("resnet8x0.5").unwrap(), half);
        assert_eq!(
            Family::from_name("resnet-18").unwrap().name(),
            "resnet18".to_string()
        );
        for name in [
            "",
            "resnet",
            "resnet21",
            "resnet20x0",
            "resnet20-post",
            "resnet20-post-c",
            "resnet20-a",
            "resnet18-post-a",
            "vgg12",
            "vgg16-plain-plain",
            "mlp-",
            "mlp",
            "mlp-bn",
            "mlp-0",
            "mlp-18446744073709551615",
            "lenet5x2",
            "lenet5-tanh-relu",
            "lenet5-pad1",
        ] {
            let error = Family::from_name(name).unwrap_err().to_string();
            assert!(error.contains("resnet20"), "{name}: {error}");
        }
    }

    #[test]
    fn a_family_has_the_name_it_is_read_from() {
        for name in [
            "resnet20",
            "resnet8x0.25",
            "resnet20-post-a",
            "resnet8x0.125-post-b",
            "resnet18",
            "resnet18x0.0625-imagenet",
            "resnet34x0.5",
            "vgg11",
            "vgg13",
            "vgg13-plain",
            "vgg16x0.25-plain-512-512",
            "lenet5",
            "lenet5-tanh-mean-pad0-conv",
            "lenet5-relu-max-pad2-linear",
            "mlp-256-128",
            "mlp-64-bn-tanh",
            "linear-quadratic",
        ] {
            assert_eq!(Family::from_name(name).unwrap().name(), name);
        }
    }
}
