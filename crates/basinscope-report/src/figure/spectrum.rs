//! The spectrum of the curvature at minima: ends, counts, density and trace.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure, Stroke, dashed, solid};
use super::color::Color;
use super::error::{FigureError, check_any, check_length};
use super::legend::{self, Symbol};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::{color, font, label, stats};
use basinscope::record::{SpectrumPart, SpectrumRecord};

/// Width and height of a panel.
const PANEL: [f64; 2] = [360.0, 250.0];
/// From one panel to the next.
const BETWEEN: [f64; 2] = [84.0, 86.0];
/// Room for the names at the right.
const NAMES: f64 = 170.0;
/// Fewer eigenvalues than this are not drawn.
const FEWEST: f64 = 0.5;
/// The bands of more minima than this would hide each other.
const BANDED: usize = 4;

/// Spectra of one matrix, colours by test accuracy: the eigenvalues of both ends by rank; how many
/// lie beyond λ and how many a decade, with the 95 % bands of up to four minima; the trace of each
/// layer, or of the whole against test accuracy where no layers were measured. Negative eigenvalues
/// are dashed.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice; [`FigureError::Length`] where an array does not
/// have one value for each λ.
pub fn spectrum(records: &[SpectrumRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "spectrum", "spectrum")?;
    records.iter().try_for_each(check)?;
    let (left, top) = (78.0, 104.0);
    let area = |column: usize, row: usize| Area {
        left: left + column as f64 * (PANEL[0] + BETWEEN[0]),
        top: top + row as f64 * (PANEL[1] + BETWEEN[1]),
        width: PANEL[0],
        height: PANEL[1],
    };
    let last = area(1, 1);
    let matrix = match records[0].matrix.as_str() {
        "gauss-newton" => "Gauss–Newton matrix",
        _ => "Hessian",
    };
    let title = format!("Spectrum of the {matrix} of the train loss");
    let mut canvas = Canvas::new(
        last.right() + NAMES,
        last.bottom() + 54.0,
        theme,
        title.clone(),
    );
    canvas.heading([left, 28.0], title, HEAD, Anchor::Start);
    let muted = theme.muted();
    let mut entries = vec![
        (Symbol::Line(solid(muted, 1.8)), "λ above 0".to_owned()),
        (Symbol::Line(dashed(muted, 1.8, 4.0)), "λ below 0".into()),
    ];
    let banded = records.len() <= BANDED;
    if banded {
        let band = Symbol::Line(solid(muted.fade(0.25), 8.0));
        entries.push((band, "95 % interval".into()));
    }
    legend::row(&mut canvas, left, 50.0, &entries);
    let note = "λ in nats per squared unit of parameter length; within ± 10⁻⁶ of the largest counts as flat";
    let at = left + legend::width(&entries) + 24.0;
    canvas.text([at, 50.0], note, TICK, muted, Anchor::Start);

    let keys: Vec<f64> = records.iter().map(|record| record.test_accuracy).collect();
    // The best are drawn last, on top.
    let order: Vec<&SpectrumRecord> = (stats::descending(&keys).into_iter().rev())
        .map(|index| &records[index])
        .collect();
    by_rank(&mut canvas, area(0, 0), &order);
    counts(&mut canvas, area(1, 0), &order, banded);
    density(&mut canvas, area(0, 1), &order, banded);
    if records.iter().any(|record| !record.layers.is_empty()) {
        layers(&mut canvas, last, &order);
    } else {
        traces(&mut canvas, last, &order);
    }
    canvas.finish()
}

fn check(record: &SpectrumRecord) -> Result<(), FigureError> {
    for part in std::iter::once(&record.whole).chain(&record.layers) {
        let expected = part.lambda.len();
        for (field, found) in [
            ("per_decade", &part.per_decade),
            ("per_decade_low", &part.per_decade_low),
            ("per_decade_high", &part.per_decade_high),
            ("count_above", &part.count_above),
            ("count_above_low", &part.count_above_low),
            ("count_above_high", &part.count_above_high),
        ] {
            check_length(&record.minimum, field, expected, found.len())?;
        }
    }
    Ok(())
}

fn ink(canvas: &Canvas, record: &SpectrumRecord) -> Color {
    canvas.theme.data(color::minimum(record.test_accuracy))
}

fn stroke(ink: Color, negative: bool) -> Stroke {
    if negative {
        dashed(ink, 1.4, 4.0)
    } else {
        solid(ink, 1.6)
    }
}

fn heading(canvas: &mut Canvas, area: Area, text: &str) {
    let at = [area.left, area.top - 12.0];
    canvas.heading(at, text, TITLE, Anchor::Start);
}

