"""JAX: one compiled program for each variant, alone or called from one Python thread for each core."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import fixtures
from variant import (ANGLE, BETA1, BETA2, EPSILON, LEARNING_RATE, MODELS, MOVES, RADII, RAYS, REACH, THREADS, WALKERS,
                     Call, Variant)

LAYOUTS = ("W@X", "X@Wᵀ")  # feature-major and point-major activations
GENERATORS = ("threefry2x32", "rbg", "unsafe_rbg")
POOL = ThreadPoolExecutor(THREADS)
variant = partial(Variant, "JAX")


def logits(layout: str, weights, x):
    """Logits [N, outputs] at the points x [N, d]."""
    h = x.T if layout == "W@X" else x
    for index, (w, b) in enumerate(weights):
        h = jnp.maximum(h, 0) if index else h
        h = w @ h + b[:, None] if layout == "W@X" else h @ w.T + b
    return h.T if layout == "W@X" else h


def tree_loss(net: fixtures.Net, layout: str):
    """Mean cross-entropy as a function of weights and biases layer by layer."""
    x, targets = jnp.asarray(net.x), jnp.asarray(net.targets)

    def loss(weights):
        z = logits(layout, weights, x)
        if z.shape[1] > 1:
            return jnp.mean(jax.nn.logsumexp(z, axis=1) - jnp.sum(targets * z, axis=1))
        z = z[:, 0]
        return jnp.mean(jnp.maximum(z, 0) + jnp.log1p(jnp.exp(-jnp.abs(z))) - targets * z)

    return loss


def flat_loss(net: fixtures.Net, layout: str):
    """The same as a function of θ."""
    loss = tree_loss(net, layout)
    return lambda theta: loss(fixtures.layers(theta, net.widths))


def whole(function, work) -> Call:
    """The whole work in one call."""
    compiled = jax.jit(function)
    return lambda: np.asarray(compiled(work))


def shared(function, work) -> Call:
    """The work cut along its first axis into one call for each core, all at the same time."""
    compiled = jax.jit(function)
    length = len(jax.tree.leaves(work)[0])
    cuts = [i * length // THREADS for i in range(THREADS + 1)]
    parts = [jax.tree.map(lambda a: a[start:end], work) for start, end in zip(cuts, cuts[1:])]
    return lambda: np.concatenate(list(POOL.map(lambda part: np.asarray(compiled(part)), parts)))


def both(name: str, units: float, function, work) -> Iterator[Variant]:
    yield variant(name, units, partial(whole, function, work))
    if len(jax.tree.leaves(work)[0]) >= THREADS:
        yield variant(f"{name}, {THREADS} threads", units, partial(shared, function, work))


def in_chunks(function, tree, size: int):
    """`function` of `size` rows at a time, and the rows [K, …] as [K/size, size, …]."""
    work = jax.tree.map(lambda a: a[: len(a) // size * size].reshape(-1, size, *a.shape[1:]), tree)
    run = lambda chunks: lax.map(jax.vmap(function), chunks)
    return lambda chunks: jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), run(chunks)), work


def evaluate(net: fixtures.Net) -> Iterator[Variant]:
    """θ is cut into weights before the clock starts."""
    weights = fixtures.layers(jnp.asarray(net.theta), net.widths)
    count = len(net.theta)
    for layout in LAYOUTS:
        loss = tree_loss(net, layout)
        yield variant(f"{layout}, vmap of all", count, partial(whole, jax.vmap(loss), weights))
        yield from both(f"{layout}, lax.map", count, partial(lax.map, loss), weights)
        for size in (16, 64):
            mapped = partial(lax.map, loss, batch_size=size)
            yield variant(f"{layout}, lax.map(batch_size={size})", count, partial(whole, mapped, weights))
        for size in (16, 64, 256, 1024):
            if size <= count:
                yield from both(f"{layout}, chunks of {size}", count // size * size, *in_chunks(loss, weights, size))


def descent(loss, steps: int, unroll: int):
    """Losses before each of `steps` Adam steps from the parameters given, in PyTorch's form."""
    t = np.arange(1, steps + 1)
    corrections = jnp.asarray(np.stack([1 - BETA1**t, 1 - BETA2**t], axis=1), jnp.float32)

    def step(state, correction):
        p, m, v = state
        value, grad = jax.value_and_grad(loss)(p)
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, grad)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, grad)
        move = lambda p, m, v: p - LEARNING_RATE * (m / correction[0]) / (jnp.sqrt(v / correction[1]) + EPSILON)
        return (jax.tree.map(move, p, m, v), m, v), value

    def run(p):
        zero = jax.tree.map(jnp.zeros_like, p)
        return lax.scan(step, (p, zero, zero), corrections, unroll=unroll)[1]

    return run


