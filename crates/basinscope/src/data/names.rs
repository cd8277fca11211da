//! What classes and features are called.

use serde::{Deserialize, Serialize};

/// The names of classes and features; empty where a set has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The classes in the order of their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The features in the order of a point's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
}

impl Names {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty() && self.features.is_empty()
    }

    /// The name of a class, or `class 3` where it has none but its number.
    pub fn class(&self, class: usize) -> String {
        class_name(&self.classes, class)
    }

    /// The name of a feature, or `x₃` for the one at place 2 of those without.
    pub fn feature(&self, feature: usize) -> String {
        match self.features.get(feature) {
            Some(name) => name.clone(),
            None => format!("x{}", subscript(feature + 1)),
        }
    }
}

/// The name of a class among `names`: `class 3` where there is none, or where it is a number.
pub fn class_name(names: &[String], class: usize) -> String {
    match names.get(class) {
        Some(name) if name.parse::<f64>().is_ok() => format!("class {name}"),
        Some(name) => name.clone(),
        None => format!("class {class}"),
    }
}

/// A text without characters that steer a terminal or turn the direction of writing: those are
/// written as `\u{1b}`.
pub fn printable(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .flat_map(|c| match steers(c) {
            true => c.escape_unicode().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect()
}

fn subscript(number: usize) -> String {
    (number.to_string().chars())
        .map(|digit| char::from_u32(0x2080 + digit as u32 - '0' as u32).unwrap_or(digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_for_numbers_where_there_are_any() {
        let names = Names {
            classes: vec!["setosa".into(), "2".into()],
            features: vec!["petal length (cm)".into()],
        };
        let classes = [0, 1, 2].map(|class| names.class(class));
        assert_eq!(classes, ["setosa", "class 2", "class 2"]);
        assert_eq!(names.feature(0), "petal length (cm)");
        assert_eq!(names.feature(11), "x₁₂");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("\u{1b}[31ma\0"), "\\u{1b}[31ma\\u{0}");
        assert_eq!(printable("\u{202e}ab"), "\\u{202e}ab");
        assert_eq!(printable("größe (cm) 花"), "größe (cm) 花");
    }
}
