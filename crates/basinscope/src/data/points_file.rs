//! Points from files of the user's: what was asked for, and reading them.

use super::arrays::{For, read_npy, read_npz};
use super::raw::Raw;
use super::table::{Table, Wanted};
use super::{FilePoints, Missing};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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

#[cfg(test)]
#[path = "points_file_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "misread_tests.rs"]
mod misread_tests;
