//! How much of a matrix a plane of two directions holds.

use super::operator::{SymmetricOperator, check_length, not_finite};
use crate::{Error, Result};

/// |cos|² of the angle of two directions above which they span no plane.
const PARALLEL: f64 = 1.0 - 1e-9;

/// The curvature of a matrix within a plane.
///
/// # Units
/// Those of the matrix; of a Hessian nats per squared unit of parameter length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneCurvature {
    /// dᵀAd/|d|² along each of the two directions.
    pub along: [f64; 2],
    /// v₁ᵀAv₁ + v₂ᵀAv₂ over an orthonormal basis v₁, v₂ of the plane, whichever it is: the part
    /// of the trace that the plane holds.
    pub sum: f64,
}

/// The curvature of a matrix within the plane of two directions.
///
/// ```text
/// along_i = d_iᵀ·A·d_i/|d_i|²,   sum = tr(G⁻¹·B),   G = DᵀD,   B = DᵀAD,   D = (d₁ d₂)
/// ```
///
/// A random plane of n dimensions holds 2/n of the trace on average; none holds more than the plane
/// of the two top eigenvectors.
///
/// # Errors
/// [`Error::Shape`] for a direction of the wrong length; [`Error::Setting`] for directions that
/// span no plane, or products that are not finite.
///
/// # Cost
/// Two products.
///
/// ```
/// use basinscope::curvature::{HessianAt, plane_curvature};
/// use basinscope::surface::analytic::Ellipsoid;
///
/// // h = (6, 3, 2): the plane of the last two axes, by a basis that is not orthogonal.
/// let bowl = Ellipsoid::power_law(3, 6.0, 1.0);
/// let hessian = HessianAt::new(&bowl, &[0.0; 3])?;
/// let found = plane_curvature(&hessian, [&[0.0, 2.0, 0.0], &[0.0, 1.0, 1.0]])?;
/// assert_eq!((found.along, found.sum), ([3.0, 2.5], 5.0));
/// # Ok::<(), basinscope::Error>(())
/// ```
pub fn plane_curvature(
    matrix: &(impl SymmetricOperator + ?Sized),
    directions: [&[f32]; 2],
) -> Result<PlaneCurvature> {
    for direction in directions {
        check_length("direction", direction, matrix.dim())?;
    }
    let images = matrix.apply_all(&directions.map(<[f32]>::to_vec));
    let [d1, d2] = directions;
    let (g11, g12, g22) = (dot(d1, d1), dot(d1, d2), dot(d2, d2));
    // Also false where a direction is 0 or not finite.
    let spans = g12 * g12 < PARALLEL * g11 * g22;
    if !spans {
        let expected = "two that span a plane";
        return Err(Error::setting("directions", expected, "parallel ones or 0"));
    }
    let (b11, b22) = (dot(d1, &images[0]), dot(d2, &images[1]));
    let b12 = 0.5 * (dot(d1, &images[1]) + dot(d2, &images[0]));
    let found = PlaneCurvature {
        along: [b11 / g11, b22 / g22],
        sum: (g22 * b11 - 2.0 * g12 * b12 + g11 * b22) / (g11 * g22 - g12 * g12),
    };
    match found.sum.is_finite() {
        true => Ok(found),
        false => Err(not_finite()),
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    (a.iter().zip(b))
        .map(|(&a, &b)| f64::from(a) * f64::from(b))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::test_matrices::{Dense, decaying, rotated};
    use super::super::{HessianAt, LanczosSettings, TraceSettings, extreme_eigenpairs, hutchpp};
    use super::*;
    use crate::surface::analytic::Ellipsoid;
    use faer::Mat;

    /// The whole trace, by as many products as there are rows.
    fn trace(matrix: &impl SymmetricOperator) -> f64 {
        let products = matrix.dim();
        let settings = TraceSettings { products, seed: 0 };
        hutchpp(matrix, settings, &()).unwrap().value
    }

    #[test]
    fn the_share_of_a_known_hessian_is_the_one_by_hand() {
        // h = 12/i = (12, 6, 4, 3), trace 25. d₁ = e₁ + e₂: (12 + 6)/2 = 9. d₂ = e₁ + e₃:
        // (12 + 4)/2 = 8. Gram–Schmidt: d₂ − ½·d₁ = ½e₁ − ½e₂ + e₃, of square 3/2 and
        // curvature (¼·12 + ¼·6 + 4)/(3/2) = 17/3. So the plane holds 9 + 17/3 = 44/3 of 25.
        let bowl = Ellipsoid::power_law(4, 12.0, 1.0);
        let hessian = HessianAt::new(&bowl, &[0.0; 4]).unwrap();
        let (d1, d2) = ([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]);
        let found = plane_curvature(&hessian, [&d1, &d2]).unwrap();
        assert_eq!(found.along, [9.0, 8.0]);
        let share = found.sum / trace(&hessian);
        assert!((share - 44.0 / 75.0).abs() < 1e-6, "{share}");
        // Another basis of the same plane holds the same: d₁ − d₂ and 3·d₁ + d₂.
        let (e1, e2) = ([0.0, 1.0, -1.0, 0.0], [4.0, 3.0, 1.0, 0.0]);
        let other = plane_curvature(&hessian, [&e1, &e2]).unwrap();
        assert!((other.sum - found.sum).abs() < 1e-5, "{other:?}");
    }

    #[test]
    fn the_plane_of_the_top_eigenvectors_holds_their_eigenvalues() {
        // 100/i² with every third one negative: the two largest are 100 and 25.
        let values = decaying(60);
        let matrix = rotated(&values, 3);
        let settings = LanczosSettings {
            count: 2,
            tolerance: 1e-6,
            ..LanczosSettings::default()
        };
        let top = extreme_eigenpairs(&matrix, settings, &()).unwrap().top;
        let found = plane_curvature(&matrix, [&top[0].vector, &top[1].vector]).unwrap();
        let share = found.sum / trace(&matrix);
        let exact = 125.0 / values.iter().sum::<f64>();
        assert!((share / exact - 1.0).abs() < 1e-4, "{share} {exact}");
    }

    #[test]
    fn what_spans_no_plane_is_refused() {
        let bowl = Ellipsoid::sphere(3, 1.0);
        let hessian = HessianAt::new(&bowl, &[0.0; 3]).unwrap();
        let refused = |d1: &[f32], d2: &[f32]| {
            let found = plane_curvature(&hessian, [d1, d2]);
            found.unwrap_err().to_string()
        };
        assert!(refused(&[1.0, 2.0, 3.0], &[-2.0, -4.0, -6.0]).contains("span a plane"));
        assert!(refused(&[1.0, 0.0, 0.0], &[0.0; 3]).contains("span a plane"));
        assert!(refused(&[1.0, 0.0, 0.0], &[1.0]).contains("direction"));
        let broken = Dense(Mat::full(2, 2, f64::NAN));
        let error = plane_curvature(&broken, [&[1.0, 0.0], &[0.0, 1.0]]);
        assert!(error.unwrap_err().to_string().contains("finite"));
    }
}
