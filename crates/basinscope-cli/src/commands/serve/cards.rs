//! What the list says of each run.

use super::glance::ago;
use super::runs::Run;
use basinscope_report::page::Shelved;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::IgnoredAny;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// The little of a minimum that the list shows.
#[derive(Deserialize)]
struct Minimum {
    test_accuracy: f64,
}

/// Reads what the list says of a run; records that cannot be read count as absent.
pub fn card(run: &Run, now: SystemTime) -> Shelved {
    let glance = run.glance();
    let minima: Vec<Minimum> = list(&run.root, "results/minima.json");
    let accuracies = || minima.iter().map(|minimum| minimum.test_accuracy);
    let volumes = ["results/volumes.json", "results/local-volumes.json"];
    Shelved {
        key: run.key.clone(),
        folder: run.folder.display().to_string(),
        command: command(&run.root),
        minima: minima.len(),
        test_accuracy: accuracies()
            .reduce(f64::min)
            .zip(accuracies().reduce(f64::max)),
        volumes: (volumes.iter())
            .map(|file| list::<IgnoredAny>(&run.root, file).len())
            .sum(),
        changed: glance.changed().map(|time| ago(time, now)),
        standing: glance.standing(now),
    }
}

fn list<T: DeserializeOwned>(root: &Path, file: &str) -> Vec<T> {
    let text = fs::read_to_string(root.join(file)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The command that made a run, as its configuration tells.
fn command(root: &Path) -> Option<String> {
    let config: toml::Table = (fs::read_to_string(root.join("config.toml")).ok()?)
        .parse()
        .ok()?;
    let text = |key: &str| config.get(key).and_then(toml::Value::as_str);
    match text("command") {
        Some(command) => {
            let words = [Some(command), text("experiment"), text("preset")];
            Some(words.into_iter().flatten().collect::<Vec<_>>().join(" "))
        }
        // The configuration of a single minimum names no command.
        None => config.contains_key("train").then(|| "train".into()),
    }
}
