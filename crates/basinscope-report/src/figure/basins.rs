//! Local volumes by minimum, and the width at which they can be compared.

use super::stats;
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord};

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
