//! Where the points of a run come from.

use anyhow::Result;
use basinscope::data::{
    DEFAULT_DATA_SEED, Dataset, Generator, Missing, POINTS_FILES, PointsFile, Reading, Split,
    SplitSizes, split,
};
use basinscope::{Error, random};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::path::{Path, PathBuf};

#[cfg(feature = "images")]
pub use crate::picture_args::NamedPictures;

/// Options that choose the data.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// swiss-roll, spirals, circles, moons, blobs, xor, or a file of your own: a table (.csv,
    /// .tsv, .txt, .tab, .data, .dat, each also .gz), .npz or .npy
    #[arg(long, value_name = "NAME|FILE", default_value = "swiss-roll")]
    pub data: String,

    /// The same as --data, where --test names the points to test with
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub train: Option<String>,

    /// File of points to test with, of the kind of the training file; columns go by name
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,

    /// Standard deviation of the noise of a generated set [default: the set's own]
    #[arg(long, value_name = "SD", allow_negative_numbers = true)]
    pub noise: Option<f64>,

    /// Label column of a table by name or number from 0, label array of an NPZ, label file of an
    /// NPY [default: the column called label, class, target, species, diagnosis, …; else the only
    /// one of words where the last holds decimals; else the last]; of CIFAR-100 fine or coarse
    /// [default: fine]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,

    /// Feature columns of a table, or the one input array of an NPZ [default: all others but row
    /// numbers and ids]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub features: Option<Vec<String>>,

    /// Columns of a table to leave out
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub exclude: Vec<String>,

    /// Whether the first line of a table is a header [default: where words stand above numbers, or
    /// its numbers count the columns]
    #[arg(long, value_name = "yes|no", value_enum)]
    pub header: Option<YesNo>,

    /// Points with missing values (empty, NA, N/A, NaN, null, none, ?): refuse the file, drop them,
    /// or fill in the mean of the training points
    #[arg(long, value_name = "HOW", value_enum, default_value_t = MissingArg::Refuse)]
    pub missing: MissingArg,

    /// Bring each feature to mean 0 and deviation 1, by the training points alone
    #[arg(long)]
    pub standardize: bool,

    /// Seed of generated points and of the split
    #[arg(long, value_name = "SEED", default_value_t = DEFAULT_DATA_SEED)]
    pub data_seed: u64,

    /// Training points [default: 200; of a file or pictures all that are not for testing or poison]
    #[arg(long, value_name = "N")]
    pub train_points: Option<usize>,

    /// Test points [default: 200; of files and pictures the test part as given, else a quarter]
    #[arg(long, value_name = "N")]
    pub test_points: Option<usize>,

    /// Points kept for poison [default: 400; of a file or pictures none, or a quarter with
    /// --poison; of pictures the part extra where there is one]
    #[arg(long, value_name = "N")]
    pub pool_points: Option<usize>,

    #[cfg(feature = "images")]
    #[command(flatten)]
    pub picture: crate::picture_args::PictureArgs,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    /// it is
    Yes,
    /// it is not
    No,
}

/// What becomes of missing values, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MissingArg {
    /// the file is refused
    Refuse,
    /// points that have any are left out
    Drop,
    /// the mean of the training points is filled in
    Mean,
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
    Config(Box<DataConfig>),
    /// A set of the cache folder, or a path.
    #[cfg(feature = "images")]
    Pictures(NamedPictures),
}

impl Points {
    /// The configuration; pictures are looked for, and drawn by this seed.
    pub fn config(&self, seed: u64) -> Result<DataConfig> {
        let _ = seed; // of builds without pictures
        match self {
            Self::Config(config) => Ok((**config).clone()),
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
            .map(|config| Self::Config(Box::new(config)))
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
    File(PointsFile),
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
            Self::File(_) => None,
            #[cfg(feature = "images")]
            Self::Images(_) => None,
        }
    }
}

impl DataArgs {
    /// What the points are called, or the file they lie in.
    pub fn name(&self) -> &str {
        self.train.as_deref().unwrap_or(&self.data)
    }

