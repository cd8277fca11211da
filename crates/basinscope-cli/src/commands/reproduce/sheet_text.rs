//! Sheets as text: for the terminal, and as Markdown.

use crate::console::table;
use basinscope::record::{SeedsRecord, SheetRecord, must_pass};

/// A sheet for the terminal.
pub fn text(sheet: &SheetRecord) -> String {
    let rows: Vec<Vec<String>> = (sheet.rows.iter())
        .map(|row| {
            vec![
                row.quantity.clone(),
                row.published.clone(),
                row.ours.clone(),
                row.bar.clone(),
                verdict(row.pass).into(),
            ]
        })
        .collect();
    let text = table(&["", "published", "ours", "bar", ""], &rows);
    with_notes(text, &sheet.notes)
}

/// A sheet over seeds for the terminal.
pub fn seeds_text(record: &SeedsRecord) -> String {
    let rows: Vec<Vec<String>> = (record.rows.iter())
        .map(|row| {
            vec![
                row.quantity.clone(),
                row.published.clone(),
                row.told(),
                row.bar.clone(),
                row.told_hits(),
                verdict(row.pass).into(),
            ]
        })
        .collect();
    let heading = ["", "published", "median (range)", "bar", "seeds", ""];
    with_notes(table(&heading, &rows), &record.notes)
}

fn with_notes(mut text: String, notes: &[String]) -> String {
    for note in notes {
        text += &format!("\n· {note}");
    }
    text
}

fn verdict(pass: bool) -> &'static str {
    if pass { "pass" } else { "MISS" }
}

/// Sheets as Markdown tables.
pub fn markdown(sheets: &[SheetRecord]) -> String {
    let mut text = String::new();
    for sheet in sheets {
        text += &format!(
            "## {}: {}\n\nPreset {}, seed {}, basinscope {}.\n\n",
            sheet.experiment, sheet.title, sheet.preset, sheet.seed, sheet.version
        );
        text += "| quantity | published | ours | bar | |\n|---|---|---|---|---|\n";
        for row in &sheet.rows {
            let cells = [&row.quantity, &row.published, &row.ours, &row.bar];
            text += &line(cells.map(String::as_str), verdict(row.pass));
        }
        text += &listed(&sheet.notes);
    }
    text
}

/// A sheet over seeds as Markdown.
pub fn seeds_markdown(record: &SeedsRecord) -> String {
    let seeds: Vec<String> = record.seeds.iter().map(u64::to_string).collect();
    let count = seeds.len();
    let mut text = format!(
        "## {}: {}\n\nPreset {}, {count} seeds drawn from {}, basinscope {}. A bar holds where {} \
         of {count} seeds pass it; in brackets the exact 95 % interval of the chance that a seed \
         does. The points are the same for every seed.\n\n",
        record.experiment,
        record.title,
        record.preset,
        record.base_seed,
        record.version,
        must_pass(count),
    );
    text += "| quantity | published | median (range) | bar | seeds that pass | |\n\
             |---|---|---|---|---|---|\n";
    for row in &record.rows {
        let (told, hits) = (row.told(), row.told_hits());
        let cells = [&row.quantity, &row.published, &told, &row.bar, &hits];
        text += &line(cells.map(String::as_str), verdict(row.pass));
    }
    text += &listed(&record.notes);
    text + &format!("Seeds: {}.\n\n", seeds.join(", "))
}

fn line<const N: usize>(cells: [&str; N], verdict: &str) -> String {
    let mut text = String::new();
    for cell in cells {
        text += &format!("| {} ", cell.replace('|', "\\|"));
    }
    text + &format!("| {verdict} |\n")
}

fn listed(notes: &[String]) -> String {
    let mut text = String::from("\n");
    for note in notes {
        text += &format!("- {note}\n");
    }
    if !notes.is_empty() {
        text.push('\n');
    }
    text
}
