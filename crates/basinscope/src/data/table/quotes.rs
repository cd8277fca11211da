//! Quotes that do not close, which would swallow the lines below them.

use super::delimiter::Delimiter;

/// A quote that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StrayQuote {
    /// The byte at which it opens.
    pub(super) at: usize,
    /// The byte after the one that closes it, where there is one.
    pub(super) closed: Option<usize>,
}

/// The first quoted cell that does not end, or that runs over lines and ends within a cell.
pub(super) fn stray_quote(text: &str, delimiter: Delimiter, comments: bool) -> Option<StrayQuote> {
    // Between blanks, quotes end with their line.
    let delimiter = delimiter.byte()?;
    let bytes = text.as_bytes();
    let (mut at, mut begins_cell, mut begins_line) = (0, true, true);
    while let Some(&byte) = bytes.get(at) {
        if begins_line && comments && byte == b'#' {
            at += text[at..].find('\n').unwrap_or(text.len() - at);
            begins_line = false;
            continue;
        }
        if begins_cell && byte == b'"' {
            let mut end = at + 1;
            loop {
                match (bytes.get(end), bytes.get(end + 1)) {
                    (None, _) => return Some(StrayQuote { at, closed: None }),
                    (Some(b'"'), Some(b'"')) => end += 2,
                    (Some(b'"'), _) => break,
                    _ => end += 1,
                }
            }
            let runs_on = text[at..end].contains(['\n', '\r']);
            let after = bytes.get(end + 1);
            let ends_cell = after.is_none_or(|&b| b == delimiter || b == b'\n' || b == b'\r');
            if runs_on && !ends_cell {
                let closed = Some(end + 1);
                return Some(StrayQuote { at, closed });
            }
            (at, begins_cell, begins_line) = (end + 1, false, false);
            continue;
        }
        begins_line = byte == b'\n' || byte == b'\r';
        begins_cell = begins_line || byte == delimiter;
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_by_example() {
        let stray = |text| stray_quote(text, Delimiter::Comma, true).map(|quote| quote.at);
        assert_eq!(stray("a,b\n1,\"5in\n2,ok\n"), Some(6));
        assert_eq!(stray("a,b\n1,\"n10\n2,ok\n3,\"n40\n"), Some(6));
        for fine in [
            "a,b\n1,\"two\nlines, one \"\"cell\"\"\"\n2,x\n",
            "a,b\n1,5\"\n2,6\"\n",
            "# it's \"so\na,b\n1,2\n",
            "a,b\n1,\"x\"y\n",
        ] {
            assert_eq!(stray(fine), None, "{fine}");
        }
    }
}
