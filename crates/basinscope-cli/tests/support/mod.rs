//! The real binary in a temporary folder.

#![allow(dead_code)] // each test file uses its part

use assert_cmd::Command;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The binary, with the folder as its working directory.
pub fn basinscope(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("basinscope").unwrap();
    command.current_dir(folder);
    command
}

/// Trains a small net in well under a second; `more` are further options.
pub fn train(folder: &Path, out: &str, more: &[&str]) {
    let mut command = basinscope(folder);
    command.args(["train", "--out", out]).args(more);
    for (option, value) in [("--hidden", "8,8"), ("--steps", "60")] {
        if !more.contains(&option) {
            command.args([option, value]);
        }
    }
    command.assert().success();
}

/// Runs one experiment with a recipe of its own; returns whether it passed its bars, which small
/// recipes need not do.
pub fn reproduce(folder: &Path, name: &str, recipe: &str, out: &str, more: &[&str]) -> bool {
    let file = format!("{name}.toml");
    fs::write(folder.join(&file), recipe).unwrap();
    let mut command = basinscope(folder);
    command.args(["reproduce", name, "--recipe", &file, "--out", out, "-q"]);
    let output = command.args(more).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => true,
        Some(1) if told.contains("bar") => false,
        code => panic!("{name}: {code:?}: {told}"),
    }
}

/// Reads a JSON file.
pub fn json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap()
}

/// An array of numbers.
pub fn floats(values: &Value) -> Vec<f64> {
    let values = values.as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap()).collect()
}

/// Every file below a folder, by its path from there.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Panics naming the first file by which two folders differ.
pub fn assert_same_files(one: &Path, two: &Path) {
    let (one, two) = (files(one), files(two));
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&one), names(&two));
    for (name, bytes) in &one {
        assert!(bytes == &two[name], "{} differs", name.display());
    }
}
