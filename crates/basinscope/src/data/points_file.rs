//! Points from files of the user's: what was asked for, and their cut in three.

use super::arrays::{For, read_npy, read_npz};
use super::raw::Raw;
use super::table::{Table, Wanted};
use super::{
    Classes, Dataset, Missing, Names, Reading, Split, SplitSizes, interleave, split_places,
};
use crate::random::stream;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of points, and how it is to be read, as the configuration of a run holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsFile {
    /// The file: a table, an `.npz` or an `.npy`.
    pub path: PathBuf,
    /// A file of the same kind to test with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub test: Option<PathBuf>,
    /// The column of labels of a table, by name or by number from 0; the array of labels; the file
    /// of labels of an `.npy`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// The columns of features, in this order; the one array of inputs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub features: Option<Vec<String>>,
    /// Columns to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exclude: Vec<String>,
    /// Whether the first line of a table is a header, where it is not to be found out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub header: Option<bool>,
    /// What becomes of points with missing values.
    #[serde(skip_serializing_if = "Missing::is_refuse", default)]
    pub missing: Missing,
    /// Whether each feature is brought to mean 0 and deviation 1 by the training points.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub standardize: bool,
}

/// Kinds of files of points, by how their names end, for errors and help.
pub const POINTS_FILES: &str = ".csv, .tsv, .txt, .tab, .data or .dat (each also .gz), .npz, .npy";

const TABLES: &[&str] = &["csv", "tsv", "txt", "tab", "data", "dat"];

/// Kinds of files of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    Npz,
    Npy,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_lowercase();
        let (_, ending) = name.strip_suffix(".gz").unwrap_or(&name).rsplit_once('.')?;
        match ending {
            "npz" if !name.ends_with(".gz") => Some(Self::Npz),
            "npy" if !name.ends_with(".gz") => Some(Self::Npy),
            ending => TABLES.contains(&ending).then_some(Self::Table),
        }
    }
}

/// Points that were read, not yet cut.
#[derive(Debug, Clone)]
pub struct FilePoints {
    train: Raw,
    classes: Classes,
    /// Its points and their classes.
    test: Option<(Raw, Vec<u32>)>,
    file: PointsFile,
}

impl PointsFile {
    /// Whether a name ends as files of points do.
    pub fn is_named_so(path: &Path) -> bool {
        Kind::of(path).is_some()
    }

    /// Reads the file and that to test with.
    ///
    /// # Errors
    /// [`Error::Io`] where a file cannot be read; [`Error::File`] naming the place where it is of
    /// another kind, cannot be understood, or does not fit the other; [`Error::Setting`] where
    /// something was asked for that files of this kind do not have.
    pub fn read(&self) -> Result<FilePoints> {
        let kind = Kind::of(&self.path).ok_or_else(|| {
            Error::file(
                &self.path,
                "name",
                format!("a name in {POINTS_FILES}"),
                "another",
            )
        })?;
        let purpose = match self.test {
            Some(_) => For::Training,
            None => For::Both,
        };
        let (train, mut test) = match kind {
            Kind::Table => (self.table(&self.path)?.points(self.wanted())?, None),
            Kind::Npz => {
                self.refuse_for_arrays()?;
                read_npz(
                    &self.path,
                    self.input_array()?,
                    self.label.as_deref(),
                    purpose,
                )?
            }
            Kind::Npy => {
                self.refuse_for_arrays()?;
                if self.features.is_some() {
                    let expected = "a table or an .npz for --features";
                    return Err(Error::setting("features", expected, self.path.display()));
                }
                read_npy(&self.path, self.label.as_deref(), purpose)?
            }
        };
        let mut train = train.settle(self.missing)?;
        if let Some(path) = &self.test {
            test = Some(self.read_test(path, kind, &mut train)?);
        }
        let mut classes = train
            .labels
            .classes(&train.path, &train.label, |point| train.place(point))?;
        let numbers = classes.names.clone();
        rename(&mut classes.names, &train.class_names);
        let test = match test {
            Some(test) => {
                let test = test.settle(self.missing)?;
                if test.num_features != train.num_features {
                    let expected = format!("{} features as in training", train.num_features);
                    return Err(Error::file(&test.path, "test", expected, test.num_features));
                }
                let place = |point| test.place(point);
                let ids = test.labels.among(&numbers, &test.path, place)?;
                Some((test, ids))
            }
            None => None,
        };
        Ok(FilePoints {
            train,
            classes,
            test,
            file: self.clone(),
        })
    }

