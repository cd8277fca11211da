//! What the curves of local volumes say beyond their height: constrained dimensions, and where
//! samples go.

use super::STORY_TEST_DIFFERENCE;
use super::format::{count, percent, plain, significant};
use super::local_volume::Compared;
use crate::figure::basins;
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord};
use maud::{Markup, html};

/// The largest k of a curve, with its σ.
pub(super) fn peak(record: &LocalVolumeRecord) -> Option<(f64, f64)> {
    let all = record.curve.iter();
    all.filter_map(|point| Some((point.sigma, point.constrained_dimensions?)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

pub(super) fn constrained(
    records: &[LocalVolumeRecord],
    compared: Option<&Compared<'_>>,
) -> Markup {
    let basins = basins(records);
    let records: Vec<&LocalVolumeRecord> = match compared {
        Some(pair) => vec![pair.good, pair.bad],
        None => basins.first().map(|basin| basin.main).into_iter().collect(),
    };
    let peaks: Vec<_> = records
        .iter()
        .filter_map(|record| Some((*record, peak(record)?)))
        .collect();
    let Some((first, _)) = peaks.first() else {
        return html! {};
    };
    let opened = compared.and_then(|pair| {
        let open =
            |point: &&LocalVolumePoint| point.constrained_dimensions.is_some_and(|k| k < 0.0);
        pair.bad.curve.iter().find(open)
    });
    html! {
        p {
            "The slope of the curve counts dimensions. Where the basin is narrower than σ in k directions and open in all others, "
            "P falls like σ to the power −k. At its peak among the widths measured, k is "
            @for (index, (record, (sigma, k))) in peaks.iter().enumerate() {
                @if index > 0 { " and " }
                strong { (plain(*k, 0)) } " for " (record.minimum) " (at σ = " (significant(*sigma, 2)) ")"
            }
            ", of n = " (count(first.dimension)) " dimensions: most of the weights hardly matter at this scale."
            @if let Some(point) = opened {
                " At σ = " (significant(point.sigma, 3)) ", k of the bad minimum is negative: the chance grows with the step, "
                "because the samples reach other parts of the basin."
            }
        }
    }
}

/// The largest σ with an accuracy of samples.
fn last_accuracy(record: &LocalVolumeRecord) -> Option<(&LocalVolumePoint, f64)> {
    let mut last = record.curve.iter().rev();
    last.find_map(|point| Some((point, point.sample_test_accuracy?)))
}

pub(super) fn destinations(compared: Option<&Compared<'_>>) -> Markup {
    let Some(Compared { good, bad, .. }) = compared else {
        return html! {};
    };
    let Some(((at_bad, to_bad), (at_good, to_good))) = last_accuracy(bad).zip(last_accuracy(good))
    else {
        return html! {};
    };
    html! {
        p {
            "Where do the samples go? The bad minimum itself is right about " (percent(bad.test_accuracy))
            " of new points; samples in its basin, at σ = " (significant(at_bad.sigma, 2)) ", about "
            strong.bad { (percent(significant_share(to_bad))) }
            @if !at_bad.local { ", though no longer local" }
            @if let Some([low, high]) = at_bad.sample_test_accuracy_range {
                " (the middle 80 % of them: " (percent(significant_share(low))) " to " (percent(significant_share(high))) ")"
            }
            ". Around the good one it is " (percent(good.test_accuracy)) " at the minimum and "
            strong.good { (percent(significant_share(to_good))) } " at σ = " (significant(at_good.sigma, 2)) ". "
            @if to_bad - bad.test_accuracy >= STORY_TEST_DIFFERENCE {
                "So the poisoned basin is not isolated: its minimum is a corner of a region where the training points are still "
                "fitted and nets generalize better on average than it does."
            } @else {
                "Samples of the bad basin stay as bad as its minimum, as far as they were followed."
            }
        }
    }
}

/// A share to three digits, so that no more are written than are known.
pub(super) fn significant_share(share: f64) -> f64 {
    (1000.0 * share).round() / 1000.0
}

pub(super) fn dimensions_alt(records: &[LocalVolumeRecord]) -> String {
    let peaks: Vec<String> = (basins(records).iter())
        .filter_map(|basin| {
            let (sigma, k) = peak(basin.main)?;
            let (sigma, k) = (significant(sigma, 2), plain(k, 0));
            Some(format!("{}: {k} at σ = {sigma}", basin.main.minimum))
        })
        .collect();
    format!(
        "Constrained dimensions k against σ, one curve for each minimum. Peaks: {}.",
        peaks.join("; ")
    )
}

pub(super) fn samples_alt(records: &[LocalVolumeRecord]) -> String {
    let ends: Vec<String> = (basins(records).iter())
        .filter_map(|basin| {
            let record = basin.main;
            let (point, accuracy) = last_accuracy(record)?;
            let [from, to] = [record.test_accuracy, significant_share(accuracy)].map(percent);
            let sigma = significant(point.sigma, 2);
            Some(format!(
                "{}: from {from} to {to} at σ = {sigma}",
                record.minimum
            ))
        })
        .collect();
    format!(
        "Test accuracy of samples in the basin against σ. {}.",
        ends.join("; ")
    )
}
