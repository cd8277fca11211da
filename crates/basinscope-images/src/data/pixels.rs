//! Pixels of any number type, brought to bytes by one stated rule.

use basinscope::{Error, Result};
use std::path::Path;

/// Pixels as an array holds them.
pub(super) enum Pixels {
    /// From 0 to 255.
    Bytes(Vec<u8>),
    /// Truth values: black and white.
    Bits(Vec<u8>),
    /// Whole numbers of other types.
    Whole(Vec<i64>),
    /// Numbers with decimals.
    Floats(Vec<f32>),
}

/// What numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// From 0, black, to 255.
    To255,
    /// From 0, black, to 1.
    To1,
}

/// Numbers with decimals are from 0 to 255 where they are whole or one is at least this.
const BRIGHT: f32 = 128.0;
/// How far from a whole number of 255ths a pixel may be and still be called exact.
const EXACT: f32 = 1e-3;

impl Pixels {
    /// What numbers mean, from all arrays of a file: whole numbers (also as floats) go from 0 to
    /// 255 and truth values are 0 and 255; numbers with decimals go from 0 to 1 where none is
    /// above 1, and from 0 to 255 where they are whole or one is at least 128.
    ///
    /// # Errors
    /// [`Error::File`] naming the array for numbers below 0 or above 255, not finite ones, numbers
    /// with decimals that fit neither range: they are normalised already, and by what nobody
    /// knows; and for an array from 0 to 1 next to one from 0 to 255.
    pub fn scale(path: &Path, arrays: &[(&str, &Self)]) -> Result<Scale> {
        let (mut most, mut whole, mut floats) = (0.0_f32, true, false);
        let (mut bright, mut shares) = (None, None);
        for (name, pixels) in arrays {
            let (low, high, bad) = match pixels {
                Self::Bytes(_) | Self::Bits(_) => continue,
                Self::Whole(values) => {
                    let low = values.iter().copied().min().unwrap_or(0);
                    let high = values.iter().copied().max().unwrap_or(0);
                    (low as f32, high as f32, false)
                }
                Self::Floats(values) => {
                    floats = true;
                    let is_whole = is_whole(values);
                    whole &= is_whole;
                    let bad = values.iter().any(|value| !value.is_finite());
                    let low = values.iter().copied().fold(0.0, f32::min);
                    let high = highest(values);
                    if !is_whole && high <= 1.0 {
                        shares = Some(*name);
                    }
                    (low, high, bad)
                }
            };
            most = most.max(high);
            if high >= BRIGHT {
                bright = Some(*name);
            }
            if bad || low < 0.0 || high > 255.0 {
                let expected = "pixels from 0 to 255, or from 0 to 1 (where they are normalised \
                                already: save them as they were before, and give --mean and --std)";
                let found = match bad {
                    true => "numbers that are not finite".into(),
                    false => format!("numbers from {low} to {high}"),
                };
                return Err(Error::file(path, *name, expected, found));
            }
        }
        if let (Some(bright), Some(shares)) = (bright, shares) {
            let expected = "one scale for all arrays";
            let found = format!("numbers from 0 to 1 next to {bright} from 0 to 255");
            return Err(Error::file(path, shares, expected, found));
        }
        if floats && most <= 1.0 {
            return Ok(Scale::To1);
        }
        if floats && !whole && most < BRIGHT {
            let expected = "pixels from 0 to 1, or from 0 to 255 with bright ones among them \
                            (where they are normalised already: save them as they were before, \
                            and give --mean and --std)";
            let found = format!("numbers with decimals from 0 to {most}");
            let name = arrays.first().map_or("pixels", |(name, _)| name);
            return Err(Error::file(path, name, expected, found));
        }
        Ok(Scale::To255)
    }

