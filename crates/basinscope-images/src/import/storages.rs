//! The numbers behind the tensors of a state dict.

use super::{Bytes, Fault};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::ops::Range;
use zip::{CompressionMethod, ZipArchive};

/// What a pickle says of a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StorageId {
    pub key: String,
    /// `FloatStorage`, …
    pub class: String,
    /// Number of values.
    pub numel: usize,
}

/// The storages of a file by key.
pub(super) enum Storages {
    /// Entries `ROOTdata/KEY`.
    Zip {
        archive: RefCell<ZipArchive<Cursor<Bytes>>>,
        root: String,
    },
    /// Parts of the file.
    Stream {
        bytes: Bytes,
        parts: HashMap<String, Range<usize>>,
    },
}

impl Storages {
    pub fn zip(archive: ZipArchive<Cursor<Bytes>>, root: String) -> Self {
        let archive = RefCell::new(archive);
        Self::Zip { archive, root }
    }

    /// From `start` on, for each key in order the number of values as `i64`, then the values.
    pub fn stream<'k>(
        ids: impl Iterator<Item = StorageId>,
        keys: impl Iterator<Item = &'k str>,
        bytes: Bytes,
        start: usize,
    ) -> Result<Self, Fault> {
        let ids: HashMap<String, StorageId> = ids.map(|id| (id.key.clone(), id)).collect();
        let mut rest = &bytes.as_ref()[start..];
        let mut parts = HashMap::new();
        for key in keys {
            let part = ids.get(key).and_then(|id| {
                let (numel, after) = rest.split_first_chunk::<8>()?;
                let is_own = i64::from_le_bytes(*numel) == i64::try_from(id.numel).ok()?;
                let len = id.numel.checked_mul(element_size(&id.class)?)?;
                is_own.then(|| after.split_at_checked(len)).flatten()
            });
            let Some((part, after)) = part else {
                let expected = "as many values as the pickle says";
                let key: String = key.chars().take(40).collect();
                return Err(Fault::new(
                    format!("storage {key}"),
                    expected,
                    "others, or an end",
                ));
            };
            let end = bytes.as_ref().len() - after.len();
            parts.insert(key.to_string(), end - part.len()..end);
            rest = after;
        }
        Ok(Self::Stream { bytes, parts })
    }

    /// The values of a storage of this element size, as bytes; what was found instead.
    pub fn read(&self, id: &StorageId, size: usize) -> Result<Vec<u8>, String> {
        let len = id.numel.checked_mul(size).ok_or("more than there can be")?;
        let bytes = match self {
            Self::Zip { archive, root } => {
                let name = format!("{root}data/{}", id.key);
                let entry = zip_entry(&mut archive.borrow_mut(), &name, len as u64);
                entry.map_err(|fault| fault.found)?
            }
            Self::Stream { bytes, parts } => {
                bytes.as_ref()[parts.get(&id.key).ok_or("none")?.clone()].to_vec()
            }
        };
        match bytes.len() == len {
            true => Ok(bytes),
            false => Err(format!("{} bytes", bytes.len())),
        }
    }
}

/// A whole entry of an archive, of at most `limit` bytes.
pub(super) fn zip_entry(
    archive: &mut ZipArchive<Cursor<Bytes>>,
    name: &str,
    limit: u64,
) -> Result<Vec<u8>, Fault> {
    let expected = || format!("at most {limit} bytes, not compressed");
    let fault = |what: String| Fault::new(name, expected(), what);
    let entry = archive
        .by_name(name)
        .map_err(|error| fault(error.to_string()))?;
    if entry.compression() != CompressionMethod::Stored || entry.size() > limit {
        let how = entry.compression();
        return Err(fault(format!("{} bytes ({how})", entry.size())));
    }
    let mut bytes = Vec::new();
    let read = entry.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| fault(error.to_string()))?;
    Ok(bytes)
}

/// Bytes of one value of a storage class.
fn element_size(class: &str) -> Option<usize> {
    Some(match class {
        "ComplexDoubleStorage" => 16,
        "DoubleStorage" | "LongStorage" | "ComplexFloatStorage" => 8,
        "FloatStorage" | "IntStorage" => 4,
        "HalfStorage" | "BFloat16Storage" | "ShortStorage" => 2,
        "CharStorage" | "ByteStorage" | "BoolStorage" => 1,
        _ => return None,
    })
}
