//! The parts of a set of pictures.

use super::folder_parts::listed;
use super::{ImageSet, Source};
use basinscope::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A part of a set of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Pictures to fit.
    Train,
    /// Pictures to choose settings by; the test part of a set that has no other.
    Validation,
    /// Pictures to judge by.
    Test,
    /// More pictures to fit, easier ones (SVHN).
    Extra,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Train, Self::Validation, Self::Test, Self::Extra];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::Extra => "extra",
        }
    }

    /// The part that a word in the name of a file, folder or array stands for.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" => Some(Self::Validation),
            "test" | "testing" | "t10k" => Some(Self::Test),
            "extra" => Some(Self::Extra),
            _ => None,
        }
    }

    /// The part that a folder is called after: `train`, `seg_train`, `test-images`, `val set`,
    /// `trainset`.
    pub(super) fn of_folder(name: &str) -> Option<Self> {
        let beside = ["set", "seg", "data", "images", "imgs", "dataset"];
        let name = name.to_ascii_lowercase();
        let mut words = name
            .split(['_', '-', '.', ' '])
            .filter(|word| !word.is_empty() && !beside.contains(word));
        let (word, None) = (words.next()?, words.next()) else {
            return None;
        };
        Self::of_word(word).or_else(|| Self::of_word(word.strip_suffix("set")?))
    }
}

/// Refuses classes with pictures in other parts and none in the part to train on: labels that
/// start from another number, or of other words, would be classes of their own.
///
/// # Errors
/// [`Error::File`] naming the classes and the array or file of their labels.
pub(super) fn check_same_classes(
    path: &Path,
    parts: &[(Part, &str, &[u32])],
    names: &[String],
) -> Result<()> {
    let Some((_, trained_by, train)) = parts.iter().find(|(part, ..)| *part == Part::Train) else {
        return Ok(());
    };
    let has = |labels: &[u32]| {
        let mut has = vec![false; names.len()];
        labels.iter().for_each(|&label| has[label as usize] = true);
        has
    };
    let known = has(train);
    for (_, field, labels) in parts {
        let unknown = (has(labels).into_iter().zip(&known).zip(names))
            .filter(|((here, known), _)| *here && !**known)
            .map(|(_, name)| name.clone());
        let unknown: Vec<String> = unknown.collect();
        if !unknown.is_empty() {
            let expected = format!(
                "only classes of {trained_by} (label both alike, or take out classes that are \
                 not trained on)"
            );
            let found = format!("pictures of {}, of which it has none", listed(&unknown));
            return Err(Error::file(path, *field, expected, found));
        }
    }
    Ok(())
}

/// What a reader found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The wanted parts that are there.
    pub sets: Vec<(Part, ImageSet)>,
    /// What a user should know: what was passed over, scaled or decided, and why.
    pub notes: Vec<String>,
}

/// The parts that were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Where they come from.
    pub source: Source,
    /// The files they were read from (of a folder of pictures only the folder).
    pub files: Vec<PathBuf>,
    /// What a user should know: what was passed over, scaled or decided, and why.
    pub notes: Vec<String>,
    sets: Vec<(Part, ImageSet)>,
}

impl Parts {
    /// Parts of one shape and of the same classes, at least one.
    pub(super) fn new(
        source: Source,
        files: Vec<PathBuf>,
        found: Found,
        wanted: &[Part],
    ) -> Result<Self> {
        let Found { mut sets, notes } = found;
        let Some((_, first)) = sets.first() else {
            let names: Vec<&str> = wanted.iter().map(|part| part.name()).collect();
            let expected = format!("pictures of the part {}", names.join(" or "));
            return Err(Error::file(source.path(), "parts", expected, "none"));
        };
        for (part, set) in &sets {
            if set.shape() != first.shape() {
                let field = format!("shape of the part {}", part.name());
                let expected = format!("{:?}", first.shape());
                let found = format!("{:?}", set.shape());
                return Err(Error::file(source.path(), field, expected, found));
            }
        }
        sets.sort_by_key(|(part, _)| Part::ALL.iter().position(|other| other == part));
        Ok(Self {
            source,
            files,
            notes,
            sets,
        })
    }

    /// One of the parts.
    pub fn get(&self, part: Part) -> Option<&ImageSet> {
        let set = self.sets.iter().find(|(other, _)| *other == part);
        set.map(|(_, set)| set)
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
        self.sets.iter().map(|(part, set)| (*part, set))
    }

    /// The first of the parts that are there.
    pub fn first(&self) -> (Part, &ImageSet) {
        (self.sets[0].0, &self.sets[0].1)
    }

    /// The part to judge by: test, else validation; none without a part to fit.
    pub fn judge(&self) -> Option<(Part, &ImageSet)> {
        self.get(Part::Train)?;
        let part = |part: Part| Some((part, self.get(part)?));
        part(Part::Test).or_else(|| part(Part::Validation))
    }

    /// The parts that a run uses: all, but of validation and test only the one to judge by.
    pub fn used(&self) -> impl Iterator<Item = (Part, &ImageSet)> {
        let has_test = self.get(Part::Test).is_some();
        self.iter()
            .filter(move |(part, _)| *part != Part::Validation || !has_test)
    }

    /// Calls the classes by other names.
    pub(super) fn rename_classes(&mut self, classes: &[String]) -> Result<()> {
        let same: Vec<usize> = (0..classes.len()).collect();
        (self.sets.iter_mut()).try_for_each(|(_, set)| set.reclassify(&same, classes))
    }

    /// The same pictures with the classes of an earlier reading, which knew them by these names,
    /// or by the numbers 0, 1, … in their order.
    ///
    /// # Errors
    /// [`Error::File`] where there is a class that was not there before.
    pub(super) fn with_classes(mut self, classes: &[String]) -> Result<Self> {
        let names = self.first().1.class_names();
        if names == classes {
            return Ok(self);
        }
        let named = |name: &String| classes.iter().position(|other| other == name);
        let numbered = |name: &String| name.parse().ok().filter(|&at: &usize| at < classes.len());
        let by_name: Option<Vec<usize>> = names.iter().map(named).collect();
        let map = by_name.or_else(|| names.iter().map(numbered).collect());
        let Some(map) = map else {
            let expected = format!("those of this run ({})", classes.join(", "));
            let path = self.source.path();
            return Err(Error::file(path, "classes", expected, names.join(", ")));
        };
        for (_, set) in &mut self.sets {
            set.reclassify(&map, classes)?;
        }
        Ok(self)
    }
}
