//! Basin volume and radius against the generalization gap.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure, solid};
use super::error::{FigureError, check_any};
use super::rect::Rect;
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use super::{color, font, place};
use basinscope::record::VolumeRecord;

/// Radius of the markers.
const DOT: f64 = 5.0;
/// More minima than this are not named, but for the two ends of the gap.
const NAMED: usize = 14;

/// The paper's log₁₀ volume against the generalization gap, with what its estimator hides said
/// above it; beside it the median radius with its 95 % interval.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice.
pub fn volume_gap(records: &[VolumeRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "volume_gap", "volume")?;
    let left = Area {
        left: 82.0,
        top: 100.0,
        width: 370.0,
        height: 300.0,
    };
    let right = Area {
        left: left.right() + 92.0,
        ..left
    };
    let title = "Basin size against generalization gap";
    let mut canvas = Canvas::new(right.right() + 26.0, left.bottom() + 54.0, theme, title);
    canvas.heading([left.left, 28.0], title, HEAD, Anchor::Start);
    let caveat = font::fit(
        &caveat(records),
        TICK,
        false,
        canvas.width - left.left - 16.0,
    );
    canvas.text(
        [left.left, 48.0],
        caveat,
        TICK,
        theme.muted(),
        Anchor::Start,
    );

    let gaps = extent(
        records.iter().map(|record| record.generalization_gap),
        [0.0, 1.0],
    );
    let gaps = [gaps[0].min(0.0) - 0.03, gaps[1].max(0.1) * 1.06];
    let volumes = extent(
        records.iter().map(|record| record.log10_volume),
        [-1.0, 0.0],
    );
    let pad = 0.08 * (volumes[1] - volumes[0]);
    let volume = Axes {
        area: left,
        x: Scale::linear(gaps, left.across()),
        y: Scale::linear([volumes[0] - pad, volumes[1] + pad], left.up())
            .with_tick_above(volumes[1], Labels::default().ticks[1]),
    };
    let radii = records.iter().flat_map(|record| {
        [record.radius_median]
            .into_iter()
            .chain(record.radius_median_ci)
    });
    let [lo, hi] = extent(radii.filter(|&radius| radius > 0.0), [0.1, 10.0]);
    let radius = Axes {
        area: right,
        x: Scale::linear(gaps, right.across()),
        y: Scale::log([0.8 * lo, 1.25 * hi], right.up())
            .with_tick_above(hi, Labels::default().ticks[1]),
    };
    let labels = Labels {
        x: "generalization gap (train − test accuracy)",
        y: "log₁₀ volume",
        y_offset: 64.0,
        ..Labels::default()
    };
    let panels = [
        (&volume, "volume, the paper's estimate", labels),
        (
            &radius,
            "median radius, 95 % interval",
            Labels {
                y: "radius",
                y_offset: 48.0,
                ..labels
            },
        ),
    ];
    for (axes, title, labels) in panels {
        draw_axes(&mut canvas, axes, labels);
        let at = [axes.area.left, axes.area.top - 12.0];
        canvas.heading(at, title, TITLE, Anchor::Start);
    }
    let mut bars = Vec::new();
    for record in records.iter().filter(|record| record.radius_median > 0.0) {
        let x = radius.x.at(record.generalization_gap);
        let [a, b] = record.radius_median_ci.map(|value| radius.y.at(value));
        let ink = theme.data(color::minimum(record.test_accuracy));
        canvas.line(vec![[x, a], [x, b]], solid(ink, 1.6));
        for y in [a, b] {
            canvas.line(vec![[x - 4.0, y], [x + 4.0, y]], solid(ink, 1.6));
        }
        bars.push(Rect {
            from: [x - 5.0, a.min(b) - 1.0],
            to: [x + 5.0, a.max(b) + 1.0],
        });
    }
    draw_points(&mut canvas, &volume, records, &[], |record| {
        record.log10_volume
    });
    draw_points(&mut canvas, &radius, records, &bars, |record| {
        record.radius_median
    });
    canvas.finish()
}

fn draw_axes(canvas: &mut Canvas, axes: &Axes, labels: Labels<'_>) {
    // x in per cent, which `Axes` writes on y alone.
    axes.draw(
        canvas,
        Labels {
            numbers: [false, true],
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

fn caveat(records: &[VolumeRecord]) -> String {
    let range = |values: [f64; 2]| {
        let [lo, hi] = values.map(plain);
        if lo == hi { lo } else { format!("{lo}–{hi}") }
    };
    let ess = extent(records.iter().map(|record| record.ess), [1.0, 1.0]);
    let rays = extent(
        records.iter().map(|record| record.directions as f64),
        [0.0, 0.0],
    );
    let ess = ess.map(|value| (100.0 * value).round() / 100.0);
    format!(
        "Volumes are a lower bound set by the luckiest of {} rays: effective sample size {}. \
         Trust the radii.",
        range(rays),
        range(ess)
    )
}

fn draw_points(
    canvas: &mut Canvas,
    axes: &Axes,
    records: &[VolumeRecord],
    obstacles: &[Rect],
    value: impl Fn(&VolumeRecord) -> f64,
) {
    let theme = canvas.theme;
    let drawn: Vec<&VolumeRecord> = records
        .iter()
        .filter(|record| value(record).is_finite() && record.generalization_gap.is_finite())
        .collect();
    let points: Vec<[f64; 2]> = drawn
        .iter()
        .map(|record| axes.at(record.generalization_gap, value(record)))
        .collect();
    let [low, high] = extent(drawn.iter().map(|r| r.generalization_gap), [0.0, 0.0]);
    let named = |record: &VolumeRecord| {
        drawn.len() <= NAMED || [low, high].contains(&record.generalization_gap)
    };
    let texts: Vec<String> = drawn
        .iter()
        .map(|record| match named(record) {
            true => font::fit(&record.minimum, TICK, false, 0.5 * axes.area.width),
            false => String::new(),
        })
        .collect();
    let sizes: Vec<[f64; 2]> = texts
        .iter()
        .map(|text| [font::width(text, TICK, false), 1.15 * TICK])
        .collect();
    let places = place::labels(&points, DOT + 1.0, &sizes, obstacles, axes.area);
    for leader in places.iter().filter_map(|place| place.leader) {
        canvas.line(leader.to_vec(), solid(theme.axis(), 0.8));
    }
    for (record, &point) in drawn.iter().zip(&points) {
        let ink = theme.data(color::minimum(record.test_accuracy));
        canvas.disc("point", point, DOT, ink, Some(solid(theme.paper(), 1.2)));
    }
    for (place, text) in places.iter().zip(texts) {
        canvas.text(place.baseline(), text, TICK, theme.ink(), place.anchor);
    }
}
