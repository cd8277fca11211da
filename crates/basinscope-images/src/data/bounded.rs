//! Reading no more than a file can honestly hold: a size is believed once it fits.

use basinscope::{Error, Result};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// How many times its length a compressed file of pictures may take when unpacked.
const MAX_EXPANSION: u64 = 100;
/// What any compressed file may take on top of that, in bytes.
const ALLOWANCE: u64 = 64 << 20;
/// What is set aside at once; the rest is allocated as the bytes come.
const FIRST_BYTES: u64 = 1 << 20;

/// The most bytes that `compressed` bytes are unpacked to.
pub(super) fn room_of(compressed: u64) -> u64 {
    compressed
        .saturating_mul(MAX_EXPANSION)
        .saturating_add(ALLOWANCE)
}

/// A file, or a part of one, that gives out at most `room` more bytes.
pub(super) struct Bounded<'a> {
    path: &'a Path,
    reader: Box<dyn Read + 'a>,
    room: u64,
    /// How many packed bytes set the room, where they do.
    packed: Option<u64>,
}

impl<'a> Bounded<'a> {
    /// Opens a file as it stands.
    pub fn open(path: &'a Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io(path, "read"))?;
        let room = file.metadata().map_err(Error::io(path, "read"))?.len();
        Ok(Self {
            path,
            reader: Box::new(BufReader::new(file)),
            room,
            packed: None,
        })
    }

    /// Opens a file and unpacks it where it begins like a gzip file.
    pub fn open_unpacked(path: &'a Path) -> Result<Self> {
        let mut magic = [0; 2];
        let mut file = File::open(path).map_err(Error::io(path, "read"))?;
        let packed = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
        let plain = Self::open(path)?;
        if !packed {
            return Ok(plain);
        }
        Ok(Self {
            path,
            reader: Box::new(MultiGzDecoder::new(plain.reader)),
            room: room_of(plain.room),
            packed: Some(plain.room),
        })
    }

