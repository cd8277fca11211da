//! Pictures and labels in the IDX files of MNIST, plain or gzipped.

use super::bounded::Bounded;
use super::parts::check_same_classes;
use super::{Found, ImageSet, Part};
use basinscope::data::Labels;
use basinscope::{Error, Result};
use std::path::{Path, PathBuf};

/// First four bytes of a file of pictures: unsigned bytes, three dimensions.
const IMAGES_MAGIC: u32 = 0x0000_0803;
/// First four bytes of a file of labels: unsigned bytes, one dimension.
const LABELS_MAGIC: u32 = 0x0000_0801;
/// The most pixels along a side.
const MAX_SIDE: u32 = 4096;

/// A file of grey pictures and the file of their labels, which are one part of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxPair {
    /// The part.
    pub part: Part,
    /// The pictures.
    pub images: PathBuf,
    /// Their labels.
    pub labels: PathBuf,
}

/// Reads the wanted parts from pairs of files.
///
/// The classes are the labels that occur in any of the pairs, from whichever number they start, in
/// the order of their numbers. `transpose` mirrors each picture at its diagonal: EMNIST's files
/// hold them so.
///
/// # Shapes
/// Pictures `[N, height, width]`, labels `[N]`, both unsigned bytes.
///
/// # Errors
/// [`Error::Io`] where a file cannot be read; [`Error::File`] naming file and field where a magic
/// number is wrong, a count disagrees with the file's length, the two counts differ, or a part has
/// a class that the training part lacks; those of [`Labels::classes`].
pub fn load_idx(pairs: &[IdxPair], transpose: bool, wanted: &[Part]) -> Result<Found> {
    let mut labels = Vec::new();
    let mut lens = Vec::new();
    for pair in pairs {
        let values = read_labels(&pair.labels)?;
        lens.push(values.len());
        labels.extend(values);
    }
    let Some(first) = pairs.first() else {
        return Ok(Found::default());
    };
    let name = |at: usize| format!("label {at}");
    let classes = Labels::from_integers(labels).classes(&first.labels, "labels", name)?;
    let mut ids = classes.ids.as_slice();
    let mut by_part: Vec<(Part, &str, &[u32])> = Vec::new();
    for (pair, &len) in pairs.iter().zip(&lens) {
        let (labels, rest) = ids.split_at(len);
        ids = rest;
        by_part.push((pair.part, file_name(&pair.labels), labels));
    }
    let folder = first.labels.parent().unwrap_or(&first.labels);
    check_same_classes(folder, &by_part, &classes.names)?;
    let mut found = Found::default();
    let is_emnist = file_name(&first.images)
        .to_ascii_lowercase()
        .contains("emnist");
    if transpose {
        let note = "each picture transposed (--transpose)";
        found.notes.push(note.into());
    } else if is_emnist {
        let note = "EMNIST's files hold pictures transposed, and they are read as they are \
                    (--transpose turns them)";
        found.notes.push(note.into());
    }
    for (pair, (.., labels)) in pairs.iter().zip(by_part) {
        if !wanted.contains(&pair.part) {
            continue;
        }
        let (pixels, shape) = read_pictures(pair, labels.len())?;
        let mut set = ImageSet::new(pixels, labels.to_vec(), shape, classes.names.clone())?;
        if transpose {
            set = set.transposed();
        }
        found.sets.push((pair.part, set));
    }
    Ok(found)
}

fn file_name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("labels")
}

fn read_pictures(pair: &IdxPair, labels: usize) -> Result<(Vec<u8>, [usize; 3])> {
    let images = pair.images.as_path();
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
    if count as usize != labels {
        let expected = format!("{count}, as many as {} has pictures", images.display());
        return Err(Error::file(&pair.labels, "labels", expected, labels));
    }
    Ok((pixels, [1, height as usize, width as usize]))
}

