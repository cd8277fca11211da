//! `basinscope data`: sets of pictures, fetched, described and looked at.

mod fetch;
mod info;
mod opened;
mod show;

use crate::console::Console;
use anyhow::Result;

/// Options of `data`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Download official sets of pictures, go on with broken downloads, check them
    Fetch(fetch::Args),
    /// Counts, shape, classes, mean and deviation of a set, and its files
    Info(info::Args),
    /// Draw a sheet of labelled pictures
    Show(show::Args),
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    match &args.command {
        Command::Fetch(args) => fetch::run(args, console),
        Command::Info(args) => info::run(args, console),
        Command::Show(args) => show::run(args, console),
    }
}
