//! What figures call things, and how labels keep out of each other's way.

use crate::format;

/// A share as per cent with one decimal, none where it is whole; 100 % only where it is exactly that.
pub(super) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "–".into();
    }
    let text = format::percent(share).replace('\u{202f}', " ");
    text.replace(".0 %", " %")
}

/// A minimum with its test accuracy: "good · test 99.5 %".
pub(super) fn minimum(name: &str, test_accuracy: f64) -> String {
    format!("{name} · test {}", percent(test_accuracy))
}

/// Moves places apart until each is `gap` from the next, within `[lo, hi]` where they fit.
pub(super) fn spread(places: &[f64], gap: f64, lo: f64, hi: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|&a, &b| places[a].total_cmp(&places[b]));
    let mut placed = places.to_vec();
    let mut floor = lo;
    for &index in &order {
        placed[index] = placed[index].max(floor);
        floor = placed[index] + gap;
    }
    let mut ceiling = hi;
    for &index in order.iter().rev() {
        placed[index] = placed[index].min(ceiling);
        ceiling = placed[index] - gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_cent_reads_plainly() {
        assert_eq!(percent(0.995), "99.5 %");
        assert_eq!(percent(0.9996), "99.96 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(minimum("bad", 0.08), "bad · test 8 %");
    }

    #[test]
    fn labels_keep_their_distance() {
        let placed = spread(&[5.0, 5.0, 6.0, 99.0], 10.0, 0.0, 100.0);
        assert_eq!(placed, [5.0, 15.0, 25.0, 99.0]);
        assert_eq!(spread(&[100.0, 100.0], 10.0, 0.0, 100.0), [90.0, 100.0]);
    }
}
