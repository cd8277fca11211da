//! Options of `import`.

use super::classes::ClassOrder;
use super::expected::{Accuracy, Part};
use crate::data_args::DataArgs;
use crate::net_args::NetArgs;
use std::path::PathBuf;

/// Options of `import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope import net.pt --data mnist --out runs/mine --expect-accuracy 98.9
  basinscope import model.safetensors --data cifar10 --net vgg13 --out runs/vgg
  basinscope import a.pt b.pt c.pt --data cifar10 --out runs/three
  basinscope import mlp.pt --data points.csv --activation tanh --out runs/points

The file is what torch.save or safetensors wrote: a state dict, what was saved around one, or a
whole net. It is read without executing anything in it. The net is recognised by the names and
shapes of its tensors where --net does not name it; names decide which tensor goes where. The data
must be those the net was trained for, normalised alike: check with --expect-accuracy.

A run that is there already gets the new minima if it is of the same net and data.")]
pub struct Args {
    /// Weights, .pt, .pth, .ckpt or .safetensors; several make one run of as many minima
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Run directory to write, or to add to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Name of the minimum within the run; of one file only [default: that of the file]
    #[arg(long)]
    pub name: Option<String>,

    /// Where in the file the tensors are, keys with points between (model.ema) [default: the only
    /// place whose tensors fit]
    #[arg(long, value_name = "PATH")]
    pub key: Option<String>,

    /// TOML or JSON map of the file's tensor names to those of the net
    #[arg(long, value_name = "FILE", conflicts_with = "by_order")]
    pub names: Option<PathBuf>,

    /// Match tensors by their order and shapes where names are unknown (.pt files only); refused
    /// where a name contradicts it
    #[arg(long)]
    pub by_order: bool,

    /// Accuracy the net should have, 92.3 or .923, or one a file; others by more than .5 points
    /// are an error, and nothing is written
    #[arg(long, value_name = "PERCENT", value_delimiter = ',')]
    pub expect_accuracy: Vec<Accuracy>,

    /// On which part of the data that accuracy is
    #[arg(long, value_enum, default_value_t = Part::Test, requires = "expect_accuracy")]
    pub expect_on: Part,

    /// Order of the classes in the file's last layer, needed where their names sort otherwise as
    /// text
    #[arg(long, value_name = "ORDER", value_enum)]
    pub class_order: Option<ClassOrder>,

    #[command(flatten)]
    pub data: DataArgs,

    #[command(flatten)]
    pub net: NetArgs,
}
