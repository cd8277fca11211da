//! A net of any kind: what turns a flat θ and examples into a loss surface, and into a batch to
//! descend on.

use super::{Architecture, Initialization, LossKind};
use crate::data::Dataset;
use crate::random::Stream;
use crate::surface::{Block, ParameterLayout};
use crate::surface::{Evaluate, OneByOne, Predict, SymmetricOperator, TwiceDifferentiable};
use crate::{Error, Result};

/// A net of any kind, as training and the commands see it.
///
/// A net may keep values beside θ, its *buffers*: running statistics of batch norms. Training
/// moves them, evaluation reads them, and whatever moves through parameter space leaves them as
/// they are.
pub trait Net: Send + Sync {
    /// The blocks of θ.
    fn layout(&self) -> ParameterLayout;

    /// Number of parameters n.
    fn num_params(&self) -> usize {
        self.layout().num_params()
    }

    /// Number of values of one example.
    fn num_features(&self) -> usize;

    /// Number of classes K.
    fn num_classes(&self) -> usize;

    /// Draws a θ to begin from: `num_params()` values.
    fn initialize(&self, how: Initialization, rng: &mut Stream) -> Vec<f32>;

    /// The tensors among the buffers, in order and without gaps, their offsets into the buffers.
    /// Names must not be those of blocks of θ.
    fn buffer_layout(&self) -> Vec<Block> {
        Vec::new()
    }

    /// The buffers before the first step of training.
    fn initial_buffers(&self) -> Vec<f32> {
        Vec::new()
    }

    /// Its loss surface over examples, in evaluation mode with these buffers.
    ///
    /// # Errors
    /// [`Error::Setting`] where the points' features or classes are not those of the net, or there
    /// is no point; [`Error::Shape`] for buffers of the wrong length.
    fn surface(&self, buffers: &[f32], points: &Dataset) -> Result<Box<dyn NetSurface>>;

    /// An empty batch, to be filled step by step and descended on in training mode.
    fn batch(&self) -> Box<dyn TrainingBatch>;

    /// What files hold of it, to build it again.
    fn to_json(&self) -> serde_json::Value;

    /// One line for people: `MLP 2-25-25-1, ReLU`.
    fn describe(&self) -> String;

    /// Itself, where it is a perceptron: boundaries in the plane, proximal back-propagation and
    /// path norms need one.
    fn as_perceptron(&self) -> Option<&Architecture> {
        None
    }
}

/// Weighted examples that training descends on, batch norms in training mode.
pub trait TrainingBatch: Send {
    /// Replaces the examples: every part counts with its total weight, spread evenly over it, so
    /// that the batch's loss is `Σ_parts weight · mean ℓ(part)`.
    fn refill(&mut self, parts: &[(&Dataset, LossKind, f64)]);

    /// The batch's loss at θ; writes its gradient (one value per parameter) and moves the buffers
    /// by one step.
    ///
    /// # Units
    /// Nats; no weight decay. Never NaN: an overflow reads as `f64::INFINITY`.
    fn loss_and_grad(&mut self, theta: &[f32], buffers: &mut [f32], grad: &mut [f32]) -> f64;
}

/// The loss surface of a net over examples: everything the commands ask of it.
pub trait NetSurface: Evaluate + Predict + TwiceDifferentiable + Send {
    /// Writes `G(θ)·v`, G the Gauss–Newton matrix `1/N Σ Jᵀ·∇²ℓ·J` (J the Jacobian of the
    /// logits): the Hessian without the curvature of the net itself, never negative.
    fn gauss_newton_product(&self, theta: &[f32], v: &[f32], out: &mut [f32]);

    /// G(θ), to be multiplied with many vectors, as
    /// [`hessian_at`](TwiceDifferentiable::hessian_at) is.
    fn gauss_newton_at<'a>(&'a self, theta: &'a [f32]) -> Box<dyn SymmetricOperator + 'a> {
        Box::new(OneByOne::new(self, theta, Self::gauss_newton_product))
    }

    /// Writes each example's cross-entropy at θ, in nats (`examples()` values).
    fn example_losses(&self, theta: &[f32], out: &mut [f32]);

    /// The same net over the same examples with other buffers (as many), the examples shared and
    /// not copied; `None` where that cannot be.
    fn with_buffers(&self, _buffers: &[f32]) -> Option<Box<dyn NetSurface>> {
        None
    }

    /// The step of products with the Hessian and the Gauss–Newton matrix where they are differences
    /// of gradients, in units of max(|θ|, 1); `None` where they are exact.
    fn difference_step(&self) -> Option<f64> {
        None
    }
}

/// Checks that points fit a net.
///
/// # Errors
/// [`Error::Setting`] naming the width at fault.
pub fn check_fit(net: &dyn Net, points: &Dataset) -> Result<()> {
    if points.num_features() != net.num_features() {
        return Err(Error::setting(
            "input width of the net",
            format!(
                "{}, one for each feature of the data",
                points.num_features()
            ),
            net.num_features(),
        ));
    }
    if points.num_classes() != net.num_classes() {
        let outputs = net.as_perceptron().map(Architecture::num_outputs);
        return Err(Error::setting(
            "output width of the net",
            match points.num_classes() {
                2 => "1 or 2, for the 2 classes of the data".to_owned(),
                classes => format!("{classes}, one for each class of the data"),
            },
            outputs.unwrap_or_else(|| net.num_classes()),
        ));
    }
    Ok(())
}

/// Checks that there is one value for each buffer of a net.
///
/// # Errors
/// [`Error::Shape`].
pub fn check_buffers(net: &dyn Net, buffers: &[f32]) -> Result<()> {
    let expected = net.buffer_layout().last().map_or(0, |b| b.range().end);
    if buffers.len() == expected {
        return Ok(());
    }
    Err(Error::Shape {
        what: "buffers of the net".into(),
        expected: vec![expected],
        found: vec![buffers.len()],
    })
}
