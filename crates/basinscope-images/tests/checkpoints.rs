//! Files of weights as people have them: old ones, wrapped ones, and ones with other objects next
//! to the weights (`fixtures/make_checkpoints.py`).

use basinscope_images::graph::{Family, Graph, ImageNet};
use basinscope_images::import::{Blocks, Imported, Naming, WeightFile, weights};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/checkpoints"
    ))
    .join(name)
}

fn graph(family: &str, features: usize, classes: usize) -> Graph {
    let net = ImageNet {
        family: Family::from_name(family).unwrap(),
        input: [features, 1, 1],
        classes,
    };
    net.graph().unwrap()
}

/// The net of the files: 4-6-3.
fn own() -> Graph {
    graph("mlp-6", 4, 3)
}

/// Its values: 0, 1/64, 2/64, … in the order of the layout.
fn theta() -> Vec<f32> {
    (0..51).map(|i| i as f32 / 64.0).collect()
}

fn taken(name: &str, key: Option<&str>) -> basinscope::Result<Imported> {
    WeightFile::open(&file(name))?.weights(&Blocks::of(&own()), &Naming::ByName, key)
}

#[test]
fn every_spelling_gives_the_same_weights() {
    for (name, key, epoch) in [
        ("before-0.4.th", "state_dict", Some(2_147_483_653)),
        ("parts.th", "state_dict", Some(2_147_483_653)),
        ("python2.pth", "state_dict", Some(160)),
        ("beside-2.pt", "weights", Some(41)),
        ("beside-4.pt", "weights", Some(41)),
        ("beside-5.pt", "weights", Some(41)),
        ("whole-net.pt", "", None),
        ("whole-net.pth", "", None),
        ("parameters.pt", "", None),
        ("under-params.pt", "params", None),
        ("under-model_state.pt", "model_state", None),
        ("under-anything-at-all.pt", "anything at all", None),
        ("under-network.pt", "network.best", None),
        ("deep.pt", "runs.0.deep.er.1", None),
        ("lightning.ckpt", "state_dict", Some(9)),
        ("twice.pt", "model", Some(3)),
    ] {
        let imported = taken(name, None).unwrap_or_else(|error| panic!("{error}"));
        assert!(imported.theta == theta(), "{name}: {:?}", imported.theta);
        assert_eq!(imported.key, key, "{name}");
        assert_eq!(imported.epoch, epoch, "{name}");
    }
}

#[test]
fn of_several_that_fit_one_is_chosen_by_its_key() {
    let text = taken("two.pt", None).unwrap_err().to_string();
    assert!(
        text.contains("key: expected one of model (4 tensors), ema (4 tensors)"),
        "{text}"
    );
    assert!(taken("two.pt", Some("model")).unwrap().theta == theta());
    assert_eq!(taken("two.pt", Some("ema")).unwrap().theta[0], 1.0);
    let text = taken("two.pt", Some("emma")).unwrap_err().to_string();
    assert!(
        text.contains("model (4 tensors)") && text.contains("emma"),
        "{text}"
    );
    // One dictionary of two nets.
    let text = taken("flat-two.pt", None).unwrap_err().to_string();
    assert!(text.contains("layers.0.weight"), "{text}");
    assert!(taken("flat-two.pt", Some("generator")).unwrap().theta == theta());
    assert_eq!(taken("flat-two.pt", Some("critic")).unwrap().theta[0], 1.0);
}

#[test]
fn what_was_passed_over_is_named() {
    let found = WeightFile::open(&file("beside-2.pt")).unwrap();
    for name in [
        "argparse.Namespace",
        "__main__.Unknown",
        "datetime.datetime",
    ] {
        let passed = found.passed_over();
        assert!(
            passed.iter().any(|found| found == name),
            "{name}: {passed:?}"
        );
    }
    let found = WeightFile::open(&file("under-params.pt")).unwrap();
    assert!(found.passed_over().is_empty(), "{:?}", found.passed_over());
    assert_eq!(found.state_dicts(), [("params".to_string(), 4)]);
}

#[test]
fn tensors_that_cannot_be_read_are_a_fault_only_where_they_are_needed() {
    let text = taken("sparse.pt", None).unwrap_err().to_string();
    assert!(
        text.contains("layers.1.weight") && text.contains("_rebuild_sparse_tensor"),
        "{text}"
    );
    let text = taken("list.pt", None).unwrap_err().to_string();
    assert!(
        text.contains("state_dict()") && text.contains("a list"),
        "{text}"
    );
}

