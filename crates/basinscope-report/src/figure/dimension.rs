//! The blessing of dimensionality: volumes part as n grows, radii do not.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure, Stroke, dashed, solid};
use super::color;
use super::error::{FigureError, check_any};
use super::legend::{self, Symbol};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use basinscope::record::{BasinPair, DimensionRecord};

/// log₁₀ of the ratio of volumes (good over bad) against the number of parameters on logarithmic
/// axes, balls as lines and nets as dots; below it the ratio of the median radii with its 95 %
/// interval.
///
/// Ratios of the paper's volumes that fall below the axis, or below 0, are open triangles at its
/// lower end.
///
/// # Errors
/// [`FigureError::NoRecords`] where no net has a pair.
pub fn dimension(record: &DimensionRecord, theme: Theme) -> Result<Figure, FigureError> {
    let pairs: Vec<(f64, &BasinPair)> = (record.nets.iter())
        .flat_map(|net| spread(net.parameters, &net.pairs))
        .collect();
    check_any(&pairs, "dimension", "pair of minima")?;
    let upper = Area {
        left: 76.0,
        top: 106.0,
        width: 560.0,
        height: 310.0,
    };
    let lower = Area {
        top: upper.bottom() + 44.0,
        height: 130.0,
        ..upper
    };
    let title = "The same ratio of radii, ever larger ratios of volumes";
    let mut canvas = Canvas::new(upper.right() + 92.0, lower.bottom() + 54.0, theme, title);
    canvas.heading([upper.left, 28.0], title, HEAD, Anchor::Start);
    let note = format!(
        "good and bad minima of nets on the same points; basins of loss ≤ {}, {} rays each",
        plain(record.cutoff),
        record.directions
    );
    let below = pairs.iter().any(|(_, pair)| pair.decades_radial <= 1.0);
    let note = match below {
        true => note + "; triangles: below the axis",
        false => note,
    };
    canvas.text([upper.left, 48.0], note, TICK, theme.muted(), Anchor::Start);
    let ink = theme.data(color::BLUE);
    let faint = theme.data(color::VERMILION);
    let ball = |index: usize| match index {
        0 => dashed(theme.muted(), 1.6, 5.0),
        _ => solid(theme.muted(), 1.6),
    };
    let mut entries = vec![
        (
            Symbol::Dot(ink),
            "nets: balls of the median radii".to_owned(),
        ),
        (Symbol::Cross(faint), "nets: the paper's volumes".into()),
    ];
    entries.extend((record.balls.iter().enumerate()).map(|(index, &ratio)| {
        let text = format!("balls, ρ = {}", plain((10.0 * ratio).round() / 10.0));
        (Symbol::Line(ball(index)), text)
    }));
    legend::row(&mut canvas, upper.left, 70.0, &entries);

    let [from, to] = extent(pairs.iter().map(|pair| pair.0), [10.0, 1e4]);
    let across = Scale::log([0.7 * from, 1.4 * to], upper.across());
    let of_balls = |n: f64, ratio: f64| n * ratio.log10();
    let shown = (pairs.iter())
        .flat_map(|(_, pair)| [pair.decades, pair.decades_radial])
        .chain(
            record
                .balls
                .iter()
                .flat_map(|&r| [from, to].map(|n| of_balls(n, r))),
        )
        .filter(|&decades| decades > 0.0);
    let [low, high] = extent(shown, [1.0, 1e3]);
    let volumes = Axes {
        area: upper,
        x: across,
        y: Scale::log([(0.6 * low).max(1.0), 1.6 * high], upper.up()),
    };
    let labels = Labels {
        y: "log₁₀ (volume good / volume bad)",
        numbers: [false, true],
        ticks: [5, 6],
        y_offset: 52.0,
        ..Labels::default()
    };
    volumes.draw(&mut canvas, labels);
    let heading = |canvas: &mut Canvas, area: Area, text: &str| {
        canvas.heading([area.left, area.top - 12.0], text, TITLE, Anchor::Start);
    };
    heading(&mut canvas, upper, "decades between the volumes");
    for (index, &ratio) in record.balls.iter().enumerate() {
        draw_balls(&mut canvas, &volumes, ratio, ball(index));
    }
    for (n, pair) in &pairs {
        let center = volumes.at(*n, pair.decades_radial);
        if pair.decades_radial > volumes.y.lo() {
            canvas.cross("paper", center, 3.2, solid(faint, 1.6), theme.paper());
            continue;
        }
        let [x, y] = [center[0], center[1] - 3.0];
        let corners = vec![[x - 4.5, y - 7.0], [x + 4.5, y - 7.0], [x, y]];
        let edge = Some(solid(faint, 1.5));
        canvas.paths("below", vec![corners], true, Some(theme.paper()), edge);
    }
    for (n, pair) in &pairs {
        let ends = pair.decades_ci.map(|decades| volumes.at(*n, decades));
        canvas.line(ends.to_vec(), solid(ink, 1.6));
    }
    let dots = (pairs.iter())
        .map(|(n, pair)| volumes.at(*n, pair.decades))
        .collect();
    canvas.discs("pair", dots, 3.8, ink, Some(solid(theme.paper(), 1.0)));

    let ratios = pairs.iter().flat_map(|(_, pair)| pair.ratio_ci);
    let [low, high] = extent(ratios.filter(|&ratio| ratio > 0.0), [1.0, 10.0]);
    let radii = Axes {
        area: lower,
        x: Scale::log([across.lo(), across.hi()], lower.across()),
        y: Scale::log([low.min(1.0), 1.3 * high.max(10.0)], lower.up()),
    };
    let labels = Labels {
        x: "number of parameters n",
        y: "ratio",
        numbers: [true, true],
        ticks: [5, 3],
        ..labels
    };
    radii.draw(&mut canvas, labels);
    heading(&mut canvas, lower, "ratio of median radii, 95 % interval");
    for (index, &ratio) in record.balls.iter().enumerate() {
        let ends = [radii.x.lo(), radii.x.hi()].map(|n| radii.at(n, ratio));
        canvas.line(ends.to_vec(), ball(index));
        let at = [lower.right() + 8.0, radii.y.at(ratio) + 0.36 * TICK];
        let text = format!("ρ = {}", plain((10.0 * ratio).round() / 10.0));
        canvas.text(at, text, TICK, theme.muted(), Anchor::Start);
    }
    for (n, pair) in &pairs {
        let ends = pair.ratio_ci.map(|ratio| radii.at(*n, ratio));
        canvas.line(ends.to_vec(), solid(ink, 1.6));
    }
    let dots = (pairs.iter())
        .map(|(n, pair)| radii.at(*n, pair.ratio))
        .collect();
    canvas.discs("ratio", dots, 3.8, ink, Some(solid(theme.paper(), 1.0)));
    canvas.finish()
}

/// The line of balls of one ratio of radii, cut where it leaves the panel.
fn draw_balls(canvas: &mut Canvas, axes: &Axes, ratio: f64, stroke: Stroke) {
    let slope = ratio.log10();
    let from = axes.x.lo().max(axes.y.lo() / slope);
    let to = axes.x.hi().min(axes.y.hi() / slope);
    if slope > 0.0 && from < to {
        let line = [from, to].map(|n| axes.at(n, slope * n));
        canvas.line(line.to_vec(), stroke);
    }
}

/// The pairs of one net beside each other, so that their intervals can be told apart.
fn spread(parameters: usize, pairs: &[BasinPair]) -> impl Iterator<Item = (f64, &BasinPair)> {
    let count = pairs.len() as f64;
    pairs.iter().enumerate().map(move |(index, pair)| {
        let place = (index as f64 + 0.5) / count - 0.5;
        (parameters as f64 * 10_f64.powf(0.16 * place), pair)
    })
}
