//! Checkpoints in the spellings that people have (`fixtures/make_spellings.py`): names decide which
//! tensor is which block, and never the order against the names.

mod support;

use basinscope::data::Dataset;
use basinscope::simd::Kernel;
use basinscope_images::ImageSurface;
use basinscope_images::engine::Engine;
use basinscope_images::graph::{Family, Graph, ImageNet};
use basinscope_images::import::{Blocks, Imported, Matched, NameMap, Naming, WeightFile, weights};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Deserialize)]
struct Spelling {
    file: String,
    net: String,
    input: [usize; 3],
    classes: usize,
    pictures: usize,
    logits: Vec<f64>,
}

fn folder() -> PathBuf {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/spellings"
    ))
    .into()
}

fn spellings() -> Vec<Spelling> {
    let text = std::fs::read_to_string(folder().join("logits.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn graph(net: &str, input: [usize; 3], classes: usize) -> Graph {
    let family = Family::from_name(net).unwrap();
    let net = ImageNet {
        family,
        input,
        classes,
    };
    net.graph().unwrap()
}

/// Largest deviation of the logits from PyTorch's, by the largest of these.
fn off(spelling: &Spelling, graph: &Graph, imported: &Imported) -> f64 {
    let len = graph.input().len();
    let pictures = support::pictures(spelling.pictures * len);
    let labels = vec![0; spelling.pictures];
    let data = Dataset::new(pictures, labels, len, spelling.classes).unwrap();
    let engine = Arc::new(Engine::new(graph.clone(), Kernel::active()));
    let surface = ImageSurface::new(&engine, &imported.buffers, &data).unwrap();
    let mut logits = vec![0.0; spelling.logits.len()];
    surface.logits(&imported.theta, &mut logits);
    let size = spelling
        .logits
        .iter()
        .fold(0.0_f64, |max, z| max.max(z.abs()));
    (logits.iter().zip(&spelling.logits))
        .map(|(&ours, theirs)| (f64::from(ours) - theirs).abs() / size)
        .fold(0.0, f64::max)
}

#[test]
fn every_spelling_gives_pytorchs_logits() {
    let spellings = spellings();
    assert!(spellings.len() >= 8);
    for spelling in &spellings {
        let graph = graph(&spelling.net, spelling.input, spelling.classes);
        let imported = weights(&folder().join(&spelling.file), &graph)
            .unwrap_or_else(|error| panic!("{}: {error}", spelling.file));
        assert_eq!(imported.matched, Matched::ByName, "{}", spelling.file);
        let off = off(spelling, &graph, &imported);
        eprintln!("{} as {}: within {off:.1e}", spelling.file, spelling.net);
        assert!(off < 1e-4, "{}: {off}", spelling.file);
    }
}

#[test]
fn a_net_of_another_family_is_refused_and_named() {
    for (file, net, input, named) in [
        (
            "akamaster-resnet20.pt",
            "resnet20x0.25",
            [1, 28, 28],
            "resnet20x0.25-post-a",
        ),
        (
            "akamaster-resnet20.pt",
            "resnet20x0.25-post-b",
            [1, 28, 28],
            "resnet20x0.25-post-a",
        ),
        (
            "chenyaofo-resnet20.pt",
            "resnet20x0.125-post-a",
            [1, 28, 28],
            "resnet20x0.125-post-b",
        ),
        (
            "chenyaofo-resnet20.pt",
            "lenet5",
            [1, 28, 28],
            "resnet20x0.125-post-b",
        ),
        (
            "kuangliu-resnet18.pt",
            "resnet18x0.03125-imagenet",
            [3, 32, 32],
            "resnet18x0.03125",
        ),
        (
            "torchvision-resnet18.pt",
            "resnet18x0.03125",
            [3, 32, 32],
            "resnet18x0.03125-imagenet",
        ),
        (
            "lenet5-features.pt",
            "lenet5",
            [1, 28, 28],
            "lenet5-tanh-mean-pad0-linear",
        ),
        (
            "lenet5-lecun.safetensors",
            "lenet5",
            [1, 32, 32],
            "lenet5-tanh-mean-conv",
        ),
        ("mlp-bn-named.pt", "mlp-6-5", [1, 28, 28], "mlp-6-5-bn"),
    ] {
        let graph = graph(net, input, 10);
        let refused = weights(&folder().join(file), &graph)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains(&format!("the file is {named}"))
                || refused.contains(&format!(" or {named}")),
            "{file} as {net}: {refused}"
        );
        let file = WeightFile::open(&folder().join(file)).unwrap();
        let by_order = file.weights(&Blocks::of(&graph), &Naming::ByOrder, None);
        assert!(by_order.is_err(), "{net}: by order");
    }
}

#[test]
fn other_classes_are_said() {
    let graph = graph("resnet20x0.25-post-a", [1, 28, 28], 100);
    let refused = weights(&folder().join("akamaster-resnet20.pt"), &graph).unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains("linear.weight: expected shape [100, 16]")
            && text.contains("found [10, 16]")
            && text.contains("resnet20x0.25-post-a for 1 channels and 10 classes"),
        "{text}"
    );
}

