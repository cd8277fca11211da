//! The nets without shortcuts, layer by layer: VGG, LeNet-5, perceptrons.

use super::families::{Activation, Fifth, Pooling};
use super::residual::EPSILON;
use super::{Builder, Value};
use basinscope::Result;

/// Depths of VGG.
pub(super) const VGG_DEPTHS: [usize; 4] = [11, 13, 16, 19];

/// VGG's configurations A, B, D and E.
pub(super) fn vgg(
    net: &mut Builder,
    depth: usize,
    width: usize,
    norm: bool,
    hidden: &[usize],
    classes: usize,
) -> Result<()> {
    let convolutions = match depth {
        11 => [1, 1, 2, 2, 2],
        13 => [2, 2, 2, 2, 2],
        16 => [2, 2, 3, 3, 3],
        _ => [2, 2, 4, 4, 4],
    };
    let mut value: Value = 0;
    // Names as in `nn.Sequential`: convolution, norm, activation and pooling each count.
    let mut index = 0;
    for (times, convolutions) in [1, 2, 4, 8, 8].into_iter().zip(convolutions) {
        for _ in 0..convolutions {
            let name = format!("features.{index}");
            value = net.conv(&name, value, times * width, [3, 1, 1], true)?;
            if norm {
                index += 1;
                value = net.batch_norm(&format!("features.{index}"), value, EPSILON);
            }
            value = net.leaky_relu(value, 0.0);
            index += 2;
        }
        // Pictures of 28 × 28 are down to 1 × 1 one pooling earlier than those of 32 × 32.
        if net.shape(value).height > 1 && net.shape(value).width > 1 {
            value = net.max_pool(value, 2)?;
        }
        index += 1;
    }
    if hidden.is_empty() {
        net.linear("classifier", value, classes);
        return Ok(());
    }
    // Linear layer, activation and dropout each count.
    for (layer, &width) in hidden.iter().enumerate() {
        value = net.linear(&format!("classifier.{}", 3 * layer), value, width);
        value = net.leaky_relu(value, 0.0);
    }
    net.linear(&format!("classifier.{}", 3 * hidden.len()), value, classes);
    Ok(())
}

/// LeNet-5.
pub(super) fn lenet(
    net: &mut Builder,
    activation: Activation,
    pooling: Pooling,
    padding: Option<usize>,
    fifth: Fifth,
    classes: usize,
) -> Result<()> {
    // Pictures of 28 × 28 get the frame that LeCun's were drawn in.
    let usual = if net.shape(0).height < 32 { 2 } else { 0 };
    let padding = padding.unwrap_or(usual);
    let mut value: Value = 0;
    for (name, maps, padding) in [("conv1", 6, padding), ("conv2", 16, 0)] {
        value = net.conv(name, value, maps, [5, 1, padding], true)?;
        value = activated(net, value, activation);
        value = match pooling {
            Pooling::Max => net.max_pool(value, 2)?,
            Pooling::Mean => net.average_pool(value, 2)?,
        };
    }
    let linear: &[(&str, usize)] = match fifth {
        Fifth::Linear => &[("fc1", 120), ("fc2", 84)],
        Fifth::Conv => {
            value = net.conv("conv3", value, 120, [5, 1, 0], true)?;
            value = activated(net, value, activation);
            &[("fc1", 84)]
        }
    };
    for &(name, width) in linear {
        value = net.linear(name, value, width);
        value = activated(net, value, activation);
    }
    net.linear(&format!("fc{}", linear.len() + 1), value, classes);
    Ok(())
}

/// Linear layers on the pixels.
pub(super) fn perceptron(
    net: &mut Builder,
    hidden: &[usize],
    activation: Activation,
    norm: bool,
    classes: usize,
) {
    let mut value: Value = 0;
    // With norms as in `nn.Sequential`: linear layer, norm and activation each count.
    let step = if norm { 3 } else { 1 };
    for (layer, &width) in hidden.iter().enumerate() {
        let index = step * layer;
        value = net.linear(&format!("layers.{index}"), value, width);
        if norm {
            value = net.batch_norm(&format!("layers.{}", index + 1), value, EPSILON);
        }
        value = activated(net, value, activation);
    }
    net.linear(&format!("layers.{}", step * hidden.len()), value, classes);
}

fn activated(net: &mut Builder, value: Value, activation: Activation) -> Value {
    match activation {
        Activation::Relu => net.leaky_relu(value, 0.0),
        Activation::Tanh => net.tanh(value),
    }
}
