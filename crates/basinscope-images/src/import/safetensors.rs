//! Files of the safetensors format.

use super::element::Element;
use super::{Checkpoint, Entry, Fault};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// A parsed file.
pub(super) struct File<'a> {
    entries: Vec<Entry>,
    views: Vec<TensorView<'a>>,
}

/// Whether the bytes begin as such a file does: the header's length, then JSON.
pub(super) fn is_header(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return false;
    };
    u64::from_le_bytes(*length) <= rest.len() as u64 && rest.first() == Some(&b'{')
}

impl<'a> File<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| {
            let expected = "a whole safetensors file";
            Fault::new("header", expected, error)
        })?;
        let (entries, views) = (tensors.iter())
            .map(|(name, view)| {
                let entry = Entry {
                    name: name.into(),
                    shape: view.shape().to_vec(),
                };
                (entry, view)
            })
            .unzip();
        Ok(Self { entries, views })
    }
}

impl Checkpoint for File<'_> {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn keeps_order(&self) -> bool {
        false
    }

    fn read(&self, entry: usize) -> Result<Vec<f32>, Fault> {
        let view = &self.views[entry];
        let element = match view.dtype() {
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
        let numbers = view.data().chunks_exact(element.size());
        Ok(numbers.filter_map(|bytes| element.value(bytes)).collect())
    }
}
