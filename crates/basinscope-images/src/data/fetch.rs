//! Downloads that can be broken off: kept apart until whole, gone on with, and checked.

use super::checksum::Md5Sum;
use basinscope::{Error, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

/// How many times in a row a download is tried without getting further.
pub const DEFAULT_TRIES: usize = 5;
/// How long to wait before the next try.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(1);
/// How long a server may keep silent.
const SILENCE: Duration = Duration::from_secs(60);
/// How many tries there are in all, even where each gets further.
const MAX_TRIES: usize = 1000;

/// What happens in a download, as it happens.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Bytes begin to come.
    Started {
        /// How many are there from before.
        from: u64,
        /// How many there will be, where the server tells.
        total: Option<u64>,
    },
    /// So many bytes are there now.
    Received(u64),
    /// The next try begins.
    Retrying {
        /// What ended the last one.
        reason: &'a str,
    },
    /// A file that is not what it should be was renamed.
    SetAside {
        /// What it is called now.
        path: &'a Path,
        /// Its checksum.
        found: Md5Sum,
    },
}

/// How a download ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The file was there already, and right.
    Present,
    /// It is there now.
    Downloaded,
    /// The listener asked to stop; the next call goes on from here.
    Interrupted,
}

/// Downloads files over HTTP and HTTPS.
#[derive(Debug, Clone)]
pub struct Downloader {
    agent: Agent,
    tries: usize,
    wait: Duration,
}

impl Default for Downloader {
    fn default() -> Self {
        Self::new(DEFAULT_TRIES, DEFAULT_WAIT)
    }
}

/// How one try ended.
enum Outcome {
    /// Every byte the server told of is there.
    Whole,
    /// It did not get to the end.
    Broken(String),
    /// The listener asked to stop.
    Interrupted,
}

type Listener<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

