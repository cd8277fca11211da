//! A net of another kind for tests: logits that are linear in the inputs less their running mean.

use super::{
    Activation, Architecture, Initialization, LossKind, Net, NetSurface, TrainingBatch,
    check_buffers,
};
use crate::Result;
use crate::data::Dataset;
use crate::random::Stream;
use crate::surface::{Block, BlockKind, ParameterLayout};

/// How far one step of training moves the running mean towards that of its batch.
const MOMENTUM: f32 = 0.25;

/// `W·(x − m) + b`: m the mean of the batch in training, the running mean in evaluation.
#[derive(Clone)]
pub(crate) struct Centred {
    linear: Architecture,
}

impl Centred {
    pub(crate) fn new(num_features: usize, num_classes: usize) -> Self {
        let widths = vec![num_features, num_classes];
        let linear = Architecture::new(widths, Activation::Relu).unwrap();
        Self { linear }
    }
}

/// The points less a mean.
fn centred(points: &Dataset, mean: &[f32]) -> Dataset {
    let inputs = points.inputs().iter().zip(mean.iter().cycle());
    Dataset::new(
        inputs.map(|(x, m)| x - m).collect(),
        points.labels().to_vec(),
        points.num_features(),
        points.num_classes(),
    )
    .unwrap()
}

impl Net for Centred {
    fn layout(&self) -> ParameterLayout {
        self.linear.layout()
    }

    fn num_features(&self) -> usize {
        self.linear.num_features()
    }

    fn num_classes(&self) -> usize {
        self.linear.num_classes()
    }

    fn initialize(&self, how: Initialization, rng: &mut Stream) -> Vec<f32> {
        how.draw(&self.linear, rng)
    }

    fn buffer_layout(&self) -> Vec<Block> {
        vec![Block {
            name: "running_mean".into(),
            layer: 0,
            kind: BlockKind::BatchNorm,
            offset: 0,
            shape: vec![self.num_features()],
        }]
    }

    fn initial_buffers(&self) -> Vec<f32> {
        vec![0.0; self.num_features()]
    }

    fn surface(&self, buffers: &[f32], points: &Dataset) -> Result<Box<dyn NetSurface>> {
        check_buffers(self, buffers)?;
        self.linear.surface(&[], &centred(points, buffers))
    }

    fn batch(&self) -> Box<dyn TrainingBatch> {
        Box::new(CentredBatch {
            batch: self.linear.batch(),
            mean: self.initial_buffers(),
        })
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "kind": "centred", "features": self.num_features() })
    }

    fn describe(&self) -> String {
        format!("centred {}-{}", self.num_features(), self.num_classes())
    }
}

struct CentredBatch {
    batch: Box<dyn TrainingBatch>,
    mean: Vec<f32>,
}

impl TrainingBatch for CentredBatch {
    fn refill(&mut self, parts: &[(&Dataset, LossKind, f64)]) {
        let features = self.mean.len();
        let count: usize = parts.iter().map(|part| part.0.len()).sum();
        for (feature, mean) in self.mean.iter_mut().enumerate() {
            let values = parts.iter().map(|part| part.0.inputs());
            let values = values.flat_map(|inputs| inputs.iter().skip(feature).step_by(features));
            *mean = values.sum::<f32>() / count as f32;
        }
        let moved: Vec<Dataset> = (parts.iter())
            .map(|part| centred(part.0, &self.mean))
            .collect();
        let parts: Vec<_> = (moved.iter().zip(parts))
            .map(|(points, &(_, kind, weight))| (points, kind, weight))
            .collect();
        self.batch.refill(&parts);
    }

    fn loss_and_grad(&mut self, theta: &[f32], buffers: &mut [f32], grad: &mut [f32]) -> f64 {
        for (running, mean) in buffers.iter_mut().zip(&self.mean) {
            *running += MOMENTUM * (mean - *running);
        }
        self.batch.loss_and_grad(theta, &mut [], grad)
    }
}
