//! Where the pictures of a run come from, and how they are read and normalised.

use crate::data_args::{DataArgs, DataConfig, MissingArg, Source};
use anyhow::Result;
use basinscope::Error;
use basinscope::data::{Generator, Reading, Split, SplitSizes};
use basinscope_images::data::{self, How, Normalize, Official, Part, Pictures, cache_folder};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::str::FromStr;

/// Options that say how pictures are read.
#[derive(Debug, Clone, Default, Args)]
pub struct ReadArgs {
    /// Scale the pictures of a folder to this size, HEIGHTxWIDTH: stretched by a triangle filter
    /// with antialiasing [default: all must be of one size]
    #[arg(long, value_name = "SIZE")]
    pub size: Option<Size>,

    /// Transpose the pictures of IDX files (EMNIST's are stored so)
    #[arg(long)]
    pub transpose: bool,
}

/// Options of pictures.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Pictures")]
pub struct PictureArgs {
    #[command(flatten)]
    read: ReadArgs,

    /// What is taken off each pixel, one number or one a channel, in units of pixels from 0 to 1 as
    /// torchvision's Normalize has it [default: the published mean of an official set, whose files
    /// are known by checksum; else that of the training pictures]
    #[arg(
        long,
        value_name = "MEAN",
        value_delimiter = ',',
        allow_negative_numbers = true
    )]
    mean: Vec<f32>,

    /// What it is divided by then, in the same units [default: as --mean]
    #[arg(
        long,
        value_name = "STD",
        value_delimiter = ',',
        allow_negative_numbers = true
    )]
    std: Vec<f32>,

    /// Leave pixels as they are, from 0 to 1
    #[arg(long, conflicts_with_all = ["mean", "std"])]
    no_normalize: bool,
}

/// Height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub [usize; 2]);

impl FromStr for Size {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let side = |text: &str| text.parse::<usize>().ok();
        let sides = match text.split_once(['x', '×']) {
            Some((height, width)) => side(height).zip(side(width)),
            None => side(text).map(|side| (side, side)),
        };
        match sides {
            Some((height, width)) => Ok(Self([height, width])),
            None => Err(Error::setting(
                "size",
                "HEIGHTxWIDTH, as 32x32",
                format!("`{text}`"),
            )),
        }
    }
}

impl ReadArgs {
    /// How a source is read; `label` is `fine` or `coarse` where the labels of CIFAR-100 are
    /// chosen.
    pub fn how(&self, label: Option<&str>) -> Result<How> {
        let coarse = match label {
            None => None,
            Some("fine") => Some(false),
            Some("coarse") => Some(true),
            Some(other) => {
                let expected = "fine or coarse, of CIFAR-100 (other pictures have one label)";
                return Err(Error::setting("--label", expected, format!("`{other}`")).into());
            }
        };
        Ok(How {
            size: self.size.map(|Size(size)| size),
            transpose: self.transpose,
            coarse,
        })
    }
}

impl PictureArgs {
    /// The constants that are wished for.
    fn normalize(&self) -> Result<Normalize> {
        if self.no_normalize {
            return Ok(Normalize::None);
        }
        normalize(&self.mean, &self.std)
    }

    /// Whether any is given.
    fn any(&self) -> bool {
        let read = self.read.size.is_some() || self.read.transpose;
        read || self.no_normalize || !self.mean.is_empty() || !self.std.is_empty()
    }
}

/// The constants of a recipe or of options: neither or both are given.
pub fn normalize(mean: &[f32], std: &[f32]) -> Result<Normalize> {
    if mean.is_empty() && std.is_empty() {
        return Ok(Normalize::Auto);
    }
    Ok(Normalize::given(mean, std)?)
}

/// Pictures of the cache folder, or of a path, and how many are taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedPictures {
    pictures: String,
    train: usize,
    test: usize,
    pool: usize,
    /// What is taken off each channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mean: Vec<f32>,
    /// What it is divided by then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    std: Vec<f32>,
}

impl NamedPictures {
    /// The configuration; pictures are looked for, and drawn by this seed.
    pub fn config(&self, seed: u64) -> Result<DataConfig> {
        let wish = Wish {
            sizes: [self.train, self.test, self.pool].map(Some),
            normalize: normalize(&self.mean, &self.std)?,
            poison: None,
            seed,
        };
        named_pictures(&self.pictures, &wish)
    }
}

