//! The pictures of a run: where they come from, how they are normalised, and their cut in three.

use super::{ImageSet, Md5Sum, Part, Parts, Source};
use basinscope::data::{Split, SplitSizes, interleave, split_places};
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
    /// The parts that were read, and are read again; others may come to be beside them.
    #[serde(default = "all_parts")]
    pub parts: Vec<Part>,
    /// MD5 of the pixels and labels of these parts.
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
            parts: parts.iter().map(|(part, _)| part).collect(),
            md5: checksum(parts).to_string(),
            from: parts.source.clone(),
        })
    }

    /// Reads the pictures again.
    ///
    /// # Errors
    /// Those of [`Source::read`]; [`Error::File`] where they are not the same any more.
    pub fn read(&self) -> Result<Parts> {
        let parts = self.from.read(&self.parts)?;
        let found = checksum(&parts).to_string();
        if found != self.md5 {
            let path = self.from.path();
            let expected = format!("those of this run, {}", self.md5);
            return Err(Error::file(path, "MD5 of the pictures", expected, found));
        }
        Ok(parts)
    }

    /// How many pictures each part of the cut has where nobody says: all that the official parts
    /// hold; half, a quarter and a quarter of a set that is cut as a whole.
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
        let all = parts.iter().next().map_or(0, |(_, first)| first.len());
        SplitSizes {
            train: all - all / 4 * 2,
            test: all / 4,
            pool: all / 4,
        }
    }

    /// Reads and normalises the pictures and cuts them in three: train and test from the parts of
    /// these names, the pool from `extra` or else from what is left of train. Where train or test
    /// is missing, the first part is cut as a whole.
    ///
    /// # Errors
    /// Those of [`Pictures::read`]; [`Error::Setting`] where there are fewer pictures than wanted.
    pub fn split(&self, sizes: SplitSizes, seed: u64) -> Result<Split> {
        let parts = self.read()?;
        // Only what is chosen is normalised: floats take four times as much as bytes.
        let normalized =
            |set: &ImageSet, places: &[usize]| set.select(places).normalized(&self.mean, &self.std);
        let rng = |part: &str| stream(seed, &format!("split {part}"), 0);
        let (Some(train), Some(test)) = (&parts.train, &parts.test) else {
            let Some((_, only)) = parts.iter().next() else {
                return Err(Error::setting("data", "at least one part", "none"));
            };
            let [train, test, pool] = cut(only, sizes, &mut stream(seed, "split", 0))?;
            return Ok(Split {
                train: normalized(only, &train)?,
                test: normalized(only, &test)?,
                pool: normalized(only, &pool)?,
            });
        };
        let test_places = draw(test, sizes.test, "test", &mut rng("test"))?;
        let (train_places, pool, pool_places) = match &parts.extra {
            None if sizes.pool > 0 => {
                let sizes = SplitSizes {
                    test: sizes.pool,
                    pool: 0,
                    ..sizes
                };
                let [train_places, places, _] = cut(train, sizes, &mut rng("train"))?;
                (train_places, train, places)
            }
            extra => {
                let places = draw(train, sizes.train, "train", &mut rng("train"))?;
                let pool = extra.as_ref().unwrap_or(train);
                (
                    places,
                    pool,
                    draw(pool, sizes.pool, "pool", &mut rng("pool"))?,
                )
            }
        };
        Ok(Split {
            train: normalized(train, &train_places)?,
            test: normalized(test, &test_places)?,
            pool: normalized(pool, &pool_places)?,
        })
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

/// Every part, which is what runs read that do not say.
fn all_parts() -> Vec<Part> {
    Part::ALL.to_vec()
}

/// The places of the pictures in the three parts of a cut.
fn cut(set: &ImageSet, sizes: SplitSizes, rng: &mut impl rand::Rng) -> Result<[Vec<usize>; 3]> {
    split_places(set.labels(), set.num_classes(), sizes, rng)
}

/// The places of `count` pictures with the classes in the proportions of the whole; all in their
/// order where all are wanted. Those to train on are of at least two classes.
fn draw(set: &ImageSet, count: usize, what: &str, rng: &mut impl rand::Rng) -> Result<Vec<usize>> {
    if count > set.len() {
        let field = format!("{what} points");
        let expected = format!("at most the {} pictures there are", set.len());
        return Err(Error::setting(field, expected, count));
    }
    if count == set.len() || count == 0 {
        return Ok((0..count).collect());
    }
    if what == "train" {
        let sizes = SplitSizes {
            train: count,
            test: 1,
            pool: 0,
        };
        let [places, ..] = cut(set, sizes, rng)?;
        return Ok(places);
    }
    let mut places = interleave(set.labels(), set.num_classes(), rng);
    places.truncate(count);
    Ok(places)
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
    use basinscope::data::split;
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
    /// Copies SVHN's striped parts of 48, 32 and 48 pictures.
    fn copy(folder: &Path, parts: &[&str]) {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        for part in parts {
            let from = fixtures.join(format!("svhn_striped_{part}.mat"));
            std::fs::copy(from, folder.join(format!("{part}_32x32.mat"))).unwrap();
        }
    }

    fn of(folder: &Path) -> (Parts, Pictures) {
        let folder = folder.into();
        let parts = Source::Svhn { folder }.read(&Part::ALL).unwrap();
        let pictures = Pictures::of(&parts).unwrap();
        (parts, pictures)
    }

    #[test]
    fn a_part_that_comes_later_leaves_runs_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        copy(folder.path(), &["train", "test"]);
        let (parts, pictures) = of(folder.path());
        assert_eq!(pictures.parts, [Part::Train, Part::Test]);
        copy(folder.path(), &["extra"]);
        assert!(pictures.read().unwrap() == parts);

        // Runs that do not say read all there is.
        let text = toml::to_string(&pictures).unwrap();
        let line = "parts = [\"train\", \"test\"]\n";
        assert!(text.contains(line), "{text}");
        let older: Pictures = toml::from_str(&text.replace(line, "")).unwrap();
        assert_eq!(older.parts, Part::ALL);
        assert!(older.read().unwrap_err().to_string().contains("MD5"));
    }

    #[test]
    fn sizes_are_those_of_the_part_that_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        copy(folder.path(), &["test", "extra"]);
        let (parts, pictures) = of(folder.path());
        let sizes = Pictures::default_sizes(&parts);
        assert_eq!((sizes.train, sizes.test, sizes.pool), (16, 8, 8));
        assert_eq!(pictures.split(sizes, 0).unwrap().pool.len(), 8);
    }

    #[test]
    fn what_is_drawn_is_what_was_drawn_from_all_normalised() {
        let folder = tempfile::tempdir().unwrap();
        copy(folder.path(), &["train", "test"]);
        let sizes = |train, test, pool| SplitSizes { train, test, pool };
        let check = |cut: SplitSizes, drawn: [(Part, &str, SplitSizes); 2]| {
            let (parts, pictures) = of(folder.path());
            let found = pictures.split(cut, 5).unwrap();
            for ((part, what, sizes), found) in drawn.into_iter().zip([&found.test, &found.pool]) {
                let all = parts.require(part).unwrap();
                let all = all.normalized(&pictures.mean, &pictures.std).unwrap();
                let rng = &mut stream(5, &format!("split {what}"), 0);
                let wanted = split(&all, sizes, rng).unwrap();
                let wanted = [wanted.train, wanted.test];
                assert!(wanted.contains(found), "{what}");
            }
            found
        };
        let test = (Part::Test, "test", sizes(7, 1, 0));
        check(
            sizes(20, 7, 9),
            [test, (Part::Train, "train", sizes(20, 9, 0))],
        );
        copy(folder.path(), &["extra"]);
        check(
            sizes(20, 7, 9),
            [test, (Part::Extra, "pool", sizes(9, 1, 0))],
        );

        // One picture to judge by, and one in the pool; to train on there are two classes.
        let (_, pictures) = of(folder.path());
        let few = pictures.split(sizes(48, 1, 1), 0).unwrap();
        assert_eq!(
            [few.train.len(), few.test.len(), few.pool.len()],
            [48, 1, 1]
        );
        let error = pictures.split(sizes(1, 1, 1), 0).unwrap_err().to_string();
        assert!(error.contains("at least two classes"), "{error}");
    }
}
