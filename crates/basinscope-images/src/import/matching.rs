//! Which tensor of a file is which block of a net.

use super::layers::{Blocks, Wanted, role};
use super::modules::{Kind, Module, Part, by_names, is_count, modules};
use super::slots::{Slot, Slots, slots};
use super::{Checkpoint, Entry, Fault, Imported, Matched, NameMap, recognise};
use crate::graph::Family;
use basinscope::surface::Block;
use std::cmp::Ordering;
use std::collections::HashMap;

/// How tensors find their places.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Naming {
    /// By their names, in the spellings that are known.
    #[default]
    ByName,
    /// By their order in the file, where the names do not contradict it.
    ByOrder,
    /// By a map of names.
    Map(NameMap),
}

/// θ and running statistics from a file.
pub(super) fn imported(
    file: &dyn Checkpoint,
    blocks: &Blocks<'_>,
    naming: &Naming,
) -> Result<Imported, Fault> {
    let entries = file.entries();
    let wanted = blocks.wanted();
    let (places, matched) = places(entries, file.keeps_order(), blocks, naming)
        .map_err(|fault| with_family(fault, entries, blocks))?;
    let size = |buffers: bool| {
        let of = wanted.iter().filter(|wanted| wanted.is_buffer == buffers);
        of.map(|wanted| wanted.block.range().end).max().unwrap_or(0)
    };
    let (mut theta, mut buffers) = (vec![0.0; size(false)], vec![0.0; size(true)]);
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
        not_read: Vec::new(),
    })
}

/// A fault that also says what the file is, or what is in it where that is unknown.
fn with_family(mut fault: Fault, entries: &[Entry], blocks: &Blocks<'_>) -> Fault {
    let Some((input, classes)) = blocks.shapes() else {
        let is = match recognise::linear_widths(entries) {
            Some(widths) => format!("the file is a chain of linear layers of widths {widths:?}"),
            None => recognise::listed(entries),
        };
        fault.found = format!("{}; {is}", fault.found);
        return fault;
    };
    let families = recognise::recognise(entries, input, classes);
    let names: Vec<String> = families.iter().map(Family::name).collect();
    fault.found = match (&names[..], recognise::elsewhere(entries, input)) {
        ([], None) if shares_names(entries, blocks.wanted()) => fault.found,
        ([], None) => format!("{}; {}", fault.found, recognise::listed(entries)),
        ([], Some(of)) => format!("{}; by names and shapes the file is {of}", fault.found),
        (names, _) => {
            let names = names.join(" or ");
            format!("{}; by names and shapes the file is {names}", fault.found)
        }
    };
    fault
}

/// For each wanted tensor its entry.
pub(super) fn places(
    entries: &[Entry],
    keeps_order: bool,
    blocks: &Blocks<'_>,
    naming: &Naming,
) -> Result<(Vec<usize>, Matched), Fault> {
    match naming {
        Naming::Map(map) => {
            let renamed = map.renamed(entries, blocks.wanted())?;
            Ok((by_own_names(&renamed, blocks.wanted())?, Matched::ByMap))
        }
        Naming::ByName => by_spelling(entries, keeps_order, blocks)
            .map(|places| (places, Matched::ByName))
            .map_err(|fault| match is_part(entries, blocks.wanted()) {
                // Our own names, and too few: the first that is missing.
                true => by_own_names(entries, blocks.wanted())
                    .err()
                    .unwrap_or(fault),
                false => fault,
            }),
        Naming::ByOrder if !keeps_order => {
            let expected = "names, or a map of names (a safetensors file sorts its tensors)";
            Err(Fault::new("by-order", expected, "a safetensors file"))
        }
        Naming::ByOrder => Ok((by_order(entries, blocks)?, Matched::ByOrder)),
    }
}

/// Entries whose names are exactly ours, all of them and no others.
fn by_own_names(entries: &[Entry], wanted: &[Wanted]) -> Result<Vec<usize>, Fault> {
    let found = (entries.iter().enumerate()).filter(|(_, entry)| !is_count(&entry.name));
    let by_name: HashMap<&str, usize> = found.map(|(at, entry)| (&*entry.name, at)).collect();
    let own: Vec<&str> = wanted.iter().map(|wanted| &*wanted.block.name).collect();
    let missing = wanted
        .iter()
        .find(|wanted| !by_name.contains_key(&*wanted.block.name));
    if let Some(Wanted { block, .. }) = missing {
        let expected = format!("a tensor of shape {:?}", block.shape);
        return Err(Fault::new(&block.name, expected, "none of this name"));
    }
    let is_stranger = |entry: &&Entry| !is_count(&entry.name) && !own.contains(&&*entry.name);
    if let Some(entry) = entries.iter().find(is_stranger) {
        return Err(stranger(entry));
    }
    let place = |wanted: &Wanted| {
        let at = by_name[&*wanted.block.name];
        check_shape(wanted, &entries[at]).map(|()| at)
    };
    wanted.iter().map(place).collect()
}

