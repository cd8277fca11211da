//! How often the recipes reach their minima on the swiss roll: ten seeds, good and bad.
//!
//! `cargo run --release --example success_rates [DATA_SEED]`; without one the built-in draw of the
//! points is used, and with `each` every seed draws its own.

use basinscope::data::{DEFAULT_DATA_SEED, Generator, SplitSizes, split};
use basinscope::net::Architecture;
use basinscope::random::stream;
use basinscope::train::{PoisonConfig, PoisonForm, TrainConfig, train};
use rayon::prelude::*;
use std::time::Instant;

fn main() -> basinscope::Result<()> {
    let redrawn = PoisonConfig {
        points: 200,
        factor: 0.5,
        form: PoisonForm::Flipped,
        redrawn: true,
        batch: None,
    };
    let fixed = match std::env::args().nth(1).as_deref() {
        None => Some(DEFAULT_DATA_SEED),
        Some("each") => None,
        Some(text) => Some(text.parse().expect("a seed or `each`")),
    };
    let good = TrainConfig::default();
    let bad = TrainConfig {
        poison: Some(redrawn),
        learning_rate: 0.005,
        steps: 40_000,
        ..TrainConfig::default()
    };
    for (name, config, least, most) in [("good", good, 0.98, 1.0), ("bad", bad, 0.0, 0.15)] {
        let begun = Instant::now();
        let found: Vec<(f64, f64)> = (0..10_u32)
            .into_par_iter()
            .with_max_len(1)
            .map(|seed| {
                let seed = u64::from(seed);
                let data_seed = fixed.unwrap_or(seed);
                let generator = Generator::from_name("swiss-roll")?;
                let points = generator.dataset(800, &mut stream(data_seed, "data", 0))?;
                let sizes = SplitSizes {
                    train: 200,
                    test: 200,
                    pool: 400,
                };
                let parts = split(&points, sizes, &mut stream(data_seed, "split", 0))?;
                let config = TrainConfig {
                    seed,
                    ..config.clone()
                };
                let net = Architecture::swiss_roll();
                let minimum = train(&net, &parts, Some(&generator), &config, None, &mut ())?;
                Ok((minimum.train.accuracy, minimum.test.accuracy))
            })
            .collect::<basinscope::Result<_>>()?;
        for (seed, (train, test)) in found.iter().enumerate() {
            println!(
                "{name} seed {seed}: train {:.1} %, test {:.1} %",
                100.0 * train,
                100.0 * test
            );
        }
        let hits = found
            .iter()
            .filter(|(train, test)| *train == 1.0 && (least..=most).contains(test))
            .count();
        println!(
            "{name}: {hits} of {} with train 100 % and test in [{least}, {most}], {:.1} s",
            found.len(),
            begun.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
