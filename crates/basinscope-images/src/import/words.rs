//! Whether words alone say which of two layers of one shape comes first.

use super::layers::Blocks;
use super::modules::{Kind, Module, PLACES, Part, modules, shared_parts};
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
                    "names that say which of it and {} comes first, as both are of one shape: --names FILE",
                    second.path
                );
                return Err(Fault::new(&first.path, expected, found));
            }
        }
    }
    Ok(())
}
