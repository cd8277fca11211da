//! The files of a run that may be had: of known kinds, and inside its folder.

use std::fs;
use std::path::Path;

/// A file as it is sent.
pub struct Sent {
    pub kind: &'static str,
    pub bytes: Vec<u8>,
}

/// Reads a file of a run by its path in the address; `None` where there is none to be had.
///
/// Names in a run are of letters, digits, `-`, `_` and `.`, so that nothing has to be decoded: an
/// address with `%` names no file.
pub fn read(root: &Path, relative: &str) -> Option<Sent> {
    let fine = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(plain)
    };
    if !relative.split('/').all(fine) {
        return None;
    }
    let kind = kind(relative)?;
    // A link may lead out of the run.
    let path = root.join(relative).canonicalize().ok()?;
    if !path.starts_with(root) || !path.is_file() {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    Some(Sent { kind, bytes })
}

/// The content type by the end of the name; `None` for what no run holds.
fn kind(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "gif" => "image/gif",
        "json" => "application/json",
        "toml" | "md" | "tex" | "csv" => "text/plain; charset=utf-8",
        "npz" | "safetensors" => "application/octet-stream",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_run_are_read() {
        let temporary = tempfile::tempdir().unwrap();
        let top = temporary.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("run/results")).unwrap();
        let root = top.join("run");
        for file in [
            "outside.json",
            "run/results/a.json",
            "run/.hidden.json",
            "run/key.pem",
        ] {
            fs::write(top.join(file), "{}").unwrap();
        }
        let has = |relative: &str| read(&root, relative).is_some();
        assert!(has("results/a.json"));
        for relative in [
            "../outside.json",
            "results/../../outside.json",
            "%2e%2e/outside.json",
            "..%2foutside.json",
            "results\\a.json",
            "/results/a.json",
            "results//a.json",
            "results",
            "",
            ".hidden.json",
            "key.pem",
            top.join("outside.json").to_str().unwrap(),
        ] {
            assert!(!has(relative), "{relative}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(top.join("outside.json"), root.join("link.json")).unwrap();
            symlink(&top, root.join("up")).unwrap();
            symlink("a.json", root.join("results/b.json")).unwrap();
            assert!(!has("link.json") && !has("up/outside.json"));
            assert!(has("results/b.json"));
        }
    }
}
