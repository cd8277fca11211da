//! The tables of local volumes: one row for each estimate, and one for each point of the curves.

use super::format::{count, percent, plain, significant, whole};
use super::minima::role;
use super::numbers::{cutoff, start};
use super::story::Story;
use super::tables::{Row, number, table, text};
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord};
use maud::{Markup, html};

/// What stands where a record has no number.
const NONE: &str = "–";

/// Both tables.
pub(super) fn tables(story: &Story) -> Markup {
    let mut records: Vec<&LocalVolumeRecord> = story.local.iter().collect();
    records.sort_by(|a, b| b.test_accuracy.total_cmp(&a.test_accuracy));
    html! {
        (estimates(story, &records))
        details {
            summary { "Every point of the curves" }
            (points(story, &records))
        }
    }
}

fn estimates(story: &Story, records: &[&LocalVolumeRecord]) -> Markup {
    let columns = [
        number("Test accuracy", "test_accuracy"),
        text("Method", "method"),
        text("Region", "region"),
        number("Cutoff", "cutoff"),
        number("Loss at the minimum", "start_loss"),
        number("Largest local σ", "largest_local_sigma"),
        number("rms of θ*", "rms"),
        number("n", "dimension"),
        text("Metric", "metric"),
        number("Evaluations", "evaluations"),
        number("Gradients", "gradients"),
        number("Seed", "seed"),
    ];
    let row = |record: &&LocalVolumeRecord| Row {
        name: record.minimum.clone(),
        class: role(story, &record.minimum),
        cells: vec![
            percent(record.test_accuracy),
            record.method.clone(),
            record.region.clone(),
            cutoff(record.cutoff, &record.region),
            start(record.start_loss),
            some(record.largest_local_sigma, |sigma| significant(sigma, 3)),
            significant(record.rms, 3),
            count(record.dimension),
            record.metric.clone(),
            count(record.evaluations as usize),
            count(record.gradients as usize),
            record.seed.to_string(),
        ],
    };
    let caption = html! {
        strong { "Local volumes." } " What was estimated around each minimum, and at what cost. The region is where the "
        "mean loss is at most the cutoff (loss), or above the minimum’s own by at most as much (excess), where at least that share of the training points is right (accuracy), or where the "
        "predictions stay that close to the minimum’s (predictions)."
    };
    let rows: Vec<Row> = records.iter().map(row).collect();
    table("table-local-volumes", caption, &columns, &rows)
}

fn points(story: &Story, records: &[&LocalVolumeRecord]) -> Markup {
    let columns = [
        text("Method", "method"),
        number("σ", "sigma"),
        number("ln P, nats", "ln_p"),
        number("Standard error", "standard_error"),
        text("95 % interval", "interval"),
        number("log₁₀ V", "log10_volume"),
        number("k", "constrained_dimensions"),
        number("R-hat", "r_hat"),
        number("ESS", "ess"),
        number("f*", "star_share"),
        number("Test accuracy of samples", "sample_test_accuracy"),
        text("10 – 90 % of them", "sample_test_accuracy_range"),
        text("Converged", "converged"),
        text("Local", "local"),
        text("Warning", "warning"),
    ];
    let row = |record: &LocalVolumeRecord, point: &LocalVolumePoint| Row {
        name: record.minimum.clone(),
        class: role(story, &record.minimum),
        cells: vec![
            record.method.clone(),
            significant(point.sigma, 3),
            some(point.ln_p, |value| plain(value, 1)),
            some(point.standard_error, |value| significant(value, 2)),
            range(point.interval, |value| plain(value, 1)),
            some(point.log10_volume, whole),
            some(point.constrained_dimensions, |value| plain(value, 1)),
            some(point.r_hat, |value| plain(value, 2)),
            some(point.ess, whole),
            some(point.star_share, |value| plain(value, 2)),
            some(point.sample_test_accuracy, percent),
            range(point.sample_test_accuracy_range, percent),
            yes(point.converged),
            yes(point.local),
            point.warning.clone(),
        ],
    };
    let rows: Vec<Row> = (records.iter())
        .flat_map(|record| record.curve.iter().map(|point| row(record, point)))
        .collect();
    let caption = html! {
        strong { "Points of the curves." } " k is the number of constrained dimensions, f* the share of samples whose straight ray to "
        "the minimum stays in the basin, V the volume under the Gaussian window; " (NONE) " where there is no number."
    };
    table("table-local-curves", caption, &columns, &rows)
}

fn some(value: Option<f64>, format: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| NONE.into(), format)
}

fn range(value: Option<[f64; 2]>, format: impl Fn(f64) -> String) -> String {
    value.map_or_else(
        || NONE.into(),
        |[low, high]| format!("{} – {}", format(low), format(high)),
    )
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.into()
}
