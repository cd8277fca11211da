//! The page of an experiment over several seeds, and the page over several of them.

use super::document::shell;
use super::embed::download;
use basinscope::record::{SeedsRecord, SeedsRow, must_pass};
use maud::{Markup, html};

/// The page of one experiment over several seeds: every bar over all of them, then seed by seed.
pub fn seeds_html(record: &SeedsRecord) -> String {
    let body = html! {
        a.skip href="#content" { "Skip to the content" }
        header {
            p.kicker { "basinscope · reproduce " (record.experiment) " · preset " (record.preset) ", " (record.seeds.len()) " seeds" }
            h1 { (record.title) }
            p.lede { (verdict(record)) }
        }
        main #content {
            (table(record))
            h2 { "Seed by seed" }
            (by_seed(record, ""))
            p.files { (download("this sheet as Markdown", "sheet.md")) " " (download("as JSON", "results/seeds.json")) }
        }
    };
    let origin = format!(
        "Drawn from the sheets of {} runs of {}, one for each seed.",
        record.seeds.len(),
        record.experiment
    );
    shell(
        &format!("{} · basinscope", record.title),
        &verdict(record),
        &origin,
        body,
        None,
    )
    .into_string()
}

/// The page over several experiments, each over several seeds.
pub fn all_seeds_html(records: &[SeedsRecord]) -> String {
    let rows: usize = records.iter().map(|record| record.rows.len()).sum();
    let misses: usize = records.iter().map(SeedsRecord::misses).sum();
    let lede = format!(
        "{} experiments, {} of {rows} bars hold over the seeds.",
        records.len(),
        rows - misses
    );
    let body = html! {
        a.skip href="#content" { "Skip to the content" }
        header {
            p.kicker { "basinscope · reproduce" }
            h1 { "The paper’s figures, over seeds that nobody picked" }
            p.lede { (lede) }
        }
        main #content {
            @for record in records {
                section id=(record.experiment) aria-labelledby={ (record.experiment) "-title" } {
                    h2 id={ (record.experiment) "-title" } {
                        a href={ (record.experiment) "/index.html" } { (record.title) }
                    }
                    p { (verdict(record)) }
                    (table(record))
                }
            }
            p { (download("all sheets as Markdown", "sheets.md")) }
        }
    };
    shell(
        "The paper’s figures over seeds · basinscope",
        &lede,
        "Drawn from the sheets of several experiments over several seeds.",
        body,
        None,
    )
    .into_string()
}

fn verdict(record: &SeedsRecord) -> String {
    let (rows, seeds) = (record.rows.len(), record.seeds.len());
    let held = rows - record.misses();
    format!(
        "{held} of {rows} bars hold over {seeds} seeds: at least {} of them pass.",
        must_pass(seeds)
    )
}

fn table(record: &SeedsRecord) -> Markup {
    html! {
        div.table-box.scroller tabindex="0" role="group" aria-label={ "Sheet of " (record.experiment) " over seeds" } {
            table.sheet {
                caption {
                    "What the paper says, the median and the range over the seeds, the bar for each seed, and how many \
                     seeds pass it (in brackets the exact 95 % interval of the chance that a seed does). The points are \
                     the same for every seed."
                }
                thead {
                    tr { th scope="col" { "quantity" } th scope="col" { "published" } th scope="col" { "median (range)" }
                        th scope="col" { "bar" } th scope="col" { "seeds that pass" } th scope="col" { "verdict" } }
                }
                tbody { @for row in &record.rows { (line(row)) } }
            }
        }
        @for note in &record.notes { p.note { (note) } }
    }
}

fn line(row: &SeedsRow) -> Markup {
    html! {
        tr {
            th scope="row" { (row.quantity) }
            td { (row.published) }
            td { (row.told()) }
            td { (row.bar) }
            td { (row.told_hits()) }
            td { @if row.pass { "pass" } @else { strong.bad { "miss" } } }
        }
    }
}

/// What each seed found, with a link to its own page.
fn by_seed(record: &SeedsRecord, folder: &str) -> Markup {
    html! {
        div.table-box.scroller tabindex="0" role="group" aria-label={ "Seeds of " (record.experiment) } {
            table.sheet {
                thead {
                    tr { th scope="col" { "seed" } @for row in &record.rows { th scope="col" { (row.quantity) } } }
                }
                tbody {
                    @for (place, seed) in record.seeds.iter().enumerate() {
                        tr {
                            th scope="row" { a href={ (folder) "seed-" (seed) "/index.html" } { (seed) } }
                            @for row in &record.rows {
                                td {
                                    @if row.passed[place] { (row.ours[place]) }
                                    @else { strong.bad { (row.ours[place]) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use basinscope::record::{SheetRecord, SheetRow, SheetValue};

    fn record(passes: usize) -> SeedsRecord {
        let sheets: Vec<SheetRecord> = (0..10_u64)
            .map(|seed| {
                let share = 0.97 + 0.002 * seed as f64;
                SheetRecord {
                    experiment: "fig3".into(),
                    title: "Boundaries".into(),
                    preset: "quick".into(),
                    rows: vec![SheetRow {
                        quantity: "test accuracy <of> good".into(),
                        published: "98.5 %".into(),
                        ours: SheetValue::Share(share).to_string(),
                        bar: "≥ 98 %".into(),
                        pass: (seed as usize) < passes,
                        value: Some(SheetValue::Share(share)),
                    }],
                    notes: vec!["one note".into()],
                    pictures: Vec::new(),
                    seed: 1_000 + seed,
                    version: basinscope::VERSION.into(),
                    config: serde_json::json!({}),
                }
            })
            .collect();
        SeedsRecord::of(0, &sheets).unwrap()
    }

    #[test]
    fn a_page_over_seeds_shows_rate_interval_median_and_each_seed() {
        let html = seeds_html(&record(9));
        for part in [
            "test accuracy &lt;of&gt; good",
            "9 of 10 (55 to 100 %)",
            "97.9 % (97.0 % to 98.8 %)",
            "href=\"seed-1009/index.html\"",
            "1 of 1 bars hold over 10 seeds",
            "one note",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("miss</strong>"));
        assert!(seeds_html(&record(8)).contains("miss</strong>"));
    }

    #[test]
    fn the_page_over_all_counts_what_holds() {
        let html = all_seeds_html(&[record(10), record(1)]);
        assert!(html.contains("2 experiments, 1 of 2 bars hold over the seeds."));
        assert!(html.contains("href=\"fig3/index.html\""));
    }
}
