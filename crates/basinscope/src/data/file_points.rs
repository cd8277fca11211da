//! Points that were read from a file, cut in train, test and pool.

use super::points_file::PointsFile;
use super::raw::Raw;
use super::{Classes, Dataset, Names, Reading, Split, SplitSizes, interleave, split_places};
use crate::random::stream;
use crate::{Error, Result};
use std::sync::Arc;

/// Points that were read, not yet cut.
#[derive(Debug, Clone)]
pub struct FilePoints {
    pub(super) train: Raw,
    pub(super) classes: Classes,
    /// Its points and their classes.
    pub(super) test: Option<(Raw, Vec<u32>)>,
    pub(super) file: PointsFile,
}

impl FilePoints {
    /// How many points each part has by default: all of train and test as given, else three
    /// quarters and a quarter. A pool is taken off the training points only where poison is asked
    /// for: a quarter, or as many as that needs.
    pub fn default_sizes(&self, poison: Option<usize>) -> SplitSizes {
        let all = self.train.len();
        let pool = poison.map_or(0, |points| points.max(all / 4));
        let (rest, test) = match &self.test {
            Some((test, _)) => (all, test.len()),
            None => (all - all / 4, all / 4),
        };
        SplitSizes {
            train: rest.saturating_sub(pool),
            test,
            pool,
        }
    }

    /// Cuts the points in three, fills in what is missing and standardizes, by the training points
    /// alone.
    ///
    /// # Errors
    /// Those of [`split_places`].
    pub fn split(&self, sizes: SplitSizes, seed: u64) -> Result<(Split, Reading)> {
        let ids = &self.classes.ids;
        let count = self.classes.names.len();
        let (places, test_places, parted) = match &self.test {
            None => {
                let rng = &mut stream(seed, "split", 0);
                let [train, test, pool] = split_places(ids, count, sizes, rng)?;
                ([train, pool], test, format!("cut at random by seed {seed}"))
            }
            Some((_, test_ids)) => {
                let [train, pool] = self.train_and_pool(sizes, seed)?;
                let rng = &mut stream(seed, "split test", 0);
                let test = draw(test_ids, count, sizes.test, "test", rng)?;
                let all = train.len() == ids.len() && test.len() == test_ids.len();
                let parted = match (all, pool.len()) {
                    (true, _) => "as given".into(),
                    (false, 0) => format!("of those given, drawn by seed {seed}"),
                    _ => format!("test as given, pool taken off train by seed {seed}"),
                };
                ([train, pool], test, parted)
            }
        };
        let names = Arc::new(self.train.names(self.classes.names.clone()));
        let [train, pool] = places.map(|places| Part::of(&self.train, ids, &places));
        let test = match &self.test {
            Some((raw, ids)) => Part::of(raw, ids, &test_places),
            None => Part::of(&self.train, ids, &test_places),
        };
        let mut parts = [train, test, pool];
        let mut reading = Reading {
            source: self.file.path.display().to_string(),
            form: self.train.said.form.clone(),
            header: self.train.said.header.clone(),
            label: self.train.said.label.clone(),
            left_out: self.train.said.left_out.clone(),
            notes: self.train.said.notes.clone(),
            parted,
            ..Reading::default()
        };
        if let Some((raw, _)) = &self.test {
            let of_test = |said: &Vec<String>| -> Vec<String> {
                said.iter()
                    .map(|words| format!("of the test file {words}"))
                    .collect()
            };
            reading.left_out.extend(of_test(&raw.said.left_out));
            reading.notes.extend(of_test(&raw.said.notes));
        }
        self.prepare(&mut parts, &names, &mut reading);
        let set = |part: Part| {
            Dataset::new(part.inputs, part.labels, self.train.num_features, count)?
                .with_names(Arc::clone(&names))
        };
        let [train, test, pool] = parts;
        let split = Split {
            train: set(train)?,
            test: set(test)?,
            pool: set(pool)?,
        };
        let all = |ids: &[u32], sizes: &mut Vec<usize>| {
            ids.iter().for_each(|&class| sizes[class as usize] += 1);
        };
        let mut class_sizes = vec![0; count];
        all(ids, &mut class_sizes);
        if let Some((_, ids)) = &self.test {
            all(ids, &mut class_sizes);
        }
        reading.points = class_sizes.iter().sum();
        if 2 * count > ids.len() {
            let note = format!(
                "{count} classes for {} points: are these classes?",
                ids.len()
            );
            reading.notes.push(note);
        }
        reading.class_sizes = class_sizes;
        reading.num_features = self.train.num_features;
        reading.names = names.as_ref().clone();
        reading.part(&split);
        Ok((split, reading))
    }

