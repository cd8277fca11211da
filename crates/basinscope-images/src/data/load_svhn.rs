//! The Street View House Numbers in their MATLAB files.

use super::names::{DIGITS, owned};
use super::{ImageSet, mat5};
use basinscope::{Error, Result};
use std::path::Path;

/// Pixels along a side, and of a channel.
const SIDE: usize = 32;
const AREA: usize = SIDE * SIDE;
const CHANNELS: usize = 3;

/// Reads one part of SVHN's cropped digits (`train_32x32.mat` and its siblings).
///
/// # Shapes
/// In the file, `X` is uint8 32 × 32 × 3 × N and `y` has N values 1 … 10 of any numeric type,
/// where 10 stands for the digit 0.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::File`] naming the variable where it is
/// no MATLAB 5.0 file, is cut or damaged, a variable is missing or has another type or shape, or
/// a label is out of range.
///
/// # Reference
/// Netzer et al., Reading Digits in Natural Images with Unsupervised Feature Learning, 2011.
pub fn load_svhn(path: impl AsRef<Path>) -> Result<ImageSet> {
    let path = path.as_ref();
    let (mut pictures, mut labels) = (None, None);
    for variable in mat5::read(path, &["X", "y"])? {
        match variable.name.as_str() {
            "X" => pictures = Some(variable),
            _ => labels = Some(variable),
        }
    }
    let missing = |name: &str| Error::file(path, name, "the variables X and y", "no such variable");
    let pictures = pictures.ok_or_else(|| missing("X"))?;
    let labels = labels.ok_or_else(|| missing("y"))?;
    let count = match pictures.shape.as_slice() {
        &[SIDE, SIDE, CHANNELS, count] if count > 0 => count,
        &[SIDE, SIDE, CHANNELS] => 1, // MATLAB drops a last extent of 1
        shape => {
            let (expected, found) = ("shape 32 × 32 × 3 × N, N ≥ 1", format!("{shape:?}"));
            return Err(Error::file(path, "X", expected, found));
        }
    };
    if !matches!(labels.shape.as_slice(), &[n, 1] | &[1, n] if n == count) {
        let expected = format!("{count} × 1, a label for each picture of X");
        let found = format!("{:?}", labels.shape);
        return Err(Error::file(path, "y", expected, found));
    }
    let mut classes = Vec::with_capacity(count);
    for (at, value) in labels.numbers().into_iter().enumerate() {
        if value.fract() != 0.0 || !(1.0..=10.0).contains(&value) {
            let expected = "a digit from 1 to 9, or 10 for 0";
            return Err(Error::file(path, format!("y[{at}]"), expected, value));
        }
        classes.push(value as u32 % 10);
    }
    let mut pixels = pictures.into_bytes(path)?;
    // Fortran order: the row runs fastest. Each channel of each picture is transposed in place.
    for plane in pixels.chunks_exact_mut(AREA) {
        for row in 0..SIDE {
            for column in row + 1..SIDE {
                plane.swap(row * SIDE + column, column * SIDE + row);
            }
        }
    }
    ImageSet::new(pixels, classes, [CHANNELS, SIDE, SIDE], owned(&DIGITS))
}

#[cfg(test)]
#[path = "load_svhn_tests.rs"]
mod tests;
