//! Points of one's own: what is said of them, where their names go, and how they are parted.

mod support;

use serde_json::Value;
use std::fs;
use std::path::Path;
use support::{basinscope, json};

/// A table of two features, 40 points and three flowers, with an index and an id.
fn flowers(path: &Path, rows: std::ops::Range<usize>) {
    let mut text = ",flower id,petal length (cm),<b>width,species\n".to_owned();
    for k in rows {
        let class = k % 3;
        let [x, y] = [k * 7 % 10, k * 3 % 10].map(|digit| digit as f64 / 20.0 + class as f64);
        text += &format!(
            "{k},f{k:03},{x},{y},{}\n",
            ["setosa", "<i>virginica", "versicolor"][class]
        );
    }
    fs::write(path, text).unwrap();
}

/// Trains briefly; returns what was said and the summary.
fn trained(folder: &Path, options: &[&str]) -> (String, Value) {
    let output = basinscope(folder)
        .args(["train", "--steps", "40", "--hidden", "6", "--json"])
        .args(options)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{options:?}: {said}");
    (said, serde_json::from_slice(&output.stdout).unwrap())
}

fn refused(folder: &Path, options: &[&str]) -> String {
    let output = basinscope(folder)
        .args(["train", "--out", "refused"])
        .args(options)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{options:?}: {said}");
    assert!(!folder.join("refused").exists(), "{options:?}");
    said
}

#[test]
fn what_was_read_is_said_kept_and_named_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    flowers(&f.join("mine.csv"), 0..40);
    let (said, summary) = trained(f, &["--data", "mine.csv", "--out", "run"]);
    let line = "data: mine.csv (table, columns by commas, header): 40 points, 2 features (petal \
                length (cm), <b>width), 3 classes by column `species`, the last (<i>virginica: \
                13, setosa: 14, versicolor: 13); train 30, test 10 (cut at random by seed 4); \
                left out: column 0 (no name), column `flower id` (all different)\n";
    assert!(said.contains(line), "{said}");
    assert_eq!(
        summary["data"]["class_sizes"],
        serde_json::json!([13, 14, 13])
    );
    assert_eq!(summary["data"], json(&f.join("run/data.json")));

    let output = basinscope(f).args(["boundary", "run"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("data: mine.csv: 2 features (petal length (cm), <b>width)"),
        "{said}"
    );
    let names = &json(&f.join("run/results/boundaries.json"))[0]["names"];
    assert_eq!(names["classes"][1], "setosa");
    let svg = fs::read_to_string(f.join("run/figures/boundary-minimum.svg")).unwrap();
    let html = fs::read_to_string(f.join("run/index.html")).unwrap();
    for text in [&svg, &html] {
        for part in [
            "petal length (cm)",
            "setosa",
            "&lt;b&gt;width",
            "&lt;i&gt;virginica",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("<b>width") && !text.contains("<i>virginica"));
    }
    // The widgets of the page have them too.
    let data = html.split_once("type=\"application/json\">").unwrap().1;
    let data: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    assert_eq!(
        data["families"]["run"]["names"],
        serde_json::json!({
            "classes": ["<i>virginica", "setosa", "versicolor"],
            "features": ["petal length (cm)", "<b>width"],
        })
    );
}

