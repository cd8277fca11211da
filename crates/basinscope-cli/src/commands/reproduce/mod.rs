//! `basinscope reproduce`: the paper's figures from scratch, each with a sheet of verdicts.

mod basins;
mod bench;
mod boundaries;
mod dimension;
mod embedding;
mod margins;
pub mod minefield;
mod optimizers;
#[cfg(feature = "images")]
mod pictures;
mod population;
mod recipe;
mod search;
mod sharpness;
mod slices;
mod volumes;

use crate::console::{ChecksFailed, Console, table};
use crate::lab::open_for;
use anyhow::{Context, Result};
use basinscope::record::{RunDir, SheetRecord};
use basinscope_report::page;
use bench::Bench;
use clap::ValueEnum;
use recipe::Preset;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Options of `reproduce`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope reproduce fig1
  basinscope reproduce all --preset paper --out runs/paper
  basinscope reproduce fig3 --recipe my-fig3.toml --out runs/mine

Each experiment works in a folder of its own under --out and goes on there if interrupted. Its
recipe is experiments/NAME.toml; the sheet ends in exit code 1 where a bar is missed.")]
pub struct Args {
    /// Which experiment
    #[arg(value_enum, value_name = "FIGURE")]
    figure: Which,

    /// How much work to take on
    #[arg(long, value_enum, default_value_t = Preset::Quick)]
    preset: Preset,

    /// Folder for the experiments [default: basinscope-reproduce-PRESET]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Seed of everything random but the points
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// A recipe of your own instead of the built-in one (one experiment only)
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
}

/// One experiment: what its recipe holds, and what it does.
trait Experiment {
    /// What the recipe's `[common]` and preset tables hold together.
    type Settings: Serialize + DeserializeOwned;
    /// Its title on the sheet.
    const TITLE: &'static str;
    /// The built-in recipe.
    const RECIPE: &'static str;

    /// Does the work; fills the bench's sheet.
    fn run(settings: &Self::Settings, bench: &mut Bench) -> Result<()>;
}

/// The experiments by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// the minefield: bad minima all along a good run
    Fig1,
    /// good and bad boundaries of the swiss roll
    Fig3,
    /// slices: loss and accuracy under random perturbation
    Fig5,
    /// sharpness: flips, radii, animations
    Fig6,
    /// volume of the basin against the generalization gap
    Fig7,
    /// wide margins on concentric circles
    Fig8,
    /// optimizers, each tuned, and the over-parametrised linear model
    Table1,
    /// nets guessed blindly: do those that fit generalize?
    Search,
    /// the blessing of dimensionality: volumes by number of parameters
    Dimension,
    /// which of many measures tell how a minimum generalizes
    Population,
    /// poisoned ResNets on MNIST's digits: accuracy, slices, radii, volumes
    #[cfg(feature = "images")]
    Mnist,
    /// the same on SVHN, the paper's own
    #[cfg(feature = "images")]
    Svhn,
    /// the linear model with quadratic features against nets, and optimizers, on CIFAR-10
    #[cfg(feature = "images")]
    Cifar10,
    /// all of them that need no pictures
    All,
}

impl Which {
    /// Every experiment, in the paper's order.
    fn every() -> impl Iterator<Item = Self> {
        let variants = Self::value_variants().iter().copied();
        variants.filter(|&which| which != Self::All)
    }

    /// Whether it needs data that has to be fetched.
    fn needs_pictures(self) -> bool {
        match self {
            #[cfg(feature = "images")]
            Self::Mnist | Self::Svhn | Self::Cifar10 => true,
            _ => false,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Fig1 => "fig1",
            Self::Fig3 => "fig3",
            Self::Fig5 => "fig5",
            Self::Fig6 => "fig6",
            Self::Fig7 => "fig7",
            Self::Fig8 => "fig8",
            Self::Table1 => "table1",
            Self::Search => "search",
            Self::Dimension => "dimension",
            Self::Population => "population",
            #[cfg(feature = "images")]
            Self::Mnist => "mnist",
            #[cfg(feature = "images")]
            Self::Svhn => "svhn",
            #[cfg(feature = "images")]
            Self::Cifar10 => "cifar10",
            Self::All => "all",
        }
    }

