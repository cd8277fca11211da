//! `basinscope data fetch`: official sets into the cache folder.

use crate::console::{Console, Interrupted};
use anyhow::Result;
use basinscope::Error;
use basinscope_images::data::{
    CACHE_VARIABLE, Downloader, Event, Fetched, Md5Sum, Official, OfficialFile, Part, cache_folder,
    read_checksums,
};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Options of `data fetch`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope data fetch mnist
  basinscope data fetch svhn --extra --cache /data/pictures
  basinscope data fetch cifar10 --mirror https://example.org/copies

A file is kept as NAME.part until its MD5 sum is right; the same command goes on with what is
there. A file whose sum is wrong is renamed to NAME.bad, or NAME.bad-2 and so on where there are
earlier ones.")]
pub struct Args {
    /// Which sets: svhn, cifar10, mnist or fashion-mnist
    #[arg(value_name = "SET", required = true)]
    sets: Vec<String>,

    /// Folder to keep them in [default: $BASINSCOPE_DATA, else basinscope/data in the user's
    /// cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Fetch from here in place of the official address; the names of the files stay
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,

    /// Check against the MD5 sums in this file, as md5sum writes it, in place of the official ones
    #[arg(long, value_name = "FILE")]
    checksums: Option<PathBuf>,

    /// SVHN's 531,131 extra pictures as well (1.3 GB)
    #[arg(long)]
    extra: bool,
}

/// One file to fetch.
struct Job {
    set: &'static str,
    name: &'static str,
    url: String,
    md5: Md5Sum,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let jobs = jobs(args)?;
    let cache = cache_folder(args.cache.as_deref())?;
    let downloader = Downloader::default();
    let mut files = Vec::with_capacity(jobs.len());
    for job in &jobs {
        console.check()?;
        files.push(fetch(job, &cache, &downloader, console)?);
    }
    if args.cache.is_some() || std::env::var_os(CACHE_VARIABLE).is_some() {
        console.say(format!("{} files in {}", jobs.len(), cache.display()));
    } else {
        let kept = cache.display();
        console.say(format!("{} files in {kept} (--cache chooses)", jobs.len()));
    }
    console.summary(&json!({ "command": "data fetch", "cache": cache, "files": files }))
}

/// Everything to fetch, with what it must be; nothing is fetched before this is settled.
fn jobs(args: &Args) -> Result<Vec<Job>> {
    let sums = args.checksums.as_deref().map(read_checksums).transpose()?;
    let mut jobs = Vec::new();
    for name in &args.sets {
        let Some(set) = Official::from_name(name) else {
            let known: Vec<&str> = Official::ALL.iter().map(Official::name).collect();
            let found = format!("`{name}`");
            return Err(Error::setting("set", known.join(", "), found).into());
        };
        if args.extra
            && set
                .files()
                .iter()
                .all(|file| file.part != Some(Part::Extra))
        {
            let expected = "a set that has extra pictures (svhn)";
            return Err(Error::setting("--extra", expected, format!("`{name}`")).into());
        }
        let address = args.mirror.as_deref().unwrap_or(set.address());
        for file in set.files() {
            if file.part == Some(Part::Extra) && !args.extra {
                continue;
            }
            // Below one address, or in one list, a name tells of one file only.
            let alike = |job: &&Job| job.name == file.name && job.set != set.name();
            if (args.mirror.is_some() || sums.is_some())
                && let Some(other) = jobs.iter().find(alike)
            {
                let (one, other) = (other.set, set.name());
                let expected = format!(
                    "either {one} or {other} with --mirror or --checksums, as their files have \
                     the same names"
                );
                return Err(Error::setting("set", expected, "both of them").into());
            }
            jobs.push(Job {
                set: set.name(),
                name: file.name,
                url: format!("{}/{}", address.trim_end_matches('/'), file.name),
                md5: sum_of(file, args.checksums.as_deref(), sums.as_ref())?,
            });
        }
    }
    Ok(jobs)
}

/// The sum a file must have: the user's where there is a list, else the official one.
fn sum_of(
    file: &OfficialFile,
    list: Option<&Path>,
    sums: Option<&BTreeMap<String, Md5Sum>>,
) -> Result<Md5Sum> {
    let (Some(list), Some(sums)) = (list, sums) else {
        return Ok(file.md5());
    };
    let sum = sums.get(file.name).copied();
    let expected = "a line with its MD5 sum";
    Ok(sum.ok_or_else(|| Error::file(list, file.name, expected, "none"))?)
}

fn fetch(job: &Job, cache: &Path, downloader: &Downloader, console: &Console) -> Result<Value> {
    let target = cache.join(job.set).join(job.name);
    let bar = console.bar(job.name, 0);
    let fetched = downloader.fetch(&job.url, &target, job.md5, &mut |event| {
        show(&event, job, &bar, console);
        if console.is_interrupted() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    bar.finish_and_clear();
    let state = match fetched {
        Fetched::Interrupted => return Err(Interrupted::Saved.into()),
        Fetched::Present => "present",
        Fetched::Downloaded => "downloaded",
    };
    let bytes = std::fs::metadata(&target).map_err(Error::io(&target, "read"))?;
    let size = megabytes(bytes.len());
    console.say(format!(
        "{}/{}  {size}  {state}, MD5 right",
        job.set, job.name
    ));
    Ok(json!({
        "set": job.set,
        "path": target,
        "bytes": bytes.len(),
        "md5": job.md5.to_string(),
        "state": state,
    }))
}

/// Moves the bar, and says what does not fit on it.
fn show(event: &Event<'_>, job: &Job, bar: &ProgressBar, console: &Console) {
    match event {
        Event::Started { from, total } => {
            bar.set_length(total.unwrap_or(0));
            bar.set_position(*from);
            bar.reset_eta();
            if *from > 0 {
                let from = megabytes(*from);
                console.say(format!("{}: going on after {from}", job.name));
            }
        }
        Event::Received(bytes) => {
            bar.set_position(*bytes);
            bar.set_message(match bar.length() {
                None | Some(0) => megabytes(*bytes),
                Some(total) => format!("{} of {}", megabytes(*bytes), megabytes(total)),
            });
        }
        Event::Retrying { reason } => {
            console.say(format!("{}: {reason}; trying again", job.name));
        }
        Event::SetAside { path, found } => {
            let path = path.display();
            console.say(format!("{}: MD5 was {found}; kept as {path}", job.name));
        }
        _ => {}
    }
}

/// A number of bytes as `"12.3 MB"`.
pub fn megabytes(bytes: u64) -> String {
    if bytes < 100_000 {
        return format!("{:.1} kB", bytes as f64 / 1e3);
    }
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs_of(sets: &[&str], mirror: Option<&str>) -> Result<Vec<Job>> {
        jobs(&Args {
            sets: sets.iter().map(|&set| set.into()).collect(),
            cache: None,
            mirror: mirror.map(String::from),
            checksums: None,
            extra: false,
        })
    }

    #[test]
    fn sets_whose_files_are_called_alike_have_no_mirror_in_common() {
        let mirror = Some("https://example.org/copies");
        let both = ["mnist", "fashion-mnist"];
        let error = jobs_of(&both, mirror).err().unwrap().to_string();
        let wanted = "set: expected either mnist or fashion-mnist with --mirror or --checksums";
        assert!(error.starts_with(wanted), "{error}");
        assert_eq!(jobs_of(&both, None).unwrap().len(), 8);
        assert_eq!(jobs_of(&["svhn", "mnist"], mirror).unwrap().len(), 6);
        assert!(jobs_of(&["mnist", "mnist"], mirror).is_ok());
    }
}
