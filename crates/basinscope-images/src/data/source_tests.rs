//! Names and paths, and what they are taken for.

use super::*;
use crate::data::open;
use std::fs;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn find(path: &Path) -> Result<Source> {
    Source::find(path.to_str().unwrap(), Path::new("no-cache"))
}

/// An IDX file: magic number, extents, then numbers counted up.
fn idx(extents: &[u32]) -> Vec<u8> {
    let magic = 0x0800 + extents.len() as u32;
    let mut bytes: Vec<u8> = magic.to_be_bytes().to_vec();
    bytes.extend(extents.iter().flat_map(|extent| extent.to_be_bytes()));
    let len = extents.iter().product::<u32>() as usize;
    bytes.extend((0..len).map(|value| value as u8));
    bytes
}

fn write_pair(folder: &Path, part: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(
        folder.join(format!("{part}-images-idx3-ubyte")),
        idx(&[2, 3, 3]),
    )
    .unwrap();
    fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), idx(&[2])).unwrap();
}

#[test]
fn sources_are_written_and_read_in_kebab_case() {
    let path = PathBuf::from("a/b");
    for (source, text) in [
        (
            Source::Svhn {
                folder: path.clone(),
            },
            "kind = \"svhn\"\nfolder = \"a/b\"\n",
        ),
        (
            Source::Cifar10 { path: path.clone() },
            "kind = \"cifar10\"\npath = \"a/b\"\n",
        ),
        (
            Source::FashionMnist {
                folder: path.clone(),
            },
            "kind = \"fashion-mnist\"\nfolder = \"a/b\"\n",
        ),
        (
            Source::Folder {
                path: path.clone(),
                size: Some([32, 48]),
            },
            "kind = \"folder\"\npath = \"a/b\"\nsize = [32, 48]\n",
        ),
        (
            Source::Folder {
                path: path.clone(),
                size: None,
            },
            "kind = \"folder\"\npath = \"a/b\"\n",
        ),
        (
            Source::Idx {
                images: path.clone(),
                labels: "c".into(),
                test_images: None,
                test_labels: None,
                transpose: false,
            },
            "kind = \"idx\"\nimages = \"a/b\"\nlabels = \"c\"\n",
        ),
        (
            Source::Cifar100 {
                path: path.clone(),
                coarse: true,
            },
            "kind = \"cifar100\"\npath = \"a/b\"\ncoarse = true\n",
        ),
        (Source::Npz { path }, "kind = \"npz\"\npath = \"a/b\"\n"),
    ] {
        assert_eq!(toml::to_string(&source).unwrap(), text);
        assert_eq!(toml::from_str::<Source>(text).unwrap(), source);
        assert!(toml::from_str::<Source>(&format!("{text}more = 1\n")).is_err());
    }
}

