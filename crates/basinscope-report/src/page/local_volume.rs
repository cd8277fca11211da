//! Station 5, first part: the chance that a random step stays in the basin.

use super::PageError;
use super::comparison::{self, Kind};
use super::embed::Picture;
use super::format::{about, carried, count, percent, plain, significant, whole};
use super::local_shape::{
    constrained, destinations, dimensions_alt, peak, samples_alt, significant_share,
};
use super::local_trust;
use super::sources::cite;
use super::story::Story;
use crate::figure::{basins, equal_sigma, point_at};
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord, RunDir};
use maud::{Markup, PreEscaped, html};
use std::f64::consts::LN_10;

/// Chances below this are written as powers.
const SMALLEST_SHARE: f64 = 1e-3;

/// What the local volumes say, with their figures; `None` where there are none.
pub(super) fn body(
    story: &Story,
    run: &RunDir,
    widget: &Markup,
) -> Result<Option<Markup>, PageError> {
    let records = story.main_local();
    let Some(first) = records.first() else {
        return Ok(None);
    };
    let curves = Picture::read(run, "local-volumes")?;
    let dimensions = Picture::read(run, "constrained-dimensions")?;
    let samples = Picture::read(run, "sample-accuracy")?;
    let compared = Compared::of(story, &records);
    Ok(Some(html! {
        p {
            "Stand at a minimum θ* and take one random step x: each of its n = " (count(first.dimension))
            " coordinates is drawn from a normal distribution of width σ. Call the basin the set where "
            strong { (basin(first)) } ". How likely is it that the step stays inside?"
        }
        (PreEscaped(include_str!("../../assets/page/local_volume.html")))
        p {
            "P" sub { "σ" } " is a volume: that of the basin, seen through a window of width σ around the minimum, as a share of the "
            "window; times the window’s own size, it is V" sub { "σ" } ". It is near 1 where the basin fills the window. Elsewhere it is far too small to be counted in steps that "
            "stay, so it is the product of shares that can be: a cloud of samples is led from one level to the next, and at each a good "
            "part of them is kept (subset simulation, " (cite("au")) "; its moves: " (cite("cotter")) ")."
        }
        (widget)
        @if let Some(curves) = &curves {
            (curves.figure_until("volume", &curves_alt(&records), html! {
                "The chance that a random step of width σ stays in the basin, on a logarithmic scale: at equal σ, and at equal σ relative to the weights."
            }))
        }
        (chances(story, &records, compared.as_ref()))
        @if let Some(dimensions) = &dimensions {
            (dimensions.figure_until("volume", &dimensions_alt(&records), html! {
                "The number of constrained dimensions, k = −d ln P/d ln σ, against the width of the step."
            }))
        }
        (constrained(&records, compared.as_ref()))
        @if let Some(samples) = &samples {
            (samples.figure(&samples_alt(&records), html! {
                "Test accuracy of samples in each basin, and the share of them that the minimum still sees along a straight line."
            }))
        }
        (destinations(compared.as_ref()))
        (local_trust::aside(&records))
    }))
}

/// The two minima of the story and where to compare them.
pub(super) struct Compared<'a> {
    pub(super) good: &'a LocalVolumeRecord,
    pub(super) bad: &'a LocalVolumeRecord,
    /// Whether σ is common to all minima rather than to these two.
    all: bool,
    sigma: Option<f64>,
}

impl<'a> Compared<'a> {
    fn of(story: &Story, records: &'a [LocalVolumeRecord]) -> Option<Self> {
        let pair = story.pair()?;
        let of = |name: &str| {
            let mut basins = basins(records).into_iter().map(|basin| basin.main);
            basins.find(|record| record.minimum == name)
        };
        let (good, bad) = of(&pair.good.name).zip(of(&pair.bad.name))?;
        let all = equal_sigma(records);
        Some(Self {
            good,
            bad,
            all: all.is_some(),
            sigma: all.or_else(|| equal_sigma(&[good.clone(), bad.clone()])),
        })
    }

    /// The points of both at the common σ.
    fn points(&self) -> Option<(f64, &'a LocalVolumePoint, &'a LocalVolumePoint)> {
        let sigma = self.sigma?;
        Some((
            sigma,
            point_at(self.good, sigma)?,
            point_at(self.bad, sigma)?,
        ))
    }
}

/// What the basin is, as a clause.
fn basin(record: &LocalVolumeRecord) -> String {
    match record.region.as_str() {
        "accuracy" => format!(
            "at least {} of the training points are right",
            percent(record.cutoff)
        ),
        "predictions" => format!(
            "the predictions differ from the minimum’s by {} or less on average",
            significant(record.cutoff, 2)
        ),
        "excess" => format!(
            "the mean loss on the training points is above the minimum’s own by {} nats or less",
            significant(record.cutoff, 2)
        ),
        _ => format!(
            "the mean loss on the training points is {} nats or less",
            significant(record.cutoff, 2)
        ),
    }
}

/// A chance: in per cent, or as a power of e and of ten where it is small.
fn chance(ln_p: f64) -> Markup {
    if ln_p > SMALLEST_SHARE.ln() {
        return html! { (percent(significant_share(ln_p.exp()))) };
    }
    html! { "e" sup { (whole(ln_p)) } " (10" sup { (whole(ln_p / LN_10)) } ")" }
}

fn between(interval: Option<[f64; 2]>) -> Markup {
    html! {
        @if let Some([low, high]) = interval {
            " (ln P from " (plain(low, 1)) " to " (plain(high, 1)) ")"
        }
    }
}

