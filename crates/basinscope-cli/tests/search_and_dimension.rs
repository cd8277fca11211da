//! `reproduce search` and `reproduce dimension` at a size of seconds.

mod support;

use std::fs;
use support::{floats, json, reproduce};

const SEARCH: &str = r#"
[common]
net = { widths = [2, 8, 8, 1], activation = "relu" }
initialization = "glorot-uniform"
bias = 0.5
points = [2, 6]
training_sets = 2
keep = 60
max_guesses = 400_000
descents = 6
data = { train = 6, test = 300, pool = 20, seed = 1, source.generator = { name = "moons", noise = 0.1 } }
descent = { learning_rate = 0.01, steps = 1_500, goal = { train_loss = 0.05 } }
poisoned = { learning_rate = 0.01, steps = 1_500, poison = { points = 20, factor = 0.5, form = "flipped", redrawn = false } }
[quick]
[paper]
"#;

#[test]
fn random_fits_are_counted_and_the_same_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    reproduce(f, "search", SEARCH, "one", &["--threads", "1"]);
    reproduce(f, "search", SEARCH, "two", &["--threads", "2"]);
    let result = "search/results/search.json";
    let read = |run: &str| fs::read(f.join(run).join(result)).unwrap();
    assert!(read("one") == read("two"), "the threads show");

    let record = json(&f.join("one").join(result));
    for draw in record["draws"].as_array().unwrap() {
        let sizes = draw["sizes"].as_array().unwrap();
        assert_eq!(sizes.len(), 2);
        for size in sizes {
            assert_eq!(floats(&size["random"]).len(), 60);
            let fits = size["fits"].as_u64().unwrap();
            let share = size["share"].as_f64().unwrap();
            assert_eq!(
                share,
                fits as f64 / draw["guesses"].as_u64().unwrap() as f64
            );
            let interval = floats(&size["share_ci"]);
            assert!(interval[0] < share && share < interval[1]);
            let descents = floats(&size["descent"]).len() as u64;
            assert_eq!(descents + size["descent_missed"].as_u64().unwrap(), 6);
        }
        assert!(sizes[0]["fits"].as_u64() > sizes[1]["fits"].as_u64());
    }

    // A run that was broken off goes on: with half its checkpoints gone it ends the same.
    for file in ["guesses-1", "descent-0-6", "poisoned-1-2"] {
        let path = f.join(format!("one/search/checkpoints/{file}.json"));
        fs::remove_file(path).expect("the stage has its checkpoint");
    }
    fs::remove_file(f.join("one").join(result)).unwrap();
    reproduce(f, "search", SEARCH, "one", &[]);
    assert!(read("one") == read("two"), "the interruption shows");
    for file in ["search.svg", "search-dark.svg", "search.png"] {
        assert!(f.join("one/search/figures").join(file).is_file(), "{file}");
    }
}

const DIMENSION: &str = r#"
[common]
cutoff = 0.1
ball_ratio = 1.5
good_from = 0.7
bad_up_to = 0.6
pairs = 2
attempts = 10
rays = 100
nets = [{ hidden = [8, 8], learning_rate = 0.01 }, { hidden = [24, 24], learning_rate = 0.01 }]
data = { train = 10, test = 300, pool = 30, seed = 1, source.generator = { name = "moons", noise = 0.1 } }
good = { steps = 1_000 }
bad = { steps = 3_000, poison = { points = 30, factor = 0.3, form = "flipped", redrawn = false } }
[quick]
[paper]
"#;

#[test]
fn decades_are_the_dimension_times_the_logarithm_of_the_ratio() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    reproduce(f, "dimension", DIMENSION, "one", &["--threads", "1"]);
    reproduce(f, "dimension", DIMENSION, "two", &["--threads", "2"]);
    let result = "dimension/results/dimension.json";
    let read = |run: &str| fs::read(f.join(run).join(result)).unwrap();
    assert!(read("one") == read("two"), "the threads show");

    let record = json(&f.join("one").join(result));
    let nets = record["nets"].as_array().unwrap();
    let sizes: Vec<u64> = nets
        .iter()
        .map(|net| net["parameters"].as_u64().unwrap())
        .collect();
    assert_eq!(sizes, [105, 697]);
    for net in nets {
        let pairs = net["pairs"].as_array().unwrap();
        assert!(
            !pairs.is_empty(),
            "no pair of {} parameters",
            net["parameters"]
        );
        for pair in pairs {
            let number = |field: &str| pair[field].as_f64().unwrap();
            let radius = |which: &str| pair[which]["radius_median"].as_f64().unwrap();
            let ratio = radius("good") / radius("bad");
            assert!((number("ratio") / ratio - 1.0).abs() < 1e-12);
            let decades = net["parameters"].as_f64().unwrap() * ratio.log10();
            assert!((number("decades") - decades).abs() < 1e-9 * decades.abs());
            let interval = floats(&pair["ratio_ci"]);
            assert!(interval[0] <= ratio && ratio <= interval[1]);
            assert!(pair["bad"]["test_accuracy"].as_f64() <= Some(0.6));
            assert!(pair["good"]["test_accuracy"].as_f64() >= Some(0.7));
        }
    }
    let sheet = json(&f.join("one/dimension/results/sheet.json"));
    let balls = &sheet["rows"][0];
    assert!(balls["quantity"].as_str().unwrap().contains("balls"));
    assert_eq!(balls["pass"], true, "{balls}");
    assert!(f.join("one/dimension/figures/dimension.png").is_file());
}
