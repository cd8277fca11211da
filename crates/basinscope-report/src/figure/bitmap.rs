//! A small picture of few colours, embedded in figures as PNG.

use super::error::FigureError;

/// Indices into a palette of at most 256 colours, row-major from the top.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bitmap {
    pub width: usize,
    pub height: usize,
    pub indices: Vec<u8>,
    pub palette: Vec<[u8; 3]>,
}

impl Bitmap {
    /// The picture as an indexed PNG.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let mut bytes = Vec::new();
        let failed = |error: png::EncodingError| FigureError::Encode {
            format: "PNG",
            reason: error.to_string(),
        };
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(self.palette.concat());
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&self.indices).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(bytes)
    }

    /// The colour at a pixel.
    pub fn color(&self, index: usize) -> [u8; 3] {
        self.indices
            .get(index)
            .and_then(|&entry| self.palette.get(usize::from(entry)))
            .copied()
            .unwrap_or_default()
    }
}
