//! Where pictures come from, as a recipe writes it down.

use super::names::{FASHION_MNIST_CLASSES, digits, owned};
use super::official::{Official, part_of_file};
use super::{ImageSet, load_cifar10, load_folder, load_idx, load_npz, load_svhn};
use basinscope::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// A part of a set of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Pictures to fit.
    Train,
    /// Pictures to judge by.
    Test,
    /// More pictures to fit, easier ones (SVHN).
    Extra,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Train, Self::Test, Self::Extra];

    /// Its name, as the files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
            Self::Extra => "extra",
        }
    }
}

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Source {
    /// SVHN's MATLAB files; those that are there are its parts.
    Svhn {
        /// The folder of `train_32x32.mat` and its siblings.
        folder: PathBuf,
    },
    /// CIFAR-10's binary batches.
    #[serde(rename = "cifar10")]
    Cifar10 {
        /// The tarball, or the folder of its `.bin` files.
        path: PathBuf,
    },
    /// MNIST's four files, gzipped or not; the pairs that are there are its parts.
    Mnist {
        /// The folder of the files.
        folder: PathBuf,
    },
    /// Fashion-MNIST's files, which are called as MNIST's.
    FashionMnist {
        /// The folder of the files.
        folder: PathBuf,
    },
    /// One pair of IDX files of ten classes; the test part where their names say so.
    Idx {
        /// The pictures.
        images: PathBuf,
        /// Their labels.
        labels: PathBuf,
    },
    /// Pictures in folders by class.
    Folder {
        /// The folder of the classes, or of `train`, `test` and `extra`.
        path: PathBuf,
        /// Height and width to scale to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<[usize; 2]>,
    },
    /// NumPy arrays `images` and `labels`.
    Npz {
        /// The archive.
        path: PathBuf,
    },
}

/// The parts that were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Where they come from.
    pub source: Source,
    /// The files they were read from (of a folder of pictures only the folder).
    pub files: Vec<PathBuf>,
    /// Pictures to fit.
    pub train: Option<ImageSet>,
    /// Pictures to judge by.
    pub test: Option<ImageSet>,
    /// More pictures to fit.
    pub extra: Option<ImageSet>,
}

impl Parts {
    /// One of the parts.
    pub fn get(&self, part: Part) -> Option<&ImageSet> {
        match part {
            Part::Train => self.train.as_ref(),
            Part::Test => self.test.as_ref(),
            Part::Extra => self.extra.as_ref(),
        }
    }

    /// One of the parts, or an error that says which there are.
    ///
    /// # Errors
    /// [`Error::Setting`] where the part was not there.
    pub fn require(&self, part: Part) -> Result<&ImageSet> {
        self.get(part).ok_or_else(|| {
            let found: Vec<&str> = self.iter().map(|(part, _)| part.name()).collect();
            let expected = format!("pictures of the part {}", part.name());
            Error::setting("data", expected, format!("only {}", found.join(" and ")))
        })
    }

    /// The parts that are there.
    pub fn iter(&self) -> impl Iterator<Item = (Part, &ImageSet)> {
        let sets = Part::ALL.into_iter().map(|part| (part, self.get(part)));
        sets.filter_map(|(part, set)| Some((part, set?)))
    }
}

