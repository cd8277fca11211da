//! `basinscope verify`: the estimators held against basins whose volumes are known.

use crate::console::{ChecksFailed, Console, table};
use anyhow::Result;
use basinscope::record::{RunDir, VerifyRecord, VerifyRow};
use basinscope::simd::Kernel;
use basinscope::verify::{Check, full_plan, reduced_plan};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Options of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope verify
  basinscope verify --case valley
  basinscope verify --full --out runs/verify

Each estimator is run on bowls, a valley, a cube and a small net whose volumes are known by other
means; exit code 1 where one misses its bar. docs/guide/verify.md tells how to read the table.")]
pub struct Args {
    /// Everything, 100,000 dimensions and all repetitions too (hours)
    #[arg(long)]
    full: bool,

    /// Only the cases whose name holds this text
    #[arg(long, value_name = "NAME")]
    case: Option<String>,

    /// Folder for verify.json and verify.md
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// The record's file under `--out`.
const FILE: &str = "verify.json";

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let begun = Instant::now();
    let out = args.out.as_ref().map(RunDir::create_bare).transpose()?;
    let plan = match args.full {
        true => full_plan()?,
        false => reduced_plan()?,
    };
    let plan = select(plan, args.case.as_deref())?;
    let mut record = VerifyRecord {
        set: if args.full { "full" } else { "reduced" }.into(),
        rows: Vec::new(),
        seed: args.seed,
        version: basinscope::VERSION.into(),
        kernel: Some(Kernel::active().name().into()),
    };
    let known = match &out {
        Some(out) if out.has(FILE) => known(out.read_json(FILE)?, &record),
        _ => Vec::new(),
    };
    let bar = console.bar("checks", plan.len() as u64);
    for check in &plan {
        match &out {
            Some(_) => console.check()?,
            None => console.check_unsaved()?,
        }
        bar.set_message(format!("{}: {}", check.estimator.name(), check.case.name));
        let rows: Vec<VerifyRow> = (known.iter().filter(|row| check.is_answered_by(row)))
            .cloned()
            .collect();
        record
            .rows
            .extend(match rows.len() == check.case.truths.len() {
                true => rows,
                false => check.run(args.seed, console)?,
            });
        if let Some(out) = &out {
            out.write_json(FILE, &record)?;
            out.write("verify.md", markdown(&record).as_bytes())?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let (judged, misses) = (judged(&record), record.misses());
    let seconds = begun.elapsed().as_secs_f64();
    console.say(text_of(&record));
    console.say(format!(
        "{} of {judged} rows with a bar passed in {seconds:.0} s",
        judged - misses
    ));
    console.summary(&json!({
        "command": "verify",
        "run": args.out,
        "seconds": seconds,
        "misses": misses,
        "results": record,
    }))?;
    match misses {
        0 => Ok(()),
        misses => Err(ChecksFailed(misses).into()),
    }
}

/// What an earlier run of the same question has found.
fn known(earlier: VerifyRecord, now: &VerifyRecord) -> Vec<VerifyRow> {
    let same =
        earlier.seed == now.seed && earlier.version == now.version && earlier.kernel == now.kernel;
    if same { earlier.rows } else { Vec::new() }
}

/// The checks on the cases asked for.
fn select(plan: Vec<Check>, name: Option<&str>) -> Result<Vec<Check>> {
    let Some(name) = name else { return Ok(plan) };
    let mut names: Vec<String> = plan.iter().map(|check| check.case.name.clone()).collect();
    names.dedup();
    let chosen: Vec<Check> = (plan.into_iter())
        .filter(|check| check.case.name.contains(name))
        .collect();
    if chosen.is_empty() {
        let expected = format!("part of one of {}", names.join("; "));
        return Err(basinscope::Error::setting("case", expected, name).into());
    }
    Ok(chosen)
}

/// Rows that have a bar.
fn judged(record: &VerifyRecord) -> usize {
    (record.rows.iter())
        .filter(|row| !row.bar.is_empty())
        .count()
}

const HEADING: [&str; 11] = [
    "case",
    "σ",
    "estimator",
    "truth",
    "estimate",
    "error",
    "claimed ±",
    "covers",
    "evaluations",
    "gradients",
    "",
];

fn cells(row: &VerifyRow) -> Vec<String> {
    let covers = match (row.covered, row.flagged) {
        (Some(covered), _) if row.repetitions > 1 => format!("{covered} of {}", row.repetitions),
        (Some(1), _) => "yes".into(),
        (Some(_), _) => "no".into(),
        (None, true) => "flagged".into(),
        (None, false) => "–".into(),
    };
    vec![
        row.case.clone(),
        row.sigma.map_or("V".into(), |sigma| format!("{sigma:.4}")),
        row.method.clone(),
        format!("{:.3}", row.truth),
        format!("{:.3}", row.estimate),
        format!("{:+.3}", row.error),
        row.half_width
            .map_or("–".into(), |half| format!("{half:.3}")),
        covers,
        row.evaluations.to_string(),
        row.gradients.to_string(),
        match (row.bar.is_empty(), row.pass) {
            (true, _) => "shown",
            (false, true) => "pass",
            (false, false) => "MISS",
        }
        .into(),
    ]
}

/// The record for the terminal, with what the missed bars asked.
fn text_of(record: &VerifyRecord) -> String {
    let rows: Vec<Vec<String>> = record.rows.iter().map(cells).collect();
    let mut text = table(&HEADING, &rows);
    for row in record.rows.iter().filter(|row| !row.pass) {
        text += &format!(
            "\n· {}, {}: {} ({})",
            row.case, row.method, row.bar, row.note
        );
    }
    text
}

/// The record as a Markdown table, with bars and notes.
fn markdown(record: &VerifyRecord) -> String {
    let mut text = format!(
        "{} of {} rows with a bar passed. The {} set, seed {}, basinscope {}.\n\n|",
        judged(record) - record.misses(),
        judged(record),
        record.set,
        record.seed,
        record.version
    );
    for head in HEADING.iter().chain(&["bar", "note"]) {
        text += &format!(" {head} |");
    }
    text += &format!("\n|{}\n", "---|".repeat(HEADING.len() + 2));
    for row in &record.rows {
        let mut cells = cells(row);
        cells.extend([row.bar.clone(), row.note.clone()]);
        for cell in cells {
            text += &format!("| {} ", cell.replace('|', "\\|"));
        }
        text += "|\n";
    }
    text
}
