//! Decision boundaries over the plane: one large, or a gallery of minima.

use super::axes::{Area, HEAD, LABEL, Labels, TITLE};
use super::canvas::{Anchor, Canvas, Figure};
use super::color;
use super::error::{FigureError, check_any};
use super::legend::{self, Symbol};
use super::plane::{self, Marks};
use super::theme::Theme;
use super::{font, label};
use basinscope::record::BoundaryRecord;

/// The decision boundary of one minimum: the probability of class 1 (or each class's confidence)
/// as a soft field, the boundary as a line, training points as dots where right and crosses where
/// wrong.
///
/// # Errors
/// [`FigureError::Length`] where the record's arrays do not fit its grid.
pub fn boundary(record: &BoundaryRecord, theme: Theme) -> Result<Figure, FigureError> {
    plane::check(record)?;
    let room = Area {
        left: 62.0,
        top: 64.0,
        width: 420.0,
        height: 420.0,
    };
    let area = Area {
        left: room.left,
        top: room.top,
        ..plane::fit(record, room)
    };
    let title = label::minimum(&record.minimum, record.test_accuracy);
    let mut canvas = Canvas::new(
        room.right() + 24.0,
        area.bottom() + 74.0,
        theme,
        format!("Decision boundary of {title}"),
    );
    let name = font::fit(&record.minimum, HEAD, true, canvas.width - 82.0);
    canvas.heading([room.left, 28.0], name, HEAD, Anchor::Start);
    let accuracies = format!(
        "train {} · test {}",
        label::percent(record.train_accuracy),
        label::percent(record.test_accuracy)
    );
    canvas.text(
        [room.left, 49.0],
        accuracies,
        LABEL + 1.0,
        theme.muted(),
        Anchor::Start,
    );
    let axes = plane::axes(record, area);
    let [x, y] = [(0, area.width), (1, area.height)]
        .map(|(feature, room)| font::fit(&record.names.feature(feature), LABEL, false, room));
    axes.draw(
        &mut canvas,
        Labels {
            x: &x,
            y: &y,
            ticks: [6, 6],
            ..Labels::default()
        },
    );
    let marks = Marks {
        dot: 3.6,
        line: 1.8,
        pixels: 300,
    };
    plane::draw(&mut canvas, &axes, record, marks);
    let middle = area.left + area.width / 2.0;
    legend::centered(
        &mut canvas,
        middle,
        area.bottom() + 62.0,
        &entries(&[record], theme),
    );
    canvas.finish()
}

/// A gallery of decision boundaries in the order given.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice; [`FigureError::Length`] where a record's arrays
/// do not fit its grid.
pub fn boundaries(records: &[BoundaryRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "boundaries", "boundary")?;
    records.iter().try_for_each(plane::check)?;
    let columns = columns(records.len());
    let side = [420.0, 380.0, 300.0, 230.0][columns - 1];
    let (gap, header) = (22.0, 30.0);
    let rows = records.len().div_ceil(columns);
    let tallest = records
        .iter()
        .map(|record| plane::fit(record, square(0.0, 0.0, side)).height)
        .fold(0.0, f64::max);
    let width = 20.0 * 2.0 + columns as f64 * side + (columns - 1) as f64 * gap;
    let height = 54.0 + rows as f64 * (tallest + header + 8.0) + 34.0;
    let mut canvas = Canvas::new(width, height, theme, "Decision boundaries of the minima");
    canvas.heading([20.0, 32.0], "Decision boundaries", HEAD, Anchor::Start);
    let pixels = match records.len() {
        1..=2 => 240,
        3..=6 => 180,
        _ => 130,
    };
    for (index, record) in records.iter().enumerate() {
        let left = 20.0 + (index % columns) as f64 * (side + gap);
        let top = 54.0 + (index / columns) as f64 * (tallest + header + 8.0) + header;
        let area = plane::fit(record, square(left, top, side));
        let area = Area { top, ..area };
        let title = label::minimum(&record.minimum, record.test_accuracy);
        let title = font::fit(&title, TITLE, true, side);
        canvas.heading([left, top - 9.0], title, TITLE, Anchor::Start);
        let marks = Marks {
            dot: 0.8 + side / 150.0,
            line: 1.3,
            pixels,
        };
        plane::draw(&mut canvas, &plane::axes(record, area), record, marks);
    }
    let all: Vec<&BoundaryRecord> = records.iter().collect();
    legend::centered(
        &mut canvas,
        width / 2.0,
        height - 16.0,
        &entries(&all, theme),
    );
    canvas.finish()
}

/// Widest name of a class in the legend.
const MOST_NAME: f64 = 110.0;

fn columns(count: usize) -> usize {
    match count {
        0..=1 => 1,
        2 | 4 => 2,
        3 | 5 | 6 | 9 => 3,
        _ => 4,
    }
}

fn square(left: f64, top: f64, side: f64) -> Area {
    Area {
        left,
        top,
        width: side,
        height: side,
    }
}

fn entries(records: &[&BoundaryRecord], theme: Theme) -> Vec<(Symbol, String)> {
    let classes = records
        .iter()
        .map(|record| record.num_classes)
        .max()
        .unwrap_or(2);
    let mut entries: Vec<(Symbol, String)> = (0..classes.min(6))
        .map(|class| {
            let dot = Symbol::Dot(theme.data(color::class(class)));
            let names = records.iter().map(|record| &record.names);
            let text = match names.max_by_key(|names| names.classes.len()) {
                Some(names) if classes <= 4 || !names.classes.is_empty() => names.class(class),
                _ => class.to_string(),
            };
            (dot, font::fit(&text, LABEL, false, MOST_NAME))
        })
        .collect();
    entries.push((Symbol::Dot(theme.muted()), "train, right".into()));
    entries.push((Symbol::Cross(theme.muted()), "train, wrong".into()));
    entries
}
