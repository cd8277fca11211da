//! A drawing as a list of marks, written to SVG and PNG alike.

use super::bitmap::Bitmap;
use super::color::Color;
use super::error::FigureError;
use super::photo::Photo;
use super::theme::Theme;
use super::{raster, svg};

/// How many pixels of a PNG a unit of its SVG takes.
const PNG_SCALE: f32 = 2.0;

/// One figure in both formats.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The figure as SVG.
    pub svg: String,
    /// The same as PNG, at twice the SVG's size.
    pub png: Vec<u8>,
}

/// Where a text's given point lies on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Anchor {
    /// At its left end.
    Start,
    /// In its middle.
    Middle,
    /// At its right end.
    End,
}

/// A line's colour, width and dashes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    /// Its colour.
    pub color: Color,
    /// Its width.
    pub width: f32,
    /// Length of dash and gap, 0 for a solid line.
    pub dash: f32,
}

/// A solid line.
pub(super) fn solid(color: Color, width: f32) -> Stroke {
    Stroke {
        color,
        width,
        dash: 0.0,
    }
}

/// A dashed line.
pub(super) fn dashed(color: Color, width: f32, dash: f32) -> Stroke {
    Stroke { color, width, dash }
}

/// One thing drawn.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// Polylines or polygons that share a style.
    Path {
        class: &'static str,
        parts: Vec<Vec<[f64; 2]>>,
        closed: bool,
        fill: Option<Color>,
        stroke: Option<Stroke>,
    },
    /// Discs that share a style.
    Discs {
        class: &'static str,
        centers: Vec<[f64; 2]>,
        radius: f64,
        fill: Option<Color>,
        stroke: Option<Stroke>,
    },
    /// A line of text; `at` lies on its baseline.
    Text {
        at: [f64; 2],
        text: String,
        size: f64,
        bold: bool,
        color: Color,
        anchor: Anchor,
        upright: bool,
    },
    /// A picture stretched over a rectangle.
    Picture {
        at: [f64; 2],
        size: [f64; 2],
        bitmap: Bitmap,
    },
    /// A photograph stretched over a rectangle; where it grows, its pixels show.
    Photo {
        at: [f64; 2],
        size: [f64; 2],
        photo: Photo,
    },
}

/// The drawing.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    pub width: f64,
    pub height: f64,
    pub theme: Theme,
    pub title: String,
    pub marks: Vec<Mark>,
}

impl Canvas {
    /// An empty drawing; `title` is what a screen reader says.
    pub fn new(width: f64, height: f64, theme: Theme, title: impl Into<String>) -> Self {
        Self {
            width,
            height,
            theme,
            title: title.into(),
            marks: Vec::new(),
        }
    }

    /// A polyline.
    pub fn line(&mut self, points: Vec<[f64; 2]>, stroke: Stroke) {
        self.paths("", vec![points], false, None, Some(stroke));
    }

    /// Polylines or polygons in one style.
    pub fn paths(
        &mut self,
        class: &'static str,
        parts: Vec<Vec<[f64; 2]>>,
        closed: bool,
        fill: Option<Color>,
        stroke: Option<Stroke>,
    ) {
        if parts.iter().any(|part| part.len() > 1) {
            self.marks.push(Mark::Path {
                class,
                parts,
                closed,
                fill,
                stroke,
            });
        }
    }

    /// A filled rectangle.
    pub fn rect(
        &mut self,
        at: [f64; 2],
        size: [f64; 2],
        fill: Option<Color>,
        edge: Option<Stroke>,
    ) {
        let [x, y] = at;
        let [w, h] = size;
        let corners = vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]];
        self.paths("", vec![corners], true, fill, edge);
    }

    /// A disc.
    pub fn disc(
        &mut self,
        class: &'static str,
        center: [f64; 2],
        radius: f64,
        fill: Color,
        edge: Option<Stroke>,
    ) {
        self.discs(class, vec![center], radius, fill, edge);
    }

    /// Discs in one style.
    pub fn discs(
        &mut self,
        class: &'static str,
        centers: Vec<[f64; 2]>,
        radius: f64,
        fill: Color,
        edge: Option<Stroke>,
    ) {
        self.marks.push(Mark::Discs {
            class,
            centers,
            radius,
            fill: Some(fill),
            stroke: edge,
        });
    }

    /// A diagonal cross of half-width `radius`, on a halo of `halo`'s colour.
    pub fn cross(
        &mut self,
        class: &'static str,
        center: [f64; 2],
        radius: f64,
        stroke: Stroke,
        halo: Color,
    ) {
        let [x, y] = center;
        let r = radius;
        let arms = vec![
            vec![[x - r, y - r], [x + r, y + r]],
            vec![[x - r, y + r], [x + r, y - r]],
        ];
        let wide = solid(halo, stroke.width + 1.8);
        self.paths("", arms.clone(), false, None, Some(wide));
        self.paths(class, arms, false, None, Some(stroke));
    }

    /// A line of text.
    pub fn text(
        &mut self,
        at: [f64; 2],
        text: impl Into<String>,
        size: f64,
        color: Color,
        anchor: Anchor,
    ) {
        self.marks.push(Mark::Text {
            at,
            text: text.into(),
            size,
            bold: false,
            color,
            anchor,
            upright: false,
        });
    }

    /// A line of semibold text.
    pub fn heading(&mut self, at: [f64; 2], text: impl Into<String>, size: f64, anchor: Anchor) {
        self.marks.push(Mark::Text {
            at,
            text: text.into(),
            size,
            bold: true,
            color: self.theme.ink(),
            anchor,
            upright: false,
        });
    }

    /// A line of text that reads upwards, centred on `at`.
    pub fn text_up(&mut self, at: [f64; 2], text: impl Into<String>, size: f64, color: Color) {
        self.marks.push(Mark::Text {
            at,
            text: text.into(),
            size,
            bold: false,
            color,
            anchor: Anchor::Middle,
            upright: true,
        });
    }

    /// A line of text centred on `at`, semibold or not.
    pub fn styled(
        &mut self,
        at: [f64; 2],
        text: impl Into<String>,
        size: f64,
        bold: bool,
        color: Color,
    ) {
        self.marks.push(Mark::Text {
            at,
            text: text.into(),
            size,
            bold,
            color,
            anchor: Anchor::Middle,
            upright: false,
        });
    }

    /// A photograph stretched over a rectangle.
    pub fn photo(&mut self, at: [f64; 2], size: [f64; 2], photo: Photo) {
        self.marks.push(Mark::Photo { at, size, photo });
    }

    /// A picture stretched over a rectangle.
    pub fn picture(&mut self, at: [f64; 2], size: [f64; 2], bitmap: Bitmap) {
        self.marks.push(Mark::Picture { at, size, bitmap });
    }

    /// The drawing in both formats.
    pub fn finish(&self) -> Result<Figure, FigureError> {
        let pixels = raster::render(self, PNG_SCALE)?;
        Ok(Figure {
            svg: svg::write(self)?,
            png: raster::png(&pixels)?,
        })
    }
}
