//! Local volumes of minima: what `volume --method subsim` and `--method lta` do.

use crate::commands::local_curve::{Centre, lta_curve, subsim_curve};
use crate::console::Console;
use crate::lab::{Lab, Minimum};
use crate::on_bar::InMessage;
use anyhow::{Context, Result};
use basinscope::Error;
use basinscope::basin::{
    HighAccuracy, LowLoss, LtaSettings, Region, SamePredictions, StiffDirections, SubsimSettings,
    judge,
};
use basinscope::record::{LocalVolumeRecord, VolumeRecord};
use basinscope::watch::Watch;
use basinscope_report::figure;
use clap::ValueEnum;
use serde::Serialize;

/// Where the records stand in a run.
const FILE: &str = "results/local-volumes.json";
/// Widths of the default grid in a decade: 10^(j/4), so that minima share them.
const A_DECADE: f64 = 4.0;
/// Every so many of them is also taken in units of the rms parameter.
const RELATIVE_EVERY: usize = 2;
/// The default grid ends at so many times the width at which nearly every draw is inside.
const REACH: f64 = 30.0;
/// Share of direct draws inside where the default grid begins.
const INSIDE_AT_FIRST: f64 = 0.9;
/// Draws that find where it begins.
const DRAWS: u64 = 200;

/// How a local volume is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Subset simulation: needs no gradient but for its metric
    Subsim,
    /// Local tempered annealing: the reference, by gradients
    Lta,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Subsim => "subsim",
            Self::Lta => "lta",
        }
    }

    /// What most of its work is.
    fn units(self) -> &'static str {
        match self {
            Self::Subsim => "evaluations",
            Self::Lta => "gradients",
        }
    }
}

/// What the cutoff is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum CutoffOn {
    /// Mean train loss, in nats, at most
    Loss,
    /// Mean train loss above the minimum's own, in nats, at most: minima of different loss start alike
    Excess,
    /// Share of the training points that stay correct, at least
    Accuracy,
    /// Mean total variation distance of the predicted probabilities from the minimum's own, at most
    Predictions,
}

impl CutoffOn {
    /// Whether the cutoff is a loss, in nats.
    pub fn is_of_loss(self) -> bool {
        matches!(self, Self::Loss | Self::Excess)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Excess => "excess",
            Self::Accuracy => "accuracy",
            Self::Predictions => "predictions",
        }
    }

    /// The cutoff where none is given: the paper's loss; all points but one in a hundred; one in
    /// ten probabilities moved.
    fn default_cutoff(self) -> f64 {
        match self {
            Self::Loss | Self::Excess => basinscope::basin::DEFAULT_CUTOFF,
            Self::Accuracy => 0.99,
            Self::Predictions => 0.1,
        }
    }
}

/// What is asked of local volumes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    pub method: Method,
    pub cutoff_on: CutoffOn,
    pub cutoff: f64,
    /// Widths σ; none for a default range found from each minimum.
    pub sigma: Vec<f64>,
    /// Widths in units of the minimum's rms parameter.
    pub relative_sigma: Vec<f64>,
    /// Stiffest Hessian directions for the metric; 0 for plain moves.
    pub stiff: usize,
    /// Samples at each width that are followed home and judged on test points, where not all kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
    pub subsim: SubsimSettings,
    pub lta: LtaSettings,
}

impl Settings {
    /// The defaults of a method.
    pub fn new(method: Method, cutoff_on: CutoffOn, cutoff: Option<f64>, seed: u64) -> Self {
        let cutoff = cutoff.unwrap_or_else(|| cutoff_on.default_cutoff());
        Self {
            method,
            cutoff_on,
            cutoff,
            sigma: Vec::new(),
            relative_sigma: Vec::new(),
            stiff: STIFF,
            samples: None,
            subsim: SubsimSettings {
                seed,
                ..SubsimSettings::default()
            },
            lta: LtaSettings {
                cutoff,
                seed,
                ..LtaSettings::default()
            },
        }
    }

    fn check(&self) -> Result<()> {
        self.subsim.check()?;
        if self.method == Method::Lta {
            if !self.cutoff_on.is_of_loss() {
                let expected = "loss or excess with --method lta, which follows gradients";
                let found = self.cutoff_on.name();
                return Err(Error::setting("cutoff-on", expected, found).into());
            }
            self.lta.check()?;
        }
        if self.samples == Some(0) {
            return Err(Error::setting("samples", "at least 1", 0).into());
        }
        let widths = self.sigma.iter().chain(&self.relative_sigma);
        if let Some(bad) = widths.into_iter().find(|s| !(**s > 0.0 && s.is_finite())) {
            return Err(Error::setting("sigma", "widths above 0", bad).into());
        }
        Ok(())
    }
}

/// Stiffest Hessian directions, where not asked otherwise.
pub const STIFF: usize = 100;

