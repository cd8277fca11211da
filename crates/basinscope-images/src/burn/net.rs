//! A net on a device: logits, losses and gradients.

use super::forward::{Parameter, forward};
use super::{Device, Target};
use crate::graph::{Graph, Op};
use crate::softmax;
use ::burn::tensor::{Gradients, Tensor, TensorData};
use basinscope::surface::Block;
use basinscope::{Error, Result};

/// Pictures that go through the net at once where nothing else is said.
pub const BATCH_SIZE: usize = 256;

/// Whose means and variances the batch norms use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The running ones.
    Eval,
    /// The batch's: all pictures go through at once.
    Train,
}

/// A graph on a device.
#[derive(Clone)]
pub struct BurnNet {
    graph: Graph,
    device: Device,
    batch_size: usize,
}

/// θ and running statistics on the device.
pub struct Placed {
    parameters: Vec<Parameter>,
    statistics: Vec<Tensor<1>>,
}

/// Pictures on the device, batch by batch. Clones share them.
#[derive(Clone)]
pub struct Pictures {
    batches: Vec<Tensor<4>>,
    count: usize,
}

impl Pictures {
    /// How many.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.count
    }
}

/// Loss, gradient and what training does to the running statistics.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Sum of the weighted terms, in nats.
    pub loss: f64,
    /// Its gradient in θ.
    pub grad: Vec<f32>,
    /// Logits `[n, K]` before the step.
    pub logits: Vec<f32>,
    /// Running statistics after the step; [`Mode::Eval`] leaves them.
    pub buffers: Vec<f32>,
}

impl BurnNet {
    /// A net of this graph on this device.
    pub fn new(graph: &Graph, device: &Device) -> Self {
        Self {
            graph: graph.clone(),
            device: device.clone(),
            batch_size: BATCH_SIZE,
        }
    }

    /// Sends this many pictures at once through the net; the last batch is what remains.
    ///
    /// # Errors
    /// [`Error::Setting`] for 0.
    pub fn with_batch_size(mut self, batch_size: usize) -> Result<Self> {
        if batch_size == 0 {
            return Err(Error::setting("batch size", "at least 1", 0));
        }
        self.batch_size = batch_size;
        Ok(self)
    }

    /// Its graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Puts θ and running statistics on the device, for as many batches as one likes.
    ///
    /// # Errors
    /// [`Error::Shape`] where their lengths are not those of the graph.
    pub fn place(&self, theta: &[f32], buffers: &[f32]) -> Result<Placed> {
        let layout = self.graph.layout();
        check_len("theta", layout.num_params(), theta.len())?;
        check_len(
            "running statistics",
            self.graph.num_buffers(),
            buffers.len(),
        )?;
        let device = self.device.inner();
        let parameter = |block: &Block| {
            let shape: &[usize] = &block.shape;
            let data = TensorData::new(theta[block.range()].to_vec(), shape.to_vec());
            match shape.len() {
                4 => Parameter::Kernel(Tensor::from_data(data, device)),
                2 => Parameter::Matrix(Tensor::from_data(data, device)),
                _ => Parameter::Vector(Tensor::from_data(data, device)),
            }
        };
        let statistic = |block: &Block| Tensor::from_floats(&buffers[block.range()], device);
        Ok(Placed {
            parameters: layout.blocks().iter().map(parameter).collect(),
            statistics: self.graph.buffers().iter().map(statistic).collect(),
        })
    }

    /// Puts pictures `[n, C, H, W]` on the device, for as many θ as one likes.
    ///
    /// # Errors
    /// [`Error::Shape`] where they are none or not whole ones.
    pub fn pictures(&self, pictures: &[f32]) -> Result<Pictures> {
        self.batches(pictures, self.batch_size)
    }

    fn batches(&self, pictures: &[f32], size: usize) -> Result<Pictures> {
        let shape = self.graph.input();
        let count = pictures.len() / shape.len();
        check_len("pictures", count.max(1) * shape.len(), pictures.len())?;
        let batch = |batch: &[f32]| {
            let count = batch.len() / shape.len();
            let dims = [count, shape.channels, shape.height, shape.width];
            Tensor::from_data(TensorData::new(batch.to_vec(), dims), self.device.inner())
        };
        let batches = pictures.chunks(size.max(1) * shape.len()).map(batch);
        Ok(Pictures {
            batches: batches.collect(),
            count,
        })
    }

    /// Logits `[n, K]` with the running statistics.
    ///
    /// # Errors
    /// [`Error::Setting`] where the device fails.
    pub fn logits(&self, at: &Placed, pictures: &Pictures) -> Result<Vec<f32>> {
        let mut logits = Vec::with_capacity(pictures.count * self.graph.num_classes());
        for batch in &pictures.batches {
            let (parameters, statistics) = (&at.parameters, &at.statistics);
            let (batch, _) = forward(&self.graph, parameters, statistics, batch.clone(), false);
            logits.extend(self.read(batch)?);
        }
        Ok(logits)
    }

    /// Cross-entropy −log p_y of each picture, in nats, with the running statistics.
    ///
    /// # Errors
    /// Those of [`logits`](Self::logits), and of labels that do not fit.
    pub fn losses(&self, at: &Placed, pictures: &Pictures, labels: &[u8]) -> Result<Vec<f64>> {
        check_len("labels", pictures.count, labels.len())?;
        labels
            .iter()
            .try_for_each(|&label| self.check_label(label))?;
        let logits = self.logits(at, pictures)?;
        let rows = logits.chunks_exact(self.graph.num_classes());
        Ok(rows
            .zip(labels)
            .map(|(row, &label)| softmax::cross_entropy(row, usize::from(label)))
            .collect())
    }

