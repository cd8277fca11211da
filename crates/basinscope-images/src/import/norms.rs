//! Whether batch norms stand right behind their layers, as far as the numbers of an
//! `nn.Sequential` tell.

use super::modules::{Kind, modules};
use super::{Entry, Fault};

/// Refuses a norm that something without tensors stands before, most likely an activation: all
/// nets of this crate but the paper's pre-activation net, whose norms have names of their own,
/// normalise before they activate.
///
/// # Errors
/// The norm, where the numbers of its `nn.Sequential` leave a gap before it.
pub(super) fn check(entries: &[Entry]) -> Result<(), Fault> {
    let modules = modules(entries);
    for norm in modules.iter().filter(|module| module.kind == Kind::Norm) {
        let Some((before, place)) = numbered(&norm.path) else {
            continue;
        };
        let layers = modules.iter().filter(|module| module.kind != Kind::Norm);
        let places = layers.filter_map(|layer| numbered(&layer.path));
        let nearest = places
            .filter(|&(prefix, other)| prefix == before && other < place)
            .map(|(_, other)| other)
            .max();
        if let Some(nearest) = nearest.filter(|nearest| nearest + 1 != place) {
            let expected = format!(
                "a batch norm right behind its layer, number {} (if only a dropout stands between, \
                 a map of names says which tensor is which)",
                nearest + 1
            );
            let found = format!("number {place}: what stands between is most likely an activation");
            return Err(Fault::new(&norm.path, expected, found));
        }
    }
    Ok(())
}

/// What stands before the number of a module, and the number.
fn numbered(path: &str) -> Option<(&str, usize)> {
    let (before, last) = path.rsplit_once('.').unwrap_or(("", path));
    Some((before, last.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(linear: &[usize], norms: &[usize]) -> Vec<Entry> {
        let entry = |name: String, shape: &[usize]| Entry {
            name,
            shape: shape.to_vec(),
        };
        let mut entries = Vec::new();
        for at in linear {
            entries.push(entry(format!("net.{at}.weight"), &[3, 3]));
            entries.push(entry(format!("net.{at}.bias"), &[3]));
        }
        for at in norms {
            for part in ["weight", "bias", "running_mean", "running_var"] {
                entries.push(entry(format!("net.{at}.{part}"), &[3]));
            }
        }
        entries
    }

    #[test]
    fn a_norm_behind_an_activation_is_refused() {
        // Linear, norm, ReLU, linear, norm, ReLU, dropout, linear.
        assert_eq!(check(&entries(&[0, 3, 7], &[1, 4])), Ok(()));
        // Linear, ReLU, norm, linear.
        let fault = check(&entries(&[0, 3], &[2])).unwrap_err();
        assert_eq!(fault.field, "net.2");
        assert!(fault.found.contains("activation"), "{fault:?}");
    }
}
