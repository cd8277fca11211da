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
from variant import (ANGLE, BETA1, BETA2, EPSILON, LEARNING_RATE, MODELS, MOVES, RADII, RAYS, REACH, THREADS, WALKERS,
                     Call, Variant)

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


def whole(run, threads: int = THREADS) -> Call:
    """With as many of PyTorch's own threads."""

    def call():
        torch.set_num_threads(threads)
        return run()

    return call


def in_turn(function, parts) -> Call:
    """One part after the other on all of PyTorch's threads."""

    def run():
        with torch.inference_mode():
            return torch.cat([function(part) for part in parts]).numpy()

    return whole(run)


def shared(function, parts) -> Call:
    """One Python thread for each core takes the next part; PyTorch starts none of its own."""

    def one(part):
        torch.set_num_threads(1)
        with torch.inference_mode():
            return function(part).numpy()

    return lambda: np.concatenate(list(POOL.map(one, parts)))


def over_parts(name: str, units: float, inner, parts, around=lambda inner: inner) -> Iterator[Variant]:
    """`around(inner)` of every part; `inner` is what gets compiled."""
    yield variant(f"{name}, eager", units, partial(in_turn, around(inner), parts))
    yield variant(f"{name}, compiled", units, lambda: in_turn(around(COMPILE(inner)), parts))
    if len(parts) >= THREADS:
        yield variant(f"{name}, eager, {THREADS} threads", units, partial(shared, around(inner), parts))


