//! Station 1: nets can fit anything, and yet they generalize.

use super::Section;
use super::format::{count, percent};
use super::play::{Play, place};
use super::story::Story;
use maud::html;

pub(super) fn section(story: &Story, play: &Play) -> Section {
    let parameters = count(story.best().parameters);
    Section {
        id: "mystery",
        title: "The mystery: a net can fit anything",
        short: "The mystery",
        body: html! {
            @if play.has("pair") { (place("pair", "A good and a bad boundary")) }
            p {
                "The network on this page has " strong { (parameters) " parameters" }
                @if let Some(points) = story.train_points() {
                    " and " strong { "only " (count(points)) " training points" }
                }
                ". With so much freedom it can fit the points whatever their labels are, even labels "
                "thrown by dice " (super::sources::cite("zhang")) ". So a perfect score on the training "
                "points says nothing about points the net has not seen: among the settings of the "
                "parameters that fit perfectly, there are some that are wrong nearly everywhere else."
            }
            @if let Some(pair) = story.pair() {
                p {
                    "They are not only possible, here is one: " strong.bad { (pair.bad.name) }
                    " is right about " (percent(pair.bad.train_accuracy)) " of the training points and about "
                    strong.bad { (percent(pair.bad.test_accuracy)) } " of new ones. "
                    @if pair.good.poison_points == 0 {
                        "And yet ordinary training, which looks at nothing but the training points, "
                        "arrived at " strong.good { (pair.good.name) } ", right about "
                        strong.good { (percent(pair.good.test_accuracy)) } " of new ones. "
                    } @else {
                        "And yet " strong.good { (pair.good.name) } " is right about "
                        strong.good { (percent(pair.good.test_accuracy)) } " of new ones. "
                    }
                    strong { "Why does it find the good ones?" }
                }
            } @else {
                p {
                    "And yet ordinary training, which looks at nothing but the training points, hardly ever "
                    "arrives at such a setting. " strong { "Why does it find the good ones?" }
                }
            }
            p {
                "The answer put forward by " (super::sources::cite("huang")) ": the parameters that "
                "generalize lie in wide, flat basins of the loss, the others in narrow ones. In a "
                "space of thousands of dimensions, a basin that is a little wider in each direction has "
                "overwhelmingly more volume. Training need not prefer good minima; it only has to be far "
                "more likely to run into the larger target. The stations below show it step by step, "
                "with the numbers of this run."
            }
        },
    }
}
