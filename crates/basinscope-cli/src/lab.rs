//! A run directory, opened: its points, its minima, and where results and figures go.

use crate::console::{Console, percent, table};
use crate::data_args::DataConfig;
#[cfg(feature = "images")]
use crate::data_args::Source;
use crate::net_args::{computed_by, net_from_json};
use anyhow::Result;
use basinscope::Error;
use basinscope::data::{Reading, Split, SplitSizes};
use basinscope::net::{Architecture, Net, NetClassifier, NetSurface};
use basinscope::record::{MinimumRecord, RunDir, SheetRecord};
use basinscope_report::figure::{self, Figure, FigureError, Theme};
use basinscope_report::page;
use clap::Args;
use serde::{Serialize, de::DeserializeOwned};
use std::fs;
use std::path::{Path, PathBuf};

/// The run and the minima a command works on.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Run directory, as `train` or `tour` wrote it
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Minimum of the run; may be given several times [default: all]
    #[arg(long, short, value_name = "NAME")]
    pub minimum: Vec<String>,

    /// Statistics of batch norms from the run's pictures anew at each θ, in place of the running
    /// ones kept with the minimum (one more pass each evaluation)
    #[cfg(feature = "images")]
    #[arg(long)]
    pub recalibrate: bool,
}

impl RunArgs {
    /// Opens the run, to add to it.
    pub fn open(&self, console: &Console) -> Result<Lab> {
        #[cfg(feature = "images")]
        let lab = match self.recalibrate {
            true => Lab::open_with(&self.run, crate::net_args::recalibrated_net_from_json)?,
            false => Lab::open(&self.run)?,
        };
        #[cfg(not(feature = "images"))]
        let lab = Lab::open(&self.run)?;
        if let Ok(config) = fs::read_to_string(lab.run.path(CONFIG)) {
            tell_of_another_kernel(&config, console);
        }
        console.say(lab.reading()?.short_line());
        Ok(lab)
    }
}

/// The file of a run that holds its kernel and its configuration.
const CONFIG: &str = "config.toml";

/// Opens or creates a run directory for a configuration, and refuses one of another. A run keeps
/// the kernel that began it.
pub fn open_for(out: &Path, config: &str, console: &Console) -> Result<RunDir> {
    let path = out.join(CONFIG);
    if let Ok(found) = fs::read_to_string(&path) {
        if split_kernel(&found).1 != config {
            return Err(Error::file(
                path,
                "configuration",
                "the one asked for now (choose another --out, or delete this run)",
                "that of another run",
            )
            .into());
        }
        tell_of_another_kernel(&found, console);
        return Ok(RunDir::create(out)?);
    }
    let run = RunDir::create(out)?;
    let kernel = computed_by();
    run.write(
        CONFIG,
        format!("kernel = \"{kernel}\"\n{config}").as_bytes(),
    )?;
    Ok(run)
}

/// What began a run, its kernel and device, and its configuration, from a `config.toml`; the first
/// versions wrote no kernel.
pub fn split_kernel(text: &str) -> (Option<&str>, &str) {
    let kernel = text.strip_prefix("kernel = \"");
    match kernel.and_then(|rest| rest.split_once("\"\n")) {
        Some((kernel, config)) => (Some(kernel), config),
        None => (None, text),
    }
}

/// Says so where a run goes on with another kernel than it began with.
fn tell_of_another_kernel(config: &str, console: &Console) {
    let now = computed_by();
    if let Some(begun) = split_kernel(config).0.filter(|&begun| begun != now) {
        console.say(format!(
            "note: this run was begun with --kernel {begun} and goes on with --kernel {now}: results \
             agree to rounding, no longer to the bit"
        ));
    }
}

/// A run directory in memory.
pub struct Lab {
    pub run: RunDir,
    pub split: Split,
    pub minima: Vec<Minimum>,
    /// How many training points are left, and by which seed they were drawn.
    subset: Option<[u64; 2]>,
}

