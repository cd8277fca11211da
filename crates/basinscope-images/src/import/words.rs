//! Whether words alone say which of two layers of one shape comes first.

use super::layers::Blocks;
use super::modules::{Kind, Module, PLACES, Part, by_names, modules, shared_parts};
use super::slots::{Group, slots};
use super::{Entry, Fault};

/// Refuses two layers of one kind and shape that words without numbers put in order, where the
/// order of the file is another, or where it has none and the words are none for the first or the
/// last layer: exchanged they would fit as well.
///
/// # Errors
/// The first of the two.
pub(super) fn check(
    entries: &[Entry],
    keeps_order: bool,
    blocks: &Blocks<'_>,
) -> Result<(), Fault> {
    let modules = modules(entries);
    let Ok(slots) = slots(&modules, blocks.is_residual(), blocks.channels()) else {
        return Ok(()); // our own names
    };
    let layers = blocks.layers()?;
    let on_the_way =
        (layers.iter()).filter(|(slot, _)| !matches!(slot.group, Group::Stem | Group::Shortcut(_)));
    let all: Vec<&Module> = on_the_way
        .filter_map(|(slot, _)| slots.get(slot).copied())
        .collect();
    for kind in [Kind::Conv, Kind::Norm, Kind::Linear] {
        let line: Vec<&Module> = all
            .iter()
            .copied()
            .filter(|module| module.kind == kind)
            .collect();
        for (at, first) in line.iter().enumerate() {
            for (later, second) in line.iter().enumerate().skip(at + 1) {
                let place = shared_parts(&first.key, &second.key);
                let (Some(Part::Word(a)), Some(Part::Word(b))) =
                    (first.key.get(place), second.key.get(place))
                else {
                    continue;
                };
                if first.shape != second.shape {
                    continue;
                }
                // The last norm of a residual net stands outside of its blocks, as no other does
                // but the stem's.
                let is_outside = |module: &Module| module.key.len() == place + 1;
                if blocks.is_residual() && !is_outside(first) && is_outside(second) {
                    continue;
                }
                let is = |place: usize, word: &String| PLACES[place].contains(&word.as_str());
                let alike = |others: &[&Module], module: &Module| {
                    let part = module.key.get(..=place);
                    others.iter().all(|other| other.key.get(..=place) == part)
                };
                let found = match keeps_order {
                    true if first.tensors[0].1 < second.tensors[0].1 => continue,
                    true => format!("{} before it in the file", second.path),
                    false if is(0, a) && alike(&line[..at], first) => continue,
                    false if (is(4, b) || is(5, b)) && alike(&line[later + 1..], second) => {
                        continue;
                    }
                    false if is(1, a) && is(3, b) => continue,
                    false => "words alone, in a file that keeps no order".into(),
                };
                let expected = format!(
                    "names that say which of it and {} comes first, as both are of one shape: \
                     --names FILE",
                    second.path
                );
                return Err(Fault::new(&first.path, expected, found));
            }
        }
    }
    if !keeps_order && !blocks.is_residual() {
        norms(&all)?;
    }
    Ok(())
}

/// Refuses norms that would fit before their layers as well as behind them, all of these being
/// square, where no name says which it is.
fn norms(all: &[&Module]) -> Result<(), Fault> {
    let of = |kind: Kind| all.iter().filter(move |module| module.kind == kind);
    let layers = all.iter().filter(|module| module.kind != Kind::Norm);
    let mut pairs = of(Kind::Norm).zip(layers).peekable();
    let Some((norm, layer)) = pairs.peek().copied() else {
        return Ok(());
    };
    let is_open = |(norm, layer): (&&Module, &&Module)| {
        layer.shape.first() == layer.shape.get(1) && by_names(&norm.key, &layer.key).is_none()
    };
    if !pairs.all(is_open) {
        return Ok(());
    }
    let expected = format!(
        "names that say whether it stands before or behind {}, as either fits: --names FILE",
        layer.path
    );
    let found = "neither, in a file that keeps no order";
    Err(Fault::new(&norm.path, expected, found))
}
