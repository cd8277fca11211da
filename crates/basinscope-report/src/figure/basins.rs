//! Local volumes by minimum, and the width at which they can be compared.

use super::stats;
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord, VolumeRecord};

/// The method drawn as a check on another one's curve.
const REFERENCE: &str = "lta";
/// Widths that differ by less than this share are the same grid point.
const SAME_SIGMA: f64 = 1e-9;

/// The records of one minimum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Basin<'a> {
    /// Whose curve is drawn.
    pub main: &'a LocalVolumeRecord,
    /// The reference method's record, where it is not the only one.
    pub reference: Option<&'a LocalVolumeRecord>,
}

/// One entry for each minimum, best test accuracy first.
pub(crate) fn basins(records: &[LocalVolumeRecord]) -> Vec<Basin<'_>> {
    let is_reference = |record: &&LocalVolumeRecord| record.method == REFERENCE;
    let mut basins: Vec<Basin<'_>> = Vec::new();
    for record in records {
        if basins.iter().any(|b| b.main.minimum == record.minimum) {
            continue;
        }
        let of = || records.iter().filter(|r| r.minimum == record.minimum);
        let reference = of().find(is_reference);
        let main = of().find(|other| !is_reference(other));
        basins.push(Basin {
            main: main.unwrap_or(record),
            reference: reference.filter(|_| main.is_some()),
        });
    }
    let keys: Vec<f64> = basins.iter().map(|b| b.main.test_accuracy).collect();
    let order = stats::descending(&keys);
    order.into_iter().map(|index| basins[index]).collect()
}

/// The region that leads where others hold as many minima: the paper's.
const LOW_LOSS: &str = "loss";

/// The local volumes of one setting (region, cutoff), by whatever method: of the settings that hold
/// the most records, the first, with the region of low loss before the others. They are what figures
/// and page show; other settings are drawn under names of their own.
pub fn leading_local(records: &[LocalVolumeRecord]) -> Vec<LocalVolumeRecord> {
    let same = |a: &LocalVolumeRecord, b: &LocalVolumeRecord| {
        (&a.region, a.cutoff) == (&b.region, b.cutoff)
    };
    leading(records, same, |record| [record.region == LOW_LOSS, true])
}

/// The paper's volumes of one setting (method, normalization, region, cutoff): of the settings that
/// hold the most minima, the first, low loss before excess, isotropic before filter-normalised.
pub fn leading_volumes(records: &[VolumeRecord]) -> Vec<VolumeRecord> {
    let same = |a: &VolumeRecord, b: &VolumeRecord| {
        (&a.method, &a.normalization, &a.region, a.cutoff)
            == (&b.method, &b.normalization, &b.region, b.cutoff)
    };
    leading(records, same, |record| {
        [record.region == LOW_LOSS, record.normalization == "none"]
    })
}

fn leading<T: Clone>(
    records: &[T],
    same: impl Fn(&T, &T) -> bool,
    merits: impl Fn(&T) -> [bool; 2],
) -> Vec<T> {
    let alike = |lead: &T| records.iter().filter(|other| same(lead, other)).count();
    let rank = |lead: &T| (alike(lead), merits(lead));
    let mut lead: Option<&T> = None;
    for record in records {
        if lead.is_none_or(|lead| rank(record) > rank(lead)) {
            lead = Some(record);
        }
    }
    let of = lead.into_iter().flat_map(|lead| {
        let same = &same;
        records.iter().filter(move |other| same(lead, other))
    });
    of.cloned().collect()
}

/// The record's point at a width of its grid.
pub(crate) fn point_at(record: &LocalVolumeRecord, sigma: f64) -> Option<&LocalVolumePoint> {
    let same = |point: &&LocalVolumePoint| (point.sigma - sigma).abs() <= SAME_SIGMA * sigma;
    record.curve.iter().find(same)
}

/// The largest σ that every minimum's grid holds and at which each estimate is there, local and
/// converged; `None` where there is no such σ. Nothing is interpolated. Where a minimum has
/// records of several methods, the reference (`"lta"`) does not count.
pub fn equal_sigma(records: &[LocalVolumeRecord]) -> Option<f64> {
    let basins = basins(records);
    let good = |point: &LocalVolumePoint| point.ln_p.is_some() && point.local && point.converged;
    let everywhere = |sigma: &f64| {
        let mut each = basins.iter().map(|basin| point_at(basin.main, *sigma));
        each.all(|point| point.is_some_and(good))
    };
    let grid = basins.first()?.main.curve.iter().map(|point| point.sigma);
    grid.filter(everywhere).max_by(f64::total_cmp)
}
