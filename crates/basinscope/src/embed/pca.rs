//! Principal components of a few long rows, by way of their Gram matrix.

use crate::{Error, Result};
use faer::{Mat, Par, Side};

/// Rows in the coordinates of their principal components.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// Number of components kept.
    pub components: usize,
    /// Coordinates, row-major `[rows, components]`, the component of largest variance first.
    pub coordinates: Vec<f64>,
    /// Share of the total variance each component holds.
    pub explained: Vec<f64>,
}

/// Principal components of `rows` (row-major, `dim` values each).
///
/// ```text
/// G = X·Xᵀ,  X the rows less their mean;  G = U·Λ·Uᵀ;  coordinates = U·√Λ
/// ```
///
/// The same as a singular value decomposition of X, and cheap where rows are few and long. The
/// sign of a component is fixed: its coordinate of largest magnitude is positive.
///
/// Keeps `components`, or as many as there are rows.
///
/// # Errors
/// [`Error::Shape`] where the values are no whole number of rows; [`Error::Setting`] for fewer
/// than two rows, no component, or values that are not finite.
pub fn pca(rows: &[f64], dim: usize, components: usize) -> Result<Pca> {
    if dim == 0 || !rows.len().is_multiple_of(dim) {
        return Err(Error::Shape {
            what: "rows to embed".into(),
            expected: vec![rows.len() / dim.max(1), dim],
            found: vec![rows.len()],
        });
    }
    let count = rows.len() / dim;
    if count < 2 {
        return Err(Error::setting("rows to embed", "at least 2", count));
    }
    if components == 0 {
        return Err(Error::setting("components", "at least 1", 0));
    }
    if let Some(at) = rows.iter().position(|value| !value.is_finite()) {
        let field = format!("row {} to embed", at / dim);
        return Err(Error::setting(field, "finite values", rows[at]));
    }
    let mut mean = vec![0.0; dim];
    for row in rows.chunks_exact(dim) {
        for (mean, &value) in mean.iter_mut().zip(row) {
            *mean += value / count as f64;
        }
    }
    let centred = Mat::from_fn(count, dim, |i, j| rows[i * dim + j] - mean[j]);
    let mut gram = Mat::<f64>::zeros(count, count);
    faer::linalg::matmul::matmul(
        &mut gram,
        faer::Accum::Replace,
        &centred,
        centred.transpose(),
        1.0,
        Par::Seq, // the same bits for any number of threads
    );
    let eigen = gram.self_adjoint_eigen(Side::Lower).map_err(|_| {
        Error::setting(
            "rows to embed",
            "a Gram matrix with eigenvalues",
            "none found",
        )
    })?;
    let components = components.min(count);
    let total: f64 = (0..count).map(|i| gram[(i, i)]).sum();
    let mut coordinates = vec![0.0; count * components];
    let mut explained = Vec::with_capacity(components);
    for component in 0..components {
        let place = count - 1 - component; // eigenvalues ascend
        let value = eigen.S()[place].max(0.0);
        explained.push(if total > 0.0 { value / total } else { 0.0 });
        let vector = eigen.U().col(place);
        let largest = (0..count).map(|row| vector[row]).fold(0.0_f64, |best, x| {
            if x.abs() > best.abs() { x } else { best }
        });
        let scale = value.sqrt().copysign(largest);
        for row in 0..count {
            coordinates[row * components + component] = scale * vector[row];
        }
    }
    Ok(Pca {
        components,
        coordinates,
        explained,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use rand::RngExt;
    use rand_distr::StandardNormal;

    #[test]
    fn points_on_a_line_have_one_component() {
        // ±(3, 4)·k around (1, 1): distances 5·k along one axis.
        let rows = [
            1.0 - 6.0,
            1.0 - 8.0,
            1.0 - 3.0,
            1.0 - 4.0,
            1.0,
            1.0,
            1.0 + 9.0,
            1.0 + 12.0,
        ];
        let found = pca(&rows, 2, 2).unwrap();
        assert!((found.explained[0] - 1.0).abs() < 1e-12);
        let along: Vec<f64> = found.coordinates.chunks(2).map(|c| c[0]).collect();
        for (found, exact) in along.iter().zip([-10.0, -5.0, 0.0, 15.0]) {
            assert!((found - exact).abs() < 1e-9, "{along:?}");
        }
    }

    #[test]
    fn all_components_keep_every_distance() {
        let (count, dim) = (12, 40);
        let rng = &mut stream(5, "pca", 0);
        let rows: Vec<f64> = (0..count * dim)
            .map(|_| rng.sample::<f64, _>(StandardNormal))
            .collect();
        let found = pca(&rows, dim, count).unwrap();
        let distance = |values: &[f64], dim: usize, a: usize, b: usize| -> f64 {
            (0..dim)
                .map(|k| (values[a * dim + k] - values[b * dim + k]).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        for a in 0..count {
            for b in 0..a {
                let (before, after) = (
                    distance(&rows, dim, a, b),
                    distance(&found.coordinates, count, a, b),
                );
                assert!((before - after).abs() < 1e-9 * before, "{a} {b}");
            }
        }
        assert!(found.explained.windows(2).all(|w| w[0] >= w[1]));
        assert!((found.explained.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_embedded_is_told() {
        for (rows, dim, components, named) in [
            (vec![1.0; 5], 2, 1, "rows"),
            (vec![1.0; 2], 2, 1, "at least 2"),
            (vec![1.0; 4], 2, 0, "components"),
            (vec![1.0, f64::NAN, 0.0, 0.0], 2, 1, "finite"),
        ] {
            let error = pca(&rows, dim, components).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
