//! The server and the command that opens a page: what they answer, refuse and leave alone.

mod support;

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::{basinscope, files, json, train};

/// A server that ends with the test.
struct Server {
    child: Child,
    port: u16,
    summary: Value,
}

impl Server {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_basinscope"))
            .current_dir(folder)
            .args(["serve", "--port", "0", "--json"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let summary: Value = serde_json::from_str(&line).unwrap();
        let url = summary["url"].as_str().unwrap();
        let port = url.trim_end_matches('/').rsplit_once(':').unwrap().1;
        let port = port.parse().unwrap();
        Self {
            child,
            port,
            summary,
        }
    }

    /// Sends these very bytes; returns the status, the head in lower case and the body.
    fn raw(&self, request: &str) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.expect("a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_lowercase(), bytes.split_off(end + 4))
    }

    fn ask(&self, method: &str, path: &str, host: &str) -> (u16, String, Vec<u8>) {
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ))
    }

    fn get(&self, path: &str) -> (u16, String) {
        let (status, _, body) = self.ask("GET", path, "localhost");
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    fn stamp(&self, path: &str) -> String {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        answer["stamp"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn runs_are_listed_and_their_pages_follow_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "runs/one", &[]);
    train(f, "runs/two", &["--seed", "1"]);
    fs::create_dir(f.join("empty")).unwrap();
    let before = files(f);
    let server = Server::start(f, &["runs", "empty"]);
    assert_eq!(server.summary["command"], "serve");
    assert_eq!(server.summary["runs"].as_array().unwrap().len(), 3);

    let (status, list) = server.get("/");
    assert_eq!(status, 200);
    for part in [
        "runs/one/",
        "runs/two/",
        "runs/empty/",
        ">train<",
        ">waiting<",
    ] {
        assert!(list.contains(part), "{part}");
    }

    // The page on the disk is current: it is served as it stands, but for what the server adds.
    let (status, page) = server.get("/runs/one/");
    assert_eq!(status, 200);
    let stamp = server.stamp("/runs/one/stamp");
    assert!(page.contains(&format!("data-stamp=\"{stamp}\"")));
    assert!(page.contains("connect-src 'self'") && page.contains("script-src"));
    let on_disk = fs::read_to_string(f.join("runs/one/index.html")).unwrap();
    let (_, disk_body) = on_disk.split_once("<body>").unwrap();
    let disk_body = disk_body.rsplit_once("</body>").unwrap().0;
    assert!(page.contains(disk_body));
    assert_eq!(server.get("/runs/one/index.html").1, page);
    assert!(
        server
            .get("/runs/empty/")
            .1
            .contains("Waiting for the first result")
    );
    assert_eq!(server.get("/live.js").0, 200);
    let (status, head, _) = server.ask("GET", "/runs/one", "localhost");
    assert!(status == 308 && head.contains("location: /runs/one/"));

    // Files come whole, with their type; of HEAD only the head.
    for (file, kind) in [
        ("results/minima.json", "application/json"),
        ("figures/training.svg", "image/svg+xml"),
        ("figures/training.png", "image/png"),
        ("config.toml", "text/plain; charset=utf-8"),
        ("data.npz", "application/octet-stream"),
    ] {
        let path = format!("/runs/one/{file}");
        let (status, head, body) = server.ask("GET", &path, "127.0.0.1:1");
        assert_eq!(status, 200, "{file}");
        for part in [
            kind,
            "x-content-type-options: nosniff",
            "cache-control: no-store",
        ] {
            assert!(head.contains(part), "{file}: {head}");
        }
        assert!(body == before[&Path::new("runs/one").join(file)], "{file}");
        let (status, head, nothing) = server.ask("HEAD", &path, "[::1]");
        assert!(status == 200 && nothing.is_empty(), "{file}");
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{file}: {head}"
        );
    }
    assert_eq!(files(f), before, "the server wrote");

    // A record changes after the page was written: the page is drawn from it.
    let list_stamp = server.stamp("/stamp");
    let minima = f.join("runs/one/results/minima.json");
    let mut records = json(&minima);
    records[0]["test_accuracy"] = 0.12345.into();
    std::thread::sleep(Duration::from_millis(20)); // times of files are a few ms coarse
    fs::write(&minima, records.to_string()).unwrap();
    assert_ne!(server.stamp("/runs/one/stamp"), stamp);
    assert_ne!(server.stamp("/stamp"), list_stamp);
    let shown = "12.3\u{202f}%";
    assert!(!page.contains(shown));
    let (_, page) = server.get("/runs/one/");
    assert!(page.contains(shown));
    assert!(server.get("/").1.contains(shown));

    // Half a record: a page that says so, and the next whole one is shown again.
    let whole = fs::read(&minima).unwrap();
    fs::write(&minima, &whole[..whole.len() / 2]).unwrap();
    let (status, page) = server.get("/runs/one/");
    assert!(status == 200 && page.contains("cannot be drawn"));
    fs::write(&minima, &whole).unwrap();
    assert!(!server.get("/runs/one/").1.contains("cannot be drawn"));

    // A run that begins later is there without a restart.
    train(f, "empty", &[]);
    assert!(!server.get("/runs/empty/").1.contains("Waiting"));
}