#[test]
fn a_pool_is_cut_off_only_where_poison_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    flowers(&f.join("train.csv"), 0..40);
    flowers(&f.join("test.csv"), 40..52);
    let parts = |options: &[&str], out: &str| {
        let (said, summary) = trained(f, &[options, &["--out", out]].concat());
        let data = &summary["data"];
        let parts = ["train", "test", "pool"].map(|part| data[part].as_u64().unwrap());
        let text = format!("train {}, test {}", parts[0], parts[1]);
        assert!(said.contains(&text), "{said}");
        (parts, data["parted"].as_str().unwrap().to_owned())
    };
    let one = ["--data", "train.csv"];
    let two = ["--train", "train.csv", "--test", "test.csv"];
    let random = || "cut at random by seed 4".to_owned();
    assert_eq!(parts(&one, "a"), ([30, 10, 0], random()));
    assert_eq!(
        parts(&[&one[..], &["--poison", "4"]].concat(), "b"),
        ([20, 10, 10], random())
    );
    assert_eq!(
        parts(&[&one[..], &["--poison", "15"]].concat(), "c"),
        ([15, 10, 15], random())
    );
    let sizes = [
        "--train-points",
        "8",
        "--test-points",
        "7",
        "--pool-points",
        "6",
    ];
    assert_eq!(
        parts(&[&one[..], &sizes].concat(), "d"),
        ([8, 7, 6], random())
    );
    assert_eq!(parts(&two, "e"), ([40, 12, 0], "as given".into()));
    let taken = "test as given, pool taken off train by seed 4".to_owned();
    assert_eq!(
        parts(&[&two[..], &["--poison", "4"]].concat(), "f"),
        ([30, 12, 10], taken)
    );
    // The configuration runs again to the same points.
    let again = ["train", "--config", "f/config.toml", "--out", "g"];
    basinscope(f).args(again).assert().success();
    for file in ["data.npz", "data.json"] {
        assert_eq!(
            fs::read(f.join("f").join(file)).unwrap(),
            fs::read(f.join("g").join(file)).unwrap()
        );
    }
}

/// As versions before this wrote it: no word of header, missing values or a test file.
#[test]
fn an_older_configuration_cuts_the_same_points() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let rows: String = (0..40)
        .map(|k| format!(".{k},{},{}\n", k % 7, k % 2))
        .collect();
    fs::write(f.join("points.csv"), format!("x,y,class\n{rows}")).unwrap();
    let sizes = [
        "--train-points",
        "20",
        "--test-points",
        "10",
        "--pool-points",
        "10",
    ];
    trained(
        f,
        &[&["--data", "points.csv", "--out", "new"], &sizes[..]].concat(),
    );
    let config = fs::read_to_string(f.join("new/config.toml")).unwrap();
    let source = "[data.source.file]\npath = \"points.csv\"\n";
    assert!(config.contains(source), "{config}");
    let found = basinscope::record::RunDir::at(f.join("new"))
        .read_data()
        .unwrap()
        .test
        .inputs()
        .iter()
        .map(|x| x.to_bits())
        .fold(0_u32, |sum, bits| sum.rotate_left(5) ^ bits);
    assert_eq!(found, OLD_TEST_POINTS);
}

/// A sum over the bits of the ten test points that the version before this cut.
const OLD_TEST_POINTS: u32 = 2_789_994_346;

#[test]
fn what_is_recognised_is_listed_and_nothing_steers_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let said = refused(f, &["--data", "moon"]);
    for part in [
        "swiss-roll",
        "moons",
        ".csv, .tsv",
        ".npz",
        "did you mean `moons`",
    ] {
        assert!(said.contains(part), "{said}");
    }
    fs::write(f.join("points.xlsx"), "PK").unwrap();
    let said = refused(f, &["--data", "points.xlsx"]);
    assert!(
        said.contains("a file of another kind") && said.contains(".csv, .tsv"),
        "{said}"
    );
    let rows: String = (0..40)
        .map(|k| format!("{k},{},{}\n", k % 7, k % 2))
        .collect();
    fs::write(
        f.join("evil.csv"),
        format!("\u{1b}[31ma,b,label\n{rows}x,1,0\n"),
    )
    .unwrap();
    let said = refused(f, &["--data", "evil.csv"]);
    assert!(
        said.contains("--exclude") && said.contains("\\u{1b}[31ma"),
        "{said}"
    );
    assert!(
        !said.trim_end().chars().any(|c| c.is_control() && c != '\n'),
        "{said:?}"
    );
    let said = refused(f, &["--test", "evil.csv"]);
    assert!(said.contains("--train FILE"), "{said}");
    for (option, value) in [
        ("--exclude", "a"),
        ("--header", "yes"),
        ("--missing", "drop"),
    ] {
        let said = refused(f, &["--data", "moons", option, value]);
        assert!(said.contains(option), "{said}");
    }
}
