//! `basinscope volume` by subset simulation and by local tempered annealing.

mod support;

use serde_json::Value;
use std::fs;
use std::path::Path;
use support::{assert_same_files, basinscope, floats, json, train};

/// Runs `volume` on a trained net of 105 parameters with a wide basin.
fn volume(folder: &Path, more: &[&str]) {
    let mut command = basinscope(folder);
    command.args(["volume", "run", "--cutoff", "0.8", "--stiff", "20"]);
    command.args(more).assert().success();
}

fn records(folder: &Path) -> Vec<Value> {
    let all = json(&folder.join("run/results/local-volumes.json"));
    all.as_array().unwrap().clone()
}

#[test]
fn both_methods_agree_and_say_what_they_are_worth() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &["--steps", "300"]);
    let sigma = ["--sigma", "0.03,0.1,0.2"];
    volume(f, &sigma);
    volume(f, &[&["--method", "lta"][..], &sigma].concat());
    volume(f, &["--method", "radial"]);
    // Drawn beside the paper's volumes once those are there.
    volume(f, &sigma);
    let found = records(f);
    assert_eq!(found.len(), 2);
    for record in &found {
        for field in [
            "minimum", "method", "region", "cutoff", "rms", "metric", "config",
        ] {
            assert!(!record[field].is_null(), "{field}");
        }
        let curve = record["curve"].as_array().unwrap();
        assert_eq!(curve.len(), 3);
        let mut last = 0.1;
        for point in curve {
            let ln_p = point["ln_p"].as_f64().unwrap();
            assert!(ln_p < last, "ln P falls with σ: {curve:?}");
            last = ln_p;
            let [low, high] = floats(&point["interval"])[..] else {
                panic!("an interval")
            };
            assert!(low <= ln_p && ln_p <= high && high <= 0.0);
            let accuracy = point["sample_test_accuracy"].as_f64().unwrap();
            let range = floats(&point["sample_test_accuracy_range"]);
            assert!(range[0] <= accuracy && accuracy <= range[1]);
            for field in [
                "constrained_dimensions",
                "r_hat",
                "ess",
                "star_share",
                "log10_volume",
            ] {
                assert!(point[field].is_number(), "{field}");
            }
        }
    }
    let methods: Vec<&str> = found
        .iter()
        .map(|r| r["method"].as_str().unwrap())
        .collect();
    assert_eq!(methods, ["lta", "subsim"]);
    // Standard errors are some tenths of a nat here; four of both together is a false alarm of 1e-4.
    for (lta, subsim) in
        (found[0]["curve"].as_array().unwrap().iter()).zip(found[1]["curve"].as_array().unwrap())
    {
        let of = |point: &Value, field: &str| point[field].as_f64().unwrap();
        let allowed = 0.3 + 4.0 * of(lta, "standard_error").hypot(of(subsim, "standard_error"));
        let apart = (of(lta, "ln_p") - of(subsim, "ln_p")).abs();
        assert!(apart < allowed, "{lta} {subsim}");
    }
    assert!(found[0]["gradients"].as_u64().unwrap() > 1_000);
    for stem in [
        "local-volumes",
        "constrained-dimensions",
        "sample-accuracy",
        "honest-scatter",
    ] {
        assert!(
            f.join(format!("run/figures/{stem}.png")).is_file(),
            "{stem}"
        );
    }
    let page = fs::read_to_string(f.join("run/index.html")).unwrap();
    assert!(page.contains("local-volumes"));
}

#[test]
fn a_basin_may_be_one_of_accuracy_or_of_predictions_and_has_a_range_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &["--steps", "300"]);
    let fast = ["--particles", "40", "--moves", "4", "--doublings", "0"];
    let measure = |on: &str, cutoff: &str| {
        let mut command = basinscope(f);
        command.args(["volume", "run", "--cutoff-on", on, "--cutoff", cutoff]);
        command.args(fast).assert().success();
    };
    measure("accuracy", "0.6");
    measure("predictions", "0.1");
    let found = records(f);
    assert_eq!(found.len(), 2);
    for record in &found {
        let curve = record["curve"].as_array().unwrap();
        // The range begins where nearly every step is inside and goes out from there.
        assert!(curve.len() >= 4, "{curve:?}");
        assert!(curve[0]["ln_p"].as_f64().unwrap() > -0.5);
        let sigmas: Vec<f64> = curve.iter().map(|p| p["sigma"].as_f64().unwrap()).collect();
        assert!(sigmas.is_sorted());
        // Both the absolute grid and the one in units of the rms parameter are in it.
        let rms = record["rms"].as_f64().unwrap();
        let on_grid = |unit: f64| {
            sigmas.iter().any(|sigma| {
                let place = 4.0 * (sigma / unit).log10();
                (place - place.round()).abs() < 0.01
            })
        };
        assert!(on_grid(1.0) && on_grid(rms), "{sigmas:?}");
        // Not converged without a second look, and so told.
        let told = curve
            .iter()
            .any(|p| p["warning"].as_str().unwrap().contains("unconverged"));
        assert!(told);
    }
    assert_eq!(found[0]["region"], "accuracy");
    assert_eq!(found[1]["region"], "predictions");
}

#[test]
fn threads_change_no_byte_and_what_is_there_is_not_computed_again() {
    let folders = ["1", "2"].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        let f = folder.path();
        train(f, "run", &["--steps", "300"]);
        let fast = ["--particles", "40", "--moves", "2", "--doublings", "1"];
        let sigma = ["--sigma", "0.05,0.1", "--threads", threads];
        volume(f, &[&fast[..], &sigma].concat());
        volume(f, &[&["--method", "lta"][..], &sigma].concat());
        folder
    });
    let [one, two] = folders.each_ref().map(|folder| folder.path().join("run"));
    assert_same_files(&one, &two);
    // A record that is there is taken: a mark put into it survives the same command, but not
    // another question.
    let f = folders[0].path();
    let file = f.join("run/results/local-volumes.json");
    let text = fs::read_to_string(&file).unwrap();
    let marked = text.replacen("\"ess\": ", "\"ess\": 1", 1);
    assert_ne!(text, marked);
    fs::write(&file, &marked).unwrap();
    volume(f, &["--method", "lta", "--sigma", "0.05,0.1"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), marked);
    volume(
        f,
        &["--method", "lta", "--sigma", "0.05,0.1", "--seed", "1"],
    );
    assert_ne!(fs::read_to_string(&file).unwrap(), marked);
}

/// Hours of walks, if nobody stopped them.
#[test]
#[cfg(unix)]
fn a_long_walk_hears_ctrl_c_and_leaves_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &["--steps", "300"]);
    let long = ["--moves", "1000000", "--sigma", "0.5", "--stiff", "0"];
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_basinscope"));
    command
        .current_dir(f)
        .args(["volume", "run", "--cutoff", "0.8"])
        .args(long);
    command.stderr(std::process::Stdio::piped());
    let walking = command.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let pid = walking.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(sent.unwrap().success());
    let ended = walking.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("interrupted"));
    assert!(!f.join("run/results/local-volumes.json").exists());
}
