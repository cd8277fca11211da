//! Station 3: how flat the loss is around each minimum, and what lies between two.

use super::comparison::Kind;
use super::embed::Picture;
use super::format::{count, percent, plain, significant, within, words};
use super::play::{Play, place};
use super::story::{Pair, Story};
use super::{PageError, Section, comparison};
use basinscope::record::{CrossingRecord, Edge, LineRecord, RunDir};
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
                    ": mean loss on the training points at θ + c·d. The minimum is at c = 0" (starts(story)) "."
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

/// Where half of the walks from a minimum have left its basin.
fn edge(line: &LineRecord) -> Option<&CrossingRecord> {
    line.crossing(Edge::Loss)
}

fn widths(story: &Story) -> Markup {
    let of = |name: &str| {
        let line = story.slices.iter().find(|line| line.minimum == name)?;
        Some((line, edge(line)?))
    };
    let how = |found: &CrossingRecord| {
        html! {
            " (Medians over " (words(found.distances.len())) " directions, both ways, with 95 % intervals; where each line "
            "passes the cutoff is searched for on the line, not read off the steps of the picture.)"
        }
    };
    let compared = story
        .pair()
        .and_then(|Pair { good, bad }| of(&good.name).zip(of(&bad.name)));
    if let Some(((good, wide), (bad, narrow))) = compared {
        let ratio = comparison::size(story, Kind::Line, false);
        return html! {
            p {
                "Along half of the walks, the loss of " strong.good { (good.minimum) } " has passed "
                (significant(wide.level, 2)) " nats " (at(wide)) "; that of " strong.bad { (bad.minimum) } " "
                (at(narrow))
                @match ratio {
                    Some(size) if narrow.interval[1] < wide.interval[0] => {
                        ": a step from the good minimum can be about " (size.number().trim_end_matches(" ×")) " times"
                        @if let Some(range) = size.range() { " (" (range) ")" }
                        " as long. That is a ratio of widths; " (comparison::link()) " stand side by side."
                    }
                    Some(_) if wide.interval[1] < narrow.interval[0] => {
                        ". In this run the flat one is not the good one: measured like this, flatness does not "
                        "explain the difference."
                    }
                    Some(_) => { ". The intervals overlap, so the order is not certain." }
                    None => { "." }
                }
                (comparison::from_own_loss(story, Kind::Line, wide.level))
                (how(wide))
            }
        };
    }
    match story.slices.first() {
        Some(line) => html! {
            p {
                @if let Some(found) = edge(line) {
                    "Along half of the walks, the loss of " strong { (line.minimum) } " has passed "
                    (significant(found.level, 2)) " nats " (at(found)) "." (how(found))
                } @else {
                    "These slices hold losses at steps of " (significant(step(line), 2)) " and no search for where the basin ends, "
                    "so this page says no width; " code { "basinscope slice" } " finds it."
                }
            }
        },
        None => html! {},
    }
}

/// Where the minima of the pair start, for captions.
fn starts(story: &Story) -> String {
    let Some(Pair { good, bad }) = story.pair() else {
        return String::new();
    };
    let [low, high] = [good, bad].map(|minimum| significant(minimum.train_loss, 2));
    format!(
        ", where the loss is {low} for {} and {high} for {}; the dashed line is at 0.1",
        good.name, bad.name
    )
}

/// The distance of two steps of a slice.
fn step(line: &LineRecord) -> f64 {
    line.c.windows(2).map(|c| c[1] - c[0]).fold(0.0, f64::max)
}

fn at(found: &CrossingRecord) -> String {
    match found.is_crossed() {
        true => format!("at |c| = {}", within(found.median, found.interval)),
        false => format!("nowhere up to |c| = {}", significant(found.cap, 2)),
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
                (percent(accuracy)) " of the training points are still right, in steps of " (significant(step(line), 2)) "): a wall stands between them. "
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
    let lines: Vec<String> = (story.slices.iter())
        .filter_map(|line| Some(format!("{} {}", line.minimum, at(edge(line)?))))
        .collect();
    if lines.is_empty() {
        return "Loss along random directions through each minimum.".into();
    }
    format!(
        "Loss along random directions through each minimum. The median walk passes the cutoff: {}.",
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
