//! What image nets get wrong: a sheet of pictures for each minimum.

use crate::data_args::Source;
use crate::lab::{self, Lab, Minimum};
use anyhow::Result;
use basinscope::random::stream;
use basinscope::record::MistakesRecord;
use basinscope_images::data::Pictures;
use basinscope_report::figure::{self, ContactSheet, SheetPicture, Verdict};
use rand::seq::SliceRandom;

/// Pictures on a sheet at most.
const SHOWN: usize = 36;
/// Pictures in a row.
const COLUMNS: usize = 12;

/// Draws the sheets of a run's best and worst minimum where its points are pictures; returns the
/// names of the figures.
pub fn draw(lab: &Lab) -> Result<Vec<String>> {
    let Some(config) = lab::points_config(&lab.run)? else {
        return Ok(Vec::new());
    };
    let Source::Images(pictures) = &config.source else {
        return Ok(Vec::new());
    };
    let mut stems = Vec::new();
    let mut records = Vec::new();
    for minimum in lab.best_and_worst() {
        let record = record(lab, minimum, pictures);
        if !record.shown.is_empty() {
            let stem = format!("mistakes-{}", minimum.record.name);
            let sheet = sheet(lab, &record, pictures);
            lab.draw(&stem, |theme| figure::contact_sheet(&sheet, theme))?;
            stems.push(stem);
        }
        records.push(record);
    }
    lab.run.write_json("results/mistakes.json", &records)?;
    Ok(stems)
}

/// What a minimum takes the test pictures for.
fn record(lab: &Lab, minimum: &Minimum, pictures: &Pictures) -> MistakesRecord {
    let test = &lab.split.test;
    let classes = test.num_classes();
    let mut probabilities = vec![0.0; test.len() * classes];
    minimum
        .test
        .probabilities(&minimum.theta, &mut probabilities);
    let mut confusion = vec![vec![0; classes]; classes];
    let mut wrong = Vec::new();
    for (index, row) in probabilities.chunks_exact(classes).enumerate() {
        let best = (0..classes).fold(0, |best, k| if row[k] > row[best] { k } else { best });
        let label = test.labels()[index] as usize;
        confusion[label][best] += 1;
        if best != label {
            wrong.push((index, best));
        }
    }
    wrong.shuffle(&mut stream(0, "mistakes", 0));
    wrong.truncate(SHOWN);
    wrong.sort_by_key(|&(index, _)| (test.labels()[index], index));
    MistakesRecord {
        minimum: minimum.record.name.clone(),
        classes: pictures.classes.clone(),
        confusion,
        shown: wrong.iter().map(|&(index, _)| index).collect(),
        taken_for: wrong.iter().map(|&(_, class)| class).collect(),
        version: basinscope::VERSION.into(),
    }
}

fn sheet(lab: &Lab, record: &MistakesRecord, pictures: &Pictures) -> ContactSheet {
    let test = &lab.split.test;
    let picture = |(&index, &class): (&usize, &usize)| SheetPicture {
        pixels: pictures.bytes(test.point(index)),
        caption: format!(
            "{} → {}",
            record.classes[test.labels()[index] as usize],
            record.classes[class]
        ),
        verdict: Verdict::Wrong,
    };
    ContactSheet {
        title: format!("What {} gets wrong", record.minimum),
        note: format!(
            "{} of {} test pictures are taken for another class; label → prediction of {} of them",
            record.wrong(),
            record.points(),
            record.shown.len(),
        ),
        shape: pictures.shape,
        columns: COLUMNS,
        pictures: record
            .shown
            .iter()
            .zip(&record.taken_for)
            .map(picture)
            .collect(),
    }
}
