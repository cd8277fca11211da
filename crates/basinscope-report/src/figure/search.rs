//! Random fits beside descent and poison, as the training points grow.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure, dashed, solid};
use super::color::{self, Color};
use super::error::{FigureError, check_any};
use super::legend::{self, Symbol};
use super::scale::{Scale, extent};
use super::stats;
use super::theme::Theme;
use basinscope::record::{SearchRecord, SearchSize};

/// Quantiles the bands reach from and to.
const BAND: [f64; 2] = [0.05, 0.95];
/// Half the width of a band around its column.
const HALF: f64 = 0.09;

/// What a net came from: its colour, its name, its place in a column, its accuracies.
struct Origin {
    ink: Color,
    name: &'static str,
    shift: f64,
    pick: fn(&SearchSize) -> &Vec<f64>,
}

/// Test accuracy of nets that fit N points (mean with a line, 5–95 % and quartile bars over every
/// training set) for random fits, descents and poisoned descents; beside it the share of guesses
/// that fit, a line per training set, with that of coin flips.
///
/// # Errors
/// [`FigureError::NoRecords`] where no number of training points was searched.
pub fn search(record: &SearchRecord, theme: Theme) -> Result<Figure, FigureError> {
    let points = record.points();
    check_any(&points, "search", "number of training points")?;
    let left = Area {
        left: 72.0,
        top: 108.0,
        width: 430.0,
        height: 290.0,
    };
    let right = Area {
        left: left.right() + 86.0,
        width: 300.0,
        ..left
    };
    let title = "Blind guessing against descent";
    let mut canvas = Canvas::new(right.right() + 26.0, left.bottom() + 54.0, theme, title);
    canvas.heading([left.left, 28.0], title, HEAD, Anchor::Start);
    let widths: Vec<String> = record.widths.iter().map(usize::to_string).collect();
    let note = format!(
        "{}, net {} ({} parameters), {} training sets; every net is right about all N points",
        record.data,
        widths.join("-"),
        record.parameters,
        record.draws.len()
    );
    canvas.text([left.left, 48.0], note, TICK, theme.muted(), Anchor::Start);
    let origins = [
        Origin {
            ink: theme.data(color::BLUE),
            name: "descent",
            shift: -0.22,
            pick: |size| &size.descent,
        },
        Origin {
            ink: theme.data(color::GREEN),
            name: "random guesses",
            shift: 0.0,
            pick: |size| &size.random,
        },
        Origin {
            ink: theme.data(color::VERMILION),
            name: "poisoned descent",
            shift: 0.22,
            pick: |size| &size.poisoned,
        },
    ];
    let mut entries: Vec<_> = (origins.iter())
        .map(|origin| (Symbol::Line(solid(origin.ink, 3.0)), origin.name.to_owned()))
        .collect();
    let chance = dashed(theme.axis(), 1.2, 4.0);
    entries.push((Symbol::Line(chance), "chance".into()));
    legend::row(&mut canvas, left.left, 70.0, &entries);

    let columns = [-0.5, points.len() as f64 - 0.5];
    let accuracy = Axes {
        area: left,
        x: Scale::linear(columns, left.across()),
        y: Scale::linear([0.0, 1.0], left.up()),
    };
    let labels = Labels {
        x: "training points N",
        y: "test accuracy",
        ticks: [0, 5],
        percent: true,
        y_offset: 50.0,
        ..Labels::default()
    };
    accuracy.draw(&mut canvas, labels);
    name_columns(&mut canvas, &accuracy, &points);
    let at = [left.left, left.top - 12.0];
    let heading = "mean; bars: quartiles and 5–95 %";
    canvas.heading(at, heading, TITLE, Anchor::Start);
    let half = accuracy.y.at(0.5);
    canvas.line(vec![[left.left, half], [left.right(), half]], chance);
    for origin in &origins {
        draw_origin(&mut canvas, &accuracy, record, &points, origin);
    }

    let shares = |draw: usize| -> Vec<(f64, &SearchSize)> {
        let column = |size: &SearchSize| points.iter().position(|&n| n == size.points);
        (record.draws[draw].sizes.iter())
            .filter(|size| size.share > 0.0)
            .map(|size| (column(size).unwrap_or(0) as f64, size))
            .collect()
    };
    let every = record.draws.iter().flat_map(|draw| &draw.sizes);
    let [lowest, _] = extent(
        every
            .flat_map(|size| [size.share, size.share_ci[0]])
            .filter(|&share| share > 0.0),
        [1e-3, 1.0],
    );
    let share = Axes {
        area: right,
        x: Scale::linear(columns, right.across()),
        y: Scale::log([0.3 * lowest, 1.0], right.up()),
    };
    let labels = Labels {
        y: "share of guesses",
        percent: false,
        ticks: [0, 6],
        ..labels
    };
    share.draw(&mut canvas, labels);
    name_columns(&mut canvas, &share, &points);
    let at = [right.left, right.top - 12.0];
    canvas.heading(at, "guesses that fit", TITLE, Anchor::Start);
    draw_coins(&mut canvas, &share, &points);
    let ink = theme.data(color::GREEN);
    for draw in 0..record.draws.len() {
        let found = shares(draw);
        let places: Vec<_> = (found.iter())
            .map(|(x, size)| share.at(*x, size.share))
            .collect();
        canvas.line(places.clone(), solid(ink.fade(0.7), 1.6));
        for (x, size) in &found {
            let ends = size.share_ci.map(|end| share.at(*x, end));
            canvas.line(ends.to_vec(), solid(ink, 1.6));
        }
        canvas.discs("share", places, 3.4, ink, Some(solid(theme.paper(), 1.0)));
    }
    canvas.finish()
}

