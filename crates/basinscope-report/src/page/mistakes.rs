//! Station of image nets: what each minimum gets wrong, in place of boundaries.

use super::embed::Picture;
use super::format::{count, percent};
use super::{PageError, Section};
use basinscope::record::{MistakesRecord, RunDir};
use maud::html;

pub(super) fn section(run: &RunDir) -> Result<Option<Section>, PageError> {
    let file = "results/mistakes.json";
    if !run.has(file) {
        return Ok(None);
    }
    let records: Vec<MistakesRecord> = run.read_json(file)?;
    let mut shown = Vec::new();
    for record in &records {
        if let Some(picture) = Picture::read(run, &format!("mistakes-{}", record.minimum))? {
            shown.push((record, picture));
        }
    }
    if shown.is_empty() {
        return Ok(None);
    }
    Ok(Some(Section {
        id: "mistakes",
        title: "What they get wrong",
        short: "Mistakes",
        body: html! {
            p {
                "Pictures have too many dimensions for a boundary to be drawn. What can be shown are the new pictures "
                "on the wrong side of it: those of a good minimum are hard to read for anybody, those of a bad one are "
                "as plain as any that it was trained on."
            }
            @for (record, picture) in &shown {
                @let (wrong, points) = (record.wrong(), record.points());
                (picture.figure(
                    &format!("Test pictures that {} takes for another class, each with its label and the prediction.", record.minimum),
                    html! {
                        strong { (record.minimum) } ": wrong about " (count(wrong)) " of " (count(points)) " test pictures ("
                        (percent(wrong as f64 / points.max(1) as f64)) ")"
                        @if let Some((label, class, times)) = record.commonest() {
                            "; most often, " (count(times)) " times, " (record.classes[label]) " is taken for " (record.classes[class])
                        }
                        ". Drawn at random among the mistakes, in the order of their labels."
                    },
                ))
            }
        },
    }))
}
