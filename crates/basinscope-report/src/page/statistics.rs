//! The few statistics the text states beyond the records: medians, crossings, rank correlation.

/// The median; the mean of the middle two for an even count.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (&low, &high) = values
        .get(values.len().checked_sub(1)? / 2)
        .zip(values.get(values.len() / 2))?;
    // Two infinities have no mean but are equal.
    Some(if low == high { low } else { 0.5 * (low + high) })
}

/// The smallest |c| on each side of 0 at which a line passes `level`, by linear interpolation;
/// infinite where it never does. `c` ascends.
pub(super) fn crossings(c: &[f64], values: &[f64], level: f64) -> [f64; 2] {
    let side = |keep: &dyn Fn(f64) -> bool| {
        let mut line: Vec<(f64, f64)> = c
            .iter()
            .zip(values)
            .filter(|(c, _)| keep(**c))
            .map(|(&c, &value)| (c.abs(), value))
            .collect();
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut previous: Option<(f64, f64)> = None;
        for (c, value) in line {
            if value > level || value.is_nan() {
                return match previous {
                    Some((from, low)) if value.is_finite() => {
                        from + (c - from) * (level - low) / (value - low)
                    }
                    _ => c,
                };
            }
            previous = Some((c, value));
        }
        f64::INFINITY
    };
    [side(&|c| c <= 0.0), side(&|c| c >= 0.0)]
}

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
    fn the_median_of_few_values() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(vec![f64::INFINITY; 2]), Some(f64::INFINITY));
    }

    #[test]
    fn a_parabola_is_crossed_where_it_is() {
        // c² passes 1/4 at |c| = 1/2, a grid point on both sides.
        let c: Vec<f64> = (-4..=4).map(|i| f64::from(i) / 4.0).collect();
        let values: Vec<f64> = c.iter().map(|c| c * c).collect();
        let [left, right] = crossings(&c, &values, 0.2499999);
        assert!((left - 0.5).abs() < 1e-5 && (right - 0.5).abs() < 1e-5);
        assert_eq!(crossings(&c, &values, 2.0), [f64::INFINITY; 2]);
    }

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