/// Tensors of a net by their names in a file, as safetensors and as nothing else would have them.
fn written(names: &[(String, Vec<usize>)]) -> tempfile::NamedTempFile {
    let mut header = serde_json::Map::new();
    let mut at = 0;
    for (name, shape) in names {
        let end = at + 4 * shape.iter().product::<usize>();
        let about =
            serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": [at, end] });
        header.insert(name.clone(), about);
        at = end;
    }
    let header = serde_json::to_string(&header).unwrap();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.extend((0..at / 4).flat_map(|i| (i as f32 / 64.0).to_le_bytes()));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

/// Names and shapes of a net, renamed.
fn tensors(graph: &Graph, rename: impl Fn(&str) -> String) -> Vec<(String, Vec<usize>)> {
    let blocks = graph.layout().blocks().iter().chain(graph.buffers());
    blocks
        .map(|block| (rename(&block.name), block.shape.clone()))
        .collect()
}

fn refusal(graph: &Graph, names: &[(String, Vec<usize>)], naming: &Naming) -> String {
    let file = written(names);
    let refused = WeightFile::open(file.path()).unwrap();
    let refused = refused
        .weights(&Blocks::of(graph), naming, None)
        .unwrap_err();
    refused.to_string()
}

#[test]
fn an_unknown_net_lists_its_tensors_and_the_families() {
    let graph = graph("mlp-6-5", [1, 2, 2], 3);
    let names = tensors(&graph, |name| {
        name.replace("layers.0", "alpha")
            .replace("layers.1", "beta")
            .replace("layers.2", "gamma")
    });
    let text = refusal(&graph, &names, &Naming::ByName);
    for part in [
        "alpha.weight [6, 4]",
        "gamma.bias [3]",
        "6 tensors",
        "resnet20-post-a",
        "lenet5",
        "a map of names",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn names_that_say_another_structure_are_refused() {
    let net = graph("vgg11x0.0625", [3, 32, 32], 10);
    // A norm two places after its convolution: an activation lies between.
    let later = |name: &str| match name.split('.').collect::<Vec<_>>()[..] {
        ["features", index, role] if !name.contains("conv") => {
            let index: usize = index.parse().unwrap();
            // Norms are the second of each layer.
            let is_norm = net.layout().blocks().iter().any(|block| {
                block.name == format!("features.{index}.weight") && block.shape.len() == 1
            });
            format!(
                "features.{}.{role}",
                4 * index + if is_norm { 2 } else { 0 }
            )
        }
        _ => name.into(),
    };
    let text = refusal(&net, &tensors(&net, later), &Naming::ByName);
    assert!(
        text.contains("a batch norm directly after features.0"),
        "{text}"
    );
    // A norm before its convolution.
    let swapped = |name: &str| {
        name.replace("features.0.", "features.x.")
            .replace("features.1.", "features.0.")
            .replace("features.x.", "features.1.")
    };
    let text = refusal(&net, &tensors(&net, swapped), &Naming::ByName);
    assert!(text.contains("expected it before"), "{text}");
    // A norm of one block in another.
    let net = graph("resnet14x0.125-post-a", [3, 32, 32], 10);
    let strayed = |name: &str| name.replace("layer1.0.bn2", "layer1.1.bn3");
    let text = refusal(&net, &tensors(&net, strayed), &Naming::ByName);
    assert!(text.contains("layer1.0.bn2.weight"), "{text}");
}

/// A state dict in the order of definition, as the file of the fixtures has it, under other names.
fn in_order(file: &str, rename: &[(&str, &str)]) -> tempfile::NamedTempFile {
    let mut bytes = std::fs::read(folder().join(file)).unwrap();
    for (old, new) in rename {
        assert_eq!(old.len(), new.len(), "the pickle counts letters");
        let places: Vec<usize> = (0..bytes.len() - old.len())
            .filter(|&at| bytes[at..].starts_with(old.as_bytes()))
            .collect();
        for at in places {
            bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

#[test]
fn order_is_refused_where_names_without_numbers_contradict_it() {
    // Blocks by letters: the names give no order, but say which layers lie together.
    let letters = [
        ("layer1.0", "layera.x"),
        ("layer1.1", "layera.y"),
        ("layer1.2", "layera.z"),
        ("layer2.0", "layerb.x"),
        ("layer2.1", "layerb.y"),
        ("layer2.2", "layerb.z"),
        ("layer3.0", "layerc.x"),
        ("layer3.1", "layerc.y"),
        ("layer3.2", "layerc.z"),
    ];
    let file = in_order("akamaster-resnet20.pt", &letters);
    let opened = WeightFile::open(file.path()).unwrap();
    let read = |net: &str, naming: &Naming| {
        let graph = graph(net, [1, 28, 28], 10);
        opened.weights(&Blocks::of(&graph), naming, None)
    };
    assert!(read("resnet20x0.25-post-a", &Naming::ByName).is_err());
    let imported = read("resnet20x0.25-post-a", &Naming::ByOrder).unwrap();
    assert_eq!(imported.matched, Matched::ByOrder);
    let own = graph("resnet20x0.25-post-a", [1, 28, 28], 10);
    let plain = weights(&folder().join("akamaster-resnet20.pt"), &own).unwrap();
    assert!(imported.theta == plain.theta && imported.buffers == plain.buffers);
    let refused = read("resnet20x0.25", &Naming::ByOrder)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("tensors, by order"), "{refused}");
}

#[test]
fn a_map_of_names_takes_any_file() {
    let graph = graph("resnet8x0.125-post-b", [1, 12, 12], 4);
    let names = tensors(&graph, |name| {
        name.replace("layer1.0", "one")
            .replace("layer2.0", "two")
            .replace("layer3.0", "three")
    });
    assert!(refusal(&graph, &names, &Naming::ByName).contains("a map of names"));
    let read = |text: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        NameMap::read(file.path())
    };
    let mut map = String::new();
    for (theirs, ours) in [
        ("one", "layer1.0"),
        ("two", "layer2.0"),
        ("three", "layer3.0"),
    ] {
        for part in ["conv1", "bn1", "conv2", "bn2", "shortcut.0", "shortcut.1"] {
            if theirs != "one" || !part.starts_with("short") {
                map += &format!("\"{theirs}.{part}\" = \"{ours}.{part}\"\n");
            }
        }
    }
    let naming = Naming::Map(read(&map).unwrap());
    let file = written(&names);
    let opened = WeightFile::open(file.path()).unwrap();
    let imported = opened.weights(&Blocks::of(&graph), &naming, None).unwrap();
    assert_eq!(imported.matched, Matched::ByMap);
    let plain = weights(written(&tensors(&graph, str::to_string)).path(), &graph).unwrap();
    assert_eq!(imported.theta.len(), plain.theta.len());
    // One line less, one wrong on either side, one twice: refused with the name.
    for (from, to, named) in [
        (
            "\"two.bn1\" = \"layer2.0.bn1\"\n",
            "",
            "layer2.0.bn1.weight",
        ),
        ("\"two.bn1\" = ", "\"two.bn7\" = ", "two.bn7"),
        ("layer2.0.bn1\"", "layer2.0.bn7\"", "layer2.0.bn7"),
        ("layer2.0.bn1\"", "layer2.0.bn2\"", "layer2.0.bn2"),
    ] {
        let text = match read(&map.replacen(from, to, 1)) {
            Ok(map) => refusal(&graph, &names, &Naming::Map(map)),
            Err(error) => error.to_string(),
        };
        assert!(text.contains(named), "{named}: {text}");
    }
}

/// The digits of MNIST's test set that lie in a folder, normalised as torchvision's examples do.
fn digits(count: usize) -> Option<Dataset> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let roots = [
        std::env::var("BASINSCOPE_DATA").unwrap_or_default(),
        own.into(),
    ];
    let read = |name: &str| {
        let found = roots
            .iter()
            .map(|root| Path::new(root).join("mnist").join(name));
        found.into_iter().find_map(|path| std::fs::read(path).ok())
    };
    let unpacked = |name: &str| {
        read(name).or_else(|| {
            use std::io::Read;
            let mut bytes = Vec::new();
            let packed = read(&format!("{name}.gz"))?;
            flate2::read::GzDecoder::new(&packed[..])
                .read_to_end(&mut bytes)
                .ok()?;
            Some(bytes)
        })
    };
    let (pictures, labels) = (
        unpacked("t10k-images-idx3-ubyte")?,
        unpacked("t10k-labels-idx1-ubyte")?,
    );
    let pictures = pictures[16..][..count * 784].iter();
    let pictures = pictures
        .map(|&v| (f32::from(v) / 255.0 - 0.1307) / 0.3081)
        .collect();
    let labels = labels[8..][..count]
        .iter()
        .map(|&label| label.into())
        .collect();
    Some(Dataset::new(pictures, labels, 784, 10).unwrap())
}

/// The case of a post-activation net that by order and shape alone is a pre-activation one.
#[test]
fn a_post_activation_net_is_never_read_as_a_pre_activation_one() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/cases/import-postact-by-order/resnet8x0.25-postact.pt"
    );
    if !Path::new(file).exists() {
        eprintln!("skipped: no {file}");
        return;
    }
    let input = [1, 28, 28];
    let file = WeightFile::open(Path::new(file)).unwrap();
    let other = graph("resnet8x0.25", input, 10);
    for (naming, part) in [
        (Naming::ByName, "the file is resnet8x0.25-post-a"),
        (Naming::ByOrder, "tensors, by order"),
    ] {
        let refused = file
            .weights(&Blocks::of(&other), &naming, None)
            .unwrap_err()
            .to_string();
        eprintln!("{refused}");
        assert!(refused.contains(part), "{naming:?}: {refused}");
    }
    let own = graph("resnet8x0.25-post-a", input, 10);
    let imported = file
        .weights(&Blocks::of(&own), &Naming::ByName, None)
        .unwrap();
    let Some(data) = digits(1500) else {
        eprintln!("skipped: no MNIST in $BASINSCOPE_DATA or ../shared/data");
        return;
    };
    let engine = Arc::new(Engine::new(own, Kernel::active()));
    let surface = ImageSurface::new(&engine, &imported.buffers, &data).unwrap();
    let accuracy = basinscope::surface::Evaluate::evaluate(&surface, &imported.theta).accuracy;
    eprintln!("post-activation: {:.1} %", 100.0 * accuracy);
    assert!((accuracy - 0.398).abs() < 5e-4, "{accuracy}");
}

/// A safetensors file keeps no order.
#[test]
fn words_alone_are_no_order_of_layers_of_one_shape() {
    let net = graph("mlp-6-6-6", [1, 1, 2], 2);
    let named = |names: [&'static str; 4]| {
        tensors(&net, move |name| {
            let place: usize = name[7..8].parse().unwrap();
            name.replace(&name[..8], names[place])
        })
    };
    let text = refusal(
        &net,
        &named(["input", "hidden", "fc", "out"]),
        &Naming::ByName,
    );
    for part in ["comes first", "--names FILE", "keeps no order"] {
        assert!(text.contains(part), "lacks `{part}`: {text}");
    }
    for names in [
        ["input", "fc1", "fc2", "out"],
        ["in", "hidden1", "hidden2", "head"],
    ] {
        weights(written(&named(names)).path(), &net).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Nor does it say whether norms stand before square layers or behind them.
#[test]
fn norms_that_fit_on_both_sides_of_their_layers_are_refused() {
    let named = |name: &str| {
        let place: usize = name.split('.').nth(1).unwrap().parse().unwrap();
        let kind = if place % 3 == 1 { "bn" } else { "fc" };
        let own = format!("layers.{place}.");
        name.replace(&own, &format!("{kind}{}.", place / 3 + 1))
    };
    let square = graph("mlp-8-8-bn", [8, 1, 1], 2);
    let text = refusal(&square, &tensors(&square, named), &Naming::ByName);
    assert!(
        text.contains("bn1: expected names that say whether it stands before or behind fc1"),
        "{text}"
    );
    let other = graph("mlp-9-8-bn", [8, 1, 1], 2);
    weights(written(&tensors(&other, named)).path(), &other).unwrap();
}
