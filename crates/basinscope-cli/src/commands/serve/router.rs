//! What is answered to a request: the list, a page, a stamp, a file, or why not.

use super::cards::card;
use super::glance::{Glance, ago};
use super::live::{self, enliven};
use super::runs::{Run, Shelf};
use super::{files, hosts};
use crate::lab::page_from_records;
use basinscope::record::RunDir;
use basinscope_report::page::{notice_html, shelf_html};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::{Map, json};
use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// What is sent back.
pub type Answer = Response<Full<Bytes>>;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// A page loads nothing from elsewhere, whatever it holds, and no other page frames it.
const POLICY: &str = "default-src 'self' 'unsafe-inline' data: blob:; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The way back from the page of a run.
const BACK: &str = "<nav aria-label=\"Server\"><p><a href=\"/\">All runs served here</a></p></nav>";

/// Everything that is served.
pub struct Site {
    shelf: Shelf,
    /// Only addresses of this machine itself may be asked for, see [`hosts`].
    local: bool,
    /// The page of each run with the stamp it was made at.
    pages: Mutex<HashMap<PathBuf, (u64, Bytes)>>,
}

impl Site {
    /// Serves these runs; `local` where nobody but this machine is to be answered.
    pub fn new(shelf: Shelf, local: bool) -> Self {
        Self {
            shelf,
            local,
            pages: Mutex::default(),
        }
    }

    /// Answers a request, from its head alone.
    pub fn answer(&self, request: &Parts) -> Answer {
        let mut answer = self.route(request);
        let headers = answer.headers_mut();
        for (name, value) in [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        answer
    }

    fn route(&self, request: &Parts) -> Answer {
        if self.local && !hosts::is_local(request) {
            return notice(
                StatusCode::FORBIDDEN,
                "Not here",
                "Ask for localhost or 127.0.0.1: this server answers its own machine only.",
            );
        }
        if request.method != Method::GET && request.method != Method::HEAD {
            let mut answer = notice(
                StatusCode::METHOD_NOT_ALLOWED,
                "Not allowed",
                "This server can only be read from.",
            );
            let allowed = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(header::ALLOW, allowed);
            return answer;
        }
        match request.uri.path() {
            "/" => self.list(),
            "/stamp" => self.list_stamp(),
            live::SCRIPT_PATH => found(SCRIPT, live::SCRIPT),
            path => self.in_run(path).unwrap_or_else(|| {
                notice(
                    StatusCode::NOT_FOUND,
                    "Nothing here",
                    "There is no such page or file.",
                )
            }),
        }
    }

    fn in_run(&self, path: &str) -> Option<Answer> {
        let path = path.strip_prefix("/runs/")?;
        let (key, relative) = match path.split_once('/') {
            Some((key, relative)) => (key, Some(relative)),
            None => (path, None),
        };
        let run = self.shelf.find(key)?;
        Some(match relative {
            // Links in the page are relative to its folder.
            None => moved(&format!("/runs/{key}/")),
            Some("" | "index.html") => found(HTML, self.page(&run)),
            Some("stamp") => found(
                JSON,
                json!({ "stamp": hex(run.glance().stamp) }).to_string(),
            ),
            Some(relative) => {
                let sent = files::read(&run.root, relative)?;
                found(sent.kind, sent.bytes)
            }
        })
    }

    /// The page of a run, drawn from its records where they are newer.
    fn page(&self, run: &Run) -> Bytes {
        // Looked at before it is drawn: what changes meanwhile makes another stamp.
        let glance = run.glance();
        let pages = || self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((stamp, page)) = pages().get(&run.root)
            && *stamp == glance.stamp
        {
            return page.clone();
        }
        let poll = format!("/runs/{}/stamp", run.key);
        let html = enliven(&draw(run, &glance), &poll, &hex(glance.stamp), BACK);
        let page = Bytes::from(html);
        pages().insert(run.root.clone(), (glance.stamp, page.clone()));
        page
    }

    fn list(&self) -> Answer {
        let runs = self.shelf.runs();
        let now = SystemTime::now();
        let stamp = stamp_of(&runs, now);
        let cards: Vec<_> = runs.iter().map(|run| card(run, now)).collect();
        found(
            HTML,
            enliven(&shelf_html(&cards), "/stamp", &hex(stamp), ""),
        )
    }

    fn list_stamp(&self) -> Answer {
        let runs = self.shelf.runs();
        let now = SystemTime::now();
        let changed = |run: &Run| Some(ago(run.glance().changed()?, now));
        let texts: Map<_, _> = (runs.iter())
            .filter_map(|run| Some((format!("changed-{}", run.key), changed(run)?.into())))
            .collect();
        let stamp = hex(stamp_of(&runs, now));
        found(JSON, json!({ "stamp": stamp, "texts": texts }).to_string())
    }
}

/// The page on the disk where it is current, else one drawn now, else why there is none.
fn draw(run: &Run, glance: &Glance) -> String {
    let on_disk = || fs::read_to_string(run.root.join("index.html"));
    let drawn = match glance.page_is_current() {
        true => on_disk().map(Some).map_err(anyhow::Error::from),
        false => page_from_records(&RunDir::at(&run.root)),
    };
    match drawn {
        Ok(Some(html)) => html,
        Ok(None) => on_disk().unwrap_or_else(|_| notice_html(&run.key, no_page_yet(glance))),
        Err(error) => notice_html(
            &run.key,
            &format!(
                "The page cannot be drawn from what is there by now: {error:#}. It is tried again with the next change."
            ),
        ),
    }
}

fn no_page_yet(glance: &Glance) -> &'static str {
    if glance.has_results {
        "No page yet: the results here hold neither minima nor a sheet. This page shows them as soon as they do."
    } else {
        "Waiting for the first result. This page shows it as soon as it is there."
    }
}

/// Changes whenever the list would say another thing than before, times aside.
fn stamp_of(runs: &[Run], now: SystemTime) -> u64 {
    let mut hasher = DefaultHasher::new();
    for run in runs {
        let glance = run.glance();
        (&run.key, glance.stamp, glance.standing(now).word()).hash(&mut hasher);
    }
    hasher.finish()
}

fn hex(stamp: u64) -> String {
    format!("{stamp:016x}")
}

fn found(kind: &'static str, body: impl Into<Bytes>) -> Answer {
    sent(StatusCode::OK, kind, body)
}

fn notice(status: StatusCode, title: &str, text: &str) -> Answer {
    sent(status, HTML, notice_html(title, text))
}

/// That something went wrong here.
pub fn broken() -> Answer {
    notice(
        StatusCode::INTERNAL_SERVER_ERROR,
        "An error",
        "The server could not answer; it goes on.",
    )
}

fn moved(to: &str) -> Answer {
    let mut answer = sent(StatusCode::PERMANENT_REDIRECT, HTML, Bytes::new());
    if let Ok(to) = HeaderValue::from_str(to) {
        answer.headers_mut().insert(header::LOCATION, to);
    }
    answer
}

fn sent(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
