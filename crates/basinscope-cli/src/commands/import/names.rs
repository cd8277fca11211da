//! The names of minima, from those of their files.

use crate::commands::train::check_name;
use anyhow::Result;
use basinscope::Error;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// A name for each file: the one given, or those of the files, with the folder before them where
/// two are alike.
///
/// # Errors
/// [`Error::Setting`] for a name given to several files, one that is no file name, and files that
/// cannot be told apart.
pub fn of_minima(files: &[PathBuf], given: Option<&str>) -> Result<Vec<String>> {
    if let Some(name) = given {
        if let [_, _, ..] = files {
            let expected = "one file, or none of it: several are named after their files";
            return Err(Error::setting("name", expected, name).into());
        }
        check_name(name)?;
        return Ok(vec![name.into()]);
    }
    let short: Vec<String> = files.iter().map(|file| of_file(file, false)).collect();
    let is_unique = |names: &[String]| names.iter().collect::<HashSet<_>>().len() == names.len();
    if is_unique(&short) {
        return Ok(short);
    }
    let long: Vec<String> = files.iter().map(|file| of_file(file, true)).collect();
    if is_unique(&long) {
        return Ok(long);
    }
    let expected = "files of different names, which their minima get (import them one by one, \
                    with --name)";
    let twice = (0..long.len()).find(|&at| long[..at].contains(&long[at]));
    let found = twice.map_or_else(String::new, |at| files[at].display().to_string());
    Err(Error::setting("files", expected, found).into())
}

/// The name of a file without its ending, what no name may hold replaced.
fn of_file(file: &Path, with_folder: bool) -> String {
    let text = |part: Option<&std::ffi::OsStr>| {
        part.map_or_else(String::new, |part| part.to_string_lossy().into_owned())
    };
    let mut name = text(file.file_stem());
    if with_folder {
        let folder = text(file.parent().and_then(Path::file_name));
        if !folder.is_empty() {
            name = format!("{folder}-{name}");
        }
    }
    let fine = |c: char| match c.is_ascii_alphanumeric() || "-_.".contains(c) {
        true => c,
        false => '-',
    };
    let name: String = name.chars().map(fine).collect();
    match name.trim_start_matches('.') {
        "" => "minimum".into(),
        name => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[&str], given: Option<&str>) -> Result<Vec<String>> {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        of_minima(&files, given)
    }

    #[test]
    fn minima_are_named_after_their_files() {
        assert_eq!(names(&["x/net.best.pt"], None).unwrap(), ["net.best"]);
        assert_eq!(names(&["x/net.pt"], Some("a")).unwrap(), ["a"]);
        assert_eq!(names(&["é (1).pt", ".pt"], None).unwrap(), ["---1-", "pt"]);
        let two = names(&["a/net.pt", "b/net.pt"], None).unwrap();
        assert_eq!(two, ["a-net", "b-net"]);
        for (files, given) in [
            (&["a.pt", "b.pt"][..], Some("x")),
            (&["a/n.pt", "a/n.pth"], None),
            (&["a.pt"], Some("a/b")),
        ] {
            let error = names(files, given).unwrap_err();
            assert!(error.to_string().contains("expected"), "{error}");
        }
    }
}
