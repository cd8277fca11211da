//! The records and nets of a run as the page's scripts read them.

use super::family::{Family, Floats, Net};
use crate::page::PageError;
use crate::page::story::{Pair, Story};
use basinscope::record::{
    Axis, EigenvectorsRecord, MinefieldRecord, MinimumRecord, PlaneWorth, RunDir,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

const MEBIBYTE: usize = 1 << 20;

/// Weights of the run's minima take at most so many bytes of the page.
const RUN_BYTES: usize = 3 * MEBIBYTE / 2;

/// Weights of the minefield take at most so many.
const MINEFIELD_BYTES: usize = 9 * MEBIBYTE / 4;

/// The family of the run's own minima.
const RUN: &str = "run";

/// The family of the minefield.
const MINEFIELD: &str = "minefield";

/// Everything the scripts of a page know of its run.
#[derive(Debug, Serialize)]
pub(in super::super) struct Play {
    version: &'static str,
    cutoff: f64,
    pair: Option<Names>,
    families: BTreeMap<&'static str, Family>,
    eigenvectors: Vec<Eigenvectors>,
    surfaces: Vec<Surface>,
    volumes: Vec<Value>,
    local: Vec<Value>,
    minefield: Option<Value>,
}

/// The two minima of the story.
#[derive(Debug, Serialize)]
struct Names {
    good: String,
    bad: String,
}

#[derive(Debug, Serialize)]
struct Eigenvectors {
    minimum: String,
    eigenvalues: Vec<f64>,
    residuals: Vec<f64>,
    vectors: Vec<Floats>,
}

#[derive(Debug, Serialize)]
struct Surface {
    minimum: String,
    test_accuracy: f64,
    normalization: String,
    x: Axis,
    y: Axis,
    train_loss: Floats,
    /// None or two.
    directions: Vec<Floats>,
    worth: Option<PlaneWorth>,
    seed: u64,
}

impl Play {
    /// Reads what the run holds; what is absent, or too large for a page, is left out.
    pub(in super::super) fn read(run: &RunDir, story: &Story) -> Result<Self, PageError> {
        let mut families = BTreeMap::new();
        if let Some(family) = own_minima(run, story)? {
            families.insert(RUN, family);
        }
        if let Some(record) = &story.minefield
            && let Some(family) = iterates_and_minima(run, record)?
        {
            families.insert(MINEFIELD, family);
        }
        let known = families.contains_key(RUN);
        Ok(Self {
            version: basinscope::VERSION,
            cutoff: story.cutoff(),
            pair: story.pair().map(|Pair { good, bad }| Names {
                good: good.name.clone(),
                bad: bad.name.clone(),
            }),
            families,
            eigenvectors: if known {
                eigenvectors(run)?
            } else {
                Vec::new()
            },
            surfaces: if known {
                surfaces(run, story)?
            } else {
                Vec::new()
            },
            volumes: slim(&story.volumes, &["radii", "config"]),
            local: slim(&story.local, &["config"]),
            minefield: (story.minefield.as_ref()).map(without_layers),
        })
    }

    /// Whether a widget has anything to show.
    pub(in super::super) fn has(&self, widget: &str) -> bool {
        match widget {
            "pair" => self.pair.is_some() && self.families.get(RUN).is_some_and(Family::is_plane),
            "minefield" => self.minefield.is_some(),
            "wiggle" | "landscape" => self.families.contains_key(RUN),
            _ => !self.volumes.is_empty() || !self.local.is_empty(),
        }
    }

    /// Whether there is nothing to play with.
    pub(in super::super) fn is_empty(&self) -> bool {
        let widgets = ["minefield", "wiggle", "landscape", "volume"];
        !widgets.iter().any(|widget| self.has(widget))
    }

    /// The data as JSON that cannot end its script element.
    pub(super) fn json(&self) -> String {
        // Records are finite: what serde_json refuses is not in them.
        let text = serde_json::to_string(self).unwrap_or_default();
        text.replace('<', "\\u003c")
    }
}

/// The run's minima, those of the story first, as many as fit.
fn own_minima(run: &RunDir, story: &Story) -> Result<Option<Family>, PageError> {
    if !run.has("data.npz") || run.has("results/run.npz") {
        return Ok(None);
    }
    let lead = story.best();
    if !run.has(&lead.file) {
        return Ok(None);
    }
    let Some(net) = run.read_minimum(&lead.file)?.perceptron()? else {
        return Ok(None);
    };
    let Some(mut family) = Family::new(run, net.clone())? else {
        return Ok(None);
    };
    let bytes = 4 * net.num_params();
    let told = |record: &MinimumRecord| match story.pair() {
        Some(Pair { good, bad }) => record.name != good.name && record.name != bad.name,
        None => record.name != lead.name,
    };
    let mut records: Vec<&MinimumRecord> = story.minima.iter().collect();
    records.sort_by_key(|record| told(record));
    let mut kept = Vec::new();
    for record in records {
        if bytes * (kept.len() + 1) > RUN_BYTES || !run.has(&record.file) {
            continue;
        }
        let file = run.read_minimum(&record.file)?;
        if file.perceptron()?.as_ref() == Some(&net) {
            let (theta, _) = file.parameters(&net)?;
            kept.push((record, theta));
        }
    }
    kept.sort_by(|a, b| b.0.test_accuracy.total_cmp(&a.0.test_accuracy));
    family.nets = (kept.iter())
        .map(|(record, theta)| Net::new(record, theta))
        .collect();
    Ok((!family.nets.is_empty()).then_some(family))
}

/// The minefield's nets: every bad minimum, and every n-th iterate of the good run.
fn iterates_and_minima(
    run: &RunDir,
    record: &MinefieldRecord,
) -> Result<Option<Family>, PageError> {
    const THETAS: &str = "results/run.npz";
    let field = [run.path(MINEFIELD), run.root().to_owned()]
        .into_iter()
        .find(|folder| folder.join(THETAS).is_file());
    let Some(field) = field else {
        return Ok(None);
    };
    let field = RunDir::open(field)?;
    let minima: Vec<MinimumRecord> = field.read_json("results/minima.json")?;
    let Some(first) = minima.first() else {
        return Ok(None);
    };
    let Some(net) = field.read_minimum(&first.file)?.perceptron()? else {
        return Ok(None);
    };
    let Some(mut family) = Family::new(&field, net.clone())? else {
        return Ok(None);
    };
    let room = (MINEFIELD_BYTES / (4 * net.num_params())).saturating_sub(record.bad.len());
    if room == 0 {
        return Ok(None);
    }
    let thetas = field.read_arrays(THETAS, &["theta"])?.remove(0);
    let last = record.iterates.len().saturating_sub(1);
    let stride = record.iterates.len().div_ceil(room).max(1);
    for (index, iterate) in record.iterates.iter().enumerate() {
        if index % stride != 0 && index != last {
            continue;
        }
        let row = iterate.epoch.saturating_sub(1) * net.num_params();
        let Some(theta) = thetas.values.get(row..row + net.num_params()) else {
            continue;
        };
        family.nets.push(Net {
            name: format!("epoch-{}", iterate.epoch),
            train_loss: Some(iterate.train_loss),
            train_accuracy: iterate.train_accuracy,
            test_loss: None,
            test_accuracy: iterate.test_accuracy,
            theta: Floats::from_f64(theta),
        });
    }
    for bad in &record.bad {
        let Some(minimum) = minima.iter().find(|minimum| minimum.name == bad.name) else {
            continue;
        };
        let file = field.read_minimum(&minimum.file)?;
        if file.perceptron()?.as_ref() == Some(&net) {
            let (theta, _) = file.parameters(&net)?;
            family.nets.push(Net::new(minimum, &theta));
        }
    }
    Ok(Some(family))
}

fn eigenvectors(run: &RunDir) -> Result<Vec<Eigenvectors>, PageError> {
    const FILE: &str = "results/eigenvectors.json";
    if !run.has(FILE) {
        return Ok(Vec::new());
    }
    let records: Vec<EigenvectorsRecord> = run.read_json(FILE)?;
    let mut found = Vec::with_capacity(records.len());
    for record in records {
        let file = format!("results/eigenvectors-{}.npz", record.minimum);
        if !run.has(&file) {
            continue;
        }
        let array = run.read_arrays(&file, &["vectors"])?.remove(0);
        found.push(Eigenvectors {
            minimum: record.minimum,
            vectors: (array.values.chunks(record.dimension.max(1)))
                .map(Floats::from_f64)
                .collect(),
            eigenvalues: record.eigenvalues,
            residuals: record.residuals,
        });
    }
    Ok(found)
}

fn surfaces(run: &RunDir, story: &Story) -> Result<Vec<Surface>, PageError> {
    let mut found = Vec::new();
    for record in &story.surfaces {
        let file = format!("results/surface-{}.npz", record.minimum);
        if !run.has(&file) {
            continue;
        }
        let loss = run.read_arrays(&file, &["train_loss"])?.remove(0);
        // A run from before directions were kept has none.
        let directions = run
            .read_arrays(&file, &["direction_1", "direction_2"])
            .unwrap_or_default();
        found.push(Surface {
            minimum: record.minimum.clone(),
            test_accuracy: record.test_accuracy,
            normalization: record.normalization.clone(),
            x: record.x,
            y: record.y,
            train_loss: Floats::from_f64(&loss.values),
            directions: (directions.iter())
                .map(|direction| Floats::from_f64(&direction.values))
                .collect(),
            worth: record.worth.clone(),
            seed: record.seed,
        });
    }
    Ok(found)
}

/// Records as JSON without some of their fields.
fn slim<T: Serialize>(records: &[T], without: &[&str]) -> Vec<Value> {
    (records.iter())
        .filter_map(|record| serde_json::to_value(record).ok())
        .map(|mut value| {
            if let Some(fields) = value.as_object_mut() {
                without.iter().for_each(|&field| {
                    fields.remove(field);
                });
            }
            value
        })
        .collect()
}

/// The minefield as JSON without distances layer by layer, which nothing in the page shows.
fn without_layers(record: &MinefieldRecord) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("layers");
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(record).unwrap_or_default();
    strip(&mut value);
    value
}
