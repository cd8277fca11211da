//! Image nets through the binary: from a download to the scatter plot, and every command on a run.

#![cfg(feature = "images")]

#[path = "../../basinscope-images/tests/support/server.rs"]
mod server;
mod support;

use basinscope_images::data::Md5Sum;
use serde_json::Value;
use server::{Reply, Server};
use std::fs;
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../basinscope-images/tests/fixtures")
}

/// Runs a command of the binary; its exit code, what it said and its summary.
fn run(folder: &Path, args: &[&str]) -> (i32, String, Value) {
    let mut command = support::basinscope(folder);
    command
        .env("BASINSCOPE_DATA", "cache")
        .arg("--json")
        .args(args);
    for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), said, summary)
}

fn done(folder: &Path, args: &[&str]) -> Value {
    let (code, said, summary) = run(folder, args);
    assert_eq!(code, 0, "{args:?}: {said}");
    summary
}

fn refused(folder: &Path, args: &[&str], parts: &[&str]) {
    let (code, said, _) = run(folder, args);
    assert_eq!(code, 2, "{args:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{args:?} lacks `{part}`: {said}");
    }
}

/// SVHN's three files, small ones that SciPy wrote, in a folder.
fn svhn(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fs::create_dir_all(folder).unwrap();
    let copy = |part: &str| {
        let name = format!("{part}_32x32.mat");
        let bytes = fs::read(fixtures().join(format!("svhn_striped_{part}.mat"))).unwrap();
        fs::write(folder.join(&name), &bytes).unwrap();
        (name, bytes)
    };
    ["train", "test", "extra"].map(copy).to_vec()
}

const RECIPE: &str = r#"
[common]
pictures = "svhn"
net = "resnet8x0.25"
claims = "volumes"

[common.train]
initialization = "he-normal"
optimizer = { name = "sgd", momentum = 0.9, nesterov = false }
learning_rate = 0.05
steps = 160
batch_size = { points = 24 }
schedule = { warmup = 5, decay = { name = "cosine", floor = 0.01 } }
look_every = 40

[common.measure]
pictures = 24
cutoff = 2.0
rays = 5
directions = 2
reach = 0.5
steps = 4
sigma = [0.003]
stiff = 2
samples = 4
particles = 20
moves = 1
doublings = 0
replicates = 2

[quick]
minima = [
    { name = "clean" },
    { name = "some", poison = { points = 10, batch = 8, factor = 0.3, form = "reverse", redrawn = false } },
    { name = "all", poison = { points = 48, batch = 12, factor = 0.5, form = "reverse", redrawn = false } },
]
"#;

#[test]
fn from_a_server_to_the_scatter_of_svhn() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let files = svhn(&f.join("served"));
    let sums: String = (files.iter())
        .map(|(name, _)| {
            format!(
                "{}  {name}\n",
                Md5Sum::of_file(&f.join("served").join(name)).unwrap()
            )
        })
        .collect();
    fs::write(f.join("MD5SUMS"), sums).unwrap();
    let server = Server::start(move |_, request| {
        let named = |(name, _): &&(String, Vec<u8>)| request.path.ends_with(name.as_str());
        let (_, bytes) = files.iter().find(named).unwrap();
        Reply::ranged(bytes, request)
    });
    let mirror = format!("{}/houses", server.address);
    let fetch = [
        "data",
        "fetch",
        "svhn",
        "--extra",
        "--mirror",
        &mirror,
        "--checksums",
        "MD5SUMS",
    ];
    done(f, &fetch);

    fs::write(f.join("recipe.toml"), RECIPE).unwrap();
    let reproduce = [
        "reproduce",
        "svhn",
        "--recipe",
        "recipe.toml",
        "--out",
        "out",
    ];
    let (code, said, summary) = run(f, &reproduce);
    assert!(code <= 1, "bars may be missed, nothing else: {said}");
    let out = f.join("out/svhn");
    let minima: Vec<Value> =
        serde_json::from_slice(&fs::read(out.join("results/minima.json")).unwrap()).unwrap();
    let names: Vec<&str> = minima.iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["clean", "some", "all"]);
    assert_eq!(minima[0]["train_accuracy"], 1.0);
    for figure in [
        "dial",
        "training",
        "perturbations",
        "radii",
        "volume-gap",
        "honest-scatter",
    ] {
        assert!(
            out.join(format!("figures/{figure}.png")).is_file(),
            "{figure}: {said}"
        );
    }
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("honest-scatter"));
    assert!(!out.join("data.npz").exists(), "pictures are not copied");
    let rows = summary["sheets"][0]["rows"].as_array().unwrap();
    assert!(
        rows.iter()
            .any(|row| row["quantity"].as_str().unwrap().contains("decades"))
    );

    // The same command reads everything again and ends the same.
    let volumes = fs::read(out.join("results/volumes.json")).unwrap();
    assert_eq!(run(f, &reproduce).0, code);
    assert_eq!(fs::read(out.join("results/volumes.json")).unwrap(), volumes);

    // With other pictures in the cache it does not go on.
    let cached = |part: &str| f.join(format!("cache/svhn/{part}_32x32.mat"));
    fs::copy(cached("train"), cached("test")).unwrap();
    refused(f, &reproduce, &["data.toml", "md5"]);
    assert_eq!(fs::read(out.join("results/volumes.json")).unwrap(), volumes);
}

