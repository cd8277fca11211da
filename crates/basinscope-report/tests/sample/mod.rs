//! Synthetic but realistic records: what a swiss-roll run might find.

mod local;

pub use local::*;

use basinscope::record::*;
use basinscope_report::figure::{ContactSheet, SheetPicture, Verdict};

/// A number in [0, 1) that depends on its arguments alone.
pub fn noise(seed: u64, index: u64) -> f64 {
    let mut z = seed
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(index.wrapping_mul(0xBF58_476D_1CE4_E5B9))
        .wrapping_add(0x94D0_49BB_1331_11EB);
    for shift in [30, 27, 31] {
        z = (z ^ (z >> shift)).wrapping_mul(0x94D0_49BB_1331_11EB);
    }
    (z >> 11) as f64 / (1u64 << 53) as f64
}

/// Roughly normal: the sum of twelve uniforms.
pub fn normal(seed: u64, index: u64) -> f64 {
    (0..12).map(|i| noise(seed, 12 * index + i)).sum::<f64>() - 6.0
}

/// The minima of the dial, best first: name, test accuracy, poison factor, points, redrawn.
pub const DIAL: [(&str, f64, f64, usize, bool); 8] = [
    ("good", 0.995, 0.0, 0, false),
    ("poison-10", 0.955, 0.05, 10, false),
    ("poison-20", 0.88, 0.1, 20, false),
    ("poison-40", 0.755, 0.1, 40, false),
    ("poison-200", 0.52, 0.3, 200, false),
    ("poison-400", 0.39, 0.5, 400, false),
    ("redrawn-0.1", 0.165, 0.1, 200, true),
    ("bad", 0.11, 0.3, 200, true),
];

pub fn minima() -> Vec<MinimumRecord> {
    DIAL.iter()
        .enumerate()
        .map(|(k, &(name, test, beta, points, redrawn))| MinimumRecord {
            name: name.into(),
            file: format!("minima/{name}.safetensors"),
            widths: vec![2, 23, 16, 26, 32, 28, 31, 1],
            architecture: "MLP 2-23-16-26-32-28-31-1, ReLU".into(),
            num_classes: 2,
            parameters: 3614,
            train_loss: 1e-3,
            train_accuracy: 1.0,
            test_loss: 4.0 * (1.0 - test),
            test_accuracy: test,
            generalization_gap: 1.0 - test,
            fresh: None,
            poison_factor: beta,
            poison_points: points,
            poison_redrawn: redrawn,
            steps: 20_000,
            stopped: "goal".into(),
            norm: 30.0,
            history: (0..60)
                .map(|i| {
                    let step = if i == 0 {
                        0
                    } else {
                        10f64.powf(0.0729 * i as f64) as usize
                    };
                    let t = i as f64 / 59.0;
                    let rise = 1.0 / (1.0 + (-14.0 * (t - 0.45 - 0.04 * k as f64)).exp());
                    let wobble = 0.02 * normal(k as u64, i) * (1.0 - t);
                    HistoryPoint {
                        step,
                        train_loss: 0.7 * (1.0 - rise) + 1e-3,
                        train_accuracy: (0.5 + 0.5 * rise + wobble).min(1.0),
                        test_accuracy: (0.5 + (test - 0.5) * rise + wobble).clamp(0.0, 1.0),
                    }
                })
                .collect(),
            seed: k as u64,
            version: "0.1.0".into(),
            config: serde_json::Value::Null,
        })
        .collect()
}

