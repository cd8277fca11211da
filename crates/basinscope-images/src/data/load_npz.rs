//! Pictures and labels from an archive of NumPy arrays.

use super::npz_array::{Archive, Array, open, shape_of};
use super::parts::check_same_classes;
use super::pixels::Pixels;
use super::{Found, ImageSet, Part};
use basinscope::data::Labels;
use basinscope::{Error, Result};
use std::path::Path;

/// What arrays of pictures are called, and what their labels are called then.
const PAIRS: [(&str, &[&str]); 9] = [
    ("images", &["labels", "targets", "y"]),
    ("image", &["label", "labels", "target"]),
    ("imgs", &["labels", "label", "targets", "y"]),
    ("img", &["label", "labels", "target", "y"]),
    ("x", &["y", "labels", "targets"]),
    ("data", &["labels", "target", "targets", "y"]),
    ("inputs", &["targets", "labels", "y"]),
    ("pixels", &["labels", "targets", "y"]),
    ("features", &["labels", "targets", "y"]),
];

/// The arrays of a part.
#[derive(Debug, PartialEq, Eq)]
struct Pair {
    part: Part,
    images: String,
    labels: String,
}

/// Reads the wanted parts from an `.npz` as `numpy.savez` and `numpy.savez_compressed` write it.
///
/// Arrays are known by their names in any case: `images` (`imgs`) and `labels` (or `x` and `y`,
/// `data` and `target`, …), which are the training part, or with the name of a part before or after them:
/// `x_train`, `y_train`, `x_test`, `y_test` as Keras writes them, `train_images`, `val_images`,
/// `test_images` as MedMNIST does. The classes are the labels that occur in any part, in natural
/// order.
///
/// # Shapes
/// Pictures `[N, H, W]`, `[N, H, W, C]` or `[N, C, H, W]` with C = 1 or 3 (where both fit, the
/// last extent is C), of numbers from 0 to 255 or from 0 to 1; labels `[N]` or `[N, 1]` of numbers
/// or texts, or `[N, K]` of a single 1 among zeros.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::File`] naming the array where the file
/// is no such archive, an array is missing or has another type or shape, pixels fit no range, or
/// a part has a class that the training part lacks; those of [`Labels::classes`].
pub fn load_npz(path: impl AsRef<Path>, wanted: &[Part]) -> Result<Found> {
    let path = path.as_ref();
    let mut archive = open(path)?;
    let names = names_of(&archive);
    let pairs = pairs(path, &mut archive, &names)?;
    let mut labels = Vec::new();
    for pair in &pairs {
        labels.push(Array::read(path, &mut archive, &names, &pair.labels)?.labels(path)?);
    }
    let lens: Vec<usize> = labels.iter().map(Labels::len).collect();
    let field = pairs[0].labels.clone();
    let place = |mut at: usize| {
        for (pair, &len) in pairs.iter().zip(&lens) {
            if at < len {
                return format!("{}[{at}]", pair.labels);
            }
            at -= len;
        }
        field.clone()
    };
    refuse_words_beside_numbers(path, &pairs, &labels)?;
    let classes = together(labels).classes(path, &field, place)?;
    let mut ids = classes.ids.as_slice();
    let mut by_part: Vec<(Part, &str, &[u32])> = Vec::new();
    for (pair, &len) in pairs.iter().zip(&lens) {
        let (labels, rest) = ids.split_at(len);
        ids = rest;
        by_part.push((pair.part, &pair.labels, labels));
    }
    check_same_classes(path, &by_part, &classes.names)?;
    let mut read = Vec::new();
    for (pair, &len) in pairs.iter().zip(&lens) {
        let array = Array::read(path, &mut archive, &names, &pair.images)?;
        read.push(array.pictures(path, len)?);
    }
    let all: Vec<(&str, &Pixels)> = (pairs.iter().zip(&read))
        .map(|(pair, (pixels, _))| (pair.images.as_str(), pixels))
        .collect();
    let scale = Pixels::scale(path, &all)?;
    let mut found = Found::default();
    for ((pair, (.., labels)), (pixels, shape)) in pairs.iter().zip(by_part).zip(read) {
        if wanted.contains(&pair.part) {
            let (pixels, note) = pixels.into_bytes(scale);
            let note = note.map(|note| format!("{}: {note}", pair.images));
            found.notes.extend(note);
            let set = ImageSet::new(pixels, labels.to_vec(), shape, classes.names.clone())?;
            found.sets.push((pair.part, set));
        }
    }
    let is_read = |name: &&String| {
        let named = |pair: &Pair| pair.images == **name || pair.labels == **name;
        pairs.iter().any(named)
    };
    let others: Vec<&str> = (names.iter())
        .filter(|name| !is_read(name))
        .map(String::as_str)
        .collect();
    if !others.is_empty() {
        let note = format!("arrays passed over: {}", others.join(", "));
        found.notes.push(note);
    }
    Ok(found)
}

