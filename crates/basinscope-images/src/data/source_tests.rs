//! Names and paths, and what they are taken for.

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn find(path: &Path) -> Result<Source> {
    Source::find(path.to_str().unwrap(), Path::new("no-cache"))
}

/// An IDX file: magic number, extents, then zeros.
fn idx(extents: &[u32]) -> Vec<u8> {
    let magic = 0x0800 + extents.len() as u32;
    let mut bytes: Vec<u8> = magic.to_be_bytes().to_vec();
    bytes.extend(extents.iter().flat_map(|extent| extent.to_be_bytes()));
    let len = extents.iter().product::<u32>() as usize;
    bytes.resize(bytes.len() + len, 0);
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
            },
            "kind = \"idx\"\nimages = \"a/b\"\nlabels = \"c\"\n",
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
    assert!(parts.train.is_none());
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
            labels: labels.clone()
        }
    );
    assert_eq!(idx.read(&Part::ALL).unwrap().test, parts.test);
    fs::remove_file(&labels).unwrap();
    let error = find(&images).unwrap_err().to_string();
    assert!(
        error.contains("labels: expected t10k-labels-idx1-ubyte beside it"),
        "{error}"
    );
    let error = mnist.read(&Part::ALL).unwrap_err().to_string();
    assert!(
        error.contains("expected t10k-labels-idx1-ubyte.gz beside"),
        "{error}"
    );

    write_pair(&at("fashion-mnist"), "train");
    let fashion = find(&at("fashion-mnist")).unwrap();
    let names = fashion.read(&Part::ALL).unwrap().train.unwrap();
    assert_eq!(names.class_names()[9], "ankle boot");

    fs::create_dir(at("houses")).unwrap();
    fs::copy(fixture("svhn_packed.mat"), at("houses/test_32x32.mat")).unwrap();
    let svhn = find(&at("houses")).unwrap();
    assert_eq!(
        svhn,
        Source::Svhn {
            folder: at("houses")
        }
    );
    assert_eq!(svhn.read(&Part::ALL).unwrap().test.unwrap().len(), 4);

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
    let other = Source::Folder {
        path: folder.path().into(),
        size: None,
    };
    assert_eq!(find(folder.path()).unwrap(), other);
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
