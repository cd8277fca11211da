//! CSV files good and bad, each as a user could write it.

use super::*;

fn load(text: impl AsRef<[u8]>, label: &str, features: &[&str]) -> Result<Dataset> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.csv");
    fs::write(&path, text).unwrap();
    let options = CsvOptions {
        label: (!label.is_empty()).then(|| label.into()),
        features: (!features.is_empty())
            .then(|| features.iter().map(|&name| name.into()).collect()),
    };
    load_csv(path, &options)
}

#[test]
fn headers_are_recognised_and_columns_go_by_name_or_number() {
    let wanted = Dataset::new(vec![1.0, 2.0, 3.0, 4.5], vec![0, 1], 2, 2).unwrap();
    for (text, label, features) in [
        ("1,2,0\n3,4.5,1\n", "", &[][..]),
        ("x,y,class\n1,2,0\n3,4.5,1\n", "", &[]),
        ("label,x,y\r\n0,1,2\r\n1,3,4.5", "", &[]),
        ("\u{feff}label, x, y\n\n0, 1, 2\n1.0,3e0, 4.5\n\n", "", &[]),
        ("0,1,label\n1,2,0\n3,4.5,1\n", "", &[]),
        ("0,1,kind\n1,2,0\n3,4.5,1\n", "kind", &[]),
        ("1,2,0\n3,4.5,1\n", "2", &["0", "1"]),
        ("y,kind,x,id\n2,cat,1,7\n4.5,dog,3,8\n", "kind", &["x", "y"]),
        ("y,kind,x,id\n2,cat,1,7\n4.5,dog,3,8\n", "1", &["2", "y"]),
        ("1,2,cat\n3,4.5,\"dog\"\n", "", &[]),
        (",x,y,label\n0,1,2,0\n1,3,4.5,1\n", "", &["x", "y"]),
    ] {
        assert_eq!(load(text, label, features).unwrap(), wanted, "{text}");
    }
}

#[test]
fn many_features_keep_their_order() {
    let line = |class: usize| {
        let cells: Vec<String> = (0..3_072).map(|at| format!("{}", at + class)).collect();
        format!("{},{class}\n", cells.join(","))
    };
    let set = load(line(0) + &line(1), "", &[]).unwrap();
    assert_eq!((set.len(), set.num_features()), (2, 3_072));
    assert_eq!((set.point(0)[3_071], set.point(1)[0]), (3_071.0, 1.0));
}

#[test]
fn each_bad_file_is_refused_by_file_field_and_expectation() {
    let good = "x,y,label\n1,2,0\n3,4,1\n";
    for (text, label, features, wanted) in [
        (
            "",
            "",
            &[][..],
            "file: expected points, one a line, found an empty file",
        ),
        (
            "\n\n",
            "",
            &[],
            "file: expected points, one a line, found an empty file",
        ),
        (
            "x,y,label\n",
            "",
            &[],
            "file: expected points below the header, found none",
        ),
        (
            "1;2;0\n3;4;1\n",
            "",
            &[],
            "line 1: expected at least 2 columns, separated by commas, found 1",
        ),
        (
            "1,2,0\n\n\n3,1\n",
            "",
            &[],
            "line 4: expected 3 columns as in the first line, found 2",
        ),
        (
            "1,2,0\r\n\r\n3,4,5,1\r\n",
            "",
            &[],
            "line 3: expected 3 columns as in the first line, found 4",
        ),
        (
            good,
            "lable",
            &[],
            "label column: expected one of x, y, label, or a number from 0 to 2, found `lable` (did you mean `label`?)",
        ),
        (
            good,
            "3",
            &[],
            "label column: expected one of x, y, label, or a number from 0 to 2, found `3`",
        ),
        (
            good,
            "",
            &["z"],
            "feature column: expected one of x, y, label",
        ),
        (
            "1,2,0\n3,4,1\n",
            "kind",
            &[],
            "label column: expected a number from 0 to 2 (the file has no header), found `kind`",
        ),
        (
            good,
            "",
            &["x", "label"],
            "feature columns: expected columns other than the label's, found `label`",
        ),
        (
            good,
            "",
            &["x", "0"],
            "feature columns: expected each column once, found `0` twice",
        ),
        (
            "x,x,label\n1,2,0\n3,4,1\n",
            "",
            &[],
            "header: expected a name for each column, found `x` twice",
        ),
        (
            ",x,label\n0,1,0\n1,2,1\n",
            "",
            &[],
            "header: expected a name for each column, or the features named one by one, found none for column 0",
        ),
        (
            "x,y,label\n1,2,0\n\n3,four,1\n",
            "",
            &[],
            "line 4, column `y`: expected a finite number, found `four`",
        ),
        (
            "1,2,0\n3,NaN,1\n",
            "",
            &[],
            "line 2, column 1: expected a finite number, found `NaN`",
        ),
        (
            "1,2,0\ninf,4,1\n",
            "",
            &[],
            "line 2, column 0: expected a finite number, found `inf`",
        ),
        (
            "1,2,0\n1e39,4,1\n",
            "",
            &[],
            "line 2, column 0: expected a finite number, found `1e39`",
        ),
        (
            "1,2,0\n,4,1\n",
            "",
            &[],
            "line 2, column 0: expected a finite number, found ``",
        ),
        (
            "x,y,label\n1,2,1\n3,4,1\n",
            "",
            &[],
            "column `label`: expected at least 2 classes, found only `1`",
        ),
        (
            "x,kind\n1,cat\n2,cat\n",
            "",
            &[],
            "column `kind`: expected at least 2 classes, found only `cat`",
        ),
        (
            "x,label\n1,0\n2,cat\n",
            "",
            &[],
            "line 3, column `label`: expected a class number as the other labels are, found `cat`",
        ),
        (
            "x,label\n1,cat\n2,\n",
            "",
            &[],
            "line 3, column `label`: expected a class name, found ``",
        ),
        (
            "x,label\n1,cat\n2,1\n",
            "",
            &[],
            "line 3, column `label`: expected a class name as the other labels are, found `1`",
        ),
    ] {
        let error = load(text, label, features).unwrap_err().to_string();
        assert!(
            error.contains(&format!("mine.csv: {wanted}")),
            "{text}\n{error}"
        );
    }
    let error = load(b"x,label\n1,0\n\xff,1\n", "", &[])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("mine.csv: line 3: expected UTF-8 text"),
        "{error}"
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = load_csv("no/such.csv", &CsvOptions::default()).unwrap_err();
    assert!(
        error.to_string().starts_with("no/such.csv: cannot read"),
        "{error}"
    );
}