/// Whether a file is an archive with an array of pictures by its name and its three or four
/// extents, or one called `images`.
pub fn is_npz_of_pictures(path: impl AsRef<Path>) -> bool {
    let Ok(mut archive) = open(path.as_ref()) else {
        return false;
    };
    let names = names_of(&archive);
    let is_images = |name: &String| {
        name == "images" || part_of(name).is_some() && is_pictures(&mut archive, name)
    };
    names.iter().any(is_images)
}

fn names_of(archive: &Archive) -> Vec<String> {
    let mut names: Vec<String> = archive.array_names().map(String::from).collect();
    names.sort();
    names
}

fn is_pictures(archive: &mut Archive, name: &str) -> bool {
    shape_of(archive, name).is_some_and(|shape| matches!(shape.len(), 3 | 4))
}

/// What the name of an array of pictures says.
struct Named {
    part: Part,
    /// What its labels are called in the place of the word for pictures.
    labels: &'static [&'static str],
    /// The name of the part, and whether it stands in front.
    affix: Option<(bool, String)>,
}

fn part_of(name: &str) -> Option<Named> {
    let lower = name.to_ascii_lowercase();
    let labels_of = |word: &str| {
        let pair = PAIRS.iter().find(|(images, _)| *images == word);
        pair.map(|(_, labels)| *labels)
    };
    if let Some(labels) = labels_of(&lower) {
        return Some(Named {
            part: Part::Train,
            labels,
            affix: None,
        });
    }
    let (front, back) = lower.split_once('_')?;
    if let (Some(part), Some(labels)) = (Part::of_word(front), labels_of(back)) {
        let affix = Some((true, front.to_owned()));
        return Some(Named {
            part,
            labels,
            affix,
        });
    }
    let (labels, part) = (labels_of(front)?, Part::of_word(back)?);
    let affix = Some((false, back.to_owned()));
    Some(Named {
        part,
        labels,
        affix,
    })
}

/// The arrays of each part.
fn pairs(path: &Path, archive: &mut Archive, names: &[String]) -> Result<Vec<Pair>> {
    let mut pairs: Vec<Pair> = Vec::new();
    for name in names {
        let Some(Named {
            part,
            labels: words,
            affix,
        }) = part_of(name)
        else {
            continue;
        };
        if name != "images" && !is_pictures(archive, name) {
            continue;
        }
        let spelled = |word: &&str| match &affix {
            None => (*word).to_owned(),
            Some((true, part)) => format!("{part}_{word}"),
            Some((false, part)) => format!("{word}_{part}"),
        };
        let candidates: Vec<String> = words.iter().map(spelled).collect();
        let has = |wanted: &String| names.iter().find(|name| name.eq_ignore_ascii_case(wanted));
        let Some(labels) = candidates.iter().find_map(has) else {
            let expected = format!("one of the file's arrays ({})", names.join(", "));
            return Err(Error::file(path, &candidates[0], expected, "no such array"));
        };
        if let Some(other) = pairs.iter().find(|pair| pair.part == part) {
            let expected = format!("one array of pictures for the part {}", part.name());
            let found = format!("{} and {name}", other.images);
            return Err(Error::file(path, "arrays", expected, found));
        }
        pairs.push(Pair {
            part,
            images: name.clone(),
            labels: labels.clone(),
        });
    }
    if pairs.is_empty() {
        let expected = "pictures [N, H, W], [N, H, W, C] or [N, C, H, W] called images (labels), \
                        x_train, x_test (y_train, y_test) or train_images, val_images, test_images \
                        (train_labels, …)";
        let found = match names.is_empty() {
            true => "no array".into(),
            false => format!("the arrays {}", names.join(", ")),
        };
        return Err(Error::file(path, "arrays", expected, found));
    }
    pairs.sort_by_key(|pair| Part::ALL.iter().position(|part| *part == pair.part));
    Ok(pairs)
}

/// Refuses parts of which some have words for labels and others numbers.
fn refuse_words_beside_numbers(path: &Path, pairs: &[Pair], labels: &[Labels]) -> Result<()> {
    let find = |words: bool| {
        let at = (labels.iter()).position(|labels| matches!(labels, Labels::Text(_)) == words);
        at.map(|at| pairs[at].labels.as_str())
    };
    match (find(true), find(false)) {
        (Some(words), Some(numbers)) => {
            let expected = format!("numbers as in {numbers} (label all parts alike)");
            Err(Error::file(path, words, expected, "words"))
        }
        _ => Ok(()),
    }
}

/// Labels of all parts one after the other.
fn together(labels: Vec<Labels>) -> Labels {
    if labels.iter().all(|part| matches!(part, Labels::Numbers(_))) {
        let numbers = labels.into_iter().flat_map(|part| match part {
            Labels::Numbers(values) => values,
            Labels::Text(_) => Vec::new(),
        });
        return Labels::Numbers(numbers.collect());
    }
    let texts = labels.into_iter().flat_map(|part| match part {
        Labels::Numbers(values) => values.iter().map(f64::to_string).collect(),
        Labels::Text(texts) => texts,
    });
    Labels::Text(texts.collect())
}

#[cfg(test)]
#[path = "load_npz_tests.rs"]
mod tests;
