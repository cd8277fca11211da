//! Random search: would blind guessing find the good basin too?

use super::{Bench, Experiment};
use crate::console::{Interrupted, percent};
use crate::data_args::{DataConfig, Source};
use anyhow::Result;
use basinscope::data::{FRESH_POINTS, Split};
use basinscope::net::{Architecture, Initialization, MlpSurface};
use basinscope::random::stream;
use basinscope::record::{SearchDraw, SearchRecord, SearchSize};
use basinscope::search::{GuessAndCheck, GuessSettings, Guesses, Prior, Status, wilson_interval};
use basinscope::surface::Evaluate;
use basinscope::train::{TrainConfig, TrainState, train};
use basinscope_report::figure;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Guess and check against descent.
pub struct RandomSearch;

/// What its recipe holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The net.
    pub net: Architecture,
    /// Distribution of the weights that are guessed, and from which descent begins.
    pub initialization: Initialization,
    /// Biases lie between minus and plus this.
    pub bias: f64,
    /// The points; each training set has the next seed.
    pub data: DataConfig,
    /// Training sets.
    pub training_sets: usize,
    /// Numbers of training points N, ascending: the first so many of each set.
    pub points: Vec<usize>,
    /// Random fits kept for each N on each set.
    pub keep: usize,
    /// Guesses after which the search on a set gives up.
    pub max_guesses: u64,
    /// Descents, and poisoned descents, for each N on each set.
    pub descents: usize,
    /// Plain descent.
    pub descent: TrainConfig,
    /// Poisoned descent.
    pub poisoned: TrainConfig,
}

impl Experiment for RandomSearch {
    type Settings = Settings;
    const TITLE: &'static str = "Random search finds the good basin too (two moons)";
    const RECIPE: &'static str = include_str!("../../../../../experiments/search.toml");

    fn run(settings: &Settings, bench: &mut Bench) -> Result<()> {
        let sizes = settings.points.len();
        let guessing = bench.console.bar(
            "guesses that fit",
            (settings.training_sets * sizes * settings.keep) as u64,
        );
        let training = bench.console.bar(
            "descents",
            (settings.training_sets * sizes * settings.descents * 2) as u64,
        );
        let draws = (0..settings.training_sets)
            .map(|index| draw(settings, bench, index, [&guessing, &training]))
            .collect::<Result<Vec<_>>>()?;
        guessing.finish();
        training.finish();
        let record = SearchRecord {
            widths: settings.net.widths().to_vec(),
            parameters: settings.net.num_params(),
            data: match &settings.data.source {
                Source::Generator(generator) | Source::Canonical(generator) => {
                    generator.name().into()
                }
                Source::File(file) => file.path.display().to_string(),
                #[cfg(feature = "images")]
                Source::Images(pictures) => pictures.title(),
            },
            test_points: match settings.data.source.generator() {
                Some(_) => FRESH_POINTS,
                None => settings.data.test,
            },
            draws,
            seed: bench.seed,
            version: basinscope::VERSION.into(),
            config: serde_json::to_value(settings)?,
        };
        bench.run.write_json("results/search.json", &record)?;
        bench.draw(
            "search",
            "Left: test accuracy of nets that are right about all N training points, found by \
             blind guessing, by descent, and by descent on poison. Right: how rarely a guess fits.",
            |theme| figure::search(&record, theme),
        )?;
        judge(bench, &record);
        Ok(())
    }
}

/// Everything on one training set.
fn draw(
    settings: &Settings,
    bench: &Bench,
    index: usize,
    bars: [&ProgressBar; 2],
) -> Result<SearchDraw> {
    let data = DataConfig {
        seed: settings.data.seed + index as u64,
        ..settings.data.clone()
    };
    let mut split = data.load()?;
    // Accuracies of all kinds of nets are taken on fresh points, where there is a generator.
    if let Some(fresh) = data.fresh() {
        split.test = fresh;
    }
    let split = split;
    bench.console.say(data.reading(&split)?.line());
    let seed = bench.seed.wrapping_add(10_000 * index as u64);
    let search = GuessSettings {
        initialization: settings.initialization,
        bias: settings.bias,
        points: settings.points.clone(),
        keep: settings.keep,
        max_guesses: settings.max_guesses,
        seed,
    }
    .check(&settings.net, &split.train)?;
    let guesses = guess(&search, bench, index, bars[0])?;
    let test = MlpSurface::new(&settings.net, &split.test)?;
    let mut sizes = Vec::with_capacity(settings.points.len());
    for (level, &points) in settings.points.iter().enumerate() {
        let first = Split {
            train: split.train.select(&(0..points).collect::<Vec<_>>()),
            ..split.clone()
        };
        let descend = |name: &str, config: &TrainConfig| {
            let file = format!("checkpoints/{name}-{index}-{points}.json");
            let before = bars[1].position();
            let found = bench.saved(&file, || {
                descents(settings, &first, config, search.prior(), seed, bars[1])
            })?;
            bars[1].set_position(before + settings.descents as u64);
            let missed = settings.descents - found.len();
            anyhow::Ok((found, missed))
        };
        let (descent, descent_missed) = descend("descent", &settings.descent)?;
        let (poisoned, poisoned_missed) = descend("poisoned", &settings.poisoned)?;
        sizes.push(SearchSize {
            points,
            fits: guesses.fits[level],
            share: guesses.fits[level] as f64 / guesses.tried as f64,
            share_ci: wilson_interval(guesses.fits[level], guesses.tried),
            random: (guesses.kept[level].par_iter())
                .map(|&number| test.evaluate(&search.theta(number)).accuracy)
                .collect(),
            descent,
            descent_missed,
            poisoned,
            poisoned_missed,
        });
    }
    Ok(SearchDraw {
        data_seed: data.seed,
        guesses: guesses.tried,
        sizes,
    })
}