/// A spiral boundary, torn where the minimum is bad; `shift` moves it as a perturbation would.
pub fn boundary(name: &str, test: f64, count: usize, shift: f64) -> BoundaryRecord {
    let axis = Axis {
        from: -18.0,
        to: 18.0,
        count,
    };
    let bad = 1.0 - test;
    let spiral = |x: f64, y: f64| {
        let r = x.hypot(y);
        let turn = (y.atan2(x) + 0.66 * r + shift).sin();
        let tear = 1.3 * bad * ((1.1 * x + 3.0 * shift).sin() * (0.9 * y - shift).cos());
        4.0 * (turn + 1.6 * tear) - 0.4
    };
    let probability: Vec<f32> = (0..count * count)
        .map(|i| {
            let z = spiral(axis.value(i % count), axis.value(i / count));
            (1.0 / (1.0 + (-2.0 * z).exp())) as f32
        })
        .collect();
    let mut points = Vec::new();
    let mut labels = Vec::new();
    let mut correct = Vec::new();
    for i in 0..200u64 {
        let label = (i % 2) as u32;
        let r = 1.0 + 14.5 * noise(3, i).sqrt();
        let side = if label == 1 { 0.5 } else { 1.5 } * std::f64::consts::PI;
        let angle = side - 0.66 * r;
        let x = r * angle.cos() + 0.3 * normal(4, i);
        let y = r * angle.sin() + 0.3 * normal(5, i);
        points.push([x as f32, y as f32]);
        labels.push(label);
        correct.push(shift == 0.0 || (spiral(x, y) > 0.0) == (label == 1));
    }
    BoundaryRecord {
        minimum: name.into(),
        train_accuracy: correct.iter().filter(|&&right| right).count() as f64 / 200.0,
        test_accuracy: test,
        x: axis,
        y: axis,
        num_classes: 2,
        names: Default::default(),
        class: probability.iter().map(|&p| u8::from(p > 0.5)).collect(),
        probability,
        points,
        labels,
        correct,
        seed: 0,
        version: "0.1.0".into(),
        config: serde_json::Value::Null,
    }
}

/// Five classes in sectors.
pub fn many_classes() -> BoundaryRecord {
    let mut record = boundary("five classes", 0.9, 120, 0.0);
    let sector = |x: f64, y: f64| {
        let place = 5.0 * (y.atan2(x + 2.0) / std::f64::consts::TAU + 0.5) + 0.04 * x.hypot(y);
        (place.rem_euclid(5.0), place.fract().abs())
    };
    for i in 0..record.class.len() {
        let (class, inside) = sector(record.x.value(i % 120), record.y.value(i / 120));
        record.class[i] = class as u8 % 5;
        record.probability[i] = (0.4 + 1.2 * inside.min(1.0 - inside)).min(1.0) as f32;
    }
    for (point, label) in record.points.iter().zip(&mut record.labels) {
        *label = sector(point[0].into(), point[1].into()).0 as u32 % 5;
    }
    record.num_classes = 5;
    record.correct[7] = false;
    record
}

pub fn boundaries(count: usize) -> Vec<BoundaryRecord> {
    DIAL.iter()
        .cycle()
        .take(count)
        .map(|row| boundary(row.0, row.1, 120, 0.0))
        .collect()
}

pub fn line(index: usize, directions: u64) -> LineRecord {
    let (name, test, ..) = DIAL[index];
    let c: Vec<f64> = (0..61).map(|i| -0.75 + 1.5 * i as f64 / 60.0).collect();
    let steep = 10f64.powf(1.0 + 2.2 * (1.0 - test));
    let loss: Vec<Vec<f64>> = (0..directions)
        .map(|d| {
            let k = steep * (0.7 * normal(d, 1)).exp();
            let tilt = 0.3 * normal(d, 2);
            c.iter()
                .map(|c| 2e-4 / test + k * c * c / (1.0 + 0.05 * k * c.abs()) * (1.0 + tilt * c))
                .collect()
        })
        .collect();
    let accuracy = |floor: f64, top: f64| -> Vec<Vec<f64>> {
        loss.iter()
            .map(|row| {
                row.iter()
                    .map(|l| floor + (top - floor) / (1.0 + (0.35 * l).powi(2)))
                    .collect()
            })
            .collect()
    };
    LineRecord {
        minimum: name.into(),
        towards: None,
        normalization: "filter".into(),
        test_accuracy: test,
        train_accuracy: accuracy(0.5, 1.0),
        test_accuracy_along: accuracy(0.5, test),
        crossings: Vec::new(),
        c,
        train_loss: loss,
        seed: 1,
        version: "0.1.0".into(),
        config: serde_json::Value::Null,
    }
}

