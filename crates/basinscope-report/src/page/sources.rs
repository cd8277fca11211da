//! The papers the page rests on.

use super::Section;
use maud::{Markup, html};

struct Source {
    key: &'static str,
    short: &'static str,
    title: &'static str,
    place: &'static str,
    link: &'static str,
}

const SOURCES: [Source; 5] = [
    Source {
        key: "huang",
        short: "Huang et al. 2019",
        title: "Understanding Generalization through Visualizations",
        place: "W. R. Huang, Z. Emam, M. Goldblum, L. Fowl, J. K. Terry, F. Huang, T. Goldstein; arXiv:1906.03291",
        link: "https://arxiv.org/abs/1906.03291",
    },
    Source {
        key: "zhang",
        short: "Zhang et al. 2017",
        title: "Understanding deep learning requires rethinking generalization",
        place: "C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals; ICLR 2017, arXiv:1611.03530",
        link: "https://arxiv.org/abs/1611.03530",
    },
    Source {
        key: "li",
        short: "Li et al. 2018",
        title: "Visualizing the Loss Landscape of Neural Nets",
        place: "H. Li, Z. Xu, G. Taylor, C. Studer, T. Goldstein; NeurIPS 2018, arXiv:1712.09913",
        link: "https://arxiv.org/abs/1712.09913",
    },
    Source {
        key: "dinh",
        short: "Dinh et al. 2017",
        title: "Sharp Minima Can Generalize For Deep Nets",
        place: "L. Dinh, R. Pascanu, S. Bengio, Y. Bengio; ICML 2017, arXiv:1703.04933",
        link: "https://arxiv.org/abs/1703.04933",
    },
    Source {
        key: "efron",
        short: "Efron 1979",
        title: "Bootstrap Methods: Another Look at the Jackknife",
        place: "B. Efron; The Annals of Statistics 7(1), 1–26",
        link: "https://doi.org/10.1214/aos/1176344552",
    },
];

/// A reference to one of the sources.
pub(super) fn cite(key: &str) -> Markup {
    html! {
        @if let Some(source) = SOURCES.iter().find(|source| source.key == key) {
            a.cite href={ "#source-" (source.key) } { (source.short) }
        }
    }
}

pub(super) fn section() -> Section {
    Section {
        id: "sources",
        title: "Sources",
        short: "Sources",
        body: html! {
            ul.sources {
                @for source in &SOURCES {
                    li id={ "source-" (source.key) } {
                        strong { (source.short) } ": " cite { (source.title) } ". " (source.place) ". "
                        a href=(source.link) { (source.link.trim_start_matches("https://")) }
                    }
                }
            }
        },
    }
}
