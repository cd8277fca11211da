//! Every bad input gets a sentence that names it, exit code 2, and leaves no result behind.

mod support;

use basinscope::record::{Array, RunDir};
use basinscope::simd::Kernel;
use std::fs;
use std::path::Path;
use support::{basinscope, train};

/// Runs a command that must fail, saying all of `parts`.
fn refuse(folder: &Path, args: &[&str], parts: &[&str]) {
    let output = basinscope(folder).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{args:?} lacks `{part}`: {said}");
    }
    let left = folder.join("out/results/minima.json");
    assert!(!left.exists(), "{args:?} left a result");
}

fn refuse_training(folder: &Path, args: &[&str], parts: &[&str]) {
    let train = ["train", "--steps", "20", "--out", "out"];
    refuse(folder, &[&train, args].concat(), parts);
    assert!(!folder.join("out").exists(), "{args:?} left a folder");
}

#[test]
fn options_that_make_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    refuse_training(
        f,
        &["--data", "swissroll"],
        &["data", "swiss-roll", "swissroll"],
    );
    refuse_training(f, &["--hidden", "0,3"], &["widths", "0 at position 1"]);
    refuse_training(f, &["--noise", "-1"], &["noise"]);
    refuse_training(f, &["--noise", "NaN"], &["noise", "finite"]);
    refuse_training(
        f,
        &["--poison", "401"],
        &["poison", "400 points of the pool", "401"],
    );
    refuse_training(f, &["--poison", "5", "--beta", "0"], &["beta", "above 0"]);
    refuse_training(f, &["--optimizer", "adm"], &["optimizer", "rmsprop", "adm"]);
    refuse_training(f, &["--lr", "-1"], &["learning_rate"]);
    refuse_training(f, &["--batch", "201"], &["batch_size", "200", "201"]);
    refuse_training(f, &["--train-points", "0"], &["train points"]);
    refuse_training(f, &["--name", "../x"], &["name", "../x"]);
    refuse_training(f, &["--threads", "0"], &["--threads"]);
    for kernel in ["nonsense", "avx512", "avx2"] {
        let can_run = |path: Kernel| path.is_supported();
        if !Kernel::from_name(kernel).is_ok_and(can_run) {
            let parts = ["kernel", "this processor can run", "portable", kernel];
            refuse_training(f, &["--kernel", kernel], &parts);
        }
    }
    refuse_training(
        f,
        &["--activation", "leaky-relu", "--slope", "2"],
        &["slope"],
    );
}

#[test]
fn files_that_hold_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let csv = |text: &str| fs::write(f.join("points.csv"), text).unwrap();
    let rows: String = (0..40)
        .map(|i| format!("{i},{},{}\n", i % 7, i % 2))
        .collect();
    csv(&format!("x,y,class\n{rows}"));
    let data = ["--data", "points.csv"];
    let refuse_with = |more: &[&str], parts: &[&str]| {
        refuse_training(
            f,
            &[&data, more].concat(),
            &[parts, &["points.csv"]].concat(),
        );
    };
    refuse_with(&["--label", "kind"], &["kind", "class"]);
    refuse_training(
        f,
        &[
            "--data",
            "points.csv",
            "--label",
            "class",
            "--poison",
            "4",
            "--redraw",
        ],
        &["redrawn", "generated"],
    );
    csv(&format!("x,y,class\nnan,1,0\n{rows}"));
    refuse_with(&[], &["line 2", "x", "--missing"]);
    csv(&format!("x,y,class\n1,1,seven\n{rows}"));
    refuse_with(&[], &["class", "seven"]);
    csv("x,class\n1,0\n2,0\n3,0\n4,0\n");
    refuse_with(&[], &["2 classes"]);
    csv("");
    refuse_with(&[], &[]);
    refuse_training(f, &["--data", "missing.csv"], &["missing.csv", "read"]);

    let run = RunDir::create(f.join("arrays")).unwrap();
    let inputs = Array::new("X", &[4, 1], &[0.0, 1.0, f64::NAN, 3.0]);
    let labels = Array::new("y", &[4], &[0.0, 1.0, 0.0, 1.0]);
    run.write_arrays("points.npz", &[inputs, labels]).unwrap();
    let path = ["--data", "arrays/points.npz"];
    refuse_training(f, &path, &["points.npz", "point 2", "--missing"]);
}

#[test]
fn folders_that_cannot_be_written_or_hold_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    fs::write(f.join("file"), "in the way").unwrap();
    let out = ["train", "--steps", "5", "--out", "file/run"];
    refuse(f, &out, &["file/run", "create the folder"]);
    train(f, "run", &[]);
    let other = ["train", "--hidden", "9", "--steps", "60", "--out", "run"];
    refuse(f, &other, &["config.toml", "another run"]);
    refuse(f, &["volume", "nowhere"], &["nowhere", "minima.json"]);
}

