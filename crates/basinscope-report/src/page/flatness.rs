//! Station 3: how flat the loss is around each minimum, and what lies between two.

use super::embed::Picture;
use super::format::{count, percent, plain, significant, words};
use super::play::{Play, place};
use super::statistics::{crossings, median};
use super::story::{Pair, Story};
use super::{PageError, Section};
use basinscope::record::{LineRecord, RunDir};
use maud::{Markup, html};

pub(super) fn section(
    story: &Story,
    play: &Play,
    run: &RunDir,
) -> Result<Option<Section>, PageError> {
    let slices = Picture::read(run, "slices")?;
    let surfaces = Picture::read(run, "surfaces")?;
    let between = Picture::read(run, "between")?;
    let pictures = slices.is_some() || surfaces.is_some() || between.is_some();
    if !pictures && story.slices.is_empty() && !play.has("landscape") {
        return Ok(None);
    }
    Ok(Some(Section {
        id: "flatness",
        title: "Flatness: how far one can walk",
        short: "Flatness",
        body: html! {
            p {
                "Stand at a minimum θ, pick a random direction d, and walk: θ + c·d. If the loss stays low for "
                "long, the minimum is flat in that direction. A step has to mean the same for every net, "
                "so each filter of d (the weights into one unit) is scaled to the norm of the filter that it moves "
                (super::sources::cite("li")) "; without this, a net can be made to look as sharp as one likes without "
                "changing what it computes " (super::sources::cite("dinh")) "."
            }
            (widths(story))
            @if let Some(slices) = &slices {
                (slices.figure(&slices_alt(story), html! {
                    "Slices through each minimum along random directions"
                    @if let Some(line) = story.slices.first() {
                        " (" (words(line.train_loss.len())) " of them, " (normalized(&line.normalization)) ")"
                    }
                    ": mean loss on the training points at θ + c·d. The minimum is at c = 0."
                }))
            }
            @if play.has("landscape") {
                h3 { "The landscape, to walk in" }
                p {
                    "Two directions make a plane. Drag the marker over it: every point is a net, and its boundary is drawn beside it."
                }
                (place("landscape", "The loss over a plane, to walk in"))
            }
            @if let Some(surfaces) = &surfaces {
                (surfaces.figure_until("landscape", &surfaces_alt(story), html! {
                    "The loss over a plane of two random directions through the minimum"
                    @if let Some(surface) = story.surfaces.first() {
                        ", " (normalized(&surface.normalization)) ", " (significant(surface.x.from, 2)) " to "
                        (significant(surface.x.to, 2)) " each way"
                    }
                    "."
                }))
            }
            @if story.between.is_some() || between.is_some() {
                h3 { "From one to the other" }
                @if let Some(line) = &story.between { (barrier(line)) }
                @if let Some(between) = &between {
                    (between.figure(&between_alt(story), html! {
                        "On the straight line between the two: loss and accuracy at θ₀ + c·(θ₁ − θ₀). "
                        @if let Some(LineRecord { minimum, towards: Some(towards), .. }) = &story.between {
                            "c = 0 is " (minimum) ", c = 1 is " (towards) "."
                        }
                    }))
                }
            }
        },
    }))
}

/// Median distance at which the loss passes the cutoff, over directions and both ways.
pub(super) fn half_width(line: &LineRecord, cutoff: f64) -> Option<f64> {
    median(
        line.train_loss
            .iter()
            .flat_map(|loss| crossings(&line.c, loss, cutoff))
            .collect(),
    )
}

fn widths(story: &Story) -> Markup {
    let cutoff = story.cutoff();
    let of = |name: &str| {
        let line = story.slices.iter().find(|line| line.minimum == name)?;
        Some((line, half_width(line, cutoff)?))
    };
    let compared = story
        .pair()
        .and_then(|Pair { good, bad }| of(&good.name).zip(of(&bad.name)));
    if let Some(((good, wide), (bad, narrow))) = compared {
        return html! {
            p {
                "Along half of the walks, the loss of " strong.good { (good.minimum) } " has passed "
                (significant(cutoff, 2)) " nats " (at(good, wide)) "; that of " strong.bad { (bad.minimum) } " "
                (at(bad, narrow))
                @if wide.is_finite() && narrow.is_finite() && narrow > 0.0 && wide > narrow {
                    ": the good minimum is wider " strong { "by a factor of " (significant(wide / narrow, 2)) } "."
                } @else if narrow > wide {
                    ". In this run the flat one is not the good one: measured like this, flatness does not "
                    "explain the difference."
                } @else {
                    "."
                }
                " (Median over " (words(good.train_loss.len())) " directions, both ways; linear interpolation "
                "between the points of the slice.)"
            }
        };
    }
    match story.slices.first().and_then(|line| of(&line.minimum)) {
        Some((line, width)) => html! {
            p {
                "Along half of the walks, the loss of " strong { (line.minimum) } " has passed "
                (significant(cutoff, 2)) " nats " (at(line, width)) ". (Median over "
                (words(line.train_loss.len())) " directions, both ways.)"
            }
        },
        None => html! {},
    }
}