/// Measures, saves and draws the local volumes of minima.
pub fn compute(
    lab: &Lab,
    minima: &[&Minimum],
    settings: &Settings,
    console: &Console,
) -> Result<Vec<LocalVolumeRecord>> {
    settings.check()?;
    // Whatever is wrong with one minimum is told before the first result is written.
    for minimum in minima {
        check_minimum(minimum, settings).with_context(|| minimum.record.name.clone())?;
    }
    let config = lab.config(settings)?;
    let known: Vec<LocalVolumeRecord> = match lab.run.has(FILE) {
        true => lab.run.read_json(FILE)?,
        false => Vec::new(),
    };
    let bar = console.bar("local volumes", minima.len() as u64);
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let mut records = Vec::with_capacity(minima.len());
    for minimum in minima {
        console.check()?;
        bar.set_message(minimum.record.name.clone());
        let same = known.iter().find(|old| {
            old.minimum == minimum.record.name
                && old.config == config
                && old.version == basinscope::VERSION
                && old.test_accuracy == minimum.record.test_accuracy
        });
        // An interrupted run goes on; a finished one is only drawn again.
        let record = match same {
            Some(old) => old.clone(),
            None => {
                let watch = InMessage {
                    console,
                    bar: &bar,
                    name: &minimum.record.name,
                    units: settings.method.units(),
                };
                let found = measure(minimum, settings, &config, &watch);
                // The minima before this one are saved, and the same command begins with it.
                console.check()?;
                let record = found.with_context(|| minimum.record.name.clone())?;
                lab.merge(FILE, vec![record.clone()], key)?;
                record
            }
        };
        records.push(record);
        bar.inc(1);
    }
    bar.finish();
    draw(lab, &records)?;
    Ok(records)
}

fn key(record: &LocalVolumeRecord) -> (String, String) {
    let rest = format!("{} {} {}", record.method, record.region, record.cutoff);
    (record.minimum.clone(), rest)
}

fn check_minimum(minimum: &Minimum, settings: &Settings) -> Result<()> {
    with_region(minimum, settings, |region| {
        if !region.contains(&minimum.theta) {
            let expected = format!(
                "a minimum inside its own basin ({} {})",
                settings.cutoff_on.name(),
                settings.cutoff
            );
            let loss = format!(
                "loss {:.3e}, accuracy {:.3}",
                minimum.record.train_loss, minimum.record.train_accuracy
            );
            return Err(Error::setting("cutoff", expected, loss).into());
        }
        Ok(())
    })
}

/// Hands the region that the settings speak of to a function.
fn with_region<T>(
    minimum: &Minimum,
    settings: &Settings,
    then: impl FnOnce(&dyn Region) -> Result<T>,
) -> Result<T> {
    let (surface, cutoff) = (&minimum.train, settings.cutoff);
    match settings.cutoff_on {
        CutoffOn::Loss => then(&LowLoss::new(surface, cutoff)?),
        CutoffOn::Excess => {
            let start = surface.loss(&minimum.theta);
            then(&LowLoss::new(surface, start + cutoff)?)
        }
        CutoffOn::Accuracy => then(&HighAccuracy::new(surface, cutoff)?),
        CutoffOn::Predictions => then(&SamePredictions::new(surface, &minimum.theta, cutoff)?),
    }
}

fn measure(
    minimum: &Minimum,
    settings: &Settings,
    config: &serde_json::Value,
    watch: &dyn Watch,
) -> Result<LocalVolumeRecord> {
    let theta = &minimum.theta;
    let squares: f64 = theta.iter().map(|&w| f64::from(w).powi(2)).sum();
    let rms = (squares / theta.len() as f64).sqrt();
    let seed = settings.subsim.seed;
    let start_loss = minimum.train.loss(theta);
    let stiff = match settings.stiff.min(theta.len()) {
        0 => StiffDirections::none(theta.len()),
        count => StiffDirections::of(&minimum.train, theta, count, seed, watch)?,
    };
    let centre = Centre {
        theta,
        train: minimum.train.as_ref(),
        test: minimum.test.as_ref(),
        samples: settings.samples.unwrap_or(usize::MAX),
    };
    with_region(minimum, settings, |region| {
        let sigmas = widths(region, theta, rms, settings, watch)?;
        let (mut curve, evaluations, gradients) = match settings.method {
            Method::Subsim => {
                let found = (settings.subsim).run(&region, theta, &stiff, &sigmas, watch)?;
                let curve = subsim_curve(centre, region, &found, watch)?;
                (curve, found.evaluations, 0)
            }
            Method::Lta => {
                let lta = LtaSettings {
                    cutoff: match settings.cutoff_on {
                        CutoffOn::Excess => start_loss + settings.cutoff,
                        _ => settings.cutoff,
                    },
                    ..settings.lta.clone()
                };
                let found = lta.run(&minimum.train, theta, &stiff, &sigmas, watch)?;
                let curve = lta_curve(centre, region, &found, watch)?;
                (curve, found.evaluations, found.gradients)
            }
        };
        let remedy = match settings.method {
            Method::Subsim if settings.cutoff_on.is_of_loss() => "see --method lta",
            Method::Subsim => "raise --moves",
            Method::Lta => "raise --trajectories",
        };
        let largest_local_sigma = judge(&mut curve, remedy);
        let record = &minimum.record;
        Ok(LocalVolumeRecord {
            minimum: record.name.clone(),
            test_accuracy: record.test_accuracy,
            generalization_gap: record.generalization_gap,
            method: settings.method.name().into(),
            region: settings.cutoff_on.name().into(),
            cutoff: settings.cutoff,
            start_loss: Some(start_loss),
            dimension: theta.len(),
            rms,
            metric: match stiff.len() {
                0 => "none: plain moves".into(),
                count => format!("{count} stiffest Hessian directions"),
            },
            curve,
            largest_local_sigma,
            evaluations,
            gradients,
            seed,
            version: basinscope::VERSION.into(),
            config: config.clone(),
        })
    })
}

