//! Loss and accuracy along random directions, a column per minimum.

use super::axes::{Area, Axes, HEAD, LABEL, Labels, TITLE};
use super::canvas::{Anchor, Canvas, Figure, dashed, solid};
use super::error::{FigureError, check_any, check_length};
use super::legend::{self, Symbol};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::{color, font, label, stats};
use basinscope::record::LineRecord;

/// The loss that counts as the edge of a basin (the paper's cutoff), in nats.
pub(super) const CUTOFF: f64 = 0.1;
/// Losses below this are drawn at it.
const LOWEST_LOSS: f64 = 1e-6;
/// Columns before the panels wrap.
const COLUMNS: usize = 5;

/// Loss (log axis) and train accuracy against the step c: every direction thin, their median bold,
/// one column per minimum on shared axes.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice; [`FigureError::Length`] where a row does not
/// have one value per c.
pub fn lines(records: &[LineRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "lines", "line")?;
    records.iter().try_for_each(check)?;
    let columns = records.len().min(COLUMNS);
    let blocks = records.len().div_ceil(columns);
    let panel = [440.0, 320.0, 250.0, 210.0, 185.0][columns - 1];
    let (left, gap, tall) = (66.0, 20.0, 170.0);
    let block = 2.0 * tall + 18.0 + 74.0;
    let width = left + columns as f64 * (panel + gap) + 8.0;
    let height = 62.0 + blocks as f64 * block + 8.0;
    let mut canvas = Canvas::new(width, height, theme, "Loss along random directions");
    let normalization = match records[0].normalization.as_str() {
        "filter" => "filter-normalized ",
        "layer" => "layer-normalized ",
        "model" => "model-normalized ",
        _ => "",
    };
    let heading = format!("Along {normalization}random directions");
    canvas.heading([left, 28.0], heading, HEAD, Anchor::Start);
    let bold = solid(theme.muted(), 2.4);
    let entries = [
        (
            Symbol::Line(solid(theme.muted().fade(0.45), 1.0)),
            "one direction".to_owned(),
        ),
        (Symbol::Line(bold), "median".into()),
        (
            Symbol::Line(dashed(theme.ink(), 1.0, 4.0)),
            "loss 0.1".into(),
        ),
    ];
    legend::row(&mut canvas, left, 48.0, &entries);
    let loss = loss_range(
        records
            .iter()
            .flat_map(|record| record.train_loss.iter().flatten()),
    );
    let lowest = records
        .iter()
        .flat_map(|record| record.train_accuracy.iter().flatten());
    let accuracy = [extent(lowest.copied(), [0.0, 1.0])[0].min(0.5), 1.0];
    for (index, record) in records.iter().enumerate() {
        let column = index % columns;
        let upper = Area {
            left: left + column as f64 * (panel + gap),
            top: 62.0 + (index / columns) as f64 * block + 24.0,
            width: panel,
            height: tall,
        };
        let lower = Area {
            top: upper.bottom() + 18.0,
            ..upper
        };
        let title = label::minimum(&record.minimum, record.test_accuracy);
        let title = font::fit(&title, TITLE, true, panel);
        canvas.heading([upper.left, upper.top - 9.0], title, TITLE, Anchor::Start);
        let c = extent(record.c.iter().copied(), [-1.0, 1.0]);
        let labels = Labels {
            ticks: [if panel < 220.0 { 3 } else { 5 }, 6],
            numbers: [false, column == 0],
            y: if column == 0 { "train loss (nats)" } else { "" },
            y_offset: 48.0,
            ..Labels::default()
        };
        let axes = Axes {
            area: upper,
            x: Scale::linear(c, upper.across()),
            y: Scale::log(loss, upper.up()),
        };
        axes.draw(&mut canvas, labels);
        cutoff_line(&mut canvas, &axes);
        draw_rows(&mut canvas, &axes, record, &record.train_loss);
        let axes = Axes {
            area: lower,
            x: axes.x,
            y: Scale::linear(accuracy, lower.up()),
        };
        let labels = Labels {
            x: "step c",
            y: if column == 0 { "train accuracy" } else { "" },
            numbers: [true, column == 0],
            ticks: [labels.ticks[0], 4],
            percent: true,
            ..labels
        };
        axes.draw(&mut canvas, labels);
        draw_rows(&mut canvas, &axes, record, &record.train_accuracy);
    }
    canvas.finish()
}

/// A dashed line at the cutoff, where the axis reaches it.
pub(super) fn cutoff_line(canvas: &mut Canvas, axes: &Axes) {
    if (axes.y.lo()..=axes.y.hi()).contains(&CUTOFF) {
        let y = axes.y.at(CUTOFF);
        let ends = vec![[axes.area.left, y], [axes.area.right(), y]];
        canvas.line(ends, dashed(canvas.theme.ink(), 1.0, 4.0));
    }
}

/// The range of a loss axis: positive, finite, not below [`LOWEST_LOSS`].
pub(super) fn loss_range<'a>(losses: impl Iterator<Item = &'a f64>) -> [f64; 2] {
    let [lo, hi] = extent(losses.copied(), [1e-3, 1.0]);
    let lo = lo.max(LOWEST_LOSS);
    [lo, hi.max(1.5 * lo)]
}

pub(super) fn check(record: &LineRecord) -> Result<(), FigureError> {
    let rows = [
        ("train_loss", &record.train_loss),
        ("train_accuracy", &record.train_accuracy),
        ("test_accuracy_along", &record.test_accuracy_along),
    ];
    for (field, rows) in rows {
        for row in rows {
            check_length(&record.minimum, field, record.c.len(), row.len())?;
        }
    }
    Ok(())
}

fn draw_rows(canvas: &mut Canvas, axes: &Axes, record: &LineRecord, rows: &[Vec<f64>]) {
    let ink = canvas.theme.data(color::minimum(record.test_accuracy));
    let thin = match rows.len() {
        0..=12 => 0.45,
        13..=40 => 0.25,
        _ => 0.15,
    };
    for row in rows {
        let curve = axes.curve(record.c.iter().copied(), row.iter().copied());
        canvas.line(curve, solid(ink.fade(thin), 1.0));
    }
    let median = stats::median_row(rows, record.c.len());
    let curve = axes.curve(record.c.iter().copied(), median);
    canvas.line(curve.clone(), solid(canvas.theme.paper().fade(0.7), 4.0));
    canvas.line(curve, solid(ink, 2.4));
    if rows.is_empty() {
        let middle = [
            axes.area.left + 0.5 * axes.area.width,
            axes.area.top + 0.5 * axes.area.height,
        ];
        canvas.text(
            middle,
            "no directions",
            LABEL,
            canvas.theme.muted(),
            Anchor::Middle,
        );
    }
}
