//! Text in arrays of objects: a pickle, of which only the list of values is looked at. Nothing in
//! it is executed, and nothing it names is made.

use super::array::decoded;

/// A value on the pickle's stack.
#[derive(Debug, Clone)]
enum Value {
    Mark,
    Text(String),
    List(Vec<Value>),
    Other,
}

/// The values of the array as text.
///
/// # Errors
/// What stands in the way, in words.
pub(super) fn texts(pickle: &[u8]) -> Result<Vec<String>, String> {
    let mut reader = Reader { rest: pickle };
    let mut stack: Vec<Value> = Vec::new();
    let mut memo: Vec<Option<Value>> = Vec::new();
    loop {
        let code = reader.byte()?;
        match code {
            b'.' => break,
            0x80 => drop(reader.byte()?),
            0x95 => drop(reader.take(8)?),
            b'(' => stack.push(Value::Mark),
            b']' => stack.push(Value::List(Vec::new())),
            b'N' | b')' | b'}' => stack.push(Value::Other),
            0x88 => stack.push(Value::Text("True".into())),
            0x89 => stack.push(Value::Text("False".into())),
            b'K' => {
                let number = reader.byte()?;
                stack.push(Value::Text(number.to_string()));
            }
            b'M' => {
                let bytes = reader.array::<2>()?;
                stack.push(Value::Text(u16::from_le_bytes(bytes).to_string()));
            }
            b'J' => {
                let bytes = reader.array::<4>()?;
                stack.push(Value::Text(i32::from_le_bytes(bytes).to_string()));
            }
            b'G' => {
                let bytes = reader.array::<8>()?;
                stack.push(Value::Text(f64::from_be_bytes(bytes).to_string()));
            }
            0x8c => {
                let length = usize::from(reader.byte()?);
                stack.push(reader.text(length)?);
            }
            b'X' => {
                let length = u32::from_le_bytes(reader.array()?) as usize;
                stack.push(reader.text(length)?);
            }
            b'C' | b'U' => {
                let length = usize::from(reader.byte()?);
                stack.push(reader.text(length)?);
            }
            b'B' | b'T' => {
                let length = u32::from_le_bytes(reader.array()?) as usize;
                stack.push(reader.text(length)?);
            }
            b'c' => {
                reader.line()?;
                reader.line()?;
                stack.push(Value::Other);
            }
            // A class from two names, a call, a state: whatever they would make, it is not made.
            0x93 | b'R' => {
                pop(&mut stack)?;
                pop(&mut stack)?;
                stack.push(Value::Other);
            }
            b'b' => {
                let state = pop(&mut stack)?;
                let of = pop(&mut stack)?;
                // The state of the array is a tuple that holds the list; tuples pass it on.
                stack.push(if matches!(state, Value::List(_)) {
                    state
                } else {
                    of
                });
            }
            b't' => {
                let items = to_mark(&mut stack)?;
                stack.push(tuple(items));
            }
            0x85..=0x87 => {
                let count = usize::from(code - 0x84);
                let at = stack.len().checked_sub(count).ok_or(SHORT)?;
                let items = stack.split_off(at);
                stack.push(tuple(items));
            }
            b'a' => {
                let item = pop(&mut stack)?;
                push(&mut stack, vec![item])?;
            }
            b'e' => {
                let items = to_mark(&mut stack)?;
                push(&mut stack, items)?;
            }
            0x94 => memo.push(stack.last().map(small)),
            b'q' => {
                let at = usize::from(reader.byte()?);
                keep(&mut memo, at, &stack)?;
            }
            b'r' => {
                let at = u32::from_le_bytes(reader.array()?) as usize;
                keep(&mut memo, at, &stack)?;
            }
            b'h' => {
                let at = usize::from(reader.byte()?);
                stack.push(known(&memo, at)?);
            }
            b'j' => {
                let at = u32::from_le_bytes(reader.array()?) as usize;
                stack.push(known(&memo, at)?);
            }
            other => return Err(format!("a pickle with the instruction {other:#04x}")),
        }
    }
    let Some(Value::List(items)) = stack.pop() else {
        return Err("a pickle of something else".into());
    };
    let text = |item| match item {
        Value::Text(text) => Ok(text),
        _ => Err("an object of another kind".to_owned()),
    };
    items.into_iter().map(text).collect()
}

const SHORT: &str = "a pickle that ends too early";

fn pop(stack: &mut Vec<Value>) -> Result<Value, String> {
    stack.pop().ok_or_else(|| SHORT.into())
}

/// What stands above the last mark.
fn to_mark(stack: &mut Vec<Value>) -> Result<Vec<Value>, String> {
    let at = stack
        .iter()
        .rposition(|value| matches!(value, Value::Mark))
        .ok_or(SHORT)?;
    let items = stack.split_off(at + 1);
    stack.pop();
    Ok(items)
}

/// A tuple is of interest for the list it holds.
fn tuple(items: Vec<Value>) -> Value {
    let list = items
        .into_iter()
        .find(|item| matches!(item, Value::List(_)));
    list.unwrap_or(Value::Other)
}

fn push(stack: &mut [Value], items: Vec<Value>) -> Result<(), String> {
    match stack.last_mut() {
        Some(Value::List(list)) => {
            list.extend(items);
            Ok(())
        }
        _ => Err("a pickle of something else".into()),
    }
}

/// What is remembered of a value: words, which come again; lists do not.
fn small(value: &Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(text.clone()),
        _ => Value::Other,
    }
}

fn keep(memo: &mut Vec<Option<Value>>, at: usize, stack: &[Value]) -> Result<(), String> {
    // The memo counts up: one far beyond it is a fault, not a wish for memory.
    if at > memo.len() + 256 {
        return Err("a damaged pickle".into());
    }
    if memo.len() <= at {
        memo.resize(at + 1, None);
    }
    memo[at] = stack.last().map(small);
    Ok(())
}

fn known(memo: &[Option<Value>], at: usize) -> Result<Value, String> {
    memo.get(at)
        .cloned()
        .flatten()
        .ok_or_else(|| "a damaged pickle".into())
}

/// The bytes of a pickle from here on.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.array::<1>()?[0])
    }

    fn text(&mut self, length: usize) -> Result<Value, String> {
        let bytes = self.take(length)?;
        Ok(Value::Text(decoded(bytes)))
    }

    fn line(&mut self) -> Result<&'a [u8], String> {
        let end = self
            .rest
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or(SHORT)?;
        self.take(end + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pickle.dumps(numpy.array(["no", "yes", "no"], dtype=object), protocol=2)`, without the
    /// type, which is skipped like any other.
    #[test]
    fn words_are_found_and_nothing_is_made() {
        let mut pickle = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00".to_vec();
        pickle.extend(b"cos\nsystem\nK\x00\x85C\x01b\x87R(K\x01K\x03\x85N\x89]");
        pickle.extend(b"(X\x02\x00\x00\x00noq\x01\x8c\x03yesh\x01etb.");
        assert_eq!(texts(&pickle).unwrap(), ["no", "yes", "no"]);
        for end in 0..pickle.len() {
            assert!(texts(&pickle[..end]).is_err(), "{end}");
        }
        assert!(texts(b"\x80\x02]q\xffh\xfe.").is_err());
        assert!(texts(b"\x80\x02K\x01.").is_err());
    }
}
