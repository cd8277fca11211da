//! Which measures rank minima by generalization: Kendall's τ of each with its interval.

use super::axes::{Area, Axes, HEAD, LABEL, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure, dashed, solid};
use super::color::Color;
use super::error::{FigureError, check_any};
use super::legend::{self, Symbol};
use super::scale::Scale;
use super::theme::Theme;
use super::ticks::plain;
use super::{color, font};
use basinscope::record::{CompareRecord, MeasureColumn, RankCorrelation, RescaledMeasure};

/// Height of a row.
const ROW: f64 = 25.0;
/// Widest name of a measure.
const NAME: f64 = 270.0;

/// τ of each measure with the generalization gap and its 95 % interval, those that agree most with
/// "flat minima generalize" first; small dots for the minima of each size alone; at the right what
/// a rescaling that leaves the function as it is does to the measure.
///
/// # Errors
/// [`FigureError::NoRecords`] where nothing is correlated.
pub fn compare(record: &CompareRecord, theme: Theme) -> Result<Figure, FigureError> {
    check_any(&record.correlations, "compare", "correlation")?;
    let mut rows: Vec<(&MeasureColumn, &RankCorrelation)> = (record.columns.iter())
        .filter_map(|column| Some((column, record.correlation(&column.key)?)))
        .collect();
    let agreement = |row: &(&MeasureColumn, &RankCorrelation)| {
        f64::from(row.0.expected_sign) * row.1.kendall_tau
    };
    rows.sort_by(|a, b| agreement(b).total_cmp(&agreement(a)));
    let names = rows
        .iter()
        .map(|row| font::width(&row.0.title, LABEL, false));
    let area = Area {
        left: 34.0 + names.fold(120.0, f64::max).min(NAME),
        top: 106.0,
        width: 380.0,
        height: ROW * rows.len() as f64 + 8.0,
    };
    let title = "Which measures tell how a minimum generalizes?";
    let mut canvas = Canvas::new(area.right() + 240.0, area.bottom() + 54.0, theme, title);
    canvas.heading([20.0, 28.0], title, HEAD, Anchor::Start);
    let note = format!(
        "Kendall’s τ with the generalization gap over {} minima, bars: bootstrap 95 % interval",
        record.minima.len()
    );
    canvas.text([20.0, 48.0], note, TICK, theme.muted(), Anchor::Start);
    let verdicts = [Verdict::Agrees, Verdict::Open, Verdict::Contradicts];
    let mut entries: Vec<(Symbol, String)> = (verdicts.iter())
        .map(|verdict| (Symbol::Dot(verdict.ink(theme)), verdict.text().into()))
        .collect();
    if record
        .correlations
        .iter()
        .any(|found| found.parameters.is_some())
    {
        let symbol = Symbol::Line(solid(theme.ink().fade(0.55), 2.0));
        entries.push((symbol, "ticks: minima of one size alone".into()));
    }
    legend::row(&mut canvas, 20.0, 70.0, &entries);
    let axes = Axes {
        area,
        x: Scale::linear([-1.0, 1.0], area.across()),
        y: Scale::linear([rows.len() as f64, 0.0], area.up()),
    };
    let labels = Labels {
        x: "Kendall’s τ",
        ticks: [4, 0],
        ..Labels::default()
    };
    axes.draw(&mut canvas, labels);
    let zero = axes.x.at(0.0);
    let ends = vec![[zero, area.top], [zero, area.bottom()]];
    canvas.line(ends, dashed(theme.axis(), 1.2, 4.0));
    let heads = [(52.0, "τ"), (112.0, "minima"), (174.0, "rescaled")];
    for (right, head) in heads {
        let at = [area.right() + right, area.top - 8.0];
        canvas.heading(at, head, TICK, Anchor::Middle);
    }
    canvas.heading(
        [area.left - 12.0, area.top - 8.0],
        "measure",
        TITLE - 2.0,
        Anchor::End,
    );
    for (index, (column, rank)) in rows.iter().enumerate() {
        let y = area.top + ROW * (index as f64 + 0.5) + 4.0;
        draw_row(&mut canvas, &axes, y, record, column, rank);
    }
    canvas.finish()
}

