//! Weights of PyTorch through the binary: perceptrons on points, several files in one run, and
//! what is refused.

#![cfg(feature = "images")]

mod support;

use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file of the fixtures of the crate that reads weights, made by `make_points.py` there.
fn fixture(name: &str) -> String {
    let fixtures =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../basinscope-images/tests/fixtures");
    let path = fixtures.join("points").join(name);
    path.to_str().unwrap().to_owned()
}

/// Runs a command of the binary; its exit code, what it said and its summary.
fn run(folder: &Path, args: &[&str]) -> (i32, String, Value) {
    let output = (support::basinscope(folder).arg("--json").args(args))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), said, summary)
}

fn done(folder: &Path, args: &[&str]) -> (String, Value) {
    let (code, said, summary) = run(folder, args);
    assert_eq!(code, 0, "{args:?}: {said}");
    (said, summary)
}

fn refused(folder: &Path, args: &[&str], parts: &[&str]) {
    let (code, said, _) = run(folder, args);
    assert_eq!(code, 2, "{args:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{args:?} lacks `{part}`: {said}");
    }
}

/// The import of nets over the moons, 40 points to train and 20 to test.
fn import<'a>(nets: &[&'a str], out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let parts = [
        "--train-points",
        "40",
        "--test-points",
        "20",
        "--pool-points",
        "0",
        "--out",
        out,
    ];
    [&["import"], nets, &parts, more].concat()
}

/// Over the two parts together a net gets as many points right, at the same mean loss, as in
/// PyTorch.
fn assert_as_in_torch(minimum: &Value, name: &str) {
    let numbers = fs::read_to_string(fixture("numbers.json")).unwrap();
    let numbers: Value = serde_json::from_str(&numbers).unwrap();
    let value = |key: &str| minimum[key].as_f64().unwrap();
    let right = 40.0 * value("train_accuracy") + 20.0 * value("test_accuracy");
    let loss = (40.0 * value("train_loss") + 20.0 * value("test_loss")) / 60.0;
    assert!(
        (right - numbers[name]["right"].as_f64().unwrap()).abs() < 1e-6,
        "{name}: {right}"
    );
    let expected = numbers[name]["loss"].as_f64().unwrap();
    assert!(
        (loss / expected - 1.0).abs() < 1e-5,
        "{name}: {loss} {expected}"
    );
}

#[test]
fn perceptrons_on_points_score_as_in_torch() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let data = fixture("moons.csv");
    for (name, more, said_of) in [
        (
            "sigmoid",
            &[][..],
            &["activation ReLU", "epoch 150", "from state_dict"][..],
        ),
        ("softmax", &[], &["widths by the shapes"]),
        ("tanh", &["--activation", "tanh"], &["activation tanh"]),
        (
            "norm",
            &[],
            &["batch norm between each hidden layer and its activation"],
        ),
    ] {
        let net = fixture(&format!("{name}.pt"));
        let more = [&["--data", &data], more].concat();
        let (said, summary) = done(f, &import(&[&net], name, &more));
        assert_as_in_torch(&summary["minimum"], name);
        assert_eq!(summary["minimum"]["name"], name);
        assert_eq!(summary["minimum"]["config"]["epoch"], 150);
        for part in said_of.iter().chain(&["as loaded: train", "test", "loss"]) {
            assert!(said.contains(part), "{name} lacks `{part}`: {said}");
        }
    }
    // Every command that such a run is for.
    for net in ["softmax", "norm"] {
        done(f, &["slice", net, "--x=-.5:.5:5", "--directions", "1"]);
        done(
            f,
            &[
                "volume",
                net,
                "--cutoff",
                "1",
                "--method",
                "radial",
                "--directions",
                "4",
            ],
        );
        done(f, &["boundary", net, "--x=-2:3:9", "--y=-2:2:9"]);
        assert!(
            f.join(net)
                .join("figures/boundary-".to_string() + net + ".svg")
                .exists()
        );
        let page = fs::read_to_string(f.join(net).join("index.html")).unwrap();
        assert!(page.contains(net));
    }
}

