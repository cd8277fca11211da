//! Weights that PyTorch trained: state dicts (`.pt`, `.pth`) and `.safetensors` files.

mod element;
mod matching;
mod pickle;
mod pytorch;
mod safetensors;
mod storages;

use crate::graph::Graph;
use basinscope::{Error, Result};
use std::path::Path;

/// Largest file that is read; nets of this crate have a thousandth.
const MAX_FILE: u64 = 32_000_000_000;

/// Weights from a file, in the order of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// In the order of [`Graph::layout`].
    pub theta: Vec<f32>,
    /// Running statistics in the order of [`Graph::buffers`].
    pub buffers: Vec<f32>,
    /// How the tensors of the file found their places.
    pub matched: Matched,
}

/// How tensors found their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// All names were those of the graph.
    ByName,
    /// Names were others, but number, order and shapes agreed: worth a check of the loss.
    ByOrder,
}

/// A tensor of a file, not yet read.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    name: String,
    shape: Vec<usize>,
}

/// Tensors of a file, read one at a time; what nobody asks for is never read.
trait Checkpoint {
    /// Names and shapes in the order of the file.
    fn entries(&self) -> &[Entry];

    /// Whether that order is the one of the net's layers.
    fn keeps_order(&self) -> bool;

    /// Values of an entry, row-major; the reason where that fails.
    fn read(&self, entry: usize) -> std::result::Result<Vec<f32>, Fault>;
}

/// What a field should be and what was found.
#[derive(Debug, PartialEq)]
struct Fault {
    field: String,
    expected: String,
    found: String,
}

impl Fault {
    fn new(field: impl Into<String>, expected: impl Into<String>, found: impl ToString) -> Self {
        Self {
            field: field.into(),
            expected: expected.into(),
            found: found.to_string(),
        }
    }

    /// Names from a file are shown without what a terminal would obey.
    fn of(self, path: &Path) -> Error {
        let [field, found] = [self.field, self.found].map(|text| {
            let plain = text
                .chars()
                .map(|c| if c.is_control() { '\u{fffd}' } else { c });
            plain.collect::<String>()
        });
        Error::file(path, field, self.expected, found)
    }
}

/// Reads the weights of a net from a state dict of PyTorch's or a safetensors file; the kind is
/// that of the content, not of the name.
///
/// Names are those of `state_dict()`. `module.` before all of them is taken off, dictionaries
/// around (`state_dict`, `model_state_dict`, `model`, `net`) are looked into, and
/// `num_batches_tracked` is passed over. Where names differ, a state dict is matched by order if
/// number, order and shapes agree ([`Matched::ByOrder`]); safetensors files, which sort their
/// tensors, are not. Half, single and double precision become single.
///
/// Pickles are read, never run: of the functions that a pickle may name only those that make
/// tensors are known.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::File`] with the tensor, its expected and
/// its found shape where one is missing, of another net or of another shape, and with the place
/// where a file is damaged or asks for anything but tensors.
pub fn weights(path: &Path, graph: &Graph) -> Result<Imported> {
    let about = std::fs::metadata(path).map_err(Error::io(path, "read"))?;
    if !about.is_file() || about.len() > MAX_FILE {
        let expected = format!("a file of at most {} GB", MAX_FILE / 1_000_000_000);
        let found = match about.is_file() {
            true => format!("{} GB", about.len() / 1_000_000_000),
            false => "no file".into(),
        };
        return Err(Error::file(path, "size", expected, found));
    }
    let bytes = std::fs::read(path).map_err(Error::io(path, "read"))?;
    from_bytes(&bytes, graph).map_err(|fault| fault.of(path))
}

fn from_bytes(bytes: &[u8], graph: &Graph) -> std::result::Result<Imported, Fault> {
    let checkpoint: Box<dyn Checkpoint + '_> = match bytes {
        // First: the length it begins with may be the letters of another kind.
        _ if safetensors::is_header(bytes) => Box::new(safetensors::File::new(bytes)?),
        [b'P', b'K', ..] => Box::new(pytorch::Pytorch::from_zip(bytes)?),
        [0x80, ..] => Box::new(pytorch::Pytorch::from_stream(bytes)?),
        _ => {
            let expected = "a state dict of PyTorch's (.pt, .pth) or a safetensors file";
            return Err(Fault::new("content", expected, "neither"));
        }
    };
    matching::imported(&*checkpoint, graph)
}
