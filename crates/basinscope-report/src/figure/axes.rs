//! A pair of axes: frame, grid, ticks and labels.

use super::canvas::{Anchor, Canvas, solid};
use super::scale::Scale;

/// Size of tick labels.
pub(super) const TICK: f64 = 11.0;
/// Size of axis labels and legends.
pub(super) const LABEL: f64 = 12.0;
/// Size of panel titles.
pub(super) const TITLE: f64 = 13.0;
/// Size of a figure's title.
pub(super) const HEAD: f64 = 16.0;

/// The rectangle of a panel on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Area {
    /// The right edge.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// The lower edge.
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The page's x from left to right.
    pub fn across(&self) -> [f64; 2] {
        [self.left, self.right()]
    }

    /// The page's y from bottom to top.
    pub fn up(&self) -> [f64; 2] {
        [self.bottom(), self.top]
    }
}

/// A panel with two scales.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axes {
    pub area: Area,
    pub x: Scale,
    pub y: Scale,
}

/// What is written along a panel's axes; an empty text leaves its place free.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels<'a> {
    pub x: &'a str,
    pub y: &'a str,
    /// About how many ticks on x and y; 0 leaves them out.
    pub ticks: [usize; 2],
    /// How far left of the axis the y label stands.
    pub y_offset: f64,
    /// Whether tick labels of x and y are written.
    pub numbers: [bool; 2],
    /// Whether y counts shares, written in per cent.
    pub percent: bool,
}

impl Default for Labels<'_> {
    fn default() -> Self {
        Self {
            x: "",
            y: "",
            ticks: [5, 5],
            y_offset: 44.0,
            numbers: [true, true],
            percent: false,
        }
    }
}

impl Axes {
    /// The place of a pair of values.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [self.x.at(x), self.y.at(y)]
    }

    /// The places of a curve, points with a NaN left out.
    pub fn curve<'a>(
        &'a self,
        x: impl IntoIterator<Item = f64> + 'a,
        y: impl IntoIterator<Item = f64> + 'a,
    ) -> Vec<[f64; 2]> {
        x.into_iter()
            .zip(y)
            .filter(|(x, y)| !x.is_nan() && !y.is_nan())
            .map(|(x, y)| self.at(x, y))
            .collect()
    }

    /// Draws grid, axis lines, ticks and labels.
    pub fn draw(&self, canvas: &mut Canvas, labels: Labels<'_>) {
        let (area, theme) = (self.area, canvas.theme);
        let grid = solid(theme.grid(), 1.0);
        let axis = solid(theme.axis(), 1.0);
        for (value, text) in self.ticks(&self.x, labels.ticks[0]) {
            let x = self.x.at(value);
            canvas.line(vec![[x, area.top], [x, area.bottom()]], grid);
            canvas.line(vec![[x, area.bottom()], [x, area.bottom() + 4.0]], axis);
            if labels.numbers[0] {
                let at = [x, area.bottom() + 7.0 + TICK];
                canvas.text(at, text, TICK, theme.muted(), Anchor::Middle);
            }
        }
        for (value, text) in self.ticks(&self.y, labels.ticks[1]) {
            let y = self.y.at(value);
            canvas.line(vec![[area.left, y], [area.right(), y]], grid);
            canvas.line(vec![[area.left - 4.0, y], [area.left, y]], axis);
            if labels.numbers[1] {
                let text = if labels.percent {
                    format!("{} %", (100.0 * value).round())
                } else {
                    text
                };
                let at = [area.left - 7.0, y + 0.36 * TICK];
                canvas.text(at, text, TICK, theme.muted(), Anchor::End);
            }
        }
        self.draw_minor(canvas, labels);
        let corner = vec![
            [area.left, area.top],
            [area.left, area.bottom()],
            [area.right(), area.bottom()],
        ];
        canvas.line(corner, axis);
        if !labels.x.is_empty() {
            let drop = if labels.numbers[0] { 37.0 } else { 20.0 };
            let at = [area.left + area.width / 2.0, area.bottom() + drop];
            canvas.text(at, labels.x, LABEL, theme.ink(), Anchor::Middle);
        }
        if !labels.y.is_empty() {
            let at = [area.left - labels.y_offset, area.top + area.height / 2.0];
            canvas.text_up(at, labels.y, LABEL, theme.ink());
        }
    }

    fn ticks(&self, scale: &Scale, wanted: usize) -> Vec<(f64, String)> {
        if wanted == 0 {
            Vec::new()
        } else {
            scale.ticks(wanted)
        }
    }

    fn draw_minor(&self, canvas: &mut Canvas, labels: Labels<'_>) {
        let axis = solid(canvas.theme.axis(), 0.7);
        let area = self.area;
        if labels.ticks[0] > 0 {
            for value in self.x.minor_ticks() {
                let x = self.x.at(value);
                canvas.line(vec![[x, area.bottom()], [x, area.bottom() + 2.5]], axis);
            }
        }
        if labels.ticks[1] > 0 {
            for value in self.y.minor_ticks() {
                let y = self.y.at(value);
                canvas.line(vec![[area.left - 2.5, y], [area.left, y]], axis);
            }
        }
    }
}
