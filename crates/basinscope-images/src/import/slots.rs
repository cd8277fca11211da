//! The place of each module within a net, read from names and shapes.

use super::modules::{Kind, Module, Part, by_names, sorted};
use std::cmp::Ordering;
use std::collections::HashMap;

/// A part of a net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Group {
    /// A net without shortcuts is one line.
    Line,
    /// Before the first residual block.
    Stem,
    /// On the main path of a residual block, counted over all stages.
    Block(usize),
    /// On the shortcut of a residual block.
    Shortcut(usize),
    /// After the last residual block.
    Tail,
}

/// Where a module stands: its place among those of its kind and group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) group: Group,
    pub(super) kind: Kind,
    pub(super) ordinal: usize,
}

/// Modules with their slots.
pub(super) type Slots<'a> = HashMap<Slot, &'a Module>;

/// Why names give no slots: a module, and what is unclear about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unclear {
    pub(super) name: String,
    pub(super) reason: String,
}

impl Unclear {
    fn new(module: &Module, reason: impl Into<String>) -> Self {
        Self {
            name: module.path.clone(),
            reason: reason.into(),
        }
    }
}

/// Words for what changes the shape of a shortcut.
pub(super) const SHORTCUTS: [&str; 10] = [
    "shortcut",
    "shortcuts",
    "downsample",
    "downsampling",
    "skip",
    "identity",
    "proj",
    "projection",
    "short",
    "sc",
];

/// The slots of modules, of a net with residual blocks or of one without; `channels` are those of
/// the pictures.
pub(super) fn slots(
    modules: &[Module],
    is_residual: bool,
    channels: Option<usize>,
) -> Result<Slots<'_>, Unclear> {
    if let Some(other) = modules.iter().find(|module| module.kind == Kind::Other) {
        return Err(Unclear::new(
            other,
            "neither a convolution, a batch norm nor a linear layer",
        ));
    }
    let mut slots = Slots::new();
    let all: Vec<&Module> = modules.iter().collect();
    match is_residual {
        true => residual(&all, channels, &mut slots)?,
        false => {
            for kind in [Kind::Conv, Kind::Norm, Kind::Linear] {
                line(&of_kind(&all, kind), Group::Line, &mut slots)?;
            }
        }
    }
    Ok(slots)
}

fn of_kind<'a>(modules: &[&'a Module], kind: Kind) -> Vec<&'a Module> {
    let of_kind = modules.iter().copied();
    of_kind.filter(|module| module.kind == kind).collect()
}

/// Modules of one kind in the order of their names.
fn line<'a>(modules: &[&'a Module], group: Group, slots: &mut Slots<'a>) -> Result<(), Unclear> {
    for (ordinal, module) in in_order(modules)?.into_iter().enumerate() {
        let kind = module.kind;
        let slot = Slot {
            group,
            kind,
            ordinal,
        };
        slots.insert(slot, module);
    }
    Ok(())
}

fn in_order<'a>(modules: &[&'a Module]) -> Result<Vec<&'a Module>, Unclear> {
    sorted(modules).map_err(|[a, b]| {
        let reason = format!("the names do not say whether {} comes before it", b.path);
        Unclear::new(a, reason)
    })
}

