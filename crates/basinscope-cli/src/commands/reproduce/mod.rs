//! `basinscope reproduce`: the paper's figures from scratch, each with a sheet of verdicts.

mod basins;
mod bench;
mod boundaries;
mod dimension;
mod embedding;
mod margins;
pub mod minefield;
mod optimizers;
mod over_seeds;
#[cfg(feature = "images")]
mod pictures;
mod population;
mod recipe;
mod search;
mod sharpness;
mod sheet_text;
mod slices;
mod volumes;

use crate::console::{ChecksFailed, Console};
use crate::lab::open_for;
use anyhow::{Context, Result};
use basinscope::record::{RunDir, SeedsRecord, SheetRecord};
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
  basinscope reproduce all --seeds 10 --out runs/ten
  basinscope reproduce fig3 --recipe my-fig3.toml --out runs/mine

Each experiment works in a folder of its own under --out and resumes there if interrupted. Its
recipe is experiments/NAME.toml; a bar that is missed ends in exit code 1. With --seeds K each
seed has a folder seed-N of its own, as --seed N would fill it, and a bar holds where nine seeds of
ten pass it (all of fewer than ten).")]
pub struct Args {
    /// Which experiment
    #[arg(value_enum, value_name = "FIGURE")]
    figure: Which,

    /// How much work to take on
    #[arg(long, value_enum, default_value_t = Preset::Quick)]
    preset: Preset,

    /// Folder for the experiments [default: basinscope-reproduce-PRESET, with -seeds for several]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Seed of everything random but the points
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Seeds to judge every bar over, drawn from --seed
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = parse_seeds)]
    seeds: usize,

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
    /// What was changed about recipe and bars after looking at seeds; empty where nothing was.
    const CHANGED: &'static str = "";

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

    /// One seed's run in `folder`, and its sheet.
    fn conduct(
        self,
        args: &Args,
        seed: u64,
        folder: &Path,
        console: &Console,
    ) -> Result<SheetRecord> {
        let at = At { args, seed, folder };
        match self {
            Self::Fig1 => conduct::<minefield::Minefield>(self, &at, console),
            Self::Fig3 => conduct::<boundaries::Boundaries>(self, &at, console),
            Self::Fig5 => conduct::<slices::Slices>(self, &at, console),
            Self::Fig6 => conduct::<sharpness::Sharpness>(self, &at, console),
            Self::Fig7 => conduct::<volumes::Volumes>(self, &at, console),
            Self::Fig8 => conduct::<margins::Margins>(self, &at, console),
            Self::Table1 => conduct::<optimizers::Optimizers>(self, &at, console),
            Self::Search => conduct::<search::RandomSearch>(self, &at, console),
            Self::Dimension => conduct::<dimension::Dimension>(self, &at, console),
            Self::Population => conduct::<population::Population>(self, &at, console),
            #[cfg(feature = "images")]
            Self::Mnist => conduct::<pictures::Mnist>(self, &at, console),
            #[cfg(feature = "images")]
            Self::Svhn => conduct::<pictures::Svhn>(self, &at, console),
            #[cfg(feature = "images")]
            Self::Cifar10 => conduct::<pictures::Cifar10>(self, &at, console),
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
        None => {
            let several = if args.seeds > 1 { "-seeds" } else { "" };
            format!("basinscope-reproduce-{}{several}", args.preset.name()).into()
        }
    };
    match args.seeds {
        1 => run_one(&which, args, &out, console),
        _ => run_several(&which, args, &out, console),
    }
}

fn parse_seeds(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=10_000) => Ok(count),
        _ => Err("expected a number of seeds from 1 to 10000".into()),
    }
}

/// Experiments from one seed.
fn run_one(which: &[Which], args: &Args, out: &Path, console: &Console) -> Result<()> {
    let begun = Instant::now();
    let mut sheets = Vec::new();
    for which in which {
        let folder = out.join(which.name());
        over_seeds::refuse_over_seeds(&folder)?;
        let sheet = which.conduct(args, args.seed, &folder, console)?;
        console.say(format!("{}\n", sheet_text::text(&sheet)));
        sheets.push(sheet);
    }
    let top = RunDir::create_bare(out)?;
    let found: Vec<SheetRecord> = every(out, SHEET)?;
    top.write("sheets.md", sheet_text::markdown(&found).as_bytes())?;
    top.write("index.html", page::sheets_html(&found).as_bytes())?;
    let rows = sheets.iter().map(|sheet| sheet.rows.len()).sum();
    let misses = sheets.iter().map(SheetRecord::misses).sum();
    end(out, begun, [rows, misses], &sheets, console)
}

