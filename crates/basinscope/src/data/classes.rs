//! Labels as files hold them, turned into classes 0 … K − 1.

use crate::{Error, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// Classes from numbers that must be 0 … K − 1, each held by at least one point, K ≥ 2.
///
/// `column` names the labels as a whole, `place` the label of one point, for errors.
pub(super) fn from_numbers(
    path: &Path,
    column: &str,
    values: &[f64],
    place: impl Fn(usize) -> String,
) -> Result<(Vec<u32>, usize)> {
    for (index, &value) in values.iter().enumerate() {
        if !(0.0..=f64::from(u32::MAX)).contains(&value) || value.fract() != 0.0 {
            let expected = "a class number 0, 1, 2, …";
            return Err(Error::file(path, place(index), expected, value));
        }
    }
    let labels: Vec<u32> = values.iter().map(|&value| value as u32).collect();
    let distinct: BTreeSet<u32> = labels.iter().copied().collect();
    if let (1, Some(only)) = (distinct.len(), distinct.first()) {
        return Err(one_class(path, column, only));
    }
    if let Some((missing, &found)) = (0..).zip(&distinct).find(|(wanted, at)| wanted != *at) {
        return Err(Error::file(
            path,
            column,
            "classes numbered from 0 without gaps",
            format!("{found} but no {missing}"),
        ));
    }
    Ok((labels, distinct.len()))
}

/// Classes from names, numbered in their sorted order, at least two.
pub(super) fn from_names(path: &Path, column: &str, names: &[&str]) -> Result<(Vec<u32>, usize)> {
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    if let (1, Some(only)) = (distinct.len(), distinct.first()) {
        return Err(one_class(path, column, format!("`{only}`")));
    }
    let sorted: Vec<&str> = distinct.into_iter().collect();
    let labels = names
        .iter()
        .map(|name| sorted.partition_point(|other| other < name) as u32)
        .collect();
    Ok((labels, sorted.len()))
}

fn one_class(path: &Path, column: &str, only: impl std::fmt::Display) -> Error {
    Error::file(path, column, "at least 2 classes", format!("only {only}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(values: &[f64]) -> Result<(Vec<u32>, usize)> {
        let place = |index| format!("label {index}");
        from_numbers(Path::new("a.npz"), "labels", values, place)
    }

    #[test]
    fn names_are_numbered_in_sorted_order_and_numbers_stay() {
        let names = from_names(Path::new("a.csv"), "kind", &["dog", "cat", "eel", "cat"]);
        assert_eq!(names.unwrap(), (vec![1, 0, 2, 0], 3));
        assert_eq!(numbers(&[2.0, 0.0, 1.0]).unwrap(), (vec![2, 0, 1], 3));
    }

    #[test]
    fn labels_that_are_no_classes_are_refused_by_name() {
        let class = "expected a class number 0, 1, 2, …, found";
        for (values, wanted) in [
            (vec![0.0, -1.0], format!("a.npz: label 1: {class} -1")),
            (vec![0.5, 1.0], format!("a.npz: label 0: {class} 0.5")),
            (vec![0.0, f64::NAN], format!("a.npz: label 1: {class} NaN")),
            (vec![0.0, 1e300], format!("label 1: {class} 1000")),
            (
                vec![1.0, 1.0],
                "a.npz: labels: expected at least 2 classes, found only 1".into(),
            ),
            (
                vec![1.0, 2.0],
                "labels: expected classes numbered from 0 without gaps, found 1 but no 0".into(),
            ),
            (vec![0.0, 1.0, 4e9], "found 4000000000 but no 2".into()),
        ] {
            let error = numbers(&values).unwrap_err().to_string();
            assert!(error.contains(&wanted), "{error}");
        }
        let error = from_names(Path::new("a.csv"), "kind", &["cat", "cat"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.csv: kind: expected at least 2 classes, found only `cat`"
        );
    }
}
