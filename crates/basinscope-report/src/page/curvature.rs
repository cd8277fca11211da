//! How the loss curves at each minimum: ends, trace and density of the spectrum.

use super::embed::Picture;
use super::format::significant;
use super::story::{Pair, Story};
use super::{PageError, Section};
use basinscope::record::{RunDir, SpectrumRecord};
use maud::{Markup, html};

/// The matrices there are, with what the page calls them.
const MATRICES: [(&str, &str); 2] = [
    ("hessian", "Hessian"),
    ("gauss-newton", "Gauss–Newton matrix"),
];

pub(super) fn section(story: &Story, run: &RunDir) -> Result<Option<Section>, PageError> {
    let mut pictures = Vec::new();
    for (matrix, name) in MATRICES {
        if let Some(picture) = Picture::read(run, &format!("spectrum-{matrix}"))? {
            pictures.push((picture, matrix, name));
        }
    }
    if pictures.is_empty() {
        return Ok(None);
    }
    Ok(Some(Section {
        id: "curvature",
        title: "Curvature: all directions at once",
        short: "Curvature",
        body: html! {
            p {
                "Along an eigenvector of the Hessian with eigenvalue λ, a step of length t changes the loss by ½·λ·t². "
                "A few directions are stiff; most are flat. The eigenvalues depend on how a net is written down "
                (super::sources::cite("dinh")) " and shrink as the loss goes to 0: they compare minima of one "
                "architecture, trained alike."
            }
            @for (picture, matrix, name) in &pictures {
                (compared(story, matrix, name))
                (picture.figure(&alt(story, matrix, name), html! {
                    "Spectrum of the " (name) " of the mean loss on the training points. Largest eigenvalues by "
                    "Lanczos iteration, counts and density by stochastic Lanczos quadrature, traces by Hutch++, "
                    "small matrices whole; bands and bars are 95 % intervals."
                    @if story.spectra.iter().any(|record| record.matrix == *matrix && record.differenced) {
                        " Products with the matrix are differences of gradients."
                    }
                }))
            }
        },
    }))
}

fn of<'a>(story: &'a Story, matrix: &str, name: &str) -> Option<&'a SpectrumRecord> {
    (story.spectra.iter()).find(|record| record.matrix == matrix && record.minimum == name)
}

/// Largest eigenvalue and trace of the good and the bad minimum.
fn compared(story: &Story, matrix: &str, name: &str) -> Markup {
    let both = story.pair().and_then(|Pair { good, bad }| {
        of(story, matrix, &good.name).zip(of(story, matrix, &bad.name))
    });
    let Some((good, bad)) = both else {
        return html! {};
    };
    let largest = |record: &SpectrumRecord| {
        let value = record.whole.largest();
        value.map_or("not known".into(), |value| significant(value, 3))
    };
    html! {
        p {
            "The largest eigenvalue of the " (name) " is " (largest(good)) " at " strong.good { (good.minimum) }
            " and " (largest(bad)) " at " strong.bad { (bad.minimum) } "; the trace is "
            (significant(good.whole.trace, 3)) " and " (significant(bad.whole.trace, 3))
            " (nats per squared unit of parameter length)."
        }
    }
}

fn alt(story: &Story, matrix: &str, name: &str) -> String {
    let minima = story
        .spectra
        .iter()
        .filter(|record| record.matrix == matrix);
    format!(
        "Four charts of the {name} at {} minima: largest and most negative eigenvalues by rank, how many lie beyond \
         each size, how many a decade, and the trace.",
        minima.count()
    )
}