    /// The checked configuration, for a training with `poison` points of poison; reads a file where
    /// sizes are left to it.
    pub fn config(&self, poison: Option<usize>) -> Result<DataConfig> {
        #[cfg(feature = "images")]
        if let Some(config) = self.picture_config(poison)? {
            return Ok(config);
        }
        let path = Path::new(self.name());
        // A generated set goes before a file or folder that is called so.
        let is_generated = Generator::from_name(self.name()).is_ok();
        let is_path = self.name().contains(std::path::MAIN_SEPARATOR) || path.exists();
        if let (true, Some(test)) = (is_generated, &self.test) {
            let expected = "--train FILE, the points to train on";
            return Err(Error::setting("test", expected, test.display()).into());
        }
        let source = if !is_generated && (PointsFile::is_named_so(path) || is_path) {
            self.file(path)?
        } else {
            self.generator()?
        };
        let defaults = match &source {
            // The paper's own cut of its 400 points.
            Source::Generator(Generator::Spirals) => (132, 134, 134),
            Source::Generator(_) | Source::Canonical(_) => (200, 200, 400),
            #[cfg(feature = "images")]
            Source::Images(_) => unreachable!("configured above"),
            Source::File(file) => {
                let sizes = file.read()?.default_sizes(poison);
                (sizes.train, sizes.test, sizes.pool)
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

    fn file(&self, path: &Path) -> Result<Source> {
        if self.noise.is_some() {
            let found = "a file, which brings its own";
            return Err(Error::setting("noise", "a generated data set", found).into());
        }
        if !PointsFile::is_named_so(path) {
            let kind = if path.is_dir() {
                "a folder"
            } else {
                "a file of another kind"
            };
            return Err(self.unknown(format!("`{}`, {kind}", self.name())).into());
        }
        Ok(Source::File(PointsFile {
            path: path.into(),
            test: self.test.clone(),
            label: self.label.clone(),
            features: self.features.clone(),
            exclude: self.exclude.clone(),
            header: self.header.map(|header| header == YesNo::Yes),
            missing: match self.missing {
                MissingArg::Refuse => Missing::Refuse,
                MissingArg::Drop => Missing::Drop,
                MissingArg::Mean => Missing::Mean,
            },
            standardize: self.standardize,
        }))
    }

    fn generator(&self) -> Result<Source> {
        let generator = Generator::from_name(self.name()).map_err(|error| match error {
            Error::Setting { found, .. } => self.unknown(found),
            other => other,
        })?;
        let of_files = [
            ("--label", self.label.is_some()),
            ("--features", self.features.is_some()),
            ("--exclude", !self.exclude.is_empty()),
            ("--header", self.header.is_some()),
            ("--missing", self.missing != MissingArg::Refuse),
            ("--standardize", self.standardize),
        ];
        if let Some((option, _)) = of_files.iter().find(|(_, given)| *given) {
            let expected = format!("a file of points for {option}");
            return Err(Error::setting("data", expected, self.name()).into());
        }
        Ok(Source::Generator(match self.noise {
            Some(noise) => generator.with_noise(noise)?,
            None => generator,
        }))
    }

    /// The error that lists what is recognised.
    fn unknown(&self, found: String) -> Error {
        #[cfg(feature = "images")]
        let pictures = format!(
            "; pictures: {}, or a folder, .npz, IDX file or CIFAR tarball of them",
            (basinscope_images::data::Official::ALL.iter())
                .map(basinscope_images::data::Official::name)
                .collect::<Vec<_>>()
                .join(", ")
        );
        #[cfg(not(feature = "images"))]
        let pictures = "; pictures need a build with --features images";
        let expected = format!(
            "a generated set ({}); a file of points ({POINTS_FILES}){pictures}",
            Generator::NAMES.join(", ")
        );
        Error::setting("data", expected, found)
    }
}

impl DataConfig {
    /// Fresh points of the generator, to judge minima on; `None` where there is none.
    pub fn fresh(&self) -> Option<Dataset> {
        let generator = self.source.generator()?;
        Some(generator.fresh(self.seed))
    }

    fn sizes(&self) -> SplitSizes {
        SplitSizes {
            train: self.train,
            test: self.test,
            pool: self.pool,
        }
    }

    /// Generates or reads the points and cuts them in three.
    pub fn load(&self) -> Result<Split> {
        let sizes = self.sizes();
        match &self.source {
            Source::Canonical(generator) => {
                let stream = |what| random::stream(self.seed, what, 0);
                Ok(Split {
                    train: generator.dataset(sizes.train, &mut stream("data"))?,
                    test: generator.sample(sizes.test, &mut stream("test")),
                    pool: generator.sample(sizes.pool, &mut stream("pool")),
                })
            }
            Source::Generator(generator) => {
                let all = sizes.train + sizes.test + sizes.pool;
                let rng = &mut random::stream(self.seed, "data", 0);
                let points = generator.dataset(all, rng)?;
                let rng = &mut random::stream(self.seed, "split", 0);
                Ok(split(&points, sizes, rng)?)
            }
            Source::File(file) => Ok(file.read()?.split(sizes, self.seed)?.0),
            #[cfg(feature = "images")]
            Source::Images(pictures) => Ok(pictures.split(sizes, self.seed)?),
        }
    }

    /// What was read for these parts.
    pub fn reading(&self, split: &Split) -> Result<Reading> {
        match &self.source {
            Source::Generator(generator) | Source::Canonical(generator) => {
                let mut form = format!("generated by seed {}", self.seed);
                if generator.noise() > 0.0 {
                    form += &format!(", noise {}", generator.noise());
                }
                Ok(Reading::of(generator.name(), form, split))
            }
            Source::File(file) => Ok(file.read()?.split(self.sizes(), self.seed)?.1),
            #[cfg(feature = "images")]
            Source::Images(pictures) => {
                Ok(crate::picture_args::reading(pictures, split, self.seed))
            }
        }
    }
}
