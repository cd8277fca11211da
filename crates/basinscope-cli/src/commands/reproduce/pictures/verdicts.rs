//! What the sheets of image nets claim.

use super::Settings;
use crate::commands::reproduce::Bench;
use crate::console::percent;
use anyhow::Result;
use basinscope::basin::RadialSettings;
use basinscope::rank::rank_correlation;
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord, MinimumRecord, VolumeRecord};
use serde::{Deserialize, Serialize};

/// Which claims a recipe makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claims {
    /// Poisoned minima fit as well, generalize worse, and have smaller basins.
    Volumes,
    /// The linear model fits as well as nets and generalizes worse; optimizers hardly differ.
    Contest,
}

impl Claims {
    /// Fills the sheet.
    pub fn check(
        self,
        settings: &Settings,
        minima: &[MinimumRecord],
        bench: &mut Bench,
    ) -> Result<()> {
        for minimum in minima {
            bench.check(
                format!("{}, train accuracy", minimum.name),
                "100 %",
                percent(minimum.train_accuracy),
                "≥ 99.9 %",
                minimum.train_accuracy >= 0.999,
            );
        }
        match self {
            Self::Volumes => volumes(settings, minima, bench),
            Self::Contest => contest(minima, bench),
        }
    }
}

fn volumes(settings: &Settings, minima: &[MinimumRecord], bench: &mut Bench) -> Result<()> {
    let [Some(first), Some(last)] = [minima.first(), minima.last()] else {
        return Ok(());
    };
    bench.check(
        format!("{}, test accuracy", first.name),
        "95 % (SVHN)",
        percent(first.test_accuracy),
        "≥ 90 %",
        first.test_accuracy >= 0.9,
    );
    bench.check(
        format!("{}, test accuracy", last.name),
        "29 % (SVHN)",
        percent(last.test_accuracy),
        "≤ 50 %",
        last.test_accuracy <= 0.5,
    );
    let volumes: Vec<VolumeRecord> = match bench.run.has("results/volumes.json") {
        true => bench.run.read_json("results/volumes.json")?,
        false => Vec::new(),
    };
    bench.check(
        "minima with a basin under the cutoff",
        "all",
        format!("{} of {}", volumes.len(), minima.len()),
        "≥ 8",
        volumes.len() >= 8,
    );
    if volumes.len() < 3 {
        return Ok(());
    }
    let gaps: Vec<f64> = volumes.iter().map(|v| v.generalization_gap).collect();
    for (what, of) in [
        (
            "log10 volume (paper mode)",
            (|v| v.log10_volume) as fn(&VolumeRecord) -> f64,
        ),
        ("median radius", |v| v.radius_median),
    ] {
        let values: Vec<f64> = volumes.iter().map(of).collect();
        let found = rank_correlation(&values, &gaps, bench.seed)?;
        let [low, high] = found.kendall_interval;
        bench.check(
            format!("{what} against gap: Kendall’s τ (95 % interval)"),
            "falls steadily",
            format!("{:.2} ({low:.2} to {high:.2})", found.kendall_tau),
            "below −.5",
            found.kendall_tau < -0.5,
        );
    }
    let by_gap = |a: &&VolumeRecord, b: &&VolumeRecord| {
        a.generalization_gap.total_cmp(&b.generalization_gap)
    };
    if let (Some(best), Some(worst)) =
        (volumes.iter().min_by(by_gap), volumes.iter().max_by(by_gap))
    {
        let decades = best.log10_volume - worst.log10_volume;
        bench.check(
            format!("volume of {} over {}, decades", best.minimum, worst.minimum),
            "over 10,000 (SVHN)",
            format!("{decades:.0} (n = {})", best.dimension),
            "≥ 10,000",
            decades >= 10_000.0,
        );
    }
    let ess = volumes.iter().map(|volume| volume.ess);
    let (low, high) = ess.fold((f64::INFINITY, 0.0_f64), |(low, high), ess| {
        (low.min(ess), high.max(ess))
    });
    let rays = settings.measure.as_ref().map_or(0, |measure| measure.rays);
    bench.note(format!(
        "Effective sample size of the paper’s volumes: {low:.2} to {high:.2} of {rays} rays: each \
         is n times the logarithm of the luckiest radius seen, a lower bound. Cutoff {} nats.",
        settings
            .measure
            .as_ref()
            .map_or(RadialSettings::default().cutoff, |m| m.cutoff)
    ));
    local_volumes(bench)
}

