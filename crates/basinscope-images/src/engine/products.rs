//! Products of the Hessian and the Gauss–Newton matrix with vectors, exact, many at one θ.

use super::buffer::Buffer;
use super::effective::Effective;
use super::evaluate::Engine;
use super::panel::Panels;
use super::tangent::{Kept, Memory, Packs, Passes};
use super::tangent_back::{Bent, Panel};
use crate::softmax;
use basinscope::net::LossKind;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Bytes of values and derivatives that a [`Products`] keeps: panels beyond are passed again.
pub(crate) const KEPT_BYTES: usize = 1 << 30;

/// Bytes of sums that threads collect products in.
const SUM_BYTES: usize = 256 << 20;
/// Parts of the pictures whose sums are collected side by side, at most.
const MOST_PARTS: usize = 16;
/// Vectors that share the passes of a panel that is not kept, at most.
const GROUP: usize = 8;

/// Which second derivatives of the mean cross-entropy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Curved {
    Hessian,
    GaussNewton,
}

/// Products with one matrix at one θ, batch norms with known statistics.
///
/// # Cost
/// Counted in passes of all convolutions: for the Hessian 2 for the tangents of values, 2 for those
/// of derivatives, 2 for those of weights; the first product, and every one of pictures that are
/// not kept, 2 more for values and derivatives, and the first where norms follow convolutions one
/// for the gradient. Gauss–Newton: 2, 1 and 1, and one more.
pub(crate) struct Products {
    engine: Arc<Engine>,
    panels: Arc<Panels>,
    theta: Vec<f32>,
    matrix: Curved,
    effective: Effective,
    at_e: Packs,
    /// Of the first panels, once they have been passed.
    kept: Vec<OnceLock<Kept>>,
    /// By e, once it is known; only asked for where E is curved.
    gradient: OnceLock<Vec<f64>>,
    memories: Mutex<Vec<(Memory, Kept)>>,
}

impl Products {
    /// At θ with these statistics, keeping up to `bytes` of what products share.
    pub(crate) fn new(
        engine: &Arc<Engine>,
        panels: &Arc<Panels>,
        theta: &[f32],
        statistics: &[f32],
        matrix: Curved,
        bytes: usize,
    ) -> Self {
        let steps = &engine.products;
        let effective = Effective::new(&engine.graph, steps, statistics);
        let at_e = Packs::new(engine, steps, effective.of(theta));
        let passes = Passes::new(engine, steps);
        let each: usize = (steps.iter())
            .map(|step| {
                // Values, and derivatives of the same size but for what has none.
                let len = 4 * passes.len(step.output);
                len * if matrix == Curved::Hessian { 2 } else { 1 }
            })
            .sum();
        let count = (bytes / each.max(1)).min(panels.num_panels());
        Self {
            engine: Arc::clone(engine),
            panels: Arc::clone(panels),
            theta: theta.to_vec(),
            matrix,
            effective,
            at_e,
            kept: (0..count).map(|_| OnceLock::new()).collect(),
            gradient: OnceLock::new(),
            memories: Mutex::default(),
        }
    }

    /// Number of parameters n.
    pub(crate) fn dim(&self) -> usize {
        self.theta.len()
    }

    /// The products with many vectors of n values.
    pub(crate) fn apply_all(&self, vectors: &[&[f32]]) -> Vec<Vec<f32>> {
        let bytes = 4 * self.theta.len() * self.parts().len();
        let group = (SUM_BYTES / bytes).clamp(1, GROUP);
        (vectors.chunks(group))
            .flat_map(|vectors| self.group(vectors))
            .collect()
    }

    fn needs_gradient(&self) -> bool {
        self.matrix == Curved::Hessian && self.effective.is_curved()
    }

    fn group(&self, vectors: &[&[f32]]) -> Vec<Vec<f32>> {
        let engine = &*self.engine;
        let directions: Vec<Packs> = (vectors.par_iter())
            .map(|v| {
                let along = self.effective.along(&self.theta, v);
                Packs::new(engine, &engine.products, along)
            })
            .collect();
        let first = self.needs_gradient() && self.gradient.get().is_none();
        let sums: Vec<Vec<Vec<f32>>> = (self.parts().into_par_iter())
            .map(|part| self.part(part, &directions, first))
            .collect();
        let total = |which: usize| {
            let mut total = vec![0.0; self.theta.len()];
            for part in &sums {
                for (total, &share) in total.iter_mut().zip(&part[which]) {
                    *total += f64::from(share);
                }
            }
            total
        };
        if first {
            // Another thread may have been quicker, with the same bits.
            let _ = self.gradient.set(total(vectors.len()));
        }
        (vectors.iter().enumerate())
            .map(|(which, v)| {
                let mut product = self.effective.back(&self.theta, &total(which));
                if let Some(gradient) = self.gradient.get() {
                    self.effective.bend(v, gradient, &mut product);
                }
                product.iter().map(|&value| value as f32).collect()
            })
            .collect()
    }

