//! Medians and quantiles of what is drawn.

/// The quantile of sorted values, between its neighbours in proportion.
pub(super) fn quantile(sorted: &[f64], level: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = level.clamp(0.0, 1.0) * last as f64;
    let (below, share) = (place.floor() as usize, place.fract());
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    Some(if share == 0.0 || low == high {
        low
    } else {
        low + share * (high - low)
    })
}

/// The values in ascending order, NaN left out.
pub(super) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The median of rows, column by column.
pub(super) fn median_row(rows: &[Vec<f64>], columns: usize) -> Vec<f64> {
    quantile_row(rows, columns, 0.5)
}

/// A quantile of rows, column by column.
pub(super) fn quantile_row(rows: &[Vec<f64>], columns: usize, level: f64) -> Vec<f64> {
    (0..columns)
        .map(|column| {
            let values = sorted(rows.iter().filter_map(|row| row.get(column)).copied());
            quantile(&values, level).unwrap_or(f64::NAN)
        })
        .collect()
}

/// The order of `keys` from high to low, ties as given, NaN last.
pub(super) fn descending(keys: &[f64]) -> Vec<usize> {
    let rank = |index: usize| {
        if keys[index].is_nan() {
            f64::NEG_INFINITY
        } else {
            keys[index]
        }
    };
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| rank(b).total_cmp(&rank(a)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(
            quantile(&sorted([f64::INFINITY, 1.0, f64::NAN]), 1.0),
            Some(f64::INFINITY)
        );
    }
}
