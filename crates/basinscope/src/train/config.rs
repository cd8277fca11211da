//! Everything that decides a training run, checked in one step.

use super::{Decay, OptimizerConfig, Schedule};
use crate::net::Initialization;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Training points in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchSize {
    /// All of them.
    Full,
    /// So many, reshuffled every epoch; the last batch of an epoch may be smaller.
    Points(usize),
}

/// How a poison point enters the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoisonForm {
    /// Cross-entropy with a wrong label.
    Flipped,
    /// Reverse cross-entropy −log(1 − p_y) with the true label; for two classes the same thing.
    Reverse,
}

/// Poison as a user asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoisonConfig {
    /// Number of poison points (a step, where redrawn).
    pub points: usize,
    /// Poison factor β in `(CE_train + β·CE_poison)/(1 + β)`.
    pub factor: f64,
    /// Flipped labels or reverse cross-entropy.
    pub form: PoisonForm,
    /// Fresh points from the generator at each step instead of fixed ones from the pool.
    pub redrawn: bool,
    /// Poison points a step, reshuffled once all had their turn; all of them at each step where
    /// none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub batch: Option<usize>,
}

/// When training may stop before its last step: 100 % of the training points right and a loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Mean train cross-entropy to reach, in nats.
    pub train_loss: f64,
}

/// A complete training configuration; what a file leaves out is as in [`TrainConfig::default`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Distribution of the initial weights.
    pub initialization: Initialization,
    /// Update rule.
    pub optimizer: OptimizerConfig,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Its course.
    pub schedule: Schedule,
    /// Optimizer steps at most.
    pub steps: usize,
    /// Training points a step.
    pub batch_size: BatchSize,
    /// Largest Euclidean norm of the gradient; longer ones are shortened to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clip: Option<f64>,
    /// Step size τ of proximal back-propagation, which then turns the gradient before the
    /// optimizer sees it; see [`Proximal`](super::Proximal).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proximal: Option<f64>,
    /// Weight decay λ in `λ·Σ w²` over weights, biases left out.
    pub l2: f64,
    /// Poison, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub poison: Option<PoisonConfig>,
    /// Goal that ends training early, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub goal: Option<Goal>,
    /// Steps between two looks at train and test loss, for the history and the goal; where none,
    /// about ten looks a factor of two in steps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub look_every: Option<usize>,
    /// Epochs between two checkpoints, if any are wanted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checkpoint_every: Option<usize>,
    /// Seed of initialisation, batches and poison.
    pub seed: u64,
}

impl Default for TrainConfig {
    /// The recipe that reaches good minima of the swiss roll: full-batch Adam at .0075, 100 steps
    /// of warm-up, cosine to 1 %, clip 8, 2,000 steps.
    fn default() -> Self {
        Self {
            initialization: Initialization::GlorotUniform,
            optimizer: OptimizerConfig::ADAM,
            learning_rate: 0.0075,
            schedule: Schedule {
                warmup: 100,
                decay: Decay::Cosine { floor: 0.01 },
            },
            steps: 2_000,
            batch_size: BatchSize::Full,
            clip: Some(8.0),
            proximal: None,
            l2: 0.0,
            poison: None,
            goal: None,
            look_every: None,
            checkpoint_every: None,
            seed: 0,
        }
    }
}

impl TrainConfig {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the field.
    pub fn check(&self) -> Result<()> {
        self.optimizer.check()?;
        self.schedule.check()?;
        let above_zero = |field: &str, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(Error::setting(field, "a number above 0", value)),
        };
        above_zero("learning_rate", self.learning_rate)?;
        self.clip.map_or(Ok(()), |clip| above_zero("clip", clip))?;
        (self.proximal).map_or(Ok(()), |tau| above_zero("proximal", tau))?;
        self.goal.map_or(Ok(()), |goal| {
            above_zero("goal.train_loss", goal.train_loss)
        })?;
        if let Some(poison) = &self.poison {
            above_zero("beta", poison.factor)?;
            if let Some(batch) = poison.batch
                && (batch == 0 || batch > poison.points || poison.redrawn)
            {
                let expected = match poison.redrawn {
                    true => "none with redrawn poison".to_owned(),
                    false => format!("from 1 to the {} poison points", poison.points),
                };
                return Err(Error::setting("poison.batch", expected, batch));
            }
        }
        if self.steps == 0 {
            return Err(Error::setting("steps", "at least 1", 0));
        }
        if self.look_every == Some(0) {
            return Err(Error::setting("look_every", "at least 1 step", 0));
        }
        if self.checkpoint_every == Some(0) {
            return Err(Error::setting("checkpoint_every", "at least 1 epoch", 0));
        }
        Ok(())
    }
}
