//! The bundled font, Inter: how wide a text is and how its letters run.

use std::sync::LazyLock;
use ttf_parser::{Face, OutlineBuilder};

/// The family as SVG names it, with what to fall back on.
pub(super) const FAMILY: &str = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif";

static REGULAR: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("../../assets/Inter-Regular.otf"), 0).ok());
static SEMIBOLD: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("../../assets/Inter-SemiBold.otf"), 0).ok());

fn face(bold: bool) -> Option<&'static Face<'static>> {
    if bold { &SEMIBOLD } else { &REGULAR }.as_ref()
}

/// The width of a text at a size, in the size's unit.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let Some(face) = face(bold) else { return 0.0 };
    let units: u32 = text
        .chars()
        .filter_map(|letter| face.glyph_index(letter))
        .filter_map(|glyph| face.glyph_hor_advance(glyph))
        .map(u32::from)
        .sum();
    f64::from(units) * size / f64::from(face.units_per_em())
}

/// The text, shortened with an ellipsis where it is wider than `limit`.
pub(super) fn fit(text: &str, size: f64, bold: bool, limit: f64) -> String {
    if width(text, size, bold) <= limit {
        return text.to_owned();
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.pop().is_some() {
        let short: String = letters.iter().chain(&['…']).collect();
        if width(&short, size, bold) <= limit {
            return short;
        }
    }
    "…".into()
}

/// Runs the outline of a text that starts at the origin, y downwards, into `builder`.
pub(super) fn outline(text: &str, size: f64, bold: bool, builder: &mut dyn Pen) {
    let Some(face) = face(bold) else { return };
    let scale = size as f32 / f32::from(face.units_per_em());
    let mut x = 0.0;
    for glyph in text.chars().filter_map(|letter| face.glyph_index(letter)) {
        let mut placed = Placed { x, scale, builder };
        face.outline_glyph(glyph, &mut placed);
        x += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
    }
}

/// What receives an outline.
pub(super) trait Pen {
    /// Starts a contour.
    fn move_to(&mut self, x: f32, y: f32);
    /// A straight line.
    fn line_to(&mut self, x: f32, y: f32);
    /// A quadratic curve.
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32);
    /// A cubic curve.
    fn cubic_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32);
    /// Ends a contour.
    fn close(&mut self);
}

struct Placed<'a> {
    x: f32,
    scale: f32,
    builder: &'a mut dyn Pen,
}

impl Placed<'_> {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, -y * self.scale)
    }
}

impl OutlineBuilder for Placed<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.line_to(x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.builder.quad_to(x1, y1, x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.builder.cubic_to(x1, y1, x2, y2, x, y);
    }
    fn close(&mut self) {
        self.builder.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_the_figures_use_has_a_glyph() {
        for bold in [false, true] {
            let face = face(bold).expect("the bundled font parses");
            for letter in "x₁₂·×→−≤β…⁰¹²³⁴⁵⁶⁷⁸⁹⁻% –".chars() {
                assert!(face.glyph_index(letter).is_some(), "{letter}");
            }
        }
    }

    #[test]
    fn long_text_is_shortened_to_fit() {
        let short = fit("a minimum with a long name", 10.0, false, 60.0);
        assert!(short.ends_with('…') && width(&short, 10.0, false) <= 60.0);
        assert_eq!(fit("short", 10.0, false, 60.0), "short");
    }
}
