//! How far each basin reaches: the radii along random rays.

use super::axes::{Area, Axes, HEAD, Labels, TICK};
use super::canvas::{Anchor, Canvas, Figure, solid};
use super::color::Color;
use super::error::{FigureError, check_any};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use super::{color, font, label, stats};
use basinscope::record::VolumeRecord;

/// Rays drawn as single dots; more are thinned evenly.
const DOTS: usize = 400;
const ROW: f64 = 48.0;

/// The radius along every ray, a row per minimum from the best test accuracy to the worst: dots,
/// 5–95 % whiskers, quartile box, the median with its 95 % interval; rays that never crossed the
/// cutoff as open triangles at the cap.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice.
pub fn radii(records: &[VolumeRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "radii", "volume")?;
    let area = Area {
        left: 180.0,
        top: 66.0,
        width: 560.0,
        height: ROW * records.len() as f64,
    };
    let title = "How far each basin reaches";
    let mut canvas = Canvas::new(area.right() + 96.0, area.bottom() + 54.0, theme, title);
    canvas.heading([16.0, 28.0], title, HEAD, Anchor::Start);
    let rays = extent(
        records.iter().map(|record| record.directions as f64),
        [0.0, 0.0],
    );
    let rays = if rays[0] == rays[1] {
        plain(rays[0])
    } else {
        format!("{}–{}", plain(rays[0]), plain(rays[1]))
    };
    let note = format!(
        "radius to loss {} along {rays} random rays; box: quartiles, whiskers: 5–95 %, bar: median \
         with 95 % interval",
        plain(records[0].cutoff)
    );
    let note = font::fit(&note, TICK, false, canvas.width - 32.0);
    canvas.text([16.0, 48.0], note, TICK, theme.muted(), Anchor::Start);
    let values = records
        .iter()
        .flat_map(values)
        .filter(|&radius| radius > 0.0);
    let [lo, hi] = extent(values, [0.1, 10.0]);
    let axes = Axes {
        area,
        x: Scale::log([0.85 * lo, 1.15 * hi], area.across()),
        y: Scale::linear([0.0, 1.0], area.up()),
    };
    let x_label = match records[0].normalization.as_str() {
        "filter" => "radius (in filter-normalized steps)",
        _ => "radius (Euclidean norm)",
    };
    axes.draw(
        &mut canvas,
        Labels {
            x: x_label,
            ticks: [6, 0],
            ..Labels::default()
        },
    );
    let keys: Vec<f64> = records.iter().map(|record| record.test_accuracy).collect();
    for (row, index) in stats::descending(&keys).into_iter().enumerate() {
        let y = area.top + (row as f64 + 0.5) * ROW;
        draw_row(&mut canvas, &axes, y, &records[index]);
    }
    canvas.finish()
}

fn values(record: &VolumeRecord) -> impl Iterator<Item = f64> + '_ {
    let summary = [record.radius_median]
        .into_iter()
        .chain(record.radius_median_ci);
    record.radii.iter().copied().chain(summary)
}

fn draw_row(canvas: &mut Canvas, axes: &Axes, y: f64, record: &VolumeRecord) {
    let theme = canvas.theme;
    let ink = theme.data(color::minimum(record.test_accuracy));
    let area = axes.area;
    let name = font::fit(&record.minimum, TICK + 1.0, true, area.left - 28.0);
    canvas.heading([area.left - 12.0, y - 1.0], name, TICK + 1.0, Anchor::End);
    let test = format!("test {}", label::percent(record.test_accuracy));
    canvas.text(
        [area.left - 12.0, y + 14.0],
        test,
        TICK,
        theme.muted(),
        Anchor::End,
    );

    draw_dots(canvas, axes, y + 11.0, record, ink);
    let sorted = stats::sorted(record.radii.iter().copied().filter(|&radius| radius > 0.0));
    let at = |level| stats::quantile(&sorted, level).map(|radius| axes.x.at(radius));
    if let (Some(low), Some(q1), Some(q3), Some(high)) = (at(0.05), at(0.25), at(0.75), at(0.95)) {
        let y = y - 8.0;
        canvas.line(vec![[low, y], [high, y]], solid(ink, 1.4));
        let size = [(q3 - q1).max(0.5), 12.0];
        canvas.rect(
            [q1, y - 6.0],
            size,
            Some(theme.paper().mix(ink, 0.35)),
            Some(solid(ink, 1.2)),
        );
    }
    let y = y - 8.0;
    if record.radius_median > 0.0 {
        let x = axes.x.at(record.radius_median);
        let [lo, hi] = record.radius_median_ci.map(|radius| axes.x.at(radius));
        canvas.line(vec![[x, y - 9.0], [x, y + 9.0]], solid(theme.ink(), 2.4));
        if lo < hi {
            canvas.line(vec![[lo, y], [hi, y]], solid(theme.ink(), 2.4));
        }
    }
    let text = format!("median {}", plain(record.radius_median));
    canvas.text(
        [area.right() + 10.0, y + 6.0],
        text,
        TICK,
        theme.ink(),
        Anchor::Start,
    );
    if record.censored > 0 {
        let text = format!("{} beyond cap", record.censored);
        canvas.text(
            [area.right() + 10.0, y + 21.0],
            text,
            TICK,
            theme.muted(),
            Anchor::Start,
        );
    }
}

/// The rays as dots with a little deterministic jitter, the censored as triangles at the cap.
fn draw_dots(canvas: &mut Canvas, axes: &Axes, y: f64, record: &VolumeRecord, ink: Color) {
    let stride = record.radii.len().div_ceil(DOTS).max(1);
    let cap = if record.censored > 0 {
        record.radius_cap
    } else {
        f64::INFINITY
    };
    let rays = record.radii.iter().enumerate().step_by(stride);
    let dots = rays
        .filter(|(_, radius)| **radius > 0.0 && **radius < cap)
        .map(|(index, &radius)| {
            // The golden ratio spreads neighbours apart without a random generator.
            let jitter = (index as f64 * 0.618_033_988_75).fract() - 0.5;
            [axes.x.at(radius), y + 8.0 * jitter]
        })
        .collect();
    canvas.discs("rays", dots, 1.5, ink.fade(0.4), None);
    if record.censored > 0 && record.radius_cap > 0.0 {
        let x = axes.x.at(record.radius_cap);
        let corners = vec![[x - 4.0, y - 5.0], [x + 5.0, y], [x - 4.0, y + 5.0]];
        let paper = canvas.theme.paper();
        canvas.paths(
            "censored",
            vec![corners],
            true,
            Some(paper),
            Some(solid(ink, 1.5)),
        );
    }
}
