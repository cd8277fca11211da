//! Commands and the options they share.

#[cfg(not(feature = "images"))]
use crate::commands::absent;
#[cfg(feature = "images")]
use crate::commands::data;
#[cfg(feature = "images")]
use crate::commands::import;
use crate::commands::{
    animate, boundary, compare, open, reproduce, serve, slice, spectrum, surface, tour, train,
    verify, volume,
};
use crate::console::Console;
use anyhow::{Context, Result};
use basinscope::simd::Kernel;
use clap::{Parser, Subcommand};

/// Shows and measures why neural networks generalize.
///
/// Without a command it gives the tour: trains nets that fit the same points and differ in what
/// they make of new ones, shows their boundaries and loss surfaces, measures the volumes of their
/// basins, and writes one page about it.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// Threads to use; the results do not depend on it [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// Instructions to compute nets with: auto (the fastest), avx512, avx2 or portable; results
    /// agree to rounding
    #[arg(long, global = true, value_name = "NAME", default_value = "auto")]
    kernel: String,

    /// Where image nets are computed: cpu (this program's own kernels) or, in builds that have them,
    /// Burn's flex, vulkan, metal or cuda (a second card is vulkan:1)
    #[cfg(feature = "images")]
    #[arg(long, global = true, value_name = "NAME", default_value = "cpu")]
    device: String,

    /// Print one summary object as JSON on stdout
    #[arg(long, global = true)]
    json: bool,

    /// No progress bars and no tables
    #[arg(long, short, global = true)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  basinscope                                   the tour, with seed 0
  basinscope tour --seed 7 --out runs/tour-7
  basinscope train --data swiss-roll --poison 200 --beta .3 --out runs/bad
  basinscope volume runs/bad
  basinscope open runs/bad

Exit codes: 0 done, 1 `reproduce` or `verify` missed a bar or `open` found no browser, 2 bad input or usage, 130 interrupted (the same command goes on).";

#[derive(Debug, Subcommand)]
enum Command {
    /// Good and bad minima, their boundaries, slices and volumes, in one page
    Tour(tour::Args),
    /// Train one net to a good or, with poison, to a bad minimum
    Train(Box<train::Args>),
    /// Make a run of weights from PyTorch (.safetensors, .pt), or add them to one
    #[cfg(feature = "images")]
    Import(Box<import::Args>),
    /// Make a run of weights from PyTorch (in builds with the feature `images`)
    #[cfg(not(feature = "images"))]
    #[command(hide = true)]
    Import(absent::Args),
    /// Draw the decision boundary of minima
    Boundary(boundary::Args),
    /// Loss and accuracy along lines through minima
    Slice(slice::Args),
    /// Loss over a plane through minima
    Surface(surface::Args),
    /// Animate boundaries as the weights move (GIF)
    Animate(animate::Args),
    /// Measure the volume of the basin {loss ≤ cutoff} around minima
    Volume(volume::Args),
    /// Eigenvalues, trace and density of the curvature at minima
    Spectrum(spectrum::Args),
    /// Every measure of many minima in one table, and which of them tell how a minimum generalizes
    Compare(Box<compare::Args>),
    /// Fetch sets of pictures, describe them and look at them
    #[cfg(feature = "images")]
    Data(data::Args),
    /// Fetch sets of pictures (in builds with the feature `images`)
    #[cfg(not(feature = "images"))]
    #[command(hide = true)]
    Data(absent::Args),
    /// Hold the volume estimators against basins whose volumes are known
    Verify(verify::Args),
    /// The paper's figures from scratch, each with a sheet: published, ours, pass or miss
    Reproduce(reproduce::Args),
    /// Open the page of a run in the browser
    Open(open::Args),
    /// Serve the pages of runs on this machine, up to date while they go on
    Serve(serve::Args),
}

impl Cli {
    /// Sets up threads, kernel, interruption and the terminal.
    pub fn start(&self) -> Result<Console> {
        if let Some(threads) = self.threads {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads.into())
                .build_global()
                .context("cannot start the threads")?;
        }
        if self.kernel != "auto" {
            Kernel::from_name(&self.kernel)?.force()?;
        }
        #[cfg(feature = "images")]
        crate::net_args::choose_device(&self.device)?;
        Console::new(self.json, self.quiet)
    }

    /// Runs the command.
    pub fn run(&self, console: &Console) -> Result<()> {
        match &self.command {
            None => tour::run(&tour::Args::default(), console),
            Some(Command::Tour(args)) => tour::run(args, console),
            Some(Command::Train(args)) => train::run(args, console),
            #[cfg(feature = "images")]
            Some(Command::Import(args)) => import::run(args, console),
            #[cfg(not(feature = "images"))]
            Some(Command::Import(args)) => absent::run("import", args),
            Some(Command::Boundary(args)) => boundary::run(args, console),
            Some(Command::Slice(args)) => slice::run(args, console),
            Some(Command::Surface(args)) => surface::run(args, console),
            Some(Command::Animate(args)) => animate::run(args, console),
            Some(Command::Volume(args)) => volume::run(args, console),
            Some(Command::Spectrum(args)) => spectrum::run(args, console),
            Some(Command::Compare(args)) => compare::run(args, console),
            #[cfg(feature = "images")]
            Some(Command::Data(args)) => data::run(args, console),
            #[cfg(not(feature = "images"))]
            Some(Command::Data(args)) => absent::run("data", args),
            Some(Command::Verify(args)) => verify::run(args, console),
            Some(Command::Reproduce(args)) => reproduce::run(args, console),
            Some(Command::Open(args)) => open::run(args, console),
            Some(Command::Serve(args)) => serve::run(args, console),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
