//! One picture of a file, decoded: its pixels as RGB, and whether it is grey.

use basinscope::{Error, Result};
use image::imageops::{FilterType, resize};
use image::{ColorType, DynamicImage, ImageFormat, ImageReader, Limits, RgbImage};
use std::path::Path;

/// The most pixels along a side of a picture.
pub const MAX_PICTURE_SIDE: u32 = 16_384;
/// The most memory that decoding one picture may take, in bytes.
const MAX_DECODED: u64 = 1 << 30;
/// Endings of the pictures that are read.
const READ: [&str; 13] = [
    "png", "jpg", "jpeg", "jpe", "bmp", "tif", "tiff", "webp", "gif", "pgm", "ppm", "pbm", "pnm",
];
/// Endings of pictures that are not.
const NOT_READ: [&str; 15] = [
    "heic", "heif", "avif", "jp2", "j2k", "jxl", "ico", "tga", "svg", "exr", "hdr", "dng", "psd",
    "dcm", "pcx",
];
/// What errors call the pictures that are read.
pub(super) const FORMATS: &str = "PNG, JPEG, BMP, TIFF, WebP, GIF, PGM or PPM";

/// What a file is by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A picture that is read.
    Picture,
    /// A picture that is not.
    Unread,
    /// Something else.
    Other,
}

impl Kind {
    pub fn of(path: &Path) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let ending = ending.unwrap_or_default().to_ascii_lowercase();
        if READ.contains(&ending.as_str()) {
            return Self::Picture;
        }
        match NOT_READ.contains(&ending.as_str()) {
            true => Self::Unread,
            false => Self::Other,
        }
    }
}

/// A decoded picture.
#[derive(Debug)]
pub(super) struct Picture {
    pub pixels: RgbImage,
    /// Whether its file is of grey pictures or, where formats have palettes or none (BMP, GIF,
    /// WebP), each pixel is grey.
    pub grey: bool,
    /// Whether it had transparency, which is dropped.
    pub transparent: bool,
    /// Whether it had 16 bits or more a channel, which are rounded to 8.
    pub deep: bool,
}

/// Decodes a file; of an animation the first frame.
///
/// # Errors
/// [`Error::Io`] where it cannot be read, [`Error::File`] where it is no whole picture.
pub(super) fn decode(path: &Path) -> Result<Picture> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PICTURE_SIDE);
    limits.max_image_height = Some(MAX_PICTURE_SIDE);
    limits.max_alloc = Some(MAX_DECODED);
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(Error::io(path, "read"))?;
    reader.limits(limits);
    let format = reader.format();
    let whole = |error| Error::file(path, "picture", format!("a whole {FORMATS}"), error);
    let picture = reader.decode().map_err(whole)?;
    let color = picture.color();
    let transparent = has_transparency(&picture);
    let pixels = picture.into_rgb8();
    let by_pixels = matches!(
        format,
        Some(ImageFormat::Bmp | ImageFormat::Gif | ImageFormat::WebP)
    );
    let is_grey = || pixels.pixels().all(|pixel| pixel.0 == [pixel.0[0]; 3]);
    Ok(Picture {
        grey: !color.has_color() || by_pixels && is_grey(),
        transparent,
        deep: !matches!(
            color,
            ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8
        ),
        pixels,
    })
}

fn has_transparency(picture: &DynamicImage) -> bool {
    picture.color().has_alpha()
        && match picture {
            DynamicImage::ImageLumaA8(pixels) => pixels.pixels().any(|pixel| pixel.0[1] < 255),
            DynamicImage::ImageRgba8(pixels) => pixels.pixels().any(|pixel| pixel.0[3] < 255),
            _ => true,
        }
}

/// Scales a picture to `[height, width]` as a whole, its sides each by themselves, by a triangle
/// filter (bilinear) that is widened where the picture shrinks, as Pillow's `BILINEAR` and
/// torchvision's `Resize` with antialiasing do.
pub(super) fn scaled(picture: &RgbImage, [height, width]: [usize; 2]) -> RgbImage {
    resize(picture, width as u32, height as u32, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_tell_pictures_from_other_files() {
        for (name, kind) in [
            ("a.PNG", Kind::Picture),
            ("a.b.jpeg", Kind::Picture),
            ("a.heic", Kind::Unread),
            ("a.txt", Kind::Other),
            ("png", Kind::Other),
        ] {
            assert_eq!(Kind::of(Path::new(name)), kind, "{name}");
        }
    }
}
