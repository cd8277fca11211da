//! Labelled points of the user's own, from CSV and NPZ files.

use super::Dataset;
use crate::{Error, Result};
use npyz::npz::NpzArchive;
use npyz::{DType, TypeChar};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Which columns of a CSV file hold what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// Label column, by name or by index from 0. Default: `label`, else the last column.
    pub label: Option<String>,
    /// Feature columns, by name or index. Default: all others.
    pub features: Option<Vec<String>>,
}

/// Reads labelled points from a comma-separated file.
///
/// A first row with a field that is no number is taken as the header. Labels that are all whole
/// numbers from 0 are classes as they stand; any others become classes 0, 1, … in sorted order.
///
/// # Errors
/// [`Error::Io`], or [`Error::File`] naming column and line: an unknown column, a ragged row, a
/// field that is no finite number, an empty file, labels of one class only.
pub fn load_csv(path: &Path, options: &CsvOptions) -> Result<Dataset> {
    let table = Table::read(path)?;
    let label = match &options.label {
        Some(name) => table.column(path, name)?,
        None => table
            .names
            .iter()
            .position(|name| name == "label")
            .unwrap_or(table.width() - 1),
    };
    let features = match &options.features {
        Some(names) => names
            .iter()
            .map(|name| table.column(path, name))
            .collect::<Result<Vec<_>>>()?,
        None => (0..table.width())
            .filter(|&column| column != label)
            .collect(),
    };
    if features.is_empty() || features.contains(&label) {
        let expected = "at least one feature column that is not the label";
        return Err(Error::file(
            path,
            "columns",
            expected,
            table.names.join(", "),
        ));
    }
    let mut inputs = Vec::with_capacity(table.rows.len() * features.len());
    for (line, row) in &table.rows {
        for &column in &features {
            let value = row[column]
                .parse::<f32>()
                .ok()
                .filter(|value| value.is_finite());
            inputs.push(value.ok_or_else(|| {
                let field = format!("line {line}, column {}", table.names[column]);
                Error::file(path, field, "a finite number", format!("`{}`", row[column]))
            })?);
        }
    }
    let (labels, classes) = classes_of_text(path, &table, label)?;
    Dataset::new(inputs, labels, features.len(), classes)
}

/// The fields of a CSV file.
struct Table {
    names: Vec<String>,
    /// Line number from 1, and its fields.
    rows: Vec<(u64, Vec<String>)>,
}

impl Table {
    fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io(path, "read"))?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(BufReader::new(file));
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                let found = match error.kind() {
                    csv::ErrorKind::UnequalLengths {
                        expected_len, len, ..
                    } => {
                        format!("{len} fields where the first line has {expected_len}")
                    }
                    _ => error.to_string(),
                };
                Error::file(
                    path,
                    format!("line {line}"),
                    "as many fields as above",
                    found,
                )
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push((line, record.iter().map(str::to_owned).collect::<Vec<_>>()));
        }
        let is_number = |field: &String| field.parse::<f64>().is_ok();
        // Numbers only are points; so is a first row that differs from the second in its label only.
        let has_header = match rows.as_slice() {
            [] => false,
            [(_, first)] => !first.iter().any(is_number),
            [(_, first), (_, second), ..] => first
                .iter()
                .zip(second)
                .any(|(a, b)| !is_number(a) && is_number(b)),
        };
        let width = rows.first().map_or(0, |(_, row)| row.len());
        let names = match has_header {
            true => rows.remove(0).1,
            false => (0..width).map(|column| column.to_string()).collect(),
        };
        if rows.is_empty() {
            return Err(Error::file(
                path,
                "rows",
                "at least one labelled point",
                "none",
            ));
        }
        Ok(Self { names, rows })
    }

    fn width(&self) -> usize {
        self.names.len()
    }

    /// A column by name, else by index.
    fn column(&self, path: &Path, name: &str) -> Result<usize> {
        let by_name = self.names.iter().position(|found| found == name);
        let by_index = || {
            name.parse()
                .ok()
                .filter(|&index: &usize| index < self.width())
        };
        by_name.or_else(by_index).ok_or_else(|| {
            let expected = format!("one of {}", self.names.join(", "));
            Error::file(path, "column", expected, format!("`{name}`"))
        })
    }
}

