//! The residual nets, layer by layer.

use super::families::{Shortcut, Stem};
use super::{Builder, Value};
use basinscope::{Error, Result};

/// ε of the paper's residual net.
pub const RESNET_EPSILON: f32 = 1e-3;
/// Slope of the paper's residual net below 0.
pub const RESNET_SLOPE: f32 = 0.1;
/// PyTorch's ε.
pub(super) const EPSILON: f32 = 1e-5;
/// Depths that residual nets for small pictures may have.
pub(super) const RESNET_DEPTHS: std::ops::RangeInclusive<usize> = 8..=1202;

/// The paper's: norm and activation before each convolution.
pub(super) fn pre_activation(
    net: &mut Builder,
    depth: usize,
    width: usize,
    classes: usize,
) -> Result<()> {
    let blocks = (depth - 2) / 6;
    let activated = |net: &mut Builder, name: &str, from| {
        let value = net.batch_norm(name, from, RESNET_EPSILON);
        net.leaky_relu(value, RESNET_SLOPE)
    };
    let mut value = net.conv("conv", 0, width, [3, 1, 1], false)?;
    for stage in 0..3 {
        let channels = width << stage;
        for block in 0..blocks {
            let name = format!("stages.{stage}.{block}");
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let inner = activated(net, &format!("{name}.bn1"), value);
            let mut shortcut = if stage == 0 && block == 0 {
                inner
            } else {
                value
            };
            if stride > 1 {
                // A window more than fits would be lost: odd pictures end as the convolution does.
                shortcut = net.average_pool(shortcut, stride)?;
                shortcut = widened(net, shortcut, channels);
            }
            let conv = net.conv(
                &format!("{name}.conv1"),
                inner,
                channels,
                [3, stride, 1],
                false,
            )?;
            let inner = activated(net, &format!("{name}.bn2"), conv);
            let conv = net.conv(&format!("{name}.conv2"), inner, channels, [3, 1, 1], false)?;
            if net.shape(conv) != net.shape(shortcut) {
                let found = net.shape(0);
                let expected = "height and width that can be halved twice (28, 32, …)";
                let found = format!("{}×{}", found.height, found.width);
                return Err(Error::setting("pictures (resnet)", expected, found));
            }
            value = net.add(shortcut, conv);
        }
    }
    value = activated(net, "bn", value);
    value = net.global_pool(value);
    net.linear("fc", value, classes);
    Ok(())
}

/// Of three stages, as first published for CIFAR.
pub(super) fn for_cifar(
    net: &mut Builder,
    depth: usize,
    width: usize,
    shortcut: Shortcut,
    classes: usize,
) -> Result<()> {
    let blocks = [(depth - 2) / 6; 3];
    let value = conv_norm(net, ["conv1", "bn1"], 0, width, [3, 1, 1])?;
    let value = net.leaky_relu(value, 0.0);
    post_activation(net, value, &blocks, width, shortcut, classes)
}

/// Of four stages, with the number of blocks in each.
pub(super) fn basic(
    net: &mut Builder,
    blocks: [usize; 4],
    width: usize,
    stem: Stem,
    classes: usize,
) -> Result<()> {
    let how = match stem {
        Stem::Small => [3, 1, 1],
        Stem::Imagenet => [7, 2, 3],
    };
    let value = conv_norm(net, ["conv1", "bn1"], 0, width, how)?;
    let mut value = net.leaky_relu(value, 0.0);
    if stem == Stem::Imagenet {
        value = net.max_pool_with(value, [3, 2, 1])?;
    }
    post_activation(net, value, &blocks, width, Shortcut::B, classes)
}

/// Stages of blocks with norm and activation after each convolution, mean over positions, head.
fn post_activation(
    net: &mut Builder,
    mut value: Value,
    blocks: &[usize],
    width: usize,
    kind: Shortcut,
    classes: usize,
) -> Result<()> {
    for (stage, &blocks) in blocks.iter().enumerate() {
        let channels = width << stage;
        for block in 0..blocks {
            let name = |what: &str| format!("layer{}.{block}.{what}", stage + 1);
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let names = [&name("conv1")[..], &name("bn1")];
            let inner = conv_norm(net, names, value, channels, [3, stride, 1])?;
            let inner = net.leaky_relu(inner, 0.0);
            let names = [&name("conv2")[..], &name("bn2")];
            let inner = conv_norm(net, names, inner, channels, [3, 1, 1])?;
            let shortcut = match (stride, kind) {
                (1, _) => value,
                (_, Shortcut::A) => {
                    let picked = net.subsample(value, stride);
                    widened(net, picked, channels)
                }
                (_, Shortcut::B) => {
                    let names = [&name("shortcut.0")[..], &name("shortcut.1")];
                    conv_norm(net, names, value, channels, [1, stride, 0])?
                }
            };
            let sum = net.add(inner, shortcut);
            value = net.leaky_relu(sum, 0.0);
        }
    }
    value = net.global_pool(value);
    net.linear("linear", value, classes);
    Ok(())
}

fn conv_norm(
    net: &mut Builder,
    [conv, norm]: [&str; 2],
    from: Value,
    channels: usize,
    how: [usize; 3],
) -> Result<Value> {
    let value = net.conv(conv, from, channels, how, false)?;
    Ok(net.batch_norm(norm, value, EPSILON))
}

/// Channels of zeros on both sides.
fn widened(net: &mut Builder, value: Value, channels: usize) -> Value {
    let missing = channels - net.shape(value).channels;
    net.pad_channels(value, missing / 2, missing - missing / 2)
}