fn chances(
    story: &Story,
    records: &[LocalVolumeRecord],
    compared: Option<&Compared<'_>>,
) -> Markup {
    let Some(compared) = compared else {
        return alone(records);
    };
    let (good, bad) = (compared.good, compared.bad);
    let shown = compared.points().and_then(|(sigma, at_good, at_bad)| {
        Some((sigma, at_good, at_bad, at_good.ln_p?, at_bad.ln_p?))
    });
    let Some((sigma, at_good, at_bad, ln_good, ln_bad)) = shown else {
        return html! {
            p {
                "There is no width σ at which the estimates of both " (good.minimum) " and " (bad.minimum)
                " are local and converged, so this page compares no number of theirs."
            }
        };
    };
    let overlap =
        (at_good.interval.zip(at_bad.interval)).is_some_and(|(a, b)| super::volume::overlap(a, b));
    html! {
        p {
            "At σ = " (significant(sigma, 3)) ", the largest of the widths measured at which the estimates of "
            @if compared.all { "every minimum" } @else { "both" }
            " are local and converged, the step stays in the good basin (" (good.minimum) ") with probability "
            strong.good { (chance(ln_good)) } (between(at_good.interval)) ", in the bad one (" (bad.minimum) ") with "
            strong.bad { (chance(ln_bad)) } (between(at_bad.interval)) ": "
            @match comparison::size(story, Kind::Chance, false) {
                Some(size) if size.value >= 0.0 => {
                    strong { (size.number().replace("decades", "orders of magnitude")) }
                    @if let Some(range) = size.range() { " (" (range) ", between the ends of both 95 % intervals)" }
                }
                _ => { strong { (plain((ln_good - ln_bad).abs() / LN_10, 1)) " orders of magnitude" } }
            }
            " apart"
            @if overlap {
                ", but the intervals overlap, so the order is not certain."
            } @else if ln_good > ln_bad {
                ". The good basin is the larger one."
            } @else {
                ", and in the order that speaks against the story: here the bad basin is the larger one."
            }
            @if good.region == "loss" { (comparison::from_own_loss(story, Kind::Chance, good.cutoff)) }
        }
    }
}

/// What a run without good and bad says of its best minimum.
fn alone(records: &[LocalVolumeRecord]) -> Markup {
    let Some(record) = basins(records).first().map(|basin| basin.main) else {
        return html! {};
    };
    let at = record
        .largest_local_sigma
        .and_then(|sigma| point_at(record, sigma));
    html! {
        @if let Some((at, ln_p)) = at.and_then(|at| Some((at, at.ln_p?))) {
            p {
                "At σ = " (significant(at.sigma, 3)) ", the largest of the widths measured at which the estimate is local, the step stays in the basin of "
                (record.minimum) " with probability " strong { (chance(ln_p)) } (between(at.interval))
                (super::volume::began(record.start_loss, record.cutoff)) "."
            }
        }
    }
}

/// Why the paper's number and this one differ so much, beside the figure that shows both.
pub(super) fn difference(story: &Story, run: &RunDir) -> Result<Markup, PageError> {
    let records = story.main_local();
    let scatter = Picture::read(run, "honest-scatter")?;
    let Some(pair) = Compared::of(story, &records) else {
        return Ok(html! {});
    };
    let volumes = story.main_volumes();
    let paper = |name: &str| volumes.iter().find(|volume| volume.minimum == name);
    let shown = pair
        .points()
        .and_then(|(sigma, good, bad)| Some((sigma, good.ln_p? - bad.ln_p?)));
    let (Some((sigma, nats)), Some((good, bad))) = (
        shown,
        paper(&pair.good.minimum).zip(paper(&pair.bad.minimum)),
    ) else {
        return Ok(html! {});
    };
    let apart = match comparison::size(story, Kind::Chance, false) {
        Some(size) => carried(size.value.abs(), size.error()),
        None => plain(nats.abs() / LN_10, 1),
    };
    let k = [pair.good, pair.bad].into_iter().filter_map(peak);
    let most = k.map(|(_, k)| k).fold(0.0, f64::max);
    let alt = format!(
        "Two scatter plots against the generalization gap: the paper's log volume, and ln P at σ = {}.",
        significant(sigma, 3)
    );
    Ok(html! {
        h3 { "Why the two measures differ" }
        p {
            "The paper’s estimate puts about " (about((good.log10_volume - bad.log10_volume).abs())) " decades"
            " between the two minima, a difference of two lower bounds; the local volume " (apart) ", measured. The paper’s charges all "
            (count(good.dimension)) " dimensions at the rate of the luckiest ray; but only about " (whole(most))
            " of them are constrained at most, and the others cost nothing."
        }
        @if let Some(scatter) = &scatter {
            (scatter.figure_until("volume", &alt, html! {
                "The same minima, the same gap: the paper’s volume on the left, the chance that a random step stays on the right."
            }))
        }
    })
}

fn curves_alt(records: &[LocalVolumeRecord]) -> String {
    let ends: Vec<String> = (basins(records).iter())
        .filter_map(|basin| {
            let record = basin.main;
            let point = point_at(record, record.largest_local_sigma?)?;
            let (sigma, ln_p) = (significant(point.sigma, 2), plain(point.ln_p?, 1));
            Some(format!("{}: {ln_p} at σ = {sigma}", record.minimum))
        })
        .collect();
    format!(
        "Curves of ln P against σ, one for each minimum. At the largest local σ: {}.",
        ends.join("; ")
    )
}