#[test]
fn the_accuracy_expected_is_held_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let (data, net) = (fixture("moons.csv"), fixture("tanh.pt"));
    let of = |more: &[&'static str]| {
        let more = [&["--data", &*data], more].concat();
        import(&[&net], "run", &more)
            .into_iter()
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let args = |more: &[&'static str]| of(more);
    fn slices(args: &[String]) -> Vec<&str> {
        args.iter().map(|arg| &**arg).collect()
    }
    // Read with the wrong activation it is another function.
    let wrong = args(&["--expect-accuracy", "93"]);
    refused(
        f,
        &slices(&wrong),
        &["accuracy on test", "93.0 %", "as loaded: train"],
    );
    assert!(!f.join("run").exists(), "nothing is written");
    let tanh = args(&["--activation", "tanh"]);
    let (_, summary) = done(f, &slices(&tanh));
    let train = 100.0 * summary["minimum"]["train_accuracy"].as_f64().unwrap();
    let (near, far) = (
        format!("{:.2}", train - 0.49),
        format!("{:.2}%", train - 0.51),
    );
    for (expected, code) in [(near, 0), (far, 2)] {
        let args = of(&["--activation", "tanh", "--expect-on", "train"]);
        let args = [&slices(&args)[..], &["--expect-accuracy", &expected]].concat();
        let (found, said, _) = run(f, &args);
        assert_eq!(found, code, "{expected}: {said}");
    }
}

#[test]
fn several_files_make_one_run_and_later_ones_are_added() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let data = fixture("moons.csv");
    let (first, second) = (fixture("softmax.pt"), fixture("other.pt"));
    let names = |summary: &Value| -> Vec<String> {
        let minima = summary["minima"].as_array().unwrap().iter();
        minima
            .map(|minimum| minimum["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let with_data = ["--data", &*data];
    let (_, summary) = done(f, &import(&[&first, &second], "both", &with_data));
    assert_eq!(names(&summary), ["softmax", "other"]);
    for (at, name) in ["softmax", "other"].iter().enumerate() {
        assert_as_in_torch(&summary["minima"][at], name);
    }
    done(f, &import(&[&first], "run", &with_data));
    done(f, &import(&[&second], "run", &with_data));
    let records = || -> Value {
        let text = fs::read_to_string(f.join("run/results/minima.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let all = records();
    assert_eq!(all.as_array().unwrap().len(), 2);
    done(f, &["slice", "run", "--x=-.5:.5:3", "--directions", "1"]);
    // The same weights again change nothing; others of the name, another net or other data are
    // refused.
    let (said, _) = done(f, &import(&[&first], "run", &with_data));
    assert!(said.contains("in the run already"), "{said}");
    let refusals: [(&[&str], &[&str], &[&str]); 4] = [
        (
            &[&second],
            &["--data", &data, "--name", "softmax"],
            &["softmax", "other weights"],
        ),
        (
            &[&first],
            &["--data", &data, "--activation", "tanh"],
            &["net", "tanh"],
        ),
        (&[&first], &["--data", "moons"], &["data", "--out"]),
        (
            &[&first, &second],
            &["--data", &data, "--name", "x"],
            &["name", "one file"],
        ),
    ];
    for (files, more, parts) in refusals {
        refused(f, &import(files, "run", more), parts);
    }
    assert_eq!(records(), all);
}

#[test]
fn what_is_no_net_for_the_data_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let (data, net) = (fixture("moons.csv"), fixture("softmax.pt"));
    let three = f.join("three.csv");
    let points: String = (0..60)
        .map(|i| format!("{i}.25,{},{},{}\n", i % 7, i % 5, i % 3))
        .collect();
    fs::write(&three, format!("a,b,c,class\n{points}")).unwrap();
    let three = three.to_str().unwrap();
    let refusals: [(&[&str], &[&str]); 6] = [
        (
            &["--data", three],
            &["net", "3 inputs and 3 outputs", "[2, 8, 6, 2]"],
        ),
        (&["--data", &data, "--hidden", "9,6"], &["hidden", "[8, 6]"]),
        (
            &["--data", &data, "--net", "resnet20"],
            &["net", "mlp-64-32"],
        ),
        (
            &["--data", &data, "--key", "ema"],
            &["key", "state_dict (6 tensors)", "ema"],
        ),
        (&["--data", &data, "--expect-accuracy", "400"], &["92.3"]),
        (
            &["--data", &data, "--expect-accuracy", "90,91"],
            &["expect-accuracy", "one for all"],
        ),
    ];
    for (more, parts) in refusals {
        refused(f, &import(&[&net], "run", more), parts);
    }
    assert!(!f.join("run").exists(), "nothing is half-written");
}

/// The first 1,500 of MNIST's test digits as IDX files of pictures and labels; `None` where there
/// is no MNIST.
fn digits(folder: &Path) -> Option<PathBuf> {
    let cache = std::env::var("BASINSCOPE_DATA").unwrap_or_default();
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let found = [cache.as_str(), shared].map(|cache| Path::new(cache).join("mnist"));
    let mnist = found.into_iter().find(|mnist| mnist.is_dir())?;
    const COUNT: usize = 1500;
    for (name, header, size) in [("images-idx3", 16, 784), ("labels-idx1", 8, 1)] {
        let file = fs::File::open(mnist.join(format!("t10k-{name}-ubyte.gz"))).ok()?;
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(file)
            .read_to_end(&mut bytes)
            .ok()?;
        bytes.truncate(header + COUNT * size);
        bytes[4..8].copy_from_slice(&(COUNT as u32).to_be_bytes());
        fs::write(folder.join(format!("digits-{name}-ubyte")), bytes).unwrap();
    }
    Some(folder.join("digits-images-idx3-ubyte"))
}

/// A post-activation net, read as such: 39.8 % at a loss of 2.3313 in PyTorch, on digits
/// normalised by .1307 and .3081; as a pre-activation net it would score 12.4 %.
#[test]
fn a_post_activation_net_scores_as_in_torch() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/cases");
    let net = Path::new(cases).join("import-postact-by-order/resnet8x0.25-postact.pt");
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let (true, Some(digits)) = (net.exists(), digits(f)) else {
        eprintln!("skipped: no post-activation net among the shared cases, or no MNIST");
        return;
    };
    let (net, digits) = (net.to_str().unwrap(), digits.to_str().unwrap());
    let import = |out: &'static str, more: &[&'static str]| -> Vec<String> {
        let parts = [
            "--train-points",
            "15",
            "--test-points",
            "1485",
            "--pool-points",
            "0",
        ];
        let normalised = ["--mean", ".1307", "--std", ".3081"];
        let of = ["import", net, "--data", digits, "--out", out];
        let all = [&of[..], &parts, &normalised, more].concat();
        all.into_iter().map(String::from).collect()
    };
    let run = |args: &[String]| run(f, &args.iter().map(|arg| &**arg).collect::<Vec<_>>());
    let (code, said, summary) = run(&import("run", &["--expect-accuracy", "39.8"]));
    assert_eq!(code, 0, "{said}");
    for part in [
        "resnet8x0.25-post-a",
        "recognised",
        "zeros on both sides, which no tensor shows",
        "as loaded",
    ] {
        assert!(said.contains(part), "lacks `{part}`: {said}");
    }
    let value = |key: &str| summary["minimum"][key].as_f64().unwrap();
    let right = 15.0 * value("train_accuracy") + 1485.0 * value("test_accuracy");
    let loss = (15.0 * value("train_loss") + 1485.0 * value("test_loss")) / 1500.0;
    assert!((right - 597.0).abs() < 1e-6, "{right}");
    assert!((loss - 2.3313).abs() < 1e-3, "{loss}");
    let (code, said, _) = run(&import("none", &["--expect-accuracy", "50"]));
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("accuracy on test") && !f.join("none").exists(),
        "{said}"
    );
    let (code, said, named) = run(&import("named", &["--net", "resnet8x0.25-post-a"]));
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        named["minimum"]["test_loss"],
        summary["minimum"]["test_loss"]
    );
    // Neither unasked, nor as another family, nor by order.
    for more in [
        &[][..],
        &["--net", "resnet8x0.25"],
        &["--net", "resnet8x0.25", "--by-order"],
    ] {
        let (code, said, _) = run(&import("none", more));
        assert_eq!(code, 2, "{said}");
        assert!(!f.join("none").exists(), "{said}");
    }
}

/// Folders of grey pictures, three for each class.
fn grey(folder: &Path, name: &str, classes: &[&str], side: usize) -> String {
    for part in ["train", "test"] {
        for (at, class) in classes.iter().enumerate() {
            let of_class = folder.join(name).join(part).join(class);
            fs::create_dir_all(&of_class).unwrap();
            for picture in 0..3 {
                let mut bytes = format!("P5\n{side} {side}\n255\n").into_bytes();
                let value = |i: usize| ((i * (7 + picture)) % 40 + 14 * at) as u8;
                bytes.extend((0..side * side).map(value));
                fs::write(of_class.join(format!("{picture}.pgm")), bytes).unwrap();
            }
        }
    }
    folder.join(name).to_str().unwrap().to_owned()
}

/// A file of the fixtures of the crate that reads weights.
fn weights(name: &str) -> String {
    let fixtures = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../basinscope-images/tests/fixtures"
    );
    format!("{fixtures}/{name}")
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Nets without shortcuts, or with zeros on one side, have the same tensors.
#[test]
fn shortcuts_without_tensors_are_never_taken_as_known() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let data = grey(f, "pictures", &DIGITS, 28);
    let net = weights("spellings/akamaster-resnet20.pt");
    let of = |more: &[&'static str]| {
        let args = ["import", &net, "--data", &data, "--no-normalize", "--out"];
        let args = [&args[..], &["run"], more].concat();
        args.into_iter().map(String::from).collect::<Vec<_>>()
    };
    let args = of(&[]);
    let args: Vec<&str> = args.iter().map(|arg| &**arg).collect();
    refused(
        f,
        &args,
        &[
            "--net resnet20x0.25-post-a (zeros on both sides of what is passed on)",
            "or --expect-accuracy P",
        ],
    );
    assert!(!f.join("run").exists());
    let args = of(&["--net", "resnet20x0.25-post-a"]);
    let args: Vec<&str> = args.iter().map(|arg| &**arg).collect();
    let (said, _) = done(f, &args);
    let unseen = "stem 3×3 by steps of 1 without max pooling, ReLU, ε 1e-5, shortcuts by every \
                  second row and column and zeros on both sides, which no tensor shows";
    assert!(said.contains(unseen), "{said}");
}

