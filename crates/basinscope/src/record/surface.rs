//! The loss over a plane through the loss surface, and what one plane is worth.

use super::Axis;
use serde::{Deserialize, Serialize};

/// Train loss on the plane θ + a·d₁ + b·d₂.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurfaceRecord {
    /// Name of the minimum at (0, 0).
    pub minimum: String,
    /// Test accuracy of that minimum.
    pub test_accuracy: f64,
    /// How both directions were normalised.
    pub normalization: String,
    /// Steps a along the first direction (columns).
    pub x: Axis,
    /// Steps b along the second direction (rows).
    pub y: Axis,
    /// Mean train loss, row-major `[y.count, x.count]`.
    #[serde(skip)]
    pub train_loss: Vec<f64>,
    /// Train accuracy, same shape.
    #[serde(skip)]
    pub train_accuracy: Vec<f64>,
    /// The directions d₁ and d₂ themselves, one value for each parameter: the arrays `direction_1`
    /// and `direction_2` beside the losses. Empty where a run is older than they are.
    #[serde(skip)]
    pub directions: [Vec<f32>; 2],
    /// How much of what there is this plane shows; `None` in older runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<PlaneWorth>,
    /// Seed of the directions.
    pub seed: u64,
    /// Version of basinscope.
    pub version: String,
    /// The settings it was computed with.
    pub config: serde_json::Value,
}

/// What a plane holds of the curvature, and how much another plane would have differed.
///
/// # Units
/// Curvatures of the mean train loss in nats per squared unit of parameter length, weight decay
/// and poison left out; shares from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaneWorth {
    /// dᵀHd/|d|² along each of the two directions.
    pub curvature: [f64; 2],
    /// Trace of the Hessian H.
    pub trace: f64,
    /// Its standard error.
    pub trace_standard_error: f64,
    /// Largest eigenvalue of H.
    pub top_eigenvalue: f64,
    /// v₁ᵀHv₁ + v₂ᵀHv₂ over an orthonormal basis of the plane, in units of `trace`.
    pub share_of_trace: f64,
    /// What a random isotropic plane holds on average: 2/n.
    pub chance_share: f64,
    /// Cutoff on the mean train loss, in nats.
    pub cutoff: f64,
    /// Share of this plane's nodes with a loss of at most `cutoff`.
    pub area_below_cutoff: f64,
    /// Nodes along a side of the coarse grid, over the same range.
    pub other_grid: usize,
    /// Share of this plane's nodes on the coarse grid.
    pub area_below_cutoff_coarse: f64,
    /// The same share of other random planes through the minimum, drawn alike.
    pub other_planes: Vec<f64>,
    /// Area of {loss ≤ cutoff} in this plane as seen from the minimum, ½·∮r(φ)²dφ, in units of the
    /// two directions: known also where the basin is smaller than the grid's meshes.
    pub cross_section: f64,
    /// The same of the other planes, in their order.
    pub other_cross_sections: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_of_an_older_run_is_read_without_its_worth() {
        let old = r#"{ "minimum": "clean", "test_accuracy": 1.0, "normalization": "filter",
            "x": { "from": -1.0, "to": 1.0, "count": 3 }, "seed": 0, "version": "0.1.0",
            "y": { "from": -1.0, "to": 1.0, "count": 3 }, "config": null }"#;
        let mut record: SurfaceRecord = serde_json::from_str(old).unwrap();
        assert_eq!(record.worth, None);
        assert!(!serde_json::to_string(&record).unwrap().contains("worth"));
        record.worth = Some(PlaneWorth {
            curvature: [0.5, 2.0],
            trace: 10.0,
            trace_standard_error: 0.1,
            top_eigenvalue: 4.0,
            share_of_trace: 0.25,
            chance_share: 0.002,
            cutoff: 0.1,
            area_below_cutoff: 0.5,
            other_grid: 25,
            area_below_cutoff_coarse: 0.48,
            other_planes: vec![0.4, 0.6],
            cross_section: 0.11,
            other_cross_sections: vec![0.09, 0.13],
        });
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(
            serde_json::from_str::<SurfaceRecord>(&text).unwrap(),
            record
        );
    }
}
