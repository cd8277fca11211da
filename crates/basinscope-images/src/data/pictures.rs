//! The pictures of a run: where they come from, how they are normalised, and their cut in three.

use super::{ImageSet, Md5Sum, Part, Parts, Source};
use basinscope::data::{Dataset, Split, SplitSizes, split};
use basinscope::random::stream;
use basinscope::{Error, Result};
use serde::{Deserialize, Serialize};

/// A set of pictures as the configuration of a run holds it. Runs keep no copy of the pictures:
/// they are read again, and the checksum tells whether they are still the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// `[channels, height, width]` of each picture.
    pub shape: [usize; 3],
    /// What the classes are called.
    pub classes: Vec<String>,
    /// What is taken off each channel, in units of 255.
    pub mean: Vec<f32>,
    /// What it is divided by then.
    pub std: Vec<f32>,
    /// MD5 of the pixels and labels of all parts.
    pub md5: String,
    /// Where they come from.
    pub from: Source,
}

impl Pictures {
    /// Those that were read: normalised as the official set is, else by their own training part.
    ///
    /// # Errors
    /// [`Error::Setting`] where a channel is the same everywhere.
    pub fn of(parts: &Parts) -> Result<Self> {
        let Some((_, first)) = parts.iter().next() else {
            return Err(Error::setting("data", "at least one part", "none"));
        };
        let (mean, std) = match parts.source.official() {
            Some(official) => {
                let (mean, std) = official.normalization();
                (mean.to_vec(), std.to_vec())
            }
            None => first.channel_statistics(),
        };
        if let Some(at) = std.iter().position(|&std| std <= 0.0) {
            let found = format!("{}/255 everywhere", 255.0 * mean[at]);
            return Err(Error::setting(
                format!("channel {at}"),
                "pixels that differ",
                found,
            ));
        }
        Ok(Self {
            shape: first.shape(),
            classes: first.class_names().to_vec(),
            mean,
            std,
            md5: checksum(parts).to_string(),
            from: parts.source.clone(),
        })
    }

    /// Reads the pictures again.
    ///
    /// # Errors
    /// Those of [`Source::read`]; [`Error::File`] where they are not the same any more.
    pub fn read(&self) -> Result<Parts> {
        let parts = self.from.read(&Part::ALL)?;
        let found = checksum(&parts).to_string();
        if found != self.md5 {
            let path = self.from.path();
            let expected = format!("those of this run, {}", self.md5);
            return Err(Error::file(path, "MD5 of the pictures", expected, found));
        }
        Ok(parts)
    }

    /// How many pictures each part of the cut has where nobody says: all that the official parts
    /// hold; half, a quarter and a quarter of a set in one part.
    pub fn default_sizes(parts: &Parts) -> SplitSizes {
        let len = |part: Part| parts.get(part).map_or(0, ImageSet::len);
        let (train, test, extra) = (len(Part::Train), len(Part::Test), len(Part::Extra));
        if train > 0 && test > 0 {
            let pool = if extra > 0 {
                extra.min(train)
            } else {
                train / 4
            };
            let train = if extra > 0 { train } else { train - pool };
            return SplitSizes { train, test, pool };
        }
        let all = train + test + extra;
        SplitSizes {
            train: all - all / 4 * 2,
            test: all / 4,
            pool: all / 4,
        }
    }

    /// Reads and normalises the pictures and cuts them in three: train and test from the parts of
    /// these names, the pool from `extra` or else from what is left of train. A set in one part is
    /// cut as a whole.
    ///
    /// # Errors
    /// Those of [`Pictures::read`]; [`Error::Setting`] where there are fewer pictures than wanted.
    pub fn split(&self, sizes: SplitSizes, seed: u64) -> Result<Split> {
        let parts = self.read()?;
        let normalized = |set: &ImageSet| set.normalized(&self.mean, &self.std);
        let rng = |part: &str| stream(seed, &format!("split {part}"), 0);
        let (Some(train), Some(test)) = (&parts.train, &parts.test) else {
            let Some((_, only)) = parts.iter().next() else {
                return Err(Error::setting("data", "at least one part", "none"));
            };
            return split(&normalized(only)?, sizes, &mut stream(seed, "split", 0));
        };
        let test = draw(&normalized(test)?, sizes.test, "test", &mut rng("test"))?;
        let train = normalized(train)?;
        let (train, pool) = match &parts.extra {
            Some(extra) => (
                draw(&train, sizes.train, "train", &mut rng("train"))?,
                draw(&normalized(extra)?, sizes.pool, "pool", &mut rng("pool"))?,
            ),
            None if sizes.pool == 0 => {
                let train = draw(&train, sizes.train, "train", &mut rng("train"))?;
                let none = train.select(&[]);
                (train, none)
            }
            None => {
                let sizes = SplitSizes {
                    test: sizes.pool,
                    pool: 0,
                    ..sizes
                };
                let cut = split(&train, sizes, &mut rng("train"))?;
                (cut.train, cut.test)
            }
        };
        Ok(Split { train, test, pool })
    }

