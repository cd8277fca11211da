//! What different optimizers arrive at: a row each, a dot for each seed, the mean with its interval.

use super::axes::{Area, Axes, HEAD, LABEL, Labels, TICK};
use super::canvas::{Anchor, Canvas, Figure, dashed, solid};
use super::error::{FigureError, check_any};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::{color, font, label};
use basinscope::record::OptimizerRecord;

const ROW: f64 = 28.0;

/// Test accuracy of each optimizer: a faint dot for every seed, the mean with its 95 % interval;
/// linear models below a rule.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice.
pub fn optimizers(records: &[OptimizerRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "optimizers", "optimizer")?;
    let names = (records.iter()).map(|record| font::width(&record.name, LABEL, false));
    let left = 34.0 + names.fold(80.0, f64::max);
    let area = Area {
        left,
        top: 70.0,
        width: 520.0,
        height: ROW * records.len() as f64 + 8.0,
    };
    let title = "How well the minima of each optimizer generalize";
    let mut canvas = Canvas::new(area.right() + 150.0, area.bottom() + 54.0, theme, title);
    canvas.heading([20.0, 28.0], title, HEAD, Anchor::Start);
    let seeds = records.iter().map(|record| record.seeds.len()).max();
    let note = format!(
        "test accuracy after tuning on the training points; dots: {} seeds, bars: mean with 95 % interval",
        seeds.unwrap_or(0)
    );
    canvas.text([20.0, 48.0], note, TICK, theme.muted(), Anchor::Start);
    let values =
        (records.iter()).flat_map(|record| record.judged().iter().chain(&record.interval).copied());
    let [lo, _] = extent(values, [0.5, 1.0]);
    let axes = Axes {
        area,
        x: Scale::linear([lo - 0.02, 1.005], area.across()),
        y: Scale::linear([records.len() as f64, 0.0], area.up()),
    };
    let labels = Labels {
        ticks: [6, 0],
        numbers: [false, false],
        ..Labels::default()
    };
    axes.draw(&mut canvas, labels);
    for (value, _) in axes.x.ticks(labels.ticks[0]) {
        let at = [axes.x.at(value), area.bottom() + 7.0 + TICK];
        let text = format!("{} %", (100.0 * value).round());
        canvas.text(at, text, TICK, theme.muted(), Anchor::Middle);
    }
    let at = [area.left + area.width / 2.0, area.bottom() + 37.0];
    canvas.text(at, "test accuracy", LABEL, theme.ink(), Anchor::Middle);
    for (row, record) in records.iter().enumerate() {
        let y = area.top + ROW * (row as f64 + 0.5) + 4.0;
        if record.linear && row > 0 && !records[row - 1].linear {
            let rule = y - 0.5 * ROW;
            let ends = vec![[20.0, rule], [area.right(), rule]];
            canvas.line(ends, dashed(theme.axis(), 1.0, 4.0));
        }
        draw_row(&mut canvas, &axes, y, record);
    }
    canvas.finish()
}

fn draw_row(canvas: &mut Canvas, axes: &Axes, y: f64, record: &OptimizerRecord) {
    let theme = canvas.theme;
    let ink = theme.data(match record.linear {
        true => color::VERMILION,
        false => color::BLUE,
    });
    let baseline = y + 0.36 * LABEL;
    let at = [axes.area.left - 12.0, baseline];
    canvas.text(at, record.name.as_str(), LABEL, theme.ink(), Anchor::End);
    // Equal accuracies are spread over the row, so that each seed can be seen.
    for (index, &accuracy) in record.judged().iter().enumerate() {
        let earlier = &record.judged()[..index];
        let same = earlier.iter().filter(|&&other| other == accuracy).count();
        let off = match same {
            0 => 0.0,
            n if n % 2 == 1 => 2.0 * n.div_ceil(2) as f64,
            n => -2.0 * n.div_ceil(2) as f64,
        };
        let center = [axes.x.at(accuracy), y + off.clamp(-10.0, 10.0)];
        canvas.disc("seed", center, 3.2, ink.fade(0.3), None);
    }
    let [low, high] = record.interval.map(|value| axes.x.at(value.min(1.0)));
    canvas.line(vec![[low, y], [high, y]], solid(ink, 2.6));
    let mean = axes.x.at(record.mean);
    canvas.line(vec![[mean, y - 7.0], [mean, y + 7.0]], solid(ink, 2.6));
    let mut text = label::percent(record.mean);
    if record.fitted() < record.seeds.len() {
        text += &format!(" ({} of {} fit)", record.fitted(), record.seeds.len());
    }
    let at = [axes.area.right() + 12.0, baseline];
    canvas.text(at, text, TICK, theme.muted(), Anchor::Start);
}