def train(net: fixtures.Net) -> Iterator[Variant]:
    theta, steps = jnp.asarray(net.theta[0]), 1000
    weights = fixtures.layers(theta, net.widths)
    for layout in LAYOUTS:
        for unroll in (1, 4, 8):
            run = descent(tree_loss(net, layout), steps, unroll)
            yield variant(f"{layout}, scan(unroll={unroll})", steps, partial(whole, run, weights))
        run = descent(flat_loss(net, layout), steps, 1)
        yield variant(f"{layout}, flat θ, scan", steps, partial(whole, run, theta))


def ensemble(net: fixtures.Net) -> Iterator[Variant]:
    """Returns losses [models, steps]."""
    weights, steps = fixtures.layers(jnp.asarray(net.theta[:MODELS]), net.widths), 200
    for layout in LAYOUTS:
        run = descent(tree_loss(net, layout), steps, 1)
        yield variant(f"{layout}, vmap of scan", MODELS * steps, partial(whole, jax.vmap(run), weights))
        yield from both(f"{layout}, lax.map of scan", MODELS * steps, partial(lax.map, run), weights)
        yield from both(f"{layout}, vmap of 8, scan", MODELS * steps, *in_chunks(run, weights, 8))


def hvp(net: fixtures.Net) -> Iterator[Variant]:
    """Returns products [vectors, n], the first with `net.v`."""
    theta, count = jnp.asarray(net.theta[0]), 256
    vectors = np.random.default_rng(0).standard_normal((count, len(net.v)), np.float32)
    vectors[0] = net.v
    vectors = jnp.asarray(vectors)
    for layout in LAYOUTS:
        gradient = jax.grad(flat_loss(net, layout))
        product = lambda v, gradient=gradient: jax.jvp(gradient, (theta,), (v,))[1]
        yield variant(f"{layout}, call by call", 1, partial(whole, lambda v, product=product: product(v)[None], vectors[0]))
        yield from both(f"{layout}, lax.map over {count}", count, partial(lax.map, product), vectors)
        linear = jax.linearize(gradient, theta)[1]
        yield from both(f"{layout}, linearize, lax.map over {count}", count, partial(lax.map, linear), vectors)
        for size in (4, 16, 64):
            yield variant(f"{layout}, vmap of {size}", size, partial(whole, jax.vmap(product), vectors[:size]))
        yield from both(f"{layout}, chunks of 16", count, *in_chunks(product, vectors, 16))


def proposals(net: fixtures.Net) -> Iterator[Variant]:
    """Batches of walkers one after the other, each through all moves; returns whether a proposal was inside."""
    minimum = jnp.asarray(net.minimum)

    def walk(loss, batch: int, key):
        def move(z, key):
            proposal = np.cos(ANGLE) * z + np.sin(ANGLE) * jax.random.normal(key, z.shape)
            inside = jax.vmap(loss)(minimum + net.sigma * proposal) <= net.cutoff
            return jnp.where(inside[:, None], proposal, z), inside

        return lax.scan(move, jnp.zeros((batch, len(minimum))), jax.random.split(key, MOVES))[1]

    for layout in LAYOUTS:
        for generator in GENERATORS:
            for batch in (8, 50, 100, 200):
                keys = jax.random.split(jax.random.key(0, impl=generator), WALKERS // batch)
                run = partial(lax.map, partial(walk, flat_loss(net, layout), batch))
                yield from both(f"{layout}, {generator}, batches of {batch}", WALKERS * MOVES, run, keys)


def radii(net: fixtures.Net, median: float, rays: int = RAYS) -> Iterator[Variant]:
    """Losses [rays, RADII] along random rays; θ is built within the clock."""
    grid, minimum = jnp.linspace(0, REACH * median, RADII), jnp.asarray(net.minimum)

    def ray(loss, size: int, key):
        direction = jax.random.normal(key, minimum.shape)
        direction /= jnp.linalg.norm(direction)
        return lax.map(lambda r: loss(minimum + r * direction), grid, batch_size=size)

    keys = jax.random.split(jax.random.key(rays), rays)
    for layout in LAYOUTS:
        for size in (1, 100):
            run = partial(lax.map, partial(ray, flat_loss(net, layout), size))
            yield from both(f"{layout}, {size} radii at a time", 1, run, keys)


def boundary(net: fixtures.Net) -> Iterator[Variant]:
    """Returns probability and class of every point of the window."""
    weights = fixtures.layers(jnp.asarray(net.minimum), net.widths)
    points = jnp.asarray(fixtures.window())
    for layout in LAYOUTS:
        def frame(x, layout=layout):
            probability = jax.nn.sigmoid(logits(layout, weights, x)[:, 0])
            return jnp.stack([probability, probability > 0.5], axis=1)
        yield from both(f"{layout}, all points", 1, frame, points)
        for size in (500, 2500):
            blocks = points.reshape(-1, size, points.shape[1])
            run = lambda blocks, frame=frame: lax.map(frame, blocks).reshape(-1, 2)
            yield from both(f"{layout}, {size} points at a time", 1, run, blocks)