    /// The bytes of a normalised picture.
    pub fn bytes(&self, picture: &[f32]) -> Vec<u8> {
        let area = self.shape[1] * self.shape[2];
        (picture.iter().enumerate())
            .map(|(at, &x)| {
                let channel = at / area;
                let value = 255.0 * (x * self.std[channel] + self.mean[channel]);
                value.round().clamp(0.0, 255.0) as u8
            })
            .collect()
    }
}

/// `count` pictures with the classes in the proportions of the whole; all in their order where
/// all are wanted.
fn draw(points: &Dataset, count: usize, what: &str, rng: &mut impl rand::Rng) -> Result<Dataset> {
    if count > points.len() {
        let field = format!("{what} points");
        let expected = format!("at most the {} pictures there are", points.len());
        return Err(Error::setting(field, expected, count));
    }
    if count == points.len() || count == 0 {
        return Ok(points.select(&(0..count).collect::<Vec<_>>()));
    }
    let sizes = SplitSizes {
        train: count,
        test: 1,
        pool: 0,
    };
    Ok(split(points, sizes, rng)?.train)
}

fn checksum(parts: &Parts) -> Md5Sum {
    let labels = |set: &ImageSet| -> Vec<u8> {
        set.labels()
            .iter()
            .flat_map(|label| label.to_le_bytes())
            .collect()
    };
    let pieces: Vec<Vec<u8>> = parts.iter().map(|(_, set)| labels(set)).collect();
    let pixels = parts.iter().map(|(_, set)| set.pixels());
    Md5Sum::of_pieces(pixels.chain(pieces.iter().map(Vec::as_slice)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use npyz::WriterBuilder;
    use std::path::Path;

    /// 40 pictures of 1 × 2 × 2 in an NPZ, the label told by the first pixel.
    fn write(path: &Path, shift: u8) {
        let file = std::fs::File::create(path).unwrap();
        let mut archive = npyz::npz::NpzWriter::new(file);
        let mut put = |name: &str, shape: &[u64], values: Vec<u8>| {
            let mut writer = archive
                .array(name, Default::default())
                .unwrap()
                .default_dtype()
                .shape(shape)
                .begin_nd()
                .unwrap();
            writer.extend(values).unwrap();
            writer.finish().unwrap();
        };
        let pixels = (0..160_u8).map(|k| {
            if k % 4 == 0 {
                k / 4 % 2 * 100
            } else {
                k + shift
            }
        });
        put("images", &[40, 2, 2], pixels.collect());
        put("labels", &[40], (0..40).map(|k| k % 2).collect());
    }

    #[test]
    fn a_set_in_one_part_is_cut_in_three_and_read_again_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.npz");
        write(&path, 0);
        let source = Source::Npz { path: path.clone() };
        let parts = source.read(&Part::ALL).unwrap();
        let pictures = Pictures::of(&parts).unwrap();
        let sizes = Pictures::default_sizes(&parts);
        assert_eq!((sizes.train, sizes.test, sizes.pool), (20, 10, 10));
        let cut = pictures.split(sizes, 3).unwrap();
        assert_eq!(cut, pictures.split(sizes, 3).unwrap());
        assert_ne!(cut, pictures.split(sizes, 4).unwrap());
        for part in [&cut.train, &cut.test, &cut.pool] {
            for index in 0..part.len() {
                let bytes = pictures.bytes(part.point(index));
                assert_eq!(u32::from(bytes[0] == 100), part.labels()[index]);
            }
        }
        let text = toml::to_string(&pictures).unwrap();
        assert_eq!(toml::from_str::<Pictures>(&text).unwrap(), pictures);

        write(&path, 1);
        let error = pictures.read().unwrap_err().to_string();
        assert!(
            error.contains("MD5") && error.contains("set.npz"),
            "{error}"
        );
    }
}
