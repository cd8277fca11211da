//! One walk's column of the animation: what stands still and what moves.

use super::axes::{Area, Axes, LABEL, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Mark, solid};
use super::color::{self, Color};
use super::lines::loss_range;
use super::plane::{self, Marks};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::{font, label};
use basinscope::record::{PathFrame, PathRecord};

/// Width of a column.
pub(super) const WIDTH: f64 = 504.0;
/// Height of a column.
pub(super) const HEIGHT: f64 = 356.0;
/// A GIF has one theme.
pub(super) const THEME: Theme = Theme::Light;
const FIELD: Area = Area {
    left: 228.0,
    top: 52.0,
    width: 258.0,
    height: 258.0,
};
const MARKS: Marks = Marks {
    dot: 2.6,
    line: 1.6,
    pixels: 258,
};

/// One walk's column: its three curves and its plane.
pub(super) struct Column<'a> {
    path: &'a PathRecord,
    curves: [Curve; 3],
}

struct Curve {
    name: &'static str,
    axes: Axes,
    value: fn(&PathFrame) -> f64,
    percent: bool,
}

impl<'a> Column<'a> {
    /// The column of a walk, its axes fitted to all frames.
    pub fn new(path: &'a PathRecord) -> Self {
        let c = extent(path.frames.iter().map(|frame| frame.c), [-1.0, 1.0]);
        let area = |row: f64| Area {
            left: 54.0,
            top: 52.0 + 94.0 * row,
            width: 126.0,
            height: 70.0,
        };
        let curve = |row: f64, name, y: fn([f64; 2], [f64; 2]) -> Scale, range, value, percent| {
            let area = area(row);
            let axes = Axes {
                area,
                x: Scale::linear(c, area.across()),
                y: y(range, area.up()),
            };
            Curve {
                name,
                axes,
                value,
                percent,
            }
        };
        let losses: Vec<f64> = path.frames.iter().map(|frame| frame.loss).collect();
        let accuracies = extent(path.frames.iter().map(|frame| frame.accuracy), [0.0, 1.0]);
        let curvatures = extent(path.frames.iter().map(|frame| frame.curvature), [0.0, 1.0]);
        let curves = [
            curve(
                0.0,
                "train loss (nats)",
                Scale::log,
                loss_range(losses.iter()),
                |f| f.loss,
                false,
            ),
            curve(
                1.0,
                "train accuracy",
                Scale::linear,
                [accuracies[0].min(0.5), 1.0],
                |frame| frame.accuracy,
                true,
            ),
            curve(
                2.0,
                "curvature",
                Scale::linear,
                curvatures,
                |f| f.curvature,
                false,
            ),
        ];
        Self { path, curves }
    }

    fn ink(&self) -> Color {
        color::minimum(self.path.test_accuracy)
    }

    fn field_axes(&self, frame: &PathFrame) -> Axes {
        plane::axes(&frame.boundary, plane::fit(&frame.boundary, FIELD))
    }

    /// Titles, axes and curves.
    pub fn still_parts(&self) -> Canvas {
        let mut canvas = Canvas::new(WIDTH, HEIGHT, THEME, "");
        let title = label::minimum(&self.path.minimum, self.path.test_accuracy);
        let title = font::fit(&title, TITLE + 1.0, true, WIDTH - 70.0);
        canvas.heading([54.0, 24.0], title, TITLE + 1.0, Anchor::Start);
        for (row, curve) in self.curves.iter().enumerate() {
            let area = curve.axes.area;
            let last = row == 2;
            let labels = Labels {
                x: if last { "step c" } else { "" },
                ticks: [2, 3],
                numbers: [last, true],
                percent: curve.percent,
                ..Labels::default()
            };
            curve.axes.draw(&mut canvas, labels);
            let at = [area.left, area.top - 8.0];
            canvas.text(at, curve.name, TICK, THEME.ink(), Anchor::Start);
            let frames = &self.path.frames;
            let line = curve
                .axes
                .curve(frames.iter().map(|f| f.c), frames.iter().map(curve.value));
            canvas.line(line, solid(self.ink(), 1.6));
        }
        if let Some(frame) = self.path.frames.first() {
            let axes = self.field_axes(frame);
            let names = &frame.boundary.names;
            let room = axes.area.width.min(axes.area.height);
            let [x, y] =
                [0, 1].map(|feature| font::fit(&names.feature(feature), LABEL, false, room));
            let labels = Labels {
                x: &x,
                y: &y,
                y_offset: 34.0,
                ..Labels::default()
            };
            axes.draw(&mut canvas, labels);
        }
        canvas
    }

    /// The dots on the curves and the plane.
    pub fn moving_parts(&self, frame: &PathFrame) -> Vec<Mark> {
        let mut canvas = Canvas::new(WIDTH, HEIGHT, THEME, "");
        for curve in &self.curves {
            let value = (curve.value)(frame);
            if !value.is_nan() {
                let at = curve.axes.at(frame.c, value);
                canvas.disc("", at, 4.5, THEME.ink(), Some(solid(THEME.paper(), 1.2)));
            }
        }
        let axes = self.field_axes(frame);
        plane::draw(&mut canvas, &axes, &frame.boundary, MARKS);
        let text = format!("c = {:+.4}", frame.c).replace('-', "−");
        let at = [FIELD.left, FIELD.top - 6.0];
        canvas.text(at, text, TICK, THEME.ink(), Anchor::Start);
        let text = format!("train {}", label::percent(frame.accuracy));
        let at = [FIELD.right(), FIELD.top - 6.0];
        canvas.text(at, text, TICK, THEME.ink(), Anchor::End);
        canvas.marks
    }
}