/// A minimum with the surfaces it lies on.
pub struct Minimum {
    pub record: MinimumRecord,
    pub net: Box<dyn Net>,
    pub theta: Vec<f32>,
    pub buffers: Vec<f32>,
    pub train: Box<dyn NetSurface>,
    pub test: Box<dyn NetSurface>,
}

impl Minimum {
    /// Reads the net and its θ, and binds it to the points of its run, in the memory of those
    /// read before it where it can.
    fn read(
        run: &RunDir,
        record: MinimumRecord,
        split: &Split,
        build: Build,
        before: &[Self],
    ) -> Result<Self> {
        let file = run.read_minimum(&record.file)?;
        let unfit = |expected: String, found: String| {
            let path = run.path(&record.file);
            Error::file(path, "metadata basinscope.architecture", expected, found)
        };
        let net = build(file.architecture())
            .map_err(|error| unfit("that of a net".into(), error.to_string()))?;
        let widths = net.as_perceptron().map_or(&[][..], Architecture::widths);
        if widths != record.widths {
            let expected = format!("widths {:?} as in results/minima.json", record.widths);
            return Err(unfit(expected, format!("{widths:?}")).into());
        }
        if widths.is_empty() && net.describe() != record.architecture {
            let expected = format!("{} as in results/minima.json", record.architecture);
            return Err(unfit(expected, net.describe()).into());
        }
        let (theta, buffers) = file.parameters(net.as_ref())?;
        let [train, test] = surfaces(net.as_ref(), &buffers, split, before)?;
        Ok(Self {
            train,
            test,
            record,
            net,
            theta,
            buffers,
        })
    }

    /// Its net as it classifies points, for boundaries.
    pub fn classifier(&self) -> Result<NetClassifier<'_>> {
        Ok(NetClassifier::new(self.net.as_ref(), &self.buffers)?)
    }

    /// Its net, for what only a perceptron can do (`what`, as in "boundaries").
    pub fn perceptron(&self, what: &str) -> Result<&Architecture> {
        self.net.as_perceptron().ok_or_else(|| {
            let field = format!("net of minimum {}", self.record.name);
            let expected = format!("a perceptron, which {what} need");
            Error::setting(field, expected, self.net.describe()).into()
        })
    }
}

/// The surfaces of a net over train and test points. Minima of one net share the memory of their
/// points, which of pictures is most of what a run needs.
fn surfaces(
    net: &dyn Net,
    buffers: &[f32],
    split: &Split,
    before: &[Minimum],
) -> Result<[Box<dyn NetSurface>; 2]> {
    let twin = (before.iter()).find(|minimum| minimum.net.to_json() == net.to_json());
    let shared = twin.and_then(|twin| {
        let [train, test] = [&twin.train, &twin.test].map(|of| of.with_buffers(buffers));
        Some([train?, test?])
    });
    match shared {
        Some(shared) => Ok(shared),
        None => Ok([
            net.surface(buffers, &split.train)?,
            net.surface(buffers, &split.test)?,
        ]),
    }
}

/// Builds the net of an architecture.
type Build = fn(&serde_json::Value) -> Result<Box<dyn Net>>;

/// Where the configuration of a run's points lies that keeps no copy of them.
const POINTS: &str = "data.toml";

/// Keeps the points of a run: themselves, or of pictures where to read them again; says what was
/// read, and keeps that too.
///
/// # Errors
/// Where the run was begun with other pictures.
pub fn write_points(
    run: &RunDir,
    data: &DataConfig,
    split: &Split,
    console: &Console,
) -> Result<Reading> {
    let reading = data.reading(split)?;
    console.say(reading.line());
    keep_points(run, data, split, &reading)?;
    Ok(reading)
}

/// The same where it was said before.
pub fn keep_points(
    run: &RunDir,
    data: &DataConfig,
    split: &Split,
    reading: &Reading,
) -> Result<()> {
    write_split(run, data, split)?;
    Ok(run.write_reading(reading)?)
}

