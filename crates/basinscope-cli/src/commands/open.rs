//! `basinscope open`: the page of a run in the browser.

use crate::browser;
use crate::console::Console;
use crate::lab::page_from_records;
use anyhow::Result;
use basinscope::Error;
use basinscope::record::RunDir;
use serde_json::json;
use std::io::Write;
use std::path::{PathBuf, absolute};

/// Options of `open`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope open runs/tour-7
  basinscope open runs/tour-7 --print

A page that is missing is drawn from the records first. Where no browser can be started, the path
to open is told and the exit code is 1. To follow a run while it goes on: basinscope serve.")]
pub struct Args {
    /// Run directory
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// Print the path of the page on stdout and open nothing
    #[arg(long)]
    print: bool,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let run = RunDir::at(&args.run);
    if !run.has("index.html") {
        let Some(html) = page_from_records(&run)? else {
            let expected = "index.html, or results/minima.json to draw it from";
            return Err(Error::file(&args.run, "page", expected, "neither").into());
        };
        run.write("index.html", html.as_bytes())?;
        console.say(format!("wrote {}", run.path("index.html").display()));
    }
    let page = absolute(run.path("index.html"))?;
    console.summary(&json!({ "command": "open", "run": args.run, "page": page }))?;
    if args.print {
        if !console.is_json() {
            writeln!(std::io::stdout(), "{}", page.display())?;
        }
        return Ok(());
    }
    browser::open(&page)?;
    console.say(format!("opened {}", page.display()));
    Ok(())
}