const CONTEST: &str = r#"
[common]
pictures = "svhn"
net = "mlp-12"
claims = "contest"

[common.train]
initialization = "he-normal"
optimizer = { name = "sgd", momentum = 0.9, nesterov = false }
learning_rate = 0.01
steps = 60
batch_size = { points = 24 }

[quick]
minima = [
    { name = "linear", net = "linear-quadratic", train = { learning_rate = 1e-4 } },
    { name = "net", net = "resnet8x0.25" },
    { name = "momentum" },
    { name = "lbfgs", lbfgs = { memory = 5, iterations = 40, longest_step = 10.0 } },
]
"#;

#[test]
fn a_linear_model_a_net_and_optimizers_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    svhn(&f.join("cache/svhn"));
    let contest = |name: &str, recipe: &str| {
        fs::write(f.join(name), recipe).unwrap();
        run(
            f,
            &[
                "reproduce",
                "cifar10",
                "--recipe",
                name,
                "--out",
                name.trim_end_matches(".toml"),
            ],
        )
    };
    let (code, said, summary) = contest("contest.toml", CONTEST);
    assert!(code <= 1, "bars may be missed, nothing else: {said}");
    let path = f.join("contest/cifar10/results/minima.json");
    let minima: Vec<Value> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let of = |name: &str, field: &str| -> Value {
        let minimum = minima.iter().find(|minimum| minimum["name"] == name);
        minimum.unwrap()[field].clone()
    };
    assert_eq!(minima.len(), 4);
    assert_eq!(of("lbfgs", "train_accuracy"), 1.0);
    assert_eq!(of("lbfgs", "config")["lbfgs"]["memory"], 5);
    assert_eq!(of("momentum", "config")["lbfgs"], Value::Null);
    assert_eq!(of("lbfgs", "history").as_array().unwrap().len(), 2);
    let rows = summary["sheets"][0]["rows"].as_array().unwrap();
    let told = |text: &str| {
        let holds = |row: &Value| row["quantity"].as_str().unwrap().contains(text);
        rows.iter().any(holds)
    };
    assert!(
        told("above the linear model") && told("of 2 optimizers"),
        "{rows:?}"
    );

    let normed = CONTEST.replace("lbfgs = {", "net = \"resnet8x0.25\", lbfgs = {");
    let (code, said, _) = contest("normed.toml", &normed);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("lbfgs") && said.contains("without batch norm"),
        "{said}"
    );
}

const MINEFIELD: &str = r#"
[common]
shown_every = 2
attempts = 2
good_above = 0.5
test_below = 0.9
components = 10
perplexities = [2.0]
epochs = 60
data = { pictures = "svhn", train = 48, test = 24, pool = 24 }
net = { family = { perceptron = { hidden = [12] } }, input = [3, 32, 32], classes = 10 }
basin = { cutoff = 0.4, directions = 5 }

