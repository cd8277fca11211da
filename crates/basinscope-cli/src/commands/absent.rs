//! Commands that this build has not: they say which has.

use anyhow::Result;
use basinscope::Error;

/// Whatever was asked of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Refuses the command.
pub fn run(command: &str, _args: &Args) -> Result<()> {
    let expected = "one of this build (this one needs the feature `images`: cargo install --path \
                    crates/basinscope-cli --features images)";
    Err(Error::setting("command", expected, command).into())
}
