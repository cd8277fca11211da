//! Where in a file the state dicts are: dictionaries of tensors at any depth, and whole modules.

use super::Fault;
use super::built::Built;
use super::pickle::{Handle, Object, Pickle};
use super::tensors::{MAX_NAME, TensorDict, is_values};
use std::collections::VecDeque;

/// Most dictionaries of tensors, tensors of one, and modules of a net that are read.
const MAX_DICTS: usize = 1000;
const MAX_TENSORS: usize = 100_000;
const MAX_MODULES: usize = 20_000;
/// Depth to which dictionaries are looked into, and modules.
const MAX_DEPTH: usize = 32;

/// A place in the pickle.
struct Place {
    object: Handle,
    /// How it is called within the one above it.
    key: Key,
    above: Option<usize>,
    depth: usize,
}

#[derive(Clone, Copy)]
enum Key {
    /// A text or a number.
    Of(Handle),
    /// In a list or tuple.
    At(usize),
    /// The root, or the fields of an object.
    None,
}

/// A dictionary of tensors with its path in the file: empty, or keys with points between.
pub(super) struct Found {
    pub path: String,
    pub dict: TensorDict,
    /// `epoch` next to it, or in a dictionary around.
    pub epoch: Option<u64>,
}

/// The name of values that are not read, and what they are.
pub(super) type Unread = (String, String);

/// All dictionaries of tensors, the outer ones first, and the first values that are not read.
pub(super) fn dicts(pickle: &Pickle) -> Result<(Vec<Found>, Option<Unread>), Fault> {
    let mut seen = vec![false; pickle.objects().len()];
    let mut places = vec![Place {
        object: pickle.root,
        key: Key::None,
        above: None,
        depth: 0,
    }];
    seen[pickle.root] = true;
    let mut queue = VecDeque::from([0]);
    let (mut found, mut count, mut unread) = (Vec::new(), 0, None);
    while let Some(at) = queue.pop_front() {
        let object = places[at].object;
        let is_module = fields(pickle, object).is_some();
        let dict = match is_module {
            true => modules(pickle, object, &mut count)?,
            false => tensors(pickle, object, &mut count)?,
        };
        unread = unread.or_else(|| dict.others.iter().find(|other| is_values(other)).cloned());
        if !dict.entries.is_empty() {
            if found.len() == MAX_DICTS {
                let expected = format!("at most {MAX_DICTS} dictionaries of tensors");
                return Err(Fault::new("content", expected, "more"));
            }
            found.push(Found {
                path: path(pickle, &places, at),
                dict,
                epoch: epoch(pickle, &places, at),
            });
        }
        let depth = places[at].depth + 1;
        // An optimizer's moments are no weights.
        let is_optimizer = pickle.item(object, "param_groups").is_some();
        if depth > MAX_DEPTH || is_optimizer || is_module {
            continue;
        }
        for (key, object) in children(pickle, object) {
            let holds = matches!(
                pickle.get(object),
                Object::Dict(_) | Object::Instance(_) | Object::List(_) | Object::Tuple(_)
            );
            if holds && !seen[object] {
                seen[object] = true;
                queue.push_back(places.len());
                places.push(Place {
                    object,
                    key,
                    above: Some(at),
                    depth,
                });
            }
        }
    }
    if pickle.is_exhausted() {
        let expected = "dictionaries that do not share their parts many times over";
        return Err(Fault::new("pickle", expected, "such"));
    }
    Ok((found, unread))
}

/// What an object holds, by name: items of dictionaries, members of lists, fields of objects.
fn children(pickle: &Pickle, object: Handle) -> Vec<(Key, Handle)> {
    match pickle.get(object) {
        Object::List(items) | Object::Tuple(items) => {
            let items = items.iter().enumerate();
            items.map(|(at, &item)| (Key::At(at), item)).collect()
        }
        other => {
            let pairs = pickle
                .pairs(object)
                .map(|(key, value)| (Key::Of(key), value));
            let state = match other {
                Object::Instance(object) => object.state,
                _ => None,
            };
            pairs.chain(state.map(|state| (Key::None, state))).collect()
        }
    }
}

/// The tensors that lie in a dictionary itself.
fn tensors(pickle: &Pickle, object: Handle, count: &mut usize) -> Result<TensorDict, Fault> {
    let mut dict = TensorDict::default();
    for (name, value) in pickle.items(object) {
        if !matches!(pickle.get(value), Object::Tensor(_) | Object::Instance(_)) {
            continue;
        }
        check_count(count, name.len())?;
        dict.add(pickle, name.into(), value);
    }
    Ok(dict)
}

/// Counts a tensor.
fn check_count(count: &mut usize, name: usize) -> Result<(), Fault> {
    *count += 1;
    if *count <= MAX_TENSORS && name <= MAX_NAME {
        return Ok(());
    }
    let expected = format!("at most {MAX_TENSORS} tensors, names of {MAX_NAME} bytes");
    Err(Fault::new("content", expected, "more"))
}

/// Parameters, buffers and parts of an object that is a module, as `torch.save(net, file)` keeps
/// it.
fn fields(pickle: &Pickle, object: Handle) -> Option<[Handle; 3]> {
    let Object::Instance(instance) = pickle.get(object) else {
        return None;
    };
    let state = instance.state?;
    let field = |name| pickle.item(state, name);
    Some([
        field("_parameters")?,
        field("_buffers")?,
        field("_modules")?,
    ])
}

