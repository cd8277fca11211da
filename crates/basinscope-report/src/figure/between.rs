//! Loss and accuracy along the straight line between two minima.

use super::axes::{Area, Axes, HEAD, Labels, TICK};
use super::canvas::{Anchor, Canvas, Figure, dashed, solid};
use super::color;
use super::error::FigureError;
use super::legend::{self, Symbol};
use super::lines::{check, cutoff_line, loss_range};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::{font, label};
use basinscope::record::LineRecord;

/// Train loss, train and test accuracy from one minimum (c = 0) to another (c = 1).
///
/// # Errors
/// [`FigureError::Length`] where a row does not have one value per c.
pub fn between(record: &LineRecord, theme: Theme) -> Result<Figure, FigureError> {
    check(record)?;
    let upper = Area {
        left: 70.0,
        top: 70.0,
        width: 500.0,
        height: 170.0,
    };
    let lower = Area {
        top: upper.bottom() + 18.0,
        ..upper
    };
    let towards = record.towards.as_deref().unwrap_or("another minimum");
    let title = format!("From {} to {towards}", record.minimum);
    let mut canvas = Canvas::new(600.0, lower.bottom() + 66.0, theme, title.clone());
    let heading = font::fit(&title, HEAD, true, 500.0);
    canvas.heading([upper.left, 28.0], heading, HEAD, Anchor::Start);
    let train = solid(theme.data(color::BLUE), 2.4);
    let test = dashed(theme.data(color::VERMILION), 2.4, 6.0);
    let entries = [
        (Symbol::Line(train), "train".to_owned()),
        (Symbol::Line(test), "test".into()),
        (
            Symbol::Line(dashed(theme.ink(), 1.0, 4.0)),
            "loss 0.1".into(),
        ),
    ];
    legend::row(&mut canvas, upper.left, 50.0, &entries);
    let c = extent(record.c.iter().copied(), [0.0, 1.0]);
    let axes = Axes {
        area: upper,
        x: Scale::linear(c, upper.across()),
        y: Scale::log(loss_range(record.train_loss.iter().flatten()), upper.up()),
    };
    let labels = Labels {
        y: "train loss (nats)",
        numbers: [false, true],
        y_offset: 50.0,
        ..Labels::default()
    };
    axes.draw(&mut canvas, labels);
    cutoff_line(&mut canvas, &axes);
    let accuracies = Axes {
        area: lower,
        x: axes.x,
        y: Scale::linear([0.0, 1.0], lower.up()),
    };
    let labels = Labels {
        x: "step c",
        y: "accuracy",
        numbers: [true, true],
        percent: true,
        ..labels
    };
    accuracies.draw(&mut canvas, labels);
    let curves = [
        (&axes, &record.train_loss, train),
        (&accuracies, &record.train_accuracy, train),
        (&accuracies, &record.test_accuracy_along, test),
    ];
    for (axes, rows, stroke) in curves {
        for row in rows {
            let curve = axes.curve(record.c.iter().copied(), row.iter().copied());
            canvas.line(curve, stroke);
        }
    }
    draw_ends(&mut canvas, &axes, &accuracies, record, towards);
    canvas.finish()
}

/// Thin verticals at both minima, named below the axis.
fn draw_ends(canvas: &mut Canvas, upper: &Axes, lower: &Axes, record: &LineRecord, towards: &str) {
    let here = label::minimum(&record.minimum, record.test_accuracy);
    let end = record.c.iter().position(|c| (c - 1.0).abs() < 1e-6);
    let reached = end.and_then(|index| record.test_accuracy_along.first()?.get(index));
    let there = match reached {
        Some(&accuracy) => label::minimum(towards, accuracy),
        None => towards.to_owned(),
    };
    let area = lower.area;
    for (c, name) in [(0.0, here), (1.0, there)] {
        if !(lower.x.lo() - 1e-9..=lower.x.hi() + 1e-9).contains(&c) {
            continue;
        }
        let x = lower.x.at(c);
        let stroke = solid(canvas.theme.axis(), 1.0);
        canvas.line(vec![[x, upper.area.top], [x, area.bottom()]], stroke);
        let name = font::fit(&name, TICK, true, area.width / 2.0 - 40.0);
        let half = font::width(&name, TICK, true) / 2.0;
        let x = x.clamp(area.left + half, area.right() - half);
        canvas.heading([x, area.bottom() + 38.0], name, TICK, Anchor::Middle);
    }
}
