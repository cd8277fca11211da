//! The forward pass of evaluation: batch norms folded, shortcuts and activations fused.

use super::buffer::Buffer;
use super::convolution::Convolution;
use super::panel::{Panels, lanes};
use super::plan::{Norm, Slots, Step, Work, for_evaluation, for_products, for_training};
use super::pointwise::{Affine, Forward};
use super::tile::{Convolve, Epilogue, Packed, Place};
use crate::graph::Graph;
use crate::softmax;
use basinscope::data::Dataset;
use basinscope::simd::Kernel;
use std::cell::RefCell;
use std::mem::take;

/// A graph made ready to be run many times on one kernel.
pub struct Engine {
    pub(super) graph: Graph,
    pub(super) kernel: Kernel,
    pub(super) lanes: usize,
    /// Of each node that is one.
    pub(super) convolutions: Vec<Option<Convolution>>,
    pub(super) training: Vec<Step>,
    pub(super) products: Vec<Step>,
    evaluation: Vec<Step>,
    slots: Slots,
}

/// What a panel's pictures come to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Score {
    /// Summed cross-entropy in nats.
    pub(crate) loss: f64,
    /// Pictures whose largest logit is that of their label.
    pub(crate) correct: usize,
}

/// A θ made ready: weights folded and packed.
pub(crate) struct Prepared {
    /// For each step of evaluation.
    steps: Vec<PreparedStep>,
}

#[derive(Default)]
struct PreparedStep {
    packed: Option<Packed>,
    affine: Option<[Vec<f32>; 2]>,
}

thread_local! {
    static MEMORY: RefCell<Vec<Buffer>> = RefCell::default();
}