/// What the local volumes say beside the paper's.
fn local_volumes(bench: &mut Bench) -> Result<()> {
    let local: Vec<LocalVolumeRecord> = bench.run.read_json("results/local-volumes.json")?;
    let mut both = Vec::new();
    for record in &local {
        if let Some(point) = record.curve.last().filter(|point| point.converged)
            && let Some(ln_p) = point.ln_p
        {
            both.push((ln_p, record, point));
        }
    }
    if both.len() < local.len() {
        bench.note(format!(
            "Local volumes: {} of {} minima have a converged ln P at the largest σ; they are not \
             ranked. `volume --method subsim` with more --particles and --moves measures them on.",
            both.len(),
            local.len()
        ));
        return Ok(());
    }
    if both.len() < 3 {
        return Ok(());
    }
    let values: Vec<f64> = both.iter().map(|found| found.0).collect();
    let gaps: Vec<f64> = (both.iter())
        .map(|found| found.1.generalization_gap)
        .collect();
    let found = rank_correlation(&values, &gaps, bench.seed)?;
    let [low, high] = found.kendall_interval;
    let sigma = both[0].2.sigma;
    bench.check(
        format!("local volume ln P at σ {sigma} against gap: Kendall’s τ (95 % interval)"),
        "–",
        format!("{:.2} ({low:.2} to {high:.2})", found.kendall_tau),
        "below −.5",
        found.kendall_tau < -0.5,
    );
    let by_ln_p = |a: &&(f64, _, _), b: &&(f64, _, _)| a.0.total_cmp(&b.0);
    let told = |(ln_p, record, point): &(f64, &LocalVolumeRecord, &LocalVolumePoint)| {
        let error = point.standard_error.unwrap_or(f64::NAN);
        format!("{} {ln_p:.1} ± {error:.1}", record.minimum)
    };
    if let (Some(most), Some(least)) = (both.iter().max_by(by_ln_p), both.iter().min_by(by_ln_p)) {
        bench.note(format!(
            "The right volumes, ln P at σ {sigma}: {} to {}, {:.1} decades. The paper’s estimate \
             charges all n dimensions with the luckiest radius; k, the number that is constrained \
             at this σ, is {:.0} for {}.",
            told(most),
            told(least),
            (most.0 - least.0) / std::f64::consts::LN_10,
            least.2.constrained_dimensions.unwrap_or(f64::NAN),
            least.1.minimum,
        ));
    }
    Ok(())
}

/// The first minimum is the linear model, the second the net beside it, all others optimizers.
fn contest(minima: &[MinimumRecord], bench: &mut Bench) -> Result<()> {
    let [linear, net, optimizers @ ..] = minima else {
        return Ok(());
    };
    let per_class = 1.0 / linear.num_classes.max(2) as f64;
    bench.check(
        format!("{}, {}: test accuracy", linear.name, linear.architecture),
        "about 50 %",
        percent(linear.test_accuracy),
        "above chance",
        linear.test_accuracy > 1.5 * per_class,
    );
    bench.check(
        format!(
            "{}, {}: test accuracy above the linear model’s",
            net.name, net.architecture
        ),
        "about 40 points",
        format!(
            "{:.1} points",
            100.0 * (net.test_accuracy - linear.test_accuracy)
        ),
        "≥ 5 points",
        net.test_accuracy - linear.test_accuracy >= 0.05,
    );
    let test: Vec<f64> = optimizers
        .iter()
        .map(|minimum| minimum.test_accuracy)
        .collect();
    let (low, high) = test
        .iter()
        .fold((1.0_f64, 0.0_f64), |(low, high), &accuracy| {
            (low.min(accuracy), high.max(accuracy))
        });
    if !test.is_empty() {
        bench.check(
            format!("test accuracies of {} optimizers", test.len()),
            "within a few points",
            format!("{} to {}", percent(low), percent(high)),
            "within 10 points",
            high - low <= 0.1,
        );
    }
    Ok(())
}
