//! CIFAR-10's binary batches, in their tarball or unpacked.

use super::bounded::{room_of, unreadable};
use super::load_idx::check_labels;
use super::names::{CIFAR10_CLASSES, owned};
use super::{ImageSet, Part};
use basinscope::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

/// Channels, height and width of a picture.
const SHAPE: [usize; 3] = [3, 32, 32];
/// Bytes of a record: the label, then the picture's channels one after the other.
const RECORD: usize = 1 + 3 * 32 * 32;

/// Reads the wanted parts of CIFAR-10 from the official tarball of binary batches
/// (`.tar.gz` or `.tar`) or from a folder that holds its `.bin` files.
///
/// The training part is `data_batch_1.bin`, `data_batch_2.bin`, … in that order, the test part
/// `test_batch.bin`; each may hold any whole number of records. Returns a set for each wanted
/// part that is there.
///
/// # Errors
/// [`Error::Io`] where a file cannot be read; [`Error::File`] naming batch and field where there
/// is no batch, one is missing from the middle, a length is no whole number of records, a label
/// is out of range, or packed data are damaged.
pub fn load_cifar10(path: impl AsRef<Path>, wanted: &[Part]) -> Result<Vec<(Part, ImageSet)>> {
    let path = path.as_ref();
    let batches = if path.is_dir() {
        unpacked(path, wanted)?
    } else {
        packed(path, wanted)?
    };
    let mut sets = Vec::new();
    for part in [Part::Train, Part::Test] {
        let (mut pixels, mut labels, mut next) = (Vec::new(), Vec::new(), 1);
        for (batch, bytes) in batches.iter().filter(|(batch, _)| batch.part() == part) {
            if let Batch::Train(number) = *batch {
                if number != next {
                    let (expected, found) = (Batch::Train(next).name(), batch.name());
                    return Err(Error::file(path, "batches", expected, found));
                }
                next += 1;
            }
            append(&place(path, *batch), bytes, &mut pixels, &mut labels)?;
        }
        if !labels.is_empty() {
            let set = ImageSet::new(pixels, labels, SHAPE, owned(&CIFAR10_CLASSES))?;
            sets.push((part, set));
        }
    }
    Ok(sets)
}

/// One of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Batch {
    Train(u32),
    Test,
}

impl Batch {
    fn from_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".bin")?;
        if name == "test_batch" {
            return Some(Self::Test);
        }
        let number = name.strip_prefix("data_batch_")?.parse().ok()?;
        Some(Self::Train(number))
    }

    fn name(self) -> String {
        match self {
            Self::Train(number) => format!("data_batch_{number}.bin"),
            Self::Test => "test_batch.bin".into(),
        }
    }

    fn part(self) -> Part {
        match self {
            Self::Train(_) => Part::Train,
            Self::Test => Part::Test,
        }
    }
}

/// How errors name a batch.
fn place(path: &Path, batch: Batch) -> PathBuf {
    path.join(batch.name())
}

fn append(path: &Path, bytes: &[u8], pixels: &mut Vec<u8>, labels: &mut Vec<u32>) -> Result<()> {
    if bytes.is_empty() || !bytes.len().is_multiple_of(RECORD) {
        let expected = format!("a whole number of records of {RECORD} bytes");
        let found = format!("{} bytes", bytes.len());
        return Err(Error::file(path, "length", expected, found));
    }
    let first = labels.len();
    for record in bytes.chunks_exact(RECORD) {
        labels.push(record[0].into());
        pixels.extend_from_slice(&record[1..]);
    }
    check_labels(path, &labels[first..], CIFAR10_CLASSES.len())
}

fn no_batches(path: &Path) -> Error {
    let expected = "data_batch_1.bin or test_batch.bin";
    Error::file(path, "batches", expected, "neither")
}

fn unpacked(path: &Path, wanted: &[Part]) -> Result<BTreeMap<Batch, Vec<u8>>> {
    let (mut batches, mut any) = (BTreeMap::new(), false);
    for entry in fs::read_dir(path).map_err(Error::io(path, "read"))? {
        let file = entry.map_err(Error::io(path, "read"))?.path();
        let Some(batch) = Batch::from_path(&file) else {
            continue;
        };
        any = true;
        if wanted.contains(&batch.part()) {
            let bytes = fs::read(&file).map_err(Error::io(&file, "read"))?;
            batches.insert(batch, bytes);
        }
    }
    if any {
        Ok(batches)
    } else {
        Err(no_batches(path))
    }
}

fn packed(path: &Path, wanted: &[Part]) -> Result<BTreeMap<Batch, Vec<u8>>> {
    let mut file = File::open(path).map_err(Error::io(path, "read"))?;
    let length = file.metadata().map_err(Error::io(path, "read"))?.len();
    let mut magic = [0; 2];
    let is_gzip = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    file.rewind().map_err(Error::io(path, "read"))?;
    let file = BufReader::new(file);
    let (reader, room): (Box<dyn Read>, u64) = if is_gzip {
        (Box::new(MultiGzDecoder::new(file)), room_of(length))
    } else {
        (Box::new(file), length)
    };
    let damaged = |error| unreadable(path, "archive", error);
    // What is unpacked ends at `room`, whatever the entries say of their lengths. The holes of a
    // sparse file would be filled beyond it, so only ordinary files are read.
    let mut archive = tar::Archive::new(reader.take(room));
    let (mut batches, mut any) = (BTreeMap::new(), false);
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path().map_err(damaged)?.into_owned();
        let Some(batch) = Batch::from_path(&name) else {
            continue;
        };
        any = true;
        if !wanted.contains(&batch.part()) {
            continue;
        }
        let size = entry.size();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 != size {
            let expected = format!("{size} bytes");
            let found = format!("only {} before the archive ends", bytes.len());
            return Err(Error::file(place(path, batch), "length", expected, found));
        }
        batches.insert(batch, bytes);
    }
    // To the end, where the checksum is.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    if any {
        Ok(batches)
    } else {
        Err(no_batches(path))
    }
}

#[cfg(test)]
#[path = "load_cifar_tests.rs"]
mod tests;