[common.good]
initialization = "he-normal"
learning_rate = 0.002
steps = 24
batch_size = { points = 24 }

[common.fixed]
every = 5
train = { learning_rate = 0.002, steps = 60, poison = { points = 24, factor = 0.3, form = "reverse", redrawn = false } }

[quick]
"#;

#[test]
fn the_minefield_of_a_net_on_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    svhn(&f.join("cache/svhn"));
    let field = |recipe: &str| {
        fs::write(f.join("recipe.toml"), recipe).unwrap();
        run(
            f,
            &[
                "reproduce",
                "fig1",
                "--recipe",
                "recipe.toml",
                "--out",
                "out",
            ],
        )
    };
    let (code, said, summary) = field(MINEFIELD);
    assert!(code <= 1, "bars may be missed, nothing else: {said}");
    let path = f.join("out/fig1/results/minefield.json");
    let record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let count = |field: &str| record[field].as_array().unwrap().len();
    assert_eq!((count("iterates"), count("bad")), (7, 3));
    assert!(f.join("out/fig1/figures/minefield.png").is_file());
    let rows = summary["sheets"][0]["rows"].as_array().unwrap();
    let redrawn = |row: &Value| row["quantity"].as_str().unwrap().contains("redrawn");
    assert!(!rows.iter().any(redrawn), "{rows:?}");
    let batch_norm = MINEFIELD.replace(
        "{ perceptron = { hidden = [12] } }",
        "{ resnet = { depth = 8, width = 2 } }",
    );
    fs::remove_dir_all(f.join("out")).unwrap();
    let (code, said, _) = field(&batch_norm);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("without batch norm"), "{said}");
}

#[test]
#[cfg(feature = "burn")]
fn a_run_that_goes_on_on_another_device_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    svhn(&f.join("houses"));
    let net = ["--net", "resnet8x0.25", "--epochs", "2", "--out", "run"];
    let train = [&["train", "--data", "houses", "--device", "flex"][..], &net].concat();
    done(f, &train);
    let config = fs::read_to_string(f.join("run/config.toml")).unwrap();
    assert!(
        config.lines().next().unwrap().contains("--device flex"),
        "{config}"
    );
    let slice = ["slice", "run", "--x=-.5:.5:3", "--directions", "1"];
    let (_, said, _) = run(f, &slice);
    assert!(said.contains("--device flex and goes on with"), "{said}");
    let (_, said, _) = run(f, &[&slice[..], &["--device", "flex"]].concat());
    assert!(!said.contains("note:"), "{said}");
}