/// Guesses until there are fits enough or the cap is reached; goes on where it was broken off.
fn guess(
    search: &GuessAndCheck,
    bench: &Bench,
    index: usize,
    bar: &ProgressBar,
) -> Result<Guesses> {
    /// Time between two saves.
    const SAVE_EVERY: Duration = Duration::from_secs(2);
    let file = format!("checkpoints/guesses-{index}.json");
    let mut guesses: Guesses = (bench.run.read_json(&file)).unwrap_or_else(|_| search.begin());
    let before = bar.position();
    let mut saved = Instant::now();
    loop {
        let status = search.round(&mut guesses);
        let kept: usize = guesses.kept.iter().map(Vec::len).sum();
        bar.set_position(before + kept as u64);
        bar.set_message(format!("{:.1} M guesses", guesses.tried as f64 / 1e6));
        let stop = bench.console.is_interrupted();
        if stop || status != Status::Going || saved.elapsed() > SAVE_EVERY {
            bench.run.write_json(&file, &guesses)?;
            saved = Instant::now();
        }
        if stop {
            return Err(Interrupted::Saved.into());
        }
        if status != Status::Going {
            return Ok(guesses);
        }
    }
}

/// Test accuracies of the descents that end right about every training point.
fn descents(
    settings: &Settings,
    split: &Split,
    config: &TrainConfig,
    prior: &Prior,
    seed: u64,
    bar: &ProgressBar,
) -> Result<Vec<f64>> {
    let minima = (0..settings.descents as u64)
        .into_par_iter()
        .map(|index| {
            let config = TrainConfig {
                seed: seed.wrapping_add(index),
                ..config.clone()
            };
            let mut theta = vec![0.0; prior.num_params()];
            prior.draw(&mut stream(config.seed, "init", 0), &mut theta);
            let state = TrainState::new(&config, theta, Vec::new());
            let generator = settings.data.source.generator();
            let minimum = train(
                &settings.net,
                split,
                generator,
                &config,
                Some(state),
                &mut (),
            )?;
            bar.inc(1);
            Ok((minimum.train.accuracy, minimum.test.accuracy))
        })
        .collect::<Result<Vec<_>>>()?;
    let fit = minima.into_iter().filter(|&(train, _)| train == 1.0);
    Ok(fit.map(|(_, test)| test).collect())
}

/// Where the claim is held to account: with two or four points any answer is a guess.
const ENOUGH_POINTS: usize = 8;

