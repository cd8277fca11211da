//! Basin volume and radius against the generalization gap.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure};
use super::error::{FigureError, check_any};
use super::gap_panel::Point;
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use super::{font, gap_panel};
use basinscope::record::VolumeRecord;

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

    let gaps = gap_panel::range(records.iter().map(|record| record.generalization_gap));
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
        gap_panel::draw_axes(&mut canvas, axes, labels);
        let at = [axes.area.left, axes.area.top - 12.0];
        canvas.heading(at, title, TITLE, Anchor::Start);
    }
    let points = |value: fn(&VolumeRecord) -> f64| -> Vec<Point<'_>> {
        let point = |record| point(record, value(record));
        records.iter().map(point).collect()
    };
    let found = records.iter().filter(|record| record.radius_median > 0.0);
    let intervals = found.map(|record| {
        let point = point(record, record.radius_median);
        (point, record.radius_median_ci)
    });
    let bars = gap_panel::draw_bars(&mut canvas, &radius, intervals);
    let volumes = points(|record| record.log10_volume);
    gap_panel::draw_points(&mut canvas, &volume, &volumes, &[]);
    let radii = points(|record| record.radius_median);
    gap_panel::draw_points(&mut canvas, &radius, &radii, &bars);
    canvas.finish()
}

/// A record's point in a panel.
pub(super) fn point(record: &VolumeRecord, value: f64) -> Point<'_> {
    Point {
        minimum: &record.minimum,
        test_accuracy: record.test_accuracy,
        gap: record.generalization_gap,
        value,
    }
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
