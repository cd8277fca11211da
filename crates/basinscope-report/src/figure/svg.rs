//! A drawing written as SVG.

use super::canvas::{Anchor, Canvas, Mark, Stroke};
use super::color::Color;
use super::error::FigureError;
use super::{font, simplify};
use base64::Engine;
use std::fmt::Write;

/// How far a simplified line may stray from the true one.
const TOLERANCE: f64 = 0.25;

/// The drawing as a complete SVG document.
pub(super) fn write(canvas: &Canvas) -> Result<String, FigureError> {
    let (width, height) = (number(canvas.width), number(canvas.height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" stroke-linejoin=\"round\" stroke-linecap=\"round\" font-family=\"{}\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\"{}/>\n",
        font::FAMILY,
        escape(&canvas.title),
        fill(Some(canvas.theme.paper())),
    );
    for mark in &canvas.marks {
        write_mark(&mut out, mark)?;
        out.push('\n');
    }
    out.push_str("</svg>\n");
    Ok(out)
}

fn write_mark(out: &mut String, mark: &Mark) -> Result<(), FigureError> {
    // Writing to a String cannot fail.
    let _ = match mark {
        Mark::Path {
            class,
            parts,
            closed,
            fill: inside,
            stroke: edge,
        } => write!(
            out,
            "<path{} d=\"{}\"{}{}/>",
            class_of(class),
            path_data(parts, *closed),
            fill(*inside),
            stroke(*edge)
        ),
        Mark::Discs {
            class,
            centers,
            radius,
            fill: inside,
            stroke: edge,
        } => {
            let radius = number(*radius);
            let discs = centers.iter().fold(String::new(), |mut discs, [x, y]| {
                let (x, y) = (coarse(*x), coarse(*y));
                let _ = write!(discs, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>");
                discs
            });
            let (class, inside, edge) = (class_of(class), fill(*inside), stroke(*edge));
            write!(out, "<g{class}{inside}{edge}>{discs}</g>")
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
            let (x, y) = (number(at[0]), number(at[1]));
            let turn = if *upright {
                format!(" transform=\"rotate(-90 {x} {y})\"")
            } else {
                String::new()
            };
            write!(
                out,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"{}{}{}{turn}>{}</text>",
                number(*size),
                if *bold { " font-weight=\"600\"" } else { "" },
                match anchor {
                    Anchor::Start => "",
                    Anchor::Middle => " text-anchor=\"middle\"",
                    Anchor::End => " text-anchor=\"end\"",
                },
                fill(Some(*color)),
                escape(text)
            )
        }
        Mark::Picture { at, size, bitmap } => write_image(out, *at, *size, "", &bitmap.png()?),
        Mark::Photo { at, size, photo } => {
            let grows = size[0] >= photo.width as f64;
            let style = if grows {
                " style=\"image-rendering:pixelated\""
            } else {
                ""
            };
            write_image(out, *at, *size, style, &photo.png()?)
        }
    };
    Ok(())
}

fn write_image(
    out: &mut String,
    at: [f64; 2],
    size: [f64; 2],
    style: &str,
    png: &[u8],
) -> std::fmt::Result {
    write!(
        out,
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\"{style} \
         href=\"data:image/png;base64,{}\"/>",
        number(at[0]),
        number(at[1]),
        number(size[0]),
        number(size[1]),
        base64::engine::general_purpose::STANDARD.encode(png)
    )
}

/// The parts as path commands: a first point, then steps from one point to the next, which take
/// fewer digits than places do.
fn path_data(parts: &[Vec<[f64; 2]>], closed: bool) -> String {
    let mut data = String::new();
    for part in parts.iter().filter(|part| part.len() > 1) {
        let mut from = [0.0; 2];
        for (index, point) in simplify::simplify(part, TOLERANCE).iter().enumerate() {
            // Whole tenths, so that rounding does not add up along the way.
            let to = point.map(|place| (10.0 * place).round());
            let [dx, dy] = [0, 1].map(|axis| step(to[axis] - from[axis]));
            from = to;
            data.push_str(match index {
                0 => "M",
                1 => "l",
                _ if dx.starts_with('-') => "",
                _ => " ",
            });
            let comma = if dy.starts_with('-') { "" } else { "," };
            let _ = write!(data, "{dx}{comma}{dy}");
        }
        if closed {
            data.push('Z');
        }
    }
    data
}

/// A number of tenths in as few letters as can be.
fn step(tenths: f64) -> String {
    let text = shortest(format!("{:.1}", tenths / 10.0));
    match text.split_once("0.") {
        Some((sign @ ("" | "-"), digits)) => format!("{sign}.{digits}"),
        _ => text,
    }
}

fn class_of(class: &str) -> String {
    if class.is_empty() {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    }
}

fn hex(color: Color) -> String {
    let [r, g, b] = color.rgb;
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn opacity(name: &str, alpha: f32) -> String {
    if alpha < 1.0 {
        format!(" {name}-opacity=\"{}\"", number(f64::from(alpha)))
    } else {
        String::new()
    }
}

fn fill(color: Option<Color>) -> String {
    match color {
        Some(color) => format!(" fill=\"{}\"{}", hex(color), opacity("fill", color.alpha)),
        None => " fill=\"none\"".into(),
    }
}

fn stroke(stroke: Option<Stroke>) -> String {
    let Some(Stroke { color, width, dash }) = stroke else {
        return String::new();
    };
    let mut text = format!(
        " stroke=\"{}\" stroke-width=\"{}\"{}{}",
        hex(color),
        number(f64::from(width)),
        if dash > 0.0 {
            " stroke-linecap=\"butt\""
        } else {
            ""
        },
        opacity("stroke", color.alpha)
    );
    if dash > 0.0 {
        let _ = write!(text, " stroke-dasharray=\"{}\"", number(f64::from(dash)));
    }
    text
}

fn number(value: f64) -> String {
    shortest(format!("{value:.2}"))
}

/// A place on the page, to a tenth.
fn coarse(value: f64) -> String {
    shortest(format!("{value:.1}"))
}

fn shortest(text: String) -> String {
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

fn escape(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .fold(String::new(), |mut out, letter| {
            match letter {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '"' => out.push_str("&quot;"),
                _ => out.push(letter),
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_short_and_their_rounding_does_not_add_up() {
        let corner = vec![[1.0, 2.0], [4.0, -2.0], [4.0, -1.5]];
        assert_eq!(path_data(&[corner], true), "M1,2l3-4 0,.5Z");
        // Places 0, .3, .7 and 1 in tenths: the steps differ, the places are right.
        let zigzag = vec![[0.0, 0.0], [0.33, 5.0], [0.66, 0.0], [0.99, 5.0]];
        assert_eq!(path_data(&[zigzag], false), "M0,0l.3,5 .4-5 .3,5");
        let back = vec![[0.5, 0.0], [0.0, 10.5], [-0.4, 0.0]];
        assert_eq!(path_data(&[back], false), "M.5,0l-.5,10.5-.4-10.5");
    }
}
