//! Margins of training points: in the plane of the data, and in the space of the weights.

mod input;
mod weight;

pub use input::{InputMarginSettings, input_margins};
pub use weight::{WeightMarginSettings, WeightMargins};

use crate::surface::Classifier;
use crate::{Error, Result};

/// Refuses what is no two-class net with one label for each point.
fn check(net: &impl Classifier, theta: &[f32], points: &[f32], labels: &[u32]) -> Result<()> {
    if net.num_classes() != 2 {
        return Err(Error::setting("classes", "2", net.num_classes()));
    }
    if theta.len() != net.dim() {
        return Err(Error::Shape {
            what: "theta".into(),
            expected: vec![net.dim()],
            found: vec![theta.len()],
        });
    }
    if points.len() != labels.len() * net.num_features() {
        return Err(Error::Shape {
            what: "points".into(),
            expected: vec![labels.len(), net.num_features()],
            found: vec![points.len()],
        });
    }
    Ok(())
}

/// The logit in favour of a point's own class.
fn towards(label: u32, decision: f32) -> f64 {
    let decision = f64::from(decision);
    if label == 1 { decision } else { -decision }
}
