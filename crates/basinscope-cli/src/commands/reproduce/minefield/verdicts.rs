//! What the sheet of a minefield claims.

use super::Settings;
use crate::commands::reproduce::Bench;
use crate::commands::reproduce::bench::told_unseen;
use crate::console::percent;
use crate::data_args::Points;
use basinscope::record::{BadMinimumRecord, MinefieldRecord};

/// Fills the sheet.
pub fn check(settings: &Settings, record: &MinefieldRecord, bench: &mut Bench) {
    let of_spirals = |text: &str| match settings.data {
        Points::Config(_) => text.to_owned(),
        #[cfg(feature = "images")]
        Points::Pictures(_) => format!("{text} (spirals)"),
    };
    let last = record.iterates.last();
    let (train, test) = last.map_or((0.0, 0.0), |it| (it.train_accuracy, it.test_accuracy));
    let fresh = last.and_then(|it| it.fresh);
    let unseen = fresh.map_or(test, |fresh| fresh.accuracy);
    bench
        .check(
            "last iterate, train accuracy",
            of_spirals("100 %"),
            percent(train),
            "100 %",
            train == 1.0,
        )
        .by_share(train);
    bench
        .check(
            "last iterate, test accuracy",
            of_spirals("98.5 %"),
            told_unseen(fresh, test),
            format!("≥ {} %", 100.0 * settings.good_above),
            unseen >= settings.good_above,
        )
        .by_share(unseen);
    for (kind, redrawn) in [("fixed", false), ("redrawn", true)] {
        let bad: Vec<_> = (record.bad.iter())
            .filter(|bad| bad.redrawn == redrawn)
            .collect();
        if redrawn && settings.redrawn.is_none() {
            continue;
        }
        let fit = bad.iter().filter(|bad| bad.train_accuracy == 1.0).count();
        let range = |of: &dyn Fn(&BadMinimumRecord) -> f64| {
            (bad.iter()).fold((1.0_f64, 0.0_f64), |(low, high), bad| {
                (low.min(of(bad)), high.max(of(bad)))
            })
        };
        let unseen = range(&|bad| bad.fresh.map_or(bad.test_accuracy, |fresh| fresh.accuracy));
        let on_test = range(&|bad| bad.test_accuracy);
        let published = |text: &str| match redrawn {
            false => of_spirals(text),
            true => "–".into(),
        };
        bench
            .check(
                format!("bad minima, {kind} poison: train accuracy"),
                published("near 100 %"),
                format!("100 % in {fit} of {}", bad.len()),
                "100 % in all",
                fit == bad.len(),
            )
            .by_share(fit as f64 / bad.len().max(1) as f64);
        bench
            .check(
                format!("bad minima, {kind} poison: test accuracy"),
                published("below 53 %"),
                match bad.iter().any(|bad| bad.fresh.is_some()) {
                    true => format!(
                        "{} to {} of fresh points, {} to {} of test points",
                        percent(unseen.0),
                        percent(unseen.1),
                        percent(on_test.0),
                        percent(on_test.1)
                    ),
                    false => format!("{} to {}", percent(on_test.0), percent(on_test.1)),
                },
                format!("all below {} %", 100.0 * settings.test_below),
                unseen.1 < settings.test_below,
            )
            .by_share(unseen.1);
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