#[test]
fn nothing_else_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &[]);
    fs::write(f.join("secret.json"), "secret").unwrap();
    fs::write(f.join("run/.secret.json"), "secret").unwrap();
    let server = Server::start(f, &["run"]);
    assert_eq!(server.get("/runs/run/config.toml").0, 200);
    for path in [
        "/runs/run/../secret.json",
        "/runs/../secret.json",
        "/runs/run/results/../../../secret.json",
        "/runs/run/%2e%2e/secret.json",
        "/runs/run/..%2fsecret.json",
        "/runs/run/.secret.json",
        "/runs/run//etc/passwd",
        &format!("/runs/run/{}", f.join("secret.json").display()),
        "/../secret.json",
        "/secret.json",
        "/runs/",
        "/runs/other/",
        "/runs/run/none.json",
    ] {
        let (status, body) = server.get(path);
        assert_eq!(status, 404, "{path}");
        assert!(!body.contains("secret"), "{path}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(f.join("secret.json"), f.join("run/link.json")).unwrap();
        assert_eq!(server.get("/runs/run/link.json").0, 404);
    }
    for host in ["evil.example", "localhost.evil.example", "192.168.0.1"] {
        for path in ["/", "/runs/run/", "/runs/run/stamp"] {
            assert_eq!(server.ask("GET", path, host).0, 403, "{host}{path}");
        }
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let (status, head, _) = server.ask(method, "/runs/run/", "localhost");
        assert!(
            status == 405 && head.contains("allow: get, head"),
            "{method}"
        );
    }
}

#[test]
fn bad_paths_and_taken_ports_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    fs::create_dir(f.join("other")).unwrap();
    fs::write(f.join("other/notes.txt"), "").unwrap();
    fs::create_dir(f.join("empty")).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (args, told) in [
        (&["none"][..], "none"),
        (&["other"], "other"),
        (&["other/notes.txt"], "notes.txt"),
        (&["empty", "--port", &port], &port),
        (&["empty", "--port", &port], "--port 0"),
    ] {
        let output = basinscope(f).arg("serve").args(args).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(told), "{args:?}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_server_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &["."]);
    // A client that keeps its connection does not hold the server up.
    let _idle = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    assert_eq!(server.get("/").0, 200);
    let id = server.child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(sent.success());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")] // elsewhere the launcher is not found by its name alone
#[test]
fn open_finds_or_draws_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &[]);
    let page = f.join("run/index.html");
    let drawn = fs::read(&page).unwrap();
    fs::remove_file(&page).unwrap();
    for _ in 0..2 {
        let output = basinscope(f)
            .args(["open", "run", "--print"])
            .output()
            .unwrap();
        assert!(output.status.success());
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(Path::new(told.trim()), page);
        assert!(fs::read(&page).unwrap() == drawn);
    }
    // No program to open it with.
    let output = basinscope(f)
        .args(["open", "run"])
        .env("PATH", "")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("index.html"), "{told}");
    for run in ["none", "."] {
        let output = basinscope(f).args(["open", run]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{run}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_browser_gets_the_page() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &[]);
    // A launcher that notes what it was given.
    let launcher = f.join("xdg-open");
    fs::write(&launcher, "#!/bin/sh\necho \"$1\" > \"$NOTE\"\n").unwrap();
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", f.display(), std::env::var("PATH").unwrap());
    let mut open = basinscope(f);
    open.args(["open", "run"])
        .env("PATH", path)
        .env("NOTE", f.join("note"));
    open.assert().success();
    let note = fs::read_to_string(f.join("note")).unwrap();
    assert_eq!(Path::new(note.trim()), f.join("run/index.html"));
}
