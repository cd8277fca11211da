//! Archives written by NumPy itself, and bad ones.

use super::*;
use crate::data::{Missing, PointsFile};
use npyz::{WriterBuilder, npz::NpzWriter};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// Inputs and labels as they were read.
fn read(path: &Path, inputs: Option<&str>, labels: Option<&str>) -> Result<(Vec<f32>, Labels)> {
    let (train, _) = read_npz(path, inputs, labels, For::Both)?;
    Ok((train.inputs, train.labels))
}

/// The fixtures are made by `tests/fixtures/make_npz.py`.
#[test]
fn what_numpy_wrote_is_read_whatever_its_type_and_order() {
    let rows = vec![0.5, -1.25, 3.0, 4.0, 5.5, -6.75];
    let wanted = (rows, Labels::Numbers(vec![1.0, 0.0]));
    let plain = |name| read(&fixture(name), None, None).unwrap();
    assert_eq!(plain("c_order_f4.npz"), wanted);
    assert_eq!(plain("fortran_big_endian.npz"), wanted);
    let (counted, _) = plain("compressed_ints.npz");
    assert_eq!(counted, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let named = read(&fixture("own_names.npz"), Some("pixels"), Some("kind"));
    assert_eq!(named.unwrap(), wanted);
}

/// The bytes of an `.npy` with a header written by hand.
fn npy(shape: &str, descr: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend(data);
    npy
}

/// An archive of such arrays.
fn archive(path: &Path, arrays: &[(&str, Vec<u8>)]) {
    use std::io::Write;
    let mut archive = NpzWriter::new(File::create(path).unwrap());
    for (name, bytes) in arrays {
        let zip = archive.zip_writer();
        zip.start_file(format!("{name}.npy"), Default::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
}

fn floats(values: &[f64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// Float64 of two features, counting.
fn inputs(rows: usize) -> Vec<u8> {
    let values: Vec<f64> = (0..2 * rows).map(|at| at as f64 / 4.0).collect();
    npy(&format!("({rows}, 2)"), "<f8", &floats(&values))
}

fn text(words: &[&str], width: usize, is_big: bool) -> Vec<u8> {
    let letter = |c: char| match is_big {
        true => (c as u32).to_be_bytes(),
        false => (c as u32).to_le_bytes(),
    };
    let word = |word: &&str| {
        let letters = word.chars().chain(std::iter::repeat('\0')).take(width);
        letters.flat_map(letter).collect::<Vec<_>>()
    };
    words.iter().flat_map(word).collect()
}

#[test]
fn labels_of_every_type_become_the_same_classes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.npz");
    let ids = [1, 0, 1, 0];
    let half = [0x3c00_u16, 0, 0x3c00, 0].map(u16::to_le_bytes).concat();
    let one_hot = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0];
    for (labels, names) in [
        (npy("(4,)", "|u1", &[1, 0, 1, 0]), "0 1"),
        (npy("(4,)", "|u1", &[7, 3, 7, 3]), "3 7"),
        (npy("(4, 1)", "|i1", &[1, 255, 1, 255]), "-1 1"),
        (npy("(4,)", "|b1", &[1, 0, 1, 0]), "False True"),
        (npy("(4,)", "<f2", &half), "0 1"),
        (npy("(4, 2)", "<f8", &floats(&one_hot)), "0 1"),
        (
            npy("(4,)", "<U3", &text(&["yes", "no", "yes", "no"], 3, false)),
            "no yes",
        ),
        (
            npy("(4,)", ">U3", &text(&["yes", "no", "yes", "no"], 3, true)),
            "no yes",
        ),
        (npy("(4,)", "|S3", b"yesno\0yesno\0"), "no yes"),
    ] {
        archive(&path, &[("X", inputs(4)), ("y", labels)]);
        let asked = PointsFile {
            path: path.clone(),
            ..PointsFile::default()
        };
        let points = asked.read().unwrap();
        let (split, reading) = points.split(points.default_sizes(None), 0).unwrap();
        assert_eq!(reading.names.classes.join(" "), names);
        assert_eq!(reading.class_sizes, [2, 2]);
        let all = [split.train, split.test];
        for (set, at) in all
            .iter()
            .flat_map(|set| (0..set.len()).map(move |at| (set, at)))
        {
            let row = (set.point(at)[0] * 2.0) as usize;
            assert_eq!(set.labels()[at], ids[row], "{names}");
        }
    }
}

#[test]
fn the_usual_names_are_found_and_parts_are_taken_as_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.npz");
    let labels = |count: usize| {
        let labels: Vec<u8> = (0..count).map(|at| at as u8 % 2).collect();
        npy(&format!("({count},)"), "|u1", &labels)
    };
    for (names, sizes) in [
        ("X y", [6, 0]),
        ("x y", [6, 0]),
        ("inputs labels", [6, 0]),
        ("data target", [6, 0]),
        ("x_train y_train x_test y_test", [6, 4]),
        ("X_train y_train X_test y_test", [6, 4]),
        ("train_x train_y test_x test_y", [6, 4]),
        ("train_data train_labels val_data val_labels", [6, 4]),
        ("x_train y_train", [6, 0]),
    ] {
        let counts = [6, 6, 4, 4];
        let arrays: Vec<(&str, Vec<u8>)> = (names.split(' ').zip(counts).enumerate())
            .map(|(at, (name, count))| match at % 2 {
                0 => (name, inputs(count)),
                _ => (name, labels(count)),
            })
            .collect();
        archive(&path, &arrays);
        let (train, test) = read_npz(&path, None, None, For::Both).unwrap();
        let test = test.map_or(0, |test| test.len());
        assert_eq!([train.len(), test], sizes, "{names}");
    }
    archive(
        &path,
        &[
            ("data", inputs(4)),
            ("target", labels(4)),
            (
                "feature_names",
                npy("(2,)", "<U1", &text(&["a", "b"], 1, false)),
            ),
            (
                "target_names",
                npy("(2,)", "<U2", &text(&["no", "ya"], 2, false)),
            ),
        ],
    );
    let asked = PointsFile {
        path,
        ..PointsFile::default()
    };
    let points = asked.read().unwrap();
    let (split, reading) = points.split(points.default_sizes(None), 0).unwrap();
    assert_eq!(reading.form, "NPZ, arrays data, target");
    assert_eq!(split.train.names().classes, ["no", "ya"]);
    assert_eq!(split.train.names().features, ["a", "b"]);
}

#[test]
fn pairs_of_npy_find_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let labels = npy("(4,)", "|u1", &[0, 1, 0, 1]);
    fs::write(f.join("X.npy"), inputs(4)).unwrap();
    let error = read_npy(&f.join("X.npy"), None, For::Both)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("X.npy: labels: expected a file of labels beside it"),
        "{error}"
    );
    fs::write(f.join("y.npy"), &labels).unwrap();
    let (train, test) = read_npy(&f.join("X.npy"), None, For::Both).unwrap();
    assert_eq!((train.len(), test.is_none()), (4, true));
    assert_eq!(train.said.form, "NPY, labels of y.npy");
    fs::write(f.join("mine.npy"), inputs(4)).unwrap();
    let path = f.join("y.npy");
    assert_eq!(
        read_npy(&f.join("mine.npy"), path.to_str(), For::Both)
            .unwrap()
            .0
            .len(),
        4
    );
    for (name, bytes) in [
        ("x_train.npy", inputs(4)),
        ("y_train.npy", labels.clone()),
        ("x_test.npy", inputs(4)),
        ("y_test.npy", labels),
    ] {
        fs::write(f.join(name), bytes).unwrap();
    }
    let (train, test) = read_npy(&f.join("x_train.npy"), None, For::Both).unwrap();
    assert_eq!(test.unwrap().len(), 4);
    assert_eq!(
        train.said.form,
        "NPY, labels of y_train.npy; test x_test.npy, labels of y_test.npy"
    );
}

