//! The minefield as distances: how far the nearest bad minimum is from each iterate.

use super::axes::{Area, Axes, HEAD, Labels, TITLE};
use super::canvas::{Anchor, Canvas, Figure, Stroke, dashed, solid};
use super::color::{self, Color};
use super::error::FigureError;
use super::legend::{self, Symbol};
use super::scale::{Scale, extent};
use super::theme::Theme;
use basinscope::record::{Distance, IterateRecord, MinefieldRecord};

/// Distance of the nearest bad minimum from each iterate in norms of the iterate's weights: over
/// all layers, beside the iterate's own distance from the last one, and layer by layer.
///
/// # Errors
/// [`FigureError::NoRecords`] where no iterate has a bad minimum to measure to.
pub fn minefield_distances(record: &MinefieldRecord, theme: Theme) -> Result<Figure, FigureError> {
    let near = |iterate: &IterateRecord| -> Option<Distance> {
        (iterate.nearest_fixed.as_ref())
            .or(iterate.nearest_redrawn.as_ref())
            .cloned()
    };
    let Some(layers) = (record.iterates.iter()).find_map(|it| Some(near(it)?.layers.len())) else {
        return Err(FigureError::NoRecords {
            figure: "minefield_distances",
            record: "distance",
        });
    };
    let left = Area {
        left: 72.0,
        top: 92.0,
        width: 400.0,
        height: 280.0,
    };
    let right = Area {
        left: left.right() + 76.0,
        ..left
    };
    let title = "How near the bad minima are";
    let mut canvas = Canvas::new(right.right() + 24.0, left.bottom() + 56.0, theme, title);
    canvas.heading([left.left, 28.0], title, HEAD, Anchor::Start);
    let epochs: Vec<f64> = record.iterates.iter().map(|it| it.epoch as f64).collect();
    let series = |pick: &dyn Fn(&IterateRecord) -> Option<f64>| -> Vec<f64> {
        (record.iterates.iter())
            .map(|it| pick(it).filter(|&x| x > 0.0).unwrap_or(f64::NAN))
            .collect()
    };
    let whole: [(&str, Vec<f64>, Stroke); 3] = [
        (
            "bad, fixed poison",
            series(&|it| Some(it.nearest_fixed.as_ref()?.relative)),
            solid(theme.data(color::BLUE), 2.0),
        ),
        (
            "bad, redrawn poison",
            series(&|it| Some(it.nearest_redrawn.as_ref()?.relative)),
            solid(theme.data(Color::hex(0x56B4E9)), 2.0),
        ),
        (
            "the last iterate",
            series(&|it| Some(it.to_last.relative)),
            dashed(theme.data(color::VERMILION), 2.0, 5.0),
        ),
    ];
    let whole: Vec<_> = (whole.into_iter())
        .filter(|(_, values, _)| values.iter().any(|x| x.is_finite()))
        .map(|(name, values, stroke)| (name.to_owned(), values, stroke))
        .collect();
    let by_layer: Vec<_> = (0..layers)
        .map(|layer| {
            let values = series(&|it| near(it)?.layers.get(layer).copied());
            let ink = theme.data(color::class(layer));
            (format!("layer {}", layer + 1), values, solid(ink, 1.8))
        })
        .collect();
    for (area, title, lines) in [
        (left, "All weights", whole),
        (
            right,
            "Layer by layer, to the nearest with fixed poison",
            by_layer,
        ),
    ] {
        let [lo, hi] = extent(
            lines
                .iter()
                .flat_map(|(_, values, _)| values.iter().copied()),
            [0.1, 10.0],
        );
        let axes = Axes {
            area,
            x: Scale::linear(extent(epochs.iter().copied(), [0.0, 1.0]), area.across()),
            y: Scale::log([0.8 * lo, 1.25 * hi], area.up()),
        };
        let labels = Labels {
            x: "epoch of the iterate",
            y: "distance / norm of the iterate",
            y_offset: 50.0,
            ..Labels::default()
        };
        axes.draw(&mut canvas, labels);
        canvas.heading([area.left, area.top - 32.0], title, TITLE, Anchor::Start);
        for (_, values, stroke) in &lines {
            let curve = axes.curve(epochs.iter().copied(), values.iter().copied());
            canvas.line(curve, *stroke);
        }
        let entries: Vec<_> = (lines.iter())
            .map(|(name, _, stroke)| (Symbol::Line(*stroke), name.clone()))
            .collect();
        legend::row(&mut canvas, area.left, area.top - 12.0, &entries);
    }
    canvas.finish()
}