fn judge(bench: &mut Bench, record: &SearchRecord) {
    let points = record.points();
    let pooled = |points, pick: fn(&SearchSize) -> &Vec<f64>| -> Vec<f64> {
        record.at(points).flat_map(pick).copied().collect()
    };
    let random: Vec<_> = (points.iter().map(|&n| pooled(n, |size| &size.random))).collect();
    let descent: Vec<_> = (points.iter().map(|&n| pooled(n, |size| &size.descent))).collect();
    let poisoned: Vec<_> = (points.iter().map(|&n| pooled(n, |size| &size.poisoned))).collect();
    let means = random.iter().map(|all| mean(all)).collect::<Vec<_>>();

    let least = random.iter().map(Vec::len).min().unwrap_or(0);
    bench
        .check(
            "random fits kept at each N, at least",
            "–",
            least,
            "≥ 1,000",
            least >= 1_000,
        )
        .by_number(least as f64);
    let course: Vec<String> = (points.iter().zip(&means))
        .map(|(n, &mean)| format!("{n}: {}", percent(mean)))
        .collect();
    bench.check(
        "mean test accuracy of random fits by N",
        "claimed, without a number",
        course.join(", "),
        "rises with every N",
        means.windows(2).all(|pair| pair[0] < pair[1]),
    );
    let judged: Vec<usize> = (0..points.len())
        .filter(|&at| points[at] >= ENOUGH_POINTS)
        .collect();
    let from = format!("N ≥ {ENOUGH_POINTS}");
    let gap = |at: usize| mean(&descent[at]) - means[at];
    let widest = largest(judged.iter().map(|&at| gap(at).abs()));
    bench
        .check(
            format!("mean test accuracy, descent against random fits, {from}"),
            "–",
            format!("{} points apart at most", tenth(widest)),
            "≤ 5 points",
            widest <= 0.05,
        )
        .by_number(100.0 * widest);
    let rise = |at: usize| mean(&poisoned[at]) - means[at];
    let smallest = -largest((0..points.len()).map(rise));
    bench
        .check(
            "mean test accuracy, random fits above poisoned ones, every N",
            "–",
            format!("{} points at least", tenth(smallest)),
            "≥ 25 points",
            smallest >= 0.25,
        )
        .by_number(100.0 * smallest);
    let worst =
        largest((judged.iter()).map(|&at| share_at_most(&random[at], median(&poisoned[at]))));
    bench
        .check(
            format!("random fits as bad as the median poisoned one, {from}"),
            "–",
            format!("{:.2} % at most", 100.0 * worst),
            "≤ 1 %",
            worst <= 0.01,
        )
        .by_share(worst);
    let nearer = |size: &SearchSize| {
        let random = mean(&size.random);
        (random - mean(&size.descent)).abs() < random - mean(&size.poisoned)
    };
    let held = (record.draws.iter())
        .filter(|draw| draw.sizes.iter().all(nearer))
        .count();
    bench
        .check(
            "training sets on which random fits are nearer to descent than to poison at every N",
            "–",
            format!("{held} of {}", record.draws.len()),
            "all",
            held == record.draws.len(),
        )
        .by_number(held as f64);
    note(bench, record, &points, gap);
}

fn note(bench: &mut Bench, record: &SearchRecord, points: &[usize], gap: impl Fn(usize) -> f64) {
    let gaps: Vec<String> = (points.iter().enumerate())
        .map(|(at, n)| format!("N = {n}: {}", tenth(gap(at))))
        .collect();
    bench.note(format!(
        "Descent above random fits, points of mean test accuracy: {}. With 2 or 4 training points \
         the initialisation decides more than the points do, so the bar begins at \
         N = {ENOUGH_POINTS}.",
        gaps.join("; ")
    ));
    let hardest = points.last().copied().unwrap_or(0);
    let shares: Vec<String> = (record.at(hardest))
        .map(|size| {
            let [low, high] = size.share_ci;
            format!("{:.2e} ({low:.2e} to {high:.2e})", size.share)
        })
        .collect();
    let guesses: u64 = record.draws.iter().map(|draw| draw.guesses).sum();
    bench.note(format!(
        "{:.1} million guesses of {} parameters. Share that fits all {hardest} points, by training \
         set with Wilson's 95 % interval: {}; coins would fit with chance 2^-{hardest} = {:.1e}.",
        guesses as f64 / 1e6,
        record.parameters,
        shares.join(", "),
        0.5_f64.powi(hardest as i32),
    ));
    let count = |pick: fn(&SearchSize) -> usize| -> usize {
        let sizes = record.draws.iter().flat_map(|draw| &draw.sizes);
        sizes.map(pick).sum()
    };
    bench.note(format!(
        "Only nets right about all N points count: {} of {} descents and {} of {} poisoned ones \
         were not and are left out.",
        count(|size| size.descent_missed),
        count(|size| size.descent_missed + size.descent.len()),
        count(|size| size.poisoned_missed),
        count(|size| size.poisoned_missed + size.poisoned.len()),
    ));
    bench.note(
        "A guess that fits 16 points fits 8 as well: one sequence of guesses serves every N, so \
         neighbouring N share some members, and each N alone is an independent sample.",
    );
}

/// Per cent points with one decimal.
fn tenth(difference: f64) -> String {
    format!("{:.1}", 100.0 * difference).replace('-', "−")
}

/// The largest value; NaN, which passes no bar, where any is NaN or there is none.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.max_by(f64::total_cmp).unwrap_or(f64::NAN)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn share_at_most(values: &[f64], bound: f64) -> f64 {
    if bound.is_nan() {
        return f64::NAN;
    }
    let count = values.iter().filter(|&&value| value <= bound).count();
    count as f64 / values.len() as f64
}
