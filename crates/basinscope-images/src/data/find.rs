//! What a name or a path means: the files of a set, known by their names.

use super::folder_parts::{part_of, shown, visible};
use super::official::Official;
use super::{Part, Parts, Source};
use basinscope::{Error, Result};
use std::path::{Path, PathBuf};

/// Where sets lie below the folder that people name: torchvision's roots, unpacked tarballs.
const BELOW: [&str; 12] = [
    "MNIST/raw",
    "FashionMNIST/raw",
    "KMNIST/raw",
    "QMNIST/raw",
    "EMNIST/raw",
    "raw",
    "cifar-10-batches-py",
    "cifar-10-batches-bin",
    "cifar-100-python",
    "cifar-100-binary",
    "mnist",
    "fashion-mnist",
];

/// What errors say is known.
pub(super) const KNOWN: &str = "pictures: IDX files (train-images-idx3-ubyte and its labels, \
    MNIST's, Fashion-MNIST's, EMNIST's, also in torchvision's MNIST/raw), CIFAR-10 or CIFAR-100 \
    (their tarballs, *.bin or Python batches), SVHN's train_32x32.mat, an .npz of pictures, or a \
    folder for each class (also within train, val and test)";

impl Source {
    /// The source that a name or a path means.
    ///
    /// `svhn`, `cifar10`, `mnist` and `fashion-mnist` mean the files fetched into the cache
    /// folder. A path may be an `.npz`, a CIFAR tarball, an IDX file of pictures with its file of
    /// labels next to it (with those of the test part, where its name says that it is the
    /// training part's and no official one), or a folder: of the files of a set, of torchvision's
    /// root with such a folder in it, or of folders of pictures by class.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is neither; [`Error::Io`] or [`Error::File`] where a
    /// path holds nothing of the kind, which lists what is known and what was found, holds several
    /// sets, or a set was not fetched yet.
    pub fn find(name_or_path: &str, cache: &Path) -> Result<Self> {
        if let Some(official) = Official::from_name(name_or_path) {
            let folder = cache.join(official.name());
            return in_folder(&folder, Some(official))?.ok_or_else(|| {
                let expected = format!(
                    "its files (fetch them with `basinscope data fetch {}`)",
                    official.name()
                );
                Error::file(&folder, official.name(), expected, "none of them")
            });
        }
        let path = Path::new(name_or_path);
        if path.is_dir() {
            return below(path);
        }
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(unknown(name_or_path));
        };
        if !path.exists() {
            return Err(unknown(name_or_path));
        }
        if name.ends_with(".npz") {
            return Ok(Self::Npz { path: path.into() });
        }
        if is_tarball(name) {
            let path = path.into();
            return Ok(match name.contains("cifar-100") {
                true => Self::Cifar100 {
                    path,
                    coarse: false,
                },
                false => Self::Cifar10 { path },
            });
        }
        if name.contains("idx3") {
            return idx(path);
        }
        Err(Error::file(path, "name", KNOWN, name))
    }
}