pub fn between() -> LineRecord {
    let mut record = line(0, 1);
    record.towards = Some("bad".into());
    record.c = (0..91).map(|i| -0.25 + 1.5 * i as f64 / 90.0).collect();
    let along = |f: &dyn Fn(f64) -> f64| vec![record.c.iter().map(|&c| f(c)).collect::<Vec<f64>>()];
    let hill = |c: f64| {
        1e-3 + 5.0
            * (c * (1.0 - c)).powi(2)
            * 16.0
            * if (0.0..=1.0).contains(&c) { 1.0 } else { 3.0 }
    };
    record.train_loss = along(&hill);
    record.train_accuracy = along(&|c| 1.0 - 0.45 * (hill(c) / (hill(c) + 1.0)));
    record.test_accuracy_along =
        along(&|c| (0.995 - 0.88 * c - 0.2 * c * (1.0 - c)).clamp(0.05, 0.995));
    record
}

pub fn surface(index: usize) -> SurfaceRecord {
    let (name, test, ..) = DIAL[index];
    let axis = Axis {
        from: -1.0,
        to: 1.0,
        count: 51,
    };
    let steep = 10f64.powf(1.0 + 2.2 * (1.0 - test));
    let mut train_loss = Vec::new();
    for i in 0..51 * 51 {
        let (a, b) = (axis.value(i % 51), axis.value(i / 51));
        let bend = 1.0 + 0.5 * (3.0 * a + 2.0 * b + index as f64).sin();
        let bowl = steep * (a * a + 2.2 * b * b + 0.6 * a * b) * bend;
        train_loss.push(3e-4 + bowl / (1.0 + 0.04 * bowl));
    }
    SurfaceRecord {
        minimum: name.into(),
        test_accuracy: test,
        normalization: "filter".into(),
        x: axis,
        y: axis,
        train_accuracy: vec![1.0; 51 * 51],
        train_loss,
        directions: Default::default(),
        worth: None,
        seed: 1,
        version: "0.1.0".into(),
        config: serde_json::Value::Null,
    }
}

pub fn volumes() -> Vec<VolumeRecord> {
    let log10 = [
        -2136.0, -3188.0, -3842.0, -5914.0, -5518.0, -6646.0, -7052.0, -7442.0,
    ];
    DIAL.iter()
        .zip(log10)
        .enumerate()
        .map(|(k, (&(name, test, ..), log10_volume))| {
            let middle = 6.0 * 10f64.powf(log10_volume / 6000.0 + 0.35);
            let cap = 10.0;
            let mut radii: Vec<f64> = (0..1000)
                .map(|i| (middle * (0.28 * normal(k as u64, i)).exp()).min(cap))
                .collect();
            let censored = radii.iter().filter(|&&radius| radius >= cap).count();
            let given = radii.clone();
            radii.sort_by(f64::total_cmp);
            VolumeRecord {
                minimum: name.into(),
                test_accuracy: test,
                generalization_gap: 1.0 - test,
                method: "radial".into(),
                normalization: "none".into(),
                region: "loss".into(),
                cutoff: 0.1,
                start_loss: Some(0.001),
                directions: 1000,
                dimension: 3614,
                log10_volume,
                ess: 1.0 + 0.003 * k as f64,
                warning: "a lower bound set by the luckiest of 1000 rays".into(),
                radius_median: radii[500],
                radius_median_ci: [radii[469], radii[531]],
                radius_quantile_levels: vec![0.25, 0.5, 0.75],
                radius_quantiles: vec![radii[250], radii[500], radii[750]],
                radius_quantile_cis: vec![[radii[230], radii[270]]; 3],
                radii: given,
                censored,
                radius_cap: cap,
                evaluations_per_ray: 4.6,
                seed: 1,
                version: "0.1.0".into(),
                config: serde_json::Value::Null,
            }
        })
        .collect()
}

/// The walk of the paper's animation: c = ¼·linspace(−1, 1, n)⁵, played 0 → + → − → 0.
pub fn path(name: &str, test: f64, half: usize, grid: usize) -> PathRecord {
    let n = 2 * half + 1;
    let frames = (0..n)
        .map(|i| {
            let t = i as f64 / half as f64 - 1.0;
            let c = 0.25 * t.powi(5);
            let steep = 30.0 * 10f64.powf(2.0 * (1.0 - test));
            let boundary = boundary(name, test, grid, 9.0 * (1.2 - test) * c);
            PathFrame {
                c,
                loss: 2e-4 + steep * c * c,
                accuracy: boundary.train_accuracy,
                curvature: 2.0 * steep / (1.0 + 200.0 * c * c) * (1.0 + 0.3 * (40.0 * c).sin()),
                boundary,
            }
        })
        .collect();
    let order = (half..n).chain((0..n).rev()).chain(0..=half).collect();
    PathRecord {
        minimum: name.into(),
        test_accuracy: test,
        frames,
        order,
    }
}

