//! Where samples of a basin go: their test accuracy, and whether they still see the minimum.

use super::axes::{Area, Axes, HEAD, Labels, TICK, TITLE};
use super::basins::basins;
use super::canvas::{Anchor, Canvas, Figure, dashed, solid};
use super::error::{FigureError, check_any};
use super::local_curve::{self, NAMES};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::{label, legend};
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord};

/// More minima than this have their bands left out, but for the best and the worst.
const BANDS: usize = 3;
/// Below this share of samples on a ray that stays inside, the estimate is not local.
const LOCAL_STAR_SHARE: f64 = 0.5;

/// Left, the mean test accuracy of samples in each basin against σ in a band from their 10 % to
/// their 90 % quantile, starting at the minimum's own on the axis; right, f_star, the share of
/// samples whose straight ray to the minimum stays inside, with the threshold of a local estimate.
///
/// Records without accuracies of samples are left out.
///
/// # Errors
/// [`FigureError::NoRecords`] where no record has such accuracies.
pub fn sample_accuracy(records: &[LocalVolumeRecord], theme: Theme) -> Result<Figure, FigureError> {
    let mean = |point: &LocalVolumePoint| point.sample_test_accuracy;
    let star = |point: &LocalVolumePoint| point.star_share;
    let mut basins = basins(records);
    basins.retain(|basin| basin.main.curve.iter().any(|point| mean(point).is_some()));
    check_any(
        &basins,
        "sample_accuracy",
        "record with accuracies of samples",
    )?;
    let left = Area {
        left: 80.0,
        top: 106.0,
        width: 340.0,
        height: (15.0 * basins.len() as f64).max(290.0),
    };
    let right = Area {
        left: left.right() + 84.0,
        ..left
    };
    let title = "Where samples of each basin go";
    let mut canvas = Canvas::new(right.right() + NAMES, left.bottom() + 54.0, theme, title);
    canvas.heading([20.0, 28.0], title, HEAD, Anchor::Start);
    let whose = if basins.len() > BANDS {
        " (best and worst minimum)"
    } else {
        ""
    };
    let note = format!(
        "mean over samples of width σ that are in the basin; band: their 10–90 % range{whose}; on the axis: the minimum itself"
    );
    canvas.text([20.0, 48.0], note, TICK, theme.muted(), Anchor::Start);
    let entries = local_curve::legend(&basins, theme, mean);
    legend::row(&mut canvas, 20.0, 68.0, &entries);
    let points = basins.iter().flat_map(|basin| &basin.main.curve);
    let drawn = points.filter(|point| mean(point).or(star(point)).is_some());
    let [lo, hi] = extent(drawn.map(|point| point.sigma), [1e-3, 0.1]);
    let across = |area: Area| Scale::log([0.8 * lo, 1.1 * hi], area.across());
    let accuracy = Axes {
        area: left,
        x: across(left),
        y: Scale::linear([0.0, 1.0], left.up()),
    };
    let share = Axes {
        area: right,
        x: across(right),
        y: Scale::linear([0.0, 1.0], right.up()),
    };
    let labels = Labels {
        x: "width σ of the step",
        y: "test accuracy",
        percent: true,
        y_offset: 52.0,
        ..Labels::default()
    };
    let panels = [
        (&accuracy, labels, "test accuracy of the samples"),
        (
            &share,
            Labels {
                y: "share of samples",
                ..labels
            },
            "f*: straight ray to the minimum stays inside",
        ),
    ];
    for (axes, labels, heading) in panels {
        axes.draw(&mut canvas, labels);
        let at = [axes.area.left, axes.area.top - 12.0];
        canvas.heading(at, heading, TITLE, Anchor::Start);
    }
    let half = share.y.at(LOCAL_STAR_SHARE);
    let line = vec![[right.left, half], [right.right(), half]];
    canvas.line(line, dashed(theme.axis(), 1.2, 4.0));
    let at = [right.left + 8.0, half + 15.0];
    canvas.text(at, "below: non-local", TICK, theme.muted(), Anchor::Start);
    let same = |sigma| sigma;
    let mut ends = Vec::new();
    for (index, basin) in basins.iter().enumerate() {
        let main = basin.main;
        let ink = local_curve::ink(main, theme);
        if basins.len() <= BANDS || index == 0 || index + 1 == basins.len() {
            let range = |point: &LocalVolumePoint| point.sample_test_accuracy_range;
            local_curve::draw_band(&mut canvas, &accuracy, main, same, range);
        }
        let own = [left.left, accuracy.y.at(main.test_accuracy)];
        let first = main.curve.iter().find_map(|p| Some((p.sigma, mean(p)?)));
        if let Some((sigma, value)) = first {
            canvas.line(vec![own, accuracy.at(sigma, value)], solid(ink, 2.0));
        }
        local_curve::draw(&mut canvas, &accuracy, main, same, mean);
        canvas.disc("own", own, 4.6, ink, Some(solid(theme.ink(), 1.2)));
        local_curve::draw(&mut canvas, &share, main, same, star);
        if let Some(end) = local_curve::end(&share, main, same, star) {
            let text = label::minimum(&main.minimum, main.test_accuracy);
            ends.push((end, ink, text));
        }
    }
    local_curve::name_ends(&mut canvas, right, &ends);
    canvas.finish()
}
