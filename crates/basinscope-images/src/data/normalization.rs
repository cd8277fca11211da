//! How pixels become inputs of a net: what is taken off, what it is divided by, and who said so.

use super::{Official, Parts};
use basinscope::{Error, Result};
use serde::{Deserialize, Serialize};

/// A wish for how pictures are normalised.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Normalize {
    /// By the published constants of an official set, where all files are the official ones by
    /// their checksum; else by the statistics of the part to fit.
    #[default]
    Auto,
    /// By these constants, one for all channels or one each, in units of pixels from 0 to 1.
    Given {
        /// What is taken off.
        mean: Vec<f32>,
        /// What it is divided by then.
        std: Vec<f32>,
    },
    /// Not at all: pixels from 0 to 1 as they are.
    None,
}

/// Where the constants of a normalisation come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The user's.
    Given,
    /// Published with the official set, whose files these are by checksum.
    Published,
    /// Statistics of the part to fit.
    Computed,
    /// None: pixels are only divided by 255.
    None,
}

/// Constants of a normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalization {
    /// What is taken off each channel, in units of pixels from 0 to 1.
    pub mean: Vec<f32>,
    /// What it is divided by then.
    pub std: Vec<f32>,
    /// Where both come from.
    pub origin: Origin,
}

impl Normalize {
    /// Constants for all channels or one each.
    ///
    /// # Units
    /// Pixels from 0 to 1, as torchvision's `Normalize` after `ToTensor` takes them.
    ///
    /// # Errors
    /// [`Error::Setting`] where only one of them is given, a number is not finite, a mean is below
    /// 0 or above 1, or a deviation is not above 0 or is above 1: numbers that big are of pixels
    /// from 0 to 255.
    pub fn given(mean: &[f32], std: &[f32]) -> Result<Self> {
        for (field, values, other) in [("--mean", mean, "--std"), ("--std", std, "--mean")] {
            if values.is_empty() {
                let expected = format!("a number, or one for each channel, with {other}");
                return Err(Error::setting(field, expected, "none"));
            }
            for &value in values {
                if value > 1.0 {
                    let expected = "numbers in units of pixels from 0 to 1 (divide those of \
                                    pixels from 0 to 255 by 255)";
                    return Err(Error::setting(field, expected, value));
                }
                let fits = value.is_finite() && (value > 0.0 || field == "--mean" && value == 0.0);
                if !fits {
                    let expected = match field {
                        "--mean" => "numbers from 0 to 1",
                        _ => "numbers above 0, at most 1",
                    };
                    return Err(Error::setting(field, expected, value));
                }
            }
        }
        let (mean, std) = (mean.to_vec(), std.to_vec());
        Ok(Self::Given { mean, std })
    }

    /// The constants for these pictures.
    ///
    /// # Errors
    /// [`Error::Setting`] where constants are not one or one for each channel, or are to be
    /// computed of a channel that is the same everywhere.
    pub fn of(&self, parts: &Parts) -> Result<Normalization> {
        let (_, first) = parts.first();
        let channels = first.shape()[0];
        let spread = |field: &str, values: &[f32]| match values {
            &[one] => Ok(vec![one; channels]),
            many if many.len() == channels => Ok(many.to_vec()),
            many => {
                let expected = format!("1 number, or {channels}, one for each channel");
                Err(Error::setting(field, expected, many.len()))
            }
        };
        let (mean, std, origin) = match self {
            Self::Given { mean, std } => {
                let (mean, std) = (spread("--mean", mean)?, spread("--std", std)?);
                (mean, std, Origin::Given)
            }
            Self::None => (vec![0.0; channels], vec![1.0; channels], Origin::None),
            Self::Auto => match Official::of(parts)? {
                Some(official) => {
                    let (mean, std) = official.normalization();
                    (mean.to_vec(), std.to_vec(), Origin::Published)
                }
                None => {
                    let (mean, std) = first.channel_statistics();
                    (mean, std, Origin::Computed)
                }
            },
        };
        if let Some(at) = std.iter().position(|&std| std <= 0.0) {
            let field = format!("channel {at}");
            let found = format!("{}/255 everywhere", 255.0 * mean[at]);
            let expected = "pixels that differ, or --mean and --std";
            return Err(Error::setting(field, expected, found));
        }
        Ok(Normalization { mean, std, origin })
    }
}

/// `mean 0.1307, deviation 0.3081`; one number where it is that of all channels.
pub(super) fn constants(mean: &[f32], std: &[f32]) -> String {
    let text = |values: &[f32]| {
        let texts: Vec<String> = values.iter().map(|value| value.to_string()).collect();
        match texts.split_first() {
            Some((first, rest)) if rest.iter().all(|other| other == first) => first.clone(),
            _ => texts.join(", "),
        }
    };
    format!("mean {}, deviation {}", text(mean), text(std))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_of_the_wrong_unit_are_refused() {
        let refuse = |mean: &[f32], std: &[f32], wanted: &str| {
            let error = Normalize::given(mean, std).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        };
        refuse(
            &[33.3],
            &[78.6],
            "--mean: expected numbers in units of pixels from 0 to 1",
        );
        refuse(&[0.5], &[58.4], "--std: expected numbers in units");
        refuse(&[-0.1], &[0.5], "--mean: expected numbers from 0 to 1");
        refuse(&[0.5], &[0.0], "--std: expected numbers above 0");
        refuse(&[0.5], &[f32::NAN], "--std: expected numbers above 0");
        refuse(
            &[0.5],
            &[],
            "--std: expected a number, or one for each channel, with --mean",
        );
        refuse(
            &[],
            &[0.5],
            "--mean: expected a number, or one for each channel, with --std",
        );
        assert!(Normalize::given(&[0.0], &[1.0]).is_ok());
        assert!(Normalize::given(&[0.0], &[1.0 / 255.0]).is_ok());
    }

    #[test]
    fn equal_channels_are_written_once() {
        assert_eq!(constants(&[0.5; 3], &[0.25; 3]), "mean 0.5, deviation 0.25");
        assert_eq!(
            constants(&[0.1, 0.2], &[0.25, 1.0]),
            "mean 0.1, 0.2, deviation 0.25, 1"
        );
    }
}
