//! Files whose names and shapes fit a net while something in them says that it is another function.

use basinscope_images::graph::{Family, Graph, ImageNet};
use basinscope_images::import::{Blocks, Imported, Naming, WeightFile};
use std::path::Path;

type Tensors = Vec<(String, Vec<usize>)>;

fn graph(net: &str, input: [usize; 3], classes: usize) -> Graph {
    let family = Family::from_name(net).unwrap();
    let net = ImageNet {
        family,
        input,
        classes,
    };
    net.graph().unwrap()
}

/// Names and shapes of a net in the order of definition, renamed.
fn tensors(graph: &Graph, rename: impl Fn(&str) -> String) -> Tensors {
    let blocks = graph.layout().blocks().iter().chain(graph.buffers());
    let mut blocks: Vec<_> = blocks.collect();
    blocks.sort_by_key(|block| block.layer);
    blocks
        .iter()
        .map(|block| (rename(&block.name), block.shape.clone()))
        .collect()
}

fn text(text: &str) -> Vec<u8> {
    [
        b"X",
        &(text.len() as u32).to_le_bytes()[..],
        text.as_bytes(),
    ]
    .concat()
}

fn number(number: usize) -> Vec<u8> {
    [b"J", &(number as u32).to_le_bytes()[..]].concat()
}

/// A name and a shape.
type Tensor = (String, Vec<usize>);

/// The file that PyTorch before 1.6 would have written of dictionaries of tensors under these
/// keys, or of the one under no key: all values are 1/2.
fn saved(dicts: &[(&str, &[Tensor])]) -> tempfile::NamedTempFile {
    let total: usize = (dicts.iter())
        .flat_map(|(_, tensors)| tensors.iter())
        .map(|(_, shape)| shape.iter().product::<usize>())
        .sum();
    let (mut pickle, mut at) = (b"\x80\x02".to_vec(), 0);
    let is_wrapped = !dicts[0].0.is_empty();
    if is_wrapped {
        pickle.extend(b"}(");
    }
    for (key, tensors) in dicts {
        if is_wrapped {
            pickle.extend(text(key));
        }
        pickle.extend(b"}(");
        for (name, shape) in *tensors {
            pickle.extend(text(name));
            pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
            pickle.extend(text("storage"));
            pickle.extend(b"ctorch\nFloatStorage\n");
            pickle.extend([text("0"), text("cpu"), number(total), b"NtQ".to_vec()].concat());
            pickle.extend([number(at), b"(".to_vec()].concat());
            pickle.extend(shape.iter().flat_map(|&size| number(size)));
            pickle.extend(b"t(");
            let strides = (1..=shape.len()).map(|axis| shape[axis..].iter().product());
            pickle.extend(strides.flat_map(number));
            pickle.extend(b"t\x89}tR");
            at += shape.iter().product::<usize>();
        }
        pickle.extend(b"u");
    }
    if is_wrapped {
        pickle.extend(b"u");
    }
    let mut bytes =
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}."
            .to_vec();
    bytes.extend([pickle, b".\x80\x02](".to_vec(), text("0"), b"e.".to_vec()].concat());
    bytes.extend((total as u64).to_le_bytes());
    bytes.extend((0..total).flat_map(|_| 0.5_f32.to_le_bytes()));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

fn read(path: &Path, graph: &Graph, naming: &Naming) -> basinscope::Result<Imported> {
    WeightFile::open(path)?.weights(&Blocks::of(graph), naming, None)
}

/// The sentence with which a file is refused, by names and by order.
fn refusals(tensors: &Tensors, graph: &Graph) -> [String; 2] {
    let file = saved(&[("", tensors)]);
    [Naming::ByName, Naming::ByOrder]
        .map(|naming| read(file.path(), graph, &naming).unwrap_err().to_string())
}

#[test]
fn a_pooling_on_the_shortcut_is_refused() {
    let graph = graph("resnet18x0.0625", [3, 32, 32], 10);
    let own = tensors(&graph, |name| name.replace("shortcut", "downsample"));
    let file = saved(&[("", &own)]);
    read(file.path(), &graph, &Naming::ByName).unwrap();
    // As ResNet-D has it.
    let pooled = tensors(&graph, |name| {
        name.replace("shortcut.1", "downsample.2")
            .replace("shortcut.0", "downsample.1")
    });
    for refused in refusals(&pooled, &graph) {
        for part in [
            "layer2.0.downsample.1",
            "a convolution first on the shortcut",
            "number 1: most likely a pooling stands before it",
        ] {
            assert!(refused.contains(part), "lacks `{part}`: {refused}");
        }
    }
}