impl Engine {
    /// For this kernel's registers.
    pub fn new(graph: Graph, kernel: Kernel) -> Self {
        let convolutions = (graph.nodes().iter().enumerate())
            .map(|(at, node)| {
                let (input, output) = (graph.shape(node.inputs[0]), graph.shape(at + 1));
                Convolution::of(node.op, input, output)
            })
            .collect();
        let evaluation = for_evaluation(&graph);
        Self {
            lanes: lanes(kernel),
            convolutions,
            training: for_training(&graph),
            products: for_products(&graph),
            slots: Slots::new(&graph, &evaluation),
            evaluation,
            graph,
            kernel,
        }
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Pictures laid out for this engine.
    pub fn panels(&self, pictures: &Dataset) -> Panels {
        let mut panels = Panels::new(self.graph.input(), self.lanes);
        panels.refill([pictures]);
        panels
    }

    pub(super) fn convolution(&self, node: usize) -> &Convolution {
        match &self.convolutions[node] {
            Some(convolution) => convolution,
            None => unreachable!("node {node} is a convolution"),
        }
    }

    /// Scale and shift of a batch norm with these statistics: `γ/√(v + ε)`, `β − mean·scale`.
    pub(super) fn affine(&self, norm: Norm, theta: &[f32], buffers: &[f32]) -> [Vec<f32>; 2] {
        let [means, variances] = self.graph.running(norm.running);
        let (means, variances) = (&buffers[means], &buffers[variances]);
        let gammas = &theta[self.graph.range(norm.scale)];
        let betas = &theta[self.graph.range(norm.shift)];
        let scale: Vec<f32> = (gammas.iter().zip(variances))
            .map(|(&gamma, &variance)| {
                (f64::from(gamma) / (f64::from(variance) + f64::from(norm.epsilon)).sqrt()) as f32
            })
            .collect();
        let shift = (betas.iter().zip(means).zip(&scale))
            .map(|((&beta, &mean), &scale)| {
                (f64::from(beta) - f64::from(mean) * f64::from(scale)) as f32
            })
            .collect();
        [scale, shift]
    }

    /// Folds and packs the weights of θ; `buffers` are the running statistics.
    pub(crate) fn prepare(&self, theta: &[f32], buffers: &[f32]) -> Prepared {
        assert_eq!(
            theta.len(),
            self.graph.layout().num_params(),
            "θ of the net"
        );
        assert_eq!(
            buffers.len(),
            self.graph.num_buffers(),
            "statistics of the net"
        );
        let prepare = |step: &Step| match step.work {
            Work::Convolve {
                node, fold, affine, ..
            } => {
                let convolution = self.convolution(node);
                let weights = &theta[self.graph.range(convolution.weight)];
                let fold = fold.map(|norm| self.affine(norm, theta, buffers));
                let factor = |o: usize| fold.as_ref().map_or(1.0, |[scale, _]| scale[o]);
                let mut packed = convolution.pack(weights, factor);
                let bias = convolution
                    .bias
                    .map(|block| &theta[self.graph.range(block)]);
                for o in 0..packed.outputs {
                    let own = bias.map_or(0.0, |bias| bias[o]);
                    packed.bias[o] = match &fold {
                        Some([scale, shift]) => own * scale[o] + shift[o],
                        None => own,
                    };
                }
                PreparedStep {
                    packed: Some(packed),
                    affine: affine.map(|norm| self.affine(norm, theta, buffers)),
                }
            }
            Work::Norm { norm, .. } => PreparedStep {
                packed: None,
                affine: Some(self.affine(norm, theta, buffers)),
            },
            Work::Plain(_) => PreparedStep::default(),
        };
        Prepared {
            steps: self.evaluation.iter().map(prepare).collect(),
        }
    }

    /// Runs one panel and hands its logits `[classes][lanes]` over.
    fn with_logits<R>(
        &self,
        prepared: &Prepared,
        panels: &Panels,
        panel: usize,
        read: impl FnOnce(&[f32]) -> R,
    ) -> R {
        MEMORY.with_borrow_mut(|memory| {
            if memory.len() < self.slots.sizes.len() {
                memory.resize_with(self.slots.sizes.len(), Buffer::default);
            }
            for (buffer, &size) in memory.iter_mut().zip(&self.slots.sizes) {
                buffer.reserve(size * self.lanes);
            }
            let picture = panels.pictures[panel].values();
            for (step, prepared) in self.evaluation.iter().zip(&prepared.steps) {
                self.run_step(step, prepared, picture, memory);
            }
            let last = self.slot(self.graph.nodes().len());
            read(&memory[last].values()[..self.graph.num_classes() * self.lanes])
        })
    }

    /// Summed cross-entropy and right answers of one panel.
    pub(crate) fn score(&self, prepared: &Prepared, panels: &Panels, panel: usize) -> Score {
        let lanes = self.lanes;
        self.with_logits(prepared, panels, panel, |logits| {
            let mut score = Score::default();
            let mut row = vec![0.0; self.graph.num_classes()];
            for (lane, &label) in panels.labels_of(panel).iter().enumerate() {
                for (k, logit) in row.iter_mut().enumerate() {
                    *logit = logits[k * lanes + lane];
                }
                score.loss += softmax::cross_entropy(&row, label as usize);
                score.correct += usize::from(softmax::class(&row) == label as usize);
            }
            score
        })
    }

    /// Logits of one panel's pictures, `[pictures][classes]`.
    pub(crate) fn logits(
        &self,
        prepared: &Prepared,
        panels: &Panels,
        panel: usize,
        out: &mut [f32],
    ) {
        let (classes, lanes) = (self.graph.num_classes(), self.lanes);
        self.with_logits(prepared, panels, panel, |logits| {
            for (lane, row) in out.chunks_exact_mut(classes).enumerate() {
                for (k, out) in row.iter_mut().enumerate() {
                    *out = logits[k * lanes + lane];
                }
            }
        });
    }

    fn slot(&self, value: usize) -> usize {
        match self.slots.of[value] {
            Some(slot) => slot,
            None => unreachable!("value {value} is stored"),
        }
    }

    fn run_step(
        &self,
        step: &Step,
        prepared: &PreparedStep,
        picture: &[f32],
        memory: &mut [Buffer],
    ) {
        let len = |value: usize| self.graph.shape(value).len() * self.lanes;
        let out_slot = self.slot(step.output);
        let mut out = take(&mut memory[out_slot]);
        match step.work {
            Work::Convolve {
                node,
                residual,
                raw,
                slope,
                ..
            } => {
                let raw_slot = raw.map(|value| self.slot(value));
                let mut raw = raw_slot.map(|slot| take(&mut memory[slot]));
                let to = |buffer: &mut Buffer| Place::of(buffer.values_mut());
                let out_place = to(&mut out);
                let raw_place = raw.as_mut().map(to);
                let residual = residual.map(|value| match self.slots.of[value] {
                    slot if slot == Some(out_slot) => out_place,
                    slot if slot == raw_slot && raw_slot.is_some() => {
                        raw_place.unwrap_or(out_place)
                    }
                    _ => Place::reading(self.values(memory, picture, value)),
                });
                let input = self.values(memory, picture, step.inputs[0]);
                if let Some(packed) = &prepared.packed {
                    self.kernel.dispatch(Convolve {
                        gather: &self.convolution(node).forward,
                        packed,
                        input,
                        also: None,
                        residual,
                        raw: raw_place,
                        out: Some(out_place),
                        epilogue: Epilogue {
                            affine: prepared.affine.as_ref().map(|[a, b]| [&a[..], &b[..]]),
                            slope,
                        },
                    });
                }
                if let (Some(slot), Some(raw)) = (raw_slot, raw) {
                    memory[slot] = raw;
                }
            }
            Work::Norm { slope, .. } => {
                let x = self.values(memory, picture, step.inputs[0]);
                if let Some([scale, shift]) = &prepared.affine {
                    let x = &x[..len(step.inputs[0])];
                    let out = &mut out.values_mut()[..x.len()];
                    let slope = slope.unwrap_or(1.0);
                    Affine {
                        x,
                        scale,
                        shift,
                        slope,
                        out,
                    }
                    .run(self.kernel);
                }
            }
            Work::Plain(op) => {
                let x = self.values(memory, picture, step.inputs[0]);
                let other = step.inputs.get(1);
                let other = other.map_or(x, |&value| self.values(memory, picture, value));
                Forward {
                    op,
                    inputs: [x, other],
                    shape: self.graph.shape(step.inputs[0]),
                    out_shape: self.graph.shape(step.output),
                    out: &mut out.values_mut()[..len(step.output)],
                }
                .run(self.kernel);
            }
        }
        memory[out_slot] = out;
    }

    fn values<'a>(&self, memory: &'a [Buffer], picture: &'a [f32], value: usize) -> &'a [f32] {
        let values = match value {
            0 => picture,
            _ => memory[self.slot(value)].values(),
        };
        &values[..self.graph.shape(value).len() * self.lanes]
    }
}
