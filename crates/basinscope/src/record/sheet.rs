//! What an experiment found, beside what was published.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One line of a sheet: a number of the paper, ours, and the bar it must pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SheetRow {
    /// What was measured; the same words for every seed.
    pub quantity: String,
    /// What the paper says, or "–" where it gives no number.
    pub published: String,
    /// What was found here.
    pub ours: String,
    /// What ours must satisfy.
    pub bar: String,
    /// Whether it does.
    pub pass: bool,
    /// The number behind `ours`, where one number decides.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<SheetValue>,
}

/// What a row was judged by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetValue {
    /// A share between 0 and 1, shown in per cent.
    Share(f64),
    /// Any other number.
    Number(f64),
}

impl SheetValue {
    /// The number.
    pub fn number(self) -> f64 {
        match self {
            Self::Share(number) | Self::Number(number) => number,
        }
    }

    /// Another number of the same kind.
    pub fn with(self, number: f64) -> Self {
        match self {
            Self::Share(_) => Self::Share(number),
            Self::Number(_) => Self::Number(number),
        }
    }
}

impl fmt::Display for SheetValue {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Share(share) => write!(to, "{:.1} %", 100.0 * share),
            Self::Number(number) => match number.abs() {
                size if size >= 100.0 || size == 0.0 => write!(to, "{number:.0}"),
                size if size >= 10.0 => write!(to, "{number:.1}"),
                size if size >= 0.01 => write!(to, "{number:.2}"),
                _ => write!(to, "{number:.1e}"),
            },
        }
    }
}

impl SheetRow {
    /// Says that a share decides, where there is one.
    pub fn by_share(&mut self, share: f64) {
        self.value = share.is_finite().then_some(SheetValue::Share(share));
    }

    /// Says that a number decides, where there is one.
    pub fn by_number(&mut self, number: f64) {
        self.value = number.is_finite().then_some(SheetValue::Number(number));
    }
}

/// A picture of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Name of its files under `figures/`: `STEM.svg`, `STEM-dark.svg`, `STEM.png` (or `STEM.gif`).
    pub stem: String,
    /// What it shows, in a sentence or two.
    pub caption: String,
}

/// The sheet of one experiment: `results/sheet.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SheetRecord {
    /// Name on the command line (`fig1`).
    pub experiment: String,
    /// What it is about.
    pub title: String,
    /// `quick` or `paper`.
    pub preset: String,
    /// The verdicts.
    pub rows: Vec<SheetRow>,
    /// What a reader should know beside them.
    pub notes: Vec<String>,
    /// The pictures, in the order of the story.
    pub pictures: Vec<Picture>,
    /// Seed of everything random but the points.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The complete settings.
    pub config: serde_json::Value,
}

impl SheetRecord {
    /// Rows that miss their bar.
    pub fn misses(&self) -> usize {
        self.rows.iter().filter(|row| !row.pass).count()
    }
}
