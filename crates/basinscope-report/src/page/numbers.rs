//! Station 6: every number, and how to get them again.

use super::embed::save;
use super::format::{carried, count, percent, plain, significant};
use super::minima::{poison_words, role};
use super::story::Story;
use super::tables::{Row, number, table, text};
use super::{PageError, Section, comparison, local_tables};
use basinscope::record::{MinimumRecord, RunDir};
use maud::{Markup, html};

/// Results that can be saved from the page.
const DOWNLOADS: [&str; 7] = [
    "results/minima.json",
    "results/volumes.json",
    "results/local-volumes.json",
    "results/slices.json",
    "results/between.json",
    "results/boundaries.json",
    "results/surfaces.json",
];

pub(super) fn section(story: &Story, run: &RunDir) -> Result<Section, PageError> {
    let mut downloads = Vec::new();
    for file in DOWNLOADS {
        downloads.extend(save(run, file));
    }
    downloads.extend(save(run, "config.toml"));
    Ok(Section {
        id: "numbers",
        title: "The numbers, and how to repeat them",
        short: "Numbers",
        body: html! {
            (comparison::table(story))
            (minima(story))
            @if !story.local.is_empty() { (local_tables::tables(story)) }
            @if !story.volumes.is_empty() { (volumes(story)) }
            h3 { "Repeat it" }
            (provenance(story))
            h3 { "Take the data" }
            p { "The records behind every number on this page; they are part of it and need no network." }
            ul.files { @for link in &downloads { li { (link) } } }
            @if let Some(config) = &story.config {
                details {
                    summary { "The complete configuration (config.toml)" }
                    pre tabindex="0" { code { (config) } }
                }
            }
        },
    })
}

fn minima(story: &Story) -> Markup {
    let columns = [
        number("Test accuracy", "test_accuracy"),
        number("Train accuracy", "train_accuracy"),
        number("Gap, points", "generalization_gap"),
        number("Train loss, nats", "train_loss"),
        number("Test loss, nats", "test_loss"),
        number("Poison points", "poison_points"),
        text("Drawn", "poison_redrawn"),
        number("β", "poison_factor"),
        number("Steps", "steps"),
        text("Stopped by", "stopped"),
        number("Norm of θ", "norm"),
        number("Parameters", "parameters"),
        text(net_heading(&story.minima), "widths"),
        number("Seed", "seed"),
    ];
    let rows: Vec<Row> = story
        .minima
        .iter()
        .map(|minimum| Row {
            name: minimum.name.clone(),
            class: role(story, &minimum.name),
            cells: vec![
                percent(minimum.test_accuracy),
                percent(minimum.train_accuracy),
                plain(100.0 * minimum.generalization_gap, 1),
                significant(minimum.train_loss, 3),
                significant(minimum.test_loss, 3),
                count(minimum.poison_points),
                poison_words(minimum).into(),
                significant(minimum.poison_factor, 2),
                count(minimum.steps),
                minimum.stopped.clone(),
                plain(minimum.norm, 1),
                count(minimum.parameters),
                minimum.net(),
                minimum.seed.to_string(),
            ],
        })
        .collect();
    let caption = html! {
        strong { "Minima." } " Losses are mean cross-entropies per point, without poison and weight decay; "
        "the gap is train minus test accuracy."
    };
    table("table-minima", caption, &columns, &rows)
}

fn volumes(story: &Story) -> Markup {
    let columns = [
        number("Test accuracy", "test_accuracy"),
        number("Median radius", "radius_median"),
        text("95 % interval", "radius_median_ci"),
        number("Loss at the minimum", "start_loss"),
        number("log₁₀ V, lower bound", "log10_volume"),
        number("ESS", "ess"),
        number("Rays", "directions"),
        number("Censored", "censored"),
        number("Evaluations per ray", "evaluations_per_ray"),
        number("Cutoff, nats", "cutoff"),
        text("Directions", "normalization"),
        text("Method", "method"),
        number("n", "dimension"),
        number("Seed", "seed"),
    ];
    let mut records: Vec<_> = story.volumes.iter().collect();
    records.sort_by(|a, b| b.test_accuracy.total_cmp(&a.test_accuracy));
    let rows: Vec<Row> = records
        .into_iter()
        .map(|volume| {
            let [low, high] = volume.radius_median_ci;
            Row {
                name: volume.minimum.clone(),
                class: role(story, &volume.minimum),
                cells: vec![
                    percent(volume.test_accuracy),
                    carried(volume.radius_median, 0.5 * (high - low)),
                    format!(
                        "{} – {}",
                        carried(low, 0.5 * (high - low)),
                        carried(high, 0.5 * (high - low))
                    ),
                    start(volume.start_loss),
                    super::format::whole(volume.log10_volume),
                    plain(volume.ess, 2),
                    count(volume.directions),
                    count(volume.censored),
                    plain(volume.evaluations_per_ray, 1),
                    cutoff(volume.cutoff, &volume.region),
                    match volume.normalization.as_str() {
                        "none" => "isotropic".into(),
                        other => format!("{other}-normalised"),
                    },
                    volume.method.clone(),
                    count(volume.dimension),
                    volume.seed.to_string(),
                ],
            }
        })
        .collect();
    let caption = html! {
        strong { "Volumes." } " V is the naive volume ω" sub { "n" } "·mean(rⁿ), a lower bound; ESS is the effective sample size "
        "of the weights rⁿ; a censored ray never left the basin within the cap; the interval is a bootstrap of the median."
    };
    table("table-volumes", caption, &columns, &rows)
}

fn provenance(story: &Story) -> Markup {
    let best = story.best();
    let mut seeds: Vec<u64> = story.minima.iter().map(|minimum| minimum.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    html! {
        @if let Some(command) = command(story.config.as_deref()) {
            pre tabindex="0" { code { (command) } }
        }
        p {
            "Made with basinscope " (best.version) ", seed " (seeds.join(", ")) ". Every random draw comes from that seed, "
            "whatever the number of threads."
            @if story.config.is_some() { " The configuration below is complete." }
        }
    }
}

/// The command that makes such a run again, as far as its configuration tells.
fn command(config: Option<&str>) -> Option<String> {
    let table: toml::Table = config?.parse().ok()?;
    let seed = table.get("seed").and_then(toml::Value::as_integer);
    match (table.get("command").and_then(toml::Value::as_str), seed) {
        (Some("tour"), Some(seed)) => Some(format!("basinscope tour --seed {seed} --out again")),
        (Some(_), _) => None,
        (None, _) => table
            .contains_key("train")
            .then(|| "basinscope train --config config.toml --out again".into()),
    }
}

/// The loss at a minimum, where its record keeps it.
pub(super) fn start(loss: Option<f64>) -> String {
    loss.map_or_else(|| "–".into(), |loss| significant(loss, 2))
}

/// A cutoff, with what it is above where that is not 0.
pub(super) fn cutoff(cutoff: f64, region: &str) -> String {
    match region {
        "excess" => format!("own loss + {}", significant(cutoff, 2)),
        _ => significant(cutoff, 2),
    }
}

fn net_heading(minima: &[MinimumRecord]) -> &'static str {
    match minima.iter().all(|minimum| !minimum.widths.is_empty()) {
        true => "Widths",
        false => "Net",
    }
}
