//! What a set of measured minima says: how well each measure ranks them, and what a rescaling does.

use super::Column;
use crate::Result;
use crate::rank::rank_correlation;
use crate::record::{ComparedMinimum, MeasureCorrelation, MeasuredValue};
use std::collections::BTreeSet;

/// Fewest minima of one size that get a correlation of their own.
pub const FEWEST_OF_A_SIZE: usize = 8;
/// Standard errors two values may be apart and still count as the same.
const ERRORS_APART: f64 = 3.0;
/// Relative difference that rounding may make, and for ln P and other estimates without an error.
const ROUNDING: f64 = 0.01;

/// Kendall's τ of each measure with the generalization gap: over all minima, then, where they
/// differ in size, over those of each number of parameters with at least [`FEWEST_OF_A_SIZE`].
///
/// A refused value leaves its minimum out of that measure's correlation alone; fewer than three
/// values give none.
///
/// # Errors
/// [`crate::Error::Setting`] where a gap is not finite.
pub fn correlations(
    columns: &[&Column],
    minima: &[ComparedMinimum],
    seed: u64,
) -> Result<Vec<MeasureCorrelation>> {
    let sizes: BTreeSet<usize> = minima.iter().map(|minimum| minimum.parameters).collect();
    let of_size = |size: usize| minima.iter().filter(|m| m.parameters == size).count();
    let alone = (sizes.iter().copied())
        .filter(|&size| sizes.len() > 1 && of_size(size) >= FEWEST_OF_A_SIZE);
    let mut found = Vec::new();
    for parameters in std::iter::once(None).chain(alone.map(Some)) {
        for column in columns {
            let pairs: Vec<(f64, f64)> = (minima.iter())
                .filter(|minimum| parameters.is_none_or(|size| minimum.parameters == size))
                .filter_map(|minimum| {
                    let value = minimum.values.get(column.key)?.value?;
                    Some((value, minimum.generalization_gap))
                })
                .collect();
            if pairs.len() < 3 {
                continue;
            }
            let (values, gaps): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            found.push(MeasureCorrelation {
                measure: column.key.to_owned(),
                parameters,
                rank: rank_correlation(&values, &gaps, seed)?,
            });
        }
    }
    Ok(found)
}

/// Relative change of a measure, and whether it is one: more than 1 %, and more than three
/// standard errors of the difference. `None` where either value was refused.
pub fn change(before: &MeasuredValue, after: &MeasuredValue) -> Option<(f64, bool)> {
    let (a, b) = (before.value?, after.value?);
    let error = |value: &MeasuredValue| value.standard_error.unwrap_or(0.0);
    let allowed =
        ERRORS_APART * error(before).hypot(error(after)) + ROUNDING * a.abs().max(b.abs());
    let relative = match a == b {
        true => 0.0,
        false => (b - a) / a.abs().max(f64::MIN_POSITIVE),
    };
    Some((relative.clamp(f64::MIN, f64::MAX), (b - a).abs() > allowed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::columns;
    use std::collections::BTreeMap;

    fn minimum(parameters: usize, gap: f64, radius: Option<f64>) -> ComparedMinimum {
        let value = MeasuredValue {
            value: radius,
            ..MeasuredValue::default()
        };
        ComparedMinimum {
            minimum: format!("gap {gap}"),
            run: "run".into(),
            widths: vec![2, 1],
            architecture: String::new(),
            parameters,
            poison_points: 0,
            poison_factor: 0.0,
            poison_redrawn: false,
            learning_rate: None,
            training_seed: 0,
            train_loss: 0.01,
            train_accuracy: 1.0,
            test_accuracy: 1.0 - gap,
            generalization_gap: gap,
            values: BTreeMap::from([("radius".to_owned(), value)]),
        }
    }

    #[test]
    fn refused_values_are_left_out_and_sizes_stand_alone() {
        // Radii fall with the gap within each size and lie higher in the larger net: τ is −1 in
        // either and more than that over both. One refused value would spoil the order.
        let mut minima = Vec::new();
        for (size, lift) in [(10, 0.0), (20, 5.0)] {
            for i in 0..8 {
                minima.push(minimum(size, 0.1 * f64::from(i), Some(lift - f64::from(i))));
            }
        }
        minima.push(minimum(10, 0.35, None));
        let asked = columns(&["radius".to_owned(), "trace".to_owned()]).unwrap();
        let found = correlations(&asked, &minima, 0).unwrap();
        // Nothing is known of the trace.
        assert!(found.iter().all(|found| found.measure == "radius"));
        let summary: Vec<_> = (found.iter())
            .map(|found| (found.parameters, found.rank.minima))
            .collect();
        assert_eq!(summary, [(None, 16), (Some(10), 8), (Some(20), 8)]);
        assert!(found[0].rank.kendall_tau > -0.9);
        assert_eq!(found[1].rank.kendall_tau, -1.0);
        assert_eq!(found[2].rank.kendall_tau, -1.0);
    }

    #[test]
    fn a_change_is_more_than_rounding_and_more_than_chance() {
        let value = |value, error| MeasuredValue::estimate(value, error);
        let of = |a: &MeasuredValue, b: &MeasuredValue| change(a, b).unwrap();
        assert_eq!(
            of(&value(2.0, f64::NAN), &value(2.0, f64::NAN)),
            (0.0, false)
        );
        assert_eq!(
            of(&value(2.0, f64::NAN), &value(3.0, f64::NAN)),
            (0.5, true)
        );
        // Three errors of .5 each way are 2.1.
        assert_eq!(of(&value(-4.0, 0.5), &value(-6.0, 0.5)), (-0.5, false));
        assert_eq!(of(&value(-4.0, 0.5), &value(-7.0, 0.5)), (-0.75, true));
        assert_eq!(
            change(&value(1.0, 0.0), &MeasuredValue::refused("no")),
            None
        );
    }
}
