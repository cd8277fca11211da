//! A state dict that was chosen of those of a file.

use super::built::Built;
use super::weight_file::{Content, MAX_PREFIXES};
use super::{Checkpoint, Entry, Fault, modules};

/// A state dict of a file, or a part of one.
pub(super) struct Selected<'f> {
    pub content: &'f Content,
    /// Which of the file's.
    pub at: usize,
    pub key: String,
    pub epoch: Option<u64>,
    pub others: Vec<(String, String)>,
    /// The layers of a whole net.
    pub built: Option<Built>,
    pub entries: Vec<Entry>,
    /// Where each entry is in the whole one.
    pub places: Vec<usize>,
}

impl Selected<'_> {
    /// The names of its tensors.
    pub fn names(&self) -> Vec<String> {
        self.entries
            .iter()
            .map(|entry| entry.name.clone())
            .collect()
    }

    /// What is found under its own names, else under those without what stands before all of them.
    pub fn first<T>(mut self, find: impl Fn(&[Entry]) -> Vec<T>) -> Vec<T> {
        for _ in 0..=MAX_PREFIXES {
            let found = find(&self.entries);
            if !found.is_empty() || !self.shorten() {
                return found;
            }
        }
        Vec::new()
    }

    /// Takes off what stands before all names, up to the first point; whether there was such.
    pub fn shorten(&mut self) -> bool {
        let is_weight = |entry: &&Entry| !modules::is_count(&entry.name);
        let first = self.entries.iter().find(is_weight);
        let Some((first, _)) = first.and_then(|entry| entry.name.split_once('.')) else {
            return false;
        };
        let prefix = format!("{first}.");
        let weights = self.entries.iter().filter(is_weight);
        let is_common = weights.clone().all(|entry| entry.name.starts_with(&prefix));
        let is_named = weights.clone().all(|entry| entry.name.len() > prefix.len());
        if is_common && is_named {
            self.keep(&prefix);
        }
        is_common && is_named
    }

    /// Leaves only what lies under this beginning of names, without it.
    pub fn part(&mut self, prefix: &str) {
        self.others.retain(|(name, _)| name.starts_with(prefix));
        if let Some(built) = &mut self.built {
            built.layers.retain(|layer| layer.path.starts_with(prefix));
        }
        self.keep(prefix);
    }

    /// Leaves only tensors of this beginning of names, and all names without it.
    fn keep(&mut self, prefix: &str) {
        let layers = self.built.iter_mut().flat_map(|built| &mut built.layers);
        for layer in layers {
            if let Some(rest) = layer.path.strip_prefix(prefix) {
                layer.path = rest.into();
            }
        }
        let all = std::mem::take(&mut self.entries).into_iter();
        let (entries, places) = (all.zip(std::mem::take(&mut self.places)))
            .filter_map(|(entry, place)| {
                let name = entry.name.strip_prefix(prefix)?.to_string();
                Some((Entry { name, ..entry }, place))
            })
            .unzip();
        (self.entries, self.places) = (entries, places);
    }
}

impl Checkpoint for Selected<'_> {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn keeps_order(&self) -> bool {
        matches!(self.content, Content::Pytorch(_))
    }

    fn built(&self) -> Option<&Built> {
        self.built.as_ref()
    }

    fn read(&self, entry: usize) -> Result<Vec<f32>, Fault> {
        let place = self.places[entry];
        match self.content {
            Content::Pytorch(file) => {
                let dict = &file.dicts[self.at].dict;
                file.read(&dict.entries[place], &dict.views[place])
            }
            Content::Safetensors(file) => file.read(place),
        }
    }
}
