//! Archives that NumPy wrote, whole and wrong.

use super::*;
use std::io::Write;

fn fixture(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(format!("npz_{name}.npz"))
}

fn load(name: &str) -> Result<Vec<(Part, ImageSet)>> {
    load_npz(fixture(name), &Part::ALL).map(|found| found.sets)
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
    assert_eq!(test.labels(), [2, 1]);
    assert_eq!(train.class_names(), ["0", "1", "2"]);
    assert_eq!(train.class_names(), test.class_names());
    check(test);
    let test = load_npz(fixture("nhwc"), &[Part::Test]).unwrap();
    assert_eq!(test.sets, sets[1..]);
}

#[test]
fn wrong_archives_are_refused_by_array() {
    for (name, part) in [
        (
            "counts",
            "images: expected shape [4, …], a picture for each label, found [5, 4, 6]",
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
    let head = [b"\x93NUMPY\x01\x00\x3c\x00", &[b'('; 60][..]].concat();
    for name in ["images.npy", "labels.npy"] {
        let options: zip::write::FileOptions = Default::default();
        archive.start_file(name, options).unwrap();
        archive.write_all(&head).unwrap();
    }
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

/// Arrays in an archive as NumPy writes them, with the description of their type and shape.
fn archive(arrays: &[(&str, &str, &str, Vec<u8>)]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut archive = zip::ZipWriter::new(file.reopen().unwrap());
    for (name, dtype, shape, bytes) in arrays {
        let head = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
        let options: zip::write::FileOptions = Default::default();
        archive.start_file(format!("{name}.npy"), options).unwrap();
        let len = (head.len() as u16).to_le_bytes();
        let magic = b"\x93NUMPY\x01\x00";
        archive
            .write_all(&[&magic[..], &len, head.as_bytes(), bytes].concat())
            .unwrap();
    }
    archive.finish().unwrap();
    file
}

#[test]
fn keras_and_medmnist_are_read_with_their_parts() {
    let bytes = |count: u8| (0..count).collect::<Vec<u8>>();
    let file = archive(&[
        ("x_train", "|u1", "(3, 2, 2)", bytes(12)),
        ("y_train", "|u1", "(3,)", vec![10, 2, 1]),
        ("x_test", "|u1", "(1, 2, 2)", bytes(4)),
        ("y_test", "|u1", "(1,)", vec![2]),
        ("weights", "|u1", "(3,)", vec![0, 0, 0]),
    ]);
    assert!(is_npz_of_pictures(file.path()));
    let found = load_npz(file.path(), &Part::ALL).unwrap();
    let [(Part::Train, train), (Part::Test, test)] = found.sets.as_slice() else {
        panic!("{:?}", found.sets);
    };
    assert_eq!(train.class_names(), ["1", "2", "10"]);
    assert_eq!((train.labels(), test.labels()), (&[2, 1, 0][..], &[1][..]));
    assert_eq!(found.notes, ["arrays passed over: weights"]);

    let file = archive(&[
        ("train_images", "|u1", "(2, 2, 2, 3)", bytes(24)),
        ("train_labels", "|u1", "(2, 1)", vec![0, 1]),
        ("val_images", "|u1", "(1, 2, 2, 3)", bytes(12)),
        ("val_labels", "|u1", "(1, 1)", vec![1]),
        ("test_images", "|u1", "(1, 2, 2, 3)", bytes(12)),
        ("test_labels", "|u1", "(1, 1)", vec![0]),
    ]);
    let found = load_npz(file.path(), &Part::ALL).unwrap();
    let parts: Vec<Part> = found.sets.iter().map(|(part, _)| *part).collect();
    assert_eq!(parts, [Part::Train, Part::Validation, Part::Test]);
    assert_eq!(found.sets[0].1.shape(), [3, 2, 2]);
    // Tables of points are none.
    let table = archive(&[
        ("x_train", "|u1", "(3, 2)", bytes(6)),
        ("y_train", "|u1", "(3,)", vec![0, 1, 1]),
    ]);
    assert!(!is_npz_of_pictures(table.path()));
    let error = load_npz(table.path(), &Part::ALL).unwrap_err().to_string();
    assert!(
        error.contains("found the arrays x_train, y_train"),
        "{error}"
    );
}

#[test]
fn labels_may_be_texts_or_single_ones() {
    let text: Vec<u8> = "catdog"
        .chars()
        .flat_map(|c| u32::from(c).to_le_bytes())
        .collect();
    let file = archive(&[
        ("X", "|u1", "(2, 2, 1)", vec![1, 2, 3, 4]),
        ("Y", "<U3", "(2,)", text),
    ]);
    let found = load_npz(file.path(), &Part::ALL).unwrap();
    assert_eq!(found.sets[0].1.class_names(), ["cat", "dog"]);
    let file = archive(&[
        ("data", "|u1", "(2, 2, 1)", vec![1, 2, 3, 4]),
        ("target", "|u1", "(2, 3)", vec![0, 0, 1, 1, 0, 0]),
    ]);
    let found = load_npz(file.path(), &Part::ALL).unwrap();
    assert_eq!(found.sets[0].1.labels(), [1, 0]);
    assert_eq!(found.sets[0].1.class_names(), ["0", "2"]);
}

#[test]
fn floats_are_brought_to_bytes_and_normalised_ones_refused() {
    let load = |values: [f32; 4]| {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let file = archive(&[
            ("images", "<f4", "(2, 2, 1)", bytes),
            ("labels", "|u1", "(2,)", vec![0, 1]),
        ]);
        load_npz(file.path(), &Part::ALL)
    };
    let shares = load([0.0, 0.2, 0.4, 1.0]).unwrap();
    assert_eq!(shares.sets[0].1.pixels(), [0, 51, 102, 255]);
    assert!(shares.notes[0].starts_with("images: floats taken as pixels from 0 to 1"));
    let bytes = load([0.0, 51.0, 102.0, 255.0]).unwrap();
    assert_eq!(bytes.sets, shares.sets);
    let error = load([-1.0, 0.0, 0.5, 1.0]).unwrap_err().to_string();
    assert!(
        error.contains("images: expected pixels from 0 to 255, or from 0 to 1"),
        "{error}"
    );
}

/// The error of two parts of two pictures each.
fn refusal_of(train: [(&str, Vec<u8>); 2], test: [(&str, Vec<u8>); 2]) -> String {
    let [(x_train, pixels), (y_train, labels)] = train;
    let [(x_test, test_pixels), (y_test, test_labels)] = test;
    let file = archive(&[
        ("x_train", x_train, "(2, 2, 1)", pixels),
        ("y_train", y_train, "(2,)", labels),
        ("x_test", x_test, "(2, 2, 1)", test_pixels),
        ("y_test", y_test, "(2,)", test_labels),
    ]);
    load_npz(file.path(), &[Part::Train])
        .unwrap_err()
        .to_string()
}

#[test]
fn parts_labelled_in_other_ways_are_refused() {
    let pixels = || ("|u1", vec![1, 2, 3, 4]);
    let train = [pixels(), ("|u1", vec![0, 1])];
    let error = refusal_of(train, [pixels(), ("|u1", vec![1, 2])]);
    let wanted = "y_test: expected only classes of y_train (label both alike, or take out classes \
        that are not trained on), found pictures of 2, of which it has none";
    assert!(error.ends_with(wanted), "{error}");
    let train = [pixels(), ("|S1", b"ab".to_vec())];
    let error = refusal_of(train, [pixels(), ("|u1", vec![0, 1])]);
    let wanted = "y_train: expected numbers as in y_test (label all parts alike), found words";
    assert!(error.ends_with(wanted), "{error}");
}

#[test]
fn parts_of_other_scales_are_refused() {
    let floats = |values: [f32; 4]| ("<f4", values.map(f32::to_le_bytes).concat());
    let labels = || ("|u1", vec![0, 1]);
    let shares = || [floats([0.0, 0.2, 0.4, 1.0]), labels()];
    let wanted = "x_test: expected one scale for all arrays, found numbers from 0 to 1 next to \
        x_train from 0 to 255";
    let bytes = floats([0.0, 51.0, 102.0, 255.0]);
    let error = refusal_of([bytes, labels()], shares());
    assert!(error.ends_with(wanted), "{error}");
    let whole = [0_i16, 51, 102, 255].map(i16::to_le_bytes).concat();
    let error = refusal_of([("<i2", whole), labels()], shares());
    assert!(error.ends_with(wanted), "{error}");
}

#[test]
fn objects_are_refused_and_short_names_are_known() {
    let file = archive(&[
        ("train_imgs", "|u1", "(2, 2, 1)", vec![1, 2, 3, 4]),
        ("train_labels", "|u1", "(2,)", vec![0, 1]),
    ]);
    assert!(is_npz_of_pictures(file.path()));
    let found = load_npz(file.path(), &Part::ALL).unwrap();
    assert_eq!(found.sets[0].1.labels(), [0, 1]);
    let file = archive(&[
        ("imgs", "|u1", "(2, 2, 1)", vec![1, 2, 3, 4]),
        ("labels", "|O", "(2,)", b"\x80\x04pickled".to_vec()),
    ]);
    let error = load_npz(file.path(), &Part::ALL).unwrap_err().to_string();
    let wanted = "labels: expected numbers or texts (save them with .astype(str) or as whole \
        numbers), found objects, which NumPy pickles";
    assert!(error.ends_with(wanted), "{error}");
}
