//! A web server of one page of code, which can be told to misbehave.

#![allow(dead_code)] // each test file uses its part

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The path, with its leading slash.
    pub path: String,
    /// The first byte of the range asked for.
    pub from: Option<usize>,
}

/// What it is answered: a status, headers, and bytes that need not fit them.
pub struct Reply {
    pub status: &'static str,
    pub headers: Vec<String>,
    pub body: Vec<u8>,
}

impl Reply {
    /// All of it.
    pub fn whole(bytes: &[u8]) -> Self {
        Self {
            status: "200 OK",
            headers: vec![format!("Content-Length: {}", bytes.len())],
            body: bytes.to_vec(),
        }
    }

    /// The range asked for, or all where none is.
    pub fn ranged(bytes: &[u8], request: &Request) -> Self {
        let Some(from) = request.from else {
            return Self::whole(bytes);
        };
        let (len, last) = (bytes.len(), bytes.len().saturating_sub(1));
        if from >= len {
            return Self {
                status: "416 Range Not Satisfiable",
                headers: vec![
                    format!("Content-Range: bytes */{len}"),
                    "Content-Length: 0".into(),
                ],
                body: Vec::new(),
            };
        }
        let mut reply = Self::whole(&bytes[from..]);
        reply.status = "206 Partial Content";
        let range = format!("Content-Range: bytes {from}-{last}/{len}");
        reply.headers.push(range);
        reply
    }

    /// Nothing but a status.
    pub fn status(status: &'static str) -> Self {
        Self {
            status,
            ..Self::whole(b"")
        }
    }

    /// The same, but the connection breaks after so many bytes.
    pub fn cut(mut self, len: usize) -> Self {
        self.body.truncate(len);
        self
    }
}

/// The server; it ends when dropped.
pub struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers the requests one after the other; `answer` gets their number, from 0.
    pub fn start(answer: impl Fn(usize, &Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let ended = Arc::new(AtomicBool::new(false));
        let (log, stop) = (Arc::clone(&requests), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let Some(request) = read(&stream) else {
                    continue;
                };
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(request.clone());
                    log.len() - 1
                };
                write(&stream, &answer(number, &request));
            }
        });
        Self {
            address,
            requests,
            ended,
            thread: Some(thread),
        }
    }

    /// Serves files by name, with ranges.
    pub fn files(files: Vec<(String, Vec<u8>)>) -> Self {
        Self::start(move |_, request| {
            let named =
                |(name, _): &&(String, Vec<u8>)| request.path.ends_with(&format!("/{name}"));
            match files.iter().find(named) {
                Some((_, bytes)) => Reply::ranged(bytes, request),
                None => Reply::status("404 Not Found"),
            }
        })
    }

    /// What was asked for so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address.trim_start_matches("http://"));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut from = None;
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            return Some(Request { path, from });
        }
        if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().ok();
        }
    }
    None
}

fn write(mut stream: &TcpStream, reply: &Reply) {
    let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", reply.status);
    for header in &reply.headers {
        head += header;
        head += "\r\n";
    }
    head += "\r\n";
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&reply.body);
    let _ = stream.flush();
}
