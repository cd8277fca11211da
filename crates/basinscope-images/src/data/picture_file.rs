//! One picture of a file, decoded: its pixels as RGB, and whether it is grey.

use super::{frames, jpeg_end};
use basinscope::{Error, Result};
use image::imageops::{FilterType, resize};
use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Pixel, RgbImage,
};
use std::fs;
use std::io::Cursor;
use std::path::Path;

/// The most pixels along a side of a picture.
pub const MAX_PICTURE_SIDE: u32 = 16_384;
/// The most memory that decoding one picture may take, in bytes.
const MAX_DECODED: u64 = 1 << 30;
/// Endings of the pictures that are read.
const READ: [&str; 16] = [
    "png", "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "bmp", "tif", "tiff", "webp", "gif",
    "pgm", "ppm", "pbm", "pnm",
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
    /// Its highest sample where it had 16 bits a channel, which are rounded to 8.
    pub highest: Option<u16>,
    /// Whether it was turned or mirrored as its file says that it is to be shown.
    pub turned: bool,
    /// Whether its file holds more pages or frames, which are not read.
    pub more: bool,
}

/// Decodes a file; of an animation the first frame, of several pages the first. It is turned as
/// its EXIF orientation says.
///
/// # Errors
/// [`Error::Io`] where it cannot be read, [`Error::File`] where it is no whole picture or one of
/// floats.
pub(super) fn decode(path: &Path) -> Result<Picture> {
    let bytes = read(path)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PICTURE_SIDE);
    limits.max_image_height = Some(MAX_PICTURE_SIDE);
    limits.max_alloc = Some(MAX_DECODED);
    let mut reader = ImageReader::new(Cursor::new(bytes.as_slice()));
    if let Ok(format) = ImageFormat::from_path(path) {
        reader.set_format(format);
    }
    let mut reader = (reader.with_guessed_format()).map_err(Error::io(path, "read"))?;
    reader.limits(limits.clone());
    let format = reader.format();
    if format == Some(ImageFormat::Jpeg) && !jpeg_end::has_end(&bytes) {
        let expected = "a whole JPEG (get it again, or take it out)";
        let found = "its end is missing";
        return Err(Error::file(path, "picture", expected, found));
    }
    let whole = |error| Error::file(path, "picture", format!("a whole {FORMATS}"), error);
    let mut decoder = reader.into_decoder().map_err(whole)?;
    if let ColorType::Rgb32F | ColorType::Rgba32F = decoder.color_type() {
        let expected = "8 or 16 bits a channel (convert floats first)";
        return Err(Error::file(path, "picture", expected, "32-bit floats"));
    }
    limits.reserve(decoder.total_bytes()).map_err(whole)?;
    decoder.set_limits(limits).map_err(whole)?;
    let orientation = decoder.orientation().map_err(whole)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(whole)?;
    picture.apply_orientation(orientation);
    let color = picture.color();
    let transparent = has_transparency(&picture);
    let highest = highest(&picture);
    let pixels = picture.into_rgb8();
    let by_pixels = matches!(
        format,
        Some(ImageFormat::Bmp | ImageFormat::Gif | ImageFormat::WebP)
    );
    let is_grey = || pixels.pixels().all(|pixel| pixel.0 == [pixel.0[0]; 3]);
    Ok(Picture {
        grey: !color.has_color() || by_pixels && is_grey(),
        transparent,
        highest,
        turned: orientation != Orientation::NoTransforms,
        more: format.is_some_and(|format| frames::has_more(format, &bytes)),
        pixels,
    })
}

/// The bytes of a file.
fn read(path: &Path) -> Result<Vec<u8>> {
    let length = fs::metadata(path).map_err(Error::io(path, "read"))?.len();
    if length > MAX_DECODED {
        let expected = format!("at most {MAX_DECODED} bytes");
        return Err(Error::file(path, "picture", expected, length));
    }
    fs::read(path).map_err(Error::io(path, "read"))
}

/// The highest sample of a picture of 16 bits a channel, whatever its transparency.
fn highest(picture: &DynamicImage) -> Option<u16> {
    fn of<'a, P: Pixel<Subpixel = u16> + 'a>(pixels: impl Iterator<Item = &'a P>) -> Option<u16> {
        let brightest = |pixel: &P| {
            let colors = usize::from(P::CHANNEL_COUNT - u8::from(P::HAS_ALPHA));
            pixel.channels()[..colors].iter().copied().max()
        };
        pixels.filter_map(brightest).max()
    }
    match picture {
        DynamicImage::ImageLuma16(pixels) => of(pixels.pixels()),
        DynamicImage::ImageLumaA16(pixels) => of(pixels.pixels()),
        DynamicImage::ImageRgb16(pixels) => of(pixels.pixels()),
        DynamicImage::ImageRgba16(pixels) => of(pixels.pixels()),
        _ => None,
    }
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
            ("a.jfif", Kind::Picture),
            ("a.JPE", Kind::Picture),
            ("a.pjpeg", Kind::Picture),
            ("a.heic", Kind::Unread),
            ("a.txt", Kind::Other),
            ("png", Kind::Other),
        ] {
            assert_eq!(Kind::of(Path::new(name)), kind, "{name}");
        }
    }
}
