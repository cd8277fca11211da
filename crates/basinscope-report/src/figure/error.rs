//! Every way a figure can refuse its records, as typed values.

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// There is nothing to draw.
    #[error("{figure}: expected at least one {record}, found none")]
    NoRecords {
        /// The figure asked for.
        figure: &'static str,
        /// What it is drawn from.
        record: &'static str,
    },
    /// An array does not fit the record it belongs to.
    #[error("{minimum}: {field}: expected {expected} values, found {found}")]
    Length {
        /// The minimum whose record it is.
        minimum: String,
        /// The array.
        field: &'static str,
        /// How many values the rest of the record calls for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A frame was asked for that the walk does not have.
    #[error("frame {index}: the walk has {frames} frames")]
    Frame {
        /// The frame asked for, or named by `order`.
        index: usize,
        /// How many there are.
        frames: usize,
    },
    /// A picture could not be encoded.
    #[error("cannot encode the {format}: {reason}")]
    Encode {
        /// `"PNG"` or `"GIF"`.
        format: &'static str,
        /// What the encoder said.
        reason: String,
    },
}

/// Refuses an array whose length is not `expected`.
pub(super) fn check_length(
    minimum: &str,
    field: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), FigureError> {
    if expected == found {
        return Ok(());
    }
    Err(FigureError::Length {
        minimum: minimum.to_owned(),
        field,
        expected,
        found,
    })
}

/// Refuses an empty list of records.
pub(super) fn check_any<T>(
    records: &[T],
    figure: &'static str,
    record: &'static str,
) -> Result<(), FigureError> {
    if records.is_empty() {
        return Err(FigureError::NoRecords { figure, record });
    }
    Ok(())
}
