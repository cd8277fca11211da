//! A file of weights, opened: which state dicts it holds, and the one that is a net's.

use super::pytorch::Pytorch;
use super::selected::Selected;
use super::tensors::is_values;
use super::{
    Blocks, Bytes, Checkpoint, Fault, Imported, Naming, built, gaps, matching, norms, recognise,
    safetensors, words,
};
use crate::graph::Family;
use basinscope::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest file that is read; nets of this crate have a thousandth.
const MAX_FILE: u64 = 32_000_000_000;
/// Most names before all others that are taken off, one after the other.
pub(super) const MAX_PREFIXES: usize = 6;
/// State dicts that an error lists.
const LISTED: usize = 12;

/// A state dict of PyTorch's, what was saved around it, or a safetensors file; the kind is that of
/// the content, not of the name.
///
/// Dictionaries of tensors are found at any depth and under any name (`state_dict`, `model`,
/// `ema`, …), as is a whole net (`torch.save(net, …)`), whose tensors then have the names of its
/// `state_dict()`. Files of PyTorch before 0.4, of Python 2 and of the container before 1.6 are
/// read. Half, single and double precision become single.
///
/// Pickles are read, never run: no object in them is made, no function called. What is not a
/// tensor is passed over.
pub struct WeightFile {
    path: PathBuf,
    content: Content,
}

pub(super) enum Content {
    Pytorch(Pytorch),
    Safetensors(safetensors::File),
}

