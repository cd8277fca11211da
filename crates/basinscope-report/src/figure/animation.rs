//! The walk away from a minimum and back, as an animation.

use super::animation_column::{Column, HEIGHT, THEME, WIDTH};
use super::canvas::Canvas;
use super::color::{self, Color};
use super::error::{FigureError, check_any};
use super::gif_frames::{Quantizer, Writer, difference};
use super::{plane, raster};
use basinscope::record::PathRecord;
use rayon::prelude::*;

/// Frames compressed at once, between two reports.
const BATCH: usize = 16;

/// The paper's animation as a GIF: loss, accuracy and curvature against c with a moving dot, the
/// decision boundary beside them, one column per walk. Plays the walks' `order`, a tenth of a
/// second a frame, for ever; `on_frame` hears how many frames are done.
///
/// # Errors
/// [`FigureError::NoRecords`] without a walk or without frames; [`FigureError::Frame`] where
/// `order` names a frame that is not there; [`FigureError::Length`] where a boundary's arrays do
/// not fit its grid.
///
/// # Cost
/// Each distinct frame is drawn once, on rayon's threads; the axes once.
pub fn animation(
    paths: &[PathRecord],
    mut on_frame: impl FnMut(usize),
) -> Result<Vec<u8>, FigureError> {
    check(paths)?;
    let columns: Vec<Column<'_>> = paths.iter().map(Column::new).collect();
    let bases = columns
        .iter()
        .map(|column| raster::render(&column.still_parts(), 1.0))
        .collect::<Result<Vec<_>, _>>()?;
    let quantizer = Quantizer::new(colors(paths));
    let steps = paths.iter().map(|path| path.order.len()).max().unwrap_or(0);
    let width = WIDTH as usize * paths.len();
    let mut writer = Writer::new(width, HEIGHT as usize, &quantizer)?;
    let mut drawn: Vec<Vec<Option<Vec<u8>>>> = paths
        .iter()
        .map(|path| vec![None; path.frames.len()])
        .collect();
    for start in (0..steps).step_by(BATCH) {
        let batch = start..(start + BATCH).min(steps);
        let mut wanted: Vec<(usize, usize)> = batch
            .clone()
            .flat_map(|step| (0..paths.len()).map(move |column| (column, step)))
            .map(|(column, step)| (column, frame_at(&paths[column], step)))
            .filter(|&(column, frame)| drawn[column][frame].is_none())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let fresh: Vec<Vec<u8>> = wanted
            .par_iter()
            .map(|&(column, frame)| {
                let mut pixels = bases[column].clone();
                let marks = columns[column].moving_parts(&paths[column].frames[frame]);
                raster::draw(&mut pixels, &marks, [0.0, 0.0], 1.0);
                quantizer.indices(&pixels)
            })
            .collect();
        for ((column, frame), indices) in wanted.into_iter().zip(fresh) {
            drawn[column][frame] = Some(indices);
        }
        let frames: Vec<_> = batch
            .clone()
            .into_par_iter()
            .map(|step| {
                let after = compose(paths, &drawn, step);
                let before = step.checked_sub(1).map(|step| compose(paths, &drawn, step));
                difference(before.as_deref(), &after, width)
            })
            .collect();
        for (step, frame) in batch.zip(&frames) {
            writer.push(frame)?;
            on_frame(step + 1);
        }
    }
    writer.finish()
}

/// One frame of the animation as a PNG at twice its size.
///
/// # Errors
/// As [`animation`]; [`FigureError::Frame`] where `order_index` is past the end.
pub fn animation_still(paths: &[PathRecord], order_index: usize) -> Result<Vec<u8>, FigureError> {
    check(paths)?;
    let steps = paths.iter().map(|path| path.order.len()).max().unwrap_or(0);
    if order_index >= steps {
        return Err(FigureError::Frame {
            index: order_index,
            frames: steps,
        });
    }
    let mut pixels = {
        let page = Canvas::new(WIDTH * paths.len() as f64, HEIGHT, THEME, "");
        raster::render(&page, 2.0)?
    };
    for (index, path) in paths.iter().enumerate() {
        let column = Column::new(path);
        let origin = [-(index as f64) * WIDTH, 0.0];
        let marks = column.moving_parts(&path.frames[frame_at(path, order_index)]);
        raster::draw(&mut pixels, &column.still_parts().marks, origin, 2.0);
        raster::draw(&mut pixels, &marks, origin, 2.0);
    }
    raster::png(&pixels)
}

fn check(paths: &[PathRecord]) -> Result<(), FigureError> {
    check_any(paths, "animation", "path")?;
    for path in paths {
        check_any(&path.order, "animation", "frame")?;
        let frames = path.frames.len();
        if let Some(&index) = path.order.iter().find(|&&index| index >= frames) {
            return Err(FigureError::Frame { index, frames });
        }
        path.frames
            .iter()
            .try_for_each(|frame| plane::check(&frame.boundary))?;
    }
    Ok(())
}

/// The frame shown at a step; a shorter walk waits at its end.
fn frame_at(path: &PathRecord, step: usize) -> usize {
    path.order[step.min(path.order.len() - 1)]
}

fn compose(paths: &[PathRecord], drawn: &[Vec<Option<Vec<u8>>>], step: usize) -> Vec<u8> {
    let width = WIDTH as usize;
    let columns: Vec<&[u8]> = paths
        .iter()
        .zip(drawn)
        .filter_map(|(path, drawn)| drawn[frame_at(path, step)].as_deref())
        .collect();
    (0..HEIGHT as usize)
        .flat_map(|row| {
            columns
                .iter()
                .map(move |column| &column[row * width..(row + 1) * width])
        })
        .flatten()
        .copied()
        .collect()
}

/// Every colour a frame is made of, with blends for soft edges, the most needed first.
fn colors(paths: &[PathRecord]) -> Vec<Color> {
    let classes = paths
        .iter()
        .flat_map(|path| &path.frames)
        .map(|frame| frame.boundary.num_classes)
        .max()
        .unwrap_or(2);
    let paper = THEME.paper();
    let fields = plane::palette(classes, THEME);
    let inks: Vec<Color> = [THEME.ink(), THEME.muted(), THEME.axis(), THEME.grid()]
        .into_iter()
        .chain(paths.iter().map(|path| color::minimum(path.test_accuracy)))
        .chain((0..classes.min(8)).map(color::class))
        .collect();
    let mut colors = vec![paper];
    colors.extend(&fields);
    colors.extend(&inks);
    for step in [0.5, 0.25, 0.75, 0.125, 0.375, 0.625, 0.875] {
        colors.extend(inks.iter().map(|ink| paper.mix(*ink, step)));
    }
    let strong = [fields.first(), fields.last()].into_iter().flatten();
    for field in strong {
        for step in [0.33, 0.67] {
            colors.extend(inks.iter().map(|ink| field.mix(*ink, step)));
            colors.push(field.mix(paper, step));
        }
    }
    colors
}
