//! The two containers of `torch.save`: a zip archive, and before version 1.6 a stream of pickles.

use super::element::Element;
use super::pickle::{Object, Pickle};
use super::search::{Found, dicts, passed_over};
use super::storages::{Storages, zip_entry};
use super::tensors::{View, storage_id};
use super::{Bytes, Entry, Fault};
use std::io::Cursor;
use zip::ZipArchive;

/// Largest pickle that is read; those of the largest nets have a hundredth.
const MAX_PICKLE: usize = 1 << 24;
/// First number of the older container.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;

/// A file of PyTorch's.
pub(super) struct Pytorch {
    /// Its dictionaries of tensors.
    pub dicts: Vec<Found>,
    /// Classes and functions of what else it holds.
    pub passed_over: Vec<String>,
    /// What it holds, for people.
    pub content: String,
    storages: Storages,
}

impl Pytorch {
    /// From the zip archive that PyTorch writes since 1.6.
    pub fn from_zip(bytes: Bytes) -> Result<Self, Fault> {
        let fault = |what: String| Fault::new("archive", "a whole zip archive", what);
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| fault(e.to_string()))?;
        let pickle = archive
            .file_names()
            .find(|name| name.ends_with("/data.pkl"));
        let Some(root) = pickle.and_then(|name| name.strip_suffix("data.pkl")) else {
            let expected = "data.pkl, as torch.save writes";
            return Err(Fault::new("archive", expected, "none"));
        };
        let root = root.to_string();
        if let Ok(order) = zip_entry(&mut archive, &format!("{root}byteorder"), 16)
            && order != b"little"
        {
            return Err(big_endian());
        }
        // A scripted net keeps its constants, and code, next to its weights.
        let constants = format!("{root}constants.pkl");
        if archive.file_names().any(|name| name == constants) {
            let expected = "a state dict, as torch.save(net.state_dict(), file) writes";
            return Err(Fault::new("archive", expected, "a net of torch.jit"));
        }
        let pickle = zip_entry(&mut archive, &format!("{root}data.pkl"), MAX_PICKLE as u64)?;
        let storages = Storages::zip(archive, root);
        Self::from_pickle(&Pickle::read(&pickle)?, storages)
    }

    /// From the stream of pickles that PyTorch wrote before.
    pub fn from_stream(bytes: Bytes) -> Result<Self, Fault> {
        let mut start = 0;
        let mut next = || -> Result<Pickle, Fault> {
            let rest = &bytes.as_ref()[start..];
            let pickle = Pickle::read(&rest[..rest.len().min(MAX_PICKLE)])?;
            start += pickle.len;
            Ok(pickle)
        };
        let magic = next()?;
        if *magic.get(magic.root) != Object::Int(MAGIC) {
            let expected = "a state dict that torch.save wrote";
            let found = format!("another pickle, of {}", magic.describe(magic.root));
            return Err(Fault::new("content", expected, found));
        }
        let (_protocol, system) = (next()?, next()?);
        let little = system.item(system.root, "little_endian");
        if little.is_some_and(|value| *system.get(value) == Object::Bool(false)) {
            return Err(big_endian());
        }
        let (pickle, keys) = (next()?, next()?);
        let Object::List(keys_in_order) = keys.get(keys.root) else {
            return Err(Fault::new("storages", "a list of keys", "something else"));
        };
        let keys_in_order = keys_in_order.iter().filter_map(|&key| keys.text(key));
        let ids = (pickle.objects().iter()).filter_map(|object| storage_id(&pickle, object));
        let storages = Storages::stream(ids, keys_in_order, bytes.clone(), start)?;
        Self::from_pickle(&pickle, storages)
    }

    fn from_pickle(pickle: &Pickle, storages: Storages) -> Result<Self, Fault> {
        let mut content = pickle.describe(pickle.root);
        let keys: Vec<&str> = pickle
            .items(pickle.root)
            .map(|(key, _)| key)
            .take(9)
            .collect();
        if let [first, ..] = keys[..] {
            let value = pickle.item(pickle.root, first);
            let value = value.map_or_else(String::new, |value| pickle.describe(value));
            content = match keys[..] {
                [key] => format!("{content} with {key}: {value}"),
                _ => format!("{content} with {}", keys.join(", ")),
            };
        }
        let (dicts, unread) = dicts(pickle)?;
        if let Some((name, what)) = unread.filter(|_| dicts.is_empty()) {
            content = format!("{content}; {name} is {what}");
        }
        Ok(Self {
            dicts,
            passed_over: passed_over(pickle),
            content,
            storages,
        })
    }

    /// The values of a tensor, row-major.
    pub fn read(&self, entry: &Entry, view: &View) -> Result<Vec<f32>, Fault> {
        let Entry { name, shape } = entry;
        let element = match &*view.storage.class {
            "HalfStorage" => Element::F16,
            "BFloat16Storage" => Element::Bf16,
            "FloatStorage" => Element::F32,
            "DoubleStorage" => Element::F64,
            other => {
                let expected = "numbers of half, single or double precision";
                return Err(Fault::new(name, expected, format!("torch.{other}")));
            }
        };
        let storage = self.storages.read(&view.storage, element.size());
        let storage = storage.map_err(|what| {
            let expected = format!("a storage of {} values", view.storage.numel);
            Fault::new(name, expected, what)
        })?;
        // Through the view in row-major order; it was checked that it stays within.
        let mut index = vec![0; shape.len()];
        let mut values = Vec::new();
        for _ in 0..shape.iter().product::<usize>() {
            let at: usize = index
                .iter()
                .zip(&view.strides)
                .map(|(i, stride)| i * stride)
                .sum();
            let start = (view.offset + at) * element.size();
            values.extend(element.value(&storage[start..start + element.size()]));
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Ok(values)
    }
}

fn big_endian() -> Fault {
    Fault::new("byte order", "little endian", "big endian")
}