fn classes_of_text(path: &Path, table: &Table, column: usize) -> Result<(Vec<u32>, usize)> {
    let name = &table.names[column];
    let texts: Vec<&str> = table
        .rows
        .iter()
        .map(|(_, row)| row[column].as_str())
        .collect();
    let numbers: Option<Vec<f64>> = texts.iter().map(|text| text.parse().ok()).collect();
    if let Some(numbers) = numbers {
        let place = |at: usize| format!("line {}, column {name}", table.rows[at].0);
        return classes_of_numbers(path, &numbers, place);
    }
    if let Some(at) = texts.iter().position(|text| text.is_empty()) {
        let field = format!("line {}, column {name}", table.rows[at].0);
        return Err(Error::file(path, field, "a label", "nothing"));
    }
    let mut classes: BTreeMap<&str, u32> = texts.iter().map(|&text| (text, 0)).collect();
    for (class, value) in classes.values_mut().zip(0..) {
        *class = value;
    }
    at_least_two(path, name, classes.len(), texts[0])?;
    Ok((
        texts.iter().map(|text| classes[text]).collect(),
        classes.len(),
    ))
}

/// Whole numbers 0…K−1, each class with a point.
fn classes_of_numbers(
    path: &Path,
    numbers: &[f64],
    place: impl Fn(usize) -> String,
) -> Result<(Vec<u32>, usize)> {
    let whole = |value: f64| value >= 0.0 && value < f64::from(u32::MAX) && value.fract() == 0.0;
    if let Some(at) = numbers.iter().position(|&value| !whole(value)) {
        let expected = "a class as a whole number from 0";
        return Err(Error::file(path, place(at), expected, numbers[at]));
    }
    let labels: Vec<u32> = numbers.iter().map(|&value| value as u32).collect();
    let mut present: Vec<u32> = labels.clone();
    present.sort_unstable();
    present.dedup();
    at_least_two(path, "labels", present.len(), present[0])?;
    if let Some(missing) = (0..).zip(&present).find(|&(class, &found)| class != found) {
        let at = labels
            .iter()
            .position(|label| label == missing.1)
            .unwrap_or(0);
        let expected = format!(
            "classes 0 to {} without a gap (there are {} different labels)",
            present.len() - 1,
            present.len()
        );
        return Err(Error::file(path, place(at), expected, missing.1));
    }
    Ok((labels, present.len()))
}

fn at_least_two(path: &Path, field: &str, found: usize, only: impl ToString) -> Result<()> {
    match found {
        0 | 1 => {
            let found = format!("{} only", only.to_string());
            Err(Error::file(path, field, "at least two classes", found))
        }
        _ => Ok(()),
    }
}

