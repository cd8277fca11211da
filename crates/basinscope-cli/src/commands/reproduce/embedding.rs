//! The nets of a minefield in the plane: PCA and t-SNE of their weights.

use super::Bench;
use super::minefield::Settings;
use crate::on_bar::OnBar;
use anyhow::Result;
use basinscope::embed::{TsneSettings, largest_perplexity, pca, weights_only};
use basinscope::record::EmbeddingRecord;
use basinscope::surface::ParameterLayout;
use rayon::prelude::*;

/// PCA, and t-SNE of its components at each perplexity.
pub fn embed<'t>(
    settings: &Settings,
    layout: &ParameterLayout,
    thetas: impl Iterator<Item = &'t [f32]>,
    bench: &Bench,
) -> Result<Vec<EmbeddingRecord>> {
    let mut rows = Vec::new();
    let mut count = 0;
    for theta in thetas {
        rows.extend(weights_only(layout, theta)?);
        count += 1;
    }
    let found = pca(&rows, rows.len() / count, settings.components.max(2))?;
    let plane = found.coordinates.chunks_exact(found.components);
    let mut embeddings = vec![EmbeddingRecord {
        method: "PCA".into(),
        perplexity: None,
        kl_divergence: None,
        explained: Some([found.explained[0], found.explained[1]]),
        points: plane.map(|row| [row[0], row[1]]).collect(),
    }];
    let steps = settings.epochs * settings.perplexities.len();
    let bar = bench.console.bar("t-SNE", steps as u64);
    let others: Vec<EmbeddingRecord> = (settings.perplexities.par_iter())
        .map(|&perplexity| {
            let perplexity = perplexity.min(largest_perplexity(count));
            let tsne = TsneSettings {
                perplexity,
                epochs: settings.epochs,
                seed: bench.seed,
            };
            let watch = OnBar {
                console: bench.console,
                bar: &bar,
            };
            let found = tsne.run(&found.coordinates, found.components, &watch)?;
            Ok(EmbeddingRecord {
                method: "t-SNE".into(),
                perplexity: Some(perplexity),
                kl_divergence: Some(found.kl_divergence),
                explained: None,
                points: found.points,
            })
        })
        .collect::<Result<_>>()?;
    bar.finish();
    embeddings.extend(others);
    Ok(embeddings)
}
