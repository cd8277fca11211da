//! The pictures of a run: where they come from, how they are normalised, and their cut in three.

use super::normalization::constants;
use super::{ImageSet, Md5Sum, Normalize, Official, Origin, Part, Parts, Source};
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
    /// What is taken off each channel, in units of pixels from 0 to 1.
    pub mean: Vec<f32>,
    /// What it is divided by then.
    pub std: Vec<f32>,
    /// Where both come from; runs of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalization: Option<Origin>,
    /// The official set whose files these are, by checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub official: Option<String>,
    /// What a user was told of the reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The parts that were read, and are read again; others may come to be beside them.
    #[serde(default = "older_parts")]
    pub parts: Vec<Part>,
    /// MD5 of the pixels and labels of these parts.
    pub md5: String,
    /// Where they come from.
    pub from: Source,
}

impl Pictures {
    /// Those that were read, normalised as wished. Of validation and test only the part to judge
    /// by is kept: test, else validation; the notes say so.
    ///
    /// # Errors
    /// Those of [`Normalize::of`]; [`Error::Io`] where a file cannot be read again for its
    /// checksum.
    pub fn of(parts: &Parts, normalize: &Normalize) -> Result<Self> {
        let (_, first) = parts.first();
        let by = normalize.of(parts)?;
        let mut notes = parts.notes.clone();
        if let Some(validation) = parts.get(Part::Validation) {
            notes.push(match parts.judge() {
                Some((Part::Validation, _)) => "the validation part is the test part".into(),
                _ => format!("{} pictures for validation left out", validation.len()),
            });
        }
        Ok(Self {
            shape: first.shape(),
            classes: first.class_names().to_vec(),
            mean: by.mean,
            std: by.std,
            normalization: Some(by.origin),
            official: Official::of(parts)?.map(|official| official.name().into()),
            notes,
            parts: parts.used().map(|(part, _)| part).collect(),
            md5: checksum(parts).to_string(),
            from: parts.source.clone(),
        })
    }

    /// What the figures and the page call them: the official set, else the file or folder.
    pub fn title(&self) -> String {
        let official = self.official.as_deref().and_then(Official::from_name);
        match (official, self.from.layout()) {
            (Some(official), _) => official.title().into(),
            // Runs of earlier versions went by the files' names.
            (None, Some(layout)) if self.normalization.is_none() => layout.title().into(),
            _ => self.from.title(),
        }
    }

    /// How they are normalised, in words: by which constants, and where those come from.
    pub fn normalized_by(&self) -> String {
        let constants = constants(&self.mean, &self.std);
        match self.normalization {
            Some(Origin::None) => "pixels from 0 to 1, not normalised".into(),
            Some(Origin::Given) => format!("normalised by {constants} as given"),
            Some(Origin::Published) => {
                let title = self.title();
                format!(
                    "normalised by {constants}, published for {title} (official files by checksum)"
                )
            }
            Some(Origin::Computed) => {
                let part = self.parts.first().map_or("train", |part| part.name());
                let whole = match self.parts.contains(&Part::Train) {
                    true => format!("the part {part}"),
                    false => format!("all pictures of the part {part}"),
                };
                format!(
                    "normalised by {constants}, computed from {whole} (no official files by \
                     checksum; --mean and --std give others)"
                )
            }
            None => format!("normalised by {constants}"),
        }
    }

    /// Reads the pictures again.
    ///
    /// # Errors
    /// Those of [`Source::read`]; [`Error::File`] where they are not the same any more.
    pub fn read(&self) -> Result<Parts> {
        let parts = self.from.read(&self.parts)?.with_classes(&self.classes)?;
        let found = checksum(&parts).to_string();
        if found != self.md5 {
            let path = self.from.path();
            let expected = format!("those of this run, {}", self.md5);
            return Err(Error::file(path, "MD5 of the pictures", expected, found));
        }
        Ok(parts)
    }

