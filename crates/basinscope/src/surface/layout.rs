//! Which parameters of θ belong together: layers, weights, biases and filters.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What a block of parameters is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockKind {
    /// Weights `[out, in, …]`.
    Weight,
    /// Biases `[out]`.
    Bias,
    /// Scale or shift of a batch normalisation `[out]`.
    BatchNorm,
}

/// One named tensor inside θ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// PyTorch's name for it.
    pub name: String,
    /// Index of its layer, from 0.
    pub layer: usize,
    /// What it is.
    pub kind: BlockKind,
    /// Index of its first value in θ.
    pub offset: usize,
    /// Its shape, row-major.
    pub shape: Vec<usize>,
}

impl Block {
    /// Number of values.
    #[allow(clippy::len_without_is_empty)] // a block is never empty
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Its place in θ.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.len()
    }

    /// Its filters, each the set of weights into one output unit, as ranges of θ.
    pub fn filters(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let size = self.len() / self.shape[0];
        (0..self.shape[0]).map(move |filter| {
            let start = self.offset + filter * size;
            start..start + size
        })
    }
}

/// The blocks of θ, in order and without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterLayout {
    blocks: Vec<Block>,
}

impl ParameterLayout {
    /// From blocks in order, the first at 0 and each where the last one ended.
    ///
    /// # Panics
    /// Where two blocks overlap or leave a gap, or one is empty.
    pub fn new(blocks: Vec<Block>) -> Self {
        let mut end = 0;
        for block in &blocks {
            assert_eq!(block.offset, end, "`{}` begins elsewhere", block.name);
            assert!(block.len() > 0, "`{}` is empty", block.name);
            end = block.range().end;
        }
        Self { blocks }
    }

    /// A single weight block of one filter: for surfaces without structure.
    pub fn flat(num_params: usize) -> Self {
        Self::new(vec![Block {
            name: "theta".into(),
            layer: 0,
            kind: BlockKind::Weight,
            offset: 0,
            shape: vec![1, num_params],
        }])
    }

    /// The blocks in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The layers in order: name (`layers.0`) and place in θ, biases with their weights.
    pub fn layers(&self) -> Vec<(String, Range<usize>)> {
        (self.blocks.chunk_by(|a, b| a.layer == b.layer))
            .map(|blocks| {
                let range = blocks[0].offset..blocks[blocks.len() - 1].range().end;
                (format!("layers.{}", blocks[0].layer), range)
            })
            .collect()
    }

    /// Number of parameters n.
    pub fn num_params(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.range().end)
    }
}