fn at(line: &LineRecord, width: f64) -> String {
    if width.is_finite() {
        format!("at |c| = {}", significant(width, 2))
    } else {
        let reach = line.c.iter().fold(0.0_f64, |reach, c| reach.max(c.abs()));
        format!("nowhere up to |c| = {}", significant(reach, 2))
    }
}

fn normalized(how: &str) -> String {
    match how {
        "none" => "not normalised".into(),
        other => format!("{other}-normalised"),
    }
}

/// The highest loss between the ends: its c, loss and train accuracy.
fn highest(line: &LineRecord) -> Option<(f64, f64, f64)> {
    let losses = line.train_loss.first()?;
    let accuracies = line.train_accuracy.first()?;
    line.c
        .iter()
        .zip(losses)
        .zip(accuracies)
        .filter(|((c, _), _)| (0.0..=1.0).contains(*c))
        .map(|((&c, &loss), &accuracy)| (c, loss, accuracy))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

fn barrier(line: &LineRecord) -> Markup {
    let Some((c, loss, accuracy)) = highest(line) else {
        return html! {};
    };
    let towards = line.towards.as_deref().unwrap_or("the other");
    let ends = end_loss(line, 0.0).max(end_loss(line, 1.0));
    html! {
        p {
            "Are the two minima one valley? On the straight line from " (line.minimum) " to " (towards) ", "
            @if loss > 2.0 * ends && loss > 0.01 {
                "the loss climbs to " strong { (significant(loss, 2)) " nats" } " (at c = " (plain(c, 2)) ", where "
                (percent(accuracy)) " of the training points are still right): a wall stands between them. "
                "A straight line sees a wall where a curved path may find a pass, so this is an upper bound on its height."
            } @else {
                "the loss never passes " strong { (significant(loss, 2)) " nats" } ": no wall stands between them."
            }
        }
    }
}

fn end_loss(line: &LineRecord, end: f64) -> f64 {
    let near = |c: &f64| (c - end).abs();
    line.c
        .iter()
        .zip(line.train_loss.first().into_iter().flatten())
        .min_by(|a, b| near(a.0).total_cmp(&near(b.0)))
        .map_or(0.0, |(_, &loss)| loss)
}

fn slices_alt(story: &Story) -> String {
    let cutoff = story.cutoff();
    let lines: Vec<String> = story
        .slices
        .iter()
        .filter_map(|line| {
            let width = half_width(line, cutoff)?;
            Some(format!("{} {}", line.minimum, at(line, width)))
        })
        .collect();
    format!(
        "Loss along random directions through each minimum. The median walk passes {} nats: {}.",
        significant(cutoff, 2),
        lines.join("; ")
    )
}

fn surfaces_alt(story: &Story) -> String {
    let names: Vec<String> = story
        .surfaces
        .iter()
        .map(|surface| {
            format!(
                "{} (test {}, {} by {} points)",
                surface.minimum,
                percent(surface.test_accuracy),
                count(surface.x.count),
                count(surface.y.count)
            )
        })
        .collect();
    format!("Contours of the loss around minima: {}.", names.join("; "))
}

fn between_alt(story: &Story) -> String {
    let peak = story
        .between
        .as_ref()
        .and_then(|line| Some((line, highest(line)?)));
    match peak {
        Some((line, (c, loss, _))) => format!(
            "Loss and accuracy on the straight line from {} to {}: the loss is highest, {} nats, at c = {}.",
            line.minimum,
            line.towards.as_deref().unwrap_or("another minimum"),
            significant(loss, 2),
            plain(c, 2)
        ),
        None => "Loss and accuracy on the straight line between two minima.".into(),
    }
}
