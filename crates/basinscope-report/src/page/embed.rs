//! Files of a run put inside the page: pictures and downloads as data URIs.

use super::PageError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use basinscope::record::RunDir;
use maud::{Markup, html};
use std::fs;

/// The size of a figure that does not state its own.
const DEFAULT_SIZE: (f64, f64) = (960.0, 540.0);

/// A picture ready to embed.
pub(super) struct Picture {
    uri: String,
    dark: Option<String>,
    /// Whether a PNG lies beside the SVG.
    png: bool,
    /// The record it was drawn from, where it is known and there.
    data: Option<&'static str>,
    /// Width and height in CSS pixels.
    size: (f64, f64),
    name: String,
}

/// The records that figures are drawn from, by what the figure's name begins with.
const RECORDS: [(&str, &str); 15] = [
    ("dial", "results/minima.json"),
    ("training", "results/minima.json"),
    ("minefield", "results/minefield.json"),
    ("slices", "results/slices.json"),
    ("surfaces", "results/surfaces.json"),
    ("between", "results/between.json"),
    ("boundaries", "results/boundaries.json"),
    ("radii", "results/volumes.json"),
    ("volume-gap", "results/volumes.json"),
    ("spectrum", "results/spectra.json"),
    ("honest-scatter", "results/local-volumes.json"),
    ("local-volumes", "results/local-volumes.json"),
    ("constrained-dimensions", "results/local-volumes.json"),
    ("mistakes", "results/mistakes.json"),
    ("sample-accuracy", "results/local-volumes.json"),
];

impl Picture {
    /// Reads `figures/NAME.svg` and what lies beside it; `None` where there is no such figure.
    pub(super) fn read(run: &RunDir, name: &str) -> Result<Option<Self>, PageError> {
        let Some(svg) = bytes(run, &format!("figures/{name}.svg"))? else {
            return Ok(None);
        };
        let encode = |file: Option<Vec<u8>>, kind| file.map(|file| data_uri(kind, &file));
        Ok(Some(Self {
            size: svg_size(&String::from_utf8_lossy(&svg)).unwrap_or(DEFAULT_SIZE),
            uri: data_uri("image/svg+xml", &svg),
            dark: encode(
                bytes(run, &format!("figures/{name}-dark.svg"))?,
                "image/svg+xml",
            ),
            png: run.has(format!("figures/{name}.png")),
            data: (RECORDS.iter())
                .find(|(begin, file)| name.starts_with(begin) && run.has(file))
                .map(|&(_, file)| file),
            name: name.into(),
        }))
    }

    /// The picture in a box that scrolls sideways where the screen is too narrow for its labels.
    fn image(&self, alt: &str) -> Markup {
        // Below this width the labels (11 to 13 px as drawn) get too small to read.
        let narrowest = (0.8 * self.size.0).min(780.0).round();
        let style = format!("min-width:{narrowest}px");
        html! {
            div.scroller tabindex="0" role="group" aria-label={ "Figure: " (self.name.replace('-', " ")) } {
                (self.picture(alt, &style))
            }
        }
    }

    /// Light or dark as the reader's system is.
    fn picture(&self, alt: &str, style: &str) -> Markup {
        let (width, height) = self.size;
        html! {
            picture {
                @if let Some(dark) = &self.dark {
                    source media="screen and (prefers-color-scheme: dark)" srcset=(dark);
                }
                img.only-light[self.dark.is_none()] src=(self.uri) alt=(alt)
                    width=(width.round()) height=(height.round()) style=(style);
            }
        }
    }

    /// A figure with its caption and downloads.
    pub(super) fn figure(&self, alt: &str, caption: Markup) -> Markup {
        self.figure_replaced(None, alt, caption)
    }

    /// The same, which makes room once the widget of that name is there.
    pub(super) fn figure_until(&self, widget: &str, alt: &str, caption: Markup) -> Markup {
        self.figure_replaced(Some(widget), alt, caption)
    }

    fn figure_replaced(&self, widget: Option<&str>, alt: &str, caption: Markup) -> Markup {
        html! {
            figure id={ "figure-" (self.name) } data-replaced-by=[widget] {
                (self.image(alt))
                figcaption {
                    p { (caption) }
                    p.downloads {
                        (download("SVG", &format!("figures/{}.svg", self.name)))
                        @if self.png {
                            (download("PNG", &format!("figures/{}.png", self.name)))
                        }
                        @if let Some(data) = self.data { (download("JSON", data)) }
                    }
                }
            }
        }
    }
}

/// A link to a file beside the page: what is shown is inside the page, what is saved need not be.
pub(super) fn download(label: &str, relative: &str) -> Markup {
    let file = relative.rsplit('/').next().unwrap_or(relative);
    html! { a download=(file) href=(relative) aria-label={ (label) ": save " (file) } { (label) } }
}

/// A link that saves a file of the run; nothing where the run has none.
pub(super) fn save(run: &RunDir, relative: &str) -> Option<Markup> {
    let file = relative.rsplit('/').next().unwrap_or(relative);
    run.has(relative).then(|| download(file, relative))
}

/// A file of the run as a data URI; `None` where the run has none.
pub(super) fn uri(run: &RunDir, relative: &str, kind: &str) -> Result<Option<String>, PageError> {
    Ok(bytes(run, relative)?.map(|bytes| data_uri(kind, &bytes)))
}

fn bytes(run: &RunDir, relative: &str) -> Result<Option<Vec<u8>>, PageError> {
    if !run.has(relative) {
        return Ok(None);
    }
    let path = run.path(relative);
    Ok(Some(fs::read(&path).map_err(PageError::io(&path, "read"))?))
}

fn data_uri(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}

/// Width and height of an SVG, from its attributes or its view box.
fn svg_size(svg: &str) -> Option<(f64, f64)> {
    let start = svg.find("<svg")?;
    let tag = &svg[start..start + svg[start..].find('>')?];
    let attribute = |name: &str| {
        let from = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        Some(&tag[from..from + tag[from..].find('"')?])
    };
    let pixels = |name| attribute(name)?.trim_end_matches("px").parse::<f64>().ok();
    let size = pixels("width").zip(pixels("height")).or_else(|| {
        let numbers: Vec<f64> = attribute("viewBox")?
            .split_whitespace()
            .filter_map(|number| number.parse().ok())
            .collect();
        Some((*numbers.get(2)?, *numbers.get(3)?))
    })?;
    (size.0 >= 1.0 && size.1 >= 1.0).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_an_svg_is_read_from_either_place() {
        assert_eq!(
            svg_size(
                "<?xml?>\n<svg xmlns=\"x\" width=\"640px\" height=\"320\" viewBox=\"0 0 1 1\">"
            ),
            Some((640.0, 320.0))
        );
        assert_eq!(svg_size("<svg viewBox=\"0 0 20 10\">"), Some((20.0, 10.0)));
        assert_eq!(svg_size("<svg width=\"100%\">"), None);
        assert_eq!(svg_size("not a picture"), None);
    }
}
