//! A reader of the pickles that hold state dicts: it builds values, and calls nothing.

use super::Fault;

/// Index of an object.
pub(super) type Handle = usize;

/// What a pickle can hold here.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    Bytes,
    Tuple(Vec<Handle>),
    List(Vec<Handle>),
    Dict(Vec<(Handle, Handle)>),
    /// The class `collections.OrderedDict`.
    OrderedDict,
    /// The function that makes a tensor of a storage.
    RebuildTensor,
    /// The function that makes a parameter of a tensor.
    RebuildParameter,
    /// A class of storages, `torch.FloatStorage`.
    StorageClass(String),
    /// A persistent id: the tuple that names a storage.
    Persistent(Handle),
    /// A tensor: the tuple of arguments of its making.
    Tensor(Handle),
}

/// Objects of one pickle, and its length in bytes.
#[derive(Debug)]
pub(super) struct Pickle {
    objects: Vec<Object>,
    /// The last object.
    pub root: Handle,
    /// Bytes read.
    pub len: usize,
}

impl Pickle {
    /// All objects, in the order of their making.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// An object.
    pub fn get(&self, handle: Handle) -> &Object {
        &self.objects[handle]
    }

    /// Reads one pickle from the front of the bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut machine = Machine {
            bytes,
            at: 0,
            objects: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Vec::new(),
        };
        loop {
            let at = machine.at;
            match machine.step() {
                Some(Step::Next) => {}
                Some(Step::Done(root)) => {
                    return Ok(Self {
                        objects: machine.objects,
                        root,
                        len: machine.at,
                    });
                }
                Some(Step::Refused(what)) => {
                    let expected = "tensors alone, as torch.save(net.state_dict(), file) writes";
                    return Err(Fault::new(format!("pickle, byte {at}"), expected, what));
                }
                None => {
                    let expected = "a whole pickle of a state dict";
                    return Err(Fault::new(
                        "pickle",
                        expected,
                        format!("an end or a fault at byte {at}"),
                    ));
                }
            }
        }
    }
}

enum Step {
    Next,
    Done(Handle),
    Refused(String),
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    objects: Vec<Object>,
    stack: Vec<Handle>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    /// Objects by key; keys count up.
    memo: Vec<Option<Handle>>,
}

impl<'a> Machine<'a> {
    /// One operation; nothing where the bytes end or do not make sense.
    fn step(&mut self) -> Option<Step> {
        let [operation] = *self.array::<1>()?;
        match operation {
            0x80 => self.skip(1)?, // protocol
            0x95 => self.skip(8)?, // frame
            b'.' => return Some(Step::Done(self.pop()?)),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => self.stack.push(*self.stack.last()?),
            b'N' => self.push(Object::None),
            0x88 => self.push(Object::Bool(true)),
            0x89 => self.push(Object::Bool(false)),
            b'J' => {
                let value = i32::from_le_bytes(*self.array()?);
                self.push(Object::Int(value.into()));
            }
            b'K' => {
                let value = self.array::<1>()?[0];
                self.push(Object::Int(value.into()));
            }
            b'M' => {
                let value = u16::from_le_bytes(*self.array()?);
                self.push(Object::Int(value.into()));
            }
            0x8a => {
                let len = self.array::<1>()?[0];
                let value = long(self.take(len.into())?)?;
                self.push(Object::Int(value));
            }
            b'G' => {
                let value = f64::from_be_bytes(*self.array()?);
                self.push(Object::Float(value));
            }
            b'X' | b'T' | b'B' => {
                let len = u32::from_le_bytes(*self.array()?);
                self.text(len.into(), operation == b'B')?;
            }
            0x8c | b'U' | b'C' => {
                let len = self.array::<1>()?[0];
                self.text(len.into(), operation == b'C')?;
            }
            0x8d | 0x8e => {
                let len = u64::from_le_bytes(*self.array()?);
                self.text(len, operation == 0x8e)?;
            }
            b')' => self.push(Object::Tuple(Vec::new())),
            b'}' => self.push(Object::Dict(Vec::new())),
            b']' => self.push(Object::List(Vec::new())),
            b't' => {
                let items = self.pop_mark()?;
                self.push(Object::Tuple(items));
            }
            b'l' => {
                let items = self.pop_mark()?;
                self.push(Object::List(items));
            }
            b'd' => {
                self.push_below_mark(Object::Dict(Vec::new()))?;
                return self.set_items();
            }
            0x85..=0x87 => {
                let start = self.last(usize::from(operation - 0x84))?;
                let items = self.stack.split_off(start);
                self.push(Object::Tuple(items));
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(&[item])?;
            }
            b'e' => {
                let items = self.pop_mark()?;
                self.extend(&items)?;
            }
            b's' => {
                let start = self.last(2)?;
                self.marks.push(start);
                return self.set_items();
            }
            b'u' => return self.set_items(),
            b'q' => {
                let key = self.array::<1>()?[0];
                self.remember(key.into())?;
            }
            b'r' => {
                let key = u32::from_le_bytes(*self.array()?);
                self.remember(key as usize)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'h' => {
                let key = self.array::<1>()?[0];
                self.recall(key.into())?;
            }
            b'j' => {
                let key = u32::from_le_bytes(*self.array()?);
                self.recall(key as usize)?;
            }
            b'c' => {
                let module = self.line()?;
                let name = self.line()?;
                return self.global(module, name);
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |handle: Handle| match &self.objects[handle] {
                    Object::Text(text) => Some(text.clone()),
                    _ => None,
                };
                let (module, name) = (text(module)?, text(name)?);
                return self.global(&module, &name);
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Object::Persistent(id));
            }
            b'R' => return self.reduce(),
            // State of an ordered dict: the versions of its modules.
            b'b' => {
                self.pop()?;
                return match &self.objects[*self.stack.last()?] {
                    Object::Dict(_) | Object::Tensor(_) => Some(Step::Next),
                    _ => Some(Step::Refused("an object with a state".into())),
                };
            }
            other => {
                let what = match other {
                    b'i' | b'o' | 0x81 | 0x92 => "an object of a class".into(),
                    _ => format!("operation {other:#04x}"),
                };
                return Some(Step::Refused(what));
            }
        }
        Some(Step::Next)
    }

