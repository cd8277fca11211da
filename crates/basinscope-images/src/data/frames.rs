//! Whether a file holds pictures after its first: pages of a TIFF, frames of a GIF or WebP.

use image::ImageFormat;

/// Whether there is more than one picture; what is damaged has no more.
pub(super) fn has_more(format: ImageFormat, bytes: &[u8]) -> bool {
    let more = match format {
        ImageFormat::Tiff => tiff(bytes),
        ImageFormat::Gif => gif(bytes),
        ImageFormat::WebP => webp(bytes),
        _ => None,
    };
    more.unwrap_or(false)
}

/// Whether the first directory of a TIFF names a next one.
fn tiff(bytes: &[u8]) -> Option<bool> {
    let big_endian = bytes.starts_with(b"MM");
    let number = |at: usize, size: usize| {
        let raw = bytes.get(at..at.checked_add(size)?)?;
        let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        let value = match big_endian {
            true => raw.iter().fold(0, add),
            false => raw.iter().rev().fold(0, add),
        };
        usize::try_from(value).ok()
    };
    // Sizes of an offset, of the count of entries and of an entry.
    let (offset, [wide, count, entry]) = match number(2, 2)? {
        42 => (4, [4, 2, 12]),
        43 => (8, [8, 8, 20]),
        _ => return None,
    };
    let directory = number(offset, wide)?;
    let entries = number(directory, count)?.checked_mul(entry)?;
    let next = directory.checked_add(count)?.checked_add(entries)?;
    Some(number(next, wide)? != 0)
}

/// Whether a second image comes among the blocks of a GIF.
fn gif(bytes: &[u8]) -> Option<bool> {
    let byte = |at: usize| bytes.get(at).map(|&byte| usize::from(byte));
    let table = |flags: usize| {
        if flags & 0x80 == 0 {
            0
        } else {
            6 << (flags & 7)
        }
    };
    let behind_blocks = |mut at: usize| {
        loop {
            let length = byte(at)?;
            at += 1 + length;
            if length == 0 {
                return Some(at);
            }
        }
    };
    let (mut at, mut frames) = (13 + table(byte(10)?), 0);
    loop {
        at = match byte(at)? {
            0x21 => behind_blocks(at + 2)?,
            0x2c => {
                frames += 1;
                behind_blocks(at + 11 + table(byte(at + 9)?))?
            }
            _ => return Some(false),
        };
        if frames > 1 {
            return Some(true);
        }
    }
}

/// Whether a WebP has two chunks of frames.
fn webp(bytes: &[u8]) -> Option<bool> {
    let (mut at, mut frames) = (12_usize, 0);
    while frames < 2 {
        let head: [u8; 8] = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
        frames += usize::from(head.starts_with(b"ANMF"));
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        at = at
            .checked_add(8)?
            .checked_add(size)?
            .checked_add(size % 2)?;
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::gif::GifEncoder;
    use image::{Frame, RgbaImage};

    #[test]
    fn second_pages_and_frames_are_seen() {
        for count in [1, 2] {
            let mut bytes = Vec::new();
            let mut encoder = GifEncoder::new(&mut bytes);
            for value in 0..count {
                let pixels = RgbaImage::from_pixel(3, 2, image::Rgba([value * 9, 0, 0, 255]));
                encoder.encode_frame(Frame::new(pixels)).unwrap();
            }
            drop(encoder);
            assert_eq!(has_more(ImageFormat::Gif, &bytes), count > 1);
        }
        // No entry, then the place of the next directory.
        for next in [0, 14] {
            let head = [b'I', b'I', 42, 0, 8, 0, 0, 0, 0, 0, next, 0, 0, 0];
            assert_eq!(has_more(ImageFormat::Tiff, &head), next > 0);
        }
        let head = *b"RIFF\0\0\0\0WEBP";
        let frame = *b"ANMF\x01\0\0\0a\0";
        let one = [&head[..], &frame].concat();
        assert!(!has_more(ImageFormat::WebP, &one));
        assert!(has_more(ImageFormat::WebP, &[&one[..], &frame].concat()));
        for format in [ImageFormat::Gif, ImageFormat::Tiff, ImageFormat::WebP] {
            assert!(!has_more(format, b"II*\0\xff\xff\xff\xff"));
        }
    }
}
