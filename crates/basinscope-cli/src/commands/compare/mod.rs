//! `basinscope compare`: every measure of many minima in one table, and which of them rank it.

mod tables;

use crate::console::Console;
use crate::lab::{Lab, Minimum, draw, open_for};
use anyhow::Result;
use basinscope::data::Dataset;
use basinscope::measure::{self, Column, MeasureSettings, Part, Subject};
use basinscope::record::{
    CompareRecord, ComparedMinimum, LeftOut, MeasuredValue, RescaledMeasure, RunDir,
};
use basinscope::{Error, VERSION};
use basinscope_report::figure;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Factor of the rescaling, where not asked otherwise; a power of 2 changes no bit of a logit.
const DEFAULT_ALPHA: f64 = 4.0;

/// Options of `compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope compare runs/tour-7
  basinscope compare runs/good runs/bad --sigma .005 --out runs/compared
  basinscope compare runs/tour-7 --measures radius,ln_p,trace,sam

Every minimum right about all training points and below the cutoff is measured; the others are
listed with the reason. Interrupted, the same command goes on. Absolute measures (radius, ln_p,
noise, sam) compare nets of one width; between widths trust the relative ones. What each measure
means, and when not to trust it: docs/guide/compare.md.")]
pub struct Args {
    /// Run directories, as `train`, `tour` or `reproduce` wrote them
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,

    /// Folder for table and figures
    #[arg(long, value_name = "DIR", default_value = "basinscope-compare")]
    out: PathBuf,

    /// Measures wanted, by the names of their columns [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    measures: Vec<String>,

    /// Cutoff on the mean train loss, in nats
    #[arg(long, default_value_t = MeasureSettings::default().cutoff, allow_negative_numbers = true)]
    cutoff: f64,

    /// Rays for each median radius
    #[arg(long, default_value_t = MeasureSettings::default().rays)]
    rays: usize,

    /// σ of ln P_σ, a length in parameter space
    #[arg(long, default_value_t = MeasureSettings::default().sigma, allow_negative_numbers = true)]
    sigma: f64,

    /// σ of the second ln P_σ, in units of the rms parameter
    #[arg(long, value_name = "SHARE", default_value_t = MeasureSettings::default().relative_sigma, allow_negative_numbers = true)]
    relative_sigma: f64,

    /// Ascent radius ρ of SAM, a length
    #[arg(long, value_name = "RHO", default_value_t = MeasureSettings::default().sam_radius, allow_negative_numbers = true)]
    sam_radius: f64,

    /// Ascent radius of adaptive SAM, in units of each parameter
    #[arg(long, value_name = "RHO", default_value_t = MeasureSettings::default().adaptive_radius, allow_negative_numbers = true)]
    adaptive_radius: f64,

    /// Standard deviation of the noise in the expected loss, a length
    #[arg(long, value_name = "SIGMA", default_value_t = MeasureSettings::default().noise, allow_negative_numbers = true)]
    noise: f64,

    /// The same in units of each parameter
    #[arg(long, value_name = "SHARE", default_value_t = MeasureSettings::default().relative_noise, allow_negative_numbers = true)]
    relative_noise: f64,

    /// Localisation γ of the learning coefficient, 1/σ² of a Gaussian around the minimum
    #[arg(long, default_value_t = MeasureSettings::default().gamma, allow_negative_numbers = true)]
    gamma: f64,

    /// Repetitions of subset simulation
    #[arg(long, default_value_t = MeasureSettings::default().replicates)]
    replicates: usize,

    /// Walkers of subset simulation
    #[arg(long, default_value_t = MeasureSettings::default().particles)]
    particles: usize,

    /// Steps of each of the learning coefficient's chains
    #[arg(long, value_name = "N", default_value_t = MeasureSettings::default().chain_steps)]
    chain_steps: usize,

    /// Factor α of the reparametrisation test; 0 for none
    #[arg(long, value_name = "ALPHA", default_value_t = DEFAULT_ALPHA, allow_negative_numbers = true)]
    reparametrise: f64,

    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Everything that decides a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Factor of the rescaling; 0 for none.
    pub reparametrise: f64,
    /// What is measured.
    pub measure: MeasureSettings,
}