/// Names of classes that sort otherwise as text: 1, 10, 2.
#[test]
fn the_order_of_classes_is_asked_for_where_names_sort_in_two_ways() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let data = grey(f, "three", &["1", "2", "10"], 2);
    // 4-6-3 of the fixtures.
    let net = weights("checkpoints/whole-relu.pt");
    let of = |out: &'static str, more: &[&'static str]| {
        let args = ["import", &net, "--data", &data, "--no-normalize"];
        let args = [&args[..], &["--net", "mlp-6", "--out", out], more].concat();
        args.into_iter().map(String::from).collect::<Vec<_>>()
    };
    let slices = |args: &[String]| -> Vec<&'static str> {
        args.iter().map(|arg| &*arg.clone().leak()).collect()
    };
    let parts = ["class-order", "ImageFolder", "natural (2 before 10)"];
    refused(f, &slices(&of("none", &[])), &parts);
    let theta = |out: &'static str, order: &'static str| {
        let (said, _) = done(f, &slices(&of(out, &["--class-order", order])));
        let minima = f.join(out).join("minima");
        let file = fs::read_dir(minima).unwrap().next().unwrap().unwrap();
        (said, fs::read(file.path()).unwrap())
    };
    let (said, natural) = theta("natural", "natural");
    assert!(!said.contains("sorted as text"), "{said}");
    let (said, sorted) = theta("sorted", "sorted");
    assert!(
        said.contains("rows of its last layer put in natural order"),
        "{said}"
    );
    // The last row of the weights, 42/64 to 47/64, stands before that of 36/64 to 41/64.
    let row = |start: usize| -> Vec<u8> {
        (start..start + 6)
            .flat_map(|i| (i as f32 / 64.0).to_le_bytes())
            .collect()
    };
    let two = |first: usize, second: usize| [row(first), row(second)].concat();
    let has = |bytes: &[u8], part: Vec<u8>| bytes.windows(part.len()).any(|at| at == part);
    assert!(has(&natural, two(36, 42)) && !has(&natural, two(42, 36)));
    assert!(has(&sorted, two(42, 36)) && !has(&sorted, two(36, 42)));
}