/// The numbers of points under their columns.
fn name_columns(canvas: &mut Canvas, axes: &Axes, points: &[usize]) {
    for (column, n) in points.iter().enumerate() {
        let at = [axes.x.at(column as f64), axes.area.bottom() + 7.0 + TICK];
        let ink = canvas.theme.muted();
        canvas.text(at, n.to_string(), TICK, ink, Anchor::Middle);
    }
}

/// One colour of the left panel.
fn draw_origin(
    canvas: &mut Canvas,
    axes: &Axes,
    record: &SearchRecord,
    points: &[usize],
    origin: &Origin,
) {
    let theme = canvas.theme;
    let mut means = Vec::new();
    for (column, &n) in points.iter().enumerate() {
        let all = stats::sorted(record.at(n).flat_map(origin.pick).copied());
        if all.is_empty() {
            continue;
        }
        let x = column as f64 + origin.shift;
        let at = |level| stats::quantile(&all, level).unwrap_or(f64::NAN);
        let span = |levels: [f64; 2], half: f64| {
            let [low, high] = levels.map(at);
            let [a, b] = [axes.at(x - half, high), axes.at(x + half, low)];
            vec![a, [b[0], a[1]], b, [a[0], b[1]]]
        };
        let wide = span(BAND, 0.5 * HALF);
        canvas.paths("band", vec![wide], true, Some(origin.ink.fade(0.25)), None);
        let box_ = span([0.25, 0.75], HALF);
        canvas.paths(
            "quartiles",
            vec![box_],
            true,
            Some(origin.ink.fade(0.5)),
            None,
        );
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        means.push(axes.at(x, mean));
    }
    canvas.line(means.clone(), solid(origin.ink, 2.0));
    canvas.discs(
        "mean",
        means,
        4.2,
        origin.ink,
        Some(solid(theme.paper(), 1.2)),
    );
}

/// The chance 2⁻ⁿ of N = n coin flips, as far down as the axis goes, named where it leaves.
fn draw_coins(canvas: &mut Canvas, axes: &Axes, points: &[usize]) {
    let theme = canvas.theme;
    let chances: Vec<f64> = points.iter().map(|&n| 0.5_f64.powi(n as i32)).collect();
    let lowest = axes.y.lo();
    let mut places = Vec::new();
    for (column, &chance) in chances.iter().enumerate() {
        if chance >= lowest {
            places.push(axes.at(column as f64, chance));
            continue;
        }
        if column > 0 && chances[column - 1] > lowest {
            // Where the straight piece to this column meets the axis.
            let [high, low, end] = [chances[column - 1], chance, lowest].map(f64::ln);
            let share = (high - end) / (high - low);
            places.push(axes.at(column as f64 - 1.0 + share, lowest));
        }
        break;
    }
    let Some(&last) = places.last() else { return };
    canvas.line(places, dashed(theme.muted(), 1.4, 5.0));
    let at = [last[0] - 16.0, last[1] - 10.0];
    canvas.text(at, "coin flips", TICK, theme.muted(), Anchor::End);
}
