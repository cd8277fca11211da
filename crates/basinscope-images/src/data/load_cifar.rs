//! CIFAR-10 and CIFAR-100: binary or as Python's pickles, in their tarball or unpacked.

use super::cifar_files::Files;
use super::cifar_python::{Batch, names_of};
use super::names::{CIFAR10_CLASSES, owned};
use super::{Found, ImageSet, Part};
use basinscope::{Error, Result};
use std::path::{Path, PathBuf};

/// Channels, height and width of a picture.
const SHAPE: [usize; 3] = [3, 32, 32];
/// Pixels of a picture, its channels one after the other.
const PIXELS: usize = 3 * 32 * 32;
/// The coarse classes of CIFAR-100, and the fine ones.
const CIFAR100: [usize; 2] = [20, 100];

/// How many batches CIFAR-10 has to train on.
const TRAIN_BATCHES: usize = 5;

/// Reads the wanted parts of CIFAR-10 from a tarball (`.tar.gz` or `.tar`) or a folder.
///
/// The training part is `data_batch_1.bin`, `data_batch_2.bin`, … in that order, the test part
/// `test_batch.bin`; each may hold any whole number of records. The same names without `.bin` are
/// Python's pickles, read without executing anything in them. The classes have the names of
/// `batches.meta` (or `batches.meta.txt`), else CIFAR-10's. What was read is added to `files`.
///
/// # Errors
/// [`Error::Io`] where a file cannot be read; [`Error::File`] naming batch and field where there
/// is no batch, one is missing from the middle or there in both versions, a length is no whole number of records, a label
/// is out of range, or packed data are damaged.
pub fn load_cifar10(
    path: impl AsRef<Path>,
    wanted: &[Part],
    files: &mut Vec<PathBuf>,
) -> Result<Found> {
    let path = path.as_ref();
    let is_wanted = |name: &str| match batch(name) {
        Some((part, _)) => wanted.contains(&part),
        None => name == "batches.meta" || name == "batches.meta.txt",
    };
    let read = Files::read(path, is_wanted)?;
    if !read.names.iter().any(|name| batch(name).is_some()) {
        let expected = "data_batch_1.bin or test_batch.bin (or Python's, without .bin)";
        return Err(Error::file(path, "batches", expected, read.listed()));
    }
    let mut found = Found::default();
    let names = match names_file(
        path,
        &read,
        "batches.meta",
        "label_names",
        "batches.meta.txt",
    )? {
        Some(names) => names,
        None => {
            let note = "no batches.meta: classes are called as CIFAR-10's";
            found.notes.push(note.into());
            owned(&CIFAR10_CLASSES)
        }
    };
    for part in [Part::Train, Part::Test] {
        let mut batches: Vec<(u32, &String, &Vec<u8>)> = (read.wanted.iter())
            .filter_map(|(name, bytes)| Some((batch(name)?, name, bytes)))
            .filter(|((of, _), ..)| *of == part)
            .map(|((_, number), name, bytes)| (number, name, bytes))
            .collect();
        batches.sort();
        for pair in batches.windows(2) {
            if pair[0].0 == pair[1].0 {
                return Err(twice(path, pair[0].1, pair[1].1));
            }
        }
        let count = batches.len();
        if part == Part::Train && (1..TRAIN_BATCHES).contains(&count) {
            let note = format!("{count} of CIFAR-10's {TRAIN_BATCHES} training batches are there");
            found.notes.push(note);
        }
        let mut set = Pictures::default();
        for (next, (number, name, bytes)) in (1..).zip(batches) {
            if part == Part::Train && number != next {
                let expected = name.replace(&number.to_string(), &next.to_string());
                return Err(Error::file(path, "batches", expected, name));
            }
            set.append(&path.join(name), bytes, "labels", [0, 1], names.len())?;
            note_file(path, name, files);
        }
        set.into_found(part, &names, &mut found)?;
    }
    Ok(found)
}

