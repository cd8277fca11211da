//! Reads, judges and checks all files, then writes the run.

use super::Args;
use super::begun::Begun;
use super::{classes, expected, names, net};
use crate::commands::mistakes;
use crate::commands::train::RunConfig;
use crate::console::{Console, percent};
use crate::lab::{Lab, keep_points, open_for};
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::Error;
use basinscope::data::Split;
use basinscope::record::{MinimumRecord, RunDir};
use basinscope::train::{Minimum, StopReason, TrainConfig};
use basinscope_images::import::{Blocks, Imported, Matched, NameMap, Naming, WeightFile};
use serde_json::json;
use std::path::Path;

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let names = names::of_minima(&args.files, args.name.as_deref())?;
    let (files, accuracies) = (args.files.len(), args.expect_accuracy.len());
    if !(accuracies <= 1 || accuracies == files) {
        let expected = format!("one for all files, or {files}, one a file");
        return Err(Error::setting("expect-accuracy", expected, accuracies).into());
    }
    let naming = match (&args.names, args.by_order) {
        (Some(path), _) => Naming::Map(NameMap::read(path)?),
        (None, true) => Naming::ByOrder,
        (None, false) => Naming::ByName,
    };
    let data = args.data.config(None)?;
    let split = data.load()?;
    let reading = data.reading(&split)?;
    console.say(reading.line());
    let rows = classes::rows(args, &data, &split.train.names().classes)?;

    let mut of_run: Option<NetConfig> = None;
    let mut minima = Vec::with_capacity(files);
    for (at, (path, name)) in args.files.iter().zip(&names).enumerate() {
        console.check_unsaved()?;
        let file = WeightFile::open(path)?;
        let (features, classes) = (split.train.num_features(), split.train.num_classes());
        let net::Found { net, mut how } = net::of_file(args, &file, &data, features, classes)?;
        let mut imported = weights(&file, &net, &naming, args.key.as_deref())?;
        if let Some(rows) = &rows {
            classes::reorder(&mut imported, &net, rows)?;
            how += "; its classes sorted as text: rows of its last layer put in natural order";
        }
        if of_run.as_ref().is_some_and(|first| *first != net) {
            let first = args.files[0].display();
            let expected = format!("weights of the net of {first}");
            let found = net.build()?.describe();
            return Err(Error::file(path, "net", expected, found).into());
        }
        let minimum = judged(
            &net,
            imported.theta.clone(),
            imported.buffers.clone(),
            &split,
        )?;
        console.say(said(name, path, &file, &how, &imported, &minimum));
        let wanted = args
            .expect_accuracy
            .get(at)
            .or(args.expect_accuracy.first());
        if let Some(&wanted) = wanted {
            expected::check(wanted, args.expect_on, &minimum, path)?;
        }
        of_run = Some(net);
        minima.push((imported, minimum));
    }
    let net = of_run.expect("at least one file, as the options demand");
    let begun = Begun::open(&args.out, &net, &data, &split)?;
    let mut is_there = Vec::with_capacity(files);
    for (name, (_, minimum)) in names.iter().zip(&minima) {
        is_there.push(match &begun {
            Some(begun) => begun.has(name, &minimum.theta, &minimum.buffers, &net)?,
            None => false,
        });
    }
    // All is well: from here on things are written.
    let mut records = begun.map(|begun| begun.records);
    let run = match &records {
        Some(_) => RunDir::create(&args.out)?,
        None => {
            let from: Vec<String> = args
                .files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            let config = RunConfig {
                version: basinscope::VERSION.into(),
                name: names[0].clone(),
                data: data.clone(),
                net: net.clone(),
                train: TrainConfig::default(),
                start: Some(format!("weights of {}", from.join(", "))),
            };
            let run = open_for(&args.out, &toml::to_string(&config)?, console)?;
            keep_points(&run, &config.data, &split, &reading)?;
            run
        }
    };
    let records = records.get_or_insert_default();
    let built = net.build()?;
    let mut new = Vec::with_capacity(files);
    for (at, (imported, minimum)) in minima.iter().enumerate() {
        let (name, path) = (&names[at], &args.files[at]);
        if is_there[at] {
            console.say(format!("{name}: in the run already, with the same weights"));
            new.extend(records.iter().find(|record| record.name == *name).cloned());
            continue;
        }
        let metadata = [("name", json!(name)), ("from", json!(path))];
        let (theta, buffers) = (&minimum.theta, &minimum.buffers);
        let file = run.write_minimum(name, built.as_ref(), theta, buffers, &metadata)?;
        let about = json!({
            "imported": path,
            "key": imported.key,
            "epoch": imported.epoch,
            "matched": matched(imported.matched),
            "data": data,
        });
        let record = MinimumRecord {
            stopped: "imported".into(),
            ..minimum.record(name, &file, built.as_ref(), &TrainConfig::default(), about)
        };
        records.push(record.clone());
        new.push(record);
    }
    run.write_json("results/minima.json", &records)?;
    let lab = Lab::open(&args.out)?;
    mistakes::draw(&lab)?;
    lab.draw_page()?;
    console.say(lab.minima_table());
    console.say(format!("wrote {}", run.path("index.html").display()));
    console.summary(&json!({
        "command": "import",
        "run": args.out,
        "data": reading,
        "minimum": new.first(),
        "minima": new,
    }))
}

