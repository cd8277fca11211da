//! Pictures and labels in the IDX files of MNIST, plain or gzipped.

use super::ImageSet;
use super::bounded::Bounded;
use basinscope::{Error, Result};
use std::path::Path;

/// First four bytes of a file of pictures: unsigned bytes, three dimensions.
const IMAGES_MAGIC: u32 = 0x0000_0803;
/// First four bytes of a file of labels: unsigned bytes, one dimension.
const LABELS_MAGIC: u32 = 0x0000_0801;
/// The most pixels along a side.
const MAX_SIDE: u32 = 4096;

/// Reads a file of grey pictures and the file of their labels.
///
/// # Shapes
/// Pictures `[N, height, width]`, labels `[N]`, each below `class_names.len()`.
///
/// # Errors
/// [`Error::Io`] where a file cannot be read; [`Error::File`] naming file and field where a magic
/// number is wrong, a count disagrees with the file's length, the two counts differ, or a label
/// is out of range.
pub fn load_idx(
    images: impl AsRef<Path>,
    labels: impl AsRef<Path>,
    class_names: &[String],
) -> Result<ImageSet> {
    let (images, labels) = (images.as_ref(), labels.as_ref());
    let mut file = Bounded::open_unpacked(images)?;
    let [count, height, width] = header(&mut file, IMAGES_MAGIC)?;
    for (field, side) in [("rows", height), ("columns", width)] {
        if !(1..=MAX_SIDE).contains(&side) {
            let expected = format!("1 to {MAX_SIDE} pixels");
            return Err(Error::file(images, field, expected, side));
        }
    }
    // At most 2³² · 2²⁴ bytes, which fits.
    let pixels = u64::from(count) * u64::from(height) * u64::from(width);
    let field = format!("pixels of {count} pictures");
    let pixels = file.bytes(pixels, &field)?;
    file.end(&field)?;

    let mut file = Bounded::open_unpacked(labels)?;
    let [found] = header(&mut file, LABELS_MAGIC)?;
    if found != count {
        let expected = format!("{count}, as many as {} has pictures", images.display());
        return Err(Error::file(labels, "labels", expected, found));
    }
    let field = format!("{count} labels");
    let values = file.bytes(count.into(), &field)?;
    file.end(&field)?;
    let values: Vec<u32> = values.into_iter().map(u32::from).collect();
    check_labels(labels, &values, class_names.len())?;
    let shape = [1, height as usize, width as usize];
    ImageSet::new(pixels, values, shape, class_names.to_vec())
}

/// The magic number, then the extents.
fn header<const N: usize>(file: &mut Bounded<'_>, magic: u32) -> Result<[u32; N]> {
    let found = u32::from_be_bytes(file.array("magic number")?);
    if found != magic {
        return Err(Error::file(
            file.path(),
            "magic number",
            format!("{magic:#010x}"),
            format!("{found:#010x}"),
        ));
    }
    let mut extents = [0; N];
    for extent in &mut extents {
        *extent = u32::from_be_bytes(file.array("counts")?);
    }
    if extents[0] == 0 {
        return Err(Error::file(file.path(), "count", "at least 1", 0));
    }
    Ok(extents)
}

/// Refuses the first label that is no class.
pub(super) fn check_labels(path: &Path, labels: &[u32], num_classes: usize) -> Result<()> {
    match labels
        .iter()
        .position(|&label| label as usize >= num_classes)
    {
        Some(at) => {
            let expected = format!("a class from 0 to {}", num_classes.saturating_sub(1));
            let field = format!("label {at}");
            Err(Error::file(path, field, expected, labels[at]))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::names::digits;
    use flate2::{Compression, write::GzEncoder};
    use std::fs;
    use std::io::Write;
    use std::path::PathBuf;

    struct Files(tempfile::TempDir);

    impl Files {
        fn new() -> Self {
            let files = Self(tempfile::tempdir().unwrap());
            files.write(&images(3), &labels(&[7, 0, 9]));
            files
        }
        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }
        fn write(&self, images: &[u8], labels: &[u8]) {
            fs::write(self.path("images"), images).unwrap();
            fs::write(self.path("labels"), labels).unwrap();
        }
        fn load(&self) -> Result<ImageSet> {
            load_idx(self.path("images"), self.path("labels"), &digits())
        }
        fn refuse(&self, parts: &[&str]) {
            let error = self.load().unwrap_err().to_string();
            for part in parts {
                assert!(error.contains(part), "lacks `{part}`: {error}");
            }
        }
    }

    /// Pictures of two rows and three columns, pixels counted up.
    fn images(count: u32) -> Vec<u8> {
        let head = [IMAGES_MAGIC, count, 2, 3].map(u32::to_be_bytes).concat();
        head.into_iter().chain(0..6 * count as u8).collect()
    }

    fn labels(labels: &[u8]) -> Vec<u8> {
        let head = [LABELS_MAGIC, labels.len() as u32].map(u32::to_be_bytes);
        [&head.concat(), labels].concat()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn plain_and_packed_files_read_alike() {
        let files = Files::new();
        let plain = files.load().unwrap();
        assert_eq!(plain.shape(), [1, 2, 3]);
        assert_eq!(plain.labels(), [7, 0, 9]);
        assert_eq!(plain.picture(2), [12, 13, 14, 15, 16, 17]);
        assert_eq!(plain.class_names()[7], "7");
        files.write(&gzip(&images(3)), &gzip(&labels(&[7, 0, 9])));
        assert_eq!(files.load().unwrap(), plain);
    }

    #[test]
    fn damaged_files_are_refused_by_field() {
        let files = Files::new();
        let (good, three) = (images(3), labels(&[7, 0, 9]));
        files.write(&three, &three);
        files.refuse(&["images: magic number: expected 0x00000803, found 0x00000801"]);
        files.write(&good, &good);
        files.refuse(&["labels: magic number: expected 0x00000801, found 0x00000803"]);
        files.write(&good, &labels(&[7, 0]));
        files.refuse(&["labels: labels: expected 3, as many as", "found 2"]);
        files.write(&good, &labels(&[7, 10, 9]));
        files.refuse(&["labels: label 1: expected a class from 0 to 9, found 10"]);
        files.write(&[&good[..], &[0]].concat(), &three);
        files.refuse(&["images: pixels of 3 pictures: expected the end of the file"]);
        files.write(&images(0), &labels(&[]));
        files.refuse(&["images: count: expected at least 1, found 0"]);
        // Four thousand million pictures in forty bytes.
        let mut huge = good.clone();
        huge[4..8].fill(0xff);
        files.write(&huge, &three);
        files.refuse(&["pixels of 4294967295 pictures", "found only 18"]);
        files.write(&gzip(&huge), &three);
        files.refuse(&[
            "pixels of 4294967295 pictures",
            "packed ones, found 25769803786",
        ]);
        huge[8..12].fill(0xff);
        files.write(&huge, &three);
        files.refuse(&["images: rows: expected 1 to 4096 pixels, found 4294967295"]);
    }

    #[test]
    fn files_cut_anywhere_are_refused() {
        let (good, three) = (images(3), labels(&[7, 0, 9]));
        let files = Files::new();
        for pack in [<[u8]>::to_vec, gzip] {
            let (good, three) = (pack(&good), pack(&three));
            for cut in 0..good.len() {
                files.write(&good[..cut], &three);
                files.refuse(&["images: "]);
            }
            for cut in 0..three.len() {
                files.write(&good, &three[..cut]);
                files.refuse(&["labels: "]);
            }
        }
    }
}
