//! Every way the library can refuse its input, as typed values.

use std::path::PathBuf;

/// A `Result` whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why an input was refused.
///
/// Divergence, a censored ray or an unreached goal are outcomes in the results, never errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read, written or renamed.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, as a verb: "read", "create".
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file was read but does not hold what is needed.
    #[error("{}: {field}: expected {expected}, found {found}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The field, column, tensor or line at fault.
        field: String,
        /// What the field should hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// A setting or argument is outside what makes sense.
    #[error("{field}: expected {expected}, found {found}")]
    Setting {
        /// The setting's name as the user knows it.
        field: String,
        /// What it should be.
        expected: String,
        /// What it was.
        found: String,
    },
    /// The [`Watch`](crate::watch::Watch) asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// Two arrays that belong together do not fit.
    #[error("{what}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// Which array.
        what: String,
        /// The shape it should have.
        expected: Vec<usize>,
        /// The shape it has.
        found: Vec<usize>,
    },
}

impl Error {
    /// An [`Error::Setting`] from anything printable.
    pub fn setting(
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Self {
        Self::Setting {
            field: field.into(),
            expected: expected.into(),
            found: found.to_string(),
        }
    }

    /// An [`Error::File`] from anything printable.
    pub fn file(
        path: impl Into<PathBuf>,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Self {
        Self::File {
            path: path.into(),
            field: field.into(),
            expected: expected.into(),
            found: found.to_string(),
        }
    }

    /// Wraps a system error with the path and the verb that met it.
    pub fn io(
        path: impl Into<PathBuf>,
        action: &'static str,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            path,
            action,
            source,
        }
    }
}
