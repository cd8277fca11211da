//! Nets of one architecture with the points they live on, packed for the page.

use crate::page::PageError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use basinscope::data::{Dataset, Names};
use basinscope::net::Architecture;
use basinscope::record::{MinimumRecord, RunDir};
use basinscope::slice::enclosing_axes;
use serde::Serialize;

/// Points take at most so many bytes of the page; with more, nothing is evaluated in it.
const POINT_BYTES: usize = 1 << 20;

/// Margin around the points of a boundary, as in the boundaries of the records.
const MARGIN: f64 = 0.08;

/// Nets of one architecture on the same points.
#[derive(Debug, Serialize)]
pub(super) struct Family {
    net: Architecture,
    classes: usize,
    /// What all classes and features are called; empty where the data has no names.
    names: Names,
    /// Ends of both features where points lie in a plane.
    window: Option<Window>,
    train: Points,
    test: Points,
    pub(super) nets: Vec<Net>,
}

#[derive(Debug, Serialize)]
struct Window {
    x: [f64; 2],
    y: [f64; 2],
}

#[derive(Debug, Serialize)]
struct Points {
    /// `[count, features]`.
    inputs: Floats,
    labels: Vec<u32>,
}

/// One net: what is recorded of it, and its weights.
#[derive(Debug, Serialize)]
pub(super) struct Net {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) train_loss: Option<f64>,
    pub(super) train_accuracy: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) test_loss: Option<f64>,
    pub(super) test_accuracy: f64,
    pub(super) theta: Floats,
}

impl Net {
    pub(super) fn new(record: &MinimumRecord, theta: &[f32]) -> Self {
        Self {
            name: record.name.clone(),
            train_loss: Some(record.train_loss),
            train_accuracy: record.train_accuracy,
            test_loss: Some(record.test_loss),
            test_accuracy: record.test_accuracy,
            theta: Floats::new(theta),
        }
    }
}

impl Family {
    /// An empty family over the points of a run; `None` where they are too many for a page.
    pub(super) fn new(run: &RunDir, net: Architecture) -> Result<Option<Self>, PageError> {
        let split = run.read_data()?;
        let values = split.train.inputs().len() + split.test.inputs().len();
        if 4 * values > POINT_BYTES || split.train.num_features() != net.num_features() {
            return Ok(None);
        }
        let window = if net.num_features() == 2 {
            let all = [split.train.inputs(), split.test.inputs()].concat();
            let (x, y) = enclosing_axes(&all, MARGIN, 2)?;
            Some(Window {
                x: [x.from, x.to],
                y: [y.from, y.to],
            })
        } else {
            None
        };
        let points = |data: &Dataset| Points {
            inputs: Floats::new(data.inputs()),
            labels: data.labels().to_vec(),
        };
        Ok(Some(Self {
            classes: split.train.num_classes(),
            names: spoken(&split.train),
            window,
            train: points(&split.train),
            test: points(&split.test),
            net,
            nets: Vec::new(),
        }))
    }

    /// Whether its points lie in a plane, so that boundaries can be drawn.
    pub(super) fn is_plane(&self) -> bool {
        self.window.is_some()
    }
}

/// Every class and feature by its name, where the set has names of that sort.
fn spoken(data: &Dataset) -> Names {
    let names = data.names();
    let all = |given: &[String], count: usize, name: &dyn Fn(usize) -> String| match given {
        [] => Vec::new(),
        _ => (0..count).map(name).collect(),
    };
    Names {
        classes: all(&names.classes, data.num_classes(), &|class| {
            names.class(class)
        }),
        features: all(&names.features, data.num_features(), &|feature| {
            names.feature(feature)
        }),
    }
}

/// Single-precision numbers, little-endian, in base64.
#[derive(Debug)]
pub(super) struct Floats(String);

impl Floats {
    pub(super) fn new(values: &[f32]) -> Self {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        Self(STANDARD.encode(bytes))
    }

    pub(super) fn from_f64(values: &[f64]) -> Self {
        let single: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        Self::new(&single)
    }
}

impl Serialize for Floats {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
