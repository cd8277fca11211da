//! Numeric arrays of MATLAB's level 5 files, packed or not, of either byte order.

use super::bounded::Bounded;
use basinscope::{Error, Result};
use std::path::Path;

const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
const INT8: u32 = 1;
const UINT8: u32 = 2;
const INT32: u32 = 5;
const UINT32: u32 = 6;
/// The most dimensions an array may have here.
const MAX_DIMENSIONS: usize = 8;
/// The longest name of a variable.
const MAX_NAME: u64 = 256;

/// An array in Fortran order, as stored.
pub(super) struct Variable {
    /// Its name.
    pub name: String,
    /// Its extents.
    pub shape: Vec<usize>,
    /// The type its values are stored in, which may be narrower than its class.
    storage: u32,
    big_endian: bool,
    bytes: Vec<u8>,
}

impl Variable {
    /// The values, where they are stored as unsigned bytes.
    pub fn into_bytes(self, path: &Path) -> Result<Vec<u8>> {
        if self.storage == UINT8 {
            return Ok(self.bytes);
        }
        let found = storage_name(self.storage);
        Err(Error::file(path, self.name, "values of type uint8", found))
    }

    /// The values, whatever type they are stored in.
    pub fn numbers(&self) -> Vec<f64> {
        let values = |size: usize, value: &dyn Fn([u8; 8]) -> f64| {
            let wide = |raw: &[u8]| {
                let mut low_first = [0; 8];
                low_first[..size].copy_from_slice(raw);
                if self.big_endian {
                    low_first[..size].reverse();
                }
                value(low_first)
            };
            self.bytes.chunks_exact(size).map(wide).collect()
        };
        let low = |raw: [u8; 8]| u64::from_le_bytes(raw);
        match self.storage {
            INT8 => values(1, &|raw| f64::from(raw[0] as i8)),
            UINT8 => values(1, &|raw| f64::from(raw[0])),
            3 => values(2, &|raw| f64::from(low(raw) as i16)),
            4 => values(2, &|raw| f64::from(low(raw) as u16)),
            INT32 => values(4, &|raw| f64::from(low(raw) as i32)),
            UINT32 => values(4, &|raw| f64::from(low(raw) as u32)),
            7 => values(4, &|raw| f64::from(f32::from_bits(low(raw) as u32))),
            9 => values(8, &|raw| f64::from_bits(low(raw))),
            12 => values(8, &|raw| low(raw) as i64 as f64),
            13 => values(8, &|raw| low(raw) as f64),
            _ => Vec::new(), // refused when read
        }
    }
}

/// Bytes of a stored value.
fn storage_size(storage: u32) -> Option<u64> {
    match storage {
        INT8 | UINT8 => Some(1),
        3 | 4 => Some(2),
        INT32 | UINT32 | 7 => Some(4),
        9 | 12 | 13 => Some(8),
        _ => None,
    }
}

fn storage_name(storage: u32) -> String {
    let name = match storage {
        INT8 => "int8",
        UINT8 => "uint8",
        3 => "int16",
        4 => "uint16",
        INT32 => "int32",
        UINT32 => "uint32",
        7 => "single",
        9 => "double",
        12 => "int64",
        13 => "uint64",
        other => return format!("type {other}"),
    };
    name.into()
}

/// Reads the numeric arrays of these names, in the order of the file.
///
/// # Errors
/// [`Error::Io`] or [`Error::File`] naming the variable or the element at fault.
pub(super) fn read(path: &Path, wanted: &[&str]) -> Result<Vec<Variable>> {
    let mut file = Bounded::open(path)?;
    let big_endian = header(&mut file)?;
    let mut found = Vec::new();
    while file.room() > 0 {
        let [kind, len] = words(&mut file, big_endian, "element")?;
        let variable = match kind {
            COMPRESSED => file.inflated(len.into(), "element", |element| {
                let [kind, len] = words(element, big_endian, "packed element")?;
                expect(path, "packed element", "type", MATRIX, kind)?;
                element.within(len.into(), "array", |part| matrix(part, big_endian, wanted))
            })?,
            MATRIX => file.within(len.into(), "array", |part| matrix(part, big_endian, wanted))?,
            other => {
                let expected = format!("an array (type {MATRIX} or {COMPRESSED})");
                let found = format!("type {other}");
                return Err(Error::file(path, "element", expected, found));
            }
        };
        found.extend(variable);
    }
    Ok(found)
}

