//! The papers the page rests on.

use super::Section;
use super::story::Story;
use maud::{Markup, html};

struct Source {
    key: &'static str,
    short: &'static str,
    title: &'static str,
    place: &'static str,
    link: &'static str,
}

const SOURCES: [Source; 8] = [
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
    Source {
        key: "au",
        short: "Au and Beck 2001",
        title: "Estimation of Small Failure Probabilities in High Dimensions by Subset Simulation",
        place: "S.-K. Au, J. L. Beck; Probabilistic Engineering Mechanics 16(4), 263–277",
        link: "https://doi.org/10.1016/S0266-8920(01)00019-4",
    },
    Source {
        key: "cotter",
        short: "Cotter et al. 2013",
        title: "MCMC Methods for Functions: Modifying Old Algorithms to Make Them Faster",
        place: "S. L. Cotter, G. O. Roberts, A. M. Stuart, D. White; Statistical Science 28(3), 424–446",
        link: "https://doi.org/10.1214/13-STS421",
    },
    Source {
        key: "gelman",
        short: "Gelman and Meng 1998",
        title: "Simulating Normalizing Constants: From Importance Sampling to Bridge Sampling to Path Sampling",
        place: "A. Gelman, X.-L. Meng; Statistical Science 13(2), 163–185",
        link: "https://doi.org/10.1214/ss/1028905934",
    },
];

/// Sources that only pages with local volumes refer to.
const LOCAL: [&str; 3] = ["au", "cotter", "gelman"];

/// A reference to one of the sources.
pub(super) fn cite(key: &str) -> Markup {
    html! {
        @if let Some(source) = SOURCES.iter().find(|source| source.key == key) {
            a.cite href={ "#source-" (source.key) } { (source.short) }
        }
    }
}

pub(super) fn section(story: &Story) -> Section {
    let shown = |source: &&Source| !story.local.is_empty() || !LOCAL.contains(&source.key);
    Section {
        id: "sources",
        title: "Sources",
        short: "Sources",
        body: html! {
            ul.sources {
                @for source in SOURCES.iter().filter(shown) {
                    li id={ "source-" (source.key) } {
                        strong { (source.short) } ": " cite { (source.title) } ". " (source.place) ". "
                        a href=(source.link) { (source.link.trim_start_matches("https://")) }
                    }
                }
            }
        },
    }
}
