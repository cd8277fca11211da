//! Every way the page can refuse a run, as typed values.

use std::path::{Path, PathBuf};

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// A record could not be read.
    #[error(transparent)]
    Record(#[from] basinscope::Error),
    /// The run has no minimum to tell of.
    #[error("{}: expected at least one minimum, found none", path.display())]
    NoMinima {
        /// The list of minima.
        path: PathBuf,
    },
    /// A figure or the configuration could not be read.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried, as a verb.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl PageError {
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            path,
            action,
            source,
        }
    }
}