#[test]
fn measurements_that_make_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &[]);
    refuse(
        f,
        &["volume", "run", "--cutoff", "-0.1"],
        &["cutoff", "above 0", "-0.1"],
    );
    refuse(
        f,
        &["volume", "run", "--cutoff", "1e-9"],
        &["minimum", "cutoff", "inside its own basin"],
    );
    let radial = ["volume", "run", "--method", "radial"];
    for (more, told) in [
        (["--cutoff", "1e-9"], &["cutoff", "own loss"][..]),
        (["--directions", "0"], &["directions"]),
        (["--sigma", ".1"], &["sigma", "--method subsim or lta"]),
        (["--samples", "3"], &["samples", "--method subsim or lta"]),
        (["--moves", "3"], &["moves", "--method subsim"]),
    ] {
        refuse(f, &[&radial[..], &more].concat(), told);
    }
    for (more, told) in [
        (&["--sigma", "0"][..], &["sigma", "above 0"][..]),
        (&["--relative-sigma", "-1"], &["sigma", "above 0"]),
        (&["--particles", "5"], &["particles", "at least 20"]),
        (&["--samples", "0"], &["samples", "at least 1"]),
        (&["--directions", "5"], &["directions", "--method radial"]),
        (&["--chains", "5"], &["chains", "--method lta"]),
        (
            &["--method", "lta", "--chains", "2"],
            &["chains", "at least 4"],
        ),
        (
            &["--method", "lta", "--cutoff-on", "accuracy"],
            &["cutoff-on", "loss"],
        ),
        (
            &["--cutoff-on", "predictions", "--cutoff", "2"],
            &["prediction cutoff", "below 1"],
        ),
        (
            &["--cutoff-on", "accuracy", "--cutoff", "1.5"],
            &["accuracy cutoff", "at most 1"],
        ),
    ] {
        refuse(f, &[&["volume", "run"][..], more].concat(), told);
    }
    assert!(!f.join("run/results/local-volumes.json").exists());
    refuse(
        f,
        &["volume", "run", "-m", "nobody"],
        &["minimum", "nobody", "one of minimum"],
    );
    refuse(f, &["slice", "run", "--x", "1:0:5"], &["1:0:5"]);
    refuse(
        f,
        &["slice", "run", "--normalization", "fliter"],
        &["normalization", "filter"],
    );
    refuse(
        f,
        &["slice", "run", "--between", "minimum"],
        &["between", "two names"],
    );
    assert!(!f.join("run/results/volumes.json").exists());
    assert!(!f.join("run/results/slices.json").exists());
}

#[test]
fn minima_that_are_broken_or_of_another_net() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &[]);
    train(f, "other", &["--activation", "tanh", "--hidden", "5"]);
    let file = f.join("run/minima/minimum.safetensors");
    let whole = fs::read(&file).unwrap();
    for keep in [0, 50, whole.len() - 3] {
        fs::write(&file, &whole[..keep]).unwrap();
        refuse(
            f,
            &["boundary", "run"],
            &["minimum.safetensors", "safetensors file"],
        );
    }
    fs::copy(f.join("other/minima/minimum.safetensors"), &file).unwrap();
    refuse(
        f,
        &["volume", "run"],
        &["minimum.safetensors", "widths", "[2, 5, 1]"],
    );
    fs::write(&file, &whole).unwrap();
    fs::write(f.join("run/results/minima.json"), "[{\"name\": 3}]").unwrap();
    let output = basinscope(f).args(["volume", "run"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && said.contains("minima.json: line 1"),
        "{said}"
    );
}

/// A limit on the address space stands for a machine that is too small.
#[test]
#[cfg(target_os = "linux")]
fn memory_that_is_refused_is_told_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_basinscope");
    let large = "train --out run --train-points 2000000 --hidden 4000,4000 --steps 1 --threads 1";
    let ended = std::process::Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", &format!("ulimit -v 400000; exec {program} {large}")])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{told}");
    assert!(
        told.contains("out of memory") && told.contains("MB"),
        "{told}"
    );
    assert!(!folder.path().join("run/results/minima.json").exists());
}

#[cfg(not(feature = "images"))]
#[test]
fn commands_of_other_builds_say_which_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let args = ["import", "net.pt", "--data", "moons", "--out", "out"];
    refuse(f, &args, &["import", "--features images"]);
    refuse(
        f,
        &["data", "info", "mnist"],
        &["data", "--features images"],
    );
}
