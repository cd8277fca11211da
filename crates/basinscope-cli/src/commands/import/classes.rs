//! The order of classes in the last layer of a file, where their names leave a choice.

use super::Args;
use crate::data_args::{DataConfig, Source};
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::Error;
use basinscope::surface::Block;
use basinscope_images::data::Source as Pictures;
use basinscope_images::import::Imported;
use clap::ValueEnum;
use std::ops::Range;

/// How names of classes are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClassOrder {
    /// 2 before 10, as here
    Natural,
    /// 10 before 2, as text, and as torchvision's ImageFolder and scikit-learn's LabelEncoder have
    /// it
    Sorted,
}

/// For each class its row in the last layer of the file, where that is another.
///
/// # Errors
/// [`Error::Setting`] where the two orders differ and none is chosen.
pub fn rows(args: &Args, data: &DataConfig, classes: &[String]) -> Result<Option<Vec<usize>>> {
    let is_folder = match &data.source {
        Source::Images(pictures) => matches!(pictures.from, Pictures::Folder { .. }),
        _ => false,
    };
    // Of numbers in a file everyone has the same order; names of folders are text.
    if !is_folder && classes.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Ok(None);
    }
    match (rows_of(classes), args.class_order) {
        (None, _) | (_, Some(ClassOrder::Natural)) => Ok(None),
        (Some(rows), Some(ClassOrder::Sorted)) => Ok(Some(rows)),
        (Some(_), None) => {
            let expected = "sorted, if the net was trained with torchvision's ImageFolder or \
                            scikit-learn's LabelEncoder (10 before 2), or natural (2 before 10), \
                            as no file holds the order of the classes";
            Err(Error::setting("class-order", expected, "none").into())
        }
    }
}

/// The place of each name among all sorted as text; nothing where they are so already.
fn rows_of(names: &[String]) -> Option<Vec<usize>> {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    let rows: Vec<usize> = (names.iter())
        .filter_map(|name| sorted.iter().position(|other| *other == name))
        .collect();
    (!rows.is_sorted()).then_some(rows)
}

/// Puts the rows of the last layer, weights and biases, in the order of the classes here; of one
/// logit for two classes the sign is turned.
///
/// # Errors
/// Those of [`ImageNet::graph`](basinscope_images::graph::ImageNet::graph).
pub fn reorder(imported: &mut Imported, net: &NetConfig, rows: &[usize]) -> Result<()> {
    let last: Vec<_> = match net {
        NetConfig::Perceptron(net) => last_two(net.layout().blocks()),
        NetConfig::Image(net) => last_two(net.graph()?.layout().blocks()),
    };
    for (range, outputs) in last {
        reorder_rows(&mut imported.theta[range], outputs, rows);
    }
    Ok(())
}

/// Places and outputs of the weights and biases of the last layer.
fn last_two(blocks: &[Block]) -> Vec<(Range<usize>, usize)> {
    let last = blocks.iter().rev().take(2);
    last.map(|block| (block.range(), block.shape[0])).collect()
}

fn reorder_rows(values: &mut [f32], outputs: usize, rows: &[usize]) {
    if outputs < rows.len() {
        values.iter_mut().for_each(|value| *value = -*value);
        return;
    }
    let (old, size) = (values.to_vec(), values.len() / rows.len());
    for (new, &row) in values.chunks_exact_mut(size).zip(rows) {
        new.copy_from_slice(&old[row * size..(row + 1) * size]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_places_among_the_names_sorted_as_text() {
        let rows = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            rows_of(&names)
        };
        assert_eq!(rows(&["1", "2", "10"]), Some(vec![0, 2, 1]));
        assert_eq!(rows(&["cat", "dog"]), None);
    }

    #[test]
    fn rows_change_places_and_a_single_logit_its_sign() {
        let mut three = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        reorder_rows(&mut three, 3, &[0, 2, 1]);
        assert_eq!(three, [1.0, 2.0, 5.0, 6.0, 3.0, 4.0]);
        let mut one = [1.0, -2.0];
        reorder_rows(&mut one, 1, &[1, 0]);
        assert_eq!(one, [-1.0, 2.0]);
    }
}
