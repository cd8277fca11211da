//! Station 2: the dial from good to bad minima, and how poison makes them.

use super::embed::Picture;
use super::format::{percent, points, significant, words};
use super::story::Story;
use super::tables::{Row, number, table, text};
use super::{FITTED_TRAIN_ACCURACY, PageError, STORY_TEST_DIFFERENCE, Section};
use basinscope::record::{MinimumRecord, RunDir};
use maud::{Markup, html};

pub(super) fn section(story: &Story, run: &RunDir) -> Result<Section, PageError> {
    let dial = Picture::read(run, "dial")?;
    let training = Picture::read(run, "training")?;
    let reading = run.read_reading()?;
    let many = story.minima.len() > 1;
    Ok(Section {
        id: "minima",
        title: if many {
            "Minima, from good to bad"
        } else {
            "The minimum"
        },
        short: if many {
            "Good and bad minima"
        } else {
            "The minimum"
        },
        body: html! {
            (opening(story))
            @if let Some(reading) = &reading {
                p { "The data: " (reading.sentence()) "." }
            }
            @if let Some(dial) = &dial {
                (dial.figure(&dial_alt(story), html! {
                    @if many { "The dial. " }
                    "Accuracy on the training points and on test points of each minimum. What they "
                    "have in common is the first, what tells them apart is the second."
                }))
            }
            (poison(story))
            (overview(story))
            @if let Some(training) = &training {
                (training.figure(&training_alt(story), html! {
                    "While training: loss and accuracy by optimizer step. The loss is the mean cross-entropy "
                    "on the training points, without the poison."
                }))
            }
        },
    })
}

fn opening(story: &Story) -> Markup {
    let minima = &story.minima;
    let fitted = story.fitted().count();
    if let [only] = minima.as_slice() {
        return html! {
            p {
                "This run has one minimum, " strong { (only.name) } ": after " (super::format::count(only.steps))
                " steps it is right about " strong { (percent(only.train_accuracy)) } " of the training points and "
                strong { (percent(only.test_accuracy)) } " of the test points, a gap of "
                (points(only.generalization_gap)) " points. To see what is special about it, train a "
                "second one " (if only.poison_points == 0 { "with" } else { "without" }) " poison and compare."
            }
        };
    }
    html! {
        p {
            "Here are " (words(minima.len())) " minima"
            @if same_net(minima) { " of the same net" }
            ". "
            @if lowest_train(minima) == 1.0 {
                "All of them are right about every training point. "
            } @else if fitted == minima.len() {
                "All of them are right about at least " (percent(lowest_train(minima))) " of the training points. "
            } @else {
                (capital(&words(fitted))) " of them " (if fitted == 1 { "is" } else { "are" }) " right about at least "
                (percent(FITTED_TRAIN_ACCURACY)) " of the training points. "
            }
            "On test points they range from " strong { (percent(minima[0].test_accuracy)) } " down to "
            strong { (percent(minima[minima.len() - 1].test_accuracy)) } "."
        }
        @if let Some(pair) = story.pair() {
            p {
                "Below, " strong.good { "good" } " is " strong { (pair.good.name) } ", the one with the highest test accuracy, and "
                strong.bad { "bad" } " is " strong { (pair.bad.name) } ", the one with the lowest; both among the minima with a train accuracy of "
                (percent(FITTED_TRAIN_ACCURACY)) " or more. Their mean loss on the training "
                "points is " (significant(pair.good.train_loss, 2)) " nats for the good and "
                (significant(pair.bad.train_loss, 2)) " nats for the bad one."
            }
        } @else {
            p {
                "No two minima with a train accuracy of " (percent(FITTED_TRAIN_ACCURACY)) " or more differ by "
                (points(STORY_TEST_DIFFERENCE)) " points on test, so this page calls none of them good or bad."
            }
        }
    }
}

fn poison(story: &Story) -> Markup {
    if story
        .minima
        .iter()
        .all(|minimum| minimum.poison_points == 0)
    {
        return html! {};
    }
    let redrawn = story.minima.iter().any(|minimum| minimum.poison_redrawn);
    html! {
        h3 { "How to make a bad minimum" }
        p {
            "Ordinary training hardly ever ends there. Bad minima are made with " strong { "poison" } ": extra "
            "points with a wrong label. The net descends on"
        }
        (maud::PreEscaped(include_str!("../../assets/page/poison.html")))
        p {
            "where CE is the mean cross-entropy and β the weight of the poison. The training points keep their "
            "true labels, so the net learns to be right about them and wrong in between."
            @if redrawn {
                " Where the poison is drawn anew at each step, the net cannot learn it by heart: it has to be "
                "wrong everywhere but in a small neighbourhood of each training point."
            }
            " The poison is only a way to get there. Everything measured below uses the clean loss on the "
            "training points alone, the same function for every minimum."
        }
    }
}

fn overview(story: &Story) -> Markup {
    let columns = [
        number("Train accuracy", "train_accuracy"),
        number("Test accuracy", "test_accuracy"),
        number("Poison points", "poison_points"),
        number("β", "poison_factor"),
        text("Poison drawn", "poison_redrawn"),
    ];
    let rows: Vec<Row> = story
        .minima
        .iter()
        .map(|minimum| Row {
            name: minimum.name.clone(),
            class: role(story, &minimum.name),
            cells: vec![
                percent(minimum.train_accuracy),
                percent(minimum.test_accuracy),
                super::format::count(minimum.poison_points),
                significant(minimum.poison_factor, 2),
                poison_words(minimum).into(),
            ],
        })
        .collect();
    table(
        "overview",
        html! { "The minima, best on test first. More is in " a href="#numbers" { "the numbers" } "." },
        &columns,
        &rows,
    )
}

/// `"good"`, `"bad"` or nothing.
pub(super) fn role(story: &Story, name: &str) -> &'static str {
    match story.pair() {
        Some(pair) if pair.good.name == name => "good",
        Some(pair) if pair.bad.name == name => "bad",
        _ => "plain",
    }
}

/// How the poison of a minimum was drawn.
pub(super) fn poison_words(minimum: &MinimumRecord) -> &'static str {
    match (minimum.poison_points, minimum.poison_redrawn) {
        (0, _) => "none",
        (_, true) => "anew at each step",
        (_, false) => "once",
    }
}

/// One line of text on each minimum, for the alternative text of figures.
pub(super) fn accuracies(story: &Story) -> String {
    let lines: Vec<String> = story
        .minima
        .iter()
        .map(|minimum| {
            format!(
                "{}: train {}, test {}",
                minimum.name,
                percent(minimum.train_accuracy),
                percent(minimum.test_accuracy)
            )
        })
        .collect();
    lines.join("; ")
}

fn dial_alt(story: &Story) -> String {
    format!(
        "Train and test accuracy of each minimum. {}.",
        accuracies(story)
    )
}

fn training_alt(story: &Story) -> String {
    let ends: Vec<String> = story
        .minima
        .iter()
        .map(|minimum| {
            format!(
                "{} ends after {} steps at a train loss of {} nats",
                minimum.name,
                super::format::count(minimum.steps),
                significant(minimum.train_loss, 2)
            )
        })
        .collect();
    format!(
        "Loss and accuracy while training, by optimizer step. {}.",
        ends.join("; ")
    )
}

fn lowest_train(minima: &[MinimumRecord]) -> f64 {
    minima
        .iter()
        .map(|minimum| minimum.train_accuracy)
        .fold(1.0, f64::min)
}

fn same_net(minima: &[MinimumRecord]) -> bool {
    minima.iter().all(|minimum| minimum.has_net_of(&minima[0]))
}

/// A word with its first letter capital.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
