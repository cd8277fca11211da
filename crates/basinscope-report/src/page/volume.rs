//! Station 5: the volume of basins, what its number is worth, and which statistic to trust.

use super::comparison::Kind;
use super::embed::Picture;
use super::format::{about, count, percent, plain, significant, whole, within, words};
use super::play::{Play, place};
use super::statistics::rank_correlation;
use super::story::Story;
use super::{PageError, Section, comparison, local_volume};
use basinscope::record::{RunDir, VolumeRecord};
use maud::{Markup, PreEscaped, html};

/// Below this share of the rays, the mean of rⁿ is called the work of a few.
const FEW_RAYS: f64 = 0.1;

pub(super) fn section(
    story: &Story,
    play: &Play,
    run: &RunDir,
) -> Result<Option<Section>, PageError> {
    let widget = match play.has("volume") {
        true => place("volume", "Volumes of the basins, to explore"),
        false => html! {},
    };
    let local = local_volume::body(story, run, &widget)?;
    let rays = match &local {
        Some(_) => rays(story, run, true, &html! {})?,
        None => rays(story, run, false, &widget)?,
    };
    if local.is_none() && rays.is_none() {
        return Ok(None);
    }
    let both = local.is_some() && rays.is_some();
    let difference = if both {
        local_volume::difference(story, run)?
    } else {
        html! {}
    };
    Ok(Some(Section {
        id: "volume",
        title: "Volume: how large a target each basin is",
        short: "Volume",
        body: html! {
            @if let Some(local) = &local { (local) }
            @if both { h3 { "The paper’s measure: rays" } }
            @if let Some(rays) = &rays { (rays) }
            (difference)
        },
    }))
}

/// The paper's way: radii, volume, and what they are worth. `second` where the basin is known.
fn rays(
    story: &Story,
    run: &RunDir,
    second: bool,
    widget: &Markup,
) -> Result<Option<Markup>, PageError> {
    let radii = Picture::read(run, "radii")?;
    let gap = Picture::read(run, "volume-gap")?;
    let volumes = story.main_volumes();
    let Some(first) = volumes.first() else {
        return Ok(None);
    };
    Ok(Some(html! {
        p {
            @if second { "The paper " (super::sources::cite("huang")) " measures differently. It too calls " } @else { "Call " }
            "the basin of a minimum the set around it where the loss on the training points stays below "
            strong { (significant(first.cutoff, 2)) " nats" } ". To measure it, shoot N = " (count(first.directions))
            " rays from the minimum in random directions and find where each leaves the basin: "
            "its radius r."
            @if first.normalization != "none" {
                " The directions are " (first.normalization) "-normalised, so radii are relative to the size of the weights."
            }
        }
        @if let Some(radii) = &radii {
            (radii.figure(&radii_alt(&volumes), html! {
                "Radii of the basins, ray by ray, and their distribution" (starts(&volumes)) "."
            }))
        }
        (median_text(story, &volumes))
        h3 { "From radii to volume" }
        p { "In n = " (count(first.dimension)) " dimensions, the volume is the mean of rⁿ over all directions, times the volume ω" sub { "n" } " of the unit ball:" }
        (PreEscaped(include_str!("../../assets/page/volume.html")))
        (widget)
        @if let Some(gap) = &gap {
            (gap.figure_until("volume", &gap_alt(&volumes), html! {
                "Generalization gap (train minus test accuracy) against the logarithm of the volume, a point for each minimum."
            }))
        }
        (volume_text(story, &volumes))
        (honesty(&volumes))
    }))
}

fn compared<'a>(
    story: &Story,
    volumes: &'a [VolumeRecord],
) -> Option<(&'a VolumeRecord, &'a VolumeRecord)> {
    let pair = story.pair()?;
    let of = |name: &str| volumes.iter().find(|volume| volume.minimum == name);
    of(&pair.good.name).zip(of(&pair.bad.name))
}

fn median_text(story: &Story, volumes: &[VolumeRecord]) -> Markup {
    let pairs: Vec<(f64, f64)> = volumes
        .iter()
        .map(|volume| (volume.radius_median, volume.test_accuracy))
        .collect();
    let [first, ..] = volumes else {
        return html! {};
    };
    html! {
        @if let Some((good, bad)) = compared(story, volumes) {
            p {
                "The median radius, with its 95 % interval, is " span.good { (within(good.radius_median, good.radius_median_ci)) }
                " for " (good.minimum) " and " span.bad { (within(bad.radius_median, bad.radius_median_ci)) } " for "
                (bad.minimum) ": they differ "
                @match comparison::size(story, Kind::Radius, false) {
                    Some(size) if size.value >= 1.0 => {
                        "by a factor of " (size.number().trim_end_matches(" ×"))
                        @if let Some(range) = size.range() { " (" (range) ")" }
                    }
                    _ => { "by a factor of " (significant(bad.radius_median / good.radius_median, 2)) }
                }
                @if overlap(good.radius_median_ci, bad.radius_median_ci) {
                    ", but the intervals overlap, so the order is not certain."
                } @else if good.radius_median > bad.radius_median {
                    ", and the intervals do not overlap. The good basin is the wider one."
                } @else {
                    ", and in the order that speaks against the story: here the bad basin is the wider one."
                }
                " This is a ratio of widths, not of volumes (" (comparison::link()) ")."
                (comparison::from_own_loss(story, Kind::Radius, good.cutoff))
            }
        } @else {
            p {
                "The median radius of " (first.minimum) " is " strong { (within(first.radius_median, first.radius_median_ci)) }
                ", with its 95 % interval" (began(first.start_loss, first.cutoff)) "."
            }
        }
        @if let Some(rho) = rank_correlation(&pairs) {
            p {
                "Over all " (words(pairs.len())) " minima, the median radius and the test accuracy have a rank correlation of "
                strong { (plain(rho, 2)) } " (Spearman; 1 would be the same order)."
            }
        }
    }
}

