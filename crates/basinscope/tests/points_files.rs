//! Files of points as people have them, and what is right for each.

use basinscope::data::{Missing, PointsFile, Reading, Split};
use std::path::{Path, PathBuf};

/// A file of the collection of cases; `None` where the collection is not there.
fn case(name: &str) -> Option<PathBuf> {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/cases");
    let path = Path::new(cases).join(name);
    if !path.is_file() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn asked(path: &Path) -> PointsFile {
    PointsFile {
        path: path.into(),
        ..PointsFile::default()
    }
}

/// All points to train on, in the order of the file.
fn whole(asked: PointsFile) -> (Split, Reading) {
    let both = PointsFile {
        test: Some(asked.path.clone()),
        ..asked
    };
    let points = both.read().unwrap();
    points.split(points.default_sizes(None), 0).unwrap()
}

#[test]
fn tables_are_what_pandas_reads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dialects");
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = expected.as_object().unwrap();
    assert!(expected.len() >= 12);
    for (name, wanted) in expected {
        let (split, reading) = whole(asked(&folder.join(name)));
        let set = &split.train;
        let rows = wanted["features"].as_array().unwrap();
        assert_eq!(set.len(), rows.len(), "{name}: {}", reading.line());
        for (at, row) in rows.iter().enumerate() {
            let row: Vec<f32> = (row.as_array().unwrap().iter())
                .map(|value| value.as_f64().unwrap() as f32)
                .collect();
            assert_eq!(set.point(at), row, "{name}, point {at}");
            let class = &set.names().classes[set.labels()[at] as usize];
            assert_eq!(
                class,
                wanted["labels"][at].as_str().unwrap(),
                "{name}, point {at}"
            );
        }
        let names = wanted["names"].as_array().into_iter().flatten();
        let names: Vec<&str> = names.map(|name| name.as_str().unwrap()).collect();
        assert_eq!(set.names().features, names, "{name}");
        let order = match set.names().classes[0].as_str() {
            "1" => ["1", "2", "10"],
            _ => ["setosa", "versicolor", "virginica"],
        };
        assert_eq!(set.names().classes, order, "{name}");
    }
}

/// Case, points, features, label, classes with their sizes (counted by pandas and NumPy), and what
/// else the line says.
#[test]
fn cases_are_read_as_they_should_be() {
    let iris = "sepal length (cm)|sepal width (cm)|petal length (cm)|petal width (cm)";
    for (name, points, features, label, classes, says) in [
        (
            "csv-number-header/points.csv",
            39,
            "0|1",
            "column `2`, the last",
            "0: 12, 1: 13, 2: 14",
            "taken as header",
        ),
        (
            "csv-labels-1-to-3/points.csv",
            60,
            "alcohol|malic_acid|ash",
            "column `target`, by its name",
            "1: 26, 2: 32, 3: 2",
            "header",
        ),
        (
            "csv-labels-pm1/points.csv",
            59,
            "x|y",
            "column `label`, the last",
            "-1: 34, 1: 25",
            "header",
        ),
        (
            "csv-semicolon/points.csv",
            59,
            iris,
            "column `species`, the last",
            "setosa: 50, versicolor: 9",
            "columns by semicolons",
        ),
        (
            "csv-decimal-comma/points.csv",
            59,
            iris,
            "column `species`, the last",
            "setosa: 50, versicolor: 9",
            "columns by semicolons, decimal commas",
        ),
        (
            "csv-id-column/points.csv",
            59,
            "mean radius|mean texture|mean perimeter",
            "column `diagnosis`, by its name",
            "B: 12, M: 47",
            "left out: column `id` (all different)",
        ),
        (
            "csv-gz/points.csv.gz",
            150,
            iris,
            "column `species`, the last",
            "setosa: 50, versicolor: 50, virginica: 50",
            "gzip",
        ),
        (
            "npz-float16/f16.npz",
            400,
            "",
            "array y",
            "0: 200, 1: 200",
            "NPZ, arrays X, y",
        ),
        (
            "npz-string-labels/ystr.npz",
            400,
            "",
            "array y",
            "no: 200, yes: 200",
            "NPZ, arrays X, y",
        ),
        (
            "npz-string-labels/yobj.npz",
            400,
            "",
            "array y",
            "no: 200, yes: 200",
            "NPZ, arrays X, y",
        ),
        (
            "npz-datatarget/datatarget.npz",
            400,
            "",
            "array target",
            "0: 200, 1: 200",
            "NPZ, arrays data, target",
        ),
    ] {
        let Some(path) = case(name) else { continue };
        let (split, reading) = whole(asked(&path));
        let names = split.train.names();
        let line = reading.line();
        assert_eq!(names.features.join("|"), features, "{line}");
        assert_eq!(reading.label, label, "{line}");
        assert_eq!(split.train.len(), points, "{line}");
        let count = |class: usize| {
            split
                .train
                .labels()
                .iter()
                .filter(|&&of| of as usize == class)
                .count()
        };
        let sizes: Vec<String> = (0..names.classes.len())
            .map(|class| format!("{}: {}", names.classes[class], count(class)))
            .collect();
        assert_eq!(sizes.join(", "), classes, "{line}");
        assert!(line.contains(says), "{line}");
    }
}

