//! Where the pictures of a run come from.

use crate::data_args::{DataArgs, DataConfig, Source};
use anyhow::Result;
use basinscope::Error;
use basinscope::data::Generator;
use basinscope_images::data::{self, Official, Part, Pictures, cache_folder};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Pictures of the cache folder, or of a path, and how many are taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedPictures {
    pictures: String,
    train: usize,
    test: usize,
    pool: usize,
}

impl NamedPictures {
    /// The configuration; pictures are looked for, and drawn by this seed.
    pub fn config(&self, seed: u64) -> Result<DataConfig> {
        let sizes = [self.train, self.test, self.pool].map(Some);
        named_pictures(&self.pictures, sizes, seed)
    }
}

impl DataArgs {
    /// The configuration where the data are pictures: a set by name, a folder, a tarball, an IDX
    /// file, or an NPZ with an array `images`.
    pub(crate) fn pictures(&self) -> Result<Option<DataConfig>> {
        if Generator::from_name(self.name()).is_ok() {
            return Ok(None);
        }
        let path = Path::new(self.name());
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let is_pictures = Official::from_name(self.name()).is_some()
            || path.is_dir()
            || name.contains("idx3")
            || [".tar.gz", ".tgz", ".tar"]
                .iter()
                .any(|end| name.ends_with(end))
            || (name.ends_with(".npz") && self.features.is_none() && holds_images(path));
        if !is_pictures {
            return Ok(None);
        }
        if self.noise.is_some() || self.label.is_some() || self.features.is_some() {
            let expected = "no --noise, --label or --features with pictures";
            return Err(Error::setting("data", expected, self.name()).into());
        }
        let source = data::Source::find(self.name(), &cache_folder(None)?)?;
        let wanted = [self.train_points, self.test_points, self.pool_points];
        Ok(Some(picture_config(source, wanted, self.data_seed)?))
    }
}

/// Pictures of the cache folder, or of a path, as the configuration of a run.
pub fn named_pictures(name: &str, sizes: [Option<usize>; 3], seed: u64) -> Result<DataConfig> {
    let source = data::Source::find(name, &cache_folder(None)?)?;
    picture_config(source, sizes, seed)
}

/// Pictures as the configuration of a run; sizes of the parts that are not given are the default.
pub fn picture_config(
    source: data::Source,
    [train, test, pool]: [Option<usize>; 3],
    seed: u64,
) -> Result<DataConfig> {
    let parts = source.read(&Part::ALL)?;
    let sizes = Pictures::default_sizes(&parts);
    Ok(DataConfig {
        train: train.unwrap_or(sizes.train),
        test: test.unwrap_or(sizes.test),
        pool: pool.unwrap_or(sizes.pool),
        seed,
        source: Source::Images(Pictures::of(&parts)?),
    })
}

/// Whether an NPZ has an array called `images`.
fn holds_images(path: &Path) -> bool {
    data::is_npz_of_pictures(path)
}
