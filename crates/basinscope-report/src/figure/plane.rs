//! The plane of a boundary: probability field, boundary line, training points.

use super::axes::{Area, Axes};
use super::bitmap::Bitmap;
use super::canvas::{Canvas, solid};
use super::color::{self, Color};
use super::contour::{Grid, contour};
use super::error::{FigureError, check_length};
use super::field;
use super::scale::Scale;
use super::theme::Theme;
use basinscope::record::BoundaryRecord;

/// Shades of a two-class field, odd so that the middle one is neutral.
const SHADES: usize = 25;
/// Shades of each class's confidence where there are more than two.
const CONFIDENCES: usize = 5;
/// Classes before colours repeat.
const COLORS: usize = 8;

/// How large the marks of a plane are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    /// Radius of the dots.
    pub dot: f64,
    /// Width of the boundary line.
    pub line: f32,
    /// Pixels of the field along the longer side.
    pub pixels: usize,
}

/// Refuses a record whose arrays do not fit its grid.
pub(super) fn check(record: &BoundaryRecord) -> Result<(), FigureError> {
    let nodes = record.x.count * record.y.count;
    let name = &record.minimum;
    check_length(name, "class", nodes, record.class.len())?;
    check_length(name, "probability", nodes, record.probability.len())?;
    check_length(name, "labels", record.points.len(), record.labels.len())?;
    check_length(name, "correct", record.points.len(), record.correct.len())
}

/// The largest area of the plane's aspect within `room`, centred.
pub(super) fn fit(record: &BoundaryRecord, room: Area) -> Area {
    let span = |axis: basinscope::record::Axis| (axis.to - axis.from).abs();
    let aspect = span(record.y) / span(record.x);
    let aspect = if aspect.is_finite() {
        aspect.clamp(0.2, 5.0)
    } else {
        1.0
    };
    let width = room.width.min(room.height / aspect);
    let height = width * aspect;
    Area {
        left: room.left + (room.width - width) / 2.0,
        top: room.top + (room.height - height) / 2.0,
        width,
        height,
    }
}

/// The axes of a plane over an area.
pub(super) fn axes(record: &BoundaryRecord, area: Area) -> Axes {
    Axes {
        area,
        x: Scale::linear([record.x.from, record.x.to], area.across()),
        y: Scale::linear([record.y.from, record.y.to], area.up()),
    }
}

/// Draws field, boundary and points.
pub(super) fn draw(canvas: &mut Canvas, axes: &Axes, record: &BoundaryRecord, marks: Marks) {
    let area = axes.area;
    let bitmap = bitmap(record, area, canvas.theme, marks.pixels);
    canvas.picture([area.left, area.top], [area.width, area.height], bitmap);
    let place = |[column, row]: [f64; 2]| {
        let share = |place: f64, count: usize| place / count.saturating_sub(1).max(1) as f64;
        [
            area.left + share(column, record.x.count) * area.width,
            area.bottom() - share(row, record.y.count) * area.height,
        ]
    };
    let lines = boundary_lines(record)
        .into_iter()
        .map(|line| line.into_iter().map(place).collect())
        .collect();
    let ink = solid(canvas.theme.ink(), marks.line);
    canvas.paths("boundary", lines, false, None, Some(ink));
    draw_points(canvas, axes, record, marks);
}

fn draw_points(canvas: &mut Canvas, axes: &Axes, record: &BoundaryRecord, marks: Marks) {
    let theme = canvas.theme;
    let within = |value: f32, axis: basinscope::record::Axis| {
        let (a, b) = (axis.from.min(axis.to), axis.from.max(axis.to));
        (a..=b).contains(&f64::from(value))
    };
    let paper = theme.paper();
    let points: Vec<(usize, bool, [f64; 2])> = record
        .points
        .iter()
        .zip(&record.labels)
        .zip(&record.correct)
        .filter(|((point, _), _)| within(point[0], record.x) && within(point[1], record.y))
        .map(|((point, &label), &correct)| {
            let at = axes.at(f64::from(point[0]), f64::from(point[1]));
            (label as usize, correct, at)
        })
        .collect();
    let mut labels: Vec<usize> = points.iter().map(|point| point.0).collect();
    labels.sort_unstable();
    labels.dedup();
    let of = |label: usize, correct: bool| {
        let points = points
            .iter()
            .filter(move |point| (point.0, point.1) == (label, correct));
        points.map(|point| point.2).collect::<Vec<_>>()
    };
    // Crosses last, so that no dot hides one.
    for &label in &labels {
        let color = theme.data(color::class(label));
        let edge = solid(paper, (0.28 * marks.dot) as f32);
        canvas.discs("dots", of(label, true), marks.dot, color, Some(edge));
    }
    for &label in &labels {
        let stroke = solid(theme.data(color::class(label)), (0.62 * marks.dot) as f32);
        for at in of(label, false) {
            canvas.cross("cross", at, 1.15 * marks.dot, stroke, paper);
        }
    }
}

