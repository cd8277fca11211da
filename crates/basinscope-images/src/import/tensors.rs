//! The tensors that a pickle speaks of: their names, shapes, and places in their storages.

use super::Entry;
use super::built::Built;
use super::pickle::{Handle, Object, Pickle};
use super::storages::StorageId;

/// Longest name and highest rank that are read, so that no file fills the memory.
pub(super) const MAX_NAME: usize = 500;
const MAX_RANK: usize = 8;
/// Most values of one tensor.
const MAX_VALUES: usize = 1 << 31;

/// A tensor as a view of a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub storage: StorageId,
    pub offset: usize,
    pub strides: Vec<usize>,
}

/// Named tensors that belong together, as a state dict does.
#[derive(Debug, Default)]
pub(super) struct TensorDict {
    pub entries: Vec<Entry>,
    pub views: Vec<View>,
    /// What lies among them and is no tensor that can be read: its name and what it is.
    pub others: Vec<(String, String)>,
    /// The layers of a whole net.
    pub built: Option<Built>,
}

impl TensorDict {
    /// Puts a value in under its name.
    pub fn add(&mut self, pickle: &Pickle, name: String, value: Handle) {
        // What a layer keeps besides its tensors; nothing of what is read here has any.
        if name.rsplit('.').next() == Some("_extra_state") {
            return;
        }
        match *pickle.get(value) {
            Object::Tensor(arguments) => match view(pickle, arguments) {
                Some((shape, view)) => {
                    self.entries.push(Entry { name, shape });
                    self.views.push(view);
                }
                None => {
                    let what = match is_empty(pickle, arguments) {
                        true => "a tensor of no values",
                        false => "a tensor that is not dense, or not within its storage",
                    };
                    self.others.push((name, what.into()));
                }
            },
            Object::Instance(_) => self.others.push((name, described(pickle, value))),
            _ => {}
        }
    }
}

/// Kinds of tensors that are not read: the name of what makes them, and how they are called.
const KINDS: [(&str, &str); 4] = [
    ("_rebuild_sparse", "a sparse tensor"),
    ("_rebuild_qtensor", "a quantised tensor"),
    ("_rebuild_meta_tensor", "a tensor without values"),
    ("_rebuild_nested", "a nested tensor"),
];

/// What an object is that is no tensor that can be read.
fn described(pickle: &Pickle, value: Handle) -> String {
    let plain = pickle.describe(value);
    let Object::Instance(object) = pickle.get(value) else {
        return plain;
    };
    let Some((module, name)) = pickle.global(object.class) else {
        return plain;
    };
    let kind = KINDS.iter().find(|(start, _)| name.starts_with(start));
    match (module, kind) {
        ("torch._utils", Some((_, kind))) => format!("{kind} ({module}.{name})"),
        ("torch._utils" | "torch._tensor" | "torch.nn.parameter", _) => {
            format!("a tensor that is not read ({module}.{name})")
        }
        (module, _) if module.starts_with("numpy") && name == "_reconstruct" => {
            "a numpy array".into()
        }
        _ => plain,
    }
}

/// Whether a description is that of values, which a net might need, and of no other object.
pub(super) fn is_values((_, what): &(String, String)) -> bool {
    what.contains("tensor") || what == "a numpy array"
}

/// Whether the shape of a tensor that is made of these arguments has a 0.
fn is_empty(pickle: &Pickle, arguments: Handle) -> bool {
    let shape = pickle
        .tuple(arguments)
        .and_then(|all| pickle.tuple(*all.get(2)?));
    shape.is_some_and(|shape| shape.iter().any(|&size| pickle.number(size) == Some(0)))
}

/// The storage that a persistent id ("storage", class, key, device, number of values, …) names.
pub(super) fn storage_id(pickle: &Pickle, object: &Object) -> Option<StorageId> {
    let Object::Persistent(id) = object else {
        return None;
    };
    let &[_, class, key, _, numel, ..] = pickle.tuple(*id)? else {
        return None;
    };
    let (module, class) = pickle.global(class)?;
    // The longest of their names has 19 letters; each tensor keeps a copy.
    if !matches!(module, "torch" | "torch.storage" | "torch.cuda") || class.len() > 40 {
        return None;
    }
    let key = pickle.text(key).filter(|key| key.len() <= MAX_NAME)?;
    Some(StorageId {
        key: key.into(),
        class: class.into(),
        numel: pickle.number(numel)?,
    })
}

/// Where a storage begins within the one that its key names, and how many values it has: PyTorch
/// before 0.4 could keep one as a part (key, offset, size) of another.
fn part(pickle: &Pickle, object: &Object, numel: usize) -> Option<(usize, usize)> {
    let Object::Persistent(id) = object else {
        return None;
    };
    let Some(&part) = pickle.tuple(*id)?.get(5) else {
        return Some((0, numel));
    };
    match pickle.get(part) {
        Object::None => Some((0, numel)),
        Object::Tuple(part) => {
            let &[_, offset, size] = &part[..] else {
                return None;
            };
            let (offset, size) = (pickle.number(offset)?, pickle.number(size)?);
            (offset.checked_add(size)? <= numel).then_some((offset, size))
        }
        _ => None,
    }
}

/// Shape and place of a tensor from the arguments (storage, offset, shape, strides, …), where it
/// stays within its storage.
fn view(pickle: &Pickle, arguments: Handle) -> Option<(Vec<usize>, View)> {
    let numbers = |handle: Handle| match pickle.get(handle) {
        Object::Tuple(handles) | Object::List(handles) if handles.len() <= MAX_RANK => {
            let numbers = handles.iter().map(|&handle| pickle.number(handle));
            numbers.collect::<Option<Vec<_>>>()
        }
        // torch.Size of a tuple
        Object::Instance(object) => {
            let &[sizes] = pickle.tuple(object.arguments)? else {
                return None;
            };
            let sizes = pickle
                .tuple(sizes)
                .filter(|sizes| sizes.len() <= MAX_RANK)?;
            sizes.iter().map(|&size| pickle.number(size)).collect()
        }
        _ => None,
    };
    let arguments = pickle.tuple(arguments)?;
    let &[storage, offset, shape, strides, ..] = arguments else {
        return None;
    };
    // Last, where there is one: whether the numbers are stored negated or conjugated.
    if let Some(&about) = arguments.get(6)
        && pickle
            .items(about)
            .any(|(_, is)| *pickle.get(is) == Object::Bool(true))
    {
        return None;
    }
    let object = pickle.get(storage);
    let storage = storage_id(pickle, object)?;
    let (start, numel) = part(pickle, object, storage.numel)?;
    let (offset, shape, strides) = (pickle.number(offset)?, numbers(shape)?, numbers(strides)?);
    let mut last = offset;
    for (&size, &stride) in shape.iter().zip(&strides) {
        last = last.checked_add(size.checked_sub(1)?.checked_mul(stride)?)?;
    }
    // Strides of 0 could make more of a few numbers than any memory holds.
    let count = shape
        .iter()
        .try_fold(1_usize, |count, &size| count.checked_mul(size))?;
    if shape.len() != strides.len() || last >= numel || count > MAX_VALUES {
        return None;
    }
    let view = View {
        storage,
        offset: start.checked_add(offset)?,
        strides,
    };
    Some((shape, view))
}
