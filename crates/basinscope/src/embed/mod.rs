//! Many parameter vectors as points of a plane: PCA, t-SNE, and the plain distances beside them.

mod distance;
mod pca;
mod tsne;

pub use distance::{LayerDistance, layer_distances, weights_only};
pub use pca::{Pca, pca};
pub use tsne::{DEFAULT_EPOCHS, Tsne, TsneSettings, largest_perplexity};
