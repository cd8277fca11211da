//! The text of a table: unpacked, decoded, or refused with what to do.

use crate::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs;
use std::io::Read;
use std::path::Path;

/// How files of other programs begin that people take for tables.
const OTHERS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"PAR1", "a Parquet file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array (call it .npy)"),
    (b"ARROW1", "an Arrow file"),
    (b"%PDF", "a PDF"),
];

/// Reads the text of a table, gzipped or not, in UTF-8 or in UTF-16 with a byte order mark; says
/// in words what it took to read it.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::File`] where it is of another kind, or in
/// another encoding.
pub(super) fn read(path: &Path) -> Result<(String, Vec<&'static str>)> {
    let mut bytes = fs::read(path).map_err(Error::io(path, "read"))?;
    let mut how = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        MultiGzDecoder::new(bytes.as_slice())
            .read_to_end(&mut plain)
            .map_err(|error| Error::file(path, "file", "a whole gzip file", error))?;
        bytes = plain;
        how.push("gzip");
    }
    if let Some((_, found)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        let expected = "a table as text (save or export it as CSV)";
        return Err(Error::file(path, "file", expected, found));
    }
    let text = match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(path, rest)?,
        [0xff, 0xfe, rest @ ..] => {
            how.push("UTF-16");
            utf16(path, rest, u16::from_le_bytes)?
        }
        [0xfe, 0xff, rest @ ..] => {
            how.push("UTF-16");
            utf16(path, rest, u16::from_be_bytes)?
        }
        plain => utf8(path, plain)?,
    };
    if let Some(at) = text.find('\0') {
        let field = format!("line {}", line_of(&text, at));
        let expected = "text (UTF-16 needs a byte order mark)";
        return Err(Error::file(path, field, expected, "a NUL character"));
    }
    Ok((text, how))
}

/// The line, from 1, of a place in the text.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    // Classic Mac files end lines by \r alone.
    let above = &text.as_bytes()[..at.min(text.len())];
    let ends = |byte: u8| above.iter().filter(|&&other| other == byte).count();
    1 + ends(b'\n').max(ends(b'\r'))
}

fn utf8(path: &Path, bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + bytes[..at].iter().filter(|&&byte| byte == b'\n').count();
        let expected = "UTF-8 text, or UTF-16 with a byte order mark (Latin-1 and other encodings \
                        are turned into it by `iconv -f latin1 -t utf8`)";
        let found = format!("byte {:#04x}", bytes[at]);
        Error::file(path, format!("line {line}"), expected, found)
    })
}

fn utf16(path: &Path, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Option<String> = char::decode_utf16(pairs.iter().map(|&pair| unit(pair)))
        .map(std::result::Result::ok)
        .collect();
    match text {
        Some(text) if rest.is_empty() => Ok(text),
        _ => {
            let expected = "UTF-16, as its byte order mark says";
            Err(Error::file(path, "file", expected, "other bytes"))
        }
    }
}
