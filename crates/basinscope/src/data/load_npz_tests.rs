//! Archives written by NumPy itself, and bad ones.

use super::*;
use npyz::{WriterBuilder, npz::NpzWriter};
use std::fs;

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// The fixtures are made by `tests/fixtures/make_npz.py`.
#[test]
fn what_numpy_wrote_is_read_whatever_its_type_and_order() {
    let rows = vec![0.5, -1.25, 3.0, 4.0, 5.5, -6.75];
    let wanted = Dataset::new(rows, vec![1, 0], 3, 2).unwrap();
    let plain = |name| load_npz(fixture(name), None, None).unwrap();
    assert_eq!(plain("c_order_f4.npz"), wanted);
    assert_eq!(plain("fortran_big_endian.npz"), wanted);
    let counted = Dataset::new((0..6).map(|at| at as f32).collect(), vec![1, 0], 3, 2).unwrap();
    assert_eq!(plain("compressed_ints.npz"), counted);
    let named = load_npz(fixture("own_names.npz"), Some("pixels"), Some("kind"));
    assert_eq!(named.unwrap(), wanted);
}

/// Loads an archive of float64 arrays `(name, shape, values)`.
fn load(arrays: &[(&str, &[u64], &[f64])]) -> Result<Dataset> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.npz");
    let mut archive = NpzWriter::create(&path).unwrap();
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
    drop(archive);
    load_npz(path, None, None)
}

#[test]
fn each_bad_archive_is_refused_by_file_array_and_expectation() {
    let x: (&str, &[u64], &[f64]) = ("x", &[2, 1], &[0.5, 1.5]);
    for (arrays, wanted) in [
        (
            vec![x],
            "labels: expected one of the file's arrays (x), found none named labels or y",
        ),
        (
            vec![("y", &[2][..], &[0.0, 1.0][..])],
            "inputs: expected one of the file's arrays (y), found none named inputs or X or x",
        ),
        (
            vec![("x", &[2], &[0.5, 1.5]), ("y", &[2], &[0.0, 1.0])],
            "x: expected shape [points, features], found [2]",
        ),
        (
            vec![("x", &[0, 2], &[]), ("y", &[0], &[])],
            "x: expected shape at least one point and one feature, found [0, 2]",
        ),
        (
            vec![x, ("y", &[3], &[0.0, 1.0, 0.0])],
            "y: expected shape [2], a label for each point, found [3]",
        ),
        (
            vec![x, ("y", &[2, 2], &[0.0, 1.0, 1.0, 0.0])],
            "y: expected shape [2], a label for each point, found [2, 2]",
        ),
        (
            vec![("x", &[2, 1], &[0.5, f64::NAN]), ("y", &[2], &[0.0, 1.0])],
            "x[1, 0]: expected a finite number, found NaN",
        ),
        (
            vec![("x", &[1, 2], &[0.5, 1e39]), ("y", &[1], &[0.0])],
            "x[0, 1]: expected a finite number, found 1000",
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
    let refused =
        |path: &Path, inputs, labels| load_npz(path, inputs, labels).unwrap_err().to_string();
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
    let mut archive = zip_of_npy("(1099511627776, 2)", "<f8", &[0; 32]);
    fs::write(&path, &archive).unwrap();
    let error = load_npz(&path, None, None).unwrap_err().to_string();
    let wanted = "mine.npz: x: expected as many values as its shape, found 32 bytes";
    assert!(error.contains(wanted), "{error}");

    archive = zip_of_npy("(2, 1)", "<c8", &[0; 16]);
    fs::write(&path, &archive).unwrap();
    let error = load_npz(&path, None, None).unwrap_err().to_string();
    assert!(error.contains("mine.npz: x: expected float32"), "{error}");

    let good = fs::read(fixture("c_order_f4.npz")).unwrap();
    for keep in (0..good.len()).step_by(7) {
        fs::write(&path, &good[..keep]).unwrap();
        let error = load_npz(&path, None, None).unwrap_err().to_string();
        assert!(error.contains("mine.npz"), "{error}");
    }
}

/// An archive whose array `x` has a header written by hand.
fn zip_of_npy(shape: &str, descr: &str, data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend(data);
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut archive = NpzWriter::new(&mut bytes);
    for name in ["x.npy", "y.npy"] {
        archive
            .zip_writer()
            .start_file(name, Default::default())
            .unwrap();
        archive.zip_writer().write_all(&npy).unwrap();
    }
    drop(archive);
    bytes.into_inner()
}
