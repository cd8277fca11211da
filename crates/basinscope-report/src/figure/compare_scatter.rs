//! Generalization gap against each measure: a small panel each, a dot for each minimum.

use super::axes::{Area, Axes, HEAD, Labels, TICK};
use super::canvas::{Anchor, Canvas, Figure, solid};
use super::color::{self, Color};
use super::error::{FigureError, check_any};
use super::font;
use super::legend::{self, Symbol};
use super::scale::{Scale, extent};
use super::theme::Theme;
use basinscope::record::{CompareRecord, MeasureColumn};
use std::collections::BTreeSet;

/// Panels in a row.
const COLUMNS: usize = 4;
const WIDTH: f64 = 190.0;
const HEIGHT: f64 = 132.0;
/// From one panel to the next.
const APART: [f64; 2] = [62.0, 74.0];
/// Where the first panel begins.
const FIRST: [f64; 2] = [66.0, 118.0];
/// Values of one sign that span more than this factor are drawn on a logarithmic axis.
const LOGARITHMIC: f64 = 20.0;
/// More sizes of net than this are not told apart.
const SIZES: usize = 6;

/// Each measure (up) against the generalization gap (across); colours tell nets of different
/// sizes apart. Refused values are left out.
///
/// # Errors
/// [`FigureError::NoRecords`] for no minima.
pub fn compare_scatter(record: &CompareRecord, theme: Theme) -> Result<Figure, FigureError> {
    check_any(&record.minima, "compare_scatter", "minimum")?;
    let panels = record.columns.len();
    let across = panels.clamp(1, COLUMNS);
    let down = panels.div_ceil(COLUMNS);
    let right = FIRST[0] + across as f64 * (WIDTH + APART[0]) - APART[0] + 26.0;
    let bottom = FIRST[1] + down as f64 * (HEIGHT + APART[1]) - APART[1] + 52.0;
    let title = "Each measure against the generalization gap";
    let mut canvas = Canvas::new(right.max(500.0), bottom, theme, title);
    canvas.heading([20.0, 28.0], title, HEAD, Anchor::Start);
    let note = format!(
        "a dot for each of {} minima, all right about every training point",
        record.minima.len()
    );
    canvas.text([20.0, 48.0], note, TICK, theme.muted(), Anchor::Start);
    let sizes: BTreeSet<usize> = record.minima.iter().map(|m| m.parameters).collect();
    let sizes: Vec<usize> = sizes.into_iter().collect();
    if sizes.len() > 1 && sizes.len() <= SIZES {
        let entries: Vec<(Symbol, String)> = (sizes.iter().enumerate())
            .map(|(index, size)| {
                let ink = theme.data(color::class(index));
                (Symbol::Dot(ink), format!("{size} parameters"))
            })
            .collect();
        legend::row(&mut canvas, 20.0, 68.0, &entries);
    }
    for (index, column) in record.columns.iter().enumerate() {
        let area = Area {
            left: FIRST[0] + (index % COLUMNS) as f64 * (WIDTH + APART[0]),
            top: FIRST[1] + (index / COLUMNS) as f64 * (HEIGHT + APART[1]),
            width: WIDTH,
            height: HEIGHT,
        };
        let last = index + COLUMNS >= panels;
        draw_panel(&mut canvas, area, record, column, &sizes, last);
    }
    canvas.finish()
}

fn draw_panel(
    canvas: &mut Canvas,
    area: Area,
    record: &CompareRecord,
    column: &MeasureColumn,
    sizes: &[usize],
    last: bool,
) {
    let theme = canvas.theme;
    let points: Vec<(f64, f64, Color)> = (record.minima.iter())
        .filter_map(|minimum| {
            let value = minimum.values.get(&column.key)?.value?;
            let size = sizes.iter().position(|&size| size == minimum.parameters)?;
            let shade = if sizes.len() <= SIZES { size } else { 0 };
            Some((
                minimum.generalization_gap,
                value,
                theme.data(color::class(shade)),
            ))
        })
        .collect();
    let gaps = extent(
        record.minima.iter().map(|m| m.generalization_gap),
        [0.0, 1.0],
    );
    let values = extent(points.iter().map(|point| point.1), [0.0, 1.0]);
    let axes = Axes {
        area,
        x: Scale::linear(
            [gaps[0].min(0.0) - 0.03, gaps[1].max(0.1) + 0.05],
            area.across(),
        ),
        y: upward(values, area),
    };
    let labels = Labels {
        x: if last { "generalization gap" } else { "" },
        ticks: [4, 4],
        ..Labels::default()
    };
    axes.draw(canvas, labels);
    let unit = match column.unit.as_str() {
        "" => String::new(),
        unit => format!(" ({unit})"),
    };
    let at = [area.left, area.top - 22.0];
    let name = font::fit(&column.title, TICK, true, WIDTH + 34.0);
    canvas.heading(at, name, TICK, Anchor::Start);
    let told = match record.correlation(&column.key) {
        Some(rank) => format!("τ = {:+.2}{unit}", rank.kendall_tau).replace('-', "−"),
        None => unit.trim_start().to_owned(),
    };
    let at = [area.left, area.top - 8.0];
    canvas.text(at, told, TICK, theme.muted(), Anchor::Start);
    for (gap, value, ink) in points {
        let edge = Some(solid(theme.paper(), 0.6));
        canvas.disc("minimum", axes.at(gap, value), 3.4, ink.fade(0.85), edge);
    }
}

/// Logarithmic where the values are positive and span more than a factor.
fn upward([low, high]: [f64; 2], area: Area) -> Scale {
    if low > 0.0 && high > LOGARITHMIC * low {
        let pad = (high / low).powf(0.06);
        return Scale::log([low / pad, high * pad], area.up());
    }
    let pad = 0.06 * (high - low);
    Scale::linear([low - pad, high + pad], area.up())
}