/// A random search over `draws` training sets; `scarce` leaves nets out as hard points would.
pub fn search(draws: u64, scarce: bool) -> SearchRecord {
    let sizes = [2_usize, 4, 8, 16, 24];
    let accuracies = |middle: f64, spread: f64, seed: u64, count: u64| -> Vec<f64> {
        let one = |index| (middle + spread * normal(seed, index)).clamp(0.0, 1.0);
        (0..count).map(one).collect()
    };
    let size = |draw: u64, level: usize| {
        let seed = 10 * draw + level as u64;
        let hard = scarce && level == sizes.len() - 1;
        let share = 0.1 * 10_f64.powf(-0.9 * level as f64 - 0.5 * noise(7, draw));
        SearchSize {
            points: sizes[level],
            fits: if hard { 0 } else { 1_000 },
            share: if hard { 0.0 } else { share },
            share_ci: if hard {
                [0.0, 1e-7]
            } else {
                [0.9 * share, 1.1 * share]
            },
            random: accuracies(
                0.65 + 0.07 * level as f64,
                0.06,
                seed,
                if hard { 0 } else { 300 },
            ),
            descent: accuracies(0.7 + 0.06 * level as f64, 0.04, seed + 1_000, 40),
            descent_missed: 0,
            poisoned: accuracies(0.05 + 0.08 * level as f64, 0.04, seed + 2_000, 40),
            poisoned_missed: 2,
        }
    };
    SearchRecord {
        widths: vec![2, 16, 16, 1],
        parameters: 337,
        data: "moons".into(),
        test_points: 2_000,
        draws: (0..draws)
            .map(|draw| SearchDraw {
                data_seed: draw,
                guesses: 10_000_000,
                sizes: (0..sizes.len()).map(|level| size(draw, level)).collect(),
            })
            .collect(),
        seed: 0,
        version: "0.1.0".into(),
        config: serde_json::Value::Null,
    }
}

/// Pairs of basins of seven nets; the second pair of the smallest has its volumes wrong way round.
pub fn dimension() -> DimensionRecord {
    let size = |test: f64, radius: f64| BasinSize {
        minimum: "minimum".into(),
        test_accuracy: test,
        fresh: None,
        train_loss: 0.01,
        norm: 20.0,
        radius_median: radius,
        log10_volume: -300.0,
        ess: 1.0,
    };
    let nets = [51, 151, 501, 1_635, 4_965, 15_997, 49_947];
    let pair = |n: usize, index: u64| {
        let ratio = 9.0 * (0.3 * normal(n as u64, index)).exp();
        let decades = |ratio: f64| n as f64 * ratio.log10();
        let lucky = if n == 51 && index == 1 { -0.3 } else { 0.6 };
        BasinPair {
            good: size(0.97, ratio),
            bad: size(0.4, 1.0),
            ratio,
            ratio_ci: [0.93 * ratio, 1.07 * ratio],
            decades: decades(ratio),
            decades_ci: [decades(0.93 * ratio), decades(1.07 * ratio)],
            decades_radial: lucky * decades(ratio),
        }
    };
    DimensionRecord {
        cutoff: 0.1,
        directions: 1_000,
        balls: vec![1.5, 9.0],
        nets: (nets.into_iter())
            .map(|n| DimensionNet {
                widths: vec![2, 5, 5, 1],
                parameters: n,
                pairs: (0..4).map(|index| pair(n, index)).collect(),
                missed: 0,
            })
            .collect(),
        seed: 0,
        version: "0.1.0".into(),
        config: serde_json::Value::Null,
    }
}