fn volume_text(story: &Story, volumes: &[VolumeRecord]) -> Markup {
    let Some((good, bad)) = compared(story, volumes) else {
        return html! {};
    };
    let difference = good.log10_volume - bad.log10_volume;
    html! {
        p {
            "The exponent n turns a modest ratio of radii into an immodest ratio of volumes. By this formula, log₁₀ V is "
            span.good { (whole(good.log10_volume)) } " for " (good.minimum) " and "
            span.bad { (whole(bad.log10_volume)) } " for " (bad.minimum) ": "
            @if difference >= 0.0 { "the good basin is larger" } @else { "the bad basin is larger" }
            " by about " (about(difference.abs())) " orders of magnitude. "
            "This is the picture of the paper " (super::sources::cite("huang")) ". What is that number worth?"
        }
    }
}

fn honesty(volumes: &[VolumeRecord]) -> Markup {
    let Some(first) = volumes.first() else {
        return html! {};
    };
    let low = volumes.iter().map(|v| v.ess).fold(f64::INFINITY, f64::min);
    let high = volumes.iter().map(|v| v.ess).fold(0.0, f64::max);
    let range = if significant(low, 2) == significant(high, 2) {
        plain(low, 1)
    } else {
        format!("{} to {}", plain(low, 1), plain(high, 1))
    };
    let few = high < FEW_RAYS * first.directions as f64;
    let warning = volumes.iter().find(|volume| !volume.warning.is_empty());
    html! {
        aside.honest aria-labelledby="honest" {
            h3 #honest { "How far to trust these numbers" }
            p {
                "A mean of rⁿ with n = " (count(first.dimension)) " is a mean of numbers of wildly different size. The "
                "effective sample size (ESS) says how many rays carry it: " strong { (range) " of " (count(first.directions)) } ". "
                @if few {
                    "So the volume above is set by the luckiest of the N rays, and more rays would find luckier ones: it is "
                    strong { "a lower bound" } ", and grows with N. Its difference between two minima is that of two such "
                    "bounds. Read it as “overwhelmingly”, not as a measurement."
                } @else {
                    "That is a fair share of the rays, so here the mean is carried by many of them."
                }
            }
            @if let Some(volume) = warning {
                p { "The estimator says of " (volume.minimum) ": “" (volume.warning) "”" }
            }
            p {
                "The " strong { "median radius" } " is another matter. Half of the rays stand behind it, not one; it hardly moves when "
                "rays are added, and its 95 % interval, from resampling the rays " (super::sources::cite("efron"))
                ", says by how much. It does not claim to be a volume, but it ranks basins by width, and that is what the "
                "argument needs. Trust the ranking by the median; take the volume for the paper’s picture of it."
            }
            (censored(volumes))
        }
    }
}

fn censored(volumes: &[VolumeRecord]) -> Markup {
    let some: Vec<_> = volumes.iter().filter(|v| v.censored > 0).collect();
    if some.is_empty() {
        return html! {};
    }
    html! {
        p {
            "Some rays never left their basin within the cap on the radius: "
            @for (index, volume) in some.iter().enumerate() {
                @if index > 0 { ", " }
                (count(volume.censored)) " of " (count(volume.directions)) " for " (volume.minimum)
                " (cap " (significant(volume.radius_cap, 3)) ")"
            }
            ". They count with the cap, which makes the volume smaller still."
        }
    }
}

pub(super) fn overlap(a: [f64; 2], b: [f64; 2]) -> bool {
    a[0] <= b[1] && b[0] <= a[1]
}

/// Where a minimum starts, as the end of a sentence, where that is a part of the cutoff that counts.
pub(super) fn began(start: Option<f64>, cutoff: f64) -> String {
    match start {
        Some(loss) if loss >= 0.05 * cutoff => format!(
            "; its own loss is {} of the {} that end the basin",
            significant(loss, 2),
            significant(cutoff, 2)
        ),
        _ => String::new(),
    }
}

/// Which minima start high, for captions.
fn starts(volumes: &[VolumeRecord]) -> String {
    let high: Vec<String> = (volumes.iter())
        .filter_map(|volume| {
            let loss = volume
                .start_loss
                .filter(|loss| *loss >= 0.05 * volume.cutoff)?;
            Some(format!("{} at {}", volume.minimum, significant(loss, 2)))
        })
        .collect();
    match (high.is_empty(), volumes.first()) {
        (false, Some(first)) => format!(
            ". Of the {} nats that end a basin, some minima start with a part: {}",
            significant(first.cutoff, 2),
            high.join(", ")
        ),
        _ => String::new(),
    }
}

fn radii_alt(volumes: &[VolumeRecord]) -> String {
    let medians: Vec<String> = volumes
        .iter()
        .map(|volume| {
            format!(
                "{} {}",
                volume.minimum,
                within(volume.radius_median, volume.radius_median_ci)
            )
        })
        .collect();
    format!(
        "Distribution of the basin radius over rays. Medians: {}.",
        medians.join("; ")
    )
}

fn gap_alt(volumes: &[VolumeRecord]) -> String {
    let dots: Vec<String> = volumes
        .iter()
        .map(|volume| {
            format!(
                "{}: gap {}, log10 volume {}",
                volume.minimum,
                percent(volume.generalization_gap),
                whole(volume.log10_volume)
            )
        })
        .collect();
    format!(
        "Generalization gap against log volume, a point for each minimum. {}.",
        dots.join("; ")
    )
}
