//! The accuracy that a loaded net should have, so that a misread one is not measured.

use crate::console::percent;
use anyhow::Result;
use basinscope::Error;
use basinscope::train::Minimum;
use clap::ValueEnum;
use std::path::Path;
use std::str::FromStr;

/// Largest difference to the accuracy expected, as a share: half a point.
const TOLERANCE: f64 = 0.005;

/// An accuracy as a share from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy(f64);

impl FromStr for Accuracy {
    type Err = String;

    /// Up to 1 a share, above it per cent; with a `%` always per cent.
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, is_percent) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (text, false),
        };
        let value = number.parse::<f64>().ok().map(|value| match value {
            value if is_percent || value > 1.0 => value / 100.0,
            value => value,
        });
        value
            .filter(|value| (0.0..=1.0).contains(value))
            .map(Self)
            .ok_or_else(|| "expected a percentage (92.3) or a share (.923)".into())
    }
}

/// The part of the data that an accuracy is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// training points
    Train,
    /// test points
    Test,
}

/// Refuses a net whose accuracy is another.
///
/// # Errors
/// [`Error::File`] where it differs by more than half a point.
pub fn check(expected: Accuracy, on: Part, found: &Minimum, file: &Path) -> Result<()> {
    let (name, accuracy) = match on {
        Part::Train => ("train", found.train.accuracy),
        Part::Test => ("test", found.test.accuracy),
    };
    // The tolerance itself passes, whatever the last bit says.
    if (accuracy - expected.0).abs() <= TOLERANCE + 1e-9 {
        return Ok(());
    }
    let wanted = format!(
        "{} within half a point (check --net, --activation, the normalisation and the split)",
        percent(expected.0)
    );
    let field = format!("accuracy on {name}");
    Err(Error::file(file, field, wanted, percent(accuracy)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracies_are_shares_up_to_1_and_percentages_above() {
        for (text, share) in [
            ("92.3", 0.923),
            (".923", 0.923),
            ("1", 1.0),
            ("100", 1.0),
            ("0.5%", 0.005),
            ("0", 0.0),
        ] {
            let Accuracy(found) = text.parse().unwrap();
            assert!((found - share).abs() < 1e-12, "{text}: {found}");
        }
        for text in ["", "101", "-1", "nan", "inf", "92,3", "150%"] {
            assert!(text.parse::<Accuracy>().is_err(), "{text}");
        }
    }
}