/// By what the names say of layers, in whatever spelling.
fn by_spelling(
    entries: &[Entry],
    keeps_order: bool,
    blocks: &Blocks<'_>,
) -> Result<Vec<usize>, Fault> {
    let wanted = blocks.wanted();
    let found = modules(entries);
    let slots = match slots(&found, blocks.is_residual(), blocks.channels()) {
        Ok(slots) => slots,
        // Our own names with one wrong or missing: that one is named.
        Err(unclear) => {
            let own = by_own_names(entries, wanted);
            if own.is_ok() || shares_names(entries, wanted) {
                return own;
            }
            let expected =
                "names that say which layer is which, a map of names, or matching by order";
            return Err(Fault::new(unclear.name, expected, unclear.reason));
        }
    };
    let layers = blocks.layers()?;
    let mut places = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        places.push(tensor(wanted, &layers, &slots)?);
    }
    let taken: Vec<&str> = layers
        .iter()
        .filter_map(|(slot, _)| slots.get(slot))
        .map(|m| &*m.path)
        .collect();
    if let Some(other) = found.iter().find(|module| !taken.contains(&&*module.path)) {
        return Err(stranger(&entries[other.tensors[0].1]));
    }
    let extra = |entry: &(usize, &Entry)| !is_count(&entry.1.name) && !places.contains(&entry.0);
    if let Some((_, entry)) = entries.iter().enumerate().find(extra) {
        return Err(stranger(entry));
    }
    contradiction(&layers, &slots, keeps_order)?;
    for (wanted, &at) in wanted.iter().zip(&places) {
        check_shape(wanted, &entries[at])?;
    }
    Ok(places)
}

/// The entry of a wanted tensor by the slot of its layer.
fn tensor(wanted: &Wanted, layers: &[(Slot, Module)], slots: &Slots<'_>) -> Result<usize, Fault> {
    let Block { name, shape, .. } = wanted.block;
    let path = name.rsplit_once('.').map_or("", |(path, _)| path);
    let layer = layers.iter().find(|(_, module)| module.path == path);
    let module = layer.and_then(|(slot, _)| slots.get(slot));
    let expected = format!("a tensor of shape {shape:?}");
    let Some(module) = module else {
        return Err(Fault::new(name, expected, "none of this place in the net"));
    };
    let own = role(name);
    match module.tensors.iter().find(|(role, _)| role == own) {
        Some(&(_, at)) => Ok(at),
        None => {
            let found = format!("{} without {own}", shown(module));
            Err(Fault::new(name, expected, found))
        }
    }
}

/// What names, or the order of definition, say against the order of execution.
fn contradiction(
    layers: &[(Slot, Module)],
    slots: &Slots<'_>,
    keeps_order: bool,
) -> Result<(), Fault> {
    let theirs: Vec<(Slot, &Module)> = (layers.iter())
        .filter_map(|(slot, _)| slots.get(slot).map(|&module| (*slot, module)))
        .collect();
    for (at, (slot, first)) in theirs.iter().enumerate() {
        for (other, second) in &theirs[at + 1..] {
            if other.group != slot.group || other.kind == slot.kind {
                continue;
            }
            let named = by_names(&first.key, &second.key);
            // A norm and the layer that it goes with are defined in the order they are run.
            let defined = (keeps_order && named.is_none() && slot.ordinal == other.ordinal)
                .then(|| first.tensors[0].1.cmp(&second.tensors[0].1));
            if named.or(defined) == Some(Ordering::Greater) {
                let expected = format!("it before {}", shown(second));
                return Err(Fault::new(&first.path, expected, "it after that"));
            }
        }
    }
    for pair in theirs.windows(2) {
        let [(slot, first), (other, second)] = [pair[0], pair[1]];
        if other.group != slot.group || slot.kind == Kind::Norm || other.kind != Kind::Norm {
            continue;
        }
        // In one numbered list a norm is the next after its layer: else something lies between.
        let (Some(Part::Number(a)), Some(Part::Number(b))) = (first.key.last(), second.key.last())
        else {
            continue;
        };
        let same = first.key.len() == second.key.len()
            && first.key[..first.key.len() - 1] == second.key[..second.key.len() - 1];
        if same && *b != a + 1 {
            let expected = format!("a batch norm directly after {}", shown(first));
            let found = format!("{} {} places after it", shown(second), b.wrapping_sub(*a));
            return Err(Fault::new(&second.path, expected, found));
        }
    }
    Ok(())
}

