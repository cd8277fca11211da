//! Which net a file of weights is: the one named, or the one its tensors are recognised to be.

use super::args::Args;
use crate::data_args::{DataConfig, Source};
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::Error;
use basinscope::net::{Activation, Architecture};
use basinscope_images::graph::{self, Family, ImageNet, Shortcut};
use basinscope_images::import::WeightFile;

/// A net, and how it was found, for people.
pub struct Found {
    pub net: NetConfig,
    pub how: String,
}

const RECOGNISED: &str = "recognised by names and shapes of its tensors";

/// The only family of several.
fn only(families: Vec<Family>) -> Result<Family> {
    if let [_, _, ..] = families[..] {
        let names: Vec<String> = families.iter().map(Family::name).collect();
        let expected = format!(
            "one of {}, which names and shapes of the tensors do not tell apart",
            names.join(", ")
        );
        return Err(Error::setting("net", expected, "none").into());
    }
    (families.into_iter().next())
        .ok_or_else(|| Error::setting("net", "a name", "no family that fits").into())
}

/// Refuses shortcuts without tensors, whose zeros may lie on one side or on both, where neither a
/// name nor an accuracy says that the net has them.
fn check_shortcuts(args: &Args, family: &Family) -> Result<()> {
    let is_seen = !matches!(
        family,
        Family::PostResnet {
            shortcut: Shortcut::A,
            ..
        }
    );
    if is_seen || !args.expect_accuracy.is_empty() {
        return Ok(());
    }
    let expected = format!(
        "--net {} (zeros on both sides of what is passed on) or --expect-accuracy P, as no tensor \
         shows how the shortcuts widen",
        family.name()
    );
    Err(Error::setting("net", expected, "neither").into())
}

/// The net of a file over data of these features and classes.
pub fn of_file(
    args: &Args,
    file: &WeightFile,
    data: &DataConfig,
    features: usize,
    classes: usize,
) -> Result<Found> {
    let key = args.key.as_deref();
    if let Source::Images(pictures) = &data.source {
        args.net.check_for_pictures()?;
        let input = pictures.shape;
        let (family, how) = match &args.net.net {
            Some(name) => (Family::from_name(name)?, "as named"),
            None => {
                let family = only(file.families(input, classes, key)?)?;
                check_shortcuts(args, &family)?;
                (family, RECOGNISED)
            }
        };
        let how = format!(
            "{} ({how}); {}, which no tensor shows",
            family.name(),
            family.unseen()
        );
        let net = NetConfig::Image(ImageNet {
            family,
            input,
            classes,
        });
        return Ok(Found { net, how });
    }
    on_points(args, file, features, classes)
}

/// Perceptrons on points.
fn on_points(args: &Args, file: &WeightFile, features: usize, classes: usize) -> Result<Found> {
    let key = args.key.as_deref();
    let named = args.net.net.as_deref().map(Family::from_name).transpose()?;
    let mut activation = args.net.activation();
    let (hidden, has_norms) = match &named {
        Some(Family::Perceptron {
            hidden,
            activation: named,
            norm,
        }) => {
            if *named == graph::Activation::Tanh {
                activation = Activation::Tanh;
            }
            (Some(hidden.clone()), Some(*norm))
        }
        Some(_) => {
            let expected =
                "a perceptron (mlp-64-32, mlp-64-32-bn) on points, which are no pictures";
            let found = args.net.net.clone().unwrap_or_default();
            return Err(Error::setting("net", expected, found).into());
        }
        None => (args.net.hidden.clone(), None),
    };
    let plain = match has_norms {
        Some(true) => None,
        _ => file.perceptron(features, classes, key)?,
    };
    let Some(widths) = plain else {
        return with_norms(args, file, features, classes, hidden, activation);
    };
    let inner = &widths[1..widths.len() - 1];
    if let Some(hidden) = hidden.filter(|hidden| hidden != inner) {
        let expected = format!("{inner:?}, the widths of the tensors");
        return Err(Error::setting("hidden", expected, format!("{hidden:?}")).into());
    }
    if args.net.softmax && widths.last() == Some(&1) {
        let expected = "a net of one output for each class";
        return Err(Error::setting("softmax", expected, "one output (sigmoid)").into());
    }
    let how = format!(
        "widths by the shapes of its tensors{}",
        of_activation(activation)
    );
    let net = Architecture::new(widths, activation)?.into();
    Ok(Found { net, how })
}

/// Perceptrons with batch norms, which are nets of the kind for pictures: each point is one of
/// 1 × 1 with a channel for each feature.
fn with_norms(
    args: &Args,
    file: &WeightFile,
    features: usize,
    classes: usize,
    hidden: Option<Vec<usize>>,
    activation: Activation,
) -> Result<Found> {
    let input = [features, 1, 1];
    let found = match hidden {
        Some(hidden) => hidden,
        None => {
            let families = file.families(input, classes, args.key.as_deref())?;
            let hidden = families.iter().find_map(|family| match family {
                Family::Perceptron {
                    hidden, norm: true, ..
                } => Some(hidden.clone()),
                _ => None,
            });
            hidden.ok_or_else(|| {
                let names: Vec<String> = families.iter().map(Family::name).collect();
                let expected = "a perceptron, with or without batch norms, on points";
                Error::setting("net", expected, names.join(", "))
            })?
        }
    };
    let activation_of_graph = match activation {
        Activation::Relu => graph::Activation::Relu,
        Activation::Tanh => graph::Activation::Tanh,
        Activation::LeakyRelu { .. } => {
            let expected = "relu or tanh for a perceptron with batch norms";
            return Err(Error::setting("activation", expected, "leaky-relu").into());
        }
    };
    let how = format!(
        "batch norm between each hidden layer and its activation, ε 1e-5{}",
        of_activation(activation)
    );
    let net = NetConfig::Image(ImageNet {
        family: Family::Perceptron {
            hidden: found,
            activation: activation_of_graph,
            norm: true,
        },
        input,
        classes,
    });
    Ok(Found { net, how })
}

/// No file holds the activation.
fn of_activation(activation: Activation) -> String {
    let name = match activation {
        Activation::Relu => "ReLU".into(),
        Activation::LeakyRelu { slope } => format!("leaky ReLU, slope {slope}"),
        Activation::Tanh => "tanh".into(),
    };
    format!("; activation {name}, which no file holds: choose it with --activation")
}
