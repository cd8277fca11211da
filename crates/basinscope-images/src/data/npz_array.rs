//! One array of a NumPy archive: its header is believed once it fits its bytes.

use super::bounded::room_of;
use super::pixels::Pixels;
use basinscope::data::Labels;
use basinscope::{Error, Result};
use npyz::{DType, NpyHeader, Order, TypeChar, npz::NpzArchive};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The most brackets that a header may open; arrays of plain numbers have two.
const MAX_BRACKETS: usize = 8;

pub(super) type Archive = NpzArchive<BufReader<File>>;

/// Opens an archive.
pub(super) fn open(path: &Path) -> Result<Archive> {
    let file = File::open(path).map_err(Error::io(path, "read"))?;
    NpzArchive::new(BufReader::new(file))
        .map_err(|error| Error::file(path, "archive", "an .npz as numpy.savez writes it", error))
}

/// An array as stored.
pub(super) struct Array {
    pub name: String,
    pub shape: Vec<usize>,
    dtype: DType,
    fortran: bool,
    bytes: Vec<u8>,
}

/// The extents of an array, from its header; nothing where it cannot be read.
pub(super) fn shape_of(archive: &mut Archive, name: &str) -> Option<Vec<u64>> {
    let file = npyz::npz::file_name_from_array_name(name);
    let mut entry = archive.zip_archive().by_name(&file).ok()?;
    // A header of plain numbers is short; what is longer is refused when it is read.
    let mut head = Vec::new();
    (&mut entry).take(1024).read_to_end(&mut head).ok()?;
    let text = head.windows(9).position(|bytes| bytes == b"'shape': ")?;
    let text = head.get(text + 9..)?;
    let open = text.iter().position(|&byte| byte == b'(')?;
    let close = text.iter().position(|&byte| byte == b')')?;
    let text = std::str::from_utf8(text.get(open + 1..close)?).ok()?;
    let extents = text
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty());
    extents
        .map(|text| text.trim_end_matches('L').parse().ok())
        .collect()
}