fn write_split(run: &RunDir, data: &DataConfig, split: &Split) -> Result<()> {
    #[cfg(feature = "images")]
    if let Source::Images(pictures) = &data.source {
        if let Some(begun) = points_config(run)?
            && let Source::Images(old) = &begun.source
        {
            let path = run.path(POINTS);
            if old.md5 != pictures.md5 {
                let expected = format!("{} as of the pictures this run began with", old.md5);
                return Err(Error::file(path, "md5", expected, &pictures.md5).into());
            }
            if (&old.mean, &old.std) != (&pictures.mean, &pictures.std) {
                let expected = format!("pictures {} as this run began", old.normalized_by());
                let found = pictures.normalized_by();
                return Err(Error::file(path, "normalisation", expected, found).into());
            }
        }
        return Ok(run.write(POINTS, toml::to_string(data)?.as_bytes())?);
    }
    let _ = data;
    Ok(run.write_data(split)?)
}

/// The configuration of the points of a run that keeps no copy of them.
pub fn points_config(run: &RunDir) -> Result<Option<DataConfig>> {
    if !run.has(POINTS) {
        return Ok(None);
    }
    let path = run.path(POINTS);
    let text = fs::read_to_string(&path).map_err(Error::io(&path, "read"))?;
    let config = toml::from_str(&text).map_err(|error| {
        let expected = "where pictures come from (builds with the feature `images` read them)";
        Error::file(&path, "source", expected, error.message())
    })?;
    Ok(Some(config))
}

/// The points of a run.
fn points(run: &RunDir) -> Result<Split> {
    match points_config(run)? {
        Some(config) => config.load(),
        None => Ok(run.read_data()?),
    }
}

