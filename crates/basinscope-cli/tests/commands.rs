//! What every command writes, prints and promises.

mod support;

use basinscope::simd::Kernel;
use serde_json::Value;
use std::fs;
use std::path::Path;
use support::{assert_same_files, basinscope, files, json, train};

#[test]
fn every_command_shows_an_example() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "tour",
        "train",
        "boundary",
        "slice",
        "surface",
        "animate",
        "volume",
        "spectrum",
        "compare",
        "verify",
        "reproduce",
        "open",
        "serve",
    ] {
        let output = basinscope(folder.path())
            .args([command, "--help"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && text.contains("Example"),
            "{command}"
        );
        assert!(text.contains(&format!("basinscope {command}")), "{command}");
    }
}

#[test]
fn results_hold_what_is_promised() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &["--steps", "300"]);
    let volume = [
        "volume",
        "run",
        "--method",
        "radial",
        "--cutoff",
        "0.8",
        "--directions",
        "50",
        "--json",
    ];
    let output = basinscope(f).args(volume).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let summary: Value = serde_json::from_slice(&output.stdout).expect("one object on stdout");
    assert_eq!(summary["command"], "volume");

    let minimum = &json(&f.join("run/results/minima.json"))[0];
    for field in [
        "name",
        "parameters",
        "train_loss",
        "train_accuracy",
        "test_accuracy",
        "generalization_gap",
        "file",
        "seed",
        "version",
        "config",
    ] {
        assert!(!minimum[field].is_null(), "{field}");
    }
    // 2-8-8-1: 24 + 72 + 9.
    assert_eq!(minimum["parameters"], 105);
    assert!(
        f.join("run")
            .join(minimum["file"].as_str().unwrap())
            .is_file()
    );
    let gap =
        minimum["train_accuracy"].as_f64().unwrap() - minimum["test_accuracy"].as_f64().unwrap();
    assert!((minimum["generalization_gap"].as_f64().unwrap() - gap).abs() < 1e-12);
    let volume = &json(&f.join("run/results/volumes.json"))[0];
    for field in [
        "minimum",
        "method",
        "cutoff",
        "directions",
        "log10_volume",
        "ess",
        "radius_median",
        "radius_median_ci",
        "censored",
        "seed",
        "version",
        "config",
    ] {
        assert!(!volume[field].is_null(), "{field}");
    }
    for file in [
        "index.html",
        "config.toml",
        "figures/radii.svg",
        "figures/radii.png",
    ] {
        assert!(f.join("run").join(file).is_file(), "{file}");
    }
}

#[test]
fn threads_change_no_byte_of_any_file() {
    let folders = ["1", "2"].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        let f = folder.path();
        let poison = [
            "--poison",
            "50",
            "--redraw",
            "--batch",
            "32",
            "--threads",
            threads,
        ];
        train(f, "run", &poison);
        for (command, more) in [
            ("boundary", &["--x=-16:16:40"][..]),
            ("slice", &["--directions", "3", "--x=-1:1:11"]),
            ("surface", &["--x=-1:1:11"]),
            ("animate", &["--resolution", "30"]),
            (
                "volume",
                &["--method", "radial", "--directions", "100", "--cutoff", "2"],
            ),
        ] {
            let args = [&[command, "run", "--threads", threads], more].concat();
            basinscope(f).args(args).assert().success();
        }
        folder
    });
    let [one, two] = folders.each_ref().map(|folder| folder.path().join("run"));
    assert_same_files(&one, &two);
    let found = files(&one);
    assert!(found.contains_key(Path::new("results/volumes.json")));
    assert!(found[Path::new("figures/wiggle.gif")].starts_with(b"GIF89a"));
    for name in found.keys() {
        let name = name.to_string_lossy();
        assert!(!name.contains(".tmp"), "{name} was left behind");
    }
}

#[test]
fn every_optimizer_net_and_data_set_trains() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    for optimizer in ["sgd", "momentum", "nesterov", "rmsprop", "adam"] {
        train(
            f,
            optimizer,
            &[
                "--optimizer",
                optimizer,
                "--lr",
                ".001",
                "--schedule",
                "constant",
            ],
        );
    }
    for data in ["spirals", "circles", "moons", "blobs", "xor"] {
        train(f, data, &["--data", data]);
        basinscope(f).args(["boundary", data]).assert().success();
    }
    train(
        f,
        "tanh",
        &["--activation", "tanh", "--softmax", "--init", "he-normal"],
    );
    train(
        f,
        "leaky",
        &[
            "--activation",
            "leaky-relu",
            "--schedule",
            "steps",
            "--decay-at",
            "20,40",
        ],
    );
    train(
        f,
        "reverse",
        &["--poison", "20", "--poison-form", "reverse", "--l2", "1e-3"],
    );
    train(
        f,
        "goal",
        &[
            "--goal-loss",
            "5",
            "--data",
            "blobs",
            "--steps",
            "5000",
            "--lr",
            ".01",
        ],
    );
    assert_eq!(
        json(&f.join("goal/results/minima.json"))[0]["stopped"],
        "goal"
    );
    train(f, "checked", &["--checkpoint-every", "20"]);
    for epoch in ["000020", "000040", "000060"] {
        let file = format!("checked/checkpoints/minimum/epoch-{epoch}.safetensors");
        assert!(f.join(&file).is_file(), "{file}");
    }
}