/// Loss and accuracy at growing distance, `directions` of them, as `line` but on one side.
pub fn perturbation(index: usize, directions: u64) -> LineRecord {
    let mut record = line(index, directions);
    let side = record.c.iter().position(|&c| c >= 0.0).unwrap();
    record.c.drain(..side);
    for rows in [
        &mut record.train_loss,
        &mut record.train_accuracy,
        &mut record.test_accuracy_along,
    ] {
        rows.iter_mut().for_each(|row| drop(row.drain(..side)));
    }
    record
}

/// Steps at which 1 % and 10 % of the points flip, some beyond the cap.
pub fn flips() -> Vec<FlipRecord> {
    [("good", 0.995, 0.06), ("bad", 0.11, 0.002)]
        .into_iter()
        .map(|(name, test, middle)| {
            let row = |scale: f64, seed: u64| -> Vec<f64> {
                let one = |i| (scale * middle * (0.3 * normal(seed, i)).exp()).min(0.2);
                (0..200).map(one).collect()
            };
            let distances = vec![row(1.0, 1), row(2.5, 2)];
            let capped = |row: &Vec<f64>| row.iter().filter(|&&c| c >= 0.2).count();
            FlipRecord {
                minimum: name.into(),
                test_accuracy: test,
                normalization: "filter".into(),
                shares: vec![0.01, 0.1],
                medians: vec![middle, 2.5 * middle],
                intervals: vec![[0.95 * middle, 1.05 * middle]; 2],
                censored: distances.iter().map(capped).collect(),
                distances,
                cap: 0.2,
                seed: 0,
                version: "0.1.0".into(),
            }
        })
        .collect()
}

/// A run of `iterates` iterates that walks along an arc, with bad minima of both kinds beside it.
pub fn minefield(iterates: usize) -> MinefieldRecord {
    let distance = |minimum: &str, relative: f64| Distance {
        minimum: minimum.into(),
        distance: 8.0 * relative,
        relative,
        layers: (0..4)
            .map(|layer| relative * (0.8 + 0.1 * f64::from(layer)))
            .collect(),
    };
    let bad: Vec<BadMinimumRecord> = (0..iterates)
        .map(|i| {
            let redrawn = i >= iterates * 4 / 5;
            let test = if redrawn { 0.12 } else { 0.48 } + 0.03 * (noise(1, i as u64) - 0.5);
            BadMinimumRecord {
                name: format!("bad-{i}"),
                redrawn,
                epoch: 1 + i,
                train_accuracy: 1.0,
                test_accuracy: test,
                fresh: None,
                travelled: distance("bad", 3.5),
                basin: None,
            }
        })
        .collect();
    let points = |scale: f64, seed: u64| -> Vec<[f64; 2]> {
        let at = |i: usize, off: f64| {
            let t = 3.0 * i as f64 / iterates as f64;
            [scale * (t.cos() + off), scale * (t.sin() - off)]
        };
        let walk = (0..iterates).map(|i| at(i, 0.0));
        walk.chain((0..iterates).map(|i| at(i, 0.1 + 0.1 * noise(seed, i as u64))))
            .collect()
    };
    let tsne = |perplexity: f64| EmbeddingRecord {
        method: "t-SNE".into(),
        perplexity: Some(perplexity),
        kl_divergence: Some(0.4),
        explained: None,
        points: points(40.0, perplexity as u64),
    };
    MinefieldRecord {
        iterates: (0..iterates)
            .map(|i| {
                let t = i as f64 / iterates as f64;
                IterateRecord {
                    epoch: 1 + i,
                    train_loss: 0.7 * (1.0 - t),
                    train_accuracy: 0.5 + 0.5 * t,
                    test_accuracy: 0.5 + 0.49 * t,
                    fresh: None,
                    norm: 8.0,
                    nearest_fixed: Some(distance("bad-0", 3.0 + t)),
                    nearest_redrawn: Some(distance("bad-1", 4.0 + t)),
                    to_last: distance("last", 1.0 - t),
                    basin: None,
                }
            })
            .collect(),
        bad,
        embeddings: [EmbeddingRecord {
            method: "PCA".into(),
            perplexity: None,
            kl_divergence: None,
            explained: Some([0.31, 0.12]),
            points: points(5.0, 0),
        }]
        .into_iter()
        .chain([5.0, 30.0].map(tsne))
        .collect(),
        missed: [2, 0],
        seed: 0,
        version: "0.1.0".into(),
    }
}

