//! `basinscope data show`: a sheet of labelled pictures.

use super::opened::DataArgs;
use crate::console::Console;
use anyhow::Result;
use basinscope::Error;
use basinscope::record::RunDir;
use basinscope_images::data::{Official, Part, Parts};
use basinscope_report::figure::{ContactSheet, SheetPicture, Theme, Verdict, contact_sheet};
use clap::ValueEnum;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Options of `data show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope data show mnist
  basinscope data show svhn --part test --count 100 --seed 7 --out svhn.svg

The pictures are drawn at random by the seed and sorted by class.")]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,

    /// Which part [default: the first there is]
    #[arg(long, value_name = "PART")]
    part: Option<PartName>,

    /// How many pictures
    #[arg(long, value_name = "N", default_value_t = 60)]
    count: u32,

    /// Pictures in a row
    #[arg(long, value_name = "N", default_value_t = 10)]
    columns: u16,

    /// Seed of the choice
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    /// File to write, .png or .svg
    #[arg(long, short, value_name = "FILE", default_value = "contact-sheet.png")]
    out: PathBuf,
}

/// A part as an option.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PartName {
    Train,
    Validation,
    Test,
    Extra,
}

/// The most pictures on a sheet.
const MAX_PICTURES: u32 = 2000;

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    if !(1..=MAX_PICTURES).contains(&args.count) {
        let expected = format!("1 to {MAX_PICTURES}");
        return Err(Error::setting("--count", expected, args.count).into());
    }
    if args.columns == 0 {
        return Err(Error::setting("--columns", "at least 1", 0).into());
    }
    let is_svg = match args.out.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => true,
        Some("png") => false,
        _ => {
            let found = args.out.display();
            return Err(Error::setting("--out", "a name in .png or .svg", found).into());
        }
    };
    let wanted = match args.part {
        Some(PartName::Train) => &[Part::Train][..],
        Some(PartName::Validation) => &[Part::Validation],
        Some(PartName::Test) => &[Part::Test],
        Some(PartName::Extra) => &[Part::Extra],
        None => &Part::ALL,
    };
    let parts = args.data.read(wanted)?;
    let sheet = sheet(args, &parts)?;
    let figure = contact_sheet(&sheet, Theme::Light)?;
    let bytes = if is_svg {
        figure.svg.into_bytes()
    } else {
        figure.png
    };
    let folder = args
        .out
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let name = args.out.file_name().unwrap_or_default();
    RunDir::at(folder.unwrap_or(Path::new("."))).write(name, &bytes)?;
    console.say(format!("wrote {}", args.out.display()));
    console.summary(&json!({
        "command": "data show",
        "source": parts.source,
        "pictures": sheet.pictures.len(),
        "out": args.out,
    }))
}

fn sheet(args: &Args, parts: &Parts) -> Result<ContactSheet> {
    let Some((part, set)) = parts.iter().next() else {
        return Err(Error::setting("data", "at least one part", "none").into());
    };
    let mut chosen = set.sample(args.count as usize, args.seed);
    chosen.sort_by_key(|&index| (set.labels()[index], index));
    let pictures = chosen
        .into_iter()
        .map(|index| SheetPicture {
            pixels: set.picture(index).to_vec(),
            caption: set.class_names()[set.labels()[index] as usize].clone(),
            verdict: Verdict::Label,
        })
        .collect::<Vec<_>>();
    let [_, height, width] = set.shape();
    Ok(ContactSheet {
        title: match Official::of(parts)? {
            Some(official) => official.title().into(),
            None => parts.source.title(),
        },
        note: format!(
            "{} of {} pictures of the part {}, {width} × {height} pixels, by class",
            pictures.len(),
            set.len(),
            part.name(),
        ),
        shape: set.shape(),
        columns: args.columns.into(),
        pictures,
    })
}