/// Writes an archive of float64 arrays `(name, shape, values)`.
pub(in crate::data) fn write_npz(path: &Path, arrays: &[(&str, &[u64], &[f64])]) {
    let mut archive = NpzWriter::create(path).unwrap();
    for &(name, shape, values) in arrays {
        let mut writer = archive
            .array(name, Default::default())
            .unwrap()
            .default_dtype()
            .shape(shape)
            .begin_nd()
            .unwrap();
        writer.extend(values.iter().copied()).unwrap();
        writer.finish().unwrap();
    }
}

fn load(arrays: &[(&str, &[u64], &[f64])]) -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.npz");
    write_npz(&path, arrays);
    PointsFile {
        path,
        missing: Missing::Refuse,
        ..PointsFile::default()
    }
    .read()
    .map(drop)
}

#[test]
fn each_bad_archive_is_refused_by_file_array_and_expectation() {
    let x: (&str, &[u64], &[f64]) = ("x", &[2, 1], &[0.5, 1.5]);
    for (arrays, wanted) in [
        (
            vec![x],
            "labels: expected one of the file's arrays (x) to be called labels, y, target",
        ),
        (
            vec![("y", &[2][..], &[0.0, 1.0][..])],
            "inputs: expected one of the file's arrays (y) to be called inputs, x, data",
        ),
        (
            vec![("x", &[2], &[0.5, 1.5]), ("y", &[2], &[0.0, 1.0])],
            "x: expected shape [points, features], found [2]",
        ),
        (
            vec![("x", &[1, 2, 2], &[0.0; 4]), ("y", &[1], &[0.0])],
            "x: expected shape [points, features]; pictures are read by builds with the feature",
        ),
        (
            vec![("x", &[0, 2], &[]), ("y", &[0], &[])],
            "x: expected shape at least one point and one feature, found [0, 2]",
        ),
        (
            vec![x, ("y", &[3], &[0.0, 1.0, 0.0])],
            "y: expected shape [2] or [2, classes] (one-hot), a label for each point, found [3]",
        ),
        (
            vec![x, ("y", &[2, 2], &[0.0, 1.0, 1.0, 1.0])],
            "y[1]: expected a single 1 among zeros (one-hot), as two dimensions of labels are \
             read, found [1.0, 1.0]",
        ),
        (
            vec![("x", &[2, 1], &[0.5, f64::NAN]), ("y", &[2], &[0.0, 1.0])],
            "point 1, feature 0: expected a value (--missing drop",
        ),
        (
            vec![("x", &[1, 2], &[0.5, 1e39]), ("y", &[1], &[0.0])],
            "x[0, 1]: expected a finite number in the range of single precision, found 1000",
        ),
        (
            vec![x, ("y", &[2], &[0.0, 0.0])],
            "y: expected at least 2 classes, found only `0`",
        ),
    ] {
        let error = load(&arrays).unwrap_err().to_string();
        assert!(error.contains(&format!("mine.npz: {wanted}")), "{error}");
    }
}