impl Lab {
    /// Reads points and minima, and checks that they fit.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, net_from_json)
    }

    /// The same with nets built in another way.
    pub fn open_with(path: &Path, build: Build) -> Result<Self> {
        let run = RunDir::open(path)?;
        let split = points(&run)?;
        let records: Vec<MinimumRecord> = run.read_json("results/minima.json")?;
        let mut minima = Vec::with_capacity(records.len());
        for record in records {
            let minimum = Minimum::read(&run, record, &split, build, &minima)?;
            minima.push(minimum);
        }
        Ok(Self {
            run,
            split,
            minima,
            subset: None,
        })
    }

    /// What was read when the run began; of runs from before that was kept, what its points tell.
    pub fn reading(&self) -> Result<Reading> {
        let kept = self.run.read_reading()?;
        let path = self.run.root().display().to_string();
        Ok(kept.unwrap_or_else(|| Reading::of(path, "", &self.split)))
    }

    /// Leaves `count` of the training points, drawn at random, in every minimum's surface, and at
    /// most as many test points; says what that does to the losses.
    pub fn thin_out(&mut self, count: usize, seed: u64) -> Result<String> {
        let all = self.split.train.len();
        if count == 0 || count > all {
            let expected = format!("from 1 to the {all} training points");
            return Err(Error::setting("subset", expected, count).into());
        }
        if count == all {
            return Ok(format!("Basins are those of all {all} training points."));
        }
        self.subset = Some([count as u64, seed]);
        let rng = &mut basinscope::random::stream(seed, "subset", 0);
        let sizes = SplitSizes {
            train: count,
            test: all - count,
            pool: 0,
        };
        self.split.train = basinscope::data::split(&self.split.train, sizes, rng)?.train;
        let judged = self.split.test.len();
        if count < judged {
            let sizes = SplitSizes {
                train: count,
                test: judged - count,
                pool: 0,
            };
            self.split.test = basinscope::data::split(&self.split.test, sizes, rng)?.train;
        }
        let mut losses = Vec::new();
        for place in 0..self.minima.len() {
            let (before, rest) = self.minima.split_at_mut(place);
            let minimum = &mut rest[0];
            let whole = minimum.train.loss(&minimum.theta);
            let net = minimum.net.as_ref();
            [minimum.train, minimum.test] = surfaces(net, &minimum.buffers, &self.split, before)?;
            let mut each = vec![0.0; count];
            minimum.train.example_losses(&minimum.theta, &mut each);
            let mean = each.iter().map(|&loss| f64::from(loss)).sum::<f64>() / count as f64;
            let squares = each.iter().map(|&loss| (f64::from(loss) - mean).powi(2));
            let error = (squares.sum::<f64>() / (count * (count - 1).max(1)) as f64).sqrt();
            let name = &minimum.record.name;
            losses.push(format!("{name} {mean:.2e} ± {error:.0e} for {whole:.2e}"));
        }
        Ok(format!(
            "Basins are those of {count} of the {all} training points, drawn at random. Their mean \
             loss (± standard error) for that of all: {}.",
            losses.join("; ")
        ))
    }

    /// Settings as a record keeps them: with the training points that were left, where not all.
    pub fn config(&self, settings: impl Serialize) -> Result<serde_json::Value> {
        let mut config = serde_json::to_value(settings)?;
        if let (Some([points, seed]), Some(table)) = (self.subset, config.as_object_mut()) {
            let subset = serde_json::json!({ "points": points, "seed": seed });
            table.insert("subset".into(), subset);
        }
        Ok(config)
    }

    /// The minima of these names, all where there is none.
    pub fn select(&self, names: &[String]) -> Result<Vec<&Minimum>> {
        if names.is_empty() {
            return Ok(self.minima.iter().collect());
        }
        names.iter().map(|name| self.find(name)).collect()
    }

    /// One minimum by name.
    pub fn find(&self, name: &str) -> Result<&Minimum> {
        self.minima
            .iter()
            .find(|minimum| minimum.record.name == name)
            .ok_or_else(|| {
                let names: Vec<_> = self.minima.iter().map(|m| m.record.name.as_str()).collect();
                let expected = format!(
                    "one of {} in {}",
                    names.join(", "),
                    self.run.root().display()
                );
                Error::setting("minimum", expected, name).into()
            })
    }

    /// The minimum with the best test accuracy, and the worst of those that fit the training
    /// points; one only where they are the same.
    pub fn best_and_worst(&self) -> Vec<&Minimum> {
        let accuracy = |m: &&Minimum| m.record.test_accuracy;
        let fits = |m: &&Minimum| m.record.train_accuracy >= 0.99;
        let best = self
            .minima
            .iter()
            .max_by(|a, b| accuracy(a).total_cmp(&accuracy(b)));
        let worst =
            (self.minima.iter().filter(fits)).min_by(|a, b| accuracy(a).total_cmp(&accuracy(b)));
        let mut both: Vec<_> = best.into_iter().chain(worst).collect();
        both.dedup_by_key(|m| m.record.name.clone());
        both
    }

    /// Writes records into a list of results: those of the same key are replaced, the list stays
    /// in the order of the minima. Returns the whole list.
    pub fn merge<T: Serialize + DeserializeOwned>(
        &self,
        file: &str,
        records: Vec<T>,
        key: impl Fn(&T) -> (String, String),
    ) -> Result<Vec<T>> {
        let old: Vec<T> = match self.run.has(file) {
            true => self.run.read_json(file)?,
            false => Vec::new(),
        };
        let is_new = |old: &T| records.iter().any(|record| key(record) == key(old));
        let mut all: Vec<T> = old.into_iter().filter(|old| !is_new(old)).collect();
        all.extend(records);
        let place = |record: &T| {
            let name = key(record).0;
            self.minima
                .iter()
                .position(|minimum| minimum.record.name == name)
        };
        all.retain(|record| place(record).is_some());
        all.sort_by_key(|record| (place(record), key(record).1));
        self.run.write_json(file, &all)?;
        Ok(all)
    }

    /// Draws a figure of the run, see [`draw`].
    pub fn draw(
        &self,
        stem: &str,
        figure: impl Fn(Theme) -> Result<Figure, FigureError>,
    ) -> Result<()> {
        draw(&self.run, stem, figure)
    }

    /// Draws how the minima were reached and what they make of new points.
    pub fn draw_training(&self, console: &Console) -> Result<()> {
        let records: Vec<_> = self.minima.iter().map(|m| m.record.clone()).collect();
        console.check()?;
        self.draw("dial", |theme| figure::dial(&records, theme))?;
        self.draw("training", |theme| figure::training(&records, theme))
    }

    /// Writes `index.html` from everything the run holds by now.
    pub fn draw_page(&self) -> Result<()> {
        let html = page::index_html(&self.run)?;
        Ok(self.run.write("index.html", html.as_bytes())?)
    }

    /// The minima as a table.
    pub fn minima_table(&self) -> String {
        let has_fresh = self.minima.iter().any(|m| m.record.fresh.is_some());
        let rows: Vec<Vec<String>> = (self.minima.iter())
            .map(|Minimum { record, .. }| {
                let mut row = vec![
                    record.name.clone(),
                    percent(record.train_accuracy),
                    percent(record.test_accuracy),
                ];
                row.extend(has_fresh.then(|| fresh_cell(record)));
                row.extend([
                    format!("{:.2e}", record.train_loss),
                    record.steps.to_string(),
                    record.stopped.clone(),
                ]);
                row
            })
            .collect();
        let mut heading = vec!["minimum", "train", "test"];
        heading.extend(has_fresh.then_some(FRESH_HEADING));
        heading.extend(["train loss", "steps", "stopped"]);
        table(&heading, &rows)
    }

    /// Ends a command: page, a line for the reader, the summary object.
    pub fn finish(&self, command: &str, records: impl Serialize, console: &Console) -> Result<()> {
        self.draw_page()?;
        let page = self.run.path("index.html");
        console.say(format!("wrote {}", page.display()));
        console.summary(&serde_json::json!({
            "command": command,
            "run": self.run.root(),
            "page": page,
            "records": records,
        }))
    }
}

