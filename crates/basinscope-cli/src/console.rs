//! The terminal: progress on stderr, tables on stderr, one JSON object on stdout, and Ctrl-C.

use anyhow::{Context, Result};
use basinscope::data::printable;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashSet;
use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a command needs of the terminal.
pub struct Console {
    json: bool,
    quiet: bool,
    bars: MultiProgress,
    interrupted: Arc<AtomicBool>,
    /// What was said and is said once.
    noted: Mutex<HashSet<String>>,
}

/// The user pressed Ctrl-C.
#[derive(Debug)]
pub enum Interrupted {
    /// What was done so far is saved.
    Saved,
    /// Nothing is, as no folder was named.
    Unsaved,
    /// In the middle of a computation: what was finished before it is saved.
    Midway,
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Saved => "interrupted; the same command goes on from here",
            Self::Unsaved => "interrupted",
            Self::Midway => "interrupted; what was finished is kept",
        })
    }
}

impl std::error::Error for Interrupted {}

/// Time that a command has to end by itself after Ctrl-C.
const PATIENCE: Duration = Duration::from_millis(800);

/// What to say of an error that comes of Ctrl-C.
pub fn interrupted(error: &anyhow::Error) -> Option<&Interrupted> {
    match error.downcast_ref::<basinscope::Error>() {
        Some(basinscope::Error::Cancelled) => Some(&Interrupted::Midway),
        _ => error.downcast_ref(),
    }
}

/// Everything ran, but so many checks failed.
#[derive(Debug)]
pub struct ChecksFailed(pub usize);

impl fmt::Display for ChecksFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bars = if self.0 == 1 { "bar" } else { "bars" };
        write!(f, "{} {bars} missed", self.0)
    }
}

impl std::error::Error for ChecksFailed {}

impl Console {
    pub fn new(json: bool, quiet: bool) -> Result<Self> {
        let bars = MultiProgress::new();
        if quiet {
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
        let interrupted = Arc::new(AtomicBool::new(false));
        let (flag, bars_then) = (Arc::clone(&interrupted), bars.clone());
        ctrlc::set_handler(move || {
            // Results are only ever renamed into place, so leaving is safe at any time: at once
            // where asked twice, and after a while where a computation has not heard it.
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            let bars = bars_then.clone();
            std::thread::spawn(move || {
                std::thread::sleep(PATIENCE);
                let _ = bars.clear();
                eprintln!("{}", Interrupted::Midway);
                std::process::exit(130);
            });
        })
        .context("cannot listen for Ctrl-C")?;
        Ok(Self {
            json,
            quiet,
            bars,
            interrupted,
            noted: Mutex::default(),
        })
    }

    /// Whether the user asked to stop.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    /// Fails where the user asked to stop; called between pieces of work.
    pub fn check(&self) -> Result<()> {
        if self.is_interrupted() {
            Err(Interrupted::Saved.into())
        } else {
            Ok(())
        }
    }

    /// The same where nothing is saved.
    pub fn check_unsaved(&self) -> Result<()> {
        if self.is_interrupted() {
            Err(Interrupted::Unsaved.into())
        } else {
            Ok(())
        }
    }

    /// A bar of `length` steps with remaining time; hidden where stderr is no terminal.
    pub fn bar(&self, what: &str, length: u64) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(length));
        bar.set_style(
            ProgressStyle::with_template(
                "{prefix:<24} {bar:28.cyan/blue} {percent:>3} % {eta:>4} {msg}",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸─"),
        );
        bar.set_prefix(what.to_owned());
        bar
    }

    /// A line for the reader, above any bars; notes and what was read of data (lines that begin with
    /// "note:" or "data:") only once.
    pub fn say(&self, line: impl fmt::Display) {
        let line = printable_lines(&line.to_string());
        if !self.quiet && self.is_new(&line) {
            let _ = self.bars.suspend(|| writeln!(std::io::stderr(), "{line}"));
        }
    }

    /// Whether a line has not been said yet, as far as that matters.
    fn is_new(&self, line: &str) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let once = ["note:", "data:"].iter().any(|kind| line.starts_with(kind));
        !once || noted.insert(line.to_owned())
    }

    /// Whether stdout is for the summary object alone.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints the summary object where `--json` asked for it.
    pub fn summary(&self, object: &serde_json::Value) -> Result<()> {
        if self.json {
            writeln!(std::io::stdout(), "{object}")?;
        }
        Ok(())
    }
}

/// Whether an error is stdout's reader having left, which is no failure.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Lines without what steers a terminal: names and words of files may hold anything.
pub fn printable_lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

/// Aligns rows under a heading: the first column left, the others right.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([heading[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for (column, cell) in cells.iter().enumerate() {
            let width = widths[column];
            if column == 0 {
                text += &format!("{cell:<width$}");
            } else {
                text += &format!("  {cell:>width$}");
            }
        }
        text.trim_end().to_owned()
    };
    let mut out = line(heading.to_vec());
    out += "\n";
    out += &"─".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1));
    for row in rows {
        out += "\n";
        out += &line(row.iter().map(String::as_str).collect());
    }
    out
}

/// A share as `"99.5 %"`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_and_what_was_read_are_said_once() {
        let console = Console {
            json: false,
            quiet: true,
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            interrupted: Arc::default(),
            noted: Mutex::default(),
        };
        assert!(console.is_new("note: another kernel"));
        assert!(!console.is_new("note: another kernel"));
        assert!(console.is_new("data: a.csv") && !console.is_new("data: a.csv"));
        assert!(console.is_new("data: b.csv"));
        assert!(console.is_new("a line") && console.is_new("a line"));
    }

    #[test]
    fn tables_align() {
        let rows = vec![
            vec!["clean".into(), "99.5 %".into()],
            vec!["β".into(), "9 %".into()],
        ];
        let text = table(&["minimum", "test"], &rows);
        assert_eq!(
            text,
            "minimum    test\n───────────────\nclean    99.5 %\nβ           9 %"
        );
    }
}
