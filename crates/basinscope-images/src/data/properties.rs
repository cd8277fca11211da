//! No bytes whatever make a reader panic, and what it takes is sound.

use super::*;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Files to begin from; bytes of them are then changed.
fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fs::read(folder.join(name)).unwrap()
}

/// What a reader takes has as many pixels and labels as it says.
fn sound(set: &ImageSet) {
    assert_eq!(set.pixels().len(), set.len() * set.picture_len());
    let counts = set.class_counts();
    assert_eq!(counts.iter().sum::<usize>(), set.len());
}

fn read_all(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    let labels = folder.path().join("labels");
    fs::write(&labels, [0, 0, 8, 1, 0, 0, 0, 1, 3]).unwrap();
    if let Ok(set) = load_svhn(&path) {
        sound(&set);
    }
    let mut files = Vec::new();
    let pair = |images: &Path, labels: &Path| IdxPair {
        part: Part::Train,
        images: images.into(),
        labels: labels.into(),
    };
    for found in [
        load_idx(&[pair(&path, &labels)], false, &Part::ALL),
        load_idx(&[pair(&labels, &path)], true, &Part::ALL),
        load_cifar10(&path, &Part::ALL, &mut files),
        load_cifar100(&path, false, &Part::ALL, &mut files),
        load_npz(&path, &Part::ALL),
    ] {
        for (_, set) in found.into_iter().flat_map(|found| found.sets) {
            sound(&set);
        }
    }
    for class in ["a", "b"] {
        fs::create_dir_all(folder.path().join("classes").join(class)).unwrap();
        let copy = folder.path().join("classes").join(class).join("1.png");
        fs::write(copy, bytes).unwrap();
    }
    for (_, set) in load_folder(folder.path().join("classes"), None, &Part::ALL)
        .into_iter()
        .flat_map(|found| found.sets)
    {
        sound(&set);
    }
}

/// The first bytes by which each format is known.
fn beginnings() -> Vec<Vec<u8>> {
    let mut png = Vec::new();
    let picture = image::GrayImage::new(3, 2);
    let mut cursor = std::io::Cursor::new(&mut png);
    picture
        .write_to(&mut cursor, image::ImageFormat::Png)
        .unwrap();
    vec![
        vec![],
        vec![0, 0, 8, 3, 0, 0, 0, 1],
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
        fixture("svhn_plain.mat")[..128].to_vec(),
        fixture("svhn_packed.mat")[..160].to_vec(),
        b"PK\x03\x04".to_vec(),
        png[..40].to_vec(),
        b"\xff\xd8\xff\xe0".to_vec(),
        b"BM\x8a\0\0\0".to_vec(),
        b"GIF89a\x02\0\x02\0".to_vec(),
        b"II*\0\x08\0\0\0".to_vec(),
        b"RIFF\x40\0\0\0WEBPVP8L".to_vec(),
        b"P5\n2 2\n255\n".to_vec(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_bytes_never_panic(
        which in 0..13_usize,
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut bytes = beginnings()[which].clone();
        bytes.extend(rest);
        read_all(&bytes);
    }

    #[test]
    fn changed_files_never_panic(
        which in 0..6_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let names = [
            "svhn_plain.mat",
            "svhn_packed.mat",
            "svhn_double.mat",
            "npz_nchw.npz",
            "npz_nhwc.npz",
            "npz_grey.npz",
        ];
        let mut bytes = fixture(names[which]);
        for (place, value) in changes {
            let at = place.index(bytes.len());
            bytes[at] = value;
        }
        read_all(&bytes);
    }
}
