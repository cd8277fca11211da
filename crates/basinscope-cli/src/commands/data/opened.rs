//! The set that `data info` and `data show` are about.

use crate::picture_args::ReadArgs;
use anyhow::Result;
use basinscope_images::data::{Part, Parts, Source, cache_folder};
use std::path::PathBuf;

/// Which set, and how to read it.
#[derive(Debug, clap::Args)]
pub struct DataArgs {
    /// svhn, cifar10, mnist or fashion-mnist from the cache folder; or a path: a folder of their
    /// files (also torchvision's root), of pictures by class (also within train, val and test), an
    /// .npz of pictures, a CIFAR-10 or CIFAR-100 tarball, an IDX file of pictures
    #[arg(value_name = "DATA")]
    pub data: String,

    /// Folder that fetched sets are kept in [default: as of `data fetch`]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Labels of CIFAR-100, fine or coarse [default: fine]
    #[arg(long, value_name = "KIND")]
    label: Option<String>,

    #[command(flatten)]
    read: ReadArgs,
}

impl DataArgs {
    /// Reads the wanted parts that are there.
    pub fn read(&self, wanted: &[Part]) -> Result<Parts> {
        let how = self.read.how(self.label.as_deref())?;
        let source = Source::find(&self.data, &cache_folder(self.cache.as_deref())?)?.with(&how)?;
        Ok(source.read(wanted)?)
    }
}
