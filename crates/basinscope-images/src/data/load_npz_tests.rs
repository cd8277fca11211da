//! Archives that NumPy wrote, whole and wrong.

use super::*;
use std::io::Write;

fn fixture(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(format!("npz_{name}.npz"))
}

fn load(name: &str) -> Result<Vec<(Part, ImageSet)>> {
    load_npz(fixture(name), &Part::ALL)
}

/// Checks the pixels that the script put there.
fn check(set: &ImageSet) {
    let [channels, height, width] = set.shape();
    assert_eq!([height, width], [4, 6]);
    let mut pixels = set.pixels().iter();
    for n in 0..set.len() {
        for c in 0..channels {
            for y in 0..height {
                for x in 0..width {
                    let wanted = (7 * y + 3 * x + 50 * c + 11 * n) as u8;
                    assert_eq!(pixels.next(), Some(&wanted), "{n}, {c}, {y}, {x}");
                }
            }
        }
    }
}

#[test]
fn every_order_of_axes_reads_alike() {
    for (name, channels) in [("nchw", 3), ("nhwc", 3), ("fortran", 3), ("grey", 1)] {
        let sets = load(name).unwrap();
        assert_eq!(sets[0].0, Part::Train);
        let set = &sets[0].1;
        assert_eq!(set.shape(), [channels, 4, 6], "{name}");
        assert_eq!(set.labels(), [2, 0, 1, 2, 0], "{name}");
        check(set);
    }
}

#[test]
fn a_test_part_shares_the_classes() {
    let sets = load("nhwc").unwrap();
    let [(Part::Train, train), (Part::Test, test)] = sets.as_slice() else {
        panic!("{} sets", sets.len());
    };
    assert_eq!(test.labels(), [3, 1]);
    assert_eq!(train.class_names(), ["0", "1", "2", "3"]);
    assert_eq!(train.class_names(), test.class_names());
    check(test);
    assert_eq!(load_npz(fixture("nhwc"), &[Part::Test]).unwrap(), sets[1..]);
}

#[test]
fn wrong_archives_are_refused_by_array() {
    for (name, part) in [
        (
            "float",
            "images: expected values of type uint8, found '<f8'",
        ),
        (
            "counts",
            "images: expected shape [4, …], a picture for each label, found [5, 4, 6]",
        ),
        (
            "negative",
            "labels[1]: expected a class from 0 to 9999, found -1",
        ),
        (
            "no_labels",
            "labels: expected one of the file's arrays (images), found no such array",
        ),
        (
            "two_channels",
            "images: expected shape [N, H, W], [N, H, W, C] or",
        ),
    ] {
        let error = load(name).unwrap_err().to_string();
        assert!(
            error.contains(&format!("npz_{name}.npz: {part}")),
            "{error}"
        );
    }
}

#[test]
fn headers_of_many_brackets_are_refused_at_once() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut archive = zip::ZipWriter::new(file.reopen().unwrap());
    let options: zip::write::FileOptions = Default::default();
    archive.start_file("labels.npy", options).unwrap();
    let head = [b"\x93NUMPY\x01\x00\x3c\x00", &[b'('; 60][..]].concat();
    archive.write_all(&head).unwrap();
    archive.finish().unwrap();
    let error = load_npz(file.path(), &Part::ALL).unwrap_err().to_string();
    let wanted = "labels: expected an array as NumPy writes it, with at most 8 brackets, \
        found a header with 60 brackets";
    assert!(error.ends_with(wanted), "{error}");
}

#[test]
fn archives_cut_anywhere_are_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for name in ["nchw", "nhwc"] {
        let whole = std::fs::read(fixture(name)).unwrap();
        for cut in (0..whole.len())
            .step_by(7)
            .chain(whole.len() - 60..whole.len())
        {
            std::fs::write(file.path(), &whole[..cut]).unwrap();
            assert!(
                load_npz(file.path(), &Part::ALL).is_err(),
                "{name} cut to {cut}"
            );
        }
    }
}
