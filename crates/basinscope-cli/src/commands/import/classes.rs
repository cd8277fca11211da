//! The order of classes in the last layer of a file, where folders of pictures leave a choice.

use super::Args;
use crate::data_args::{DataConfig, Source};
use crate::net_args::NetConfig;
use anyhow::Result;
use basinscope::Error;
use basinscope_images::data::Source as Pictures;
use basinscope_images::import::Imported;
use clap::ValueEnum;

/// How names of classes are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClassOrder {
    /// 2 before 10, as here
    Natural,
    /// 10 before 2, as text, and as torchvision's ImageFolder has it
    Sorted,
}

/// For each class its row in the last layer of the file, where that is another.
///
/// # Errors
/// [`Error::Setting`] where the two orders of the folders differ and none is chosen.
pub fn rows(args: &Args, data: &DataConfig) -> Result<Option<Vec<usize>>> {
    let Source::Images(pictures) = &data.source else {
        return Ok(None);
    };
    if !matches!(pictures.from, Pictures::Folder { .. }) {
        return Ok(None);
    }
    let rows = rows_of(&pictures.classes);
    match (rows, args.class_order) {
        (None, _) | (_, Some(ClassOrder::Natural)) => Ok(None),
        (Some(rows), Some(ClassOrder::Sorted)) => Ok(Some(rows)),
        (Some(_), None) => {
            let expected = "sorted, if the net was trained with torchvision's ImageFolder (10 \
                            before 2), or natural (2 before 10), as no file holds the order of \
                            the classes";
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

/// Puts the rows of the last layer, weights and biases, in the order of the classes here.
///
/// # Errors
/// Those of [`ImageNet::graph`](basinscope_images::graph::ImageNet::graph).
pub fn reorder(imported: &mut Imported, net: &NetConfig, rows: &[usize]) -> Result<()> {
    let NetConfig::Image(net) = net else {
        return Ok(());
    };
    let graph = net.graph()?;
    for block in graph.layout().blocks().iter().rev().take(2) {
        let values = &mut imported.theta[block.range()];
        let (old, size) = (values.to_vec(), values.len() / rows.len());
        for (new, &row) in values.chunks_exact_mut(size).zip(rows) {
            new.copy_from_slice(&old[row * size..(row + 1) * size]);
        }
    }
    Ok(())
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
}