impl WeightFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read; [`Error::File`] where it is damaged, of another
    /// kind, or holds no tensors.
    pub fn open(path: &Path) -> basinscope::Result<Self> {
        let about = std::fs::metadata(path).map_err(Error::io(path, "read"))?;
        if !about.is_file() || about.len() > MAX_FILE {
            let expected = format!("a file of at most {} GB", MAX_FILE / 1_000_000_000);
            let found = match about.is_file() {
                true => format!("{} GB", about.len() / 1_000_000_000),
                false => "no file".into(),
            };
            return Err(Error::file(path, "size", expected, found));
        }
        let bytes = std::fs::read(path).map_err(Error::io(path, "read"))?;
        let content = content(Bytes(Arc::new(bytes))).map_err(|fault| fault.of(path))?;
        let path = path.into();
        Ok(Self { path, content })
    }

    /// Its state dicts: keys with points between (empty for the file itself), and how many tensors
    /// each has.
    pub fn state_dicts(&self) -> Vec<(String, usize)> {
        match &self.content {
            Content::Pytorch(file) => (file.dicts.iter())
                .map(|found| (found.path.clone(), found.dict.entries.len()))
                .collect(),
            Content::Safetensors(file) => vec![(String::new(), file.entries.len())],
        }
    }

    /// Classes and functions of what the file holds besides tensors and plain values, none of
    /// which was made or called.
    pub fn passed_over(&self) -> &[String] {
        match &self.content {
            Content::Pytorch(file) => &file.passed_over,
            Content::Safetensors(_) => &[],
        }
    }

    /// The weights of a net: those of the state dict of this key, or of the only one that fits.
    ///
    /// Names are those of `state_dict()`, in any of the common spellings. What stands before all of
    /// them (`module.`, `model.`) is taken off, and `num_batches_tracked` is passed over. `naming`
    /// says whether names decide, a map of them, or the order of the file; safetensors files, which
    /// sort their tensors, have none.
    ///
    /// # Errors
    /// [`Error::File`] with the tensor, its expected and its found shape where one is missing, of
    /// another net or of another shape; with the state dicts of the file where several fit with
    /// different values, or none of several does.
    pub fn weights(
        &self,
        blocks: &Blocks<'_>,
        naming: &Naming,
        key: Option<&str>,
    ) -> basinscope::Result<Imported> {
        let make = |dict: &dyn Checkpoint| {
            let imported = matching::imported(dict, blocks, naming)?;
            if *naming == Naming::ByName {
                norms::check(dict.entries())?;
                words::check(dict.entries(), dict.keeps_order(), blocks)?;
            }
            if !matches!(naming, Naming::Map(_)) {
                gaps::check(dict.entries(), blocks)?;
            }
            if let Some(built) = dict.built() {
                let entries = dict.entries();
                let (places, _) = matching::places(entries, dict.keeps_order(), blocks, naming)?;
                built::check(built, entries, &places, blocks)?;
            }
            Ok(imported)
        };
        self.taken(key, make).map_err(|fault| fault.of(&self.path))
    }

    /// The families that the net for pictures of this shape may be of, by names and shapes of the
    /// tensors in the state dict of this key, or in any. What no tensor shows, as an activation or
    /// a pooling, makes several.
    ///
    /// # Errors
    /// [`Error::File`] with the tensors and the families known where none fits.
    pub fn families(
        &self,
        input: [usize; 3],
        classes: usize,
        key: Option<&str>,
    ) -> basinscope::Result<Vec<Family>> {
        let fault = |fault: Fault| fault.of(&self.path);
        let mut found: Vec<Family> = Vec::new();
        let mut of_keys: Vec<String> = Vec::new();
        let mut is_one = true;
        for dict in self.looked_at(key).map_err(fault)? {
            let key = dict.key.clone();
            let new = dict.first(|entries| recognise::recognise(entries, input, classes));
            if new.is_empty() {
                continue;
            }
            let names: Vec<String> = new.iter().map(Family::name).collect();
            of_keys.push(format!("{key} ({})", names.join(" or ")));
            is_one &= found.is_empty() || found == new;
            found = new;
        }
        if !is_one {
            let expected = format!("--key, one of {}", of_keys.join(", "));
            return Err(fault(Fault::new("key", expected, "none, and several nets")));
        }
        if found.is_empty() {
            let entries = self.largest(key).map_err(fault)?.entries;
            let [channels, height, width] = input;
            let expected = format!(
                "a net of a known family for {channels}×{height}×{width} and {classes} classes"
            );
            let found = match recognise::elsewhere(&entries, input) {
                Some(elsewhere) => elsewhere,
                None => recognise::listed(&entries),
            };
            return Err(fault(Fault::new("net", expected, found)));
        }
        Ok(found)
    }

    /// Widths from inputs to outputs of the perceptron for points of these features and classes,
    /// by names and shapes of the tensors in the state dict of this key, or in any; nothing where
    /// the tensors are not those of linear layers alone.
    ///
    /// # Errors
    /// [`Error::File`] where layers are of other features or classes, or several differ.
    pub fn perceptron(
        &self,
        features: usize,
        classes: usize,
        key: Option<&str>,
    ) -> basinscope::Result<Option<Vec<usize>>> {
        let fault = |fault: Fault| fault.of(&self.path);
        let mut all: Vec<Vec<usize>> = (self.looked_at(key).map_err(fault)?.into_iter())
            .flat_map(|dict| {
                dict.first(|entries| recognise::linear_widths(entries).into_iter().collect())
            })
            .collect();
        all.sort();
        all.dedup();
        let fits = |widths: &Vec<usize>| {
            let outputs =
                widths.last() == Some(&classes) || classes == 2 && widths.last() == Some(&1);
            widths.first() == Some(&features) && outputs
        };
        let (mut fitting, other): (Vec<_>, Vec<_>) = all.into_iter().partition(fits);
        match (fitting.pop(), &fitting[..], &other[..]) {
            (Some(widths), [], _) => Ok(Some(widths)),
            (None, _, []) => Ok(None),
            (Some(_), _, _) => {
                let expected = format!("one of {}", self.listed(&[]));
                Err(fault(Fault::new(
                    "key",
                    expected,
                    "none, and nets of several widths",
                )))
            }
            (None, _, [widths, ..]) => {
                let outputs = match classes {
                    2 => "1 or 2".into(),
                    classes => classes.to_string(),
                };
                let expected = format!(
                    "{features} inputs and {outputs} outputs, as the data have features and classes"
                );
                Err(fault(Fault::new(
                    "net",
                    expected,
                    format!("widths {widths:?}"),
                )))
            }
        }
    }

    /// The state dict of a key, or all.
    fn looked_at(&self, key: Option<&str>) -> Result<Vec<Selected<'_>>, Fault> {
        match key {
            Some(key) => Ok(vec![self.of_key(key)?]),
            None => Ok(self.dicts()),
        }
    }

    /// The one of most tensors.
    fn largest(&self, key: Option<&str>) -> Result<Selected<'_>, Fault> {
        let dicts = self.looked_at(key)?.into_iter().rev();
        let largest = dicts.max_by_key(|dict| dict.entries.len());
        largest.ok_or_else(|| self.no_tensors())
    }

    /// What is made of the state dict of a key, or of the only one that something can be made of.
    fn taken(
        &self,
        key: Option<&str>,
        make: impl Fn(&dyn Checkpoint) -> Result<Imported, Fault>,
    ) -> Result<Imported, Fault> {
        if let Some(key) = key {
            let dict = self.of_key(key)?;
            return self.made(dict, &make);
        }
        let dicts = self.dicts();
        let mut made: Vec<Imported> = Vec::new();
        let mut faults = Vec::new();
        let mut chosen: Vec<String> = Vec::new();
        for dict in dicts {
            let (key, names) = (dict.key.clone(), dict.names());
            match self.made(dict, &make) {
                Ok(new) => {
                    chosen.clone_from(&names);
                    let is_new =
                        |old: &Imported| old.theta != new.theta || old.buffers != new.buffers;
                    if made.iter().all(is_new) {
                        made.push(new);
                    }
                }
                Err(fault) => faults.push((key, names, fault)),
            }
        }
        if let [_, _, ..] = made[..] {
            let keys: Vec<&str> = made.iter().map(|made| &*made.key).collect();
            let expected = format!("one of {}, which all fit", self.listed(&keys));
            return Err(Fault::new("key", expected, "none"));
        }
        if let Some(mut made) = made.pop() {
            faults.retain(|(_, names, _)| names.len() >= chosen.len());
            for (key, names, fault) in faults {
                let shared = chosen.iter().filter(|name| names.contains(name)).count();
                let key = if key.is_empty() {
                    "the file itself".into()
                } else {
                    key
                };
                // The same net, with more or otherwise: which of the two is meant is not known.
                if 2 * shared > chosen.len() {
                    let is = format!(
                        "{key} does not fit ({}: expected {}, found {})",
                        fault.field, fault.expected, fault.found
                    );
                    let expected = format!("--key {}, if that is meant", made.key);
                    return Err(Fault::new("key", expected, format!("none, and {is}")));
                }
                made.not_read
                    .push(format!("{key} ({}: {})", fault.field, fault.expected));
            }
            return Ok(made);
        }
        let among = match faults.len() {
            1 => String::new(),
            _ => format!("; the state dicts of the file are {}", self.listed(&[])),
        };
        // That of most tensors is most likely the one meant.
        let most = (faults.into_iter().rev()).max_by_key(|(_, names, _)| names.len());
        let (_, _, mut fault) = most.ok_or_else(|| self.no_tensors())?;
        fault.found.push_str(&among);
        Err(fault)
    }

    /// What is made of one state dict, under its own names, or those without what stands before
    /// all of them.
    fn made(
        &self,
        mut dict: Selected<'_>,
        make: impl Fn(&dyn Checkpoint) -> Result<Imported, Fault>,
    ) -> Result<Imported, Fault> {
        let key = dict.key.clone();
        let mut first = None;
        for _ in 0..=MAX_PREFIXES {
            match make(&dict) {
                Ok(made) => {
                    if let Some((name, what)) = dict.others.iter().find(|other| is_values(other)) {
                        return Err(Fault::new(name, "no such tensor", what));
                    }
                    let epoch = dict.epoch;
                    return Ok(Imported { key, epoch, ..made });
                }
                Err(fault) => first = first.or(Some(fault)),
            }
            if !dict.shorten() {
                break;
            }
        }
        let mut fault = first.expect("made at least once");
        if !dict.others.is_empty() {
            let others: Vec<String> = (dict.others.iter().take(LISTED))
                .map(|(name, what)| format!("{name} is {what}"))
                .collect();
            fault.found = format!("{}; not read: {}", fault.found, others.join(", "));
        }
        Err(fault)
    }

    fn no_tensors(&self) -> Fault {
        let expected = "tensors, as torch.save(net.state_dict(), file) writes";
        let found = match &self.content {
            Content::Pytorch(file) => file.content.clone(),
            Content::Safetensors(_) => "none".into(),
        };
        Fault::new("content", expected, found)
    }

    fn dicts(&self) -> Vec<Selected<'_>> {
        match &self.content {
            Content::Pytorch(file) => (file.dicts.iter().enumerate())
                .map(|(at, found)| Selected {
                    content: &self.content,
                    at,
                    key: found.path.clone(),
                    epoch: found.epoch,
                    others: found.dict.others.clone(),
                    built: found.dict.built.clone(),
                    places: (0..found.dict.entries.len()).collect(),
                    entries: found.dict.entries.clone(),
                })
                .collect(),
            Content::Safetensors(file) => vec![Selected {
                content: &self.content,
                at: 0,
                key: String::new(),
                epoch: file.epoch,
                others: Vec::new(),
                built: None,
                places: (0..file.entries.len()).collect(),
                entries: file.entries.clone(),
            }],
        }
    }

    /// The state dict of a key, or the part of one whose names begin with the rest of the key.
    fn of_key(&self, key: &str) -> Result<Selected<'_>, Fault> {
        let mut dicts = self.dicts();
        if let Some(at) = dicts.iter().position(|dict| dict.key == key) {
            return Ok(dicts.swap_remove(at));
        }
        for mut dict in dicts {
            let rest = match &*dict.key {
                "" => Some(key),
                whole => key
                    .strip_prefix(whole)
                    .and_then(|rest| rest.strip_prefix('.')),
            };
            let Some(prefix) = rest.map(|rest| format!("{rest}.")) else {
                continue;
            };
            if dict
                .entries
                .iter()
                .any(|entry| entry.name.starts_with(&prefix))
            {
                dict.part(&prefix);
                dict.key = key.into();
                return Ok(dict);
            }
        }
        let expected = format!("one of {}", self.listed(&[]));
        Err(Fault::new("key", expected, key))
    }

    /// State dicts with their numbers of tensors, those of these keys or all.
    fn listed(&self, keys: &[&str]) -> String {
        let mut dicts = self.state_dicts();
        dicts.retain(|(key, _)| keys.is_empty() || keys.contains(&&**key));
        let more = dicts.len().saturating_sub(LISTED);
        dicts.sort_by_key(|&(_, count)| std::cmp::Reverse(count)); // stable
        let listed = dicts.iter().take(LISTED).map(|(key, count)| match &**key {
            "" => format!("the file's own tensors ({count})"),
            key => format!("{key} ({count} tensors)"),
        });
        let listed: Vec<String> = listed.collect();
        match more {
            0 => listed.join(", "),
            more => format!("{} and {more} more", listed.join(", ")),
        }
    }
}

fn content(bytes: Bytes) -> Result<Content, Fault> {
    let is_tar = bytes.as_ref().get(257..262) == Some(b"ustar");
    match bytes.as_ref() {
        // First: the length it begins with may be the letters of another kind.
        start if safetensors::is_header(start) => {
            safetensors::File::new(bytes).map(Content::Safetensors)
        }
        [b'P', b'K', ..] => Pytorch::from_zip(bytes).map(Content::Pytorch),
        [0x80, ..] => Pytorch::from_stream(bytes).map(Content::Pytorch),
        _ => {
            let expected = "a state dict of PyTorch's (.pt, .pth) or a safetensors file";
            let found = match is_tar {
                true => {
                    "a tar archive, as PyTorch wrote before 0.1.10: load and save it with one since"
                }
                false => "neither",
            };
            Err(Fault::new("content", expected, found))
        }
    }
}
