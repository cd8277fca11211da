//! A run that is there already: whether minima of a net on data may be added to it.

use crate::commands::train::RunConfig;
use crate::data_args::DataConfig;
use crate::lab::{points_config, split_kernel};
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::Error;
use basinscope::data::Split;
use basinscope::record::{MinimumRecord, RunDir};
use std::path::Path;

/// A run with minima.
pub struct Begun {
    run: RunDir,
    /// Its minima, in order.
    pub records: Vec<MinimumRecord>,
}

impl Begun {
    /// The run of a folder, if there is one, checked to be of this net and these data.
    ///
    /// # Errors
    /// [`Error::File`] where its net or its data are others, or the folder holds another kind of
    /// run.
    pub fn open(
        out: &Path,
        net: &NetConfig,
        data: &DataConfig,
        split: &Split,
    ) -> Result<Option<Self>> {
        let path = out.join("config.toml");
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path, "read"))?;
        let begun: RunConfig = toml::from_str(split_kernel(&text).1).map_err(|_| {
            let expected = "a run of `train` or `import` to add to (choose another --out)";
            Error::file(&path, "configuration", expected, "another one")
        })?;
        if begun.net != *net {
            let [ours, theirs] =
                [net, &begun.net].map(|net| Ok::<_, anyhow::Error>(net.build()?.describe()));
            let expected = format!("{}, of the weights to add (choose another --out)", ours?);
            return Err(Error::file(&path, "net", expected, theirs?).into());
        }
        let run = RunDir::open(out)?;
        let is_same = match points_config(&run)? {
            Some(begun) => begun == *data,
            None => run.read_data()? == *split,
        };
        if !is_same {
            let expected = "the data given now: same source, parts, seed and normalisation (choose \
                            another --out)";
            return Err(Error::file(&path, "data", expected, "others").into());
        }
        let records = match run.has("results/minima.json") {
            true => run.read_json("results/minima.json")?,
            false => Vec::new(),
        };
        Ok(Some(Self { run, records }))
    }

    /// Whether it has this minimum already, under the same name and with the same weights.
    ///
    /// # Errors
    /// [`Error::File`] where the name is that of others.
    pub fn has(&self, name: &str, theta: &[f32], buffers: &[f32], net: &NetConfig) -> Result<bool> {
        let Some(record) = self.records.iter().find(|record| record.name == name) else {
            return Ok(false);
        };
        let (old, statistics) =
            (self.run.read_minimum(&record.file)?).parameters(net.build()?.as_ref())?;
        if old == theta && statistics == buffers {
            return Ok(true);
        }
        let path = self.run.path(&record.file);
        let expected = "a name that the run has not (choose it with --name)";
        Err(Error::file(path, "name", expected, format!("{name}, of other weights")).into())
    }
}
