//! What `basinscope verify` prints, writes and returns.

mod support;

use serde_json::Value;
use support::{assert_same_files, basinscope, json};

/// Runs the checks on one case.
fn verify(case: &str, more: &[&str]) -> (std::process::Output, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = basinscope(folder.path());
    command.args(["verify", "--case", case, "--out", "out", "--json"]);
    let output = command.args(more).output().unwrap();
    (output, folder)
}

#[test]
fn every_estimator_is_held_against_the_truth() {
    let (output, folder) = verify("valley", &[]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    for word in [
        "truth",
        "estimate",
        "error",
        "claimed",
        "evaluations",
        "pass",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let summary: Value = serde_json::from_slice(&output.stdout).expect("one object on stdout");
    assert_eq!(summary["command"], "verify");
    assert_eq!(summary["misses"], 0);
    let record = json(&folder.path().join("out/verify.json"));
    assert_eq!(summary["results"], record);
    assert_eq!(record["set"], "reduced");
    let rows = record["rows"].as_array().unwrap();
    // Three estimators at three widths.
    assert_eq!(rows.len(), 9);
    for row in rows {
        let number = |field: &str| row[field].as_f64().unwrap();
        let error = number("estimate") - number("truth");
        assert!((number("error") - error).abs() < 1e-12, "{row}");
        assert!(number("evaluations") > 0.0);
    }
    let text = std::fs::read_to_string(folder.path().join("out/verify.md")).unwrap();
    assert!(
        text.contains("| subsim |") && text.contains("within 0.3 nats"),
        "{text}"
    );
}

#[test]
fn rays_must_own_up_in_high_dimension() {
    let (output, folder) = verify("h = 1/i, n = 3614", &[]);
    assert!(output.status.success());
    let row = &json(&folder.path().join("out/verify.json"))["rows"][0];
    assert_eq!(row["method"], "radial");
    assert_eq!(row["flagged"], true);
    assert_eq!(row["bar"], "flagged as a lower bound");
    // ln V = 410.6; rays are low by hundreds of nats.
    assert!(row["error"].as_f64().unwrap() < -50.0);
}

#[test]
fn threads_change_no_byte() {
    let [one, two] = ["1", "2"].map(|threads| {
        let (output, folder) = verify("valley", &["--threads", threads, "--seed", "3"]);
        assert!(output.status.code().is_some_and(|code| code < 2));
        folder
    });
    assert_same_files(&one.path().join("out"), &two.path().join("out"));
}

#[test]
fn what_is_there_is_not_computed_again() {
    let (_, folder) = verify("valley", &[]);
    let file = folder.path().join("out/verify.json");
    // A note that no estimator leaves, to be found again by the same seed and kernel only.
    let mut record = json(&file);
    record["rows"][0]["note"] = "from the first run".into();
    let again = |record: &Value, seed: &str| {
        std::fs::write(&file, record.to_string()).unwrap();
        let mut command = basinscope(folder.path());
        command.args(["verify", "--case", "valley", "--out", "out", "--seed", seed]);
        command.output().unwrap();
        json(&file)["rows"][0]["note"].clone()
    };
    assert_eq!(again(&record, "0"), "from the first run");
    assert_ne!(again(&record, "1"), "from the first run");
    record["kernel"] = "another".into();
    assert_ne!(again(&record, "0"), "from the first run");
    // As the first versions wrote it.
    record.as_object_mut().unwrap().remove("kernel");
    assert_ne!(again(&record, "0"), "from the first run");
}

#[test]
fn a_case_that_does_not_exist_is_refused_with_those_that_do() {
    let (output, _folder) = verify("doughnut", &[]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("doughnut") && told.contains("valley"),
        "{told}"
    );
}