/// The tensors of a module and of its parts, in the order and by the names of `state_dict()`.
fn modules(pickle: &Pickle, root: Handle, count: &mut usize) -> Result<TensorDict, Fault> {
    let mut dict = TensorDict::default();
    let mut built = Built::default();
    let mut stack = vec![(root, String::new(), 0)];
    let mut seen = 0;
    while let Some((object, prefix, depth)) = stack.pop() {
        let Some([parameters, buffers, parts]) = fields(pickle, object) else {
            continue;
        };
        for (name, value) in pickle.items(parameters).chain(pickle.items(buffers)) {
            if *pickle.get(value) != Object::None {
                check_count(count, prefix.len() + name.len())?;
                dict.add(pickle, format!("{prefix}{name}"), value);
            }
        }
        built.add(pickle, object, &prefix);
        let first = stack.len();
        for (name, part) in pickle.items(parts) {
            seen += 1;
            if seen > MAX_MODULES || depth > MAX_DEPTH || prefix.len() + name.len() > MAX_NAME {
                let expected = "a net of fewer parts (save net.state_dict() in place of net)";
                return Err(Fault::new("content", expected, "a module of very many"));
            }
            stack.push((part, format!("{prefix}{name}."), depth + 1));
        }
        stack[first..].reverse();
    }
    dict.built = Some(built);
    Ok(dict)
}

/// Keys from the root to a place, with points between.
fn path(pickle: &Pickle, places: &[Place], at: usize) -> String {
    let mut keys = Vec::new();
    let mut next = Some(at);
    while let Some(at) = next {
        keys.extend(match places[at].key {
            Key::None => None,
            Key::At(place) => Some(place.to_string()),
            Key::Of(key) => match pickle.get(key) {
                Object::Int(number) => Some(number.to_string()),
                Object::Text(text) => Some(text.chars().take(MAX_NAME).collect()),
                _ => Some("?".into()),
            },
        });
        next = places[at].above;
    }
    keys.reverse();
    keys.join(".")
}

/// The value of `epoch` in the nearest dictionary around a place that has one.
fn epoch(pickle: &Pickle, places: &[Place], at: usize) -> Option<u64> {
    let mut next = Some(at);
    while let Some(at) = next {
        let epoch = pickle.item(places[at].object, "epoch");
        if let Some(epoch) = epoch.and_then(|value| whole(pickle, value)) {
            return Some(epoch);
        }
        next = places[at].above;
    }
    None
}

/// A whole number of 0 or more: Python's or numpy's.
fn whole(pickle: &Pickle, value: Handle) -> Option<u64> {
    match pickle.get(value) {
        Object::Int(value) => u64::try_from(*value).ok(),
        Object::Float(value) if value.fract() == 0.0 && (0.0..1e15).contains(value) => {
            Some(*value as u64)
        }
        Object::Instance(scalar) => {
            let (module, name) = pickle.global(scalar.class)?;
            let &[kind, bytes] = pickle.tuple(scalar.arguments)? else {
                return None;
            };
            let Object::Instance(kind) = pickle.get(kind) else {
                return None;
            };
            let kind = pickle.text(*pickle.tuple(kind.arguments)?.first()?)?;
            let is_scalar = module.ends_with("core.multiarray") && name == "scalar";
            if !is_scalar || !matches!(kind, "i1" | "i2" | "i4" | "i8" | "u1" | "u2" | "u4" | "u8")
            {
                return None;
            }
            let bytes = bytes_of(pickle, bytes)?;
            let mut wide = [0; 8];
            wide.get_mut(..bytes.len())?.copy_from_slice(&bytes);
            let is_negative = kind.starts_with('i') && bytes.last()? >= &0x80;
            (!is_negative).then(|| u64::from_le_bytes(wide))
        }
        _ => None,
    }
}

/// Bytes; protocol 2 keeps those of Python 3 as `_codecs.encode(text, "latin1")`.
fn bytes_of(pickle: &Pickle, object: Handle) -> Option<Vec<u8>> {
    let text = match pickle.get(object) {
        Object::Bytes(bytes) => return (bytes.len() <= 8).then(|| bytes.clone()),
        Object::Text(text) => text,
        Object::Instance(call) if pickle.global(call.class)? == ("_codecs", "encode") => {
            pickle.text(*pickle.tuple(call.arguments)?.first()?)?
        }
        _ => return None,
    };
    let bytes = text.chars().take(9).map(|c| u8::try_from(c).ok());
    bytes
        .collect::<Option<Vec<u8>>>()
        .filter(|bytes| bytes.len() <= 8)
}

/// Classes and functions of what is no tensor and no plain value.
pub(super) fn passed_over(pickle: &Pickle) -> Vec<String> {
    let mut names = std::collections::BTreeSet::new();
    for object in pickle.objects() {
        let Object::Instance(object) = object else {
            continue;
        };
        let Some((module, name)) = pickle.global(object.class) else {
            continue;
        };
        let is_plain = matches!(
            module,
            "collections" | "_codecs" | "builtins" | "__builtin__" | "copyreg" | "copy_reg"
        ) && !matches!(
            name,
            "eval" | "exec" | "execfile" | "compile" | "__import__" | "open" | "getattr"
        ) || module == "torch" && matches!(name, "Size" | "device")
            || module == "numpy" && name == "dtype";
        if !is_plain && names.len() < 100 {
            names.insert(pickle.class_name(object.class));
        }
    }
    names.into_iter().collect()
}
