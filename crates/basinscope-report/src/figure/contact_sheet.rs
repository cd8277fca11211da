//! Labelled pictures side by side.

use super::axes::{HEAD, TICK};
use super::canvas::{Anchor, Canvas, Figure};
use super::color::{BLUE, Color, VERMILION};
use super::error::{FigureError, check_any, check_length};
use super::font;
use super::legend::{self, Symbol};
use super::photo::Photo;
use super::theme::Theme;

/// How long the longer side of a picture is drawn, at most.
const SIDE: f64 = 64.0;
/// What lies between pictures, and around them all.
const GAP: f64 = 10.0;
const MARGIN: f64 = 24.0;
/// What a caption takes below its picture.
const CAPTION: f64 = 18.0;

/// What is known of a picture's caption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is a label.
    Label,
    /// It is a prediction, and right.
    Right,
    /// It is a prediction, and wrong.
    Wrong,
}

/// A picture with what to write below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetPicture {
    /// Row-major `[channels, height, width]`.
    pub pixels: Vec<u8>,
    /// A few letters: "cat", "7 → 1".
    pub caption: String,
    /// Whether the caption is right.
    pub verdict: Verdict,
}

/// Pictures of one shape, and how to lay them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactSheet {
    /// The title.
    pub title: String,
    /// A line below it; may be empty.
    pub note: String,
    /// `[channels, height, width]` of each picture. Three channels are red, green and blue; of
    /// other numbers of channels the first is shown as grey.
    pub shape: [usize; 3],
    /// How many pictures a row has (at least 1 is taken).
    pub columns: usize,
    /// The pictures, row by row.
    pub pictures: Vec<SheetPicture>,
}

/// Pictures in rows, each with its caption; predictions are blue where they are right, and red
/// and bold where they are wrong.
///
/// # Errors
/// [`FigureError::NoRecords`] where there is no picture, [`FigureError::Length`] where one's
/// pixels do not fit the shape.
pub fn contact_sheet(sheet: &ContactSheet, theme: Theme) -> Result<Figure, FigureError> {
    check_any(&sheet.pictures, "contact sheet", "picture")?;
    let length: usize = sheet.shape.iter().product();
    if length == 0 {
        return Err(FigureError::NoRecords {
            figure: "contact sheet",
            record: "pixel",
        });
    }
    for picture in &sheet.pictures {
        check_length(&picture.caption, "pixels", length, picture.pixels.len())?;
    }
    let [_, height, width] = sheet.shape;
    let size = drawn_size(height, width);
    let columns = sheet.columns.max(1).min(sheet.pictures.len());
    let rows = sheet.pictures.len().div_ceil(columns);
    // Captions need some room even below narrow pictures.
    let column = size[0].max(46.0) + GAP;
    let row = size[1] + CAPTION + GAP;
    let judged = sheet.pictures.iter().any(|it| it.verdict != Verdict::Label);
    let lines = u8::from(!sheet.note.is_empty()) + u8::from(judged);
    let head = 28.0 + 20.0 * f64::from(lines);
    let grid = columns as f64 * column - GAP;
    let title = font::width(&sheet.title, HEAD, true).max(font::width(&sheet.note, TICK, false));
    let mut canvas = Canvas::new(
        2.0 * MARGIN + grid.max(title),
        head + 16.0 + rows as f64 * row - GAP + MARGIN / 2.0,
        theme,
        &sheet.title,
    );
    canvas.heading([MARGIN, 28.0], &sheet.title, HEAD, Anchor::Start);
    if !sheet.note.is_empty() {
        canvas.text(
            [MARGIN, 48.0],
            &sheet.note,
            TICK,
            theme.muted(),
            Anchor::Start,
        );
    }
    if judged {
        let entries = [(Verdict::Right, "right"), (Verdict::Wrong, "wrong")]
            .map(|(verdict, name)| (Symbol::Dot(ink(verdict, theme)), name.to_owned()));
        legend::row(&mut canvas, MARGIN, head, &entries);
    }
    for (index, picture) in sheet.pictures.iter().enumerate() {
        let left = MARGIN + (index % columns) as f64 * column;
        let top = head + 16.0 + (index / columns) as f64 * row;
        let middle = left + (column - GAP) / 2.0;
        let photo = Photo::from_planes(&picture.pixels, sheet.shape);
        canvas.photo([middle - size[0] / 2.0, top], size, photo);
        let bold = picture.verdict == Verdict::Wrong;
        let text = shortened(&picture.caption, bold, column - 4.0);
        let at = [middle, top + size[1] + 13.0];
        canvas.styled(at, text, TICK, bold, ink(picture.verdict, theme));
    }
    canvas.finish()
}

/// A caption no wider than the limit; of `label → prediction` both sides keep their first letters.
fn shortened(caption: &str, bold: bool, limit: f64) -> String {
    const ARROW: &str = " → ";
    let wide = |text: &str| font::width(text, TICK, bold);
    let Some((label, prediction)) = caption.split_once(ARROW).filter(|_| wide(caption) > limit)
    else {
        return font::fit(caption, TICK, bold, limit);
    };
    let room = limit - wide(ARROW);
    // What one side leaves free is the other's.
    let prediction = font::fit(prediction, TICK, bold, (room / 2.0).max(room - wide(label)));
    let label = font::fit(label, TICK, bold, room - wide(&prediction));
    format!("{label}{ARROW}{prediction}")
}

fn ink(verdict: Verdict, theme: Theme) -> Color {
    match verdict {
        Verdict::Label => theme.ink(),
        Verdict::Right => theme.data(BLUE),
        Verdict::Wrong => theme.data(VERMILION),
    }
}

/// A whole number of units a pixel where there is room for one, else shrunk to fit.
fn drawn_size(height: usize, width: usize) -> [f64; 2] {
    let longer = height.max(width) as f64;
    let scale = match (SIDE / longer).floor() {
        scale if scale >= 1.0 => scale,
        _ => SIDE / longer,
    };
    [width, height].map(|extent| (extent as f64 * scale).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_a_long_caption_are_told() {
        for (caption, limit, expected) in [
            ("cat → dog", 80.0, "cat → dog"),
            ("cat → automobile", 80.0, "cat → auto"),
            ("automobile → cat", 80.0, "→ cat"),
            ("airplane → automobile", 80.0, "air"),
        ] {
            let short = shortened(caption, true, limit);
            assert!(font::width(&short, TICK, true) <= limit, "{short}");
            assert!(short.contains(expected) && short.contains('→'), "{short}");
            assert!(
                !short.starts_with('…') && !short.ends_with("→ …"),
                "{short}"
            );
        }
    }

    #[test]
    fn small_pictures_grow_by_whole_pixels_and_large_ones_shrink() {
        assert_eq!(drawn_size(28, 28), [56.0, 56.0]);
        assert_eq!(drawn_size(32, 32), [64.0, 64.0]);
        assert_eq!(drawn_size(128, 64), [32.0, 64.0]);
        assert_eq!(drawn_size(1, 1000), [64.0, 1.0]);
    }
}