    /// Runs of panels whose sums are collected one by one, whatever the number of threads.
    fn parts(&self) -> Vec<Range<usize>> {
        let panels = self.panels.num_panels();
        let most = (SUM_BYTES / (4 * self.theta.len().max(1))).clamp(2, MOST_PARTS);
        let each = panels.div_ceil(most).max(1);
        (0..panels)
            .step_by(each)
            .map(|from| from..(from + each).min(panels))
            .collect()
    }

    /// Sums of a run of panels: one for each direction, and the gradient's where it is asked for.
    fn part(&self, part: Range<usize>, directions: &[Packs], gradient: bool) -> Vec<Vec<f32>> {
        let engine = &*self.engine;
        let passes = Passes::new(engine, &engine.products);
        let n = self.theta.len();
        let mut sums = vec![vec![0.0; n]; directions.len() + usize::from(gradient)];
        let pool = || self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut memory, mut passing) = pool().pop().unwrap_or_default();
        for panel in part {
            let picture = &self.panels.pictures[panel];
            let mut kept = self.kept.get(panel).and_then(OnceLock::get);
            if kept.is_none() || gradient {
                let by_e = gradient.then(|| &mut sums[directions.len()][..]);
                self.pass(&passes, panel, &mut memory, &mut passing, by_e);
                kept = match self.kept.get(panel) {
                    Some(place) => Some(place.get_or_init(|| std::mem::take(&mut passing))),
                    None => Some(&passing),
                };
            }
            let Some(kept) = kept else { continue };
            for (along, sums) in directions.iter().zip(&mut sums) {
                passes.tangent([&self.at_e, along], picture, &kept.values, &mut memory);
                let slopes = self.slopes_along(panel, kept, &memory);
                let tangents = std::mem::take(&mut memory.tangents);
                let bent = Bent {
                    direction: along,
                    tangents: &tangents,
                    deltas: &kept.deltas,
                };
                let panel = Panel {
                    at_e: &self.at_e,
                    picture,
                    values: &kept.values,
                };
                passes.back(
                    &panel,
                    slopes,
                    (self.matrix == Curved::Hessian).then_some(&bent),
                    &mut memory,
                    Some(sums),
                    None,
                );
                memory.tangents = tangents;
            }
        }
        pool().push((memory, passing));
        sums
    }

    /// A panel's values and, for the Hessian, their derivatives; adds that by e where asked.
    fn pass(
        &self,
        passes: &Passes<'_>,
        panel: usize,
        memory: &mut Memory,
        to: &mut Kept,
        by_e: Option<&mut [f32]>,
    ) {
        let picture = &self.panels.pictures[panel];
        passes.forward(&self.at_e, picture, &mut to.values);
        if self.matrix == Curved::GaussNewton {
            return;
        }
        let slopes = self.each_lane(panel, |lane, label, out| {
            let logits = self.row(&to.values, lane);
            softmax::loss(&logits, label, LossKind::CrossEntropy, Some(out));
        });
        let panel = Panel {
            at_e: &self.at_e,
            picture,
            values: &to.values,
        };
        passes.back(&panel, slopes, None, memory, by_e, Some(&mut to.deltas));
    }

    /// `∇²ℓ·ż` of each picture: the Hessian of a softmax is `diag(p) − p·pᵀ`.
    fn slopes_along(&self, panel: usize, kept: &Kept, memory: &Memory) -> Buffer {
        self.each_lane(panel, |lane, _, out| {
            let logits = self.row(&kept.values, lane);
            let change = self.row(&memory.tangents, lane);
            softmax::hessian_product(&logits, &change, out);
        })
    }

    /// The logits of a lane, or their tangents.
    fn row(&self, values: &[Buffer], lane: usize) -> Vec<f32> {
        let (classes, lanes) = (self.engine.graph.num_classes(), self.engine.lanes);
        let logits = values[values.len() - 1].values();
        (0..classes).map(|k| logits[k * lanes + lane]).collect()
    }

    /// A buffer `[classes][lanes]` of what is found for each picture, times its weight in the mean.
    fn each_lane(&self, panel: usize, find: impl Fn(usize, usize, &mut [f64])) -> Buffer {
        let (classes, lanes) = (self.engine.graph.num_classes(), self.engine.lanes);
        let weight = 1.0 / self.panels.len() as f64;
        let mut buffer = Buffer::zeros(classes * lanes);
        let mut found = vec![0.0; classes];
        for (lane, &label) in self.panels.labels_of(panel).iter().enumerate() {
            find(lane, label as usize, &mut found);
            for (k, &value) in found.iter().enumerate() {
                buffer.values_mut()[k * lanes + lane] = (weight * value) as f32;
            }
        }
        buffer
    }
}