#[test]
fn paths_are_taken_for_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_pair(&at("digits"), "t10k");
    let mnist = Source::Mnist {
        folder: at("digits"),
    };
    assert_eq!(find(&at("digits")).unwrap(), mnist);
    let parts = mnist.read(&Part::ALL).unwrap();
    assert!(parts.get(Part::Train).is_none());
    assert_eq!(parts.require(Part::Test).unwrap().len(), 2);
    assert_eq!(parts.files.len(), 2);
    let error = parts.require(Part::Train).unwrap_err().to_string();
    assert_eq!(
        error,
        "data: expected pictures of the part train, found only test"
    );
    assert!(mnist.read(&[Part::Train]).is_err());

    let images = at("digits/t10k-images-idx3-ubyte");
    let idx = find(&images).unwrap();
    let labels = at("digits/t10k-labels-idx1-ubyte");
    assert_eq!(
        idx,
        Source::Idx {
            images: images.clone(),
            labels: labels.clone(),
            test_images: None,
            test_labels: None,
            transpose: false,
        }
    );
    let read = idx.read(&Part::ALL).unwrap();
    assert_eq!(read.get(Part::Test), parts.get(Part::Test));
    fs::remove_file(&labels).unwrap();
    let error = find(&images).unwrap_err().to_string();
    assert!(
        error.contains("labels: expected t10k-labels-idx1-ubyte next to it"),
        "{error}"
    );
    let error = mnist.read(&Part::ALL).unwrap_err().to_string();
    assert!(
        error.contains("expected t10k-labels-idx1-ubyte.gz next to"),
        "{error}"
    );

    write_pair(&at("fashion-mnist"), "train");
    // A name alone makes no articles of clothing of other pictures.
    let fashion = find(&at("fashion-mnist"))
        .unwrap()
        .read(&Part::ALL)
        .unwrap();
    assert_eq!(fashion.first().1.class_names(), ["0", "1"]);
    assert_eq!(Official::of(&fashion).unwrap(), None);

    fs::create_dir(at("houses")).unwrap();
    fs::copy(fixture("svhn_packed.mat"), at("houses/test_32x32.mat")).unwrap();
    let svhn = find(&at("houses")).unwrap();
    assert_eq!(
        svhn,
        Source::Svhn {
            folder: at("houses")
        }
    );
    assert_eq!(svhn.read(&Part::ALL).unwrap().first().1.len(), 4);

    fs::create_dir(at("subset")).unwrap();
    fs::write(at("subset/cifar-10-binary-subset.tar.gz"), b"").unwrap();
    let path = at("subset/cifar-10-binary-subset.tar.gz");
    assert_eq!(
        find(&at("subset")).unwrap(),
        Source::Cifar10 { path: path.clone() }
    );
    assert_eq!(find(&path).unwrap(), Source::Cifar10 { path });
    // The whole set comes before its subset.
    fs::write(at("subset/cifar-10-binary.tar.gz"), b"").unwrap();
    let path = at("subset/cifar-10-binary.tar.gz");
    assert_eq!(find(&at("subset")).unwrap(), Source::Cifar10 { path });

    let npz = fixture("npz_grey.npz");
    assert_eq!(find(&npz).unwrap(), Source::Npz { path: npz });
    let found = find(folder.path()).unwrap();
    let fashion = Source::Mnist {
        folder: at("fashion-mnist"),
    };
    assert_eq!(found, fashion);
    let classes = tempfile::tempdir().unwrap();
    for class in ["a", "b"] {
        fs::create_dir(classes.path().join(class)).unwrap();
    }
    let other = Source::Folder {
        path: classes.path().into(),
        size: None,
    };
    assert_eq!(find(classes.path()).unwrap(), other);
}

#[test]
fn names_mean_the_cache() {
    let cache = tempfile::tempdir().unwrap();
    let error = Source::find("mnist", cache.path()).unwrap_err().to_string();
    assert!(error.contains("basinscope data fetch mnist"), "{error}");
    write_pair(&cache.path().join("fashion-mnist"), "t10k");
    let found = open("fashion-mnist", cache.path()).unwrap();
    let folder = cache.path().join("fashion-mnist");
    assert_eq!(found.source, Source::FashionMnist { folder });
    // Files of the same names are not taken for the other set.
    write_pair(&cache.path().join("mnist"), "train");
    let found = Source::find("mnist", cache.path()).unwrap();
    assert!(matches!(found, Source::Mnist { .. }));
    let error = Source::find("mnits", cache.path()).unwrap_err().to_string();
    let expected = "data: expected svhn, cifar10, mnist, fashion-mnist, or a file or folder that exists, found `mnits`";
    assert_eq!(error, expected);
    let text = cache.path().join("text.txt");
    fs::write(&text, "text").unwrap();
    assert!(find(&text).is_err());
    // Where nothing is known, what is known and what was found are listed.
    let folder = tempfile::tempdir().unwrap();
    for name in ["model.h5", "notes.md"] {
        fs::write(folder.path().join(name), "text").unwrap();
    }
    let error = find(folder.path()).unwrap_err().to_string();
    for part in [
        "train-images-idx3-ubyte",
        "CIFAR-100",
        ".npz",
        "model.h5, notes.md",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn parts_of_different_shapes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(folder.path(), "t10k");
    fs::write(
        folder.path().join("train-images-idx3-ubyte"),
        idx(&[2, 3, 4]),
    )
    .unwrap();
    fs::write(folder.path().join("train-labels-idx1-ubyte"), idx(&[2])).unwrap();
    let error = find(folder.path())
        .unwrap()
        .read(&Part::ALL)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("shape of the part test: expected [1, 3, 4], found [1, 3, 3]"),
        "{error}"
    );
}