/// Heading of the column of [`fresh_cell`].
pub const FRESH_HEADING: &str = "10,000 fresh points";

/// Accuracy on fresh points of the generator with its interval; a dash without a generator.
pub fn fresh_cell(record: &MinimumRecord) -> String {
    record.fresh.map_or_else(
        || "–".into(),
        |fresh| {
            let [low, high] = fresh.interval.map(|end| 100.0 * end);
            format!("{} ({low:.1}–{high:.1})", percent(fresh.accuracy))
        },
    )
}

/// The page of a run from its records alone: of its sheet where it has one, else of its minima;
/// `None` where it has neither.
pub fn page_from_records(run: &RunDir) -> Result<Option<String>> {
    if run.has("results/sheet.json") {
        let sheet: SheetRecord = run.read_json("results/sheet.json")?;
        return Ok(Some(page::sheet_html(run, &sheet)?));
    }
    if run.has("results/minima.json") {
        return Ok(Some(page::index_html(run)?));
    }
    Ok(None)
}

/// Draws a figure for paper and screen, light and dark: SVG and PNG.
pub fn draw(
    run: &RunDir,
    stem: &str,
    figure: impl Fn(Theme) -> Result<Figure, FigureError>,
) -> Result<()> {
    let light = figure(Theme::Light)?;
    let dark = figure(Theme::Dark)?;
    run.write(format!("figures/{stem}.svg"), light.svg.as_bytes())?;
    run.write(format!("figures/{stem}.png"), &light.png)?;
    run.write(format!("figures/{stem}-dark.svg"), dark.svg.as_bytes())?;
    Ok(())
}

#[cfg(test)]
#[path = "lab_tests.rs"]
mod tests;