#[test]
fn every_command_works_on_a_run_of_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    svhn(&f.join("houses"));
    let trained = done(
        f,
        &[
            "train",
            "--data",
            "houses",
            "--net",
            "resnet8x0.25",
            "--epochs",
            "40",
            "--batch",
            "24",
            "--lr",
            ".05",
            "--warmup",
            "5",
            "--out",
            "run",
        ],
    );
    assert_eq!(trained["minimum"]["train_accuracy"], 1.0);
    assert_eq!(
        trained["minimum"]["architecture"],
        "ResNet-8, width × 0.25, 3×32×32 → 10"
    );
    let page = fs::read_to_string(f.join("run/index.html")).unwrap();
    let wrong = f.join("run/figures/mistakes-minimum.png").is_file();
    assert_eq!(page.contains("What they get wrong"), wrong);

    let slice = ["slice", "run", "--x=-.5:.5:3", "--directions", "2"];
    let kept = done(f, &slice);
    let anew = done(f, &[&slice[..], &["--recalibrate"]].concat());
    let middle = |summary: &Value| summary["records"][0]["train_loss"][0][1].as_f64().unwrap();
    let (kept, anew) = (middle(&kept), middle(&anew));
    assert!(kept != anew && (kept - anew).abs() < 0.3, "{kept} {anew}");
    done(
        f,
        &[
            "surface",
            "run",
            "--x=-.2:.2:3",
            "--y=-.2:.2:3",
            "--other-planes",
            "1",
        ],
    );
    let radial = [
        "volume",
        "run",
        "--method",
        "radial",
        "--directions",
        "3",
        "--cutoff",
        ".5",
    ];
    let volume = done(f, &[&radial[..], &["--subset", "20"]].concat());
    assert!(volume["records"][0]["radius_median"].as_f64().unwrap() > 0.0);
    assert_eq!(volume["records"][0]["config"]["subset"]["points"], 20);
    refused(
        f,
        &[&radial[..], &["--subset", "99"]].concat(),
        &["subset", "48"],
    );
    let subsim = [
        "volume",
        "run",
        "--sigma",
        ".003",
        "--stiff",
        "0",
        "--particles",
        "20",
        "--moves",
        "1",
        "--doublings",
        "0",
        "--replicates",
        "2",
        "--cutoff",
        ".5",
    ];
    let whole = done(f, &subsim);
    // What was measured on all pictures does not pass for what is asked of some.
    let some = done(f, &[&subsim[..], &["--subset", "20"]].concat());
    let config = |summary: &Value| summary["records"][0]["config"]["subset"].clone();
    assert_eq!(
        (config(&whole), config(&some)["points"].as_u64()),
        (Value::Null, Some(20))
    );
    let few = "--probes 2 --lanczos-steps 8 --trace-products 12 --eigen-products";
    let spectrum = |how: &str, products: &str| {
        let line = format!("spectrum run --top 2 {how} {few} {products}");
        run(f, &line.split(' ').collect::<Vec<_>>())
    };
    for how in ["--matrix hessian --bottom 1", "--matrix gauss-newton"] {
        let (code, said, found) = spectrum(how, "100");
        assert_eq!(code, 0, "{said}");
        let record = &found["records"][0];
        assert!(record.get("differenced").is_none(), "{found}");
        assert!(record["whole"].get("warnings").is_none(), "{found}");
    }
    // Too few products leave residuals above a tenth of an eigenvalue, which is no number.
    let (code, said, found) = spectrum("--matrix hessian --bottom 1", "6");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("refused"), "{said}");
    assert!(said.contains("--eigen-products"), "{said}");
    assert!(
        found["records"][0]["whole"].get("warnings").is_some(),
        "{found}"
    );
    let compare = [
        "compare",
        "run",
        "--measures",
        "radius,norm",
        "--rays",
        "3",
        "--cutoff",
        ".5",
    ];
    let compared = done(f, &compare);
    assert!(compared.to_string().contains("ResNet-8"), "{compared}");
    refused(f, &["boundary", "run"], &["num_features", "3072"]);

    // Pictures that changed are told, not mixed up.
    let train = f.join("houses/train_32x32.mat");
    fs::write(
        &train,
        fs::read(fixtures().join("svhn_packed.mat")).unwrap(),
    )
    .unwrap();
    refused(f, &slice, &["houses", "MD5"]);
}

#[test]
fn weights_of_pytorch_make_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    svhn(&f.join("houses"));
    let import = fixtures().join("import");
    let files: Vec<PathBuf> = fs::read_dir(&import)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    let named = |part: &str| {
        let found = files
            .iter()
            .find(|path| path.to_string_lossy().contains(part));
        found
            .unwrap_or_else(|| panic!("{part} among {files:?}"))
            .to_str()
            .unwrap()
            .to_owned()
    };
    let evil = named("evil.pt");
    let to = ["--data", "houses", "--net", "resnet8x0.125", "--out"];
    refused(
        f,
        &[&["import", &evil], &to[..], &["evil"]].concat(),
        &["evil"],
    );
    assert!(!f.join("evil").exists(), "nothing is half-written");
    let safetensors = named("plain.safetensors");
    let (code, said, summary) = run(f, &[&["import", &safetensors], &to[..], &["mine"]].concat());
    assert_eq!(code, 0, "{said}");
    assert_eq!(summary["minimum"]["stopped"], "imported");
    done(f, &["slice", "mine", "--x=-.5:.5:3", "--directions", "1"]);
}