    fn table(&self, path: &Path) -> Result<Table> {
        Table::read(path, self.label.as_deref(), self.header)
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            label: self.label.as_deref(),
            features: self.features.as_deref(),
            exclude: &self.exclude,
        }
    }

    fn input_array(&self) -> Result<Option<&str>> {
        match self.features.as_deref() {
            None => Ok(None),
            Some([array]) => Ok(Some(array)),
            Some(many) => Err(Error::setting(
                "features",
                "one input array of the NPZ",
                many.join(","),
            )),
        }
    }

    fn refuse_for_arrays(&self) -> Result<()> {
        let found = self.path.display();
        if !self.exclude.is_empty() {
            return Err(Error::setting(
                "exclude",
                "a table, whose columns have names",
                found,
            ));
        }
        match self.header {
            Some(_) => Err(Error::setting(
                "header",
                "a table, which may have one",
                found,
            )),
            None => Ok(()),
        }
    }

    /// The part to test with, from a file of its own; columns go by the training file's names.
    fn read_test(&self, path: &Path, kind: Kind, train: &mut Raw) -> Result<Raw> {
        if Kind::of(path) != Some(kind) {
            let expected = format!("a file of the kind of {}", self.path.display());
            return Err(Error::file(path, "name", expected, "another"));
        }
        train.said.form += &format!("; test {}", path.display());
        match kind {
            Kind::Npz => {
                let (x, y) = (self.input_array()?, self.label.as_deref());
                Ok(read_npz(path, x, y, For::Testing)?.0)
            }
            Kind::Npy => Ok(read_npy(path, None, For::Testing)?.0),
            Kind::Table => {
                let [label, features @ ..] = train.columns.as_slice() else {
                    unreachable!("a table has a column of labels")
                };
                let table = Table::read(path, Some(label), self.header)?;
                let has_names = !train.features.is_empty();
                if table.has_names() != has_names {
                    let words = |has| if has { "a header" } else { "no header" };
                    let expected = format!("{} as in training", words(has_names));
                    return Err(Error::file(
                        path,
                        "header",
                        expected,
                        words(table.has_names()),
                    ));
                }
                if !has_names && table.num_columns() != train.width {
                    let expected = format!(
                        "{} columns as in training, as without a header they go by their places",
                        train.width
                    );
                    return Err(Error::file(path, "line 1", expected, table.num_columns()));
                }
                let wanted = Wanted {
                    label: Some(label),
                    features: Some(features),
                    exclude: &[],
                };
                let mut test = table.points(wanted)?;
                test.said
                    .left_out
                    .extend(table.others(&self.known(&train.columns)));
                Ok(test)
            }
        }
    }

    /// Columns that need no word where they are not used.
    fn known(&self, used: &[String]) -> Vec<String> {
        used.iter().chain(&self.exclude).cloned().collect()
    }
}

/// Classes 0, 1, … by the names that a file gives them.
fn rename(classes: &mut [String], names: &[String]) {
    let at = |class: &String| class.parse::<usize>().ok().and_then(|at| names.get(at));
    if let Some(named) = classes.iter().map(at).collect::<Option<Vec<_>>>() {
        let named: Vec<String> = named
            .into_iter()
            .map(|name| super::printable(name))
            .collect();
        classes.clone_from_slice(&named);
    }
}

impl FilePoints {
    /// How many points each part has by default: all of train and test as given, else three
    /// quarters and a quarter. A pool is taken off the training points only where poison is asked
    /// for: a quarter, or as many as that needs.
    pub fn default_sizes(&self, poison: Option<usize>) -> SplitSizes {
        let all = self.train.len();
        let pool = poison.map_or(0, |points| points.max(all / 4));
        let (rest, test) = match &self.test {
            Some((test, _)) => (all, test.len()),
            None => (all - all / 4, all / 4),
        };
        SplitSizes {
            train: rest.saturating_sub(pool),
            test,
            pool,
        }
    }

