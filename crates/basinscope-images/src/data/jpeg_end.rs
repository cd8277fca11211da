//! Whether a JPEG is whole: decoders fill what is missing with grey, and say nothing.

/// Ends a picture.
const END: u8 = 0xd9;
/// Begins the coded pixels of a scan.
const SCAN: u8 = 0xda;

/// Whether the segments and scans of a JPEG go on to the mark of its end. Marks within segments,
/// as those of small pictures for previews, do not count.
pub(super) fn has_end(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some((marker, after)) = next_marker(bytes, at) {
        at = match marker {
            END => return true,
            // Marks that stand alone.
            0x01 | 0xd0..=0xd8 => after,
            // A segment; of a scan its header, and the pixels up to the next mark come after.
            _ => match bytes.get(after..after + 2) {
                Some(&[high, low]) => {
                    let length = usize::from(u16::from_be_bytes([high, low])).max(2);
                    after + length
                }
                _ => return false,
            },
        };
        if marker == SCAN {
            at = scan_end(bytes, at);
        }
    }
    false
}

/// The next mark at or after a place, and the place behind it. Bytes between segments are passed
/// over, as decoders do.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let rest = bytes.get(from..)?;
    let mark = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff);
    let at = rest.windows(2).position(mark)?;
    Some((rest[at + 1], from + at + 2))
}

/// Where the pixels of a scan end: at a mark that is none of those within them.
fn scan_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let mark = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff | 0xd0..=0xd7);
    (rest.windows(2).position(mark)).map_or(bytes.len(), |at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_the_picture_itself_counts() {
        let start = [0xff, 0xd8];
        // A preview in a segment has an end of its own.
        let preview = [0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
        let scan = [0xff, 0xda, 0, 3, 1, 7, 0xff, 0, 0xff, 0xd0, 9];
        let end = [0xff, 0xd9];
        let two_scans = [&start[..], &preview, &scan, &scan, &end, &[0; 3]].concat();
        assert!(has_end(&two_scans));
        for cut in 0..two_scans.len() - 3 {
            assert!(!has_end(&two_scans[..cut]), "cut to {cut}");
        }
        assert!(!has_end(&[&start[..], &preview, &scan, &[0; 9]].concat()));
    }
}
