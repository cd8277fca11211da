//! The reader's own browser.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// A launcher that has not failed after this long is taken to have opened the page: some go on for
/// as long as the browser does.
const PATIENCE: Duration = Duration::from_secs(2);

/// No browser could be started.
#[derive(Debug)]
pub struct NoBrowser {
    /// What the reader has to open.
    target: String,
}

impl fmt::Display for NoBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no browser could be started; open this yourself: {}",
            self.target
        )
    }
}

impl std::error::Error for NoBrowser {}

/// Opens a file or an address in the default browser.
pub fn open(target: impl AsRef<OsStr>) -> Result<(), NoBrowser> {
    let target = target.as_ref();
    open::that_detached_with_timeout(target, PATIENCE).map_err(|_| NoBrowser {
        target: Path::new(target).display().to_string(),
    })
}
