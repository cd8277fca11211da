//! What gaps between the numbers of an `nn.Sequential` say of layers without tensors.

use super::layers::Blocks;
use super::modules::{Kind, Module, Part, modules, shared_parts};
use super::slots::SHORTCUTS;
use super::{Entry, Fault};
use crate::graph::Op;

/// Refuses what the nets of this crate have not: something before the convolution of a shortcut,
/// and poolings in other places.
///
/// # Errors
/// The layer, where its number leaves room for one without tensors, or leaves none.
pub(super) fn check(entries: &[Entry], blocks: &Blocks<'_>) -> Result<(), Fault> {
    let modules = modules(entries);
    poolings(&modules, blocks)?;
    for module in &modules {
        let Some((Part::Number(number), before)) = module.key.split_last() else {
            continue;
        };
        let is_shortcut =
            matches!(before.last(), Some(Part::Word(word)) if SHORTCUTS.contains(&&**word));
        if module.kind == Kind::Conv && is_shortcut && *number > 0 {
            let expected = "a convolution first on the shortcut, number 0 (if nothing that counts \
                            stands before it, a map of names says which tensor is which)";
            let found = format!("number {number}: most likely a pooling stands before it");
            return Err(Fault::new(&module.path, expected, found));
        }
    }
    Ok(())
}

/// Where convolutions lie in one numbered list, larger gaps between their numbers than the smallest
/// are poolings.
fn poolings(modules: &[Module], blocks: &Blocks<'_>) -> Result<(), Fault> {
    let Some(graph) = blocks.graph().filter(|_| !blocks.is_residual()) else {
        return Ok(());
    };
    // Whether a pooling stands between each convolution and the next.
    let mut pooled = Vec::new();
    for node in graph.nodes() {
        match node.op {
            Op::Conv { .. } => pooled.push(false),
            Op::MaxPool { .. } | Op::AveragePool { .. } => {
                pooled.last_mut().into_iter().for_each(|last| *last = true);
            }
            _ => {}
        }
    }
    let convolutions: Vec<&Module> = (modules.iter()).filter(|m| m.kind == Kind::Conv).collect();
    let [first, others @ ..] = &convolutions[..] else {
        return Ok(());
    };
    let shared = others
        .iter()
        .map(|other| shared_parts(&first.key, &other.key));
    let place = shared.min().unwrap_or(0);
    let numbered = |module: &&Module| match module.key.get(place) {
        Some(Part::Number(number)) if module.key[place + 1..] == first.key[place + 1..] => {
            Some((*number, module.path.clone()))
        }
        _ => None,
    };
    let numbers: Option<Vec<_>> = convolutions.iter().map(numbered).collect();
    let Some(mut numbers) = numbers.filter(|numbers| numbers.len() == pooled.len()) else {
        return Ok(());
    };
    numbers.sort();
    let gaps: Vec<usize> = numbers
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .collect();
    let (least, most) = (gaps.iter().min(), gaps.iter().max());
    if least == most {
        return Ok(()); // poolings lie elsewhere, or after each
    }
    for (at, gap) in gaps.iter().enumerate() {
        let has = Some(gap) > least;
        if has != pooled[at] {
            let what = |has: bool| if has { "a pooling" } else { "no pooling" };
            let expected = format!(
                "{} behind it, as in the net to be measured (if the numbers count something else, \
                 a map of names says which tensor is which)",
                what(pooled[at])
            );
            let found = format!(
                "{gap} numbers to the next convolution: most likely {}",
                what(has)
            );
            return Err(Fault::new(&numbers[at].1, expected, found));
        }
    }
    Ok(())
}
