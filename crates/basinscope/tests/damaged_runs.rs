//! Points of a run that are not what a run keeps are refused, never rounded.

use basinscope::record::RunDir;
use std::fs;
use std::path::Path;

#[test]
fn labels_and_classes_of_a_run_are_whole_numbers() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/cases/hostile");
    for (name, wanted) in [
        (
            "run_data_classes_2.5-data.npz",
            "num_classes: expected a class number, found 2.5",
        ),
        (
            "run_data_label_-1-data.npz",
            "train_labels: expected a class number, found -1",
        ),
        (
            "run_data_label_.5-data.npz",
            "train_labels: expected a class number, found 0.5",
        ),
    ] {
        let path = Path::new(cases).join(name);
        if !path.is_file() {
            eprintln!("skipped: {} is not there", path.display());
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::copy(&path, folder.path().join("data.npz")).unwrap();
        let error = RunDir::at(folder.path()).read_data().unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
