//! Puts a graph together, layer by layer, with the names and the shapes of everything.

use super::{Graph, Node, Op, Shape};
use basinscope::surface::{Block, BlockKind, ParameterLayout};
use basinscope::{Error, Result};

/// What a layer gives: the index of a value.
pub type Value = usize;

/// Builds a [`Graph`]. Every method adds one operation and returns the value it gives.
pub struct Builder {
    nodes: Vec<Node>,
    shapes: Vec<Shape>,
    blocks: Vec<Block>,
    buffers: Vec<Block>,
    layers: usize,
}

impl Builder {
    /// The picture, as value 0.
    pub fn new(input: Shape) -> Self {
        Self {
            nodes: Vec::new(),
            shapes: vec![input],
            blocks: Vec::new(),
            buffers: Vec::new(),
            layers: 0,
        }
    }

    /// Shape of a value.
    pub fn shape(&self, value: Value) -> Shape {
        self.shapes[value]
    }

    fn push(&mut self, op: Op, inputs: &[Value], shape: Shape) -> Value {
        self.nodes.push(Node {
            op,
            inputs: inputs.to_vec(),
        });
        self.shapes.push(shape);
        self.nodes.len()
    }

    fn block(&mut self, name: String, kind: BlockKind, shape: Vec<usize>) -> usize {
        let offset = self.blocks.last().map_or(0, |block| block.range().end);
        self.blocks.push(Block {
            name,
            layer: self.layers,
            kind,
            offset,
            shape,
        });
        self.blocks.len() - 1
    }

    fn buffer(&mut self, name: String, channels: usize) -> usize {
        let offset = self.buffers.last().map_or(0, |block| block.range().end);
        self.buffers.push(Block {
            name,
            layer: self.layers,
            kind: BlockKind::BatchNorm,
            offset,
            shape: vec![channels],
        });
        self.buffers.len() - 1
    }

    /// A convolution `NAME.weight` (and `NAME.bias`); see [`Op::Conv`].
    ///
    /// # Errors
    /// [`Error::Setting`] where the kernel is larger than the padded picture.
    pub fn conv(
        &mut self,
        name: &str,
        from: Value,
        channels: usize,
        [kernel, stride, padding]: [usize; 3],
        has_bias: bool,
    ) -> Result<Value> {
        let input = self.shapes[from];
        let [height, width] =
            [input.height, input.width].map(|size| extent(size, [kernel, stride, padding]));
        let (Some(height), Some(width)) = (height, width) else {
            return Err(too_small(name, input, kernel - 2 * padding));
        };
        let shape = vec![channels, input.channels, kernel, kernel];
        let weight = self.block(format!("{name}.weight"), BlockKind::Weight, shape);
        let bias =
            has_bias.then(|| self.block(format!("{name}.bias"), BlockKind::Bias, vec![channels]));
        self.layers += 1;
        let op = Op::Conv {
            weight,
            bias,
            kernel,
            stride,
            padding,
        };
        Ok(self.push(op, &[from], Shape::new(channels, height, width)))
    }

    /// A batch norm `NAME.weight`, `NAME.bias`, with `NAME.running_mean` and `NAME.running_var`; of
    /// a vector, each value is a channel.
    pub fn batch_norm(&mut self, name: &str, from: Value, epsilon: f32) -> Value {
        let shape = self.shapes[from];
        let channels = shape.channels;
        let scale = self.block(
            format!("{name}.weight"),
            BlockKind::BatchNorm,
            vec![channels],
        );
        let shift = self.block(format!("{name}.bias"), BlockKind::BatchNorm, vec![channels]);
        let running = self.buffer(format!("{name}.running_mean"), channels);
        self.buffer(format!("{name}.running_var"), channels);
        self.layers += 1;
        let op = Op::BatchNorm {
            scale,
            shift,
            running,
            epsilon,
        };
        self.push(op, &[from], shape)
    }

    /// A leaky ReLU; slope 0 for a plain one.
    pub fn leaky_relu(&mut self, from: Value, slope: f32) -> Value {
        self.push(Op::LeakyRelu { slope }, &[from], self.shapes[from])
    }

    /// The hyperbolic tangent.
    pub fn tanh(&mut self, from: Value) -> Value {
        self.push(Op::Tanh, &[from], self.shapes[from])
    }