/// Reads labelled points from two arrays of a NumPy archive: inputs `[N, d]` and labels `[N]`, of
/// any real or integer type.
///
/// Without names, inputs are `inputs`, `X` or `x`, and labels are `labels` or `y`.
///
/// # Errors
/// [`Error::Io`], or [`Error::File`] naming the array: missing, of another type or shape, holding
/// what is no finite number or no class, labels of one class only.
pub fn load_npz(path: &Path, inputs: Option<&str>, labels: Option<&str>) -> Result<Dataset> {
    let file = File::open(path).map_err(Error::io(path, "read"))?;
    let mut archive = NpzArchive::new(BufReader::new(file))
        .map_err(|error| Error::file(path, "archive", "an .npz archive", error))?;
    let present: Vec<String> = archive.array_names().map(str::to_owned).collect();
    let pick = |wanted: Option<&str>, defaults: &[&str], what: &str| {
        let names = wanted.map_or(defaults.to_vec(), |name| vec![name]);
        let found = names.iter().find(|name| present.iter().any(|p| p == *name));
        found.map(|name| (*name).to_owned()).ok_or_else(|| {
            let expected = format!("an array named {}", names.join(" or "));
            Error::file(
                path,
                what,
                expected,
                format!("arrays {}", present.join(", ")),
            )
        })
    };
    let input_name = pick(inputs, &["inputs", "X", "x"], "inputs")?;
    let label_name = pick(labels, &["labels", "y"], "labels")?;
    let (shape, values) = read_array(path, &mut archive, &input_name)?;
    let (label_shape, numbers) = read_array(path, &mut archive, &label_name)?;
    let [count, features] = shape[..] else {
        let expected = "shape [points, features]";
        return Err(Error::file(
            path,
            input_name,
            expected,
            format!("{shape:?}"),
        ));
    };
    if label_shape != [count] {
        let expected = format!("shape [{count}], a label for each point");
        return Err(Error::file(
            path,
            label_name,
            expected,
            format!("{label_shape:?}"),
        ));
    }
    if count == 0 || features == 0 {
        return Err(Error::file(
            path,
            input_name,
            "at least one point",
            format!("{shape:?}"),
        ));
    }
    if let Some(at) = values.iter().position(|&value| !(value as f32).is_finite()) {
        let field = format!("{input_name}[{}, {}]", at / features, at % features);
        return Err(Error::file(path, field, "a finite number", values[at]));
    }
    let place = |at: usize| format!("{label_name}[{at}]");
    let (labels, classes) = classes_of_numbers(path, &numbers, place)?;
    let inputs = values.into_iter().map(|value| value as f32).collect();
    Dataset::new(inputs, labels, features, classes)
}

