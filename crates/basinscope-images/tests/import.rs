//! Weights from files that PyTorch wrote (`fixtures/make_torch.py`), whole, damaged and hostile.

mod support;

use basinscope_images::graph::{Family, Graph, ImageNet};
use basinscope_images::import::{Blocks, Imported, Matched, Naming, WeightFile, weights};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use support::{buffers, theta};

const FILES: [&str; 8] = [
    "plain.pt",
    "legacy.pth",
    "wrapped.pt",
    "views.pt",
    "renamed.pt",
    "plain.safetensors",
    "precisions.pt",
    "precisions.safetensors",
];

fn file(name: &str) -> PathBuf {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/import"
    ))
    .join(name)
}

fn graph(family: &str, classes: usize) -> Graph {
    let family = Family::from_name(family).unwrap();
    let input = [3, 32, 32];
    let net = ImageNet {
        family,
        input,
        classes,
    };
    net.graph().unwrap()
}

/// The net of the files.
fn own() -> Graph {
    graph("resnet8x0.125", 10)
}

fn refusal(name: &str, graph: &Graph) -> String {
    let text = weights(&file(name), graph).unwrap_err().to_string();
    assert!(text.contains(name) && text.contains("expected"), "{text}");
    text
}

/// A damaged file under a temporary name.
fn from_bytes(bytes: &[u8]) -> basinscope::Result<Imported> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    weights(file.path(), &own())
}

#[test]
fn every_kind_of_file_gives_the_same_weights() {
    let graph = own();
    for name in [
        "plain.pt",
        "legacy.pth",
        "wrapped.pt",
        "views.pt",
        "plain.safetensors",
    ] {
        let imported = weights(&file(name), &graph).unwrap();
        assert!(imported.theta == theta(&graph), "{name}");
        assert!(imported.buffers == buffers(&graph), "{name}");
        assert_eq!(imported.matched, Matched::ByName, "{name}");
    }
}

#[test]
fn other_precisions_are_rounded_as_stored() {
    let graph = own();
    // Tensors are half, bfloat16 and double in turn: 11, 8 and all bits.
    for name in ["precisions.pt", "precisions.safetensors"] {
        let imported = weights(&file(name), &graph).unwrap();
        let (mut exact, mut rounded) = (0, 0);
        for (ours, theirs) in imported.theta.iter().zip(theta(&graph)) {
            assert!(
                (ours - theirs).abs() <= theirs.abs() / 256.0,
                "{ours} {theirs}"
            );
            match *ours == theirs {
                true => exact += 1,
                false => rounded += 1,
            }
        }
        assert!(exact > 100 && rounded > 100, "{name}: {exact} {rounded}");
    }
}

#[test]
fn names_of_another_spelling_are_matched_by_name_and_by_order() {
    let graph = own();
    for (naming, matched) in [
        (Naming::ByName, Matched::ByName),
        (Naming::ByOrder, Matched::ByOrder),
    ] {
        let opened = WeightFile::open(&file("renamed.pt")).unwrap();
        let imported = opened.weights(&Blocks::of(&graph), &naming, None).unwrap();
        assert_eq!(imported.matched, matched);
        assert!(imported.theta == theta(&graph) && imported.buffers == buffers(&graph));
    }
    let sorted = WeightFile::open(&file("plain.safetensors")).unwrap();
    let refused = sorted.weights(&Blocks::of(&graph), &Naming::ByOrder, None);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("by-order"), "{refused}");
}

#[test]
fn weights_of_another_net_are_refused_by_tensor_and_shape() {
    let text = refusal("plain.pt", &graph("resnet8x0.25", 10));
    assert!(
        text.contains("conv.weight: expected shape [4, 3, 3, 3], found [2, 3, 3, 3]"),
        "{text}"
    );
    let text = refusal("plain.safetensors", &graph("resnet8x0.125", 7));
    assert!(
        text.contains("fc.weight: expected shape [7, 8], found [10, 8]"),
        "{text}"
    );
    let text = refusal("plain.pt", &graph("resnet14x0.125", 10));
    assert!(
        text.contains("stages.0.1.bn1.weight: expected a tensor of shape [2]"),
        "{text}"
    );
    let text = refusal("plain.safetensors", &graph("lenet5", 10));
    assert!(text.contains("the file is resnet8x0.125"), "{text}");
    let text = refusal("renamed.pt", &graph("resnet8x0.125", 7));
    assert!(text.contains("fc.weight: expected shape [7, 8]"), "{text}");
}

