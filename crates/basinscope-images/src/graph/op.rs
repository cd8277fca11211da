//! The operations a net is made of.

use basinscope::surface::{Block, ParameterLayout};
use std::ops::Range;

/// Channels, height and width of one picture, or of what a layer makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Channels C.
    pub channels: usize,
    /// Rows H.
    pub height: usize,
    /// Columns W.
    pub width: usize,
}

impl Shape {
    /// A shape.
    pub fn new(channels: usize, height: usize, width: usize) -> Self {
        Self {
            channels,
            height,
            width,
        }
    }

    /// Number of values, C·H·W.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(self) -> usize {
        self.channels * self.height * self.width
    }

    /// Positions H·W.
    pub fn area(self) -> usize {
        self.height * self.width
    }
}

/// What one node does to its input. Indices are those of blocks in the layout of θ (or, of running
/// statistics, in the layout of the buffers).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    /// Cross-correlation with `[out, in, kernel, kernel]`, zeros around (PyTorch's `Conv2d`).
    Conv {
        /// Block of the weights.
        weight: usize,
        /// Block of the biases `[out]`.
        bias: Option<usize>,
        /// Side of the kernel.
        kernel: usize,
        /// Step between two outputs.
        stride: usize,
        /// Zeros on each side.
        padding: usize,
    },
    /// `(x − mean)/√(variance + ε)·scale + shift`, channel by channel (PyTorch's `BatchNorm2d`).
    BatchNorm {
        /// Block of the scales γ.
        scale: usize,
        /// Block of the shifts β.
        shift: usize,
        /// Block of the running means among the buffers; that of the variances is the next.
        running: usize,
        /// ε.
        epsilon: f32,
    },
    /// `max(x, slope·x)`; slope 0 is ReLU.
    LeakyRelu {
        /// Slope below 0, in [0, 1).
        slope: f32,
    },
    /// Hyperbolic tangent.
    Tanh,
    /// Sum of both inputs.
    Add,
    /// Mean of each `size × size` window, `size` apart; what does not fill a window is left out.
    AveragePool {
        /// Side of the window.
        size: usize,
    },
    /// Largest value of each `size × size` window; the first of equals gets the gradient.
    MaxPool {
        /// Side of the window.
        size: usize,
        /// Step between two windows.
        stride: usize,
        /// Positions on each side that windows may reach beyond the edge; they count as −∞.
        padding: usize,
    },
    /// Mean over all positions of each channel.
    GlobalPool,
    /// Every `step`-th row and column, the first ones included: `x[:, :, ::step, ::step]`.
    Subsample {
        /// Step between two rows or columns.
        step: usize,
    },
    /// Channels of zeros before and after.
    PadChannels {
        /// Before.
        before: usize,
        /// After.
        after: usize,
    },
    /// `weight · x + bias`, x flattened in PyTorch's order (channel, row, column).
    Linear {
        /// Block of the weights `[out, in]`.
        weight: usize,
        /// Block of the biases.
        bias: usize,
    },
    /// All pixels, then all products of two values of the picture halved by 2×2 means (squares
    /// included): the features of the paper's linear model (its Table 1).
    QuadraticFeatures,
}

/// One operation and where its inputs come from. Value 0 is the picture, value i + 1 what node i
/// gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What is done.
    pub op: Op,
    /// One value, or two for [`Op::Add`].
    pub inputs: Vec<usize>,
}

/// A whole net. Made by a [`Builder`](super::Builder), which checks every shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(super) shapes: Vec<Shape>,
    pub(super) layout: ParameterLayout,
    pub(super) buffers: Vec<Block>,
}

impl Graph {
    /// The operations, each after those it takes its inputs from; the last one gives the logits.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Shape of a value; `0` is the picture.
    pub fn shape(&self, value: usize) -> Shape {
        self.shapes[value]
    }

    /// Shape of the pictures.
    pub fn input(&self) -> Shape {
        self.shapes[0]
    }

    /// Number of classes K.
    pub fn num_classes(&self) -> usize {
        self.shapes[self.nodes.len()].channels
    }

    /// The blocks of θ.
    pub fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    /// The running statistics: for each batch norm a block of means and one of variances.
    pub fn buffers(&self) -> &[Block] {
        &self.buffers
    }

    /// Number of values in the buffers.
    pub fn num_buffers(&self) -> usize {
        self.buffers.last().map_or(0, |block| block.range().end)
    }

    /// Place of a block in θ.
    pub fn range(&self, block: usize) -> Range<usize> {
        self.layout.blocks()[block].range()
    }

    /// Places of the running means and variances of a batch norm.
    pub fn running(&self, block: usize) -> [Range<usize>; 2] {
        [self.buffers[block].range(), self.buffers[block + 1].range()]
    }

    /// Running statistics before training: means 0, variances 1.
    pub fn initial_buffers(&self) -> Vec<f32> {
        let mut buffers = vec![0.0; self.num_buffers()];
        for pair in self.buffers.chunks_exact(2) {
            buffers[pair[1].range()].fill(1.0);
        }
        buffers
    }

    /// Multiply–adds of one picture's forward pass, those of convolutions and matrices.
    pub fn multiply_adds(&self) -> usize {
        (self.nodes.iter().enumerate())
            .map(|(at, node)| match node.op {
                Op::Conv { weight, .. } => {
                    self.layout.blocks()[weight].len() * self.shapes[at + 1].area()
                }
                Op::Linear { weight, .. } => self.layout.blocks()[weight].len(),
                _ => 0,
            })
            .sum()
    }
}
