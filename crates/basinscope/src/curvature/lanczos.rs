//! The stiffest directions of a minimum: Lanczos iteration on its Hessian.

use crate::random::stream;
use crate::surface::TwiceDifferentiable;
use crate::{Error, Result};
use faer::{Mat, Side};
use rand::RngExt;
use rand_distr::StandardNormal;

/// What is asked of the iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LanczosSettings {
    /// Eigenpairs wanted, the largest eigenvalues first.
    pub count: usize,
    /// Hessian products at most.
    pub products: usize,
    /// Residual |Hv − λv| at which an eigenpair counts as found, in units of the largest
    /// eigenvalue.
    pub tolerance: f64,
    /// Seed of the first vector.
    pub seed: u64,
}

impl Default for LanczosSettings {
    /// One eigenpair, at most 100 products, to 1e-3.
    fn default() -> Self {
        Self {
            count: 1,
            products: 100,
            tolerance: 1e-3,
            seed: 0,
        }
    }
}

/// An eigenvalue of the Hessian with its unit eigenvector.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigenpair {
    /// The eigenvalue, in nats per squared unit of parameter length.
    pub value: f64,
    /// The eigenvector, of norm 1 (`dim()` values).
    pub vector: Vec<f32>,
    /// |Hv − λv|, as the iteration estimates it.
    pub residual: f64,
}

/// The largest eigenvalues of the Hessian at θ, and their eigenvectors.
///
/// Lanczos iteration with full reorthogonalisation (twice is enough), in f64 around f32 products.
/// Ends when `count` pairs are found to the tolerance, or after `products` products; each pair
/// tells its residual.
///
/// # Errors
/// [`Error::Shape`] for a θ of the wrong length; [`Error::Setting`] for no pair, or more pairs
/// than products or parameters.
///
/// # Cost
/// At most `products` Hessian products and as many vectors of memory.
///
/// # Reference
/// Golub and Van Loan 2013, section 10.3.
pub fn top_eigenpairs(
    surface: &impl TwiceDifferentiable,
    theta: &[f32],
    settings: LanczosSettings,
) -> Result<Vec<Eigenpair>> {
    let dim = surface.dim();
    if theta.len() != dim {
        return Err(Error::Shape {
            what: "theta".into(),
            expected: vec![dim],
            found: vec![theta.len()],
        });
    }
    let most = settings.products.min(dim);
    if settings.count == 0 || settings.count > most {
        let expected = format!("from 1 to {most}, the products or parameters there are");
        return Err(Error::setting("eigenpairs", expected, settings.count));
    }
    let rng = &mut stream(settings.seed, "lanczos", 0);
    let mut next: Vec<f64> = (0..dim).map(|_| rng.sample(StandardNormal)).collect();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut product = vec![0.0_f32; dim];
    let mut length = norm(&next);
    loop {
        next.iter_mut().for_each(|x| *x /= length);
        let vector: Vec<f32> = next.iter().map(|&x| x as f32).collect();
        surface.hvp(theta, &vector, &mut product);
        basis.push(std::mem::take(&mut next));
        next = product.iter().map(|&x| f64::from(x)).collect();
        let along = dot(&next, &basis[basis.len() - 1]);
        diagonal.push(along);
        for _ in 0..2 {
            for known in &basis {
                let share = dot(&next, known);
                for (x, &k) in next.iter_mut().zip(known) {
                    *x -= share * k;
                }
            }
        }
        length = norm(&next);
        let found = ritz(&diagonal, &beside, length)?;
        let scale = found
            .iter()
            .fold(0.0_f64, |most, pair| most.max(pair.value.abs()));
        let enough = found.len() >= settings.count
            && (found[..settings.count].iter())
                .all(|pair| pair.residual <= settings.tolerance * scale);
        let stuck = length <= f64::EPSILON * scale || !length.is_finite();
        if enough || stuck || basis.len() >= most {
            let wanted = found.into_iter().take(settings.count);
            return Ok(wanted.map(|pair| pair.lift(&basis)).collect());
        }
        beside.push(length);
    }
}

