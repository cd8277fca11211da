//! The statistic the text states beyond the records: rank correlation.

/// Spearman's rank correlation (ties share their mean rank); `None` for fewer than 3 pairs or
/// where one side does not vary.
pub(super) fn rank_correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.len() < 3 {
        return None;
    }
    let x = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let y = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let mean = 0.5 * (pairs.len() as f64 - 1.0);
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum()
    };
    let scale = (product(&x, &x) * product(&y, &y)).sqrt();
    (scale > 0.0).then(|| product(&x, &y) / scale)
}

fn ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|value| {
            let below = values.iter().filter(|other| *other < value).count();
            let equal = values.iter().filter(|other| *other == value).count();
            below as f64 + 0.5 * (equal.max(1) as f64 - 1.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_correlate_whatever_the_scale() {
        let rising: Vec<(f64, f64)> = (0..5).map(|i| (f64::from(i), f64::from(i).exp())).collect();
        assert!((rank_correlation(&rising).unwrap() - 1.0).abs() < 1e-12);
        // Ranks 0 1 2 against 0 2 1: 1 − 6·2/(3·8) = 0.5.
        let pairs = [(1.0, 1.0), (2.0, 9.0), (3.0, 5.0)];
        assert!((rank_correlation(&pairs).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(
            rank_correlation(&[(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]),
            None
        );
        assert_eq!(rank_correlation(&rising[..2]), None);
    }
}
