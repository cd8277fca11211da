//! Cutting a set in three: train, test, and a pool for poison.

use super::{Dataset, Split};
use crate::{Error, Result};
use rand::Rng;
use rand::seq::SliceRandom;

/// Points wanted in each part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitSizes {
    /// Points to fit.
    pub train: usize,
    /// Points to judge by.
    pub test: usize,
    /// Points kept for poison; may be 0.
    pub pool: usize,
}

/// Shuffles the points and cuts them, class by class in turn, so that every part holds the classes
/// in the proportions of the whole.
///
/// # Errors
/// [`Error::Setting`] where the parts want more points than there are, train or test is empty, or
/// train would hold one class only.
pub fn split(points: &Dataset, sizes: SplitSizes, rng: &mut impl Rng) -> Result<Split> {
    let places = split_places(points.labels(), points.num_classes(), sizes, rng)?;
    let [train, test, pool] = places.map(|places| points.select(&places));
    Ok(Split { train, test, pool })
}

/// The places that [`split`] takes for train, test and pool from points of these labels, each in
/// `0..num_classes`.
///
/// # Errors
/// As [`split`].
pub fn split_places(
    labels: &[u32],
    num_classes: usize,
    sizes: SplitSizes,
    rng: &mut impl Rng,
) -> Result<[Vec<usize>; 3]> {
    let SplitSizes { train, test, pool } = sizes;
    let wanted = train + test + pool;
    if wanted > labels.len() {
        return Err(Error::setting(
            "train + test + pool points",
            format!("at most the {} points there are", labels.len()),
            format!("{train} + {test} + {pool}"),
        ));
    }
    for (field, size) in [("train points", train), ("test points", test)] {
        if size == 0 {
            return Err(Error::setting(field, "at least 1", 0));
        }
    }
    let order = interleave(labels, num_classes, rng);
    let (train_part, rest) = order.split_at(train);
    let first = labels[train_part[0]];
    if train_part.iter().all(|&place| labels[place] == first) {
        return Err(Error::setting(
            "labels of the training points",
            "at least two classes",
            format!("class {first} only"),
        ));
    }
    let (test_part, rest) = rest.split_at(test);
    Ok([train_part, test_part, &rest[..pool]].map(<[usize]>::to_vec))
}

/// A random order in which every stretch holds the classes in nearly the same proportions: point k
/// of a shuffled class with m points gets the place (k + ½)/m. `labels` are in `0..num_classes`.
pub fn interleave(labels: &[u32], num_classes: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut places = Vec::with_capacity(labels.len());
    for class in 0..num_classes as u32 {
        let mut members: Vec<usize> = (0..labels.len())
            .filter(|&index| labels[index] == class)
            .collect();
        members.shuffle(rng);
        let count = members.len() as f64;
        places.extend(
            members
                .into_iter()
                .enumerate()
                .map(|(k, index)| ((k as f64 + 0.5) / count, class, index)),
        );
    }
    places.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    places.into_iter().map(|(_, _, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Generator;
    use super::*;
    use crate::random::stream;

    fn sizes(train: usize, test: usize, pool: usize) -> SplitSizes {
        SplitSizes { train, test, pool }
    }

    #[test]
    fn parts_are_disjoint_balanced_and_seeded() {
        let rng = || stream(9, "split", 0);
        let points = Generator::from_name("swiss-roll")
            .unwrap()
            .sample(800, &mut rng());
        let parts = split(&points, sizes(200, 200, 400), &mut rng()).unwrap();
        assert_eq!(
            parts,
            split(&points, sizes(200, 200, 400), &mut rng()).unwrap()
        );
        assert_ne!(
            parts,
            split(&points, sizes(200, 200, 400), &mut stream(8, "split", 0)).unwrap()
        );
        let mut all: Vec<(u32, u32)> = Vec::new();
        for part in [&parts.train, &parts.test, &parts.pool] {
            let ones = part.labels().iter().filter(|&&label| label == 1).count();
            assert_eq!(2 * ones, part.len());
            all.extend(
                (0..part.len()).map(|i| (part.point(i)[0].to_bits(), part.point(i)[1].to_bits())),
            );
        }
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 800, "no point stands in two parts");
    }

    #[test]
    fn impossible_cuts_are_told() {
        let points = Generator::Spirals.sample(10, &mut stream(0, "x", 0));
        let told = |sizes| {
            split(&points, sizes, &mut stream(0, "x", 0))
                .unwrap_err()
                .to_string()
        };
        assert!(told(sizes(8, 2, 1)).contains("10 points"));
        assert!(told(sizes(0, 2, 1)).contains("train points"));
        assert!(told(sizes(1, 2, 1)).contains("class 0 only"));
    }
}