/// The asked widths, ascending; else the default grid, absolute and relative.
fn widths(
    region: &dyn Region,
    theta: &[f32],
    rms: f64,
    settings: &Settings,
    watch: &dyn Watch,
) -> Result<Vec<f64>> {
    let mut sigmas = settings.sigma.clone();
    sigmas.extend(settings.relative_sigma.iter().map(|ratio| ratio * rms));
    if sigmas.is_empty() {
        let seed = settings.subsim.seed;
        let first = basinscope::basin::nearly_all_inside(
            &region,
            theta,
            INSIDE_AT_FIRST,
            DRAWS,
            seed,
            watch,
        )?;
        let last = (REACH * first).min(rms);
        for (unit, every) in [(1.0, 1), (rms, RELATIVE_EVERY)] {
            let place = |sigma: f64| A_DECADE * (sigma / unit).log10();
            let (from, to) = (place(first).floor() as i32, place(last).floor() as i32);
            let from = from.div_euclid(every as i32) * every as i32;
            sigmas.extend((from..=to.max(from)).step_by(every).map(|j| unit * grid(j)));
        }
    }
    sigmas.sort_unstable_by(f64::total_cmp);
    sigmas.dedup_by(|b, a| *b <= *a * (1.0 + 1e-9));
    Ok(sigmas)
}

/// 10^(j/4), to three digits: 1, 1.78, 3.16, 5.62, 10, …
fn grid(j: i32) -> f64 {
    let digits = [1.0, 1.78, 3.16, 5.62][j.rem_euclid(4) as usize];
    let decade = j.div_euclid(4);
    match decade < 0 {
        true => digits / 10_f64.powi(-decade),
        false => digits * 10_f64.powi(decade),
    }
}

/// Draws the local volumes of the run that lead, beside the paper's volumes where there are some;
/// those like the given ones too, where they are others.
pub fn draw(lab: &Lab, records: &[LocalVolumeRecord]) -> Result<()> {
    let Some(first) = records.first() else {
        return Ok(());
    };
    let all: Vec<LocalVolumeRecord> = lab.run.read_json(FILE)?;
    // The setting that leads has the plain names, so that the page's text and its pictures are of
    // one setting; another one is drawn under its own.
    let lead = figure::leading_local(&all);
    let same = |record: &&LocalVolumeRecord| {
        record.region == first.region && record.cutoff == first.cutoff
    };
    if !lead.iter().any(|record| same(&record)) {
        let alike: Vec<LocalVolumeRecord> = all.iter().filter(same).cloned().collect();
        draw_as(lab, &alike, &format!("-{}", first.region))?;
    }
    draw_as(lab, &lead, "")?;
    let alike = lead;
    if lab.run.has("results/volumes.json") {
        let volumes: Vec<VolumeRecord> = lab.run.read_json("results/volumes.json")?;
        let plain: Vec<VolumeRecord> = (volumes.into_iter())
            .filter(|volume| volume.normalization == "none" && volume.region == "loss")
            .collect();
        let both = |record: &LocalVolumeRecord| plain.iter().any(|v| v.minimum == record.minimum);
        if alike.iter().any(both) {
            lab.draw("honest-scatter", |theme| {
                figure::honest_scatter(&alike, &plain, theme)
            })?;
        }
    }
    Ok(())
}

fn draw_as(lab: &Lab, alike: &[LocalVolumeRecord], suffix: &str) -> Result<()> {
    lab.draw(&format!("local-volumes{suffix}"), |theme| {
        figure::local_volumes(alike, theme)
    })?;
    lab.draw(&format!("constrained-dimensions{suffix}"), |theme| {
        figure::constrained_dimensions(alike, theme)
    })?;
    if (alike.iter().flat_map(|record| &record.curve)).any(|p| p.sample_test_accuracy.is_some()) {
        lab.draw(&format!("sample-accuracy{suffix}"), |theme| {
            figure::sample_accuracy(alike, theme)
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minima_share_the_widths_of_the_grid() {
        let found: Vec<f64> = (-5..=4).map(grid).collect();
        let exact = [
            0.0562, 0.1, 0.178, 0.316, 0.562, 1.0, 1.78, 3.16, 5.62, 10.0,
        ];
        for (found, exact) in found.iter().zip(exact) {
            assert!((found / exact - 1.0).abs() < 1e-12, "{found} {exact}");
        }
    }
}