/// Twelve optimizers alike, and a linear model that is not.
pub fn optimizers() -> Vec<OptimizerRecord> {
    (0..13)
        .map(|k| {
            let linear = k == 12;
            let mean = if linear { 0.72 } else { 0.98 };
            let one = |seed| (mean + 0.006 * normal(k, seed)).min(1.0);
            OptimizerRecord {
                name: if linear {
                    "Linear".into()
                } else {
                    format!("Optimizer {k}")
                },
                linear,
                parameters: 3_614,
                rates: vec![0.01, 0.1],
                rate: 0.1,
                train_accuracy: vec![1.0; 10],
                train_loss: vec![1e-3; 10],
                test_accuracy: (0..10).map(one).collect(),
                fresh_accuracy: Vec::new(),
                missed: Vec::new(),
                mean,
                interval: [mean - 0.004, mean + 0.004],
                seeds: (0..10).collect(),
                version: "0.1.0".into(),
            }
        })
        .collect()
}

/// Margins of 60 points at a good and a bad minimum.
pub fn margins() -> Vec<MarginRecord> {
    [("good", 0.9, 0.3), ("bad", 0.53, 0.01)]
        .into_iter()
        .map(|(name, test, wide)| {
            let spread = |seed, i| wide * (0.6 * normal(seed, i)).exp();
            let c: Vec<f64> = (0..30).map(|i| f64::from(i) / 29.0).collect();
            MarginRecord {
                minimum: name.into(),
                test_accuracy: test,
                points: (0..60)
                    .map(|i| {
                        let (radius, turn) = ([0.4, 1.0][i % 2], i as f32 / 9.0);
                        [radius * turn.cos(), radius * turn.sin()]
                    })
                    .collect(),
                labels: (0..60).map(|i| i % 2).collect(),
                input: (0..60).map(|i| spread(1, i)).collect(),
                weight: (0..60).map(|i| spread(1, i).min(1.0)).collect(),
                kept: (c.iter())
                    .map(|c| [0.9, 1.0, 1.1].map(|k| (-(c / (3.0 * k * wide)).powi(2)).exp()))
                    .collect(),
                c,
                correlation: RankCorrelation {
                    kendall_tau: 0.7,
                    kendall_interval: [0.6, 0.8],
                    spearman_rho: 0.85,
                    minima: 60,
                },
                directions: 20,
                cap: 1.0,
                seed: 0,
                version: "0.1.0".into(),
            }
        })
        .collect()
}

fn spectrum_part(name: &str, n: usize, largest: f64, exact: bool) -> SpectrumPart {
    let floor = 1e-6 * largest;
    let place = |i: usize| -13.5 + 27.5 * i as f64 / 160.0;
    let lambda: Vec<f64> = (0..161).map(|i| 2.0 * floor * place(i).sinh()).collect();
    let positive = |lambda: f64| 0.5 * n as f64 / (1.0 + 200.0 * (lambda / largest).sqrt());
    let negative = |lambda: f64| 0.2 * n as f64 / (1.0 + 2e4 * -lambda / largest);
    let count = |&lambda: &f64| match lambda > 0.0 {
        true if lambda > largest => 0.0,
        true => positive(lambda),
        false => n as f64 - negative(lambda),
    };
    let count_above: Vec<f64> = lambda.iter().map(count).collect();
    let per_decade: Vec<f64> = (lambda.iter())
        .map(|&x| {
            let tail = 0.4 * (n as f64) * (floor / x.abs().max(floor)).sqrt();
            if x < -1e-2 * largest { 0.0 } else { tail }
        })
        .collect();
    let off = |values: &[f64], by: f64| -> Vec<f64> {
        let wide = if exact { 0.0 } else { by };
        values.iter().map(|value| (1.0 + wide) * value).collect()
    };
    let top: Vec<f64> = (1..=20).map(|i| largest / f64::from(i).powf(1.3)).collect();
    let trace = 2.5 * largest;
    let wide = if exact { 0.0 } else { 0.02 * trace };
    SpectrumPart {
        name: name.into(),
        dimension: n,
        exact,
        top_residuals: vec![1e-6 * largest; top.len()],
        top,
        bottom: (1..=5).map(|i| -2e-3 * largest / f64::from(i)).collect(),
        bottom_residuals: vec![1e-6 * largest; 5],
        trace,
        trace_standard_error: wide / 2.0,
        trace_interval: [trace - wide, trace + wide],
        floor,
        positive: positive(floor),
        positive_interval: [0.9 * positive(floor), 1.1 * positive(floor)],
        negative: negative(-floor),
        negative_interval: [0.9 * negative(-floor), 1.1 * negative(-floor)],
        per_decade_low: off(&per_decade, -0.3),
        per_decade_high: off(&per_decade, 0.3),
        per_decade,
        count_above_low: off(&count_above, -0.1),
        count_above_high: off(&count_above, 0.1),
        count_above,
        lambda,
        products: 1_445,
        warnings: Vec::new(),
    }
}

