//! Which folders of a folder of pictures are its parts, and which its classes.

use super::Part;
use super::picture_file::Kind;
use basinscope::{Error, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Names that a note or an error lists at most.
const NAMED: usize = 12;

/// The folders of the parts, that of the training part first; the folder itself where none is
/// called after a part.
///
/// # Errors
/// [`Error::File`] where there are parts but none to train on, or two folders of one part.
pub(super) fn part_folders(path: &Path, notes: &mut Vec<String>) -> Result<Vec<(Part, PathBuf)>> {
    let all = folders(path)?;
    let mut parts: Vec<(Part, PathBuf)> = Vec::new();
    for folder in &all {
        if let Some(part) = part_of(folder) {
            parts.push((part, folder.clone()));
        }
    }
    let whole = vec![(Part::Train, path.to_owned())];
    if parts.is_empty() {
        return Ok(whole);
    }
    if !parts.iter().any(|(part, _)| *part == Part::Train) {
        let names: Vec<String> = (parts.iter())
            .map(|(_, folder)| format!("`{}`", shown(std::slice::from_ref(folder))))
            .collect();
        let expected = format!(
            "a folder `train` next to {} (call a class otherwise than a part)",
            names.join(" and ")
        );
        return Err(Error::file(path, "parts", expected, "none"));
    }
    if let [(_, train)] = parts.as_slice()
        && is_class(train, &all)?
    {
        let name = shown(std::slice::from_ref(train));
        notes.push(format!(
            "`{name}` is read as a class, as pictures lie in it and in the folders next to it"
        ));
        return Ok(whole);
    }
    parts.sort_by_key(|(part, _)| Part::ALL.iter().position(|other| other == part));
    for pair in parts.windows(2) {
        if pair[0].0 == pair[1].0 {
            let expected = format!("one folder for the part {}", pair[0].0.name());
            let names = pair.iter().map(|(_, folder)| folder.display().to_string());
            let found = names.collect::<Vec<_>>().join(" and ");
            return Err(Error::file(path, "parts", expected, found));
        }
    }
    let is_part = |folder: &&PathBuf| parts.iter().any(|(_, part)| part == *folder);
    let others = all.iter().filter(|folder| !is_part(folder));
    let others: Vec<PathBuf> = others.cloned().collect();
    if !others.is_empty() {
        let note = format!("folders next to the parts passed over: {}", shown(&others));
        notes.push(note);
    }
    for (part, folder) in &mut parts {
        if let Some(inner) = same_part_within(*part, folder)? {
            *folder = inner;
        }
    }
    Ok(parts)
}

/// Refuses classes that hold nothing but folders of the same names: `fold1/cat`, `fold1/dog`,
/// `fold2/cat`, `fold2/dog`. One name that all share (`images`) is no class.
pub(super) fn refuse_folds(folder: &Path, classes: &[String]) -> Result<()> {
    let mut inner: BTreeMap<String, usize> = BTreeMap::new();
    for class in classes {
        let class = folder.join(class);
        let within = folders(&class)?;
        if within.is_empty() || has_pictures(&class)? {
            return Ok(());
        }
        for name in &within {
            *inner.entry(shown(std::slice::from_ref(name))).or_default() += 1;
        }
    }
    inner.retain(|_, times| *times > 1);
    if inner.len() < 2 {
        return Ok(());
    }
    let same: Vec<String> = inner.into_keys().collect();
    let expected = "pictures in the folders of the classes";
    let found = format!(
        "folders of the same names ({}) in several of {} (these look like parts or folds: name \
         one folder)",
        listed(&same),
        listed(classes)
    );
    Err(Error::file(folder, "classes", expected, found))
}

/// The part that a folder's name tells of.
pub(super) fn part_of(folder: &Path) -> Option<Part> {
    folder.file_name()?.to_str().and_then(Part::of_folder)
}

/// Whether a folder that is called as a part is a class: pictures and no folders lie in it, and
/// pictures in another one next to it.
fn is_class(folder: &Path, all: &[PathBuf]) -> Result<bool> {
    if !folders(folder)?.is_empty() || !has_pictures(folder)? {
        return Ok(false);
    }
    for other in all.iter().filter(|other| *other != folder) {
        if has_pictures(other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The one folder in that of a part where it is called after the same part, as archives of Kaggle
/// have it: `seg_train/seg_train`.
fn same_part_within(part: Part, folder: &Path) -> Result<Option<PathBuf>> {
    let mut within = folders(folder)?;
    let is_same = within.len() == 1 && part_of(&within[0]) == Some(part);
    if is_same && !has_pictures(folder)? {
        return Ok(within.pop());
    }
    Ok(None)
}

/// The folders inside.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = visible(folder)?;
    paths.retain(|path| path.is_dir());
    Ok(paths)
}

/// Whether pictures lie in a folder itself.
fn has_pictures(folder: &Path) -> Result<bool> {
    let is_picture = |path: &PathBuf| Kind::of(path) != Kind::Other && !path.is_dir();
    Ok(visible(folder)?.iter().any(is_picture))
}

/// What a folder holds, sorted, without what is hidden or left by a system.
pub(super) fn visible(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder, "read"))? {
        let entry = entry.map_err(Error::io(folder, "read"))?;
        let name = entry.file_name();
        let left = [
            "__MACOSX",
            "Thumbs.db",
            "desktop.ini",
            "@eaDir",
            "$RECYCLE.BIN",
        ];
        let is_left = left.iter().any(|left| name.eq_ignore_ascii_case(left));
        if !is_left && !name.as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Names in a line.
pub(super) fn listed(names: &[String]) -> String {
    match names.get(..NAMED) {
        Some(first) if names.len() > NAMED => {
            format!("{}, … {} more", first.join(", "), names.len() - NAMED)
        }
        _ => names.join(", "),
    }
}

/// The names of paths in a line.
pub(super) fn shown(paths: &[PathBuf]) -> String {
    let name = |path: &PathBuf| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    listed(&paths.iter().map(name).collect::<Vec<_>>())
}

#[cfg(test)]
#[path = "folder_parts_tests.rs"]
mod tests;
