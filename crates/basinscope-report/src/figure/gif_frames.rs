//! Frames of one fixed palette, written as a looping GIF.

use super::color::Color;
use super::error::FigureError;
use gif::{DisposalMethod, Encoder, Frame, Repeat};
use rayon::prelude::*;
use std::borrow::Cow;
use tiny_skia::Pixmap;

/// The palette's last entry, which leaves a pixel as it was.
const UNCHANGED: u8 = 255;
/// Hundredths of a second a frame stands.
const DELAY: u16 = 10;

/// A palette of at most 255 colours and the nearest of them to any colour.
pub(super) struct Quantizer {
    colors: Vec<[u8; 3]>,
    nearest: Vec<u8>,
}

impl Quantizer {
    /// A palette of the first 255 different colours.
    pub fn new(colors: impl IntoIterator<Item = Color>) -> Self {
        let mut unique: Vec<[u8; 3]> = Vec::new();
        for color in colors {
            if unique.len() < usize::from(UNCHANGED) && !unique.contains(&color.rgb) {
                unique.push(color.rgb);
            }
        }
        let nearest = (0..1usize << 18)
            .into_par_iter()
            .map(|cell| nearest(&unique, cell))
            .collect();
        Self {
            colors: unique,
            nearest,
        }
    }

    /// The palette index of every pixel.
    pub fn indices(&self, pixels: &Pixmap) -> Vec<u8> {
        let index = |pixel: &tiny_skia::PremultipliedColorU8| {
            let part = |value: u8| usize::from(value >> 2);
            let cell = part(pixel.red()) << 12 | part(pixel.green()) << 6 | part(pixel.blue());
            self.nearest[cell]
        };
        pixels.pixels().iter().map(index).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.colors.concat();
        bytes.resize(3 * 256, 0);
        bytes
    }
}

fn nearest(colors: &[[u8; 3]], cell: usize) -> u8 {
    let middle = [cell >> 12, cell >> 6, cell].map(|part| ((part & 63) * 255 / 63) as i32);
    let distance = |color: &[u8; 3]| -> i32 {
        (0..3)
            .map(|i| {
                let apart = i32::from(color[i]) - middle[i];
                [2, 4, 3][i] * apart * apart
            })
            .sum()
    };
    let best = (0..colors.len()).min_by_key(|&index| distance(&colors[index]));
    best.unwrap_or(0) as u8
}

/// What changes from one picture to the next, compressed: the smallest rectangle that holds it.
pub(super) fn difference(before: Option<&[u8]>, after: &[u8], width: usize) -> Frame<'static> {
    let same = |index: usize| before.is_some_and(|before| before[index] == after[index]);
    let rows = after.len() / width.max(1);
    let changed = |row: usize| (row * width..(row + 1) * width).any(|index| !same(index));
    let top = (0..rows).find(|&row| changed(row)).unwrap_or(0);
    let bottom = (top..rows).rev().find(|&row| changed(row)).unwrap_or(top);
    let in_column = |column: usize| (top..=bottom).any(|row| !same(row * width + column));
    let left = (0..width).find(|&column| in_column(column)).unwrap_or(0);
    let right = (left..width)
        .rev()
        .find(|&column| in_column(column))
        .unwrap_or(left);
    // Either may compress better: only what changed, or the whole rectangle.
    let frame = |keep: bool| {
        let buffer: Vec<u8> = (top..=bottom)
            .flat_map(|row| (left..=right).map(move |column| row * width + column))
            .map(|index| {
                if keep && same(index) {
                    UNCHANGED
                } else {
                    after[index]
                }
            })
            .collect();
        let mut frame = Frame {
            delay: DELAY,
            dispose: DisposalMethod::Keep,
            transparent: Some(UNCHANGED),
            left: left as u16,
            top: top as u16,
            width: (right - left + 1) as u16,
            height: (bottom - top + 1) as u16,
            buffer: Cow::Owned(buffer),
            ..Frame::default()
        };
        frame.make_lzw_pre_encoded();
        frame
    };
    let (sparse, whole) = (frame(true), frame(false));
    if whole.buffer.len() < sparse.buffer.len() {
        whole
    } else {
        sparse
    }
}

/// A GIF being written.
pub(super) struct Writer(Encoder<Vec<u8>>);

impl Writer {
    /// Starts a GIF that loops for ever.
    pub fn new(width: usize, height: usize, quantizer: &Quantizer) -> Result<Self, FigureError> {
        let (width, height) = (width as u16, height as u16);
        let mut encoder =
            Encoder::new(Vec::new(), width, height, &quantizer.bytes()).map_err(failed)?;
        encoder.set_repeat(Repeat::Infinite).map_err(failed)?;
        Ok(Self(encoder))
    }

    /// Appends a frame made by [`difference`].
    pub fn push(&mut self, frame: &Frame<'_>) -> Result<(), FigureError> {
        self.0.write_lzw_pre_encoded_frame(frame).map_err(failed)
    }

    /// The finished file.
    pub fn finish(self) -> Result<Vec<u8>, FigureError> {
        self.0.into_inner().map_err(|error| FigureError::Encode {
            format: "GIF",
            reason: error.to_string(),
        })
    }
}

fn failed(error: gif::EncodingError) -> FigureError {
    FigureError::Encode {
        format: "GIF",
        reason: error.to_string(),
    }
}
