//! Labels good and bad, as files of every kind hold them.

use super::*;

fn text(labels: &[&str]) -> Labels {
    Labels::Text(labels.iter().map(|&label| label.into()).collect())
}

fn read(labels: &Labels) -> Result<Classes> {
    labels.classes(Path::new("a.csv"), "kind", |index| format!("label {index}"))
}

/// The names in their order, and the ids of the points.
fn classes(labels: Labels) -> (String, Vec<u32>) {
    let classes = read(&labels).unwrap();
    (classes.names.join(" "), classes.ids)
}

fn refusal(labels: Labels) -> String {
    read(&labels).unwrap_err().to_string()
}

#[test]
fn labels_of_any_spelling_and_start_keep_their_names_in_natural_order() {
    for (labels, names, ids) in [
        (
            text(&["dog", "cat", "eel", "cat"]),
            "cat dog eel",
            &[1, 0, 2, 0][..],
        ),
        (text(&["10", "2", "1", "2"]), "1 2 10", &[2, 1, 0, 1]),
        (text(&["a10", "a2", "b1"]), "a2 a10 b1", &[1, 0, 2]),
        (text(&["0.0", "1.0", "1"]), "0 1", &[0, 1, 1]),
        (text(&["-1", "1", "+1"]), "-1 1", &[0, 1, 1]),
        (text(&["True", "False"]), "False True", &[1, 0]),
        (text(&["02", "01", "10"]), "01 02 10", &[1, 0, 2]),
        (text(&[" yes", "no "]), "no yes", &[1, 0]),
        (
            text(&["A", "1", "A", "1", "2", "2"]),
            "1 2 A",
            &[2, 0, 2, 0, 1, 1],
        ),
        (
            text(&["9007199254740993a", "9007199254740992a"]),
            "9007199254740992a 9007199254740993a",
            &[1, 0],
        ),
        (
            Labels::Numbers(vec![3.0, 1.0, 2.0, 1.0]),
            "1 2 3",
            &[2, 0, 1, 0],
        ),
        (Labels::Numbers(vec![-0.0, 0.0, 1.0]), "0 1", &[0, 0, 1]),
        (
            Labels::Numbers(vec![0.5, 1.5, 0.5, 1.5]),
            "0.5 1.5",
            &[0, 1, 0, 1],
        ),
        (Labels::from_integers([-1_i8, 1, 1]), "-1 1", &[0, 1, 1]),
    ] {
        assert_eq!(
            classes(labels.clone()),
            (names.into(), ids.to_vec()),
            "{labels:?}"
        );
    }
}

#[test]
fn one_hot_rows_are_classes() {
    let path = Path::new("a.npz");
    let rows = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let labels = Labels::from_one_hot(path, "y", &rows, 3).unwrap();
    assert_eq!(labels, Labels::Numbers(vec![1.0, 0.0, 2.0]));
    for bad in [[0.0, 0.0], [1.0, 1.0], [0.5, 0.5], [1.0, f64::NAN]] {
        let rows = [[1.0, 0.0], bad].concat();
        let error = Labels::from_one_hot(path, "y", &rows, 2).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("a.npz: y[1]: expected a single 1"),
            "{error}"
        );
    }
}

#[test]
fn labels_that_are_no_classes_are_refused_by_name() {
    let days: Vec<String> = (0..20).map(|k| format!("2010/01/{k:02} 00:00")).collect();
    for (labels, wanted) in [
        (
            Labels::Text(days),
            "a.csv: kind: expected classes that points share (dates",
        ),
        (
            Labels::Numbers((0..20).map(f64::from).collect()),
            "a class of its own for 20 of 20 points (0, 1, 2, …)",
        ),
        (
            Labels::Numbers((0..40).map(|k| f64::from(k / 2) + 0.5).collect()),
            "found 20 different numbers with decimals (0.5, 1.5, 2.5, …)",
        ),
        (
            Labels::Numbers(vec![0.0, 1.5]),
            "2 different numbers with decimals",
        ),
        (
            Labels::Numbers([vec![0.5], [0.0, 1.0].repeat(9)].concat()),
            "label 0: expected a whole number as the other labels are, found `0.5`",
        ),
        (
            Labels::Numbers(vec![0.0, f64::NAN]),
            "a.csv: label 1: expected a class number or name, found NaN",
        ),
        (
            text(&["cat", "cat"]),
            "a.csv: kind: expected at least 2 classes, found only `cat`",
        ),
        (
            Labels::Numbers(vec![1.0, 1.0]),
            "kind: expected at least 2 classes, found only `1`",
        ),
        (
            text(&["0", "cat", "1"]),
            "label 1: expected a class number as the other labels are, found `cat`",
        ),
        (
            text(&["cat", "1", "dog"]),
            "label 1: expected a class name as the other labels are, found `1`",
        ),
        (
            text(&["cat", " "]),
            "label 1: expected a class name, found ``",
        ),
        (text(&["\u{1b}[2J", "\u{1b}[2J"]), "found only `\\u{1b}[2J`"),
        (
            text(&[]),
            "labels: expected a label for each point, found none",
        ),
    ] {
        let error = refusal(labels);
        assert!(error.contains(wanted), "{error}\n{wanted}");
    }
}

#[test]
fn many_points_may_share_few_classes_and_a_few_have_their_own() {
    // 8 of 39 labels in pairs, 31 alone: 79 % with a class of their own.
    let labels = (0..31).chain((0..8).map(|k| 40 + k / 2)).map(f64::from);
    assert_eq!(
        read(&Labels::Numbers(labels.collect()))
            .unwrap()
            .names
            .len(),
        35
    );
}

#[test]
fn a_test_part_has_the_classes_of_the_training_part() {
    let path = Path::new("test.csv");
    let among = |labels: Labels, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        labels.among(&names, path, |index| format!("label {index}"))
    };
    assert_eq!(among(text(&["b", "b"]), &["a", "b"]).unwrap(), [1, 1]);
    assert_eq!(among(text(&["1.0", "2"]), &["1", "2"]).unwrap(), [0, 1]);
    assert_eq!(among(Labels::Numbers(vec![2.0]), &["1", "2"]).unwrap(), [1]);
    assert_eq!(among(text(&["2", "A"]), &["2", "A"]).unwrap(), [0, 1]);
    let error = among(text(&["b", "c"]), &["a", "b"])
        .unwrap_err()
        .to_string();
    let wanted = "test.csv: label 1: expected a class of the training points (a, b), found `c`";
    assert_eq!(error, wanted);
}
