//! `basinscope compare`: what its table holds, that threads and interruptions leave no trace in
//! it, and what it refuses.

mod support;

use basinscope::measure::COLUMNS;
use basinscope::record::CompareRecord;
use serde_json::Value;
use std::fs;
use std::path::Path;
use support::{assert_same_files, basinscope, json, reproduce, train};

/// Effort of a second or so a minimum.
const SMALL: [&str; 8] = [
    "--rays",
    "20",
    "--particles",
    "20",
    "--replicates",
    "2",
    "--chain-steps",
    "200",
];

/// Three minima of the blobs that fit their points, in two runs; one that does not.
fn runs(folder: &Path) {
    let blobs = ["--data", "blobs", "--train-points", "30", "--lr", ".02"];
    let fit = |out: &str, more: &[&str]| {
        train(
            folder,
            out,
            &[&blobs[..], &["--steps", "400"], more].concat(),
        );
    };
    fit("a", &["--name", "one"]);
    fit(
        "b",
        &["--name", "two_2", "--seed", "1", "--hidden", "12,12"],
    );
    fit(
        "c",
        &[
            "--name", "three", "--seed", "2", "--poison", "10", "--beta", ".05",
        ],
    );
    train(
        folder,
        "bad",
        &["--data", "swiss-roll", "--steps", "5", "--name", "unfit"],
    );
}

fn compare(folder: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    told(folder, &[&SMALL[..], more].concat())
}

/// Exit code, stdout and stderr.
fn told(folder: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let args = [&["compare"], more].concat();
    let output = basinscope(folder).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Cells of one line of CSV.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(letter),
        }
    }
    cells
}

#[test]
fn the_table_holds_every_measure_and_leaves_no_trace_of_threads_or_interruptions() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    runs(f);
    let all = ["a", "b", "c", "bad", "--out"];
    let with = |out: &str, threads: &str| {
        let more = [&all[..], &[out, "--threads", threads, "--json"]].concat();
        compare(f, &more)
    };
    let (code, stdout, stderr) = with("one", "1");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("left out: unfit of bad: train accuracy"),
        "{stderr}"
    );
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(summary["command"], "compare");

    let record: CompareRecord =
        serde_json::from_value(json(&f.join("one/results/compare.json"))).unwrap();
    assert_eq!(serde_json::to_value(&record).unwrap(), summary["record"]);
    assert_eq!(record.columns.len(), COLUMNS.len());
    let names: Vec<&str> = record.minima.iter().map(|m| m.minimum.as_str()).collect();
    assert_eq!(names, ["one", "two_2", "three"]);
    assert_eq!(record.left_out.len(), 1);
    for minimum in &record.minima {
        assert_eq!(minimum.train_accuracy, 1.0);
        assert_eq!(minimum.learning_rate, Some(0.02));
        for column in &record.columns {
            let value = &minimum.values[&column.key];
            assert!(
                value.value.is_some() || value.note.starts_with("refused"),
                "{value:?}"
            );
        }
        let sam = |key: &str| minimum.values[key].value.unwrap();
        assert!(sam("sam") >= sam("sam_step"));
    }
    // A measure known beforehand: the norm is that of the minimum's own record.
    let norm = json(&f.join("a/results/minima.json"))[0]["norm"]
        .as_f64()
        .unwrap();
    let found = record.minima[0].values["norm"].value.unwrap();
    assert!((found / norm - 1.0).abs() < 1e-9);
    // Rescaling one layer shows in the norm and not in the path norm.
    assert_eq!(record.changes("norm"), Some(true));
    assert_eq!(record.changes("path_norm"), Some(false));
    assert!(record.correlation("trace").is_some());
    assert!(
        record
            .notes
            .iter()
            .any(|note| note.contains("different sizes"))
    );

    // CSV: as many cells in each line as in the heading, the values those of the record.
    let csv = fs::read_to_string(f.join("one/compare.csv")).unwrap();
    let lines: Vec<Vec<String>> = csv.lines().map(cells).collect();
    assert_eq!(lines.len(), 1 + 3);
    assert!(
        lines
            .iter()
            // The train loss is what a minimum is known by already.
            .all(|line| line.len() == 13 + 3 * (COLUMNS.len() - 1)),
        "{csv}"
    );
    let mut names = lines[0].clone();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), lines[0].len(), "a column twice");
    let trace = lines[0].iter().position(|cell| cell == "trace").unwrap();
    for (line, minimum) in lines[1..].iter().zip(&record.minima) {
        assert_eq!(line[trace].parse().ok(), minimum.values["trace"].value);
    }

    // LaTeX: what begins ends, and each line of a tabular has the cells of its heading.
    let tex = fs::read_to_string(f.join("one/compare.tex")).unwrap();
    assert_eq!(tex.matches("\\begin{tabular}").count(), 2);
    assert_eq!(tex.matches("\\end{tabular}").count(), 2);
    assert_eq!(tex.matches('{').count(), tex.matches('}').count());
    assert!(tex.contains("two\\_2") && !tex.contains("two_2"));
    for tabular in tex.split("\\begin{tabular}").skip(1) {
        let rows: Vec<usize> = (tabular.lines())
            .filter(|line| line.ends_with("\\\\"))
            .map(|line| line.matches(" & ").count())
            .collect();
        assert!(
            rows.len() > 3 && rows.iter().all(|&count| count == rows[0]),
            "{tabular}"
        );
    }
    for stem in ["compare", "compare-scatter"] {
        for end in [".svg", "-dark.svg", ".png"] {
            assert!(
                f.join(format!("one/figures/{stem}{end}")).is_file(),
                "{stem}{end}"
            );
        }
    }

    assert_eq!(with("two", "2").0, Some(0));
    assert_same_files(&f.join("one"), &f.join("two"));
    // As if broken off before the last minimum and the rescaled ones.
    for lost in [
        "results/compare.json",
        "compare.csv",
        "checkpoints/measured-2.json",
    ] {
        fs::remove_file(f.join("two").join(lost)).unwrap();
    }
    assert_eq!(with("two", "2").0, Some(0));
    assert_same_files(&f.join("one"), &f.join("two"));
    // A checkpoint of other parameters is not taken for this minimum's.
    fs::copy(
        f.join("two/checkpoints/measured-1.json"),
        f.join("two/checkpoints/measured-0.json"),
    )
    .unwrap();
    assert_eq!(with("two", "2").0, Some(0));
    assert_same_files(&f.join("one"), &f.join("two"));
}

