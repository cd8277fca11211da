//! What a whole net (`torch.save(net, file)`) says of its layers besides their tensors: classes of
//! activations and poolings, ε of norms, steps of convolutions.

use super::layers::Blocks;
use super::pickle::{Handle, Object, Pickle};
use super::{Entry, Fault};
use crate::graph::{Graph, Op, Shape};
use basinscope::net::Activation;

/// The layers of a whole net that are of PyTorch's own classes, in the order of definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Built {
    pub layers: Vec<Layer>,
    /// Whether a part is no `nn.Sequential`: then layers may run in any order, and others with them.
    is_own: bool,
}

/// A layer of one of PyTorch's classes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layer {
    pub path: String,
    /// `activation` of `torch.nn.modules.activation`.
    kind: String,
    class: String,
    /// Settings by name, those of rows and of columns.
    settings: Vec<(&'static str, [f64; 2])>,
}

/// Modules of `torch.nn.modules` whose classes change what a net computes; linear layers have
/// nothing but their tensors.
const KINDS: [&str; 9] = [
    "activation",
    "pooling",
    "batchnorm",
    "conv",
    "normalization",
    "instancenorm",
    "padding",
    "upsampling",
    "pixelshuffle",
];
const SETTINGS: [&str; 9] = [
    "eps",
    "negative_slope",
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "output_size",
    "ceil_mode",
    "padding_mode",
];

impl Built {
    /// Takes a module in; `prefix` is its path with a point.
    pub fn add(&mut self, pickle: &Pickle, object: Handle, prefix: &str) {
        let Object::Instance(instance) = pickle.get(object) else {
            return;
        };
        let (Some((module, class)), Some(state)) = (pickle.global(instance.class), instance.state)
        else {
            self.is_own = true;
            return;
        };
        let parts = pickle.item(state, "_modules");
        let has_parts = parts.is_some_and(|parts| pickle.items(parts).next().is_some());
        let own = module.strip_prefix("torch.nn.modules.");
        self.is_own |= own.is_none() || has_parts && class != "Sequential";
        let Some(kind) = own.filter(|kind| KINDS.contains(kind)) else {
            return;
        };
        let setting = |name: &&'static str| Some((*name, pair(pickle, pickle.item(state, name)?)?));
        self.layers.push(Layer {
            path: prefix.strip_suffix('.').unwrap_or(prefix).into(),
            kind: kind.into(),
            class: class.chars().take(40).collect(),
            settings: SETTINGS.iter().filter_map(setting).collect(),
        });
    }
}

/// A number for rows and columns, or one for each; of modes of padding 0 for zeros.
fn pair(pickle: &Pickle, value: Handle) -> Option<[f64; 2]> {
    let number = |value: Handle| match pickle.get(value) {
        Object::Int(value) => Some(*value as f64),
        Object::Float(value) => Some(*value),
        Object::Bool(value) => Some(f64::from(u8::from(*value))),
        Object::Text(text) => Some(f64::from(u8::from(text != "zeros"))),
        _ => None,
    };
    match pickle.get(value) {
        Object::Tuple(pair) | Object::List(pair) => match pair[..] {
            [both] => number(both).map(|both| [both; 2]),
            [rows, columns] => Some([number(rows)?, number(columns)?]),
            _ => None,
        },
        _ => number(value).map(|both| [both; 2]),
    }
}

impl Layer {
    fn get(&self, name: &str) -> Option<[f64; 2]> {
        let found = self.settings.iter().find(|(found, _)| *found == name);
        found.map(|&(_, value)| value)
    }

    /// Whether a setting is this, or is not said.
    fn is(&self, name: &str, value: usize) -> bool {
        self.get(name)
            .is_none_or(|found| found == [value as f64; 2])
    }

    /// Whether its windows are these: size, steps and frame.
    fn windows(&self, [size, stride, padding]: [usize; 3]) -> bool {
        self.is("kernel_size", size)
            && self.is("stride", stride)
            && self.is("padding", padding)
            && self.is("dilation", 1)
            && self.is("ceil_mode", 0)
    }

    fn activation(&self) -> Option<Activation> {
        match &*self.class {
            "ReLU" => Some(Activation::Relu),
            "Tanh" => Some(Activation::Tanh),
            "LeakyReLU" => self
                .get("negative_slope")
                .map(|[slope, _]| match slope as f32 {
                    0.0 => Activation::Relu,
                    slope => Activation::LeakyRelu { slope },
                }),
            _ => None,
        }
    }

