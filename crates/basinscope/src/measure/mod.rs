//! Measures of a minimum: how sharp, how wide, how large, each by its own definition.

mod column;
mod learning_coefficient;
mod noise;
mod norms;
mod population;
mod rescale;
mod sam;
mod suite;

pub use column::{COLUMNS, Column, Part, columns};
pub use learning_coefficient::{ChainSettings, DOUBTED_R_HAT, LearningCoefficient, REFUSED_R_HAT};
pub use noise::{DEFAULT_NOISE_PAIRS, NoiseRise, NoiseSettings, NoiseUnit};
pub use norms::Norms;
pub use population::{FEWEST_OF_A_SIZE, change, correlations};
pub use rescale::rescale;
pub use sam::{Ball, DEFAULT_SAM_STEPS, SamSettings, SamSharpness};
pub use suite::{MeasureSettings, Subject};

use crate::surface::LossSurface;
use crate::{Error, Result};

/// Refuses a θ of the wrong length.
fn check_theta(surface: &impl LossSurface, theta: &[f32]) -> Result<()> {
    if theta.len() == surface.dim() {
        return Ok(());
    }
    Err(Error::Shape {
        what: "theta".into(),
        expected: vec![surface.dim()],
        found: vec![theta.len()],
    })
}