#[test]
fn of_several_nets_each_is_named_with_its_family() {
    let input = [1, 28, 28];
    let [teacher, student] = ["resnet14x0.25-post-b", "resnet8x0.25-post-b"]
        .map(|net| tensors(&graph(net, input, 10), str::to_string));
    let file = saved(&[("teacher", &teacher), ("student", &student)]);
    let file = WeightFile::open(file.path()).unwrap();
    let text = file.families(input, 10, None).unwrap_err().to_string();
    for part in [
        "key: expected --key, one of teacher (resnet14x0.25-post-b), student (resnet8x0.25-post-b)",
        "several nets",
    ] {
        assert!(text.contains(part), "lacks `{part}`: {text}");
    }
    assert_eq!(file.families(input, 10, Some("student")).unwrap().len(), 1);
}

#[test]
fn a_larger_dictionary_of_the_same_net_is_never_passed_over() {
    let graph = graph("mlp-6", [4, 1, 1], 3);
    let own = tensors(&graph, str::to_string);
    let mut larger = own.clone();
    larger.push(("extra.weight".into(), vec![3]));
    let file = saved(&[("model", &larger), ("ema", &own)]);
    let text = read(file.path(), &graph, &Naming::ByName)
        .unwrap_err()
        .to_string();
    for part in [
        "--key ema, if that is meant",
        "model does not fit (extra.weight",
    ] {
        assert!(text.contains(part), "lacks `{part}`: {text}");
    }
    let opened = WeightFile::open(file.path()).unwrap();
    opened
        .weights(&Blocks::of(&graph), &Naming::ByName, Some("ema"))
        .unwrap();
    // Another net is no other reading of this one, and is said.
    let other: Tensors = (0..5)
        .map(|at| (format!("other.{at}.scale"), vec![2]))
        .collect();
    let file = saved(&[("generator", &other), ("critic", &own)]);
    let imported = read(file.path(), &graph, &Naming::ByName).unwrap();
    assert_eq!(imported.key, "critic");
    assert!(
        imported.not_read[0].starts_with("generator ("),
        "{:?}",
        imported.not_read
    );
}

#[test]
fn a_net_of_very_many_layers_is_refused_and_does_not_panic() {
    let graph = graph(&format!("mlp{}", "-1".repeat(4200)), [2, 1, 1], 2);
    let own = tensors(&graph, |name| name.replace("layers", "net"));
    let file = saved(&[("", &own[..4])]);
    assert!(read(file.path(), &graph, &Naming::ByName).is_err());
    let file = saved(&[("", &own)]);
    assert!(read(file.path(), &graph, &Naming::ByOrder).is_err());
}

#[test]
fn words_that_stand_against_the_order_of_the_file_are_refused() {
    let graph = graph("mlp-6-6-6", [2, 1, 1], 2);
    let named = |names: [&str; 4]| {
        tensors(&graph, |name| {
            let place: usize = name[7..8].parse().unwrap();
            name.replace(&name[..8], names[place])
        })
    };
    let own = named(["input", "hidden", "fc", "out"]);
    read(saved(&[("", &own)]).path(), &graph, &Naming::ByName).unwrap();
    // Words put `hidden` before `fc`.
    let swapped = named(["input", "fc", "hidden", "out"]);
    let file = saved(&[("", &swapped)]);
    let text = read(file.path(), &graph, &Naming::ByName)
        .unwrap_err()
        .to_string();
    for part in [
        "hidden: expected names that say which of it and fc",
        "--names FILE",
    ] {
        assert!(text.contains(part), "lacks `{part}`: {text}");
    }
}

#[test]
fn poolings_in_other_places_are_refused() {
    let graph = graph("vgg11x0.0625", [3, 28, 28], 10);
    let own = tensors(&graph, str::to_string);
    read(saved(&[("", &own)]).path(), &graph, &Naming::ByName).unwrap();
    // Without the pooling at number 3: numbers 4 and 5 are one less.
    let other = tensors(&graph, |name| {
        name.replace("features.4.", "features.3.")
            .replace("features.5.", "features.4.")
    });
    for refused in refusals(&other, &graph) {
        for part in [
            "features.0: expected a pooling behind it",
            "3 numbers to the next convolution: most likely no pooling",
        ] {
            assert!(refused.contains(part), "lacks `{part}`: {refused}");
        }
    }
}
