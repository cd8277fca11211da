//! Polynomial features of plane points: the over-parametrised linear model's inputs.

use super::Dataset;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Products of Chebyshev polynomials, `T_i(u)·T_j(v)` with 1 ≤ i + j ≤ degree, of the plane
/// scaled to the square [−1, 1]².
///
/// There are (d + 1)(d + 2)/2 − 1 of them; a linear classifier on them, with its bias, has one
/// parameter more. All lie in [−1, 1], so that gradient descent can use the high degrees too; the
/// span is that of all polynomials of that total degree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polynomial {
    /// Largest total degree d.
    pub degree: usize,
    /// Half the side of the square, around the origin, that is scaled to [−1, 1]².
    pub reach: f64,
}

impl Polynomial {
    /// Checks both numbers.
    ///
    /// # Errors
    /// [`Error::Setting`] for degree 0, or a reach that is not positive.
    pub fn check(self) -> Result<()> {
        if self.degree == 0 {
            return Err(Error::setting("degree", "at least 1", 0));
        }
        if !(self.reach > 0.0 && self.reach.is_finite()) {
            return Err(Error::setting("reach", "a number above 0", self.reach));
        }
        Ok(())
    }

    /// Number of features.
    pub fn num_features(self) -> usize {
        (self.degree + 1) * (self.degree + 2) / 2 - 1
    }

    /// The features of plane points (`[x, y]` each), row-major; coordinates beyond the reach are
    /// held at it.
    pub fn features(self, points: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(points.len() / 2 * self.num_features());
        for point in points.chunks_exact(2) {
            let [u, v] = [point[0], point[1]].map(|x| self.chebyshev(f64::from(x)));
            for total in 1..=self.degree {
                out.extend((0..=total).map(|i| (u[i] * v[total - i]) as f32));
            }
        }
        out
    }

    /// The same points with these features.
    ///
    /// # Errors
    /// As [`Polynomial::check`]; [`Error::Setting`] for points that are not in the plane.
    pub fn dataset(self, points: &Dataset) -> Result<Dataset> {
        self.check()?;
        if points.num_features() != 2 {
            return Err(Error::setting("features", "2", points.num_features()));
        }
        Dataset::new(
            self.features(points.inputs()),
            points.labels().to_vec(),
            self.num_features(),
            points.num_classes(),
        )
    }

    /// T₀ … T_d at a coordinate.
    fn chebyshev(self, x: f64) -> Vec<f64> {
        let x = (x / self.reach).clamp(-1.0, 1.0);
        let mut values = vec![1.0, x];
        while values.len() <= self.degree {
            let k = values.len();
            values.push(2.0 * x * values[k - 1] - values[k - 2]);
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_products_of_chebyshev_polynomials() {
        let degree_3 = Polynomial {
            degree: 3,
            reach: 2.0,
        };
        assert_eq!(degree_3.num_features(), 9);
        // u = .6, v = −.5: T₂ = 2x² − 1, T₃ = 4x³ − 3x.
        let found = degree_3.features(&[1.2, -1.0]);
        let (u, v) = ([1.0, 0.6, -0.28, -0.936], [1.0, -0.5, -0.5, 1.0]);
        let mut exact = Vec::new();
        for total in 1..=3 {
            exact.extend((0..=total).map(|i| u[i] * v[total - i]));
        }
        for (found, exact) in found.iter().zip(exact) {
            assert!((f64::from(*found) - exact).abs() < 1e-6, "{found} {exact}");
        }
    }

    #[test]
    fn a_degree_of_84_has_the_parameters_of_the_net() {
        let wide = Polynomial {
            degree: 84,
            reach: 16.0,
        };
        // 85·86/2 = 3,655 with the bias; the swiss-roll net has 3,614.
        assert_eq!(wide.num_features() + 1, 3_655);
        let far = wide.features(&[1e6, -1e6]);
        assert!(far.iter().all(|x| x.abs() <= 1.0));
    }

    #[test]
    fn what_is_not_in_the_plane_is_refused() {
        let one = Dataset::new(vec![0.5, 1.0], vec![0, 1], 1, 2).unwrap();
        let good = Polynomial {
            degree: 2,
            reach: 1.0,
        };
        assert!(good.dataset(&one).is_err());
        assert!(Polynomial { degree: 0, ..good }.check().is_err());
        assert!(Polynomial { reach: 0.0, ..good }.check().is_err());
    }
}