#[test]
fn what_there_is_not_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    svhn(&f.join("houses"));
    let train =
        |more: &[&'static str]| [&["train", "--data", "houses", "--out", "run"], more].concat();
    refused(
        f,
        &train(&["--net", "resnet21"]),
        &["net", "resnet20", "resnet21"],
    );
    refused(
        f,
        &train(&["--train-points", "49"]),
        &["train points", "48", "49"],
    );
    refused(
        f,
        &train(&["--poison", "10", "--poison-batch", "11"]),
        &["poison.batch", "10", "11"],
    );
    refused(
        f,
        &["train", "--data", "mnist", "--out", "run"],
        &["data fetch mnist"],
    );
    refused(
        f,
        &["train", "--net", "resnet20", "--out", "run"],
        &["net", "pictures"],
    );
    refused(
        f,
        &[&["--device", "gpu"], &train(&[])[..]].concat(),
        &["device", "cpu", "gpu"],
    );
    assert!(!f.join("run").exists(), "nothing is half-written");
}

#[test]
fn what_was_read_and_by_what_it_is_normalised_is_said_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    fs::copy(fixtures().join("npz_nhwc.npz"), f.join("set.npz")).unwrap();
    let net = [
        "train", "--data", "set.npz", "--net", "mlp-4", "--steps", "3",
    ];
    let train = |more: &[&'static str]| [&net[..], more].concat();
    let given = train(&["--mean", ".5", "--std", ".25", "--out", "given"]);
    let (code, said, summary) = run(f, &given);
    assert_eq!(code, 0, "{said}");
    let line = "data: set.npz (NumPy archive): 7 pictures, 3 × 4 × 6, 3 classes (0: 2, 1: 2, 2: \
                3); train 5, test 2 (as given); normalised by mean 0.5, deviation 0.25 as given";
    assert!(said.contains(line), "{said}");
    assert_eq!(summary["data"]["train"], 5);
    let kept = fs::read_to_string(f.join("given/data.toml")).unwrap();
    assert!(kept.contains("normalization = \"given\""), "{kept}");
    assert!(kept.contains("mean = [0.5, 0.5, 0.5]"), "{kept}");

    let (_, said, _) = run(f, &train(&["--no-normalize", "--out", "raw"]));
    assert!(
        said.contains("pixels from 0 to 1, not normalised"),
        "{said}"
    );
    let (_, said, _) = run(f, &train(&["--out", "computed"]));
    let wanted = "computed from the part train (no official files by checksum; --mean and --std";
    assert!(said.contains(wanted), "{said}");
    // A pool is cut off where there is poison, and only there.
    let (_, said, _) = run(
        f,
        &train(&["--poison", "1", "--batch", "2", "--out", "bad"]),
    );
    let wanted = "train 4, test 2, pool 1 (as given, the pool cut from train at random by seed";
    assert!(said.contains(wanted), "{said}");

    let refuse = |more: &[&'static str], wanted: &str| refused(f, &train(more), &[wanted]);
    let units = "--mean: expected numbers in units of pixels from 0 to 1";
    refuse(&["--mean", "33.3", "--std", "78.6", "--out", "x"], units);
    refuse(&["--mean", ".5", "--out", "x"], "--std: expected a number");
    let two = ["--mean", ".5,.5", "--std", ".5,.5", "--out", "x"];
    refuse(
        &two,
        "--mean: expected 1 number, or 3, one for each channel",
    );
    refuse(
        &["--size", "8x8", "--out", "x"],
        "--size: expected a folder of pictures",
    );
    refuse(
        &["--label", "kind", "--out", "x"],
        "--label: expected fine or coarse",
    );
    assert!(!f.join("x").exists());
    let points = [
        "train", "--data", "moons", "--mean", ".5", "--std", ".5", "--out", "x",
    ];
    refused(f, &points, &["pictures for --mean"]);
}
