//! Station 3: bad minima all along a good run.

use super::embed::Picture;
use super::format::{percent, significant, words};
use super::minima::capital;
use super::play::{Play, place};
use super::story::Story;
use super::{PageError, Section};
use basinscope::record::{BadMinimumRecord, MinefieldRecord, RunDir};
use maud::{Markup, html};

pub(super) fn section(
    story: &Story,
    play: &Play,
    run: &RunDir,
) -> Result<Option<Section>, PageError> {
    let Some(record) = &story.minefield else {
        return Ok(None);
    };
    let picture = Picture::read(run, "minefield")?;
    let distances = Picture::read(run, "minefield-distances")?;
    Ok(Some(Section {
        id: "minefield",
        title: "The minefield: bad minima all along the way",
        short: "Minefield",
        body: html! {
            p {
                "Are bad minima rare, or far away from where training goes? To see, another net was trained "
                "well on two spirals" (ends(record)) ", and its weights kept at the end of every epoch. "
                "From " (words(starts(record))) " of these iterates training set out again with poison in "
                "its objective. " strong { "From every one it arrived at a bad minimum" } ": "
                (kinds(record)) " All of them fit every training point "
                (super::sources::cite("huang")) "."
            }
            @if play.has("minefield") { (place("minefield", "The minefield, to explore")) }
            @if let Some(picture) = &picture {
                (picture.figure_until("minefield", &alt(record), html! {
                    "Each dot is a net, placed by t-SNE so that near neighbours among the weights are near "
                    "on the page. The good run goes from light to dark red and ends at the star; bad minima "
                    "are blue, the lighter the fewer test points they get right."
                }))
            }
            p {
                "t-SNE keeps neighbours together and distorts everything else, so here are the plain "
                "distances too" (nearest(record)) ". The bad minima are plentiful and within reach of "
                "descent, but they are not next door."
            }
            @if let Some(distances) = &distances {
                (distances.figure("Distance from each iterate to its nearest bad minimum, in norms of its \
                     weights, over all weights and layer by layer.", html! {
                    "Distance from each iterate to the nearest bad minimum and to the run’s own end, in "
                    "units of the norm of the iterate’s weights; on the right layer by layer."
                }))
            }
        },
    }))
}

fn ends(record: &MinefieldRecord) -> String {
    record.iterates.last().map_or(String::new(), |last| {
        format!(
            " (train {}, test {} at the end)",
            percent(last.train_accuracy),
            percent(last.test_accuracy)
        )
    })
}

/// Number of different iterates that bad minima were reached from.
fn starts(record: &MinefieldRecord) -> usize {
    let mut epochs: Vec<usize> = record.bad.iter().map(|bad| bad.epoch).collect();
    epochs.sort_unstable();
    epochs.dedup();
    epochs.len()
}

fn of_kind(record: &MinefieldRecord, redrawn: bool) -> Vec<&BadMinimumRecord> {
    let kind = |bad: &&BadMinimumRecord| bad.redrawn == redrawn;
    record.bad.iter().filter(kind).collect()
}

/// What the bad minima make of test points, kind by kind.
fn kinds(record: &MinefieldRecord) -> Markup {
    let range = |bad: &[&BadMinimumRecord]| {
        let tests = bad.iter().map(|bad| bad.test_accuracy);
        let (low, high) = (tests.clone().fold(1.0, f64::min), tests.fold(0.0, f64::max));
        format!("{} to {}", percent(low), percent(high))
    };
    let (fixed, redrawn) = (of_kind(record, false), of_kind(record, true));
    html! {
        @if !fixed.is_empty() {
            (capital(&words(fixed.len()))) " with the labels of fixed points flipped, right about "
            (range(&fixed)) " of the test points. "
        }
        @if !redrawn.is_empty() {
            (capital(&words(redrawn.len()))) " with flipped points drawn anew at each step, right about "
            (range(&redrawn)) "."
        }
    }
}

fn nearest(record: &MinefieldRecord) -> String {
    let near = record.iterates.iter().filter_map(|iterate| {
        let all = iterate.nearest_fixed.iter().chain(&iterate.nearest_redrawn);
        all.map(|near| near.relative).min_by(f64::total_cmp)
    });
    let (low, high) = near.fold((f64::INFINITY, 0.0_f64), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    match low.is_finite() {
        true => format!(
            ": the nearest bad minimum is {} to {} times the norm of the weights away",
            significant(low, 2),
            significant(high, 2)
        ),
        false => String::new(),
    }
}

fn alt(record: &MinefieldRecord) -> String {
    format!(
        "Scatter of {} iterates of one run and {} bad minima around it.",
        record.iterates.len(),
        record.bad.len()
    )
}