impl Array {
    /// Reads the array of this name.
    pub fn read(path: &Path, archive: &mut Archive, names: &[String], name: &str) -> Result<Self> {
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
        if matches!(&dtype, DType::Plain(plain) if plain.uses_pickled_array()) {
            let expected = "numbers or texts (save them with .astype(str) or as whole numbers)";
            let found = "objects, which NumPy pickles";
            return Err(Error::file(path, name, expected, found));
        }
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

    pub fn wrong_shape(&self, path: &Path, expected: &str) -> Error {
        let found = format!("{:?}", self.shape);
        Error::file(path, &self.name, format!("shape {expected}"), found)
    }

    fn wrong_type(&self, path: &Path, expected: &str) -> Error {
        Error::file(path, &self.name, expected, self.dtype.descr())
    }

    /// The label of each picture: numbers, texts, or rows of a single 1 among zeros.
    pub fn labels(self, path: &Path) -> Result<Labels> {
        let n = self.shape.first().copied().unwrap_or(0);
        let classes = match *self.shape.as_slice() {
            [n] | [n, 1] if n > 0 => None,
            [n, classes] if n > 0 && classes > 1 => Some(classes),
            _ => return Err(self.wrong_shape(path, "[N] or [N, 1], N ≥ 1")),
        };
        let expected = "whole numbers, floats or texts";
        let DType::Plain(plain) = &self.dtype else {
            return Err(self.wrong_type(path, expected));
        };
        if let TypeChar::UnicodeStr | TypeChar::ByteStr = plain.type_char() {
            let size = self.bytes.len() / n;
            let texts = self.bytes.chunks_exact(size.max(1));
            if classes.is_some() || size == 0 {
                return Err(self.wrong_shape(path, "[N] or [N, 1], N ≥ 1"));
            }
            let wide = plain.type_char() == TypeChar::UnicodeStr;
            let big = plain.endianness() == npyz::Endianness::Big;
            let text = |bytes: &[u8]| match wide {
                true => wide_text(bytes, big),
                false => {
                    let end = bytes
                        .iter()
                        .rposition(|&byte| byte != 0)
                        .map_or(0, |at| at + 1);
                    String::from_utf8_lossy(&bytes[..end]).into_owned()
                }
            };
            return Ok(Labels::Text(texts.map(text).collect()));
        }
        let Some(values) = self.numbers() else {
            return Err(self.wrong_type(path, expected));
        };
        match classes {
            Some(classes) if self.fortran => {
                let rows: Vec<f64> = (0..n)
                    .flat_map(|row| (0..classes).map(move |class| row + class * n))
                    .map(|at| values[at])
                    .collect();
                Labels::from_one_hot(path, &self.name, &rows, classes)
            }
            Some(classes) => Labels::from_one_hot(path, &self.name, &values, classes),
            None => Ok(Labels::Numbers(values)),
        }
    }

    /// The values in the order they are stored in, of numbers of any type.
    fn numbers(&self) -> Option<Vec<f64>> {
        let DType::Plain(plain) = &self.dtype else {
            return None;
        };
        let (kind, size) = (plain.type_char(), plain.size_field() as usize);
        let big = plain.endianness() == npyz::Endianness::Big;
        let known = match kind {
            TypeChar::Bool => size == 1,
            TypeChar::Int | TypeChar::Uint => matches!(size, 1 | 2 | 4 | 8),
            TypeChar::Float => matches!(size, 2 | 4 | 8),
            _ => false,
        };
        let number = |raw: &[u8]| {
            let mut wide = [0; 8];
            wide[..size].copy_from_slice(raw);
            if big {
                wide[..size].reverse();
            }
            if kind == TypeChar::Int && wide[size - 1] & 0x80 != 0 {
                wide[size..].fill(0xff);
            }
            let low = u64::from_le_bytes(wide);
            match (kind, size) {
                (TypeChar::Float, 2) => half::f16::from_bits(low as u16).to_f64(),
                (TypeChar::Float, 4) => f64::from(f32::from_bits(low as u32)),
                (TypeChar::Float, _) => f64::from_bits(low),
                (TypeChar::Int, _) => low as i64 as f64,
                _ => low as f64,
            }
        };
        known.then(|| self.bytes.chunks_exact(size).map(number).collect())
    }

    /// Axes and extents of channel, row and column.
    fn picture_axes(&self, path: &Path) -> Result<([usize; 3], [Option<usize>; 3])> {
        let expected = "[N, H, W], [N, H, W, C] or [N, C, H, W] with C = 1 or 3";
        let (shape, axes) = match *self.shape.as_slice() {
            [_, h, w] => ([1, h, w], [None, Some(1), Some(2)]),
            [_, h, w, c @ (1 | 3)] => ([c, h, w], [Some(3), Some(1), Some(2)]),
            [_, c @ (1 | 3), h, w] => ([c, h, w], [Some(1), Some(2), Some(3)]),
            _ => return Err(self.wrong_shape(path, expected)),
        };
        if self.shape.contains(&0) {
            return Err(self.wrong_shape(path, &format!("{expected}, none of them 0")));
        }
        Ok((shape, axes))
    }

    /// The pixels row-major `[count, channels, height, width]`, and the shape of a picture.
    pub fn pictures(self, path: &Path, count: usize) -> Result<(Pixels, [usize; 3])> {
        let DType::Plain(plain) = &self.dtype else {
            return Err(self.wrong_type(path, "numbers"));
        };
        let (kind, size) = (plain.type_char(), plain.size_field());
        let (shape, axes) = self.picture_axes(path)?;
        if self.shape[0] != count {
            let expected = format!("[{count}, …], a picture for each label");
            return Err(self.wrong_shape(path, &expected));
        }
        let order = self.order(shape, axes);
        let pixels = match (kind, size) {
            (TypeChar::Uint, 1) => Pixels::Bytes(ordered(self.bytes, order)),
            (TypeChar::Bool, 1) => Pixels::Bits(ordered(self.bytes, order)),
            _ => {
                let Some(values) = self.numbers() else {
                    return Err(self.wrong_type(path, "numbers"));
                };
                match kind {
                    TypeChar::Float => {
                        let values = values.into_iter().map(|value| value as f32).collect();
                        Pixels::Floats(ordered(values, order))
                    }
                    _ => {
                        let values = values.into_iter().map(|value| value as i64).collect();
                        Pixels::Whole(ordered(values, order))
                    }
                }
            }
        };
        Ok((pixels, shape))
    }

    /// Where each pixel of the order `[count, channels, height, width]` is stored; nothing where
    /// they are stored in this order.
    fn order(&self, shape: [usize; 3], axes: [Option<usize>; 3]) -> Option<Vec<usize>> {
        let steps = self.steps();
        let step = |axis: Option<usize>| axis.map_or(0, |axis| steps[axis]);
        let [channel, row, column] = axes.map(step);
        let [channels, height, width] = shape;
        if !self.fortran && column == 1 {
            return None;
        }
        let mut order = Vec::with_capacity(self.shape.iter().product());
        for n in 0..self.shape[0] {
            for c in 0..channels {
                for y in 0..height {
                    let from = n * steps[0] + c * channel + y * row;
                    order.extend((0..width).map(|x| from + x * column));
                }
            }
        }
        Some(order)
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

/// Values in another order.
fn ordered<T: Copy>(values: Vec<T>, order: Option<Vec<usize>>) -> Vec<T> {
    match order {
        Some(order) => order.into_iter().map(|at| values[at]).collect(),
        None => values,
    }
}

/// A text of four bytes a character, filled up with zeros.
fn wide_text(bytes: &[u8], big: bool) -> String {
    let text: String = (bytes.chunks_exact(4))
        .map(|raw| {
            let raw = [raw[0], raw[1], raw[2], raw[3]];
            let code = if big {
                u32::from_be_bytes(raw)
            } else {
                u32::from_le_bytes(raw)
            };
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    text.trim_end_matches('\0').into()
}