/// An array of any real or integer type as f64 values, row-major.
fn read_array(
    path: &Path,
    archive: &mut NpzArchive<BufReader<File>>,
    name: &str,
) -> Result<(Vec<usize>, Vec<f64>)> {
    let broken = |found: String| Error::file(path, name, "an array of real numbers", found);
    let array = archive
        .by_name(name)
        .map_err(|error| broken(error.to_string()))?
        .ok_or_else(|| broken("none".into()))?;
    let shape: Vec<usize> = array
        .shape()
        .iter()
        .map(|&extent| extent as usize)
        .collect();
    if array.order() != npyz::Order::C && shape.len() > 1 {
        return Err(Error::file(path, name, "row-major order", "Fortran order"));
    }
    let DType::Plain(kind) = array.dtype() else {
        return Err(broken("a structured array".into()));
    };
    macro_rules! read_as {
        ($type:ty) => {
            array
                .into_vec::<$type>()
                .map_err(|error| broken(error.to_string()))?
                .into_iter()
                .map(|value| value as f64)
                .collect()
        };
    }
    let values: Vec<f64> = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 4) => read_as!(f32),
        (TypeChar::Float, 8) => read_as!(f64),
        (TypeChar::Int, 1) => read_as!(i8),
        (TypeChar::Int, 2) => read_as!(i16),
        (TypeChar::Int, 4) => read_as!(i32),
        (TypeChar::Int, 8) => read_as!(i64),
        (TypeChar::Uint, 1) => read_as!(u8),
        (TypeChar::Uint, 2) => read_as!(u16),
        (TypeChar::Uint, 4) => read_as!(u32),
        (TypeChar::Uint, 8) => read_as!(u64),
        _ => return Err(broken(format!("type {}", array.dtype().descr()))),
    };
    Ok((shape, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Array, RunDir};

    fn csv(text: &str, options: &CsvOptions) -> Result<Dataset> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.csv");
        std::fs::write(&path, text).unwrap();
        load_csv(&path, options)
    }

    fn options(label: &str, features: &[&str]) -> CsvOptions {
        let features =
            (!features.is_empty()).then(|| features.iter().map(|&name| name.to_owned()).collect());
        CsvOptions {
            label: (!label.is_empty()).then(|| label.to_owned()),
            features,
        }
    }

    #[test]
    fn columns_are_found_by_name_index_or_place() {
        let whole = csv("x,y,z,label\n1,2,3,0\n4,5,6,1\n", &options("", &[])).unwrap();
        assert_eq!((whole.num_features(), whole.labels()), (3, &[0, 1][..]));
        let part = csv("c,x,y\n1,2,3\n0,5,6\n", &options("c", &["y"])).unwrap();
        assert_eq!(
            (part.inputs(), part.labels()),
            (&[3.0, 6.0][..], &[1, 0][..])
        );
        let bare = csv("1.5,-2,0\n# a remark\n3e1,4,1\n", &options("", &[])).unwrap();
        assert_eq!(bare.inputs(), [1.5, -2.0, 30.0, 4.0]);
        let words = csv("1,setosa\n2,virginica\n3,setosa\n", &options("", &[])).unwrap();
        assert_eq!((words.labels(), words.num_classes()), (&[0, 1, 0][..], 2));
        let words = csv("w,kind\n1,b\n2,a\n", &options("kind", &[])).unwrap();
        assert_eq!(words.labels(), [1, 0]);
    }

    #[test]
    fn bad_files_are_told_by_file_field_and_expectation() {
        for (text, label, parts) in [
            (
                "x,y,label\n1,2,0\n3,4,1\n",
                "class",
                &["column", "`class`", "x, y, label"][..],
            ),
            (
                "x,label\n1,0\nnan,1\n",
                "",
                &["line 3", "column x", "finite", "`nan`"],
            ),
            (
                "x,label\n1,0\nfoo,1\n",
                "",
                &["line 3", "column x", "`foo`"],
            ),
            ("x,label\n1,0\n2\n", "", &["line 3", "1 fields"]),
            (
                "x,label\n1,0\n2,0\n",
                "",
                &["labels", "two classes", "0 only"],
            ),
            (
                "x,label\n1,0\n2,-1\n",
                "",
                &["line 3", "column label", "whole number", "-1"],
            ),
            ("x,label\n1,0\n2,7\n", "", &["line 3", "0 to 1", "7"]),
            ("x,label\n1,0\n2,0.5\n", "", &["line 3", "0.5"]),
            ("x,label\n", "", &["rows", "none"]),
            ("", "", &["rows", "none"]),
            ("0\n1\n", "", &["columns", "at least one feature"]),
        ] {
            let error = csv(text, &options(label, &[])).unwrap_err().to_string();
            for part in [&["points.csv"], parts].concat() {
                assert!(error.contains(part), "{text:?}: {error} lacks {part}");
            }
        }
        let error = load_csv(Path::new("/no/such.csv"), &CsvOptions::default()).unwrap_err();
        assert!(error.to_string().contains("/no/such.csv"));
    }

    fn npz(arrays: &[Array], inputs: Option<&str>) -> Result<Dataset> {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        run.write_arrays("points.npz", arrays).unwrap();
        load_npz(&run.path("points.npz"), inputs, None)
    }

    #[test]
    fn archives_are_read_and_bad_ones_told() {
        let x = Array::new("X", &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
        let y = Array::new("y", &[2], &[0.0, 1.0]);
        let points = npz(&[x.clone(), y.clone()], None).unwrap();
        assert_eq!(
            (points.inputs(), points.labels()),
            (&[1.0, 2.0, 3.0, 4.0][..], &[0, 1][..])
        );
        let told = |arrays: &[Array], inputs| npz(arrays, inputs).unwrap_err().to_string();
        assert!(told(&[x.clone(), y.clone()], Some("Z")).contains("named Z"));
        assert!(told(&[x.clone(), Array::new("y", &[1], &[0.0])], None).contains("shape [2]"));
        assert!(told(&[Array::new("X", &[4], &[0.0; 4]), y.clone()], None).contains("[points"));
        let nan = Array::new("X", &[2, 1], &[0.0, f64::NAN]);
        assert!(told(&[nan, y], None).contains("X[1, 0]"));
        assert!(told(&[x, Array::new("y", &[2], &[0.0, 0.5])], None).contains("y[1]"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no.npz");
        std::fs::write(&path, b"not an archive").unwrap();
        let error = load_npz(&path, None, None).unwrap_err().to_string();
        assert!(
            error.contains("no.npz") && error.contains(".npz archive"),
            "{error}"
        );
    }
}
