//! A map from the names of a file to ours, as a user writes it.

use super::Entry;
use super::Fault;
use super::layers::{Wanted, role};
use super::modules::is_count;
use basinscope::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Names of a file's tensors, or of its layers, and for each the name of ours.
///
/// ```toml
/// "trunk.first.weight" = "conv1.weight"   # one tensor
/// "trunk.second" = "conv2"                # all tensors of a layer
/// ```
///
/// Names that the map leaves out stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameMap {
    ours_by_theirs: BTreeMap<String, String>,
}

impl NameMap {
    /// Reads a map: TOML, or JSON where the file begins with `{`.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read, [`Error::File`] where it is no map of names to names
    /// or gives one name of ours twice.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path, "read"))?;
        Self::parse(&text).map_err(|fault| fault.of(path))
    }

    fn parse(text: &str) -> std::result::Result<Self, Fault> {
        let expected = "lines \"name in the file\" = \"our name\" (TOML), or a JSON object of them";
        let is_json = text.trim_start().starts_with('{');
        let ours_by_theirs: BTreeMap<String, String> = match is_json {
            true => {
                serde_json::from_str(text).map_err(|error| Fault::new("names", expected, error))?
            }
            false => toml::from_str(text)
                .map_err(|error| Fault::new("names", expected, error.message()))?,
        };
        if ours_by_theirs.is_empty() {
            return Err(Fault::new("names", expected, "no names"));
        }
        let mut seen = BTreeSet::new();
        for (theirs, ours) in &ours_by_theirs {
            if !seen.insert(ours) {
                let found = format!("another for {theirs}");
                return Err(Fault::new(ours, "one name in the file", found));
            }
        }
        Ok(Self { ours_by_theirs })
    }

    /// Entries under our names.
    pub(super) fn renamed(
        &self,
        entries: &[Entry],
        wanted: &[Wanted],
    ) -> std::result::Result<Vec<Entry>, Fault> {
        let mut used = BTreeSet::new();
        let mut renamed = Vec::with_capacity(entries.len());
        for entry in entries {
            let layer = entry.name.rsplit_once('.');
            let mut name = entry.name.clone();
            if let Some((theirs, ours)) = self.ours_by_theirs.get_key_value(&entry.name) {
                used.insert(theirs);
                name.clone_from(ours);
            } else if let Some((layer, role)) = layer
                && let Some((theirs, ours)) = self.ours_by_theirs.get_key_value(layer)
            {
                used.insert(theirs);
                name = format!("{ours}.{role}");
            }
            let shape = entry.shape.clone();
            renamed.push(Entry { name, shape });
        }
        if let Some(theirs) = self
            .ours_by_theirs
            .keys()
            .find(|theirs| !used.contains(theirs))
        {
            let expected = "a tensor or a layer of the file, as --names says";
            return Err(Fault::new(theirs, expected, "none of this name"));
        }
        let mut names = BTreeSet::new();
        for (entry, before) in renamed.iter().zip(entries) {
            let is_ours = wanted.iter().any(|wanted| wanted.block.name == entry.name);
            if entry.name != before.name && !is_ours && !is_count(&entry.name) {
                let expected = "a tensor of the net in --names";
                let found = format!("{}, given for {}", entry.name, before.name);
                let known: Vec<&str> = (wanted.iter().map(|wanted| &*wanted.block.name))
                    .filter(|name| role(name) == role(&entry.name))
                    .take(8)
                    .collect();
                let expected = format!("{expected} ({}, …)", known.join(", "));
                return Err(Fault::new(&before.name, expected, found));
            }
            if !is_count(&entry.name) && !names.insert(&entry.name) {
                let found = format!("{} and another", before.name);
                return Err(Fault::new(&entry.name, "one tensor of the file", found));
            }
        }
        Ok(renamed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let fault = NameMap::parse(text).unwrap_err();
        format!("{}: {}, {}", fault.field, fault.expected, fault.found)
    }

    #[test]
    fn maps_are_toml_or_json() {
        let toml = NameMap::parse("\"a.weight\" = \"b.weight\"\nc = \"d\"\n").unwrap();
        let json = NameMap::parse("{\"a.weight\": \"b.weight\", \"c\": \"d\"}").unwrap();
        assert_eq!(toml, json);
    }

    #[test]
    fn maps_that_are_none_are_refused() {
        assert!(refusal("").contains("no names"));
        assert!(refusal("a = 1").contains("names: lines"));
        assert!(refusal("{\"a\": [1]}").contains("names: lines"));
        assert!(
            refusal("a = \"x\"\nb = \"x\"\n").contains("x: one name in the file, another for b")
        );
    }
}