    fn conduct(self, args: &Args, out: &Path, console: &Console) -> Result<SheetRecord> {
        match self {
            Self::Fig1 => conduct::<minefield::Minefield>(self, args, out, console),
            Self::Fig3 => conduct::<boundaries::Boundaries>(self, args, out, console),
            Self::Fig5 => conduct::<slices::Slices>(self, args, out, console),
            Self::Fig6 => conduct::<sharpness::Sharpness>(self, args, out, console),
            Self::Fig7 => conduct::<volumes::Volumes>(self, args, out, console),
            Self::Fig8 => conduct::<margins::Margins>(self, args, out, console),
            Self::Table1 => conduct::<optimizers::Optimizers>(self, args, out, console),
            Self::Search => conduct::<search::RandomSearch>(self, args, out, console),
            Self::Dimension => conduct::<dimension::Dimension>(self, args, out, console),
            Self::Population => conduct::<population::Population>(self, args, out, console),
            #[cfg(feature = "images")]
            Self::Mnist => conduct::<pictures::Mnist>(self, args, out, console),
            #[cfg(feature = "images")]
            Self::Svhn => conduct::<pictures::Svhn>(self, args, out, console),
            #[cfg(feature = "images")]
            Self::Cifar10 => conduct::<pictures::Cifar10>(self, args, out, console),
            Self::All => unreachable!("taken apart in `run`"),
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let which = match args.figure {
        Which::All => Which::every()
            .filter(|which| !which.needs_pictures())
            .collect(),
        one => vec![one],
    };
    if args.recipe.is_some() && args.figure == Which::All {
        let expected = "one experiment: each has a recipe of its own";
        return Err(basinscope::Error::setting("recipe", expected, "all").into());
    }
    let out = match &args.out {
        Some(out) => out.clone(),
        None => format!("basinscope-reproduce-{}", args.preset.name()).into(),
    };
    let begun = Instant::now();
    let mut sheets = Vec::new();
    for which in which {
        let sheet = which.conduct(args, &out, console)?;
        sheets.push(sheet);
    }
    let top = RunDir::create_bare(&out)?;
    let found = every_sheet(&out)?;
    top.write("sheets.md", markdown(&found).as_bytes())?;
    top.write("index.html", page::sheets_html(&found).as_bytes())?;

    let seconds = begun.elapsed().as_secs_f64();
    let rows: usize = sheets.iter().map(|sheet| sheet.rows.len()).sum();
    let misses: usize = sheets.iter().map(SheetRecord::misses).sum();
    console.say(format!(
        "{} of {rows} bars passed in {seconds:.0} s. Open {}",
        rows - misses,
        out.join("index.html").display()
    ));
    console.summary(&json!({
        "command": "reproduce",
        "run": out,
        "page": out.join("index.html"),
        "seconds": seconds,
        "misses": misses,
        "sheets": sheets,
    }))?;
    match misses {
        0 => Ok(()),
        misses => Err(ChecksFailed(misses).into()),
    }
}

/// Every sheet that stands under the folder by now, in the paper's order.
fn every_sheet(out: &Path) -> Result<Vec<SheetRecord>> {
    let mut sheets = Vec::new();
    for which in Which::every() {
        let folder = out.join(which.name());
        if folder.join(SHEET).is_file() {
            sheets.push(RunDir::create(folder)?.read_json(SHEET)?);
        }
    }
    Ok(sheets)
}

const SHEET: &str = "results/sheet.json";

/// Carries one experiment out, or reads its sheet again where it is complete.
fn conduct<E: Experiment>(
    which: Which,
    args: &Args,
    out: &Path,
    console: &Console,
) -> Result<SheetRecord> {
    #[derive(Serialize)]
    struct Config<'a, S> {
        version: &'a str,
        command: &'a str,
        experiment: &'a str,
        preset: &'a str,
        seed: u64,
        settings: &'a S,
    }
    let begun = Instant::now();
    let (source, text) = match &args.recipe {
        Some(path) => {
            let read = || format!("{}: cannot read", path.display());
            (
                path.clone(),
                std::fs::read_to_string(path).with_context(read)?,
            )
        }
        None => (
            format!("experiments/{}.toml", which.name()).into(),
            E::RECIPE.to_owned(),
        ),
    };
    let settings: E::Settings = recipe::load(&source, &text, args.preset)?;
    let config = Config {
        version: basinscope::VERSION,
        command: "reproduce",
        experiment: which.name(),
        preset: args.preset.name(),
        seed: args.seed,
        settings: &settings,
    };
    let folder = out.join(which.name());
    let fresh = !folder.exists();
    let run = open_for(&folder, &toml::to_string(&config)?, console)?;
    console.say(format!("{}: {} …", which.name(), E::TITLE));
    let mut bench = Bench::new(run.clone(), console, args.preset, args.seed);
    let outcome = E::run(&settings, &mut bench);
    if outcome.is_err() && fresh && !has_begun(&run) {
        // Settings that were refused leave no run behind that would stand in the way of better ones.
        let _ = std::fs::remove_dir_all(&folder);
    }
    outcome?;
    let sheet = bench.sheet(which.name(), E::TITLE, serde_json::to_value(&config)?);
    run.write_json(SHEET, &sheet)?;
    run.write(
        "sheet.md",
        markdown(std::slice::from_ref(&sheet)).as_bytes(),
    )?;
    run.write("index.html", page::sheet_html(&run, &sheet)?.as_bytes())?;
    let seconds = begun.elapsed().as_secs_f64();
    console.say(format!("{}\n{seconds:.0} s\n", text_of(&sheet)));
    Ok(sheet)
}

/// Whether a run holds anything worth keeping.
fn has_begun(run: &RunDir) -> bool {
    ["results", "minima", "checkpoints"].iter().any(|folder| {
        let inside = std::fs::read_dir(run.path(folder));
        inside.is_ok_and(|mut inside| inside.next().is_some())
    })
}

/// A sheet for the terminal.
fn text_of(sheet: &SheetRecord) -> String {
    let rows: Vec<Vec<String>> = (sheet.rows.iter())
        .map(|row| {
            vec![
                row.quantity.clone(),
                row.published.clone(),
                row.ours.clone(),
                row.bar.clone(),
                verdict(row.pass).into(),
            ]
        })
        .collect();
    let mut text = table(&["", "published", "ours", "bar", ""], &rows);
    for note in &sheet.notes {
        text += &format!("\n· {note}");
    }
    text
}

fn verdict(pass: bool) -> &'static str {
    if pass { "pass" } else { "MISS" }
}

/// Sheets as Markdown tables.
fn markdown(sheets: &[SheetRecord]) -> String {
    let mut text = String::new();
    for sheet in sheets {
        text += &format!(
            "## {}: {}\n\nPreset {}, seed {}, basinscope {}.\n\n",
            sheet.experiment, sheet.title, sheet.preset, sheet.seed, sheet.version
        );
        text += "| quantity | published | ours | bar | |\n|---|---|---|---|---|\n";
        for row in &sheet.rows {
            let cells = [&row.quantity, &row.published, &row.ours, &row.bar];
            for cell in cells {
                text += &format!("| {} ", cell.replace('|', "\\|"));
            }
            text += &format!("| {} |\n", verdict(row.pass));
        }
        text.push('\n');
        for note in &sheet.notes {
            text += &format!("- {note}\n");
        }
        text.push('\n');
    }
    text
}