#[test]
fn names_that_are_not_there_and_files_that_are_no_archive_are_refused() {
    let refused = |path: &Path, inputs, labels| read(path, inputs, labels).unwrap_err().to_string();
    let named = fixture("own_names.npz");
    let error = refused(&named, Some("pixel"), None);
    assert!(
        error.contains("own_names.npz: pixel: expected one of the file's arrays"),
        "{error}"
    );
    assert!(
        error.contains("found `pixel` (did you mean `pixels`?)"),
        "{error}"
    );
    let error = refused(Path::new("no/such.npz"), None, None);
    assert!(error.starts_with("no/such.npz: cannot read"), "{error}");
    let error = refused(&fixture("make_npz.py"), None, None);
    assert!(
        error.contains("make_npz.py: archive: expected an .npz"),
        "{error}"
    );
}

/// A header that claims 2⁴⁰ rows must be refused, not believed.
#[test]
fn damaged_archives_are_refused_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.npz");
    let refused = |bytes: Vec<u8>| {
        archive(&path, &[("x", bytes.clone()), ("y", bytes)]);
        read(&path, None, None).unwrap_err().to_string()
    };
    let error = refused(npy("(1099511627776, 2)", "<f8", &[0; 32]));
    let wanted = "mine.npz: x: expected as many values as its shape, found 32 bytes";
    assert!(error.contains(wanted), "{error}");
    let error = refused(npy("(2, 1)", "<c8", &[0; 16]));
    assert!(
        error.contains("mine.npz: x: expected float16, float32"),
        "{error}"
    );
    let mut long = npy("(2, 1)", "<f8", &[0; 16]);
    long[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
    let error = refused(long);
    assert!(error.contains("found a header that ends after"), "{error}");

    let good = fs::read(fixture("c_order_f4.npz")).unwrap();
    for keep in (0..good.len()).step_by(7) {
        fs::write(&path, &good[..keep]).unwrap();
        let error = read(&path, None, None).unwrap_err().to_string();
        assert!(error.contains("mine.npz"), "{error}");
    }
}
