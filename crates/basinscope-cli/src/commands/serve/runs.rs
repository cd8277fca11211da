//! Which runs are served, under which names, and what their files tell without being read.

use super::glance::Glance;
use anyhow::Result;
use basinscope::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A run being served.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its name in the address: that of its folder, in plain letters, made unique.
    pub key: String,
    /// The folder as the user wrote it.
    pub folder: PathBuf,
    /// The folder, absolute and without links.
    pub root: PathBuf,
}

impl Run {
    /// What its files tell.
    pub fn glance(&self) -> Glance {
        Glance::at(&self.root)
    }
}

/// The folders given, each of which is a run, or holds runs, or may become one.
pub struct Shelf {
    folders: Vec<PathBuf>,
    /// Keys given so far: a run keeps its own while others come and go.
    keys: Mutex<Vec<(PathBuf, String)>>,
}

impl Shelf {
    /// Checks the folders.
    ///
    /// # Errors
    /// Where one does not exist, or holds other things than runs.
    pub fn new(folders: &[PathBuf]) -> Result<Self> {
        for folder in folders {
            let refuse = |found| Error::file(folder, "run", "a folder", found);
            let mut entries = match folder.is_dir() {
                true => fs::read_dir(folder).map_err(|error| refuse(error.to_string()))?,
                false if folder.exists() => return Err(refuse("a file".into()).into()),
                false => return Err(refuse("nothing there".into()).into()),
            };
            if !is_run(folder) && runs_in(folder).is_empty() && entries.next().is_some() {
                let expected = "a run, a folder of runs, or an empty folder";
                return Err(Error::file(folder, "run", expected, "other files").into());
            }
        }
        Ok(Self {
            folders: folders.to_vec(),
            keys: Mutex::default(),
        })
    }

    /// The runs that are there by now: in the order given, those of one folder by name.
    pub fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for folder in &self.folders {
            let inside = match is_run(folder) {
                true => Vec::new(),
                false => runs_in(folder),
            };
            let found = if inside.is_empty() {
                vec![folder.clone()]
            } else {
                inside
            };
            for folder in found {
                let Ok(root) = folder.canonicalize() else {
                    continue;
                };
                if runs.iter().all(|run| run.root != root) {
                    let key = self.key(&root);
                    runs.push(Run { key, folder, root });
                }
            }
        }
        runs
    }

    /// The run of this name.
    pub fn find(&self, key: &str) -> Option<Run> {
        self.runs().into_iter().find(|run| run.key == key)
    }

    fn key(&self, root: &Path) -> String {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = keys.iter().find(|(known, _)| known == root) {
            return key.clone();
        }
        let plain = plain(root);
        let taken = |key: &str| keys.iter().any(|(_, other)| other == key);
        let mut key = plain.clone();
        let mut number = 2;
        while taken(&key) {
            key = format!("{plain}-{number}");
            number += 1;
        }
        keys.push((root.to_owned(), key.clone()));
        key
    }
}

/// The name of a folder in letters that stand for themselves in an address.
fn plain(root: &Path) -> String {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let text: String = name
        .chars()
        .map(|c| if fine(c) { c } else { '-' })
        .collect();
    match text.trim_start_matches('.') {
        "" => "run".into(),
        text => text.into(),
    }
}

/// Whether a folder is a run, at least one that has begun.
fn is_run(folder: &Path) -> bool {
    folder.join("config.toml").is_file() || folder.join("results").is_dir()
}

/// The runs that lie in a folder, by name.
fn runs_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| folder.join(entry.file_name()));
    let mut runs: Vec<PathBuf> = paths.filter(|path| is_run(path)).collect();
    runs.sort();
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_runs_are_opened_and_names_stay_unique() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let make = |path: &str| fs::create_dir_all(folder.join(path)).unwrap();
        for path in ["a/läuf/results", "a/other", "b/läuf/results", "empty"] {
            make(path);
        }
        let given = ["a", "b", "b/läuf", "empty"].map(|name| folder.join(name));
        let shelf = Shelf::new(&given).unwrap();
        let keys = || {
            shelf
                .runs()
                .into_iter()
                .map(|run| run.key)
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(), ["l-uf", "l-uf-2", "empty"]);
        // A run that comes later, before the others, takes no name from them.
        make("a/first/results");
        assert_eq!(keys(), ["first", "l-uf", "l-uf-2", "empty"]);
        assert_eq!(
            shelf.find("l-uf-2").unwrap().root,
            folder.join("b/läuf").canonicalize().unwrap()
        );
        assert!(Shelf::new(&[folder.join("a/other"), folder.join("none")]).is_err());
        fs::write(folder.join("a/other/file"), "").unwrap();
        assert!(Shelf::new(&[folder.join("a/other")]).is_err());
    }
}
