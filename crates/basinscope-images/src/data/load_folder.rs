//! Folders of pictures, one for each class.

use super::folder_parts::{listed, part_folders, refuse_folds, visible};
use super::picture_file::{FORMATS, Kind, MAX_PICTURE_SIDE, Picture, decode, scaled};
use super::{Found, ImageSet, Part};
use basinscope::data::natural;
use basinscope::{Error, Result};
use image::RgbImage;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many folders deep the pictures of a class may lie.
const MAX_DEPTH: usize = 8;
/// The highest sample of pictures of 16 bits a channel that may be of 12 bits or fewer.
const MAX_12_BITS: u16 = 4095;

/// Reads the wanted parts from a folder of pictures sorted into folders by class.
///
/// A folder that holds one called `train` or `training` is read as its parts: `train`, `val`
/// (`valid`, `validation`), `test` (`testing`) and `extra`, in any case, each with folders of
/// classes, also with words as in `seg_train` or `test-images`; any other folder is the training
/// part itself. The classes are the names of the
/// training part's folders in natural order (`2` before `10`); the folders of other parts are
/// matched by their names. A class has all pictures in its folder and in folders within it: PNG,
/// JPEG, BMP, TIFF, WebP, GIF, PGM and PPM (the first page or frame of several), turned as their
/// EXIF orientation says. What is hidden or left by a system
/// (`__MACOSX`, `Thumbs.db`) is passed over, as are other files, which are counted in the notes.
///
/// Where every picture of every part is grey, wanted or not, there is one channel; else there are three, and grey pictures have
/// three equal ones. Transparency is dropped, and 16 bits a channel are rounded to 8.
///
/// # Shapes
/// `size` is `[height, width]`; pictures of another size are stretched to it by a triangle filter
/// with antialiasing (and to nothing else, so without it all must be of one size).
///
/// # Errors
/// [`Error::Io`] where a file cannot be read; [`Error::File`] naming it where there are fewer
/// than two classes, a class of the training part has no picture, a picture is damaged, of a
/// format that is not read or of another size than the first, a later part has a class that the
/// training part lacks, parts or folds would be taken for classes, or 16 bits a channel hold 12
/// or fewer.
pub fn load_folder(
    path: impl AsRef<Path>,
    size: Option<[usize; 2]>,
    wanted: &[Part],
) -> Result<Found> {
    let path = path.as_ref();
    if let Some(extent) = size
        .iter()
        .flatten()
        .find(|&&extent| !(1..=MAX_PICTURE_SIDE as usize).contains(&extent))
    {
        let expected = format!("1 to {MAX_PICTURE_SIDE} pixels");
        return Err(Error::setting("size", expected, extent));
    }
    let mut loader = Loader {
        size,
        ..Loader::default()
    };
    let parts = part_folders(path, &mut loader.notes)?;
    let (_, train) = &parts[0];
    // Pictures are read folder by folder as they are sorted; the order of the classes is natural.
    let mut classes = loader.class_folders(train)?;
    classes.sort_by(|a, b| natural(a, b));
    if classes.len() < 2 {
        let found = format!("{} in {}", classes.len(), train.display());
        let expected = "at least 2 folders, one for each class";
        return Err(Error::file(path, "classes", expected, found));
    }
    refuse_folds(train, &classes)?;
    let mut read = Vec::new();
    for (part, folder) in &parts {
        // All parts are looked at, so that the channels do not depend on those that are wanted.
        let is_wanted = wanted.contains(part);
        let set = loader.part(*part, folder, &classes, is_wanted)?;
        if is_wanted {
            read.push((*part, set));
        }
    }
    loader.refuse_few_bits(path)?;
    let mut found = Found::default();
    let grey = loader.coloured == 0;
    for (part, (pictures, labels)) in read {
        let set = pack(&pictures, labels, grey, &classes)?;
        found.sets.push((part, set));
    }
    found.notes = loader.notes();
    Ok(found)
}

/// What holds for all pictures of all parts, and what was met on the way.
#[derive(Default)]
struct Loader {
    /// Height and width to scale to.
    size: Option<[usize; 2]>,
    /// The first picture's.
    first: Option<[usize; 2]>,
    pictures: usize,
    coloured: usize,
    transparent: usize,
    deep: usize,
    /// The highest sample of those with 16 bits a channel.
    highest: Option<u16>,
    turned: usize,
    more: usize,
    resized: usize,
    stretched: usize,
    /// Files that are no pictures, by their endings.
    passed: BTreeMap<String, usize>,
    notes: Vec<String>,
}

impl Loader {
    fn part(
        &mut self,
        part: Part,
        folder: &Path,
        classes: &[String],
        is_wanted: bool,
    ) -> Result<(Vec<RgbImage>, Vec<u32>)> {
        let (mut pictures, mut labels) = (Vec::new(), Vec::new());
        let mut missing: Vec<String> = classes.to_vec();
        for class in self.class_folders(folder)? {
            let Some(label) = classes.iter().position(|known| *known == class) else {
                let known = listed(classes);
                let expected = format!("one of the classes of the training part ({known})");
                let found = format!("`{class}`");
                return Err(Error::file(folder, "classes", expected, found));
            };
            let before = labels.len();
            for file in self.picture_files(&folder.join(&class), 0)? {
                let picture = self.picture(&file)?;
                labels.push(label as u32);
                if is_wanted {
                    pictures.push(picture);
                }
            }
            if labels.len() > before {
                missing.retain(|name| *name != class);
            } else if part == Part::Train {
                let folder = folder.join(&class);
                let expected = format!("at least one picture ({FORMATS})");
                return Err(Error::file(folder, "pictures", expected, "none"));
            }
        }
        if labels.is_empty() {
            let expected = format!("pictures in folders called {}", listed(classes));
            return Err(Error::file(folder, "pictures", expected, "none"));
        }
        if !missing.is_empty() {
            let note = format!("no {} pictures of {}", part.name(), listed(&missing));
            self.notes.push(note);
        }
        Ok((pictures, labels))
    }

