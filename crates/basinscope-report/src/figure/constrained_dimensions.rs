//! How many dimensions hold a minimum's basin together, over the width of the random step.

use super::axes::{Area, Axes, HEAD, Labels, TICK};
use super::basins::basins;
use super::canvas::{Anchor, Canvas, Figure, dashed};
use super::error::{FigureError, check_any};
use super::local_curve::{self, NAMES};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use super::{label, legend};
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord};

/// k(σ) = −d ln P/d ln σ of every minimum on a logarithmic axis of σ, named with its peak.
/// Non-local points are hollow, unconverged ones triangles, those without k absent.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice.
pub fn constrained_dimensions(
    records: &[LocalVolumeRecord],
    theme: Theme,
) -> Result<Figure, FigureError> {
    check_any(records, "constrained_dimensions", "local volume")?;
    let basins = basins(records);
    let area = Area {
        left: 76.0,
        top: 86.0,
        width: 620.0,
        height: (15.0 * basins.len() as f64).max(300.0),
    };
    let dimension = basins[0].main.dimension;
    let title = format!(
        "How many of {} dimensions are constrained",
        plain(dimension as f64)
    );
    let width = area.right() + NAMES + 52.0;
    let mut canvas = Canvas::new(width, area.bottom() + 54.0, theme, title.as_str());
    canvas.heading([20.0, 28.0], title, HEAD, Anchor::Start);
    let note = "k(σ) = −d ln P / d ln σ: in k directions the basin is narrower than σ, in the others it is open";
    canvas.text([20.0, 48.0], note, TICK, theme.muted(), Anchor::Start);
    let k = |point: &LocalVolumePoint| point.constrained_dimensions;
    let entries = local_curve::legend(&basins, theme, k);
    legend::row(&mut canvas, 20.0, 68.0, &entries);
    let drawn = || {
        let points = basins.iter().flat_map(|basin| &basin.main.curve);
        points.filter_map(|point| Some((point.sigma, k(point)?)))
    };
    let [lo, hi] = extent(drawn().map(|(sigma, _)| sigma), [1e-3, 0.1]);
    let [least, most] = extent(drawn().map(|(_, k)| k), [0.0, 1.0]);
    let (least, most) = (least.min(0.0), most.max(1.0));
    let pad = 0.05 * (most - least);
    let axes = Axes {
        area,
        x: Scale::log([0.9 * lo, 1.1 * hi], area.across()),
        y: Scale::linear([least - pad, most + pad], area.up()),
    };
    let labels = Labels {
        x: "width σ of the step",
        y: "constrained dimensions k",
        y_offset: 46.0,
        ..Labels::default()
    };
    axes.draw(&mut canvas, labels);
    let zero = axes.y.at(0.0);
    let ends = vec![[area.left, zero], [area.right(), zero]];
    canvas.line(ends, dashed(theme.axis(), 1.2, 4.0));
    if least < 0.0 {
        let at = [area.left + 8.0, zero + 15.0];
        let text = "below 0: P grows with σ";
        canvas.text(at, text, TICK, theme.muted(), Anchor::Start);
    }
    let mut ends = Vec::new();
    for basin in &basins {
        let main = basin.main;
        let same = |sigma| sigma;
        local_curve::draw(&mut canvas, &axes, main, same, k);
        let peak = main.curve.iter().filter_map(k);
        let peak = peak.fold(f64::NEG_INFINITY, f64::max);
        if let Some(end) = local_curve::end(&axes, main, same, k) {
            let name = label::minimum(&main.minimum, main.test_accuracy);
            let text = format!("{name} · peak {}", plain(peak.round()));
            ends.push((end, local_curve::ink(main, theme), text));
        }
    }
    local_curve::name_ends(&mut canvas, area, &ends);
    canvas.finish()
}