/// An eigenpair of the small tridiagonal matrix.
struct Ritz {
    value: f64,
    weights: Vec<f64>,
    residual: f64,
}

impl Ritz {
    fn lift(self, basis: &[Vec<f64>]) -> Eigenpair {
        let mut vector = vec![0.0; basis[0].len()];
        for (known, &weight) in basis.iter().zip(&self.weights) {
            for (x, &k) in vector.iter_mut().zip(known) {
                *x += weight * k;
            }
        }
        // An eigenvector has no sign: make its largest entry positive.
        let largest = vector.iter().fold(
            0.0_f64,
            |best, &x| if x.abs() > best.abs() { x } else { best },
        );
        let scale = norm(&vector).copysign(largest);
        Eigenpair {
            value: self.value,
            vector: vector.iter().map(|&x| (x / scale) as f32).collect(),
            residual: self.residual,
        }
    }
}

/// Eigenpairs of the tridiagonal matrix, the largest value first; `rest` is the norm of what the
/// basis leaves over.
fn ritz(diagonal: &[f64], beside: &[f64], rest: f64) -> Result<Vec<Ritz>> {
    let size = diagonal.len();
    let matrix = Mat::from_fn(size, size, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    });
    let eigen = matrix
        .self_adjoint_eigen(Side::Lower)
        .map_err(|_| Error::setting("Hessian products", "finite values", "NaN or infinity"))?;
    Ok((0..size)
        .rev()
        .map(|place| {
            let weights: Vec<f64> = (0..size).map(|row| eigen.U()[(row, place)]).collect();
            Ritz {
                value: eigen.S()[place],
                residual: (rest * weights[size - 1]).abs(),
                weights,
            }
        })
        .collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::Differenced;
    use super::*;
    use crate::surface::analytic::Ellipsoid;

    #[test]
    fn the_spectrum_of_a_bowl_is_found() {
        // h = 1000/i: eigenvectors are the axes.
        let bowl = Ellipsoid::power_law(300, 1_000.0, 1.0);
        let settings = LanczosSettings {
            count: 4,
            tolerance: 1e-5,
            ..LanczosSettings::default()
        };
        let found = top_eigenpairs(&bowl, &vec![0.0; 300], settings).unwrap();
        for (i, pair) in found.iter().enumerate() {
            let exact = 1_000.0 / (i + 1) as f64;
            assert!((pair.value / exact - 1.0).abs() < 1e-4, "{}", pair.value);
            assert!((pair.vector[i] - 1.0).abs() < 1e-3, "{}", pair.vector[i]);
            assert!(pair.residual <= 1e-5 * 1_000.0);
        }
    }

    #[test]
    fn differences_find_the_same_directions() {
        let bowl = Ellipsoid::power_law(40, 10.0, 2.0);
        let settings = LanczosSettings::default();
        let theta = vec![0.3; 40];
        let exact = top_eigenpairs(&bowl, &theta, settings).unwrap();
        let found = top_eigenpairs(&Differenced(&bowl), &theta, settings).unwrap();
        assert!((exact[0].value - found[0].value).abs() < 0.02);
        assert!((found[0].vector[0] - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_sphere_is_done_after_one_product() {
        // Every direction is an eigenvector: the basis has nothing left over.
        let found = top_eigenpairs(
            &Ellipsoid::sphere(10, 2.0),
            &[1.0; 10],
            LanczosSettings::default(),
        );
        assert!((found.unwrap()[0].value - 2.0).abs() < 1e-6);
    }

    #[test]
    fn too_many_pairs_are_refused() {
        for count in [0, 11] {
            let settings = LanczosSettings {
                count,
                ..LanczosSettings::default()
            };
            let bowl = Ellipsoid::sphere(10, 1.0);
            let error = top_eigenpairs(&bowl, &[1.0; 10], settings).unwrap_err();
            assert!(error.to_string().contains("1 to 10"), "{error}");
        }
    }
}