#[test]
fn dialects_of_one_table_hold_the_same_points() {
    let [Some(points), Some(commas)] =
        ["csv-semicolon/points.csv", "csv-decimal-comma/points.csv"].map(case)
    else {
        return;
    };
    assert_eq!(whole(asked(&points)).0, whole(asked(&commas)).0);
}

#[test]
fn the_mixed_header_is_one_and_its_last_column_the_label() {
    let Some(path) = case("csv-number-header-mixed/points.csv") else {
        return;
    };
    let (split, reading) = whole(asked(&path));
    let names = split.train.names();
    assert_eq!(
        (split.train.len(), names.classes.len()),
        (39, 35),
        "{}",
        reading.line()
    );
    assert_eq!(reading.label, "column `c`, the last");
    let note = "35 classes for 39 points: are these classes?";
    assert!(reading.line().contains(note), "{}", reading.line());
    assert_eq!(names.features, ["0", "1"]);
}

#[test]
fn missing_values_are_refused_with_the_option_or_left_out_and_counted() {
    let Some(path) = case("csv-missing/points.csv") else {
        return;
    };
    let error = asked(&path).read().unwrap_err().to_string();
    assert!(
        error.contains("--missing drop") && error.contains("line "),
        "{error}"
    );
    let drop = PointsFile {
        missing: Missing::Drop,
        ..asked(&path)
    };
    let (split, reading) = whole(drop);
    assert_eq!(split.train.len(), 58, "{}", reading.line());
    assert!(
        reading
            .left_out
            .contains(&"1 point with missing values".into()),
        "{}",
        reading.line()
    );
    let mean = PointsFile {
        missing: Missing::Mean,
        ..asked(&path)
    };
    assert_eq!(whole(mean).0.train.len(), 59);
}

#[test]
fn dates_are_no_classes() {
    let Some(path) = case("csv-dates-as-label/points.csv") else {
        return;
    };
    let error = asked(&path).read().unwrap_err().to_string();
    assert!(
        error.contains("column `date`: expected classes that points share"),
        "{error}"
    );
    assert!(
        error.contains("a class of its own for 100 of 100 points"),
        "{error}"
    );
}

/// Control characters stay out of what is said, and whatever is wrong is refused in a sentence.
#[test]
fn hostile_files_are_refused_without_steering_the_terminal() {
    for (name, wanted) in [
        ("hostile/csv_NUL-f.csv", "line 41: expected text"),
        (
            "hostile/csv_escape_in_bad_cell-f.csv",
            "found `\\u{1b}]0;pwn\\u{7}`",
        ),
        (
            "hostile/csv_escape_in_header-f.csv",
            "column `\\u{1b}[31ma`",
        ),
        ("hostile/b20.npz", "found records"),
        ("hostile/npz-header-length.npz", "a header that ends after"),
        ("hostile/npz_1000_brackets-f.npz", "found records"),
        (
            "hostile/run_data_label_.5-data.npz",
            "expected a whole number as the other labels are, found `0.5`",
        ),
    ] {
        let Some(path) = case(name) else { continue };
        let error = asked(&path).read().unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
        assert!(!error.chars().any(char::is_control), "{error:?}");
    }
}
