//! Times the engine for the peers' table and the cost curves.

use anyhow::{Context, Result};
use basinscope::simd::Kernel;
use basinscope_bench::{curves, fixtures, rows};
use clap::{Parser, Subcommand};
use rayon::ThreadPoolBuilder;
use std::path::PathBuf;

/// Times the engine for the peers' table and the cost curves.
#[derive(Parser)]
struct Arguments {
    /// Path of the kernels: auto, avx512, avx2 or portable
    #[arg(long, global = true, default_value = "auto")]
    kernel: String,
    /// Threads; 0 is all
    #[arg(long, global = true, default_value_t = 0)]
    threads: usize,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the nets, points and parameters that the peers read
    Fixtures {
        /// Folder
        folder: PathBuf,
    },
    /// Time one row of the peers' table; prints one JSON object
    Time {
        /// evaluate:NET, train:NET, ensemble:NET, hvp:NET, proposals:NET, radii:NET,
        /// boundary:NET, tsne or peak
        row: String,
        /// Seconds to repeat it
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
    },
    /// Time evaluations over parameters, points and threads; writes a JSON list
    Curves {
        /// Where to
        out: PathBuf,
        /// Seconds for each place
        #[arg(long, default_value_t = 1.0)]
        seconds: f64,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.kernel != "auto" {
        Kernel::from_name(&arguments.kernel)?.force()?;
    }
    // On a thread of the pool, as the commands of basinscope train their nets.
    let pool = ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()?;
    pool.install(|| run(arguments.command))
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Fixtures { folder } => fixtures::write(&folder)?,
        Command::Time { row, seconds } => {
            println!("{}", serde_json::to_string(&rows::measure(&row, seconds)?)?);
        }
        Command::Curves { out, seconds } => {
            let costs = curves::measure(seconds, |cost| {
                eprintln!(
                    "{:10} {:8} n {:7} N {:6} threads {}: {:10.1}/s, {:5.1} % of peak, {:5.1} % of \
                     bandwidth",
                    cost.curve,
                    cost.kernel,
                    cost.parameters,
                    cost.points,
                    cost.threads,
                    cost.evaluations,
                    100.0 * cost.of_peak,
                    100.0 * cost.of_bandwidth
                );
            })?;
            let json = serde_json::to_string_pretty(&costs)?;
            std::fs::write(&out, json).with_context(|| out.display().to_string())?;
        }
    }
    Ok(())
}
