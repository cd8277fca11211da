//! What `spectrum` writes, prints, refuses and promises.

mod support;

use basinscope::curvature::{HessianAt, SymmetricOperator};
use basinscope::net::MlpSurface;
use basinscope::record::{EigenvectorsRecord, RunDir, SurfaceRecord};
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

#[test]
fn the_stiffest_directions_are_saved_and_a_plane_is_weighed_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    train(f, "run", &["--steps", "300"]);
    // 12² nodes along a side that has no middle: none lies at the minimum itself.
    let surface = ["surface", "run", "--x=-0.5:0.5:12", "--other-planes", "3"];
    basinscope(f).args(surface).assert().success();
    let run = RunDir::open(f.join("run")).unwrap();
    let [record]: [EigenvectorsRecord; 1] = run.read_json("results/eigenvectors.json").unwrap();
    assert_eq!((record.dimension, record.eigenvalues.len()), (105, 2));
    assert!(record.eigenvalues[0] >= record.eigenvalues[1]);

    // H·v by the library itself leaves no more than the record says of λ·v.
    let vectors = run.read_arrays("results/eigenvectors-minimum.npz", &["vectors"]);
    let vectors = &vectors.unwrap()[0];
    assert_eq!(vectors.shape, [2, 105]);
    let (net, theta) = run.read_perceptron("minima/minimum.safetensors").unwrap();
    let train_surface = MlpSurface::new(&net, &run.read_data().unwrap().train).unwrap();
    let hessian = HessianAt::new(&train_surface, &theta).unwrap();
    let rows: Vec<Vec<f32>> = (vectors.values.chunks_exact(105))
        .map(|row| row.iter().map(|&x| x as f32).collect())
        .collect();
    for (place, v) in rows.iter().enumerate() {
        let mut image = vec![0.0; 105];
        hessian.apply(v, &mut image);
        let value = record.eigenvalues[place];
        let norm = |terms: Vec<f64>| terms.iter().map(|x| x * x).sum::<f64>().sqrt();
        let length = norm(v.iter().map(|&x| f64::from(x)).collect());
        assert!((length - 1.0).abs() < 1e-6, "{length}");
        let left = v.iter().zip(&image);
        let left = norm(
            left.map(|(&v, &a)| f64::from(a) - value * f64::from(v))
                .collect(),
        );
        let residual = record.residuals[place];
        assert!(residual < 1e-4, "{residual}");
        assert!(
            left <= 1.001 * residual * record.eigenvalues[0],
            "{left} {residual}"
        );
    }

    let [plane]: [SurfaceRecord; 1] = run.read_json("results/surfaces.json").unwrap();
    let worth = plane.worth.unwrap();
    assert_eq!(worth.top_eigenvalue, record.eigenvalues[0]);
    assert_eq!(worth.chance_share, 2.0 / 105.0);
    assert_eq!(
        (worth.other_planes.len(), worth.other_cross_sections.len()),
        (3, 3)
    );
    // The plane's part of the trace, from the directions on disk and the 105 × 105 Hessian: with
    // v₂ = d₂ less its part along d₁. The record's trace is by as many products as there are rows.
    let names = ["direction_1", "direction_2", "train_loss"];
    let arrays = run
        .read_arrays("results/surface-minimum.npz", &names)
        .unwrap();
    assert_eq!(
        (arrays[0].shape.as_slice(), arrays[2].shape.as_slice()),
        (&[105][..], &[12, 12][..])
    );
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let curvature = |v: &[f64]| {
        let v32: Vec<f32> = v.iter().map(|&x| x as f32).collect();
        let mut image = vec![0.0; 105];
        hessian.apply(&v32, &mut image);
        let image: Vec<f64> = image.iter().map(|&x| f64::from(x)).collect();
        dot(v, &image) / dot(v, v)
    };
    let (d1, d2) = (&arrays[0].values, &arrays[1].values);
    let along = dot(d1, d2) / dot(d1, d1);
    let rest: Vec<f64> = d1.iter().zip(d2).map(|(d1, d2)| d2 - along * d1).collect();
    let axes = (0..105).map(|i| {
        let axis: Vec<f64> = (0..105).map(|j| f64::from(u8::from(i == j))).collect();
        curvature(&axis)
    });
    let share = (curvature(d1) + curvature(&rest)) / axes.sum::<f64>();
    assert!(
        (worth.share_of_trace / share - 1.0).abs() < 1e-3,
        "{share} {worth:?}"
    );
    assert!((worth.curvature[1] / curvature(d2) - 1.0).abs() < 1e-4);
    let below = arrays[2].values.iter().filter(|loss| **loss <= 0.1).count();
    assert_eq!(worth.area_below_cutoff, below as f64 / 144.0);

    // `spectrum` of the same seed finds them there; of another it looks for itself.
    let file = f.join("run/results/eigenvectors.json");
    let before = fs::read(&file).unwrap();
    spectrum(f, &["--seed", "0"]);
    assert_eq!(fs::read(&file).unwrap(), before);
    spectrum(f, &["--seed", "1"]);
    assert_eq!(json(&file)[0]["seed"], 1);
    assert!((floats(&json(&file)[0]["eigenvalues"])[0] / record.eigenvalues[0] - 1.0).abs() < 1e-4);
}
