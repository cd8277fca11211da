//! Another point of parameter space with the same function: one ReLU layer times α, the next by 1/α.

use crate::net::{Activation, Architecture};
use crate::surface::BlockKind;
use crate::{Error, Result};

/// θ with hidden layer `layer` (from 0) scaled up and the weights that read it scaled down.
///
/// ```text
/// W_l ← α·W_l,   b_l ← α·b_l,   W_{l+1} ← W_{l+1}/α        (relu(α·x) = α·relu(x) for α > 0)
/// ```
///
/// Every logit stays the same, exactly where α is a power of 2 and to rounding elsewhere. A
/// measure that changes all the same depends on how the function is written down.
///
/// # Errors
/// [`Error::Setting`] for α not above 0, a layer that is not hidden, or an activation that is not
/// positively homogeneous (tanh); [`Error::Shape`] for a θ of the wrong length.
///
/// # Reference
/// Dinh et al. 2017, Definition 5.
pub fn rescale(net: &Architecture, theta: &[f32], layer: usize, alpha: f64) -> Result<Vec<f32>> {
    if theta.len() != net.num_params() {
        return Err(Error::Shape {
            what: "theta".into(),
            expected: vec![net.num_params()],
            found: vec![theta.len()],
        });
    }
    if !(alpha > 0.0 && alpha.is_finite()) {
        return Err(Error::setting(
            "rescaling factor",
            "a number above 0",
            alpha,
        ));
    }
    let hidden = net.num_layers() - 1;
    if layer >= hidden {
        let expected = format!("one of the {hidden} hidden layers, from 0");
        return Err(Error::setting("rescaled layer", expected, layer));
    }
    if net.activation() == Activation::Tanh {
        let expected = "relu or leaky-relu, which a factor passes through";
        return Err(Error::setting("activation", expected, "tanh"));
    }
    let mut rescaled = theta.to_vec();
    for block in net.layout().blocks() {
        let factor = match (block.layer, block.kind) {
            (at, _) if at == layer => alpha,
            (at, BlockKind::Weight) if at == layer + 1 => 1.0 / alpha,
            _ => continue,
        };
        for value in &mut rescaled[block.range()] {
            *value = (f64::from(*value) * factor) as f32;
        }
    }
    Ok(rescaled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Initialization;
    use crate::random::stream;
    use crate::surface::Classifier;
    use rand::RngExt;

    fn logits(net: &Architecture, theta: &[f32], points: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; points.len() / 2];
        net.decision(theta, points, &mut out);
        out
    }

    #[test]
    fn no_logit_changes_whatever_the_layer_and_the_factor() {
        let leaky = Activation::LeakyRelu { slope: 0.1 };
        for (index, activation) in [Activation::Relu, leaky].into_iter().enumerate() {
            let net = Architecture::new(vec![2, 9, 14, 5, 1], activation).unwrap();
            let rng = &mut stream(1, "rescale-test", index as u64);
            let mut theta = Initialization::HeNormal.draw(&net, rng);
            theta
                .iter_mut()
                .for_each(|w| *w += rng.random_range(-0.1..0.1));
            let points: Vec<f32> = (0..80).map(|_| rng.random_range(-3.0..3.0)).collect();
            let before = logits(&net, &theta, &points);
            for layer in 0..3 {
                for alpha in [0.03, 0.25, 4.0, 10.0] {
                    let moved = rescale(&net, &theta, layer, alpha).unwrap();
                    assert!(moved != theta);
                    let after = logits(&net, &moved, &points);
                    for (a, b) in before.iter().zip(&after) {
                        let exact = alpha.log2().fract() == 0.0;
                        let bound = if exact { 0.0 } else { 1e-5 * (1.0 + a.abs()) };
                        assert!((a - b).abs() <= bound, "{layer} {alpha}: {a} {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_would_change_the_function_is_refused() {
        let tanh = Architecture::new(vec![2, 3, 1], Activation::Tanh).unwrap();
        let relu = Architecture::new(vec![2, 3, 1], Activation::Relu).unwrap();
        let theta = vec![0.1; 13];
        for (net, theta, layer, alpha, named) in [
            (&tanh, &theta[..], 0, 2.0, "tanh"),
            (&relu, &theta, 1, 2.0, "layer"),
            (&relu, &theta, 0, 0.0, "factor"),
            (&relu, &theta[1..], 0, 2.0, "theta"),
        ] {
            let error = rescale(net, theta, layer, alpha).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
