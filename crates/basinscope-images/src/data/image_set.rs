//! Labelled pictures as bytes, checked once.

use basinscope::data::{Dataset, Names};
use basinscope::{Error, Result, random};
use std::sync::Arc;

/// Labelled pictures: `pixels` row-major `[len, channels, height, width]`, labels in
/// `0..class_names.len()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSet {
    pixels: Vec<u8>,
    labels: Vec<u32>,
    channels: usize,
    height: usize,
    width: usize,
    class_names: Vec<String>,
}

impl ImageSet {
    /// Checks that the shapes fit and every label names a class.
    ///
    /// # Shapes
    /// `pixels` row-major `[labels.len(), channels, height, width]`; `shape` is
    /// `[channels, height, width]`.
    ///
    /// # Errors
    /// [`Error::Setting`] for an extent of 0, fewer than two classes or a label without a class;
    /// [`Error::Shape`] where the pixels do not fit.
    pub fn new(
        pixels: Vec<u8>,
        labels: Vec<u32>,
        shape: [usize; 3],
        class_names: Vec<String>,
    ) -> Result<Self> {
        for (name, extent) in ["channels", "height", "width"].into_iter().zip(shape) {
            if extent == 0 {
                return Err(Error::setting(name, "at least 1", 0));
            }
        }
        if class_names.len() < 2 {
            let found = class_names.len();
            return Err(Error::setting("classes", "at least 2 classes", found));
        }
        let [channels, height, width] = shape;
        let product = shape
            .iter()
            .try_fold(labels.len(), |product, &extent| product.checked_mul(extent));
        if product != Some(pixels.len()) {
            return Err(Error::Shape {
                what: "pixels".into(),
                expected: vec![labels.len(), channels, height, width],
                found: vec![pixels.len()],
            });
        }
        if let Some(at) = labels
            .iter()
            .position(|&label| label as usize >= class_names.len())
        {
            let expected = format!("a class from 0 to {}", class_names.len() - 1);
            let field = format!("label of picture {at}");
            return Err(Error::setting(field, expected, labels[at]));
        }
        Ok(Self {
            pixels,
            labels,
            channels,
            height,
            width,
            class_names,
        })
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// `[channels, height, width]` of each picture.
    pub fn shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Bytes of one picture.
    pub fn picture_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// All pixels, row-major `[len, channels, height, width]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// All labels.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// What the classes are called, in the order of their labels.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// Number of classes (also those no picture has).
    pub fn num_classes(&self) -> usize {
        self.class_names.len()
    }

    /// Calls class `c` by the name at `map[c]` of `classes`.
    pub(super) fn reclassify(&mut self, map: &[usize], classes: &[String]) -> Result<()> {
        let label = |&label: &u32| map[label as usize] as u32;
        let labels = self.labels.iter().map(label).collect();
        let pixels = std::mem::take(&mut self.pixels);
        *self = Self::new(pixels, labels, self.shape(), classes.to_vec())?;
        Ok(())
    }

    /// The same pictures, each mirrored at its diagonal: row y, column x becomes row x, column y.
    #[must_use]
    pub fn transposed(mut self) -> Self {
        let (height, width) = (self.height, self.width);
        let mut plane = vec![0; height * width];
        for pixels in self.pixels.chunks_exact_mut(height * width) {
            for (at, pixel) in plane.iter_mut().enumerate() {
                *pixel = pixels[at % height * width + at / height];
            }
            pixels.copy_from_slice(&plane);
        }
        (self.height, self.width) = (width, height);
        self
    }

    /// The pixels of one picture, row-major `[channels, height, width]`.
    pub fn picture(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.picture_len()..(index + 1) * self.picture_len()]
    }

