//! The spectrum by products alone against the full eigendecomposition, at 3,614 parameters.
//!
//! `cargo run --release --example full_spectrum`: trains the swiss-roll net of the paper without
//! and with poison, and compares both ways for the Hessian and the Gauss–Newton matrix. Exits with
//! an error where one of the ten largest eigenvalues differs by more than 1e-4 of itself.

use basinscope::curvature::{
    GaussNewtonAt, HessianAt, Spectrum, SpectrumSettings, SymmetricOperator, spectrum,
};
use basinscope::data::{DEFAULT_DATA_SEED, Generator, SplitSizes, split};
use basinscope::net::{Architecture, MlpSurface};
use basinscope::random::stream;
use basinscope::train::{PoisonConfig, PoisonForm, TrainConfig, train};
use std::time::Instant;

/// Relative difference allowed of each of the ten largest eigenvalues.
const TOLERANCE: f64 = 1e-4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let generator = Generator::from_name("swiss-roll")?;
    let points = generator.dataset(800, &mut stream(DEFAULT_DATA_SEED, "data", 0))?;
    let sizes = SplitSizes {
        train: 200,
        test: 200,
        pool: 400,
    };
    let parts = split(&points, sizes, &mut stream(DEFAULT_DATA_SEED, "split", 0))?;
    let net = Architecture::swiss_roll();
    let surface = MlpSurface::new(&net, &parts.train)?;
    let poisoned = TrainConfig {
        poison: Some(PoisonConfig {
            points: 200,
            factor: 0.1,
            form: PoisonForm::Flipped,
            redrawn: true,
            batch: None,
        }),
        learning_rate: 0.005,
        steps: 10_000,
        ..TrainConfig::default()
    };
    let mut worst: f64 = 0.0;
    for (name, config) in [("clean", TrainConfig::default()), ("poisoned", poisoned)] {
        let minimum = train(&net, &parts, Some(&generator), &config, None, &mut ())?;
        println!(
            "{name}: train loss {:.1e}, test accuracy {:.1} %",
            minimum.train.loss,
            100.0 * minimum.test.accuracy
        );
        let theta = &minimum.theta;
        worst = worst.max(compare("Hessian", &HessianAt::new(&surface, theta)?)?);
        worst = worst.max(compare(
            "Gauss–Newton",
            &GaussNewtonAt::new(&surface, theta)?,
        )?);
    }
    println!("largest relative difference of a top-10 eigenvalue: {worst:.1e}");
    if worst > TOLERANCE {
        return Err(format!("more than {TOLERANCE:e}").into());
    }
    Ok(())
}

/// Prints both spectra; returns the largest relative difference of the top ten.
fn compare(name: &str, matrix: &impl SymmetricOperator) -> basinscope::Result<f64> {
    let timed = |exact_up_to: usize| -> basinscope::Result<(Spectrum, f64)> {
        let begun = Instant::now();
        let settings = SpectrumSettings {
            top: 10,
            exact_up_to,
            ..SpectrumSettings::default()
        };
        let found = spectrum(matrix, &settings, &())?;
        Ok((found, begun.elapsed().as_secs_f64()))
    };
    let (found, seconds) = timed(0)?;
    let (whole, whole_seconds) = timed(matrix.dim())?;
    println!(
        "{name}: {} products in {seconds:.1} s; whole: {} products and decomposition in {whole_seconds:.1} s",
        found.products, whole.products
    );
    let mut worst: f64 = 0.0;
    for (a, b) in found.top.iter().zip(&whole.top) {
        let apart = (a.value / b.value - 1.0).abs();
        println!(
            "  top    {:>14.7e} {:>14.7e}  apart {apart:.1e}  residual {:.1e}",
            a.value, b.value, a.residual
        );
        worst = worst.max(apart);
    }
    let largest = whole.top[0].value;
    for (a, b) in found.bottom.iter().zip(&whole.bottom) {
        println!(
            "  bottom {:>14.7e} {:>14.7e}  apart {:.1e} of the largest  residual {:.1e}",
            a.value,
            b.value,
            (a.value - b.value).abs() / largest,
            a.residual
        );
    }
    let [low, high] = found.trace.interval;
    println!(
        "  trace  {:.6e} [{low:.6e}, {high:.6e}], whole {:.6e}",
        found.trace.value, whole.trace.value
    );
    let (found, whole) = (found.into_part("found"), whole.into_part("whole"));
    for (sign, value, [low, high], exact) in [
        (
            "above +",
            found.positive,
            found.positive_interval,
            whole.positive,
        ),
        (
            "below −",
            found.negative,
            found.negative_interval,
            whole.negative,
        ),
    ] {
        println!(
            "  eigenvalues {sign}1e-6 of the largest: {value:.0} [{low:.0}, {high:.0}], whole {exact:.0}"
        );
    }
    println!("  asymmetry of the products {:.1e}", whole.top_residuals[0]);
    Ok(worst)
}
