//! One array, from the bytes that NumPy wrote.

use super::header::check_npy_header;
use super::objects;
use crate::{Error, Result};
use npyz::{DType, NpyHeader, Order, TypeChar};
use std::path::Path;

/// An array in C order.
pub(super) struct Array {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Values,
}

/// What an array holds.
pub(super) enum Values {
    Numbers(Vec<f64>),
    Truths(Vec<f64>),
    Text(Vec<String>),
}

impl Array {
    /// From the bytes of an `.npy`.
    ///
    /// # Errors
    /// [`Error::File`] where they are no array, of another length than their shape says, or of a
    /// type that is neither numbers nor text.
    pub(super) fn parse(path: &Path, name: &str, bytes: &[u8]) -> Result<Self> {
        let damaged = |found: String| Error::file(path, name, "an array as NumPy writes it", found);
        check_npy_header(bytes).map_err(damaged)?;
        let mut rest = bytes;
        let header =
            NpyHeader::from_reader(&mut rest).map_err(|error| damaged(error.to_string()))?;
        let shape: Vec<usize> = header
            .shape()
            .iter()
            .map(|&extent| extent as usize)
            .collect();
        let count = shape
            .iter()
            .try_fold(1_usize, |product, &extent| product.checked_mul(extent));
        let descr = header.dtype().descr();
        let expected = "float16, float32, float64, integers, bool or text";
        let wrong_type = || Error::file(path, name, expected, descr.clone());
        let DType::Plain(dtype) = header.dtype() else {
            return Err(wrong_type());
        };
        let wrong_size = || {
            let found = format!("{} bytes for shape {shape:?}", rest.len());
            Error::file(path, name, "as many values as its shape", found)
        };
        let mut values = if dtype.uses_pickled_array() {
            let texts = objects::texts(rest).map_err(|found| {
                let expected = "text or numbers where the array holds objects";
                Error::file(path, name, expected, found)
            })?;
            if Some(texts.len()) != count {
                let found = format!("{} objects for shape {shape:?}", texts.len());
                return Err(Error::file(
                    path,
                    name,
                    "as many values as its shape",
                    found,
                ));
            }
            Values::Text(texts)
        } else {
            let size = dtype.num_bytes().unwrap_or(0);
            if count.and_then(|count| count.checked_mul(size)) != Some(rest.len()) {
                return Err(wrong_size());
            }
            let is_big = descr.contains('>');
            let items = rest.chunks_exact(size.max(1));
            values(items, dtype.type_char(), size, is_big).ok_or_else(wrong_type)?
        };
        if let (&[rows, columns], Order::Fortran) = (shape.as_slice(), header.order()) {
            values = values.transposed(rows, columns);
        } else if header.order() == Order::Fortran && shape.len() > 2 {
            return Err(Error::file(path, name, "C order", "Fortran order"));
        }
        Ok(Self {
            name: name.into(),
            shape,
            values,
        })
    }
}

impl Values {
    /// In rows of `columns` what was in columns of `rows`.
    fn transposed(self, rows: usize, columns: usize) -> Self {
        fn turn<T: Clone>(values: &[T], rows: usize, columns: usize) -> Vec<T> {
            (0..rows * columns)
                .map(|at| values[at % columns * rows + at / columns].clone())
                .collect()
        }
        match self {
            Self::Numbers(values) => Self::Numbers(turn(&values, rows, columns)),
            Self::Truths(values) => Self::Truths(turn(&values, rows, columns)),
            Self::Text(values) => Self::Text(turn(&values, rows, columns)),
        }
    }
}

/// The items of an array; `None` for a type that is neither numbers nor text.
fn values<'a>(
    items: impl Iterator<Item = &'a [u8]>,
    kind: TypeChar,
    size: usize,
    is_big: bool,
) -> Option<Values> {
    fn bytes<const N: usize>(item: &[u8], is_big: bool) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(item);
        if is_big {
            bytes.reverse();
        }
        bytes
    }
    macro_rules! numbers {
        ($type:ty, $widen:expr) => {
            Some(Values::Numbers(
                items
                    .map(|item| $widen(<$type>::from_le_bytes(bytes(item, is_big))))
                    .collect(),
            ))
        };
    }
    match (kind, size) {
        (TypeChar::Float, 2) => numbers!(u16, half),
        (TypeChar::Float, 4) => numbers!(f32, f64::from),
        (TypeChar::Float, 8) => numbers!(f64, |value| value),
        (TypeChar::Int, 1) => numbers!(i8, f64::from),
        (TypeChar::Int, 2) => numbers!(i16, f64::from),
        (TypeChar::Int, 4) => numbers!(i32, f64::from),
        (TypeChar::Int, 8) => numbers!(i64, |value| value as f64),
        (TypeChar::Uint, 1) => numbers!(u8, f64::from),
        (TypeChar::Uint, 2) => numbers!(u16, f64::from),
        (TypeChar::Uint, 4) => numbers!(u32, f64::from),
        (TypeChar::Uint, 8) => numbers!(u64, |value| value as f64),
        (TypeChar::Bool, 1) => Some(Values::Truths(
            items
                .map(|item| f64::from(u8::from(item[0] != 0)))
                .collect(),
        )),
        (TypeChar::ByteStr, _) => Some(Values::Text(
            items
                .map(|item| decoded(item).trim_end_matches('\0').into())
                .collect(),
        )),
        (TypeChar::UnicodeStr, _) => {
            let text = |item: &[u8]| -> String {
                let letters = item.as_chunks::<4>().0.iter();
                letters
                    .map(|letter| u32::from_le_bytes(bytes(letter, is_big)))
                    .take_while(|&code| code != 0)
                    .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect()
            };
            Some(Values::Text(items.map(text).collect()))
        }
        _ => None,
    }
}

/// Text in UTF-8; where it is none, in Latin-1, whose letters stay different.
pub(super) fn decoded(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// A half-precision number from its bits: 1 of sign, 5 of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    sign * match exponent {
        0 => fraction * 2.0_f64.powi(-14),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction) * 2.0_f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_another_encoding_stay_different() {
        assert_eq!(decoded("été".as_bytes()), "été");
        assert_eq!(decoded(b"\xe9t\xe9"), "été");
        assert_ne!(decoded(b"\xe9t\xe9"), decoded(b"\xe8t\xe8"));
    }

    #[test]
    fn halves_by_hand() {
        // 0 01111 0000000000 = 1; 1 10000 1000000000 = −3; 0 00000 0000000001 = 2⁻²⁴.
        for (bits, wanted) in [
            (0x3c00, 1.0),
            (0xc200, -3.0),
            (1, 2.0_f64.powi(-24)),
            (0x7bff, 65504.0),
        ] {
            assert_eq!(half(bits), wanted);
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
    }
}
