//! Station 4: decision boundaries, and how they move when the weights do.

use super::embed::{Picture, download};
use super::format::count;
use super::minima::accuracies;
use super::play::{Play, place};
use super::story::Story;
use super::{PageError, Section};
use basinscope::record::RunDir;
use maud::html;

pub(super) fn section(
    story: &Story,
    play: &Play,
    run: &RunDir,
) -> Result<Option<Section>, PageError> {
    let together = Picture::read(run, "boundaries")?;
    let wiggle = "figures/wiggle.gif";
    if together.is_none() && !play.has("wiggle") {
        return Ok(None);
    }
    Ok(Some(Section {
        id: "boundaries",
        title: "What a narrow basin looks like in the data",
        short: "Boundaries",
        body: html! {
            p {
                "A net cuts the plane into regions, one class each. All of these were trained to put the "
                "training points on the right side"
                @if let Some((right, all)) = correct(story) {
                    " (" (count(right)) " of " (count(all)) " in all pictures together)"
                }
                ". A good net does it with few, wide margins. A bad one winds around each training point, "
                "with many boundaries in tight places. Then the smallest change of the weights moves some "
                "boundary across some point: small margins in the data are narrow basins in parameter space."
            }
            @if let Some(together) = &together {
                (together.figure(&format!("Decision regions of each minimum with the training points. {}.", accuracies(story)), html! {
                    "Decision boundaries of the minima over the plane, with the training points."
                }))
            }
            @if play.has("wiggle") {
                h3 { "Now shake the weights" }
                p {
                    "Drag, or let it play: both nets walk equally far, out and back along a direction in their weights. "
                    "Watch which boundary crosses training points first, and what the loss does at that moment."
                }
                (place("wiggle", "Two boundaries while the weights move"))
            }
            @if run.has(wiggle) {
                p.downloads { "The same as an animation for slides: " (download("GIF", wiggle)) }
            }
        },
    }))
}

/// Training points classified correctly, over all boundary records.
fn correct(story: &Story) -> Option<(usize, usize)> {
    let all: usize = story
        .boundaries
        .iter()
        .map(|boundary| boundary.correct.len())
        .sum();
    let right = story
        .boundaries
        .iter()
        .flat_map(|boundary| &boundary.correct)
        .filter(|&&correct| correct)
        .count();
    (all > 0).then_some((right, all))
}