/// The weights of a net from a file.
fn weights(
    file: &WeightFile,
    net: &NetConfig,
    naming: &Naming,
    key: Option<&str>,
) -> Result<Imported> {
    Ok(match net {
        NetConfig::Perceptron(net) => {
            let layout = net.layout();
            file.weights(
                &Blocks::chain(layout.blocks(), net.activation()),
                naming,
                key,
            )?
        }
        NetConfig::Image(net) => file.weights(&Blocks::of(&net.graph()?), naming, key)?,
    })
}

/// A minimum as loaded, with its losses and accuracies.
fn judged(net: &NetConfig, theta: Vec<f32>, buffers: Vec<f32>, split: &Split) -> Result<Minimum> {
    let built = net.build()?;
    let [train, test] = [&split.train, &split.test].map(|part| built.surface(&buffers, part));
    Ok(Minimum {
        train: train?.evaluate(&theta),
        test: test?.evaluate(&theta),
        theta,
        buffers,
        steps: 0,
        stopped: StopReason::Steps,
        history: Vec::new(),
    })
}

/// What was read, how, and what it makes of the data.
fn said(
    name: &str,
    path: &Path,
    file: &WeightFile,
    how: &str,
    imported: &Imported,
    minimum: &Minimum,
) -> String {
    let mut read = format!(
        "{}: {how}; tensors {}",
        path.display(),
        matched(imported.matched)
    );
    if !imported.key.is_empty() {
        read += &format!(", from {}", imported.key);
    }
    if let Some(epoch) = imported.epoch {
        read += &format!(", epoch {epoch}");
    }
    if !imported.not_read.is_empty() {
        read += &format!("; not read: {}", imported.not_read.join(", "));
    }
    let passed = file.passed_over();
    if !passed.is_empty() {
        let more = match passed.len() {
            0..=5 => "",
            _ => ", …",
        };
        let shown = &passed[..passed.len().min(5)];
        read += &format!("; passed over, not executed: {}{more}", shown.join(", "));
    }
    let of = |evaluation: &basinscope::surface::Evaluation| {
        format!(
            "{} (loss {:.4})",
            percent(evaluation.accuracy),
            evaluation.loss
        )
    };
    let (train, test) = (of(&minimum.train), of(&minimum.test));
    format!("{read}\n{name}, as loaded: train {train}, test {test}")
}

fn matched(how: Matched) -> &'static str {
    match how {
        Matched::ByName => "by name",
        Matched::ByMap => "by a map of names",
        Matched::ByOrder => "by order: check the accuracy",
    }
}
