"""The nets, points and numbers that the engine wrote, and the truth a peer's results are held to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from variant import RADII, REACH

HALF_WINDOW = 18.0  # the boundary's window is [-18, 18]²
FRAME = 500  # points along a side of it


class Mismatch(Exception):
    """A peer's numbers are not the engine's: nothing may be timed."""


@dataclass(frozen=True)
class Net:
    """One `NET.npz`: a problem, many parameter vectors and what the engine makes of them."""

    name: str
    widths: tuple[int, ...]
    x: np.ndarray  # [N, d]
    y: np.ndarray  # [N]
    theta: np.ndarray  # [K, n]
    losses: np.ndarray  # [K], nats
    v: np.ndarray  # [n]
    hvp: np.ndarray  # [n]
    sigma: float
    cutoff: float
    trained: np.ndarray | None = None  # [T + 1], nats; of the net that is trained, as is the next
    minimum: np.ndarray | None = None  # [n]

    @property
    def targets(self) -> np.ndarray:
        """Class 1 or not, [N], for one output; one-hot, [N, outputs], for more."""
        outputs = self.widths[-1]
        return (self.y if outputs == 1 else np.eye(outputs)[self.y]).astype(np.float32)


def load(directory: Path, name: str) -> Net:
    with np.load(directory / f"{name}.npz") as arrays:
        found = {key: arrays[key] for key in arrays.files}
    found["widths"] = tuple(int(width) for width in found["widths"])
    for scalar in ("sigma", "cutoff"):
        found[scalar] = float(found[scalar])
    return Net(name=name, **found)


def layers(theta, widths):
    """Weights [..., out, in] and biases [..., out] of each layer, views of θ [..., n] in any array library."""
    views, start = [], 0
    for fan_in, fan_out in zip(widths, widths[1:]):
        end = start + fan_in * fan_out
        views.append((theta[..., start:end].reshape(*theta.shape[:-1], fan_out, fan_in), theta[..., end : end + fan_out]))
        start = end + fan_out
    return views


def window() -> np.ndarray:
    """The boundary's points, [FRAME², 2]."""
    side = np.linspace(-HALF_WINDOW, HALF_WINDOW, FRAME, dtype=np.float32)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def probabilities(net: Net) -> np.ndarray:
    """Probability of class 1 over the window at the minimum, in 64 bits."""
    h = window().astype(np.float64)
    for index, (w, b) in enumerate(layers(net.minimum.astype(np.float64), net.widths)):
        h = (np.maximum(h, 0) if index else h) @ w.T + b
    return 1 / (1 + np.exp(-h[:, 0]))


def require(what: str, error: float, bound: float) -> None:
    if not error <= bound:  # so that NaN fails too
        raise Mismatch(f"{what}: off by {error:.2e}, allowed {bound:.0e}")


def crossings(net: Net, median: float, losses: np.ndarray) -> np.ndarray:
    """Radius of each ray of losses [rays, RADII]: where the line from the last point inside meets the cutoff."""
    grid, rows = np.linspace(0, REACH * median, RADII), np.arange(len(losses))
    last = np.argmax(losses > net.cutoff, axis=1) - 1
    share = (net.cutoff - losses[rows, last]) / (losses[rows, last + 1] - losses[rows, last])
    return np.where(last < 0, np.inf, grid[last] + share * grid[1])  # a ray that never leaves is longer than all


def check(work: str, net: Net, median: float, result: np.ndarray) -> dict:
    """Raises `Mismatch` where a result is not the engine's; returns what is worth keeping of it."""
    match work:
        case "evaluate":
            require("losses, relative", np.max(np.abs(result / net.losses[: len(result)] - 1)), 1e-4)
        case "train" | "ensemble":  # the first net of an ensemble starts where the single one does
            losses = np.atleast_2d(result)[0]
            for step, bound in ((10, 1e-3), (100, 1e-2)):
                require(f"loss after {step} steps, relative", abs(losses[step] / net.trained[step] - 1), bound)
        case "hvp":
            require("product, relative", np.linalg.norm(result[0] - net.hvp) / np.linalg.norm(net.hvp), 1e-3)
        case "proposals":
            return {"inside": float(result.mean())}
        case "radii":
            found = float(np.median(crossings(net, median, result)))
            # Medians of 1,000 rays each scatter by 1.6 %, so their ratio by 2.3 %: four of those is a false alarm in 16,000.
            require(f"median radius {found:.4g} for {median:.4g}, relative", abs(found / median - 1), 0.092)
            return {"median": found}
        case "boundary":
            expected = probabilities(net)
            require("probabilities", np.max(np.abs(result[:, 0] - expected)), 1e-3)
            require("share of other classes", np.mean((result[:, 1] > 0.5) != (expected > 0.5)), 1e-3)
    return {}
