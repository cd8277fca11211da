//! Tables good and bad, each as a user could write it, and the cut of what was read.

use super::*;
use crate::data::{Dataset, Reading, SplitSizes};
use std::fs;

/// Writes a file and asks for it.
pub(super) fn file(folder: &tempfile::TempDir, name: &str, text: impl AsRef<[u8]>) -> PointsFile {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    PointsFile {
        path,
        ..PointsFile::default()
    }
}

/// All points of a file in their order, with what was understood.
fn whole(asked: &PointsFile) -> Result<(Vec<f32>, Vec<u32>, Reading)> {
    let points = asked.read()?;
    let ids = points.classes.ids.clone();
    let (inputs, all) = (points.train.inputs.clone(), points.train.len());
    let sizes = SplitSizes {
        train: all - 1,
        test: 1,
        pool: 0,
    };
    let (_, reading) = points.split(sizes, 0)?;
    Ok((inputs, ids, reading))
}

pub(super) fn load(text: impl AsRef<[u8]>) -> Result<(Vec<f32>, Vec<u32>, Reading)> {
    let folder = tempfile::tempdir().unwrap();
    whole(&file(&folder, "mine.csv", text))
}

#[test]
fn the_same_points_in_every_dialect() {
    let wanted = (vec![5.1, 3.5, 4.9, 3.0, 6.3, 3.25], vec![0, 0, 1]);
    let utf16 = |text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        let units = text.encode_utf16().flat_map(bytes);
        mark.into_iter().chain(units).collect::<Vec<u8>>()
    };
    let gzip = |text: &str| {
        use std::io::Write;
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(text.as_bytes()).unwrap();
        writer.finish().unwrap()
    };
    let plain = "a,b,kind\n5.1,3.5,x\n4.9,3.0,x\n6.3,3.25,y\n";
    for (text, how) in [
        (plain.into(), "columns by commas, header"),
        (
            plain.replace('\n', "\r\n").into(),
            "columns by commas, header",
        ),
        (
            plain.replace('\n', "\r").into(),
            "columns by commas, header",
        ),
        (plain.replace(',', ", ").into(), "columns by commas, header"),
        (
            plain.replace(',', ";").into(),
            "columns by semicolons, header",
        ),
        (plain.replace(',', "\t").into(), "columns by tabs, header"),
        (plain.replace(',', "|").into(), "columns by pipes, header"),
        (
            plain.replace(',', "   ").into(),
            "columns by blanks, header",
        ),
        (
            plain.replace(',', ";").replace('.', ",").into(),
            "columns by semicolons, decimal commas, header",
        ),
        (
            plain.replace(',', "\t").replace('.', ",").into(),
            "columns by tabs, decimal commas, header",
        ),
        (
            plain.replace(',', " ").replace('.', ",").into(),
            "columns by blanks, decimal commas, header",
        ),
        (
            plain.replace('\n', ",\n").into(),
            "columns by commas, header",
        ),
        (
            plain.replace(".5,x", ".5,x,").into(),
            "columns by commas, header",
        ),
        (
            plain.replace('\n', "\n\n\n").into(),
            "columns by commas, header",
        ),
        (
            plain.replace('x', "\"x\"").into(),
            "columns by commas, header",
        ),
        (
            format!("\u{feff}{plain}").into(),
            "columns by commas, header",
        ),
        (
            format!("# made by me\n# twice\n{plain}").into(),
            "columns by commas, header",
        ),
        (
            plain.replace("a,b", "# a,b").into(),
            "columns by commas, header in a comment",
        ),
        (
            plain.replace("a,b,kind\n", "").into(),
            "columns by commas, no header",
        ),
        (gzip(plain), "columns by commas, gzip, header"),
        (
            utf16(plain, [0xff, 0xfe], u16::to_le_bytes),
            "columns by commas, UTF-16, header",
        ),
        (
            utf16(plain, [0xfe, 0xff], u16::to_be_bytes),
            "columns by commas, UTF-16, header",
        ),
    ] {
        let text: Vec<u8> = text;
        let (inputs, ids, reading) = load(&text).unwrap();
        assert_eq!((inputs, ids), wanted, "{how}");
        let found = format!("{}, {}", reading.form, reading.header);
        assert_eq!(found, format!("table, {how}"));
        assert_eq!(reading.names.classes, ["x", "y"]);
    }
}

