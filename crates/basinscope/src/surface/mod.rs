//! The middle of the library: a loss surface `L(θ)`, `θ ∈ Rⁿ`, as one trait per capability.

pub mod analytic;
mod counting;
mod layout;
mod operator;
mod pointer;

pub use counting::Counting;
pub use layout::{Block, BlockKind, ParameterLayout};
pub(crate) use operator::OneByOne;
pub use operator::SymmetricOperator;

use rayon::prelude::*;

/// A loss over flat parameter vectors.
///
/// # Units
/// Losses are means over the surface's examples, in nats for cross-entropies, weight decay left
/// out. Every example's loss must be non-negative.
pub trait LossSurface: Sync {
    /// Number of parameters n.
    fn dim(&self) -> usize;

    /// Number of examples N the loss is a mean over (1 for analytic surfaces).
    fn examples(&self) -> usize;

    /// Mean loss at one θ (`dim()` values). Never NaN: an overflow reads as `f64::INFINITY`.
    fn loss(&self, theta: &[f32]) -> f64;

    /// Mean losses at many θ: `thetas` holds one row of `dim()` values for each entry of `out`.
    ///
    /// Rows are spread over the threads of the current rayon pool; the bits do not depend on how
    /// many there are.
    fn losses(&self, thetas: &[f32], out: &mut [f64]) {
        assert_eq!(
            thetas.len(),
            out.len() * self.dim(),
            "one row of dim() values per loss"
        );
        thetas
            .par_chunks_exact(self.dim())
            .zip(out.par_iter_mut())
            .for_each(|(theta, loss)| *loss = self.loss(theta));
    }

    /// Whether the *summed* loss at θ is at most `bound`; free to stop early.
    fn sum_at_most(&self, theta: &[f32], bound: f64) -> bool {
        self.loss(theta) * self.examples() as f64 <= bound
    }
}

/// Loss and accuracy at one θ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Mean loss over the examples, in nats.
    pub loss: f64,
    /// Share of examples classified correctly, in [0, 1].
    pub accuracy: f64,
}

/// A surface whose examples can be right or wrong.
pub trait Evaluate: LossSurface {
    /// Loss and accuracy at θ, from one pass over the examples.
    fn evaluate(&self, theta: &[f32]) -> Evaluation;
}

/// A surface whose examples are given a probability for each class.
pub trait Predict: LossSurface {
    /// Number of classes K.
    fn num_classes(&self) -> usize;

    /// Writes the predicted probabilities at θ, row-major `[examples(), K]`.
    fn probabilities(&self, theta: &[f32], out: &mut [f32]);
}

/// A surface with gradients.
pub trait Differentiable: LossSurface {
    /// Mean loss at θ; writes its gradient (`dim()` values) into `grad`.
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64;
}

/// A surface with Hessian–vector products.
pub trait TwiceDifferentiable: Differentiable {
    /// Writes `∇²L(θ)·v` (`dim()` values) into `out`.
    fn hvp(&self, theta: &[f32], v: &[f32], out: &mut [f32]);

    /// The Hessian at θ, to be multiplied with many vectors. A surface that can keep what products
    /// at one θ share does so here; by default each product is one of [`hvp`](Self::hvp).
    fn hessian_at<'a>(&'a self, theta: &'a [f32]) -> Box<dyn SymmetricOperator + 'a> {
        Box::new(OneByOne::new(self, theta, Self::hvp))
    }
}

/// A net that assigns classes to points.
pub trait Classifier: Sync {
    /// Number of parameters n.
    fn dim(&self) -> usize;
    /// Number of input features of a point.
    fn num_features(&self) -> usize;
    /// Number of classes K.
    fn num_classes(&self) -> usize;
    /// The decision margin of each point of `points` (row-major, `num_features()` each): the
    /// logit of class 1 for two classes; for K > 2 the gap between the best and second logit.
    fn decision(&self, theta: &[f32], points: &[f32], out: &mut [f32]);
    /// The predicted class of each point.
    fn predict(&self, theta: &[f32], points: &[f32], out: &mut [u32]);
    /// Both at once: predicted classes and decision margins.
    fn classify(&self, theta: &[f32], points: &[f32], classes: &mut [u32], margins: &mut [f32]) {
        self.predict(theta, points, classes);
        self.decision(theta, points, margins);
    }
}
