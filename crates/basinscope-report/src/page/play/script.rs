//! The scripts of the page, and the places they fill.

use super::Play;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{Markup, PreEscaped, html};

/// d3 7.9.0 (ISC licence, in the file's first line and beside it in the source tree).
const D3: &str = include_str!("../../../assets/page/play/vendor/d3.min.js");

/// The evaluator of nets, assembled from `kernel.wat`.
const KERNEL: &[u8] = include_bytes!("../../../assets/page/play/kernel.wasm");

/// Name and text of a script of the page.
macro_rules! script {
    ($name:literal) => {
        (
            concat!($name, ".js"),
            include_str!(concat!("../../../assets/page/play/", $name, ".js")),
        )
    };
}

/// Our own scripts in the order they build on each other.
const SCRIPTS: &[(&str, &str)] = &[
    script!("words"),
    script!("controls"),
    script!("drag"),
    script!("address"),
    script!("spotlight"),
    script!("net"),
    script!("run"),
    script!("random"),
    script!("look"),
    script!("chart"),
    script!("save"),
    script!("boundary"),
    script!("class-keys"),
    script!("pair"),
    script!("minefield-nets"),
    script!("minefield-map"),
    script!("minefield-panel"),
    script!("minefield"),
    script!("wiggle"),
    script!("landscape-plane"),
    script!("landscape-contours"),
    script!("landscape-relief"),
    script!("landscape-worth"),
    script!("landscape"),
    script!("volume-records"),
    script!("volume-scatter"),
    script!("volume-curves"),
    script!("volume-readings"),
    script!("volume"),
    script!("main"),
];

/// The place that the widget `name` fills once the page's scripts run.
///
/// Figures marked `data-replaced-by=NAME` stand in for it until then, and without scripts.
pub(in super::super) fn place(name: &str, title: &str) -> Markup {
    html! {
        div.play id={ "play-" (name) } data-play=(name) role="group" aria-label=(title) {
            div.live hidden {}
        }
    }
}

/// Everything that the places need, at the end of the page: data first, then the scripts.
///
/// The scripts are those of the source tree, one after the other, in a scope of their own.
pub(in super::super) fn scripts(play: &Play) -> Markup {
    let ours: String = (SCRIPTS.iter())
        .map(|(name, text)| format!("// {name}\n{text}\n"))
        .collect();
    html! {
        script #run-data type="application/json" { (PreEscaped(play.json())) }
        script #kernel type="application/wasm;base64" { (STANDARD.encode(KERNEL)) }
        script { (PreEscaped(D3)) }
        script { (PreEscaped(format!("(() => {{\n'use strict';\n{ours}}})();\n"))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_script_can_end_its_element_early() {
        for (name, text) in SCRIPTS.iter().chain([&("d3", D3)]) {
            assert!(!text.to_lowercase().contains("</script"), "{name}");
            assert!(!text.contains("<!--"), "{name}");
        }
    }

    #[test]
    fn the_kernel_is_its_source_assembled() {
        let source = include_str!("../../../assets/page/play/kernel.wat");
        let mut text = wat::parse_str(source).unwrap();
        let mut ours = KERNEL.to_vec();
        // A section of names is no part of the program.
        text = without_names(&text);
        ours = without_names(&ours);
        assert_eq!(text, ours, "assemble kernel.wat again into kernel.wasm");
    }

    /// A module without its custom sections (id 0).
    fn without_names(module: &[u8]) -> Vec<u8> {
        let (mut kept, mut rest) = (module[..8].to_vec(), &module[8..]);
        while let Some(&id) = rest.first() {
            let (mut size, mut at, mut shift) = (0, 1, 0);
            loop {
                let byte = rest[at];
                size |= usize::from(byte & 0x7f) << shift;
                (at, shift) = (at + 1, shift + 7);
                if byte & 0x80 == 0 {
                    break;
                }
            }
            if id != 0 {
                kept.extend(&rest[..at + size]);
            }
            rest = &rest[at + size..];
        }
        kept
    }
}