/// The sources of a folder and of those below it that are known by their names.
fn below(path: &Path) -> Result<Source> {
    let mut sources: Vec<Source> = in_folder(path, None)?.into_iter().collect();
    for name in BELOW {
        let folder = path.join(name);
        if folder.is_dir()
            && let Some(source) = in_folder(&folder, None)?
            && !sources
                .iter()
                .any(|other| is_same(other.path(), source.path()))
        {
            sources.push(source);
        }
    }
    // A tarball lies next to what was unpacked from it.
    let kind = |source: &Source| std::mem::discriminant(source);
    let packed = tarballs(path)?;
    let is_new = |tarball: &Source| sources.iter().all(|other| kind(other) != kind(tarball));
    let packed: Vec<Source> = packed.into_iter().filter(is_new).collect();
    sources.extend(packed);
    if sources.len() > 1 {
        let paths: Vec<String> = (sources.iter())
            .map(|source| source.path().display().to_string())
            .collect();
        let expected = "one of them by its path";
        return Err(Error::file(path, "sets", expected, paths.join(", ")));
    }
    if let Some(source) = sources.pop() {
        return Ok(source);
    }
    let mut entries = visible(path)?;
    if !entries.iter().any(|entry| entry.is_dir()) {
        let found = match entries.len() {
            0 => "an empty folder".into(),
            _ => shown(&entries),
        };
        return Err(Error::file(path, "data", KNOWN, found));
    }
    entries.retain(|entry| entry.is_dir());
    // One folder in it, as archives unpack: the set is within.
    if let [only] = entries.as_slice() {
        let has_folders = visible(only)?.iter().any(|entry| entry.is_dir());
        if has_folders && part_of(only).is_none() {
            return below(only);
        }
    }
    Ok(Source::Folder {
        path: path.into(),
        size: None,
    })
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn is_tarball(name: &str) -> bool {
    [".tar.gz", ".tgz", ".tar"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn unknown(name: &str) -> Error {
    let known: Vec<&str> = Official::ALL.iter().map(Official::name).collect();
    let expected = format!("{}, or a file or folder that exists", known.join(", "));
    Error::setting("data", expected, format!("`{name}`"))
}

/// The files of a set that a folder holds, of one official set or of any.
fn in_folder(folder: &Path, only: Option<&Official>) -> Result<Option<Source>> {
    let has = |official: &Official| {
        let any = official
            .files()
            .iter()
            .any(|file| file.in_folder(folder).is_some());
        only.is_none_or(|only| only == official) && any
    };
    let path = || folder.to_owned();
    if has(&Official::SVHN) {
        return Ok(Some(Source::Svhn { folder: path() }));
    }
    if has(&Official::FASHION_MNIST) && only.is_some() {
        return Ok(Some(Source::FashionMnist { folder: path() }));
    }
    if has(&Official::MNIST) {
        return Ok(Some(Source::Mnist { folder: path() }));
    }
    if !folder.is_dir() {
        return Ok(None);
    }
    if only.is_none() {
        for name in ["train", "train.bin"] {
            let has_test = folder.join(name.replace("train", "test")).is_file();
            if folder.join(name).is_file() && has_test {
                let coarse = false;
                return Ok(Some(Source::Cifar100 {
                    path: path(),
                    coarse,
                }));
            }
        }
        if let Some(source) = only_idx(folder)? {
            return Ok(Some(source));
        }
    }
    if only.is_some_and(|only| *only != Official::CIFAR10) {
        return Ok(None);
    }
    let batches = [
        "data_batch_1.bin",
        "test_batch.bin",
        "data_batch_1",
        "test_batch",
    ];
    let has_batches = |folder: &PathBuf| batches.iter().any(|name| folder.join(name).is_file());
    if only.is_none() {
        return Ok(has_batches(&path()).then(|| Source::Cifar10 { path: path() }));
    }
    // What was fetched may be unpacked next to its tarball.
    let folders = ["", "cifar-10-batches-bin", "cifar-10-batches-py"].map(|name| folder.join(name));
    if let Some(path) = folders.into_iter().find(has_batches) {
        return Ok(Some(Source::Cifar10 { path }));
    }
    let is_set = |source: &Source| matches!(source, Source::Cifar10 { .. });
    Ok(tarballs(folder)?.into_iter().find(is_set))
}

/// The tarballs of CIFAR-10 and CIFAR-100 by their names, which may tell of subsets; the whole set
/// stands for its subsets.
fn tarballs(folder: &Path) -> Result<Vec<Source>> {
    let mut paths = visible(folder)?;
    let is_cifar = |path: &PathBuf, set: &str| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| is_tarball(name) && name.starts_with(set)) && path.is_file()
    };
    let whole = Official::CIFAR10.files().iter();
    if let Some(whole) = whole.filter_map(|file| file.in_folder(folder)).next() {
        paths.retain(|path| !is_cifar(path, "cifar-10-") || *path == whole);
    }
    let source = |path: PathBuf| {
        let coarse = false;
        if is_cifar(&path, "cifar-100-") {
            return Some(Source::Cifar100 { path, coarse });
        }
        is_cifar(&path, "cifar-10-").then_some(Source::Cifar10 { path })
    };
    Ok(paths.into_iter().filter_map(source).collect())
}

/// The part that a file's name tells of, training where it tells of none.
pub(super) fn part_of_file(path: &Path) -> Part {
    let name = path.file_name().and_then(|name| name.to_str());
    let words = name
        .unwrap_or_default()
        .split(|c: char| !c.is_alphanumeric());
    words
        .filter_map(Part::of_word)
        .next()
        .unwrap_or(Part::Train)
}

/// The file of labels of an IDX file of pictures.
fn labels_of(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    let plain = name.replace("images", "labels").replace("idx3", "idx1");
    let unpacked = plain.strip_suffix(".gz").unwrap_or(&plain).to_owned();
    let [dotted, dashed] =
        [("-idx", ".idx"), (".idx", "-idx")].map(|(from, to)| unpacked.replace(from, to));
    [unpacked, dotted, dashed]
        .into_iter()
        .flat_map(|name| [name.clone(), format!("{name}.gz")])
        .map(|name| images.with_file_name(name))
        .find(|labels| labels.is_file())
}

/// One IDX file of pictures and its labels, with the test part's where it has a sibling that is
/// called `test` in place of `train`.
fn idx(images: &Path) -> Result<Source> {
    let Some(labels) = labels_of(images) else {
        let name = images.file_name().unwrap_or_default().to_string_lossy();
        let name = name.replace("images", "labels").replace("idx3", "idx1");
        let expected = format!("{name} next to it");
        return Err(Error::file(images, "labels", expected, "no such file"));
    };
    let name = images.file_name().and_then(|name| name.to_str());
    let sibling = name.filter(|name| name.contains("-train-"));
    let test_images = sibling
        .map(|name| images.with_file_name(name.replace("-train-", "-test-")))
        .filter(|path| path.is_file());
    let test_labels = test_images.as_deref().and_then(labels_of);
    Ok(Source::Idx {
        images: images.into(),
        labels,
        test_images: test_images.filter(|_| test_labels.is_some()),
        test_labels,
        transpose: false,
    })
}

/// The IDX files of a folder that are called in another way than MNIST's, as EMNIST's are.
fn only_idx(folder: &Path) -> Result<Option<Source>> {
    let is_images = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        let idx3 = name.is_some_and(|name| name.contains("images") && name.contains("idx3"));
        idx3 && path.is_file()
    };
    let mut images = visible(folder)?;
    images.retain(is_images);
    if images.is_empty() {
        return Ok(None);
    }
    let mut sources = Vec::new();
    for path in images {
        let source = idx(&path)?;
        let is_test = |other: &Source| matches!(other, Source::Idx { test_images: Some(test), .. } if *test == path);
        // Names are sorted, so that `…-test-…` comes before `…-train-…`.
        sources.retain(|other: &Source| {
            !matches!(&source, Source::Idx { test_images: Some(test), .. } if test == other.path())
        });
        if !sources.iter().any(is_test) {
            sources.push(source);
        }
    }
    if let [_] = sources.as_slice() {
        return Ok(sources.pop());
    }
    let paths: Vec<PathBuf> = sources.iter().map(|source| source.path().into()).collect();
    let expected = "one set of IDX files (name one of the files of pictures to fit; its labels \
                    and test part are read with it)";
    Err(Error::file(folder, "files", expected, shown(&paths)))
}

/// Finds what a name or path means and reads the wanted parts that are there; see
/// [`Source::find`] and [`Source::read`].
///
/// # Errors
/// As both.
pub fn open_parts(name_or_path: &str, cache: &Path, wanted: &[Part]) -> Result<Parts> {
    Source::find(name_or_path, cache)?.read(wanted)
}

/// The same with every part that is there.
///
/// # Errors
/// As [`open_parts`].
pub fn open(name_or_path: &str, cache: &Path) -> Result<Parts> {
    open_parts(name_or_path, cache, &Part::ALL)
}
