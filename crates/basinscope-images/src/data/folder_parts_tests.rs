//! Folders called after parts in the many ways that people have, and what only looks so.

use super::*;
use crate::data::picture_folder::Folder;

/// One grey picture of each of two classes in each folder.
fn with_classes(folders: &[&str]) -> Folder {
    let mut folder = Folder::new();
    for (at, name) in folders.iter().enumerate() {
        for class in ["cat", "dog"] {
            let picture = format!("{name}/{class}/1.png");
            folder = folder.grey(&picture, [2, 2], 10 * at as u8);
        }
    }
    folder
}

fn parts(folder: &Folder) -> Vec<Part> {
    let sets = folder.load(None).unwrap();
    assert_eq!(sets[0].1.class_names(), ["cat", "dog"]);
    sets.into_iter().map(|(part, _)| part).collect()
}

#[test]
fn names_of_splits_are_parts() {
    for (train, test) in [
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("training_set/training_set", "test_set/test_set"),
        ("train_images", "test_images"),
        ("Train-Set", "test.data"),
        ("trainset", "testset"),
    ] {
        let folder = with_classes(&[train, test]);
        assert_eq!(parts(&folder), [Part::Train, Part::Test], "{train}");
        assert_eq!(folder.found(None).unwrap().notes, Vec::<String>::new());
    }
    let folder = with_classes(&["train data", "val-set"]);
    assert_eq!(parts(&folder), [Part::Train, Part::Validation]);
    for name in ["train_bus", "data", "reset", "test_train", ""] {
        assert_eq!(Part::of_folder(name), None, "{name}");
    }
}

#[test]
fn parts_without_one_to_train_on_are_refused() {
    let wanted = "parts: expected a folder `train` next to `test` and `val` (call a class";
    with_classes(&["test", "val"]).refuse(None, &[wanted, "found none"]);
    with_classes(&["test_set", "bus"]).refuse(None, &["next to `test_set`"]);
}

#[test]
fn folds_are_no_classes() {
    let wanted = [
        "classes: expected pictures in the folders of the classes",
        "same names (cat, dog) in several of fold1, fold2",
        "name one folder",
    ];
    with_classes(&["fold1", "fold2"]).refuse(None, &wanted);
    // One folder for the pictures of each class, as Tiny ImageNet has it.
    let folder =
        Folder::new()
            .grey("cat/images/1.png", [2, 2], 1)
            .grey("dog/images/1.png", [2, 2], 2);
    assert_eq!(parts(&folder), [Part::Train]);
}

#[test]
fn a_class_may_be_called_train() {
    let folder = Folder::new()
        .grey("bus/1.png", [2, 2], 1)
        .grey("train/1.png", [2, 2], 2);
    let found = folder.found(None).unwrap();
    assert_eq!(found.sets[0].1.class_names(), ["bus", "train"]);
    assert!(found.notes[0].starts_with("`train` is read as a class"));
    // Not next to another part.
    let folder = folder.grey("test/1.png", [2, 2], 3);
    folder.refuse(
        None,
        &["classes: expected at least 2 folders, one for each class"],
    );
}