fn residual<'a>(
    all: &[&'a Module],
    channels: Option<usize>,
    slots: &mut Slots<'a>,
) -> Result<(), Unclear> {
    let is_shortcut = |module: &Module| module.says(&SHORTCUTS) || module.is_pointwise();
    let convolutions = of_kind(all, Kind::Conv);
    let (short, main): (Vec<&Module>, Vec<&Module>) = convolutions
        .into_iter()
        .partition(|module| is_shortcut(module));
    let (stem, inner) = stem(&main, channels)?;
    line(&[stem], Group::Stem, slots)?;
    let blocks = blocks(&inner)?;
    let block_of = |module: &Module| {
        let prefixed = |block: &&Vec<Part>| module.key.starts_with(block);
        let longest = blocks
            .iter()
            .filter(prefixed)
            .max_by_key(|block| block.len());
        longest.and_then(|found| blocks.iter().position(|block| block == found))
    };
    let mut norms: Vec<Vec<&Module>> = vec![Vec::new(); blocks.len()];
    for norm in of_kind(all, Kind::Norm) {
        let group = match block_of(norm) {
            Some(block) if !is_shortcut(norm) => {
                norms[block].push(norm);
                continue;
            }
            Some(block) => Group::Shortcut(block),
            // By its width: the last block is wider than the first convolution.
            None if norm.outputs() == stem.outputs() => Group::Stem,
            None => Group::Tail,
        };
        alone(norm, group, slots)?;
    }
    for (block, pair) in inner.chunks(2).enumerate() {
        line(pair, Group::Block(block), slots)?;
    }
    for convolution in short {
        let Some(block) = block_of(convolution) else {
            return Err(Unclear::new(convolution, "a shortcut of no block"));
        };
        alone(convolution, Group::Shortcut(block), slots)?;
        // `conv3` and `bn3` of a shortcut without a name of its own.
        let last = convolution.key.last();
        let numbered =
            |norm: &&Module| matches!(last, Some(Part::Number(_))) && norm.key.last() == last;
        if let Some(at) = norms[block].iter().position(numbered)
            && !convolution.says(&SHORTCUTS)
            && norms[block].len() > 2
        {
            let norm = norms[block].remove(at);
            alone(norm, Group::Shortcut(block), slots)?;
        }
    }
    for (block, norms) in norms.iter().enumerate() {
        line(norms, Group::Block(block), slots)?;
    }
    line(&of_kind(all, Kind::Linear), Group::Tail, slots)
}

/// The convolution before all blocks, and the others in order.
fn stem<'a>(
    main: &[&'a Module],
    channels: Option<usize>,
) -> Result<(&'a Module, Vec<&'a Module>), Unclear> {
    let reads_pictures = |module: &&&Module| channels == module.shape.get(1).copied();
    let mut reading = main.iter().filter(reads_pictures);
    let stem = match (reading.next(), reading.next()) {
        (Some(stem), None) => *stem,
        _ => match in_order(main)?.first() {
            Some(stem) => *stem,
            None => {
                return Err(Unclear {
                    name: "convolutions".into(),
                    reason: "none".into(),
                });
            }
        },
    };
    let others: Vec<&Module> = (main.iter().copied())
        .filter(|module| module.path != stem.path)
        .collect();
    let others = in_order(&others)?;
    // Numbers may say that it is not the first.
    if let Some(before) =
        (others.iter()).find(|other| by_names(&other.key, &stem.key) == Some(Ordering::Less))
    {
        let reason = format!("{} comes before it, and it reads the pictures", before.path);
        return Err(Unclear::new(stem, reason));
    }
    Ok((stem, others))
}

/// What the names of each block's two convolutions, and of no other, begin with.
fn blocks(inner: &[&Module]) -> Result<Vec<Vec<Part>>, Unclear> {
    let mut blocks: Vec<Vec<Part>> = Vec::new();
    for pair in inner.chunks(2) {
        let [first, second] = pair else {
            return Err(Unclear::new(pair[0], "a block of one convolution"));
        };
        let shared = super::modules::shared_parts(&first.key, &second.key);
        let is_number = |part: &Part| matches!(part, Part::Number(_));
        let end = first.key[..shared]
            .iter()
            .rposition(is_number)
            .map_or(0, |at| at + 1);
        let prefix = first.key[..end].to_vec();
        let within = |module: &&&Module| module.key.starts_with(&prefix);
        if prefix.is_empty() || inner.iter().filter(within).count() != 2 {
            let reason = format!("no block of it and {} alone", second.path);
            return Err(Unclear::new(first, reason));
        }
        blocks.push(prefix);
    }
    Ok(blocks)
}

/// A module that is the only one of its kind and group.
fn alone<'a>(module: &'a Module, group: Group, slots: &mut Slots<'a>) -> Result<(), Unclear> {
    let slot = Slot {
        group,
        kind: module.kind,
        ordinal: 0,
    };
    match slots.insert(slot, module) {
        None => Ok(()),
        Some(other) => {
            let reason = format!("{} takes its place", other.path);
            Err(Unclear::new(module, reason))
        }
    }
}