    /// The bytes, and what to say of how they came about.
    pub fn into_bytes(self, scale: Scale) -> (Vec<u8>, Option<String>) {
        match self {
            Self::Bytes(bytes) => {
                let dark = !bytes.is_empty() && bytes.iter().all(|&byte| byte <= 1);
                let note = "no pixel is above 1, of whole numbers from 0 to 255";
                (bytes, dark.then(|| note.into()))
            }
            Self::Bits(bits) => {
                let note = "truth values taken as black and white";
                let bytes = bits.into_iter().map(|bit| 255 * u8::from(bit != 0));
                (bytes.collect(), Some(note.into()))
            }
            Self::Whole(values) => {
                let bytes: Vec<u8> = values.into_iter().map(|value| value as u8).collect();
                let most = bytes.iter().copied().max().unwrap_or(0);
                let note = format!(
                    "whole numbers taken as pixels from 0 to 255{}",
                    none_above(most.into())
                );
                (bytes, Some(note))
            }
            Self::Floats(values) => {
                let factor = match scale {
                    Scale::To1 => 255.0,
                    Scale::To255 => 1.0,
                };
                let off = |value: &f32| (factor * value - (factor * value).round()).abs() > EXACT;
                let rounded = values.iter().any(off);
                let most = highest(&values);
                let range = match scale {
                    Scale::To1 => "1, as none is above 1".into(),
                    Scale::To255 if is_whole(&values) => {
                        format!("255, as they are whole{}", none_above(most))
                    }
                    Scale::To255 if most >= BRIGHT => format!("255, as they go up to {most}"),
                    Scale::To255 => format!("255 as in another array{}", none_above(most)),
                };
                let how = if rounded { "rounded to" } else { "whole" };
                let note = format!("floats taken as pixels from 0 to {range} ({how} 255ths)");
                let bytes = (values.into_iter()).map(|value| (factor * value).round() as u8);
                (bytes.collect(), Some(note))
            }
        }
    }
}

fn is_whole(values: &[f32]) -> bool {
    values.iter().all(|value| value.fract() == 0.0)
}

/// The highest number, 0 where none is above.
fn highest(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

/// What to say of dark pixels, which may be on another scale.
fn none_above(most: f32) -> String {
    match most < BRIGHT {
        true => format!(", none above {most}"),
        false => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[f32]) -> Result<Scale> {
        let pixels = Pixels::Floats(values.to_vec());
        Pixels::scale(Path::new("a.npz"), &[("images", &pixels)])
    }

    #[test]
    fn floats_are_shares_or_bytes_by_their_range() {
        assert_eq!(scale(&[0.0, 0.5, 1.0]).unwrap(), Scale::To1);
        assert_eq!(scale(&[0.0, 1.0]).unwrap(), Scale::To1);
        assert_eq!(scale(&[0.0, 7.0]).unwrap(), Scale::To255);
        assert_eq!(scale(&[0.5, 254.9]).unwrap(), Scale::To255);
        for values in [
            &[0.5, 2.8][..],
            &[-1.0, 1.0],
            &[-0.4242, 2.8215],
            &[0.0, 256.0],
            &[f32::NAN],
        ] {
            let error = scale(values).unwrap_err().to_string();
            let parts = [
                "a.npz: images: expected pixels from 0 to",
                "give --mean and --std",
            ];
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
        // One rule for all arrays of a file, which shares next to bytes break.
        let [bright, dark, shares] =
            [vec![0.5, 200.0], vec![0.5, 60.0], vec![0.0, 0.5]].map(Pixels::Floats);
        let both = [("x_train", &bright), ("x_test", &dark)];
        assert_eq!(Pixels::scale(Path::new("a"), &both).unwrap(), Scale::To255);
        let both = [("x_train", &bright), ("x_test", &shares)];
        assert!(Pixels::scale(Path::new("a"), &both).is_err());
    }

    #[test]
    fn notes_say_what_holds_for_their_array() {
        for (values, wanted) in [
            (vec![0.0, 15.0], "255, as they are whole, none above 15 ("),
            (vec![0.0, 255.0], "255, as they are whole ("),
            (vec![0.5, 200.0], "255, as they go up to 200 ("),
            (vec![0.5, 60.0], "255 as in another array, none above 60 ("),
        ] {
            let (_, note) = Pixels::Floats(values).into_bytes(Scale::To255);
            assert!(note.unwrap().contains(wanted), "{wanted}");
        }
        let (_, note) = Pixels::Whole(vec![0, 1]).into_bytes(Scale::To255);
        assert!(note.unwrap().ends_with("from 0 to 255, none above 1"));
    }

    #[test]
    fn every_byte_comes_back_from_its_share() {
        let bytes: Vec<u8> = (0..=255).collect();
        let shares = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        let (back, note) = Pixels::Floats(shares).into_bytes(Scale::To1);
        assert_eq!(back, bytes);
        assert!(note.unwrap().ends_with("(whole 255ths)"));
        let (back, note) = Pixels::Floats(vec![0.3, 0.5]).into_bytes(Scale::To1);
        assert_eq!(back, [77, 128]);
        assert!(note.unwrap().ends_with("(rounded to 255ths)"));
        let (back, _) = Pixels::Bits(vec![0, 1]).into_bytes(Scale::To255);
        assert_eq!(back, [0, 255]);
    }
}
