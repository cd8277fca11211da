//! The official files, where this machine has them.

use super::*;
use std::path::{Path, PathBuf};

/// A folder of official files; `None`, with the reason printed, where there is none.
fn folder(name: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = std::env::var_os("BASINSCOPE_TEST_DATA").unwrap_or(beside.into());
    let folder = Path::new(&root).join(name);
    if !folder.is_dir() {
        eprintln!(
            "skipped: {} is absent (set BASINSCOPE_TEST_DATA)",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

fn open_folder(folder: &Path) -> Parts {
    open(folder.to_str().unwrap(), Path::new("no-cache")).unwrap()
}

#[test]
fn mnist_has_its_published_counts() {
    let Some(folder) = folder("mnist") else {
        return;
    };
    let parts = open_folder(&folder);
    let test = parts.require(Part::Test).unwrap();
    assert_eq!(test.len(), 10_000);
    assert_eq!(test.shape(), [1, 28, 28]);
    // The test digits from 0 to 9, as LeCun counts them.
    let counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
    assert_eq!(test.class_counts(), counts);
    assert_eq!(test.labels()[..5], [7, 2, 1, 0, 4]);
    // However its files are packed here, they hold the official digits.
    assert_eq!(Official::of(&parts).unwrap(), Some(&Official::MNIST));
    let pictures = Pictures::of(&parts, &Normalize::Auto).unwrap();
    assert_eq!(pictures.normalization, Some(Origin::Published));
    assert_eq!((pictures.mean[0], pictures.std[0]), (0.1307, 0.3081));
    assert_eq!(pictures.title(), "MNIST");
    let (mean, std) = test.channel_statistics();
    // Of the test part; the constants are of the training part.
    let (usual_mean, usual_std) = Official::MNIST.normalization();
    assert!((mean[0] - usual_mean[0]).abs() < 0.005, "{mean:?}");
    assert!((std[0] - usual_std[0]).abs() < 0.005, "{std:?}");
}

#[test]
fn cifar10_has_the_usual_means() {
    let Some(folder) = folder("cifar10") else {
        return;
    };
    let parts = open_folder(&folder);
    let train = parts.require(Part::Train).unwrap();
    assert_eq!(train.shape(), [3, 32, 32]);
    let counts = train.class_counts();
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
    let (mean, std) = train.channel_statistics();
    let (usual_mean, usual_std) = Official::CIFAR10.normalization();
    for channel in 0..3 {
        assert!(
            (mean[channel] - usual_mean[channel]).abs() < 0.01,
            "{mean:?}"
        );
        assert!((std[channel] - usual_std[channel]).abs() < 0.01, "{std:?}");
    }
    assert_eq!(parts.require(Part::Test).unwrap().num_classes(), 10);
    // A subset is no official file, whatever it is called.
    let pictures = Pictures::of(&parts, &Normalize::Auto).unwrap();
    assert_eq!(pictures.normalization, Some(Origin::Computed));
    assert_eq!(pictures.mean, mean);
}