/// What is wished of a set of pictures.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Pictures to train on, to test with and for the pool.
    pub sizes: [Option<usize>; 3],
    /// How they are normalised.
    pub normalize: Normalize,
    /// Poison that needs a pool; none without.
    pub poison: Option<usize>,
    /// Seed of the cut.
    pub seed: u64,
}

impl DataArgs {
    /// The configuration where the data are pictures: a set by name, a folder, a tarball, an IDX
    /// file, or an NPZ of pictures.
    pub(crate) fn picture_config(&self, poison: Option<usize>) -> Result<Option<DataConfig>> {
        let path = Path::new(self.name());
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let is_pictures = Generator::from_name(self.name()).is_err()
            && (Official::from_name(self.name()).is_some()
                || path.is_dir()
                || name.contains("idx3")
                || [".tar.gz", ".tgz", ".tar"]
                    .iter()
                    .any(|end| name.ends_with(end))
                || (name.ends_with(".npz")
                    && self.features.is_none()
                    && data::is_npz_of_pictures(path)));
        if !is_pictures {
            if self.picture.any() {
                let expected = "pictures for --mean, --std, --no-normalize, --size or --transpose";
                return Err(Error::setting("data", expected, self.name()).into());
            }
            return Ok(None);
        }
        let of_points = [
            ("--noise", self.noise.is_some()),
            ("--features", self.features.is_some()),
            ("--test", self.test.is_some()),
            ("--exclude", !self.exclude.is_empty()),
            ("--header", self.header.is_some()),
            ("--missing", self.missing != MissingArg::Refuse),
            ("--standardize", self.standardize),
        ];
        if let Some((option, _)) = of_points.iter().find(|(_, given)| *given) {
            let expected = format!("points for {option}, which pictures do not have");
            return Err(Error::setting("data", expected, self.name()).into());
        }
        let how = self.picture.read.how(self.label.as_deref())?;
        let wish = Wish {
            sizes: [self.train_points, self.test_points, self.pool_points],
            normalize: self.picture.normalize()?,
            poison,
            seed: self.data_seed,
        };
        let source = data::Source::find(self.name(), &cache_folder(None)?)?.with(&how)?;
        Ok(Some(picture_config(source, &wish)?))
    }
}

/// Pictures of the cache folder, or of a path, as the configuration of a run.
pub fn named_pictures(name: &str, wish: &Wish) -> Result<DataConfig> {
    let source = data::Source::find(name, &cache_folder(None)?)?;
    picture_config(source, wish)
}

/// Pictures as the configuration of a run; sizes of the parts that are not given are the default.
fn picture_config(source: data::Source, wish: &Wish) -> Result<DataConfig> {
    let parts = source.read(&Part::ALL)?;
    let SplitSizes { train, test, pool } = Pictures::default_sizes(&parts, wish.sizes, wish.poison);
    Ok(DataConfig {
        train,
        test,
        pool,
        seed: wish.seed,
        source: Source::Images(Pictures::of(&parts, &wish.normalize)?),
    })
}

/// What was read, for the line that says so.
pub fn reading(pictures: &Pictures, split: &Split, seed: u64) -> Reading {
    let sizes = SplitSizes {
        train: split.train.len(),
        test: split.test.len(),
        pool: split.pool.len(),
    };
    let mut reading = Reading::of(pictures.title(), pictures.from.form(), split);
    reading.shape = pictures.shape.to_vec();
    reading.names.classes.clone_from(&pictures.classes);
    reading.parted = pictures.parted(seed, sizes);
    reading.notes = std::iter::once(pictures.normalized_by())
        .chain(pictures.notes.iter().cloned())
        .collect();
    reading
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_two_sides_or_one() {
        assert_eq!("28x32".parse::<Size>().unwrap(), Size([28, 32]));
        assert_eq!("28".parse::<Size>().unwrap(), Size([28, 28]));
        assert!("28y32".parse::<Size>().is_err());
    }

    #[test]
    fn labels_are_fine_or_coarse() {
        let how = |label| ReadArgs::default().how(label);
        assert_eq!(how(None).unwrap().coarse, None);
        assert_eq!(how(Some("coarse")).unwrap().coarse, Some(true));
        let error = how(Some("species")).unwrap_err().to_string();
        assert!(
            error.starts_with("--label: expected fine or coarse"),
            "{error}"
        );
    }
}