#[test]
fn columns_find_their_parts() {
    let rows = |row: fn(u32) -> String| (0..12).map(row).collect::<String>();
    for (text, features, label, left_out) in [
        // pandas with its index, under each of its names.
        (
            ",a,b,kind\n".to_owned() + &rows(|k| format!("{k},.5,{},{}\n", k % 5, k % 2)),
            "a b",
            "column `kind`, the last",
            "column 0 (no name)",
        ),
        (
            "Unnamed: 0,a,kind\n".to_owned() + &rows(|k| format!("{},.{k},{}\n", k * 7, k % 2)),
            "a",
            "column `kind`, the last",
            "column `Unnamed: 0` (no name)",
        ),
        // Numbers of the rows, in and out of order, with and without a header.
        (
            "n,a,kind\n".to_owned() + &rows(|k| format!("{},.{k},{}\n", 1 + k, k % 2)),
            "a",
            "column `kind`, the last",
            "column `n` (numbers of the rows)",
        ),
        (
            rows(|k| format!("{},.{k},{}\n", (5 * k) % 12, k % 2)),
            "",
            "column 2, the last",
            "column 0 (numbers of the rows)",
        ),
        // The breast-cancer table: the label second, numbers with decimals last.
        (
            "id,grade,a,b\n".to_owned()
                + &rows(|k| {
                    format!(
                        "{},{},.{k},1.{k}\n",
                        842_302 + 3 * k,
                        ["M", "B"][k as usize % 2]
                    )
                }),
            "a b",
            "column `grade`, the only one of words",
            "column `id` (all different)",
        ),
        (
            "PassengerId,y,a\n".to_owned() + &rows(|k| format!("{},{},.{k}\n", 90 - 2 * k, k % 2)),
            "a",
            "column `y`, by its name",
            "column `PassengerId` (all different)",
        ),
        // `y` beside `x` is a place.
        (
            "x,y,kind\n".to_owned() + &rows(|k| format!(".{k},{},{}\n", k % 3, k % 2)),
            "x y",
            "column `kind`, the last",
            "",
        ),
        // An id that is not all different is a feature.
        (
            "id,target,a\n".to_owned() + &rows(|k| format!("{},{},.{k}\n", k / 2, k % 2)),
            "id a",
            "column `target`, by its name",
            "",
        ),
        // R's row names: one name less than columns.
        (
            "a kind\n".to_owned() + &rows(|k| format!("r{k} .{k} {}\n", k % 2)),
            "a",
            "column `kind`, the last",
            "column 0 (no name)",
        ),
        (
            "#,a,kind\n".to_owned() + &rows(|k| format!("{k},.{k},{}\n", k % 2)),
            "a",
            "column `kind`, the last",
            "column `#` (numbers of the rows)",
        ),
    ] {
        let (_, ids, reading) = load(&text).unwrap();
        assert_eq!(reading.names.features.join(" "), features, "{text}");
        assert_eq!(reading.label, label, "{text}");
        assert_eq!(reading.left_out.join(" "), left_out, "{text}");
        assert_eq!((ids.len(), reading.names.classes.len()), (12, 2), "{text}");
    }
}

#[test]
fn what_is_asked_for_goes_before_what_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..12)
        .map(|k| format!("{k},.{k},{},{}\n", k % 2, k % 3))
        .collect();
    let asked = file(&folder, "mine.csv", format!("n,a,b,c\n{rows}"));
    let names = |of: PointsFile| {
        let (.., reading) = whole(&of).unwrap();
        (
            reading.names.features.join(" "),
            reading.label,
            reading.points,
        )
    };
    let b = || Some("b".into());
    for (of, features, label) in [
        (
            PointsFile {
                label: b(),
                ..asked.clone()
            },
            "a c",
            "column `b`",
        ),
        (
            PointsFile {
                label: Some("2".into()),
                ..asked.clone()
            },
            "a c",
            "column `b`",
        ),
        (
            PointsFile {
                features: Some(vec!["n".into(), "a".into()]),
                ..asked.clone()
            },
            "n a",
            "column `c`, the last",
        ),
        (
            PointsFile {
                exclude: vec!["b".into()],
                ..asked.clone()
            },
            "a",
            "column `c`, the last",
        ),
        (
            PointsFile {
                exclude: vec!["c".into()],
                ..asked.clone()
            },
            "a",
            "column `b`, the last",
        ),
    ] {
        assert_eq!(names(of), (features.into(), label.into(), 12));
    }
    let numbers: String = (0..12)
        .map(|k| format!("{},.{k},{}\n", k % 4, k % 3))
        .collect();
    let asked = file(&folder, "numbers.csv", format!("0,1,2\n{numbers}"));
    assert_eq!(whole(&asked).unwrap().2.points, 12);
    let no = PointsFile {
        header: Some(false),
        ..asked
    };
    assert_eq!(whole(&no).unwrap().2.points, 13);
    let asked = file(&folder, "plain.csv", format!("7,.5,1\n{numbers}"));
    let yes = PointsFile {
        header: Some(true),
        ..asked
    };
    assert_eq!(whole(&yes).unwrap().2.points, 12);
}

