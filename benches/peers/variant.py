"""One way a library can do the work of a row, and how fast it does it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

THREADS = os.cpu_count() or 1

# What the rows ask for; the engine does the same.
LEARNING_RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8
MODELS = 64  # nets of an ensemble
WALKERS, MOVES, ANGLE = 200, 10, 0.3  # of a proposal; every call starts at the minimum
RAYS, RADII, REACH = 1000, 100, 3.0  # the grid of radii ends at REACH times the median

Call = Callable[[], Any]


@dataclass(frozen=True)
class Variant:
    """`build()` compiles and returns a call that does `units` of work and waits for its result."""

    peer: str
    name: str
    units: float
    build: Callable[[], Call]

    @property
    def label(self) -> str:
        return f"{self.peer}: {self.name}"


def rate(call: Call, units: float, seconds: float) -> float:
    """Units of work a second, over at least one call and at least `seconds`."""
    calls, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds or calls == 0:
        call()
        calls += 1
    return units * calls / elapsed
