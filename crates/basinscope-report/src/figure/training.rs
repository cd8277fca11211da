//! Train and test accuracy while training.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure, solid};
use super::error::{FigureError, check_any};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::{color, font, label, stats};
use basinscope::record::{HistoryPoint, MinimumRecord};

/// Which accuracy a panel shows.
type Accuracy = fn(&HistoryPoint) -> f64;

/// Train accuracy (left) and test accuracy (right) of every minimum against the optimizer step:
/// linear where all looks were evenly spaced, else logarithmic, step 0 counted as 1.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice.
pub fn training(minima: &[MinimumRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(minima, "training", "minimum")?;
    let tall = (15.0 * minima.len() as f64).max(260.0);
    let left = Area {
        left: 66.0,
        top: 72.0,
        width: 330.0,
        height: tall,
    };
    let right = Area {
        left: left.right() + 22.0,
        ..left
    };
    let mut canvas = Canvas::new(
        960.0,
        left.bottom() + 54.0,
        theme,
        "Accuracy while training",
    );
    canvas.heading(
        [left.left, 28.0],
        "Accuracy while training",
        HEAD,
        Anchor::Start,
    );
    // A descent that was looked at twice tells nothing.
    let mut told = (minima.iter()).filter(|minimum| minimum.history.len() > 2);
    let is_even = told.clone().next().is_some() && told.all(|it| evenly_spaced(&it.history));
    let step = |point: &HistoryPoint| match is_even {
        true => point.step as f64,
        false => point.step.max(1) as f64,
    };
    let steps = minima.iter().flat_map(|minimum| &minimum.history).map(step);
    let steps = extent(steps, [1.0, 100.0]);
    let keys: Vec<f64> = minima.iter().map(|minimum| minimum.test_accuracy).collect();
    let order = stats::descending(&keys);
    let panels: [(Area, &str, Accuracy); 2] = [
        (left, "train", |point| point.train_accuracy),
        (right, "test", |point| point.test_accuracy),
    ];
    let mut places = Vec::new();
    for (area, name, value) in panels {
        let axes = Axes {
            area,
            x: match is_even {
                true => Scale::linear(steps, area.across()),
                false => Scale::log(steps, area.across()),
            },
            y: Scale::linear([0.0, 1.0], area.up()),
        };
        let first = area.left == left.left;
        let labels = Labels {
            x: "optimizer step",
            y: if first { "accuracy" } else { "" },
            numbers: [true, first],
            percent: true,
            y_offset: 50.0,
            ..Labels::default()
        };
        axes.draw(&mut canvas, labels);
        canvas.heading([area.left, area.top - 10.0], name, TITLE, Anchor::Start);
        places.clear();
        for &index in &order {
            let minimum = &minima[index];
            let history = &minimum.history;
            let ink = theme.data(color::minimum(minimum.test_accuracy));
            let curve = axes.curve(history.iter().map(step), history.iter().map(value));
            canvas.line(curve, solid(ink.fade(0.9), 1.7));
            let last = history.last().map_or(minimum.test_accuracy, value);
            places.push(axes.y.at(last));
        }
    }
    let labels = label::spread(&places, 15.0, right.top + 4.0, right.bottom());
    for ((&index, &from), &to) in order.iter().zip(&places).zip(&labels) {
        let minimum = &minima[index];
        let ink = theme.data(color::minimum(minimum.test_accuracy));
        let x = right.right();
        canvas.line(
            vec![[x + 3.0, from], [x + 16.0, to]],
            solid(ink.fade(0.6), 1.0),
        );
        let text = label::minimum(&minimum.name, minimum.test_accuracy);
        let text = font::fit(&text, TICK, false, canvas.width - x - 28.0);
        canvas.text([x + 20.0, to + 0.36 * TICK], text, TICK, ink, Anchor::Start);
    }
    canvas.finish()
}

/// Whether all looks are as far apart; the last one, where a descent ended, may be nearer.
fn evenly_spaced(history: &[HistoryPoint]) -> bool {
    let steps: Vec<f64> = history.iter().map(|point| point.step as f64).collect();
    let gaps: Vec<f64> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
    match gaps.split_last() {
        Some((last, rest @ [first, ..])) => rest.iter().all(|gap| gap == first) && last <= first,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_even_where_only_the_last_gap_is_shorter() {
        let at = |steps: &[usize]| {
            let point = |&step| HistoryPoint {
                step,
                train_loss: 1.0,
                train_accuracy: 0.5,
                test_accuracy: 0.5,
            };
            evenly_spaced(&steps.iter().map(point).collect::<Vec<_>>())
        };
        assert!(at(&[0, 100, 200, 250]) && at(&[0, 50, 100]));
        assert!(!at(&[0, 1, 2, 4, 8]) && !at(&[0, 100, 300]) && !at(&[0, 10]) && !at(&[]));
    }
}
