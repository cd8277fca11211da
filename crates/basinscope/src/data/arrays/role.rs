//! What an array is for, by its name.

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Not said.
    Whole,
    Train,
    Test,
    /// A validation set.
    Validation,
}

/// What an array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Inputs,
    Labels,
    FeatureNames,
    ClassNames,
}

/// What arrays of inputs are called, in the order in which they are looked for.
pub(super) const INPUTS: &[&str] = &["inputs", "x", "data", "features", "points", "samples"];
/// What arrays of labels are called.
pub(super) const LABELS: &[&str] = &[
    "labels", "y", "target", "targets", "label", "classes", "class",
];
const FEATURE_NAMES: &[&str] = &["featurenames", "columns"];
const CLASS_NAMES: &[&str] = &["targetnames", "classnames", "labelnames"];
const PARTS: &[(&str, Part)] = &[
    ("train", Part::Train),
    ("test", Part::Test),
    ("validation", Part::Validation),
    ("valid", Part::Validation),
    ("val", Part::Validation),
];

/// What an array is for, of which part, and its place among names that mean the same.
pub(super) fn role(name: &str) -> Option<(Part, Role, usize)> {
    let plain: String = (name.chars())
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let of = |part: Part, name: &str| {
        let find = |names: &[&str], role: Role| {
            let at = names.iter().position(|known| *known == name)?;
            Some((part, role, at))
        };
        find(INPUTS, Role::Inputs)
            .or_else(|| find(LABELS, Role::Labels))
            .or_else(|| find(FEATURE_NAMES, Role::FeatureNames))
            .or_else(|| find(CLASS_NAMES, Role::ClassNames))
    };
    of(Part::Whole, &plain).or_else(|| {
        PARTS.iter().find_map(|(word, part)| {
            let rest = plain
                .strip_prefix(word)
                .or_else(|| plain.strip_suffix(word))?;
            of(*part, rest)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names_are_known() {
        for (name, wanted) in [
            ("X", Some((Part::Whole, Role::Inputs, 1))),
            ("y", Some((Part::Whole, Role::Labels, 1))),
            ("data", Some((Part::Whole, Role::Inputs, 2))),
            ("X_train", Some((Part::Train, Role::Inputs, 1))),
            ("train_labels", Some((Part::Train, Role::Labels, 0))),
            ("yTest", Some((Part::Test, Role::Labels, 1))),
            ("x_val", Some((Part::Validation, Role::Inputs, 1))),
            ("feature_names", Some((Part::Whole, Role::FeatureNames, 0))),
            ("target_names", Some((Part::Whole, Role::ClassNames, 0))),
            ("values", None),
            ("train", None),
            ("DESCR", None),
        ] {
            assert_eq!(role(name), wanted, "{name}");
        }
    }
}
