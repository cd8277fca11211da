//! Norms of a net's weights: how large they are, whatever the loss around them.

use crate::net::Architecture;
use crate::surface::BlockKind;
use crate::{Error, Result};
use faer::Mat;

/// Norms of one θ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norms {
    /// |θ|, weights and biases: the Frobenius norm of all layers together.
    pub euclidean: f64,
    /// |θ|/√n.
    pub rms: f64,
    /// Π_l ‖W_l‖₂, the product of the layers' largest singular values: a bound on the net's
    /// Lipschitz constant. Biases left out.
    pub spectral_product: f64,
    /// The ℓ₂ path norm, biases as edges from a unit that is always 1.
    pub path: f64,
}

impl Norms {
    /// The norms of a net at θ.
    ///
    /// ```text
    /// path = √(Σ over paths from inputs and biases to outputs of Π w²)
    /// ```
    ///
    /// computed by one forward pass of ones through squared weights, without activations. It and
    /// the spectral product do not change where a ReLU layer is scaled by α and the next by 1/α.
    ///
    /// # Errors
    /// [`Error::Shape`] for a θ of the wrong length; [`Error::Setting`] where it is not finite.
    ///
    /// # Cost
    /// A singular value decomposition of each layer.
    ///
    /// # Reference
    /// Neyshabur et al. 2015 for path norms; Bartlett et al. 2017 for spectral ones.
    pub fn of(net: &Architecture, theta: &[f32]) -> Result<Self> {
        if theta.len() != net.num_params() {
            return Err(Error::Shape {
                what: "theta".into(),
                expected: vec![net.num_params()],
                found: vec![theta.len()],
            });
        }
        let [euclidean, rms] = lengths(theta)?;
        let mut spectral_product = 1.0;
        let mut paths = vec![1.0; net.num_features()];
        for block in net.layout().blocks() {
            let values = &theta[block.range()];
            match block.kind {
                BlockKind::Weight => {
                    let (outs, ins) = (block.shape[0], paths.len());
                    let weight = |i: usize, j: usize| f64::from(values[i * ins + j]);
                    let singular = Mat::from_fn(outs, ins, weight).singular_values();
                    let singular = singular.map_err(|_| not_finite())?;
                    spectral_product *= singular.first().copied().unwrap_or(0.0);
                    paths = (0..outs)
                        .map(|i| (0..ins).map(|j| weight(i, j).powi(2) * paths[j]).sum())
                        .collect();
                }
                BlockKind::Bias | BlockKind::BatchNorm => {
                    for (path, &bias) in paths.iter_mut().zip(values) {
                        *path += f64::from(bias).powi(2);
                    }
                }
            }
        }
        Ok(Self {
            euclidean,
            rms,
            spectral_product,
            path: paths.iter().sum::<f64>().sqrt(),
        })
    }
}

/// |θ| and |θ|/√n of any net.
///
/// # Errors
/// [`Error::Setting`] where θ is not finite.
pub(super) fn lengths(theta: &[f32]) -> Result<[f64; 2]> {
    let squares: f64 = theta.iter().map(|&w| f64::from(w).powi(2)).sum();
    if !squares.is_finite() {
        return Err(not_finite());
    }
    Ok([squares.sqrt(), (squares / theta.len() as f64).sqrt()])
}

fn not_finite() -> Error {
    Error::setting("theta", "finite values", "NaN or infinity")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::rescale;
    use crate::net::{Activation, Initialization};
    use crate::random::stream;

    #[test]
    fn a_net_of_two_layers_has_the_norms_of_the_formulas() {
        // W₁ = diag(3, 2), b₁ = (1, 0), W₂ = (4, 5), b₂ = 6.
        let net = Architecture::new(vec![2, 2, 1], Activation::Relu).unwrap();
        let theta = [3.0, 0.0, 0.0, 2.0, 1.0, 0.0, 4.0, 5.0, 6.0];
        let found = Norms::of(&net, &theta).unwrap();
        let near = |found: f64, exact: f64| assert!((found - exact).abs() < 1e-9, "{found}");
        near(found.euclidean, 91.0_f64.sqrt());
        near(found.rms, (91.0_f64 / 9.0).sqrt());
        // Singular values: 3 and √(16 + 25).
        near(found.spectral_product, 3.0 * 41.0_f64.sqrt());
        // Paths: 3·4, 2·5, bias 1·4, bias 6.
        near(found.path, (144.0_f64 + 100.0 + 16.0 + 36.0).sqrt());
    }

    #[test]
    fn only_the_euclidean_norm_sees_a_rescaling() {
        let net = Architecture::new(vec![2, 7, 5, 1], Activation::Relu).unwrap();
        let mut theta = Initialization::HeNormal.draw(&net, &mut stream(2, "norms", 0));
        theta.iter_mut().for_each(|w| *w += 0.05);
        let before = Norms::of(&net, &theta).unwrap();
        let moved = rescale(&net, &theta, 1, 8.0).unwrap();
        let after = Norms::of(&net, &moved).unwrap();
        assert!((after.path / before.path - 1.0).abs() < 1e-9);
        assert!((after.spectral_product / before.spectral_product - 1.0).abs() < 1e-9);
        assert!(after.euclidean > 1.5 * before.euclidean);
    }

    #[test]
    fn a_wrong_theta_is_refused() {
        let net = Architecture::new(vec![2, 2, 1], Activation::Relu).unwrap();
        assert!(Norms::of(&net, &[0.0; 8]).is_err());
        assert!(Norms::of(&net, &[f32::NAN; 9]).is_err());
    }
}