    /// How many pictures each part of the cut has by default. Train and test are as given, and
    /// whole; a pool is there only where poison is asked for: the part `extra`, as many as there
    /// are to fit, else a quarter of train, or as many as there is poison where that is more. A
    /// set in one part is cut in three quarters and one, with poison in half and two quarters.
    /// Sizes that are `given` are taken, and what they leave of train is the rest.
    pub fn default_sizes(
        parts: &Parts,
        given: [Option<usize>; 3],
        poison: Option<usize>,
    ) -> SplitSizes {
        let [train, test, pool] = given;
        let len = |part: Part| parts.get(part).map_or(0, ImageSet::len);
        let Some((_, judge)) = parts.judge() else {
            let all = parts.first().1.len();
            let test = test.unwrap_or(all / 4);
            let quarter = poison.map_or(0, |poison| poison.max(all / 4));
            let pool = pool.unwrap_or(quarter);
            let rest = all.saturating_sub(test).saturating_sub(pool);
            let train = train.unwrap_or(rest);
            return SplitSizes { train, test, pool };
        };
        let (all, extra) = (len(Part::Train), len(Part::Extra));
        let test = test.unwrap_or(judge.len());
        let pool = pool.unwrap_or(match (poison, extra) {
            (None, _) => 0,
            (Some(poison), 0) => poison.max(all / 4),
            (Some(_), extra) => extra.min(all),
        });
        let rest = if extra > 0 {
            all
        } else {
            all.saturating_sub(pool)
        };
        let train = train.unwrap_or(rest);
        SplitSizes { train, test, pool }
    }

    /// How the pictures come into their parts, in words.
    pub fn parted(&self, seed: u64, sizes: SplitSizes) -> String {
        let judged = [Part::Test, Part::Validation]
            .iter()
            .any(|part| self.parts.contains(part));
        if !self.parts.contains(&Part::Train) || !judged {
            let part = self.parts.first().map_or("train", |part| part.name());
            return format!("the part {part} cut at random by seed {seed}");
        }
        match (sizes.pool, self.parts.contains(&Part::Extra)) {
            (0, true) => "as given; the part extra left out".into(),
            (0, false) => "as given".into(),
            (_, true) => "as given, the pool from the part extra".into(),
            (_, false) => format!("as given, the pool cut from train at random by seed {seed}"),
        }
    }

    /// Reads and normalises the pictures and cuts them in three: train and test (where there is
    /// none, validation) from the parts of these names, the pool from `extra` or else from what is
    /// left of train. Where train or test is missing, the first part is cut as a whole.
    ///
    /// # Errors
    /// Those of [`Pictures::read`] and [`Pictures::split_of`].
    pub fn split(&self, sizes: SplitSizes, seed: u64) -> Result<Split> {
        self.split_of(&self.read()?, sizes, seed)
    }

    /// The same of parts that were read already.
    ///
    /// # Errors
    /// [`Error::Setting`] where there are fewer pictures than wanted.
    pub fn split_of(&self, parts: &Parts, sizes: SplitSizes, seed: u64) -> Result<Split> {
        // Only what is chosen is normalised: floats take four times as much as bytes.
        let normalized =
            |set: &ImageSet, places: &[usize]| set.select(places).normalized(&self.mean, &self.std);
        let rng = |part: &str| stream(seed, &format!("split {part}"), 0);
        let (Some(train), Some((_, test))) = (parts.get(Part::Train), parts.judge()) else {
            let (_, only) = parts.first();
            let [train, test, pool] = cut(only, sizes, &mut stream(seed, "split", 0))?;
            return Ok(Split {
                train: normalized(only, &train)?,
                test: normalized(only, &test)?,
                pool: normalized(only, &pool)?,
            });
        };
        let test_places = draw(test, sizes.test, "test", &mut rng("test"))?;
        let (train_places, pool, pool_places) = match parts.get(Part::Extra) {
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
                let pool = extra.unwrap_or(train);
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

/// The parts that runs read which do not say; they knew no others.
fn older_parts() -> Vec<Part> {
    vec![Part::Train, Part::Test, Part::Extra]
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
    let pieces: Vec<Vec<u8>> = parts.used().map(|(_, set)| labels(set)).collect();
    let pixels = parts.used().map(|(_, set)| set.pixels());
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
        let pictures = Pictures::of(&parts, &Normalize::Auto).unwrap();
        let plain = Pictures::default_sizes(&parts, [None; 3], None);
        assert_eq!((plain.train, plain.test, plain.pool), (30, 10, 0));
        let sizes = Pictures::default_sizes(&parts, [None; 3], Some(4));
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
        let pictures = Pictures::of(&parts, &Normalize::Auto).unwrap();
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
        assert_eq!(older.parts, [Part::Train, Part::Test, Part::Extra]);
        assert!(older.read().unwrap_err().to_string().contains("MD5"));
    }

    #[test]
    fn sizes_are_those_of_the_part_that_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        copy(folder.path(), &["test", "extra"]);
        let (parts, pictures) = of(folder.path());
        let sizes = Pictures::default_sizes(&parts, [None; 3], Some(4));
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
