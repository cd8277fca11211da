//! The files of a tarball, or of a folder, that a reader asks for by their names.

use super::bounded::{room_of, unreadable};
use basinscope::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

/// Names of other files that an error lists at most.
const NAMED: usize = 8;

/// Files by their names, without the folders they lie in.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Those that were wanted, with their bytes.
    pub wanted: BTreeMap<String, Vec<u8>>,
    /// The names of all.
    pub names: Vec<String>,
}

impl Files {
    /// Reads those whose names are wanted.
    ///
    /// # Errors
    /// [`Error::Io`] where a file cannot be read; [`Error::File`] where packed data are damaged.
    pub fn read(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Self> {
        if path.is_dir() {
            unpacked(path, wanted)
        } else {
            packed(path, wanted)
        }
    }

    /// What is there, for an error.
    pub fn listed(&self) -> String {
        match self.names.get(..NAMED) {
            _ if self.names.is_empty() => "no file".into(),
            Some(first) => format!("{}, … {} more", first.join(", "), self.names.len() - NAMED),
            None => self.names.join(", "),
        }
    }
}

fn unpacked(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Files> {
    let mut files = Files::default();
    for entry in fs::read_dir(path).map_err(Error::io(path, "read"))? {
        let file = entry.map_err(Error::io(path, "read"))?.path();
        let name = file.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|_| file.is_file()) else {
            continue;
        };
        files.names.push(name.into());
        if wanted(name) {
            let bytes = fs::read(&file).map_err(Error::io(&file, "read"))?;
            files.wanted.insert(name.into(), bytes);
        }
    }
    files.names.sort();
    Ok(files)
}

fn packed(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Files> {
    let mut file = File::open(path).map_err(Error::io(path, "read"))?;
    let length = file.metadata().map_err(Error::io(path, "read"))?.len();
    let mut magic = [0; 2];
    let is_gzip = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    file.rewind().map_err(Error::io(path, "read"))?;
    let file = BufReader::new(file);
    let (reader, room): (Box<dyn Read>, u64) = if is_gzip {
        (Box::new(MultiGzDecoder::new(file)), room_of(length))
    } else {
        (Box::new(file), length)
    };
    let damaged = |error| unreadable(path, "archive", error);
    // What is unpacked ends at `room`, whatever the entries say of their lengths. The holes of a
    // sparse file would be filled beyond it, so only ordinary files are read.
    let mut archive = tar::Archive::new(reader.take(room));
    let mut files = Files::default();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let place = entry.path().map_err(damaged)?.into_owned();
        let name = place.file_name().and_then(|name| name.to_str());
        let Some(name) = name.map(str::to_owned) else {
            continue;
        };
        if files.names.len() < 10 * NAMED {
            files.names.push(name.clone());
        }
        if !wanted(&name) {
            continue;
        }
        let size = entry.size();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 != size {
            let expected = format!("{size} bytes");
            let found = format!("only {} before the archive ends", bytes.len());
            return Err(Error::file(path.join(name), "length", expected, found));
        }
        files.wanted.insert(name, bytes);
    }
    // To the end, where the checksum is.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    Ok(files)
}
