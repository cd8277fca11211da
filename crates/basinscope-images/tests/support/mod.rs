//! What PyTorch makes of the nets (`fixtures/make_torch.py`), and the comparison with it.
#![allow(dead_code)] // each test binary uses a part

use basinscope::surface::{Block, BlockKind};
use basinscope_images::graph::{Family, Graph, ImageNet};
use serde::Deserialize;
use std::collections::BTreeMap;

const THETA: u32 = 1;
const BUFFERS: u32 = 2;
const PICTURES: u32 = 3;
const LABELS: u32 = 4;
const PROBE: u32 = 5;
const DIRECTION: u32 = 6;

/// A direction in the space of θ by formula.
pub fn direction(graph: &Graph) -> Vec<f32> {
    let n = graph.layout().num_params();
    (0..n).map(|i| uniform(DIRECTION, i)).collect()
}

/// Hash of (stream, i).
fn hashed(stream: u32, i: usize) -> u32 {
    let mut x = (i as u32).wrapping_mul(0x9E37_79B9);
    x = x.wrapping_add(stream.wrapping_mul(0x85EB_CA6B));
    x ^= x >> 16;
    x = x.wrapping_mul(0x7FEB_352D);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

/// In [−1, 1), in steps of 2⁻¹⁵: exact in any float.
fn uniform(stream: u32, i: usize) -> f32 {
    (hashed(stream, i) >> 16) as f32 / 32768.0 - 1.0
}

/// θ by formula: weights near He's scale, norms near the identity.
pub fn theta(graph: &Graph) -> Vec<f32> {
    let mut theta: Vec<f32> = (0..graph.layout().num_params())
        .map(|i| uniform(THETA, i))
        .collect();
    for block in graph.layout().blocks() {
        let inputs = block.len() / block.shape[0];
        let halvings = (0..).find(|&k| inputs <= 12 << (2 * k)).unwrap();
        for value in &mut theta[block.range()] {
            *value = match block.kind {
                BlockKind::Weight => *value / (1u32 << halvings) as f32,
                BlockKind::BatchNorm if block.name.ends_with(".weight") => 1.0 + *value / 4.0,
                _ => *value / 4.0,
            };
        }
    }
    theta
}

/// Values of pictures by formula.
pub fn pictures(len: usize) -> Vec<f32> {
    (0..len).map(|i| uniform(PICTURES, i)).collect()
}

/// Running statistics by formula.
pub fn buffers(graph: &Graph) -> Vec<f32> {
    let mut buffers: Vec<f32> = (0..graph.num_buffers())
        .map(|i| uniform(BUFFERS, i))
        .collect();
    for block in graph.buffers() {
        for value in &mut buffers[block.range()] {
            *value = match block.name.ends_with("running_mean") {
                true => *value / 4.0,
                false => 1.0 + *value / 2.0,
            };
        }
    }
    buffers
}

/// One net with PyTorch's numbers.
#[derive(Deserialize)]
pub struct Fixture {
    pub net: String,
    input: [usize; 3],
    classes: usize,
    pub pictures: usize,
    /// Place of the first picture in the formula.
    #[serde(default)]
    first: usize,
    num_params: usize,
    pub passes: BTreeMap<String, Pass>,
}

/// One forward and backward pass in float64.
#[derive(Deserialize)]
pub struct Pass {
    /// With the batch's statistics.
    pub train: bool,
    /// Weight of each picture's term.
    pub weights: Vec<f32>,
    /// Whether its term is −log(1 − p_y) in place of −log p_y.
    pub reverse: Vec<bool>,
    pub logits: Vec<f64>,
    /// Sum of the weighted terms.
    pub loss: f64,
    grad: BTreeMap<String, [f64; 4]>,
    buffers: BTreeMap<String, [f64; 4]>,
}

impl Fixture {
    /// All of them, the small ones first.
    pub fn all() -> Vec<Self> {
        Self::all_in("torch")
    }

    /// All of a folder, the small ones first.
    pub fn all_in(folder: &str) -> Vec<Self> {
        let folder = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut all: Vec<Self> = (std::fs::read_dir(folder).unwrap())
            .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
            .map(|text| serde_json::from_str(&text).unwrap())
            .collect();
        all.sort_by_key(|fixture| fixture.num_params);
        assert!(all.len() >= 10);
        all
    }

    /// The first of a net.
    pub fn of(net: &str) -> Self {
        let mut all = Self::all().into_iter();
        all.find(|fixture| fixture.net == net).unwrap()
    }

    pub fn graph(&self) -> Graph {
        let family = Family::from_name(&self.net).unwrap();
        let (input, classes) = (self.input, self.classes);
        let net = ImageNet {
            family,
            input,
            classes,
        };
        let graph = net.graph().unwrap();
        assert_eq!(graph.layout().num_params(), self.num_params, "{}", self.net);
        graph
    }

    /// Pictures `[n, C, H, W]`.
    pub fn pictures(&self) -> Vec<f32> {
        let each = self.input.iter().product::<usize>();
        (self.first * each..(self.first + self.pictures) * each)
            .map(|i| uniform(PICTURES, i))
            .collect()
    }

    pub fn labels(&self) -> Vec<u8> {
        let classes = self.classes as u32;
        (self.first..self.first + self.pictures)
            .map(|i| (hashed(LABELS, i) % classes) as u8)
            .collect()
    }
}

impl Pass {
    /// The largest deviations from PyTorch, relative to the size of what they deviate from; fails
    /// above `tolerance`. Running statistics are compared after a pass in training.
    pub fn check(
        &self,
        graph: &Graph,
        logits: Option<&[f32]>,
        loss: f64,
        grad: &[f32],
        buffers: Option<&[f32]>,
        tolerance: f64,
    ) -> Result<f64, String> {
        let mut worst = Worst {
            value: (loss - self.loss).abs() / self.loss.abs(),
            place: format!("loss {loss}, PyTorch's {}", self.loss),
        };
        if let Some(logits) = logits {
            assert_eq!(logits.len(), self.logits.len());
            let size = self.logits.iter().fold(0.0, |max: f64, z| max.max(z.abs()));
            for (i, (&ours, theirs)) in logits.iter().zip(&self.logits).enumerate() {
                worst.offer((f64::from(ours) - theirs).abs() / size, || {
                    format!("logit {i}: {ours}, PyTorch's {theirs}")
                });
            }
        }
        // Gradients that vanish (a bias before a norm) are measured against the whole gradient.
        let whole = self.grad.values().map(|s| s[0] * s[0]).sum::<f64>().sqrt();
        worst.blocks(
            "gradient",
            graph.layout().blocks(),
            grad,
            &self.grad,
            0.01 * whole,
        );
        if let Some(buffers) = buffers {
            worst.blocks("", graph.buffers(), buffers, &self.buffers, 0.0);
        }
        match worst.value <= tolerance {
            true => Ok(worst.value),
            false => Err(format!("{:.1e}: {}", worst.value, worst.place)),
        }
    }
}

struct Worst {
    value: f64,
    place: String,
}

impl Worst {
    fn offer(&mut self, value: f64, place: impl FnOnce() -> String) {
        // NaN counts as the worst.
        if value > self.value || value.is_nan() {
            (self.value, self.place) =
                (if value.is_nan() { f64::INFINITY } else { value }, place());
        }
    }

    fn blocks(
        &mut self,
        what: &str,
        blocks: &[Block],
        values: &[f32],
        theirs: &BTreeMap<String, [f64; 4]>,
        least: f64,
    ) {
        assert_eq!(blocks.len(), theirs.len(), "blocks");
        assert_eq!(values.len(), blocks.last().map_or(0, |b| b.range().end));
        for block in blocks {
            let ours = summary(&values[block.range()], block.offset);
            let theirs = theirs[&block.name];
            let size = theirs[0].max(least);
            for at in 0..ours.len().min(theirs.len()) {
                self.offer((ours[at] - theirs[at]).abs() / size, || {
                    let name = &block.name;
                    format!(
                        "{what} {name}[{at}]: {}, PyTorch's {}",
                        ours[at], theirs[at]
                    )
                });
            }
        }
    }
}

/// Norm, product with a known vector (so that each value counts), and the first two.
fn summary(values: &[f32], start: usize) -> Vec<f64> {
    let wide = values.iter().map(|&v| f64::from(v));
    let norm = wide.clone().map(|v| v * v).sum::<f64>().sqrt();
    let probe = (wide.clone().enumerate())
        .map(|(i, v)| v * f64::from(uniform(PROBE, start + i)))
        .sum();
    [norm, probe].into_iter().chain(wide.take(2)).collect()
}
