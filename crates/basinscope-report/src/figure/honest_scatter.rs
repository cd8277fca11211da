//! Volume against generalization gap: the paper's estimate beside the local one.

use super::axes::{Area, Axes, HEAD, LABEL, Labels, TITLE};
use super::basins::{basins, equal_sigma, point_at};
use super::canvas::{Anchor, Canvas, Figure};
use super::error::{FigureError, check_any};
use super::gap_panel::{self, Point};
use super::local_volumes::{PROBABILITY_TICKS, number_probabilities};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use super::volume_gap;
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord, VolumeRecord};

/// Left, the paper's log₁₀ volume against the generalization gap; right, ln P at equal σ of the
/// same minima with 95 % intervals; above them, why the two differ.
///
/// σ is the largest common to all at which every estimate is local and converged, see
/// [`equal_sigma`]; where there is none, the right panel says so. Minima without both records are
/// left out.
///
/// # Errors
/// [`FigureError::NoRecords`] where no minimum has both.
pub fn honest_scatter(
    local: &[LocalVolumeRecord],
    volumes: &[VolumeRecord],
    theme: Theme,
) -> Result<Figure, FigureError> {
    let has = |name: &str| local.iter().any(|record| record.minimum == name);
    let volumes: Vec<&VolumeRecord> = (volumes.iter())
        .filter(|volume| has(&volume.minimum))
        .collect();
    check_any(&volumes, "honest_scatter", "minimum with both volumes")?;
    let has = |name: &str| volumes.iter().any(|volume| volume.minimum == name);
    let local: Vec<LocalVolumeRecord> = (local.iter())
        .filter(|record| has(&record.minimum))
        .cloned()
        .collect();
    let left = Area {
        left: 82.0,
        top: 100.0,
        width: 350.0,
        height: 300.0,
    };
    let right = Area {
        left: left.right() + 110.0,
        ..left
    };
    let title = "Volume against generalization gap, twice";
    let mut canvas = Canvas::new(right.right() + 26.0, left.bottom() + 54.0, theme, title);
    canvas.heading([20.0, 28.0], title, HEAD, Anchor::Start);
    let gaps = gap_panel::range(volumes.iter().map(|volume| volume.generalization_gap));
    let labels = Labels {
        x: "generalization gap (train − test accuracy)",
        y: "log₁₀ volume",
        y_offset: 64.0,
        ..Labels::default()
    };

    let points: Vec<Point<'_>> = (volumes.iter())
        .map(|volume| volume_gap::point(volume, volume.log10_volume))
        .collect();
    let [lo, hi] = extent(points.iter().map(|point| point.value), [-1.0, 0.0]);
    let pad = 0.08 * (hi - lo);
    let paper = Axes {
        area: left,
        x: Scale::linear(gaps, left.across()),
        y: Scale::linear([lo - pad, hi + pad], left.up()).with_tick_above(hi, labels.ticks[1]),
    };
    heading(&mut canvas, left, "the paper’s estimate, in decades");
    gap_panel::draw_axes(&mut canvas, &paper, labels);
    gap_panel::draw_points(&mut canvas, &paper, &points, &[]);

    let sigma = equal_sigma(&local);
    let found: Vec<(&LocalVolumeRecord, &LocalVolumePoint)> = basins(&local)
        .iter()
        .filter_map(|basin| Some((basin.main, point_at(basin.main, sigma?)?)))
        .collect();
    let ranges = found.iter().flat_map(|(_, point)| {
        let interval = point.interval.into_iter().flatten();
        point.ln_p.into_iter().chain(interval)
    });
    let lowest = extent(ranges, [-1.0, 0.0])[0].min(-0.1);
    let honest = Axes {
        area: right,
        x: Scale::linear(gaps, right.across()),
        y: Scale::linear([1.08 * lowest, -0.06 * lowest], right.up()),
    };
    let labels = Labels {
        y: "",
        ticks: PROBABILITY_TICKS,
        numbers: [true, false],
        ..labels
    };
    gap_panel::draw_axes(&mut canvas, &honest, labels);
    let Some(sigma) = sigma else {
        heading(&mut canvas, right, "ln P at equal σ");
        let middle = [
            right.left + right.width / 2.0,
            right.top + right.height / 2.0,
        ];
        let text = "there is no σ at which all are local and converged";
        canvas.text(middle, text, LABEL, theme.muted(), Anchor::Middle);
        return canvas.finish();
    };
    let text = format!("ln P at σ = {}, 95 % interval", plain(sigma));
    heading(&mut canvas, right, &text);
    number_probabilities(&mut canvas, &honest);
    let points: Vec<(Point<'_>, Option<[f64; 2]>)> = (found.iter())
        .map(|(record, at)| {
            let point = Point {
                minimum: &record.minimum,
                test_accuracy: record.test_accuracy,
                gap: record.generalization_gap,
                value: at.ln_p.unwrap_or(f64::NAN),
            };
            (point, at.interval)
        })
        .collect();
    let intervals = points
        .iter()
        .filter_map(|(point, interval)| Some((*point, (*interval)?)));
    let bars = gap_panel::draw_bars(&mut canvas, &honest, intervals);
    let points: Vec<Point<'_>> = points.into_iter().map(|(point, _)| point).collect();
    gap_panel::draw_points(&mut canvas, &honest, &points, &bars);
    let text = why(&found);
    canvas.text([20.0, 50.0], text, LABEL, theme.muted(), Anchor::Start);
    canvas.finish()
}

fn heading(canvas: &mut Canvas, area: Area, text: &str) {
    canvas.heading(
        [area.left + 8.0, area.top - 12.0],
        text,
        TITLE,
        Anchor::Start,
    );
}

/// Why the two differ, in one sentence.
fn why(found: &[(&LocalVolumeRecord, &LocalVolumePoint)]) -> String {
    let dimension = found.iter().map(|(record, _)| record.dimension).max();
    let k = found
        .iter()
        .filter_map(|(_, point)| point.constrained_dimensions);
    let most = k.fold(f64::NEG_INFINITY, f64::max).round();
    let constrained = if most >= 1.0 {
        format!(
            "at this σ, no more than about {} are constrained",
            plain(most)
        )
    } else {
        "at this σ, few are constrained".into()
    };
    format!(
        "Why they differ: the paper’s estimate charges all {} dimensions at the luckiest ray’s rate; {constrained}.",
        plain(dimension.unwrap_or(0) as f64)
    )
}
