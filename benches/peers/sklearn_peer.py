"""scikit-learn: t-SNE by both of its methods, and the exact divergence of any embedding."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.manifold import TSNE

from variant import THREADS, Variant

PERPLEXITY, ITERATIONS, SEEDS = 30.0, 1000, range(3)


def square_distances(rows: np.ndarray) -> np.ndarray:
    return ((rows[:, None, :] - rows[None, :, :]) ** 2).sum(-1)


def joint_probabilities(rows: np.ndarray) -> np.ndarray:
    """The symmetric p_ij of t-SNE; each row's bandwidth by bisection until its entropy is ln(perplexity)."""
    distances = square_distances(rows)
    np.fill_diagonal(distances, np.inf)
    distances -= distances.min(axis=1, keepdims=True)
    low, high = np.full((len(rows), 1), -80.0), np.full((len(rows), 1), 80.0)  # of ln β
    for _ in range(100):
        middle = (low + high) / 2
        p = np.exp(-np.exp(middle) * distances)
        p /= p.sum(axis=1, keepdims=True)
        entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1, keepdims=True)
        wide = entropy > np.log(PERPLEXITY)
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    return (p + p.T) / (2 * len(rows))


def exact_divergence(p: np.ndarray, embedding: np.ndarray) -> float:
    """KL(P‖Q) in nats, Q from Student's kernel with one degree of freedom over all pairs."""
    q = 1 / (1 + square_distances(embedding.astype(np.float64)))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    pairs = p > 0
    return float((p[pairs] * np.log(p[pairs] / np.maximum(q[pairs], 1e-300))).sum())


def tsne(rows: np.ndarray) -> Iterator[Variant]:
    """Returns a dictionary of mean divergences over the seeds: as reported, and exact."""
    p = joint_probabilities(rows)

    def embed(method: str):
        def call():
            reported, exact = [], []
            for seed in SEEDS:
                model = TSNE(n_components=2, perplexity=PERPLEXITY, init="random", random_state=seed,
                             max_iter=ITERATIONS, method=method, n_jobs=THREADS)
                exact.append(exact_divergence(p, model.fit_transform(rows)))
                reported.append(model.kl_divergence_)
            return {"kl_reported": float(np.mean(reported)), "kl_exact": float(np.mean(exact))}

        return call

    for method in ("barnes_hut", "exact"):
        yield Variant("scikit-learn", method, len(SEEDS), lambda method=method: embed(method))