/// Experiments from several seeds, and what holds over them.
fn run_several(which: &[Which], args: &Args, out: &Path, console: &Console) -> Result<()> {
    let begun = Instant::now();
    let mut records = Vec::new();
    for which in which {
        records.push(over_seeds::conduct(*which, args, out, console)?);
    }
    let top = RunDir::create_bare(out)?;
    let found: Vec<SeedsRecord> = every(out, over_seeds::SEEDS)?;
    let text: String = found.iter().map(sheet_text::seeds_markdown).collect();
    top.write("sheets.md", text.as_bytes())?;
    top.write("index.html", page::all_seeds_html(&found).as_bytes())?;
    let rows = records.iter().map(|record| record.rows.len()).sum();
    let misses = records.iter().map(SeedsRecord::misses).sum();
    end(out, begun, [rows, misses], &records, console)
}

/// Ends the command: a line for the reader, the summary, and the exit code.
fn end(
    out: &Path,
    begun: Instant,
    [rows, misses]: [usize; 2],
    sheets: impl Serialize,
    console: &Console,
) -> Result<()> {
    let seconds = begun.elapsed().as_secs_f64();
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
fn every<T: DeserializeOwned>(out: &Path, file: &str) -> Result<Vec<T>> {
    let mut sheets = Vec::new();
    for which in Which::every() {
        let folder = out.join(which.name());
        if folder.join(file).is_file() {
            sheets.push(RunDir::create_bare(folder)?.read_json(file)?);
        }
    }
    Ok(sheets)
}

const SHEET: &str = "results/sheet.json";

/// Where one run of an experiment works, and from which seed.
struct At<'a> {
    args: &'a Args,
    seed: u64,
    folder: &'a Path,
}

/// Carries one experiment out from one seed; of several seeds, those that are complete are read
/// again.
fn conduct<E: Experiment>(which: Which, at: &At<'_>, console: &Console) -> Result<SheetRecord> {
    #[derive(Serialize)]
    struct Config<'a, S> {
        version: &'a str,
        command: &'a str,
        experiment: &'a str,
        preset: &'a str,
        seed: u64,
        settings: &'a S,
    }
    let At { args, seed, folder } = *at;
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
        seed,
        settings: &settings,
    };
    let fresh = !folder.exists();
    let run = open_for(folder, &toml::to_string(&config)?, console)?;
    if args.seeds > 1
        && let Some(sheet) = over_seeds::finished(folder)
    {
        return Ok(sheet);
    }
    if args.seeds == 1 {
        console.say(format!("{}: {} …", which.name(), E::TITLE));
    }
    let mut bench = Bench::new(run.clone(), console, args.preset, seed);
    let outcome = E::run(&settings, &mut bench);
    if outcome.is_err() && fresh && !has_begun(&run) {
        // Settings that were refused leave no run behind that would stand in the way of better ones.
        let _ = std::fs::remove_dir_all(folder);
    }
    outcome?;
    if args.recipe.is_none() && !E::CHANGED.is_empty() {
        bench.note(E::CHANGED);
    }
    bench.note(format!(
        "One seed, {seed}: another may miss what this one passes. `--seeds 10` judges every bar over \
         ten that nobody picks."
    ));
    let sheet = bench.sheet(which.name(), E::TITLE, serde_json::to_value(&config)?);
    run.write_json(SHEET, &sheet)?;
    run.write(
        "sheet.md",
        sheet_text::markdown(std::slice::from_ref(&sheet)).as_bytes(),
    )?;
    run.write("index.html", page::sheet_html(&run, &sheet)?.as_bytes())?;
    if args.seeds == 1 {
        let seconds = begun.elapsed().as_secs_f64();
        console.say(format!("{} took {seconds:.0} s", which.name()));
    }
    Ok(sheet)
}

/// Whether a run holds anything worth keeping.
fn has_begun(run: &RunDir) -> bool {
    ["results", "minima", "checkpoints"].iter().any(|folder| {
        let inside = std::fs::read_dir(run.path(folder));
        inside.is_ok_and(|mut inside| inside.next().is_some())
    })
}