def evaluate(net: fixtures.Net) -> Iterator[Variant]:
    """θ is cut into weights before the clock starts."""
    count = len(net.theta)
    weights = [(w.contiguous(), b.contiguous()) for w, b in fixtures.layers(torch.from_numpy(net.theta), net.widths)]
    for layout in LAYOUTS:
        loss = tree_loss(net, layout)
        for size in (16, 64, 256, 1024):
            if size <= count:
                starts = range(0, count // size * size, size)
                parts = [[(w[s : s + size], b[s : s + size]) for w, b in weights] for s in starts]
                yield from over_parts(f"{layout}, chunks of {size}", len(parts) * size, loss, parts)
        for size in (16, 64):
            mapped = torch.func.vmap(loss, chunk_size=size)
            yield variant(f"{layout}, func.vmap(chunk_size={size})", count, partial(in_turn, mapped, [weights]))


def pairs(p):
    return list(zip(p[::2], p[1::2]))


def by_optimizer(loss, start, steps: int, **options):
    """Losses [..., steps] before each step of `torch.optim.Adam`, of one net or of many side by side."""

    def run():
        p = [a.clone().requires_grad_() for a in start]
        optimizer = torch.optim.Adam(p, LEARNING_RATE, (BETA1, BETA2), EPSILON, **options)
        trace = []
        for _ in range(steps):
            losses = loss(pairs(p))
            optimizer.zero_grad()
            losses.sum().backward()
            optimizer.step()
            trace.append(losses.detach())
        return torch.stack(trace, -1).numpy()

    return run


def by_compiled_step(loss, start, steps: int):
    """The same with gradient and Adam, written out, compiled into one."""

    def total(p):
        losses = loss(pairs(p))
        return losses.sum(), losses

    def step(p, m, v, c1, c2):
        grad, losses = torch.func.grad(total, has_aux=True)(p)
        m = [BETA1 * m + (1 - BETA1) * g for m, g in zip(m, grad)]
        v = [BETA2 * v + (1 - BETA2) * g * g for v, g in zip(v, grad)]
        p = [p - LEARNING_RATE * (m / c1) / ((v / c2).sqrt() + EPSILON) for p, m, v in zip(p, m, v)]
        return p, m, v, losses

    step = COMPILE(step)
    t = torch.arange(1, steps + 1)
    corrections = list(zip((1 - BETA1**t).unbind(), (1 - BETA2**t).unbind()))

    def run():
        p, m, v, trace = start, [a * 0 for a in start], [a * 0 for a in start], []
        with torch.no_grad():
            for c1, c2 in corrections:
                p, m, v, losses = step(p, m, v, c1, c2)
                trace.append(losses)
        return torch.stack(trace, -1).numpy()

    return run


def descents(net: fixtures.Net, theta: np.ndarray, steps: int, units: float) -> Iterator[Variant]:
    start = [a.contiguous() for pair in fixtures.layers(torch.from_numpy(theta), net.widths) for a in pair]
    for layout, threads in itertools.product(LAYOUTS, sorted({1, THREADS})):
        loss = tree_loss(net, layout)
        name = f"{layout}, {threads} own threads"
        for option in ("foreach", "fused"):
            run = by_optimizer(loss, start, steps, **{option: True})
            yield variant(f"{name}, eager, Adam({option})", units, partial(whole, run, threads))
        fused = lambda loss=loss: by_optimizer(COMPILE(loss), start, steps, fused=True)
        yield variant(f"{name}, compiled loss, Adam(fused)", units, lambda f=fused, n=threads: whole(f(), n))
        stepped = partial(by_compiled_step, loss, start, steps)
        yield variant(f"{name}, compiled step", units, lambda f=stepped, n=threads: whole(f(), n))


def train(net: fixtures.Net) -> Iterator[Variant]:
    yield from descents(net, net.theta[0], 200, 200)


def ensemble(net: fixtures.Net) -> Iterator[Variant]:
    """Returns losses [models, steps]."""
    yield from descents(net, net.theta[:MODELS], 110, MODELS * 110)


def hvp(net: fixtures.Net) -> Iterator[Variant]:
    """Returns products [1 or more, n], the first with `net.v`."""
    theta, v = torch.from_numpy(net.theta[0]), torch.from_numpy(net.v)
    several = torch.cat([v[None], torch.randn(15, len(v))])
    for layout, threads in itertools.product(LAYOUTS, sorted({1, THREADS})):
        gradient = torch.func.grad(flat_loss(net, layout))
        product = lambda v, gradient=gradient: torch.func.jvp(gradient, (theta,), (v,))[1]
        name = f"{layout}, {threads} own threads"
        once = lambda f, n: whole(lambda: f(v)[None].numpy(), n)
        yield variant(f"{name}, jvp of grad", 1, partial(once, product, threads))
        yield variant(f"{name}, jvp of grad, compiled", 1, lambda f=product, n=threads: once(COMPILE(f), n))
        batch = torch.func.vmap(product)
        yield variant(f"{name}, vmap of 16", 16, partial(whole, lambda f=batch: f(several).numpy(), threads))
        retained = partial(retained_graph, flat_loss(net, layout), theta)
        yield variant(f"{name}, double backward, graph kept", 1, lambda f=retained, n=threads: once(f(), n))


def retained_graph(loss, theta):
    """Products that share one graph of the gradient."""
    leaf = theta.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(leaf), leaf, create_graph=True)
    return lambda v: torch.autograd.grad(gradient, leaf, v, retain_graph=True)[0]


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def proposals(net: fixtures.Net) -> Iterator[Variant]:
    """Batches of walkers one after the other, each through all moves; returns whether a proposal was inside."""
    minimum = torch.from_numpy(net.minimum)

    def move(loss, z, noise):
        proposal = torch.add(np.cos(ANGLE) * z, noise, alpha=np.sin(ANGLE))
        inside = loss(minimum + net.sigma * proposal) <= net.cutoff
        return torch.where(inside[:, None], proposal, z), inside

    def walk(move, part):
        (z, random), inside = part, []
        for _ in range(MOVES):
            z, hit = move(z, torch.randn(z.shape, generator=random))
            inside.append(hit)
        return torch.stack(inside, -1)

    for layout in LAYOUTS:
        step = partial(move, flat_loss(net, layout))
        for batch in (8, 50, 100, 200):
            parts = [(torch.zeros(batch, len(minimum)), generator(seed)) for seed in range(WALKERS // batch)]
            around = lambda step: partial(walk, step)
            yield from over_parts(f"{layout}, batches of {batch}", WALKERS * MOVES, step, parts, around)


def radii(net: fixtures.Net, median: float) -> Iterator[Variant]:
    """Losses [rays, RADII] along random rays; θ is built within the clock."""
    grid, minimum = torch.linspace(0, REACH * median, RADII), torch.from_numpy(net.minimum)

    def ray(size: int, losses_at, random):
        direction = torch.randn(minimum.shape, generator=random)
        direction /= direction.norm()
        return torch.cat([losses_at(direction, radii) for radii in grid.split(size)])[None]

    for layout in LAYOUTS:
        loss = flat_loss(net, layout)
        losses_at = lambda direction, radii, loss=loss: loss(minimum + radii[:, None] * direction)
        for size in (50, 100):
            parts = [generator(seed) for seed in range(RAYS)]
            around = lambda losses_at, size=size: partial(ray, size, losses_at)
            yield from over_parts(f"{layout}, {size} radii at a time", 1, losses_at, parts, around)


def boundary(net: fixtures.Net) -> Iterator[Variant]:
    """Returns probability and class of every point of the window."""
    weights = fixtures.layers(torch.from_numpy(net.minimum), net.widths)
    points = torch.from_numpy(fixtures.window())
    for layout in LAYOUTS:

        def frame(x, layout=layout):
            probability = torch.sigmoid(logits(layout, weights, x)[:, 0])
            return torch.stack([probability, (probability > 0.5).float()], 1)

        for size in (500, 2500, 10000, len(points)):
            yield from over_parts(f"{layout}, {size} points at a time", 1, frame, points.split(size))