    /// Cuts the points in three, fills in what is missing and standardizes, by the training points
    /// alone.
    ///
    /// # Errors
    /// Those of [`split_places`].
    pub fn split(&self, sizes: SplitSizes, seed: u64) -> Result<(Split, Reading)> {
        let ids = &self.classes.ids;
        let count = self.classes.names.len();
        let (places, test_places, parted) = match &self.test {
            None => {
                let rng = &mut stream(seed, "split", 0);
                let [train, test, pool] = split_places(ids, count, sizes, rng)?;
                ([train, pool], test, format!("cut at random by seed {seed}"))
            }
            Some((_, test_ids)) => {
                let [train, pool] = self.train_and_pool(sizes, seed)?;
                let rng = &mut stream(seed, "split test", 0);
                let test = draw(test_ids, count, sizes.test, "test", rng)?;
                let all = train.len() == ids.len() && test.len() == test_ids.len();
                let parted = match (all, pool.len()) {
                    (true, _) => "as given".into(),
                    (false, 0) => format!("of those given, drawn by seed {seed}"),
                    _ => format!("test as given, pool taken off train by seed {seed}"),
                };
                ([train, pool], test, parted)
            }
        };
        let names = Arc::new(self.train.names(self.classes.names.clone()));
        let [train, pool] = places.map(|places| Part::of(&self.train, ids, &places));
        let test = match &self.test {
            Some((raw, ids)) => Part::of(raw, ids, &test_places),
            None => Part::of(&self.train, ids, &test_places),
        };
        let mut parts = [train, test, pool];
        let mut reading = Reading {
            source: self.file.path.display().to_string(),
            form: self.train.said.form.clone(),
            header: self.train.said.header.clone(),
            label: self.train.said.label.clone(),
            left_out: self.train.said.left_out.clone(),
            notes: self.train.said.notes.clone(),
            parted,
            ..Reading::default()
        };
        if let Some((raw, _)) = &self.test {
            let of_test = |said: &Vec<String>| -> Vec<String> {
                said.iter()
                    .map(|words| format!("of the test file {words}"))
                    .collect()
            };
            reading.left_out.extend(of_test(&raw.said.left_out));
            reading.notes.extend(of_test(&raw.said.notes));
        }
        self.prepare(&mut parts, &names, &mut reading);
        let set = |part: Part| {
            Dataset::new(part.inputs, part.labels, self.train.num_features, count)?
                .with_names(Arc::clone(&names))
        };
        let [train, test, pool] = parts;
        let split = Split {
            train: set(train)?,
            test: set(test)?,
            pool: set(pool)?,
        };
        let all = |ids: &[u32], sizes: &mut Vec<usize>| {
            ids.iter().for_each(|&class| sizes[class as usize] += 1);
        };
        let mut class_sizes = vec![0; count];
        all(ids, &mut class_sizes);
        if let Some((_, ids)) = &self.test {
            all(ids, &mut class_sizes);
        }
        reading.points = class_sizes.iter().sum();
        if 2 * count > ids.len() {
            let note = format!(
                "{count} classes for {} points: are these classes?",
                ids.len()
            );
            reading.notes.push(note);
        }
        reading.class_sizes = class_sizes;
        reading.num_features = self.train.num_features;
        reading.names = names.as_ref().clone();
        reading.part(&split);
        Ok((split, reading))
    }

    /// Places of the training points and of the pool, where the test part is given.
    fn train_and_pool(&self, sizes: SplitSizes, seed: u64) -> Result<[Vec<usize>; 2]> {
        let (ids, count) = (&self.classes.ids, self.classes.names.len());
        let rng = &mut stream(seed, "split train", 0);
        if sizes.pool == 0 {
            return Ok([draw(ids, count, sizes.train, "train", rng)?, Vec::new()]);
        }
        let sizes = SplitSizes {
            train: sizes.train,
            test: sizes.pool,
            pool: 0,
        };
        let [train, pool, _] = split_places(ids, count, sizes, rng)?;
        Ok([train, pool])
    }

