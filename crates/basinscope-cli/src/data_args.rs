//! Where the points of a run come from.

use anyhow::Result;
use basinscope::data::{
    CsvOptions, DEFAULT_DATA_SEED, Dataset, Generator, Split, SplitSizes, load_csv, load_npz, split,
};
use basinscope::{Error, random};
use clap::Args;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::path::PathBuf;

#[cfg(feature = "images")]
pub use crate::picture_args::NamedPictures;

/// Options that choose the data.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// swiss-roll, spirals, circles, moons, blobs, xor, or a .csv or .npz file of your own
    #[arg(long, value_name = "NAME|FILE", default_value = "swiss-roll")]
    pub data: String,

    /// Standard deviation of the noise of a generated set [default: the set's own]
    #[arg(long, value_name = "SD", allow_negative_numbers = true)]
    pub noise: Option<f64>,

    /// Label column of a CSV, or label array of an NPZ [default: last column, or `labels` or `y`]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,

    /// Feature columns of a CSV, or the one input array of an NPZ [default: all others]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub features: Option<Vec<String>>,

    /// Seed of generated points and of the split
    #[arg(long, value_name = "SEED", default_value_t = DEFAULT_DATA_SEED)]
    pub data_seed: u64,

    /// Training points [default: 200; half of a file]
    #[arg(long, value_name = "N")]
    pub train_points: Option<usize>,

    /// Test points [default: 200; a quarter of a file]
    #[arg(long, value_name = "N")]
    pub test_points: Option<usize>,

    /// Points kept for poison [default: 400; a quarter of a file]
    #[arg(long, value_name = "N")]
    pub pool_points: Option<usize>,
}

/// The data of a run, as `config.toml` holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Training points.
    pub train: usize,
    /// Test points.
    pub test: usize,
    /// Points kept for poison.
    pub pool: usize,
    /// Seed of the points and the split.
    pub seed: u64,
    /// Generated, or read from a file.
    pub source: Source,
}

/// Points as a recipe names them: their configuration, or pictures by their name.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Points {
    /// Told in full.
    Config(DataConfig),
    /// A set of the cache folder, or a path.
    #[cfg(feature = "images")]
    Pictures(NamedPictures),
}

impl Points {
    /// The configuration; pictures are looked for, and drawn by this seed.
    pub fn config(&self, seed: u64) -> Result<DataConfig> {
        let _ = seed; // of builds without pictures
        match self {
            Self::Config(config) => Ok(config.clone()),
            #[cfg(feature = "images")]
            Self::Pictures(named) => named.config(seed),
        }
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let table = toml::Table::deserialize(from)?;
        #[cfg(feature = "images")]
        if table.contains_key("pictures") {
            return (table.try_into().map(Self::Pictures)).map_err(de::Error::custom);
        }
        table
            .try_into()
            .map(Self::Config)
            .map_err(de::Error::custom)
    }
}

/// Generated points or a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// A generated set, cut in three.
    Generator(Generator),
    /// The canonical points of a generated set to train on, fresh draws to test and for the pool.
    Canonical(Generator),
    /// A file of the user's.
    File {
        /// Its path.
        path: PathBuf,
        /// Label column or array.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        label: Option<String>,
        /// Feature columns, or the input array.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        features: Option<Vec<String>>,
    },
    /// Pictures, read again where they are needed.
    #[cfg(feature = "images")]
    Images(basinscope_images::data::Pictures),
}

impl Source {
    /// Whether the points are pictures.
    pub fn is_pictures(&self) -> bool {
        match self {
            #[cfg(feature = "images")]
            Self::Images(_) => true,
            _ => false,
        }
    }

    /// The generator, where poison can be redrawn.
    pub fn generator(&self) -> Option<&Generator> {
        match self {
            Self::Generator(generator) | Self::Canonical(generator) => Some(generator),
            Self::File { .. } => None,
            #[cfg(feature = "images")]
            Self::Images(_) => None,
        }
    }
}

impl DataArgs {
    /// The checked configuration; reads a file's size where sizes are left to it.
    pub fn config(&self) -> Result<DataConfig> {
        #[cfg(feature = "images")]
        if let Some(config) = self.pictures()? {
            return Ok(config);
        }
        let is_file = [".csv", ".npz", ".tsv"]
            .iter()
            .any(|ending| self.data.ends_with(ending))
            || self.data.contains(std::path::MAIN_SEPARATOR);
        let source = if is_file {
            if self.noise.is_some() {
                let found = "a file, which brings its own";
                return Err(Error::setting("noise", "a generated data set", found).into());
            }
            Source::File {
                path: self.data.clone().into(),
                label: self.label.clone(),
                features: self.features.clone(),
            }
        } else {
            if self.label.is_some() || self.features.is_some() {
                let expected = "a .csv or .npz file for --label and --features";
                return Err(Error::setting("data", expected, &self.data).into());
            }
            let mut generator = Generator::from_name(&self.data)?;
            if let Some(noise) = self.noise {
                generator = generator.with_noise(noise)?;
            }
            Source::Generator(generator)
        };
        let defaults = match &source {
            // The paper's own cut of its 400 points.
            Source::Generator(Generator::Spirals) => (132, 134, 134),
            Source::Generator(_) | Source::Canonical(_) => (200, 200, 400),
            #[cfg(feature = "images")]
            Source::Images(_) => unreachable!("configured above"),
            Source::File { .. } => {
                let count = read(&source)?.len();
                (count - count / 4 * 2, count / 4, count / 4)
            }
        };
        Ok(DataConfig {
            train: self.train_points.unwrap_or(defaults.0),
            test: self.test_points.unwrap_or(defaults.1),
            pool: self.pool_points.unwrap_or(defaults.2),
            seed: self.data_seed,
            source,
        })
    }
}

fn read(source: &Source) -> Result<Dataset> {
    let Source::File {
        path,
        label,
        features,
    } = source
    else {
        unreachable!("only called for files")
    };
    if path.extension().is_some_and(|ending| ending == "npz") {
        let inputs = match features.as_deref() {
            None => None,
            Some([array]) => Some(array.as_str()),
            Some(many) => {
                let found = many.join(",");
                return Err(Error::setting("features", "one input array of the NPZ", found).into());
            }
        };
        return Ok(load_npz(path, inputs, label.as_deref())?);
    }
    let options = CsvOptions {
        label: label.clone(),
        features: features.clone(),
    };
    Ok(load_csv(path, &options)?)
}

impl DataConfig {
    /// Generates or reads the points and cuts them in three.
    pub fn load(&self) -> Result<Split> {
        let sizes = SplitSizes {
            train: self.train,
            test: self.test,
            pool: self.pool,
        };
        if let Source::Canonical(generator) = &self.source {
            let fresh =
                |what, count| generator.sample(count, &mut random::stream(self.seed, what, 0));
            return Ok(Split {
                train: generator.dataset(sizes.train, &mut random::stream(self.seed, "data", 0))?,
                test: fresh("test", sizes.test),
                pool: fresh("pool", sizes.pool),
            });
        }
        #[cfg(feature = "images")]
        if let Source::Images(pictures) = &self.source {
            return Ok(pictures.split(sizes, self.seed)?);
        }
        let points = match &self.source {
            Source::Generator(generator) => generator.dataset(
                sizes.train + sizes.test + sizes.pool,
                &mut random::stream(self.seed, "data", 0),
            )?,
            source => read(source)?,
        };
        Ok(split(
            &points,
            sizes,
            &mut random::stream(self.seed, "split", 0),
        )?)
    }
}
