//! A user's own points from an archive of NumPy arrays.

use super::nearest_name::unknown_name;
use super::{Classes, Dataset, Labels};
use crate::{Error, Result};
use npyz::{DType, NpyFile, Order, TypeChar, npz::NpzArchive};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Names the array of inputs may have where none is given; the first one there is taken.
pub const INPUT_NAMES: &[&str] = &["inputs", "X", "x"];
/// Names the array of labels may have where none is given; the first one there is taken.
pub const LABEL_NAMES: &[&str] = &["labels", "y"];

/// Reads points from an `.npz` as `numpy.savez` and `numpy.savez_compressed` write it.
///
/// `inputs` and `labels` name the arrays; by default [`INPUT_NAMES`] and [`LABEL_NAMES`]. Arrays
/// may be float32, float64, any integer or bool, of either byte order, in C or Fortran order.
///
/// # Shapes
/// Inputs `[N, d]`; labels `[N]` or `[N, 1]`, holding the classes 0, 1, … K − 1, each at least
/// once, K ≥ 2.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::File`] naming the array where the file
/// is no such archive, an array is missing or has another type or shape, an input is not a finite
/// number in the range of f32, a label is no class, or there is only one class.
pub fn load_npz(
    path: impl AsRef<Path>,
    inputs: Option<&str>,
    labels: Option<&str>,
) -> Result<Dataset> {
    let path = path.as_ref();
    let file = File::open(path).map_err(Error::io(path, "read"))?;
    let mut archive = NpzArchive::new(BufReader::new(file))
        .map_err(|error| Error::file(path, "archive", "an .npz as numpy.savez writes it", error))?;
    let inputs = Array::read(path, &mut archive, inputs, INPUT_NAMES)?;
    let labels = Array::read(path, &mut archive, labels, LABEL_NAMES)?;

    let &[len, num_features] = inputs.shape.as_slice() else {
        return Err(inputs.wrong_shape(path, "[points, features]"));
    };
    if len == 0 || num_features == 0 {
        return Err(inputs.wrong_shape(path, "at least one point and one feature"));
    }
    if !matches!(labels.shape.as_slice(), &[n] | &[n, 1] if n == len) {
        return Err(labels.wrong_shape(path, &format!("[{len}], a label for each point")));
    }
    let narrow: Vec<f32> = inputs.values.iter().map(|&value| value as f32).collect();
    if let Some(at) = narrow.iter().position(|value| !value.is_finite()) {
        let place = format!(
            "{}[{}, {}]",
            inputs.name,
            at / num_features,
            at % num_features
        );
        return Err(Error::file(
            path,
            place,
            "a finite number",
            inputs.values[at],
        ));
    }
    let place = |index| format!("{}[{index}]", labels.name);
    let Classes { ids, names } =
        Labels::Numbers(labels.values).classes(path, &labels.name, place)?;
    Dataset::new(narrow, ids, num_features, names.len())
}

/// An array in C order.
struct Array {
    name: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Array {
    fn read(
        path: &Path,
        archive: &mut NpzArchive<BufReader<File>>,
        given: Option<&str>,
        default: &[&str],
    ) -> Result<Self> {
        let known: Vec<String> = archive.array_names().map(String::from).collect();
        let has = |name: &&str| known.iter().any(|other| other == name);
        let wanted = given.map_or(default.to_vec(), |name| vec![name]);
        let Some(&name) = wanted.iter().find(|name| has(name)) else {
            let found = match given {
                Some(name) => unknown_name(name, known.iter().map(String::as_str)),
                None => format!("none named {}", wanted.join(" or ")),
            };
            let expected = format!("one of the file's arrays ({})", known.join(", "));
            return Err(Error::file(path, wanted[0], expected, found));
        };
        let damaged =
            |error: std::io::Error| Error::file(path, name, "an array as NumPy writes it", error);
        // All bytes first: the shape is not to be believed before it fits them.
        let mut bytes = Vec::new();
        archive
            .zip_archive()
            .by_name(&npyz::npz::file_name_from_array_name(name))
            .map_err(|error| damaged(error.into()))?
            .read_to_end(&mut bytes)
            .map_err(damaged)?;
        let mut rest = bytes.as_slice();
        let header = npyz::NpyHeader::from_reader(&mut rest).map_err(damaged)?;
        let size = header.dtype().num_bytes().unwrap_or(0) as u128;
        let fits = header
            .shape()
            .iter()
            .try_fold(size, |product, &extent| product.checked_mul(extent.into()))
            == Some(rest.len() as u128);
        let shape: Vec<usize> = header.shape().iter().map(|&n| n as usize).collect();
        let fortran = header.order() == Order::Fortran;
        let descr = header.dtype().descr();
        let is_plain = matches!(header.dtype(), DType::Plain(dtype) if !dtype.uses_pickled_array());
        if is_plain && !fits {
            let found = format!("{} bytes for shape {shape:?}", rest.len());
            return Err(Error::file(
                path,
                name,
                "as many values as its shape",
                found,
            ));
        }
        let values = read_values(NpyFile::with_header(header, rest)).map_err(damaged)?;
        let Some(values) = values else {
            let expected = "float32, float64, integers or bool";
            return Err(Error::file(path, name, expected, descr));
        };
        let values = match shape.as_slice() {
            &[rows, columns] if fortran => (0..rows * columns)
                .map(|at| values[at % columns * rows + at / columns])
                .collect(),
            _ => values,
        };
        Ok(Self {
            name: name.into(),
            shape,
            values,
        })
    }

    fn wrong_shape(&self, path: &Path, expected: &str) -> Error {
        let found = format!("{:?}", self.shape);
        Error::file(path, &self.name, format!("shape {expected}"), found)
    }
}

/// The values as f64, in the order of the file; `None` for a type that is no plain number.
fn read_values(array: NpyFile<&[u8]>) -> std::io::Result<Option<Vec<f64>>> {
    fn wide<T: npyz::Deserialize + Copy>(
        array: NpyFile<&[u8]>,
        widen: impl Fn(T) -> f64,
    ) -> std::io::Result<Option<Vec<f64>>> {
        Ok(Some(array.into_vec()?.into_iter().map(widen).collect()))
    }
    let DType::Plain(dtype) = array.dtype() else {
        return Ok(None);
    };
    match (dtype.type_char(), dtype.size_field()) {
        (TypeChar::Float, 4) => wide::<f32>(array, f64::from),
        (TypeChar::Float, 8) => wide::<f64>(array, |value| value),
        (TypeChar::Int, 1) => wide::<i8>(array, f64::from),
        (TypeChar::Int, 2) => wide::<i16>(array, f64::from),
        (TypeChar::Int, 4) => wide::<i32>(array, f64::from),
        (TypeChar::Int, 8) => wide::<i64>(array, |value| value as f64),
        (TypeChar::Uint, 1) => wide::<u8>(array, f64::from),
        (TypeChar::Uint, 2) => wide::<u16>(array, f64::from),
        (TypeChar::Uint, 4) => wide::<u32>(array, f64::from),
        (TypeChar::Uint, 8) => wide::<u64>(array, |value| value as f64),
        (TypeChar::Bool, 1) => wide::<bool>(array, f64::from),
        _ => Ok(None),
    }
}

#[cfg(test)]
#[path = "load_npz_tests.rs"]
mod tests;
