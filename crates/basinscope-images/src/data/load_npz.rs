//! Pictures and labels from an archive of NumPy arrays.

use super::bounded::room_of;
use super::names::numbered;
use super::{ImageSet, Part};
use basinscope::{Error, Result};
use npyz::{DType, NpyHeader, Order, TypeChar, npz::NpzArchive};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The most classes that labels may name.
const MAX_CLASSES: u32 = 10_000;
/// The most brackets that a header may open; arrays of plain numbers have two.
const MAX_BRACKETS: usize = 8;

type Archive = NpzArchive<BufReader<File>>;

/// Reads the wanted parts from an `.npz` as `numpy.savez` and `numpy.savez_compressed` write it:
/// `images` and `labels` are the training part, `test_images` and `test_labels`, where they are
/// there, the test part.
///
/// # Shapes
/// Pictures uint8 `[N, H, W]`, `[N, H, W, C]` or `[N, C, H, W]` with C = 1 or 3 (where both fit,
/// the last extent is C); labels `[N]` or `[N, 1]` of whole numbers 0, 1, … The classes are 0 to
/// the largest label of either part.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::File`] naming the array where the file
/// is no such archive, an array is missing or has another type or shape, or a label is no class.
pub fn load_npz(path: impl AsRef<Path>, wanted: &[Part]) -> Result<Vec<(Part, ImageSet)>> {
    let path = path.as_ref();
    let file = File::open(path).map_err(Error::io(path, "read"))?;
    let mut archive = NpzArchive::new(BufReader::new(file))
        .map_err(|error| Error::file(path, "archive", "an .npz as numpy.savez writes it", error))?;
    let names: Vec<String> = archive.array_names().map(String::from).collect();
    let has_test = names.iter().any(|name| name == "test_images");
    let mut read = Vec::new();
    for (part, images, labels) in [
        (Part::Train, "images", "labels"),
        (Part::Test, "test_images", "test_labels"),
    ] {
        if part == Part::Train || has_test {
            let labels = Array::read(path, &mut archive, &names, labels)?.labels(path)?;
            read.push((part, images, labels));
        }
    }
    let largest = read.iter().flat_map(|(_, _, labels)| labels).max();
    let classes = numbered(1 + largest.map_or(0, |&label| label as usize).max(1));
    let mut sets = Vec::new();
    for (part, images, labels) in read {
        if !wanted.contains(&part) {
            continue;
        }
        let (pixels, shape) =
            Array::read(path, &mut archive, &names, images)?.pictures(path, labels.len())?;
        sets.push((part, ImageSet::new(pixels, labels, shape, classes.clone())?));
    }
    Ok(sets)
}

/// Whether a file is an archive with an array called `images`.
pub fn is_npz_of_pictures(path: impl AsRef<Path>) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let archive = NpzArchive::new(BufReader::new(file));
    archive.is_ok_and(|archive| archive.array_names().any(|name| name == "images"))
}

/// An array as stored.
struct Array {
    name: String,
    shape: Vec<usize>,
    dtype: DType,
    fortran: bool,
    bytes: Vec<u8>,
}

impl Array {
    fn read(path: &Path, archive: &mut Archive, names: &[String], name: &str) -> Result<Self> {
        if !names.iter().any(|other| other == name) {
            let expected = format!("one of the file's arrays ({})", names.join(", "));
            return Err(Error::file(path, name, expected, "no such array"));
        }
        let expected = "an array as NumPy writes it";
        let damaged = |error: std::io::Error| Error::file(path, name, expected, error);
        let mut entry = archive
            .zip_archive()
            .by_name(&npyz::npz::file_name_from_array_name(name))
            .map_err(|error| damaged(error.into()))?;
        let (size, room) = (entry.size(), room_of(entry.compressed_size()));
        if size > room {
            let expected = format!("at most {room} bytes from as few packed ones");
            return Err(Error::file(path, name, expected, size));
        }
        let mut bytes = Vec::new();
        (&mut entry)
            .take(room)
            .read_to_end(&mut bytes)
            .map_err(damaged)?;
        // The header's own length is not to be believed before it fits the bytes.
        let head = match bytes.get(6..12) {
            Some(&[1, _, a, b, ..]) => 10 + u64::from(u16::from_le_bytes([a, b])),
            Some(&[_, _, a, b, c, d]) => 12 + u64::from(u32::from_le_bytes([a, b, c, d])),
            _ => u64::MAX,
        };
        if head > bytes.len() as u64 {
            let found = format!("{} bytes", bytes.len());
            return Err(Error::file(path, name, expected, found));
        }
        // The parser takes twice as long for every further bracket.
        let brackets = bytes[10..head as usize]
            .iter()
            .filter(|byte| b"([{".contains(byte))
            .count();
        if brackets > MAX_BRACKETS {
            let expected = format!("{expected}, with at most {MAX_BRACKETS} brackets");
            let found = format!("a header with {brackets} brackets");
            return Err(Error::file(path, name, expected, found));
        }
        let mut rest = bytes.as_slice();
        let header = NpyHeader::from_reader(&mut rest).map_err(damaged)?;
        let left = rest.len();
        let dtype = header.dtype();
        let mut shape = Vec::new();
        for &extent in header.shape() {
            let extent = usize::try_from(extent);
            shape.push(extent.map_err(|error| Error::file(path, name, expected, error))?);
        }
        let size = dtype.num_bytes();
        let fits = |size| {
            shape
                .iter()
                .try_fold(size, |product: usize, &extent| product.checked_mul(extent))
                == Some(left)
        };
        if !size.is_some_and(fits) {
            let found = format!("{left} bytes for shape {shape:?}");
            return Err(Error::file(
                path,
                name,
                "as many values as its shape",
                found,
            ));
        }
        let fortran = header.order() == Order::Fortran && shape.len() > 1;
        bytes.drain(..bytes.len() - left);
        Ok(Self {
            name: name.into(),
            shape,
            dtype,
            fortran,
            bytes,
        })
    }

