//! The official sets: their files, addresses, checksums and usual normalisation.

use super::Part;
use super::checksum::Md5Sum;
use std::path::{Path, PathBuf};

/// One official file.
#[derive(Debug, PartialEq, Eq)]
pub struct OfficialFile {
    /// Its name.
    pub name: &'static str,
    /// The part it belongs to; none for an archive of several.
    pub part: Option<Part>,
    md5: &'static str,
}

impl OfficialFile {
    /// The checksum that its authors (or the libraries everyone uses) give.
    pub fn md5(&self) -> Md5Sum {
        Md5Sum::from_hex(self.md5).unwrap_or_default() // a test holds that all parse
    }

    /// Where it lies in a folder, packed or, without `.gz`, unpacked.
    pub fn in_folder(&self, folder: &Path) -> Option<PathBuf> {
        let unpacked = match self.name.strip_suffix(".gz") {
            Some(name) if !name.ends_with(".tar") => name,
            _ => self.name,
        };
        let paths = [self.name, unpacked].map(|name| folder.join(name));
        paths.into_iter().find(|path| path.is_file())
    }
}

/// An official set.
#[derive(Debug, PartialEq)]
pub struct Official {
    name: &'static str,
    title: &'static str,
    address: &'static str,
    files: &'static [OfficialFile],
    mean: &'static [f32],
    std: &'static [f32],
}

const fn file(name: &'static str, part: Option<Part>, md5: &'static str) -> OfficialFile {
    OfficialFile { name, part, md5 }
}

const TRAIN: Option<Part> = Some(Part::Train);
const TEST: Option<Part> = Some(Part::Test);

impl Official {
    /// Street View House Numbers, cropped digits.
    pub const SVHN: Self = Self {
        name: "svhn",
        title: "SVHN",
        address: "http://ufldl.stanford.edu/housenumbers/",
        files: &[
            file("train_32x32.mat", TRAIN, "e26dedcc434d2e4c54c9b2d4a06d8373"),
            file("test_32x32.mat", TEST, "eb5a983be6a315427106f1b164d9cef3"),
            file(
                "extra_32x32.mat",
                Some(Part::Extra),
                "a93ce644f1a588dc4d68dda5feec44a7",
            ),
        ],
        mean: &[0.4377, 0.4438, 0.4728],
        std: &[0.1200, 0.1231, 0.1052],
    };

    /// CIFAR-10, binary version.
    pub const CIFAR10: Self = Self {
        name: "cifar10",
        title: "CIFAR-10",
        address: "https://www.cs.toronto.edu/~kriz/",
        files: &[file(
            "cifar-10-binary.tar.gz",
            None,
            "c32a1d4ab5d03f1284b67883e8d87530",
        )],
        mean: &[0.4914, 0.4822, 0.4465],
        std: &[0.2470, 0.2435, 0.2616],
    };

    /// MNIST's handwritten digits.
    pub const MNIST: Self = Self {
        name: "mnist",
        title: "MNIST",
        address: "https://ossci-datasets.s3.amazonaws.com/mnist/",
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                TRAIN,
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                TRAIN,
                "d53e105ee54ea40749a09fcbcd1e9432",
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                TEST,
                "9fb629c4189551a2d022fa330f9573f3",
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                TEST,
                "ec29112dd5afa0611ce80d1b7f02629c",
            ),
        ],
        mean: &[0.1307],
        std: &[0.3081],
    };

    /// Fashion-MNIST's articles of clothing.
    pub const FASHION_MNIST: Self = Self {
        name: "fashion-mnist",
        title: "Fashion-MNIST",
        address: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                TRAIN,
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                TRAIN,
                "25c81989df183df01b3e8a0aad5dffbe",
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                TEST,
                "bef4ecab320f06d8554ea6380940ec79",
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                TEST,
                "bb300cfdad3c16e7a12a480ee83cd310",
            ),
        ],
        mean: &[0.2860],
        std: &[0.3530],
    };

    /// Every official set.
    pub const ALL: [Self; 4] = [Self::SVHN, Self::CIFAR10, Self::MNIST, Self::FASHION_MNIST];

    /// The set of a name.
    pub fn from_name(name: &str) -> Option<&'static Self> {
        const ALL: &[Official] = &Official::ALL;
        ALL.iter().find(|official| official.name == name)
    }

    /// Its name on the command line and in the cache folder.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its name as figures write it.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// The address of its files, ending in a slash.
    pub fn address(&self) -> &'static str {
        self.address
    }

    /// Its files.
    pub fn files(&self) -> &'static [OfficialFile] {
        self.files
    }

    /// Mean and standard deviation of each channel by which its pictures are usually normalised.
    ///
    /// # Units
    /// Pixels as shares of 255.
    pub fn normalization(&self) -> (&'static [f32], &'static [f32]) {
        (self.mean, self.std)
    }
}

/// The part that a file's name tells of, training where it tells of none.
pub(super) fn part_of_file(path: &Path) -> Part {
    let name = path.file_name().and_then(|name| name.to_str());
    match name {
        Some(name) if name.starts_with("t10k") || name.starts_with("test") => Part::Test,
        _ => Part::Train,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_checksum_parses_and_every_address_is_a_folder() {
        let mut seen = Vec::new();
        for official in &Official::ALL {
            assert!(official.address().ends_with('/'));
            assert_eq!(Official::from_name(official.name()), Some(official));
            let (mean, std) = official.normalization();
            assert_eq!(mean.len(), std.len());
            for file in official.files() {
                assert_eq!(file.md5().to_string(), file.md5);
                assert!(!seen.contains(&file.md5));
                seen.push(file.md5);
            }
        }
        assert_eq!(Official::from_name("cifar"), None);
    }
}
