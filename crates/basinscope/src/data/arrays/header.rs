//! The header of an `.npy`, looked at before it is parsed.

/// The start of an `.npy`: the magic number, the version, the length of the header, the header.
const MAGIC: &[u8] = b"\x93NUMPY";

/// Refuses what no plain array begins with, before a parser sees it: another magic number, a
/// header that is longer than the file, or nested brackets (of records, on which parsers may take
/// exponential time).
///
/// # Errors
/// What was found, in words.
pub fn check_npy_header(bytes: &[u8]) -> Result<(), String> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Err("something else".into());
    };
    let (start, length) = match *rest {
        [1, _, a, b, ..] => (4_usize, usize::from(u16::from_le_bytes([a, b]))),
        [2 | 3, _, a, b, c, d, ..] => (6, u32::from_le_bytes([a, b, c, d]) as usize),
        _ => return Err("a header of an unknown version".into()),
    };
    let Some(header) = start
        .checked_add(length)
        .and_then(|end| rest.get(start..end))
    else {
        return Err(format!("a header that ends after {} bytes", bytes.len()));
    };
    if header.contains(&b'[') {
        return Err("records (an array of several types)".into());
    }
    let opened = |bracket: u8| header.iter().filter(|&&byte| byte == bracket).count();
    if opened(b'(') > 1 || opened(b'{') > 1 {
        return Err("a header with brackets within brackets".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_headers_reach_the_parser() {
        let npy = |header: &str, length: u16| {
            [MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes()].concat()
        };
        let good = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }";
        assert_eq!(check_npy_header(&npy(good, good.len() as u16)), Ok(()));
        for (bytes, wanted) in [
            (npy(good, u16::MAX), "a header that ends after 69 bytes"),
            (npy("{[[[[[[", 7), "records"),
            (npy("{((((((", 7), "brackets within brackets"),
            (b"\x93NUMPY\x09\x00abc".to_vec(), "unknown version"),
            (b"\x93NUMPY".to_vec(), "unknown version"),
            (b"PK".to_vec(), "something else"),
        ] {
            let found = check_npy_header(&bytes).unwrap_err();
            assert!(found.contains(wanted), "{found}");
        }
    }
}
