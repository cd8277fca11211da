//! Which families the tensors of a file may be.

use super::Entry;
use super::layers::Blocks;
use super::matching::{Naming, places};
use super::modules::{Kind, Module, is_count, modules, sorted};
use crate::graph::{Activation, FAMILY_NAMES, Family, Fifth, ImageNet, Pooling, Shortcut, Stem};

/// Tensors that an error lists.
const LISTED: usize = 40;

/// The families whose layers, by names and shapes, are those of a file, for pictures and classes of
/// a data set. Names and shapes do not tell tanh from ReLU nor mean from max pooling: such a file
/// has several. The paper's pre-activation net, whose slope and ε no tensor shows, is among them
/// only where the names are exactly ours.
pub(super) fn recognise(entries: &[Entry], input: [usize; 3], classes: usize) -> Vec<Family> {
    let fits = |family: &Family| {
        let net = ImageNet {
            family: family.clone(),
            input,
            classes,
        };
        let Ok(graph) = net.graph() else { return false };
        if matches!(family, Family::Resnet { .. }) {
            let named = |own: &str| entries.iter().any(|entry| ends_with(&entry.name, own));
            if !graph
                .layout()
                .blocks()
                .iter()
                .all(|block| named(&block.name))
            {
                return false;
            }
        }
        // Alphabetical order says nothing of definition, and is no reason to refuse.
        places(entries, false, &Blocks::of(&graph), &Naming::ByName).is_ok()
    };
    candidates(entries, input)
        .into_iter()
        .filter(fits)
        .collect()
}

/// Whether a name is ours, or ours behind what stands before all names.
fn ends_with(name: &str, own: &str) -> bool {
    let before = name.strip_suffix(own);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Widths `[inputs, hidden…, outputs]` of a plain chain of linear layers, in the order of their
/// names; `None` where the file is none.
pub(super) fn linear_widths(entries: &[Entry]) -> Option<Vec<usize>> {
    let modules = modules(entries);
    if modules.is_empty() || modules.iter().any(|module| module.kind != Kind::Linear) {
        return None;
    }
    let chain = sorted(&modules.iter().collect::<Vec<_>>()).ok()?;
    let fits = chain
        .windows(2)
        .all(|pair| pair[0].shape[0] == pair[1].shape[1]);
    let widths = || std::iter::once(chain[0].shape[1]).chain(chain.iter().map(|m| m.outputs()));
    fits.then(|| widths().collect())
}

/// The tensors of a file and the families there are, for the error of an unknown net.
pub(super) fn listed(entries: &[Entry]) -> String {
    let tensors = entries.iter().filter(|entry| !is_count(&entry.name));
    let count = tensors.clone().count();
    let shown: Vec<String> = (tensors.take(LISTED))
        .map(|entry| format!("{} {:?}", entry.name, entry.shape))
        .collect();
    let more = match count.saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{count} tensors: {}{more}. Families known: {FAMILY_NAMES}",
        shown.join(", ")
    )
}

/// What a file is where it is a known family for other pictures or classes.
pub(super) fn elsewhere(entries: &[Entry], input: [usize; 3]) -> Option<String> {
    let modules = modules(entries);
    let linear: Vec<&Module> = modules.iter().filter(|m| m.kind == Kind::Linear).collect();
    let classes = sorted(&linear).ok()?.last()?.outputs();
    let convolutions = modules.iter().filter(|m| m.kind == Kind::Conv);
    let channels = convolutions.map(|m| m.shape[1]).min().unwrap_or(input[0]);
    let found = recognise(entries, [channels, input[1], input[2]], classes);
    let family = found.first()?;
    Some(format!(
        "{} for {channels} channels and {classes} classes",
        family.name()
    ))
}

