//! How much larger the good basin is than the bad: every size that a run measured, the best first.

use super::format::{about, carried, significant};
use super::sources::cite;
use super::story::{Pair, Story};
use crate::figure::{basins, equal_sigma, leading_volumes, point_at};
use basinscope::basin::RadiusRatio;
use basinscope::record::{Edge, LineRecord, LocalVolumeRecord, VolumeRecord};
use maud::{Markup, html};
use std::f64::consts::LN_10;

/// A minimum's own loss matters to its basin from this share of the cutoff on.
const HIGH_START: f64 = 0.05;

/// What a size compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Decades between the chances that a random step of equal σ stays.
    Chance,
    /// Ratio of median radii along isotropic rays.
    Radius,
    /// Ratio of median steps along the lines of a slice.
    Line,
    /// Decades between the paper's volumes.
    Paper,
}

/// One size of the difference between good and bad.
#[derive(Debug, Clone)]
pub(super) struct Size {
    pub(super) kind: Kind,
    /// Whether it is measured from each minimum's own loss.
    pub(super) excess: bool,
    /// Decades, or a ratio.
    pub(super) value: f64,
    /// Its 95 % interval; none for a bound.
    pub(super) interval: Option<[f64; 2]>,
    /// σ, rays or lines: what it was measured with, in words.
    with: String,
}

/// Every size the run measured; the first is the one to remember.
pub(super) fn sizes(story: &Story) -> Vec<Size> {
    let Some(pair) = story.pair() else {
        return Vec::new();
    };
    let mut sizes = Vec::new();
    let main = story.main_local();
    sizes.extend(chance(&main, pair, equal_sigma(&main)));
    let volumes = story.main_volumes();
    sizes.extend(radius(&volumes, pair, false));
    sizes.extend(line(&story.slices, pair, Edge::Loss));
    sizes.extend(paper(&volumes, pair));
    let of_excess: Vec<LocalVolumeRecord> = (story.local.iter())
        .filter(|record| record.region == "excess")
        .cloned()
        .collect();
    sizes.extend(chance(&of_excess, pair, None).map(|size| Size {
        excess: true,
        ..size
    }));
    let of_excess: Vec<VolumeRecord> = (story.volumes.iter())
        .filter(|record| record.region == "excess")
        .cloned()
        .collect();
    sizes.extend(radius(&leading_volumes(&of_excess), pair, true));
    sizes.extend(line(&story.slices, pair, Edge::Excess));
    sizes
}

fn chance(records: &[LocalVolumeRecord], pair: Pair<'_>, sigma: Option<f64>) -> Option<Size> {
    let basins = basins(records);
    let of = |name: &str| basins.iter().find(|basin| basin.main.minimum == name);
    let (good, bad) = of(&pair.good.name).zip(of(&pair.bad.name))?;
    let sigma = match sigma {
        Some(sigma) => sigma,
        None => equal_sigma(&[good.main.clone(), bad.main.clone()])?,
    };
    let (good, bad) = (point_at(good.main, sigma)?, point_at(bad.main, sigma)?);
    let ends = good.interval.zip(bad.interval);
    Some(Size {
        kind: Kind::Chance,
        excess: false,
        value: (good.ln_p? - bad.ln_p?) / LN_10,
        interval: ends.map(|(a, b)| [(a[0] - b[1]) / LN_10, (a[1] - b[0]) / LN_10]),
        with: format!("σ = {}", significant(sigma, 3)),
    })
}

fn radius(volumes: &[VolumeRecord], pair: Pair<'_>, excess: bool) -> Option<Size> {
    let of = |name: &str| volumes.iter().find(|volume| volume.minimum == name);
    let (good, bad) = of(&pair.good.name).zip(of(&pair.bad.name))?;
    if good.radius_median <= 0.0 || bad.radius_median <= 0.0 {
        return None;
    }
    let resampled = !good.radii.is_empty() && !bad.radii.is_empty();
    let interval =
        resampled.then(|| RadiusRatio::of_medians(&good.radii, &bad.radii, good.seed).interval);
    Some(Size {
        kind: Kind::Radius,
        excess,
        value: good.radius_median / bad.radius_median,
        interval,
        with: format!("{} rays", super::format::count(good.directions)),
    })
}

fn line(slices: &[LineRecord], pair: Pair<'_>, edge: Edge) -> Option<Size> {
    let of = |name: &str| {
        let line = slices.iter().find(|line| line.minimum == name)?;
        line.crossing(edge).filter(|found| found.is_crossed())
    };
    let (good, bad) = of(&pair.good.name).zip(of(&pair.bad.name))?;
    let found = RadiusRatio::of_crossings(&good.distances, &bad.distances, pair.good.seed);
    Some(Size {
        kind: Kind::Line,
        excess: edge == Edge::Excess,
        value: found.ratio,
        interval: Some(found.interval),
        with: format!("{} lines", super::format::count(good.distances.len())),
    })
}

fn paper(volumes: &[VolumeRecord], pair: Pair<'_>) -> Option<Size> {
    let of = |name: &str| volumes.iter().find(|volume| volume.minimum == name);
    let (good, bad) = of(&pair.good.name).zip(of(&pair.bad.name))?;
    Some(Size {
        kind: Kind::Paper,
        excess: false,
        value: good.log10_volume - bad.log10_volume,
        interval: None,
        with: format!("{} rays", super::format::count(good.directions)),
    })
}

