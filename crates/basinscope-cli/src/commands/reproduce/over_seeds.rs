//! One experiment from several seeds that nobody picks, and the sheet over them.

use super::{Args, SHEET, Which, sheet_text};
use crate::console::Console;
use anyhow::Result;
use basinscope::Error;
use basinscope::random;
use basinscope::record::{RunDir, SeedsRecord, SheetRecord};
use basinscope_report::page;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where the record over seeds lies in the folder of its experiment.
pub const SEEDS: &str = "results/seeds.json";

/// Carries an experiment out from each seed, in a folder of its own, and judges every bar over
/// them. Seeds that are complete are read again.
pub fn conduct(which: Which, args: &Args, out: &Path, console: &Console) -> Result<SeedsRecord> {
    let top = out.join(which.name());
    if top.join("config.toml").exists() {
        let expected = "an empty folder or one of --seeds (choose another --out)";
        return Err(Error::file(top, "runs", expected, "a run of one seed").into());
    }
    let seeds = random::seeds(args.seed, args.seeds);
    let folder = |seed: u64| top.join(format!("seed-{seed}"));
    console.say(format!("{}: {} seeds …", which.name(), seeds.len()));
    let sheets = side_by_side(&seeds, |seed| {
        let sheet = which.conduct(args, seed, &folder(seed), console)?;
        let missed: Vec<&str> = (sheet.rows.iter())
            .filter(|row| !row.pass)
            .map(|row| row.quantity.as_str())
            .collect();
        console.say(match missed.as_slice() {
            [] => format!("{}, seed {seed}: all bars passed", which.name()),
            missed => format!(
                "{}, seed {seed}: missed {}",
                which.name(),
                missed.join("; ")
            ),
        });
        Ok(sheet)
    })?;
    let record = SeedsRecord::of(args.seed, &sheets)?;
    let run = RunDir::create_bare(&top)?;
    run.write_json(SEEDS, &record)?;
    run.write("sheet.md", sheet_text::seeds_markdown(&record).as_bytes())?;
    run.write("index.html", page::seeds_html(&record).as_bytes())?;
    console.say(format!("{}\n", sheet_text::seeds_text(&record)));
    Ok(record)
}

/// A folder of one seed must not lie over those of several.
pub fn refuse_over_seeds(folder: &Path) -> Result<()> {
    if !folder.join(SEEDS).exists() && !holds_seeds(folder) {
        return Ok(());
    }
    let expected =
        "an empty folder or a run of one seed (choose another --out, or ask for --seeds)";
    Err(Error::file(folder, "runs", expected, "runs of several seeds").into())
}

fn holds_seeds(folder: &Path) -> bool {
    let Ok(inside) = std::fs::read_dir(folder) else {
        return false;
    };
    let is_seed = |path: PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("seed-")) && path.is_dir()
    };
    inside.flatten().any(|entry| is_seed(entry.path()))
}

/// The sheet of a finished run, if it holds one.
pub fn finished(folder: &Path) -> Option<SheetRecord> {
    let file = folder.join(SHEET);
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

/// Runs a job for each seed on a few threads of their own, so that one seed's serial parts leave
/// no core idle; what is parallel inside a job shares the pool with the others. Results in the
/// order of the seeds.
fn side_by_side<T: Send>(seeds: &[u64], job: impl Fn(u64) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(seeds.len()));
    let failed = Mutex::new(None);
    let work = || {
        while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            match job(seed) {
                Ok(found) => lock(&done).push((seed, found)),
                Err(error) => {
                    // No further seed is begun; those under way end as they would alone.
                    next.store(seeds.len(), Ordering::Relaxed);
                    lock(&failed).get_or_insert(error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..rayon::current_num_threads().min(seeds.len()) {
            scope.spawn(work);
        }
    });
    if let Some(error) = lock(&failed).take() {
        return Err(error);
    }
    let mut done = std::mem::take(&mut *lock(&done));
    done.sort_by_key(|(seed, _)| seeds.iter().position(|known| known == seed));
    Ok(done.into_iter().map(|(_, found)| found).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_keep_their_order_and_the_first_failure_is_told() {
        let seeds: Vec<u64> = (0..50).rev().collect();
        let found = side_by_side(&seeds, |seed| Ok(2 * seed)).unwrap();
        assert_eq!(found, seeds.iter().map(|seed| 2 * seed).collect::<Vec<_>>());
        let failed = side_by_side(&seeds, |seed| match seed {
            7 => anyhow::bail!("seven"),
            other => Ok(other),
        });
        assert_eq!(failed.unwrap_err().to_string(), "seven");
    }
}