    /// The pictures at `indices`, in that order.
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut pixels = Vec::with_capacity(indices.len() * self.picture_len());
        for &index in indices {
            pixels.extend_from_slice(self.picture(index));
        }
        Self {
            pixels,
            labels: indices.iter().map(|&index| self.labels[index]).collect(),
            class_names: self.class_names.clone(),
            ..*self
        }
    }

    /// The places of `count` different pictures (of all where there are fewer), drawn at random.
    pub fn sample(&self, count: usize, seed: u64) -> Vec<usize> {
        let rng = &mut random::stream(seed, "pictures", 0);
        rand::seq::index::sample(rng, self.len(), count.min(self.len())).into_vec()
    }

    /// How many pictures each class has.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.num_classes()];
        for &label in &self.labels {
            counts[label as usize] += 1;
        }
        counts
    }

    /// Mean and standard deviation of each channel over all pixels of all pictures.
    ///
    /// ```text
    /// mean_c = Σ p / (255 n)    std_c = √(Σ p² / n − (Σ p / n)²) / 255
    /// ```
    ///
    /// The sums are of whole numbers, so the result does not depend on their order.
    ///
    /// # Units
    /// Pixels as shares of 255. Both are 0 where there is no picture.
    pub fn channel_statistics(&self) -> (Vec<f32>, Vec<f32>) {
        let area = self.height * self.width;
        let mut sums = vec![[0_u64; 2]; self.channels];
        for (plane, pixels) in self.pixels.chunks_exact(area).enumerate() {
            let [sum, squares] = &mut sums[plane % self.channels];
            for &pixel in pixels {
                *sum += u64::from(pixel);
                *squares += u64::from(pixel) * u64::from(pixel);
            }
        }
        let n = (self.len() * area).max(1) as f64;
        sums.into_iter()
            .map(|[sum, squares]| {
                let mean = sum as f64 / n;
                let variance = (squares as f64 / n - mean * mean).max(0.0);
                ((mean / 255.0) as f32, (variance.sqrt() / 255.0) as f32)
            })
            .unzip()
    }

    /// The pictures as points for a net.
    ///
    /// ```text
    /// input = (p / 255 − mean_c) / std_c
    /// ```
    ///
    /// # Shapes
    /// `mean` and `std` have a value for each channel; the inputs are row-major
    /// `[len, channels · height · width]`.
    ///
    /// # Errors
    /// [`Error::Setting`] where `mean` or `std` has another length, holds a number that is not
    /// finite, or a deviation is not above 0.
    pub fn normalized(&self, mean: &[f32], std: &[f32]) -> Result<Dataset> {
        for (name, values) in [("mean", mean), ("std", std)] {
            if values.len() != self.channels {
                let expected = format!("{} values, one for each channel", self.channels);
                return Err(Error::setting(name, expected, values.len()));
            }
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(Error::setting(name, "finite numbers", value));
            }
        }
        if let Some(value) = std.iter().find(|&&value| value <= 0.0) {
            return Err(Error::setting("std", "numbers above 0", value));
        }
        let tables: Vec<[f32; 256]> = mean
            .iter()
            .zip(std)
            .map(|(mean, std)| std::array::from_fn(|p| (p as f32 / 255.0 - mean) / std))
            .collect();
        let area = self.height * self.width;
        let mut inputs = Vec::with_capacity(self.pixels.len());
        for (plane, pixels) in self.pixels.chunks_exact(area).enumerate() {
            let table = &tables[plane % self.channels];
            inputs.extend(pixels.iter().map(|&pixel| table[usize::from(pixel)]));
        }
        let names = Names {
            classes: self.class_names.clone(),
            features: Vec::new(),
        };
        Dataset::new(
            inputs,
            self.labels.clone(),
            self.picture_len(),
            self.num_classes(),
        )?
        .with_names(Arc::new(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| class.to_string()).collect()
    }

    fn two() -> ImageSet {
        // Two pictures of two channels, one row and two columns.
        let pixels = vec![0, 255, 10, 10, 255, 0, 20, 20];
        ImageSet::new(pixels, vec![1, 0], [2, 1, 2], names(3)).unwrap()
    }

    #[test]
    fn pictures_are_taken_out_and_put_in_order() {
        let set = two();
        assert_eq!(set.picture(1), [255, 0, 20, 20]);
        let swapped = set.select(&[1, 0, 1]);
        assert_eq!(swapped.labels(), [0, 1, 0]);
        assert_eq!(swapped.picture(1), set.picture(0));
        assert_eq!(set.class_counts(), [1, 1, 0]);
    }

    #[test]
    fn a_picture_is_transposed_in_each_channel() {
        let set = ImageSet::new((0..12).collect(), vec![1], [2, 2, 3], names(2)).unwrap();
        let turned = set.clone().transposed();
        assert_eq!(turned.shape(), [2, 3, 2]);
        assert_eq!(turned.pixels(), [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);
        assert_eq!(turned.transposed(), set);
    }

    #[test]
    fn samples_are_different_pictures_and_repeat() {
        let set = ImageSet::new(vec![0; 50], vec![0; 50], [1, 1, 1], names(2)).unwrap();
        let chosen = set.sample(20, 3);
        assert_eq!(chosen, set.sample(20, 3));
        assert_ne!(chosen, set.sample(20, 4));
        let mut all = set.sample(80, 0);
        all.sort_unstable();
        assert!(all.into_iter().eq(0..50));
    }

    #[test]
    fn statistics_by_hand() {
        // Channel 0: half 0, half 255, so mean and deviation are 1/2; channel 1: 10, 10, 20, 20.
        let (mean, std) = two().channel_statistics();
        assert_eq!(mean, [0.5, 15.0 / 255.0]);
        assert_eq!(std, [0.5, 5.0 / 255.0]);
        let data = two().normalized(&mean, &std).unwrap();
        assert_eq!(data.num_features(), 4);
        assert_eq!(data.num_classes(), 3);
        for (value, wanted) in data.point(0).iter().zip([-1.0, 1.0, -1.0, -1.0]) {
            assert!((value - wanted).abs() < 1e-5, "{value}");
        }
        assert_eq!(data.labels(), [1, 0]);
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let refuse = |pixels: usize, labels: Vec<u32>, shape, classes, wanted: &str| {
            let error = ImageSet::new(vec![0; pixels], labels, shape, names(classes));
            assert_eq!(error.unwrap_err().to_string(), wanted);
        };
        let classes = "classes: expected at least 2 classes, found 1";
        refuse(1, vec![0], [1, 1, 1], 1, classes);
        let height = "height: expected at least 1, found 0";
        refuse(0, vec![0], [1, 0, 1], 2, height);
        let label = "label of picture 1: expected a class from 0 to 1, found 2";
        refuse(2, vec![0, 2], [1, 1, 1], 2, label);
        let pixels = "pixels: expected shape [2, 1, 1, 2], found [5]";
        refuse(5, vec![0, 1], [1, 1, 2], 2, pixels);
        let huge = [usize::MAX, usize::MAX, 2];
        assert!(ImageSet::new(vec![], vec![0], huge, names(2)).is_err());
        for (mean, std) in [(vec![0.0], vec![1.0; 2]), (vec![0.0; 2], vec![1.0, 0.0])] {
            assert!(two().normalized(&mean, &std).is_err());
        }
        assert!(two().normalized(&[f32::NAN, 0.0], &[1.0; 2]).is_err());
    }
}
