//! A reader of pickles that builds values, and makes no object and calls nothing.

use super::Fault;
use super::pickle::{Handle, Instance, Object};

enum Step {
    Next,
    Done(Handle),
}

/// The state of a reading. Every operation costs memory in proportion to its bytes.
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    objects: Vec<Object>,
    stack: Vec<Handle>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    /// Objects by key; keys count up.
    memo: Vec<Option<Handle>>,
}

/// Functions that make a tensor of a storage.
const REBUILDS: [&str; 2] = ["_rebuild_tensor", "_rebuild_tensor_v2"];

impl<'a> Machine<'a> {
    /// Reads one pickle from the front of the bytes: its objects, the last of them, and its length.
    pub fn run(bytes: &'a [u8]) -> Result<(Vec<Object>, Handle, usize), Fault> {
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
                Some(Step::Done(root)) => return Ok((machine.objects, root, machine.at)),
                None => {
                    let expected = "a whole pickle, as torch.save(net.state_dict(), file) writes";
                    let found = format!("an end or a fault at byte {at}");
                    return Err(Fault::new("pickle", expected, found));
                }
            }
        }
    }

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
            b'J' | b'K' | b'M' | b'I' | b'L' | 0x8a | 0x8b => self.int(operation)?,
            b'G' => {
                let value = f64::from_be_bytes(*self.array()?);
                self.push(Object::Float(value));
            }
            b'F' => {
                let value = self.line()?.parse().ok()?;
                self.push(Object::Float(value));
            }
            b'X' | 0x8c | 0x8d | b'T' | b'U' | b'S' | b'V' => self.text(operation)?,
            b'B' | b'C' | 0x8e | 0x96 => {
                let len = match operation {
                    b'C' => self.array::<1>()?[0].into(),
                    b'B' => u32::from_le_bytes(*self.array()?).into(),
                    _ => u64::from_le_bytes(*self.array()?),
                };
                let bytes = self.take(usize::try_from(len).ok()?)?.to_vec();
                self.push(Object::Bytes(bytes));
            }
            b')' => self.push(Object::Tuple(Vec::new())),
            b'}' => self.push(Object::Dict(Vec::new())),
            b']' => self.push(Object::List(Vec::new())),
            0x8f => self.push(Object::Set),
            b't' | b'l' | 0x91 | b'd' => {
                let items = self.pop_mark()?;
                self.push(match operation {
                    b't' => Object::Tuple(items),
                    b'l' => Object::List(items),
                    b'd' => Object::Dict(pairs(&items)?),
                    _ => Object::Set,
                });
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
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                self.extend(&items)?;
            }
            b's' => {
                let start = self.last(2)?;
                let items = self.stack.split_off(start);
                self.set_items(&items)?;
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.set_items(&items)?;
            }
            b'q' | b'r' | 0x94 | b'p' => {
                let key = match operation {
                    0x94 => self.memo.len(),
                    operation => self.key(operation)?,
                };
                self.remember(key)?;
            }
            b'h' | b'j' | b'g' => {
                let key = self.key(operation)?;
                let object = (*self.memo.get(key)?)?;
                self.stack.push(object);
            }
            b'c' => self.named()?,
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                self.push(Object::Global { module, name });
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Object::Persistent(id));
            }
            b'P' => {
                let id = self.line()?.to_string();
                self.push(Object::Text(id));
                let id = self.pop()?;
                self.push(Object::Persistent(id));
            }
            b'R' | 0x81 | 0x92 => {
                if operation == 0x92 {
                    self.pop()?; // arguments by name
                }
                let (arguments, class) = (self.pop()?, self.pop()?);
                self.make(class, arguments)?;
            }
            b'i' => {
                let arguments = self.pop_mark()?;
                self.named()?;
                let class = self.pop()?;
                self.push(Object::Tuple(arguments));
                let arguments = self.pop()?;
                self.make(class, arguments)?;
            }
            b'o' => {
                let mut arguments = self.pop_mark()?;
                let class = (!arguments.is_empty()).then(|| arguments.remove(0))?;
                self.push(Object::Tuple(arguments));
                let arguments = self.pop()?;
                self.make(class, arguments)?;
            }
            // The state of an ordered dictionary is the versions of its modules.
            b'b' => {
                let new = self.pop()?;
                if let Object::Instance(object) = &mut self.objects[*self.stack.last()?] {
                    object.state = Some(new);
                }
            }
            _ => return None,
        }
        Some(Step::Next)
    }

    /// What a call would give: tensors, parameters for what they hold, empty dictionaries. All
    /// else stays a call.
    fn make(&mut self, class: Handle, arguments: Handle) -> Option<()> {
        let Object::Tuple(handles) = &self.objects[arguments] else {
            return None;
        };
        let text = |handle: Handle| match &self.objects[handle] {
            Object::Text(text) => Some(&**text),
            _ => None,
        };
        let names = |class: Handle| match self.objects[class] {
            Object::Global { module, name } => text(module).zip(text(name)),
            _ => None,
        };
        let is_rebuild = |class: Handle| {
            names(class)
                .is_some_and(|(module, name)| module == "torch._utils" && REBUILDS.contains(&name))
        };
        let made = match names(class) {
            _ if is_rebuild(class) => Object::Tensor(arguments),
            Some(("collections", "OrderedDict")) if handles.is_empty() => Object::Dict(Vec::new()),
            Some(
                ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state")
                | ("torch.nn.parameter", "Parameter" | "Buffer")
                | ("torch.autograd.variable", "Variable"),
            ) if matches!(handles.first(), Some(&data) if matches!(self.objects[data], Object::Tensor(_))) =>
            {
                self.stack.push(handles[0]);
                return Some(());
            }
            // (function, type, arguments, state): a tensor of a class of its own.
            Some(("torch._tensor", "_rebuild_from_type_v2")) if matches!(handles[..], [function, _, _, _] if is_rebuild(function)) => {
                Object::Tensor(handles[2])
            }
            _ => Object::Instance(Box::new(Instance {
                class,
                arguments,
                state: None,
                items: Vec::new(),
            })),
        };
        self.push(made);
        Some(())
    }

    fn named(&mut self) -> Option<()> {
        for _ in 0..2 {
            let line = self.line()?.to_string();
            self.push(Object::Text(line));
        }
        let (name, module) = (self.pop()?, self.pop()?);
        self.push(Object::Global { module, name });
        Some(())
    }

    fn set_items(&mut self, items: &[Handle]) -> Option<()> {
        let pairs = pairs(items)?;
        match &mut self.objects[*self.stack.last()?] {
            Object::Dict(items) => items.extend(pairs),
            Object::Instance(object) => object.items.extend(pairs),
            _ => return None,
        }
        Some(())
    }

    fn extend(&mut self, items: &[Handle]) -> Option<()> {
        match &mut self.objects[*self.stack.last()?] {
            Object::List(list) => list.extend(items),
            Object::Set | Object::Instance(_) => {}
            _ => return None,
        }
        Some(())
    }

    fn push(&mut self, object: Object) {
        self.objects.push(object);
        self.stack.push(self.objects.len() - 1);
    }

    /// Where the last `count` objects begin; those below an open mark are out of reach.
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

    fn key(&mut self, operation: u8) -> Option<usize> {
        match operation {
            b'q' | b'h' => Some(self.array::<1>()?[0].into()),
            b'r' | b'j' => usize::try_from(u32::from_le_bytes(*self.array()?)).ok(),
            _ => self.line()?.parse().ok(),
        }
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

    /// A whole number; those of more than 16 bytes are kept as bytes.
    fn int(&mut self, operation: u8) -> Option<()> {
        let object = match operation {
            b'J' => Object::Int(i32::from_le_bytes(*self.array()?).into()),
            b'K' => Object::Int(self.array::<1>()?[0].into()),
            b'M' => Object::Int(u16::from_le_bytes(*self.array()?).into()),
            // Lines of digits: Python 2 wrote numbers beyond 32 bits so; 00 and 01 are truth values.
            b'I' | b'L' => match self.line()? {
                "00" => Object::Bool(false),
                "01" => Object::Bool(true),
                line => match line.strip_suffix('L').unwrap_or(line).parse() {
                    Ok(value) => Object::Int(value),
                    Err(_) => Object::Bytes(line.into()),
                },
            },
            _ => {
                let len = match operation {
                    0x8a => self.array::<1>()?[0].into(),
                    _ => u32::from_le_bytes(*self.array()?),
                };
                let bytes = self.take(usize::try_from(len).ok()?)?;
                long(bytes).map_or_else(|| Object::Bytes(bytes.to_vec()), Object::Int)
            }
        };
        self.push(object);
        Some(())
    }

    /// A text; those of Python 2 that are no UTF-8 are bytes.
    fn text(&mut self, operation: u8) -> Option<()> {
        let bytes = match operation {
            b'S' | b'V' => {
                let line = self.line()?.as_bytes();
                let quoted = match line {
                    [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
                    other => other,
                };
                if operation == b'S' { quoted } else { line }
            }
            _ => {
                let len = match operation {
                    0x8c | b'U' => self.array::<1>()?[0].into(),
                    b'X' | b'T' => u32::from_le_bytes(*self.array()?).into(),
                    _ => u64::from_le_bytes(*self.array()?),
                };
                self.take(usize::try_from(len).ok()?)?
            }
        };
        let object = match std::str::from_utf8(bytes) {
            Ok(text) => Object::Text(text.into()),
            Err(_) if matches!(operation, b'T' | b'U' | b'S') => Object::Bytes(bytes.to_vec()),
            Err(_) => return None,
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

fn pairs(items: &[Handle]) -> Option<Vec<(Handle, Handle)>> {
    let pairs = items.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    items.len().is_multiple_of(2).then(|| pairs.collect())
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