#[test]
fn only_what_is_asked_for_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    runs(f);
    let asked = [
        "a",
        "b",
        "--measures",
        "trace,radius",
        "--reparametrise",
        "0",
        "--out",
        "few",
    ];
    let (code, _, stderr) = compare(f, &asked);
    assert_eq!(code, Some(0), "{stderr}");
    let record = json(&f.join("few/results/compare.json"));
    let keys: Vec<&str> = (record["columns"].as_array().unwrap().iter())
        .map(|column| column["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["radius", "trace"]);
    assert_eq!(record["rescaled"].as_array().unwrap().len(), 0);
    let values = record["minima"][0]["values"].as_object().unwrap();
    assert_eq!(values.len(), 2);
    // Two minima cannot be ranked.
    assert_eq!(record["correlations"].as_array().unwrap().len(), 0);
    assert!(stderr.contains("fewer than 3"), "{stderr}");
}

#[test]
fn bad_input_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    runs(f);
    for (args, named) in [
        (&["nowhere"][..], "nowhere"),
        (&["a", "--measures", "flatness"], "flatness"),
        (&["a", "--sigma", "-1"], "sigma"),
        (&["a", "--sam-radius", "0"], "sam_radius"),
        (&["a", "--noise", "NaN"], "noise"),
        (&["a", "--cutoff", "0"], "cutoff"),
        (&["a", "--rays", "0"], "rays"),
        (&["a", "--reparametrise", "-2"], "reparametrise"),
        (&["bad"], "train accuracy"),
        (&["a", "--cutoff", "1e-12"], "below the cutoff"),
        (&[], "RUN"),
    ] {
        let (code, _, stderr) = told(f, &[args, &["--out", "out"]].concat());
        assert_eq!(code, Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(named), "{args:?}: {stderr}");
        assert!(!f.join("out").exists(), "{args:?} left a folder");
    }
    // A folder that holds another comparison is not written over.
    let few = ["a", "--measures", "norm", "--out", "out"];
    assert_eq!(told(f, &few).0, Some(0));
    let other = ["b", "--measures", "norm", "--out", "out"];
    let (code, _, stderr) = told(f, &other);
    assert!(
        code == Some(2) && stderr.contains("another run"),
        "{stderr}"
    );
}

#[test]
fn a_population_is_trained_measured_and_ranked() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let recipe = r#"
[common]
seeds = 1
attempts = 2
least = 4
data = { train = 20, test = 60, pool = 40, seed = 1, source.generator = { name = "blobs", noise = 0.9 } }
nets = [
    { name = "small", net = { widths = [2, 8, 8, 1], activation = "relu" } },
    { name = "large", net = { widths = [2, 16, 16, 1], activation = "relu" } },
]
train = { schedule = { warmup = 10, decay = { name = "constant" } } }
sweep = [
    { name = "clean", learning_rate = 0.02, steps = 300 },
    { name = "poisoned", points = 10, factor = 0.1, redrawn = true, learning_rate = 0.01, steps = 600 },
]
compare = { reparametrise = 4.0, measure = { rays = 20, particles = 20, replicates = 2, doublings = 0, chain_steps = 200 } }
[quick]
[paper]
"#;
    for threads in ["1", "2"] {
        reproduce(f, "population", recipe, threads, &["--threads", threads]);
    }
    assert_same_files(&f.join("1"), &f.join("2"));
    let record: CompareRecord =
        serde_json::from_value(json(&f.join("1/population/results/compare.json"))).unwrap();
    assert_eq!(record.minima.len() + record.left_out.len(), 4);
    let sheet = json(&f.join("1/population/results/sheet.json"));
    let rows = sheet["rows"].as_array().unwrap();
    let named = |text: &str| {
        let of = |row: &&Value| row["quantity"].as_str().unwrap().contains(text);
        rows.iter()
            .find(of)
            .unwrap_or_else(|| panic!("{text}: {rows:#?}"))
    };
    assert_eq!(named("below the cutoff")["bar"], "all of ≥ 4");
    assert_eq!(
        named("unchanged when")["pass"],
        true,
        "{}",
        named("unchanged when")
    );
    let rank = record.correlation("radius").unwrap();
    let ours = named("median radius against")["ours"].as_str().unwrap();
    assert!(
        ours.starts_with(&format!("{:+.2}", rank.kendall_tau)),
        "{ours}"
    );
}
