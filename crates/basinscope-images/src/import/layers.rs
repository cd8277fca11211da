//! What a net needs of a file: its tensors in PyTorch's order, and the slots of its layers.

use super::modules::{MAX_LAYERS, Module, modules};
use super::slots::{Slot, slots};
use super::{Entry, Fault};
use crate::graph::{Graph, Op};
use basinscope::net::Activation;
use basinscope::surface::Block;

/// Blocks of a net, as names are matched to them.
pub struct Blocks<'a> {
    wanted: Vec<Wanted<'a>>,
    is_residual: bool,
    graph: Option<&'a Graph>,
    /// Of a net that is no graph.
    activation: Option<Activation>,
}

/// A tensor that a net needs.
pub(super) struct Wanted<'a> {
    pub(super) block: &'a Block,
    pub(super) is_buffer: bool,
}

impl<'a> Blocks<'a> {
    /// Those of a graph.
    pub fn of(graph: &'a Graph) -> Self {
        Self {
            is_residual: graph.nodes().iter().any(|node| node.op == Op::Add),
            graph: Some(graph),
            ..Self::of_all(graph.layout().blocks(), graph.buffers())
        }
    }

    /// Those of linear layers, each but the last followed by this activation.
    pub fn chain(parameters: &'a [Block], activation: Activation) -> Self {
        Self {
            activation: Some(activation),
            ..Self::of_all(parameters, &[])
        }
    }

    fn of_all(parameters: &'a [Block], buffers: &'a [Block]) -> Self {
        let parameters = parameters.iter().map(|block| (block, false));
        let buffers = buffers.iter().map(|block| (block, true));
        let mut wanted: Vec<Wanted> = (parameters.chain(buffers))
            .map(|(block, is_buffer)| Wanted { block, is_buffer })
            .collect();
        // PyTorch's order: layer by layer, statistics last; stable.
        wanted.sort_by_key(|wanted| wanted.block.layer);
        Self {
            wanted,
            is_residual: false,
            graph: None,
            activation: None,
        }
    }

    pub(super) fn wanted(&self) -> &[Wanted<'a>] {
        &self.wanted
    }

    pub(super) fn is_residual(&self) -> bool {
        self.is_residual
    }

    /// The graph; `None` of linear layers alone.
    pub(super) fn graph(&self) -> Option<&'a Graph> {
        self.graph
    }

    /// The activation between layers, and how often it stands there; `None` where there is none.
    pub(super) fn activation(&self) -> Option<(Activation, usize)> {
        let Some(graph) = self.graph else {
            let weights = self.wanted.iter().filter(|w| w.block.shape.len() == 2);
            return Some((self.activation?, weights.count().saturating_sub(1)));
        };
        let mut all = graph.nodes().iter().filter_map(|node| match node.op {
            Op::LeakyRelu { slope: 0.0 } => Some(Activation::Relu),
            Op::LeakyRelu { slope } => Some(Activation::LeakyRelu { slope }),
            Op::Tanh => Some(Activation::Tanh),
            _ => None,
        });
        let first = all.next()?;
        Some((first, 1 + all.count()))
    }

    /// Channels of the pictures.
    pub(super) fn channels(&self) -> Option<usize> {
        self.graph.map(|graph| graph.input().channels)
    }

    /// Shape of the pictures and number of classes.
    pub(super) fn shapes(&self) -> Option<([usize; 3], usize)> {
        self.graph.map(|graph| {
            let input = graph.input();
            let shape = [input.channels, input.height, input.width];
            (shape, graph.num_classes())
        })
    }

    /// Its layers in the order of execution, with the tensors of each (places in
    /// [`Blocks::wanted`] by role).
    ///
    /// # Errors
    /// A net of more layers than are put in order.
    pub(super) fn layers(&self) -> Result<Vec<(Slot, Module)>, Fault> {
        let entries: Vec<Entry> = (self.wanted.iter())
            .map(|wanted| Entry {
                name: wanted.block.name.clone(),
                shape: wanted.block.shape.clone(),
            })
            .collect();
        let modules = modules(&entries);
        let slots = match slots(&modules, self.is_residual, self.channels()) {
            Ok(slots) => slots,
            // Our own names are clear: only a crowd of them gives no order.
            Err(_) => {
                let expected = format!("at most {MAX_LAYERS} layers of a kind");
                return Err(Fault::new("net", expected, modules.len()));
            }
        };
        let of = |module: &Module| slots.iter().find(|(_, found)| found.path == module.path);
        let layers = modules.iter();
        Ok(layers
            .filter_map(|module| of(module).map(|(slot, _)| (*slot, module.clone())))
            .collect())
    }
}

/// The last word of a tensor's name.
pub(super) fn role(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