impl Downloader {
    /// Tries `tries` times in a row (at least once) without getting further, `wait` apart.
    pub fn new(tries: usize, wait: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // What is packed stays so: lengths, ranges and checksums are of the packed bytes.
            .accept_encoding("identity")
            .timeout_connect(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .build();
        Self {
            agent: Agent::new_with_config(config),
            tries: tries.max(1),
            wait,
        }
    }

    /// Downloads `url` to `target`, whose MD5 sum must be `md5`.
    ///
    /// Bytes go to `target` with `.part` appended, which is renamed once its sum is right, and
    /// kept where the download breaks off: the next try, or the next call, asks for the rest
    /// (`Range`), and starts over where the server does not give it. Where the sum is wrong, the
    /// file is renamed to end in `.bad` (`.bad-2`, `.bad-3`, … where there are earlier ones), after
    /// one download from the start if it was pieced together. A `target` that is there is checked
    /// instead; if it is wrong it is set aside in the same way and fetched again. `listen` hears
    /// what happens and may stop the download.
    ///
    /// # Errors
    /// [`Error::Io`] where a file cannot be written, or naming the address where the connection
    /// fails or breaks off too often; [`Error::File`] naming the address where the server
    /// refuses or the sum is wrong, and naming the file where another process downloads it.
    pub fn fetch(
        &self,
        url: &str,
        target: &Path,
        md5: Md5Sum,
        listen: &mut Listener<'_>,
    ) -> Result<Fetched> {
        if target.exists() && Md5Sum::of_file(target)? == md5 {
            return Ok(Fetched::Present);
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(Error::io(folder, "create"))?;
        }
        let mut part = Partial::open(with_ending(target, ".part"))?;
        // Another process may have ended its download just before this one got hold of the part.
        if target.exists() {
            let found = Md5Sum::of_file(target)?;
            if found == md5 {
                if part.len()? == 0 {
                    fs::remove_file(&part.path).map_err(Error::io(&part.path, "remove"))?;
                }
                return Ok(Fetched::Present);
            }
            let path = set_aside(target, target)?;
            let _ = listen(Event::SetAside { path: &path, found });
        }
        let mut restarted = false;
        loop {
            match self.try_often(url, &mut part, listen)? {
                Fetched::Interrupted => return Ok(Fetched::Interrupted),
                _ => (part.file.sync_all()).map_err(Error::io(&part.path, "write"))?,
            }
            let found = Md5Sum::of_file(&part.path)?;
            if found == md5 {
                break;
            }
            if part.pieced && !restarted {
                restarted = true;
                part.restart()?;
                let reason = "the pieces do not fit together; starting over";
                if listen(Event::Retrying { reason }).is_break() {
                    return Ok(Fetched::Interrupted);
                }
                continue;
            }
            let bad = set_aside(&part.path, target)?;
            let found = format!("{found} (the file is kept as {})", bad.display());
            return Err(Error::file(url, "MD5 sum", md5.to_string(), found));
        }
        fs::rename(&part.path, target).map_err(Error::io(target, "rename"))?;
        drop(part); // not sooner, or another process would go on with it
        Ok(Fetched::Downloaded)
    }

    /// Tries until every byte is there, or nothing more comes.
    fn try_often(
        &self,
        url: &str,
        part: &mut Partial,
        listen: &mut Listener<'_>,
    ) -> Result<Fetched> {
        let (mut furthest, mut fruitless) = (part.len()?, 0);
        for _ in 0..MAX_TRIES {
            let reason = match self.try_once(url, part, listen)? {
                Outcome::Whole => return Ok(Fetched::Downloaded),
                Outcome::Interrupted => return Ok(Fetched::Interrupted),
                Outcome::Broken(reason) => reason,
            };
            let length = part.len()?;
            fruitless = if length > furthest { 1 } else { fruitless + 1 };
            furthest = furthest.max(length);
            if fruitless >= self.tries {
                let kept = format!("{reason}; {length} bytes are kept, try again to go on");
                return Err(Error::io(url, "download")(io::Error::other(kept)));
            }
            if listen(Event::Retrying { reason: &reason }).is_break() {
                return Ok(Fetched::Interrupted);
            }
            std::thread::sleep(self.wait);
        }
        let often = format!("the connection broke {MAX_TRIES} times");
        Err(Error::io(url, "download")(io::Error::other(often)))
    }

    fn try_once(
        &self,
        url: &str,
        part: &mut Partial,
        listen: &mut Listener<'_>,
    ) -> Result<Outcome> {
        let have = part.len()?;
        let mut request = self.agent.get(url);
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return broken(url, error),
        };
        let status = response.status();
        let (from, total) = match status {
            StatusCode::OK => {
                // Also where the server does not know ranges: all of it comes again.
                part.restart()?;
                (0, content_length(&response))
            }
            StatusCode::PARTIAL_CONTENT if have > 0 => {
                let range = content_range(&response);
                let rest = content_length(&response);
                let fits = |range: &Range| {
                    range.start == have
                        && range.total.is_none_or(|total| total == range.end)
                        && rest.is_none_or(|rest| rest == range.end - have)
                };
                let Some(range) = range.filter(fits) else {
                    part.restart()?;
                    return Ok(Outcome::Broken("the server sent another range".into()));
                };
                part.pieced = true;
                (have, Some(range.end))
            }
            StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
                // Either all of it is here, which the checksum tells, or too much.
                if header(&response, "content-range") == Some(&format!("bytes */{have}")) {
                    return Ok(Outcome::Whole);
                }
                part.restart()?;
                return Ok(Outcome::Broken("the server has no such range".into()));
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                return Ok(Outcome::Broken(format!("the server answered {status}")));
            }
            _ if status.is_server_error() => {
                return Ok(Outcome::Broken(format!("the server answered {status}")));
            }
            _ => return Err(Error::file(url, "answer", "200 OK", status)),
        };
        if listen(Event::Started { from, total }).is_break() {
            return Ok(Outcome::Interrupted);
        }
        let at = part.file.seek(SeekFrom::Start(from));
        at.map_err(Error::io(&part.path, "write"))?;
        let body = response.into_body().into_reader();
        copy(body, part, from, total, listen)
    }
}

