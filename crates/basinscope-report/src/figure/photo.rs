//! A picture of any colours, embedded in figures as PNG.

use super::error::FigureError;

/// Red, green and blue, row-major from the top.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Photo {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Photo {
    /// From planes `[channels, height, width]`: three are colours, else the first is grey.
    pub fn from_planes(planes: &[u8], [channels, height, width]: [usize; 3]) -> Self {
        let area = height * width;
        let step = if channels == 3 { area } else { 0 };
        let rgb = (0..area)
            .flat_map(|pixel| [0, 1, 2].map(|channel| planes[channel * step + pixel]))
            .collect();
        Self { width, height, rgb }
    }

    /// The picture as PNG.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let mut bytes = Vec::new();
        let failed = |error: png::EncodingError| FigureError::Encode {
            format: "PNG",
            reason: error.to_string(),
        };
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&self.rgb).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_become_pixels() {
        let colour = Photo::from_planes(&[1, 2, 3, 4, 5, 6], [3, 1, 2]);
        assert_eq!(colour.rgb, [1, 3, 5, 2, 4, 6]);
        let grey = Photo::from_planes(&[1, 2], [1, 2, 1]);
        assert_eq!(grey.rgb, [1, 1, 1, 2, 2, 2]);
        let mut reader = png::Decoder::new(std::io::Cursor::new(colour.png().unwrap()))
            .read_info()
            .unwrap();
        let mut decoded = vec![0; 6];
        reader.next_frame(&mut decoded).unwrap();
        assert_eq!(decoded, colour.rgb);
    }
}