    /// Mean cross-entropy over the pictures, in nats, with the running statistics.
    ///
    /// # Errors
    /// Those of [`losses`](Self::losses).
    pub fn mean_loss(&self, at: &Placed, pictures: &Pictures, labels: &[u8]) -> Result<f64> {
        let losses = self.losses(at, pictures, labels)?;
        Ok(losses.iter().sum::<f64>() / losses.len() as f64)
    }

    /// Sum of the targets' terms and its gradient.
    ///
    /// # Errors
    /// [`Error::Shape`] where lengths do not fit, [`Error::Setting`] for labels that are none, for
    /// training on a batch that leaves a batch norm one value, and where the device fails.
    ///
    /// # Cost
    /// One gradient. All pictures are put on the device; in [`Mode::Train`] they go through at once.
    pub fn loss_and_grad(
        &self,
        theta: &[f32],
        buffers: &[f32],
        pictures: &[f32],
        targets: &[Target],
        mode: Mode,
    ) -> Result<Step> {
        let size = match mode {
            Mode::Train => targets.len(),
            Mode::Eval => self.batch_size,
        };
        let pictures = self.batches(pictures, size)?;
        self.step(theta, buffers, &pictures, targets, mode)
    }

    /// The same over pictures that are on the device, batch by batch.
    pub(super) fn step(
        &self,
        theta: &[f32],
        buffers: &[f32],
        pictures: &Pictures,
        targets: &[Target],
        mode: Mode,
    ) -> Result<Step> {
        let train = mode == Mode::Train;
        check_len("targets", pictures.count, targets.len())?;
        (targets.iter()).try_for_each(|target| self.check_label(target.label))?;
        if train {
            self.check_batch(targets.len())?;
        }
        let at = self.place(theta, buffers)?;
        let leaves: Vec<Parameter> = at.parameters.iter().map(Parameter::leaf).collect();
        let classes = self.graph.num_classes();
        let (mut loss, mut all_logits, mut grad) = (0.0, Vec::new(), None);
        let mut statistics = at.statistics.clone();
        let mut rest = targets;
        for batch in pictures.batches.iter().cloned() {
            let (output, updated) = forward(&self.graph, &leaves, &at.statistics, batch, train);
            statistics = updated;
            let logits = self.read(output.clone().without_autodiff())?;
            let (own, after) = rest.split_at(logits.len() / classes);
            rest = after;
            let mut slopes = Vec::with_capacity(logits.len());
            let mut each = vec![0.0; classes];
            for (row, target) in logits.chunks_exact(classes).zip(own) {
                let (label, slopes_of) = (usize::from(target.label), Some(&mut each[..]));
                loss += target.weight * softmax::loss(row, label, target.kind, slopes_of);
                slopes.extend(each.iter().map(|slope| (target.weight * slope) as f32));
            }
            // Backwards from Σ slope · logit, whose gradient is that of the loss.
            let slopes = TensorData::new(slopes, [own.len(), classes]);
            let slopes = Tensor::from_data(slopes, self.device.inner());
            let mut gradients = output.mul(slopes.autodiff()).sum().backward();
            let own_grad = self.gathered(&leaves, &mut gradients);
            grad = Some(match grad {
                None => own_grad,
                Some(sum) => own_grad.add(sum),
            });
            all_logits.extend(logits);
        }
        let buffers = match train && !statistics.is_empty() {
            true => self.read(Tensor::cat(statistics, 0))?,
            false => buffers.to_vec(),
        };
        Ok(Step {
            loss,
            grad: grad.map_or(Ok(Vec::new()), |grad| self.read(grad))?,
            logits: all_logits,
            buffers,
        })
    }

    /// The gradient as one vector in the order of θ, on the device.
    fn gathered(&self, leaves: &[Parameter], gradients: &mut Gradients) -> Tensor<1> {
        let flat = |(leaf, block): (&Parameter, &Block)| {
            let len = block.len();
            let grad = match leaf {
                Parameter::Kernel(leaf) => leaf.grad_remove(gradients).map(|g| g.reshape([len])),
                Parameter::Matrix(leaf) => leaf.grad_remove(gradients).map(|g| g.reshape([len])),
                Parameter::Vector(leaf) => leaf.grad_remove(gradients),
            };
            grad.unwrap_or_else(|| Tensor::zeros([len], self.device.inner()))
        };
        let blocks = self.graph.layout().blocks();
        Tensor::cat(leaves.iter().zip(blocks).map(flat).collect(), 0)
    }

    fn read<const D: usize>(&self, tensor: Tensor<D>) -> Result<Vec<f32>> {
        (tensor.try_into_vec_as::<f32>()).map_err(|error| self.device.failed(error))
    }

    fn check_label(&self, label: u8) -> Result<()> {
        let classes = self.graph.num_classes();
        match usize::from(label) < classes {
            true => Ok(()),
            false => {
                let expected = format!("a class below {classes}");
                Err(Error::setting("label", expected, label))
            }
        }
    }

    /// A variance needs two values.
    fn check_batch(&self, count: usize) -> Result<()> {
        let least = (self.graph.nodes().iter().enumerate())
            .filter(|(_, node)| matches!(node.op, Op::BatchNorm { .. }))
            .map(|(at, _)| count * self.graph.shape(at + 1).area())
            .min();
        match least {
            Some(0 | 1) => Err(Error::setting(
                "batch size",
                "two pictures or more, for the variances of batch norms in training",
                count,
            )),
            _ => Ok(()),
        }
    }
}

fn check_len(what: &str, expected: usize, found: usize) -> Result<()> {
    match expected == found {
        true => Ok(()),
        false => Err(Error::Shape {
            what: what.into(),
            expected: vec![expected],
            found: vec![found],
        }),
    }
}