#[test]
fn a_stranger_among_the_tensors_is_named() {
    // One head more: the parts of the file are those of a deeper net's.
    let bytes = std::fs::read(file("plain.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
    let with = |from: &str, to: &str| {
        let header = header.replace(from, to);
        assert_eq!(header.len(), length, "same length");
        from_bytes(&[&bytes[..8], header.as_bytes(), &bytes[8 + length..]].concat())
    };
    let text = with("bn.num_batches_tracked", "bn.num_batches_trackee")
        .unwrap_err()
        .to_string();
    assert!(text.contains("bn.num_batches_trackee"), "{text}");
    let text = with("\"fc.bias\"", "\"fc.bjas\"").unwrap_err().to_string();
    assert!(
        text.contains("fc.bias: expected a tensor of shape [10]"),
        "{text}"
    );
}

#[test]
fn pickles_that_call_are_refused_and_not_run() {
    let here = std::env::current_dir().unwrap();
    for name in ["evil.pt", "evil.pth"] {
        let text = refusal(name, &own());
        assert!(
            text.contains("posix.system") || text.contains("another pickle"),
            "{text}"
        );
    }
    assert!(!here.join("pickle_was_executed").exists());
    // A whole net is its tensors; its classes are looked at, not made.
    let whole = weights(&file("whole_model.pt"), &own()).unwrap();
    assert!(whole.theta == theta(&own()) && whole.buffers == buffers(&own()));
}

#[test]
fn hostile_pickles_are_refused_without_harm() {
    let storage = format!("torch\n{}Storage\n", "a".repeat(1000));
    for bytes in [
        // A tuple, and an item, from below an open mark.
        &b"\x80\x02NN(\x86d."[..],
        b"\x80\x02}NN(s.",
        // A storage of a name that no tensor has.
        &[b"\x80\x02c", storage.as_bytes(), b"."].concat(),
        // A terminal's commands.
        b"\x80\x02c\x1b[2J\nos\n.",
    ] {
        let refused = from_bytes(bytes).unwrap_err().to_string();
        assert!(refused.contains("expected"), "{refused}");
        assert!(!refused.contains('\x1b'), "{refused}");
    }
    let folder = tempfile::tempdir().unwrap();
    let refused = weights(folder.path(), &own()).unwrap_err().to_string();
    assert!(
        refused.contains("size") && refused.contains("no file"),
        "{refused}"
    );
}

#[test]
fn values_that_are_none_are_refused() {
    let mut bytes = std::fs::read(file("plain.safetensors")).unwrap();
    let length = bytes.len();
    bytes[length - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let text = from_bytes(&bytes).unwrap_err().to_string();
    assert!(text.contains("expected finite values, found NaN"), "{text}");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for name in FILES {
        let bytes = std::fs::read(file(name)).unwrap();
        for cut in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
            // The end of a zip archive may miss nothing, that of a stream the last value.
            assert!(from_bytes(&bytes[..cut]).is_err(), "{name} cut at {cut}");
        }
    }
    let missing = weights(Path::new("no_such_file.pt"), &own())
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("no_such_file.pt: cannot read"),
        "{missing}"
    );
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
    fn random_bytes_never_panic(
        start in prop::sample::select(vec![&b"PK\x03\x04"[..], b"\x80\x02", b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.", b"\x40\0\0\0\0\0\0\0{", b""]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let whole = [start, &bytes].concat();
        prop_assert!(from_bytes(&whole).is_err());
    }

    /// Pickles of the operations that state dicts use, in any order.
    #[test]
    fn shuffled_pickles_never_panic(
        operations in prop::collection::vec(prop::sample::select(vec![
            &b"}"[..], b"]", b")", b"(", b"t", b"l", b"d", b"\x85", b"\x86", b"\x87", b"a", b"e",
            b"s", b"u", b"q\x01", b"h\x01", b"r\x02\0\0\0", b"j\x02\0\0\0", b"\x94", b"0", b"1",
            b"2", b"N", b"\x88", b"K\x05", b"M\x05\x05", b"J\xff\xff\xff\xff", b"\x8a\x01\x07",
            b"X\x03\0\0\0key", b"X\x05\0\0\0model", b"ccollections\nOrderedDict\n",
            b"ctorch._utils\n_rebuild_tensor_v2\n", b"ctorch\nFloatStorage\n", b"Q", b"R", b"b",
        ]), 0..60),
    ) {
        let header = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02";
        let whole = [&header[..], &operations.concat(), b".\x80\x02]."].concat();
        prop_assert!(from_bytes(&whole).is_err());
    }
}
