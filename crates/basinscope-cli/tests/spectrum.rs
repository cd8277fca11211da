//! What `spectrum` writes, prints, refuses and promises.

mod support;

use serde_json::Value;
use std::fs;
use std::path::Path;
use support::{assert_same_files, basinscope, floats, json, train};

const FILE: &str = "run/results/spectra.json";

/// Runs `spectrum run` with options; it must succeed.
fn spectrum(folder: &Path, more: &[&str]) -> Vec<u8> {
    let mut command = basinscope(folder);
    let output = command
        .args(["spectrum", "run"])
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{more:?}: {said}");
    output.stdout
}

#[test]
fn records_hold_what_is_promised() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &["--steps", "300"]);
    // 2-8-8-1 has 105 parameters: by products alone first, then whole.
    let few = [
        "--exact-up-to",
        "0",
        "--trace-products",
        "60",
        "--lanczos-steps",
        "40",
    ];
    let printed = spectrum(f, &[&few[..], &["--layers", "--json"]].concat());
    let summary: Value = serde_json::from_slice(&printed).expect("one object on stdout");
    assert_eq!(summary["command"], "spectrum");
    let found = json(&f.join(FILE))[0].clone();
    assert_eq!(summary["records"][0], found);
    for field in [
        "minimum",
        "test_accuracy",
        "matrix",
        "seed",
        "version",
        "config",
        "products",
    ] {
        assert!(!found[field].is_null(), "{field}");
    }
    assert_eq!(
        (&found["dimension"], &found["matrix"]),
        (&105.into(), &"hessian".into())
    );
    let layers = found["layers"].as_array().unwrap();
    let sizes: Vec<u64> = (layers.iter())
        .map(|layer| layer["dimension"].as_u64().unwrap())
        .collect();
    assert_eq!(sizes, [24, 72, 9]);
    // The last layer has 9 eigenvalues, fewer than the 20 asked for.
    assert_eq!(floats(&layers[2]["top"]).len(), 9);

    spectrum(f, &["--layers"]);
    let all = json(&f.join(FILE));
    assert_eq!(
        all.as_array().unwrap().len(),
        1,
        "one record a minimum and matrix"
    );
    let exact = &all[0];
    let (one, two) = (&found["whole"], &exact["whole"]);
    assert_eq!(
        (&one["exact"], &two["exact"]),
        (&false.into(), &true.into())
    );
    let (top, whole) = (floats(&one["top"]), floats(&two["top"]));
    for (a, b) in top.iter().zip(&whole).take(10) {
        assert!((a / b - 1.0).abs() < 1e-4, "{a} {b}");
    }
    let number = |value: &Value| value.as_f64().unwrap();
    let trace = number(&two["trace"]);
    // The trace of the whole is that of its layers, and within ten standard errors of Hutch++.
    let sum: f64 = (exact["layers"].as_array().unwrap().iter())
        .map(|layer| number(&layer["trace"]))
        .sum();
    assert!((sum - trace).abs() < 1e-4 * trace.abs(), "{sum} {trace}");
    let error = number(&one["trace_standard_error"]);
    assert!(error > 0.0 && (number(&one["trace"]) - trace).abs() < 10.0 * error);
    for array in [
        "per_decade",
        "count_above",
        "count_above_low",
        "count_above_high",
    ] {
        assert_eq!(
            floats(&one[array]).len(),
            floats(&one["lambda"]).len(),
            "{array}"
        );
    }
    let counts = floats(&two["count_above"]);
    assert!(counts.is_sorted_by(|a, b| a >= b));
    assert!((counts[0] - 105.0).abs() < 1e-9 && counts[counts.len() - 1].abs() < 1e-9);

    spectrum(f, &["--matrix", "gauss-newton"]);
    let all = json(&f.join(FILE));
    let matrices: Vec<&str> = (all.as_array().unwrap().iter())
        .map(|record| record["matrix"].as_str().unwrap())
        .collect();
    assert_eq!(matrices, ["gauss-newton", "hessian"]);
    assert!(number(&all[0]["whole"]["negative"]).abs() < 1e-9);
    let page = fs::read_to_string(f.join("run/index.html")).unwrap();
    assert!(page.contains("<section id=\"curvature\""));
    for matrix in ["hessian", "gauss-newton"] {
        assert!(
            page.contains(&format!("figure-spectrum-{matrix}")),
            "{matrix}"
        );
        for end in [".svg", ".png", "-dark.svg"] {
            let file = format!("run/figures/spectrum-{matrix}{end}");
            assert!(f.join(&file).is_file(), "{file}");
        }
    }
}

#[test]
fn threads_change_no_byte() {
    let folders = ["1", "2"].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        train(folder.path(), "run", &[]);
        let small = [
            "--exact-up-to",
            "50",
            "--lanczos-steps",
            "30",
            "--trace-products",
            "30",
        ];
        let more = ["--layers", "--threads", threads, "--seed", "3"];
        spectrum(folder.path(), &[&small[..], &more].concat());
        folder
    });
    let [one, two] = folders.each_ref().map(|folder| folder.path().join("run"));
    assert_same_files(&one, &two);
}

#[test]
fn seeds_change_what_is_random_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &[]);
    let read = |seed: &str| {
        spectrum(
            f,
            &[
                "--exact-up-to",
                "0",
                "--trace-products",
                "12",
                "--seed",
                seed,
            ],
        );
        json(&f.join(FILE))[0]["whole"].clone()
    };
    let (one, two) = (read("1"), read("2"));
    assert_ne!(one["trace"], two["trace"]);
    let [a, b] = [&one, &two].map(|part| floats(&part["top"])[0]);
    assert!((a / b - 1.0).abs() < 1e-5, "{a} {b}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &[]);
    for (args, parts) in [
        (&["--top", "106"][..], &["eigenvalues", "105"][..]),
        (&["--top", "0", "--bottom", "0"], &["eigenvalues", "from 1"]),
        (&["--probes", "0"], &["probes", "at least 2"]),
        (&["--probes", "1"], &["probes", "at least 2"]),
        (&["--lanczos-steps", "0"], &["lanczos steps", "at least 1"]),
        (
            &["--trace-products", "2"],
            &["trace products", "at least 4"],
        ),
        (
            &["--eigen-products", "5"],
            &["eigen products", "at least 25"],
        ),
        (
            &["--matrix", "fisher"],
            &["matrix", "gauss-newton", "fisher"],
        ),
        (&["-m", "nobody"], &["minimum", "nobody"]),
        (&["--top", "-1"], &["-1"]),
    ] {
        let mut command = basinscope(f);
        let output = command
            .args(["spectrum", "run"])
            .args(args)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "{args:?} lacks `{part}`: {said}");
        }
        assert!(!f.join(FILE).exists(), "{args:?} left a result");
    }
    fs::write(f.join(FILE), "[]").unwrap();
    spectrum(f, &["--top", "3", "--bottom", "0"]);
    assert_eq!(floats(&json(&f.join(FILE))[0]["whole"]["bottom"]).len(), 0);
}
