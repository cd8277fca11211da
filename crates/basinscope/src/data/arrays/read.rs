//! Points from archives and pairs of arrays.

use super::array::{Array, Values};
use super::role::{INPUTS, LABELS, Part, Role, role};
use crate::data::nearest_name::unknown_name;
use crate::data::raw::{Places, Raw, Said};
use crate::data::{Labels, natural, printable};
use crate::{Error, Result};
use npyz::npz::NpzArchive;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// A training part, or a whole set, and a test part where there is one.
pub(in crate::data) type Parts = (Raw, Option<Raw>);

/// What a file is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum For {
    /// Training, and testing with the test part beside it.
    Both,
    /// Training alone: another file is the test set.
    Training,
    /// Testing.
    Testing,
}

/// Reads an `.npz` as `numpy.savez` and `numpy.savez_compressed` write it. Names that are not
/// given are those of [`role`]; a whole set goes before parts, a test part before validation.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::File`] naming the array where it is no
/// such archive, or an array is missing or has another type or shape.
pub(in crate::data) fn read_npz(
    path: &Path,
    inputs: Option<&str>,
    labels: Option<&str>,
    purpose: For,
) -> Result<Parts> {
    let file = File::open(path).map_err(Error::io(path, "read"))?;
    let mut archive = NpzArchive::new(BufReader::new(file))
        .map_err(|error| Error::file(path, "archive", "an .npz as numpy.savez writes it", error))?;
    let mut names: Vec<String> = archive.array_names().map(String::from).collect();
    names.sort_by(|a, b| natural(a, b));
    let of = |part: Part, wanted: Role| {
        let roles = names
            .iter()
            .filter_map(|name| Some((role(name)?, name.as_str())));
        roles
            .filter(|&((of, is, _), _)| of == part && is == wanted)
            .min_by_key(|&((_, _, rank), _)| rank)
            .map(|(_, name)| name)
    };
    let pair = |part: Part| Some((part, of(part, Role::Inputs)?, of(part, Role::Labels)?));
    let given = |name: &str| match names.iter().find(|known| *known == name) {
        Some(name) => Ok(name.as_str()),
        None => {
            let expected = format!("one of the file's arrays ({})", names.join(", "));
            let found = unknown_name(name, names.iter().map(String::as_str));
            Err(Error::file(
                path,
                printable(name),
                printable(&expected),
                printable(&found),
            ))
        }
    };
    let missing = |what: &str, known: &[&str]| {
        let expected = format!(
            "one of the file's arrays ({}) to be called {}, with _train and _test for parts; else \
             --features and --label name the two",
            names.join(", "),
            known.join(", "),
        );
        Error::file(path, what, printable(&expected), "none")
    };
    let order: &[Part] = match purpose {
        For::Both | For::Training => &[Part::Whole, Part::Train],
        For::Testing => &[Part::Test, Part::Validation, Part::Whole],
    };
    let whole_or_train = order.iter().find_map(|&part| pair(part));
    if purpose == For::Testing && inputs.is_none() && labels.is_none() && whole_or_train.is_none() {
        let expected = "a test part (x_test and y_test, or x and y)";
        let found = printable(&format!("arrays {}", names.join(", ")));
        return Err(Error::file(path, "archive", expected, found));
    }
    let (part, x, y) = match (inputs, labels) {
        (None, None) => whole_or_train.ok_or_else(|| match of(Part::Whole, Role::Inputs) {
            None => missing("inputs", INPUTS),
            Some(_) => missing("labels", LABELS),
        })?,
        (x, y) => {
            let default = |role: Role| order.iter().find_map(|&part| of(part, role));
            let x = match x {
                Some(name) => given(name)?,
                None => default(Role::Inputs).ok_or_else(|| missing("inputs", INPUTS))?,
            };
            let y = match y {
                Some(name) => given(name)?,
                None => default(Role::Labels).ok_or_else(|| missing("labels", LABELS))?,
            };
            // Both named by hand but of a training part: its test part belongs to it.
            match pair(Part::Train) {
                Some((_, train, train_labels)) if (train, train_labels) == (x, y) => {
                    (Part::Train, x, y)
                }
                _ => (Part::Whole, x, y),
            }
        }
    };
    let test = match part {
        Part::Train if purpose == For::Both => pair(Part::Test).or_else(|| pair(Part::Validation)),
        _ => None,
    };
    let beside: Vec<String> = [Part::Train, Part::Test, Part::Validation]
        .into_iter()
        .filter(|&other| other != part && test.is_none_or(|(of, _, _)| of != other))
        .filter_map(pair)
        .map(|(_, x, y)| format!("{x} and {y} (not asked for)"))
        .collect();
    let (features, classes) = (
        of(Part::Whole, Role::FeatureNames),
        of(Part::Whole, Role::ClassNames),
    );
    let used = [Some(x), Some(y), test.map(|t| t.1), test.map(|t| t.2)];
    let used: Vec<String> = used.into_iter().flatten().map(printable).collect();
    let mut array = |name: &str| -> Result<Array> {
        // All bytes first: the shape is not to be believed before it fits them.
        let mut bytes = Vec::new();
        let damaged = |error: std::io::Error| {
            Error::file(path, printable(name), "an array as NumPy writes it", error)
        };
        archive
            .zip_archive()
            .by_name(&npyz::npz::file_name_from_array_name(name))
            .map_err(|error| damaged(error.into()))?
            .read_to_end(&mut bytes)
            .map_err(damaged)?;
        Array::parse(path, &printable(name), &bytes)
    };
    let mut train = points(path, array(x)?, array(y)?)?;
    train.said.form = format!("NPZ, arrays {}", used.join(", "));
    train.said.left_out = beside;
    let mut texts = |name: Option<&str>| match name.map(&mut array).transpose()?.map(|a| a.values) {
        Some(Values::Text(names)) => Ok(names),
        _ => Ok::<_, Error>(Vec::new()),
    };
    let (features, classes) = (texts(features)?, texts(classes)?);
    if features.len() == train.num_features {
        train.features = features.iter().map(|name| printable(name)).collect();
    }
    train.class_names = classes;
    let test = match test {
        Some((part, x, y)) => {
            let mut test = points(path, array(x)?, array(y)?)?;
            if part == Part::Validation {
                test.said
                    .notes
                    .push("the validation part is the test set".into());
            }
            Some(test)
        }
        None => None,
    };
    Ok((train, test))
}

