//! `basinscope spectrum`: eigenvalues, trace and density of the curvature at minima.

use crate::commands::eigenvectors;
use crate::console::{ChecksFailed, Console, table};
use crate::lab::{Lab, Minimum, RunArgs};
use crate::on_bar::InMessage;
use anyhow::{Context, Result};
use basinscope::curvature::{
    CurvatureMatrix, DEFAULT_BOTTOM, DEFAULT_EIGEN_PRODUCTS, DEFAULT_EXACT_UP_TO,
    DEFAULT_LANCZOS_STEPS, DEFAULT_PROBES, DEFAULT_TOP, DEFAULT_TRACE_PRODUCTS, GaussNewtonAt,
    HessianAt, Restricted, SpectrumSettings, SymmetricOperator, spectrum,
};
use basinscope::record::{SpectrumPart, SpectrumRecord};
use basinscope_report::figure;
use indicatif::ProgressBar;

/// Where the records stand in a run.
const FILE: &str = "results/spectra.json";

/// Options of `spectrum`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope spectrum runs/bad
  basinscope spectrum runs/bad --top 50 --layers
  basinscope spectrum runs/bad --matrix gauss-newton --probes 30 --lanczos-steps 200
  basinscope spectrum runs/bad --exact-up-to 4000      all 3,614 eigenvalues, a minute a minimum

The matrix is that of the mean train loss, without poison or weight decay. Eigenvalues depend on how
the net is written down: scaling one ReLU layer up and the next down changes them, but not the net.
docs/guide/curvature.md tells what each number means.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,

    /// Largest eigenvalues wanted [default: 20, or as many as there are]
    #[arg(long, value_name = "K")]
    top: Option<usize>,

    /// Most negative eigenvalues wanted [default: 5, or as many as are left; of gauss-newton, which
    /// has none, 0]
    #[arg(long, value_name = "K")]
    bottom: Option<usize>,

    /// hessian, or gauss-newton (never negative: the net's own curvature left out)
    #[arg(long, value_name = "WHICH", default_value = "hessian")]
    matrix: String,

    /// Each layer's diagonal block, too
    #[arg(long)]
    layers: bool,

    /// Random vectors of the density
    #[arg(long, default_value_t = DEFAULT_PROBES)]
    probes: usize,

    /// Lanczos steps from each of them
    #[arg(long, value_name = "N", default_value_t = DEFAULT_LANCZOS_STEPS)]
    lanczos_steps: usize,

    /// Matrix products for the eigenvalues at most
    #[arg(long, value_name = "N", default_value_t = DEFAULT_EIGEN_PRODUCTS)]
    eigen_products: usize,

    /// Matrix products for the trace
    #[arg(long, value_name = "N", default_value_t = DEFAULT_TRACE_PRODUCTS)]
    trace_products: usize,

    /// Matrices of up to N rows are decomposed whole
    #[arg(long, value_name = "N", default_value_t = DEFAULT_EXACT_UP_TO)]
    exact_up_to: usize,

    /// Seed of the random vectors
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let lab = args.run.open(console)?;
    let matrix = CurvatureMatrix::from_name(&args.matrix)?;
    let minima = lab.select(&args.run.minimum)?;
    let sizes = minima.iter().map(|minimum| minimum.theta.len());
    let n = sizes.min().unwrap_or(0);
    let top = args.top.unwrap_or(DEFAULT_TOP.min(n));
    let settings = SpectrumSettings {
        top,
        bottom: args.bottom.unwrap_or(match matrix {
            CurvatureMatrix::Hessian => DEFAULT_BOTTOM.min(n.saturating_sub(top)),
            // Never negative: the smallest are the zeros of directions that move no logit.
            CurvatureMatrix::GaussNewton => 0,
        }),
        eigen_products: args.eigen_products,
        trace_products: args.trace_products,
        probes: args.probes,
        lanczos_steps: args.lanczos_steps,
        exact_up_to: args.exact_up_to,
        seed: args.seed,
        ..SpectrumSettings::default()
    };
    let records = compute(&lab, &minima, matrix, args.layers, &settings, console)?;
    console.say(spectra_table(&records));
    let refused = (records.iter())
        .flat_map(|record| std::iter::once(&record.whole).chain(&record.layers))
        .filter(|part| part.is_refused())
        .count();
    lab.finish("spectrum", records, console)?;
    match refused {
        0 => Ok(()),
        refused => Err(ChecksFailed(refused).into()),
    }
}

