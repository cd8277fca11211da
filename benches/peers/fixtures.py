"""The nets, points and numbers that the engine wrote, and the truth a peer's results are held to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

CLASS_RANGE = 18.0  # the boundary's window is [-18, 18]²
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
    trained: np.ndarray  # [T + 1], nats
    minimum: np.ndarray  # [n]
    sigma: float
    cutoff: float

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
    side = np.linspace(-CLASS_RANGE, CLASS_RANGE, FRAME, dtype=np.float32)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def probabilities(net: Net) -> np.ndarray:
    """Probability of class 1 over the window at the minimum, in 64 bits."""
    h = window().astype(np.float64)
    for index, (w, b) in enumerate(layers(net.minimum.astype(np.float64), net.widths)):
        h = (np.maximum(h, 0) if index else h) @ w.T + b
    return 1 / (1 + np.exp(-h[:, 0]))


def require(what: str, error: float, bound: float) -> None:
    if not error <= bound:  # so that NaN fails too
        raise Mismatch(f"{what}: error {error:.2e}, allowed {bound:.0e}")


def check_losses(net: Net, losses: np.ndarray) -> None:
    expected = net.losses[: len(losses)]
    require(f"losses of {net.name}", np.max(np.abs(losses - expected) / expected), 1e-4)


def check_hvp(net: Net, product: np.ndarray) -> None:
    error = np.linalg.norm(product - net.hvp) / np.linalg.norm(net.hvp)
    require(f"Hessian product of {net.name}", error, 1e-3)


def check_trained(net: Net, losses: np.ndarray) -> None:
    for step, bound in ((10, 1e-3), (100, 1e-2)):
        error = abs(losses[step] / net.trained[step] - 1)
        require(f"loss of {net.name} after {step} Adam steps", error, bound)


def check_frame(expected: np.ndarray, frame: tuple[np.ndarray, np.ndarray]) -> None:
    probability, label = frame
    require("probabilities of the boundary", np.max(np.abs(probability - expected)), 1e-3)
    require("classes of the boundary", np.mean(label != (expected > 0.5)), 1e-3)


def check_median(radius: float, expected: float) -> None:
    require("median radius", abs(radius / expected - 1), 0.03)
