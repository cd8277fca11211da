//! The page of an experiment, and the page over several: verdicts first, then the pictures.

use super::PageError;
use super::document::shell;
use super::embed::{Picture, download, save, uri};
use super::play::{Play, place};
use super::story::Story;
use basinscope::record::{RunDir, SheetRecord, SheetRow};
use maud::{Markup, html};

/// What an experiment's page lets its reader play with, where the run holds it: widget, anchor as
/// in the page of a story, title.
const WIDGETS: [(&str, &str, &str); 4] = [
    ("minefield", "minefield", "The minefield, to explore"),
    (
        "wiggle",
        "boundaries",
        "Two boundaries while the weights move",
    ),
    ("landscape", "flatness", "The loss over a plane, to walk in"),
    ("volume", "volume", "Volumes of the basins, to explore"),
];

/// The page of one experiment: its verdicts, notes and pictures.
///
/// Reads the pictures the sheet names from `figures/`; one that is missing is left out.
///
/// # Errors
/// [`PageError::Io`] where a picture cannot be read.
pub fn sheet_html(run: &RunDir, sheet: &SheetRecord) -> Result<String, PageError> {
    let mut pictures = Vec::new();
    for picture in &sheet.pictures {
        if let Some(found) = Picture::read(run, &picture.stem)? {
            pictures.push(found.figure(&picture.caption, html! { (picture.caption) }));
        } else if let Some(still) = uri(
            run,
            &format!("figures/{}-still.png", picture.stem),
            "image/png",
        )? {
            pictures.push(moving(&picture.stem, &picture.caption, &still));
        }
    }
    let play = match run.has("results/minima.json") {
        true => Some(Play::read(run, &Story::read(run)?)?),
        false => None,
    };
    let body = html! {
        a.skip href="#content" { "Skip to the content" }
        header {
            p.kicker { "basinscope · reproduce " (sheet.experiment) " · preset " (sheet.preset) ", seed " (sheet.seed) }
            h1 { (sheet.title) }
            p.lede { (verdict(sheet)) }
        }
        main #content {
            (table(sheet))
            @if let Some(play) = play.as_ref().filter(|play| !play.is_empty()) {
                section aria-labelledby="play-title" {
                    h2 #play-title { "To play with" }
                    @for (widget, anchor, title) in WIDGETS {
                        @if play.has(widget) {
                            h3 id=(anchor) { (title) }
                            (place(widget, title))
                        }
                    }
                }
            }
            @for picture in &pictures { (picture) }
            p.files {
                @for file in ["config.toml", "results/sheet.json", "sheet.md", "data.npz"] {
                    @if let Some(link) = save(run, file) { (link) " " }
                }
            }
        }
    };
    let origin = format!(
        "Drawn from the records of one run of {}. This file is the whole page: it loads nothing, and opens without a network.",
        sheet.experiment
    );
    Ok(shell(
        &format!("{} · basinscope", sheet.title),
        &verdict(sheet),
        &origin,
        body,
        play.as_ref(),
    )
    .into_string())
}

/// The page over several experiments: every sheet, with a link to the page of each.
pub fn sheets_html(sheets: &[SheetRecord]) -> String {
    let rows: usize = sheets.iter().map(|sheet| sheet.rows.len()).sum();
    let misses: usize = sheets.iter().map(SheetRecord::misses).sum();
    let lede = format!(
        "{} experiments, {} of {rows} bars passed.",
        sheets.len(),
        rows - misses
    );
    let body = html! {
        a.skip href="#content" { "Skip to the content" }
        header {
            p.kicker { "basinscope · reproduce" }
            h1 { "The paper’s figures, from scratch" }
            p.lede { (lede) }
        }
        main #content {
            @for sheet in sheets {
                section id=(sheet.experiment) aria-labelledby={ (sheet.experiment) "-title" } {
                    h2 id={ (sheet.experiment) "-title" } {
                        a href={ (sheet.experiment) "/index.html" } { (sheet.title) }
                    }
                    p { (verdict(sheet)) }
                    (table(sheet))
                }
            }
            p { (download("all sheets as Markdown", "sheets.md")) }
        }
    };
    let origin = "Drawn from the sheets of several experiments.";
    shell(
        "The paper’s figures, from scratch · basinscope",
        &lede,
        origin,
        body,
        None,
    )
    .into_string()
}

/// An animation: its still inside the page, the GIF beside it.
fn moving(stem: &str, caption: &str, still: &str) -> Markup {
    html! {
        figure {
            div.scroller tabindex="0" role="group" aria-label={ "Figure: " (stem.replace('-', " ")) } {
                img.only-light src=(still) alt=(caption) style="min-width:34rem";
            }
            figcaption {
                p { (caption) }
                p.downloads { (download("GIF (moving)", &format!("figures/{stem}.gif"))) }
            }
        }
    }
}

fn verdict(sheet: &SheetRecord) -> String {
    match (sheet.rows.len(), sheet.misses()) {
        (1, 0) => "The one bar is passed.".into(),
        (rows, 0) => format!("All {rows} bars are passed."),
        (rows, 1) => format!("1 of {rows} bars is missed."),
        (rows, misses) => format!("{misses} of {rows} bars are missed."),
    }
}

fn table(sheet: &SheetRecord) -> Markup {
    html! {
        div.table-box.scroller tabindex="0" role="group" aria-label={ "Sheet of " (sheet.experiment) } {
            table.sheet {
                caption { "What the paper says, what was found here, and the bar it must pass." }
                thead {
                    tr { th scope="col" { "quantity" } th scope="col" { "published" } th scope="col" { "ours" }
                        th scope="col" { "bar" } th scope="col" { "verdict" } }
                }
                tbody { @for row in &sheet.rows { (line(row)) } }
            }
        }
        @for note in &sheet.notes { p.note { (note) } }
    }
}

fn line(row: &SheetRow) -> Markup {
    html! {
        tr {
            th scope="row" { (row.quantity) }
            td { (row.published) }
            td { (row.ours) }
            td { (row.bar) }
            td { @if row.pass { "pass" } @else { strong.bad { "miss" } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use basinscope::record::Picture as Shown;

    fn sheet(pass: bool) -> SheetRecord {
        SheetRecord {
            experiment: "fig3".into(),
            title: "Boundaries".into(),
            preset: "quick".into(),
            rows: vec![SheetRow {
                quantity: "test accuracy <of> good".into(),
                published: "98.5 %".into(),
                ours: "99.0 %".into(),
                bar: "≥ 98 %".into(),
                pass,
                value: None,
            }],
            notes: vec!["one note".into()],
            pictures: vec![Shown {
                stem: "boundaries".into(),
                caption: "Both fit.".into(),
            }],
            seed: 3,
            version: basinscope::VERSION.into(),
            config: serde_json::json!({}),
        }
    }

    #[test]
    fn a_page_holds_its_verdicts_and_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"5\"/>";
        run.write("figures/boundaries.svg", svg).unwrap();
        let html = sheet_html(&run, &sheet(true)).unwrap();
        for part in [
            "test accuracy &lt;of&gt; good",
            "98.5 %",
            "99.0 %",
            "one note",
            "Both fit.",
            "data:image/svg+xml;base64,",
            "seed 3",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("miss</strong>"));
        assert!(
            sheet_html(&run, &sheet(false))
                .unwrap()
                .contains("miss</strong>")
        );
    }

    #[test]
    fn the_page_over_all_counts_and_links() {
        let html = sheets_html(&[sheet(true), sheet(false)]);
        assert!(html.contains("2 experiments, 1 of 2 bars passed."));
        assert!(html.contains("href=\"fig3/index.html\""));
    }
}
