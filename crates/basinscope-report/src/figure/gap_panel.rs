//! A panel over the generalization gap: its axes, and a named point for each minimum.

use super::axes::{Axes, Labels, TICK};
use super::canvas::{Anchor, Canvas, solid};
use super::rect::Rect;
use super::scale::extent;
use super::{color, font, place};

/// Radius of the markers.
pub(super) const DOT: f64 = 5.0;
/// More minima than this are not named, but for the two ends of the gap.
const NAMED: usize = 14;

/// A minimum in the panel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point<'a> {
    pub minimum: &'a str,
    pub test_accuracy: f64,
    pub gap: f64,
    pub value: f64,
}

/// The range of the gaps, with some room.
pub(super) fn range(gaps: impl Iterator<Item = f64>) -> [f64; 2] {
    let [lo, hi] = extent(gaps, [0.0, 1.0]);
    [lo.min(0.0) - 0.03, hi.max(0.1) * 1.06]
}

/// Draws axes whose x counts shares, written in per cent.
pub(super) fn draw_axes(canvas: &mut Canvas, axes: &Axes, labels: Labels<'_>) {
    // x in per cent, which `Axes` writes on y alone.
    axes.draw(
        canvas,
        Labels {
            numbers: [false, labels.numbers[1]],
            x: "",
            ..labels
        },
    );
    let area = axes.area;
    for (value, _) in axes.x.ticks(labels.ticks[0]) {
        let at = [axes.x.at(value), area.bottom() + 7.0 + TICK];
        let text = format!("{} %", (100.0 * value).round());
        canvas.text(at, text, TICK, canvas.theme.muted(), Anchor::Middle);
    }
    let at = [area.left + area.width / 2.0, area.bottom() + 37.0];
    canvas.text(at, labels.x, TICK + 1.0, canvas.theme.ink(), Anchor::Middle);
}

/// Draws 95 % intervals as bars; returns what they cover.
pub(super) fn draw_bars<'a>(
    canvas: &mut Canvas,
    axes: &Axes,
    intervals: impl Iterator<Item = (Point<'a>, [f64; 2])>,
) -> Vec<Rect> {
    let mut bars = Vec::new();
    for (point, interval) in intervals {
        let x = axes.x.at(point.gap);
        let [a, b] = interval.map(|value| axes.y.at(value));
        let ink = canvas.theme.data(color::minimum(point.test_accuracy));
        canvas.line(vec![[x, a], [x, b]], solid(ink, 1.6));
        for y in [a, b] {
            canvas.line(vec![[x - 4.0, y], [x + 4.0, y]], solid(ink, 1.6));
        }
        bars.push(Rect {
            from: [x - 5.0, a.min(b) - 1.0],
            to: [x + 5.0, a.max(b) + 1.0],
        });
    }
    bars
}

/// Draws the points with their names, clear of each other and of the obstacles.
pub(super) fn draw_points(
    canvas: &mut Canvas,
    axes: &Axes,
    points: &[Point<'_>],
    obstacles: &[Rect],
) {
    let theme = canvas.theme;
    let drawn: Vec<&Point<'_>> = points
        .iter()
        .filter(|point| point.value.is_finite() && point.gap.is_finite())
        .collect();
    let places: Vec<[f64; 2]> = drawn
        .iter()
        .map(|point| axes.at(point.gap, point.value))
        .collect();
    let [low, high] = extent(drawn.iter().map(|point| point.gap), [0.0, 0.0]);
    let named = |point: &Point<'_>| drawn.len() <= NAMED || [low, high].contains(&point.gap);
    let texts: Vec<String> = drawn
        .iter()
        .map(|point| match named(point) {
            true => font::fit(point.minimum, TICK, false, 0.5 * axes.area.width),
            false => String::new(),
        })
        .collect();
    let sizes: Vec<[f64; 2]> = texts
        .iter()
        .map(|text| [font::width(text, TICK, false), 1.15 * TICK])
        .collect();
    let labels = place::labels(&places, DOT + 1.0, &sizes, obstacles, axes.area);
    for leader in labels.iter().filter_map(|label| label.leader) {
        canvas.line(leader.to_vec(), solid(theme.axis(), 0.8));
    }
    for (point, &place) in drawn.iter().zip(&places) {
        let ink = theme.data(color::minimum(point.test_accuracy));
        canvas.disc("point", place, DOT, ink, Some(solid(theme.paper(), 1.2)));
    }
    for (label, text) in labels.iter().zip(texts) {
        canvas.text(label.baseline(), text, TICK, theme.ink(), label.anchor);
    }
}
