//! Distances between parameter vectors, layer by layer and in units of their own size.

use crate::surface::{BlockKind, ParameterLayout};
use crate::{Error, Result};

/// How far two parameter vectors are apart within one layer's weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerDistance {
    /// Euclidean distance.
    pub distance: f64,
    /// Norm of the reference's weights in that layer.
    pub norm: f64,
}

/// Distance of `theta` from `reference` in the weights of each layer, biases left out.
///
/// ```text
/// distance_l = |W_l − W_l^ref|,   norm_l = |W_l^ref|
/// ```
///
/// The distance over all layers is the root of the sum of squares.
///
/// # Errors
/// [`Error::Shape`] where either vector does not fit the layout.
pub fn layer_distances(
    layout: &ParameterLayout,
    reference: &[f32],
    theta: &[f32],
) -> Result<Vec<LayerDistance>> {
    check(layout, reference)?;
    check(layout, theta)?;
    let sum = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    Ok((layout.blocks().iter())
        .filter(|block| block.kind == BlockKind::Weight)
        .map(|block| {
            let (a, b) = (&reference[block.range()], &theta[block.range()]);
            let mut apart = a.iter().zip(b).map(|(&a, &b)| f64::from(a) - f64::from(b));
            LayerDistance {
                distance: sum(&mut apart),
                norm: sum(&mut a.iter().map(|&a| f64::from(a))),
            }
        })
        .collect())
}

/// The weights of θ in one row, biases left out, as the paper embeds them.
///
/// # Errors
/// [`Error::Shape`] where θ does not fit the layout.
pub fn weights_only(layout: &ParameterLayout, theta: &[f32]) -> Result<Vec<f64>> {
    check(layout, theta)?;
    Ok((layout.blocks().iter())
        .filter(|block| block.kind == BlockKind::Weight)
        .flat_map(|block| theta[block.range()].iter().map(|&w| f64::from(w)))
        .collect())
}

fn check(layout: &ParameterLayout, theta: &[f32]) -> Result<()> {
    if theta.len() == layout.num_params() {
        return Ok(());
    }
    Err(Error::Shape {
        what: "theta".into(),
        expected: vec![layout.num_params()],
        found: vec![theta.len()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Activation, Architecture};

    #[test]
    fn distances_are_by_layer_and_leave_biases_out() {
        // 2-2-1: W₁ (4), b₁ (2), W₂ (2), b₂ (1).
        let net = Architecture::new(vec![2, 2, 1], Activation::Relu).unwrap();
        let reference = [3.0, 0.0, 0.0, 4.0, 9.0, 9.0, 0.0, 2.0, 9.0];
        let theta = [3.0, 1.0, 2.0, 2.0, 0.0, 0.0, 0.0, 2.0, 0.0];
        let found = layer_distances(&net.layout(), &reference, &theta).unwrap();
        let exact = |distance, norm| LayerDistance { distance, norm };
        assert_eq!(found, [exact(3.0, 5.0), exact(0.0, 2.0)]);
        let weights = weights_only(&net.layout(), &theta).unwrap();
        assert_eq!(weights, [3.0, 1.0, 2.0, 2.0, 0.0, 2.0]);
        assert!(layer_distances(&net.layout(), &reference[1..], &theta).is_err());
    }
}
