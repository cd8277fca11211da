//! Where pictures come from, as a recipe writes it down.

use super::names::{FASHION_MNIST_CLASSES, owned};
use super::official::Official;
use super::{
    Found, IdxPair, Part, Parts, load_cifar10, load_cifar100, load_folder, load_idx, load_npz,
    load_svhn,
};
use basinscope::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
    /// CIFAR-10's batches, binary or as Python's pickles.
    #[serde(rename = "cifar10")]
    Cifar10 {
        /// The tarball, or the folder of its batches.
        path: PathBuf,
    },
    /// CIFAR-100's files, binary or as Python's pickles.
    #[serde(rename = "cifar100")]
    Cifar100 {
        /// The tarball, or the folder of its files.
        path: PathBuf,
        /// Whether the labels are the 20 coarse ones in place of the 100 fine ones.
        #[serde(default, skip_serializing_if = "is_false")]
        coarse: bool,
    },
    /// Files that are called as MNIST's four, gzipped or not; the pairs that are there are its
    /// parts.
    Mnist {
        /// The folder of the files.
        folder: PathBuf,
    },
    /// The same of Fashion-MNIST.
    FashionMnist {
        /// The folder of the files.
        folder: PathBuf,
    },
    /// Pairs of IDX files of any names; without a second pair the part is that of the first's name.
    Idx {
        /// The pictures.
        images: PathBuf,
        /// Their labels.
        labels: PathBuf,
        /// The pictures of the test part, where the first are those to fit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_images: Option<PathBuf>,
        /// Their labels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_labels: Option<PathBuf>,
        /// Whether pictures are transposed, as EMNIST's files have to be.
        #[serde(default, skip_serializing_if = "is_false")]
        transpose: bool,
    },
    /// Pictures in folders by class.
    Folder {
        /// The folder of the classes, or of parts.
        path: PathBuf,
        /// Height and width to scale to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<[usize; 2]>,
    },
    /// NumPy arrays of pictures and labels.
    Npz {
        /// The archive.
        path: PathBuf,
    },
}

fn is_false(value: &bool) -> bool {
    !value
}

/// How a source is to be read, where it leaves a choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct How {
    /// Height and width to scale the pictures of a folder to.
    pub size: Option<[usize; 2]>,
    /// Whether the pictures of IDX files are transposed.
    pub transpose: bool,
    /// Whether the labels of CIFAR-100 are the coarse ones.
    pub coarse: Option<bool>,
}

impl Source {
    /// Reads the wanted parts that are there.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::File`] naming the file and the field at fault, also where the
    /// source has none of the wanted parts or its parts differ in shape.
    pub fn read(&self, wanted: &[Part]) -> Result<Parts> {
        let mut files = Vec::new();
        let found = match self {
            Self::Svhn { folder } => svhn(folder, wanted, &mut files)?,
            Self::Mnist { .. } | Self::FashionMnist { .. } | Self::Idx { .. } => {
                let pairs = self.idx_pairs()?;
                let is_wanted = |pair: &&IdxPair| wanted.contains(&pair.part);
                for pair in pairs.iter().filter(is_wanted) {
                    files.extend([pair.images.clone(), pair.labels.clone()]);
                }
                let turned = matches!(self, Self::Idx { transpose, .. } if *transpose);
                load_idx(&pairs, turned, wanted)?
            }
            Self::Cifar10 { path } => load_cifar10(path, wanted, &mut files)?,
            Self::Cifar100 { path, coarse } => load_cifar100(path, *coarse, wanted, &mut files)?,
            Self::Folder { path, size } => {
                files.push(path.clone());
                load_folder(path, *size, wanted)?
            }
            Self::Npz { path } => {
                files.push(path.clone());
                load_npz(path, wanted)?
            }
        };
        let mut parts = Parts::new(self.clone(), files, found, wanted)?;
        // Numbers stand for articles of clothing only where the files are the official ones.
        let (_, first) = parts.first();
        let numbers = (first.class_names().iter()).eq(owned(&super::names::DIGITS).iter());
        if numbers && Official::of_content(&parts) == Some(&Official::FASHION_MNIST) {
            parts.rename_classes(&owned(&FASHION_MNIST_CLASSES))?;
        }
        Ok(parts)
    }

    /// The same source read in another way.
    ///
    /// # Errors
    /// [`Error::Setting`] where it leaves no such choice.
    pub fn with(mut self, how: &How) -> Result<Self> {
        let refuse = |option: &str, expected: &str, source: &Self| {
            let found = format!("`{}`", source.path().display());
            Err(Error::setting(option, expected, found))
        };
        if let Some(asked) = how.size {
            let Self::Folder { size, .. } = &mut self else {
                return refuse("--size", "a folder of pictures by class", &self);
            };
            *size = Some(asked);
        }
        if let Some(asked) = how.coarse {
            let Self::Cifar100 { coarse, .. } = &mut self else {
                return refuse(
                    "--label",
                    "CIFAR-100, which has fine and coarse ones",
                    &self,
                );
            };
            *coarse = asked;
        }
        if !how.transpose {
            return Ok(self);
        }
        let (Self::Mnist { .. } | Self::FashionMnist { .. } | Self::Idx { .. }) = &self else {
            return refuse("--transpose", "IDX files", &self);
        };
        let mut pairs = self.idx_pairs()?.into_iter();
        let Some(first) = pairs.next() else {
            return refuse("--transpose", "IDX files", &self);
        };
        let second = pairs.next();
        Ok(Self::Idx {
            images: first.images,
            labels: first.labels,
            test_images: second.as_ref().map(|pair| pair.images.clone()),
            test_labels: second.map(|pair| pair.labels),
            transpose: true,
        })
    }