/// A minimum of a run, with the points of its train loss.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// The run, by the name it is given in the table.
    pub run: &'a str,
    pub minimum: &'a Minimum,
    pub points: &'a Dataset,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let settings = args.settings();
    settings.check()?;
    let names: Vec<String> = (args.runs.iter())
        .map(|run| run.display().to_string())
        .collect();
    let labs: Vec<Lab> = (args.runs.iter())
        .map(|run| Lab::open(run))
        .collect::<Result<_>>()?;
    let entries: Vec<Entry> = (labs.iter().zip(&names))
        .flat_map(|(lab, run)| {
            (lab.minima.iter()).map(move |minimum| Entry {
                run,
                minimum,
                points: &lab.split.train,
            })
        })
        .collect();
    let (_, left_out) = fitting(&entries, &settings);
    if left_out.len() == entries.len() {
        let found = left_out.first().map_or("none", |left| &left.reason);
        let expected = "a minimum right about every training point and below the cutoff";
        return Err(Error::setting("minima", expected, found).into());
    }
    let config = json!({
        "version": VERSION,
        "command": "compare",
        "runs": names,
        "settings": settings,
    });
    let out = open_for(&args.out, &toml::to_string(&config)?, console)?;
    let record = compute(&out, &entries, &settings, config, console)?;
    write(&out, &record)?;
    console.say(tables::text(&record));
    for note in &record.notes {
        console.say(format!("· {note}"));
    }
    for left in &record.left_out {
        console.say(format!(
            "left out: {} of {}: {}",
            left.minimum, left.run, left.reason
        ));
    }
    console.say(format!("wrote {}", out.path("compare.csv").display()));
    console.summary(&json!({
        "command": "compare",
        "out": out.root(),
        "record": record,
    }))
}

impl Args {
    fn settings(&self) -> Settings {
        Settings {
            reparametrise: self.reparametrise,
            measure: MeasureSettings {
                measures: self.measures.clone(),
                cutoff: self.cutoff,
                rays: self.rays,
                sigma: self.sigma,
                relative_sigma: self.relative_sigma,
                sam_radius: self.sam_radius,
                adaptive_radius: self.adaptive_radius,
                noise: self.noise,
                relative_noise: self.relative_noise,
                gamma: self.gamma,
                replicates: self.replicates,
                particles: self.particles,
                chain_steps: self.chain_steps,
                seed: self.seed,
                ..MeasureSettings::default()
            },
        }
    }
}

impl Settings {
    /// Checks every number and name.
    pub fn check(&self) -> Result<()> {
        let alpha = self.reparametrise;
        if !(alpha >= 0.0 && alpha.is_finite()) {
            return Err(Error::setting("reparametrise", "a factor above 0, or 0", alpha).into());
        }
        Ok(self.measure.check()?)
    }
}

/// The entries that can be measured, and the others with the reason.
fn fitting<'a>(
    entries: &'a [Entry<'a>],
    settings: &Settings,
) -> (Vec<(usize, &'a Entry<'a>)>, Vec<LeftOut>) {
    let (mut fit, mut left_out) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let record = &entry.minimum.record;
        let cutoff = settings.measure.cutoff;
        let reason = if record.train_accuracy < 1.0 {
            format!("train accuracy {:.4}, not 1", record.train_accuracy)
        } else if record.train_loss.is_nan() || record.train_loss >= cutoff {
            format!(
                "train loss {:.3e}, not below the cutoff of {cutoff}",
                record.train_loss
            )
        } else {
            fit.push((index, entry));
            continue;
        };
        left_out.push(LeftOut {
            minimum: record.name.clone(),
            run: entry.run.to_owned(),
            reason,
        });
    }
    (fit, left_out)
}

