"""Writes the numbers that PyTorch finds for small perceptrons, for the parity tests.

    python make_fixtures.py FOLDER

makes two files:

torch_parity.json   {"torch": version, "seed", "cases": [{"name", "key", "arch", "widths",
                    "activation", "points", "hvp"}]}; "activation" is written as basinscope
                    serialises it, "hvp" says whether the case has a Hessian product.
torch_parity.npz    every array as little-endian float64, so that one reader does for all:
    ARCH.theta      [n]      parameters: per layer weight [out, in] row-major, then bias [out];
                             every value is a float32
    ARCH.direction  [n]      v of the Hessian product; every value is a float32
    KEY.inputs      [N, d]   every value is a float32
    KEY.labels      [N]      classes
    KEY.flipped     [N]      (label + 1) mod K
    KEY.logits      [N, outputs]
    KEY.accuracy    [1]      share of points whose best class is their label
    KEY.clean.loss, KEY.reverse.loss, KEY.flipped.loss               [1] mean, in nats
    KEY.clean.loss_f32, …                                            [1] the same in float32
    KEY.clean.examples, KEY.reverse.examples, KEY.flipped.examples   [N] in nats
    KEY.clean.grad, KEY.reverse.grad, KEY.flipped.grad               [n] of the mean
    KEY.clean.hvp   [n]      Hessian of the clean mean times v; only for one size a net

All are computed in float64 from the float32 parameters and inputs, except those named f32.
One output is a logit of class 1 (sigmoid cross-entropy); K outputs are the logits of K classes
(softmax cross-entropy). The reverse cross-entropy is -log(1 - p_y).
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

SEED = 1906
RELU, TANH = "relu", "tanh"
LEAKY = {"leaky-relu": {"slope": 0.1}}

# name, widths, activation, numbers of points. Odd ones leave a remainder in every SIMD width;
# 200 is the paper's swiss roll, 132 its minefield.
NETS = [
    ("swiss_roll", [2, 23, 16, 26, 32, 28, 31, 1], RELU, [1, 37, 200]),
    ("minefield", [2, 25, 25, 25, 25, 1], RELU, [37, 132]),
    ("tanh_four_classes", [3, 7, 5, 4], TANH, [1, 37, 200]),
    ("leaky_three_classes", [2, 9, 3], LEAKY, [1, 37, 65]),
    ("linear", [2, 1], RELU, [1, 37, 200]),
    ("tanh_one_hidden", [5, 17, 1], TANH, [1, 31, 200]),
    ("relu_two_outputs", [2, 11, 2], RELU, [37]),
]


def draw_theta(widths, activation, draw):
    """Glorot normal for tanh, He normal else; biases are not zero, so that they are tested."""
    blocks = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        spread = 2 / (fan_in + fan_out) if activation == TANH else 2 / fan_in
        blocks.append(draw.normal(0, spread**0.5, fan_out * fan_in))
        blocks.append(draw.normal(0, 0.1, fan_out))
    return np.concatenate(blocks).astype("<f4")


def forward(theta, x, widths, activation):
    at = 0
    for layer, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        weight = theta[at : at + fan_out * fan_in].view(fan_out, fan_in)
        at += fan_out * fan_in
        bias = theta[at : at + fan_out]
        at += fan_out
        x = F.linear(x, weight, bias)
        if layer + 2 < len(widths):
            if activation == RELU:
                x = F.relu(x)
            elif activation == TANH:
                x = torch.tanh(x)
            else:
                x = F.leaky_relu(x, activation["leaky-relu"]["slope"])
    assert at == theta.numel()
    return x


def cross_entropy(logits, labels):
    if logits.shape[1] == 1:
        target = labels.to(logits.dtype)
        return F.binary_cross_entropy_with_logits(logits[:, 0], target, reduction="none")
    return F.cross_entropy(logits, labels, reduction="none")


def reverse_cross_entropy(logits, labels):
    """-log(1 - p_y), with 1 - p_y summed over the other classes so that nothing cancels."""
    if logits.shape[1] == 1:
        return cross_entropy(logits, 1 - labels)
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return torch.logsumexp(logits, 1) - torch.logsumexp(others, 1)


def main(folder):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    arrays, cases = {}, []

    def keep(name, values):
        if isinstance(values, torch.Tensor):
            values = values.detach().numpy()
        arrays[name] = np.atleast_1d(np.asarray(values)).astype("<f8")

    for index, (arch, widths, activation, sizes) in enumerate(NETS):
        draw = np.random.Generator(np.random.PCG64([SEED, index]))
        theta32 = draw_theta(widths, activation, draw)
        direction32 = draw.normal(0, 1, theta32.size).astype("<f4")
        keep(f"{arch}.theta", theta32)
        keep(f"{arch}.direction", direction32)
        classes = max(2, widths[-1])
        for points in sizes:
            key = f"{arch}.{points}"
            inputs32 = draw.normal(0, 2, (points, widths[0])).astype("<f4")
            labels = torch.from_numpy(draw.integers(0, classes, points))
            flipped = (labels + 1) % classes
            keep(f"{key}.inputs", inputs32)
            keep(f"{key}.labels", labels)
            keep(f"{key}.flipped", flipped)

            theta = torch.from_numpy(theta32).double().requires_grad_()
            x = torch.from_numpy(inputs32).double()
            logits = forward(theta, x, widths, activation)
            best = (logits[:, 0] > 0).long() if widths[-1] == 1 else logits.argmax(1)
            keep(f"{key}.logits", logits)
            keep(f"{key}.accuracy", (best == labels).double().mean())
            plain = forward(
                torch.from_numpy(theta32), torch.from_numpy(inputs32), widths, activation
            )
            for name, loss, target in [
                ("clean", cross_entropy, labels),
                ("reverse", reverse_cross_entropy, labels),
                ("flipped", cross_entropy, flipped),
            ]:
                examples = loss(logits, target)
                mean = examples.mean()
                (grad,) = torch.autograd.grad(mean, theta, create_graph=True)
                keep(f"{key}.{name}.examples", examples)
                keep(f"{key}.{name}.loss", mean)
                keep(f"{key}.{name}.loss_f32", loss(plain, target).mean())
                keep(f"{key}.{name}.grad", grad)
                if name == "clean" and points == sizes[-1]:
                    v = torch.from_numpy(direction32).double()
                    (hvp,) = torch.autograd.grad(grad @ v, theta, retain_graph=True)
                    keep(f"{key}.clean.hvp", hvp)
            cases.append(
                {
                    "name": f"{arch}, {points} points",
                    "key": key,
                    "arch": arch,
                    "widths": widths,
                    "activation": activation,
                    "points": points,
                    "hvp": points == sizes[-1],
                }
            )

    assert all(np.isfinite(values).all() for values in arrays.values())
    folder = pathlib.Path(folder)
    np.savez(folder / "torch_parity.npz", **arrays)
    about = {"torch": torch.__version__.split("+")[0], "seed": SEED, "cases": cases}
    (folder / "torch_parity.json").write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
