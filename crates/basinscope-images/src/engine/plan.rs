//! From a graph to the steps that are really taken: activations, norms and shortcuts go with what
//! comes before them.

use crate::graph::{Graph, Op};

/// A batch norm of the graph: places of its blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Norm {
    pub(super) scale: usize,
    pub(super) shift: usize,
    pub(super) running: usize,
    pub(super) epsilon: f32,
}

/// What one step does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Work {
    /// A convolution or matrix (index of its node), with what is done before storing it.
    Convolve {
        node: usize,
        /// Norm whose scale goes into the weights (evaluation only).
        fold: Option<Norm>,
        /// Value that is added.
        residual: Option<usize>,
        /// Value the sum is kept as, where it is needed as it is beside the normed one.
        raw: Option<usize>,
        /// Norm of the sum (evaluation only).
        affine: Option<Norm>,
        slope: Option<f32>,
    },
    /// A batch norm and its activation.
    Norm { norm: Norm, slope: Option<f32> },
    /// Anything else, as in the graph.
    Plain(Op),
}

/// One step and the values it reads and writes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) work: Work,
    pub(super) inputs: Vec<usize>,
    pub(super) output: usize,
}

impl Step {
    /// Everything it reads.
    pub(super) fn reads(&self) -> impl Iterator<Item = usize> + '_ {
        let residual = match self.work {
            Work::Convolve { residual, .. } => residual,
            _ => None,
        };
        self.inputs.iter().copied().chain(residual)
    }
}

/// The steps of training: every value that a backward pass reads is kept.
pub(super) fn for_training(graph: &Graph) -> Vec<Step> {
    let uses = Uses::of(graph);
    let mut done = vec![false; graph.nodes().len()];
    let mut steps = Vec::new();
    for (at, node) in graph.nodes().iter().enumerate() {
        if done[at] {
            continue;
        }
        let mut output = at + 1;
        let work = match node.op {
            Op::Conv { .. } | Op::Linear { .. } => {
                let (mut residual, mut slope) = (None, None);
                if let Some((next, other)) = uses.only_sum(graph, output) {
                    (residual, output, done[next]) = (Some(other), next + 1, true);
                } else if let Some((next, Op::LeakyRelu { slope: s })) = uses.only(graph, output) {
                    (slope, output, done[next]) = (Some(s), next + 1, true);
                }
                Work::Convolve {
                    node: at,
                    fold: None,
                    residual,
                    raw: None,
                    affine: None,
                    slope,
                }
            }
            Op::BatchNorm {
                scale,
                shift,
                running,
                epsilon,
            } => {
                let norm = Norm {
                    scale,
                    shift,
                    running,
                    epsilon,
                };
                let mut slope = None;
                if let Some((next, Op::LeakyRelu { slope: s })) = uses.only(graph, output) {
                    (slope, output, done[next]) = (Some(s), next + 1, true);
                }
                Work::Norm { norm, slope }
            }
            op => Work::Plain(op),
        };
        steps.push(Step {
            work,
            inputs: node.inputs.clone(),
            output,
        });
    }
    steps
}

/// The steps of evaluation: those of training, with norms gone into the convolutions before them.
pub(super) fn for_evaluation(graph: &Graph) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let training = for_training(graph);
    let readers = |value: usize| {
        let reads = training.iter().flat_map(Step::reads);
        reads.filter(|&read| read == value).count()
    };
    for step in &training {
        if let Work::Norm { norm, slope } = step.work {
            let producer = steps.iter_mut().find(|earlier| {
                earlier.output == step.inputs[0]
                    && matches!(
                        earlier.work,
                        Work::Convolve {
                            raw: None,
                            slope: None,
                            affine: None,
                            fold: None,
                            ..
                        }
                    )
            });
            if let Some(producer) = producer
                && let Work::Convolve {
                    fold,
                    residual,
                    raw,
                    affine,
                    slope: activation,
                    ..
                } = &mut producer.work
            {
                let alone = readers(step.inputs[0]) == 1;
                match alone && residual.is_none() {
                    true => *fold = Some(norm),
                    false => *affine = Some(norm),
                }
                *raw = (!alone).then_some(producer.output);
                *activation = slope;
                producer.output = step.output;
                continue;
            }
        }
        steps.push(step.clone());
    }
    steps
}