/// The largest and the most negative eigenvalues, in order.
fn by_rank(canvas: &mut Canvas, area: Area, records: &[&SpectrumRecord]) {
    let side = |part: &SpectrumPart, negative: bool| -> Vec<f64> {
        let (values, sign) = match negative {
            true => (&part.bottom, -1.0),
            false => (&part.top, 1.0),
        };
        let values = values.iter().map(|value| sign * value);
        values.filter(|&value| value > part.floor).collect()
    };
    let both = [false, true];
    let all = (records.iter())
        .flat_map(|record| both.map(|negative| side(&record.whole, negative)))
        .collect::<Vec<_>>();
    let [lo, hi] = extent(all.iter().flatten().copied(), [1e-3, 1.0]);
    let most = all.iter().map(Vec::len).max().unwrap_or(1);
    let axes = Axes {
        area,
        x: Scale::linear([0.5, most.max(2) as f64 + 0.5], area.across()),
        y: Scale::log([0.7 * lo, 1.4 * hi], area.up()),
    };
    let labels = Labels {
        x: "rank",
        y: "|λ|",
        y_offset: 48.0,
        ..Labels::default()
    };
    axes.draw(canvas, labels);
    heading(canvas, area, "largest and most negative eigenvalues");
    for record in records {
        let ink = ink(canvas, record);
        for negative in both {
            let values = side(&record.whole, negative);
            let places = axes.curve((1..=values.len()).map(|rank| rank as f64), values);
            canvas.line(places.clone(), stroke(ink.fade(0.8), negative));
            if !negative {
                canvas.discs("", places, 2.2, ink, None);
            }
        }
    }
}

/// How many eigenvalues lie beyond λ, on either side.
fn counts(canvas: &mut Canvas, area: Area, records: &[&SpectrumRecord], banded: bool) {
    let most = (records.iter()).map(|record| record.dimension as f64);
    let most = extent(most, [1.0, 10.0])[1];
    let axes = magnitudes(canvas, area, records, most, "eigenvalues beyond ± |λ|");
    heading(canvas, area, "how many lie beyond λ");
    for record in records {
        let part = &record.whole;
        let n = part.dimension as f64;
        let count = |above: f64, lambda: f64| if lambda > 0.0 { above } else { n - above };
        let at = |index: usize| {
            let lambda = part.lambda[index];
            [
                count(part.count_above[index], lambda),
                count(part.count_above_low[index], lambda),
                count(part.count_above_high[index], lambda),
            ]
        };
        curves(canvas, &axes, record, banded, at);
    }
}

/// How many eigenvalues lie in a decade around λ, on either side.
fn density(canvas: &mut Canvas, area: Area, records: &[&SpectrumRecord], banded: bool) {
    let most = (records.iter()).flat_map(|record| record.whole.per_decade_high.iter().copied());
    let most = extent(most, [1.0, 10.0])[1];
    let axes = magnitudes(canvas, area, records, most, "eigenvalues a decade");
    heading(canvas, area, "spectral density");
    for record in records {
        let part = &record.whole;
        let at = |index: usize| {
            [
                part.per_decade[index],
                part.per_decade_low[index],
                part.per_decade_high[index],
            ]
        };
        curves(canvas, &axes, record, banded, at);
    }
}

/// Axes of a number of eigenvalues against |λ|, both logarithmic.
fn magnitudes(
    canvas: &mut Canvas,
    area: Area,
    records: &[&SpectrumRecord],
    most: f64,
    y: &str,
) -> Axes {
    let ends = records.iter().flat_map(|record| {
        let part = &record.whole;
        let ends = [part.lambda.first(), part.lambda.last()];
        let largest = ends
            .into_iter()
            .flatten()
            .fold(0.0_f64, |m, x| m.max(x.abs()));
        [part.floor, largest]
    });
    let axes = Axes {
        area,
        x: Scale::log(extent(ends, [1e-3, 1.0]), area.across()),
        y: Scale::log([FEWEST, 1.3 * most], area.up()),
    };
    let labels = Labels {
        x: "|λ|",
        y,
        y_offset: 48.0,
        ..Labels::default()
    };
    axes.draw(canvas, labels);
    axes
}

/// Both sides of a curve over |λ| with its band: value, lower and upper end at each place.
fn curves(
    canvas: &mut Canvas,
    axes: &Axes,
    record: &SpectrumRecord,
    banded: bool,
    at: impl Fn(usize) -> [f64; 3],
) {
    let part = &record.whole;
    let ink = ink(canvas, record);
    for negative in [false, true] {
        let side: Vec<usize> = (0..part.lambda.len())
            .filter(|&index| {
                let lambda = part.lambda[index];
                (lambda < 0.0) == negative && lambda.abs() >= part.floor
            })
            .collect();
        // What lies below the axis is left out, not drawn along its edge.
        for run in side.chunk_by(|&a, &b| at(a)[0] >= FEWEST && at(b)[0] >= FEWEST) {
            if at(run[0])[0] < FEWEST {
                continue;
            }
            let curve = |which: usize| -> Vec<[f64; 2]> {
                (run.iter())
                    .map(|&index| axes.at(part.lambda[index].abs(), at(index)[which]))
                    .collect()
            };
            if banded && !part.exact {
                let band = curve(1).into_iter().chain(curve(2).into_iter().rev());
                let band = vec![band.collect::<Vec<_>>()];
                canvas.paths("", band, true, Some(ink.fade(0.13)), None);
            }
            canvas.line(curve(0), stroke(ink.fade(0.9), negative));
        }
    }
}

