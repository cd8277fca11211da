//! Downloads from a server on this machine that breaks off, lies and refuses.

#[path = "support/server.rs"]
mod server;

use basinscope_images::data::{Downloader, Event, Fetched, Md5Sum};
use server::{Reply, Request, Server};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file of 300,000 bytes, and a folder to fetch it to.
struct Fixture {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
    md5: Md5Sum,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..300_000_u32).map(|at| (at ^ (at >> 8)) as u8).collect();
        let original = folder.path().join("original");
        fs::write(&original, &bytes).unwrap();
        let md5 = Md5Sum::of_file(&original).unwrap();
        Self { folder, bytes, md5 }
    }
    fn target(&self) -> PathBuf {
        self.folder.path().join("cache/set/file.mat")
    }
    fn part(&self) -> PathBuf {
        self.folder.path().join("cache/set/file.mat.part")
    }
    fn bad(&self) -> PathBuf {
        self.folder.path().join("cache/set/file.mat.bad")
    }
    fn put(&self, path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fn fetch(&self, server: &Server) -> basinscope::Result<Fetched> {
        self.fetch_heard(server, &mut |_| ControlFlow::Continue(()))
    }
    fn fetch_heard(
        &self,
        server: &Server,
        listen: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> basinscope::Result<Fetched> {
        let url = format!("{}/set/file.mat", server.address);
        Downloader::new(3, Duration::ZERO).fetch(&url, &self.target(), self.md5, listen)
    }
    fn assert_fetched(&self, server: &Server) {
        assert_eq!(self.fetch(server).unwrap(), Fetched::Downloaded);
        assert!(fs::read(self.target()).unwrap() == self.bytes);
        assert!(!self.part().exists());
    }
    fn refuse(&self, server: &Server, parts: &[&str]) {
        let error = self.fetch(server).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "lacks `{part}`: {error}");
        }
        assert!(!self.target().exists());
    }
}

fn froms(server: &Server) -> Vec<Option<usize>> {
    server
        .requests()
        .iter()
        .map(|request| request.from)
        .collect()
}

#[test]
fn a_file_is_fetched_once_with_its_progress_told() {
    let fixture = Fixture::new();
    let server = Server::files(vec![("file.mat".into(), fixture.bytes.clone())]);
    let (mut totals, mut last) = (Vec::new(), 0);
    let fetched = fixture.fetch_heard(&server, &mut |event| {
        match event {
            Event::Started { from, total } => totals.push((from, total)),
            Event::Received(bytes) => {
                assert!(bytes > last);
                last = bytes;
            }
            other => panic!("{other:?}"),
        }
        ControlFlow::Continue(())
    });
    assert_eq!(fetched.unwrap(), Fetched::Downloaded);
    assert_eq!((totals, last), (vec![(0, Some(300_000))], 300_000));
    assert!(fs::read(fixture.target()).unwrap() == fixture.bytes);
    assert_eq!(fixture.fetch(&server).unwrap(), Fetched::Present);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let fixture = Fixture::new();
    let bytes = fixture.bytes.clone();
    let server = Server::start(move |_, request| Reply::ranged(&bytes, request).cut(70_000));
    fixture.assert_fetched(&server);
    let expected = [
        None,
        Some(70_000),
        Some(140_000),
        Some(210_000),
        Some(280_000),
    ];
    assert_eq!(froms(&server), expected);
}

#[test]
fn a_part_of_an_earlier_call_is_gone_on_with() {
    let fixture = Fixture::new();
    fixture.put(&fixture.part(), &fixture.bytes[..123_456]);
    let server = Server::files(vec![("file.mat".into(), fixture.bytes.clone())]);
    fixture.assert_fetched(&server);
    assert_eq!(froms(&server), [Some(123_456)]);
}

