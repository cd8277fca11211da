//! The two containers of `torch.save`: a zip archive, and before version 1.6 a stream of pickles.

use super::element::Element;
use super::pickle::{Handle, Object, Pickle};
use super::storages::{StorageId, Storages, zip_entry};
use super::{Checkpoint, Entry, Fault};
use std::io::Cursor;
use zip::ZipArchive;

/// Largest pickle that is read from an archive; those of the largest nets have a hundredth.
const MAX_PICKLE: u64 = 1 << 24;
/// Most tensors, longest name and highest rank that are read, so that no file fills the memory.
const MAX_TENSORS: usize = 100_000;
const MAX_NAME: usize = 500;
const MAX_RANK: usize = 8;
/// First number of the older container.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
/// Dictionaries that hold a state dict among other things.
const WRAPPERS: [&str; 4] = ["state_dict", "model_state_dict", "model", "net"];

/// A state dict of PyTorch's.
pub(super) struct Pytorch<'a> {
    entries: Vec<Entry>,
    views: Vec<View>,
    storages: Storages<'a>,
}

/// A tensor as a view of a storage.
struct View {
    storage: StorageId,
    offset: usize,
    strides: Vec<usize>,
}

impl<'a> Pytorch<'a> {
    /// From the zip archive that PyTorch writes since 1.6.
    pub fn from_zip(bytes: &'a [u8]) -> Result<Self, Fault> {
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
        let pickle = zip_entry(&mut archive, &format!("{root}data.pkl"), MAX_PICKLE)?;
        let storages = Storages::zip(archive, root);
        Self::from_pickle(&Pickle::read(&pickle)?, storages)
    }

    /// From the stream of pickles that PyTorch wrote before.
    pub fn from_stream(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut rest = bytes;
        let mut next = || -> Result<Pickle, Fault> {
            let pickle = Pickle::read(rest)?;
            rest = &rest[pickle.len..];
            Ok(pickle)
        };
        let magic = next()?;
        if *magic.get(magic.root) != Object::Int(MAGIC) {
            let expected = "a state dict that torch.save wrote";
            return Err(Fault::new("content", expected, "another pickle"));
        }
        let (_protocol, system) = (next()?, next()?);
        let is_big = |(key, value): (&str, Handle)| {
            key == "little_endian" && *system.get(value) == Object::Bool(false)
        };
        if items(&system, system.root).any(is_big) {
            return Err(big_endian());
        }
        let (pickle, keys) = (next()?, next()?);
        let Object::List(keys_in_order) = keys.get(keys.root) else {
            return Err(Fault::new("storages", "a list of keys", "something else"));
        };
        let keys_in_order = keys_in_order.iter().filter_map(|&key| text(&keys, key));
        let ids = (pickle.objects().iter()).filter_map(|object| storage_id(&pickle, object));
        let storages = Storages::stream(ids, keys_in_order, rest)?;
        Self::from_pickle(&pickle, storages)
    }

    fn from_pickle(pickle: &Pickle, storages: Storages<'a>) -> Result<Self, Fault> {
        let mut dict = pickle.root;
        // A few wrappers at most; a dictionary could hold itself.
        for _ in 0..4 {
            let inner = WRAPPERS.iter().find_map(|wrapper| {
                let mut named = items(pickle, dict).filter(|(key, _)| key == wrapper);
                named.find(|&(_, value)| holds_tensors(pickle, value))
            });
            match inner {
                Some((_, inner)) => dict = inner,
                None => break,
            }
        }
        if !matches!(pickle.get(dict), Object::Dict(_)) {
            let expected = "a state dict, as torch.save(net.state_dict(), file) writes";
            return Err(Fault::new("content", expected, "another object"));
        }
        let (mut entries, mut views) = (Vec::new(), Vec::new());
        for (name, value) in items(pickle, dict) {
            let Object::Tensor(arguments) = *pickle.get(value) else {
                continue;
            };
            if entries.len() == MAX_TENSORS || name.len() > MAX_NAME {
                let expected = format!("at most {MAX_TENSORS} tensors, names of {MAX_NAME} bytes");
                return Err(Fault::new("content", expected, "more"));
            }
            let Some((shape, view)) = view(pickle, arguments) else {
                let expected = "a dense tensor within its storage";
                return Err(Fault::new(name, expected, "something else"));
            };
            let name = name.to_string();
            entries.push(Entry { name, shape });
            views.push(view);
        }
        Ok(Self {
            entries,
            views,
            storages,
        })
    }
}