/// A file of the shared collection, `None` where that is absent.
fn case(name: &str) -> Option<PathBuf> {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/cases");
    let path = Path::new(cases).join(name);
    if !path.exists() {
        eprintln!("skipped: no {name} among the shared cases");
        return None;
    }
    Some(path)
}

#[test]
fn the_shared_cases_hold_the_same_tensors() {
    let graph = graph("mlp-8", 64, 10);
    let read = |name: &str| {
        let imported = weights(&case(name)?, &graph);
        Some(imported.unwrap_or_else(|error| panic!("{error}")).theta)
    };
    let Some(plain) = read("checkpoint-beside/plain-for-comparison.pth") else {
        return;
    };
    assert!(plain.iter().any(|&value| value != 0.0));
    for name in [
        "args-namespace",
        "model_state-key",
        "numpy-scalar",
        "params-key",
    ] {
        let other = read(&format!("checkpoint-beside/{name}.pth"));
        assert!(other.is_some_and(|other| other == plain), "{name}");
    }
    let old = read("import-old-pytorch/before-0.4.th");
    assert!(old.is_some() && old == read("import-old-pytorch/python2-ordereddict.pth"));
}

const FILES: [&str; 8] = [
    "before-0.4.th",
    "parts.th",
    "python2.pth",
    "beside-2.pt",
    "beside-5.pt",
    "whole-net.pt",
    "two.pt",
    "under-params.pt",
];

/// Reads these bytes as a file.
fn from_bytes(bytes: &[u8]) -> basinscope::Result<Imported> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    weights(file.path(), &own())
}

/// The pickle of an archive with other bytes, as a stream.
fn stream(pickle: &[u8]) -> Vec<u8> {
    let header =
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    [&header[..], b"\x80\x02", pickle, b".\x80\x02]."].concat()
}

/// Dictionaries and objects that share their parts many times over would be walked for hours.
#[test]
fn parts_that_are_shared_many_times_over_do_not_hold_a_reader_up() {
    // A dictionary of 20,000 pairs that 20,000 objects have for their state, and one in another.
    let mut pickle = b"}q\x00(".to_vec();
    for key in 0..20_000_u32 {
        pickle.extend([b"J", &key.to_le_bytes()[..], b"N"].concat());
    }
    pickle.extend(b"u]q\x01(");
    for _ in 0..20_000 {
        pickle.extend(b"cm\nC\n)\x81h\x00b");
    }
    pickle.extend(b"e");
    let start = std::time::Instant::now();
    assert!(from_bytes(&stream(&pickle)).is_err());
    // Modules of two parts that are the same, sixty deep: 2^60 of them.
    let mut pickle = Vec::new();
    for level in 0..60_u8 {
        pickle.extend(
            b"cm\nC\n)\x81}(X\x0b\0\0\0_parameters}X\x08\0\0\0_buffers}X\x08\0\0\0_modules}(",
        );
        if level > 0 {
            for name in [b'a', b'b'] {
                pickle.extend([b'X', 1, 0, 0, 0, name, b'h', level - 1]);
            }
        }
        pickle.extend([b'u', b'u', b'b', b'q', level]);
    }
    assert!(from_bytes(&stream(&pickle)).is_err());
    // Not a matter of speed: either would outlast any patience.
    assert!(start.elapsed().as_secs() < 60);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn changed_bytes_never_panic(
        at in 0..FILES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = std::fs::read(file(FILES[at])).unwrap();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = from_bytes(&bytes);
    }

    #[test]
    fn cut_files_are_refused(
        at in 0..FILES.len(),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = std::fs::read(file(FILES[at])).unwrap();
        prop_assert!(from_bytes(&bytes[..cut.index(bytes.len())]).is_err());
    }

    /// Pickles of all operations, in any order.
    #[test]
    fn shuffled_pickles_never_panic(
        operations in prop::collection::vec(prop::sample::select(vec![
            &b"}"[..], b"]", b")", b"(", b"t", b"l", b"d", b"\x85", b"\x86", b"\x87", b"a", b"e",
            b"s", b"u", b"q\x01", b"h\x01", b"r\x02\0\0\0", b"j\x02\0\0\0", b"\x94", b"0", b"1",
            b"2", b"N", b"\x88", b"K\x05", b"I12\n", b"I01\n", b"L7L\n", b"F1.5\n", b"S'ab'\n",
            b"Vab\n", b"p3\n", b"g3\n", b"P7\n", b"\x8b\x01\0\0\0\x07", b"\x8f", b"\x90", b"\x91",
            b"X\x07\0\0\0storage", b"X\x05\0\0\0epoch", b"X\x08\0\0\0_modules",
            b"X\x0b\0\0\0_parameters", b"X\x08\0\0\0_buffers", b"U\x01\xff", b"C\x01\x01",
            b"ccollections\nOrderedDict\n", b"ctorch._utils\n_rebuild_tensor\n",
            b"ctorch._utils\n_rebuild_tensor_v2\n", b"ctorch._tensor\n_rebuild_from_type_v2\n",
            b"ctorch\nFloatStorage\n", b"ctorch.nn.parameter\nParameter\n", b"cos\nsystem\n",
            b"Q", b"R", b"b", b"\x81", b"\x92", b"im\nC\n", b"o", b"\x93",
        ]), 0..80),
    ) {
        let _ = from_bytes(&stream(&operations.concat()));
    }
}

