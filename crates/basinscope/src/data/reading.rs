//! What was read: the line that every command prints, and `data.json` of a run.

use super::classes::shortened;
use super::names::printable;
use super::{Dataset, Names, Split};
use serde::{Deserialize, Serialize};

/// What was read, and how it was understood. Fields that do not apply are empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// The file, folder or generator.
    pub source: String,
    /// What kind of data that is, `CSV by semicolons, decimal commas`.
    pub form: String,
    /// Whether the first line of a table was taken as header, in words: `header`, `no header`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub header: String,
    /// Points or pictures that were read, without those left out.
    pub points: usize,
    /// Features of a point; pixel values of a picture.
    pub num_features: usize,
    /// `[channels, height, width]` of pictures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<usize>,
    /// What classes and features are called.
    #[serde(flatten)]
    pub names: Names,
    /// What the labels were read from and why, `column species, the last`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Points of each class among all that were read.
    pub class_sizes: Vec<usize>,
    /// Points to train on.
    pub train: usize,
    /// Points to test with.
    pub test: usize,
    /// Points kept for poison.
    pub pool: usize,
    /// How they were parted, `as given`, `cut at random by seed 0`.
    pub parted: String,
    /// What was left out, each with its reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// What else there is to know: constant columns, filled cells, values not carried by f32.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was taken off each feature, where they were standardized by the training points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f64>,
    /// What each was divided by then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deviation: Vec<f64>,
}

/// Features named in the line; pictures have too many to name.
const FEATURES_NAMED: usize = 6;
/// Classes named in the line.
const CLASSES_NAMED: usize = 12;

impl Reading {
    /// What the parts of a set tell by themselves; the caller adds how they were found.
    pub fn of(source: impl Into<String>, form: impl Into<String>, split: &Split) -> Self {
        let mut reading = Self {
            source: source.into(),
            form: form.into(),
            num_features: split.train.num_features(),
            names: split.train.names().as_ref().clone(),
            class_sizes: vec![0; split.train.num_classes()],
            ..Self::default()
        };
        reading.count(&[&split.train, &split.test, &split.pool]);
        reading.part(split);
        reading
    }

    /// Counts the points of each class over sets that were read, of which not all may be used.
    pub fn count(&mut self, sets: &[&Dataset]) {
        self.class_sizes.fill(0);
        for &label in sets.iter().flat_map(|set| set.labels()) {
            self.class_sizes[label as usize] += 1;
        }
        self.points = self.class_sizes.iter().sum();
    }

    /// Notes the sizes of the parts.
    pub fn part(&mut self, split: &Split) {
        [self.train, self.test, self.pool] =
            [&split.train, &split.test, &split.pool].map(Dataset::len);
    }

    /// The line that says what was read.
    pub fn line(&self) -> String {
        let how: Vec<&str> = [self.form.as_str(), &self.header]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let mut line = format!("data: {}", self.source);
        if !how.is_empty() {
            line += &format!(" ({})", how.join(", "));
        }
        let label = match self.label.as_str() {
            "" => String::new(),
            label => format!(" by {label}"),
        };
        line += &format!(
            ": {}, {}, {} classes{label} ({}); {}",
            self.count_text(),
            self.features_text(),
            self.class_sizes.len(),
            self.classes_text(),
            self.parts_text(),
        );
        if !self.left_out.is_empty() {
            line += &format!("; left out: {}", self.left_out.join(", "));
        }
        for note in &self.notes {
            line += &format!("; {note}");
        }
        printable(&line)
    }

    /// A shorter line, for commands on a run that exists.
    pub fn short_line(&self) -> String {
        format!("data: {}", self.sentence())
    }

    /// What the points are, in a sentence.
    pub fn sentence(&self) -> String {
        let text = format!(
            "{}: {}, {} classes ({}); {}",
            printable(&self.source),
            self.features_text(),
            self.class_sizes.len(),
            self.classes_text(),
            self.parts_text(),
        );
        printable(&text)
    }

    fn count_text(&self) -> String {
        let what = if self.shape.is_empty() {
            "points"
        } else {
            "pictures"
        };
        format!("{} {what}", self.points)
    }

    fn features_text(&self) -> String {
        if let &[channels, height, width] = self.shape.as_slice() {
            return format!("{channels} × {height} × {width}");
        }
        let number = self.num_features;
        let noun = if number == 1 { "feature" } else { "features" };
        let names: Vec<String> = (0..number.min(FEATURES_NAMED + 1))
            .map(|feature| self.names.feature(feature))
            .collect();
        let names = match names.get(..FEATURES_NAMED) {
            Some(first) if number > FEATURES_NAMED => {
                format!("{}, … {} more", first.join(", "), number - FEATURES_NAMED)
            }
            _ => names.join(", "),
        };
        format!("{number} {noun} ({names})")
    }

    /// `setosa 50, versicolor 50`.
    fn classes_text(&self) -> String {
        let name = |class: usize| match self.names.classes.get(class) {
            Some(name) => name.clone(),
            None => class.to_string(),
        };
        let sizes: Vec<String> = (self.class_sizes.iter().enumerate())
            .map(|(class, size)| format!("{}: {size}", name(class)))
            .collect();
        shortened(&sizes, CLASSES_NAMED)
    }

    fn parts_text(&self) -> String {
        let pool = match self.pool {
            0 => String::new(),
            pool => format!(", pool {pool}"),
        };
        let parted = match self.parted.as_str() {
            "" => String::new(),
            parted => format!(" ({parted})"),
        };
        format!("train {}, test {}{pool}{parted}", self.train, self.test)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn reading() -> Reading {
        let names = Names {
            classes: vec!["setosa".into(), "\u{1b}[2J".into()],
            features: vec!["petal length (cm)".into(), "petal width (cm)".into()],
        };
        let set = |labels: &[u32]| {
            let inputs = vec![0.5; 2 * labels.len()];
            let set = Dataset::new(inputs, labels.to_vec(), 2, 2).unwrap();
            set.with_names(Arc::new(names.clone())).unwrap()
        };
        let split = Split {
            train: set(&[0, 0, 1]),
            test: set(&[1]),
            pool: set(&[]),
        };
        Reading {
            header: "header".into(),
            label: "column species, the last".into(),
            parted: "cut at random by seed 0".into(),
            left_out: vec!["column id (all different)".into()],
            notes: vec!["constant: petal width (cm)".into()],
            ..Reading::of("iris.csv", "CSV by semicolons", &split)
        }
    }

    #[test]
    fn the_line_says_everything_and_steers_nothing() {
        assert_eq!(
            reading().line(),
            "data: iris.csv (CSV by semicolons, header): 4 points, 2 features (petal length (cm), \
             petal width (cm)), 2 classes by column species, the last (setosa: 2, \\u{1b}[2J: 2); \
             train 3, test 1 (cut at random by seed 0); left out: column id (all different); \
             constant: petal width (cm)"
        );
        assert!(
            reading()
                .short_line()
                .ends_with("train 3, test 1 (cut at random by seed 0)")
        );
    }

    #[test]
    fn records_keep_it() {
        let text = serde_json::to_string(&reading()).unwrap();
        assert_eq!(serde_json::from_str::<Reading>(&text).unwrap(), reading());
        assert_eq!(
            serde_json::from_str::<Reading>("{}").unwrap(),
            Reading::default()
        );
    }

    #[test]
    fn many_features_are_counted() {
        let reading = Reading {
            num_features: 64,
            ..Reading::default()
        };
        let text = reading.features_text();
        assert_eq!(text, "64 features (x₁, x₂, x₃, x₄, x₅, x₆, … 58 more)");
    }
}
