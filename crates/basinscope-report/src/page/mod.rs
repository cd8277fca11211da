//! The page of a run: one HTML file with everything in it, drawn from the run directory alone.

mod boundaries;
mod comparison;
mod curvature;
mod document;
mod embed;
mod error;
mod flatness;
mod local_shape;
mod local_tables;
mod local_trust;
mod local_volume;
mod minefield;
mod minima;
mod mistakes;
mod mystery;
mod numbers;
mod play;
mod seeds;
mod sheet;
mod shelf;
mod sources;
mod statistics;
mod story;
mod tables;
mod volume;

#[cfg(test)]
mod tests;

pub use error::PageError;
pub use seeds::{all_seeds_html, seeds_html};
pub use sheet::{sheet_html, sheets_html};
pub use shelf::{Shelved, Standing, notice_html, shelf_html};

use crate::format;
use basinscope::record::RunDir;
use maud::Markup;

/// A minimum belongs to the story of good and bad only with at least this train accuracy.
pub const FITTED_TRAIN_ACCURACY: f64 = 0.99;

/// Good and bad differ in test accuracy by at least this much.
pub const STORY_TEST_DIFFERENCE: f64 = 0.05;

/// One station of the page.
struct Section {
    /// Anchor.
    id: &'static str,
    /// Heading.
    title: &'static str,
    /// What stands in the table of contents.
    short: &'static str,
    body: Markup,
}

/// The whole page of a run as HTML that needs no other file and no network.
///
/// Reads `results/*.json`, `config.toml` and `figures/`; only `results/minima.json` must be
/// there, and what is absent is left out of the page. Nothing is computed again: every number is
/// that of a record, or follows from records by a formula the page states.
///
/// # Errors
/// [`PageError::Record`] where a record cannot be read, [`PageError::NoMinima`] where the list of
/// minima is empty, [`PageError::Io`] where a figure cannot be read.
pub fn index_html(run: &RunDir) -> Result<String, PageError> {
    let story = story::Story::read(run)?;
    let play = play::Play::read(run, &story)?;
    let mut sections = vec![
        mystery::section(&story, &play),
        minima::section(&story, run)?,
    ];
    sections.extend(minefield::section(&story, &play, run)?);
    sections.extend(flatness::section(&story, &play, run)?);
    sections.extend(boundaries::section(&story, &play, run)?);
    sections.extend(mistakes::section(run)?);
    sections.extend(volume::section(&story, &play, run)?);
    sections.extend(curvature::section(&story, run)?);
    sections.push(numbers::section(&story, run)?);
    sections.push(sources::section(&story));
    Ok(document::document(&story, &play, &sections).into_string())
}
