//! The pages around runs that are served: the list of them, and the few words where there is none.

use super::document::shell;
use super::format::{count, percent};
use maud::{Markup, html};

/// How far a run is, by its files alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is no result yet.
    Waiting,
    /// A file changed a moment ago.
    Running,
    /// The page is the last thing that was written.
    Finished,
    /// Results are newer than the page, and nothing has changed for a while.
    Unfinished,
}

impl Standing {
    /// The word for it in the list.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Unfinished => "unfinished",
        }
    }
}

/// A run on the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Shelved {
    /// Its name in the address, of letters, digits, `-`, `_` and `.`.
    pub key: String,
    /// The folder, for the reader.
    pub folder: String,
    /// The command that made it, where `config.toml` tells.
    pub command: Option<String>,
    /// Number of minima.
    pub minima: usize,
    /// Lowest and highest test accuracy of them, as shares; `None` without minima.
    pub test_accuracy: Option<(f64, f64)>,
    /// Number of volumes measured.
    pub volumes: usize,
    /// When a file last changed, in words.
    pub changed: Option<String>,
    /// How far it is.
    pub standing: Standing,
}

/// What the list says of runs that have nothing to show in a column.
const NONE: &str = "–";

/// The list of runs, each linked as `runs/KEY/`.
///
/// The cell that says how long ago a run changed has the id `changed-KEY`, so that it can be kept
/// up to date without drawing the page again.
pub fn shelf_html(runs: &[Shelved]) -> String {
    let lede = match runs.len() {
        0 => "No runs yet: this page shows the first as soon as it begins.".into(),
        1 => "One run, up to date while it goes on.".into(),
        several => format!("{several} runs, up to date while they go on."),
    };
    let body = html! {
        a.skip href="#content" { "Skip to the content" }
        header {
            p.kicker { "basinscope · serve" }
            h1 { "Runs" }
            p.lede { (lede) }
        }
        main #content { @if !runs.is_empty() { (table(runs)) } }
    };
    shell(
        "Runs · basinscope",
        &lede,
        "Listed from the folders being served.",
        body,
        None,
    )
    .into_string()
}

/// A page of a few words, where there is nothing else to show.
pub fn notice_html(title: &str, text: &str) -> String {
    let body = html! {
        header {
            p.kicker { "basinscope · serve" }
            h1 { (title) }
        }
        main { p { (text) } }
    };
    let title = format!("{title} · basinscope");
    shell(&title, text, "Said by the server.", body, None).into_string()
}

fn table(runs: &[Shelved]) -> Markup {
    html! {
        div.table-box.scroller tabindex="0" role="group" aria-label="Runs" {
            table {
                caption {
                    "Test accuracy: lowest and highest among the minima of the run. Running: a file changed in the \
                     last half minute. Unfinished: no change since, and results newer than the page."
                }
                thead {
                    tr {
                        th scope="col" { "run" } th scope="col" { "state" } th.num scope="col" { "changed" }
                        th.num scope="col" { "minima" } th.num scope="col" { "test accuracy" }
                        th.num scope="col" { "volumes" } th scope="col" { "command" } th scope="col" { "folder" }
                    }
                }
                tbody { @for run in runs { (line(run)) } }
            }
        }
    }
}

fn line(run: &Shelved) -> Markup {
    let accuracy = run.test_accuracy.map(|(low, high)| match low == high {
        true => percent(high),
        false => format!("{} – {}", percent(low), percent(high)),
    });
    html! {
        tr {
            th scope="row" { a href={ "runs/" (run.key) "/" } { (run.key) } }
            td { @if run.standing == Standing::Running { strong { (run.standing.word()) } } @else { (run.standing.word()) } }
            td.num id={ "changed-" (run.key) } { (run.changed.as_deref().unwrap_or(NONE)) }
            td.num { (count(run.minima)) }
            td.num { (accuracy.as_deref().unwrap_or(NONE)) }
            td.num { (count(run.volumes)) }
            td { (run.command.as_deref().unwrap_or(NONE)) }
            td { code { (run.folder) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_what_the_run_holds() {
        let run = Shelved {
            key: "tour-7".into(),
            folder: "runs/<tour>".into(),
            command: Some("tour".into()),
            minima: 10,
            test_accuracy: Some((0.06, 0.995)),
            volumes: 1_200,
            changed: Some("12 s ago".into()),
            standing: Standing::Running,
        };
        let empty = Shelved {
            key: "empty".into(),
            minima: 0,
            test_accuracy: None,
            command: None,
            changed: None,
            standing: Standing::Waiting,
            ..run.clone()
        };
        let html = shelf_html(&[run, empty]);
        for part in [
            "href=\"runs/tour-7/\"",
            "id=\"changed-tour-7\">12 s ago<",
            "runs/&lt;tour&gt;",
            "6.0\u{202f}% – 99.5\u{202f}%",
            "1,200",
            ">running<",
            ">waiting<",
            "2 runs",
        ] {
            assert!(html.contains(part), "{part}");
        }
    }

    #[test]
    fn words_are_escaped() {
        let html = notice_html("Not here", "no file <b>");
        assert!(html.contains("no file &lt;b&gt;") && html.contains("<h1>Not here</h1>"));
    }
}
