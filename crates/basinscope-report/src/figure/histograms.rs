//! Histograms of how far minima reach: radii of their basins, and distances to the first flips.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure, solid};
use super::error::{FigureError, check_any};
use super::legend::{self, Symbol};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use super::{color, label, stats};
use basinscope::record::{FlipRecord, VolumeRecord};

/// Bins over the whole range of a panel.
const BINS: usize = 48;

/// One distribution: test accuracy of its minimum, and its values.
type Part = (f64, Vec<f64>);

/// Histograms on a log axis, one colour per minimum: the radius of its basin along random rays,
/// and the step c at which so many of the training points are wrong.
///
/// # Errors
/// [`FigureError::NoRecords`] without volumes or without flips.
pub fn histograms(
    volumes: &[VolumeRecord],
    flips: &[FlipRecord],
    theme: Theme,
) -> Result<Figure, FigureError> {
    check_any(volumes, "histograms", "volume")?;
    check_any(flips, "histograms", "flip record")?;
    let cutoff = plain(volumes[0].cutoff);
    let mut panels: Vec<(String, &str, Vec<Part>)> = vec![(
        format!("loss passes {cutoff}"),
        "radius (Euclidean norm)",
        (volumes.iter())
            .map(|record| (record.test_accuracy, record.radii.clone()))
            .collect(),
    )];
    for (place, &share) in flips[0].shares.iter().enumerate() {
        let parts = flips.iter().filter_map(|record| {
            let row = record.distances.get(place)?;
            let inside = row.iter().copied().filter(|&c| c < record.cap).collect();
            Some((record.test_accuracy, inside))
        });
        panels.push((
            format!("{} % of the points flip", plain(100.0 * share)),
            match flips[0].normalization.as_str() {
                "none" => "step (Euclidean norm)",
                _ => "step c (in filter norms)",
            },
            parts.collect(),
        ));
    }
    let (panel, gap, left, top) = (262.0, 34.0, 58.0, 92.0);
    let width = left + panels.len() as f64 * (panel + gap);
    let title = "How far one can walk before …";
    let mut canvas = Canvas::new(width, top + 230.0 + 54.0, theme, title);
    canvas.heading([left, 28.0], title, HEAD, Anchor::Start);
    let entries: Vec<_> = (volumes.iter())
        .map(|record| {
            let ink = theme.data(color::minimum(record.test_accuracy));
            let text = label::minimum(&record.minimum, record.test_accuracy);
            (Symbol::Dot(ink), text)
        })
        .collect();
    legend::row(&mut canvas, left, 52.0, &entries);
    for (index, (title, x, parts)) in panels.iter().enumerate() {
        let area = Area {
            left: left + index as f64 * (panel + gap),
            top,
            width: panel,
            height: 230.0,
        };
        let y = if index == 0 {
            "directions in a bin"
        } else {
            ""
        };
        draw(&mut canvas, area, [x, y], parts);
        let at = [area.left, area.top - 12.0];
        canvas.heading(at, format!("… {title}"), TITLE, Anchor::Start);
    }
    canvas.finish()
}

fn draw(canvas: &mut Canvas, area: Area, [x, y]: [&str; 2], parts: &[Part]) {
    let theme = canvas.theme;
    let values = parts.iter().flat_map(|(_, values)| values.iter().copied());
    let [lo, hi] = extent(values.filter(|&value| value > 0.0), [0.1, 10.0]);
    let (lo, hi) = (0.9 * lo, 1.1 * hi);
    let width = (hi / lo).ln() / BINS as f64;
    let counts: Vec<Vec<usize>> = (parts.iter())
        .map(|(_, values)| {
            let mut counts = vec![0; BINS];
            for value in values.iter().filter(|&&value| value > 0.0) {
                let bin = ((value / lo).ln() / width) as usize;
                counts[bin.min(BINS - 1)] += 1;
            }
            counts
        })
        .collect();
    let most = counts.iter().flatten().copied().max().unwrap_or(1).max(1);
    let axes = Axes {
        area,
        x: Scale::log([lo, hi], area.across()),
        y: Scale::linear([0.0, 1.12 * most as f64], area.up()),
    };
    let labels = Labels {
        x,
        y,
        y_offset: 40.0,
        ticks: [4, 4],
        ..Labels::default()
    };
    axes.draw(canvas, labels);
    for ((test_accuracy, values), counts) in parts.iter().zip(&counts) {
        let ink = theme.data(color::minimum(*test_accuracy));
        let mut outline = Vec::with_capacity(2 * BINS + 2);
        let edge = |bin: usize| lo * (width * bin as f64).exp();
        outline.push(axes.at(edge(0), 0.0));
        for (bin, &count) in counts.iter().enumerate() {
            outline.push(axes.at(edge(bin), count as f64));
            outline.push(axes.at(edge(bin + 1), count as f64));
        }
        outline.push(axes.at(edge(BINS), 0.0));
        let stroke = Some(solid(ink, 1.2));
        canvas.paths(
            "histogram",
            vec![outline],
            true,
            Some(ink.fade(0.35)),
            stroke,
        );
        let sorted = stats::sorted(values.iter().copied());
        if let Some(median) = stats::quantile(&sorted, 0.5) {
            let at = axes.x.at(median);
            canvas.line(vec![[at, area.top], [at, area.bottom()]], solid(ink, 1.6));
            let text = format!("{median:.3}");
            canvas.text([at + 4.0, area.top + 10.0], text, TICK, ink, Anchor::Start);
        }
    }
}