/// Families that the numbers of layers and their widths allow.
fn candidates(entries: &[Entry], input: [usize; 3]) -> Vec<Family> {
    let modules = modules(entries);
    let of = |kind: Kind| modules.iter().filter(move |module| module.kind == kind);
    let main: Vec<&Module> = of(Kind::Conv)
        .filter(|module| !module.is_pointwise())
        .collect();
    let has_norms = of(Kind::Norm).next().is_some();
    let linear: Vec<&Module> = of(Kind::Linear).collect();
    let Ok(linear) = sorted(&linear) else {
        return Vec::new();
    };
    let Some((_, inner)) = linear.split_last() else {
        return Vec::new();
    };
    let hidden: Vec<usize> = inner.iter().map(|module| module.outputs()).collect();
    let Some(first) = main.iter().find(|module| module.shape[1] == input[0]) else {
        let mut families = match hidden.is_empty() {
            true => vec![Family::QuadraticLinear],
            false => Vec::new(),
        };
        for activation in [Activation::Relu, Activation::Tanh] {
            let (hidden, norm) = (hidden.clone(), has_norms);
            if main.is_empty() && !hidden.is_empty() {
                families.push(Family::Perceptron {
                    hidden,
                    activation,
                    norm,
                });
            }
        }
        return families;
    };
    let width = first.outputs();
    let mut families = Vec::new();
    // Residual nets: of 6n + 2 layers, of 18 or of 34, one of them linear.
    let depth = main.len() + 1;
    if has_norms && hidden.is_empty() {
        if depth >= 8 && (depth - 2).is_multiple_of(6) {
            families.push(Family::Resnet { depth, width });
            for shortcut in [Shortcut::A, Shortcut::B] {
                families.push(Family::PostResnet {
                    depth,
                    width,
                    shortcut,
                });
            }
        }
        for stem in [Stem::Small, Stem::Imagenet] {
            match depth {
                18 => families.push(Family::Resnet18 { width, stem }),
                34 => families.push(Family::Resnet34 { width, stem }),
                _ => {}
            }
        }
    }
    // VGG: layers without norms, configurations A, B, D and E.
    if let Some((depth, _)) = [(11, 8), (13, 10), (16, 13), (19, 16)]
        .into_iter()
        .find(|(_, convolutions)| *convolutions == main.len())
    {
        families.push(match (depth, has_norms, &hidden[..]) {
            (13, true, []) => Family::Vgg13 { width },
            _ => Family::Vgg {
                depth,
                width,
                norm: has_norms,
                hidden,
            },
        });
    }
    let fifth = match main.len() {
        2 => Fifth::Linear,
        3 => Fifth::Conv,
        _ => return families,
    };
    families.extend(lenets(fifth, input));
    families
}

