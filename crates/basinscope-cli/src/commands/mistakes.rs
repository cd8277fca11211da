//! What image nets get wrong: a sheet of pictures for each minimum.

use crate::data_args::Source;
use crate::lab::{self, Lab, Minimum};
use anyhow::Result;
use basinscope::random::stream;
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
    for minimum in lab.best_and_worst() {
        if let Some(sheet) = sheet(lab, minimum, pictures) {
            let stem = format!("mistakes-{}", minimum.record.name);
            lab.draw(&stem, |theme| figure::contact_sheet(&sheet, theme))?;
            stems.push(stem);
        }
    }
    Ok(stems)
}

/// `None` where it is right about every test picture.
fn sheet(lab: &Lab, minimum: &Minimum, pictures: &Pictures) -> Option<ContactSheet> {
    let test = &lab.split.test;
    let classes = test.num_classes();
    let mut probabilities = vec![0.0; test.len() * classes];
    minimum
        .test
        .probabilities(&minimum.theta, &mut probabilities);
    let predicted: Vec<usize> = (probabilities.chunks_exact(classes))
        .map(|row| (0..classes).fold(0, |best, k| if row[k] > row[best] { k } else { best }))
        .collect();
    let mut wrong: Vec<usize> = (0..test.len())
        .filter(|&index| predicted[index] != test.labels()[index] as usize)
        .collect();
    let count = wrong.len();
    wrong.shuffle(&mut stream(0, "mistakes", 0));
    wrong.truncate(SHOWN);
    wrong.sort_by_key(|&index| (test.labels()[index], index));
    let sheet = ContactSheet {
        title: format!("What {} gets wrong", minimum.record.name),
        note: format!(
            "{count} of {} test pictures are taken for another class: label → prediction of {} of them",
            test.len(),
            wrong.len(),
        ),
        shape: pictures.shape,
        columns: COLUMNS,
        pictures: (wrong.iter())
            .map(|&index| SheetPicture {
                pixels: pictures.bytes(test.point(index)),
                caption: format!(
                    "{} → {}",
                    pictures.classes[test.labels()[index] as usize],
                    pictures.classes[predicted[index]]
                ),
                verdict: Verdict::Wrong,
            })
            .collect(),
    };
    (count > 0).then_some(sheet)
}
