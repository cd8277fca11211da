//! Weights that PyTorch trained: state dicts (`.pt`, `.pth`) and `.safetensors` files.

mod built;
mod element;
mod gaps;
mod layers;
mod matching;
mod modules;
mod name_map;
mod norms;
pub(crate) mod pickle;
mod pytorch;
mod recognise;
mod safetensors;
mod search;
mod selected;
mod slots;
mod storages;
mod tensors;
mod unpickle;
mod weight_file;
mod words;

pub use layers::Blocks;
pub use matching::Naming;
pub use name_map::NameMap;
pub use weight_file::WeightFile;

use crate::graph::Graph;
use basinscope::{Error, Result};
use std::path::Path;
use std::sync::Arc;

/// Weights from a file, in the order of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// In the order of [`Graph::layout`].
    pub theta: Vec<f32>,
    /// Running statistics in the order of [`Graph::buffers`].
    pub buffers: Vec<f32>,
    /// How the tensors of the file found their places.
    pub matched: Matched,
    /// Where in the file they lay: keys with points between, empty for the file itself.
    pub key: String,
    /// `epoch` as the file has it next to them.
    pub epoch: Option<u64>,
    /// State dicts of as many tensors or more that are of another net, and why.
    pub not_read: Vec<String>,
}

/// The bytes of a file, shared.
#[derive(Clone)]
struct Bytes(Arc<Vec<u8>>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// How tensors found their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// The names said which layer is which.
    ByName,
    /// By number, order and shapes, which the names did not contradict: worth a check of the loss.
    ByOrder,
    /// By a map of names.
    ByMap,
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

    /// The layers of a whole net, where it is one.
    fn built(&self) -> Option<&built::Built>;

    /// Values of an entry, row-major; the reason where that fails.
    fn read(&self, entry: usize) -> std::result::Result<Vec<f32>, Fault>;
}

/// What a field should be and what was found.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
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

/// The weights of a net from a file, see [`WeightFile`].
///
/// # Errors
/// Those of [`WeightFile::open`] and [`WeightFile::weights`].
pub fn weights(path: &Path, graph: &Graph) -> Result<Imported> {
    WeightFile::open(path)?.weights(&Blocks::of(graph), &Naming::ByName, None)
}
