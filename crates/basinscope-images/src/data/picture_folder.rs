//! Folders of small pictures for tests.

use super::{Found, ImageSet, Part, load_folder};
use basinscope::Result;
use image::{GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use std::fs;
use std::path::PathBuf;

pub(in crate::data) struct Folder(pub tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    pub fn path(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }
    pub fn grey(self, name: &str, size: [u32; 2], value: u8) -> Self {
        let picture = GrayImage::from_pixel(size[1], size[0], Luma([value]));
        picture.save(self.path(name)).unwrap();
        self
    }
    /// In a format that has no grey of its own, or has.
    pub fn grey_as(self, name: &str, value: u8) -> Self {
        if name.ends_with("gif") {
            let picture = RgbaImage::from_pixel(3, 2, Rgba([value, value, value, 255]));
            picture.save(self.path(name)).unwrap();
            return self;
        }
        if name.ends_with("webp") {
            return self.rgb(name, [2, 3], [value; 3]);
        }
        self.grey(name, [2, 3], value)
    }
    pub fn rgb(self, name: &str, size: [u32; 2], value: [u8; 3]) -> Self {
        let picture = RgbImage::from_pixel(size[1], size[0], Rgb(value));
        picture.save(self.path(name)).unwrap();
        self
    }
    pub fn found(&self, size: Option<[usize; 2]>) -> Result<Found> {
        load_folder(self.0.path(), size, &Part::ALL)
    }
    pub fn load(&self, size: Option<[usize; 2]>) -> Result<Vec<(Part, ImageSet)>> {
        self.found(size).map(|found| found.sets)
    }
    pub fn refuse(&self, size: Option<[usize; 2]>, parts: &[&str]) {
        let error = self.load(size).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "lacks `{part}`: {error}");
        }
    }
}