impl Size {
    /// Whether it is of decades rather than a ratio.
    fn is_of_decades(&self) -> bool {
        matches!(self.kind, Kind::Chance | Kind::Paper)
    }

    /// The number with its unit: `40.4 decades`, `22 ×`.
    pub(super) fn number(&self) -> String {
        let number = match self.interval {
            Some([low, high]) => carried(self.value, 0.5 * (high - low)),
            None => about(self.value),
        };
        match self.is_of_decades() {
            true => format!("{number} decades"),
            false => format!("{number} ×"),
        }
    }

    /// Half of its interval; 0 where there is none.
    pub(super) fn error(&self) -> f64 {
        self.interval.map_or(0.0, |[low, high]| 0.5 * (high - low))
    }

    /// Its 95 % interval: `39.6 to 41.2`.
    pub(super) fn range(&self) -> Option<String> {
        let [low, high] = self.interval?;
        let carried = |number: f64| carried(number, 0.5 * (high - low));
        Some(format!("{} to {}", carried(low), carried(high)))
    }

    /// What stands in the box of the few numbers to remember.
    pub(super) fn label(&self) -> &'static str {
        match self.kind {
            Kind::Chance => "Basin, good over bad",
            Kind::Radius => "Radius, good over bad",
            Kind::Line => "Step that it bears, good over bad",
            Kind::Paper => "Volume, good over bad (bound)",
        }
    }

    fn what(&self) -> String {
        let what = match self.kind {
            Kind::Chance => "Chance that a random step of equal width stays in the basin",
            Kind::Radius => "Median radius over random directions",
            Kind::Line => "Median step along filter-normalised lines",
            Kind::Paper => "The paper’s volume",
        };
        let from = match self.excess {
            true => ", from each minimum’s own loss",
            false => "",
        };
        format!("{what}{from} ({})", self.with)
    }

    fn meaning(&self) -> Markup {
        match self.kind {
            Kind::Chance => {
                html! { "a ratio of volumes, seen through a window of width σ; the interval runs between the ends of both 95 % intervals" }
            }
            Kind::Radius => {
                html! { "a ratio of widths; one random direction is like another, and half of the rays stand behind it" }
            }
            Kind::Line => {
                html! { "a ratio of widths too, in units of the size of each filter’s weights, and weights alone move" }
            }
            Kind::Paper => {
                html! { "n times the logarithm of the luckiest radii " (cite("huang")) ": two lower bounds set by single rays, so no interval; an order of size, not a measurement" }
            }
        }
    }
}

/// Where each number of the comparison stands side by side.
pub(super) const TABLE: &str = "table-comparison";

/// A link to the table of all sizes.
pub(super) fn link() -> Markup {
    html! { a href={ "#" (TABLE) } { "all sizes of this comparison" } }
}

/// Every size in a table, the leading one first.
pub(super) fn table(story: &Story) -> Markup {
    let sizes = &story.sizes;
    let Some(pair) = story.pair().filter(|_| !sizes.is_empty()) else {
        return html! {};
    };
    html! {
        div.scroller.table-box tabindex="0" role="group" aria-labelledby={ (TABLE) "-caption" } {
            table.sizes id=(TABLE) {
                caption id={ (TABLE) "-caption" } {
                    strong { "One comparison, " (super::format::words(sizes.len())) " sizes." } " How much larger the basin of " (pair.good.name)
                    " is than that of " (pair.bad.name) ". They measure different things, so they are different numbers; the first is "
                    "the one to remember. A decade is a factor of ten."
                }
                thead { tr {
                    th scope="col" { "What is compared" }
                    th.num scope="col" { "Good over bad" small { "95 % interval" } }
                } }
                tbody {
                    @for size in sizes {
                        tr {
                            th scope="row" { (size.what()) " " small { (size.meaning()) } }
                            td.num {
                                (size.number()) " "
                                small { (size.range().unwrap_or_else(|| "no interval".into())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The size of a kind, from each minimum's own loss or from 0.
pub(super) fn size(story: &Story, kind: Kind, excess: bool) -> Option<&Size> {
    (story.sizes.iter()).find(|size| size.kind == kind && size.excess == excess)
}

/// The same comparison from each minimum's own loss, where one of them starts high: a sentence.
pub(super) fn from_own_loss(story: &Story, kind: Kind, cutoff: f64) -> Markup {
    let Some(pair) = story.pair() else {
        return html! {};
    };
    let (good, bad) = (pair.good.train_loss, pair.bad.train_loss);
    if good.max(bad) < HIGH_START * cutoff {
        return html! {};
    }
    let losses = html! {
        (significant(good, 2)) " at " (pair.good.name) " itself and " (significant(bad, 2)) " at " (pair.bad.name)
        ", of the " (significant(cutoff, 2)) " that end a basin"
    };
    // The first sentence that compares says it at length, the others in passing.
    let size = size(story, kind, true);
    html! {
        @if kind == Kind::Line {
            " The two do not start alike: the loss is " (losses) "."
            @if size.is_some() { " Measured from each one’s own loss, up to " (significant(cutoff, 2)) " above it, " }
        } @else {
            @match size {
                Some(_) => { " From each minimum’s own loss (" (losses) "), " }
                None => { " (Loss at the minimum: " (losses) ".)" }
            }
        }
        @if let Some(size) = size {
            "good over bad is " (size.number())
            @if let Some(range) = size.range() { " (" (range) ")" }
            "."
        }
    }
}
