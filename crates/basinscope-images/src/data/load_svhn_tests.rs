//! Files that SciPy wrote, whole, cut and wrong.

use super::*;
use std::fs;

fn fixture(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(format!("svhn_{name}.mat"))
}

/// The pixel that the script put there.
fn pixel(n: usize, c: usize, y: usize, x: usize) -> u8 {
    (7 * y + 3 * x + 50 * c + 11 * n) as u8
}

#[test]
fn files_of_scipy_are_read_packed_or_not_with_labels_of_either_type() {
    for (name, labels) in [
        ("plain", vec![1, 0]),
        ("packed", vec![1, 0, 9, 5]),
        ("double", vec![3, 0, 2]),
        ("one", vec![7]),
    ] {
        let set = load_svhn(fixture(name)).unwrap();
        assert_eq!(set.labels(), labels, "{name}");
        assert_eq!(set.shape(), [3, 32, 32]);
        assert_eq!(set.num_classes(), 10);
        for n in 0..set.len() {
            for (at, &found) in set.picture(n).iter().enumerate() {
                let (c, y, x) = (at / AREA, at % AREA / SIDE, at % SIDE);
                assert_eq!(found, pixel(n, c, y, x), "{name}: {n}, {c}, {y}, {x}");
            }
        }
    }
}

#[test]
fn wrong_files_are_refused_by_variable() {
    for (name, part) in [
        (
            "label_0",
            "y[1]: expected a digit from 1 to 9, or 10 for 0, found 0",
        ),
        (
            "label_half",
            "y[1]: expected a digit from 1 to 9, or 10 for 0, found 2.5",
        ),
        (
            "counts",
            "y: expected 2 × 1, a label for each picture of X, found [3, 1]",
        ),
        (
            "no_y",
            "y: expected the variables X and y, found no such variable",
        ),
        ("float", "X: expected values of type uint8, found double"),
        (
            "flat",
            "X: expected shape 32 × 32 × 3 × N, N ≥ 1, found [32, 32, 2]",
        ),
    ] {
        let error = load_svhn(fixture(name)).unwrap_err().to_string();
        assert!(
            error.contains(&format!("svhn_{name}.mat: {part}")),
            "{error}"
        );
    }
}

#[test]
fn files_cut_anywhere_are_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for name in ["plain", "packed", "double"] {
        let whole = fs::read(fixture(name)).unwrap();
        // Every byte of the headers and of the end, and some of the pixels.
        let places = (0..400).chain((400..whole.len()).step_by(41));
        for cut in places.chain(whole.len() - 200..whole.len()) {
            fs::write(file.path(), &whole[..cut]).unwrap();
            assert!(load_svhn(file.path()).is_err(), "{name} cut to {cut}");
        }
    }
}