impl Checkpoint for Pytorch<'_> {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn keeps_order(&self) -> bool {
        true
    }

    fn read(&self, entry: usize) -> Result<Vec<f32>, Fault> {
        let (Entry { name, shape }, view) = (&self.entries[entry], &self.views[entry]);
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
        // Through the view in row-major order; `from_pickle` has checked that it stays within.
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

fn text(pickle: &Pickle, handle: Handle) -> Option<&str> {
    match pickle.get(handle) {
        Object::Text(text) => Some(text),
        _ => None,
    }
}

fn number(pickle: &Pickle, handle: Handle) -> Option<usize> {
    match pickle.get(handle) {
        Object::Int(value) => usize::try_from(*value).ok(),
        _ => None,
    }
}

/// Whether an object is a dictionary with tensors in it, or with another wrapper.
fn holds_tensors(pickle: &Pickle, dict: Handle) -> bool {
    items(pickle, dict).any(|(key, value)| {
        matches!(pickle.get(value), Object::Tensor(_)) || WRAPPERS.contains(&key)
    })
}

/// The entries of a dictionary that have texts for keys.
fn items(pickle: &Pickle, dict: Handle) -> impl Iterator<Item = (&str, Handle)> {
    let items: &[(Handle, Handle)] = match pickle.get(dict) {
        Object::Dict(items) => items,
        _ => &[],
    };
    items
        .iter()
        .filter_map(|&(key, value)| Some((text(pickle, key)?, value)))
}

/// The storage that a persistent id ("storage", class, key, device, number of values, …) names.
fn storage_id(pickle: &Pickle, object: &Object) -> Option<StorageId> {
    let Object::Persistent(id) = object else {
        return None;
    };
    let Object::Tuple(id) = pickle.get(*id) else {
        return None;
    };
    let &[_, class, key, _, numel, ..] = &id[..] else {
        return None;
    };
    let Object::StorageClass(class) = pickle.get(class) else {
        return None;
    };
    let key = text(pickle, key).filter(|key| key.len() <= MAX_NAME)?;
    Some(StorageId {
        key: key.into(),
        class: class.clone(),
        numel: number(pickle, numel)?,
    })
}

/// Shape and place of a tensor from the arguments (storage, offset, shape, strides, …), where it
/// stays within its storage.
fn view(pickle: &Pickle, arguments: Handle) -> Option<(Vec<usize>, View)> {
    let numbers = |handle: Handle| match pickle.get(handle) {
        Object::Tuple(handles) if handles.len() <= MAX_RANK => {
            let numbers = handles.iter().map(|&handle| number(pickle, handle));
            numbers.collect::<Option<Vec<_>>>()
        }
        _ => None,
    };
    let Object::Tuple(arguments) = pickle.get(arguments) else {
        return None;
    };
    let &[storage, offset, shape, strides, ..] = &arguments[..] else {
        return None;
    };
    let storage = storage_id(pickle, pickle.get(storage))?;
    let (offset, shape, strides) = (number(pickle, offset)?, numbers(shape)?, numbers(strides)?);
    let mut last = offset;
    for (&size, &stride) in shape.iter().zip(&strides) {
        last = last.checked_add(size.checked_sub(1)?.checked_mul(stride)?)?;
    }
    if shape.len() != strides.len() || last >= storage.numel {
        return None;
    }
    let view = View {
        storage,
        offset,
        strides,
    };
    Some((shape, view))
}