/// Curvature that grows a thousandfold from the best minimum to the worst.
pub fn spectra(layers: bool) -> Vec<SpectrumRecord> {
    DIAL.iter()
        .enumerate()
        .map(|(k, &(name, test, ..))| {
            let largest = 10f64.powf(1.0 + 3.0 * k as f64 / 7.0);
            let sizes = [69, 384, 442, 864, 924, 899, 32];
            let blocks = sizes.iter().enumerate().map(|(layer, &n)| {
                let share = 0.1 + 0.8 * noise(k as u64, layer as u64);
                spectrum_part(&format!("layers.{layer}"), n, share * largest, true)
            });
            SpectrumRecord {
                minimum: name.into(),
                test_accuracy: test,
                generalization_gap: 1.0 - test,
                matrix: "hessian".into(),
                dimension: 3614,
                whole: spectrum_part("whole", 3614, largest, false),
                layers: if layers { blocks.collect() } else { Vec::new() },
                products: 5_059,
                differenced: false,
                difference_step: None,
                seed: 1,
                version: "0.1.0".into(),
                config: serde_json::Value::Null,
            }
        })
        .collect()
}

/// A population of 54 minima of three sizes under seven measures: some that rank it, one that
/// does not, one that misleads, one that is refused for some.
pub fn comparison() -> CompareRecord {
    let columns = [
        ("radius", "median radius", "parameters", -1_i8),
        ("ln_p", "ln P_σ, σ = 0.01", "nats", -1),
        (
            "top_eigenvalue",
            "top Hessian eigenvalue",
            "nats/parameter²",
            1,
        ),
        ("sam", "SAM sharpness, ascended, ρ = 0.05", "nats", 1),
        (
            "learning_coefficient",
            "local learning coefficient, γ = 10000",
            "",
            1,
        ),
        ("path_norm", "path norm", "", 1),
        ("margin", "median input margin", "input units", -1),
    ];
    let columns: Vec<MeasureColumn> = (columns.into_iter())
        .map(|(key, title, unit, expected_sign)| MeasureColumn {
            key: key.into(),
            title: title.into(),
            unit: unit.into(),
            tex: key.replace('_', " "),
            expected_sign,
        })
        .collect();
    let minima: Vec<ComparedMinimum> = (0..54_u64)
        .map(|i| {
            let (size, gap) = ((i % 3) as i32, (i / 3) as f64 / 18.0);
            let shaken = |seed: u64, by: f64| by * normal(seed, i);
            let width = 2_f64.powi(size - 1);
            let values = [
                0.9 * width * (-3.0 * gap + shaken(1, 0.25)).exp(),
                -110.0 * gap + shaken(2, 9.0),
                60.0 / width * (4.0 * gap + shaken(3, 0.5)).exp(),
                0.02 * (5.0 * gap + shaken(4, 1.2)).exp(),
                20.0 * gap + shaken(5, 5.0),
                40.0 * (-0.9 * gap + shaken(6, 0.3)).exp(),
                0.3 * (shaken(7, 0.4)).exp(),
            ];
            let measured = |(key, value): (&MeasureColumn, f64)| {
                let refused = key.key == "learning_coefficient" && i % 5 == 4;
                let value = match refused {
                    true => MeasuredValue::refused("refused: R-hat 1.52 above 1.3"),
                    false => MeasuredValue::exact(value),
                };
                (key.key.clone(), value)
            };
            ComparedMinimum {
                minimum: format!("minimum-{i}"),
                run: "population".into(),
                widths: vec![2, 16 << size, 1],
                architecture: String::new(),
                parameters: [967, 3_614, 13_971][size as usize],
                poison_points: (200.0 * gap) as usize,
                poison_factor: 0.3 * gap,
                poison_redrawn: gap > 0.5,
                learning_rate: Some(0.005),
                training_seed: i,
                train_loss: 1e-3,
                train_accuracy: 1.0,
                test_accuracy: 1.0 - gap,
                generalization_gap: gap,
                values: columns.iter().zip(values).map(measured).collect(),
            }
        })
        .collect();
    let taus = [-0.83, -0.88, 0.7, 0.61, 0.4, -0.52, 0.03];
    let correlations = [None, Some(967), Some(3_614), Some(13_971)]
        .into_iter()
        .enumerate();
    let correlations = correlations
        .flat_map(|(seed, parameters)| {
            let of_one = (columns.iter().zip(taus).enumerate()).map(move |(k, (column, tau))| {
                let tau: f64 = tau + 0.04 * normal(seed as u64 + 50, k as u64);
                let half = 0.08 * (1.0 + seed as f64);
                MeasureCorrelation {
                    measure: column.key.clone(),
                    parameters,
                    rank: RankCorrelation {
                        kendall_tau: tau.clamp(-1.0, 1.0),
                        kendall_interval: [(tau - half).max(-1.0), (tau + half).min(1.0)],
                        spearman_rho: tau,
                        minima: if column.key == "learning_coefficient" {
                            43
                        } else {
                            54
                        },
                    },
                }
            });
            of_one.collect::<Vec<_>>()
        })
        .collect();
    let factors = [0.15, 1.0, 61.0, 9.4, 1.0, 1.0, 1.0];
    let rescaled = (columns.iter().zip(factors))
        .map(|(column, factor)| {
            let before = MeasuredValue::exact(if column.key == "ln_p" { -80.0 } else { 2.0 });
            let after = match column.key.as_str() {
                "ln_p" => -96.0,
                _ => 2.0 * factor,
            };
            let changes = after != before.value.unwrap();
            RescaledMeasure {
                minimum: "minimum-53".into(),
                run: "population".into(),
                measure: column.key.clone(),
                layer: 3,
                alpha: 8.0,
                relative_change: Some(factor - 1.0),
                changes: Some(changes),
                after: MeasuredValue::exact(after),
                before,
            }
        })
        .collect();
    CompareRecord {
        columns,
        minima,
        left_out: Vec::new(),
        correlations,
        rescaled,
        notes: Vec::new(),
        seed: 0,
        version: "0.1.0".into(),
        config: serde_json::Value::Null,
    }
}

