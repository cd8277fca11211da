//! Loss and accuracy under growing perturbation: the median over directions, in a band.

use super::axes::{Area, Axes, HEAD, Labels, TICK};
use super::canvas::{Anchor, Canvas, Figure, solid};
use super::error::{FigureError, check_any};
use super::legend::{self, Symbol};
use super::lines::{check, cutoff_line, loss_range};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::{color, label, stats};
use basinscope::record::LineRecord;

/// Quantiles the band reaches from and to.
const BAND: [f64; 2] = [0.05, 0.95];
/// Width of a panel, and distance between the two.
const PANEL: f64 = 380.0;
const BETWEEN: f64 = 78.0;

/// Train loss (log axis) and train accuracy against the step c, one colour per minimum: the median
/// over its directions in a band from the 5th to the 95th percentile.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice; [`FigureError::Length`] where a row does not
/// have one value per c.
pub fn bands(records: &[LineRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "bands", "line")?;
    records.iter().try_for_each(check)?;
    let entries: Vec<_> = (records.iter())
        .map(|record| {
            let ink = theme.data(color::minimum(record.test_accuracy));
            let text = label::minimum(&record.minimum, record.test_accuracy);
            (Symbol::Line(solid(ink, 2.4)), text)
        })
        .collect();
    let rows = legend::wrapped(&entries, 2.0 * PANEL + BETWEEN);
    let below = legend::ROW * (rows.len() - 1) as f64;
    let left = Area {
        left: 72.0,
        top: 84.0 + below,
        width: PANEL,
        height: 270.0,
    };
    let right = Area {
        left: left.right() + BETWEEN,
        ..left
    };
    let title = "What random perturbations do";
    let mut canvas = Canvas::new(right.right() + 24.0, left.bottom() + 54.0, theme, title);
    canvas.heading([left.left, 28.0], title, HEAD, Anchor::Start);
    for (place, row) in rows.iter().enumerate() {
        legend::row(
            &mut canvas,
            left.left,
            52.0 + legend::ROW * place as f64,
            row,
        );
    }
    let directions = records.iter().map(|record| record.train_loss.len());
    let note = format!(
        "median and 5–95 % band over {} {} directions",
        directions.max().unwrap_or(0),
        match records[0].normalization.as_str() {
            "none" => "isotropic random",
            "filter" => "filter-normalized random",
            _ => "normalized random",
        }
    );
    let at = [left.left, 70.0 + below];
    canvas.text(at, note, TICK, theme.muted(), Anchor::Start);
    let c = extent(
        records.iter().flat_map(|record| record.c.iter().copied()),
        [0.0, 1.0],
    );
    let losses = records.iter().flat_map(|r| r.train_loss.iter().flatten());
    let loss = Axes {
        area: left,
        x: Scale::linear(c, left.across()),
        y: Scale::log(loss_range(losses), left.up()),
    };
    let lowest = records
        .iter()
        .flat_map(|r| r.train_accuracy.iter().flatten().copied());
    let accuracy = Axes {
        area: right,
        x: Scale::linear(c, right.across()),
        y: Scale::linear([extent(lowest, [0.5, 1.0])[0].min(0.5), 1.0], right.up()),
    };
    let labels = Labels {
        x: "step c",
        y: "train loss (nats)",
        y_offset: 52.0,
        ..Labels::default()
    };
    loss.draw(&mut canvas, labels);
    cutoff_line(&mut canvas, &loss);
    let labels = Labels {
        y: "train accuracy",
        percent: true,
        ..labels
    };
    accuracy.draw(&mut canvas, labels);
    for record in records {
        draw(&mut canvas, &loss, record, &record.train_loss);
        draw(&mut canvas, &accuracy, record, &record.train_accuracy);
    }
    canvas.finish()
}

fn draw(canvas: &mut Canvas, axes: &Axes, record: &LineRecord, rows: &[Vec<f64>]) {
    let ink = canvas.theme.data(color::minimum(record.test_accuracy));
    let at_level = |level| stats::quantile_row(rows, record.c.len(), level);
    let curve = |level| axes.curve(record.c.iter().copied(), at_level(level));
    let [low, high] = BAND.map(curve);
    let outline = low.into_iter().chain(high.into_iter().rev()).collect();
    canvas.paths("band", vec![outline], true, Some(ink.fade(0.22)), None);
    canvas.line(curve(0.5), solid(ink, 2.4));
}
