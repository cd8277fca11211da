//! CIFAR's batches as Python pickled them, read without executing anything in them.

use crate::import::pickle::{Object, Pickle};
use basinscope::{Error, Result};
use std::path::Path;

/// Pictures and labels of a pickled batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub pixels: Vec<u8>,
    pub labels: Vec<u32>,
}

impl Batch {
    /// Reads a dictionary of `data`, an array `[N, pixels]` of bytes, and a list of labels by
    /// their name. Keys may be texts or bytes; files of Python 2 and 3 are alike.
    ///
    /// # Errors
    /// [`Error::File`] naming the key that is missing or is something else.
    pub fn read(path: &Path, bytes: &[u8], labels: &str, pixels: usize) -> Result<Self> {
        let pickle = open(path, bytes)?;
        let data = value(path, &pickle, "data")?;
        let expected = format!("an array of bytes [N, {pixels}]");
        let refuse = |found: String| Error::file(path, "data", expected.clone(), found);
        let (shape, data) = array(&pickle, data).map_err(refuse)?;
        let &[count, width] = shape.as_slice() else {
            return Err(refuse(format!("shape {shape:?}")));
        };
        if width != pixels || count == 0 {
            return Err(refuse(format!("shape {shape:?}")));
        }
        let found = value(path, &pickle, labels)?;
        let Object::List(items) = pickle.get(found) else {
            let found = pickle.describe(found);
            return Err(Error::file(path, labels, "a list of class numbers", found));
        };
        if items.len() != count {
            let expected = format!("{count}, as many as there are pictures");
            return Err(Error::file(path, labels, expected, items.len()));
        }
        let label = |(at, &item): (usize, &usize)| {
            let number = pickle.number(item).and_then(|it| u32::try_from(it).ok());
            number.ok_or_else(|| {
                let field = format!("{labels}[{at}]");
                Error::file(path, field, "a class number", pickle.describe(item))
            })
        };
        Ok(Self {
            pixels: data,
            labels: items.iter().enumerate().map(label).collect::<Result<_>>()?,
        })
    }
}

/// The names of classes in a pickled dictionary.
pub(super) fn names_of(path: &Path, bytes: &[u8], key: &str) -> Result<Vec<String>> {
    let pickle = open(path, bytes)?;
    let found = value(path, &pickle, key)?;
    let names = match pickle.get(found) {
        Object::List(items) => items.iter().map(|&item| text(&pickle, item)).collect(),
        _ => None,
    };
    names.ok_or_else(|| {
        let found = pickle.describe(found);
        Error::file(path, key, "a list of class names", found)
    })
}

fn open(path: &Path, bytes: &[u8]) -> Result<Pickle> {
    Pickle::read(bytes).map_err(|_| {
        let expected = "a whole pickle, as Python writes it";
        Error::file(path, "pickle", expected, "an end or a fault in it")
    })
}

/// The value of a key in the dictionary that the pickle is.
fn value(path: &Path, pickle: &Pickle, key: &str) -> Result<usize> {
    let mut names = Vec::new();
    let mut found = None;
    for (name, value) in pickle.pairs(pickle.root) {
        let name = text(pickle, name).unwrap_or_else(|| pickle.describe(name));
        if name == key {
            found = Some(value);
        }
        names.push(name);
    }
    found.ok_or_else(|| {
        let found = match names.is_empty() {
            true => pickle.describe(pickle.root),
            false => format!("the keys {}", names.join(", ")),
        };
        Error::file(path, key, format!("a dictionary with the key {key}"), found)
    })
}

/// A text, also one of bytes.
fn text(pickle: &Pickle, handle: usize) -> Option<String> {
    match pickle.text(handle) {
        Some(text) => Some(text.to_owned()),
        None => String::from_utf8(raw(pickle, handle, None)?).ok(),
    }
}

/// Bytes: as such, as the Latin-1 text that Python 2 wrote them as or that Python 3 encodes for
/// readers of old files. The length of a text that could be both decides.
fn raw(pickle: &Pickle, handle: usize, len: Option<usize>) -> Option<Vec<u8>> {
    match pickle.get(handle) {
        Object::Bytes(bytes) => Some(bytes.clone()),
        Object::Text(text) => {
            if len == Some(text.len()) {
                return Some(text.clone().into_bytes());
            }
            text.chars()
                .map(|c| u8::try_from(u32::from(c)).ok())
                .collect()
        }
        Object::Instance(call) => {
            let ("_codecs", "encode") = pickle.global(call.class)? else {
                return None;
            };
            let &[text, encoding] = pickle.tuple(call.arguments)? else {
                return None;
            };
            let text = pickle.text(text)?;
            let is_latin1 = matches!(pickle.text(encoding)?, "latin1" | "latin-1" | "iso-8859-1");
            let byte = |c: char| u8::try_from(u32::from(c)).ok();
            text.chars()
                .map(byte)
                .collect::<Option<_>>()
                .filter(|_| is_latin1)
        }
        _ => None,
    }
}

/// Shape and values of an array of bytes, which NumPy pickles as a call of `_reconstruct` and the
/// state `(1, shape, dtype, in Fortran's order, bytes)`.
fn array(pickle: &Pickle, handle: usize) -> std::result::Result<(Vec<usize>, Vec<u8>), String> {
    let is_array = |object: &Object| match object {
        Object::Instance(call) => matches!(
            pickle.global(call.class),
            Some((
                "numpy.core.multiarray" | "numpy._core.multiarray",
                "_reconstruct"
            ))
        ),
        _ => false,
    };
    let other = || pickle.describe(handle);
    let Object::Instance(call) = pickle.get(handle) else {
        return Err(other());
    };
    let state = call.state.filter(|_| is_array(pickle.get(handle)));
    let state = state.and_then(|state| pickle.tuple(state));
    let Some(&[_, shape, dtype, fortran, bytes]) = state else {
        return Err(other());
    };
    let extents = pickle.tuple(shape).unwrap_or_default();
    let shape: Option<Vec<usize>> = extents.iter().map(|&it| pickle.number(it)).collect();
    let shape = shape.ok_or_else(other)?;
    let Object::Instance(dtype) = pickle.get(dtype) else {
        return Err("an array of an unknown type".into());
    };
    let kind = pickle.tuple(dtype.arguments).and_then(|it| it.first());
    let kind = kind.and_then(|&kind| text(pickle, kind));
    if !matches!(kind.as_deref(), Some("u1" | "|u1" | "uint8")) {
        return Err(format!(
            "an array of type {}",
            kind.unwrap_or("unknown".into())
        ));
    }
    if *pickle.get(fortran) != Object::Bool(false) && pickle.number(fortran) != Some(0) {
        return Err("an array in Fortran's order".into());
    }
    let len = shape
        .iter()
        .try_fold(1, |len: usize, &it| len.checked_mul(it));
    let bytes = raw(pickle, bytes, len).ok_or("an array without bytes")?;
    if Some(bytes.len()) != len {
        return Err(format!("{} bytes for shape {shape:?}", bytes.len()));
    }
    Ok((shape, bytes))
}