    /// The IDX files of each part.
    fn idx_pairs(&self) -> Result<Vec<IdxPair>> {
        let (official, folder) = match self {
            Self::Mnist { folder } => (&Official::MNIST, folder),
            Self::FashionMnist { folder } => (&Official::FASHION_MNIST, folder),
            Self::Idx {
                images,
                labels,
                test_images,
                test_labels,
                ..
            } => {
                let pair = |part, images: &Path, labels: &Path| IdxPair {
                    part,
                    images: images.into(),
                    labels: labels.into(),
                };
                return Ok(match (test_images, test_labels) {
                    (Some(test), Some(test_labels)) => vec![
                        pair(Part::Train, images, labels),
                        pair(Part::Test, test, test_labels),
                    ],
                    _ => vec![pair(super::find::part_of_file(images), images, labels)],
                });
            }
            _ => return Ok(Vec::new()),
        };
        let mut pairs = Vec::new();
        for part in Part::ALL {
            if let Some([images, labels]) = official_files(official, folder, part)?.as_deref() {
                pairs.push(IdxPair {
                    part,
                    images: images.clone(),
                    labels: labels.clone(),
                });
            }
        }
        Ok(pairs)
    }

    /// The file or folder that it names first.
    pub fn path(&self) -> &Path {
        match self {
            Self::Svhn { folder } | Self::Mnist { folder } | Self::FashionMnist { folder } => {
                folder
            }
            Self::Idx { images: path, .. }
            | Self::Cifar10 { path }
            | Self::Cifar100 { path, .. }
            | Self::Folder { path, .. }
            | Self::Npz { path } => path,
        }
    }

    /// The official set whose files are called as these are; they may be others.
    pub fn layout(&self) -> Option<&'static Official> {
        match self {
            Self::Svhn { .. } => Official::from_name(Official::SVHN.name()),
            Self::Cifar10 { .. } => Official::from_name(Official::CIFAR10.name()),
            Self::Mnist { .. } => Official::from_name(Official::MNIST.name()),
            Self::FashionMnist { .. } => Official::from_name(Official::FASHION_MNIST.name()),
            Self::Idx { .. } | Self::Folder { .. } | Self::Npz { .. } | Self::Cifar100 { .. } => {
                None
            }
        }
    }

    /// What kind of files it is, in words.
    pub fn form(&self) -> &'static str {
        match self {
            Self::Svhn { .. } => "SVHN's MATLAB files",
            Self::Cifar10 { .. } => "CIFAR-10's batches",
            Self::Cifar100 { coarse: false, .. } => "CIFAR-100's files, fine labels",
            Self::Cifar100 { coarse: true, .. } => "CIFAR-100's files, coarse labels",
            Self::Mnist { .. } | Self::FashionMnist { .. } | Self::Idx { .. } => "IDX files",
            Self::Folder { .. } => "folders by class",
            Self::Npz { .. } => "NumPy archive",
        }
    }

    /// The name of its file or folder; of folders called as in every set that of those around.
    pub fn title(&self) -> String {
        let plain = ["raw", "data", "dataset", "images", "train"];
        let name = |path: &Path| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        let names = self.path().ancestors().filter_map(name);
        let mut names = names.filter(|name| !plain.contains(&name.as_str()));
        names.next().unwrap_or("pictures".into())
    }
}

/// The files of a part of an official set in a folder; nothing where there is none of them.
fn official_files(official: &Official, folder: &Path, part: Part) -> Result<Option<Vec<PathBuf>>> {
    let (mut paths, mut missing) = (Vec::new(), None);
    let of_part = |file: &&super::OfficialFile| file.part == Some(part);
    for file in official.files().iter().filter(of_part) {
        match file.in_folder(folder) {
            Some(path) => paths.push(path),
            None => missing = Some(file.name),
        }
    }
    match (paths.first(), missing) {
        (None, _) => Ok(None),
        (Some(first), Some(missing)) => {
            let expected = format!("{missing} next to {}", first.display());
            Err(Error::file(folder, "files", expected, "no such file"))
        }
        (Some(_), None) => Ok(Some(paths)),
    }
}

/// SVHN's parts.
fn svhn(folder: &Path, wanted: &[Part], files: &mut Vec<PathBuf>) -> Result<Found> {
    let mut found = Found::default();
    for &part in Part::ALL.iter().filter(|part| wanted.contains(part)) {
        if let Some(paths) = official_files(&Official::SVHN, folder, part)? {
            found.sets.push((part, load_svhn(&paths[0])?));
            files.extend(paths);
        }
    }
    Ok(found)
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
