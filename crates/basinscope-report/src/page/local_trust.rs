//! How far the local volumes can be trusted: refusals, warnings, and the other method.

use super::format::{plain, significant, words};
use super::sources::cite;
use crate::figure::{basins, point_at};
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord};
use maud::{Markup, html};

/// A kind of point that is not to be trusted: what it is called, how it is told, what it means.
type Kind = (&'static str, fn(&LocalVolumePoint) -> bool, &'static str);

const KINDS: [Kind; 3] = [
    (
        "refused",
        |point| point.ln_p.is_none(),
        "the replicates disagree, so there is no number",
    ),
    (
        "unconverged",
        |point| point.ln_p.is_some() && !point.converged,
        "more effort still moved the number; it reads low",
    ),
    (
        "non-local",
        |point| point.ln_p.is_some() && !point.local,
        "the samples have left the surroundings of the minimum, so what is measured is more than its basin",
    ),
];

/// The box that says what not to trust.
pub(super) fn aside(records: &[LocalVolumeRecord]) -> Markup {
    let basins = basins(records);
    let points = || basins.iter().flat_map(|basin| &basin.main.curve);
    let total = points().count();
    let flawed: Vec<(usize, &Kind)> = (KINDS.iter())
        .map(|kind| (points().filter(|point| (kind.1)(point)).count(), kind))
        .filter(|(count, _)| *count > 0)
        .collect();
    html! {
        aside.honest aria-labelledby="honest-local" {
            h3 #honest-local { "How far to trust these chances" }
            @if flawed.is_empty() {
                p { "All " (words(total)) " points of the curves are local and converged." }
            } @else {
                p { "Of " (words(total)) " points of the curves, some are not to be taken at face value:" }
                ul {
                    @for (count, (name, _, meaning)) in &flawed {
                        li { strong { (words(*count)) " " (name) } ": " (meaning) "." }
                    }
                }
                (warnings(records))
            }
            (spread(records))
            (checked(records))
        }
    }
}

/// Every warning, as the estimator words it, with the points that carry it.
fn warnings(records: &[LocalVolumeRecord]) -> Markup {
    let basins = basins(records);
    let said: Vec<_> = (basins.iter())
        .flat_map(|basin| {
            let of = basin.main.warnings().into_iter();
            of.map(|(warning, sigmas)| (&basin.main.minimum, warning, sigmas))
        })
        .collect();
    html! {
        @if !said.is_empty() {
            details {
                summary { "What the estimator says, minimum by minimum" }
                ul {
                    @for (minimum, warning, sigmas) in &said {
                        li {
                            (minimum) " at σ = "
                            @for (index, sigma) in sigmas.iter().enumerate() {
                                @if index > 0 { ", " }
                                (significant(*sigma, 3))
                            }
                            ": “" (warning) "”"
                        }
                    }
                }
            }
        }
    }
}

/// How far replicates differ among the points that can be trusted.
fn spread(records: &[LocalVolumeRecord]) -> Markup {
    let basins = basins(records);
    let good = || {
        let points = basins.iter().flat_map(|basin| &basin.main.curve);
        points.filter(|point| point.ln_p.is_some() && point.local && point.converged)
    };
    let largest = |value: fn(&LocalVolumePoint) -> Option<f64>| {
        good().filter_map(value).max_by(f64::total_cmp)
    };
    html! {
        @if let Some(error) = largest(|point| point.standard_error) {
            p {
                "The other points have a standard error of at most " strong { (significant(error, 2)) " nats" }
                " in ln P, from replicates"
                @if let Some(r_hat) = largest(|point| point.r_hat) {
                    ", and an R-hat of at most " (plain(r_hat, 2)) " (1 where replicates agree)"
                }
                "."
            }
        }
    }
}

/// Where a second method was run: how far apart the two are.
fn checked(records: &[LocalVolumeRecord]) -> Markup {
    let mut apart = Vec::new();
    for basin in basins(records) {
        for point in basin.reference.iter().flat_map(|record| &record.curve) {
            let other = point_at(basin.main, point.sigma).and_then(|point| point.ln_p);
            apart.extend(point.ln_p.zip(other).map(|(a, b)| (a - b).abs()));
        }
    }
    let Some(most) = apart.iter().copied().max_by(f64::total_cmp) else {
        return html! {};
    };
    html! {
        p {
            "A second method that shares the loss and its stiffest directions with the first, but neither moves nor formula, local tempered annealing (thermodynamic integration along a path, "
            (cite("gelman")) "), was run at " (words(apart.len())) " of the points: the two differ by at most "
            strong { (significant(most, 2)) " nats" } "."
        }
    }
}
