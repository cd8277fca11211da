//! An image net as the library's trainer and commands see it.

use crate::engine::{Engine, Norms, Trainer};
use crate::graph::ImageNet;
use crate::surface::ImageSurface;
use basinscope::Result;
use basinscope::data::Dataset;
use basinscope::net::{
    Initialization, LossKind, Net, NetSurface, TrainingBatch, check_buffers, check_fit,
};
use basinscope::random::Stream;
use basinscope::simd::Kernel;
use basinscope::surface::{Block, BlockKind, ParameterLayout};
use std::sync::Arc;

/// Weight of the newest batch in the running statistics: PyTorch's `momentum`, one minus the
/// paper's.
pub const NORM_MOMENTUM: f32 = 0.1;

/// An [`ImageNet`] with its engine.
#[derive(Clone)]
pub struct BuiltNet {
    net: ImageNet,
    engine: Arc<Engine>,
    recalibrated: bool,
    #[cfg(feature = "burn")]
    device: Option<crate::burn::Device>,
}

impl ImageNet {
    /// Builds the net on the kernel in use.
    ///
    /// # Errors
    /// As [`ImageNet::graph`].
    pub fn build(&self) -> Result<BuiltNet> {
        Ok(BuiltNet {
            engine: Arc::new(Engine::new(self.graph()?, Kernel::active())),
            net: self.clone(),
            recalibrated: false,
            #[cfg(feature = "burn")]
            device: None,
        })
    }
}

impl BuiltNet {
    /// The net with surfaces whose batch norms take their statistics from the surface's own
    /// examples, anew at each θ, in place of those kept with a minimum.
    #[must_use]
    pub fn recalibrated(mut self) -> Self {
        self.recalibrated = true;
        self
    }

    /// The net on one of Burn's devices in place of this crate's engine.
    #[cfg(feature = "burn")]
    #[must_use]
    pub fn on(mut self, device: crate::burn::Device) -> Self {
        self.device = Some(device);
        self
    }

    /// What it is.
    pub fn net(&self) -> &ImageNet {
        &self.net
    }

    /// Its engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }
}

impl Net for BuiltNet {
    fn layout(&self) -> ParameterLayout {
        self.engine.graph().layout().clone()
    }

    fn num_features(&self) -> usize {
        self.engine.graph().input().len()
    }

    fn num_classes(&self) -> usize {
        self.net.classes
    }

    /// Weights as `how` says, with fans times the kernel's area; scales of batch norms 1, biases
    /// and shifts 0.
    fn initialize(&self, how: Initialization, rng: &mut Stream) -> Vec<f32> {
        let layout = self.engine.graph().layout();
        let mut theta = how.draw_layout(layout, rng);
        let norms = layout.blocks().iter();
        for scale in norms.filter(|b| b.kind == BlockKind::BatchNorm && b.name.ends_with(".weight"))
        {
            theta[scale.range()].fill(1.0);
        }
        theta
    }

    fn buffer_layout(&self) -> Vec<Block> {
        self.engine.graph().buffers().to_vec()
    }

    fn initial_buffers(&self) -> Vec<f32> {
        self.engine.graph().initial_buffers()
    }

    fn surface(&self, buffers: &[f32], points: &Dataset) -> Result<Box<dyn NetSurface>> {
        check_fit(self, points)?;
        check_buffers(self, buffers)?;
        let surface = ImageSurface::new(&self.engine, buffers, points)?;
        #[cfg(feature = "burn")]
        if let Some(device) = &self.device {
            use crate::burn::{BurnNet, BurnSurface};
            if self.recalibrated {
                let expected = "cpu, where batch norms are recalibrated";
                return Err(basinscope::Error::setting(
                    "device",
                    expected,
                    device.name(),
                ));
            }
            let net = BurnNet::new(self.engine.graph(), device);
            return Ok(Box::new(BurnSurface::new(net, buffers, points, surface)?));
        }
        Ok(Box::new(match self.recalibrated {
            true => surface.recalibrated(),
            false => surface,
        }))
    }

    fn batch(&self) -> Box<dyn TrainingBatch> {
        #[cfg(feature = "burn")]
        if let Some(device) = &self.device {
            use crate::burn::{BurnBatch, BurnNet};
            return Box::new(BurnBatch::new(BurnNet::new(self.engine.graph(), device)));
        }
        Box::new(Trainer::new(Arc::clone(&self.engine)))
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::json!(self.net)
    }

    fn describe(&self) -> String {
        self.net.describe()
    }
}

impl TrainingBatch for Trainer {
    fn refill(&mut self, parts: &[(&Dataset, LossKind, f64)]) {
        Trainer::refill(self, parts);
    }

    fn loss_and_grad(&mut self, theta: &[f32], buffers: &mut [f32], grad: &mut [f32]) -> f64 {
        let norms = Norms::Batch {
            running: buffers,
            momentum: NORM_MOMENTUM,
        };
        let loss = Trainer::loss_and_grad(self, theta, norms, grad);
        if loss.is_nan() { f64::INFINITY } else { loss }
    }
}
