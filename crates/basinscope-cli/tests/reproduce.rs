//! Every figure of `reproduce` at a size of seconds: what its records hold, that threads and
//! interruptions leave no trace in them, and that a missed bar is told.

mod support;

use basinscope::basin::RadialSettings;
use basinscope::embed::layer_distances;
use basinscope::net::MlpSurface;
use basinscope::rank::kendall_tau;
use basinscope::record::{
    BasinSummary, FlipRecord, LineRecord, MarginRecord, MinefieldRecord, MinimumRecord,
    OptimizerRecord, RankCorrelation, RunDir, SeedsRecord, SheetRecord, SheetValue, VolumeRecord,
};
use serde::de::DeserializeOwned;
use std::fs;
use std::path::{Path, PathBuf};
use support::{assert_same_files, basinscope, files, json, reproduce};
use tempfile::TempDir;

/// The swiss roll and a small net for it.
const ROLL: &str = r#"
data = { train = 40, test = 100, pool = 100, seed = 4, source.generator = { name = "swiss-roll", noise = 0.5 } }
net = { widths = [2, 16, 16, 1], activation = "relu" }
"#;

/// Two descents from one initialisation.
const PAIR: &str = r#"
good = { learning_rate = 0.02, steps = 1_000, schedule = { warmup = 50, decay = { name = "cosine", floor = 0.01 } } }
bad = { learning_rate = 0.02, steps = 2_000, schedule = { warmup = 50, decay = { name = "cosine", floor = 0.01 } }, poison = { points = 40, factor = 0.2, form = "flipped", redrawn = true } }
"#;

fn recipe(parts: &[&str]) -> String {
    format!("[common]\n{}\n[quick]\n[paper]\n", parts.join("\n"))
}

/// An experiment carried out with one thread and with two, to the same bytes; the folder of one.
struct Carried {
    folder: TempDir,
    name: &'static str,
    recipe: String,
}

impl Carried {
    fn out(name: &'static str, recipe: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let f = folder.path();
        reproduce(f, name, &recipe, "one", &["--threads", "1"]);
        reproduce(f, name, &recipe, "two", &["--threads", "2"]);
        assert_same_files(&f.join("one"), &f.join("two"));
        let carried = Self {
            folder,
            name,
            recipe,
        };
        let sheet: SheetRecord = carried.record("sheet");
        assert!(!sheet.rows.is_empty());
        for picture in &sheet.pictures {
            let exists = |end: &str| carried.file(&format!("figures/{}{end}", picture.stem));
            let drawn = [".svg", "-dark.svg", ".png"].map(|end| exists(end).is_file());
            let moving = [".gif", "-still.png"].map(|end| exists(end).is_file());
            assert!(drawn == [true; 3] || moving == [true; 2], "{picture:?}");
        }
        assert!(carried.file("index.html").is_file() && carried.file("sheet.md").is_file());
        carried
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("one").join(self.name).join(name)
    }

    fn record<T: DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(json(&self.file(&format!("results/{name}.json")))).unwrap()
    }

    fn theta(&self, name: &str) -> Vec<f32> {
        let run = RunDir::open(self.file("")).unwrap();
        run.read_perceptron(format!("minima/{name}.safetensors"))
            .unwrap()
            .1
    }

    /// Takes files away as if the run had been broken off before; the same command brings back
    /// the same bytes.
    fn resumes_without(&self, lost: &[&str]) {
        for name in lost {
            let path = self.file(name);
            fs::remove_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        let f = self.folder.path();
        reproduce(f, self.name, &self.recipe, "one", &[]);
        assert_same_files(&f.join("one"), &f.join("two"));
    }
}