    /// The file's path.
    pub fn path(&self) -> &'a Path {
        self.path
    }

    /// How many more bytes there may be.
    pub fn room(&self) -> u64 {
        self.room
    }

    /// The next `len` bytes, of which `field` is made.
    pub fn bytes(&mut self, len: u64, field: &str) -> Result<Vec<u8>> {
        self.reserve(len, field)?;
        let mut bytes = Vec::with_capacity(len.min(FIRST_BYTES) as usize);
        (&mut self.reader)
            .take(len)
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(self.path, field, error))?;
        if (bytes.len() as u64) < len {
            return Err(self.short(field, len, bytes.len() as u64));
        }
        Ok(bytes)
    }

    /// The next `N` bytes, of which `field` is made.
    pub fn array<const N: usize>(&mut self, field: &str) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(&self.bytes(N as u64, field)?);
        Ok(array)
    }

    /// Passes over the next `len` bytes.
    pub fn skip(&mut self, len: u64, field: &str) -> Result<()> {
        self.reserve(len, field)?;
        let passed = io::copy(&mut (&mut self.reader).take(len), &mut io::sink())
            .map_err(|error| unreadable(self.path, field, error))?;
        if passed < len {
            return Err(self.short(field, len, passed));
        }
        Ok(())
    }

    /// Refuses anything after `field`; for packed bytes their checksum is verified here.
    pub fn end(&mut self, field: &str) -> Result<()> {
        let more = (&mut self.reader)
            .take(1)
            .read_to_end(&mut Vec::new())
            .map_err(|error| unreadable(self.path, field, error))?;
        if more > 0 {
            let found = "more bytes";
            return Err(Error::file(self.path, field, "the end of the file", found));
        }
        Ok(())
    }

    /// Reads a part of `len` bytes and passes over what `read` leaves of it.
    pub fn within<T>(
        &mut self,
        len: u64,
        field: &str,
        read: impl FnOnce(&mut Bounded<'_>) -> Result<T>,
    ) -> Result<T> {
        self.reserve(len, field)?;
        let mut part = Bounded {
            path: self.path,
            reader: Box::new((&mut self.reader).take(len)),
            room: len,
            packed: None,
        };
        let value = read(&mut part)?;
        part.skip(part.room, field)?;
        Ok(value)
    }

    /// Unpacks a zlib stream of `len` bytes, reads it and verifies its checksum.
    pub fn inflated<T>(
        &mut self,
        len: u64,
        field: &str,
        read: impl FnOnce(&mut Bounded<'_>) -> Result<T>,
    ) -> Result<T> {
        self.within(len, field, |packed| {
            let mut part = Bounded {
                path: packed.path,
                reader: Box::new(ZlibDecoder::new(&mut packed.reader)),
                room: room_of(len),
                packed: Some(len),
            };
            let value = read(&mut part)?;
            part.end(field)?;
            drop(part);
            packed.room = 0; // the decoder reads ahead; what is left of the part is empty
            io::copy(&mut packed.reader, &mut io::sink())
                .map_err(|error| unreadable(packed.path, field, error))?;
            Ok(value)
        })
    }

    fn reserve(&mut self, len: u64, field: &str) -> Result<()> {
        self.room = self
            .room
            .checked_sub(len)
            .ok_or_else(|| match self.packed {
                Some(packed) => self.swollen(field, len, packed),
                None => self.short(field, len, self.room),
            })?;
        Ok(())
    }

    /// Another `len` bytes would be more than so many packed ones are unpacked to.
    fn swollen(&self, field: &str, len: u64, packed: u64) -> Error {
        let most = room_of(packed);
        let expected = format!("at most {most} bytes from {packed} packed ones");
        let found = (most - self.room).saturating_add(len);
        Error::file(self.path, field, expected, found)
    }

    fn short(&self, field: &str, expected: u64, found: u64) -> Error {
        let expected = format!("{expected} bytes");
        let found = format!("only {found} before the file ends");
        Error::file(self.path, field, expected, found)
    }
}

/// What a failed read means: packed bytes that are damaged or cut, or a system's error.
pub(super) fn unreadable(path: &Path, field: &str, error: io::Error) -> Error {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    match error.kind() {
        UnexpectedEof => Error::file(path, field, "whole packed data", "a file that ends early"),
        InvalidData | InvalidInput | Other => {
            Error::file(path, field, "whole packed data", format!("damage: {error}"))
        }
        _ => Error::io(path, "read")(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    #[test]
    fn sizes_that_do_not_fit_are_refused_before_anything_is_allocated() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"abcdef").unwrap();
        let mut plain = Bounded::open(file.path()).unwrap();
        assert_eq!(plain.array::<2>("letters").unwrap(), *b"ab");
        let error = plain.bytes(1 << 60, "letters").unwrap_err().to_string();
        assert!(
            error.ends_with(
                "letters: expected 1152921504606846976 bytes, found only 4 before the file ends"
            ),
            "{error}"
        );
        plain.skip(4, "letters").unwrap();
        plain.end("letters").unwrap();
        let error = Bounded::open(file.path()).unwrap().end("letters");
        let error = error.unwrap_err().to_string();
        assert!(
            error.ends_with("expected the end of the file, found more bytes"),
            "{error}"
        );
    }

    #[test]
    fn a_packed_file_that_grows_without_end_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&vec![0; 100_000]).unwrap();
        let bytes = packed.finish().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let room = room_of(bytes.len() as u64);
        let open = || Bounded::open_unpacked(file.path()).unwrap();
        assert_eq!(open().bytes(100_000, "zeros").unwrap(), vec![0; 100_000]);
        let mut swollen = open();
        swollen.skip(3, "zeros").unwrap();
        let error = swollen.bytes(room, "zeros").unwrap_err().to_string();
        let (packed, found) = (bytes.len(), room + 3);
        let wanted = format!(
            "zeros: expected at most {room} bytes from {packed} packed ones, found {found}"
        );
        assert!(error.ends_with(&wanted), "{error}");
        assert!(open().bytes(100_001, "zeros").is_err());
        // The last eight bytes are checksum and length.
        std::fs::write(file.path(), &bytes[..bytes.len() - 4]).unwrap();
        let mut cut = open();
        cut.bytes(100_000, "zeros").unwrap();
        let error = cut.end("zeros").unwrap_err().to_string();
        assert!(error.contains("ends early"), "{error}");
    }
}