/// The colours of a field: from one class to the other, or each class by confidence.
pub(super) fn palette(num_classes: usize, theme: Theme) -> Vec<Color> {
    let paper = theme.paper();
    let strength = theme.field_strength();
    if num_classes <= 2 {
        return (0..SHADES)
            .map(|shade| {
                let side = 2.0 * shade as f64 / (SHADES - 1) as f64 - 1.0;
                paper.mix(color::class(usize::from(side > 0.0)), strength * side.abs())
            })
            .collect();
    }
    (0..COLORS * CONFIDENCES)
        .map(|entry| {
            let share = (entry % CONFIDENCES + 1) as f64 / CONFIDENCES as f64;
            paper.mix(color::class(entry / CONFIDENCES), strength * share)
        })
        .collect()
}

fn bitmap(record: &BoundaryRecord, area: Area, theme: Theme, pixels: usize) -> Bitmap {
    let grid = [record.x.count, record.y.count];
    let longer = area.width.max(area.height);
    let side = |extent: f64| ((extent / longer * pixels as f64).round() as usize).max(1);
    let size = [side(area.width), side(area.height)];
    let palette = palette(record.num_classes, theme);
    if record.num_classes <= 2 {
        let values = probabilities(record);
        return field::picture(grid, size, &palette, |column, row| {
            let grid = Grid {
                columns: grid[0],
                rows: grid[1],
                values: &values,
            };
            let p = field::sample(grid, column, row);
            let p = if p.is_nan() { 0.5 } else { p.clamp(0.0, 1.0) };
            (p * (SHADES - 1) as f64).round() as u8
        });
    }
    field::picture(grid, size, &palette, |column, row| {
        let node = row.round() as usize * grid[0] + column.round() as usize;
        let class = record
            .class
            .get(node)
            .map_or(0, |&class| usize::from(class));
        let floor = 1.0 / record.num_classes as f64;
        let p = record
            .probability
            .get(node)
            .map_or(floor, |&p| f64::from(p));
        let share = ((p - floor) / (1.0 - floor)).clamp(0.0, 1.0);
        let level = (share * (CONFIDENCES - 1) as f64).round() as usize;
        ((class % COLORS) * CONFIDENCES + level) as u8
    })
}

fn probabilities(record: &BoundaryRecord) -> Vec<f64> {
    record.probability.iter().map(|&p| f64::from(p)).collect()
}

/// The decision boundary in grid units: p = ½ for two classes, else around each class.
fn boundary_lines(record: &BoundaryRecord) -> Vec<Vec<[f64; 2]>> {
    let lines = |values: &[f64], level| {
        let (columns, rows) = (record.x.count, record.y.count);
        contour(
            Grid {
                columns,
                rows,
                values,
            },
            level,
        )
    };
    if record.num_classes <= 2 {
        return lines(&probabilities(record), 0.5);
    }
    let mut classes: Vec<u8> = record.class.clone();
    classes.sort_unstable();
    classes.dedup();
    let floor = 1.0 / record.num_classes as f64;
    classes
        .into_iter()
        .flat_map(|class| {
            // How far ahead the class is: positive where it wins, negative elsewhere.
            let margin: Vec<f64> = record
                .class
                .iter()
                .zip(&record.probability)
                .map(|(&winner, &p)| {
                    let lead = (f64::from(p) - floor).max(1e-3);
                    if winner == class { lead } else { -lead }
                })
                .collect();
            lines(&margin, 0.0)
        })
        .collect()
}
