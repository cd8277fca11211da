//! The loss over planes through minima, as filled contours on one colour scale.

use super::axes::{Area, Axes, HEAD, LABEL, Labels, TICK, TITLE};
use super::bitmap::Bitmap;
use super::canvas::{Anchor, Canvas, Figure, solid};
use super::color::{self, Color};
use super::contour::{Grid, contour};
use super::error::{FigureError, check_any, check_length};
use super::legend::{self, Symbol};
use super::lines::{CUTOFF, loss_range};
use super::scale::Scale;
use super::theme::Theme;
use super::{field, font, label};
use basinscope::record::SurfaceRecord;

/// Bands a decade of loss is filled with.
const BANDS: f64 = 6.0;
/// Steps a grid cell is smoothed into.
const REFINE: usize = 4;
const STAR: Color = Color::hex(0xFFFFFF);

/// Train loss over the plane through one minimum.
///
/// # Errors
/// [`FigureError::Length`] where the losses do not fit the grid.
pub fn surface(record: &SurfaceRecord, theme: Theme) -> Result<Figure, FigureError> {
    surfaces(std::slice::from_ref(record), theme)
}

/// Train loss over the plane through each minimum: bands and lines of log₁₀ loss on one scale, the
/// cutoff 0.1 highlighted, the minimum marked by a star.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice; [`FigureError::Length`] where the losses do not
/// fit the grid.
pub fn surfaces(records: &[SurfaceRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "surfaces", "surface")?;
    for record in records {
        let nodes = record.x.count * record.y.count;
        check_length(
            &record.minimum,
            "train_loss",
            nodes,
            record.train_loss.len(),
        )?;
    }
    let columns = records.len().min(if records.len() == 4 { 2 } else { 3 });
    let rows = records.len().div_ceil(columns);
    let side = [430.0, 340.0, 270.0][columns - 1];
    let (left, gap, header, foot) = (62.0, 58.0, 28.0, 46.0);
    let width = left + columns as f64 * (side + gap) + 62.0;
    let width = width.max(420.0);
    let top = 66.0;
    let height = top + rows as f64 * (header + side + foot) + 6.0;
    let mut canvas = Canvas::new(width, height, theme, "Train loss over a plane");
    let heading = match records {
        [only] => font::fit(
            &label::minimum(&only.minimum, only.test_accuracy),
            HEAD,
            true,
            width - 90.0,
        ),
        _ => "Train loss around each minimum".into(),
    };
    canvas.heading([left, 28.0], heading, HEAD, Anchor::Start);
    let cut = solid(theme.data(color::VERMILION), 2.4);
    let entries = [(Symbol::Line(cut), "loss 0.1".to_owned())];
    legend::row(&mut canvas, left, 50.0, &entries);
    let star = [left + legend::width(&entries) + 28.0, 46.0];
    draw_star(&mut canvas, star, 6.0, theme.ink(), theme.paper());
    let name = [star[0] + 11.0, 50.0];
    canvas.text(name, "minimum", TICK, theme.muted(), Anchor::Start);

    let losses = records.iter().flat_map(|record| &record.train_loss);
    let [lo, hi] = loss_range(losses.filter(|loss| **loss < 1e6));
    let bands = Bands {
        lo: lo.log10(),
        hi: hi.log10().max(lo.log10() + 0.3),
    };
    for (index, record) in records.iter().enumerate() {
        let area = Area {
            left: left + (index % columns) as f64 * (side + gap),
            top: top + (index / columns) as f64 * (header + side + foot) + header,
            width: side,
            height: side,
        };
        if records.len() > 1 {
            let title = label::minimum(&record.minimum, record.test_accuracy);
            let title = font::fit(&title, TITLE, true, side);
            canvas.heading([area.left, area.top - 10.0], title, TITLE, Anchor::Start);
        }
        draw_panel(&mut canvas, area, record, &bands, records.len());
    }
    let bar = Area {
        left: left + columns as f64 * (side + gap) - gap + 18.0,
        top: top + header,
        width: 14.0,
        height: side,
    };
    draw_bar(&mut canvas, bar, &bands);
    canvas.finish()
}

/// The range of log₁₀ loss that is told apart.
struct Bands {
    lo: f64,
    hi: f64,
}

impl Bands {
    fn count(&self) -> usize {
        (((self.hi - self.lo) * BANDS).ceil() as usize).clamp(2, 200)
    }

    fn share(&self, log_loss: f64) -> f64 {
        let share = (log_loss - self.lo) / (self.hi - self.lo);
        if share.is_nan() {
            1.0
        } else {
            share.clamp(0.0, 1.0)
        }
    }

    fn palette(&self) -> Vec<Color> {
        let last = (self.count() - 1) as f64;
        (0..self.count())
            .map(|band| color::sequential(band as f64 / last))
            .collect()
    }

    fn band(&self, log_loss: f64) -> u8 {
        let band = (self.share(log_loss) * self.count() as f64) as usize;
        band.min(self.count() - 1) as u8
    }
}