/// Reads an `.npy` of inputs and the labels of `labels`, or of the file beside it that is called
/// so; the test part beside a training part too.
///
/// # Errors
/// As [`read_npz`]; [`Error::File`] where no file of labels is found.
pub(in crate::data) fn read_npy(path: &Path, labels: Option<&str>, purpose: For) -> Result<Parts> {
    let array = |path: &Path| -> Result<Array> {
        let bytes = fs::read(path).map_err(Error::io(path, "read"))?;
        Array::parse(path, "array", &bytes)
    };
    let inputs = array(path)?;
    let known = role(&stem(path)).filter(|&(_, role, _)| role == Role::Inputs);
    let labels: PathBuf = match (labels, known) {
        (Some(labels), _) => labels.into(),
        (None, Some((part, _, _))) => sibling(path, part, Role::Labels)?.ok_or_else(|| {
            let expected = "a file of labels beside it (y.npy beside X.npy), or --label FILE";
            Error::file(path, "labels", expected, "none")
        })?,
        (None, None) => {
            let expected = "--label FILE with the labels (or a name that says it, X.npy and y.npy)";
            return Err(Error::file(path, "labels", expected, "none"));
        }
    };
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let mut train = points(path, inputs, array(&labels)?)?;
    train.said.form = format!("NPY, labels of {}", name(&labels));
    let mut test = None;
    if purpose == For::Both
        && let Some((Part::Train, ..)) = known
        && let (Some(x), Some(y)) = (
            sibling(path, Part::Test, Role::Inputs)?,
            sibling(path, Part::Test, Role::Labels)?,
        )
    {
        train.said.form += &format!("; test {}, labels of {}", name(&x), name(&y));
        test = Some(points(&x, array(&x)?, array(&y)?)?);
    }
    Ok((train, test))
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The first `.npy` in the same folder that is for this.
fn sibling(path: &Path, part: Part, wanted: Role) -> Result<Option<PathBuf>> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder, "read"))? {
        let path = entry.map_err(Error::io(folder, "read"))?.path();
        let is_npy = path.extension().is_some_and(|ending| ending == "npy");
        if let (true, Some((of, is, rank))) = (is_npy, role(&stem(&path)))
            && of == part
            && is == wanted
        {
            found.push((rank, path));
        }
    }
    Ok(found.into_iter().min().map(|(_, path)| path))
}

