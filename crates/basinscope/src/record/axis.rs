//! A range of equally spaced values, as `from:to:count` on the command line.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A range of equally spaced values, both ends included (`-1:1:51` on the command line).
///
/// ```
/// let axis: basinscope::record::Axis = "-1:1:5".parse()?;
/// assert_eq!(axis.values().collect::<Vec<_>>(), [-1.0, -0.5, 0.0, 0.5, 1.0]);
/// # Ok::<(), basinscope::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawAxis")]
pub struct Axis {
    /// First value.
    pub from: f64,
    /// Last value.
    pub to: f64,
    /// Number of values, at least 2.
    pub count: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAxis {
    from: f64,
    to: f64,
    count: usize,
}

impl TryFrom<RawAxis> for Axis {
    type Error = Error;
    fn try_from(raw: RawAxis) -> Result<Self> {
        Self::new(raw.from, raw.to, raw.count)
    }
}

impl Axis {
    /// A checked axis.
    ///
    /// # Errors
    /// [`Error::Setting`] naming `from`, `to` or `count`: ends that are not finite or not in
    /// order, ends so far apart that their distance overflows, or fewer than 2 values.
    pub fn new(from: f64, to: f64, count: usize) -> Result<Self> {
        Self { from, to, count }.checked("range")
    }

    /// The axis itself where it makes sense; errors name `what` and the field at fault.
    ///
    /// # Errors
    /// As [`Axis::new`].
    pub fn checked(self, what: &str) -> Result<Self> {
        if !self.from.is_finite() {
            let field = format!("{what}: from");
            return Err(Error::setting(field, "a finite number", self.from));
        }
        if !self.to.is_finite() {
            let field = format!("{what}: to");
            return Err(Error::setting(field, "a finite number", self.to));
        }
        if self.from >= self.to || !(self.to - self.from).is_finite() {
            return Err(Error::setting(
                format!("{what}: to"),
                format!("a number above {}, at a finite distance", self.from),
                self.to,
            ));
        }
        if self.count < 2 {
            let field = format!("{what}: count");
            return Err(Error::setting(field, "at least 2 values", self.count));
        }
        Ok(self)
    }

    /// The `index`-th value.
    pub fn value(&self, index: usize) -> f64 {
        self.from + (self.to - self.from) * index as f64 / (self.count - 1) as f64
    }

    /// All values in order.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.count).map(|index| self.value(index))
    }
}

impl FromStr for Axis {
    type Err = Error;

    /// Reads `from:to:count`.
    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split(':').map(str::trim).collect();
        let &[from, to, count] = parts.as_slice() else {
            return Err(Error::setting(
                "range",
                "from:to:count, as in -1:1:51",
                format!("{text:?}"),
            ));
        };
        let number = |field: &str, part: &str| {
            part.parse::<f64>()
                .map_err(|_| Error::setting(field, "a number", format!("{part:?} in {text:?}")))
        };
        let (from, to) = (number("range: from", from)?, number("range: to", to)?);
        let count = count.parse().map_err(|_| {
            let found = format!("{count:?} in {text:?}");
            Error::setting("range: count", "a whole number of values", found)
        })?;
        Self::new(from, to, count)
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.from, self.to, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_and_printed() {
        let axis: Axis = "-1:1:51".parse().unwrap();
        assert_eq!(axis, Axis::new(-1.0, 1.0, 51).unwrap());
        assert_eq!(axis.to_string(), "-1:1:51");
        // The middle of an odd symmetric range is the minimum itself, exactly.
        assert_eq!(axis.value(25), 0.0);
        assert_eq!(axis.value(50), 1.0);
    }

    #[test]
    fn a_bad_range_is_refused_by_the_name_of_the_field() {
        for (text, field) in [
            ("", "range"),
            ("-1:1", "from:to:count"),
            ("-1:1:51:2", "from:to:count"),
            ("x:1:51", "from"),
            ("nan:1:51", "from"),
            ("-1:inf:51", "to"),
            ("1:1:51", "to"),
            ("1:-1:51", "to"),
            ("-1.7e308:1.7e308:3", "to"),
            ("-1:1:1", "count"),
            ("-1:1:-3", "count"),
            ("-1:1:2.5", "count"),
        ] {
            let error = text.parse::<Axis>().unwrap_err().to_string();
            assert!(error.contains(field), "{text}: {error}");
        }
    }

    #[test]
    fn a_record_with_a_broken_axis_is_refused() {
        let axis = Axis::new(-2.0, 3.0, 4).unwrap();
        let text = serde_json::to_string(&axis).unwrap();
        assert_eq!(serde_json::from_str::<Axis>(&text).unwrap(), axis);
        let broken = text.replace("\"count\":4", "\"count\":1");
        assert!(serde_json::from_str::<Axis>(&broken).is_err());
    }
}