/// Reads the wanted parts of CIFAR-100 from a tarball or a folder: `train.bin` and `test.bin`, or
/// Python's pickles `train` and `test`, with their fine or coarse labels.
///
/// The classes have the names of `meta` (or `fine_label_names.txt`), else their numbers. What was
/// read is added to `files`.
///
/// # Errors
/// As [`load_cifar10`].
pub fn load_cifar100(
    path: impl AsRef<Path>,
    coarse: bool,
    wanted: &[Part],
    files: &mut Vec<PathBuf>,
) -> Result<Found> {
    let path = path.as_ref();
    let kind = if coarse { "coarse" } else { "fine" };
    let text = format!("{kind}_label_names.txt");
    let part_of = |name: &str| match name.strip_suffix(".bin").unwrap_or(name) {
        "train" => Some(Part::Train),
        "test" => Some(Part::Test),
        _ => None,
    };
    let is_wanted = |name: &str| match part_of(name) {
        Some(part) => wanted.contains(&part),
        None => name == "meta" || name == text,
    };
    let read = Files::read(path, is_wanted)?;
    if !read.names.iter().any(|name| part_of(name).is_some()) {
        let expected = "train.bin or test.bin (or Python's, without .bin)";
        return Err(Error::file(path, "files", expected, read.listed()));
    }
    let mut found = Found::default();
    let classes = if coarse { CIFAR100[0] } else { CIFAR100[1] };
    let names = match names_file(path, &read, "meta", &format!("{kind}_label_names"), &text)? {
        Some(names) => names,
        None => {
            let note = "no file of class names: classes are called by their numbers";
            found.notes.push(note.into());
            (0..classes).map(|class| class.to_string()).collect()
        }
    };
    for part in [Part::Train, Part::Test] {
        let mut set = Pictures::default();
        let mut of_part = (read.wanted.iter()).filter(|(name, _)| part_of(name) == Some(part));
        if let Some((name, bytes)) = of_part.next() {
            if let Some((other, _)) = of_part.next() {
                return Err(twice(path, name, other));
            }
            // A record begins with the coarse label, then the fine one.
            let record = if coarse { [0, 2] } else { [1, 2] };
            let labels = format!("{kind}_labels");
            set.append(&path.join(name), bytes, &labels, record, names.len())?;
            note_file(path, name, files);
        }
        set.into_found(part, &names, &mut found)?;
    }
    Ok(found)
}

/// The same pictures in both versions, which would count twice.
fn twice(path: &Path, name: &str, other: &str) -> Error {
    let expected = "the same pictures once (take the binary or Python's version out)";
    Error::file(path, "files", expected, format!("{name} and {other}"))
}

/// Pictures of a part.
#[derive(Default)]
struct Pictures {
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl Pictures {
    /// Adds a file: of records with `[place, number]` of their labels, or a pickle with labels of
    /// this name.
    fn append(
        &mut self,
        path: &Path,
        bytes: &[u8],
        labels: &str,
        [place, heads]: [usize; 2],
        num_classes: usize,
    ) -> Result<()> {
        let first = self.labels.len();
        if path.extension().is_none_or(|ending| ending != "bin") {
            let batch = Batch::read(path, bytes, labels, PIXELS)?;
            self.pixels.extend(batch.pixels);
            self.labels.extend(batch.labels);
            return check_labels(path, &self.labels[first..], num_classes);
        }
        let record = heads + PIXELS;
        if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
            let expected = format!("a whole number of records of {record} bytes");
            let found = format!("{} bytes", bytes.len());
            return Err(Error::file(path, "length", expected, found));
        }
        for record in bytes.chunks_exact(record) {
            self.labels.push(record[place].into());
            self.pixels.extend_from_slice(&record[heads..]);
        }
        check_labels(path, &self.labels[first..], num_classes)
    }

    fn into_found(self, part: Part, names: &[String], found: &mut Found) -> Result<()> {
        if !self.labels.is_empty() {
            let set = ImageSet::new(self.pixels, self.labels, SHAPE, names.to_vec())?;
            found.sets.push((part, set));
        }
        Ok(())
    }
}

/// Part and number of a batch of CIFAR-10.
fn batch(name: &str) -> Option<(Part, u32)> {
    let name = name.strip_suffix(".bin").unwrap_or(name);
    if name == "test_batch" {
        return Some((Part::Test, 1));
    }
    let number = name.strip_prefix("data_batch_")?.parse().ok()?;
    Some((Part::Train, number))
}

/// Of an unpacked folder the batch is the file; of a tarball it is the tarball.
fn note_file(path: &Path, name: &str, files: &mut Vec<PathBuf>) {
    let file = match path.is_dir() {
        true => path.join(name),
        false => path.to_owned(),
    };
    if !files.contains(&file) {
        files.push(file);
    }
}

/// The names of the classes, from a pickle or from a text of a line each.
fn names_file(
    path: &Path,
    files: &Files,
    pickle: &str,
    key: &str,
    text: &str,
) -> Result<Option<Vec<String>>> {
    let names = if let Some(bytes) = files.wanted.get(pickle) {
        names_of(&path.join(pickle), bytes, key)?
    } else if let Some(bytes) = files.wanted.get(text) {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    } else {
        return Ok(None);
    };
    // Fewer than two are no names of classes.
    Ok(Some(names).filter(|names: &Vec<String>| names.len() >= 2))
}

/// Refuses the first label that is no class.
fn check_labels(path: &Path, labels: &[u32], num_classes: usize) -> Result<()> {
    match labels
        .iter()
        .position(|&label| label as usize >= num_classes)
    {
        Some(at) => {
            let expected = format!("a class from 0 to {}", num_classes.saturating_sub(1));
            let field = format!("label {at}");
            Err(Error::file(path, field, expected, labels[at]))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "load_cifar_tests.rs"]
mod tests;