fn read_labels(path: &Path) -> Result<Vec<u8>> {
    let mut file = Bounded::open_unpacked(path)?;
    let [count] = header(&mut file, LABELS_MAGIC)?;
    let field = format!("{count} labels");
    let values = file.bytes(count.into(), &field)?;
    file.end(&field)?;
    Ok(values)
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

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::fs;
    use std::io::Write;

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
            let pair = self.pair("", Part::Train);
            load_idx(&[pair], false, &Part::ALL).map(|mut found| found.sets.remove(0).1)
        }
        fn pair(&self, prefix: &str, part: Part) -> IdxPair {
            let [images, labels] =
                ["images", "labels"].map(|name| self.path(&(prefix.to_owned() + name)));
            IdxPair {
                part,
                images,
                labels,
            }
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
        assert_eq!(plain.labels(), [1, 0, 2]);
        assert_eq!(plain.picture(2), [12, 13, 14, 15, 16, 17]);
        assert_eq!(plain.class_names(), ["0", "7", "9"]);
        files.write(&gzip(&images(3)), &gzip(&labels(&[7, 0, 9])));
        assert_eq!(files.load().unwrap(), plain);
    }

    #[test]
    fn classes_are_the_labels_of_all_parts_from_any_start() {
        let files = Files::new();
        fs::write(files.path("images"), images(3)).unwrap();
        fs::write(files.path("labels"), labels(&[1, 26, 3])).unwrap();
        fs::write(files.path("t-images"), images(2)).unwrap();
        fs::write(files.path("t-labels"), labels(&[26, 3])).unwrap();
        let pairs = [files.pair("", Part::Train), files.pair("t-", Part::Test)];
        let sets = load_idx(&pairs, false, &Part::ALL).unwrap().sets;
        assert_eq!(sets[0].1.class_names(), ["1", "3", "26"]);
        assert_eq!(
            (sets[0].1.labels(), sets[1].1.labels()),
            (&[0, 2, 1][..], &[2, 1][..])
        );
        // The classes are the same where one part is wanted.
        assert_eq!(
            load_idx(&pairs, false, &[Part::Test]).unwrap().sets,
            sets[1..]
        );
        let turned = load_idx(&pairs, true, &Part::ALL).unwrap();
        assert_eq!(turned.sets[1].1.shape(), [1, 3, 2]);
        assert_eq!(turned.sets[1].1.picture(0), [0, 3, 1, 4, 2, 5]);
        assert_eq!(turned.notes, ["each picture transposed (--transpose)"]);
        // Labels of the test part that start from another number.
        fs::write(files.path("t-labels"), labels(&[2, 27])).unwrap();
        let error = load_idx(&pairs, false, &[Part::Train])
            .unwrap_err()
            .to_string();
        let wanted = "t-labels: expected only classes of labels (label both alike, or take out \
            classes that are not trained on), found pictures of 2, 27, of which it has none";
        assert!(error.contains(wanted), "{error}");
    }

    #[test]
    fn emnist_is_said_to_lie_on_its_side() {
        let files = Files::new();
        let mut pair = files.pair("", Part::Train);
        pair.images = files.path("emnist-letters-train-images-idx3-ubyte");
        fs::copy(files.path("images"), &pair.images).unwrap();
        let notes = |transpose| {
            let found = load_idx(&[pair.clone()], transpose, &Part::ALL).unwrap();
            found.notes
        };
        assert!(notes(false)[0].contains("(--transpose turns them)"));
        assert_eq!(notes(true), ["each picture transposed (--transpose)"]);
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
        files.write(&good, &labels(&[7, 7, 7]));
        files.refuse(&["labels: labels: expected at least 2 classes, found only `7`"]);
        files.write(&[&good[..], &[0]].concat(), &three);
        files.refuse(&["images: pixels of 3 pictures: expected the end of the file"]);
        files.write(&images(0), &labels(&[]));
        files.refuse(&["labels: count: expected at least 1, found 0"]);
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