/// Measures the entries that fit, each once, and puts the table together. What an interrupted
/// comparison has measured is read again from `checkpoints/`.
pub fn compute(
    out: &RunDir,
    entries: &[Entry],
    settings: &Settings,
    config: serde_json::Value,
    console: &Console,
) -> Result<CompareRecord> {
    let measure = &settings.measure;
    let columns = measure::columns(&measure.measures)?;
    let parts: Vec<Part> = (Part::ALL.into_iter())
        .filter(|&part| columns.iter().any(|column| column.part == part))
        .collect();
    let (fit, left_out) = fitting(entries, settings);
    let mut notes = Vec::new();
    let rescalings = rescalings(&fit, settings.reparametrise, &mut notes);
    let bar = console.bar(
        "measures",
        ((fit.len() + rescalings.len()) * parts.len()) as u64,
    );
    let bench = Bench {
        out,
        measure,
        columns: &columns,
        parts: &parts,
        console,
        bar: &bar,
    };
    let jobs: Vec<(String, &Entry, &[f32])> = (fit.iter())
        .map(|&(index, entry)| (format!("measured-{index}"), entry, &*entry.minimum.theta))
        .chain(rescalings.iter().map(|rescaling| {
            let name = format!("rescaled-{}", rescaling.index);
            (name, rescaling.entry, &*rescaling.theta)
        }))
        .collect();
    let mut values: Vec<Values> = (jobs.par_iter())
        .with_max_len(1)
        .map(|(name, entry, theta)| bench.values(name, entry, theta))
        .collect::<Result<_>>()?;
    bar.finish();
    let after = values.split_off(fit.len());
    let rescaled = (rescalings.iter().zip(&after))
        .flat_map(|(rescaling, after)| {
            let before = (fit.iter().zip(&values)).find(|(fit, _)| fit.0 == rescaling.index);
            let rows = before.map(|(_, before)| rescaling.rows(&columns, before, after));
            rows.unwrap_or_default()
        })
        .collect();
    let minima: Vec<ComparedMinimum> = (fit.iter().zip(values))
        .map(|((_, entry), values)| row(entry, values))
        .collect();
    let correlations = measure::correlations(&columns, &minima, measure.seed)?;
    if minima.len() < 3 {
        notes.push("fewer than 3 minima: nothing to correlate".into());
    }
    if minima
        .iter()
        .any(|minimum| minimum.parameters != minima[0].parameters)
    {
        notes.push(
            "nets of different sizes: absolute measures (radius, ln_p, k, noise, sam, norm) are \
             comparable within a size, relative ones (radius_relative, radius_filter, \
             ln_p_relative, noise_relative, sam_adaptive) between sizes too"
                .into(),
        );
    }
    Ok(CompareRecord {
        columns: columns
            .iter()
            .map(|column| column.describe(measure))
            .collect(),
        minima,
        left_out,
        correlations,
        rescaled,
        notes,
        seed: measure.seed,
        version: VERSION.into(),
        config,
    })
}

/// Writes the table as JSON, CSV and LaTeX, and draws it.
pub fn write(out: &RunDir, record: &CompareRecord) -> Result<()> {
    out.write_json("results/compare.json", record)?;
    out.write("compare.csv", tables::csv(record).as_bytes())?;
    out.write("compare.tex", tables::latex(record).as_bytes())?;
    if !record.correlations.is_empty() {
        draw(out, "compare", |theme| figure::compare(record, theme))?;
    }
    draw(out, "compare-scatter", |theme| {
        figure::compare_scatter(record, theme)
    })
}

/// Values by the key of their column.
type Values = BTreeMap<String, MeasuredValue>;

/// What every measurement of a comparison needs.
struct Bench<'a> {
    out: &'a RunDir,
    measure: &'a MeasureSettings,
    columns: &'a [&'static Column],
    parts: &'a [Part],
    console: &'a Console,
    bar: &'a ProgressBar,
}

/// A finished measurement as it waits for the others.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    /// Of the parameters and points that were measured.
    fingerprint: String,
    values: Values,
}

impl Bench<'_> {
    /// Measures one θ, or reads what an interrupted comparison found for the very same one.
    fn values(&self, name: &str, entry: &Entry, theta: &[f32]) -> Result<Values> {
        self.console.check()?;
        let file = format!("checkpoints/{name}.json");
        let fingerprint = fingerprint(theta, entry.points);
        if let Ok(found) = self.out.read_json::<Checkpoint>(&file)
            && found.fingerprint == fingerprint
        {
            self.bar.inc(self.parts.len() as u64);
            return Ok(found.values);
        }
        let subject = Subject {
            net: entry.minimum.net.as_ref(),
            theta,
            surface: entry.minimum.train.as_ref(),
            points: entry.points,
        };
        let mut values = Values::new();
        for &part in self.parts {
            self.console.check()?;
            for (key, value) in self.measure.measure(part, subject, self.console)? {
                if self.columns.iter().any(|column| column.key == key) {
                    values.insert(key.to_owned(), value);
                }
            }
            self.bar.inc(1);
        }
        let checkpoint = Checkpoint {
            fingerprint,
            values,
        };
        self.out.write_json(&file, &checkpoint)?;
        Ok(checkpoint.values)
    }
}