    /// Every `step`-th row and column.
    pub fn subsample(&mut self, from: Value, step: usize) -> Value {
        let input = self.shapes[from];
        let [height, width] = [input.height, input.width].map(|size| size.div_ceil(step));
        let shape = Shape::new(input.channels, height, width);
        self.push(Op::Subsample { step }, &[from], shape)
    }

    /// The sum of two values of one shape.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        assert_eq!(self.shapes[a], self.shapes[b], "summands of one shape");
        self.push(Op::Add, &[a, b], self.shapes[a])
    }

    /// Means of windows.
    ///
    /// # Errors
    /// [`Error::Setting`] where not one window fits.
    pub fn average_pool(&mut self, from: Value, size: usize) -> Result<Value> {
        self.pool(Op::AveragePool { size }, from, [size, size, 0])
    }

    /// Largest values of windows side by side.
    ///
    /// # Errors
    /// [`Error::Setting`] where not one window fits.
    pub fn max_pool(&mut self, from: Value, size: usize) -> Result<Value> {
        self.max_pool_with(from, [size, size, 0])
    }

    /// Largest values of windows; see [`Op::MaxPool`].
    ///
    /// # Errors
    /// As [`Builder::max_pool`].
    pub fn max_pool_with(
        &mut self,
        from: Value,
        [size, stride, padding]: [usize; 3],
    ) -> Result<Value> {
        assert!(2 * padding <= size, "windows that hold a value");
        let op = Op::MaxPool {
            size,
            stride,
            padding,
        };
        self.pool(op, from, [size, stride, padding])
    }

    fn pool(&mut self, op: Op, from: Value, window: [usize; 3]) -> Result<Value> {
        let input = self.shapes[from];
        let [height, width] = [input.height, input.width].map(|size| extent(size, window));
        let (Some(height), Some(width)) = (height, width) else {
            return Err(too_small("pooling", input, window[0] - 2 * window[2]));
        };
        Ok(self.push(op, &[from], Shape::new(input.channels, height, width)))
    }

    /// Means over all positions.
    pub fn global_pool(&mut self, from: Value) -> Value {
        let channels = self.shapes[from].channels;
        self.push(Op::GlobalPool, &[from], Shape::new(channels, 1, 1))
    }

    /// Channels of zeros around.
    pub fn pad_channels(&mut self, from: Value, before: usize, after: usize) -> Value {
        let shape = self.shapes[from];
        let channels = before + shape.channels + after;
        let op = Op::PadChannels { before, after };
        self.push(op, &[from], Shape { channels, ..shape })
    }

    /// A matrix `NAME.weight` and `NAME.bias` on the flattened value.
    pub fn linear(&mut self, name: &str, from: Value, outputs: usize) -> Value {
        let inputs = self.shapes[from].len();
        let weight = self.block(
            format!("{name}.weight"),
            BlockKind::Weight,
            vec![outputs, inputs],
        );
        let bias = self.block(format!("{name}.bias"), BlockKind::Bias, vec![outputs]);
        self.layers += 1;
        let op = Op::Linear { weight, bias };
        self.push(op, &[from], Shape::new(outputs, 1, 1))
    }

    /// Pixels and products of two values of the halved picture.
    pub fn quadratic_features(&mut self, from: Value) -> Value {
        let input = self.shapes[from];
        let halved = input.channels * (input.height / 2) * (input.width / 2);
        let features = input.len() + halved * (halved + 1) / 2;
        self.push(Op::QuadraticFeatures, &[from], Shape::new(features, 1, 1))
    }

    /// The finished graph; the last value must be the logits.
    pub fn finish(self) -> Graph {
        Graph {
            nodes: self.nodes,
            shapes: self.shapes,
            layout: ParameterLayout::new(self.blocks),
            buffers: self.buffers,
        }
    }
}

/// How many windows fit into an extent, of this size, stride and padding.
fn extent(size: usize, [window, stride, padding]: [usize; 3]) -> Option<usize> {
    let padded = size + 2 * padding;
    (padded >= window).then(|| (padded - window) / stride + 1)
}

fn too_small(what: &str, found: Shape, least: usize) -> Error {
    Error::setting(
        format!("pictures ({what})"),
        format!("at least {least}×{least} at this layer"),
        format!("{}×{}", found.height, found.width),
    )
}