#[test]
fn missing_values_are_refused_left_out_or_filled() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "a,b,kind\n".to_owned();
    for k in 0..20 {
        text += &format!(
            "{},{},{}\n",
            k as f32 / 2.0,
            k % 3 / 2 * 7,
            ["x", "y"][k % 2]
        );
    }
    let text = text + "NA,1,x\n2.5,?,y\n1.5,,x\n1.5,2,\n";
    let refuse = file(&folder, "mine.csv", text);
    let error = refuse.read().unwrap_err().to_string();
    let wanted = "line 22, column `a`: expected a value (--missing drop leaves such points out, \
                  --missing mean fills in the mean of the training points), found none; 4 points \
                  are incomplete";
    assert!(error.contains(wanted), "{error}");
    let drop = PointsFile {
        missing: Missing::Drop,
        ..refuse.clone()
    };
    let (.., reading) = whole(&drop).unwrap();
    assert_eq!(
        (reading.points, reading.left_out),
        (20, vec!["4 points with missing values".into()])
    );
    let mean = PointsFile {
        missing: Missing::Mean,
        ..refuse
    };
    let points = mean.read().unwrap();
    let (split, reading) = points.split(points.default_sizes(None), 3).unwrap();
    assert_eq!((reading.points, reading.train, reading.test), (23, 18, 5));
    assert_eq!(reading.left_out, ["1 point without a label"]);
    assert_eq!(
        reading.notes,
        ["3 missing values filled with the training mean"]
    );
    // Means of the training points alone, whatever part the hole is in: b is 0 or 7, its mean
    // neither.
    let b = |set: &Dataset| {
        (0..set.len())
            .map(|at| set.point(at)[1])
            .collect::<Vec<f32>>()
    };
    let holes = |set: &Dataset| {
        b(set)
            .into_iter()
            .filter(|x| x.fract() != 0.0)
            .collect::<Vec<_>>()
    };
    let filled = [holes(&split.train), holes(&split.test)].concat();
    let known: Vec<f32> = b(&split.train)
        .into_iter()
        .filter(|x| x.fract() == 0.0)
        .collect();
    let mean = known.iter().sum::<f32>() / known.len() as f32;
    assert_eq!(filled.len(), 2);
    assert!(
        filled.iter().all(|x| (x - mean).abs() < 1e-6),
        "{filled:?} {mean}"
    );
}

#[test]
fn standardizing_is_by_the_training_points() {
    let folder = tempfile::tempdir().unwrap();
    let line = |k: u32| format!("{},3,{}\n", 100 + k * k, k % 2);
    let text: String = "a,c,kind\n".to_owned() + &(0..40).map(line).collect::<String>();
    let asked = PointsFile {
        standardize: true,
        ..file(&folder, "mine.csv", text)
    };
    let points = asked.read().unwrap();
    let (split, reading) = points.split(points.default_sizes(Some(12)), 1).unwrap();
    assert_eq!(
        [split.train.len(), split.test.len(), split.pool.len()],
        [18, 10, 12]
    );
    let of = |set: &Dataset| {
        (0..set.len())
            .map(|at| f64::from(set.point(at)[0]))
            .collect::<Vec<_>>()
    };
    let train = of(&split.train);
    let mean = train.iter().sum::<f64>() / 18.0;
    let square = train.iter().map(|x| x * x).sum::<f64>() / 18.0;
    assert!(
        mean.abs() < 1e-4 && (square - 1.0).abs() < 1e-4,
        "{mean} {square}"
    );
    // The same line takes test points and pool back to whole squares.
    for value in of(&split.test).into_iter().chain(of(&split.pool)) {
        let raw = value * reading.deviation[0] + reading.mean[0] - 100.0;
        let square = raw.round();
        assert!(
            (raw - square).abs() < 1e-3 && square.sqrt().fract() == 0.0,
            "{raw}"
        );
    }
    assert_eq!(reading.deviation[1], 1.0);
    assert!(
        reading
            .notes
            .iter()
            .any(|note| note == "constant among the training points: c"),
        "{:?}",
        reading.notes
    );
}