impl Source {
    /// Reads the wanted parts that are there.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::File`] naming the file and the field at fault, also where the
    /// source has none of the wanted parts or its parts differ in shape.
    pub fn read(&self, wanted: &[Part]) -> Result<Parts> {
        let mut files = Vec::new();
        let sets = match self {
            Self::Svhn { folder } => {
                let read = |files: &[PathBuf]| load_svhn(&files[0]);
                official(&Official::SVHN, folder, wanted, &mut files, read)?
            }
            Self::Mnist { folder } => {
                let read = |files: &[PathBuf]| load_idx(&files[0], &files[1], &digits());
                official(&Official::MNIST, folder, wanted, &mut files, read)?
            }
            Self::FashionMnist { folder } => {
                let names = owned(&FASHION_MNIST_CLASSES);
                let read = |files: &[PathBuf]| load_idx(&files[0], &files[1], &names);
                official(&Official::FASHION_MNIST, folder, wanted, &mut files, read)?
            }
            Self::Idx { images, labels } => {
                let part = match part_of_file(images) {
                    Part::Test => Part::Test,
                    _ => Part::Train,
                };
                files.extend([images.clone(), labels.clone()]);
                if wanted.contains(&part) {
                    vec![(part, load_idx(images, labels, &digits())?)]
                } else {
                    Vec::new()
                }
            }
            Self::Cifar10 { path } => {
                files.push(path.clone());
                load_cifar10(path, wanted)?
            }
            Self::Folder { path, size } => {
                files.push(path.clone());
                load_folder(path, *size, wanted)?
            }
            Self::Npz { path } => {
                files.push(path.clone());
                load_npz(path, wanted)?
            }
        };
        self.parts(files, sets, wanted)
    }

    fn parts(
        &self,
        files: Vec<PathBuf>,
        sets: Vec<(Part, ImageSet)>,
        wanted: &[Part],
    ) -> Result<Parts> {
        if let Some((first, rest)) = sets.split_first() {
            for (part, set) in rest {
                if set.shape() != first.1.shape() {
                    let field = format!("shape of the part {}", part.name());
                    let (expected, found) = (first.1.shape(), set.shape());
                    let found = format!("{found:?}");
                    return Err(Error::file(
                        self.path(),
                        field,
                        format!("{expected:?}"),
                        found,
                    ));
                }
            }
        } else {
            let names: Vec<&str> = wanted.iter().map(|part| part.name()).collect();
            let expected = format!("pictures of the part {}", names.join(" or "));
            return Err(Error::file(self.path(), "parts", expected, "none"));
        }
        let mut parts = Parts {
            source: self.clone(),
            files,
            train: None,
            test: None,
            extra: None,
        };
        for (part, set) in sets {
            match part {
                Part::Train => parts.train = Some(set),
                Part::Test => parts.test = Some(set),
                Part::Extra => parts.extra = Some(set),
            }
        }
        Ok(parts)
    }

    /// The file or folder that it names first.
    pub fn path(&self) -> &Path {
        match self {
            Self::Svhn { folder } | Self::Mnist { folder } | Self::FashionMnist { folder } => {
                folder
            }
            Self::Idx { images: path, .. }
            | Self::Cifar10 { path }
            | Self::Folder { path, .. }
            | Self::Npz { path } => path,
        }
    }

    /// The official set it holds files of.
    pub fn official(&self) -> Option<&'static Official> {
        match self {
            Self::Svhn { .. } => Official::from_name(Official::SVHN.name()),
            Self::Cifar10 { .. } => Official::from_name(Official::CIFAR10.name()),
            Self::Mnist { .. } => Official::from_name(Official::MNIST.name()),
            Self::FashionMnist { .. } => Official::from_name(Official::FASHION_MNIST.name()),
            Self::Idx { .. } | Self::Folder { .. } | Self::Npz { .. } => None,
        }
    }

    /// What a figure calls it: the official set's title, else the name of its file or folder.
    pub fn title(&self) -> String {
        if let Some(official) = self.official() {
            return official.title().into();
        }
        let name = self.path().file_name();
        name.map_or("pictures".into(), |name| name.to_string_lossy().into())
    }

    /// The source that a name or a path means.
    ///
    /// `svhn`, `cifar10`, `mnist` and `fashion-mnist` mean the files fetched into the cache
    /// folder. A path may be an `.npz`, a CIFAR-10 tarball, an IDX file of pictures with its file
    /// of labels beside it, or a folder: of the official files of one of these sets (MNIST's and
    /// Fashion-MNIST's are called alike; where the folder is called `fashion-mnist` they are the
    /// latter), of a CIFAR-10 tarball, or of folders of pictures by class.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is neither; [`Error::Io`] or [`Error::File`] where a
    /// path holds nothing of the kind, or a set was not fetched yet.
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
            if let Some(source) = in_folder(path, None)? {
                return Ok(source);
            }
            return Ok(Self::Folder {
                path: path.into(),
                size: None,
            });
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
        if [".tar.gz", ".tgz", ".tar"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            return Ok(Self::Cifar10 { path: path.into() });
        }
        if name.contains("idx3") {
            let plain = name.replace("images", "labels").replace("idx3", "idx1");
            let unpacked = plain.strip_suffix(".gz").unwrap_or(&plain);
            let labels = [plain.clone(), unpacked.into(), format!("{unpacked}.gz")]
                .into_iter()
                .map(|name| path.with_file_name(name))
                .find(|labels| labels.is_file());
            let Some(labels) = labels else {
                let expected = format!("{plain} beside it");
                return Err(Error::file(path, "labels", expected, "no such file"));
            };
            return Ok(Self::Idx {
                images: path.into(),
                labels,
            });
        }
        let expected = "an .npz, a CIFAR-10 tarball, an IDX file of pictures (…idx3…) or a folder";
        Err(Error::file(path, "name", expected, name))
    }
}

