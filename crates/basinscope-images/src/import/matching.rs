//! Which tensor of a file is which block of a graph.

use super::{Checkpoint, Entry, Fault, Imported, Matched};
use crate::graph::Graph;
use basinscope::net::Block;
use std::collections::HashMap;

/// A tensor the graph needs.
struct Wanted<'a> {
    block: &'a Block,
    is_buffer: bool,
}

/// Parameters and running statistics in PyTorch's order: layer by layer, statistics last.
fn wanted(graph: &Graph) -> Vec<Wanted<'_>> {
    let parameters = graph.layout().blocks().iter().map(|block| (block, false));
    let buffers = graph.buffers().iter().map(|block| (block, true));
    let mut wanted: Vec<Wanted> = (parameters.chain(buffers))
        .map(|(block, is_buffer)| Wanted { block, is_buffer })
        .collect();
    wanted.sort_by_key(|wanted| wanted.block.layer); // stable
    wanted
}

/// θ and running statistics from a file.
pub(super) fn imported(file: &dyn Checkpoint, graph: &Graph) -> Result<Imported, Fault> {
    let wanted = wanted(graph);
    let (places, matched) = places(file, &wanted)?;
    let mut theta = vec![0.0; graph.layout().num_params()];
    let mut buffers = graph.initial_buffers();
    for (Wanted { block, is_buffer }, &entry) in wanted.iter().zip(&places) {
        let name = &file.entries()[entry].name;
        let values = file.read(entry)?;
        if values.len() != block.len() {
            let expected = format!("{} values", block.len());
            return Err(Fault::new(name, expected, values.len()));
        }
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Fault::new(name, "finite values", value));
        }
        if block.name.ends_with("running_var")
            && let Some(value) = values.iter().find(|value| **value < 0.0)
        {
            return Err(Fault::new(name, "variances of 0 or more", value));
        }
        let whole = if *is_buffer { &mut buffers } else { &mut theta };
        whole[block.range()].copy_from_slice(&values);
    }
    Ok(Imported {
        theta,
        buffers,
        matched,
        key: String::new(),
        epoch: None,
    })
}

/// For each wanted tensor its entry.
fn places(file: &dyn Checkpoint, wanted: &[Wanted]) -> Result<(Vec<usize>, Matched), Fault> {
    let entries = file.entries();
    let found: Vec<(usize, &str)> = (stripped(entries).into_iter().enumerate())
        .filter(|(_, name)| !is_count(name))
        .collect();
    let by_name: HashMap<&str, usize> = found.iter().map(|&(at, name)| (name, at)).collect();
    let own: HashMap<&str, usize> = (wanted.iter().enumerate())
        .map(|(at, wanted)| (&*wanted.block.name, at))
        .collect();
    let missing = wanted
        .iter()
        .find(|wanted| !by_name.contains_key(&*wanted.block.name));
    let Some(missing) = missing else {
        if let Some(&(at, name)) = found.iter().find(|(_, name)| !own.contains_key(name)) {
            let found = format!("a tensor of shape {:?}", entries[at].shape);
            return Err(Fault::new(name, "no tensor of this name in the net", found));
        }
        let places = wanted.iter().map(|wanted| {
            let at = by_name[&*wanted.block.name];
            check_shape(&wanted.block.name, wanted, &entries[at]).map(|()| at)
        });
        return Ok((places.collect::<Result<_, _>>()?, Matched::ByName));
    };
    let absent = |reason: String| {
        let Block { name, shape, .. } = missing.block;
        let expected = format!("a tensor of shape {shape:?}");
        Err(Fault::new(
            name,
            expected,
            format!("none of this name{reason}"),
        ))
    };
    if !file.keeps_order() {
        return absent(
            " (a safetensors file is matched by names alone: it sorts its tensors)".into(),
        );
    }
    if found.len() != wanted.len() {
        let (theirs, ours) = (found.len(), wanted.len());
        return absent(format!(", and {theirs} tensors where the net has {ours}"));
    }
    for (place, (&(at, name), wanted)) in found.iter().zip(wanted).enumerate() {
        // A known name elsewhere, or a bias where a weight belongs: the order is another one.
        let is_elsewhere = own.get(name).is_some_and(|&own| own != place);
        let role = |name: &str| {
            let roles = ["weight", "bias", "running_mean", "running_var"];
            let last = name.rsplit('.').next().unwrap_or(name).to_string();
            roles.contains(&&*last).then_some(last)
        };
        let is_other = role(name).is_some_and(|own| Some(own) != role(&wanted.block.name));
        if is_elsewhere || is_other {
            return absent(format!(", and {name} in place {} of the file", place + 1));
        }
        check_shape(name, wanted, &entries[at])?;
    }
    Ok((found.iter().map(|&(at, _)| at).collect(), Matched::ByOrder))
}

fn check_shape(name: &str, wanted: &Wanted, entry: &Entry) -> Result<(), Fault> {
    let Block {
        name: own, shape, ..
    } = wanted.block;
    if *shape == entry.shape {
        return Ok(());
    }
    let as_own = match name == own {
        true => String::new(),
        false => format!(" (taken by order for {own})"),
    };
    let expected = format!("shape {shape:?}{as_own}");
    Err(Fault::new(name, expected, format!("{:?}", entry.shape)))
}

/// Whether a tensor only counts batches, or nets that were averaged (`AveragedModel`).
pub(super) fn is_count(name: &str) -> bool {
    matches!(
        name.rsplit('.').next(),
        Some("num_batches_tracked" | "n_averaged")
    )
}

/// The names without what wrappers (`DataParallel`, `torch.compile`) put before all of them.
fn stripped(entries: &[Entry]) -> Vec<&str> {
    let mut names: Vec<&str> = entries.iter().map(|entry| &*entry.name).collect();
    while let Some(shorter) = ["module.", "_orig_mod."].iter().find_map(|prefix| {
        let shorter = names.iter().map(|name| match is_count(name) {
            true => Some(name.strip_prefix(prefix).unwrap_or(name)),
            false => name.strip_prefix(prefix),
        });
        shorter
            .collect::<Option<Vec<&str>>>()
            .filter(|shorter| *shorter != names)
    }) {
        names = shorter;
    }
    names
}