    fn wrong_shape(&self, path: &Path, expected: &str) -> Error {
        let found = format!("{:?}", self.shape);
        Error::file(path, &self.name, format!("shape {expected}"), found)
    }

    fn wrong_type(&self, path: &Path, expected: &str) -> Error {
        Error::file(path, &self.name, expected, self.dtype.descr())
    }

    /// Whole numbers, one for each picture.
    fn labels(self, path: &Path) -> Result<Vec<u32>> {
        if !matches!(self.shape.as_slice(), &[n] | &[n, 1] if n > 0) {
            return Err(self.wrong_shape(path, "[N] or [N, 1], N ≥ 1"));
        }
        let DType::Plain(plain) = &self.dtype else {
            return Err(self.wrong_type(path, "whole numbers"));
        };
        let (kind, size) = (plain.type_char(), plain.size_field() as usize);
        let big = plain.endianness() == npyz::Endianness::Big;
        if !matches!(kind, TypeChar::Int | TypeChar::Uint) || !matches!(size, 1 | 2 | 4 | 8) {
            return Err(self.wrong_type(path, "whole numbers"));
        }
        let mut labels = Vec::with_capacity(self.bytes.len() / size);
        for (at, raw) in self.bytes.chunks_exact(size).enumerate() {
            let mut wide = [0; 8];
            wide[..size].copy_from_slice(raw);
            if big {
                wide[..size].reverse();
            }
            if kind == TypeChar::Int && wide[size - 1] & 0x80 != 0 {
                wide[size..].fill(0xff);
            }
            let value = match kind {
                TypeChar::Int => i128::from(i64::from_le_bytes(wide)),
                _ => i128::from(u64::from_le_bytes(wide)),
            };
            if !(0..i128::from(MAX_CLASSES)).contains(&value) {
                let field = format!("{}[{at}]", self.name);
                let expected = format!("a class from 0 to {}", MAX_CLASSES - 1);
                return Err(Error::file(path, field, expected, value));
            }
            labels.push(value as u32);
        }
        Ok(labels)
    }

    /// The pixels row-major `[count, channels, height, width]`, and the shape of a picture.
    fn pictures(self, path: &Path, count: usize) -> Result<(Vec<u8>, [usize; 3])> {
        let is_uint8 = matches!(&self.dtype, DType::Plain(dtype)
            if dtype.type_char() == TypeChar::Uint && dtype.size_field() == 1);
        if !is_uint8 {
            return Err(self.wrong_type(path, "values of type uint8"));
        }
        let expected = "[N, H, W], [N, H, W, C] or [N, C, H, W] with C = 1 or 3";
        // Extents and axes of channel, row and column.
        let (shape, axes) = match *self.shape.as_slice() {
            [_, h, w] => ([1, h, w], [None, Some(1), Some(2)]),
            [_, h, w, c @ (1 | 3)] => ([c, h, w], [Some(3), Some(1), Some(2)]),
            [_, c @ (1 | 3), h, w] => ([c, h, w], [Some(1), Some(2), Some(3)]),
            _ => return Err(self.wrong_shape(path, expected)),
        };
        if self.shape.contains(&0) {
            return Err(self.wrong_shape(path, &format!("{expected}, none of them 0")));
        }
        if self.shape[0] != count {
            let expected = format!("[{count}, …], a picture for each label");
            return Err(self.wrong_shape(path, &expected));
        }
        let steps = self.steps();
        let step = |axis: Option<usize>| axis.map_or(0, |axis| steps[axis]);
        let [channel, row, column] = axes.map(step);
        let [channels, height, width] = shape;
        if !self.fortran && column == 1 {
            return Ok((self.bytes, shape)); // in our order already
        }
        let mut pixels = Vec::with_capacity(self.bytes.len());
        for n in 0..count {
            for c in 0..channels {
                for y in 0..height {
                    let from = n * steps[0] + c * channel + y * row;
                    pixels.extend((0..width).map(|x| self.bytes[from + x * column]));
                }
            }
        }
        Ok((pixels, shape))
    }

    /// How far apart neighbours along each axis are stored.
    fn steps(&self) -> Vec<usize> {
        let mut steps = vec![1; self.shape.len()];
        let mut step = 1;
        let mut set = |axis: usize| {
            steps[axis] = step;
            step *= self.shape[axis];
        };
        if self.fortran {
            (0..self.shape.len()).for_each(&mut set);
        } else {
            (0..self.shape.len()).rev().for_each(&mut set);
        }
        steps
    }
}

#[cfg(test)]
#[path = "load_npz_tests.rs"]
mod tests;
