//! What an experiment found, beside what was published.

use serde::{Deserialize, Serialize};

/// One line of a sheet: a number of the paper, ours, and the bar it must pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SheetRow {
    /// What was measured.
    pub quantity: String,
    /// What the paper says, or "–" where it gives no number.
    pub published: String,
    /// What was found here.
    pub ours: String,
    /// What ours must satisfy.
    pub bar: String,
    /// Whether it does.
    pub pass: bool,
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