/// FNV-1a over parameters, points and labels.
fn fingerprint(theta: &[f32], points: &Dataset) -> String {
    let floats = theta.iter().chain(points.inputs()).map(|x| x.to_bits());
    let words = floats.chain(points.labels().iter().copied());
    let hash = words.fold(0xcbf2_9ce4_8422_2325_u64, |hash, word| {
        (hash ^ u64::from(word)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn row(entry: &Entry, values: Values) -> ComparedMinimum {
    let record = &entry.minimum.record;
    ComparedMinimum {
        minimum: record.name.clone(),
        run: entry.run.to_owned(),
        widths: record.widths.clone(),
        architecture: record.architecture.clone(),
        parameters: record.parameters,
        poison_points: record.poison_points,
        poison_factor: record.poison_factor,
        poison_redrawn: record.poison_redrawn,
        learning_rate: (record.config.pointer("/train/learning_rate"))
            .and_then(serde_json::Value::as_f64),
        training_seed: record.seed,
        train_loss: record.train_loss,
        train_accuracy: record.train_accuracy,
        test_accuracy: record.test_accuracy,
        generalization_gap: record.generalization_gap,
        values,
    }
}

/// A minimum written down with other weights.
struct Rescaling<'a> {
    index: usize,
    entry: &'a Entry<'a>,
    layer: usize,
    alpha: f64,
    theta: Vec<f32>,
}

/// The minima of smallest and largest gap, the middle hidden layer of each rescaled.
fn rescalings<'a>(
    fit: &[(usize, &'a Entry<'a>)],
    alpha: f64,
    notes: &mut Vec<String>,
) -> Vec<Rescaling<'a>> {
    if alpha == 0.0 {
        return Vec::new();
    }
    let gap = |at: &&(usize, &Entry)| at.1.minimum.record.generalization_gap;
    let least = fit.iter().min_by(|a, b| gap(a).total_cmp(&gap(b)));
    let most = fit.iter().max_by(|a, b| gap(a).total_cmp(&gap(b)));
    let mut ends: Vec<_> = least.into_iter().chain(most).collect();
    ends.dedup_by_key(|end| end.0);
    let mut found = Vec::new();
    for &(index, entry) in ends {
        let rescaled = (entry.minimum.perceptron("rescalings")).and_then(|net| {
            let layer = (net.num_layers() - 1) / 2;
            let theta = measure::rescale(net, &entry.minimum.theta, layer, alpha)?;
            Ok((layer, theta))
        });
        match rescaled {
            Ok((layer, theta)) => found.push(Rescaling {
                index,
                entry,
                layer,
                alpha,
                theta,
            }),
            Err(error) => {
                let name = &entry.minimum.record.name;
                notes.push(format!("{name} was not reparametrised: {error}"));
            }
        }
    }
    found
}

impl Rescaling<'_> {
    /// A row for each measure, before and after.
    fn rows(&self, columns: &[&Column], before: &Values, after: &Values) -> Vec<RescaledMeasure> {
        let both = columns.iter().filter_map(|column| {
            Some((column.key, before.get(column.key)?, after.get(column.key)?))
        });
        both.map(|(key, before, after)| {
            let change = measure::change(before, after);
            RescaledMeasure {
                minimum: self.entry.minimum.record.name.clone(),
                run: self.entry.run.to_owned(),
                measure: key.to_owned(),
                layer: self.layer,
                alpha: self.alpha,
                before: before.clone(),
                after: after.clone(),
                relative_change: change.map(|change| change.0),
                changes: change.map(|change| change.1),
            }
        })
        .collect()
    }
}