/// The steps of products with the curvature: those of training, with each norm that alone reads a
/// convolution gone into it.
pub(super) fn for_products(graph: &Graph) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let training = for_training(graph);
    let readers = |value: usize| {
        let reads = training.iter().flat_map(Step::reads);
        reads.filter(|&read| read == value).count()
    };
    for step in training.iter() {
        if let Work::Norm { norm, slope } = step.work
            && readers(step.inputs[0]) == 1
            && let Some(producer) = (steps.iter_mut()).find(|other| other.output == step.inputs[0])
            && let Work::Convolve {
                fold: fold @ None,
                residual: None,
                slope: activation @ None,
                ..
            } = &mut producer.work
        {
            (*fold, *activation) = (Some(norm), slope);
            producer.output = step.output;
            continue;
        }
        steps.push(step.clone());
    }
    steps
}

/// Which nodes read which value.
struct Uses(Vec<Vec<usize>>);

impl Uses {
    fn of(graph: &Graph) -> Self {
        let mut uses = vec![Vec::new(); graph.nodes().len() + 1];
        for (at, node) in graph.nodes().iter().enumerate() {
            for &input in &node.inputs {
                uses[input].push(at);
            }
        }
        Self(uses)
    }

    /// The one node that reads a value.
    fn only(&self, graph: &Graph, value: usize) -> Option<(usize, Op)> {
        match self.0[value][..] {
            [next] => Some((next, graph.nodes()[next].op)),
            _ => None,
        }
    }

    /// The sum that alone reads a value, and its other summand where that is older.
    fn only_sum(&self, graph: &Graph, value: usize) -> Option<(usize, usize)> {
        let (next, op) = self.only(graph, value)?;
        let other = graph.nodes()[next]
            .inputs
            .iter()
            .copied()
            .find(|&v| v != value)?;
        (op == Op::Add && other < value).then_some((next, other))
    }
}

/// Which slot of memory holds which value, reused once a value has been read for the last time.
pub(super) struct Slots {
    /// Slot of a value, where it is ever stored.
    pub(super) of: Vec<Option<usize>>,
    /// Values a slot must hold.
    pub(super) sizes: Vec<usize>,
}

impl Slots {
    pub(super) fn new(graph: &Graph, steps: &[Step]) -> Self {
        let values = graph.nodes().len() + 1;
        let mut last = vec![0; values];
        for (at, step) in steps.iter().enumerate() {
            for value in step.reads() {
                last[value] = at;
            }
        }
        last[values - 1] = steps.len();
        let mut slots = Self {
            of: vec![None; values],
            sizes: Vec::new(),
        };
        let mut free: Vec<usize> = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let raw = match step.work {
                Work::Convolve { raw, .. } => raw,
                _ => None,
            };
            // A shortcut that ends here may be overwritten: each place is read, then written.
            let mut dead: Vec<usize> = step.reads().filter(|&v| v > 0 && last[v] == at).collect();
            dead.dedup();
            let input = step.inputs[0];
            let is_sum = matches!(step.work, Work::Convolve { .. });
            free.extend(
                (dead.iter().filter(|&&v| is_sum && v != input)).filter_map(|&v| slots.of[v]),
            );
            for value in [raw, Some(step.output)].into_iter().flatten() {
                let size = graph.shape(value).len();
                let slot = slots.take(&mut free, size);
                slots.of[value] = Some(slot);
            }
            free.extend(
                (dead.iter().filter(|&&v| !is_sum || v == input)).filter_map(|&v| slots.of[v]),
            );
        }
        slots
    }

    /// A free slot, best the smallest that is large enough.
    fn take(&mut self, free: &mut Vec<usize>, size: usize) -> usize {
        let best = (0..free.len()).min_by_key(|&at| {
            let found = self.sizes[free[at]];
            (found < size, found.abs_diff(size))
        });
        match best {
            Some(at) => {
                let slot = free.swap_remove(at);
                self.sizes[slot] = self.sizes[slot].max(size);
                slot
            }
            None => {
                self.sizes.push(size);
                self.sizes.len() - 1
            }
        }
    }
}
