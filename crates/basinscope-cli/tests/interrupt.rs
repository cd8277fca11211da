//! Ctrl-C ends every command within a second, with exit code 130 and a word.
#![cfg(unix)]

mod support;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Time that a command is left to get into the middle of its work.
const UNDER_WAY: Duration = Duration::from_millis(1_200);

/// A second, and what a busy machine may add to it.
const PROMPT: Duration = Duration::from_millis(2_000);

/// Each would take minutes.
const LONG: &[&[&str]] = &[
    &[
        "train",
        "--data",
        "mine.csv",
        "--steps",
        "100000000",
        "--out",
        "other",
    ],
    &[
        "volume",
        "run",
        "--method",
        "lta",
        "--trajectories",
        "1000000",
        "--sigma",
        "0.3",
    ],
    &[
        "volume", "run", "--method", "subsim", "--moves", "1000000", "--sigma", "0.3", "--stiff",
        "0",
    ],
    &[
        "volume",
        "run",
        "--method",
        "radial",
        "--directions",
        "100000000",
    ],
    &["slice", "run", "--directions", "1000000"],
    &["surface", "run", "--x", "-1:1:9000"],
    &[
        "surface",
        "run",
        "--x",
        "-1:1:3",
        "--other-planes",
        "10000000",
    ],
    &["boundary", "run", "--x", "-1:1:20000"],
    &[
        "spectrum",
        "run",
        "--exact-up-to",
        "1",
        "--probes",
        "10000000",
    ],
    &[
        "spectrum",
        "run",
        "--exact-up-to",
        "1",
        "--trace-products",
        "300",
        "--eigen-products",
        "300",
        "--probes",
        "10000000",
        "--layers",
    ],
    &[
        "compare",
        "run",
        "--chain-steps",
        "100000000",
        "--out",
        "compared",
    ],
    &[
        "compare",
        "run",
        "--rays",
        "100000000",
        "--out",
        "other-compared",
    ],
    &["animate", "run", "--resolution", "3000"],
    &["verify", "--full"],
];

/// Two clusters of points that any net separates.
fn points(path: &Path) {
    let mut text = "x,y,kind\n".to_owned();
    for k in 0..60 {
        let [x, y] = [k * 7 % 10, k * 3 % 10].map(|digit| f64::from(digit) / 20.0);
        let shift = f64::from(k % 2) * 3.0;
        writeln!(
            text,
            "{},{},{}",
            x + shift,
            y - shift,
            ["a", "b"][k as usize % 2]
        )
        .unwrap();
    }
    fs::write(path, text).unwrap();
}

#[test]
fn every_command_ends_within_a_second_of_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    points(&f.join("mine.csv"));
    support::train(f, "run", &["--data", "mine.csv", "--steps", "400"]);
    for arguments in LONG {
        let working = Command::new(env!("CARGO_BIN_EXE_basinscope"))
            .current_dir(f)
            .args(*arguments)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(UNDER_WAY);
        let pid = working.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(sent.success(), "{arguments:?} had ended");
        let asked = Instant::now();
        let ended = working.wait_with_output().unwrap();
        let took = asked.elapsed();
        println!("{took:.2?} {arguments:?}");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(130), "{arguments:?}: {said}");
        assert!(said.contains("interrupted"), "{arguments:?}: {said}");
        assert!(took < PROMPT, "{arguments:?} took {took:?}");
    }
}