fn unknown(name: &str) -> Error {
    let known: Vec<&str> = Official::ALL.iter().map(Official::name).collect();
    let expected = format!("{}, or a file or folder that exists", known.join(", "));
    Error::setting("data", expected, format!("`{name}`"))
}

/// The official files that a folder holds, of one set or of any.
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
    let fashion = folder.ends_with(Official::FASHION_MNIST.name());
    if has(&Official::FASHION_MNIST) && (fashion || only.is_some()) {
        return Ok(Some(Source::FashionMnist { folder: path() }));
    }
    if has(&Official::MNIST) {
        return Ok(Some(Source::Mnist { folder: path() }));
    }
    if only.is_some_and(|only| *only != Official::CIFAR10) || !folder.is_dir() {
        return Ok(None);
    }
    // The tarball's name may tell of a subset, which the official one comes before; unpacked
    // batches may lie in their own folder.
    let unpacked = folder.join("cifar-10-batches-bin");
    for folder in [folder, &unpacked] {
        if folder.join("data_batch_1.bin").is_file() || folder.join("test_batch.bin").is_file() {
            return Ok(Some(Source::Cifar10 {
                path: folder.into(),
            }));
        }
    }
    let whole = Official::CIFAR10.files().iter();
    if let Some(path) = whole.filter_map(|file| file.in_folder(folder)).next() {
        return Ok(Some(Source::Cifar10 { path }));
    }
    let mut tarballs = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder, "read"))? {
        let path = entry.map_err(Error::io(folder, "read"))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        if name.starts_with("cifar-10-binary") && name.ends_with(".tar.gz") {
            tarballs.push(path);
        }
    }
    tarballs.sort();
    Ok(tarballs
        .into_iter()
        .next()
        .map(|path| Source::Cifar10 { path }))
}

/// Reads the parts of an official set whose files are all in the folder.
fn official(
    official: &Official,
    folder: &Path,
    wanted: &[Part],
    files: &mut Vec<PathBuf>,
    read: impl Fn(&[PathBuf]) -> Result<ImageSet>,
) -> Result<Vec<(Part, ImageSet)>> {
    let mut sets = Vec::new();
    for &part in Part::ALL.iter().filter(|part| wanted.contains(part)) {
        let mut paths = Vec::new();
        let mut missing = None;
        for file in official
            .files()
            .iter()
            .filter(|file| file.part == Some(part))
        {
            match file.in_folder(folder) {
                Some(path) => paths.push(path),
                None => missing = Some(file.name),
            }
        }
        if paths.is_empty() {
            continue;
        }
        if let Some(missing) = missing {
            let expected = format!("{missing} beside {}", paths[0].display());
            return Err(Error::file(folder, "files", expected, "no such file"));
        }
        sets.push((part, read(&paths)?));
        files.extend(paths);
    }
    Ok(sets)
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

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