/// A whole net has the classes of its activations and poolings, ε and steps in it.
#[test]
fn a_whole_net_that_does_otherwise_is_refused() {
    let of = |name: &str, family: &str, input: [usize; 3], classes: usize| {
        let net = ImageNet {
            family: Family::from_name(family).unwrap(),
            input,
            classes,
        };
        weights(&file(&format!("whole-{name}.pt")), &net.graph().unwrap())
    };
    for (name, family, part) in [
        (
            "tanh",
            "mlp-6",
            "1: expected ReLU, as the net to be measured has",
        ),
        (
            "tanh",
            "mlp-6",
            "the file's net has Tanh: --activation tanh",
        ),
        (
            "relu",
            "mlp-6-tanh",
            "the file's net has ReLU: --activation relu",
        ),
        (
            "gelu",
            "mlp-6",
            "the file's net has GELU: no net here has it",
        ),
        (
            "none",
            "mlp-6",
            "expected 1 activations between its layers, found 0",
        ),
        ("local", "mlp-6", "LocalResponseNorm"),
        ("eps", "mlp-6-bn", "expected eps 1e-5"),
        ("eps", "mlp-6-bn", "the file's net has eps 1e-1"),
    ] {
        let text = of(name, family, [4, 1, 1], 3).unwrap_err().to_string();
        assert!(text.contains(part), "{name} lacks `{part}`: {text}");
    }
    for (name, family) in [
        ("tanh", "mlp-6-tanh"),
        ("relu", "mlp-6"),
        ("norm", "mlp-6-bn"),
    ] {
        of(name, family, [4, 1, 1], 3).unwrap_or_else(|error| panic!("{error}"));
    }
    for (name, family, part) in [
        ("tanh", "lenet5", "--net with -tanh, as lenet5-tanh"),
        ("tanh", "lenet5-tanh", "--net lenet5-mean"),
        (
            "steps",
            "lenet5",
            "MaxPool2d with kernel_size 3, stride 2, padding 1",
        ),
        (
            "circular",
            "lenet5",
            "a convolution of 5×5 by steps of 1, 2 zeros around",
        ),
    ] {
        let name = format!("lenet-{name}");
        let text = of(&name, family, [1, 28, 28], 10).unwrap_err().to_string();
        assert!(text.contains(part), "{name} lacks `{part}`: {text}");
    }
    for (name, family) in [("relu", "lenet5"), ("tanh", "lenet5-tanh-mean")] {
        let name = format!("lenet-{name}");
        of(&name, family, [1, 28, 28], 10).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn values_that_are_not_read_are_refused_and_plain_ones_passed_over() {
    for (name, field, part) in [
        ("sparse", "layers.0.gate", "a sparse tensor"),
        ("numpy", "mean", "a numpy array"),
        ("empty", "layers.2.weight", "a tensor of no values"),
        ("quantised", "scale", "a quantised tensor"),
    ] {
        let refused = taken(&format!("extra-{name}.pt"), None).unwrap_err();
        let text = refused.to_string();
        let expected = format!("{field}: expected no such tensor");
        assert!(
            text.contains(&expected) && text.contains(part),
            "{name}: {text}"
        );
    }
    assert!(taken("extra-plain.pt", None).unwrap().theta == theta());
}

#[test]
fn a_file_of_values_that_are_not_read_says_what_they_are() {
    for (name, part) in [
        ("numpy", "layers.0.weight is a numpy array"),
        ("quantised", "layers.0.weight is a quantised tensor"),
    ] {
        let text = taken(&format!("all-{name}.pt"), None)
            .unwrap_err()
            .to_string();
        assert!(text.contains(part), "{name} lacks `{part}`: {text}");
    }
}
