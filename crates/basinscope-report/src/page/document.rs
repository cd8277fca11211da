//! The frame of the page: head, title, table of contents, stations, foot.

use super::Section;
use super::format::{count, percent, words};
use super::play::{Play, scripts};
use super::story::{Pair, Story};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("../../assets/page/style.css");
const PLAY_STYLE: &str = include_str!("../../assets/page/play/play.css");

/// Nothing may be loaded but what the page itself holds; its own scripts and WebAssembly may run.
const POLICY: &str = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; \
    script-src 'unsafe-inline' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'";

const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
%3Cpath d='M1 3C4 17 12 17 15 3' fill='none' stroke='%232a6fb0' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E";

pub(super) fn document(story: &Story, play: &Play, sections: &[Section]) -> Markup {
    let body = html! {
        a.skip href="#content" { "Skip to the content" }
        header { (opening(story)) }
        div.columns {
            nav.contents aria-label="Contents" {
                ol {
                    @for section in sections { li { a href={ "#" (section.id) } { (section.short) } } }
                }
            }
            main #content {
                @for (index, section) in sections.iter().enumerate() {
                    section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                        h2 id={ (section.id) "-title" } {
                            span.station { (index + 1) } " " (section.title)
                        }
                        (section.body)
                    }
                }
            }
        }
    };
    shell(
        "Why do neural networks generalize? · basinscope",
        &summary(story),
        "Drawn from the records of one run. This file is the whole page: it loads nothing, and opens without a network.",
        body,
        Some(play),
    )
}

/// What every page shares: head, style and foot around its body, and what it plays with.
pub(super) fn shell(
    title: &str,
    description: &str,
    origin: &str,
    body: Markup,
    play: Option<&Play>,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "basinscope " (basinscope::VERSION) };
                meta name="description" content=(description);
                title { (title) }
                link rel="icon" href=(ICON);
                style { (PreEscaped(STYLE)) @if play.is_some() { (PreEscaped(PLAY_STYLE)) } }
            }
            body {
                (body)
                footer {
                    p {
                        (origin) " Written by basinscope " (basinscope::VERSION) "."
                    }
                }
                @if let Some(play) = play.filter(|play| !play.is_empty()) { (scripts(play)) }
            }
        }
    }
}

fn opening(story: &Story) -> Markup {
    html! {
        p.kicker { "basinscope · one run" }
        h1 { "Why do neural networks generalize?" }
        p.lede { (summary(story)) }
        @let facts = facts(story);
        dl.facts {
            @for (class, label, value) in &facts {
                div.fact.(*class) { dt { (label) } dd { (value) } }
            }
        }
    }
}

/// The run in two sentences.
fn summary(story: &Story) -> String {
    if let Some(Pair { good, bad }) = story.pair() {
        let (train_good, train_bad) = (percent(good.train_accuracy), percent(bad.train_accuracy));
        let same = if train_good == train_bad {
            format!("Both are right about {train_good} of the training points.")
        } else {
            format!("They are right about {train_good} and {train_bad} of the training points.")
        };
        return format!(
            "Two settings of {}. {same} One is right about {} of new points, the other about {}. \
             What tells them apart is the shape of the loss around them.",
            if good.has_net_of(bad) {
                "one network"
            } else {
                "two networks"
            },
            percent(good.test_accuracy),
            percent(bad.test_accuracy)
        );
    }
    if let [only] = story.minima.as_slice() {
        return format!(
            "One minimum of a network with {} parameters, right about {} of the training points and {} of new ones: \
             what the loss looks like around it.",
            count(only.parameters),
            percent(only.train_accuracy),
            percent(only.test_accuracy)
        );
    }
    let best = story.best();
    format!(
        "{} minima of a network with {} parameters. The best is right about {} of new points: what the loss \
         looks like around them.",
        super::minima::capital(&words(story.minima.len())),
        count(best.parameters),
        percent(best.test_accuracy)
    )
}

/// The few numbers to remember.
fn facts(story: &Story) -> Vec<(&'static str, &'static str, String)> {
    let best = story.best();
    let mut facts = Vec::new();
    if let Some(Pair { good, bad }) = story.pair() {
        facts.push(("good", "Good: test accuracy", percent(good.test_accuracy)));
        facts.push(("bad", "Bad: test accuracy", percent(bad.test_accuracy)));
        if let Some(lead) = story.sizes.first() {
            facts.push(("plain", lead.label(), lead.number()));
        }
    } else {
        facts.push(("plain", "Train accuracy", percent(best.train_accuracy)));
        facts.push(("plain", "Test accuracy", percent(best.test_accuracy)));
    }
    facts.push(("plain", "Parameters", count(best.parameters)));
    facts
}