    /// As an error shows it, with the settings that matter.
    fn shown(&self) -> String {
        let shown = [
            "kernel_size",
            "stride",
            "padding",
            "negative_slope",
            "output_size",
        ];
        let setting = |name: &&str| {
            let [rows, columns] = self.get(name)?;
            Some(match rows == columns {
                true => format!("{name} {rows}"),
                false => format!("{name} {rows}×{columns}"),
            })
        };
        let settings: Vec<String> = shown.iter().filter_map(setting).collect();
        match settings[..] {
            [] => self.class.clone(),
            _ => format!("{} with {}", self.class, settings.join(", ")),
        }
    }

    fn fault(&self, expected: impl Into<String>, found: impl ToString) -> Fault {
        let path = match &*self.path {
            "" => "net",
            path => path,
        };
        Fault::new(path, expected, found)
    }
}

/// What to do where nothing else helps.
const UNUSED: &str = "no net here has it (if it is not used, save net.state_dict() in its place)";

/// Refuses a whole net one of whose layers does otherwise than the net to be measured.
///
/// # Errors
/// The layer, with the option that would fit where there is one.
pub(super) fn check(
    built: &Built,
    entries: &[Entry],
    places: &[usize],
    blocks: &Blocks<'_>,
) -> Result<(), Fault> {
    let mut activations = 0;
    for layer in &built.layers {
        match &*layer.kind {
            "activation" if is_of_output(layer, built, blocks) => {}
            "activation" => {
                activation(layer, blocks)?;
                activations += 1;
            }
            "pooling" => pooling(layer, blocks.graph())?,
            "batchnorm" => epsilon(layer, blocks.graph())?,
            "conv" => {}
            _ => return Err(layer.fault("no such layer in the net", layer.shown())),
        }
    }
    let wanted = blocks.activation().map_or(0, |(_, count)| count);
    if !built.is_own && activations != wanted {
        let expected = format!("{wanted} activations between its layers");
        return Err(Fault::new("net", expected, activations));
    }
    let graph = blocks.graph();
    for max in [true, false] {
        let is_meant = |op: &Op| match max {
            true => matches!(op, Op::MaxPool { .. }),
            false => matches!(op, Op::AveragePool { .. }),
        };
        let nodes = graph.map_or(&[][..], Graph::nodes).iter();
        let wanted = nodes.filter(|node| is_meant(&node.op)).count();
        let class = if max { "MaxPool2d" } else { "AvgPool2d" };
        let found = built
            .layers
            .iter()
            .filter(|layer| layer.class == class)
            .count();
        // One may stand in several places of a net of its own, or be called as a function.
        if wanted > 0 && found != wanted && !(built.is_own && found <= 1) {
            let expected = format!("{wanted} of {class}");
            return Err(Fault::new("net", expected, found));
        }
    }
    let Some(graph) = graph else { return Ok(()) };
    for node in graph.nodes() {
        let Op::Conv {
            weight,
            kernel,
            stride,
            padding,
            ..
        } = node.op
        else {
            continue;
        };
        let name = &graph.layout().blocks()[weight].name;
        let wanted = blocks
            .wanted()
            .iter()
            .position(|wanted| wanted.block.name == *name);
        let Some(entry) = wanted.map(|at| &entries[places[at]]) else {
            continue;
        };
        let path = entry.name.rsplit_once('.').map_or("", |(path, _)| path);
        let layer = built.layers.iter().find(|layer| layer.path == path);
        if let Some(layer) = layer.filter(|layer| layer.kind == "conv")
            && !(layer.windows([kernel, stride, padding]) && layer.is("padding_mode", 0))
        {
            let expected = format!(
                "a convolution of {kernel}×{kernel} by steps of {stride}, {padding} zeros around, \
                 as in the net to be measured"
            );
            return Err(layer.fault(expected, layer.shown()));
        }
    }
    Ok(())
}

/// Whether an activation stands behind the outputs, and leaves the loss of them as it is: the
/// logarithm of a softmax, or the sigmoid of one output that ours takes for the loss itself.
fn is_of_output(layer: &Layer, built: &Built, blocks: &Blocks<'_>) -> bool {
    let outputs = blocks
        .wanted()
        .last()
        .map_or(0, |wanted| wanted.block.shape[0]);
    let others = |other: &Layer| other.kind == "activation" && other.class != layer.class;
    let is_last =
        built.layers.last() == Some(layer) && (!built.is_own || built.layers.iter().any(others));
    match &*layer.class {
        "LogSoftmax" => outputs > 1,
        "Sigmoid" => outputs == 1 && is_last,
        _ => false,
    }
}

