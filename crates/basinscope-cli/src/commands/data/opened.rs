//! The set that `data info` and `data show` are about.

use anyhow::Result;
use basinscope::Error;
use basinscope_images::data::{Part, Parts, Source, cache_folder};
use std::path::PathBuf;
use std::str::FromStr;

/// Which set, and how to read it.
#[derive(Debug, clap::Args)]
pub struct DataArgs {
    /// svhn, cifar10, mnist or fashion-mnist from the cache folder; or a path: a folder of official
    /// files, a folder of pictures by class, an .npz, a CIFAR-10 tarball, an IDX file of pictures
    #[arg(value_name = "DATA")]
    pub data: String,

    /// Folder that fetched sets are kept in [default: as of `data fetch`]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Scale the pictures of a folder to this size, HEIGHTxWIDTH [default: all must be of one size]
    #[arg(long, value_name = "SIZE")]
    size: Option<Size>,
}

/// Height and width.
#[derive(Debug, Clone, Copy)]
struct Size([usize; 2]);

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

impl DataArgs {
    /// Reads the wanted parts that are there.
    pub fn read(&self, wanted: &[Part]) -> Result<Parts> {
        let mut source = Source::find(&self.data, &cache_folder(self.cache.as_deref())?)?;
        if let Some(Size(asked)) = self.size {
            let Source::Folder { size, .. } = &mut source else {
                let expected = "a folder of pictures by class";
                return Err(Error::setting("--size", expected, format!("`{}`", self.data)).into());
            };
            *size = Some(asked);
        }
        Ok(source.read(wanted)?)
    }
}
