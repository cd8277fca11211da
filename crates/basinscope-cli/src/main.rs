//! The command line `basinscope`: train good and bad minima, look at them, measure their basins.

mod browser;
mod cli;
mod commands;
mod console;
mod data_args;
mod failure;
mod lab;
mod net_args;
mod on_bar;
#[cfg(feature = "images")]
mod picture_args;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: failure::Allocator = failure::Allocator;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let outcome = failure::caught(|| cli.start().and_then(|console| cli.run(&console)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if console::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.is::<console::ChecksFailed>() || error.is::<browser::NoBrowser>() => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        Err(error) => match console::interrupted(&error) {
            // Without what it was in the middle of.
            Some(interrupted) => {
                eprintln!("{interrupted}");
                ExitCode::from(130)
            }
            None => {
                eprintln!(
                    "error: {}",
                    console::printable_lines(&failure::told(&error))
                );
                ExitCode::from(2)
            }
        },
    }
}