fn activation(layer: &Layer, blocks: &Blocks<'_>) -> Result<(), Fault> {
    let (wanted, found) = (blocks.activation().map(|(own, _)| own), layer.activation());
    if found.is_some() && found == wanted {
        return Ok(());
    }
    let named = |activation: Activation| match activation {
        Activation::Relu => "ReLU".to_string(),
        Activation::Tanh => "Tanh".into(),
        Activation::LeakyRelu { slope } => format!("LeakyReLU of slope {slope}"),
    };
    let is_pictures = blocks.graph().is_some_and(|graph| graph.input().area() > 1);
    let advice = match (found, is_pictures) {
        (Some(Activation::Tanh), true) => "--net with -tanh, as lenet5-tanh".into(),
        (Some(Activation::Relu), true) => "--net of a name without -tanh".into(),
        (Some(Activation::Tanh), false) => "--activation tanh".into(),
        (Some(Activation::Relu), false) => "--activation relu".into(),
        (Some(Activation::LeakyRelu { slope }), false) => {
            format!("--activation leaky-relu --slope {slope}")
        }
        _ => UNUSED.into(),
    };
    let expected = match wanted {
        Some(wanted) => format!("{}, as the net to be measured has", named(wanted)),
        None => "no activation, as the net to be measured has none".into(),
    };
    let found = found.map_or_else(|| layer.class.clone(), named);
    Err(layer.fault(expected, format!("the file's net has {found}: {advice}")))
}

fn pooling(layer: &Layer, graph: Option<&Graph>) -> Result<(), Fault> {
    let nodes = graph.map_or(&[][..], Graph::nodes);
    let input = |at: usize| graph.map(|graph| graph.shape(nodes[at].inputs[0]));
    let is = |name: &str, shape: Option<Shape>| {
        let found = layer.get(name);
        let shape = shape.map(|shape| [shape.height as f64, shape.width as f64]);
        found.is_some() && found == shape
    };
    let fits = |(at, op): (usize, Op)| match (&*layer.class, op) {
        (
            "MaxPool2d",
            Op::MaxPool {
                size,
                stride,
                padding,
            },
        ) => layer.windows([size, stride, padding]),
        ("AvgPool2d", Op::AveragePool { size }) => layer.windows([size, size, 0]),
        ("AvgPool2d", Op::Subsample { step }) => layer.windows([1, step, 0]),
        ("AvgPool2d", Op::GlobalPool) => is("kernel_size", input(at)) && layer.is("padding", 0),
        ("AdaptiveAvgPool2d", Op::GlobalPool) => layer.is("output_size", 1),
        // To the size that there is.
        ("AdaptiveAvgPool2d", Op::Linear { .. }) => is("output_size", input(at)),
        _ => false,
    };
    let changes_nothing = layer.windows([1, 1, 0])
        && layer.class.ends_with("Pool2d")
        && layer.get("kernel_size").is_some();
    if changes_nothing || nodes.iter().map(|node| node.op).enumerate().any(fits) {
        return Ok(());
    }
    let found = format!("the file's net has {}", layer.shown());
    let expected = "poolings of the net to be measured alone (--net lenet5-mean is LeNet-5 with \
                    mean pooling; if it is not used, save net.state_dict() in its place)";
    Err(layer.fault(expected, found))
}

fn epsilon(layer: &Layer, graph: Option<&Graph>) -> Result<(), Fault> {
    let nodes = graph.map_or(&[][..], Graph::nodes).iter();
    let mut own = nodes.filter_map(|node| match node.op {
        Op::BatchNorm { epsilon, .. } => Some(epsilon),
        _ => None,
    });
    let Some(own) = own.next() else {
        return Err(layer.fault(
            "no batch norm, as the net to be measured has none",
            &layer.class,
        ));
    };
    match layer.get("eps") {
        Some([found, _]) if (found / f64::from(own) - 1.0).abs() > 1e-3 => {
            let expected = format!("eps {own:e}, as batch norms of the net to be measured have");
            Err(layer.fault(expected, format!("the file's net has eps {found:e}")))
        }
        _ => Ok(()),
    }
}
