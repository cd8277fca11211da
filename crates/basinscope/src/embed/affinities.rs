//! How near points are, as t-SNE sees it: Gaussians whose widths give each point its perplexity.

use super::forces::Padded;

/// Steps of the bisection for a width, and how near ln(perplexity) it must come.
const BISECTIONS: usize = 200;
const TOLERANCE: f64 = 1e-7;

/// Joint probabilities of pairs of `rows` (row-major, `dim` values each), each row padded with
/// zeros; all sum to 1.
///
/// ```text
/// p_j|i = exp(−β_i·|x_i − x_j|²)/Σ_k≠i ,   p_ij = (p_j|i + p_i|j)/2N,   p_ii = 0
/// ```
///
/// β_i such that the entropy of p_·|i is ln(perplexity).
///
/// # Reference
/// Van der Maaten and Hinton 2008, Section 2 and equation 1.
pub(super) fn affinities(rows: &[f64], dim: usize, perplexity: f64) -> Padded {
    let count = rows.len() / dim;
    let point = |index: usize| &rows[index * dim..(index + 1) * dim];
    let mut conditional = vec![0.0; count * count];
    for (i, row) in conditional.chunks_exact_mut(count).enumerate() {
        let squares: Vec<f64> = (0..count)
            .map(|j| square_distance(point(i), point(j)))
            .collect();
        neighbours(&squares, i, perplexity, row);
    }
    let mut joint = Padded::zeros(count);
    for i in 0..count {
        for j in 0..count {
            let both = conditional[i * count + j] + conditional[j * count + i];
            joint.row_mut(i)[j] = (both / (2 * count) as f64) as f32;
        }
    }
    joint
}

fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Writes p_·|i, from the squared distances of all points to point i.
fn neighbours(squares: &[f64], i: usize, perplexity: f64, out: &mut [f64]) {
    let others = || (0..squares.len()).filter(|&j| j != i);
    // Distances count from the nearest, so that not all weights vanish however wide apart.
    let nearest = others().map(|j| squares[j]).fold(f64::INFINITY, f64::min);
    let (mut low, mut high, mut beta) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..BISECTIONS {
        let (mut sum, mut mean) = (0.0, 0.0);
        for j in others() {
            let further = squares[j] - nearest;
            out[j] = (-beta * further).exp();
            sum += out[j];
            mean += out[j] * further;
        }
        for j in others() {
            out[j] /= sum;
        }
        let excess = sum.ln() + beta * mean / sum - perplexity.ln();
        if excess.abs() < TOLERANCE {
            return;
        }
        if excess > 0.0 {
            low = beta;
            beta = if high.is_finite() {
                0.5 * (low + high)
            } else {
                2.0 * beta
            };
        } else {
            high = beta;
            beta = 0.5 * (low + high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equally_far_points_are_equally_near() {
        // Corners of a simplex: p_j|i = 1/3 whatever β, p_ij = 2/3/(2·4) = 1/12.
        let mut rows = vec![0.0; 16];
        for i in 0..4 {
            rows[i * 5] = 1e3;
        }
        let found = affinities(&rows, 4, 2.0);
        for i in 0..4 {
            for j in 0..4 {
                let exact = if i == j { 0.0 } else { 1.0 / 12.0 };
                assert!((found.row(i)[j] - exact).abs() < 1e-7);
            }
        }
    }

    #[test]
    fn each_point_has_its_perplexity() {
        let squares: Vec<f64> = (0..40).map(|j| f64::from(j * j)).collect();
        let mut p = vec![0.0; 40];
        neighbours(&squares, 7, 9.0, &mut p);
        let terms = p.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln());
        assert!((terms.sum::<f64>() - 9.0_f64.ln()).abs() < 1e-6);
        assert_eq!(p[7], 0.0);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