#[test]
fn fig1_finds_bad_minima_and_says_how_far_they_are() {
    let field = Carried::out(
        "fig1",
        recipe(&[r#"
shown_every = 2
attempts = 3
test_below = 0.9
components = 10
perplexities = [2.0, 50.0]
epochs = 60
data = { train = 24, test = 60, pool = 40, seed = 1, source.generator = { name = "blobs", noise = 0.9 } }
net = { widths = [2, 16, 16, 1], activation = "relu" }
good = { learning_rate = 0.01, steps = 36, batch_size = { points = 8 } }
fixed = { every = 3, train = { learning_rate = 0.01, steps = 400, poison = { points = 24, factor = 0.5, form = "flipped", redrawn = false } } }
redrawn = { every = 6, train = { learning_rate = 0.01, steps = 400, poison = { points = 24, factor = 0.5, form = "flipped", redrawn = true } } }
basin = { cutoff = 0.4, directions = 20, local = { sigma = 0.03, iterates = 1, bad = 2, stiff = 5, particles = 40, moves = 2, doublings = 1, replicates = 2 } }
"#]),
    );
    let record: MinefieldRecord = field.record("minefield");
    let epochs: Vec<usize> = record.iterates.iter().map(|it| it.epoch).collect();
    assert_eq!(epochs, [1, 3, 5, 7, 9, 11, 12]);
    let from: Vec<(bool, usize)> = record.bad.iter().map(|b| (b.redrawn, b.epoch)).collect();
    let expected = [1, 4, 7, 10].map(|epoch| (false, epoch));
    assert_eq!(from, [&expected[..], &[(true, 1), (true, 7)]].concat());
    for embedding in &record.embeddings {
        assert_eq!(embedding.points.len(), 7 + 6, "{}", embedding.method);
    }
    // Thirteen points allow no perplexity of 50.
    assert_eq!(record.embeddings[2].perplexity, Some(4.0));

    // Each nearest minimum is the nearest of its kind, by the weights in the files.
    let run = RunDir::open(field.file("")).unwrap();
    let (net, _) = run
        .read_perceptron("minima/last-iterate.safetensors")
        .unwrap();
    let layout = net.layout();
    let thetas = &run.read_arrays("results/run.npz", &["theta"]).unwrap()[0];
    let dim = thetas.shape[1];
    assert_eq!(thetas.shape, [12, layout.num_params()]);
    for iterate in &record.iterates {
        let row = &thetas.values[(iterate.epoch - 1) * dim..][..dim];
        let theta: Vec<f32> = row.iter().map(|&w| w as f32).collect();
        for (nearest, redrawn) in [
            (&iterate.nearest_fixed, false),
            (&iterate.nearest_redrawn, true),
        ] {
            let nearest = nearest.as_ref().unwrap();
            let distance = |name: &str| {
                let layers = layer_distances(&layout, &theta, &field.theta(name)).unwrap();
                let squares = layers.iter().map(|layer| layer.distance.powi(2));
                squares.sum::<f64>().sqrt()
            };
            assert!((nearest.distance / distance(&nearest.minimum) - 1.0).abs() < 1e-9);
            assert!((nearest.relative * iterate.norm / nearest.distance - 1.0).abs() < 1e-9);
            for other in record.bad.iter().filter(|bad| bad.redrawn == redrawn) {
                assert!(distance(&other.name) >= nearest.distance * (1.0 - 1e-12));
            }
        }
    }
    assert_eq!(record.iterates.last().unwrap().to_last.distance, 0.0);

    // Basins: of every point below the cutoff and no other; local volumes of as many as asked.
    let below: Vec<bool> = record
        .iterates
        .iter()
        .map(|it| it.train_loss <= 0.4)
        .collect();
    let basins: Vec<bool> = record
        .iterates
        .iter()
        .map(|it| it.basin.is_some())
        .collect();
    assert_eq!(basins, below);
    assert!(below.contains(&true) && below.contains(&false), "{below:?}");
    let radial = RadialSettings {
        cutoff: 0.4,
        directions: 20,
        ..RadialSettings::default()
    };
    let train = MlpSurface::new(&net, &run.read_data().unwrap().train).unwrap();
    for bad in &record.bad {
        let basin = bad.basin.as_ref().unwrap();
        let found = radial.clone().check().unwrap();
        let found = found
            .run(&train, &layout, &field.theta(&bad.name), &())
            .unwrap();
        assert_eq!(basin.radius_median, found.median());
        assert_eq!(
            basin.log10_volume,
            found.ln_volume / std::f64::consts::LN_10
        );
        assert_eq!(basin.warning, found.warning());
    }
    let local = |basin: &Option<BasinSummary>| basin.as_ref().and_then(|b| b.local.clone());
    let of_iterates: Vec<_> = record
        .iterates
        .iter()
        .filter_map(|it| local(&it.basin))
        .collect();
    let of_bad: Vec<_> = record
        .bad
        .iter()
        .filter_map(|bad| local(&bad.basin))
        .collect();
    assert_eq!((of_iterates.len(), of_bad.len()), (1, 2));
    for point in of_iterates.iter().chain(&of_bad) {
        assert_eq!(point.sigma, 0.03);
        assert!(point.ln_p.unwrap() <= 0.0 && point.interval.unwrap()[1] <= 0.0);
    }

    // Every training thrown away has left its record, and no other has.
    let attempts = files(&field.file("checkpoints"));
    let again = |name: &Path| !name.to_string_lossy().ends_with(".0.json");
    let thrown = attempts.keys().filter(|name| again(name)).count();
    assert_eq!(thrown, record.missed.iter().sum::<usize>() + 1); // and last-iterate.json
    field.resumes_without(&[
        "results/minefield.json",
        "results/sheet.json",
        "checkpoints/fixed-0004.0.json",
        "minima/fixed-0004.safetensors",
    ]);
}

#[test]
fn fig3_draws_both_boundaries_and_tells_a_missed_bar() {
    let fig3 = Carried::out("fig3", recipe(&["resolution = 41", ROLL, PAIR]));
    let minima = json(&fig3.file("results/minima.json"));
    let sheet: SheetRecord = fig3.record("sheet");
    for (row, (index, field)) in sheet.rows.iter().zip([
        (0, "train_accuracy"),
        (0, "test_accuracy"),
        (1, "train_accuracy"),
        (1, "test_accuracy"),
    ]) {
        // Bars on test accuracy judge the fresh points and show the test points beside them.
        let on_test = 100.0 * minima[index][field].as_f64().unwrap();
        let (share, told) = match field {
            "train_accuracy" => (on_test / 100.0, format!("{on_test:.1} %")),
            _ => {
                let fresh = &minima[index]["fresh"];
                assert_eq!(fresh["points"], 10_000);
                let share = fresh["accuracy"].as_f64().unwrap();
                let [low, high] = [0, 1].map(|end| fresh["interval"][end].as_f64().unwrap());
                assert!(low < share && share < high && high - low < 0.021);
                let (low, high) = (100.0 * low, 100.0 * high);
                let told = format!(
                    "{:.1} % of fresh points ({low:.1} to {high:.1}), {on_test:.1} % of test points",
                    100.0 * share
                );
                (share, told)
            }
        };
        assert_eq!(row.ours, told);
        assert_eq!(row.value, Some(SheetValue::Share(share)));
        let pass = match (index, field) {
            (_, "train_accuracy") => share == 1.0,
            (0, _) => share >= 0.98,
            _ => share <= 0.15,
        };
        assert_eq!(row.pass, pass, "{row:?}");
    }
    assert_eq!(
        json(&fig3.file("results/boundaries.json"))[0]["points"]
            .as_array()
            .unwrap()
            .len(),
        40
    );
    fig3.resumes_without(&[
        "results/boundaries.json",
        "results/sheet.json",
        "figures/boundaries.svg",
    ]);

    // Sixty steps cannot fit the roll: exit code 1, and the sheet says which bar.
    let folder = tempfile::tempdir().unwrap();
    let short = recipe(&["resolution = 41", ROLL, PAIR]).replace("steps = 1_000", "steps = 60");
    assert!(!reproduce(folder.path(), "fig3", &short, "out", &[]));
    let sheets = fs::read_to_string(folder.path().join("out/sheets.md")).unwrap();
    assert!(
        sheets.contains("| good minimum, train accuracy | 100 % |") && sheets.contains("| MISS |")
    );
}

#[test]
fn fig5_measures_a_band_along_every_direction() {
    let slices = r#"
directions = 5
through = { from = -0.3, to = 0.3, count = 7 }
reach = 0.3
steps = 6
"#;
    let fig5 = Carried::out("fig5", recipe(&[slices, ROLL, PAIR]));
    let records: Vec<LineRecord> = fig5.record("perturbations");
    let minima = json(&fig5.file("results/minima.json"));
    assert_eq!(records.len(), 2);
    for (record, minimum) in records.iter().zip(minima.as_array().unwrap()) {
        let truth: Vec<f64> = (0..6).map(|i| 0.3 * (f64::from(i) / 5.0).powi(2)).collect();
        assert_eq!(record.c, truth);
        assert_eq!(record.train_loss.len(), 5);
        for (loss, accuracy) in record.train_loss.iter().zip(&record.train_accuracy) {
            assert_eq!(loss.len(), 6);
            let known = |field: &str| minimum[field].as_f64().unwrap();
            assert!((loss[0] / known("train_loss") - 1.0).abs() < 1e-6);
            assert_eq!(accuracy[0], known("train_accuracy"));
        }
        assert!(
            record.train_loss[0] != record.train_loss[1],
            "directions differ"
        );
    }
    let through: Vec<LineRecord> = fig5.record("slices");
    assert_eq!((through[1].c.len(), through[1].train_loss.len()), (7, 5));
    fig5.resumes_without(&["results/perturbations.json", "results/sheet.json"]);
}

#[test]
fn fig6_measures_flips_radii_and_curvature_and_moves() {
    let sharpness = r#"
shares = [0.05, 0.25]
directions = 20
rays = 100
reach = 0.5
eigenvector_reach = 0.1
resolution = 21
"#;
    let fig6 = Carried::out("fig6", recipe(&[sharpness, ROLL, PAIR]));
    let flips: Vec<FlipRecord> = fig6.record("flips");
    for record in &flips {
        let [few, many] = &record.distances[..] else {
            panic!("two shares asked for");
        };
        assert_eq!((few.len(), many.len()), (20, 20));
        assert!(
            few.iter()
                .zip(many)
                .all(|(few, many)| 0.0 < *few && few <= many)
        );
        for (median, [low, high]) in record.medians.iter().zip(&record.intervals) {
            assert!(low <= median && median <= high);
        }
    }
    let volumes: Vec<VolumeRecord> = fig6.record("volumes");
    assert!(volumes.iter().all(|volume| volume.radius_median > 0.0));
    let tops = json(&fig6.file("results/curvature.json"));
    for top in tops.as_array().unwrap() {
        let (value, residual) = (&top["top_eigenvalue"], &top["residual"]);
        assert!(value.as_f64() > Some(0.0));
        assert!(residual.as_f64().unwrap() < 1e-4 * value.as_f64().unwrap());
    }
    for gif in ["wiggle.gif", "wiggle-eigenvector.gif"] {
        let bytes = fs::read(fig6.file("figures").join(gif)).unwrap();
        assert!(bytes.starts_with(b"GIF89a"), "{gif}");
    }
    fig6.resumes_without(&[
        "results/flips.json",
        "results/curvature.json",
        "results/sheet.json",
    ]);
}

#[test]
fn fig7_ranks_basins_by_the_gap() {
    let sweep = r#"
seeds = 2
attempts = 3
rays = 50
train = { schedule = { warmup = 50, decay = { name = "cosine", floor = 0.01 } } }
sweep = [
    { points = 0, learning_rate = 0.02, steps = 1_000 },
    { points = 10, factor = 0.1, learning_rate = 0.02, steps = 1_000 },
    { points = 40, factor = 0.1, redrawn = true, learning_rate = 0.02, steps = 2_000 },
]
"#;
    let fig7 = Carried::out("fig7", recipe(&[sweep, ROLL]));
    let all: Vec<VolumeRecord> = fig7.record("volumes");
    let (volumes, excess): (Vec<_>, Vec<_>) = all.into_iter().partition(|v| v.region == "loss");
    assert_eq!((volumes.len(), excess.len()), (6, 6));
    for (paper, own) in volumes.iter().zip(&excess) {
        assert_eq!((&own.region[..], &own.minimum), ("excess", &paper.minimum));
        assert!(own.radius_median >= paper.radius_median, "{}", own.minimum);
    }
    let names: Vec<&str> = volumes.iter().map(|v| v.minimum.as_str()).collect();
    assert_eq!(names[..3], ["clean-1", "clean-2", "fixed-10-1"]);
    let ranks: Vec<RankCorrelation> = fig7.record("ranks");
    let minima: Vec<MinimumRecord> = fig7.record("minima");
    let gaps: Vec<f64> = (volumes.iter())
        .map(|volume| {
            let minimum = minima.iter().find(|minimum| minimum.name == volume.minimum);
            minimum.unwrap().judged_gap()
        })
        .collect();
    for (rank, values) in ranks.iter().zip([
        volumes.iter().map(|v| v.log10_volume).collect::<Vec<_>>(),
        volumes.iter().map(|v| v.radius_median).collect(),
    ]) {
        assert_eq!(rank.minima, 6);
        assert_eq!(rank.kendall_tau, kendall_tau(&values, &gaps));
        let [low, high] = rank.kendall_interval;
        assert!(low <= rank.kendall_tau && rank.kendall_tau <= high);
    }
    fig7.resumes_without(&[
        "results/volumes.json",
        "results/sheet.json",
        "checkpoints/clean-2.0.json",
    ]);
}

#[test]
fn fig8_gives_each_point_both_margins() {
    let circles = r#"
attempts = 2
resolution = 30
directions = 4
cap = 1.0
input = { rays = 16, from = 1e-3, reach = 2.0, growth = 1.2 }
data = { train = 30, test = 60, pool = 40, seed = 4, source.canonical = { name = "circles", noise = 0.0 } }
net = { widths = [2, 20, 20, 2], activation = "relu" }
good = { learning_rate = 0.01, steps = 500 }
bad = { learning_rate = 0.01, steps = 500, poison = { points = 20, factor = 0.5, form = "flipped", redrawn = false } }
flat = { widths = [2, 1], activation = "relu" }
linear = { learning_rate = 0.01, steps = 100 }
"#;
    let fig8 = Carried::out("fig8", recipe(&[circles]));
    let minima = json(&fig8.file("results/minima.json"));
    assert_eq!(minima[2]["name"], "linear");
    assert_eq!(minima[2]["parameters"], 3);
    assert!(minima[2]["train_accuracy"].as_f64() < Some(0.9));
    let margins: Vec<MarginRecord> = fig8.record("margins");
    assert_eq!(margins.len(), 2);
    for record in &margins {
        assert_eq!((record.input.len(), record.weight.len()), (30, 30));
        assert!(
            record
                .input
                .iter()
                .all(|&margin| (0.0..=2.0).contains(&margin))
        );
        assert!(
            record
                .weight
                .iter()
                .all(|&margin| (0.0..=1.0).contains(&margin))
        );
        let medians: Vec<f64> = record.kept.iter().map(|kept| kept[1]).collect();
        assert!(medians.is_sorted_by(|a, b| a >= b), "points lost stay lost");
    }
    fig8.resumes_without(&["results/margins.json", "results/sheet.json"]);
}

#[test]
fn table1_tunes_each_method_and_reports_other_seeds() {
    let methods = r#"
tuning_seeds = 2
seeds = 3
spread = 0.05
polynomial = { degree = 10, reach = 18.0 }
train = { steps = 150 }
linear = { name = "Linear", optimizer = { name = "sgd", momentum = 0.9, nesterov = false }, rates = [1.0], steps = 50 }
methods = [
    { name = "Adam", optimizer = { name = "adam", beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }, rates = [1e-6, 0.02] },
    { name = "L-BFGS", rates = [3.0], steps = 60 },
    { name = "ProxProp", optimizer = { name = "adam", beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }, proximal = 1.0, rates = [0.02] },
]
"#;
    let table1 = Carried::out("table1", recipe(&[methods, ROLL]));
    let records: Vec<OptimizerRecord> = table1.record("optimizers");
    let found: Vec<(&str, bool)> = records
        .iter()
        .map(|r| (r.name.as_str(), r.linear))
        .collect();
    let nets = ["Adam", "L-BFGS", "ProxProp"].map(|name| (name, false));
    assert_eq!(found, [&nets[..], &[("Linear", true)]].concat());
    for record in &records {
        assert_eq!(record.seeds.len(), 3);
        assert_eq!(
            (record.test_accuracy.len(), record.fresh_accuracy.len()),
            (3, 3)
        );
        let mean = record.fresh_accuracy.iter().sum::<f64>() / 3.0;
        assert!((record.mean - mean).abs() < 1e-12);
        assert!(record.interval[0] <= mean && mean <= record.interval[1]);
    }
    assert_eq!(records[0].rate, 0.02, "a rate of 1e-6 gets nowhere");
    assert_eq!(records[3].parameters, 11 * 12 / 2);
    let table = fs::read_to_string(table1.file("results/table1.csv")).unwrap();
    assert_eq!(table.lines().count(), 5);
    let table = fs::read_to_string(table1.file("results/table1.tex")).unwrap();
    assert!(table.contains("ProxProp & 0.02 &"));
    table1.resumes_without(&["results/optimizers.json", "results/sheet.json"]);
}

/// Twelve points of two overlapping blobs and a net that seldom fits all of them: a bar that some
/// seeds pass and some miss.
const CHANCE: &str = r#"
data = { train = 12, test = 20, pool = 20, seed = 4, source.generator = { name = "xor", noise = 0.2 } }
net = { widths = [2, 3, 1], activation = "relu" }
good = { learning_rate = 0.05, steps = 150 }
bad = { learning_rate = 0.05, steps = 150, poison = { points = 10, factor = 0.2, form = "flipped", redrawn = false } }
resolution = 11
"#;

#[test]
fn several_seeds_are_single_runs_and_each_bar_is_judged_over_them() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let text = recipe(&[CHANCE]);
    assert!(!reproduce(
        f,
        "fig3",
        &text,
        "several",
        &["--seeds", "4", "--threads", "2"]
    ));
    let top = f.join("several/fig3");
    let record: SeedsRecord =
        serde_json::from_value(json(&top.join("results/seeds.json"))).unwrap();
    assert_eq!((record.base_seed, record.seeds.len()), (0, 4));
    assert_eq!(record.seeds, basinscope::random::seeds(0, 4));

    // Each seed has what `--seed` alone leaves, to the byte, and its verdicts are in the sheet.
    for (place, seed) in record.seeds.iter().enumerate() {
        let (seed, alone) = (seed.to_string(), format!("alone-{seed}"));
        reproduce(
            f,
            "fig3",
            &text,
            &alone,
            &["--seed", &seed, "--threads", "1"],
        );
        assert_same_files(
            &top.join(format!("seed-{seed}")),
            &f.join(&alone).join("fig3"),
        );
        let file = f.join(&alone).join("fig3/results/sheet.json");
        let sheet: SheetRecord = serde_json::from_value(json(&file)).unwrap();
        assert_eq!(sheet.rows.len(), record.rows.len());
        for (row, over) in sheet.rows.iter().zip(&record.rows) {
            assert_eq!(row.quantity, over.quantity);
            assert_eq!(
                (&row.ours, row.pass),
                (&over.ours[place], over.passed[place])
            );
        }
        assert!(
            sheet
                .notes
                .iter()
                .any(|note| note.contains(&format!("One seed, {seed}:")))
        );
    }
    // A bar that fails in one of them fails: fewer than ten seeds must all pass.
    let hits: Vec<usize> = record.rows.iter().map(|row| row.hits()).collect();
    assert!(hits.iter().any(|&hits| 0 < hits && hits < 4), "{hits:?}");
    for row in &record.rows {
        assert_eq!(row.pass, row.hits() == 4);
        let spread = row.spread.as_ref().unwrap();
        let numbers: Vec<f64> = spread.values.iter().map(|value| value.number()).collect();
        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(spread.range.map(SheetValue::number), [low, high]);
        assert!(low <= spread.median.number() && spread.median.number() <= high);
    }
    let sheet = fs::read_to_string(top.join("sheet.md")).unwrap();
    assert!(
        sheet.contains("| MISS |") && sheet.contains("4 seeds drawn from 0"),
        "{sheet}"
    );
    assert!(top.join("index.html").is_file() && f.join("several/index.html").is_file());

    // Broken off and begun again, it ends in the same bytes; more seeds keep those there are.
    let before = files(&f.join("several"));
    let lost = format!("seed-{}", record.seeds[1]);
    for name in [
        "results/sheet.json",
        "results/boundaries.json",
        "minima/bad.safetensors",
    ] {
        fs::remove_file(top.join(&lost).join(name)).unwrap();
    }
    fs::remove_file(top.join("results/seeds.json")).unwrap();
    reproduce(f, "fig3", &text, "several", &["--seeds", "4"]);
    assert!(files(&f.join("several")) == before, "a resumed run differs");
    let kept = top.join(format!("seed-{}", record.seeds[0]));
    let begun = fs::metadata(kept.join("results/sheet.json"))
        .unwrap()
        .modified()
        .unwrap();
    reproduce(f, "fig3", &text, "several", &["--seeds", "5"]);
    let now = fs::metadata(kept.join("results/sheet.json"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(begun, now, "a finished seed is read again, not run again");

    // Runs of one seed and of several keep out of each other's folders.
    for (out, more) in [("several", ["--seed", "0"]), ("alone-0", ["--seeds", "2"])] {
        if out == "alone-0" {
            reproduce(f, "fig3", &text, out, &["--seed", "0"]);
        }
        let mut command = basinscope(f);
        command.args(["reproduce", "fig3", "--recipe", "fig3.toml", "--out", out]);
        let output = command.args(more).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("--out"), "{told}");
    }
    basinscope(f)
        .args(["reproduce", "fig3", "--seeds", "0"])
        .assert()
        .code(2);
}

#[test]
fn recipes_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let good = recipe(&["resolution = 41", ROLL, PAIR]);
    for (text, named) in [
        (good.replace("[quick]", "[fast]"), "[fast]"),
        (good.replace("resolution", "resolutoin"), "resolutoin"),
        (good.replace("[2, 16, 16, 1]", "[3, 16, 16, 1]"), "3"),
        (good.replace("factor = 0.2", "factor = -0.2"), "beta"),
        (good.replace("swiss-roll", "lasagne"), "lasagne"),
    ] {
        fs::write(f.join("own.toml"), &text).unwrap();
        let output = basinscope(f)
            .args(["reproduce", "fig3", "--recipe", "own.toml", "--out", "out"])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{named}: {told}");
        assert!(told.contains(named), "{named}: {told}");
        assert!(!f.join("out/fig3").exists(), "{named} left a run");
    }
    let both = ["reproduce", "all", "--recipe", "own.toml"];
    basinscope(f).args(both).assert().code(2);
}
