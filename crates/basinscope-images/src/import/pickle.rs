//! What a pickle holds, once read: plain values, tensors, and objects that are looked at but never
//! made.

use super::Fault;
use super::unpickle::Machine;
use std::cell::Cell;

/// Index of an object.
pub(crate) type Handle = usize;

/// What a pickle can hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Tuple(Vec<Handle>),
    List(Vec<Handle>),
    Dict(Vec<(Handle, Handle)>),
    /// A set, whose members are not kept.
    Set,
    /// A class or function by its name: texts of module and name.
    Global {
        module: Handle,
        name: Handle,
    },
    /// A persistent id: the tuple that names a storage, or a class with its source.
    Persistent(Handle),
    /// A tensor: the tuple of arguments of its making.
    Tensor(Handle),
    /// An object of a class, or what a function would have given: not made, not called.
    Instance(Box<Instance>),
}

/// An object of a class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instance {
    /// The class or function.
    pub class: Handle,
    /// The tuple of its arguments.
    pub arguments: Handle,
    /// What `__setstate__` would have been called with.
    pub state: Option<Handle>,
    /// What was set in it as in a dictionary.
    pub items: Vec<(Handle, Handle)>,
}

/// Objects of one pickle, and its length in bytes.
#[derive(Debug)]
pub(crate) struct Pickle {
    objects: Vec<Object>,
    /// The last object.
    pub root: Handle,
    /// Bytes read.
    pub len: usize,
    /// Pairs that may still be looked at: one dictionary may stand in many places.
    looks: Cell<usize>,
}

/// Looks at pairs that a pickle of no bytes is worth, and that each byte adds; files of PyTorch's
/// need less than one a byte.
const LOOKS: usize = 1_000_000;
const LOOKS_A_BYTE: usize = 16;

impl Pickle {
    /// Reads one pickle from the front of the bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let (objects, root, len) = Machine::run(bytes)?;
        let looks = Cell::new(LOOKS + LOOKS_A_BYTE * len);
        Ok(Self {
            objects,
            root,
            len,
            looks,
        })
    }

    /// Whether its pairs were looked at so often that some were left out.
    pub fn is_exhausted(&self) -> bool {
        self.looks.get() == 0
    }

    /// All objects, in the order of their making.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// An object.
    pub fn get(&self, handle: Handle) -> &Object {
        &self.objects[handle]
    }

    /// A text.
    pub fn text(&self, handle: Handle) -> Option<&str> {
        match self.get(handle) {
            Object::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number of 0 or more.
    pub fn number(&self, handle: Handle) -> Option<usize> {
        match self.get(handle) {
            Object::Int(value) => usize::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The members of a tuple.
    pub fn tuple(&self, handle: Handle) -> Option<&[Handle]> {
        match self.get(handle) {
            Object::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs of a dictionary, or of an object that is one by its class (`OrderedDict`,
    /// `defaultdict`, others); those of Python 2 were made of a list of pairs.
    pub fn pairs(&self, handle: Handle) -> impl Iterator<Item = (Handle, Handle)> {
        let (items, listed): (&[_], &[Handle]) = match self.get(handle) {
            Object::Dict(items) => (items, &[]),
            Object::Instance(object) => (&object.items, self.listed(object.arguments)),
            _ => (&[], &[]),
        };
        let listed = listed.iter().map(|&pair| match self.get(pair) {
            Object::List(pair) | Object::Tuple(pair) => match pair[..] {
                [key, value] => Some((key, value)),
                _ => None,
            },
            _ => None,
        });
        let pairs = listed.chain(items.iter().map(|&pair| Some(pair)));
        let look = |_: &_| {
            let left = self.looks.get().saturating_sub(1);
            self.looks.set(left);
            left > 0
        };
        pairs.take_while(look).flatten()
    }

    /// The one list that an object was made of.
    fn listed(&self, arguments: Handle) -> &[Handle] {
        match self.tuple(arguments) {
            Some(&[only]) => match self.get(only) {
                Object::List(items) => items,
                _ => &[],
            },
            _ => &[],
        }
    }

    /// The pairs that have texts for keys.
    pub fn items(&self, handle: Handle) -> impl Iterator<Item = (&str, Handle)> {
        self.pairs(handle)
            .filter_map(|(key, value)| Some((self.text(key)?, value)))
    }

    /// The value of a key.
    pub fn item(&self, handle: Handle, key: &str) -> Option<Handle> {
        // Of a key set twice the last value counts.
        self.items(handle)
            .filter(|item| item.0 == key)
            .last()
            .map(|item| item.1)
    }

    /// Module and name of a class or function, also of one that is kept with its source.
    pub fn global(&self, handle: Handle) -> Option<(&str, &str)> {
        match self.get(handle) {
            Object::Global { module, name } => Some((self.text(*module)?, self.text(*name)?)),
            Object::Persistent(id) => match self.tuple(*id) {
                Some(&[kind, class, ..]) if self.text(kind) == Some("module") => {
                    match self.get(class) {
                        Object::Global { module, name } => {
                            Some((self.text(*module)?, self.text(*name)?))
                        }
                        _ => None,
                    }
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What an object is, for people.
    pub fn describe(&self, handle: Handle) -> String {
        match self.get(handle) {
            Object::None => "None".into(),
            Object::Bool(_) => "a truth value".into(),
            Object::Int(_) | Object::Float(_) => "a number".into(),
            Object::Text(_) => "a text".into(),
            Object::Bytes(_) => "bytes".into(),
            Object::Tuple(_) | Object::List(_) | Object::Set => "a list".into(),
            Object::Dict(_) => "a dictionary".into(),
            Object::Global { .. } => format!("the name {}", self.class_name(handle)),
            Object::Persistent(_) => "a storage".into(),
            Object::Tensor(_) => "a tensor".into(),
            Object::Instance(object) => format!("an object of {}", self.class_name(object.class)),
        }
    }

    /// `module.name` of a class or function, cut to a line.
    pub fn class_name(&self, handle: Handle) -> String {
        let Some((module, name)) = self.global(handle) else {
            return "an unnamed class".into();
        };
        let readable = module.chars().chain(['.']).chain(name.chars()).take(80);
        readable.collect::<String>().escape_debug().to_string()
    }
}
