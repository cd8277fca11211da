//! `basinscope data`: fetched from a server on this machine, described and drawn.

#![cfg(feature = "images")]

#[path = "../../basinscope-images/tests/support/server.rs"]
mod server;
mod support;

use assert_cmd::Command;
use basinscope_images::data::Md5Sum;
use serde_json::Value;
use server::{Reply, Server};
use std::fs;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../basinscope-images/tests");
    images.join("fixtures").join(name)
}

/// `basinscope data …`, untouched by this machine's cache folder and proxies.
fn data(folder: &Path, args: &[&str]) -> Command {
    let mut command = support::basinscope(folder);
    command.arg("data").args(args);
    command.env_remove("BASINSCOPE_DATA");
    for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    command
}

fn summary(command: &mut Command) -> Value {
    let output = command.arg("--json").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a command that must fail, saying all of `parts`.
fn refuse(command: &mut Command, parts: &[&str]) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in parts {
        assert!(said.contains(part), "lacks `{part}`: {said}");
    }
}

/// Small files under SVHN's names, written by SciPy, and a list of their sums.
fn houses(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut list = String::new();
    let mut files = Vec::new();
    for (part, name) in [("train", "svhn_packed.mat"), ("test", "svhn_double.mat")] {
        let name = fixture(name);
        let served = format!("{part}_32x32.mat");
        list += &format!("{}  {served}\n", Md5Sum::of_file(&name).unwrap());
        files.push((served, fs::read(name).unwrap()));
    }
    fs::write(folder.join("MD5SUMS"), list).unwrap();
    files
}

#[test]
fn svhn_is_fetched_over_a_broken_connection_described_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let files = houses(f);
    let server = Server::start(move |_, request| {
        let named = |(name, _): &&(String, Vec<u8>)| request.path.ends_with(name.as_str());
        let (_, bytes) = files.iter().find(named).unwrap();
        Reply::ranged(bytes, request).cut(700)
    });
    let mirror = format!("{}/houses/", server.address);
    let fetch = [
        "fetch",
        "svhn",
        "--cache",
        "cache",
        "--mirror",
        &mirror,
        "--checksums",
        "MD5SUMS",
    ];
    let fetched = summary(&mut data(f, &fetch));
    assert_eq!(fetched["files"][1]["state"], "downloaded");
    let requests = server.requests();
    assert_eq!(requests[0].path, "/houses/train_32x32.mat");
    assert_eq!(requests[1].from, Some(700));
    let again = summary(&mut data(f, &fetch));
    assert_eq!(again["files"][0]["state"], "present");
    assert_eq!(server.requests(), requests, "nothing is fetched twice");

    let info = summary(&mut data(f, &["info", "svhn", "--cache", "cache"]));
    let train = &info["parts"]["train"];
    assert_eq!(train["pictures"], 4);
    assert_eq!(train["shape"], serde_json::json!([3, 32, 32]));
    assert_eq!(
        train["class_counts"],
        serde_json::json!([1, 1, 0, 0, 0, 1, 0, 0, 0, 1])
    );
    assert_eq!(info["parts"]["test"]["pictures"], 3);
    assert_eq!(info["files"][0]["md5"], fetched["files"][0]["md5"]);
    assert_eq!(info["files"][0]["official"], false);

    let show = [
        "show",
        "svhn",
        "--cache",
        "cache",
        "--out",
        "sheets/sheet.png",
    ];
    let shown = summary(&mut data(f, &show));
    assert_eq!(shown["pictures"], 4);
    assert!(
        fs::read(f.join("sheets/sheet.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    let show = [
        "show",
        "svhn",
        "--part",
        "test",
        "--cache",
        "cache",
        "-o",
        "sheet.svg",
    ];
    let svg = summary(&mut data(f, &show));
    assert_eq!(svg["pictures"], 3);
    let svg = fs::read_to_string(f.join("sheet.svg")).unwrap();
    // They are called as SVHN's files, and are others.
    assert!(svg.contains(">svhn<") && svg.contains("3 of 3 pictures of the part test"));
}

#[test]
fn failed_downloads_are_told_and_leave_nothing_that_looks_right() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let mut files = houses(f);
    let last = files[0].1.len() - 1;
    files[0].1[last] ^= 1;
    let server = Server::files(files);
    let cache = ["--cache", "cache", "--mirror", &server.address];
    let fetch = |more: &[&str]| data(f, &[&["fetch"][..], more, &cache].concat());
    let sums = ["svhn", "--checksums", "MD5SUMS"];
    let parts = ["train_32x32.mat: MD5 sum: expected", "train_32x32.mat.bad"];
    refuse(&mut fetch(&sums), &parts);
    assert!(f.join("cache/svhn/train_32x32.mat.bad").exists());
    assert!(!f.join("cache/svhn/train_32x32.mat").exists());
    // The official sums hold where there is no list, whatever the mirror.
    refuse(
        &mut fetch(&["svhn"]),
        &["expected e26dedcc434d2e4c54c9b2d4a06d8373"],
    );
    refuse(
        &mut fetch(&["mnist"]),
        &["train-images-idx3-ubyte.gz: answer: expected 200 OK, found 404"],
    );
    let before = server.requests().len();
    let sums = ["svhn", "--extra", "--checksums", "MD5SUMS"];
    refuse(
        &mut fetch(&sums),
        &["MD5SUMS: extra_32x32.mat: expected a line with its MD5 sum"],
    );
    refuse(
        &mut fetch(&["cifar"]),
        &["set: expected svhn, cifar10", "`cifar`"],
    );
    refuse(
        &mut fetch(&["mnist", "--extra"]),
        &["--extra: expected a set that has extra"],
    );
    assert_eq!(
        server.requests().len(),
        before,
        "all is checked before the first download"
    );
}