/// The trace of each layer.
fn layers(canvas: &mut Canvas, area: Area, records: &[&SpectrumRecord]) {
    let most = records.iter().map(|record| record.layers.len()).max();
    let most = most.unwrap_or(1);
    let parts = (records.iter()).flat_map(|record| &record.layers);
    let axes = Axes {
        area,
        x: Scale::linear([-0.3, most as f64 - 0.7], area.across()),
        y: trace_scale(parts, area),
    };
    let labels = Labels {
        x: "layer",
        y: "trace",
        ticks: [most.min(12), 5],
        y_offset: 48.0,
        ..Labels::default()
    };
    axes.draw(canvas, labels);
    heading(canvas, area, "trace of each layer's block");
    let mut ends = Vec::new();
    for record in records {
        let ink = ink(canvas, record);
        let place = |index: usize| axes.at(index as f64, record.layers[index].trace.abs());
        let curve: Vec<[f64; 2]> = (0..record.layers.len()).map(place).collect();
        canvas.line(curve.clone(), solid(ink.fade(0.8), 1.5));
        for (part, &center) in record.layers.iter().zip(&curve) {
            mark(canvas, &axes, part, center, ink);
        }
        ends.push(curve.last().copied());
    }
    names(canvas, area, records, &ends);
}

/// The trace of the whole matrix against test accuracy.
fn traces(canvas: &mut Canvas, area: Area, records: &[&SpectrumRecord]) {
    let accuracy = records.iter().map(|record| record.test_accuracy);
    let [lo, hi] = extent(accuracy, [0.0, 1.0]);
    let axes = Axes {
        area,
        x: Scale::linear(
            [(lo - 0.04).max(-0.02), (hi + 0.04).min(1.02)],
            area.across(),
        ),
        y: trace_scale(records.iter().map(|record| &record.whole), area),
    };
    let labels = Labels {
        x: "test accuracy",
        y: "trace",
        y_offset: 48.0,
        ..Labels::default()
    };
    axes.draw(canvas, labels);
    heading(canvas, area, "trace");
    let mut ends = Vec::new();
    for record in records {
        let ink = ink(canvas, record);
        let center = axes.at(record.test_accuracy, record.whole.trace.abs());
        mark(canvas, &axes, &record.whole, center, ink);
        ends.push(Some(center));
    }
    names(canvas, area, records, &ends);
}

fn trace_scale<'a>(parts: impl Iterator<Item = &'a SpectrumPart>, area: Area) -> Scale {
    let values = parts
        .map(|part| part.trace.abs())
        .filter(|&trace| trace > 0.0);
    let [lo, hi] = extent(values, [0.1, 10.0]);
    Scale::log([0.6 * lo, 1.6 * hi], area.up())
}

/// A trace with its interval; one below 0 is a cross at its absolute value.
fn mark(canvas: &mut Canvas, axes: &Axes, part: &SpectrumPart, center: [f64; 2], ink: Color) {
    let sign = part.trace.signum();
    let ends = part
        .trace_interval
        .map(|end| [center[0], axes.y.at(sign * end)]);
    canvas.line(ends.to_vec(), solid(ink, 1.4));
    if sign < 0.0 {
        let paper = canvas.theme.paper();
        canvas.cross("", center, 3.0, solid(ink, 1.6), paper);
    } else {
        canvas.disc("", center, 2.8, ink, None);
    }
}

/// Names at the right of a panel, each beside the place its minimum ends at.
fn names(canvas: &mut Canvas, area: Area, records: &[&SpectrumRecord], ends: &[Option<[f64; 2]>]) {
    let x = area.right();
    let places: Vec<f64> = (ends.iter())
        .map(|end| end.map_or(area.bottom(), |[_, y]| y))
        .collect();
    let gap = (area.height / records.len() as f64).min(15.0);
    let spread = label::spread(&places, gap, area.top, area.bottom());
    for ((record, end), &to) in records.iter().zip(ends).zip(&spread) {
        let ink = ink(canvas, record);
        if let Some([from, y]) = *end {
            let ends = vec![[from + 4.0, y], [x + 2.0, y], [x + 14.0, to]];
            canvas.line(ends, solid(ink.fade(0.35), 0.9));
        }
        let text = label::minimum(&record.minimum, record.test_accuracy);
        let text = font::fit(&text, TICK, false, canvas.width - x - 24.0);
        canvas.text([x + 18.0, to + 0.36 * TICK], text, TICK, ink, Anchor::Start);
    }
}