#[test]
fn train_and_test_are_taken_as_given() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |range: std::ops::Range<u32>| {
        range
            .map(|k| format!(".{k},{},{}\n", k % 7, ["b", "a", "c"][k as usize % 3]))
            .collect::<String>()
    };
    let train = file(&folder, "train.csv", format!("u,v,kind\n{}", rows(0..30)));
    // Other order, a column more, and not all classes.
    let test: String = (30..39)
        .filter(|k| k % 3 != 2)
        .map(|k| format!("{},9,.{k},{}\n", ["b", "a"][k as usize % 3], k % 7))
        .collect();
    let test = file(&folder, "test.csv", format!("kind,extra,u,v\n{test}"));
    let both = PointsFile {
        test: Some(test.path),
        ..train.clone()
    };
    let points = both.read().unwrap();
    let sizes = points.default_sizes(None);
    assert_eq!((sizes.train, sizes.test, sizes.pool), (30, 6, 0));
    let (split, reading) = points.split(sizes, 0).unwrap();
    assert_eq!((reading.points, reading.parted.as_str()), (36, "as given"));
    assert_eq!(
        reading.left_out,
        ["of the test file column `extra` (not in the training file)"]
    );
    assert_eq!(split.train.point(7), [0.7, 0.0]);
    assert_eq!(split.test.point(0), [0.3, 2.0]);
    assert_eq!(split.test.labels(), [1, 0, 1, 0, 1, 0]);
    assert_eq!(split.test.names().classes, ["a", "b", "c"]);
    let sizes = points.default_sizes(Some(9));
    assert_eq!((sizes.train, sizes.test, sizes.pool), (21, 6, 9));
    let (split, reading) = points.split(sizes, 0).unwrap();
    assert_eq!(
        [split.train.len(), split.test.len(), split.pool.len()],
        [21, 6, 9]
    );
    assert_eq!(
        reading.parted,
        "test as given, pool taken off train by seed 0"
    );

    for (text, wanted) in [
        (
            "u,kind\n1,a\n2,b\n",
            "feature column: expected one of u, kind, or a number from 0 to 1, found `v`",
        ),
        (
            "u,v,kind\n1,2,a\n2,3,z\n",
            "line 3, column `kind`: expected a class of the training points (a, b, c), found `z`",
        ),
        (
            "1,2,a\n2,3,b\n",
            "header: expected a header as in training, found no header",
        ),
    ] {
        let other = file(&folder, "other.csv", text);
        let both = PointsFile {
            test: Some(other.path),
            ..train.clone()
        };
        let error = both.read().unwrap_err().to_string();
        assert!(
            error.contains("other.csv") && error.contains(wanted),
            "{error}"
        );
    }
}

#[test]
fn settings_are_kept_and_older_ones_read() {
    let old: PointsFile = toml::from_str("path = \"a.csv\"\nlabel = \"kind\"\n").unwrap();
    let wanted = PointsFile {
        path: "a.csv".into(),
        label: Some("kind".into()),
        ..PointsFile::default()
    };
    assert_eq!(old, wanted);
    assert_eq!(
        toml::to_string(&old).unwrap(),
        "path = \"a.csv\"\nlabel = \"kind\"\n"
    );
    let all = PointsFile {
        test: Some("b.csv".into()),
        features: Some(vec!["x".into()]),
        exclude: vec!["z".into()],
        header: Some(false),
        missing: Missing::Mean,
        standardize: true,
        ..wanted
    };
    assert_eq!(
        toml::from_str::<PointsFile>(&toml::to_string(&all).unwrap()).unwrap(),
        all
    );
}

