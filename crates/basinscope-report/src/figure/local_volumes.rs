//! ln P over the width of the random step, for every minimum.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::basins::{Basin, basins};
use super::canvas::{Anchor, Canvas, Figure};
use super::error::{FigureError, check_any};
use super::legend::Symbol;
use super::local_curve::{self, NAMES};
use super::marker::Marker;
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use super::{label, legend};
use crate::format::superscript;
use basinscope::record::LocalVolumeRecord;
use std::f64::consts::LN_10;

/// About how many ticks stand on σ and on ln P.
pub(super) const PROBABILITY_TICKS: [usize; 2] = [5, 6];

/// ln P(σ) of every minimum in a band of its 95 % interval, against σ and against σ over the root
/// mean square of the minimum's parameters, both on logarithmic axes; P itself beside the ticks.
/// Non-local points are hollow, unconverged ones triangles, refused ones absent; where a minimum
/// has records of several methods, `"lta"` is drawn as diamonds over the other's curve.
///
/// The records are of one region and cutoff.
///
/// # Errors
/// [`FigureError::NoRecords`] for an empty slice.
pub fn local_volumes(records: &[LocalVolumeRecord], theme: Theme) -> Result<Figure, FigureError> {
    check_any(records, "local_volumes", "local volume")?;
    let basins = basins(records);
    let left = Area {
        left: 126.0,
        top: 106.0,
        width: 330.0,
        height: (15.0 * basins.len() as f64).max(300.0),
    };
    let right = Area {
        left: left.right() + 26.0,
        ..left
    };
    let title = "How likely a random step stays in the basin";
    let mut canvas = Canvas::new(right.right() + NAMES, left.bottom() + 54.0, theme, title);
    canvas.heading([20.0, 28.0], title, HEAD, Anchor::Start);
    let note = note(&basins);
    canvas.text([20.0, 48.0], note, TICK, theme.muted(), Anchor::Start);
    let mut entries = local_curve::legend(&basins, theme, |point| point.ln_p);
    if basins.iter().any(|basin| basin.reference.is_some()) {
        let symbol = Symbol::Mark(Marker::Diamond, theme.muted(), false);
        entries.push((symbol, "local tempered annealing, a check".into()));
    }
    legend::row(&mut canvas, 20.0, 68.0, &entries);
    let lowest = records.iter().flat_map(|record| &record.curve);
    let lowest = lowest.flat_map(|p| p.ln_p.into_iter().chain(p.interval.map(|i| i[0])));
    let lowest = extent(lowest, [-1.0, 0.0])[0].min(-0.1);
    let y = Scale::linear([1.04 * lowest, -0.03 * lowest], left.up());
    for area in [left, right] {
        let relative = area.left == right.left;
        let width = |record: &LocalVolumeRecord, sigma: f64| match relative {
            true => sigma / record.rms,
            false => sigma,
        };
        let widths = records.iter().flat_map(|record| {
            let drawn = record.curve.iter().filter(|point| point.ln_p.is_some());
            drawn.map(move |point| width(record, point.sigma))
        });
        let [lo, hi] = extent(widths.filter(|&width| width > 0.0), [1e-3, 0.1]);
        let axes = Axes {
            area,
            x: Scale::log([0.9 * lo, 1.1 * hi], area.across()),
            y,
        };
        let labels = Labels {
            x: if relative {
                "σ / rms of the weights"
            } else {
                "width σ of the step"
            },
            ticks: PROBABILITY_TICKS,
            numbers: [true, false],
            ..Labels::default()
        };
        axes.draw(&mut canvas, labels);
        let heading = ["at equal width", "at equal width relative to the weights"];
        let at = [area.left + 8.0, area.top - 12.0];
        canvas.heading(at, heading[usize::from(relative)], TITLE, Anchor::Start);
        let mut ends = Vec::new();
        for Basin { main, reference } in &basins {
            let x = |sigma| width(main, sigma);
            local_curve::draw_band(&mut canvas, &axes, main, x, |point| point.interval);
            local_curve::draw(&mut canvas, &axes, main, x, |point| point.ln_p);
            if let Some(reference) = reference {
                local_curve::draw_reference(&mut canvas, &axes, reference, x);
            }
            if let Some(end) = local_curve::end(&axes, main, x, |point| point.ln_p) {
                let text = label::minimum(&main.minimum, main.test_accuracy);
                ends.push((end, local_curve::ink(main, theme), text));
            }
        }
        if relative {
            local_curve::name_ends(&mut canvas, area, &ends);
        } else {
            number_probabilities(&mut canvas, &axes);
        }
    }
    canvas.finish()
}

/// ln P and P itself beside the ticks of y, each under its name.
pub(super) fn number_probabilities(canvas: &mut Canvas, axes: &Axes) {
    let (area, ink) = (axes.area, canvas.theme.muted());
    let columns = [area.left - 7.0, area.left - 48.0];
    for (x, name) in columns.into_iter().zip(["ln P", "P"]) {
        canvas.text([x, area.top - 12.0], name, TICK, ink, Anchor::End);
    }
    for (value, text) in axes.y.ticks(PROBABILITY_TICKS[1]) {
        let y = axes.y.at(value) + 0.36 * TICK;
        for (x, text) in columns.into_iter().zip([text, probability(value)]) {
            canvas.text([x, y], text, TICK, ink, Anchor::End);
        }
    }
}

/// e to the power `ln_p`: a plain number down to 1 %, then one digit times a power of ten, and where
/// a digit is nothing any more, the nearest power.
fn probability(ln_p: f64) -> String {
    if ln_p > 0.01_f64.ln() {
        return plain(ln_p.exp());
    }
    let decades = ln_p / LN_10;
    let digit = 10_f64.powf(decades - decades.floor()).round();
    if decades < FEW_DECADES || digit == 1.0 || digit == 10.0 {
        return format!("10{}", superscript(decades.round() as i32));
    }
    format!("{digit}·10{}", superscript(decades.floor() as i32))
}

/// Below so many decades a digit is nothing.
const FEW_DECADES: f64 = -20.0;

/// What P is, what the basin is, and how many points there are not.
fn note(basins: &[Basin<'_>]) -> String {
    let points = || basins.iter().flat_map(|basin| &basin.main.curve);
    let refused = points().filter(|point| point.ln_p.is_none()).count();
    let basin = local_curve::basin_words(basins[0].main);
    let mut note = format!(
        "P(σ): the chance that θ* + x is in the basin ({basin}) for x ~ N(0, σ²I); band: 95 % interval"
    );
    if refused > 0 {
        let points = if refused == 1 { "point" } else { "points" };
        note += &format!("; {refused} refused {points} left out");
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_ticks_are_not_of_one_name() {
        let names = [0.0, -2.0, -4.0, -6.0, -8.0, -10.0, -6.9, -100.0].map(probability);
        let expected = [
            "1",
            "0.135",
            "0.0183",
            "2·10⁻³",
            "3·10⁻⁴",
            "5·10⁻⁵",
            "10⁻³",
            "10⁻⁴³",
        ];
        assert_eq!(names, expected);
    }
}