#[test]
fn bad_input_is_named_with_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let cache = ["--cache", "cache"];
    let info = |name: &str| data(f, &["info", name, cache[0], cache[1]]);
    refuse(&mut info("mnist"), &["basinscope data fetch mnist"]);
    refuse(
        &mut info("nowhere"),
        &["data: expected svhn, cifar10, mnist", "`nowhere`"],
    );
    fs::create_dir_all(f.join("houses")).unwrap();
    let whole = fs::read(fixture("svhn_packed.mat")).unwrap();
    fs::write(f.join("houses/train_32x32.mat"), &whole[..whole.len() / 2]).unwrap();
    refuse(&mut info("houses"), &["houses/train_32x32.mat: "]);
    fs::copy(
        fixture("svhn_label_0.mat"),
        f.join("houses/train_32x32.mat"),
    )
    .unwrap();
    let parts = ["train_32x32.mat: y[1]: expected a digit from 1 to 9, or 10 for 0, found 0"];
    refuse(&mut info("houses"), &parts);
    let npz = fixture("npz_grey.npz");
    let npz = npz.to_str().unwrap();
    refuse(
        &mut data(f, &["info", npz, "--size", "3x3"]),
        &["--size: expected a folder"],
    );
    refuse(
        &mut data(f, &["info", npz, "--size", "3y3"]),
        &["HEIGHTxWIDTH"],
    );
    refuse(
        &mut data(f, &["show", npz, "--out", "x.gif"]),
        &["--out: expected a name in .png or .svg"],
    );
    refuse(
        &mut data(f, &["show", npz, "--count", "0"]),
        &["--count: expected 1 to 2000, found 0"],
    );
    refuse(
        &mut data(f, &["show", npz, "--columns", "0"]),
        &["--columns"],
    );
    refuse(
        &mut data(f, &["show", npz, "--part", "extra"]),
        &["expected pictures of the part extra"],
    );
    assert!(!f.join("contact-sheet.png").exists());
}

#[test]
fn tables_say_the_same_as_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let npz = fixture("npz_nhwc.npz");
    let output = data(folder.path(), &["info", npz.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in ["3 × 4 × 6", "train", "test", "npz_nhwc.npz", "kB"] {
        assert!(said.contains(part), "lacks `{part}`: {said}");
    }
    let shown = summary(&mut data(
        folder.path(),
        &["show", npz.to_str().unwrap(), "--count", "3"],
    ));
    assert_eq!(shown["pictures"], 3);
}