    /// Fills in missing values, standardizes, and notes what is special about the features.
    fn prepare(&self, parts: &mut [Part; 3], names: &Names, reading: &mut Reading) {
        let width = self.train.num_features;
        let [train, ..] = &*parts;
        let mut statistics: Vec<Statistics> = (0..width)
            .map(|feature| Statistics::of(train.inputs.iter().skip(feature).step_by(width)))
            .collect();
        let name = |feature: usize| names.feature(feature);
        let constant: Vec<String> = (0..width)
            .filter(|&feature| statistics[feature].is_constant())
            .map(name)
            .collect();
        if !constant.is_empty() {
            let what = "constant among the training points";
            reading.notes.push(format!(
                "{what}: {}",
                super::classes::shortened(&constant, 6)
            ));
        }
        let coarse: Vec<String> = (0..width)
            .filter(|&feature| statistics[feature].is_coarse())
            .map(name)
            .collect();
        if !coarse.is_empty() {
            let what = "rounded to single precision, which these features need more than";
            reading
                .notes
                .push(format!("{what}: {}", super::classes::shortened(&coarse, 6)));
        }
        for part in parts.iter_mut() {
            for (at, value) in part.inputs.iter_mut().enumerate() {
                let of = &statistics[at % width];
                if value.is_nan() {
                    *value = of.mean as f32;
                }
                if self.file.standardize {
                    *value = ((f64::from(*value) - of.mean) / of.divisor()) as f32;
                }
            }
        }
        if self.file.standardize {
            reading
                .notes
                .push("standardized by the training points".into());
            reading.mean = statistics.iter().map(|of| of.mean).collect();
            reading.deviation = statistics.drain(..).map(|of| of.divisor()).collect();
        }
    }
}

/// One part of the cut, values still as they were read.
struct Part {
    inputs: Vec<f32>,
    labels: Vec<u32>,
}

impl Part {
    fn of(raw: &Raw, ids: &[u32], places: &[usize]) -> Self {
        let width = raw.num_features;
        Self {
            inputs: (places.iter())
                .flat_map(|&place| &raw.inputs[place * width..(place + 1) * width])
                .copied()
                .collect(),
            labels: places.iter().map(|&place| ids[place]).collect(),
        }
    }
}

/// What a feature is like over the training points, missing values left out.
struct Statistics {
    mean: f64,
    deviation: f64,
    lowest: f64,
    highest: f64,
}

impl Statistics {
    fn of<'a>(values: impl Iterator<Item = &'a f32>) -> Self {
        let values: Vec<f64> = values
            .filter(|x| !x.is_nan())
            .map(|&x| f64::from(x))
            .collect();
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>();
        Self {
            mean,
            deviation: (squares / count).sqrt(),
            lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
            highest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn is_constant(&self) -> bool {
        self.lowest >= self.highest
    }

    /// Whether a step of single precision is more than a thousandth of what the values span.
    fn is_coarse(&self) -> bool {
        let step = f64::from(f32::EPSILON) * self.lowest.abs().max(self.highest.abs());
        !self.is_constant() && step > 1e-3 * (self.highest - self.lowest)
    }

    fn divisor(&self) -> f64 {
        if self.is_constant() {
            1.0
        } else {
            self.deviation
        }
    }
}

/// The places of `count` points with the classes in the proportions of the whole; all in their
/// order where all are wanted.
fn draw(
    ids: &[u32],
    classes: usize,
    count: usize,
    what: &str,
    rng: &mut impl rand::Rng,
) -> Result<Vec<usize>> {
    if count > ids.len() || count == 0 {
        let expected = format!("from 1 to the {} points there are", ids.len());
        return Err(Error::setting(format!("{what} points"), expected, count));
    }
    if count == ids.len() {
        return Ok((0..count).collect());
    }
    let mut places = interleave(ids, classes, rng);
    places.truncate(count);
    if what == "train" && places.iter().all(|&place| ids[place] == ids[places[0]]) {
        let expected = "at least two classes";
        return Err(Error::setting(
            "labels of the training points",
            expected,
            "one only",
        ));
    }
    Ok(places)
}

#[cfg(test)]
#[path = "points_file_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "misread_tests.rs"]
mod misread_tests;
