//! θ as a safetensors file that PyTorch's tools can read.

use crate::net::{Architecture, Kernel, ParameterLayout};
use crate::{Error, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

const HEADER_KEY: &str = "basinscope";
const ARCHITECTURE: &str = "architecture";

/// Serialises θ: one f32 tensor per block; version, kernel and architecture among the metadata.
pub(super) fn encode(
    net: &Architecture,
    theta: &[f32],
    metadata: &[(&str, serde_json::Value)],
) -> std::result::Result<Vec<u8>, String> {
    let layout = net.layout();
    let bytes: Vec<u8> = theta.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut tensors = Vec::with_capacity(layout.blocks().len());
    for block in layout.blocks() {
        let range = block.range();
        let view = TensorView::new(
            Dtype::F32,
            block.shape.clone(),
            &bytes[4 * range.start..4 * range.end],
        )
        .map_err(|error| error.to_string())?;
        tensors.push((block.name.clone(), view));
    }
    // One key only: the crate keeps metadata in a hash map, whose order changes from run to run.
    let mut about = serde_json::Map::new();
    about.insert("version".into(), crate::VERSION.into());
    about.insert("kernel".into(), Kernel::active().name().into());
    about.insert(ARCHITECTURE.into(), serde_json::json!(net));
    for (key, value) in metadata {
        about.insert((*key).to_owned(), value.clone());
    }
    let header = HashMap::from([(
        HEADER_KEY.to_owned(),
        serde_json::Value::Object(about).to_string(),
    )]);
    safetensors::serialize(tensors, Some(header)).map_err(|error| error.to_string())
}

/// Reads θ and the architecture it belongs to.
///
/// # Errors
/// [`Error::Io`]; [`Error::File`] for a truncated file, missing metadata, or a tensor whose shape
/// does not fit the architecture.
pub fn read_theta(path: &Path) -> Result<(Architecture, Vec<f32>)> {
    let bytes = fs::read(path).map_err(Error::io(path, "read"))?;
    let broken = |error: safetensors::SafeTensorError| {
        Error::file(path, "file", "a whole safetensors file", error)
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
    let net = header
        .metadata()
        .as_ref()
        .and_then(|map| map.get(HEADER_KEY))
        .and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok())
        .and_then(|about| about.get(ARCHITECTURE).cloned())
        .ok_or_else(|| {
            Error::file(
                path,
                "metadata basinscope.architecture",
                "widths and activation",
                "none",
            )
        })?;
    let net: Architecture = serde_json::from_value(net).map_err(|error| {
        Error::file(
            path,
            "metadata basinscope.architecture",
            "widths and activation",
            error,
        )
    })?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(broken)?;
    let theta = collect(path, &tensors, &net.layout())?;
    Ok((net, theta))
}

fn collect(path: &Path, tensors: &SafeTensors<'_>, layout: &ParameterLayout) -> Result<Vec<f32>> {
    let mut theta = vec![0.0; layout.num_params()];
    for block in layout.blocks() {
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
        for (value, bytes) in theta[block.range()]
            .iter_mut()
            .zip(view.data().chunks_exact(4))
        {
            *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        if let Some(at) = theta[block.range()]
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
    if tensors.len() != layout.blocks().len() {
        return Err(Error::file(
            path,
            "tensors",
            format!("{} of this architecture", layout.blocks().len()),
            tensors.len(),
        ));
    }
    Ok(theta)
}
