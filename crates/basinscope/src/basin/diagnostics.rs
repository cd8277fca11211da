//! What tells whether a sampler's number can be trusted.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Split R-hat of chains (`[chain][draw]`): each is cut in two, and the spread between the halves
/// is held against the spread within. 1 for chains that agree; `∞` where all stand still at
/// different places.
///
/// ```text
/// R̂ = √(((m − 1)/m·W + B/m)/W),  B/m the variance of the halves' means, W the mean of their variances
/// ```
///
/// # Reference
/// Gelman et al. 2013, section 11.4.
pub fn split_r_hat(chains: &[Vec<f64>]) -> f64 {
    let halves: Vec<&[f64]> = (chains.iter())
        .flat_map(|chain| {
            let half = chain.len() / 2;
            [&chain[..half], &chain[chain.len() - half..]]
        })
        .filter(|half| half.len() >= 2)
        .collect();
    if halves.len() < 2 {
        return 1.0;
    }
    let draws = halves[0].len() as f64;
    let means: Vec<f64> = halves.iter().map(|half| mean(half)).collect();
    let within = halves.iter().map(|half| variance(half)).sum::<f64>() / halves.len() as f64;
    let between = variance(&means);
    if between == 0.0 {
        return 1.0;
    }
    (((draws - 1.0) / draws * within + between) / within).sqrt()
}

/// Half the width of a 95 % interval by Student's t; `∞` without degrees of freedom.
///
/// ```text
/// t(.975; degrees)·standard_error
/// ```
pub fn student_half_width(standard_error: f64, degrees: usize) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees as f64) {
        Ok(student) => student.inverse_cdf(0.975) * standard_error,
        Err(_) => f64::INFINITY,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    squares / (values.len() as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use rand::RngExt;
    use rand_distr::StandardNormal;

    #[test]
    fn chains_that_agree_have_an_r_hat_near_one() {
        let chain = |index: u64, shift: f64| -> Vec<f64> {
            let rng = &mut stream(3, "chains", index);
            (0..200)
                .map(|_| shift + rng.sample::<f64, _>(StandardNormal))
                .collect()
        };
        let alike: Vec<Vec<f64>> = (0..8).map(|index| chain(index, 0.0)).collect();
        // R̂² − 1 ≈ (B/W − 1)/m; its sd over 16 halves of 100 draws is √(2/15)/100 = .004.
        assert!((split_r_hat(&alike) - 1.0).abs() < 0.01);
        // Means two apart: B/m = 4/3·… so that R̂² ≈ 1 + variance of the means.
        let apart: Vec<Vec<f64>> = (0..2).map(|i| chain(i, 2.0 * i as f64)).collect();
        assert!((split_r_hat(&apart) - (1.0_f64 + 4.0 / 3.0).sqrt()).abs() < 0.15);
        // A chain that drifts disagrees with itself.
        let drifting = vec![(0..100).map(f64::from).collect::<Vec<_>>()];
        assert!(split_r_hat(&drifting) > 1.5);
        assert_eq!(split_r_hat(&[vec![1.0; 10], vec![1.0; 10]]), 1.0);
        assert_eq!(split_r_hat(&[vec![1.0; 10], vec![2.0; 10]]), f64::INFINITY);
    }

    #[test]
    fn intervals_are_students() {
        // t(.975; 3) = 3.182446.
        assert!((student_half_width(2.0, 3) - 6.364_893).abs() < 1e-5);
        assert_eq!(student_half_width(1.0, 0), f64::INFINITY);
    }
}