/// What an interval says about "flat minima generalize".
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    Agrees,
    Open,
    Contradicts,
}

impl Verdict {
    fn of(column: &MeasureColumn, rank: &RankCorrelation) -> Self {
        let [low, high] = rank.kendall_interval;
        let sign = f64::from(column.expected_sign);
        match (low > 0.0 || high < 0.0, sign * rank.kendall_tau > 0.0) {
            (false, _) => Self::Open,
            (true, true) => Self::Agrees,
            (true, false) => Self::Contradicts,
        }
    }

    fn ink(self, theme: Theme) -> Color {
        match self {
            Self::Agrees => theme.data(color::BLUE),
            Self::Open => theme.muted(),
            Self::Contradicts => theme.data(color::VERMILION),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Agrees => "flat generalizes",
            Self::Open => "interval holds 0",
            Self::Contradicts => "the other way round",
        }
    }
}

fn draw_row(
    canvas: &mut Canvas,
    axes: &Axes,
    y: f64,
    record: &CompareRecord,
    column: &MeasureColumn,
    rank: &RankCorrelation,
) {
    let theme = canvas.theme;
    let baseline = y + 0.36 * LABEL;
    let area = axes.area;
    let name = font::fit(&column.title, LABEL, false, NAME);
    canvas.text(
        [area.left - 12.0, baseline],
        name,
        LABEL,
        theme.ink(),
        Anchor::End,
    );
    let of_a_size = (record.correlations.iter())
        .filter(|found| found.parameters.is_some() && found.measure == column.key);
    for found in of_a_size {
        let x = axes.x.at(found.rank.kendall_tau);
        canvas.line(
            vec![[x, y - 8.0], [x, y + 8.0]],
            solid(theme.ink().fade(0.55), 1.2),
        );
    }
    let ink = Verdict::of(column, rank).ink(theme);
    let [low, high] = rank.kendall_interval.map(|tau| axes.x.at(tau));
    canvas.line(vec![[low, y], [high, y]], solid(ink, 2.4));
    for x in [low, high] {
        canvas.line(vec![[x, y - 4.0], [x, y + 4.0]], solid(ink, 2.0));
    }
    let at = [axes.x.at(rank.kendall_tau), y];
    canvas.disc("tau", at, 4.5, ink, Some(solid(theme.paper(), 1.0)));
    let tau = format!("{:+.2}", rank.kendall_tau).replace('-', "−");
    let texts = [
        (52.0, tau),
        (112.0, rank.minima.to_string()),
        (174.0, rescaled(record, column)),
    ];
    for (right, text) in texts {
        let at = [area.right() + right, baseline];
        canvas.text(at, text, TICK, theme.muted(), Anchor::Middle);
    }
}

/// What the rescaling does to a measure, where it does most: "same", "× 64", or for logarithms the difference.
fn rescaled(record: &CompareRecord, column: &MeasureColumn) -> String {
    let of = |row: &&RescaledMeasure| row.measure == column.key && row.changes == Some(true);
    let size = |row: &RescaledMeasure| row.relative_change.map_or(0.0, f64::abs);
    let largest = (record.rescaled.iter().filter(of))
        .max_by(|a, b| size(a).total_cmp(&size(b)))
        .and_then(|row| Some((row.before.value?, row.after.value?)));
    match (record.changes(&column.key), largest) {
        (None, _) => "–".into(),
        (Some(true), Some((before, after))) if before > 0.0 && after > 0.0 => {
            format!("× {}", plain(after / before))
        }
        (Some(true), Some((before, after))) => {
            let by = after - before;
            let sign = if by < 0.0 { "−" } else { "+" };
            format!("{sign} {}", plain(by.abs()))
        }
        _ => "same".into(),
    }
}
