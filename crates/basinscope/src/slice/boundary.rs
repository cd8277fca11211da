//! The decision boundary over a plane of inputs, and which points a net gets right.

use super::point::check_dim;
use crate::net::kernel::logistic;
use crate::record::Axis;
use crate::surface::Classifier;
use crate::{Error, Result};
use rayon::prelude::*;

/// Predicted classes on a grid, row-major `[y.count, x.count]`, rows by ascending y.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    /// Predicted class.
    pub class: Vec<u8>,
    /// Confidence in [0, 1]: for two classes the probability of class 1; for more, that the best
    /// class beats the second best (½ on the boundary between them). ½ where a logit overflows
    /// to NaN.
    pub probability: Vec<f32>,
}

/// The classes a net assigns to the nodes of a grid.
///
/// ```text
/// probability = 1 / (1 + exp(−z)),  z = logit of class 1 (K = 2), best − second logit (K > 2)
/// ```
///
/// # Shapes
/// `theta` holds one value for each parameter; the result is row-major `[y.count, x.count]`.
///
/// # Errors
/// [`Error::Setting`] for a net with other than 2 features, more than 256 classes or an axis that
/// makes no sense; [`Error::Shape`] for a θ of the wrong length.
///
/// # Cost
/// One forward pass over `x.count · y.count` points, rows spread over the
/// threads; the bits do not depend on how many there are.
///
/// # Reference
/// Huang et al. (2020), Figures 3, 6 and 8.
pub fn boundary(net: &impl Classifier, theta: &[f32], x: Axis, y: Axis) -> Result<Boundary> {
    check_net(net, theta)?;
    let (x, y) = (x.checked("x")?, y.checked("y")?);
    let mut class = vec![0_u8; x.count * y.count];
    let mut probability = vec![0.0_f32; x.count * y.count];
    class
        .par_chunks_exact_mut(x.count)
        .zip(probability.par_chunks_exact_mut(x.count))
        .enumerate()
        .for_each(|(row, (class, probability))| {
            let height = y.value(row) as f32;
            let points: Vec<f32> = x.values().flat_map(|x| [x as f32, height]).collect();
            let mut found = vec![0_u32; x.count];
            net.classify(theta, &points, &mut found, probability);
            for (class, found) in class.iter_mut().zip(found) {
                *class = found as u8; // at most 256 classes, checked above
            }
            logistic(probability);
        });
    Ok(Boundary { class, probability })
}

/// Refuses data or nets that have no boundary in the plane, before anything is computed.
///
/// # Errors
/// [`Error::Setting`] for other than 2 features.
pub fn ensure_plane(num_features: usize) -> Result<()> {
    if num_features == 2 {
        return Ok(());
    }
    Err(Error::setting(
        "num_features",
        "2, as only points of two features have a boundary in the plane",
        num_features,
    ))
}

/// Refuses what [`boundary`] cannot draw.
pub(super) fn check_net(net: &impl Classifier, theta: &[f32]) -> Result<()> {
    ensure_plane(net.num_features())?;
    if net.num_classes() > 256 {
        let found = net.num_classes();
        return Err(Error::setting("num_classes", "at most 256", found));
    }
    check_dim("theta", theta, net.dim())
}

/// The class a net assigns to each point.
///
/// # Shapes
/// `inputs` is row-major `[N, num_features]`; the result has N entries.
///
/// # Errors
/// [`Error::Shape`] for a θ or inputs of the wrong length.
///
/// # Cost
/// One forward pass.
pub fn predictions(net: &impl Classifier, theta: &[f32], inputs: &[f32]) -> Result<Vec<u32>> {
    check_dim("theta", theta, net.dim())?;
    let features = net.num_features();
    if !inputs.len().is_multiple_of(features) {
        return Err(Error::Shape {
            what: "inputs".into(),
            expected: vec![inputs.len() / features, features],
            found: vec![inputs.len()],
        });
    }
    let mut classes = vec![0; inputs.len() / features];
    net.predict(theta, inputs, &mut classes);
    Ok(classes)
}

/// Whether a net classifies each point as its label says.
///
/// # Shapes
/// `inputs` is row-major `[N, num_features]`, `labels` has N entries, so has the result.
///
/// # Errors
/// [`Error::Shape`] where θ, inputs and labels do not fit together.
///
/// # Cost
/// One forward pass.
pub fn correct(
    net: &impl Classifier,
    theta: &[f32],
    inputs: &[f32],
    labels: &[u32],
) -> Result<Vec<bool>> {
    let found = predictions(net, theta, inputs)?;
    if found.len() != labels.len() {
        return Err(Error::Shape {
            what: "labels".into(),
            expected: vec![found.len()],
            found: vec![labels.len()],
        });
    }
    Ok(found.iter().zip(labels).map(|(a, b)| a == b).collect())
}

