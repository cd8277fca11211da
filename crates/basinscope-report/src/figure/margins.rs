//! Margins: how many points stay right as the weights move, and both margins of each point.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure, solid};
use super::error::{FigureError, check_any, check_length};
use super::legend::{self, Symbol};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use super::{color, label};
use basinscope::record::MarginRecord;

/// Left, the share of training points never wrong up to a step c of the weights, a band over
/// directions; right, for each point, the step at which it flips against its distance from the
/// boundary. One colour per minimum.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice, [`FigureError::Length`] where a record's lists
/// differ in length.
pub fn margins(records: &[MarginRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "margins", "margin record")?;
    for record in records {
        let points = record.input.len();
        check_length(&record.minimum, "weight", points, record.weight.len())?;
        check_length(&record.minimum, "kept", record.c.len(), record.kept.len())?;
    }
    let left = Area {
        left: 72.0,
        top: 96.0,
        width: 380.0,
        height: 280.0,
    };
    let right = Area {
        left: left.right() + 84.0,
        ..left
    };
    let title = "Flatness as a margin";
    let mut canvas = Canvas::new(right.right() + 24.0, left.bottom() + 54.0, theme, title);
    canvas.heading([left.left, 28.0], title, HEAD, Anchor::Start);
    let entries: Vec<_> = (records.iter())
        .map(|record| {
            let ink = theme.data(color::minimum(record.test_accuracy));
            let text = label::minimum(&record.minimum, record.test_accuracy);
            (Symbol::Dot(ink), text)
        })
        .collect();
    legend::row(&mut canvas, left.left, 52.0, &entries);
    let c = extent(
        records.iter().flat_map(|record| record.c.iter().copied()),
        [1e-3, 1.0],
    );
    let kept = Axes {
        area: left,
        x: Scale::log(c, left.across()),
        y: Scale::linear([0.0, 1.0], left.up()),
    };
    let labels = Labels {
        x: "step c of the weights (in filter norms)",
        y: "points never wrong so far",
        percent: true,
        y_offset: 50.0,
        ..Labels::default()
    };
    kept.draw(&mut canvas, labels);
    let directions = records.iter().map(|record| record.directions).max();
    let heading = format!(
        "Points that stay right: median, 5–95 % of {} directions",
        directions.unwrap_or(0)
    );
    canvas.heading([left.left, left.top - 12.0], heading, TITLE, Anchor::Start);
    for record in records {
        let ink = theme.data(color::minimum(record.test_accuracy));
        let curve = |level: usize| {
            let shares = record.kept.iter().map(move |shares| shares[level]);
            kept.curve(record.c.iter().copied(), shares)
        };
        let outline = curve(0).into_iter().chain(curve(2).into_iter().rev());
        canvas.paths(
            "band",
            vec![outline.collect()],
            true,
            Some(ink.fade(0.22)),
            None,
        );
        canvas.line(curve(1), solid(ink, 2.4));
    }
    let positive = |values: &[f64]| -> Vec<f64> {
        values
            .iter()
            .copied()
            .filter(|&value| value > 0.0)
            .collect()
    };
    let range = |pick: fn(&MarginRecord) -> &[f64]| {
        let values = records.iter().flat_map(|record| positive(pick(record)));
        let [lo, hi] = extent(values, [1e-3, 1.0]);
        [0.8 * lo, 1.25 * hi]
    };
    let both = Axes {
        area: right,
        x: Scale::log(range(|record| &record.input), right.across()),
        y: Scale::log(range(|record| &record.weight), right.up()),
    };
    let labels = Labels {
        x: "distance from the boundary in the plane",
        y: "step of the weights before it flips",
        y_offset: 54.0,
        ..Labels::default()
    };
    both.draw(&mut canvas, labels);
    let at = [right.left, right.top - 12.0];
    canvas.heading(at, "Both margins of each point", TITLE, Anchor::Start);
    let taus: Vec<String> = (records.iter())
        .map(|record| format!("{} {:.2}", record.minimum, record.correlation.kendall_tau))
        .collect();
    let cap = records.iter().map(|record| record.cap).fold(0.0, f64::max);
    let text = format!(
        "Kendall's τ: {}; not flipped by {}: drawn there",
        taus.join(", "),
        plain(cap)
    );
    let at = [right.right() - 6.0, right.bottom() - 8.0];
    for record in records {
        let ink = theme.data(color::minimum(record.test_accuracy));
        for (&input, &weight) in record.input.iter().zip(&record.weight) {
            if input > 0.0 && weight > 0.0 {
                let edge = Some(solid(theme.paper(), 0.7));
                canvas.disc("point", both.at(input, weight), 3.4, ink.fade(0.75), edge);
            }
        }
    }
    canvas.text(at, text, TICK, theme.muted(), Anchor::End);
    canvas.finish()
}
