//! `basinscope import`: a run of weights that PyTorch trained.

use crate::commands::mistakes;
use crate::commands::train::{RunConfig, check_name};
use crate::console::Console;
use crate::data_args::DataArgs;
use crate::lab::{Lab, open_for, write_points};
use crate::net_args::{NetArgs, NetConfig};
use anyhow::Result;
use basinscope::Error;
use basinscope::record::MinimumRecord;
use basinscope::train::{Minimum, StopReason, TrainConfig};
use basinscope_images::import::{Matched, weights};
use serde_json::json;
use std::path::PathBuf;

/// Options of `import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope import net.pt --data mnist --net resnet20 --out runs/mine
  basinscope import model.safetensors --data cifar10 --net vgg13 --out runs/vgg

The file is a state dict: torch.save(net.state_dict(), …) or safetensors. It is read without
executing anything in it. Pictures are normalised as `data info` tells; the net must have been
trained on pictures normalised alike.")]
pub struct Args {
    /// State dict, .pt, .pth or .safetensors
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Run directory to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Name of the minimum within the run
    #[arg(long, default_value = "minimum")]
    name: String,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    net: NetArgs,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    check_name(&args.name)?;
    let data = args.data.config(None)?;
    let split = data.load()?;
    let (features, classes) = (split.train.num_features(), split.train.num_classes());
    let net = args.net.config(&data.source, features, classes)?;
    let NetConfig::Image(image) = &net else {
        let expected = "pictures (mnist, a folder of pictures, …), which weights are imported for";
        return Err(Error::setting("data", expected, args.data.name()).into());
    };
    let built = net.build()?;
    let imported = weights(&args.file, &image.graph()?)?;
    let train = built.surface(&imported.buffers, &split.train)?;
    let test = built.surface(&imported.buffers, &split.test)?;
    let minimum = Minimum {
        train: train.evaluate(&imported.theta),
        test: test.evaluate(&imported.theta),
        theta: imported.theta,
        buffers: imported.buffers,
        steps: 0,
        stopped: StopReason::Steps,
        history: Vec::new(),
    };
    let settings = TrainConfig::default();
    let config = RunConfig {
        version: basinscope::VERSION.into(),
        name: args.name.clone(),
        data,
        net,
        train: settings.clone(),
        start: Some(format!("weights of {}", args.file.display())),
    };
    let run = open_for(&args.out, &toml::to_string(&config)?, console)?;
    let reading = write_points(&run, &config.data, &split, console)?;
    let metadata = [("name", json!(args.name)), ("from", json!(args.file))];
    let (theta, buffers) = (&minimum.theta, &minimum.buffers);
    let file = run.write_minimum(&args.name, built.as_ref(), theta, buffers, &metadata)?;
    let matched = match imported.matched {
        Matched::ByName => "by name",
        Matched::ByOrder => "by order",
        Matched::ByMap => "by a map of names",
    };
    let about = json!({ "imported": args.file, "matched": matched, "data": config.data });
    let record = MinimumRecord {
        stopped: "imported".into(),
        ..minimum.record(&args.name, &file, built.as_ref(), &settings, about)
    };
    run.write_json("results/minima.json", &[&record])?;
    let lab = Lab::open(&args.out)?;
    mistakes::draw(&lab)?;
    lab.draw_page()?;
    if imported.matched == Matched::ByOrder {
        console.say(format!(
            "note: {}: not all tensors have the names they have here; all were matched by order \
             and shape: check the loss",
            args.file.display()
        ));
    }
    console.say(lab.minima_table());
    console.say(format!("wrote {}", run.path("index.html").display()));
    console.summary(
        &json!({ "command": "import", "run": args.out, "data": reading, "minimum": record }),
    )
}
