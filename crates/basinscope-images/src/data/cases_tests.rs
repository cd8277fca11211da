//! Files that people have, and what is right for each.

use super::*;
use basinscope::data::SplitSizes;
use std::path::{Path, PathBuf};

/// A case of the collection next to the repository; `None`, with the reason printed, where there
/// is none.
fn case(name: &str) -> Option<PathBuf> {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/cases");
    let path = Path::new(cases).join(name);
    if !path.exists() {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    }
    Some(path)
}

fn read(path: &Path) -> Parts {
    open(path.to_str().unwrap(), Path::new("no-cache")).unwrap()
}

fn lens(parts: &Parts) -> Vec<(Part, usize)> {
    parts.iter().map(|(part, set)| (part, set.len())).collect()
}

fn sizes(train: usize, test: usize, pool: usize) -> SplitSizes {
    SplitSizes { train, test, pool }
}

#[test]
fn keras_has_train_and_test() {
    let Some(path) = case("npz-pictures/keras.npz") else {
        return;
    };
    let parts = read(&path);
    assert_eq!(lens(&parts), [(Part::Train, 40), (Part::Test, 12)]);
    assert_eq!(parts.first().1.shape(), [1, 8, 8]);
    assert_eq!(parts.first().1.num_classes(), 10);
    let plain = Pictures::default_sizes(&parts, [None; 3], None);
    assert_eq!(plain, sizes(40, 12, 0));
    let poisoned = Pictures::default_sizes(&parts, [None; 3], Some(5));
    assert_eq!(poisoned, sizes(30, 12, 10));
    let pictures = Pictures::of(&parts, &Normalize::Auto).unwrap();
    assert_eq!(pictures.normalization, Some(Origin::Computed));
    assert_eq!(pictures.parted(0, plain), "as given");
    let split = pictures.split(plain, 0).unwrap();
    assert_eq!(
        [split.train.len(), split.test.len(), split.pool.len()],
        [40, 12, 0]
    );
    assert_eq!(split.train.labels(), parts.first().1.labels());
}

#[test]
fn medmnist_has_a_validation_part_that_is_left_out_and_said() {
    let Some(path) = case("npz-pictures/medmnist.npz") else {
        return;
    };
    let parts = read(&path);
    let wanted = [(Part::Train, 30), (Part::Validation, 10), (Part::Test, 12)];
    assert_eq!(lens(&parts), wanted);
    assert_eq!(
        Pictures::default_sizes(&parts, [None; 3], None),
        sizes(30, 12, 0)
    );
    let pictures = Pictures::of(&parts, &Normalize::None).unwrap();
    assert_eq!(pictures.parts, [Part::Train, Part::Test]);
    assert_eq!(pictures.notes, ["10 pictures for validation left out"]);
    assert_eq!(pictures.read().unwrap().iter().count(), 2);
    // Not normalised: pixels from 0 to 1.
    let split = pictures.split(sizes(30, 12, 0), 0).unwrap();
    let first = parts.first().1.pixels()[0];
    assert!((split.train.point(0)[0] - f32::from(first) / 255.0).abs() < 1e-7);
}

#[test]
fn shares_are_the_bytes_they_came_from() {
    let Some(path) = case("npz-pictures/float01.npz") else {
        return;
    };
    let parts = read(&path);
    assert_eq!(lens(&parts), [(Part::Train, 40)]);
    let pixels = parts.first().1.pixels();
    assert_eq!(pixels.iter().max(), Some(&254));
    assert!(
        parts.notes[0].contains("floats taken as pixels from 0 to 1"),
        "{:?}",
        parts.notes
    );
    assert_eq!(
        Pictures::default_sizes(&parts, [None; 3], None),
        sizes(30, 10, 0)
    );
}

#[test]
fn labels_from_1_are_ten_classes() {
    let Some(path) = case("npz-pictures/labels-from-1.npz") else {
        return;
    };
    let parts = read(&path);
    let names: Vec<String> = (1..=10).map(|class| class.to_string()).collect();
    assert_eq!(parts.first().1.class_names(), names);
    assert_eq!(parts.first().1.labels().iter().min(), Some(&0));
}

#[test]
fn val_is_the_test_part_where_there_is_no_other() {
    let Some(path) = case("folder-train-val") else {
        return;
    };
    let parts = read(&path);
    assert_eq!(lens(&parts), [(Part::Train, 12), (Part::Validation, 12)]);
    assert_eq!(parts.first().1.class_names(), ["0", "1", "2"]);
    let all = Pictures::default_sizes(&parts, [None; 3], None);
    assert_eq!(all, sizes(12, 12, 0));
    let pictures = Pictures::of(&parts, &Normalize::Auto).unwrap();
    assert_eq!(pictures.notes, ["the validation part is the test part"]);
    let split = pictures.split(all, 0).unwrap();
    assert_eq!(split.test.labels(), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
}

#[test]
fn every_picture_of_a_class_is_read() {
    let Some(path) = case("folder-mixed-formats") else {
        return;
    };
    let parts = read(&path);
    assert_eq!(lens(&parts), [(Part::Train, 10)]);
    assert_eq!(parts.first().1.shape(), [1, 28, 28]);
    assert_eq!(parts.first().1.class_counts(), [5, 5]);
}

#[test]
fn sizes_differ_only_where_one_is_asked_for() {
    let Some(path) = case("folder-sizes") else {
        return;
    };
    let source = Source::find(path.to_str().unwrap(), Path::new("no-cache")).unwrap();
    let error = source.read(&Part::ALL).unwrap_err().to_string();
    let named = "28 × 28 pixels as the first picture (--size 28x28 scales all to one size)";
    assert!(error.contains(named), "{error}");
    let size = Some([28, 28]);
    let how = How {
        size,
        ..How::default()
    };
    let parts = source.with(&how).unwrap().read(&Part::ALL).unwrap();
    assert_eq!(lens(&parts), [(Part::Train, 8)]);
    let note = "6 of 8 scaled to 28 × 28 (triangle filter with antialiasing, 4 of them stretched)";
    assert_eq!(parts.notes, [note]);
}

#[test]
fn idx_files_are_found_by_their_other_names() {
    let mut all = Vec::new();
    for name in ["idx-dotted-names", "idx-torchvision-root"] {
        let Some(path) = case(name) else {
            return;
        };
        let parts = read(&path);
        assert_eq!(
            lens(&parts),
            [(Part::Train, 40), (Part::Test, 12)],
            "{name}"
        );
        // They are called as MNIST's files are, and hold something else.
        let pictures = Pictures::of(&parts, &Normalize::Auto).unwrap();
        assert_eq!(pictures.normalization, Some(Origin::Computed), "{name}");
        assert_eq!(pictures.official, None);
        all.push(parts.first().1.clone());
    }
    assert_eq!(all[0], all[1]);
}