#[test]
fn idx_files_of_other_names_are_read_in_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("EMNIST/raw");
    for part in ["train", "test"] {
        write_pair(&raw, &format!("emnist-letters-{part}"));
    }
    let source = find(folder.path()).unwrap();
    let turned = How {
        transpose: true,
        ..How::default()
    };
    let plain = source.read(&Part::ALL).unwrap();
    let parts: Vec<Part> = plain.iter().map(|(part, _)| part).collect();
    assert_eq!(parts, [Part::Train, Part::Test]);
    assert_eq!(plain.files.len(), 4);
    let turned = source
        .clone()
        .with(&turned)
        .unwrap()
        .read(&Part::ALL)
        .unwrap();
    let turned_back = turned.first().1.clone().transposed();
    assert_eq!(&turned_back, plain.first().1);
    assert_eq!(source.title(), "emnist-letters-train-images-idx3-ubyte");
    // Of several sets one has to be named.
    write_pair(&raw, "emnist-digits-train");
    let error = find(folder.path()).unwrap_err().to_string();
    for part in [
        "one set of IDX files",
        "emnist-digits-train",
        "emnist-letters-train",
    ] {
        assert!(error.contains(part), "{error}");
    }
    let named = raw.join("emnist-letters-train-images-idx3-ubyte");
    assert_eq!(find(&named).unwrap(), source);
}

#[test]
fn dotted_names_and_roots_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_pair(&at("plain"), "t10k");
    fs::create_dir_all(at("dotted")).unwrap();
    for (plain, dotted) in [
        ("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"),
        ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"),
    ] {
        fs::copy(at("plain").join(plain), at("dotted").join(dotted)).unwrap();
    }
    let read = |path: &Path| find(path).unwrap().read(&Part::ALL).unwrap();
    let plain = read(&at("plain"));
    assert_eq!(read(&at("dotted")).first(), plain.first());
    let dotted = read(&at("dotted/t10k-images.idx3-ubyte"));
    assert_eq!(dotted.first(), plain.first());
    write_pair(&at("root/MNIST/raw"), "t10k");
    assert_eq!(read(&at("root")).first(), plain.first());
    assert_eq!(find(&at("root")).unwrap().title(), "MNIST");
    write_pair(&at("root/FashionMNIST/raw"), "t10k");
    let error = find(&at("root")).unwrap_err().to_string();
    assert!(
        error.contains("sets: expected one of them by its path"),
        "{error}"
    );
}

#[test]
fn all_sets_of_a_root_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_pair(&at("MNIST/raw"), "t10k");
    fs::create_dir(at("cifar-10-batches-bin")).unwrap();
    fs::write(at("cifar-10-batches-bin/test_batch.bin"), b"").unwrap();
    let refuse = |names: &[&str]| {
        let error = find(folder.path()).unwrap_err().to_string();
        let wanted = "sets: expected one of them by its path, found ";
        let found = error
            .split(wanted)
            .nth(1)
            .unwrap_or_else(|| panic!("{error}"));
        assert_eq!(found.split(", ").count(), names.len(), "{error}");
        for name in names {
            assert!(found.contains(name), "lacks {name}: {error}");
        }
    };
    refuse(&["MNIST/raw", "cifar-10-batches-bin"]);
    fs::write(at("cifar-100-python.tar.gz"), b"").unwrap();
    refuse(&[
        "MNIST/raw",
        "cifar-10-batches-bin",
        "cifar-100-python.tar.gz",
    ]);
    // A tarball next to what was unpacked from it is no other set.
    fs::remove_dir_all(at("MNIST")).unwrap();
    fs::remove_file(at("cifar-100-python.tar.gz")).unwrap();
    fs::write(at("cifar-10-binary.tar.gz"), b"").unwrap();
    let path = at("cifar-10-batches-bin");
    assert_eq!(find(folder.path()).unwrap(), Source::Cifar10 { path });
}

#[test]
fn options_that_a_source_does_not_have_are_refused() {
    let npz = Source::Npz {
        path: "a.npz".into(),
    };
    let refuse = |how: How, wanted: &str| {
        let error = npz.clone().with(&how).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
    };
    let how = How::default();
    let size = Some([2, 2]);
    refuse(
        How { size, ..how },
        "--size: expected a folder of pictures by class",
    );
    refuse(
        How {
            transpose: true,
            ..how
        },
        "--transpose: expected IDX files",
    );
    let coarse = Some(true);
    refuse(How { coarse, ..how }, "--label: expected CIFAR-100");
}
