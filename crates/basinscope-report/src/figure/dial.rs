//! Train and test accuracy of every minimum, from the best to the worst.

use super::axes::{Area, Axes, HEAD, Labels, TICK};
use super::canvas::{Anchor, Canvas, Figure, dashed, solid};
use super::error::{FigureError, check_any};
use super::legend::{self, Symbol};
use super::scale::Scale;
use super::theme::Theme;
use super::ticks::plain;
use super::{color, font, label, stats};
use basinscope::record::MinimumRecord;

/// Train and test accuracy of each minimum, ordered by test accuracy, with the poison it was
/// trained on: all fit the training points, few generalize.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice.
pub fn dial(minima: &[MinimumRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(minima, "dial", "minimum")?;
    let column = (760.0 / minima.len() as f64).clamp(44.0, 120.0);
    let area = Area {
        left: 66.0,
        top: 86.0,
        width: (column * minima.len() as f64).max(420.0),
        height: 290.0,
    };
    let column = area.width / minima.len() as f64;
    let fit = minima.iter().all(|minimum| minimum.train_accuracy > 0.9995);
    let lowest = minima
        .iter()
        .map(|minimum| minimum.test_accuracy)
        .fold(1.0, f64::min);
    let title = if fit && lowest < 0.6 {
        "All fit the training points; not all generalize"
    } else {
        "Train and test accuracy of each minimum"
    };
    let mut canvas = Canvas::new(area.right() + 24.0, area.bottom() + 88.0, theme, title);
    canvas.heading([area.left, 28.0], title, HEAD, Anchor::Start);
    let entries = [
        (
            Symbol::Line(solid(theme.muted(), 2.0)),
            "train accuracy (bar)".to_owned(),
        ),
        (Symbol::Dot(theme.muted()), "test accuracy (dot)".into()),
        (
            Symbol::Line(dashed(theme.axis(), 1.2, 4.0)),
            "chance".into(),
        ),
    ];
    legend::row(&mut canvas, area.left, 50.0, &entries);
    let axes = Axes {
        area,
        x: Scale::linear([0.0, minima.len() as f64], area.across()),
        y: Scale::linear([0.0, 1.0], area.up()),
    };
    let labels = Labels {
        y: "accuracy",
        ticks: [0, 5],
        percent: true,
        y_offset: 50.0,
        ..Labels::default()
    };
    axes.draw(&mut canvas, labels);
    // Files from before nets of other kinds tell the classes by the last width alone.
    let outputs = |minimum: &MinimumRecord| minimum.widths.last().copied().unwrap_or(0);
    let classes = minima.iter().map(|m| m.num_classes.max(outputs(m)));
    let classes = classes.max().unwrap_or(2).max(2);
    let chance = axes.y.at(1.0 / classes as f64);
    let ends = vec![[area.left, chance], [area.right(), chance]];
    canvas.line(ends, dashed(theme.axis(), 1.2, 4.0));
    let keys: Vec<f64> = minima.iter().map(|minimum| minimum.test_accuracy).collect();
    for (place, index) in stats::descending(&keys).into_iter().enumerate() {
        let x = area.left + (place as f64 + 0.5) * column;
        draw_minimum(&mut canvas, &axes, x, column, &minima[index]);
    }
    canvas.finish()
}

fn draw_minimum(canvas: &mut Canvas, axes: &Axes, x: f64, column: f64, minimum: &MinimumRecord) {
    let theme = canvas.theme;
    let ink = theme.data(color::minimum(minimum.test_accuracy));
    let (train, test) = (
        axes.y.at(minimum.train_accuracy),
        axes.y.at(minimum.test_accuracy),
    );
    canvas.line(vec![[x, train], [x, test]], solid(ink.fade(0.45), 3.0));
    let half = (0.3 * column).min(14.0);
    canvas.line(vec![[x - half, train], [x + half, train]], solid(ink, 3.0));
    if minimum.test_accuracy.is_finite() {
        canvas.disc("test", [x, test], 6.5, ink, Some(solid(theme.paper(), 1.5)));
    }
    let size = if column < 60.0 { TICK - 1.0 } else { TICK };
    let number = if column < 60.0 {
        format!("{:.0} %", 100.0 * minimum.test_accuracy)
    } else {
        label::percent(minimum.test_accuracy)
    };
    // Below the dot, or above it where the axis is near; never on the train bar.
    let below = test + 20.0 < axes.area.bottom();
    let y = if below { test + 20.0 } else { test - 12.0 };
    canvas.heading([x, y], number, size, Anchor::Middle);
    let room = column - 6.0;
    let bottom = axes.area.bottom();
    let name = font::fit(&minimum.name, size, true, room);
    canvas.heading([x, bottom + 20.0], name, size, Anchor::Middle);
    for (line, text) in poison(minimum).into_iter().enumerate() {
        let text = font::fit(&text, size, false, room);
        let at = [x, bottom + 37.0 + 15.0 * line as f64];
        canvas.text(at, text, size, theme.muted(), Anchor::Middle);
    }
}

/// The poison of a minimum in two or three short lines.
fn poison(minimum: &MinimumRecord) -> Vec<String> {
    if minimum.poison_factor == 0.0 || minimum.poison_points == 0 {
        return vec!["no poison".into()];
    }
    let kind = if minimum.poison_redrawn {
        "redrawn"
    } else {
        "fixed"
    };
    vec![
        format!("β = {}", plain(minimum.poison_factor)),
        format!("{} points", minimum.poison_points),
        kind.into(),
    ]
}