fn draw_panel(
    canvas: &mut Canvas,
    area: Area,
    record: &SurfaceRecord,
    bands: &Bands,
    panels: usize,
) {
    let axes = Axes {
        area,
        x: Scale::linear([record.x.from, record.x.to], area.across()),
        y: Scale::linear([record.y.from, record.y.to], area.up()),
    };
    let labels = Labels {
        x: "step along d₁",
        y: "step along d₂",
        ticks: [5, 5],
        ..Labels::default()
    };
    axes.draw(canvas, labels);
    let log_loss: Vec<f64> = record
        .train_loss
        .iter()
        .map(|loss| loss.max(1e-12).log10())
        .collect();
    let coarse = Grid {
        columns: record.x.count,
        rows: record.y.count,
        values: &log_loss,
    };
    let (size, fine) = field::refine(coarse, REFINE);
    let grid = Grid {
        columns: size[0],
        rows: size[1],
        values: &fine,
    };
    let pixels = if panels > 3 { 200 } else { 280 };
    let nodes = [grid.columns, grid.rows];
    let bitmap = field::picture(nodes, [pixels, pixels], &bands.palette(), |column, row| {
        bands.band(field::sample(grid, column, row))
    });
    canvas.picture([area.left, area.top], [area.width, area.height], bitmap);
    let lines = |level: f64| -> Vec<Vec<[f64; 2]>> {
        let share = |place: f64, count: usize| place / count.saturating_sub(1).max(1) as f64;
        let place = |[column, row]: [f64; 2]| {
            [
                area.left + share(column, grid.columns) * area.width,
                area.bottom() - share(row, grid.rows) * area.height,
            ]
        };
        let lines = contour(grid, level).into_iter();
        lines
            .map(|line| line.into_iter().map(place).collect())
            .collect()
    };
    // Two lines a decade: 1 and 3.16.
    let first = (2.0 * bands.lo).ceil() as i32;
    for half in first..=(2.0 * bands.hi).floor() as i32 {
        let width = if half % 2 == 0 { 0.9 } else { 0.5 };
        let stroke = solid(Color::hex(0xFFFFFF).fade(0.45), width);
        canvas.paths("", lines(f64::from(half) / 2.0), false, None, Some(stroke));
    }
    let edge = lines(CUTOFF.log10());
    canvas.paths(
        "",
        edge.clone(),
        false,
        None,
        Some(solid(STAR.fade(0.85), 4.0)),
    );
    let cut = solid(color::VERMILION, 2.4);
    canvas.paths("cutoff", edge, false, None, Some(cut));
    let inside = |axis: basinscope::record::Axis| {
        axis.from.min(axis.to) <= 0.0 && axis.from.max(axis.to) >= 0.0
    };
    if inside(record.x) && inside(record.y) {
        draw_star(canvas, axes.at(0.0, 0.0), 5.5, STAR, Color::hex(0x16181D));
    }
}

fn draw_star(canvas: &mut Canvas, center: [f64; 2], radius: f64, fill: Color, edge: Color) {
    let corners = (0..10)
        .map(|corner| {
            let angle = f64::from(corner) * std::f64::consts::PI / 5.0;
            let reach = if corner % 2 == 0 {
                radius
            } else {
                0.42 * radius
            };
            [
                center[0] + reach * angle.sin(),
                center[1] - reach * angle.cos(),
            ]
        })
        .collect();
    canvas.paths(
        "minimum",
        vec![corners],
        true,
        Some(fill),
        Some(solid(edge, 1.0)),
    );
}

fn draw_bar(canvas: &mut Canvas, area: Area, bands: &Bands) {
    let count = bands.count();
    let bitmap = Bitmap {
        width: 1,
        height: 8 * count,
        indices: (0..8 * count)
            .map(|row| (count - 1 - row / 8) as u8)
            .collect(),
        palette: bands.palette().iter().map(|color| color.rgb).collect(),
    };
    canvas.picture([area.left, area.top], [area.width, area.height], bitmap);
    let theme = canvas.theme;
    let scale = Scale::log([10f64.powf(bands.lo), 10f64.powf(bands.hi)], area.up());
    for (value, text) in scale.ticks(8) {
        let y = scale.at(value);
        let (from, to) = ([area.right(), y], [area.right() + 4.0, y]);
        canvas.line(vec![from, to], solid(theme.axis(), 1.0));
        let at = [area.right() + 8.0, y + 0.36 * TICK];
        canvas.text(at, text, TICK, theme.muted(), Anchor::Start);
    }
    if (bands.lo..=bands.hi).contains(&CUTOFF.log10()) {
        let y = scale.at(CUTOFF);
        let ends = vec![[area.left - 3.0, y], [area.right() + 3.0, y]];
        canvas.line(ends, solid(theme.data(color::VERMILION), 2.4));
    }
    let at = [area.right() + 48.0, area.top + area.height / 2.0];
    canvas.text_up(at, "train loss (nats)", LABEL, theme.ink());
}
