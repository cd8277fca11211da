//! Files of the safetensors format.

use super::element::Element;
use super::{Bytes, Entry, Fault};
use safetensors::tensor::{Dtype, SafeTensors};
use std::ops::Range;

/// A parsed file.
pub(super) struct File {
    bytes: Bytes,
    pub entries: Vec<Entry>,
    places: Vec<(Dtype, Range<usize>)>,
    /// `epoch` of the metadata.
    pub epoch: Option<u64>,
}

/// Whether the bytes begin as such a file does: the header's length, then JSON.
pub(super) fn is_header(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return false;
    };
    u64::from_le_bytes(*length) <= rest.len() as u64 && rest.first() == Some(&b'{')
}

impl File {
    pub fn new(bytes: Bytes) -> Result<Self, Fault> {
        let (header, metadata) = SafeTensors::read_metadata(bytes.as_ref()).map_err(|error| {
            let expected = "a whole safetensors file";
            Fault::new("header", expected, error)
        })?;
        let (mut entries, mut places) = (Vec::new(), Vec::new());
        // In the order of the numbers, which is by size of a number and name.
        for name in metadata.offset_keys() {
            let Some(info) = metadata.info(&name) else {
                continue;
            };
            let start = 8 + header;
            let (from, to) = info.data_offsets;
            let shape = info.shape.clone();
            places.push((info.dtype, start + from..start + to));
            entries.push(Entry { name, shape });
        }
        let epoch = metadata.metadata().as_ref();
        let epoch = epoch.and_then(|about| about.get("epoch")?.parse().ok());
        Ok(Self {
            bytes,
            entries,
            places,
            epoch,
        })
    }

    pub fn read(&self, entry: usize) -> Result<Vec<f32>, Fault> {
        let (dtype, place) = &self.places[entry];
        let element = match dtype {
            Dtype::F16 => Element::F16,
            Dtype::BF16 => Element::Bf16,
            Dtype::F32 => Element::F32,
            Dtype::F64 => Element::F64,
            other => {
                let field = &self.entries[entry].name;
                let found = format!("{other:?}");
                return Err(Fault::new(field, "F16, BF16, F32 or F64", found));
            }
        };
        let numbers = self.bytes.as_ref()[place.clone()].chunks_exact(element.size());
        Ok(numbers.filter_map(|bytes| element.value(bytes)).collect())
    }
}
