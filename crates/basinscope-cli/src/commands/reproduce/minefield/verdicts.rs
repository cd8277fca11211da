//! What the sheet of a minefield claims.

use super::Settings;
use crate::commands::reproduce::Bench;
use crate::console::percent;
use crate::data_args::Points;
use basinscope::record::MinefieldRecord;

/// Fills the sheet.
pub fn check(settings: &Settings, record: &MinefieldRecord, bench: &mut Bench) {
    let of_spirals = |text: &str| match settings.data {
        Points::Config(_) => text.to_owned(),
        #[cfg(feature = "images")]
        Points::Pictures(_) => format!("{text} (spirals)"),
    };
    let last = record.iterates.last();
    let (train, test) = last.map_or((0.0, 0.0), |it| (it.train_accuracy, it.test_accuracy));
    bench.check(
        "last iterate, train accuracy",
        of_spirals("100 %"),
        percent(train),
        "100 %",
        train == 1.0,
    );
    bench.check(
        "last iterate, test accuracy",
        of_spirals("98.5 %"),
        percent(test),
        format!("≥ {} %", 100.0 * settings.good_above),
        test >= settings.good_above,
    );
    for (kind, redrawn) in [("fixed", false), ("redrawn", true)] {
        let bad: Vec<_> = (record.bad.iter())
            .filter(|bad| bad.redrawn == redrawn)
            .collect();
        if redrawn && settings.redrawn.is_none() {
            continue;
        }
        let fit = bad.iter().filter(|bad| bad.train_accuracy == 1.0).count();
        let worst = bad.iter().map(|bad| bad.test_accuracy).fold(0.0, f64::max);
        let best = bad.iter().map(|bad| bad.test_accuracy).fold(1.0, f64::min);
        let published = |text: &str| match redrawn {
            false => of_spirals(text),
            true => "–".into(),
        };
        bench.check(
            format!("bad minima, {kind} poison: train accuracy"),
            published("near 100 %"),
            format!("100 % in {fit} of {}", bad.len()),
            "100 % in all",
            fit == bad.len(),
        );
        bench.check(
            format!("bad minima, {kind} poison: test accuracy"),
            published("below 53 %"),
            format!("{:.2} % to {:.2} %", 100.0 * best, 100.0 * worst),
            format!("all below {} %", 100.0 * settings.test_below),
            worst < settings.test_below,
        );
    }
    let [fixed, redrawn] = record.missed;
    bench.note(format!(
        "Trainings that missed and were begun again from the next iterate: {fixed} with fixed \
         poison, {redrawn} with redrawn one."
    ));
    let nearest = (record.iterates.iter())
        .filter_map(|iterate| iterate.nearest_fixed.as_ref().map(|near| near.relative));
    let (low, high) = nearest.fold((f64::INFINITY, 0.0_f64), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    bench.note(format!(
        "The nearest bad minimum (fixed poison) is {low:.2} to {high:.2} norms of the weights away \
         from an iterate."
    ));
}