/// The square grid around a cloud of points, for drawing with equal scales.
///
/// ```text
/// half = max(half width, half height) · (1 + margin),  each axis: centre ± half
/// ```
///
/// Points that all coincide get a square of half side 1 · (1 + margin).
///
/// # Shapes
/// `inputs` is row-major `[N, 2]`; both axes have `count` values.
///
/// # Errors
/// [`Error::Shape`] unless there is at least one point and a whole number of them;
/// [`Error::Setting`] for a coordinate that is not finite, a margin below 0 or a count below 2.
pub fn enclosing_axes(inputs: &[f32], margin: f64, count: usize) -> Result<(Axis, Axis)> {
    if inputs.is_empty() || !inputs.len().is_multiple_of(2) {
        return Err(Error::Shape {
            what: "inputs of a boundary".into(),
            expected: vec![(inputs.len() / 2).max(1), 2],
            found: vec![inputs.len()],
        });
    }
    if let Some(at) = inputs.iter().position(|value| !value.is_finite()) {
        let field = format!("inputs[{}, {}]", at / 2, at % 2);
        return Err(Error::setting(field, "a finite number", inputs[at]));
    }
    if !(margin.is_finite() && margin >= 0.0) {
        return Err(Error::setting("margin", "a number of at least 0", margin));
    }
    let ends = |feature: usize| {
        inputs
            .iter()
            .skip(feature)
            .step_by(2)
            .map(|&value| f64::from(value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
    };
    let (x, y) = (ends(0), ends(1));
    let half = match ((x.1 - x.0) / 2.0).max((y.1 - y.0) / 2.0) {
        half if half > 0.0 => half,
        _ => 1.0,
    } * (1.0 + margin);
    let axis = |(low, high): (f64, f64)| {
        let centre = (low + high) / 2.0;
        Axis::new(centre - half, centre + half, count)
    };
    Ok((axis(x)?, axis(y)?))
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Linear, in_threads};
    use super::*;
    use crate::surface::Classifier;

    #[test]
    fn the_boundary_of_a_line_is_that_line() {
        // Logit 2x − y: zero on y = 2x.
        let (x, y) = ("-1:1:3".parse().unwrap(), "-2:2:5".parse().unwrap());
        let found = boundary(&Linear, &[2.0, -1.0, 0.0], x, y).unwrap();
        for (row, y) in y.values().enumerate() {
            for (column, x) in x.values().enumerate() {
                let node = row * 3 + column;
                let logit = 2.0 * x - y;
                assert_eq!(found.class[node], u8::from(logit > 0.0));
                let expected = 1.0 / (1.0 + (-logit).exp());
                assert!((f64::from(found.probability[node]) - expected).abs() < 1e-7);
            }
        }
        assert_eq!(found.probability[7], 0.5); // the origin
    }

    #[test]
    fn extreme_logits_stay_probabilities() {
        let mut values = [f32::INFINITY, -1e30, f32::NAN];
        logistic(&mut values);
        assert_eq!(values, [1.0, 0.0, 0.5]);
    }

    struct Wide;
    impl Classifier for Wide {
        fn dim(&self) -> usize {
            1
        }
        fn num_features(&self) -> usize {
            3
        }
        fn num_classes(&self) -> usize {
            2
        }
        fn decision(&self, _: &[f32], _: &[f32], _: &mut [f32]) {}
        fn predict(&self, _: &[f32], _: &[f32], _: &mut [u32]) {}
    }

    #[test]
    fn only_two_features_make_a_plane() {
        let axis: Axis = "0:1:2".parse().unwrap();
        let error = boundary(&Wide, &[0.0], axis, axis).unwrap_err().to_string();
        assert!(error.contains("num_features"), "{error}");
        assert!(boundary(&Linear, &[0.0], axis, axis).is_err());
        assert!(predictions(&Wide, &[0.0], &[1.0, 2.0]).is_err());
        assert!(correct(&Linear, &[0.0; 3], &[1.0, 2.0], &[0, 1]).is_err());
    }

    #[test]
    fn points_are_right_on_their_side_of_the_line() {
        let inputs = [1.0, 0.0, -1.0, 0.0, 0.5, 9.0];
        let theta = [1.0, 0.0, 0.0];
        assert_eq!(predictions(&Linear, &theta, &inputs).unwrap(), [1, 0, 1]);
        assert_eq!(
            correct(&Linear, &theta, &inputs, &[1, 1, 1]).unwrap(),
            [true, false, true]
        );
    }

    #[test]
    fn axes_enclose_the_points_in_a_square() {
        // x in [0, 4], y in [1, 2]: centre (2, 1.5), half side 2·1.25 = 2.5.
        let (x, y) = enclosing_axes(&[0.0, 1.0, 4.0, 2.0], 0.25, 11).unwrap();
        assert_eq!((x.from, x.to, x.count), (-0.5, 4.5, 11));
        assert_eq!((y.from, y.to, y.count), (-1.0, 4.0, 11));
        let (x, _) = enclosing_axes(&[3.0, 5.0], 0.0, 2).unwrap();
        assert_eq!((x.from, x.to), (2.0, 4.0));
        assert!(enclosing_axes(&[], 0.1, 2).is_err());
        assert!(enclosing_axes(&[1.0, f32::NAN], 0.1, 2).is_err());
        assert!(enclosing_axes(&[1.0, 2.0], -0.1, 2).is_err());
        assert!(enclosing_axes(&[1.0, 2.0], 0.1, 1).is_err());
    }

    #[test]
    fn thread_counts_agree_bit_for_bit() {
        let axis: Axis = "-1.3:1.7:23".parse().unwrap();
        let draw = || boundary(&Linear, &[0.3, -0.8, 0.1], axis, axis).unwrap();
        assert_eq!(in_threads(1, draw), in_threads(3, draw));
    }
}