/// Thirteen pictures of rings; judged ones have predictions for captions, every third wrong.
pub fn contact_sheet(judged: bool) -> ContactSheet {
    let picture = |index: usize| {
        let channels = if judged { 1 } else { 3 };
        let mut pixels = Vec::new();
        for channel in 0..channels {
            for at in 0..28 * 28 {
                let [x, y] = [at % 28, at / 28].map(|place| place as f64 - 13.5);
                let wave = (x.hypot(y) / (1.0 + index as f64 / 4.0) + channel as f64).cos();
                pixels.push((127.5 + 127.0 * wave) as u8);
            }
        }
        let (caption, verdict) = match (judged, index % 3) {
            (false, _) => (format!("ring {index}"), Verdict::Label),
            (true, 0) => (
                format!("{} → {}", index % 10, (index + 4) % 10),
                Verdict::Wrong,
            ),
            (true, _) => ((index % 10).to_string(), Verdict::Right),
        };
        SheetPicture {
            pixels,
            caption,
            verdict,
        }
    };
    ContactSheet {
        title: "Rings <&> discs".into(),
        note: "13 of 200 pictures".into(),
        shape: [if judged { 1 } else { 3 }, 28, 28],
        columns: 5,
        pictures: (0..13).map(picture).collect(),
    }
}
