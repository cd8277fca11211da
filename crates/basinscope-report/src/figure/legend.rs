//! Legends: a row of symbols with what they stand for.

use super::axes::TICK;
use super::canvas::{Anchor, Canvas, Stroke, solid};
use super::color::Color;
use super::font;
use super::marker::Marker;

/// What an entry shows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Symbol {
    /// A dot.
    Dot(Color),
    /// A cross.
    Cross(Color),
    /// A piece of line.
    Line(Stroke),
    /// A marker, hollow or filled.
    Mark(Marker, Color, bool),
}

const SYMBOL: f64 = 12.0;
const LINE: f64 = 22.0;
const GAP: f64 = 5.0;
const BETWEEN: f64 = 18.0;

/// The width of a row.
pub(super) fn width(entries: &[(Symbol, String)]) -> f64 {
    let total: f64 = entries
        .iter()
        .map(|(symbol, text)| {
            symbol_width(*symbol) + GAP + font::width(text, TICK, false) + BETWEEN
        })
        .sum();
    (total - BETWEEN).max(0.0)
}

/// Draws a row centred on `middle`, its text on the baseline `y`.
pub(super) fn centered(canvas: &mut Canvas, middle: f64, y: f64, entries: &[(Symbol, String)]) {
    row(canvas, middle - width(entries) / 2.0, y, entries);
}

/// Draws a row from `left`, its text on the baseline `y`.
pub(super) fn row(canvas: &mut Canvas, left: f64, y: f64, entries: &[(Symbol, String)]) {
    let mut x = left;
    let middle = y - 0.36 * TICK;
    for (symbol, text) in entries {
        let wide = symbol_width(*symbol);
        let center = [x + wide / 2.0, middle];
        match *symbol {
            Symbol::Dot(color) => canvas.disc("", center, 4.0, color, None),
            Symbol::Cross(color) => {
                let paper = canvas.theme.paper();
                canvas.cross("", center, 3.4, solid(color, 1.8), paper);
            }
            Symbol::Mark(marker, color, hollow) => {
                marker.draw(canvas, "", vec![center], color, hollow);
            }
            Symbol::Line(stroke) => canvas.line(vec![[x, middle], [x + wide, middle]], stroke),
        }
        x += wide + GAP;
        let ink = canvas.theme.muted();
        canvas.text([x, y], text.as_str(), TICK, ink, Anchor::Start);
        x += font::width(text, TICK, false) + BETWEEN;
    }
}

/// Distance between the baselines of two rows.
pub(super) const ROW: f64 = 18.0;

/// Entries in as many rows as a width needs, in their order.
pub(super) fn wrapped(entries: &[(Symbol, String)], wide: f64) -> Vec<&[(Symbol, String)]> {
    let mut rows = Vec::new();
    let mut from = 0;
    for to in 1..=entries.len() {
        let ends = to == entries.len() || width(&entries[from..=to]) > wide;
        if ends {
            rows.push(&entries[from..to]);
            from = to;
        }
    }
    rows
}

fn symbol_width(symbol: Symbol) -> f64 {
    match symbol {
        Symbol::Line(_) => LINE,
        _ => SYMBOL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::theme::Theme;

    #[test]
    fn rows_hold_every_entry_once_and_no_more_than_fits() {
        let ink = Theme::Light.muted();
        let entries: Vec<_> = (0..9)
            .map(|k| (Symbol::Dot(ink), format!("minimum-{k} (test 97.{k} %)")))
            .collect();
        for wide in [1.0, 300.0, 700.0, 1e4] {
            let rows = wrapped(&entries, wide);
            let texts = |rows: &[&[(Symbol, String)]]| -> Vec<String> {
                rows.iter()
                    .flat_map(|row| row.iter().map(|entry| entry.1.clone()))
                    .collect()
            };
            assert_eq!(texts(&rows), texts(&[&entries]));
            assert!(rows.iter().all(|row| row.len() == 1 || width(row) <= wide));
        }
        assert_eq!(wrapped(&entries, 1e4).len(), 1);
        assert!(wrapped(&[], 10.0).is_empty());
    }
}
