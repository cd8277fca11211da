//! Many parameter vectors as points of a plane: PCA, t-SNE, and the plain distances beside them.

mod affinities;
mod distance;
mod forces;
mod pca;
mod tsne;

pub use distance::{LayerDistance, layer_distances, weights_only};
pub use pca::{Pca, pca};
pub use tsne::{DEFAULT_EPOCHS, Tsne, TsneSettings, largest_perplexity};