    /// Places of the training points and of the pool, where the test part is given.
    fn train_and_pool(&self, sizes: SplitSizes, seed: u64) -> Result<[Vec<usize>; 2]> {
        let (ids, count) = (&self.classes.ids, self.classes.names.len());
        let rng = &mut stream(seed, "split train", 0);
        if sizes.pool == 0 {
            return Ok([draw(ids, count, sizes.train, "train", rng)?, Vec::new()]);
        }
        let sizes = SplitSizes {
            train: sizes.train,
            test: sizes.pool,
            pool: 0,
        };
        let [train, pool, _] = split_places(ids, count, sizes, rng)?;
        Ok([train, pool])
    }

    /// Fills in missing values, standardizes, and notes what is special about the features.
    fn prepare(&self, parts: &mut [Part; 3], names: &Names, reading: &mut Reading) {
        let width = self.train.num_features;
        let [train, ..] = &*parts;
        let mut statistics: Vec<Statistics> = (0..width)
            .map(|feature| Statistics::of(train.inputs.iter().skip(feature).step_by(width)))
            .collect();
        let name = |feature: usize| names.feature(feature);
        let constant: Vec<String> = (0..width)
            .filter(|&feature| statistics[feature].is_constant())
            .map(name)
            .collect();
        if !constant.is_empty() {
            let what = "constant among the training points";
            reading.notes.push(format!(
                "{what}: {}",
                super::classes::shortened(&constant, 6)
            ));
        }
        let coarse: Vec<String> = (0..width)
            .filter(|&feature| statistics[feature].is_coarse())
            .map(name)
            .collect();
        if !coarse.is_empty() {
            let what = "rounded to single precision, which these features need more than";
            reading
                .notes
                .push(format!("{what}: {}", super::classes::shortened(&coarse, 6)));
        }
        for part in parts.iter_mut() {
            for (at, value) in part.inputs.iter_mut().enumerate() {
                let of = &statistics[at % width];
                if value.is_nan() {
                    *value = of.mean as f32;
                }
                if self.file.standardize {
                    *value = ((f64::from(*value) - of.mean) / of.divisor()) as f32;
                }
            }
        }
        if self.file.standardize {
            reading
                .notes
                .push("standardized by the training points".into());
            reading.mean = statistics.iter().map(|of| of.mean).collect();
            reading.deviation = statistics.drain(..).map(|of| of.divisor()).collect();
        }
    }
}

/// One part of the cut, values still as they were read.
struct Part {
    inputs: Vec<f32>,
    labels: Vec<u32>,
}

impl Part {
    fn of(raw: &Raw, ids: &[u32], places: &[usize]) -> Self {
        let width = raw.num_features;
        Self {
            inputs: (places.iter())
                .flat_map(|&place| &raw.inputs[place * width..(place + 1) * width])
                .copied()
                .collect(),
            labels: places.iter().map(|&place| ids[place]).collect(),
        }
    }
}

/// What a feature is like over the training points, missing values left out.
struct Statistics {
    mean: f64,
    deviation: f64,
    lowest: f64,
    highest: f64,
}

impl Statistics {
    fn of<'a>(values: impl Iterator<Item = &'a f32>) -> Self {
        let values: Vec<f64> = values
            .filter(|x| !x.is_nan())
            .map(|&x| f64::from(x))
            .collect();
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>();
        Self {
            mean,
            deviation: (squares / count).sqrt(),
            lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
            highest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn is_constant(&self) -> bool {
        self.lowest >= self.highest
    }

    /// Whether a step of single precision is more than a thousandth of what the values span.
    fn is_coarse(&self) -> bool {
        let step = f64::from(f32::EPSILON) * self.lowest.abs().max(self.highest.abs());
        !self.is_constant() && step > 1e-3 * (self.highest - self.lowest)
    }

    fn divisor(&self) -> f64 {
        if self.is_constant() {
            1.0
        } else {
            self.deviation
        }
    }
}

/// The places of `count` points with the classes in the proportions of the whole; all in their
/// order where all are wanted.
fn draw(
    ids: &[u32],
    classes: usize,
    count: usize,
    what: &str,
    rng: &mut impl rand::Rng,
) -> Result<Vec<usize>> {
    if count > ids.len() || count == 0 {
        let expected = format!("from 1 to the {} points there are", ids.len());
        return Err(Error::setting(format!("{what} points"), expected, count));
    }
    if count == ids.len() {
        return Ok((0..count).collect());
    }
    let mut places = interleave(ids, classes, rng);
    places.truncate(count);
    if what == "train" && places.iter().all(|&place| ids[place] == ids[places[0]]) {
        let expected = "at least two classes";
        return Err(Error::setting(
            "labels of the training points",
            expected,
            "one only",
        ));
    }
    Ok(places)
}
