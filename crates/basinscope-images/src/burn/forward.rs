//! The operations of a graph as Burn's functions.

use crate::graph::{Graph, Op};
use ::burn::tensor::module::{avg_pool2d, batch_norm, batch_norm_train, conv2d, max_pool2d};
use ::burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use ::burn::tensor::{Int, Tensor, TensorData, activation};

/// Share of the batch in the running statistics after a step (PyTorch's default).
const MOMENTUM: f64 = 0.1;

/// Tensors of one θ by block.
#[derive(Clone)]
pub(super) enum Parameter {
    /// Of a convolution.
    Kernel(Tensor<4>),
    /// Of a linear layer, `[out, in]`.
    Matrix(Tensor<2>),
    /// Biases, scales and shifts.
    Vector(Tensor<1>),
}

impl Parameter {
    /// The same values as a leaf that gets a gradient.
    pub(super) fn leaf(&self) -> Self {
        match self {
            Self::Kernel(tensor) => Self::Kernel(tensor.clone().autodiff().require_grad()),
            Self::Matrix(tensor) => Self::Matrix(tensor.clone().autodiff().require_grad()),
            Self::Vector(tensor) => Self::Vector(tensor.clone().autodiff().require_grad()),
        }
    }

    fn kernel(&self) -> Tensor<4> {
        match self {
            Self::Kernel(tensor) => tensor.clone(),
            _ => unreachable!("the builder gives convolutions kernels"),
        }
    }

    fn matrix(&self) -> Tensor<2> {
        match self {
            Self::Matrix(tensor) => tensor.clone(),
            _ => unreachable!("the builder gives linear layers matrices"),
        }
    }

    fn vector(&self) -> Tensor<1> {
        match self {
            Self::Vector(tensor) => tensor.clone(),
            _ => unreachable!("the builder gives biases and norms vectors"),
        }
    }
}

/// Logits `[n, K]` of pictures `[n, C, H, W]`, and in training the new running statistics.
pub(super) fn forward(
    graph: &Graph,
    parameters: &[Parameter],
    statistics: &[Tensor<1>],
    pictures: Tensor<4>,
    train: bool,
) -> (Tensor<2>, Vec<Tensor<1>>) {
    let count = pictures.dims()[0];
    let mut last_use = vec![0; graph.nodes().len() + 1];
    for (at, node) in graph.nodes().iter().enumerate() {
        node.inputs.iter().for_each(|&input| last_use[input] = at);
    }
    let mut values: Vec<Option<Tensor<4>>> = vec![Some(pictures)];
    let mut updated = statistics.to_vec();
    for (at, node) in graph.nodes().iter().enumerate() {
        let input = |which: usize| {
            let value = values[node.inputs[which]].clone();
            value.expect("kept until its last use")
        };
        let x = input(0);
        let shape = graph.shape(at + 1);
        let vector = |block: usize| parameters[block].vector();
        let y = match node.op {
            Op::Conv {
                weight,
                bias,
                stride,
                padding,
                ..
            } => {
                let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
                conv2d(x, parameters[weight].kernel(), bias.map(vector), options)
            }
            Op::BatchNorm {
                scale,
                shift,
                running,
                epsilon,
            } => {
                let (scale, shift) = (vector(scale), vector(shift));
                let epsilon = f64::from(epsilon);
                let [mean, variance] = [&statistics[running], &statistics[running + 1]];
                if train {
                    // The normalisation divides by N, the running variance by N − 1.
                    let size = (count * shape.area()) as f64;
                    let batch = batch_norm_train(x, scale, shift, epsilon);
                    let mix = |old: &Tensor<1>, new: Tensor<1>, factor: f64| {
                        let new = new.without_autodiff().mul_scalar(MOMENTUM * factor);
                        old.clone().mul_scalar(1.0 - MOMENTUM).add(new)
                    };
                    updated[running] = mix(mean, batch.mean, 1.0);
                    updated[running + 1] = mix(variance, batch.variance, size / (size - 1.0));
                    batch.output
                } else {
                    let (mean, variance) = (mean.clone(), variance.clone());
                    batch_norm(x, scale, shift, mean, variance, epsilon)
                }
            }
            Op::LeakyRelu { slope: 0.0 } => activation::relu(x),
            Op::LeakyRelu { slope } => activation::leaky_relu(x, f64::from(slope)),
            Op::Add => x.add(input(1)),
            Op::AveragePool { size } => avg_pool2d(x, AvgPoolOptions::new([size; 2])),
            Op::MaxPool {
                size,
                stride,
                padding,
            } => {
                let options = MaxPoolOptions::new([size; 2]);
                let options = options.with_stride([stride; 2]).with_padding([padding; 2]);
                max_pool2d(x, options)
            }
            Op::Tanh => x.tanh(),
            // Windows of one position, `step` apart.
            Op::Subsample { step } => {
                max_pool2d(x, MaxPoolOptions::new([1; 2]).with_stride([step; 2]))
            }
            Op::GlobalPool => x.mean_dims(&[2, 3]),
            Op::PadChannels { before, after } => {
                let zeros = |channels| {
                    let dims = [count, channels, shape.height, shape.width];
                    Tensor::zeros(dims, &x.device())
                };
                let mut parts = vec![x.clone()];
                if before > 0 {
                    parts.insert(0, zeros(before));
                }
                if after > 0 {
                    parts.push(zeros(after));
                }
                Tensor::cat(parts, 1)
            }
            Op::Linear { weight, bias } => {
                let inputs = graph.shape(node.inputs[0]).len();
                let product = (x.reshape([count, inputs])).matmul(parameters[weight].matrix().t());
                let bias = vector(bias).unsqueeze::<2>();
                product.add(bias).reshape([count, shape.len(), 1, 1])
            }
            Op::QuadraticFeatures => {
                let input = graph.shape(node.inputs[0]);
                quadratic_features(x, input.len()).reshape([count, shape.len(), 1, 1])
            }
        };
        for &input in &node.inputs {
            if last_use[input] == at {
                values[input] = None;
            }
        }
        values.push(Some(y));
    }
    let logits = values.pop().flatten().expect("a graph has a last value");
    (logits.reshape([count, graph.num_classes()]), updated)
}

/// Pixels, then products of two values i ≤ j of the halved picture; `[n, features]`.
fn quadratic_features(pictures: Tensor<4>, pixels: usize) -> Tensor<2> {
    let count = pictures.dims()[0];
    let halved = avg_pool2d(pictures.clone(), AvgPoolOptions::new([2; 2]));
    let halved: Tensor<2> = halved.flatten(1, 3);
    let len = halved.dims()[1];
    let pairs = (0..len).flat_map(|i| (i..len).map(move |j| (i as i64, j as i64)));
    let (first, second): (Vec<i64>, Vec<i64>) = pairs.unzip();
    let device = halved.device();
    let index = |values: Vec<i64>| {
        let data = TensorData::new(values, [len * (len + 1) / 2]);
        Tensor::<1, Int>::from_data(data, &device)
    };
    let products = (halved.clone().select(1, index(first))).mul(halved.select(1, index(second)));
    Tensor::cat(vec![pictures.reshape([count, pixels]), products], 1)
}