    fn picture(&mut self, path: &Path) -> Result<RgbImage> {
        let Picture {
            pixels,
            grey,
            transparent,
            highest,
            turned,
            more,
        } = decode(path)?;
        self.pictures += 1;
        self.coloured += usize::from(!grey);
        self.transparent += usize::from(transparent);
        self.deep += usize::from(highest.is_some());
        self.highest = self.highest.max(highest);
        self.turned += usize::from(turned);
        self.more += usize::from(more);
        let found = [pixels.height() as usize, pixels.width() as usize];
        if let Some(size) = self.size {
            if size == found {
                return Ok(pixels);
            }
            self.resized += 1;
            self.stretched += usize::from(size[0] * found[1] != size[1] * found[0]);
            return Ok(scaled(&pixels, size));
        }
        let first = *self.first.get_or_insert(found);
        if found != first {
            let [height, width] = first;
            let expected = format!(
                "{width} × {height} pixels as the first picture (--size {height}x{width} scales \
                 all to one size)"
            );
            let found = format!("{} × {}", found[1], found[0]);
            return Err(Error::file(path, "size", expected, found));
        }
        Ok(pixels)
    }

    /// The names of the folders inside, sorted; pictures next to them are in no class.
    fn class_folders(&mut self, folder: &Path) -> Result<Vec<String>> {
        let (mut names, mut beside) = (Vec::new(), 0);
        for path in visible(folder)? {
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(name) = name else {
                let found = path.display().to_string();
                return Err(Error::file(folder, "classes", "names in UTF-8", found));
            };
            if path.is_dir() {
                names.push(name.to_owned());
            } else if Kind::of(&path) != Kind::Other {
                beside += 1;
            }
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let note = format!("{beside} pictures in {name} passed over, which are in no class folder");
        if beside > 0 && !self.notes.contains(&note) {
            self.notes.push(note);
        }
        Ok(names)
    }

    /// The pictures of a class; other files are counted.
    fn picture_files(&mut self, folder: &Path, depth: usize) -> Result<Vec<PathBuf>> {
        if depth > MAX_DEPTH {
            let expected = format!("pictures at most {MAX_DEPTH} folders deep");
            return Err(Error::file(folder, "pictures", expected, "deeper ones"));
        }
        let mut files = Vec::new();
        for path in visible(folder)? {
            if path.is_dir() {
                files.extend(self.picture_files(&path, depth + 1)?);
                continue;
            }
            match Kind::of(&path) {
                Kind::Picture => files.push(path),
                Kind::Unread => {
                    let found = path.extension().unwrap_or_default().to_string_lossy();
                    let expected = format!("{FORMATS} (convert it, or take it out)");
                    return Err(Error::file(&path, "picture", expected, found));
                }
                Kind::Other => {
                    let ending = match path.extension() {
                        Some(ending) => format!(".{}", ending.to_string_lossy()),
                        None => "without ending".into(),
                    };
                    *self.passed.entry(ending).or_default() += 1;
                }
            }
        }
        Ok(files)
    }

    /// Refuses 16 bits a channel of which 12 or fewer are used: rounded to 8 bits they would be
    /// almost black, in 16 steps at most.
    fn refuse_few_bits(&self, path: &Path) -> Result<()> {
        match self.highest {
            Some(highest) if highest <= MAX_12_BITS => {
                let expected = "16 bits a channel that are used (save 12 bits or fewer scaled up, \
                                to 16 bits or to 8)";
                let found = format!("none above {highest} of 65535 in {} pictures", self.deep);
                Err(Error::file(path, "pictures", expected, found))
            }
            _ => Ok(()),
        }
    }

    /// What a user should know.
    fn notes(mut self) -> Vec<String> {
        let all = self.pictures;
        if self.coloured > 0 && self.coloured < all {
            let grey = all - self.coloured;
            let note = format!("{grey} of {all} are grey, and take three equal channels");
            self.notes.push(note);
        }
        if self.transparent > 0 {
            let note = format!("transparency dropped ({} of {all})", self.transparent);
            self.notes.push(note);
        }
        if self.deep > 0 {
            let dark = match self.highest {
                Some(highest) if highest < 1 << 15 => format!(", none above {highest} of 65535"),
                _ => String::new(),
            };
            let note = format!(
                "16 bits a channel rounded to 8 ({} of {all}{dark})",
                self.deep
            );
            self.notes.push(note);
        }
        if self.turned > 0 {
            let note = format!("turned as EXIF says ({} of {all})", self.turned);
            self.notes.push(note);
        }
        if self.more > 0 {
            let note = format!(
                "only the first page or frame read ({} of {all} have more)",
                self.more
            );
            self.notes.push(note);
        }
        if let (Some([height, width]), true) = (self.size, self.resized > 0) {
            let stretched = match self.stretched {
                0 => String::new(),
                some => format!(", {some} of them stretched"),
            };
            self.notes.push(format!(
                "{} of {all} scaled to {height} × {width} (triangle filter with \
                 antialiasing{stretched})",
                self.resized
            ));
        }
        if !self.passed.is_empty() {
            let count: usize = self.passed.values().sum();
            let endings: Vec<String> = self.passed.into_keys().collect();
            let noun = if count == 1 { "file" } else { "files" };
            self.notes.push(format!(
                "{count} {noun} passed over that are no pictures ({})",
                listed(&endings)
            ));
        }
        self.notes
    }
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
