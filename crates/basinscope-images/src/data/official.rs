//! The official sets: their files, addresses, checksums and usual normalisation.

use super::checksum::Md5Sum;
use super::names::{CIFAR10_CLASSES, DIGITS, FASHION_MNIST_CLASSES};
use super::{ImageSet, Part, Parts};
use basinscope::Result;
use std::path::{Path, PathBuf};

/// One official file.
#[derive(Debug, PartialEq, Eq)]
pub struct OfficialFile {
    /// Its name.
    pub name: &'static str,
    /// The part it belongs to; none for an archive of several.
    pub part: Option<Part>,
    md5: &'static str,
    /// MD5 of what a `.gz` holds, where it is known.
    content: Option<&'static str>,
}

impl OfficialFile {
    /// The checksum that its authors (or the libraries everyone uses) give.
    pub fn md5(&self) -> Md5Sum {
        Md5Sum::from_hex(self.md5).unwrap_or_default() // a test holds that all parse
    }

    /// Where it lies in a folder, packed or, without `.gz`, unpacked; with dashes or a dot.
    pub fn in_folder(&self, folder: &Path) -> Option<PathBuf> {
        let unpacked = match self.name.strip_suffix(".gz") {
            Some(name) if !name.ends_with(".tar") => name,
            _ => self.name,
        };
        // IDX files are also spread with a dot: train-images.idx3-ubyte.
        let [dotted, dotted_unpacked] =
            [self.name, unpacked].map(|name| name.replace("-idx", ".idx"));
        let names = [self.name, unpacked, &dotted, &dotted_unpacked];
        let mut paths = names.into_iter().map(|name| folder.join(name));
        paths.find(|path| path.is_file())
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
    classes: &'static [&'static str],
    /// MD5 sums of the same pictures in other official files.
    also: &'static [&'static str],
}

const fn file(name: &'static str, part: Option<Part>, md5: &'static str) -> OfficialFile {
    OfficialFile {
        name,
        part,
        md5,
        content: None,
    }
}

