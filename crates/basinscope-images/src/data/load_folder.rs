//! Folders of pictures, one for each class.

use super::picture_file::{FORMATS, Kind, MAX_PICTURE_SIDE, Picture, decode, scaled};
use super::{Found, ImageSet, Part};
use basinscope::data::natural;
use basinscope::{Error, Result};
use image::RgbImage;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How many folders deep the pictures of a class may lie.
const MAX_DEPTH: usize = 8;
/// Names that a note or an error lists at most.
const NAMED: usize = 12;

/// Reads the wanted parts from a folder of pictures sorted into folders by class.
///
/// A folder that holds one called `train` or `training` is read as its parts: `train`, `val`
/// (`valid`, `validation`), `test` (`testing`) and `extra`, in any case, each with folders of
/// classes; any other folder is the training part itself. The classes are the names of the
/// training part's folders in natural order (`2` before `10`); the folders of other parts are
/// matched by their names. A class has all pictures in its folder and in folders within it: PNG,
/// JPEG, BMP, TIFF, WebP, GIF (the first frame), PGM and PPM. What is hidden or left by a system
/// (`__MACOSX`, `Thumbs.db`) is passed over, as are other files, which are counted in the notes.
///
/// Where every picture is grey there is one channel; else there are three, and grey pictures have
/// three equal ones. Transparency is dropped, and 16 bits a channel are rounded to 8.
///
/// # Shapes
/// `size` is `[height, width]`; pictures of another size are stretched to it by a triangle filter
/// with antialiasing (and to nothing else, so without it all must be of one size).
///
/// # Errors
/// [`Error::Io`] where a file cannot be read; [`Error::File`] naming it where there are fewer
/// than two classes, a class of the training part has no picture, a picture is damaged, of a
/// format that is not read or of another size than the first, or a later part has a class that
/// the training part lacks.
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
    let parts = loader.part_folders(path)?;
    let (_, train) = &parts[0];
    // Pictures are read folder by folder as they are sorted; the order of the classes is natural.
    let mut classes = loader.class_folders(train)?;
    classes.sort_by(|a, b| natural(a, b));
    if classes.len() < 2 {
        let found = format!("{} in {}", classes.len(), train.display());
        let expected = "at least 2 folders, one for each class";
        return Err(Error::file(path, "classes", expected, found));
    }
    let mut read = Vec::new();
    for (part, folder) in &parts {
        if wanted.contains(part) {
            read.push((*part, loader.part(*part, folder, &classes)?));
        }
    }
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
    resized: usize,
    stretched: usize,
    /// Files that are no pictures, by their endings.
    passed: BTreeMap<String, usize>,
    notes: Vec<String>,
}

impl Loader {
    /// The folders of the parts, that of the training part first.
    fn part_folders(&mut self, path: &Path) -> Result<Vec<(Part, PathBuf)>> {
        let mut parts: Vec<(Part, PathBuf)> = Vec::new();
        for folder in self.folders(path)? {
            let name = folder.file_name().and_then(|name| name.to_str());
            if let Some(part) = name.and_then(Part::of_word) {
                parts.push((part, folder));
            }
        }
        if !parts.iter().any(|(part, _)| *part == Part::Train) {
            return Ok(vec![(Part::Train, path.to_owned())]);
        }
        parts.sort_by_key(|(part, _)| Part::ALL.iter().position(|other| other == part));
        for pair in parts.windows(2) {
            if pair[0].0 == pair[1].0 {
                let expected = format!("one folder for the part {}", pair[0].0.name());
                let names = pair.iter().map(|(_, folder)| folder.display().to_string());
                let found = names.collect::<Vec<_>>().join(" and ");
                return Err(Error::file(path, "parts", expected, found));
            }
        }
        let is_part = |folder: &PathBuf| parts.iter().any(|(_, part)| part == folder);
        let mut others = self.folders(path)?;
        others.retain(|folder| !is_part(folder));
        if !others.is_empty() {
            let note = format!("folders next to the parts passed over: {}", shown(&others));
            self.notes.push(note);
        }
        Ok(parts)
    }

    fn part(
        &mut self,
        part: Part,
        folder: &Path,
        classes: &[String],
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
            let before = pictures.len();
            for file in self.picture_files(&folder.join(&class), 0)? {
                pictures.push(self.picture(&file)?);
                labels.push(label as u32);
            }
            if pictures.len() > before {
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
            deep,
        } = decode(path)?;
        self.pictures += 1;
        self.coloured += usize::from(!grey);
        self.transparent += usize::from(transparent);
        self.deep += usize::from(deep);
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

    /// The folders inside.
    fn folders(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let mut paths = visible(folder)?;
        paths.retain(|path| path.is_dir());
        Ok(paths)
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
            let note = format!("16 bits a channel rounded to 8 ({} of {all})", self.deep);
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

/// What a folder holds, sorted, without what is hidden or left by a system.
pub(super) fn visible(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder, "read"))? {
        let entry = entry.map_err(Error::io(folder, "read"))?;
        let name = entry.file_name();
        let left = [
            "__MACOSX",
            "Thumbs.db",
            "desktop.ini",
            "@eaDir",
            "$RECYCLE.BIN",
        ];
        let is_left = left.iter().any(|left| name.eq_ignore_ascii_case(left));
        if !is_left && !name.as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Names in a line.
fn listed(names: &[String]) -> String {
    match names.get(..NAMED) {
        Some(first) if names.len() > NAMED => {
            format!("{}, … {} more", first.join(", "), names.len() - NAMED)
        }
        _ => names.join(", "),
    }
}

/// The names of paths in a line.
pub(super) fn shown(paths: &[PathBuf]) -> String {
    let name = |path: &PathBuf| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    listed(&paths.iter().map(name).collect::<Vec<_>>())
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