/// Points from two arrays.
fn points(path: &Path, inputs: Array, labels: Array) -> Result<Raw> {
    let wrong_shape = |array: &Array, expected: &str| {
        let found = format!("{:?}", array.shape);
        Err(Error::file(
            path,
            &array.name,
            format!("shape {expected}"),
            found,
        ))
    };
    let &[len, num_features] = inputs.shape.as_slice() else {
        let expected = match inputs.shape.len() {
            3 | 4 => "[points, features]; pictures are read by builds with the feature `images`",
            _ => "[points, features]",
        };
        return wrong_shape(&inputs, expected);
    };
    if len == 0 || num_features == 0 {
        return wrong_shape(&inputs, "at least one point and one feature");
    }
    let (Values::Numbers(values) | Values::Truths(values)) = &inputs.values else {
        let expected = "numbers, as features are";
        return Err(Error::file(path, &inputs.name, expected, "text"));
    };
    let narrow: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    if let Some(at) = narrow.iter().position(|value| value.is_infinite()) {
        let place = format!(
            "{}[{}, {}]",
            inputs.name,
            at / num_features,
            at % num_features
        );
        let expected = "a finite number in the range of single precision";
        return Err(Error::file(path, place, expected, values[at]));
    }
    let column = &labels.name;
    let expected = format!("[{len}] or [{len}, classes] (one-hot), a label for each point");
    let one_hot = match labels.shape.as_slice() {
        &[n] | &[n, 1] if n == len => None,
        &[n, classes] if n == len && classes > 1 => Some(classes),
        _ => return wrong_shape(&labels, &expected),
    };
    let classes = match (&labels.values, one_hot) {
        (Values::Numbers(rows) | Values::Truths(rows), Some(classes)) => {
            Labels::from_one_hot(path, column, rows, classes)?
        }
        (Values::Text(_), Some(_)) => return wrong_shape(&labels, &expected),
        (Values::Numbers(values), None) => {
            // Beyond, neighbours are the same in double precision.
            if let Some(large) = values.iter().find(|value| value.abs() >= 2f64.powi(53)) {
                let expected = "labels below 2^53, or as text";
                return Err(Error::file(path, column, expected, large));
            }
            Labels::Numbers(values.clone())
        }
        (Values::Truths(values), None) => {
            let name = |&value: &f64| if value == 0.0 { "False" } else { "True" };
            Labels::Text(values.iter().map(|value| name(value).into()).collect())
        }
        (Values::Text(names), None) => Labels::Text(names.clone()),
    };
    Ok(Raw {
        path: path.into(),
        inputs: narrow,
        num_features,
        features: Vec::new(),
        labels: classes,
        label: labels.name.clone(),
        columns: Vec::new(),
        width: 0,
        class_names: Vec::new(),
        places: Places::Rows,
        said: Said {
            label: match one_hot {
                Some(_) => format!("array {column}, one-hot"),
                None => format!("array {column}"),
            },
            ..Said::default()
        },
    })
}

#[cfg(test)]
#[path = "read_tests.rs"]
pub(in crate::data) mod tests;