/// All forms of LeNet-5 that tensors do not tell apart, and both paddings.
fn lenets(fifth: Fifth, input: [usize; 3]) -> Vec<Family> {
    let usual = if input[1] < 32 { 2 } else { 0 };
    let mut lenets = Vec::new();
    for padding in [0, 2] {
        let padding = (padding != usual).then_some(padding);
        for activation in [Activation::Relu, Activation::Tanh] {
            for pooling in [Pooling::Max, Pooling::Mean] {
                let name = Family::Lenet {
                    activation,
                    pooling,
                    padding,
                    fifth,
                };
                // The usual one has a name of its own.
                lenets.extend(Family::from_name(&name.name()).ok());
            }
        }
    }
    lenets
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tensors of a net under other names, sorted by them.
    fn entries(name: &str, input: [usize; 3], rename: &[(&str, &str)]) -> Vec<Entry> {
        let net = ImageNet {
            family: Family::from_name(name).unwrap(),
            input,
            classes: 10,
        };
        let graph = net.graph().unwrap();
        let blocks = graph.layout().blocks().iter().chain(graph.buffers());
        let entry = |name: &str, shape: &[usize]| {
            let replaced = |name: String, (old, new): &(&str, &str)| name.replace(old, new);
            Entry {
                name: rename.iter().fold(name.to_string(), replaced),
                shape: shape.to_vec(),
            }
        };
        let mut entries: Vec<Entry> = blocks.map(|b| entry(&b.name, &b.shape)).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    fn recognised(entries: &[Entry], input: [usize; 3]) -> Vec<String> {
        let families = recognise(entries, input, 10);
        families.iter().map(Family::name).collect()
    }

    #[test]
    fn a_net_is_recognised_by_its_names_and_shapes() {
        let colour = [3, 32, 32];
        let torchvision = [("shortcut", "downsample"), ("linear", "fc")];
        let compiled = [("layer", "_orig_mod.layer"), ("conv1", "_orig_mod.conv1")];
        for (name, renames) in [
            ("resnet20x0.25", &[][..]),
            ("resnet56x0.125-post-a", &[][..]),
            ("resnet14x0.25-post-b", &torchvision[..]),
            ("resnet18x0.0625", &torchvision[..]),
            ("resnet34x0.03125-imagenet", &torchvision[..]),
            ("vgg13x0.0625", &[("classifier", "fc")][..]),
            ("vgg16x0.0625-plain-16-12", &[("classifier", "head")][..]),
            ("vgg19x0.0625", &[("features", "layers")][..]),
        ] {
            let entries = entries(name, colour, renames);
            assert_eq!(recognised(&entries, colour), [name], "{name}");
        }
        // pytorchcv, D-X-Y, and Hugging Face with the prefix of its pretrained nets.
        let pytorchcv = [
            (".conv1.", ".body.conv1.conv."),
            (".bn1.", ".body.conv1.bn."),
            (".conv2.", ".body.conv2.conv."),
            (".bn2.", ".body.conv2.bn."),
            (".shortcut.0.", ".identity_conv.conv."),
            (".shortcut.1.", ".identity_conv.bn."),
            ("layer1.0.", "features.stage1.unit1."),
            ("layer1.1.", "features.stage1.unit2."),
            ("layer2.0.", "features.stage2.unit1."),
            ("layer2.1.", "features.stage2.unit2."),
            ("layer3.0.", "features.stage3.unit1."),
            ("layer3.1.", "features.stage3.unit2."),
            ("linear", "output"),
        ];
        let lettered = [
            (".conv1.", ".conv_a."),
            (".bn1.", ".bn_a."),
            (".conv2.", ".conv_b."),
            (".bn2.", ".bn_b."),
            ("layer", "stage_"),
            ("linear", "classifier"),
        ];
        let hugging = [
            (".conv1.", ".layer.0.convolution."),
            (".bn1.", ".layer.0.normalization."),
            (".conv2.", ".layer.1.convolution."),
            (".bn2.", ".layer.1.normalization."),
            ("shortcut.0", "shortcut.convolution"),
            ("shortcut.1", "shortcut.normalization"),
            ("layer1.", "resnet.encoder.stages.0.layers."),
            ("layer2.", "resnet.encoder.stages.1.layers."),
            ("layer3.", "resnet.encoder.stages.2.layers."),
            ("layer4.", "resnet.encoder.stages.3.layers."),
            ("linear", "classifier.1"),
        ];
        for (name, renames, [conv, norm]) in [
            (
                "resnet14x0.25-post-b",
                &pytorchcv[..],
                ["features.init_block.conv.", "features.init_block.bn."],
            ),
            (
                "resnet20x0.25-post-a",
                &lettered[..],
                ["conv_1_3x3.", "bn_1."],
            ),
            (
                "resnet18x0.0625-imagenet",
                &hugging[..],
                [
                    "resnet.embedder.embedder.convolution.",
                    "resnet.embedder.embedder.normalization.",
                ],
            ),
        ] {
            let mut entries = entries(name, colour, renames);
            for entry in &mut entries {
                for (old, new) in [("conv1.", conv), ("bn1.", norm)] {
                    if let Some(role) = entry.name.strip_prefix(old) {
                        entry.name = format!("{new}{role}");
                    }
                }
            }
            assert_eq!(recognised(&entries, colour), [name], "{name}");
        }
        let strange = entries("resnet14x0.25-post-b", colour, &compiled);
        assert!(recognised(&strange, colour).is_empty());
    }

    #[test]
    fn what_tensors_do_not_tell_apart_is_all_listed() {
        let grey = [1, 28, 28];
        let lenets = recognised(&entries("lenet5", grey, &[]), grey);
        assert_eq!(lenets.len(), 4, "{lenets:?}");
        assert!(lenets.contains(&"lenet5".into()), "{lenets:?}");
        let names = [
            ("layers.0", "in"),
            ("layers.1", "hidden"),
            ("layers.2", "out"),
        ];
        let chain = entries("mlp-8-6", grey, &names);
        assert_eq!(recognised(&chain, grey), ["mlp-8-6", "mlp-8-6-tanh"]);
        assert_eq!(linear_widths(&chain).unwrap(), [784, 8, 6, 10]);
        let normed = entries("mlp-8-6-bn", grey, &[]);
        assert_eq!(recognised(&normed, grey), ["mlp-8-6-bn", "mlp-8-6-bn-tanh"]);
        assert_eq!(linear_widths(&normed), None);
    }

    #[test]
    fn the_papers_net_is_recognised_under_its_own_names_alone() {
        let colour = [3, 32, 32];
        let other = [
            ("stages.0", "layer1"),
            ("stages.1", "layer2"),
            ("stages.2", "layer3"),
        ];
        let entries = entries("resnet8x0.5", colour, &other);
        assert!(recognised(&entries, colour).is_empty());
    }

    #[test]
    fn a_crowd_of_layers_is_no_net() {
        let entry = |at: usize| Entry {
            name: format!("layers.{at}.weight"),
            shape: vec![3, 3, 3, 3],
        };
        let entries: Vec<Entry> = (0..200_000).map(entry).collect();
        assert!(recognise(&entries, [3, 32, 32], 10).is_empty());
        assert_eq!(elsewhere(&entries, [3, 32, 32]), None);
        assert!(listed(&entries).contains("199960 more"));
    }
}
