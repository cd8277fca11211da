"""PyTorch on the CPU: eager or compiled, with its own threads or one Python thread for each core."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

import fixtures
from variant import (ANGLE, BETA1, BETA2, EPSILON, LEARNING_RATE, MODELS, RADII, RAYS, REACH, THREADS, WALKERS, Call,
                     Variant)

LAYOUTS = ("W@X", "X@Wᵀ")  # feature-major and point-major activations
POOL = ThreadPoolExecutor(THREADS)
COMPILE = partial(torch.compile, dynamic=False, fullgraph=True)
torch._dynamo.config.cache_size_limit = 1024  # beyond it a compiled function falls back to eager, and says nothing
variant = partial(Variant, "PyTorch")


def logits(layout: str, weights, x):
    """Logits [..., N, outputs] at the points x [N, d], of one net or of many along a leading axis."""
    h = x.mT if layout == "W@X" else x
    if weights[0][0].ndim == 3:
        h = h.expand(len(weights[0][0]), *h.shape)
    for index, (w, b) in enumerate(weights):
        add = torch.baddbmm if w.ndim == 3 else torch.addmm
        h = torch.relu_(h) if index else h
        h = add(b[..., :, None], w, h) if layout == "W@X" else add(b[..., None, :], h, w.mT)
    return h.mT if layout == "W@X" else h


def tree_loss(net: fixtures.Net, layout: str):
    """Mean cross-entropy as a function of weights and biases layer by layer."""
    x, targets = torch.from_numpy(net.x), torch.from_numpy(net.targets)

    def loss(weights):
        z = logits(layout, weights, x)
        if z.shape[-1] > 1:
            return (torch.logsumexp(z, -1) - (targets * z).sum(-1)).mean(-1)
        z = z[..., 0]
        return (F.softplus(z) - targets * z).mean(-1)

    return loss


def flat_loss(net: fixtures.Net, layout: str):
    """The same as a function of θ."""
    loss = tree_loss(net, layout)
    return lambda theta: loss(fixtures.layers(theta, net.widths))
