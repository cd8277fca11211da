//! Which class a net of any kind gives to a point: for boundaries in the plane.

use super::{Net, check_buffers};
use crate::Result;
use crate::data::Dataset;
use crate::surface::Classifier;

/// A net with its buffers, as a classifier of points that it was not trained on.
pub struct NetClassifier<'a> {
    net: &'a dyn Net,
    buffers: &'a [f32],
}

impl<'a> NetClassifier<'a> {
    /// The net in evaluation mode, with these buffers.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for buffers of the wrong length.
    pub fn new(net: &'a dyn Net, buffers: &'a [f32]) -> Result<Self> {
        check_buffers(net, buffers)?;
        Ok(Self { net, buffers })
    }

    /// Logarithms of the class probabilities, row-major `[points, K]`; those of an overflow are
    /// NaN.
    fn log_probabilities(&self, theta: &[f32], points: &[f32]) -> Vec<f32> {
        let (features, classes) = (self.net.num_features(), self.net.num_classes());
        let labels = vec![0; points.len() / features];
        let mut out = vec![f32::NAN; labels.len() * classes];
        if labels.is_empty() {
            return out;
        }
        let points = Dataset::new(points.to_vec(), labels, features, classes);
        // Nothing but a point that is not finite is at fault here; it has no class.
        let surface = points.and_then(|points| self.net.surface(self.buffers, &points));
        if let Ok(surface) = surface {
            surface.probabilities(theta, &mut out);
            out.iter_mut()
                .for_each(|p| *p = p.clamp(f32::MIN_POSITIVE, 1.0).ln()); // NaN stays
        }
        out
    }
}

impl Classifier for NetClassifier<'_> {
    fn dim(&self) -> usize {
        self.net.num_params()
    }

    fn num_features(&self) -> usize {
        self.net.num_features()
    }

    fn num_classes(&self) -> usize {
        self.net.num_classes()
    }

    fn decision(&self, theta: &[f32], points: &[f32], out: &mut [f32]) {
        self.classify(theta, points, &mut vec![0; out.len()], out);
    }

    fn predict(&self, theta: &[f32], points: &[f32], out: &mut [u32]) {
        let mut margins = vec![0.0; out.len()];
        self.classify(theta, points, out, &mut margins);
    }

    fn classify(&self, theta: &[f32], points: &[f32], classes: &mut [u32], margins: &mut [f32]) {
        if let Some(perceptron) = self.net.as_perceptron() {
            return perceptron.classify(theta, points, classes, margins);
        }
        let rows = self.log_probabilities(theta, points);
        let rows = rows.chunks_exact(self.net.num_classes());
        for (row, (class, margin)) in rows.zip(classes.iter_mut().zip(margins)) {
            let best = (1..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best });
            let others = (row.iter().enumerate()).filter(|&(k, _)| k != best);
            let second = others.fold(f32::NEG_INFINITY, |top, (_, &log)| top.max(log));
            *class = best as u32;
            *margin = match row {
                [first, second] => second - first,
                _ => row[best] - second,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::toy::Centred;
    use crate::net::{Activation, Architecture};

    /// The toy is a linear net on the inputs less its running mean, so its margin at x is the
    /// linear net's at x − mean.
    #[test]
    fn margins_and_classes_are_those_of_the_net_with_its_buffers() {
        for classes in [2, 3] {
            let linear = Architecture::new(vec![2, classes], Activation::Relu).unwrap();
            let theta: Vec<f32> = (0..linear.num_params()).map(|i| (i as f32).sin()).collect();
            let (points, mean) = ([0.5, -1.0, 2.0, 0.25, -3.0, 1.5], [0.75, -0.5]);
            let moved: Vec<f32> = (points.iter().zip(mean.iter().cycle()))
                .map(|(x, m)| x - m)
                .collect();
            let (mut expected, mut found) =
                ((vec![0; 3], vec![0.0; 3]), (vec![9; 3], vec![9.0; 3]));
            linear.classify(&theta, &moved, &mut expected.0, &mut expected.1);
            let net = Centred::new(2, classes);
            let net = NetClassifier::new(&net, &mean).unwrap();
            net.classify(&theta, &points, &mut found.0, &mut found.1);
            assert_eq!(found.0, expected.0);
            for (found, expected) in found.1.iter().zip(&expected.1) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
        assert!(NetClassifier::new(&Centred::new(2, 2), &[0.0]).is_err());
    }
}
