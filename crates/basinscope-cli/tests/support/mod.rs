//! The real binary in a temporary folder.

use assert_cmd::Command;
use std::path::Path;

/// The binary, with the folder as its working directory.
pub fn basinscope(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("basinscope").unwrap();
    command.current_dir(folder);
    command
}

/// Trains a small net in well under a second; `more` are further options.
pub fn train(folder: &Path, out: &str, more: &[&str]) {
    let mut command = basinscope(folder);
    command.args(["train", "--out", out]).args(more);
    for (option, value) in [("--hidden", "8,8"), ("--steps", "60")] {
        if !more.contains(&option) {
            command.args([option, value]);
        }
    }
    command.assert().success();
}