/// Writes what comes to the file until it ends.
fn copy(
    mut body: impl Read,
    part: &mut Partial,
    from: u64,
    total: Option<u64>,
    listen: &mut Listener<'_>,
) -> Result<Outcome> {
    let (mut have, mut buffer) = (from, vec![0; 1 << 16]);
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok(Outcome::Broken(broke_off(have, total, &error))),
        };
        let written = part.file.write_all(&buffer[..count]);
        written.map_err(Error::io(&part.path, "write"))?;
        have += count as u64;
        if listen(Event::Received(have)).is_break() {
            return Ok(Outcome::Interrupted);
        }
    }
    match total {
        Some(total) if have < total => {
            Ok(Outcome::Broken(broke_off(have, Some(total), &"it ended")))
        }
        _ => Ok(Outcome::Whole),
    }
}

fn broke_off(have: u64, total: Option<u64>, why: &dyn std::fmt::Display) -> String {
    match total {
        Some(total) => format!("broke off after {have} of {total} bytes ({why})"),
        None => format!("broke off after {have} bytes ({why})"),
    }
}

/// A request that got no answer: worth another try, or not.
fn broken(url: &str, error: ureq::Error) -> Result<Outcome> {
    match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err(Error::io(url, "download")(error))
        }
        ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::Protocol(_) => {
            Ok(Outcome::Broken(error.to_string()))
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            let expected = "an address http://… or https://…";
            Err(Error::setting(
                "address",
                expected,
                format!("`{url}` ({error})"),
            ))
        }
        error => Err(Error::io(url, "download")(io::Error::other(error))),
    }
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

fn content_length(response: &Response<Body>) -> Option<u64> {
    header(response, "content-length")?.trim().parse().ok()
}

/// What a partial answer holds: bytes from `start` up to before `end`.
struct Range {
    start: u64,
    end: u64,
    total: Option<u64>,
}

fn content_range(response: &Response<Body>) -> Option<Range> {
    let (range, total) = header(response, "content-range")?
        .strip_prefix("bytes ")?
        .split_once('/')?;
    let (start, last) = range.split_once('-')?;
    let (start, last): (u64, u64) = (start.parse().ok()?, last.parse().ok()?);
    let total = match total {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    let end = last.checked_add(1).filter(|&end| end > start)?;
    Some(Range { start, end, total })
}

/// What is there of a download; other processes are kept from it.
struct Partial {
    file: File,
    path: PathBuf,
    /// Whether the bytes come from more than one answer, or from a call before, which may have
    /// had several.
    pieced: bool,
}

impl Partial {
    fn open(path: PathBuf) -> Result<Self> {
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(Error::io(&path, "write"))?;
            match file.try_lock() {
                Ok(()) if path.exists() => {
                    let mut part = Self {
                        file,
                        path,
                        pieced: false,
                    };
                    part.pieced = part.len()? > 0;
                    return Ok(part);
                }
                Ok(()) => {} // another process renamed it between opening and locking
                Err(TryLockError::WouldBlock) => {
                    let found = "another that is downloading it";
                    return Err(Error::file(path, "process", "no other", found));
                }
                Err(TryLockError::Error(error)) => return Err(Error::io(&path, "lock")(error)),
            }
        }
    }

    fn len(&self) -> Result<u64> {
        let metadata = self.file.metadata();
        Ok(metadata.map_err(Error::io(&self.path, "read"))?.len())
    }

    fn restart(&mut self) -> Result<()> {
        self.pieced = false;
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .map_err(Error::io(&self.path, "write"))
    }
}

/// Renames a wrong file to the target's name with `.bad` appended, or with `.bad-2`, `.bad-3`, …
/// where there are wrong files from before.
fn set_aside(file: &Path, target: &Path) -> Result<PathBuf> {
    let mut bad = with_ending(target, ".bad");
    let mut number = 1;
    while bad.exists() {
        number += 1;
        bad = with_ending(target, &format!(".bad-{number}"));
    }
    fs::rename(file, &bad).map_err(Error::io(file, "rename"))?;
    Ok(bad)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
