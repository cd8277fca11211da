//! θ as a safetensors file that PyTorch's tools can read.

use crate::net::{Architecture, Net};
use crate::simd::Kernel;
use crate::surface::Block;
use crate::{Error, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

const HEADER_KEY: &str = "basinscope";
const ARCHITECTURE: &str = "architecture";
/// The place of the architecture, as messages name it.
const METADATA: &str = "metadata basinscope.architecture";

/// Serialises θ and the net's buffers: one f32 tensor per block; version, kernel and architecture
/// among the metadata.
pub(super) fn encode(
    net: &dyn Net,
    theta: &[f32],
    buffers: &[f32],
    metadata: &[(&str, Value)],
) -> std::result::Result<Vec<u8>, String> {
    let (layout, beside) = (net.layout(), net.buffer_layout());
    let bytes = [theta, buffers].map(|values| -> Vec<u8> {
        (values.iter().flat_map(|value| value.to_le_bytes())).collect()
    });
    let mut tensors = Vec::with_capacity(layout.blocks().len() + beside.len());
    for (blocks, bytes) in [layout.blocks(), &beside].into_iter().zip(&bytes) {
        for block in blocks {
            let range = block.range();
            let bytes = bytes.get(4 * range.start..4 * range.end);
            let bytes = bytes.ok_or_else(|| format!("no values for `{}`", block.name))?;
            let view = TensorView::new(Dtype::F32, block.shape.clone(), bytes)
                .map_err(|error| error.to_string())?;
            tensors.push((block.name.clone(), view));
        }
    }
    // One key only: the crate keeps metadata in a hash map, whose order changes from run to run.
    let mut about = serde_json::Map::new();
    about.insert("version".into(), crate::VERSION.into());
    about.insert("kernel".into(), Kernel::active().name().into());
    about.insert(ARCHITECTURE.into(), net.to_json());
    for (key, value) in metadata {
        about.insert((*key).to_owned(), value.clone());
    }
    let header = HashMap::from([(HEADER_KEY.to_owned(), Value::Object(about).to_string())]);
    safetensors::serialize(tensors, Some(header)).map_err(|error| error.to_string())
}

/// A whole θ file whose net is not built yet: the architecture in it says which.
#[derive(Debug, Clone, PartialEq)]
pub struct ThetaFile {
    path: PathBuf,
    architecture: Value,
    bytes: Vec<u8>,
}

impl ThetaFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] for a truncated file or missing metadata.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(Error::io(path, "read"))?;
        let broken = |error: safetensors::SafeTensorError| {
            Error::file(path, "file", "a whole safetensors file", error)
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
        let architecture = header
            .metadata()
            .as_ref()
            .and_then(|map| map.get(HEADER_KEY))
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
            .and_then(|about| about.get(ARCHITECTURE).cloned())
            .ok_or_else(|| Error::file(path, METADATA, "that of a net", "none"))?;
        SafeTensors::deserialize(&bytes).map_err(broken)?;
        Ok(Self {
            path: path.to_owned(),
            architecture,
            bytes,
        })
    }

    /// The architecture, as [`Net::to_json`] wrote it.
    pub fn architecture(&self) -> &Value {
        &self.architecture
    }

    /// The perceptron of the file, or `None` where its net is of another kind.
    ///
    /// # Errors
    /// [`Error::File`] for widths or an activation that no perceptron can have.
    pub fn perceptron(&self) -> Result<Option<Architecture>> {
        if self.architecture.get("widths").is_none() {
            return Ok(None);
        }
        let net = serde_json::from_value(self.architecture.clone());
        let broken = |error| Error::file(&self.path, METADATA, "widths and activation", error);
        net.map(Some).map_err(broken)
    }

    /// θ and the buffers of the net that the file holds.
    ///
    /// # Errors
    /// [`Error::File`] for a tensor that is missing, does not fit the net, is not finite, or that
    /// the net does not know.
    pub fn parameters(&self, net: &dyn Net) -> Result<(Vec<f32>, Vec<f32>)> {
        let path = &self.path;
        let tensors = SafeTensors::deserialize(&self.bytes)
            .map_err(|error| Error::file(path, "file", "a whole safetensors file", error))?;
        let (layout, beside) = (net.layout(), net.buffer_layout());
        let theta = collect(path, &tensors, layout.blocks())?;
        let buffers = collect(path, &tensors, &beside)?;
        let expected = layout.blocks().len() + beside.len();
        if tensors.len() != expected {
            return Err(Error::file(
                path,
                "tensors",
                format!("{expected} of this architecture"),
                tensors.len(),
            ));
        }
        Ok((theta, buffers))
    }
}

/// Reads a perceptron and its θ.
///
/// # Errors
/// Those of [`ThetaFile`], and [`Error::File`] for a net of another kind.
pub fn read_perceptron(path: &Path) -> Result<(Architecture, Vec<f32>)> {
    let file = ThetaFile::read(path)?;
    let net = file
        .perceptron()?
        .ok_or_else(|| Error::file(path, METADATA, "widths and activation", &file.architecture))?;
    let (theta, _) = file.parameters(&net)?;
    Ok((net, theta))
}

/// The values of blocks that lie one after another.
fn collect(path: &Path, tensors: &SafeTensors<'_>, blocks: &[Block]) -> Result<Vec<f32>> {
    let mut values = vec![0.0; blocks.last().map_or(0, |block| block.range().end)];
    for block in blocks {
        let name = &block.name;
        let view = tensors
            .tensor(name)
            .map_err(|_| Error::file(path, name, format!("a tensor {:?}", block.shape), "none"))?;
        if view.shape() != block.shape.as_slice() || view.dtype() != Dtype::F32 {
            return Err(Error::file(
                path,
                name,
                format!("F32 {:?}", block.shape),
                format!("{:?} {:?}", view.dtype(), view.shape()),
            ));
        }
        for (value, bytes) in values[block.range()]
            .iter_mut()
            .zip(view.data().chunks_exact(4))
        {
            *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        if let Some(at) = values[block.range()]
            .iter()
            .position(|value| !value.is_finite())
        {
            return Err(Error::file(
                path,
                name,
                "finite numbers",
                format!("one that is not, at {at}"),
            ));
        }
    }
    Ok(values)
}