/// Measures, saves and draws the spectra of minima.
pub fn compute(
    lab: &Lab,
    minima: &[&Minimum],
    matrix: CurvatureMatrix,
    layers: bool,
    settings: &SpectrumSettings,
    console: &Console,
) -> Result<Vec<SpectrumRecord>> {
    // Whatever is wrong with one minimum is told before the first result is written.
    for minimum in minima {
        (settings.check(minimum.theta.len())).with_context(|| minimum.record.name.clone())?;
    }
    let parts = |minimum: &Minimum| {
        1 + if layers {
            minimum.net.layout().layers().len()
        } else {
            0
        }
    };
    let total: usize = minima.iter().map(|minimum| parts(minimum)).sum();
    let bar = console.bar("spectra", total as u64);
    let mut records = Vec::with_capacity(minima.len());
    for minimum in minima {
        console.check()?;
        let (surface, theta) = (&minimum.train, &minimum.theta);
        let (whole, blocks) = match matrix {
            CurvatureMatrix::Hessian => {
                let matrix = HessianAt::new(surface, theta)?;
                measure(&matrix, minimum, layers, settings, &bar, console)?
            }
            CurvatureMatrix::GaussNewton => {
                let matrix = GaussNewtonAt::new(surface.as_ref(), theta)?;
                measure(&matrix, minimum, layers, settings, &bar, console)?
            }
        };
        let record = SpectrumRecord {
            minimum: minimum.record.name.clone(),
            test_accuracy: minimum.record.test_accuracy,
            generalization_gap: minimum.record.generalization_gap,
            matrix: matrix.name().into(),
            dimension: theta.len(),
            products: whole.products + blocks.iter().map(|block| block.products).sum::<usize>(),
            differenced: surface.difference_step().is_some(),
            difference_step: surface.difference_step(),
            whole,
            layers: blocks,
            seed: settings.seed,
            version: basinscope::VERSION.into(),
            config: serde_json::to_value(settings)?,
        };
        let key = |record: &SpectrumRecord| (record.minimum.clone(), record.matrix.clone());
        // What is done stays, whatever happens to the rest.
        lab.merge(FILE, vec![record.clone()], key)?;
        records.push(record);
    }
    bar.finish();
    if matrix == CurvatureMatrix::Hessian {
        eigenvectors::compute(lab, minima, settings.seed, console)?;
    }
    let all: Vec<SpectrumRecord> = lab.run.read_json(FILE)?;
    draw(lab, &all)?;
    Ok(records)
}

/// The whole matrix and, where asked, its blocks.
fn measure(
    matrix: &impl SymmetricOperator,
    minimum: &Minimum,
    layers: bool,
    settings: &SpectrumSettings,
    bar: &ProgressBar,
    console: &Console,
) -> Result<(SpectrumPart, Vec<SpectrumPart>)> {
    let watch = InMessage {
        console,
        bar,
        name: &minimum.record.name,
        units: "products",
    };
    let whole = spectrum(matrix, settings, &watch)?.into_part("whole");
    bar.inc(1);
    let mut blocks = Vec::new();
    if layers {
        for (name, range) in minimum.net.layout().layers() {
            // A small layer has fewer eigenvalues than were asked for.
            let top = settings.top.min(range.len());
            let settings = SpectrumSettings {
                top,
                bottom: settings.bottom.min(range.len() - top),
                ..*settings
            };
            let block = Restricted::new(matrix, range)?;
            blocks.push(spectrum(&block, &settings, &watch)?.into_part(&name));
            bar.inc(1);
        }
    }
    Ok((whole, blocks))
}

/// Draws the spectra of each matrix there is.
pub fn draw(lab: &Lab, records: &[SpectrumRecord]) -> Result<()> {
    for name in CurvatureMatrix::NAMES {
        let alike: Vec<SpectrumRecord> = (records.iter())
            .filter(|record| record.matrix == *name)
            .cloned()
            .collect();
        if !alike.is_empty() {
            lab.draw(&format!("spectrum-{name}"), |theme| {
                figure::spectrum(&alike, theme)
            })?;
        }
    }
    Ok(())
}

/// Spectra as a table.
pub fn spectra_table(records: &[SpectrumRecord]) -> String {
    let mut rows = Vec::new();
    for record in records {
        for part in std::iter::once(&record.whole).chain(&record.layers) {
            let value = |value: Option<f64>, all: &[f64]| match (value, all.is_empty()) {
                (Some(value), _) => format!("{value:.4e}"),
                (None, true) => "–".into(),
                (None, false) => "refused".into(),
            };
            let either = |value: f64, [low, high]: [f64; 2]| match part.exact {
                true => format!("{value:.0}"),
                false => format!("{value:.0} ({low:.0}–{high:.0})"),
            };
            rows.push(vec![
                match part.name.as_str() {
                    "whole" => record.minimum.clone(),
                    layer => format!("  {layer}"),
                },
                part.dimension.to_string(),
                value(part.largest(), &part.top),
                value(part.smallest(), &part.bottom),
                format!("{:.4e}", part.trace),
                match part.exact {
                    true => "exact".into(),
                    false => format!("± {:.1e}", part.trace_standard_error),
                },
                either(part.positive, part.positive_interval),
                either(part.negative, part.negative_interval),
                part.products.to_string(),
            ]);
        }
    }
    let heading = [
        "minimum",
        "n",
        "largest",
        "smallest",
        "trace",
        "std. error",
        "positive (95 %)",
        "negative (95 %)",
        "products",
    ];
    let mut text = table(&heading, &rows);
    for record in records {
        if let Some(step) = record.difference_step {
            text += &format!(
                "\n· {}: products are differences of gradients, by a step of {step:.0e}",
                record.minimum
            );
        }
        for part in std::iter::once(&record.whole).chain(&record.layers) {
            for warning in &part.warnings {
                text += &format!("\n· {}, {}: {warning}", record.minimum, part.name);
            }
            if part.is_refused() {
                text += "; ask for more products (--eigen-products) or fewer eigenvalues";
            }
        }
    }
    text
}
