//! Folders of pictures, one for each class.

use super::{ImageSet, Part};
use basinscope::{Error, Result};
use image::imageops::{FilterType, resize};
use image::{ImageReader, Limits, RgbImage};
use std::fs;
use std::path::{Path, PathBuf};

/// The most pixels along a side of a picture.
pub const MAX_PICTURE_SIDE: u32 = 16_384;
/// The most memory that decoding one picture may take, in bytes.
const MAX_DECODED: u64 = 1 << 30;

/// Reads the wanted parts from a folder of pictures (PNG or JPEG) sorted into folders by class.
///
/// A folder that holds a folder `train` is read as its parts `train`, `test` and `extra`, each
/// with folders of classes; any other folder is the training part itself. The classes are the
/// names of the training part's folders in sorted order. Files of other types and hidden ones are
/// passed over. Where every picture is grey there is one channel, else three; transparency is
/// dropped.
///
/// # Shapes
/// `size` is `[height, width]`; pictures of another size are scaled to it (and to nothing else,
/// so without it all must be of one size).
///
/// # Errors
/// [`Error::Io`] where a file cannot be read; [`Error::File`] naming it where there are fewer
/// than two classes, a class has no picture, a picture is damaged or of another size than the
/// first, or a later part has a class that the training part lacks.
pub fn load_folder(
    path: impl AsRef<Path>,
    size: Option<[usize; 2]>,
    wanted: &[Part],
) -> Result<Vec<(Part, ImageSet)>> {
    let path = path.as_ref();
    if let Some(extent) = size
        .iter()
        .flatten()
        .find(|&&extent| !(1..=MAX_PICTURE_SIDE as usize).contains(&extent))
    {
        let expected = format!("1 to {MAX_PICTURE_SIDE} pixels");
        return Err(Error::setting("size", expected, extent));
    }
    let parted = path.join("train").is_dir();
    let train = if parted {
        path.join("train")
    } else {
        path.to_owned()
    };
    let classes = class_folders(&train)?;
    if classes.len() < 2 {
        let found = format!("{} in {}", classes.len(), train.display());
        return Err(Error::file(path, "classes", "at least 2 folders", found));
    }
    let mut read = Vec::new();
    let mut loader = Loader { size, grey: true };
    for part in [Part::Train, Part::Test, Part::Extra] {
        let folder = path.join(part.name());
        let present = if parted {
            folder.is_dir()
        } else {
            part == Part::Train
        };
        if wanted.contains(&part) && present {
            let folder = if parted { folder } else { path.to_owned() };
            read.push((part, loader.part(&folder, &classes)?));
        }
    }
    let grey = loader.grey;
    let set = |(part, (pictures, labels)): (Part, (Vec<RgbImage>, Vec<u32>))| {
        Ok((part, pack(&pictures, labels, grey, &classes)?))
    };
    read.into_iter().map(set).collect()
}

/// What holds for all pictures of all parts.
struct Loader {
    /// Height and width, asked for or of the first picture.
    size: Option<[usize; 2]>,
    /// Whether none had colours so far.
    grey: bool,
}

impl Loader {
    fn part(&mut self, folder: &Path, classes: &[String]) -> Result<(Vec<RgbImage>, Vec<u32>)> {
        let scale = self.size.is_some();
        let (mut pictures, mut labels) = (Vec::new(), Vec::new());
        for class in class_folders(folder)? {
            let Some(label) = classes.iter().position(|known| *known == class) else {
                let expected = format!("one of the classes {}", classes.join(", "));
                return Err(Error::file(
                    folder,
                    "classes",
                    expected,
                    format!("`{class}`"),
                ));
            };
            let before = pictures.len();
            for file in picture_files(&folder.join(&class))? {
                pictures.push(self.picture(&file, scale)?);
                labels.push(label as u32);
            }
            if pictures.len() == before {
                let expected = "at least one .png, .jpg or .jpeg";
                return Err(Error::file(
                    folder.join(&class),
                    "pictures",
                    expected,
                    "none",
                ));
            }
        }
        Ok((pictures, labels))
    }

    fn picture(&mut self, path: &Path, scale: bool) -> Result<RgbImage> {
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_PICTURE_SIDE);
        limits.max_image_height = Some(MAX_PICTURE_SIDE);
        limits.max_alloc = Some(MAX_DECODED);
        let mut reader = ImageReader::open(path)
            .and_then(ImageReader::with_guessed_format)
            .map_err(Error::io(path, "read"))?;
        reader.limits(limits);
        let picture = reader
            .decode()
            .map_err(|error| Error::file(path, "picture", "a whole PNG or JPEG", error))?;
        self.grey &= !picture.color().has_color();
        let picture = picture.into_rgb8();
        let found = [picture.height() as usize, picture.width() as usize];
        let [height, width] = *self.size.get_or_insert(found);
        if found == [height, width] {
            return Ok(picture);
        }
        if !scale {
            let expected =
                format!("{width} × {height} pixels as the first picture, or a size to scale to");
            let found = format!("{} × {}", found[1], found[0]);
            return Err(Error::file(path, "size", expected, found));
        }
        Ok(resize(
            &picture,
            width as u32,
            height as u32,
            FilterType::Triangle,
        ))
    }
}

/// The names of the folders inside, sorted.
fn class_folders(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for path in visible(folder)? {
        if path.is_dir() {
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(name) = name else {
                let found = path.display().to_string();
                return Err(Error::file(folder, "classes", "names in UTF-8", found));
            };
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn picture_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_picture = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let known = |extension: &str| ["png", "jpg", "jpeg"].contains(&extension);
        path.is_file() && extension.is_some_and(|it| known(&it.to_ascii_lowercase()))
    };
    Ok(visible(folder)?.into_iter().filter(is_picture).collect())
}

/// What a folder holds, sorted, without what is hidden.
fn visible(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder, "read"))? {
        let entry = entry.map_err(Error::io(folder, "read"))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Pixels by channel.
fn pack(
    pictures: &[RgbImage],
    labels: Vec<u32>,
    grey: bool,
    classes: &[String],
) -> Result<ImageSet> {
    let channels = if grey { 1 } else { 3 };
    let (width, height) = pictures.first().map_or((1, 1), RgbImage::dimensions);
    let shape = [channels, height as usize, width as usize];
    let mut pixels = Vec::with_capacity(pictures.len() * shape.iter().product::<usize>());
    for picture in pictures {
        for channel in 0..channels {
            pixels.extend(picture.pixels().map(|pixel| pixel.0[channel]));
        }
    }
    ImageSet::new(pixels, labels, shape, classes.to_vec())
}

#[cfg(test)]
#[path = "load_folder_tests.rs"]
mod tests;
