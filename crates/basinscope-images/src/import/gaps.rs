//! What gaps between the numbers of an `nn.Sequential` say of layers without tensors.

use super::modules::{Kind, Part, modules};
use super::slots::SHORTCUTS;
use super::{Entry, Fault};

/// Refuses what the nets of this crate have not: something before the convolution of a shortcut.
///
/// # Errors
/// The layer, where its number leaves room for one without tensors.
pub(super) fn check(entries: &[Entry]) -> Result<(), Fault> {
    for module in &modules(entries) {
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
