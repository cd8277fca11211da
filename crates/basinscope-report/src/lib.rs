//! Figures (SVG, PNG, GIF) and the page of a run, drawn from its records alone.

pub mod figure;
mod format;
pub mod page;
