//! What the figures of local volumes share: curves over σ that show how far they can be trusted.

use super::axes::{Area, Axes, TICK};
use super::basins::Basin;
use super::canvas::{Anchor, Canvas, dashed, solid};
use super::color::{self, Color};
use super::font;
use super::label;
use super::legend::Symbol;
use super::marker::Marker;
use super::theme::Theme;
use super::ticks::plain;
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord};

/// Room for the names right of a panel.
pub(super) const NAMES: f64 = 176.0;
/// From one name to the next.
const NAME_GAP: f64 = 15.0;

/// The colour of a record's minimum.
pub(super) fn ink(record: &LocalVolumeRecord, theme: Theme) -> Color {
    theme.data(color::minimum(record.test_accuracy))
}

/// Draws a value over the curve of a record: a line, dashed where an end is not local, broken
/// where a value is missing, and a marker for each point.
pub(super) fn draw(
    canvas: &mut Canvas,
    axes: &Axes,
    record: &LocalVolumeRecord,
    x: impl Fn(f64) -> f64,
    value: impl Fn(&LocalVolumePoint) -> Option<f64>,
) {
    let ink = ink(record, canvas.theme);
    let place = |point: &LocalVolumePoint| {
        let value = value(point).filter(|value| value.is_finite())?;
        Some(axes.at(x(point.sigma), value))
    };
    for local in [true, false] {
        let parts = pieces(&record.curve, local, place);
        let stroke = if local {
            solid(ink, 2.0)
        } else {
            dashed(ink, 1.6, 4.0)
        };
        canvas.paths("curve", parts, false, None, Some(stroke));
    }
    for (converged, marker) in [(true, Marker::Dot), (false, Marker::Triangle)] {
        for local in [true, false] {
            let alike =
                |point: &&LocalVolumePoint| (point.converged, point.local) == (converged, local);
            let places = record.curve.iter().filter(alike).filter_map(place);
            marker.draw(canvas, "point", places.collect(), ink, !local);
        }
    }
}

/// The polylines of neighbours that are both local, or of those that are not.
fn pieces(
    curve: &[LocalVolumePoint],
    local: bool,
    place: impl Fn(&LocalVolumePoint) -> Option<[f64; 2]>,
) -> Vec<Vec<[f64; 2]>> {
    let mut parts: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut open = false;
    for pair in curve.windows(2) {
        let both = place(&pair[0]).zip(place(&pair[1]));
        let Some((from, to)) = both.filter(|_| (pair[0].local && pair[1].local) == local) else {
            open = false;
            continue;
        };
        match parts.last_mut().filter(|_| open) {
            Some(part) => part.push(to),
            None => parts.push(vec![from, to]),
        }
        open = true;
    }
    parts
}

/// Draws a range over the curve as a band, a lone one as a bar.
pub(super) fn draw_band(
    canvas: &mut Canvas,
    axes: &Axes,
    record: &LocalVolumeRecord,
    x: impl Fn(f64) -> f64,
    range: impl Fn(&LocalVolumePoint) -> Option<[f64; 2]>,
) {
    let ink = ink(record, canvas.theme);
    let range = |point: &LocalVolumePoint| {
        range(point).filter(|range| range.iter().all(|value| value.is_finite()))
    };
    for run in record.curve.split(|point| range(point).is_none()) {
        let edge = |end: usize| -> Vec<[f64; 2]> {
            let ends = run.iter().filter_map(|p| Some((p.sigma, range(p)?[end])));
            ends.map(|(sigma, value)| axes.at(x(sigma), value))
                .collect()
        };
        let [low, high] = [0, 1].map(edge);
        if let [_] = run {
            canvas.line([low, high].concat(), solid(ink, 1.6));
            continue;
        }
        let outline = low.into_iter().chain(high.into_iter().rev()).collect();
        canvas.paths("band", vec![outline], true, Some(ink.fade(0.22)), None);
    }
}

/// Draws ln P of a reference as diamonds, its 95 % intervals as bars.
pub(super) fn draw_reference(
    canvas: &mut Canvas,
    axes: &Axes,
    record: &LocalVolumeRecord,
    x: impl Fn(f64) -> f64,
) {
    let ink = ink(record, canvas.theme);
    for local in [true, false] {
        let mut places = Vec::new();
        for point in record.curve.iter().filter(|point| point.local == local) {
            let Some(ln_p) = point.ln_p else { continue };
            let x = x(point.sigma);
            if let Some(interval) = point.interval {
                let bar = interval.map(|end| axes.at(x, end));
                canvas.line(bar.to_vec(), solid(ink, 1.6));
            }
            places.push(axes.at(x, ln_p));
        }
        Marker::Diamond.draw(canvas, "reference", places, ink, !local);
    }
}

/// Names minima right of a panel, each with a leader from the end of its curve.
pub(super) fn name_ends(canvas: &mut Canvas, area: Area, ends: &[([f64; 2], Color, String)]) {
    let places: Vec<f64> = ends.iter().map(|end| end.0[1]).collect();
    let placed = label::spread(&places, NAME_GAP, area.top + 4.0, area.bottom());
    for ((from, ink, text), y) in ends.iter().zip(placed) {
        let x = area.right();
        let lead = vec![[from[0] + 6.0, from[1]], [x + 3.0, from[1]], [x + 16.0, y]];
        canvas.line(lead, dashed(ink.fade(0.7), 0.8, 2.0));
        let text = font::fit(text, TICK, false, canvas.width - x - 24.0);
        canvas.text([x + 20.0, y + 0.36 * TICK], text, TICK, *ink, Anchor::Start);
    }
}

/// The place of the last point with a value.
pub(super) fn end(
    axes: &Axes,
    record: &LocalVolumeRecord,
    x: impl Fn(f64) -> f64,
    value: impl Fn(&LocalVolumePoint) -> Option<f64>,
) -> Option<[f64; 2]> {
    let last = record
        .curve
        .iter()
        .rev()
        .find_map(|p| Some((p, value(p)?)))?;
    Some(axes.at(x(last.0.sigma), last.1))
}

/// The kinds of points that are drawn, for the legend.
pub(super) fn legend(
    basins: &[Basin<'_>],
    theme: Theme,
    value: impl Fn(&LocalVolumePoint) -> Option<f64>,
) -> Vec<(Symbol, String)> {
    let ink = theme.muted();
    let points = || {
        let all = basins.iter().flat_map(|basin| &basin.main.curve);
        all.filter(|point| value(point).is_some())
    };
    let mut entries = vec![(Symbol::Dot(ink), "local".to_owned())];
    if points().any(|point| !point.local) {
        let text = "non-local (dashed)".into();
        entries.push((Symbol::Mark(Marker::Dot, ink, true), text));
    }
    if points().any(|point| !point.converged) {
        let text = "unconverged, reads low".into();
        entries.push((Symbol::Mark(Marker::Triangle, ink, false), text));
    }
    entries
}

/// What the basin is, in words.
pub(super) fn basin_words(record: &LocalVolumeRecord) -> String {
    match record.region.as_str() {
        "accuracy" => format!(
            "{} of the training points right",
            label::percent(record.cutoff)
        ),
        "predictions" => format!(
            "predictions within {} of the minimum’s",
            plain(record.cutoff)
        ),
        _ => format!("train loss ≤ {} nats", plain(record.cutoff)),
    }
}