/// By the order of the file, which the names must not contradict.
fn by_order(entries: &[Entry], blocks: &Blocks<'_>) -> Result<Vec<usize>, Fault> {
    let wanted = blocks.wanted();
    let found: Vec<usize> = (entries.iter().enumerate())
        .filter(|(_, entry)| !is_count(&entry.name))
        .map(|(at, _)| at)
        .collect();
    if found.len() != wanted.len() {
        let expected = format!("{} tensors", wanted.len());
        return Err(Fault::new("by-order", expected, found.len()));
    }
    for (place, (wanted, &at)) in wanted.iter().zip(&found).enumerate() {
        let (own, theirs) = (role(&wanted.block.name), role(&entries[at].name));
        let known = ["weight", "bias", "running_mean", "running_var"];
        if own != theirs && known.contains(&theirs) {
            let expected = format!(
                "a {own} in place {} of the file ({})",
                place + 1,
                wanted.block.name
            );
            return Err(Fault::new(
                &entries[at].name,
                expected,
                format!("a {theirs}"),
            ));
        }
        check_shape(wanted, &entries[at])?;
    }
    containers(entries, &found, wanted)?;
    let modules = modules(entries);
    let said = slots(&modules, blocks.is_residual(), blocks.channels());
    let layers = blocks.layers()?;
    match said {
        // The names say each place.
        Ok(slots) => {
            for (wanted, &at) in wanted.iter().zip(&found) {
                let named = tensor(wanted, &layers, &slots)?;
                if named != at {
                    let (name, by_name) = (&entries[at].name, &entries[named].name);
                    let expected = format!("{by_name} for {}, as the names say", wanted.block.name);
                    let found = format!("{name} in its place in the file");
                    return Err(Fault::new(name, expected, found));
                }
            }
            contradiction(&layers, &slots, true)?;
        }
        // They say less, but no number of theirs may go down, and no known word back.
        Err(_) => {
            for (at, first) in modules.iter().enumerate() {
                let goes_back =
                    |second: &&Module| by_names(&first.key, &second.key) == Some(Ordering::Greater);
                if let Some(second) = modules[at + 1..].iter().find(goes_back) {
                    let expected = format!("a place after {}", shown(first));
                    let found = "a name that comes before it";
                    return Err(Fault::new(&second.path, expected, found));
                }
            }
        }
    }
    Ok(found)
}

/// By order, no part of a net that has a name of its own in the file may lie across two of ours
/// (`stages.0.0`), neither all of the one nor all of the other.
fn containers(entries: &[Entry], found: &[usize], wanted: &[Wanted]) -> Result<(), Fault> {
    // What a tensor of a layer lies in, from the outermost to the innermost.
    fn parts(name: &str) -> impl Iterator<Item = &str> {
        let layer = name.rsplit_once('.').map_or("", |(layer, _)| layer);
        layer.match_indices('.').map(|(at, _)| &layer[..at])
    }
    type Places<'a> = HashMap<&'a str, Vec<usize>>;
    let mut theirs: Places<'_> = HashMap::new();
    let mut ours: Places<'_> = HashMap::new();
    for (place, (&at, wanted)) in found.iter().zip(wanted).enumerate() {
        for part in parts(&entries[at].name) {
            theirs.entry(part).or_default().push(place);
        }
        if let Some(part) = parts(&wanted.block.name).last() {
            ours.entry(part).or_default().push(place);
        }
    }
    for (part, places) in &theirs {
        for (own, own_places) in &ours {
            let shared = places
                .iter()
                .filter(|place| own_places.contains(place))
                .count();
            if shared > 0 && shared < places.len() && shared < own_places.len() {
                let expected = format!("all of it, or of nothing else, to be our {own}");
                let found = format!("{shared} of its {} tensors, by order", places.len());
                return Err(Fault::new(*part, expected, found));
            }
        }
    }
    Ok(())
}

/// Whether all names of a file are ours.
fn is_part(entries: &[Entry], wanted: &[Wanted]) -> bool {
    let is_own = |entry: &Entry| wanted.iter().any(|w| w.block.name == entry.name);
    entries
        .iter()
        .all(|entry| is_count(&entry.name) || is_own(entry))
}

/// Whether most of our names are among those of a file.
fn shares_names(entries: &[Entry], wanted: &[Wanted]) -> bool {
    let is_own = |entry: &&Entry| wanted.iter().any(|w| w.block.name == entry.name);
    2 * entries.iter().filter(is_own).count() > wanted.len()
}

fn check_shape(wanted: &Wanted, entry: &Entry) -> Result<(), Fault> {
    let Block { name, shape, .. } = wanted.block;
    if *shape == entry.shape {
        return Ok(());
    }
    let as_own = match entry.name == *name {
        true => String::new(),
        false => format!(" (it is our {name})"),
    };
    let expected = format!("shape {shape:?}{as_own}");
    Err(Fault::new(
        &entry.name,
        expected,
        format!("{:?}", entry.shape),
    ))
}

fn stranger(entry: &Entry) -> Fault {
    let found = format!("a tensor of shape {:?}", entry.shape);
    Fault::new(&entry.name, "no such layer in the net", found)
}

/// A module as an error names it.
fn shown(module: &Module) -> String {
    match &*module.path {
        "" => "the tensors without a layer's name".into(),
        path => path.into(),
    }
}