#[test]
fn each_bad_file_is_refused_by_file_field_and_expectation() {
    let dates: String = (0..20)
        .map(|k| format!("{k}.5,2010/01/{k:02} 00:00\n"))
        .collect();
    let target: String = (0..20).map(|k| format!("{},{k}.25\n", k % 3)).collect();
    for (text, wanted) in [
        ("", "file: expected points, one a line, found an empty file"),
        (
            "\n\n",
            "file: expected points, one a line, found an empty file",
        ),
        (
            "x,y,label\n",
            "file: expected points below the header, found none",
        ),
        (
            "1\n2\n",
            "line 1: expected at least 2 columns, separated by commas, semicolons, tabs, pipes or blanks, found 1",
        ),
        (
            "1,2,0\n\n\n3,1\n3,4,0\n",
            "line 4: expected 3 columns, separated by commas, as in the other lines, found 2",
        ),
        (
            "1,2,0\r\n\r\n3,4,5,1\r\n1,2,1\r\n",
            "line 3: expected 3 columns, separated by commas, as in the other lines, found 4",
        ),
        (
            "x,x,label\n1,2,0\n3,4,1\n",
            "header: expected a name for each column, found `x` twice",
        ),
        (
            "x,y z,label\n1,2,0\n\n3,four,1\n",
            "line 4, column `y z`: expected a finite number, as features are (--exclude 'y z' leaves the column out; it has 1 such cell), found `four`",
        ),
        (
            "1,2,0\ninf,4,1\n",
            "line 2, column 0: expected a finite number",
        ),
        (
            "1,2,0\n1e39,4,1\n",
            "line 2, column 0: expected a finite number",
        ),
        (
            "1,2,0\n,4,1\n",
            "line 2, feature 0: expected a value (--missing drop",
        ),
        (
            "x,y,label\n,2,0\n,4,1\n",
            "feature x: expected a value somewhere",
        ),
        (
            "x,y,label\n1,2,1\n3,4,1\n",
            "column `label`: expected at least 2 classes, found only `1`",
        ),
        (
            "x,label\n1,0\n2,cat\n",
            "line 3, column `label`: expected a class number as the other labels are, found `cat`",
        ),
        (
            "x,label\n1,cat\n2,1\n",
            "line 3, column `label`: expected a class name as the other labels are, found `1`",
        ),
        (
            &format!("temp,date\n{dates}"),
            "column `date`: expected classes that points share (dates",
        ),
        (
            &format!("a,price\n{target}"),
            "column `price`: expected classes (a value to predict, as in regression",
        ),
        (
            "a,b,c\n\"1,234\",5,0\n\"2,345\",6,1\n",
            "expected numbers without separators of thousands, found `1,234`",
        ),
        (
            "a,b,c\n1,2,0\n\0,6,1\n",
            "line 3: expected text (UTF-16 needs a byte order mark), found a NUL character",
        ),
        (
            "\u{1b}[31ma,b,label\n1,2,0\nx,6,1\n",
            "line 3, column `\\u{1b}[31ma`: expected a finite number",
        ),
        (
            "a,b,label\n1,2,0\n\u{1b}]0;pwn\u{7},6,1\n",
            "found `\\u{1b}]0;pwn\\u{7}`",
        ),
        (
            "PK\u{3}\u{4}abc",
            "expected a table as text (save or export it as CSV), found a zip archive or an Excel workbook",
        ),
    ] {
        let error = load(text).unwrap_err().to_string();
        assert!(
            error.contains("mine.csv") && error.contains(wanted),
            "{text}\n{error}"
        );
    }
    let error = load(b"x,label\n1,0\n\xff,1\n").unwrap_err().to_string();
    assert!(
        error.contains("line 3: expected UTF-8 text") && error.contains("found byte 0xff"),
        "{error}"
    );
    let error = PointsFile {
        path: "no/such.csv".into(),
        ..PointsFile::default()
    }
    .read()
    .unwrap_err();
    assert!(
        error.to_string().starts_with("no/such.csv: cannot read"),
        "{error}"
    );
    let error = PointsFile {
        path: "points.xlsx".into(),
        ..PointsFile::default()
    }
    .read()
    .unwrap_err();
    assert!(
        error.to_string().contains("expected a name in .csv, .tsv"),
        "{error}"
    );
}

#[test]
fn what_single_precision_cannot_carry_is_said() {
    let row = |k: u32| format!("{}.5,{}.25,{}\n", 1_700_000_000 + k, k, k % 2);
    let text = "time,a,kind\n".to_owned() + &(0..600).map(row).collect::<String>();
    let (.., reading) = load(text).unwrap();
    let note = "rounded to single precision, which these features need more than: time";
    assert_eq!(reading.notes, [note]);
}
