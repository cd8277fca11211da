//! Station 4: decision boundaries, and how they move when the weights do.

use super::embed::{Picture, uri};
use super::format::{count, percent};
use super::minima::{accuracies, role};
use super::story::Story;
use super::{PageError, Section};
use basinscope::record::{MinimumRecord, RunDir};
use maud::{Markup, html};

pub(super) fn section(story: &Story, run: &RunDir) -> Result<Option<Section>, PageError> {
    let together = Picture::read(run, "boundaries")?;
    let mut each = Vec::new();
    for minimum in &story.minima {
        if let Some(picture) = Picture::read(run, &format!("boundary-{}", minimum.name))? {
            each.push((minimum, picture));
        }
    }
    let wiggle = uri(run, "figures/wiggle.gif", "image/gif")?;
    let still = uri(run, "figures/wiggle-still.png", "image/png")?;
    if together.is_none() && each.is_empty() && wiggle.is_none() {
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
            @match (each.is_empty(), together.is_some()) {
                (true, _) => {},
                (false, true) => {
                    details.gallery-box {
                        summary { "Each boundary by itself, larger (" (count(each.len())) ")" }
                        (gallery(story, &each))
                    }
                },
                (false, false) => (gallery(story, &each)),
            }
            @if let Some(wiggle) = &wiggle { (animation(story, wiggle, still.as_deref())) }
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

fn gallery(story: &Story, each: &[(&MinimumRecord, Picture)]) -> Markup {
    html! {
        div.gallery {
            @for (minimum, picture) in each {
                figure {
                    (picture.plain_image(&format!(
                        "Decision regions of {}: train {}, test {}.",
                        minimum.name, percent(minimum.train_accuracy), percent(minimum.test_accuracy)
                    )))
                    figcaption {
                        strong.(role(story, &minimum.name)) { (minimum.name) }
                        ": train " (percent(minimum.train_accuracy)) ", test " (percent(minimum.test_accuracy))
                    }
                }
            }
        }
    }
}

fn animation(story: &Story, wiggle: &str, still: Option<&str>) -> Markup {
    let alt = match story.pair() {
        Some(pair) => format!(
            "The decision boundaries of {} (test {}) and {} (test {}) side by side, while the weights walk \
             along one random direction and back; a dot on the loss curve shows how far.",
            pair.good.name,
            percent(pair.good.test_accuracy),
            pair.bad.name,
            percent(pair.bad.test_accuracy)
        ),
        None => {
            "A decision boundary while the weights walk along one random direction and back.".into()
        }
    };
    html! {
        h3 { "Now shake the weights" }
        p {
            "The same walk as in the slices, out and back along one random direction. Watch which boundary "
            "crosses training points first, and what the loss does at that moment."
        }
        figure #figure-wiggle .motion {
            input #still type="checkbox" autocomplete="off";
            label for="still" {
                span.when-moving { "Show a still picture" }
                span.when-still { "Play the animation" }
            }
            div.scroller tabindex="0" role="group" aria-label="Animation: boundaries while the weights move" {
                img.moving src=(wiggle) alt=(alt);
                @if let Some(still) = still { img.still src=(still) alt={ "Still: " (alt) }; }
            }
            figcaption {
                p {
                    "The net at θ + c·d, as c goes from 0 up, down and back to 0."
                }
            }
        }
    }
}