#[test]
fn a_server_that_always_breaks_off_is_given_up_and_the_part_kept() {
    let fixture = Fixture::new();
    let bytes = fixture.bytes.clone();
    let server = Server::start(move |number, request| {
        Reply::ranged(&bytes, request).cut(if number == 0 { 1000 } else { 0 })
    });
    let parts = [
        "/set/file.mat: cannot download",
        "after 1000 of 300000 bytes",
        "1000 bytes are kept",
    ];
    fixture.refuse(&server, &parts);
    assert!(fs::read(fixture.part()).unwrap() == fixture.bytes[..1000]);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_server_that_ignores_ranges_sends_all_of_it_again() {
    let fixture = Fixture::new();
    fixture.put(&fixture.part(), &fixture.bytes[..1000]);
    let bytes = fixture.bytes.clone();
    let server = Server::start(move |_, _| Reply::whole(&bytes));
    fixture.assert_fetched(&server);
    assert_eq!(froms(&server), [Some(1000)]);
}

#[test]
fn another_range_than_asked_for_is_not_taken() {
    let fixture = Fixture::new();
    fixture.put(&fixture.part(), &fixture.bytes[..1000]);
    let bytes = fixture.bytes.clone();
    let server = Server::start(move |_, request| match request.from {
        Some(_) => {
            let other = Request {
                from: Some(500),
                ..request.clone()
            };
            Reply::ranged(&bytes, &other)
        }
        None => Reply::whole(&bytes),
    });
    fixture.assert_fetched(&server);
    assert_eq!(froms(&server), [Some(1000), None]);
}

#[test]
fn a_whole_part_is_not_fetched_again_and_a_longer_one_is() {
    let fixture = Fixture::new();
    let server = Server::files(vec![("file.mat".into(), fixture.bytes.clone())]);
    fixture.put(&fixture.part(), &fixture.bytes);
    fixture.assert_fetched(&server);
    assert_eq!(froms(&server), [Some(300_000)]);
    fs::remove_file(fixture.target()).unwrap();
    fixture.put(&fixture.part(), &[&fixture.bytes[..], b"more"].concat());
    fixture.assert_fetched(&server);
    assert_eq!(froms(&server)[1..], [Some(300_004), None]);
}

#[test]
fn a_server_that_lies_about_the_length_is_found_out() {
    // More than there is: it breaks off, again and again.
    let fixture = Fixture::new();
    let bytes = fixture.bytes.clone();
    let server = Server::start(move |_, _| Reply {
        headers: vec!["Content-Length: 300001".into()],
        ..Reply::whole(&bytes)
    });
    fixture.refuse(&server, &["300000 of 300001 bytes"]);

    // Less than there is: only so much is read, and its sum is wrong.
    let fixture = Fixture::new();
    let bytes = fixture.bytes.clone();
    let server = Server::start(move |_, _| Reply {
        headers: vec!["Content-Length: 299999".into()],
        ..Reply::whole(&bytes)
    });
    fixture.refuse(
        &server,
        &["MD5 sum", &fixture.md5.to_string(), "file.mat.bad"],
    );
    assert_eq!(fs::metadata(fixture.bad()).unwrap().len(), 299_999);
    assert!(!fixture.part().exists());
}

#[test]
fn a_reply_without_a_length_is_judged_by_its_sum() {
    let fixture = Fixture::new();
    let bytes = fixture.bytes.clone();
    let server = Server::start(move |_, _| Reply {
        headers: Vec::new(),
        ..Reply::whole(&bytes)
    });
    fixture.assert_fetched(&server);
}

#[test]
fn refusals_name_the_address_and_the_answer() {
    let fixture = Fixture::new();
    fixture.put(&fixture.part(), &fixture.bytes[..10]);
    let server = Server::files(vec![]);
    let parts = ["/set/file.mat: answer: expected 200 OK, found 404 Not Found"];
    fixture.refuse(&server, &parts);
    assert_eq!(server.requests().len(), 1);
    assert!(fixture.part().exists(), "what is there stays");

    let busy = Server::start(|_, _| Reply::status("503 Service Unavailable"));
    fixture.refuse(&busy, &["cannot download: the server answered 503"]);
    assert_eq!(busy.requests().len(), 3);

    let address = busy.address.clone();
    drop(busy);
    let url = format!("{address}/x");
    let fetch = |url: &str| {
        let listen = &mut |_: Event<'_>| ControlFlow::Continue(());
        let error = Downloader::default().fetch(url, &fixture.target(), fixture.md5, listen);
        error.unwrap_err().to_string()
    };
    assert!(fetch(&url).contains("cannot download"), "{}", fetch(&url));
    assert!(fetch("no address").contains("address: expected an address http://"));
}

#[test]
fn wrong_bytes_are_set_aside_with_both_sums_told() {
    let fixture = Fixture::new();
    let mut wrong = fixture.bytes.clone();
    wrong[77] ^= 1;
    let served = wrong.clone();
    let server = Server::start(move |_, request| Reply::ranged(&served, request));
    let found = {
        let path = fixture.folder.path().join("wrong");
        fs::write(&path, &wrong).unwrap();
        Md5Sum::of_file(&path).unwrap().to_string()
    };
    let parts = [
        "MD5 sum: expected",
        &fixture.md5.to_string(),
        &found,
        "file.mat.bad",
    ];
    fixture.refuse(&server, &parts);
    assert!(fs::read(fixture.bad()).unwrap() == wrong);
    assert!(!fixture.part().exists());

    // A wrong file under the right name goes the same way, and the right one takes its place;
    // what was set aside before stays.
    fixture.put(&fixture.target(), b"no pictures");
    let right = Server::files(vec![("file.mat".into(), fixture.bytes.clone())]);
    let mut aside = Vec::new();
    let fetched = fixture.fetch_heard(&right, &mut |event| {
        if let Event::SetAside { path, .. } = event {
            aside.push(path.to_owned());
        }
        ControlFlow::Continue(())
    });
    assert_eq!(fetched.unwrap(), Fetched::Downloaded);
    assert!(fs::read(fixture.target()).unwrap() == fixture.bytes);
    assert_eq!(aside, [fixture.target().with_extension("mat.bad-2")]);
    assert_eq!(fs::read(&aside[0]).unwrap(), b"no pictures");
    assert!(fs::read(fixture.bad()).unwrap() == wrong);

    fs::remove_file(fixture.target()).unwrap();
    fixture.refuse(&server, &["MD5 sum", "file.mat.bad-3"]);
}

#[test]
fn pieces_of_two_files_are_replaced_by_one_whole_file() {
    let fixture = Fixture::new();
    fixture.put(&fixture.part(), &[9; 5000]);
    let server = Server::files(vec![("file.mat".into(), fixture.bytes.clone())]);
    fixture.assert_fetched(&server);
    assert_eq!(froms(&server), [Some(5000), None]);
    assert!(!fixture.bad().exists());
}

#[test]
fn pieces_of_one_call_that_do_not_fit_are_fetched_as_a_whole_once() {
    let fixture = Fixture::new();
    let bytes = fixture.bytes.clone();
    let server = Server::start(move |number, request| match number {
        0 => Reply::ranged(&bytes, request).cut(1000),
        1 => Reply::ranged(&[1; 300_000], request),
        _ => Reply::ranged(&bytes, request),
    });
    fixture.assert_fetched(&server);
    assert_eq!(froms(&server), [None, Some(1000), None]);

    // Wrong from the start again, and in pieces again: that is enough.
    let fixture = Fixture::new();
    let server = Server::start(|_, request| Reply::ranged(&[1; 3000], request).cut(2000));
    fixture.refuse(&server, &["MD5 sum", "file.mat.bad"]);
    assert_eq!(froms(&server), [None, Some(2000), None, Some(2000)]);

    // All of one answer: another would be no better.
    let fixture = Fixture::new();
    fixture.put(&fixture.part(), &[1; 1000]);
    let server = Server::start(|_, _| Reply::whole(&[1; 3000]));
    fixture.refuse(&server, &["MD5 sum", "file.mat.bad"]);
    assert_eq!(froms(&server), [Some(1000)]);
}

#[test]
fn downloads_at_the_same_time_leave_one_right_file() {
    for _ in 0..20 {
        let fixture = Fixture::new();
        let server = Server::files(vec![("file.mat".into(), fixture.bytes.clone())]);
        std::thread::scope(|scope| {
            let both = [(); 2].map(|()| scope.spawn(|| fixture.fetch(&server)));
            for fetched in both.map(|thread| thread.join().unwrap()) {
                let told = fetched.map_err(|error| error.to_string());
                match told {
                    Ok(fetched) => assert_ne!(fetched, Fetched::Interrupted),
                    Err(told) => assert!(told.contains("process: expected no other"), "{told}"),
                }
            }
        });
        assert!(fs::read(fixture.target()).unwrap() == fixture.bytes);
        let left = fs::read_dir(fixture.target().parent().unwrap()).unwrap();
        assert_eq!(left.count(), 1);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn an_interrupted_download_keeps_its_part() {
    let fixture = Fixture::new();
    let server = Server::files(vec![("file.mat".into(), fixture.bytes.clone())]);
    let fetched = fixture.fetch_heard(&server, &mut |event| match event {
        Event::Received(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(fetched.unwrap(), Fetched::Interrupted);
    let kept = fs::read(fixture.part()).unwrap();
    assert!(!kept.is_empty() && fixture.bytes.starts_with(&kept));
    fixture.assert_fetched(&server);
    assert_eq!(froms(&server), [None, Some(kept.len())]);
}

#[test]
fn a_part_that_another_download_holds_is_left_alone() {
    let fixture = Fixture::new();
    fixture.put(&fixture.part(), b"theirs");
    let theirs = fs::File::open(fixture.part()).unwrap();
    theirs.lock().unwrap();
    let server = Server::files(vec![("file.mat".into(), fixture.bytes.clone())]);
    fixture.refuse(&server, &["file.mat.part: process: expected no other"]);
    assert_eq!(fs::read(fixture.part()).unwrap(), b"theirs");
    assert!(server.requests().is_empty());
}