    /// The few globals that tensors need; all others are refused by name.
    fn global(&mut self, module: &str, name: &str) -> Option<Step> {
        let object = match (module, name) {
            ("collections", "OrderedDict") => Object::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Object::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Object::RebuildParameter,
            // The longest of their names has 19 letters; each tensor keeps a copy.
            ("torch", name) if name.len() < 40 && name.ends_with("Storage") => {
                Object::StorageClass(name.into())
            }
            _ => {
                let readable: String = format!("{module}.{name}").chars().take(80).collect();
                return Some(Step::Refused(readable.escape_debug().to_string()));
            }
        };
        self.push(object);
        Some(Step::Next)
    }

    fn reduce(&mut self) -> Option<Step> {
        let (tuple, callable) = (self.pop()?, self.pop()?);
        let Object::Tuple(arguments) = &self.objects[tuple] else {
            return None;
        };
        let made = match &self.objects[callable] {
            Object::OrderedDict if arguments.is_empty() => Object::Dict(Vec::new()),
            Object::RebuildTensor => Object::Tensor(tuple),
            Object::RebuildParameter => {
                let data = *arguments.first()?;
                self.stack.push(data);
                return Some(Step::Next);
            }
            _ => return Some(Step::Refused("a call of something else".into())),
        };
        self.push(made);
        Some(Step::Next)
    }

    fn set_items(&mut self) -> Option<Step> {
        let items = self.pop_mark()?;
        let Object::Dict(dict) = &mut self.objects[*self.stack.last()?] else {
            return None;
        };
        if items.len() % 2 == 1 {
            return None;
        }
        dict.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        Some(Step::Next)
    }

    fn extend(&mut self, items: &[Handle]) -> Option<()> {
        match &mut self.objects[*self.stack.last()?] {
            Object::List(list) => list.extend(items),
            _ => return None,
        }
        Some(())
    }

    fn push(&mut self, object: Object) {
        self.objects.push(object);
        self.stack.push(self.objects.len() - 1);
    }

    fn push_below_mark(&mut self, object: Object) -> Option<()> {
        let mark = self.marks.last_mut()?;
        if *mark > self.stack.len() {
            return None;
        }
        self.objects.push(object);
        self.stack.insert(*mark, self.objects.len() - 1);
        *mark += 1;
        Some(())
    }

    /// Where the last so many objects begin; those below an open mark are out of reach.
    fn last(&self, count: usize) -> Option<usize> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let start = self.stack.len().checked_sub(count)?;
        (start >= floor).then_some(start)
    }

    /// The last object.
    fn pop(&mut self) -> Option<Handle> {
        self.last(1)?;
        self.stack.pop()
    }

    fn pop_mark(&mut self) -> Option<Vec<Handle>> {
        let mark = self.marks.pop()?;
        (mark <= self.stack.len()).then(|| self.stack.split_off(mark))
    }

    fn remember(&mut self, key: usize) -> Option<()> {
        // Keys count up; one far beyond the bytes read would only be made to fill the memory.
        if key > self.at {
            return None;
        }
        if self.memo.len() <= key {
            self.memo.resize(key + 1, None);
        }
        self.memo[key] = Some(*self.stack.last()?);
        Some(())
    }

    fn recall(&mut self, key: usize) -> Option<()> {
        let object = (*self.memo.get(key)?)?;
        self.stack.push(object);
        Some(())
    }

    fn text(&mut self, len: u64, is_bytes: bool) -> Option<()> {
        let bytes = self.take(usize::try_from(len).ok()?)?;
        let object = match is_bytes {
            true => Object::Bytes,
            false => Object::Text(std::str::from_utf8(bytes).ok()?.into()),
        };
        self.push(object);
        Some(())
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn skip(&mut self, len: usize) -> Option<()> {
        self.take(len).map(drop)
    }

    fn line(&mut self) -> Option<&'a str> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|&byte| byte == b'\n')?;
        self.at += len + 1;
        std::str::from_utf8(&rest[..len]).ok()
    }
}

/// A little-endian two's complement number of any length up to 16 bytes.
fn long(bytes: &[u8]) -> Option<i128> {
    let sign = match bytes.last() {
        Some(&last) if last >= 0x80 => 0xff,
        _ => 0,
    };
    let mut wide = [sign; 16];
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i128::from_le_bytes(wide))
}
