//! A drawing rendered to pixels, anti-aliased.

use super::canvas::{Anchor, Canvas, Mark, Stroke};
use super::color::Color;
use super::error::FigureError;
use super::font::{self, Pen};
use tiny_skia::{
    FillRule, FilterQuality, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PixmapPaint,
    StrokeDash, Transform,
};

/// Renders a drawing at `scale` pixels a unit.
pub(super) fn render(canvas: &Canvas, scale: f32) -> Result<Pixmap, FigureError> {
    let size = |extent: f64| (extent as f32 * scale).ceil().max(1.0) as u32;
    let (width, height) = (size(canvas.width), size(canvas.height));
    let mut pixels = Pixmap::new(width, height).ok_or_else(|| FigureError::Encode {
        format: "PNG",
        reason: format!("{width}×{height} pixels do not fit in memory"),
    })?;
    pixels.fill(skia(canvas.theme.paper()));
    draw(&mut pixels, &canvas.marks, [0.0, 0.0], scale);
    Ok(pixels)
}

/// Draws marks onto pixels whose top left corner is the drawing's point `origin`.
pub(super) fn draw(pixels: &mut Pixmap, marks: &[Mark], origin: [f64; 2], scale: f32) {
    let view =
        Transform::from_scale(scale, scale).pre_translate(-origin[0] as f32, -origin[1] as f32);
    for mark in marks {
        draw_mark(pixels, mark, view);
    }
}

/// The pixels as a PNG.
pub(super) fn png(pixels: &Pixmap) -> Result<Vec<u8>, FigureError> {
    let failed = |error: png::EncodingError| FigureError::Encode {
        format: "PNG",
        reason: error.to_string(),
    };
    let rgb: Vec<u8> = pixels
        .pixels()
        .iter()
        .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels.width(), pixels.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&rgb).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

fn skia(color: Color) -> tiny_skia::Color {
    let [r, g, b] = color.rgb;
    let alpha = (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
    tiny_skia::Color::from_rgba8(r, g, b, alpha)
}

fn paint(color: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(skia(color));
    paint
}

fn draw_mark(pixels: &mut Pixmap, mark: &Mark, view: Transform) {
    match mark {
        Mark::Path {
            parts,
            closed,
            fill,
            stroke,
            ..
        } => {
            let mut builder = PathBuilder::new();
            for part in parts.iter().filter(|part| part.len() > 1) {
                for (index, point) in part.iter().enumerate() {
                    let (x, y) = (point[0] as f32, point[1] as f32);
                    if index == 0 {
                        builder.move_to(x, y);
                    } else {
                        builder.line_to(x, y);
                    }
                }
                if *closed {
                    builder.close();
                }
            }
            if let Some(path) = builder.finish() {
                draw_path(pixels, &path, *fill, *stroke, view);
            }
        }
        Mark::Discs {
            centers,
            radius,
            fill,
            stroke,
            ..
        } => {
            for center in centers {
                let [x, y] = center.map(|value| value as f32);
                if let Some(path) = PathBuilder::from_circle(x, y, *radius as f32) {
                    draw_path(pixels, &path, *fill, *stroke, view);
                }
            }
        }
        Mark::Text {
            at,
            text,
            size,
            bold,
            color,
            anchor,
            upright,
        } => {
            let shift = font::width(text, *size, *bold)
                * match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => -0.5,
                    Anchor::End => -1.0,
                };
            let mut outline = Outline(PathBuilder::new());
            font::outline(text, *size, *bold, &mut outline);
            let mut place = view.pre_translate(at[0] as f32, at[1] as f32);
            if *upright {
                place = place.pre_rotate(-90.0);
            }
            if let Some(path) = outline.0.finish() {
                let place = place.pre_translate(shift as f32, 0.0);
                draw_path(pixels, &path, Some(*color), None, place);
            }
        }
        Mark::Picture { at, size, bitmap } => {
            let extent = [bitmap.width, bitmap.height];
            let color = |index| bitmap.color(index);
            draw_picture(
                pixels,
                *at,
                *size,
                extent,
                color,
                FilterQuality::Bilinear,
                view,
            );
        }
        Mark::Photo { at, size, photo } => {
            let extent = [photo.width, photo.height];
            let color = |index: usize| {
                let rgb = &photo.rgb[3 * index..3 * index + 3];
                [rgb[0], rgb[1], rgb[2]]
            };
            let quality = if size[0] >= photo.width as f64 {
                FilterQuality::Nearest
            } else {
                FilterQuality::Bicubic
            };
            draw_picture(pixels, *at, *size, extent, color, quality, view);
        }
    }
}

fn draw_path(
    pixels: &mut Pixmap,
    path: &Path,
    fill: Option<Color>,
    stroke: Option<Stroke>,
    view: Transform,
) {
    if let Some(color) = fill {
        pixels.fill_path(path, &paint(color), FillRule::Winding, view, None);
    }
    if let Some(Stroke { color, width, dash }) = stroke {
        let solid = dash <= 0.0;
        let style = tiny_skia::Stroke {
            width,
            line_cap: if solid { LineCap::Round } else { LineCap::Butt },
            line_join: LineJoin::Round,
            dash: if solid {
                None
            } else {
                StrokeDash::new(vec![dash, dash], 0.0)
            },
            ..Default::default()
        };
        pixels.stroke_path(path, &paint(color), &style, view, None);
    }
}

fn draw_picture(
    pixels: &mut Pixmap,
    at: [f64; 2],
    size: [f64; 2],
    [width, height]: [usize; 2],
    color: impl Fn(usize) -> [u8; 3],
    quality: FilterQuality,
    view: Transform,
) {
    let Some(mut source) = Pixmap::new(width as u32, height as u32) else {
        return;
    };
    for (index, pixel) in source.pixels_mut().iter_mut().enumerate() {
        let [r, g, b] = color(index);
        *pixel = tiny_skia::ColorU8::from_rgba(r, g, b, 255).premultiply();
    }
    let stretch = view.pre_translate(at[0] as f32, at[1] as f32).pre_scale(
        size[0] as f32 / width as f32,
        size[1] as f32 / height as f32,
    );
    let style = PixmapPaint {
        quality,
        ..Default::default()
    };
    pixels.draw_pixmap(0, 0, source.as_ref(), &style, stretch, None);
}

struct Outline(PathBuilder);

impl Pen for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }
    fn cubic_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }
    fn close(&mut self) {
        self.0.close();
    }
}