#[test]
fn points_of_ones_own_may_have_many_dimensions_and_classes() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let mut text = "a,b,c,d,kind\n".to_owned();
    for i in 0..90 {
        let class = i % 3;
        let noise = f64::from(i * 37 % 11) / 20.0;
        text += &format!("{},{},{noise},1,kind-{class}\n", class == 0, i % 5)
            .replace("true", "2")
            .replace("false", "0");
    }
    fs::write(f.join("points.csv"), text).unwrap();
    train(f, "run", &["--data", "points.csv", "--label", "kind"]);
    basinscope(f)
        .args(["slice", "run", "--directions", "2"])
        .assert()
        .success();
    basinscope(f)
        .args(["volume", "run", "--method", "radial", "--cutoff", "5"])
        .args(["--directions", "20"])
        .assert()
        .success();
    let output = basinscope(f).args(["boundary", "run"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && said.contains('4'),
        "{said}"
    );
}

#[test]
fn a_config_runs_again_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "first", &["--seed", "3", "--poison", "10"]);
    let again = ["train", "--config", "first/config.toml", "--out", "second"];
    basinscope(f).args(again).assert().success();
    assert_same_files(&f.join("first"), &f.join("second"));
}

#[test]
fn every_kernel_finds_the_same_minimum_and_leaves_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let named = |run: &str| {
        let config = fs::read_to_string(f.join(run).join("config.toml")).unwrap();
        config.lines().next().unwrap().to_owned()
    };
    let found = |run: &str| json(&f.join(run).join("results/minima.json"))[0].clone();
    train(f, "auto", &[]);
    assert_eq!(
        named("auto"),
        format!("kernel = \"{}\"", Kernel::active().name())
    );
    for kernel in Kernel::supported() {
        let name = kernel.name();
        train(f, name, &["--kernel", name]);
        assert_eq!(named(name), format!("kernel = \"{name}\""));
        let minimum = fs::read(f.join(name).join("minima/minimum.safetensors")).unwrap();
        let mark = format!("\\\"kernel\\\":\\\"{name}\\\"");
        assert!(String::from_utf8_lossy(&minimum).contains(&mark), "{name}");
        // Sixty steps from the same start, each of which rounds to 6e-8: apart by less than 1e-4.
        let [loss, auto] = [name, "auto"].map(|run| found(run)["train_loss"].as_f64().unwrap());
        assert!((loss / auto - 1.0).abs() < 1e-4, "{name}: {loss} {auto}");
        if kernel == Kernel::active() {
            assert_same_files(&f.join(name), &f.join("auto"));
        } else {
            assert_ne!(loss, auto, "{name} was not used");
        }
    }
}

#[test]
fn a_run_that_goes_on_with_another_kernel_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let options = ["--hidden", "8,8", "--steps", "60", "--kernel", "portable"];
    train(f, "run", &options);
    let told = |args: &[&str]| {
        let output = basinscope(f).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let again = [&["train", "--out", "run"], &options[..]].concat();
    let slice = ["slice", "run", "--directions", "2", "--x=-1:1:3"];
    let same = [&slice[..], &["--kernel", "portable"]].concat();
    let config = || fs::read_to_string(f.join("run/config.toml")).unwrap();
    let begun = config();
    assert!(!told(&again).contains("note:"));
    assert!(!told(&same).contains("note:"));
    if Kernel::active() != Kernel::Portable {
        for args in [&again[..7], &slice] {
            let told = told(args);
            assert!(told.contains("begun with --kernel portable"), "{told}");
        }
    }
    assert_eq!(config(), begun);

    // As the first versions wrote it: no kernel, nothing to say, and the file stays as it is.
    let (_, old) = begun.split_once('\n').unwrap();
    fs::write(f.join("run/config.toml"), old).unwrap();
    assert!(!told(&again).contains("note:"));
    assert!(!told(&slice).contains("note:"));
    assert_eq!(config(), old);
    told(&["train", "--config", "run/config.toml", "--out", "second"]);
    assert!(f.join("second/results/minima.json").is_file());
}
