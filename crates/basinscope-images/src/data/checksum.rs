//! MD5 sums: of files, and lists of them as `md5sum` writes them.

use basinscope::{Error, Result};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// An MD5 sum: it tells whole files from broken ones, not honest servers from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Md5Sum([u8; 16]);

impl Md5Sum {
    /// From 32 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let mut sum = [0; 16];
        for (at, byte) in sum.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(sum))
    }

    /// Of pieces of memory, one after the other.
    pub fn of_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut state = Md5::new();
        pieces.into_iter().for_each(|piece| state.update(piece));
        let mut sum = [0; 16];
        sum.copy_from_slice(&state.finalize());
        Self(sum)
    }

    /// Of a file's bytes.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read.
    pub fn of_file(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io(path, "read"))?;
        let (mut state, mut buffer) = (Md5::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer).map_err(Error::io(path, "read"))? {
                0 => break,
                count => state.update(&buffer[..count]),
            }
        }
        let mut sum = [0; 16];
        sum.copy_from_slice(&state.finalize());
        Ok(Self(sum))
    }
}

impl fmt::Display for Md5Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The sums in a file of lines `SUM  NAME`, as `md5sum` writes them.
///
/// # Errors
/// [`Error::Io`] where it cannot be read, [`Error::File`] naming the first line that is none, or
/// that gives a name another sum than a line above.
pub fn read_checksums(path: impl AsRef<Path>) -> Result<BTreeMap<String, Md5Sum>> {
    let path = path.as_ref();
    let text = fs::read_to_string(path).map_err(Error::io(path, "read"))?;
    let mut sums = BTreeMap::new();
    for (line, text) in text.lines().enumerate() {
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let place = || format!("line {}", line + 1);
        let parsed = text
            .split_once(char::is_whitespace)
            .and_then(|(sum, name)| {
                let name = name.trim_start();
                let name = name.strip_prefix('*').unwrap_or(name);
                Some((Md5Sum::from_hex(sum)?, name)).filter(|(_, name)| !name.is_empty())
            });
        let Some((sum, name)) = parsed else {
            let expected = "32 hexadecimal digits and a name, as md5sum writes them";
            return Err(Error::file(path, place(), expected, text));
        };
        let above = *sums.entry(name.to_owned()).or_insert(sum);
        if above != sum {
            let expected = format!("{above} for {name}, as in a line above");
            return Err(Error::file(path, place(), expected, sum));
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_rfc_1321() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, sum) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ] {
            fs::write(file.path(), text).unwrap();
            assert_eq!(Md5Sum::of_file(file.path()).unwrap().to_string(), sum);
            assert_eq!(Md5Sum::from_hex(sum).unwrap().to_string(), sum);
        }
        assert_eq!(Md5Sum::from_hex("d41d8cd98f00b204e9800998ecf8427"), None);
        assert_eq!(Md5Sum::from_hex("+41d8cd98f00b204e9800998ecf8427e"), None);
    }

    #[test]
    fn lists_are_read_and_bad_lines_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let sum = "f96b697d7cb7938d525a2f31aaf161d0";
        fs::write(file.path(), format!("# ours\n{sum}  a b\n\n{sum} *c\n")).unwrap();
        let sums = read_checksums(file.path()).unwrap();
        assert_eq!(sums.keys().collect::<Vec<_>>(), ["a b", "c"]);
        fs::write(file.path(), format!("{sum}  a\n{sum}\n")).unwrap();
        let error = read_checksums(file.path()).unwrap_err().to_string();
        assert!(
            error.contains("line 2: expected 32 hexadecimal digits"),
            "{error}"
        );
        let other = "d41d8cd98f00b204e9800998ecf8427e";
        fs::write(file.path(), format!("{sum}  a\n{sum}  a\n{other}  a\n")).unwrap();
        let error = read_checksums(file.path()).unwrap_err().to_string();
        let wanted = format!("line 3: expected {sum} for a, as in a line above, found {other}");
        assert!(error.ends_with(&wanted), "{error}");
    }
}