/// Checks the first 128 bytes and says whether the high bytes come first.
fn header(file: &mut Bounded<'_>) -> Result<bool> {
    let expected = "a MATLAB 5.0 MAT-file (save -v6 or -v7)";
    let refused = |found: &str| Error::file(file.path(), "header", expected, found);
    if file.room() < 128 {
        return Err(refused(&format!("a file of {} bytes", file.room())));
    }
    let path = file.path();
    let head: [u8; 128] = file.array("header")?;
    let big_endian = match &head[126..] {
        b"IM" => false,
        b"MI" => true,
        other => {
            let found = format!("byte order {other:02x?}");
            return Err(Error::file(path, "header", expected, found));
        }
    };
    let version = [head[124], head[125]];
    let version = if big_endian {
        u16::from_be_bytes(version)
    } else {
        u16::from_le_bytes(version)
    };
    match version {
        0x0100 => Ok(big_endian),
        0x0200 => Err(Error::file(path, "header", expected, "version 7.3 (HDF5)")),
        _ => {
            let found = format!("version {version:#06x}");
            Err(Error::file(path, "header", expected, found))
        }
    }
}

/// One array, or nothing where it is not wanted.
fn matrix(part: &mut Bounded<'_>, big_endian: bool, wanted: &[&str]) -> Result<Option<Variable>> {
    let path = part.path();
    let flags = element(part, big_endian, "array flags", UINT32, 8)?;
    let complex = word(&flags[..4], big_endian) & 0x0800 != 0;
    let most = 4 * MAX_DIMENSIONS as u64;
    let shape = element(part, big_endian, "dimensions", INT32, most)?;
    let shape: Vec<u32> = shape
        .chunks_exact(4)
        .map(|raw| word(raw, big_endian))
        .collect();
    let name = element(part, big_endian, "name", INT8, MAX_NAME)?;
    let name = String::from_utf8_lossy(&name).into_owned();
    if !wanted.contains(&name.as_str()) {
        return Ok(None);
    }
    if complex {
        return Err(Error::file(path, name, "real numbers", "complex numbers"));
    }
    let (storage, len, inline) = tag(part, big_endian, &name)?;
    let Some(size) = storage_size(storage) else {
        let found = storage_name(storage);
        return Err(Error::file(path, name, "an array of numbers", found));
    };
    let values = shape
        .iter()
        .try_fold(size, |product, &extent| product.checked_mul(extent.into()));
    if values != Some(len) {
        let expected = format!("as many values as its shape {shape:?}");
        let found = format!("{len} bytes of {}", storage_name(storage));
        return Err(Error::file(path, name, expected, found));
    }
    let bytes = match inline {
        Some(raw) => raw[..len as usize].to_vec(),
        None => part.bytes(len, &name)?,
    };
    Ok(Some(Variable {
        name,
        shape: shape.into_iter().map(|extent| extent as usize).collect(),
        storage,
        big_endian,
        bytes,
    }))
}

/// The data of a short element of a known type, at most `most` bytes.
fn element(
    part: &mut Bounded<'_>,
    big_endian: bool,
    field: &str,
    kind: u32,
    most: u64,
) -> Result<Vec<u8>> {
    let (found, len, inline) = tag(part, big_endian, field)?;
    expect(part.path(), field, "type", kind, found)?;
    if len > most || (kind == UINT32 && len != most) {
        let (expected, found) = (format!("at most {most} bytes"), format!("{len}"));
        return Err(Error::file(part.path(), field, expected, found));
    }
    if let Some(raw) = inline {
        return Ok(raw[..len as usize].to_vec());
    }
    let bytes = part.bytes(len, field)?;
    part.skip(len.next_multiple_of(8) - len, field)?;
    Ok(bytes)
}

/// Type and length of an element, and its data where they are small enough to stand beside them.
fn tag(
    part: &mut Bounded<'_>,
    big_endian: bool,
    field: &str,
) -> Result<(u32, u64, Option<[u8; 4]>)> {
    let raw: [u8; 8] = part.array(field)?;
    let first = word(&raw[..4], big_endian);
    let (small, kind) = (first >> 16, first & 0xffff);
    if small == 0 {
        return Ok((kind, word(&raw[4..], big_endian).into(), None));
    }
    if small > 4 {
        let found = format!("{small} bytes");
        return Err(Error::file(
            part.path(),
            field,
            "a small element of at most 4 bytes",
            found,
        ));
    }
    Ok((kind, small.into(), Some([raw[4], raw[5], raw[6], raw[7]])))
}

fn words(part: &mut Bounded<'_>, big_endian: bool, field: &str) -> Result<[u32; 2]> {
    let raw: [u8; 8] = part.array(field)?;
    Ok([word(&raw[..4], big_endian), word(&raw[4..], big_endian)])
}

fn word(raw: &[u8], big_endian: bool) -> u32 {
    raw.iter().enumerate().fold(0, |value, (place, &byte)| {
        let shift = if big_endian { 3 - place } else { place };
        value | u32::from(byte) << (8 * shift)
    })
}

fn expect(path: &Path, field: &str, what: &str, expected: u32, found: u32) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (format!("{what} {expected}"), format!("{what} {found}"));
    Err(Error::file(path, field, expected, found))
}

#[cfg(test)]
#[path = "mat5_tests.rs"]
mod tests;