/// An IDX file, with the MD5 sums of its gzipped form and of what that holds.
const fn idx(name: &'static str, part: Option<Part>, sums: [&'static str; 2]) -> OfficialFile {
    OfficialFile {
        name,
        part,
        md5: sums[0],
        content: Some(sums[1]),
    }
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
        classes: &DIGITS,
        also: &[],
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
        classes: &CIFAR10_CLASSES,
        // Python's tarball and the batches in it.
        also: &[
            "c58f30108f718f92721af3b95e74349a",
            "c99cafc152244af753f735de768cd75f",
            "d4bba439e000b95fd0a9bffe97cbabec",
            "54ebc095f3ab1f0389bbae665268c751",
            "634d18415352ddfa80567beed471001a",
            "482c414d41f54cd18b22e5b47cb7c3cb",
            "40351d587109b95175f43aff81a1287e",
        ],
    };

    /// MNIST's handwritten digits.
    pub const MNIST: Self = Self {
        name: "mnist",
        title: "MNIST",
        address: "https://ossci-datasets.s3.amazonaws.com/mnist/",
        files: &[
            idx(
                "train-images-idx3-ubyte.gz",
                TRAIN,
                [
                    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                    "6bbc9ace898e44ae57da46a324031adb",
                ],
            ),
            idx(
                "train-labels-idx1-ubyte.gz",
                TRAIN,
                [
                    "d53e105ee54ea40749a09fcbcd1e9432",
                    "a25bea736e30d166cdddb491f175f624",
                ],
            ),
            idx(
                "t10k-images-idx3-ubyte.gz",
                TEST,
                [
                    "9fb629c4189551a2d022fa330f9573f3",
                    "2646ac647ad5339dbf082846283269ea",
                ],
            ),
            idx(
                "t10k-labels-idx1-ubyte.gz",
                TEST,
                [
                    "ec29112dd5afa0611ce80d1b7f02629c",
                    "27ae3e4e09519cfbb04c329615203637",
                ],
            ),
        ],
        mean: &[0.1307],
        std: &[0.3081],
        classes: &DIGITS,
        also: &[],
    };

    /// Fashion-MNIST's articles of clothing.
    pub const FASHION_MNIST: Self = Self {
        name: "fashion-mnist",
        title: "Fashion-MNIST",
        address: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        files: &[
            idx(
                "train-images-idx3-ubyte.gz",
                TRAIN,
                [
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "f4a8712d7a061bf5bd6d2ca38dc4d50a",
                ],
            ),
            idx(
                "train-labels-idx1-ubyte.gz",
                TRAIN,
                [
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "9018921c3c673c538a1fc5bad174d6f9",
                ],
            ),
            idx(
                "t10k-images-idx3-ubyte.gz",
                TEST,
                [
                    "bef4ecab320f06d8554ea6380940ec79",
                    "8181f5470baa50b63fa0f6fddb340f0a",
                ],
            ),
            idx(
                "t10k-labels-idx1-ubyte.gz",
                TEST,
                [
                    "bb300cfdad3c16e7a12a480ee83cd310",
                    "15d484375f8d13e6eb1aabb0c3f46965",
                ],
            ),
        ],
        mean: &[0.2860],
        std: &[0.3530],
        classes: &FASHION_MNIST_CLASSES,
        also: &[],
    };

    /// Every official set.
    pub const ALL: [Self; 4] = [Self::SVHN, Self::CIFAR10, Self::MNIST, Self::FASHION_MNIST];

    /// The set of a name.
    pub fn from_name(name: &str) -> Option<&'static Self> {
        const ALL: &[Official] = &Official::ALL;
        ALL.iter().find(|official| official.name == name)
    }

    /// The set whose official files these pictures were read from, by checksum: of the files, or
    /// of the IDX files that hold the same pictures and labels, however they are packed here.
    ///
    /// # Errors
    /// [`Error::Io`](basinscope::Error::Io) where a file cannot be read again.
    pub fn of(parts: &Parts) -> Result<Option<&'static Self>> {
        const ALL: &[Official] = &Official::ALL;
        if let Some(official) = Self::of_content(parts) {
            return Ok(Some(official));
        }
        let mut sums = Vec::new();
        for path in parts.files.iter().filter(|path| path.is_file()) {
            sums.push(Md5Sum::of_file(path)?);
        }
        let known = |official: &&Self, sum: &Md5Sum| {
            let sums = official.files.iter().map(OfficialFile::md5);
            let also = official.also.iter().filter_map(|sum| Md5Sum::from_hex(sum));
            sums.chain(also).any(|known| known == *sum)
        };
        let of_files = |official: &&Self| sums.iter().all(|sum| known(official, sum));
        Ok(ALL.iter().find(of_files).filter(|_| !sums.is_empty()))
    }

    /// The set whose IDX files hold the same pictures and labels.
    pub(super) fn of_content(parts: &Parts) -> Option<&'static Self> {
        const ALL: &[Official] = &Official::ALL;
        let holds = |official: &&Self| parts.iter().all(|(part, set)| official.holds(part, set));
        ALL.iter().find(holds)
    }

    /// Whether a set holds the pictures and labels of this part of IDX files.
    fn holds(&self, part: Part, set: &ImageSet) -> bool {
        let contents: Vec<&str> = (self.files.iter())
            .filter(|file| file.part == Some(part))
            .filter_map(|file| file.content)
            .collect();
        let (&[pictures, labels], [1, height, width]) = (&contents[..], set.shape()) else {
            return false;
        };
        let head = |magic: u32, extents: &[usize]| -> Vec<u8> {
            let extents = extents.iter().map(|&extent| extent as u32);
            (std::iter::once(magic).chain(extents))
                .flat_map(u32::to_be_bytes)
                .collect()
        };
        let bytes: Vec<u8> = set.labels().iter().map(|&label| label as u8).collect();
        let is = |head: &[u8], bytes: &[u8], wanted: &str| {
            Md5Sum::of_pieces([head, bytes]).to_string() == wanted
        };
        is(&head(0x801, &[set.len()]), &bytes, labels)
            && is(
                &head(0x803, &[set.len(), height, width]),
                set.pixels(),
                pictures,
            )
    }

    /// What its classes are called.
    pub fn class_names(&self) -> &'static [&'static str] {
        self.classes
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
            for sum in official.also {
                assert_eq!(Md5Sum::from_hex(sum).unwrap().to_string(), *sum);
            }
            for file in official.files() {
                assert_eq!(file.md5().to_string(), file.md5);
                assert!(!seen.contains(&file.md5));
                seen.push(file.md5);
                if let Some(content) = file.content {
                    assert_eq!(Md5Sum::from_hex(content).unwrap().to_string(), content);
                }
            }
        }
        assert_eq!(Official::from_name("cifar"), None);
    }
}
